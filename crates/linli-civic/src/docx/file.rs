//! The parts of a template: the texts are filled in and the pictures replaced.

use super::fill::{fill, placeholders};
use super::{Picture, Values};
use crate::office::{BadFile, Element, Node, Part, links, pack, roots, unpack};

/// Whether a part holds text that is filled in.
pub(super) fn has_text(part: &Part) -> bool {
    let Some(name) = part.name.strip_prefix("word/").and_then(|name| name.strip_suffix(".xml")) else {
        return false;
    };
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(kind, "document" | "header" | "footer" | "footnotes" | "endnotes")
}

/// Fills a template in.
///
/// # Errors
/// When it is not what [`super::check`] lets through.
pub fn fill_in(template: &[u8], values: &Values) -> Result<Vec<u8>, BadFile> {
    let mut parts = unpack(template)?;
    let mut replaced: Vec<(String, &Picture)> = Vec::new();
    for at in 0..parts.len() {
        let Some(part) = parts.get(at).filter(|part| has_text(part)) else { continue };
        let mut nodes = part.read()?;
        for (link, name) in pictures(&nodes) {
            let Some(picture) = values.pictures.get(name.as_str()) else { continue };
            replaced.extend(target(&parts, &part.name, &link)?.map(|media| (media, picture)));
        }
        describe(&mut nodes, values);
        fill(&mut nodes, values);
        if let Some(part) = parts.get_mut(at) {
            part.write(&nodes)?;
        }
    }
    for (media, picture) in replaced {
        if let Some(part) = parts.iter_mut().find(|part| part.name == media) {
            part.bytes.clone_from(&picture.png);
        }
    }
    pack(&parts)
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

/// The part that a link of `of` leads to.
pub(super) fn target(parts: &[Part], of: &str, link: &str) -> Result<Option<String>, BadFile> {
    let found = links(parts, of)?.into_iter().find(|one| one.id == link && !one.is_external);
    Ok(found.map(|one| one.target))
}
