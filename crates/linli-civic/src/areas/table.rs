//! Tables (CSV) with a header line, whose columns are found by name in Chinese or English.

use std::collections::BTreeMap;
use std::io::Read;

use linli_kernel::AreaCode;

use super::faults::{Fault, Finding, MAX_NAME_CHARS};
use super::text::{self, SourceNotes, TextError};

/// Why a table could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("file cannot be read as text")]
    Text(#[from] TextError),
    #[error("header has none of the expected columns: {found:?}")]
    UnknownHeader { found: Vec<String>, expected: &'static str },
}

impl TableError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text(cause) => cause.code(),
            Self::UnknownHeader { .. } => "unknown_header",
        }
    }

    /// A sentence for the operator.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Text(cause) => cause.sentence(),
            Self::UnknownHeader { found, expected } => {
                format!("认不出表头“{}”。{expected}", found.join("、"))
            }
        }
    }
}

/// A whole table in memory.
pub(super) struct Table {
    header: Vec<String>,
    pub rows: Vec<Row>,
    pub notes: SourceNotes,
    pub findings: Vec<Finding>,
    pub n_read: u32,
}

/// One data row with the line it starts on.
pub(super) struct Row {
    pub line: u32,
    fields: Vec<String>,
}

impl Row {
    /// The trimmed text of a column; empty when the row is short.
    pub fn get(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field.trim())
    }
}

impl Table {
    /// Reads a table; rows with a wrong number of fields are reported and left out, empty ones are skipped.
    pub fn read(source: impl Read + 'static) -> Result<Self, TableError> {
        let text = text::read_all(source, text::MAX_TABLE_BYTES)?;
        let first_line = text.body.lines().next().unwrap_or("");
        let tabs = first_line.matches('\t').count();
        let separator = if tabs > first_line.matches([',', ';']).count() {
            b'\t'
        } else if first_line.matches(';').count() > first_line.matches(',').count() {
            b';'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.body.as_bytes());
        let nul: BTreeMap<u32, u32> = text.nul_lines.into_iter().collect();
        let mut table =
            Self { header: Vec::new(), rows: Vec::new(), notes: text.notes, findings: Vec::new(), n_read: 0 };
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).unwrap_or(false) {
            let line = record.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX));
            table.take(line, &record, &nul);
        }
        Ok(table)
    }

    fn take(&mut self, line: u32, record: &csv::StringRecord, nul: &BTreeMap<u32, u32>) {
        if record.iter().all(|field| field.trim().is_empty()) {
            return;
        }
        if self.header.is_empty() {
            self.header = record.iter().map(plain_header).collect();
            return;
        }
        self.n_read = self.n_read.saturating_add(1);
        if let Some(n) = nul.get(&line) {
            self.findings.push(Finding::new(line, None, Fault::NulRemoved { n: *n }));
        }
        let n_filled = record.iter().rev().skip_while(|field| field.trim().is_empty()).count();
        if n_filled > self.header.len() {
            let fault = Fault::BadRow { n_fields: record.len(), expected: self.header.len() };
            self.findings.push(Finding::new(line, record.get(0), fault));
            return;
        }
        self.rows.push(Row { line, fields: record.iter().map(str::to_owned).collect() });
    }

    /// The column that bears one of the names; the first name found wins.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|column| column == name))
    }

    /// The error for a header in which nothing is known.
    pub fn unknown_header(&self, expected: &'static str) -> TableError {
        TableError::UnknownHeader { found: self.header.clone(), expected }
    }
}

/// Header names without case, spaces, and what stands in brackets: “户数(户)” is 户数.
fn plain_header(name: &str) -> String {
    let cut = name.find(['(', '（', '[', '【']).and_then(|at| name.get(..at)).unwrap_or(name);
    cut.chars().filter(|c| !c.is_whitespace() && *c != '*' && *c != '_').collect::<String>().to_lowercase()
}

/// Digits as people write them: full-width, in quotes against Excel (`'6105…`, `="6105…"`), with spaces.
pub(super) fn plain_digits(written: &str) -> String {
    written
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '"' | '=' | '‘' | '’' | '\u{feff}'))
        .map(|c| match c {
            '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - u32::from('\u{ff10}'), 10).unwrap_or(c),
            other => other,
        })
        .collect()
}

/// Reads an area code of 4, 6, 9, 12, 15 or 18 digits.
pub(super) fn read_code(written: &str) -> Result<AreaCode, Fault> {
    let digits = plain_digits(written);
    let bad = || Fault::BadCode { written: written.chars().take(40).collect() };
    if digits.contains(['e', 'E']) && digits.contains('+') {
        return Err(Fault::CodeLostDigits { written: digits });
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let padded = match digits.len() {
        2 => return Err(Fault::ProvinceNotUsed),
        4 | 6 | 9 => format!("{digits:0<12}"),
        _ => digits,
    };
    if padded.len() == 12 && padded.ends_with("0000000000") && !padded.starts_with("00") {
        return Err(Fault::ProvinceNotUsed);
    }
    let jumps_over_county =
        padded.get(4..6) == Some("00") && padded.get(6..).is_some_and(|rest| rest.contains(|c| c != '0'));
    AreaCode::parse(&padded).map_err(|_| {
        if matches!(padded.len(), 12 | 15 | 18) && jumps_over_county {
            Fault::NoCountyLevel { written: written.to_owned() }
        } else {
            bad()
        }
    })
}

/// Reads a name: trimmed, control characters out, inner spaces kept.
pub(super) fn read_name(written: &str) -> Result<String, Fault> {
    let name: String = written.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
    let n_chars = name.chars().count();
    if name.is_empty() {
        Err(Fault::EmptyName)
    } else if n_chars > MAX_NAME_CHARS {
        Err(Fault::NameTooLong { n_chars })
    } else {
        Ok(name)
    }
}
