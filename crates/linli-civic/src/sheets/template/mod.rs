//! 套表: somebody else's workbook, filled with rows. Its formats, formulas, rules and other sheets stay as they are.
//!
//! Rules
//! - Rows are written below the header, in the look of the first row there; a formula in that row is repeated in each, as if it
//!   had been dragged down. Rows that only explain how to fill the sheet in make room, as such sheets ask for.
//! - What stands below the table (a sum, a signature) moves down when there are more rows than room, and sums, print areas, rules
//!   and merged cells go along.
//! - Values that were computed before are forgotten: whoever opens the workbook has them computed anew.
//! - What is written is text or a number, never a formula.
//!
//! What it deliberately does not do: it opens no .xls and runs no macros, and drawings stay where they are.

mod book;
mod page;
mod refs;

pub use book::{BadTemplate, fill};

/// What is written to a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: the cell keeps its look.
    Empty,
    /// Words.
    Text(String),
    /// A number, as it is written: `89.50`.
    Number(String),
}

/// Where rows go, and what they hold.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name of the sheet.
    pub sheet: String,
    /// The last row of the header, counted from 1.
    pub header_row: u32,
    /// Rows below it that only explain.
    pub n_hints: u32,
    /// The columns that are written, counted from 0.
    pub columns: Vec<usize>,
    /// Rows, each with a value for each of these columns.
    pub rows: Vec<Vec<Value>>,
}
