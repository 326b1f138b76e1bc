//! 地名录: which areas a word names, in Chinese or in pinyin. Made from the areas in memory when first asked for.
//!
//! Many areas share a name (every community has a 第一网格): names are kept once, with the codes that bear them.

use std::collections::{HashMap, HashSet};

use linli_kernel::{AreaCode, AreaLevel};

use super::spelling::{self, spellings};
use super::tree::Area;

/// What the end of a name says about every area of its kind. People leave it out: 红旗 for 红旗社区.
const KINDS: [&str; 12] =
    ["街道办事处", "居委会", "村委会", "社区", "街道", "小区", "新区", "镇", "乡", "村", "县", "区"];
/// A name without its kind has so many characters at least: 区 of 社区 names nothing.
const LEAST_STEM: usize = 2;

/// A name and who bears it.
#[derive(Clone, Debug)]
struct Name {
    text: String,
    codes: Vec<AreaCode>,
}

/// One way to type a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Typed {
    letters: String,
    /// Which of the names.
    name: usize,
    /// Whether it takes another reading of a character than the commonest.
    rare: bool,
}

/// All names.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    names: Vec<Name>,
    /// Names, official names and names without their kind.
    called: HashMap<String, Vec<usize>>,
    /// Sorted, so that what begins with some letters lies together.
    typed: Vec<Typed>,
}

impl Gazetteer {
    /// Of these areas.
    #[must_use]
    pub fn of<'a>(areas: impl Iterator<Item = &'a Area>) -> Self {
        let mut made = Self::default();
        let mut known: HashMap<&'a str, usize> = HashMap::new();
        for area in areas {
            let at = *known.entry(&area.short_name).or_insert_with(|| made.add(&area.short_name, area.code.level()));
            if let Some(name) = made.names.get_mut(at) {
                name.codes.push(area.code);
            }
            if area.name != area.short_name {
                made.call(&area.name, at);
            }
        }
        made.names.iter_mut().for_each(|name| name.codes.sort_unstable());
        made.typed.sort_unstable();
        made.typed.dedup();
        made
    }

    fn add(&mut self, text: &str, level: AreaLevel) -> usize {
        let at = self.names.len();
        self.names.push(Name { text: text.to_owned(), codes: Vec::new() });
        self.call(text, at);
        let stem = stem(text).filter(|_| level < AreaLevel::Grid);
        if let Some(stem) = stem {
            self.call(stem, at);
        }
        for text in std::iter::once(text).chain(stem) {
            let ways = spellings(text);
            // Of a hundred thousand grids the commonest reading is enough.
            let most = if level < AreaLevel::Grid { usize::MAX } else { 1 };
            for letters in [ways.whole, ways.initials] {
                let ways = letters.into_iter().take(most).enumerate();
                self.typed.extend(ways.map(|(n, letters)| Typed { letters, name: at, rare: n > 0 }));
            }
        }
        at
    }

    fn call(&mut self, text: &str, at: usize) {
        let called = self.called.entry(text.to_owned()).or_default();
        if !called.contains(&at) {
            called.push(at);
        }
    }

    /// The areas that a word names: the name, the official name, the name without its kind, or any of them in pinyin, whole or
    /// by initials. A rare reading counts where the word names nothing else.
    #[must_use]
    pub fn named(&self, word: &str) -> Vec<AreaCode> {
        let lower = word.to_lowercase();
        let called = self.called.get(word).into_iter().flatten().copied();
        let typed = || self.beginning(&lower).filter(|typed| typed.letters == lower);
        let usual = self.codes(called.chain(typed().filter(|typed| !typed.rare).map(|typed| typed.name)));
        if usual.is_empty() { self.codes(typed().map(|typed| typed.name)) } else { usual }
    }

    /// The areas whose name has `word` in it, or whose pinyin begins with it.
    #[must_use]
    pub fn like(&self, word: &str) -> Vec<AreaCode> {
        let lower = word.to_lowercase();
        let holds = self.names.iter().enumerate().filter(|(_, name)| name.text.contains(word)).map(|(at, _)| at);
        let official =
            self.called.iter().filter(|(text, _)| text.contains(word)).flat_map(|(_, at)| at.iter().copied());
        let typed = self.beginning(&lower).map(|typed| typed.name);
        self.codes(holds.chain(official).chain(typed))
    }

    /// The areas of [`Gazetteer::like`] that are so only by a rare reading of a character: 甘泉 is `gq`, and hardly `hq`.
    #[must_use]
    pub fn hardly_like(&self, word: &str) -> Vec<AreaCode> {
        let lower = word.to_lowercase();
        let usual: HashSet<usize> =
            self.beginning(&lower).filter(|typed| !typed.rare).map(|typed| typed.name).collect();
        let rare = self.beginning(&lower).filter(|typed| typed.rare).map(|typed| typed.name);
        self.codes(rare.filter(|at| !usual.contains(at)))
    }

    /// The longest name with which `word` begins, and what follows it: 红旗社区路灯 is 红旗社区 and 路灯.
    #[must_use]
    pub fn split<'a>(&self, word: &'a str) -> Option<(Vec<AreaCode>, &'a str)> {
        let mut ends: Vec<usize> = word.char_indices().map(|(at, _)| at).skip(LEAST_STEM + 1).collect();
        ends.reverse();
        ends.into_iter().find_map(|end| {
            let (name, rest) = word.split_at_checked(end)?;
            // A whole name only: 新建 may be the beginning of anything.
            let at =
                self.called.get(name)?.iter().filter(|at| self.names.get(**at).is_some_and(|own| own.text == name));
            let codes = self.codes(at.copied());
            (!codes.is_empty()).then_some((codes, rest))
        })
    }

    fn beginning<'a>(&'a self, letters: &'a str) -> impl Iterator<Item = &'a Typed> {
        let is_pinyin = spelling::is_typed(letters);
        let from = self.typed.partition_point(|typed| typed.letters.as_str() < letters);
        self.typed.iter().skip(from).take_while(move |typed| is_pinyin && typed.letters.starts_with(letters))
    }

    fn codes(&self, names: impl Iterator<Item = usize>) -> Vec<AreaCode> {
        let mut codes: Vec<AreaCode> =
            names.filter_map(|at| self.names.get(at)).flat_map(|name| name.codes.iter().copied()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// A name without its kind, where enough is left.
fn stem(name: &str) -> Option<&str> {
    let mut stems = KINDS.iter().filter_map(|kind| name.strip_suffix(kind));
    stems.find(|stem| stem.chars().count() >= LEAST_STEM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::areas::Profile;

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    fn gazetteer() -> Gazetteer {
        let area = |code: &str, name: &str, short: &str| Area {
            code: AreaCode::parse(code).unwrap(),
            name: name.to_owned(),
            short_name: short.to_owned(),
            profile: Profile::default(),
            version: 1,
        };
        Gazetteer::of(
            [
                area("610502000000", "临渭区", "临渭区"),
                area("610502005007", "红旗社区居委会", "红旗社区"),
                area("610502005007001", "第一网格", "第一网格"),
                area("610502005008", "长乐社区居委会", "长乐社区"),
                area("610502005008001", "第一网格", "第一网格"),
                area("610524001020", "红旗社区居委会", "红旗社区"),
            ]
            .iter(),
        )
    }

    #[test]
    fn a_place_is_named_in_chinese_whole_official_or_short() {
        let flags = [code("610502005007"), code("610524001020")];
        for word in ["红旗社区", "红旗社区居委会", "红旗"] {
            assert_eq!(gazetteer().named(word), flags, "{word}");
        }
        assert!(gazetteer().named("红").is_empty());
        assert!(gazetteer().named("第一").is_empty(), "a grid is named by its whole name");
        assert_eq!(gazetteer().named("第一网格").len(), 2);
    }

    #[test]
    fn a_place_is_named_in_pinyin_whole_or_by_initials_in_every_reading() {
        let flags = [code("610502005007"), code("610524001020")];
        for word in ["hqsq", "HQSQ", "hongqishequ", "hongqi", "hq"] {
            assert_eq!(gazetteer().named(word), flags, "{word}");
        }
        for word in ["changle", "zhangle", "changyue", "clsq"] {
            assert_eq!(gazetteer().named(word), [code("610502005008")], "{word}");
        }
        assert!(gazetteer().named("hqs").is_empty(), "a beginning is no name");
        assert_eq!(gazetteer().like("hqs"), flags);
        assert_eq!(gazetteer().like("旗社"), flags);
    }

    #[test]
    fn a_word_that_begins_with_a_name_is_that_place_and_the_rest() {
        let (codes, rest) = gazetteer().split("红旗社区路灯").unwrap();
        assert_eq!((codes.len(), rest), (2, "路灯"));
        assert!(gazetteer().split("红旗飘飘").is_none(), "half a name parts nothing");
        assert!(gazetteer().split("路灯").is_none());
    }
}
