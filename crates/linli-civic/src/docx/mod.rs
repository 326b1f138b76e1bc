//! 文书: a template that an office made in its word processor, filled in.
//!
//! Rules
//! - A template is an ordinary .docx with placeholders in double braces: `{{paper_no}}`. A word processor cuts text into runs as it
//!   likes (spelling, fonts, an edit in the middle of a word); a placeholder is found wherever it is cut, and takes the look of
//!   its first character.
//! - A placeholder with a dot (`{{record.at}}`) names an entry of a list: the smallest table row around it, or its paragraph outside
//!   a table, is repeated for every entry and is gone where there is none. What may be missing is a list of one or none.
//! - Lines of a value stay lines. What XML has no place for is left out.
//! - A picture whose description is a placeholder (`{{qr}}`) is replaced by the picture of that name.
//! - A template is checked before it is used ([`check`]): unknown placeholders, two lists in one row, what would be fetched from
//!   elsewhere when it is opened.
//!
//! What it deliberately does not do: it makes no PDF, lays nothing out, evaluates no conditions and runs no macros.

mod check;
mod file;
mod fill;

pub use check::{Fault, Known, check};
pub use file::fill_in;

use std::collections::BTreeMap;

/// One entry of a list: values by the part of the name after the dot.
pub type Entry = BTreeMap<&'static str, String>;

/// What a template is filled with.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// By name.
    pub texts: BTreeMap<&'static str, String>,
    /// Entries by the name of their list.
    pub lists: BTreeMap<&'static str, Vec<Entry>>,
    /// Pictures by name.
    pub pictures: BTreeMap<&'static str, Picture>,
}

/// A picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// As PNG.
    pub png: Vec<u8>,
    /// What it shows, for whoever does not see it.
    pub says: String,
}
