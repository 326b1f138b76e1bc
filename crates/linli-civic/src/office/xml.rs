//! A part of a document as a tree: everything that is not looked at is written back as it was read.

use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};

/// Deeper than any document that a person made; a file that is deeper was made to break us.
const DEEPEST: usize = 200;

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element with everything in it.
    Element(Element),
    /// Text, with its entities resolved.
    Text(String),
    /// A declaration, a comment, an instruction: written back as it was.
    Other(Event<'static>),
}

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    start: BytesStart<'static>,
    /// What is in it, in order.
    pub children: Vec<Node>,
}

impl Element {
    /// An element without attributes.
    pub fn new(name: &'static str) -> Self {
        Self { start: BytesStart::new(name), children: Vec::new() }
    }

    /// `<w:t xml:space="preserve">`
    pub fn text(name: &str, text: &str) -> Self {
        let start = BytesStart::new(name.to_owned()).with_attributes([("xml:space", "preserve")]);
        Self { start, children: vec![Node::Text(text.to_owned())] }
    }

    /// The name with its prefix.
    pub fn name(&self) -> &str {
        let whole: &str = &self.start;
        whole.get(..self.start.name().as_ref().len()).unwrap_or_default()
    }

    /// The name as it is written in WordprocessingML, whatever prefix the file gives it.
    pub fn is(&self, local: &str) -> bool {
        self.name().rsplit(':').next() == Some(local)
    }

    /// An attribute, by its local name.
    pub fn attribute(&self, local: &str) -> Option<String> {
        let named = |key: &str| key.rsplit(':').next() == Some(local);
        let found = self.start.attributes().flatten().find(|attribute| named(attribute.key.as_ref()))?;
        quick_xml::escape::unescape(&found.value).ok().map(std::borrow::Cow::into_owned)
    }

    /// Sets an attribute, by its local name; it is added where it is not there.
    pub fn set_attribute(&mut self, local: &str, value: &str) {
        let mut pairs = self.pairs();
        let escaped = quick_xml::escape::escape(value).into_owned();
        match pairs.iter_mut().find(|(key, _)| key.rsplit(':').next() == Some(local)) {
            Some((_, value)) => *value = escaped,
            None => pairs.push((local.to_owned(), escaped)),
        }
        self.set_pairs(&pairs);
    }

    /// Takes an attribute away.
    pub fn drop_attribute(&mut self, local: &str) {
        let mut pairs = self.pairs();
        pairs.retain(|(key, _)| key.rsplit(':').next() != Some(local));
        self.set_pairs(&pairs);
    }

    /// Attributes as they are written: names with their prefixes, values escaped.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let attributes = self.start.attributes().flatten();
        attributes
            .map(|attribute| {
                let key: &str = attribute.key.as_ref();
                (key.to_owned(), attribute.value.to_string())
            })
            .collect()
    }

    fn set_pairs(&mut self, pairs: &[(String, String)]) {
        let name = self.name().to_owned();
        let attributes: String = pairs.iter().map(|(key, value)| format!(" {key}=\"{value}\"")).collect();
        self.start = BytesStart::from_content(format!("{name}{attributes}"), name.len());
    }

    /// What stands before the local name: `w:` or nothing.
    pub fn prefix(&self) -> &str {
        self.name().rfind(':').and_then(|at| self.name().get(..=at)).unwrap_or_default()
    }

    /// The first element of this name directly in it.
    pub fn child(&self, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(local))
    }

    /// The elements directly in it, to be changed.
    pub fn elements_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.children.iter_mut().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Other(_) => None,
        })
    }

    /// The elements directly in it.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) | Node::Other(_) => None,
        })
    }

    /// All text directly in it.
    pub fn own_text(&self) -> String {
        self.children
            .iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) | Node::Other(_) => None,
            })
            .collect()
    }

    /// Calls `look` with it and with every element inside it.
    pub fn each<'a>(&'a self, look: &mut dyn FnMut(&'a Self)) {
        look(self);
        self.elements().for_each(|element| element.each(look));
    }

    /// Calls `change` with it and with every element inside it.
    pub fn each_mut(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        for node in &mut self.children {
            if let Node::Element(element) = node {
                element.each_mut(change);
            }
        }
    }
}

impl Node {
    /// What is written as it stands, already XML.
    #[must_use]
    pub fn raw(xml: String) -> Self {
        Self::Other(Event::Text(BytesText::from_escaped(xml)))
    }
}

/// Reads a part; its root element and what stands before it.
///
/// # Errors
/// What is wrong with it, in a few words.
pub fn read(bytes: &[u8]) -> Result<Vec<Node>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut top: Vec<Node> = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let node = match event {
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err("it is nested too deeply".to_owned());
                }
                open.push(Element { start: start.into_owned(), children: Vec::new() });
                continue;
            }
            Event::End(_) => match open.pop() {
                Some(element) => Node::Element(element),
                None => return Err("an element ends that never began".to_owned()),
            },
            Event::Empty(start) => Node::Element(Element { start: start.into_owned(), children: Vec::new() }),
            Event::Text(text) => Node::Text(text.into_inner().into_owned()),
            Event::CData(data) => Node::Text(data.into_inner().into_owned()),
            Event::GeneralRef(name) => Node::Text(resolved(&name)?),
            Event::Eof => break,
            other => Node::Other(other.into_owned()),
        };
        open.last_mut().map_or(&mut top, |element| &mut element.children).push(node);
    }
    if open.is_empty() { Ok(top) } else { Err("an element never ends".to_owned()) }
}

fn resolved(name: &str) -> Result<String, String> {
    let text = quick_xml::escape::unescape(&format!("&{name};")).map_err(|error| error.to_string())?.into_owned();
    Ok(text)
}

/// Writes a part.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn write(nodes: &[Node]) -> std::io::Result<Vec<u8>> {
    let mut out = Writer::new(Vec::new());
    for node in nodes {
        write_node(node, &mut out)?;
    }
    Ok(out.into_inner())
}

fn write_node(node: &Node, out: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
    match node {
        Node::Text(text) => out.write_event(Event::Text(BytesText::new(text))),
        Node::Other(event) => out.write_event(event.borrow()),
        Node::Element(element) if element.children.is_empty() => out.write_event(Event::Empty(element.start.borrow())),
        Node::Element(element) => {
            out.write_event(Event::Start(element.start.borrow()))?;
            for child in &element.children {
                write_node(child, out)?;
            }
            out.write_event(Event::End(BytesEnd::new(element.name())))
        }
    }
}
