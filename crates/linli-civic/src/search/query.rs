//! What was typed into the one box: the number of a case, places, words. Pure.

use linli_kernel::{AreaCode, PublicCode};

use super::fold::Folded;
use crate::areas::tree::AreaTree;

/// Characters that are read; nobody types more on purpose.
const MOST_CHARS: usize = 100;
/// Words that are looked for; what is typed beyond them is left out.
const MOST_WORDS: usize = 8;
/// A name that so many areas bear names no place: it is looked for as a word.
const MOST_AREAS: usize = 40;
/// 工单编号 are longer than house numbers.
const LEAST_ORDER: usize = 6;

/// One word as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it was typed.
    pub typed: String,
    /// As it is compared.
    pub folded: Folded,
}

impl Word {
    fn of(typed: &str) -> Option<Self> {
        let folded = Folded::of(typed);
        (!folded.is_empty()).then(|| Self { typed: typed.to_owned(), folded })
    }
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The public code of a case, if it is one.
    pub code: Option<PublicCode>,
    /// The paper number of a case, if it may be one.
    pub paper_no: Option<String>,
    /// The number of a hotline's work order, if it may be one.
    pub order_no: Option<String>,
    /// The words, all of which have to be found.
    pub words: Vec<Word>,
}

impl Asked {
    /// Reads what was typed. A phone number asks nothing: it is looked for elsewhere, with a purpose, and leaves a record.
    #[must_use]
    pub fn of(typed: &str) -> Self {
        let typed: String = typed.chars().take(MOST_CHARS).collect();
        let typed = typed.trim();
        if is_phone(typed) {
            return Self::default();
        }
        let words = typed.split_whitespace().filter_map(Word::of).take(MOST_WORDS);
        Self {
            code: PublicCode::parse(typed),
            paper_no: is_paper_no(typed).then(|| typed.to_owned()),
            order_no: is_order_no(typed).then(|| typed.to_owned()),
            words: words.collect(),
        }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The places among the words, and the words that are left: 红旗社区 路灯, `hqsq` 路灯, 红旗社区路灯. Of several places each
    /// has to lie within what the others name. `None` when no word names a place.
    #[must_use]
    pub fn placed(&self, areas: &AreaTree, reached: impl Fn(&AreaCode) -> bool) -> Option<Placed> {
        let mut named: Vec<(String, Vec<AreaCode>)> = Vec::new();
        let mut rest = Vec::new();
        for word in &self.words {
            let whole = own(areas.names().named(&word.typed), &reached);
            let parted = areas.names().split(&word.typed).map(|(codes, after)| (own(codes, &reached), after));
            match (whole, parted) {
                (Some(codes), _) => named.push((word.typed.clone(), codes)),
                (None, Some((Some(codes), after))) => {
                    let name = word.typed.strip_suffix(after).unwrap_or(&word.typed);
                    named.push((name.to_owned(), codes));
                    rest.extend(Word::of(after));
                }
                _ => rest.push(word.clone()),
            }
        }
        let areas = named.iter().map(|(_, codes)| codes.clone()).reduce(|a, b| within_each_other(&a, &b))?;
        (!areas.is_empty() && areas.len() <= MOST_AREAS).then_some(Placed { areas, rest })
    }
}

/// Places and the words that are left beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The places meant: a case has to be in one of them.
    pub areas: Vec<AreaCode>,
    /// The other words, all of which have to be found.
    pub rest: Vec<Word>,
}

/// The areas of a name that the caller reaches; `None` when there is none.
fn own(mut codes: Vec<AreaCode>, reached: impl Fn(&AreaCode) -> bool) -> Option<Vec<AreaCode>> {
    codes.retain(reached);
    (!codes.is_empty()).then_some(codes)
}

/// The narrower one of each pair of which one lies within the other.
fn within_each_other(a: &[AreaCode], b: &[AreaCode]) -> Vec<AreaCode> {
    let narrower = |one: &AreaCode, other: &AreaCode| {
        if one.contains(other) { Some(*other) } else { other.contains(one).then_some(*one) }
    };
    let mut codes: Vec<AreaCode> =
        a.iter().flat_map(|one| b.iter().filter_map(move |other| narrower(one, other))).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// A mobile number. Others are too short to be told from numbers of houses and orders.
fn is_phone(typed: &str) -> bool {
    let folded = Folded::of(typed);
    matches!(folded.chars(), ['1', '3'..='9', rest @ ..] if rest.len() == 9 && rest.iter().all(char::is_ascii_digit))
}

fn is_paper_no(typed: &str) -> bool {
    typed.contains('-') && typed.chars().all(|c| c.is_ascii_digit() || c == '-')
}

fn is_order_no(typed: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    typed.chars().count() >= LEAST_ORDER && typed.chars().all(is_of_number) && typed.chars().any(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::areas::Profile;
    use crate::areas::tree::Area;

    fn tree() -> AreaTree {
        let area = |code: &str, name: &str| Area {
            code: AreaCode::parse(code).unwrap(),
            name: name.to_owned(),
            short_name: name.to_owned(),
            profile: Profile::default(),
            version: 1,
        };
        let areas = [
            ("610502000000", "临渭区"),
            ("610502005000", "向阳街道"),
            ("610502005007", "红旗社区"),
            ("610502005007001", "第一网格"),
            ("610502005008", "金水社区"),
            ("610502005008001", "第一网格"),
            ("610524000000", "合阳县"),
            ("610524001020", "红旗社区"),
        ];
        AreaTree::new(areas.map(|(code, name)| area(code, name)).to_vec(), Vec::new())
    }

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    fn placed(typed: &str) -> Option<(Vec<AreaCode>, Vec<String>)> {
        let placed = Asked::of(typed).placed(&tree(), |_| true)?;
        Some((placed.areas, placed.rest.into_iter().map(|word| word.typed).collect()))
    }

    #[test]
    fn a_number_may_be_a_code_a_paper_number_or_an_order_of_the_hotline() {
        let asked = Asked::of(" 7k3m-z9qw2x ");
        assert_eq!(asked.code.map(|code| code.to_string()).as_deref(), Some("7K3MZ9QW2X"));
        assert_eq!(Asked::of("610502-2026-000123").paper_no.as_deref(), Some("610502-2026-000123"));
        assert_eq!(Asked::of("WN20260928001").order_no.as_deref(), Some("WN20260928001"));
        let words = Asked::of("路灯 2026");
        assert_eq!((words.code, words.paper_no, words.order_no), (None, None, None));
        assert_eq!(words.words.len(), 2);
    }

    #[test]
    fn a_phone_number_asks_nothing_here() {
        for typed in ["19900000001", "199 0000 0001", "199-0000-0001"] {
            assert!(Asked::of(typed).is_empty(), "{typed}");
        }
        assert!(!Asked::of("19900000001号楼").is_empty());
    }

    #[test]
    fn signs_alone_ask_nothing_and_no_more_than_eight_words_are_read() {
        assert!(Asked::of("，！ -").is_empty());
        assert_eq!(Asked::of("一 二 三 四 五 六 七 八 九 十").words.len(), MOST_WORDS);
    }

    #[test]
    fn a_place_is_told_from_words_in_chinese_in_pinyin_and_in_one_word() {
        let flags = vec![code("610502005007"), code("610524001020")];
        for typed in ["红旗社区 路灯", "路灯 hqsq", "hongqi 路灯", "红旗社区路灯"] {
            assert_eq!(placed(typed), Some((flags.clone(), vec!["路灯".to_owned()])), "{typed}");
        }
        assert_eq!(placed("红旗社区"), Some((flags, Vec::new())));
        assert_eq!(placed("路灯"), None);
    }

    #[test]
    fn several_places_narrow_one_another() {
        assert_eq!(placed("合阳县 红旗社区 路灯"), Some((vec![code("610524001020")], vec!["路灯".to_owned()])));
        assert_eq!(placed("第一网格 金水"), Some((vec![code("610502005008001")], Vec::new())));
        assert_eq!(placed("红旗社区 金水社区"), None, "no case is in both: they are words");
    }

    #[test]
    fn only_places_that_the_caller_reaches_are_places() {
        let reached = |area: &AreaCode| code("610524000000").contains(area);
        let placed = Asked::of("红旗社区").placed(&tree(), reached).unwrap();
        assert_eq!(placed.areas, [code("610524001020")]);
        assert_eq!(Asked::of("金水社区").placed(&tree(), reached), None);
    }
}
