//! Sheets that are written: rows of text, none of which can be a formula.

use rust_xlsxwriter::{Format, XlsxError};

use super::sheet::SheetFault;

/// Most characters of an Excel cell.
const MAX_CELL: usize = 32_000;

/// Why a sheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The file that it is made of cannot be read.
    #[error("the file cannot be read again")]
    Read(#[from] SheetFault),
    /// It cannot be written.
    #[error("the sheet cannot be written")]
    Write(#[from] XlsxError),
    /// The file is taken already.
    #[error("the file to write is gone")]
    Gone,
}

/// Rows of text: nothing that is written can be a formula.
pub struct TextRows<'a> {
    /// Where they are written.
    pub page: &'a mut rust_xlsxwriter::Worksheet,
    /// The next row, from 0.
    pub row: u32,
    /// Of ordinary cells.
    pub plain: Format,
    /// Of cells that begin like a formula: they stay text even when somebody edits them.
    pub quoted: Format,
}

impl<'a> TextRows<'a> {
    /// From the top of a page.
    #[must_use]
    pub fn new(page: &'a mut rust_xlsxwriter::Worksheet) -> Self {
        Self { page, row: 0, plain: Format::new(), quoted: Format::new().set_quote_prefix() }
    }

    /// Writes the next row.
    ///
    /// # Errors
    /// When the sheet is full or cannot be written.
    pub fn write(&mut self, cells: &[String]) -> Result<(), XlsxError> {
        for (cell, column) in cells.iter().zip(0_u16..) {
            if cell.is_empty() {
                continue;
            }
            let short: String;
            let text = if cell.len() > MAX_CELL {
                short = cell.chars().take(MAX_CELL / 4).collect();
                short.as_str()
            } else {
                cell.as_str()
            };
            let format = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { &self.quoted } else { &self.plain };
            self.page.write_string_with_format(self.row, column, text, format)?;
        }
        self.row += 1;
        Ok(())
    }
}
