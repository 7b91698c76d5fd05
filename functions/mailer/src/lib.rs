//! Plans mail from what changes in the table, and sends what is due.
