//! Rules over the faces and their texts.

use std::collections::{BTreeMap, BTreeSet};

use super::source::lines;
use super::{Fault, Source, Tree};

/// The language that everything is written in first, and those that follow it.
const FIRST: &str = "zh-CN";
const OTHERS: &[&str] = &["zh-TW", "en"];

/// Chinese that is code.
const CHINESE_CODE: &[(&str, &str)] = &[("web/src/shared/i18n/locale.ts", "languages are named in themselves")];

pub fn texts_live_in_translation_files(tree: &Tree) -> Vec<Fault> {
    let files = [".vue", ".ts"].into_iter().flat_map(|ending| tree.under("web/src/", ending));
    let mut faults = Vec::new();
    for file in files.filter(|file| !file.is_test() && !CHINESE_CODE.iter().any(|(path, _)| *path == file.path)) {
        for (n, line) in lines(&without_comments(&file.text)) {
            if line.chars().any(is_chinese) {
                faults.push(file.fault(n, "a Chinese text outside the translation files cannot be translated"));
            }
        }
    }
    faults
}

const fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Blanks `<!-- -->`, `/* */` and `//` to the end of the line; lines stay where they are.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = '\n';
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |at| at + 3)
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if rest.starts_with("//") && !":\"'`\\".contains(before) {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            0
        };
        let (head, tail) = rest.split_at(if len == 0 { c.len_utf8() } else { len });
        if len == 0 {
            out.push(c);
        } else {
            out.extend(head.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        before = c;
        rest = tail;
    }
    out
}

/// Every key of a translation file with the parameters that its text names.
type Texts = BTreeMap<String, BTreeSet<String>>;

pub fn languages_say_the_same(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for ending in [".json", ".toml"] {
        let first = format!("locales/{FIRST}{ending}");
        for chinese in tree.files.iter().filter(|file| file.path.ends_with(&first)) {
            let Some(expected) = read(chinese, &mut faults) else { continue };
            for language in OTHERS {
                let path = chinese.path.replace(FIRST, language);
                match tree.file(&path) {
                    Some(file) => {
                        if let Some(found) = read(file, &mut faults) {
                            compare(file, &expected, &found, &mut faults);
                        }
                    }
                    None => faults.push(Fault { path, line: 0, what: "this language is missing".to_owned() }),
                }
            }
        }
    }
    faults
}

fn compare(file: &Source, expected: &Texts, found: &Texts, faults: &mut Vec<Fault>) {
    for (key, parameters) in expected {
        match found.get(key) {
            None => faults.push(file.fault(0, format!("{key} is missing"))),
            Some(own) if own != parameters => {
                faults.push(file.fault(0, format!("{key} has the parameters {own:?}, Chinese has {parameters:?}")));
            }
            Some(_) => {}
        }
    }
    faults.extend(
        found
            .keys()
            .filter(|key| !expected.contains_key(*key))
            .map(|key| file.fault(0, format!("{key} is not in Chinese"))),
    );
}

fn read(file: &Source, faults: &mut Vec<Fault>) -> Option<Texts> {
    let value: Result<serde_json::Value, String> = if file.path.ends_with(".toml") {
        toml::from_str(&file.text).map_err(|error| error.to_string())
    } else {
        serde_json::from_str(&file.text).map_err(|error| error.to_string())
    };
    match value {
        Ok(value) => {
            let mut texts = Texts::new();
            flatten("", &value, &mut texts);
            Some(texts)
        }
        Err(error) => {
            faults.push(file.fault(0, format!("cannot be read: {error}")));
            None
        }
    }
}

fn flatten(prefix: &str, value: &serde_json::Value, texts: &mut Texts) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&key, value, texts);
            }
        }
        other => drop(texts.insert(prefix.to_owned(), other.as_str().map(parameters).unwrap_or_default())),
    }
}

/// `{name}` of a text; `{'@'}` is a literal.
fn parameters(text: &str) -> BTreeSet<String> {
    text.split('{')
        .skip(1)
        .filter_map(|part| Some(part.split_once('}')?.0.trim().to_owned()))
        .filter(|name| !name.starts_with('\''))
        .collect()
}
