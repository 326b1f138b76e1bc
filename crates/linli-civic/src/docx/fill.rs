//! Finding the placeholders of a part and filling them in. Pure.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Entry, Values};
use crate::office::{Element, Node};

/// A placeholder in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it stands, with its braces. Unit: bytes.
    pub at: Range<usize>,
    /// What it names.
    pub name: String,
}

impl Placeholder {
    /// The list that it names an entry of.
    pub fn list(&self) -> Option<&str> {
        self.name.split_once('.').map(|(list, _)| list)
    }
}

/// The placeholders of a text.
pub fn placeholders(text: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| Some(from + rest.find("{{")?)) {
        let inside = start + 2;
        let Some(len) = text.get(inside..).and_then(|rest| rest.find("}}")) else { break };
        let name = text.get(inside..inside + len).unwrap_or_default().trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'));
        if is_name {
            found.push(Placeholder { at: start..inside + len + 2, name: name.to_owned() });
            from = inside + len + 2;
        } else {
            // Braces that mean something else; the next pair may be ours.
            from = start + 1;
        }
    }
    found
}

/// Fills a part in.
pub fn fill(nodes: &mut Vec<Node>, values: &Values) {
    fill_nodes(nodes, values, None);
}

/// The entry of a list in whose row or paragraph we are.
type Scope<'a> = Option<(&'a str, &'a Entry)>;

fn fill_nodes(nodes: &mut Vec<Node>, values: &Values, scope: Scope<'_>) {
    let mut filled = Vec::with_capacity(nodes.len());
    for node in std::mem::take(nodes) {
        match node {
            Node::Element(element) => fill_element(element, values, scope, &mut filled),
            other => filled.push(other),
        }
    }
    *nodes = filled;
}

fn fill_element(mut element: Element, values: &Values, scope: Scope<'_>, out: &mut Vec<Node>) {
    let is_block = element.is("tr") || element.is("p");
    // Inside a row of an entry its paragraphs belong to the entry.
    let list = if is_block && scope.is_none() { list_of(&element) } else { None };
    if let Some(list) = list {
        for entry in values.lists.get(list.as_str()).into_iter().flatten() {
            let mut copy = element.clone();
            fill_inside(&mut copy, values, Some((&list, entry)));
            out.push(Node::Element(copy));
        }
        return;
    }
    fill_inside(&mut element, values, scope);
    if element.is("tc") && element.elements().all(|child| !child.is("p") && !child.is("tbl")) {
        // A cell without a paragraph makes a file that word processors call broken.
        element.children.push(Node::Element(Element::new("w:p")));
    }
    out.push(Node::Element(element));
}

fn fill_inside(element: &mut Element, values: &Values, scope: Scope<'_>) {
    fill_nodes(&mut element.children, values, scope);
    if element.is("p") {
        fill_paragraph(element, values, scope);
    }
}

/// The list whose entries a row or a paragraph is for: named in it, and not in a table inside it.
fn list_of(element: &Element) -> Option<String> {
    let lists = lists_of(element);
    lists.into_iter().next()
}

/// Every list that a row or a paragraph names by itself.
pub fn lists_of(element: &Element) -> BTreeSet<String> {
    let mut lists = BTreeSet::new();
    let mut paragraphs = Vec::new();
    if element.is("p") {
        paragraphs.push(element);
    }
    gather(element, &mut paragraphs);
    for paragraph in paragraphs {
        let text: String = texts_of(paragraph).concat();
        lists.extend(placeholders(&text).iter().filter_map(|found| found.list().map(str::to_owned)));
    }
    lists
}

fn gather<'a>(element: &'a Element, paragraphs: &mut Vec<&'a Element>) {
    for child in element.elements().filter(|child| !child.is("tbl")) {
        if child.is("p") {
            paragraphs.push(child);
        }
        gather(child, paragraphs);
    }
}

/// The texts of a paragraph's runs, without those of paragraphs inside it (text boxes).
pub fn texts_of(paragraph: &Element) -> Vec<String> {
    let mut texts = Vec::new();
    texts_in(paragraph, &mut texts);
    texts
}

fn texts_in(element: &Element, texts: &mut Vec<String>) {
    for child in element.elements().filter(|child| !child.is("p")) {
        if child.is("t") {
            texts.push(child.own_text());
        } else {
            texts_in(child, texts);
        }
    }
}

fn fill_paragraph(paragraph: &mut Element, values: &Values, scope: Scope<'_>) {
    let texts = texts_of(paragraph);
    if let Some(filled) = filled(&texts, values, scope) {
        put(paragraph, &mut filled.into_iter());
    }
}

/// The texts of the runs after filling in; `None` where nothing is to be filled.
fn filled(texts: &[String], values: &Values, scope: Scope<'_>) -> Option<Vec<String>> {
    let whole = texts.concat();
    let known = placeholders(&whole);
    let replaced: Vec<(Range<usize>, String)> =
        known.into_iter().filter_map(|found| Some((found.at.clone(), value_of(&found.name, values, scope)?))).collect();
    if replaced.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(texts.len());
    let mut begin = 0;
    for text in texts {
        let end = begin + text.len();
        out.push(run_text(&whole, begin..end, &replaced));
        begin = end;
    }
    Some(out)
}

/// What a run says: its own characters outside placeholders, and the values of those that begin in it.
fn run_text(whole: &str, run: Range<usize>, replaced: &[(Range<usize>, String)]) -> String {
    let mut out = String::new();
    let mut at = run.start;
    for (place, value) in replaced.iter().filter(|(place, _)| place.start < run.end && place.end > run.start) {
        out.push_str(whole.get(at..place.start.max(at)).unwrap_or_default());
        if run.contains(&place.start) {
            out.push_str(value);
        }
        at = place.end.min(run.end);
    }
    out.push_str(whole.get(at..run.end.max(at)).unwrap_or_default());
    out
}

fn value_of(name: &str, values: &Values, scope: Scope<'_>) -> Option<String> {
    let found = match name.split_once('.') {
        Some((list, part)) => scope.filter(|(open, _)| *open == list).and_then(|(_, entry)| entry.get(part)),
        None => values.texts.get(name),
    };
    found.map(|value| clean(value))
}

/// XML 1.0 has no place for most control characters, not even escaped.
fn clean(text: &str) -> String {
    let is_fine =
        |c: &char| matches!(c, '\t' | '\n') || (u32::from(*c) >= 0x20 && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    text.replace("\r\n", "\n").chars().filter(is_fine).collect()
}

/// Puts the texts back, each into the run that it came from.
fn put(element: &mut Element, texts: &mut std::vec::IntoIter<String>) {
    let mut children = Vec::with_capacity(element.children.len());
    for node in std::mem::take(&mut element.children) {
        match node {
            Node::Element(child) if child.is("t") => {
                let Some(text) = texts.next() else {
                    children.push(Node::Element(child));
                    continue;
                };
                if text == child.own_text() {
                    children.push(Node::Element(child));
                } else {
                    children.extend(lines(child.name(), &text));
                }
            }
            Node::Element(mut child) if !child.is("p") => {
                put(&mut child, texts);
                children.push(Node::Element(child));
            }
            other => children.push(other),
        }
    }
    element.children = children;
}

/// A text as runs hold it: a break between two lines.
fn lines(name: &str, text: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            nodes.push(Node::Element(Element::new("w:br")));
        }
        if !line.is_empty() || n == 0 {
            nodes.push(Node::Element(Element::text(name, line)));
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let entry = |at: &str, what: &str| Entry::from([("at", at.to_owned()), ("what", what.to_owned())]);
        Values {
            texts: [("paper_no", "610502-2026-000123".to_owned()), ("text", "灯不亮\n<晚上> & \u{1}看不清".to_owned())]
                .into(),
            lists: [
                ("record", vec![entry("9:00", "居民反映"), entry("10:00", "接单")]),
                ("rating", Vec::new()),
                ("reply", vec![Entry::from([("done", "换了灯泡".to_owned())])]),
            ]
            .into(),
            ..Values::default()
        }
    }

    fn through(part: &str) -> String {
        let mut nodes = crate::office::xml::read(part.as_bytes()).unwrap();
        fill(&mut nodes, &values());
        String::from_utf8(crate::office::xml::write(&nodes).unwrap()).unwrap()
    }

    #[test]
    fn a_placeholder_is_found_however_its_runs_are_cut_and_keeps_its_look() {
        let part = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>编号{</w:t></w:r><w:proofErr/><w:r><w:t>{pap</w:t></w:r>\
                    <w:hyperlink><w:r><w:t>er_no }</w:t></w:r></w:hyperlink><w:r><w:t>}（原件）</w:t></w:r></w:p>";
        let filled = through(part);
        assert!(filled.contains("<w:b/></w:rPr><w:t xml:space=\"preserve\">编号610502-2026-000123</w:t>"), "{filled}");
        assert!(filled.contains("（原件）") && !filled.contains('{') && !filled.contains('}'), "{filled}");
    }

    #[test]
    fn lines_stay_lines_and_signs_of_the_markup_are_text() {
        let filled = through("<w:p><w:r><w:t>{{text}}</w:t></w:r></w:p>");
        assert_eq!(
            filled,
            "<w:p><w:r><w:t xml:space=\"preserve\">灯不亮</w:t><w:br/><w:t xml:space=\"preserve\">&lt;晚上&gt; &amp; 看不清</w:t></w:r></w:p>"
        );
    }

    #[test]
    fn a_row_is_repeated_for_every_entry_and_gone_without_any() {
        let row = |inside: &str| {
            format!(
                "<w:tr><w:tc><w:p><w:r><w:t>{inside}</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>{{{{paper_no}}}}</w:t></w:r></w:p></w:tc></w:tr>"
            )
        };
        let filled =
            through(&format!("<w:tbl>{}{}</w:tbl>", row("{{record.at}} {{record.what}}"), row("{{rating.stars}}")));
        assert_eq!(filled.matches("<w:tr>").count(), 2, "{filled}");
        assert_eq!(filled.matches("610502-2026-000123").count(), 2, "{filled}");
        let order = ["9:00 居民反映", "10:00 接单"].map(|text| filled.find(text).unwrap());
        assert!(order[0] < order[1]);
    }

    #[test]
    fn the_smallest_row_around_a_placeholder_is_the_one_that_is_repeated() {
        let inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>{{record.what}}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>";
        let filled = through(&format!("<w:tbl><w:tr><w:tc>{inner}<w:p/></w:tc></w:tr></w:tbl>"));
        assert_eq!((filled.matches("<w:tr>").count(), filled.matches("<w:tbl>").count()), (3, 2), "{filled}");
    }

    #[test]
    fn outside_a_table_the_paragraph_is_repeated_and_a_cell_is_never_left_empty() {
        let filled = through("<w:body><w:p><w:r><w:t>{{reply.done}}</w:t></w:r></w:p></w:body>");
        assert!(filled.contains("换了灯泡"), "{filled}");
        assert_eq!(through("<w:body><w:p><w:r><w:t>{{rating.stars}}</w:t></w:r></w:p></w:body>"), "<w:body/>");
    }

    #[test]
    fn a_text_box_in_a_paragraph_is_filled_by_itself() {
        let part = "<w:p><w:r><w:t>前{{paper_no}}</w:t></w:r><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>框{{paper_no}}</w:t></w:r></w:p></w:txbxContent></w:pict></w:r><w:r><w:t>后</w:t></w:r></w:p>";
        let filled = through(part);
        for said in ["前610502-2026-000123", "框610502-2026-000123", "后"] {
            assert!(filled.contains(said), "{said}: {filled}");
        }
    }

    #[test]
    fn what_is_no_placeholder_stays_as_it_is() {
        for part in [
            "<w:p><w:r><w:t>{{ }} {{A-1}} {{unclosed</w:t></w:r></w:p>",
            "<w:p><w:r><w:t xml:space=\"preserve\">a &amp; b</w:t></w:r></w:p>",
        ] {
            assert_eq!(through(part), part);
        }
        assert_eq!(placeholders("{{{{paper_no}}"), [Placeholder { at: 2..14, name: "paper_no".to_owned() }]);
    }
}
