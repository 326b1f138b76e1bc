//! A TOML file as a tree in which every key and value knows its line.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Severity};

/// A value and the line that it begins on.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub line: u32,
    pub value: Value,
}

/// What can stand in a playbook file.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// Fractions and dates, which no key takes.
    Other,
}

/// A key with its line, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: String,
    pub line: u32,
    pub node: Node,
}

impl Node {
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::List(_) | Value::Other => &[],
        }
    }

    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Table(_) | Value::Other => &[],
        }
    }

    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Number(_) | Value::Bool(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
        }
    }

    /// The items of a list, or the value itself where one stands for a list of one.
    pub fn one_or_many(&self) -> Vec<&Self> {
        match &self.value {
            Value::List(items) => items.iter().collect(),
            Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Table(_) | Value::Other => vec![self],
        }
    }

    /// Reads a file. Faults of syntax become findings; what could be read is returned.
    pub fn parse(file: &str, text: &str, findings: &mut Vec<Finding>) -> Self {
        let lines = Lines::of(text);
        let (table, errors) = DeTable::parse_recoverable(text);
        findings.extend(errors.iter().map(|error| Finding {
            severity: Severity::Error,
            code: "syntax",
            file: file.to_owned(),
            line: error.span().map_or(1, |span| lines.line_at(span.start)),
            message: format!("不是有效的 TOML：{}", error.message()),
            hint: "检查引号、括号、等号是否成对，同一个键是否写了两次。".to_owned(),
        }));
        Self { line: 1, value: table_value(table.get_ref(), &lines) }
    }
}

fn table_value(table: &DeTable<'_>, lines: &Lines) -> Value {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let line = lines.line_at(key.span().start);
            let entry = Entry { key: key.get_ref().to_string(), line, node: node(value, lines) };
            (key.span().start, entry)
        })
        .collect();
    // In the order of the file, so that findings are too.
    entries.sort_by_key(|(start, _)| *start);
    Value::Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn node(spanned: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let value = match spanned.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Number)
        }
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => table_value(table, lines),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Other,
    };
    Node { line: lines.line_at(spanned.span().start), value }
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    fn line_at(&self, offset: usize) -> u32 {
        let n_before = self.0.partition_point(|at| *at < offset);
        u32::try_from(n_before + 1).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_items_know_their_lines() {
        let mut findings = Vec::new();
        let root = Node::parse("a.toml", "a = 1\n\n[[b]]\nc = [\n  'x',\n  'y',\n]\n[[b]]\nd = true\n", &mut findings);
        assert!(findings.is_empty());
        let tables = root.get("b").unwrap().node.items();
        assert_eq!(tables.iter().map(|table| table.line).collect::<Vec<_>>(), [3, 8]);
        let list = tables[0].get("c").unwrap();
        assert_eq!((list.line, list.node.items()[1].line), (4, 6));
    }

    #[test]
    fn a_fault_of_syntax_is_found_with_its_line() {
        let mut findings = Vec::new();
        Node::parse("a.toml", "a = 1\nb = [1,\nc = 2\n", &mut findings);
        assert_eq!(findings[0].code, "syntax");
        assert!(findings[0].line >= 2);
    }
}
