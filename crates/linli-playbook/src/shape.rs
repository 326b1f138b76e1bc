//! What a table of a playbook file may hold, and the check of one table against it.
//!
//! The shapes are the single source of the strict reading here and of the JSON Schema.

use crate::finding::{Finding, Severity};
use crate::lint::refused;
use crate::tree::{Node, Value};

/// The keys of one kind of table.
pub(crate) struct Shape {
    /// What the table is, for people.
    pub what: &'static str,
    pub keys: &'static [Key],
}

/// One key of a table.
pub(crate) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub presence: Presence,
    /// What it means, in English, for the schema.
    pub doc: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// What a key holds.
pub(crate) enum Kind {
    /// A text that is not blank.
    Text,
    /// A text that the lint judges.
    Prose,
    Texts,
    TextOrTexts,
    Number,
    Bool,
    Word(fn() -> Vec<String>),
    Words(fn() -> Vec<String>),
    WordOrWords(fn() -> Vec<String>),
    Amount,
    Area,
    Spans,
    Guards,
    Table(&'static Shape),
    Tables(&'static Shape),
}

/// Checks a table and everything below it: unknown keys, missing keys, wrong kinds, unknown words.
pub(crate) fn check(file: &str, node: &Node, shape: &Shape, findings: &mut Vec<Finding>) {
    let mut report = Report { file, findings };
    report.table(node, shape);
}

struct Report<'a> {
    file: &'a str,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    fn error(&mut self, code: &'static str, line: u32, message: String, hint: String) {
        let file = self.file.to_owned();
        self.findings.push(Finding { severity: Severity::Error, code, file, line, message, hint });
    }

    fn table(&mut self, node: &Node, shape: &Shape) {
        let Value::Table(entries) = &node.value else {
            return self.wrong_type(shape.what, node.line, "一个表");
        };
        for entry in entries {
            match shape.keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.value(key, &entry.node, entry.line),
                None => self.unknown_key(&entry.key, entry.line, shape),
            }
        }
        for key in shape.keys.iter().filter(|key| key.presence == Presence::Required) {
            if node.get(key.name).is_none() {
                let message = format!("{}缺少 {}", shape.what, key.name);
                self.error("missing_key", node.line, message, format!("补上一行 {} = …", key.name));
            }
        }
    }

    fn unknown_key(&mut self, key: &str, line: u32, shape: &Shape) {
        if let Some(refusal) = refused::key(key) {
            let message = format!("不允许的设置 {key}：{}", refusal.why);
            return self.error("forbidden_setting", line, message, refusal.hint.to_owned());
        }
        let names: Vec<String> = shape.keys.iter().map(|key| key.name.to_owned()).collect();
        let message = format!("{}里没有 {key} 这个键", shape.what);
        self.error("unknown_key", line, message, did_you_mean(key, &names));
    }

    fn value(&mut self, key: &Key, node: &Node, line: u32) {
        match &key.kind {
            Kind::Text | Kind::Prose => self.text(key, node),
            Kind::Texts => self.list(key, node, |report, item| report.text(key, item)),
            Kind::TextOrTexts => node.one_or_many().into_iter().for_each(|item| self.text(key, item)),
            Kind::Number => match node.value {
                Value::Number(number) if u32::try_from(number).is_ok() => {}
                _ => self.wrong_type(key.name, line, "0 以上的整数"),
            },
            Kind::Bool => {
                if !matches!(node.value, Value::Bool(_)) {
                    self.wrong_type(key.name, line, "true 或 false");
                }
            }
            Kind::Word(words) => self.word(key, node, &words()),
            Kind::Words(words) => {
                let words = words();
                self.list(key, node, |report, item| report.word(key, item, &words));
            }
            Kind::WordOrWords(words) => {
                let words = words();
                node.one_or_many().into_iter().for_each(|item| self.word(key, item, &words));
            }
            Kind::Amount => {
                self.parsed(key, node, |text| crate::read::amount(text).is_some(), "数量和单位，如 \"5 working_days\"")
            }
            Kind::Area => {
                self.parsed(key, node, |text| linli_kernel::AreaCode::parse(text).is_ok(), "12、15 或 18 位区域编码")
            }
            Kind::Spans => self.spans(key, node),
            Kind::Guards => self.list(key, node, |report, item| report.guard(item)),
            Kind::Table(shape) => self.table(node, shape),
            Kind::Tables(shape) => self.list(key, node, |report, item| report.table(item, shape)),
        }
    }

    fn list(&mut self, key: &Key, node: &Node, mut each: impl FnMut(&mut Self, &Node)) {
        let Value::List(items) = &node.value else {
            return self.wrong_type(key.name, node.line, "一个列表 […]");
        };
        items.iter().for_each(|item| each(self, item));
    }

    fn text(&mut self, key: &Key, node: &Node) {
        match node.as_text() {
            None => self.wrong_type(key.name, node.line, "文字"),
            Some(text) if text.trim().is_empty() && !matches!(key.kind, Kind::Prose) => {
                let hint = "写上内容，或者去掉这一行。".to_owned();
                self.error("blank", node.line, format!("{} 是空的", key.name), hint);
            }
            Some(_) => {}
        }
    }

    fn word(&mut self, key: &Key, node: &Node, words: &[String]) {
        let Some(word) = node.as_text() else {
            return self.wrong_type(key.name, node.line, "文字");
        };
        if words.iter().all(|known| known != word) {
            let message = format!("{} 不认识“{word}”", key.name);
            self.error("unknown_word", node.line, message, did_you_mean(word, words));
        }
    }

    fn guard(&mut self, node: &Node) {
        let is_guard = node.as_text().is_some_and(|text| text.parse::<crate::guards::Guard>().is_ok());
        if !is_guard {
            let words: Vec<String> = crate::guards::Guard::WORDS.iter().map(|word| (*word).to_owned()).collect();
            let word = node.as_text().unwrap_or_default();
            let hint = format!("{}也可以写“字段名 is true”。", did_you_mean(word, &words));
            self.error("unknown_word", node.line, format!("guards 不认识“{word}”"), hint);
        }
    }

    fn spans(&mut self, key: &Key, node: &Node) {
        let texts: Vec<&str> = node.items().iter().filter_map(Node::as_text).collect();
        let is_list = texts.len() == node.items().len();
        if !is_list || linli_kernel::WorkingHours::from_spans(&texts).is_err() {
            self.wrong_type(key.name, node.line, "先后不重叠的时段，如 [\"09:00-12:00\", \"14:00-18:00\"]");
        }
    }

    fn parsed(&mut self, key: &Key, node: &Node, is_good: impl Fn(&str) -> bool, wanted: &str) {
        if !node.as_text().is_some_and(is_good) {
            self.wrong_type(key.name, node.line, wanted);
        }
    }

    fn wrong_type(&mut self, name: &str, line: u32, wanted: &str) {
        self.error("wrong_type", line, format!("{name} 的写法不对"), format!("应当是{wanted}。"));
    }
}

/// The nearest word that exists, or all of them.
pub(crate) fn did_you_mean(word: &str, known: &[String]) -> String {
    let nearest = known.iter().map(|other| (distance(word, other), other)).min();
    match nearest {
        Some((far, other)) if far <= (word.chars().count() / 3).max(1) => format!("是不是想写 {other}？"),
        _ if known.len() <= 24 && !known.is_empty() => format!("可以写：{}。", known.join("、")),
        _ => "写法见 docs/playbooks.md。".to_owned(),
    }
}

/// Edits (insert, remove, replace a character) from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let replace = at(&row, j) + usize::from(a != *b);
            next.push(replace.min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["keywords".to_owned(), "weight".to_owned()];
        assert_eq!(did_you_mean("keyword", &known), "是不是想写 keywords？");
        assert_eq!(did_you_mean("colour", &known), "可以写：keywords、weight。");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
