//! Files as people really send them, read as lines of clean UTF-8.
//!
//! A list of grids arrives from Excel in GBK, from a web export with a byte order mark, from a database dump with a NUL
//! byte in one message, or packed as .xz. This module removes those differences and says what it did, so that no parser
//! after it has to think of encodings again.
//!
//! Two ways in: [`read_all`] for tables (the whole file decides the encoding) and [`open`] for line-wise files that may
//! be large (the first line that is not UTF-8 decides for itself and for every line after it).

use std::io::{self, BufRead, BufReader, Cursor, Read};

use encoding_rs::{Encoding as Codec, GB18030, UTF_16BE, UTF_16LE};
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// Most bytes a table may have after unpacking. The whole country's villages are 30 MB.
pub const MAX_TABLE_BYTES: u64 = 256 * 1024 * 1024;
/// Most bytes a line-wise file may have after unpacking; 89,000 grid polygons are 27 MB.
pub const MAX_STREAM_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// Most bytes in one line: a whole FeatureCollection often stands in a single line.
pub const MAX_LINE_BYTES: u64 = 256 * 1024 * 1024;
/// Memory the .xz decoder may take. `xz -9` needs 65 MiB; a crafted file may ask for gigabytes.
const XZ_MEMORY_BYTES: u64 = 256 * 1024 * 1024;
const XZ_MAGIC: [u8; 6] = [0xFD, b'7', b'z', b'X', b'Z', 0];
const UTF8_BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// 文件编码: how the bytes were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// GBK and GB2312 are subsets of GB18030 and are read by the same table.
    Gb18030,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// The name an operator knows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GBK/GB18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }
}

/// What had to be done to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceNotes {
    pub encoding: Encoding,
    pub had_bom: bool,
    pub was_compressed: bool,
}

impl SourceNotes {
    /// Sentences for the operator; none when the file was plain UTF-8.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.was_compressed {
            said.push("文件是 .xz 压缩包，已边读边解压。".to_owned());
        }
        if self.encoding != Encoding::Utf8 {
            said.push(format!("文件编码是 {}，已转换为 UTF-8。", self.encoding.name()));
        } else if self.had_bom {
            said.push("文件开头有 BOM 标记，已去除。".to_owned());
        }
        said
    }
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("file cannot be read")]
    Io(#[from] io::Error),
    #[error("file is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("line {line} is longer than {MAX_LINE_BYTES} bytes")]
    LineTooLong { line: u32 },
    #[error("file is empty")]
    Empty,
}

impl TextError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "file_unreadable",
            Self::TooLarge { .. } => "file_too_large",
            Self::LineTooLong { .. } => "line_too_long",
            Self::Empty => "file_empty",
        }
    }

    /// A sentence for the operator.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Io(cause) => format!("文件读取失败，可能已损坏或不完整（{cause}）。"),
            Self::TooLarge { limit_bytes } => {
                let limit_mb = limit_bytes / 1024 / 1024;
                format!("文件解开后超过 {limit_mb} MB，请拆分后再导入。")
            }
            Self::LineTooLong { line } => {
                format!("第 {line} 行超过 {} MB，请检查文件是否缺少换行。", MAX_LINE_BYTES / 1024 / 1024)
            }
            Self::Empty => "文件是空的。".to_owned(),
        }
    }
}

/// A whole file as UTF-8, without byte order mark and NUL bytes; line ends are as in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub body: String,
    pub notes: SourceNotes,
    /// Lines (from 1) from which NUL bytes were removed, with how many.
    pub nul_lines: Vec<(u32, u32)>,
}

/// One line without its line end, byte order mark and NUL bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1 in the unpacked file.
    pub number: u32,
    pub text: String,
    pub n_nul: u32,
}

/// Reads a whole file: unpacks, decodes, cleans.
///
/// # Errors
/// [`TextError`] when the file cannot be read, is empty, or is larger than `limit_bytes` after unpacking.
pub fn read_all(source: impl Read + 'static, limit_bytes: u64) -> Result<Text, TextError> {
    let (mut reader, was_compressed) = unpack(source)?;
    let bytes = read_bounded(&mut reader, limit_bytes)?;
    if bytes.is_empty() {
        return Err(TextError::Empty);
    }
    let (body, encoding, had_bom) = decode(&bytes);
    let nul_lines = nul_lines(&body);
    let body = if nul_lines.is_empty() { body } else { body.replace('\0', "") };
    Ok(Text { body, notes: SourceNotes { encoding, had_bom, was_compressed }, nul_lines })
}

/// Opens a file to be read line by line in bounded memory (except UTF-16, which is read whole).
///
/// # Errors
/// [`TextError`] when the start of the file cannot be read or the file is empty.
pub fn open(source: impl Read + 'static, limit_bytes: u64) -> Result<Lines, TextError> {
    let (mut reader, was_compressed) = unpack(source)?;
    let head = reader.fill_buf()?;
    if head.is_empty() {
        return Err(TextError::Empty);
    }
    let mut notes = SourceNotes { encoding: Encoding::Utf8, had_bom: false, was_compressed };
    if let Some(encoding) = utf16_of(head) {
        let bytes = read_bounded(&mut reader, limit_bytes)?;
        let (body, _, had_bom) = decode(&bytes);
        notes.encoding = encoding;
        notes.had_bom = had_bom;
        reader = Box::new(BufReader::new(Cursor::new(body.into_bytes())));
    } else if head.starts_with(&UTF8_BOM) {
        reader.consume(UTF8_BOM.len());
        notes.had_bom = true;
    }
    Ok(Lines { reader, notes, line: 0, left_bytes: limit_bytes, limit_bytes })
}

/// The lines of an opened file.
pub struct Lines {
    reader: Box<dyn BufRead>,
    notes: SourceNotes,
    line: u32,
    left_bytes: u64,
    limit_bytes: u64,
}

impl Lines {
    /// What had to be done so far; complete when the last line was read.
    #[must_use]
    pub fn notes(&self) -> SourceNotes {
        self.notes
    }

    /// The next line, or none at the end.
    ///
    /// # Errors
    /// [`TextError`] when reading fails or a bound is passed; no line follows an error.
    pub fn next_line(&mut self) -> Result<Option<Line>, TextError> {
        let mut bytes = Vec::new();
        let bound = MAX_LINE_BYTES.min(self.left_bytes);
        let n = (&mut self.reader).take(bound.saturating_add(1)).read_until(b'\n', &mut bytes)?;
        if n == 0 {
            return Ok(None);
        }
        self.line = self.line.saturating_add(1);
        let n = u64::try_from(n).unwrap_or(u64::MAX);
        if n > bound {
            return Err(if bound < MAX_LINE_BYTES {
                TextError::TooLarge { limit_bytes: self.limit_bytes }
            } else {
                TextError::LineTooLong { line: self.line }
            });
        }
        self.left_bytes -= n;
        while bytes.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            bytes.pop();
        }
        let n_before = bytes.len();
        bytes.retain(|b| *b != 0);
        let n_nul = u32::try_from(n_before - bytes.len()).unwrap_or(u32::MAX);
        Ok(Some(Line { number: self.line, text: self.decode_line(bytes), n_nul }))
    }

    /// A GBK line can by chance be valid UTF-8 (联通 is the famous one), so the first line that is not decides for the rest.
    fn decode_line(&mut self, bytes: Vec<u8>) -> String {
        if self.notes.encoding == Encoding::Gb18030 {
            return GB18030.decode_without_bom_handling(&bytes).0.into_owned();
        }
        match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(not_utf8) => {
                self.notes.encoding = Encoding::Gb18030;
                GB18030.decode_without_bom_handling(not_utf8.as_bytes()).0.into_owned()
            }
        }
    }
}

/// The reader behind a possible .xz wrapping, which is known by its magic bytes and never by the file's name.
fn unpack(source: impl Read + 'static) -> Result<(Box<dyn BufRead>, bool), TextError> {
    let mut reader = BufReader::with_capacity(64 * 1024, source);
    // A short first read must not hide the magic: keep reading until six bytes or the end.
    let mut head = Vec::with_capacity(XZ_MAGIC.len());
    (&mut reader).take(6).read_to_end(&mut head)?;
    let is_xz = head == XZ_MAGIC;
    let whole = Cursor::new(head).chain(reader);
    if !is_xz {
        return Ok((Box::new(BufReader::with_capacity(64 * 1024, whole)), false));
    }
    let stream =
        Stream::new_stream_decoder(XZ_MEMORY_BYTES, CONCATENATED).map_err(|cause| TextError::Io(cause.into()))?;
    let unpacked = XzDecoder::new_stream(whole, stream);
    Ok((Box::new(BufReader::with_capacity(64 * 1024, unpacked)), true))
}

fn read_bounded(reader: &mut dyn BufRead, limit_bytes: u64) -> Result<Vec<u8>, TextError> {
    let mut bytes = Vec::new();
    reader.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit_bytes {
        return Err(TextError::TooLarge { limit_bytes });
    }
    Ok(bytes)
}

/// UTF-16 by its mark, or without one by the NUL that stands beside every ASCII character of it.
fn utf16_of(head: &[u8]) -> Option<Encoding> {
    if head.starts_with(&[0xFF, 0xFE]) {
        return Some(Encoding::Utf16Le);
    }
    if head.starts_with(&[0xFE, 0xFF]) {
        return Some(Encoding::Utf16Be);
    }
    match head {
        [a, 0, b, 0, c, 0, ..] if *a != 0 && *b != 0 && *c != 0 => Some(Encoding::Utf16Le),
        [0, a, 0, b, 0, c, ..] if *a != 0 && *b != 0 && *c != 0 => Some(Encoding::Utf16Be),
        _ => None,
    }
}

fn decode(bytes: &[u8]) -> (String, Encoding, bool) {
    if let Some(encoding) = utf16_of(bytes) {
        let codec: &'static Codec = if encoding == Encoding::Utf16Be { UTF_16BE } else { UTF_16LE };
        let had_bom = matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
        let (text, _) = codec.decode_with_bom_removal(bytes);
        return (text.into_owned(), encoding, had_bom);
    }
    let (rest, had_bom) = match bytes.strip_prefix(&UTF8_BOM) {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    match std::str::from_utf8(rest) {
        Ok(text) => (text.to_owned(), Encoding::Utf8, had_bom),
        // A mark says UTF-8, yet the bytes are not: trust the mark and show the broken characters.
        Err(_) if had_bom => (String::from_utf8_lossy(rest).into_owned(), Encoding::Utf8, true),
        Err(_) => {
            let (text, _) = GB18030.decode_without_bom_handling(rest);
            (text.into_owned(), Encoding::Gb18030, false)
        }
    }
}

fn nul_lines(body: &str) -> Vec<(u32, u32)> {
    if !body.contains('\0') {
        return Vec::new();
    }
    body.split('\n')
        .zip(1_u32..)
        .filter_map(|(text, line)| {
            let n = text.matches('\0').count();
            (n > 0).then(|| (line, u32::try_from(n).unwrap_or(u32::MAX)))
        })
        .collect()
}
