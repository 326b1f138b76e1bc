//! 问题分类 → our category: a table of the partner's, what people decided before, and keywords. Pure.
//!
//! What none of them knows gets no category: a person looks, as with every report without one.

use std::collections::{BTreeMap, HashMap};

use linli_playbook::Playbook;

use crate::sheets::clean::key;

/// Finds categories by the hotline's words.
pub struct Categories {
    by_words: HashMap<String, String>,
    by_keyword: Vec<(String, String)>,
}

impl Categories {
    /// From the partner's own table, what was decided on the desk (which wins), and the playbook's keywords. Codes that the
    /// playbook does not know are left out.
    #[must_use]
    pub fn new(book: &Playbook, table: &BTreeMap<String, String>, decided: &BTreeMap<String, String>) -> Self {
        let is_leaf = |code: &str| book.leaves().any(|leaf| leaf.code == code);
        let by_words = table
            .iter()
            .chain(decided)
            .filter(|(_, code)| is_leaf(code))
            .map(|(words, code)| (path_key(words), code.clone()))
            .collect();
        let mut by_keyword = Vec::new();
        for leaf in book.leaves() {
            by_keyword.push((key(&leaf.name), leaf.code.clone()));
            by_keyword.extend(leaf.keywords.iter().map(|word| (key(word), leaf.code.clone())));
        }
        by_keyword.retain(|(word, _)| word.chars().count() >= 2);
        Self { by_words, by_keyword }
    }

    /// The category of a path such as 城市管理->市容环卫->路灯. The longest part of the path that somebody mapped decides; else
    /// the words of the path, from the narrowest, then those of the title, where they mean one category only.
    #[must_use]
    pub fn find(&self, path: &[String], title: &str) -> Option<String> {
        for n in (1..=path.len()).rev() {
            let front = path.get(..n).unwrap_or_default().join("->");
            if let Some(code) = self.by_words.get(&path_key(&front)) {
                return Some(code.clone());
            }
        }
        let leaf_first = path.iter().rev();
        for part in leaf_first.clone() {
            if let Some(code) = self.by_words.get(&path_key(part)) {
                return Some(code.clone());
            }
        }
        leaf_first.map(String::as_str).chain([title]).find_map(|words| self.by_keywords(words))
    }

    fn by_keywords(&self, words: &str) -> Option<String> {
        let words = key(words);
        let mut codes: Vec<&str> = self
            .by_keyword
            .iter()
            .filter(|(word, _)| words.contains(word.as_str()))
            .map(|(_, code)| code.as_str())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        match codes.as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        }
    }
}

/// A path as it is compared: separators made even.
#[must_use]
pub fn path_key(path: &str) -> String {
    key(path).replace("->", ">").replace(['/', '→', '\\', '|', '—'], ">").trim_matches('>').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(table: &[(&str, &str)], decided: &[(&str, &str)]) -> Categories {
        let map = |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let words =
            |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| (path_key(a), (*b).to_owned())).collect::<HashMap<_, _>>();
        let (table, decided): (BTreeMap<_, _>, BTreeMap<_, _>) = (map(table), map(decided));
        let mut by_words = words(&table.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
        by_words.extend(words(&decided.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>()));
        let by_keyword = [("路灯", "street_light"), ("噪声", "noise"), ("停车", "parking")];
        Categories { by_words, by_keyword: by_keyword.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec() }
    }

    fn path(parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    #[test]
    fn the_longest_mapped_part_of_the_path_decides() {
        let known = categories(&[("城市管理", "order"), ("城市管理 / 市政设施", "facility")], &[]);
        assert_eq!(known.find(&path(&["城市管理", "市政设施", "井盖"]), "").as_deref(), Some("facility"));
        assert_eq!(known.find(&path(&["城市管理", "市容"]), "").as_deref(), Some("order"));
    }

    #[test]
    fn what_a_person_decided_wins_over_the_table() {
        let known = categories(&[("城市管理->路灯", "a")], &[("城市管理->路灯", "b")]);
        assert_eq!(known.find(&path(&["城市管理", "路灯"]), "").as_deref(), Some("b"));
    }

    #[test]
    fn keywords_help_only_where_they_mean_one_thing() {
        let known = categories(&[], &[]);
        assert_eq!(known.find(&path(&["城市管理", "路灯照明"]), "").as_deref(), Some("street_light"));
        assert_eq!(known.find(&path(&["综合"]), "楼下停车噪声大"), None);
        assert_eq!(known.find(&path(&["其他"]), "夜间噪声"), Some("noise".to_owned()));
        assert_eq!(known.find(&[], ""), None);
    }
}
