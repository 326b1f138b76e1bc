//! What we say, once, in both formats: XML as the specification draws it, JSON by the Spark convention that it names.
//!
//! Spark: the root disappears; a container of children of one name becomes an array; what is empty becomes `null`.
//! Source: `GeoReport/v2`, "Format Support".

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde::{Serialize, Serializer};

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Nothing is known: an empty element, `null`.
    Empty,
    /// Text; ids, codes and zip codes are always text, so that `001` stays `001`.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// Degrees.
    Number(f64),
    /// A container of children of one name.
    List(&'static str, Vec<Self>),
    /// An element with named children, in this order.
    Record(Vec<(&'static str, Self)>),
}

impl Node {
    /// Text, or nothing where it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// What is known, or nothing.
    pub fn maybe(text: Option<String>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    fn xml(&self, name: &str, out: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let text = match self {
            Self::Empty => return out.write_event(Event::Empty(BytesStart::new(name))),
            Self::Text(text) => clean(text),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::List(item, items) => {
                out.write_event(Event::Start(BytesStart::new(name)))?;
                for node in items {
                    node.xml(item, out)?;
                }
                return out.write_event(Event::End(BytesEnd::new(name)));
            }
            Self::Record(fields) => {
                out.write_event(Event::Start(BytesStart::new(name)))?;
                for (name, node) in fields {
                    node.xml(name, out)?;
                }
                return out.write_event(Event::End(BytesEnd::new(name)));
            }
        };
        out.write_event(Event::Start(BytesStart::new(name)))?;
        out.write_event(Event::Text(BytesText::new(&text)))?;
        out.write_event(Event::End(BytesEnd::new(name)))
    }
}

/// By hand, so that fields stay in the order of the specification.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(&clean(text)),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::List(_, items) => serializer.collect_seq(items),
            Self::Record(fields) => serializer.collect_map(fields.iter().map(|(name, node)| (name, node))),
        }
    }
}

/// XML 1.0 has no place for most control characters, not even escaped: a reader would refuse the whole answer.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| {
            matches!(c, '\t' | '\n' | '\r')
                || !(c.is_control() && u32::from(*c) < 0x20 || matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        })
        .collect()
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The name of the root element.
    pub root: &'static str,
    /// What is in it.
    pub node: Node,
}

impl Document {
    /// An answer that is a list: `service_requests` of `request`.
    pub const fn list(root: &'static str, item: &'static str, items: Vec<Node>) -> Self {
        Self { root, node: Node::List(item, items) }
    }

    /// As XML, with its declaration.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn to_xml(&self) -> std::io::Result<Vec<u8>> {
        let mut out = Writer::new(Vec::new());
        out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        self.node.xml(self.root, &mut out)?;
        Ok(out.into_inner())
    }

    /// As JSON.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn to_json(&self) -> std::io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.node)?)
    }
}

/// The format that a path asks for by its ending; the `Accept` header plays no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.xml`
    Xml,
    /// `.json`
    Json,
}

impl Format {
    /// The `Content-Type` of answers.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The format and what stands before its ending: `services.xml` is `services`.
    #[must_use]
    pub fn split(file: &str) -> Option<(&str, Self)> {
        let (stem, ending) = file.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "xml" => Some((stem, Self::Xml)),
            "json" => Some((stem, Self::Json)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Document {
        Document::list(
            "services",
            "service",
            vec![Node::Record(vec![
                ("service_code", Node::text("001")),
                ("service_name", Node::text("路灯 <&> \u{0}\u{b}不亮")),
                ("metadata", Node::Flag(true)),
                ("group", Node::Empty),
                ("lat", Node::Number(34.5)),
            ])],
        )
    }

    #[test]
    fn xml_begins_with_a_declaration_and_has_neither_attributes_nor_illegal_characters() {
        let xml = String::from_utf8(sample().to_xml().unwrap()).unwrap();
        assert_eq!(
            xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><services><service><service_code>001</service_code>\
             <service_name>路灯 &lt;&amp;&gt; 不亮</service_name><metadata>true</metadata><group/><lat>34.5</lat></service></services>"
        );
    }

    #[test]
    fn json_drops_the_root_and_keeps_codes_as_text() {
        assert_eq!(
            String::from_utf8(sample().to_json().unwrap()).unwrap(),
            "[{\"service_code\":\"001\",\"service_name\":\"路灯 <&> 不亮\",\"metadata\":true,\"group\":null,\"lat\":34.5}]"
        );
    }

    #[test]
    fn the_format_is_the_ending_of_the_path() {
        assert_eq!(Format::split("requests.xml"), Some(("requests", Format::Xml)));
        assert_eq!(Format::split("R-ABC.d.json"), Some(("R-ABC.d", Format::Json)));
        assert_eq!(Format::split("requests"), None);
        assert_eq!(Format::split("requests.rss"), None);
    }
}
