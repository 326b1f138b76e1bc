//! Links of parts: to other parts of the file, or out of it.

use super::{BadFile, Part, roots};

/// A link.
pub struct Link {
    /// By which the part names it: `rId3`.
    pub id: String,
    /// What kind of thing it leads to, as an address of the standard.
    pub kind: String,
    /// The name of a part; for what lies outside the file, its address.
    pub target: String,
    /// Whether it leads out of the file.
    pub is_external: bool,
}

/// The links of a part.
///
/// # Errors
/// `Part`, when what says them is no XML.
pub fn links(parts: &[Part], of: &str) -> Result<Vec<Link>, BadFile> {
    let (folder, name) = of.rsplit_once('/').unwrap_or(("", of));
    let file = format!("{folder}/_rels/{name}.rels");
    let Some(part) = parts.iter().find(|part| part.name == file) else { return Ok(Vec::new()) };
    let mut links = Vec::new();
    for root in roots(&part.read()?) {
        root.each(&mut |element| {
            let text = |name: &str| element.attribute(name).unwrap_or_default();
            if element.is("Relationship") {
                let is_external = text("TargetMode") == "External";
                let target = if is_external { text("Target") } else { resolved(folder, &text("Target")) };
                links.push(Link { id: text("Id"), kind: text("Type"), target, is_external });
            }
        });
    }
    Ok(links)
}

/// A target as the name of a part: `../tables/table1.xml` of `xl/worksheets` is `xl/tables/table1.xml`.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut steps: Vec<&str> = folder.split('/').collect();
    for step in target.split('/') {
        if step == ".." {
            steps.pop();
        } else if step != "." {
            steps.push(step);
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_from_where_its_part_lies() {
        for (folder, target, part) in [
            ("xl/worksheets", "../tables/table1.xml", "xl/tables/table1.xml"),
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("word", "/word/media/qr.png", "word/media/qr.png"),
            ("word", "./media/qr.png", "word/media/qr.png"),
        ] {
            assert_eq!(resolved(folder, target), part);
        }
    }
}
