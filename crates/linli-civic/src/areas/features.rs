//! Cuts a GeoJSON document into its features by counting brackets, so that one broken feature costs only itself and each
//! knows its line.

use serde::Deserialize;

/// What a GeoJSON text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Feature,
    Collection,
    Other(String),
}

impl Kind {
    /// Reads the whole text once without keeping it.
    pub fn of(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Typed {
            #[serde(rename = "type", default)]
            kind: String,
        }
        let Typed { kind } = serde_json::from_str(text)?;
        Ok(match kind.as_str() {
            "Feature" => Self::Feature,
            "FeatureCollection" => Self::Collection,
            _ => Self::Other(kind),
        })
    }
}

/// Whether a file whose first line this is holds a feature on each line. A broken first feature must not turn the file
/// into a document.
pub(super) fn is_by_lines(first_line: &str) -> bool {
    match Kind::of(first_line) {
        Ok(Kind::Feature) => true,
        Ok(Kind::Collection) => false,
        Ok(Kind::Other(_)) => true,
        Err(_) => first_line.contains("\"Feature\"") && first_line.contains("\"geometry\""),
    }
}

/// The members of the top-level array `features`, each with the line (from 1) it starts on.
pub(super) struct Features<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    depth: u32,
    is_inside: bool,
}

impl<'a> Features<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, depth: 0, is_inside: false }
    }

    /// Skips a string that begins at `at` (on its opening quote) and returns its text.
    fn skip_string(&mut self) -> &'a str {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\\' => end += 2,
                b'"' => break,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        self.text.get(start..end).unwrap_or("")
    }
}

impl<'a> Iterator for Features<'a> {
    type Item = (u32, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let mut key = "";
        let mut start = None;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    let said = self.skip_string();
                    if self.depth == 1 {
                        key = said;
                    }
                    continue;
                }
                b'\n' => self.line += 1,
                b'{' | b'[' => {
                    if self.is_inside && self.depth == 2 && start.is_none() {
                        start = Some((self.line, self.at));
                    }
                    if *byte == b'[' && self.depth == 1 && key == "features" {
                        self.is_inside = true;
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.is_inside && self.depth < 2 {
                        self.is_inside = false;
                    }
                    if let (2, Some((line, from))) = (self.depth, start) {
                        self.at += 1;
                        return Some((line, self.text.get(from..self.at)?));
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        // The file ends inside a feature: hand over the rest, the parser of features will say what is wrong.
        let (line, from) = start?;
        Some((line, self.text.get(from..)?))
    }
}
