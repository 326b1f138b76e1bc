//! The workbook around the sheet: where it is found, and what else names its rows.

use super::refs::{self, Inserted, Meant};
use super::{Table, page};
use crate::office::{BadFile, Element, Node, Part, links, pack, roots, unpack};

/// Why a workbook cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum BadTemplate {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] BadFile),
    /// There is no sheet of this name in it.
    #[error("it has no sheet {0}")]
    NoSheet(String),
}

/// Fills a workbook.
///
/// # Errors
/// When it is no .xlsx, or has no such sheet.
pub fn fill(template: &[u8], table: &Table) -> Result<Vec<u8>, BadTemplate> {
    let mut parts = unpack(template)?;
    let sheets = sheets(&parts)?;
    let own = sheets.iter().find(|sheet| sheet.name == table.sheet);
    let own = own.ok_or_else(|| BadTemplate::NoSheet(table.sheet.clone()))?.part.clone();
    let inserted = edit(&mut parts, &own, |part, nodes| page::fill(nodes, table).map_err(|why| part.bad(why)))?;
    let inserted = inserted.ok_or_else(|| BadTemplate::NoSheet(table.sheet.clone()))?;
    let named = quick_xml::escape::escape(&table.sheet).into_owned();
    let looks_here = |name: &str, parts: &[Part]| {
        let part = parts.iter().find(|part| part.name == name);
        part.is_some_and(|part| String::from_utf8_lossy(&part.bytes).contains(&named))
    };
    for other in sheets.iter().filter(|sheet| sheet.part != own) {
        if !looks_here(&other.part, &parts) {
            continue;
        }
        edit(&mut parts, &other.part, |_, nodes| {
            each(nodes, &mut |element| formulas_elsewhere(element, inserted, &table.sheet));
            Ok(())
        })?;
    }
    for tables in linked(&parts, &own, "/table")? {
        edit(&mut parts, &tables, |_, nodes| {
            each(nodes, &mut |element| {
                if let Some(range) = element.attribute("ref") {
                    element.set_attribute("ref", &refs::ranges_after(&range, inserted));
                }
            });
            Ok(())
        })?;
    }
    edit(&mut parts, "xl/workbook.xml", |_, nodes| {
        each(nodes, &mut |element| in_workbook(element, inserted, &table.sheet));
        Ok(())
    })?;
    forget_order_of_computing(&mut parts)?;
    Ok(pack(&parts)?)
}

/// Reads a part, changes it, writes it back; nothing where it is not there.
fn edit<T>(
    parts: &mut [Part],
    name: &str,
    change: impl FnOnce(&Part, &mut Vec<Node>) -> Result<T, BadFile>,
) -> Result<Option<T>, BadFile> {
    let Some(part) = parts.iter_mut().find(|part| part.name == name) else { return Ok(None) };
    let mut nodes = part.read()?;
    let made = change(part, &mut nodes)?;
    part.write(&nodes)?;
    Ok(Some(made))
}

fn each(nodes: &mut [Node], change: &mut dyn FnMut(&mut Element)) {
    for node in nodes {
        if let Node::Element(element) = node {
            element.each_mut(change);
        }
    }
}

struct Sheet {
    name: String,
    part: String,
}

fn sheets(parts: &[Part]) -> Result<Vec<Sheet>, BadFile> {
    let links = links(parts, "xl/workbook.xml")?;
    let mut sheets = Vec::new();
    let Some(book) = parts.iter().find(|part| part.name == "xl/workbook.xml") else { return Ok(sheets) };
    let nodes = book.read()?;
    for root in roots(&nodes) {
        root.each(&mut |element| {
            let link = element.pairs().into_iter().find(|(key, _)| key.ends_with(":id")).map(|(_, id)| id);
            let found = links.iter().find(|one| !one.is_external && Some(&one.id) == link.as_ref());
            if let (true, Some(name), Some(found)) = (element.is("sheet"), element.attribute("name"), found) {
                sheets.push(Sheet { name, part: found.target.clone() });
            }
        });
    }
    Ok(sheets)
}

fn linked(parts: &[Part], of: &str, kind: &str) -> Result<Vec<String>, BadFile> {
    Ok(links(parts, of)?
        .into_iter()
        .filter(|link| !link.is_external && link.kind.ends_with(kind))
        .map(|link| link.target)
        .collect())
}

/// Formulas of other sheets that look at this one.
fn formulas_elsewhere(element: &mut Element, inserted: Inserted, sheet: &str) {
    if element.is("c") && element.child("f").is_some() {
        element.children.retain(|node| !matches!(node, Node::Element(element) if element.is("v")));
        element.drop_attribute("t");
    }
    page::each_formula(element, inserted, Meant { own: false, sheet });
}

/// Names of ranges, among them what is printed, and the order to compute everything when the workbook is opened.
fn in_workbook(element: &mut Element, inserted: Inserted, sheet: &str) {
    if element.is("definedName") {
        let words = refs::after(&element.own_text(), inserted, Meant { own: false, sheet });
        element.children = vec![Node::Text(words)];
    }
    if element.is("workbook") && element.child("calcPr").is_none() {
        let prefix = element.prefix().to_owned();
        // After these, where the order of a workbook's parts wants it.
        let before = ["definedNames", "externalReferences", "functionGroups", "sheets"];
        let at = element
            .children
            .iter()
            .rposition(|node| matches!(node, Node::Element(child) if before.iter().any(|name| child.is(name))));
        if let Some(at) = at {
            element.children.insert(at + 1, Node::raw(format!("<{prefix}calcPr fullCalcOnLoad=\"1\"/>")));
        }
    }
    if element.is("calcPr") {
        element.set_attribute("fullCalcOnLoad", "1");
    }
}

/// The order in which formulas were computed is no longer true; a workbook without one is computed all the same.
fn forget_order_of_computing(parts: &mut Vec<Part>) -> Result<(), BadFile> {
    const CHAIN: &str = "calcChain.xml";
    if !parts.iter().any(|part| part.name.ends_with(CHAIN)) {
        return Ok(());
    }
    parts.retain(|part| !part.name.ends_with(CHAIN));
    for name in ["[Content_Types].xml", "xl/_rels/workbook.xml.rels"] {
        edit(parts, name, |_, nodes| {
            each(nodes, &mut |element| {
                element.children.retain(|node| {
                    let Node::Element(child) = node else { return true };
                    let names = |key: &str| child.attribute(key).is_some_and(|text| text.ends_with(CHAIN));
                    !names("PartName") && !names("Target")
                });
            });
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
