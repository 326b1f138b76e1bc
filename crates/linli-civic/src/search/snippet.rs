//! 摘要: the part of a text around what was found, in pieces of which some are what was found.

use serde::Serialize;

use super::fold::Folded;
use super::query::Word;

/// Characters shown at most.
const SHOWN: usize = 60;
/// Characters shown before what was found first.
const BEFORE: usize = 12;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Piece {
    /// The characters.
    pub text: String,
    /// Whether they are what was looked for.
    pub hit: bool,
}

/// The part of `text` around the first of `words`, as pieces; `None` when none of them stands in it.
#[must_use]
pub fn around(text: &str, words: &[Word]) -> Option<Vec<Piece>> {
    let folded = Folded::of(text);
    let mut found: Vec<std::ops::Range<usize>> = words.iter().flat_map(|word| folded.places(&word.folded)).collect();
    found.sort_by_key(|place| (place.start, place.end));
    let first = found.first()?.start;
    let chars: Vec<char> = text.chars().collect();
    // From the beginning where what was found is shown all the same.
    let from = if first <= SHOWN / 2 { 0 } else { first - BEFORE };
    let to = chars.len().min(from + SHOWN);
    let is_hit = |at: usize| found.iter().any(|place| place.contains(&at));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut put = |c: char, hit: bool| match pieces.last_mut() {
        Some(piece) if piece.hit == hit => piece.text.push(c),
        _ => pieces.push(Piece { text: c.to_string(), hit }),
    };
    if from > 0 {
        put('…', false);
    }
    for (at, c) in chars.iter().enumerate().skip(from).take(to - from) {
        put(if c.is_control() { ' ' } else { *c }, is_hit(at));
    }
    if to < chars.len() {
        put('…', false);
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::query::Asked;

    fn shown(text: &str, words: &str) -> Option<String> {
        let pieces = around(text, &Asked::of(words).words)?;
        Some(
            pieces
                .iter()
                .map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() })
                .collect(),
        )
    }

    #[test]
    fn what_was_found_is_marked_in_the_text_as_it_was_written() {
        assert_eq!(shown("3号楼前的路 灯不亮", "路灯 3号"), Some("[3号]楼前的[路 灯]不亮".to_owned()));
        assert_eq!(shown("垃圾桶满了", "路灯"), None);
    }

    #[test]
    fn a_long_text_is_cut_around_what_was_found_first() {
        let long = format!("{}路灯不亮{}", "前".repeat(100), "后".repeat(100));
        let said = shown(&long, "路灯").unwrap();
        assert!(said.starts_with("…前") && said.contains("前[路灯]不亮后") && said.ends_with("后…"), "{said}");
        assert_eq!(said.chars().filter(|c| !"…[]".contains(*c)).count(), SHOWN);
    }

    #[test]
    fn words_that_touch_are_one_piece() {
        assert_eq!(shown("路灯不亮", "路灯 不亮"), Some("[路灯不亮]".to_owned()));
        assert_eq!(shown("路灯不亮", "路灯 灯不"), Some("[路灯不]亮".to_owned()));
    }
}
