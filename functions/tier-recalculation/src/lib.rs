//! The points night.
