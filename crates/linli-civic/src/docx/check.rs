//! What is wrong with a template, found before anybody needs the document.

use std::collections::BTreeSet;

use super::file::{has_text, pictures, target};
use super::fill::{lists_of, placeholders, texts_of};
use crate::office::{BadFile, Element, Node, Part, links, roots, unpack};

/// What a kind of document can be filled with.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Names of texts.
    pub texts: &'static [&'static str],
    /// Lists and the parts of their entries.
    pub lists: &'static [(&'static str, &'static [&'static str])],
    /// Names of pictures.
    pub pictures: &'static [&'static str],
    /// Texts that the document must not leave out.
    pub needed: &'static [&'static str],
}

/// One fault.
#[derive(Debug)]
pub enum Fault {
    /// It cannot be read at all.
    Unreadable(BadFile),
    /// A placeholder that nothing fills.
    Unknown(String),
    /// Two lists in one row: which of them is to repeat it?
    TwoLists(Vec<String>),
    /// A text that must be there is not.
    Missing(&'static str),
    /// Opening the document would fetch this from elsewhere.
    FromElsewhere(String),
    /// A picture that stands for another one is no PNG.
    NotPng(String),
}

/// What is wrong with a template; nothing when it can be used.
#[must_use]
pub fn check(template: &[u8], known: &Known) -> Vec<Fault> {
    let parts = match unpack(template) {
        Ok(parts) => parts,
        Err(bad) => return vec![Fault::Unreadable(bad)],
    };
    let mut looked = Look { known, faults: Vec::new(), named: BTreeSet::new() };
    for part in parts.iter().filter(|part| has_text(part)) {
        if let Err(bad) = looked.at(&parts, part) {
            looked.faults.push(Fault::Unreadable(bad));
        }
    }
    let Look { mut faults, named, .. } = looked;
    faults.extend(known.needed.iter().filter(|name| !named.contains(**name)).map(|name| Fault::Missing(name)));
    faults
}

struct Look<'a> {
    known: &'a Known,
    faults: Vec<Fault>,
    named: BTreeSet<String>,
}

impl Look<'_> {
    fn at(&mut self, parts: &[Part], part: &Part) -> Result<(), BadFile> {
        let nodes = part.read()?;
        for root in roots(&nodes) {
            self.walk(root, None);
        }
        self.pictures(parts, part, &nodes)?;
        // A link in the text is followed by whoever clicks on it; everything else is fetched unasked.
        let outside = links(parts, &part.name)?.into_iter().filter(|link| link.is_external);
        self.faults.extend(
            outside.filter(|link| !link.kind.ends_with("/hyperlink")).map(|link| Fault::FromElsewhere(link.target)),
        );
        Ok(())
    }

    fn pictures(&mut self, parts: &[Part], part: &Part, nodes: &[Node]) -> Result<(), BadFile> {
        for (link, name) in pictures(nodes) {
            if !self.known.pictures.contains(&name.as_str()) {
                self.faults.push(Fault::Unknown(name));
                continue;
            }
            let media = target(parts, &part.name, &link)?;
            if !media.is_some_and(|media| media.to_ascii_lowercase().ends_with(".png")) {
                self.faults.push(Fault::NotPng(name));
            }
        }
        Ok(())
    }

    fn walk(&mut self, element: &Element, scope: Option<&str>) {
        let lists = if element.is("tr") || element.is("p") { lists_of(element) } else { BTreeSet::new() };
        let strangers = lists.iter().filter(|list| scope.is_none_or(|open| open != list.as_str())).count();
        if strangers > usize::from(scope.is_none()) {
            self.faults
                .push(Fault::TwoLists(scope.map(str::to_owned).into_iter().chain(lists.iter().cloned()).collect()));
            return;
        }
        let open = lists.first().map(String::as_str).or(scope);
        if element.is("p") {
            self.paragraph(element);
        }
        for child in element.elements() {
            self.walk(child, open);
        }
    }

    fn paragraph(&mut self, paragraph: &Element) {
        for found in placeholders(&texts_of(paragraph).concat()) {
            let is_known = match found.name.split_once('.') {
                Some((list, part)) => {
                    self.known.lists.iter().any(|(name, parts)| *name == list && parts.contains(&part))
                }
                None => self.known.texts.contains(&found.name.as_str()),
            };
            if is_known {
                self.named.insert(found.name);
            } else {
                self.faults.push(Fault::Unknown(found.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const KNOWN: Known = Known {
        texts: &["paper_no", "printed_by"],
        lists: &[("record", &["at", "what"]), ("task", &["party"])],
        pictures: &["qr"],
        needed: &["printed_by"],
    };

    fn template(body: &str, links: &str) -> Vec<u8> {
        let mut out = ZipWriter::new(Cursor::new(Vec::new()));
        let document = format!("<w:document><w:body>{body}</w:body></w:document>");
        let links = format!("<Relationships>{links}</Relationships>");
        for (name, text) in [("word/document.xml", document), ("word/_rels/document.xml.rels", links)] {
            out.start_file(name, SimpleFileOptions::default()).unwrap();
            out.write_all(text.as_bytes()).unwrap();
        }
        out.finish().unwrap().into_inner()
    }

    fn paragraph(text: &str) -> String {
        format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    fn found(body: &str, links: &str) -> Vec<String> {
        check(&template(&format!("{body}{}", paragraph("{{printed_by}}")), links), &KNOWN)
            .iter()
            .map(|fault| format!("{fault:?}"))
            .collect()
    }

    #[test]
    fn a_template_that_can_be_filled_has_no_faults() {
        let row = format!(
            "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>",
            paragraph("{{record.at}}"),
            paragraph("{{record.what}}")
        );
        assert_eq!(found(&format!("{}<w:tbl>{row}</w:tbl>", paragraph("{{paper_no}}")), ""), Vec::<String>::new());
        let link =
            r#"<Relationship Id="r1" Type="http://x/hyperlink" Target="https://example.org" TargetMode="External"/>"#;
        assert_eq!(found("", link), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(
            found(&paragraph("{{paper}} {{record.who}} {{people.name}}"), "").len(),
            1,
            "two lists in one paragraph"
        );
        assert_eq!(found(&paragraph("{{paper}}"), ""), [r#"Unknown("paper")"#]);
        assert_eq!(found(&paragraph("{{record.who}}"), ""), [r#"Unknown("record.who")"#]);
        assert_eq!(found(&paragraph("{{record.at}}{{task.party}}"), ""), [r#"TwoLists(["record", "task"])"#]);
        let picture = |id: &str| {
            format!(
                r#"<w:p><w:r><w:drawing><wp:docPr descr="{{{{qr}}}}"/><a:blip r:embed="{id}"/></w:drawing></w:r></w:p>"#
            )
        };
        let media = |target: &str| format!(r#"<Relationship Id="r2" Type="http://x/image" Target="{target}"/>"#);
        assert_eq!(found(&picture("r2"), &media("media/a.png")), Vec::<String>::new());
        assert_eq!(found(&picture("r2"), &media("media/a.jpeg")), [r#"NotPng("qr")"#]);
        let elsewhere = r#"<Relationship Id="r3" Type="http://x/attachedTemplate" Target="https://example.org/a.dotm" TargetMode="External"/>"#;
        assert_eq!(found("", elsewhere), [r#"FromElsewhere("https://example.org/a.dotm")"#]);
        let bare = check(&template(&paragraph("{{paper_no}}"), ""), &KNOWN);
        assert!(matches!(bare.as_slice(), [Fault::Missing("printed_by")]), "{bare:?}");
    }

    #[test]
    fn what_is_no_document_is_said_to_be_none() {
        for bytes in [b"PK\x03\x04".as_slice(), b"", b"hello"] {
            assert!(matches!(check(bytes, &KNOWN).as_slice(), [Fault::Unreadable(BadFile::NotAFile(_))]));
        }
        let broken = check(&template("<w:p>", ""), &KNOWN);
        assert!(matches!(broken.first(), Some(Fault::Unreadable(BadFile::Part { .. }))), "{broken:?}");
    }
}
