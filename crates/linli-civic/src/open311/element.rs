//! What others say, in either format, as one tree: XML of any wrapping, JSON with or without the Spark convention.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

/// An element that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name; for a member of a JSON array the name of the array.
    pub name: String,
    /// Its own text.
    pub text: String,
    /// What is in it.
    pub children: Vec<Self>,
}

/// An answer that is neither: an HTML page, a half document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot be read: {0}")]
pub struct Unreadable(pub String);

const DEEPEST: usize = 32;

impl Element {
    /// Reads XML. Other namespaces and attributes are passed over; a prefix is no part of a name.
    ///
    /// # Errors
    /// `Unreadable` for what is no XML document, an HTML page included.
    pub fn from_xml(text: &str) -> Result<Self, Unreadable> {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| Unreadable(error.to_string()))?;
            match event {
                Event::Start(start) => {
                    if open.len() > DEEPEST {
                        return Err(Unreadable("nested too deeply".to_owned()));
                    }
                    open.push(Self { name: start.local_name().as_ref().to_owned(), ..Self::default() });
                }
                Event::Empty(start) => {
                    let empty = Self { name: start.local_name().as_ref().to_owned(), ..Self::default() };
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(empty);
                    }
                }
                Event::End(_) => close(&mut open)?,
                Event::Text(bytes) => append(&mut open, &bytes),
                Event::CData(bytes) => append(&mut open, &bytes),
                Event::GeneralRef(name) => append(&mut open, &referred(&name)?),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
            }
        }
        let [root] = open.as_mut_slice() else { return Err(Unreadable("an element was not closed".to_owned())) };
        let mut found = std::mem::take(&mut root.children);
        match (found.pop(), found.is_empty()) {
            (Some(root), true) if !root.name.eq_ignore_ascii_case("html") => Ok(root),
            (Some(_), _) => Err(Unreadable("a page of HTML, or more than one document".to_owned())),
            (None, _) => Err(Unreadable("no document".to_owned())),
        }
    }

    /// Reads JSON; the root is called `root`, its members `item` where they have no name of their own.
    ///
    /// # Errors
    /// `Unreadable` for what is no JSON.
    pub fn from_json(text: &str, root: &str, item: &str) -> Result<Self, Unreadable> {
        let value: Value =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| Unreadable(error.to_string()))?;
        Ok(match of_json(root, &value).as_slice() {
            // Wrapped like XML: { "service_requests": [ … ] }.
            [one] if one.children.iter().any(|child| child.name == root) => Self {
                name: root.to_owned(),
                text: String::new(),
                children: one.children.iter().filter(|child| child.name == root).flat_map(unwrapped).collect(),
            },
            many if value.is_array() => Self {
                name: root.to_owned(),
                text: String::new(),
                children: many.iter().map(|child| Self { name: item.to_owned(), ..child.clone() }).collect(),
            },
            [one] => one.clone(),
            _ => Self { name: root.to_owned(), ..Self::default() },
        })
    }

    /// The children called `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The child called `name`.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the child called `name`, trimmed; `None` where it is missing or empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }
}

/// A wrapped list may hold its items directly or once more under the item's name.
fn unwrapped(wrapper: &Element) -> Vec<Element> {
    match wrapper.children.as_slice() {
        [only] if !only.children.is_empty() && wrapper.text.is_empty() && wrapper.children.len() == 1 => {
            vec![only.clone()]
        }
        _ => vec![wrapper.clone()],
    }
}

fn of_json(name: &str, value: &Value) -> Vec<Element> {
    let leaf = |text: String| vec![Element { name: name.to_owned(), text, children: Vec::new() }];
    match value {
        Value::Null => leaf(String::new()),
        Value::Bool(flag) => leaf(flag.to_string()),
        Value::Number(number) => leaf(number.to_string()),
        Value::String(text) => leaf(text.clone()),
        Value::Array(items) => items.iter().flat_map(|value| of_json(name, value)).collect(),
        Value::Object(fields) => vec![Element {
            name: name.to_owned(),
            text: String::new(),
            children: fields.iter().flat_map(|(name, value)| of_json(name, value)).collect(),
        }],
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn close(open: &mut Vec<Element>) -> Result<(), Unreadable> {
    let closed = open.pop().ok_or_else(|| Unreadable("closed too often".to_owned()))?;
    let parent = open.last_mut().ok_or_else(|| Unreadable("closed too often".to_owned()))?;
    parent.children.push(closed);
    Ok(())
}

/// `&amp;`, `&#10;`, `&#x4E00;`. Anything else would be an entity of a document type, which we do not read.
fn referred(name: &str) -> Result<String, Unreadable> {
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    match number {
        Some(number) => number.and_then(char::from_u32).map(String::from),
        None => quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned),
    }
    .ok_or_else(|| Unreadable(format!("the entity {name} is unknown")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_read_with_its_entities_and_nested_lists() {
        let xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<errors><error><code>403</code><description>A &amp; B &#x4E00;</description></error></errors>";
        let root = Element::from_xml(xml).unwrap();
        assert_eq!(root.name, "errors");
        let error = root.child("error").unwrap();
        assert_eq!((error.get("code"), error.get("description")), (Some("403"), Some("A & B 一")));
    }

    #[test]
    fn json_is_read_bare_wrapped_and_with_numbers_for_ids() {
        let spark = "[{\"service_request_id\":293944,\"lat\":37.5},{\"service_request_id\":\"2\"}]";
        let wrapped = "{\"service_requests\":[{\"service_request_id\":293944},{\"service_request_id\":\"2\"}]}";
        let twice = "{\"service_requests\":{\"request\":{\"service_request_id\":293944}}}";
        for (text, n) in [(spark, 2), (wrapped, 2), (twice, 1)] {
            let root = Element::from_json(text, "service_requests", "request").unwrap();
            assert_eq!(root.children.len(), n, "{text}");
            assert_eq!(root.children[0].get("service_request_id"), Some("293944"), "{text}");
        }
    }

    #[test]
    fn a_page_of_html_is_no_answer() {
        assert!(
            Element::from_xml("<!DOCTYPE html><html><head><title>Error</title></head><body>No</body></html>").is_err()
        );
        assert!(Element::from_xml("Sorry!").is_err());
        assert!(Element::from_xml("<a><b></a>").is_err());
        assert!(Element::from_json("<html>", "a", "b").is_err());
    }
}
