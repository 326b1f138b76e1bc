//! 表格: files of rows that people bring and take away, whoever reads them: xlsx, xls or text comes in, xlsx goes out.
//!
//! Rules
//! - A file is known by its bytes, not by its name; formulas are never run; what is written to a sheet is text.
//! - What is read is bounded: bytes, bytes unpacked, rows, columns; rows come one by one.
//! - Files wait in a folder that nobody else reads, and are removed soon.
//! - Titles above a header, merged headers of two rows, and rows of explanation are survived.
//!
//! What it deliberately does not do: it knows no order and no resident. What a column means is said by whoever asks.

pub mod clean;
pub mod folder;
pub mod header;
pub mod receive;
pub mod rows;
pub mod send;
pub mod sheet;
pub mod template;
pub mod when;

pub use folder::{Folder, Scratch};
