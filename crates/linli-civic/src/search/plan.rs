//! What a case has to have to be found, block by block. Pure: it is given what the index holds.

use std::collections::{BTreeSet, HashMap};

use linli_kernel::AreaCode;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::members::Members;
use super::query::{Asked, Placed, Word};
use super::terms::{self, Part, Term};

/// How well a case fits: the first group comes first, and within a group what came last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rank {
    /// It bears the number that was typed.
    Number,
    /// It is at the place that was named, and has the other words.
    Place,
    /// All words stand in what was said.
    Said,
    /// All words stand in it somewhere.
    Anywhere,
}

impl Rank {
    /// Whether a case of this rank is shown among those to which the index led for `led`. Of a word whose pairs stand apart in what
    /// was said and together elsewhere, the index knows no better.
    #[must_use]
    pub fn is_shown_among(self, led: Self) -> bool {
        self == led || (led == Self::Said && self == Self::Anywhere)
    }
}

/// How well a case fits, by its texts (what was said, the words for the place, what was done) and where it is; `None` for one that
/// does not.
#[must_use]
pub fn rank(asked: &Asked, placed: Option<&Placed>, texts: [&str; 3], area: &AreaCode) -> Option<Rank> {
    let texts = texts.map(Folded::of);
    let anywhere = |words: &[Word]| words.iter().all(|word| texts.iter().any(|text| text.holds(&word.folded)));
    if let Some(placed) = placed
        && placed.areas.iter().any(|named| named.contains(area))
    {
        return anywhere(&placed.rest).then_some(Rank::Place);
    }
    let [said, ..] = &texts;
    if asked.words.iter().all(|word| said.holds(&word.folded)) {
        return Some(Rank::Said);
    }
    anywhere(&asked.words).then_some(Rank::Anywhere)
}

/// Members of a block by term.
pub type Held = HashMap<String, Members>;

/// Any of these.
type AnyOf = Vec<Term>;

/// What every case has to have: one of each list.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whatever the rank: the caller's keys, the filters.
    always: Vec<AnyOf>,
    /// The places that were named.
    places: AnyOf,
    /// The words beside the places, wherever they stand.
    beside: Vec<AnyOf>,
    /// All words, in what was said.
    said: Vec<AnyOf>,
    /// All words, wherever they stand.
    anywhere: Vec<AnyOf>,
}

impl Plan {
    /// For what was asked.
    #[must_use]
    pub fn of(asked: &Asked, placed: Option<&Placed>) -> Self {
        Self {
            always: Vec::new(),
            places: placed.iter().flat_map(|placed| &placed.areas).map(|area| Term::Is(terms::place(area))).collect(),
            beside: placed.iter().flat_map(|placed| everywhere(&placed.rest)).collect(),
            said: asked.words.iter().flat_map(|word| each(Part::Said, word)).collect(),
            anywhere: everywhere(&asked.words).collect(),
        }
    }

    /// Narrowed to what has one of `terms`; to nothing without any.
    #[must_use]
    pub fn and_any(mut self, terms: impl Iterator<Item = String>) -> Self {
        self.always.push(terms.map(Term::Is).collect());
        self
    }

    /// Narrowed to an area.
    #[must_use]
    pub fn within(self, area: &AreaCode) -> Self {
        self.and_any(std::iter::once(terms::place(area)))
    }

    /// The terms that a rank looks at.
    #[must_use]
    pub fn terms(&self, rank: Rank) -> BTreeSet<&Term> {
        let places = std::slice::from_ref(&self.places);
        let words: [&[AnyOf]; 3] = match rank {
            Rank::Number => [&[], &[], &[]],
            Rank::Place => [places, &self.beside, &[]],
            Rank::Said => [places, &self.said, &[]],
            Rank::Anywhere => [places, &self.said, &self.anywhere],
        };
        self.always.iter().chain(words.into_iter().flatten()).flatten().collect()
    }

    /// Lists of which a block must hold one term each, or none of its cases has the rank.
    #[must_use]
    pub fn required(&self, rank: Rank) -> Vec<&[Term]> {
        let places = std::slice::from_ref(&self.places);
        let words: [&[AnyOf]; 2] = match rank {
            Rank::Number => [&[], &[]],
            Rank::Place => [places, &self.beside],
            Rank::Said => [&self.said, &[]],
            Rank::Anywhere => [&self.anywhere, &[]],
        };
        self.always.iter().chain(words.into_iter().flatten()).map(Vec::as_slice).collect()
    }

    /// The cases of a block that may have a rank; what they are read for tells whether they do. None has two.
    #[must_use]
    pub fn members(&self, rank: Rank, held: &Held) -> Members {
        let every = |lists: &[AnyOf]| {
            lists.iter().fold(Members::all(), |mut all, any| {
                if !all.is_empty() {
                    all.and(&any_of(any, held));
                }
                all
            })
        };
        let mut members = every(&self.always);
        match rank {
            Rank::Number => return Members::default(),
            Rank::Place => {
                members.and(&any_of(&self.places, held));
                members.and(&every(&self.beside));
            }
            Rank::Said => {
                members.and_not(&any_of(&self.places, held));
                members.and(&every(&self.said));
            }
            Rank::Anywhere => {
                members.and_not(&any_of(&self.places, held));
                members.and_not(&every(&self.said));
                members.and(&every(&self.anywhere));
            }
        }
        members
    }
}

/// What a word needs to stand in one part.
fn each(part: Part, word: &Word) -> Vec<AnyOf> {
    terms::needed(part, &word.folded).into_iter().map(|term| vec![term]).collect()
}

/// What words need to stand anywhere: each of their pairs in any part. A case in which they are scattered over the parts is led to
/// and then not found.
fn everywhere(words: &[Word]) -> impl Iterator<Item = AnyOf> + '_ {
    words.iter().flat_map(|word| {
        let by_part = Part::ALL.map(|part| terms::needed(part, &word.folded));
        let n = by_part.iter().map(Vec::len).max().unwrap_or(0);
        (0..n).map(move |i| by_part.iter().filter_map(|terms| terms.get(i).cloned()).collect())
    })
}

fn any_of(terms: &[Term], held: &Held) -> Members {
    terms.iter().fold(Members::default(), |mut any, term| {
        match term {
            Term::Is(term) => {
                if let Some(members) = held.get(term) {
                    any.or(members);
                }
            }
            Term::Begins(start) => {
                held.iter().filter(|(term, _)| term.starts_with(start)).for_each(|(_, members)| any.or(members));
            }
        }
        any
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(terms: &[(&str, &[u16])]) -> Held {
        terms.iter().map(|(term, places)| ((*term).to_owned(), places.iter().copied().collect())).collect()
    }

    fn found(plan: &Plan, rank: Rank, held: &Held) -> Vec<u16> {
        plan.members(rank, held).iter().collect()
    }

    #[test]
    fn every_word_has_to_be_there_and_each_case_has_one_rank() {
        let placed = Placed { areas: vec![AreaCode::parse("610502005007").unwrap()], rest: Asked::of("路灯").words };
        let plan = Plan::of(&Asked::of("红旗 路灯"), Some(&placed)).and_any(std::iter::once("k1".to_owned()));
        let held = held(&[
            ("k1", &[1, 2, 3, 4, 5]),
            ("p610502005007", &[1, 9]),
            ("t路灯", &[1, 2, 3, 9]),
            ("t红旗", &[2]),
            ("w红旗", &[3, 4]),
        ]);
        assert_eq!(found(&plan, Rank::Place, &held), [1], "9 is not reached");
        assert_eq!(found(&plan, Rank::Said, &held), [2]);
        assert_eq!(found(&plan, Rank::Anywhere, &held), [3], "4 has one word only");
        assert!(found(&plan, Rank::Number, &held).is_empty());
    }

    #[test]
    fn a_block_without_what_is_required_has_no_case_of_the_rank() {
        let placed = Placed { areas: vec![AreaCode::parse("610502005007").unwrap()], rest: Asked::of("路灯").words };
        let plan = Plan::of(&Asked::of("红旗 路灯"), Some(&placed)).and_any(std::iter::once("k1".to_owned()));
        let all = held(&[
            ("k1", &[1, 2, 3]),
            ("p610502005007", &[1]),
            ("t路灯", &[1, 2, 3]),
            ("t红旗", &[2]),
            ("w红旗", &[3]),
        ]);
        for rank in [Rank::Place, Rank::Said, Rank::Anywhere] {
            assert!(!found(&plan, rank, &all).is_empty());
            for any in plan.required(rank) {
                let mut less = all.clone();
                less.retain(|term, _| !any.contains(&Term::Is(term.clone())));
                assert!(found(&plan, rank, &less).is_empty(), "{rank:?} without {any:?}");
            }
        }
    }

    #[test]
    fn a_filter_that_names_nothing_lets_nothing_through() {
        let plan = Plan::of(&Asked::of("路灯"), None).and_any(std::iter::empty());
        assert!(found(&plan, Rank::Said, &held(&[("t路灯", &[1])])).is_empty());
    }

    #[test]
    fn one_character_is_found_by_every_pair_that_begins_with_it() {
        let plan = Plan::of(&Asked::of("灯"), None);
        assert_eq!(found(&plan, Rank::Said, &held(&[("t灯不", &[1]), ("t灯", &[2]), ("t路灯", &[3])])), [1, 2]);
    }
}
