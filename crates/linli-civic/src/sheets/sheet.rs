//! 表: a file of rows, read row by row whatever it is: xlsx, xls, or text with separators in UTF-8 or GBK.
//!
//! A file is known by its bytes. An xlsx is a zip: it is unpacked once with a counter before anything else looks at it, so
//! that a small file cannot become a large one in memory. Formulas are never run: what is read is the value that the writing
//! program left beside them.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use calamine::{Data, DataRef, Reader, Xls, XlsError, Xlsx, XlsxError};
use jiff::civil::{Date, Time};

use super::{clean, when};
use crate::areas::text;

/// Most bytes of a file.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Most bytes that an xlsx may unpack to; 100,000 rows are about 150 MB.
const MAX_UNPACKED: u64 = 1024 * 1024 * 1024;
/// Most bytes of an xls. Its tables are held whole in memory.
const MAX_XLS_BYTES: u64 = 32 * 1024 * 1024;
/// Columns beyond this are not read.
const MAX_COLUMNS: usize = 200;
/// Rows of one file.
pub const MAX_ROWS: u32 = 300_000;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Excel 2007 and later.
    Xlsx,
    /// Excel 97–2003.
    Xls,
    /// Text with separators.
    Text,
}

impl Format {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Text => "csv",
        }
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetFault {
    /// Reading failed.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
    /// Larger than allowed.
    #[error("the file is larger than {limit_bytes} bytes")]
    TooLarge {
        /// What is allowed.
        limit_bytes: u64,
    },
    /// Unpacks to more than anybody's table.
    #[error("the file unpacks to more than {MAX_UNPACKED} bytes")]
    Bomb,
    /// More rows than allowed.
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// Locked with a password.
    #[error("the file is locked with a password")]
    Locked,
    /// A page, a picture, a document: no table.
    #[error("the file is no table")]
    NoTable,
    /// Says that it is a table and does not read as one.
    #[error("the table is broken: {0}")]
    Broken(String),
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
}

impl SheetFault {
    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "file_unreadable",
            Self::TooLarge { .. } => "file_too_large",
            Self::Bomb => "file_unpacks_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::Locked => "file_locked",
            Self::NoTable => "not_a_table",
            Self::Broken(_) => "file_broken",
            Self::Empty => "file_empty",
        }
    }

    /// What happened and what to do, of a fault that was kept by its code.
    #[must_use]
    pub fn sentence_of(code: &str) -> String {
        let fault = match code {
            "file_too_large" => Self::TooLarge { limit_bytes: MAX_BYTES },
            "file_unpacks_too_large" => Self::Bomb,
            "too_many_rows" => Self::TooManyRows,
            "file_locked" => Self::Locked,
            "not_a_table" => Self::NoTable,
            "file_empty" => Self::Empty,
            _ => Self::Broken(String::new()),
        };
        fault.sentence()
    }

    /// What happened and what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Io(_) => "文件读不出来，可能没有传完整。请重新选择文件。".to_owned(),
            Self::TooLarge { limit_bytes } => format!("文件超过 {} MB，请拆成几个再导入。", limit_bytes / 1024 / 1024),
            Self::Bomb => "文件解开后太大，请只保留要导入的工作表，拆成几个再导入。".to_owned(),
            Self::TooManyRows => format!("表格超过 {MAX_ROWS} 行，请拆成几个文件再导入。"),
            Self::Locked => "文件设了打开密码。请用 Excel 打开，去掉密码另存后再导入。".to_owned(),
            Self::NoTable => {
                "这不是 Excel 表格（xlsx、xls 或 csv）。如果是网页上导出的“假 xls”，请用 Excel 打开后另存为 xlsx。"
                    .to_owned()
            }
            Self::Broken(_) => "表格已损坏，读不下去。请用 Excel 打开后另存为 xlsx 再导入。".to_owned(),
            Self::Empty => "文件是空的。".to_owned(),
        }
    }
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words, cleaned.
    Text(String),
    /// A number.
    Number(f64),
    /// A moment; Beijing time.
    At(linli_kernel::Timestamp),
}

impl Cell {
    fn of_text(raw: &str) -> Self {
        let text = clean::text(raw);
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// As people read it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(value) => clean::number(*value),
            Self::At(at) => when::written(*at),
        }
    }

    /// Whether nothing stands in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

/// One row that holds something.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetRow {
    /// Which sheet, from 0.
    pub sheet: u32,
    /// Which row, from 1, as the program that wrote it counts.
    pub n: u32,
    /// Its cells from the left.
    pub cells: Vec<Cell>,
}

/// What the reader of rows wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next row.
    Row,
    /// Nothing more of this sheet.
    Sheet,
    /// Nothing more.
    Stop,
}

/// Looks at the bytes and says what a file is.
///
/// # Errors
/// [`SheetFault`] when it is no table, too large, or cannot be read.
pub fn sniff(path: &Path) -> Result<Format, SheetFault> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_BYTES {
        return Err(SheetFault::TooLarge { limit_bytes: MAX_BYTES });
    }
    let mut head = Vec::with_capacity(1_024);
    (&mut file).take(1_024).read_to_end(&mut head)?;
    let lower = String::from_utf8_lossy(&head).to_lowercase();
    match head.as_slice() {
        [] => Err(SheetFault::Empty),
        [0x50, 0x4B, 3, 4, ..] => {
            file.seek(SeekFrom::Start(0))?;
            unpack_counted(file).map(|()| Format::Xlsx)
        }
        [0xD0, 0xCF, 0x11, 0xE0, ..] if size > MAX_XLS_BYTES => {
            Err(SheetFault::TooLarge { limit_bytes: MAX_XLS_BYTES })
        }
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Ok(Format::Xls),
        _ if lower.contains("<html")
            || lower.contains("<table")
            || lower.contains("<!doctype")
            || lower.contains("<?xml") =>
        {
            Err(SheetFault::NoTable)
        }
        // Pictures, documents, programs: bytes that no text has, in an encoding that is not UTF-16.
        [0x25, 0x50, 0x44, 0x46, ..]
        | [0xFF, 0xD8, ..]
        | [0x89, 0x50, ..]
        | [0x7F, 0x45, ..]
        | [0x4D, 0x5A, ..]
        | [0x1F, 0x8B, ..] => Err(SheetFault::NoTable),
        _ => Ok(Format::Text),
    }
}

/// Unpacks every part of a zip and counts: what is declared can lie, what comes out cannot.
fn unpack_counted(file: File) -> Result<(), SheetFault> {
    let broken = |error: zip::result::ZipError| SheetFault::Broken(error.to_string());
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if !archive.file_names().any(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case("xl/workbook.xml"))) {
        return Err(SheetFault::NoTable);
    }
    let mut left = MAX_UNPACKED;
    let mut sink = io::sink();
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(broken)?;
        let n = io::copy(&mut part.take(left.saturating_add(1)), &mut sink)
            .map_err(|error| SheetFault::Broken(error.to_string()))?;
        left = left.checked_sub(n).ok_or(SheetFault::Bomb)?;
    }
    Ok(())
}

/// Reads every row that holds something, sheet by sheet, and hands it on; the names of the sheets come with the rows.
///
/// # Errors
/// [`SheetFault`] when the file cannot be read to its end.
pub fn read(path: &Path, each: &mut dyn FnMut(&str, SheetRow) -> Next) -> Result<Format, SheetFault> {
    let format = sniff(path)?;
    match format {
        Format::Xlsx => read_xlsx(path, each)?,
        Format::Xls => read_xls(path, each)?,
        Format::Text => read_text(path, each)?,
    }
    Ok(format)
}

fn read_xlsx(path: &Path, each: &mut dyn FnMut(&str, SheetRow) -> Next) -> Result<(), SheetFault> {
    let broken = |error: XlsxError| match error {
        XlsxError::Password => SheetFault::Locked,
        other => SheetFault::Broken(other.to_string()),
    };
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(path)?)).map_err(broken)?;
    let mut n_rows = 0;
    for (name, sheet) in book.sheet_names().into_iter().zip(0_u32..) {
        let mut cells = match book.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            // A chart sheet holds no cells.
            Err(XlsxError::WorksheetNotFound(_) | XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(broken(error)),
        };
        let mut rows = Rows { sheet, name: &name, row: None, n_rows: &mut n_rows, each };
        let mut next = Next::Row;
        while next == Next::Row {
            let Some(cell) = cells.next_cell().map_err(broken)? else { break };
            let (row, column) = cell.get_position();
            next = rows.put(row, column, of_excel(cell.get_value()))?;
        }
        if next == Next::Row {
            next = rows.end()?;
        }
        if next == Next::Stop {
            return Ok(());
        }
    }
    Ok(())
}

fn read_xls(path: &Path, each: &mut dyn FnMut(&str, SheetRow) -> Next) -> Result<(), SheetFault> {
    let broken = |error: XlsError| match error {
        XlsError::Password => SheetFault::Locked,
        other => SheetFault::Broken(other.to_string()),
    };
    let mut book: Xls<_> = Xls::new(BufReader::new(File::open(path)?)).map_err(broken)?;
    let mut n_rows = 0;
    for (name, sheet) in book.sheet_names().into_iter().zip(0_u32..) {
        let range = book.worksheet_range(&name).map_err(broken)?;
        let (top, left) = range.start().unwrap_or_default();
        let mut rows = Rows { sheet, name: &name, row: None, n_rows: &mut n_rows, each };
        let mut next = Next::Row;
        for (row, column, value) in range.used_cells() {
            let at = |offset: usize, start: u32| u32::try_from(offset).unwrap_or(u32::MAX).saturating_add(start);
            next = rows.put(at(row, top), at(column, left), of_excel(&borrowed(value)))?;
            if next != Next::Row {
                break;
            }
        }
        if next == Next::Row {
            next = rows.end()?;
        }
        if next == Next::Stop {
            return Ok(());
        }
    }
    Ok(())
}

fn read_text(path: &Path, each: &mut dyn FnMut(&str, SheetRow) -> Next) -> Result<(), SheetFault> {
    let read = text::read_all(File::open(path)?, MAX_BYTES * 4).map_err(|error| match error {
        text::TextError::Io(error) => SheetFault::Io(error),
        text::TextError::Empty => SheetFault::Empty,
        text::TextError::TooLarge { .. } | text::TextError::LineTooLong { .. } => SheetFault::Bomb,
    })?;
    let head: String = read.body.chars().take(4_000).collect();
    // Replacement characters all over: bytes that are no text in any encoding.
    if head.chars().filter(|c| *c == '\u{fffd}').count() * 20 > head.chars().count() {
        return Err(SheetFault::NoTable);
    }
    let count = |mark: char| head.matches(mark).count();
    let separator = [(',', b','), ('\t', b'\t'), (';', b';')]
        .into_iter()
        .max_by_key(|(mark, _)| count(*mark))
        .map_or(b',', |(_, byte)| byte);
    let mut table = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(read.body.as_bytes());
    let mut n_rows = 0;
    let mut rows = Rows { sheet: 0, name: "", row: None, n_rows: &mut n_rows, each };
    for (record, row) in table.records().zip(0_u32..) {
        let record = record.map_err(|error| SheetFault::Broken(error.to_string()))?;
        for (cell, column) in record.iter().zip(0_u32..) {
            if rows.put(row, column, Cell::of_text(cell))? != Next::Row {
                return Ok(());
            }
        }
    }
    rows.end().map(drop)
}

/// Puts cells together to rows.
struct Rows<'a> {
    sheet: u32,
    name: &'a str,
    row: Option<(u32, Vec<Cell>)>,
    n_rows: &'a mut u32,
    each: &'a mut dyn FnMut(&str, SheetRow) -> Next,
}

impl Rows<'_> {
    fn put(&mut self, row: u32, column: u32, cell: Cell) -> Result<Next, SheetFault> {
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if cell.is_empty() || column >= MAX_COLUMNS {
            return Ok(Next::Row);
        }
        let mut next = Next::Row;
        if self.row.as_ref().is_some_and(|(n, _)| *n != row) {
            next = self.end()?;
        }
        let (_, cells) = self.row.get_or_insert_with(|| (row, Vec::new()));
        while cells.len() <= column {
            cells.push(Cell::Empty);
        }
        if let Some(slot) = cells.get_mut(column) {
            *slot = cell;
        }
        Ok(next)
    }

    fn end(&mut self) -> Result<Next, SheetFault> {
        let Some((n, cells)) = self.row.take() else { return Ok(Next::Row) };
        *self.n_rows += 1;
        if *self.n_rows > MAX_ROWS {
            return Err(SheetFault::TooManyRows);
        }
        Ok((self.each)(self.name, SheetRow { sheet: self.sheet, n: n.saturating_add(1), cells }))
    }
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Empty => DataRef::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => DataRef::SharedString(text),
        Data::Int(n) => DataRef::Int(*n),
        Data::Float(n) => DataRef::Float(*n),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::DateTime(at) => DataRef::DateTime(*at),
    }
}

fn of_excel(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::of_text(text),
        DataRef::SharedString(text) => Cell::of_text(text),
        DataRef::Int(n) => Cell::Text(n.to_string()),
        DataRef::Float(n) => Cell::Number(*n),
        DataRef::Bool(yes) => Cell::Text(if *yes { "是" } else { "否" }.to_owned()),
        DataRef::Error(error) => Cell::Text(error.to_string()),
        DataRef::DateTime(at) if at.is_duration() => Cell::Number(at.as_f64()),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let small = |n: u8| i8::try_from(n).unwrap_or(-1);
            let date = i16::try_from(year).ok().and_then(|year| Date::new(year, small(month), small(day)).ok());
            let time = Time::new(small(hour), small(minute), small(second), 0).ok();
            let at = date.zip(time).and_then(|(date, time)| when::beijing(date.to_datetime(time)));
            at.map_or_else(|| Cell::Text("#日期".to_owned()), Cell::At)
        }
    }
}
