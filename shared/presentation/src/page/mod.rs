//! Components of pages: layout, field, notice, button, table.
