//! A file as the rules see it: its text, its text without comments, its code without texts.

use super::Fault;

/// A tracked file.
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// Comments blanked out; texts kept. For Rust only; else the same as `text`.
    pub said: String,
    /// Comments and texts blanked out. For Rust only; else the same as `text`.
    pub code: String,
}

impl Source {
    /// From its path and text.
    #[must_use]
    pub fn new(path: &str, text: &str) -> Self {
        let (said, code) = if path.ends_with(".rs") { parts(text) } else { (text.to_owned(), text.to_owned()) };
        Self { path: path.to_owned(), text: text.to_owned(), said, code }
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it holds nothing but tests or examples.
    #[must_use]
    pub fn is_test(&self) -> bool {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.iter().any(|part| matches!(*part, "tests" | "tests.rs" | "examples" | "benches" | "e2e"))
            || self.path.ends_with(".test.ts")
    }

    /// A fault in a line of this file.
    #[must_use]
    pub fn fault(&self, line: usize, what: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), line, what: what.into() }
    }
}

/// The lines of `view` with their numbers.
pub fn lines(view: &str) -> impl Iterator<Item = (usize, &str)> {
    view.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// Whether `word` stands in `line` as a word of its own.
#[must_use]
pub fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Text,
}

/// Rust without comments, and without comments and texts; lines stay where they are.
fn parts(text: &str) -> (String, String) {
    let (mut said, mut code) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    for (c, part) in marked(text) {
        let blank = if c == '\n' { '\n' } else { ' ' };
        said.push(if part == Part::Comment { blank } else { c });
        code.push(if part == Part::Code { c } else { blank });
    }
    (said, code)
}

fn marked(text: &str) -> Vec<(char, Part)> {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = Vec::with_capacity(chars.len());
    let mut i = 0;
    while i < chars.len() {
        let (len, part) = match (at(i), at(i + 1)) {
            ('/', '/') => (chars.iter().skip(i).take_while(|c| **c != '\n').count(), Part::Comment),
            ('/', '*') => (block_len(&chars, i), Part::Comment),
            ('"', _) => (quoted_len(&chars, i), Part::Text),
            ('r' | 'b', _) if !is_name(at(i.wrapping_sub(1))) => match prefixed_len(&chars, i) {
                0 => (1, Part::Code),
                len => (len, Part::Text),
            },
            // 'a' is a character, 'a is a lifetime.
            ('\'', '\\') => (2 + chars.iter().skip(i + 3).take_while(|c| **c != '\'').count() + 2, Part::Text),
            ('\'', _) if at(i + 2) == '\'' => (3, Part::Text),
            _ => (1, Part::Code),
        };
        out.extend(chars.iter().skip(i).take(len).map(|c| (*c, part)));
        i += len.max(1);
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_len(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = start;
    while i < chars.len() {
        match (chars.get(i), chars.get(i + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                i += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                i += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => i += 1,
        }
    }
    i - start
}

/// The length of `"…"` with its quotes.
fn quoted_len(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 2,
            '"' => return i + 1 - start,
            _ => i += 1,
        }
    }
    chars.len() - start
}

/// The length of `b"…"`, `r"…"`, `r#"…"#`, `br#"…"#`; 0 when none begins here.
fn prefixed_len(chars: &[char], start: usize) -> usize {
    let letters = chars.iter().skip(start).take_while(|c| matches!(c, 'r' | 'b')).count();
    let hashes = chars.iter().skip(start + letters).take_while(|c| **c == '#').count();
    let open = start + letters + hashes;
    if letters > 2 || chars.get(open) != Some(&'"') {
        return 0;
    }
    if !chars.iter().skip(start).take(letters).any(|c| *c == 'r') {
        return if hashes == 0 { letters + quoted_len(chars, open) } else { 0 };
    }
    let mut i = open + 1;
    while i < chars.len() {
        let closes = chars.get(i) == Some(&'"')
            && chars.iter().skip(i + 1).take(hashes).filter(|c| **c == '#').count() == hashes;
        if closes {
            return i + 1 + hashes - start;
        }
        i += 1;
    }
    chars.len() - start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_told_from_code() {
        let source = Source::new(
            "a.rs",
            "let a = \"todo \\\" // no\"; // todo\nlet b = r#\"x \" y\"#; /* a /* b */ c */ let c = 'x'; fn f<'a>(s: &'a str) {}\nlet d = b\"z\"; let r = '\\''; rate(\"q\")",
        );
        let line = |view: &str, n: usize| view.lines().nth(n).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(line(&source.code, 0), "let a = ;");
        assert_eq!(line(&source.said, 0), "let a = \"todo \\\" // no\";");
        assert_eq!(line(&source.code, 1), "let b = ; let c = ; fn f<'a>(s: &'a str) {}");
        assert_eq!(line(&source.code, 2), "let d = ; let r = ; rate( )");
    }

    #[test]
    fn a_word_is_no_part_of_another() {
        assert!(has_word("use axum::Json;", "axum"));
        assert!(!has_word("use axum_extra;", "axum"));
        assert!(!has_word("let taxum = 1;", "axum"));
    }
}
