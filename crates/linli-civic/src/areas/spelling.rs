//! 拼音: how a name is typed by whoever types no Chinese: 红旗社区 is `hongqishequ` and `hqsq`.
//!
//! A character with several readings is spelt in each of them (长 is `chang` and `zhang`): people type the one that they know.

use pinyin::ToPinyinMulti;

/// Spellings of one name at most: each further character with two readings would double them.
const MOST: usize = 16;

/// The ways in which a name is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spellings {
    /// `hongqishequ`
    pub whole: Vec<String>,
    /// `hqsq`
    pub initials: Vec<String>,
}

/// How `name` is typed, the commonest reading first. A letter or digit stands for itself; a character without a reading makes
/// the name one that cannot be typed.
#[must_use]
pub fn spellings(name: &str) -> Spellings {
    let mut whole = vec![String::new()];
    let mut initials = vec![String::new()];
    for c in name.chars().filter(|c| !c.is_whitespace()) {
        let readings = readings(c);
        if readings.is_empty() {
            return Spellings::default();
        }
        whole = joined(&whole, &readings);
        let firsts: Vec<String> = readings.iter().filter_map(|reading| reading.get(..1).map(str::to_owned)).collect();
        initials = joined(&initials, &without_repeats(firsts));
    }
    let has_some = |spellings: Vec<String>| spellings.into_iter().filter(|spelling| !spelling.is_empty()).collect();
    Spellings { whole: has_some(whole), initials: has_some(initials) }
}

/// Whether a word could be pinyin at all.
#[must_use]
pub fn is_typed(word: &str) -> bool {
    word.chars().count() >= 2
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && !word.chars().all(|c| c.is_ascii_digit())
}

fn readings(c: char) -> Vec<String> {
    if c.is_ascii_alphanumeric() {
        return vec![c.to_ascii_lowercase().to_string()];
    }
    let read = c.to_pinyin_multi().into_iter().flatten().map(|reading| reading.plain());
    // 绿 is typed with a v, and by some with a u.
    let typed = read.flat_map(|plain| [plain.replace('ü', "v"), plain.replace('ü', "u")]);
    without_repeats(typed.filter(|typed| typed.is_ascii()).collect())
}

fn joined(before: &[String], readings: &[String]) -> Vec<String> {
    before.iter().flat_map(|start| readings.iter().map(move |next| format!("{start}{next}"))).take(MOST).collect()
}

fn without_repeats(all: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_typed_whole_or_by_its_initials() {
        let typed = spellings("红旗社区");
        assert_eq!(typed.whole.first().map(String::as_str), Some("hongqishequ"));
        assert_eq!(typed.initials.first().map(String::as_str), Some("hqsq"));
    }

    #[test]
    fn a_character_with_several_readings_is_typed_in_each() {
        let typed = spellings("长安");
        assert!(
            typed.whole.contains(&"changan".to_owned()) && typed.whole.contains(&"zhangan".to_owned()),
            "{typed:?}"
        );
        let typed = spellings("绿苑");
        assert!(typed.whole.contains(&"lvyuan".to_owned()) && typed.whole.contains(&"luyuan".to_owned()), "{typed:?}");
        assert!(spellings("行行行行行行行行").whole.len() <= MOST);
    }

    #[test]
    fn digits_and_letters_stand_for_themselves_and_a_sign_cannot_be_typed() {
        assert_eq!(spellings("3号楼").initials.first().map(String::as_str), Some("3hl"));
        assert_eq!(spellings("甲★"), Spellings::default());
        assert_eq!(spellings(""), Spellings::default());
    }

    #[test]
    fn a_word_is_pinyin_only_if_it_has_letters_and_nothing_else() {
        assert!(is_typed("hqsq") && is_typed("3hl"));
        assert!(!is_typed("h") && !is_typed("12345") && !is_typed("红旗") && !is_typed("h-q"));
    }
}
