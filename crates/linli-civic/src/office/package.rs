//! The file itself: a zip of parts, some of which are XML.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::xml::{self, Element, Node};

/// A template is a few pages or one empty table. Unit: bytes.
const MAX_FILE: usize = 5 * 1024 * 1024;
/// Unpacked. Unit: bytes.
const MAX_UNPACKED: u64 = 30 * 1024 * 1024;
const MAX_PARTS: usize = 500;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// It is no zip, or a broken one.
    #[error("it is no office file")]
    NotAFile(#[source] zip::result::ZipError),
    /// It is too large, packed or unpacked.
    #[error("it is too large")]
    TooLarge,
    /// A part of it cannot be read.
    #[error("its part {part} cannot be read: {why}")]
    Part {
        /// Which.
        part: String,
        /// What is wrong.
        why: String,
    },
}

/// A part by its name.
pub struct Part {
    /// `word/document.xml`
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Part {
    /// Reads it as XML.
    ///
    /// # Errors
    /// `Part`, when it is none.
    pub fn read(&self) -> Result<Vec<Node>, BadFile> {
        xml::read(&self.bytes).map_err(|why| self.bad(why))
    }

    /// Writes XML into it.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn write(&mut self, nodes: &[Node]) -> Result<(), BadFile> {
        self.bytes = xml::write(nodes).map_err(|error| self.bad(error.to_string()))?;
        Ok(())
    }

    /// What is wrong with it.
    #[must_use]
    pub fn bad(&self, why: impl Into<String>) -> BadFile {
        BadFile::Part { part: self.name.clone(), why: why.into() }
    }
}

/// Reads the parts of a file.
///
/// # Errors
/// `NotAFile`, `TooLarge`.
pub fn unpack(file: &[u8]) -> Result<Vec<Part>, BadFile> {
    if file.len() > MAX_FILE {
        return Err(BadFile::TooLarge);
    }
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(BadFile::NotAFile)?;
    if archive.len() > MAX_PARTS {
        return Err(BadFile::TooLarge);
    }
    let mut parts = Vec::with_capacity(archive.len());
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(BadFile::NotAFile)?;
        if part.is_dir() {
            continue;
        }
        let name = part.name().map_err(BadFile::NotAFile)?.into_owned();
        let mut bytes = Vec::new();
        // One byte more than is left tells that there is more.
        let read = part.take(left + 1).read_to_end(&mut bytes);
        read.map_err(|error| BadFile::Part { part: name.clone(), why: error.to_string() })?;
        left = left.checked_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).ok_or(BadFile::TooLarge)?;
        parts.push(Part { name, bytes });
    }
    Ok(parts)
}

/// Packs parts into a file.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn pack(parts: &[Part]) -> Result<Vec<u8>, BadFile> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        let broken = |error: std::io::Error| BadFile::Part { part: part.name.clone(), why: error.to_string() };
        out.start_file(part.name.as_str(), SimpleFileOptions::default()).map_err(BadFile::NotAFile)?;
        out.write_all(&part.bytes).map_err(broken)?;
    }
    Ok(out.finish().map_err(BadFile::NotAFile)?.into_inner())
}

/// The elements at the top.
pub fn roots(nodes: &[Node]) -> impl Iterator<Item = &Element> {
    nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) | Node::Other(_) => None,
    })
}
