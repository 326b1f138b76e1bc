//! The file itself: a zip of parts, of which the texts are filled in and the pictures replaced.

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::fill::{fill, placeholders};
use super::xml::{self, Element, Node};
use super::{Picture, Values};

/// A template is a page or two with a crest on it. Unit: bytes.
const MAX_FILE: usize = 5 * 1024 * 1024;
/// Unpacked. Unit: bytes.
const MAX_UNPACKED: u64 = 30 * 1024 * 1024;
const MAX_PARTS: usize = 500;

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadTemplate {
    /// It is no zip, or a broken one.
    #[error("it is no .docx file")]
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
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Part {
    /// Whether it holds text that is filled in.
    pub(super) fn has_text(&self) -> bool {
        let Some(name) = self.name.strip_prefix("word/").and_then(|name| name.strip_suffix(".xml")) else {
            return false;
        };
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        matches!(kind, "document" | "header" | "footer" | "footnotes" | "endnotes")
    }

    pub(super) fn read(&self) -> Result<Vec<Node>, BadTemplate> {
        xml::read(&self.bytes).map_err(|why| BadTemplate::Part { part: self.name.clone(), why })
    }
}

/// Reads the parts of a template.
///
/// # Errors
/// `NotAFile`, `TooLarge`.
pub(super) fn parts(template: &[u8]) -> Result<Vec<Part>, BadTemplate> {
    if template.len() > MAX_FILE {
        return Err(BadTemplate::TooLarge);
    }
    let mut archive = ZipArchive::new(Cursor::new(template)).map_err(BadTemplate::NotAFile)?;
    if archive.len() > MAX_PARTS {
        return Err(BadTemplate::TooLarge);
    }
    let mut parts = Vec::with_capacity(archive.len());
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(BadTemplate::NotAFile)?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(BadTemplate::NotAFile)?.into_owned();
        let mut bytes = Vec::new();
        // One byte more than is left tells that there is more.
        let read = file.take(left + 1).read_to_end(&mut bytes);
        read.map_err(|error| BadTemplate::Part { part: name.clone(), why: error.to_string() })?;
        left = left.checked_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).ok_or(BadTemplate::TooLarge)?;
        parts.push(Part { name, bytes });
    }
    Ok(parts)
}

/// Fills a template in.
///
/// # Errors
/// When it is not what [`super::check`] lets through.
pub fn fill_in(template: &[u8], values: &Values) -> Result<Vec<u8>, BadTemplate> {
    let mut parts = parts(template)?;
    let mut replaced: Vec<(String, &Picture)> = Vec::new();
    for at in 0..parts.len() {
        let Some(part) = parts.get(at).filter(|part| part.has_text()) else { continue };
        let mut nodes = part.read()?;
        for (link, name) in pictures(&nodes) {
            let Some(picture) = values.pictures.get(name.as_str()) else { continue };
            replaced.extend(target(&parts, &part.name, &link)?.map(|media| (media, picture)));
        }
        describe(&mut nodes, values);
        fill(&mut nodes, values);
        let bytes = xml::write(&nodes);
        let bytes = bytes.map_err(|error| BadTemplate::Part { part: part.name.clone(), why: error.to_string() })?;
        if let Some(part) = parts.get_mut(at) {
            part.bytes = bytes;
        }
    }
    for (media, picture) in replaced {
        if let Some(part) = parts.iter_mut().find(|part| part.name == media) {
            part.bytes.clone_from(&picture.png);
        }
    }
    pack(&parts)
}

fn pack(parts: &[Part]) -> Result<Vec<u8>, BadTemplate> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for part in parts {
        let broken = |error: std::io::Error| BadTemplate::Part { part: part.name.clone(), why: error.to_string() };
        out.start_file(part.name.as_str(), SimpleFileOptions::default()).map_err(BadTemplate::NotAFile)?;
        out.write_all(&part.bytes).map_err(broken)?;
    }
    Ok(out.finish().map_err(BadTemplate::NotAFile)?.into_inner())
}

/// The pictures that stand for others: by which link they are drawn, and what they stand for.
pub(super) fn pictures(nodes: &[Node]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for drawing in roots(nodes) {
        drawing.each(&mut |element| {
            if element.is("drawing") {
                found.extend(stand_in(element));
            }
        });
    }
    found
}

fn stand_in(drawing: &Element) -> Option<(String, String)> {
    let (mut name, mut link) = (None, None);
    drawing.each(&mut |element| {
        if element.is("docPr") {
            name = element
                .attribute("descr")
                .and_then(|text| placeholders(&text).into_iter().next())
                .map(|found| found.name);
        }
        if element.is("blip") {
            link = element.attribute("embed");
        }
    });
    link.zip(name)
}

/// What a picture shows, for whoever does not see it.
fn describe(nodes: &mut [Node], values: &Values) {
    for node in nodes {
        let Node::Element(root) = node else { continue };
        root.each_mut(&mut |element| {
            if !element.is("docPr") {
                return;
            }
            let named = element.attribute("descr").and_then(|text| placeholders(&text).into_iter().next());
            if let Some(picture) = named.and_then(|found| values.pictures.get(found.name.as_str())) {
                element.set_attribute("descr", &picture.says);
            }
        });
    }
}

pub(super) fn roots(nodes: &[Node]) -> impl Iterator<Item = &Element> {
    nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) | Node::Other(_) => None,
    })
}

/// The part that a link of `of` leads to.
pub(super) fn target(parts: &[Part], of: &str, link: &str) -> Result<Option<String>, BadTemplate> {
    let links = links(parts, of)?;
    let found = links.into_iter().find(|one| one.id == link && !one.is_external);
    Ok(found.map(|one| match one.target.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None => format!("word/{}", one.target),
    }))
}

/// A link of a part to another part, or out of the file.
pub(super) struct Link {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) is_external: bool,
}

/// The links of a part.
pub(super) fn links(parts: &[Part], of: &str) -> Result<Vec<Link>, BadTemplate> {
    let Some(name) = of.strip_prefix("word/") else { return Ok(Vec::new()) };
    let file = format!("word/_rels/{name}.rels");
    let Some(part) = parts.iter().find(|part| part.name == file) else { return Ok(Vec::new()) };
    let nodes = part.read()?;
    let mut links = Vec::new();
    for root in roots(&nodes) {
        root.each(&mut |element| {
            let text = |name: &str| element.attribute(name).unwrap_or_default();
            if element.is("Relationship") {
                let is_external = text("TargetMode") == "External";
                links.push(Link { id: text("Id"), kind: text("Type"), target: text("Target"), is_external });
            }
        });
    }
    Ok(links)
}
