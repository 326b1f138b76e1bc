//! A text as it is searched: letters and digits only, one width, one case. 3号楼、路灯 and 3号楼路灯 are the same words.

/// A text without what nobody searches for, and where each character stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    chars: Vec<char>,
    /// The character of the text that each came from, counted from 0.
    from: Vec<usize>,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        for (at, c) in text.chars().enumerate() {
            for c in narrow(c).to_lowercase().filter(|c| c.is_alphanumeric()) {
                folded.chars.push(c);
                folded.from.push(at);
            }
        }
        folded
    }

    /// The characters that are left.
    #[must_use]
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Whether nothing is left to search.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Whether `word` stands in it.
    #[must_use]
    pub fn holds(&self, word: &Self) -> bool {
        !word.is_empty() && self.chars.windows(word.chars.len()).any(|part| part == word.chars)
    }

    /// Where `word` stands in the text, as ranges of its characters; what overlaps counts once.
    #[must_use]
    pub fn places(&self, word: &Self) -> Vec<std::ops::Range<usize>> {
        let n = word.chars.len();
        let mut places: Vec<std::ops::Range<usize>> = Vec::new();
        if n == 0 {
            return places;
        }
        for (at, part) in self.chars.windows(n).enumerate() {
            let ends = (self.from.get(at), self.from.get(at + n - 1));
            if let (true, (Some(first), Some(last))) = (part == word.chars, ends)
                && places.last().is_none_or(|before| before.end <= *first)
            {
                places.push(*first..last + 1);
            }
        }
        places
    }
}

/// Ａ１ as keyboards for Chinese write it is A1.
fn narrow(c: char) -> char {
    match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, word: &str) -> Vec<std::ops::Range<usize>> {
        Folded::of(text).places(&Folded::of(word))
    }

    #[test]
    fn signs_width_and_case_make_no_difference() {
        let text = Folded::of("３号楼， WiFi 坏了！");
        for word in ["3号楼", "号楼wifi", "ＷＩＦＩ坏了", "3 号 楼"] {
            assert!(text.holds(&Folded::of(word)), "{word}");
        }
        assert!(!text.holds(&Folded::of("楼坏")));
        assert!(!text.holds(&Folded::of("，！")), "nothing is found by nothing");
    }

    #[test]
    fn a_word_is_found_where_it_stands_in_the_text_as_it_was_written() {
        assert_eq!(places("路 灯不亮，路灯", "路灯"), [0..3, 6..8]);
        assert_eq!(places("哈哈哈", "哈哈"), [std::ops::Range { start: 0, end: 2 }]);
        assert!(places("路灯", "井盖").is_empty());
    }
}
