//! What the index knows of a case: pairs of characters, each with the part that they stand in, and whom the case can be reached by.

use std::collections::BTreeSet;

use linli_access::Keys;
use linli_kernel::{AreaCode, AreaLevel, Weight};

use super::fold::Folded;

/// A part of a case that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What was said.
    Said,
    /// Where, in words.
    Place,
    /// What was done, of the last reply. Not with whom it was talked about: nobody is looked for by name.
    Reply,
}

impl Part {
    /// Every part, the one that says most first.
    pub const ALL: [Self; 3] = [Self::Said, Self::Place, Self::Reply];

    const fn mark(self) -> char {
        match self {
            Self::Said => 't',
            Self::Place => 'w',
            Self::Reply => 'r',
        }
    }
}

/// A word of the index, or all that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// This one.
    Is(String),
    /// Every one that begins with this.
    Begins(String),
}

impl Term {
    /// The one that it is, if it is one.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Is(term) => Some(term),
            Self::Begins(_) => None,
        }
    }
}

/// What the index is told of a case.
#[derive(Clone, Debug, Default)]
pub struct Described<'a> {
    /// What was said.
    pub said: &'a str,
    /// Where, in words.
    pub place: &'a str,
    /// What was done.
    pub reply: &'a str,
    /// Where.
    pub area: Option<AreaCode>,
    /// What kind.
    pub category: Option<&'a str>,
    /// How heavy.
    pub weight: Option<Weight>,
}

impl Described<'_> {
    /// Its terms, with the keys that it is reached by.
    #[must_use]
    pub fn terms(&self, keys: &Keys) -> BTreeSet<String> {
        let mut terms = BTreeSet::new();
        for (part, text) in [(Part::Said, self.said), (Part::Place, self.place), (Part::Reply, self.reply)] {
            terms.extend(grams(part, &Folded::of(text)));
        }
        terms.extend(keys.iter().map(key));
        terms.extend(self.area.iter().flat_map(AreaCode::lineage).filter(is_narrower).map(|code| place(&code)));
        terms.extend(self.category.map(category));
        terms.extend(self.weight.map(weight));
        terms
    }
}

/// Everything lies in the city: it narrows nothing.
fn is_narrower(code: &AreaCode) -> bool {
    code.level() > AreaLevel::City
}

/// The term of a key by which cases are reached.
#[must_use]
pub fn key(key: &str) -> String {
    format!("k{key}")
}

/// The term of an area in which cases are.
#[must_use]
pub fn place(area: &AreaCode) -> String {
    format!("p{area}")
}

/// The term of a category.
#[must_use]
pub fn category(code: &str) -> String {
    format!("c{code}")
}

/// The term of a weight.
#[must_use]
pub fn weight(weight: Weight) -> String {
    format!("g{weight}")
}

/// The pairs of a text, and its last character alone, so that one character is found wherever it stands.
fn grams(part: Part, text: &Folded) -> impl Iterator<Item = String> {
    let last = text.chars().last().map(|last| format!("{}{last}", part.mark()));
    let pairs: Vec<String> = text.chars().windows(2).map(|pair| gram(part, pair)).collect();
    pairs.into_iter().chain(last)
}

fn gram(part: Part, chars: &[char]) -> String {
    std::iter::once(part.mark()).chain(chars.iter().copied()).collect()
}

/// Pairs of one word that are looked up; a case that has these is read, and the word looked for in its text.
const MOST_PAIRS: usize = 5;

/// The terms that a case has if `word` stands in `part`: enough of them to leave few others.
#[must_use]
pub fn needed(part: Part, word: &Folded) -> Vec<Term> {
    match word.chars() {
        [] => Vec::new(),
        [only] => vec![Term::Begins(gram(part, &[*only]))],
        chars => {
            // Side by side rather than overlapping: ten characters are known by five pairs.
            let mut pairs: Vec<Term> = chars.chunks_exact(2).map(|pair| Term::Is(gram(part, pair))).collect();
            if chars.len() % 2 == 1 {
                pairs.extend(chars.windows(2).next_back().map(|pair| Term::Is(gram(part, pair))));
            }
            pairs.dedup();
            pairs.truncate(MOST_PAIRS);
            pairs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str) -> Term {
        Term::Is(text.to_owned())
    }

    #[test]
    fn a_case_is_known_by_its_pairs_its_place_and_its_keys() {
        let grid = AreaCode::parse("610502005007001").unwrap();
        let case = Described {
            said: "路灯!不亮",
            place: "3栋",
            reply: "",
            area: Some(grid),
            category: Some("lamp"),
            weight: None,
        };
        let terms: Vec<String> = case.terms(&Keys::of_area(&grid.at(AreaLevel::County))).into_iter().collect();
        let wanted = [
            "clamp",
            "k610500000000",
            "k610502000000",
            "p610502000000",
            "p610502005000",
            "p610502005007",
            "p610502005007001",
            "t不亮",
            "t亮",
            "t灯不",
            "t路灯",
            "w3栋",
            "w栋",
        ];
        assert_eq!(terms, wanted);
    }

    #[test]
    fn a_word_is_looked_up_by_pairs_side_by_side_and_one_character_by_what_begins_with_it() {
        let needed = |word: &str| needed(Part::Said, &Folded::of(word));
        assert_eq!(needed("路灯不亮"), [is("t路灯"), is("t不亮")]);
        assert_eq!(needed("路灯坏"), [is("t路灯"), is("t灯坏")]);
        assert_eq!(needed("灯"), [Term::Begins("t灯".to_owned())]);
        assert!(needed("！").is_empty());
        assert_eq!(needed("一二三四五六七八九十一二三四").len(), MOST_PAIRS);
    }

    #[test]
    fn a_case_that_holds_a_word_has_every_term_that_the_word_needs() {
        let text = "３号楼A座的路灯，不亮";
        let case = Described { said: text, ..Described::default() };
        let terms = case.terms(&Keys::default());
        let folded = Folded::of(text);
        for from in 0..folded.chars().len() {
            for to in from + 1..=folded.chars().len() {
                let word: String = folded.chars()[from..to].iter().collect();
                let has = |term: &Term| match term {
                    Term::Is(term) => terms.contains(term),
                    Term::Begins(start) => terms.iter().any(|term| term.starts_with(start)),
                };
                assert!(needed(Part::Said, &Folded::of(&word)).iter().all(has), "{word}");
            }
        }
    }
}
