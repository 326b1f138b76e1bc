//! Sentences for people, from the translation files; `{name}` is filled in.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The reader's language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// 简体中文
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// 繁體中文
    #[serde(rename = "zh-TW")]
    ZhTw,
    /// English
    #[serde(rename = "en")]
    En,
}

type Texts = HashMap<String, String>;

static ZH_CN: LazyLock<Texts> = LazyLock::new(|| flatten(include_str!("../locales/zh-CN.toml")));
static ZH_TW: LazyLock<Texts> = LazyLock::new(|| flatten(include_str!("../locales/zh-TW.toml")));
static EN: LazyLock<Texts> = LazyLock::new(|| flatten(include_str!("../locales/en.toml")));

impl Lang {
    /// Every language.
    pub const ALL: [Self; 3] = [Self::ZhCn, Self::ZhTw, Self::En];

    /// The first language of an `Accept-Language` header that we have.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        header
            .split(',')
            .find_map(|part| {
                let tag = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
                match tag.as_str() {
                    "zh-tw" | "zh-hk" | "zh-mo" | "zh-hant" | "zh-hant-tw" => Some(Self::ZhTw),
                    _ if tag.starts_with("zh") => Some(Self::ZhCn),
                    _ if tag.starts_with("en") => Some(Self::En),
                    _ => None,
                }
            })
            .unwrap_or_default()
    }

    fn texts(self) -> &'static Texts {
        match self {
            Self::ZhCn => &ZH_CN,
            Self::ZhTw => &ZH_TW,
            Self::En => &EN,
        }
    }

    /// Whether this language has a text of its own for `key`.
    #[must_use]
    pub fn has(self, key: &str) -> bool {
        self.texts().contains_key(key)
    }

    /// The text of `key`; Chinese where a translation is missing, the key itself where there is none at all.
    #[must_use]
    pub fn text(self, key: &str) -> String {
        self.texts().get(key).or_else(|| ZH_CN.get(key)).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// The text of `key` with `{name}` filled in; a name without a value is left out.
    #[must_use]
    pub fn say(self, key: &str, values: &[(&str, &str)]) -> String {
        fill(&self.text(key), values)
    }

    /// The text of `key`, or of `key_full` when every value that it names is at hand.
    #[must_use]
    pub fn say_fullest(self, key: &str, values: &[(&str, &str)]) -> String {
        let full = format!("{key}_full");
        let known = |name: &str| values.iter().any(|(known, value)| *known == name && !value.is_empty());
        if self.has(&full) && names(&self.text(&full)).all(known) {
            return self.say(&full, values);
        }
        self.say(key, values)
    }

    /// The text of `group.word`.
    #[must_use]
    pub fn word(self, group: &str, word: &str) -> String {
        self.text(&format!("{group}.{word}"))
    }
}

/// Fills `{name}` in; a name without a value disappears.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| *value));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The names in braces of a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

fn flatten(source: &str) -> Texts {
    let mut texts = Texts::new();
    if let Ok(table) = source.parse::<toml::Table>() {
        for (key, value) in table {
            walk(&key, &value, &mut texts);
        }
    }
    texts
}

fn walk(path: &str, value: &toml::Value, texts: &mut Texts) {
    match value {
        toml::Value::String(text) => drop(texts.insert(path.to_owned(), text.clone())),
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, texts)),
        _ => {}
    }
}

/// A moment to the minute in the time of the city: 2026-09-28 11:05.
#[must_use]
pub fn beijing_minute(at: linli_kernel::Timestamp) -> String {
    let local = at.plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let (hour, minute) = (local.hour(), local.minute());
    format!("{}-{:02}-{:02} {hour:02}:{minute:02}", local.year(), local.month(), local.day())
}

#[cfg(test)]
mod tests {
    use linli_kernel::{Action, Channel, DeadlineKind, Phase, ProblemCode, Role, Weight};

    use super::*;

    #[test]
    fn the_browsers_wish_is_read() {
        assert_eq!(Lang::accepted("zh-TW,zh;q=0.9"), Lang::ZhTw);
        assert_eq!(Lang::accepted("en-GB,en;q=0.8"), Lang::En);
        assert_eq!(Lang::accepted("fr-FR"), Lang::ZhCn);
        assert_eq!(Lang::accepted(""), Lang::ZhCn);
    }

    #[test]
    fn a_sentence_is_filled_in() {
        assert_eq!(
            fill("{actor}接单，{missing}由{seat}办理", &[("actor", "李网格员"), ("seat", "第三网格")]),
            "李网格员接单，由第三网格办理"
        );
        assert_eq!(fill("100% {", &[]), "100% {");
    }

    #[test]
    fn every_word_and_problem_has_a_text_in_every_language() {
        let mut keys: Vec<String> = ProblemCode::ALL.iter().map(|code| format!("problem.{}", code.as_str())).collect();
        keys.extend(ProblemCode::ALL.iter().map(|code| format!("problem_title.{}", code.as_str())));
        keys.extend(Role::ALL.iter().map(|word| format!("role.{word}")));
        keys.extend(Phase::ALL.iter().map(|word| format!("phase.{word}")));
        keys.extend(Weight::ALL.iter().map(|word| format!("weight.{word}")));
        keys.extend(Channel::ALL.iter().map(|word| format!("channel.{word}")));
        keys.extend(DeadlineKind::ALL.iter().map(|word| format!("deadline.{word}")));
        keys.extend(Action::ALL.iter().map(|word| format!("event.{}", word.event())));
        for lang in Lang::ALL {
            let missing: Vec<&String> = keys.iter().filter(|key| !lang.has(key)).collect();
            assert!(missing.is_empty(), "{lang:?}: {missing:?}");
        }
    }

    #[test]
    fn the_fuller_sentence_is_said_when_everything_in_it_is_known() {
        let said =
            Lang::ZhCn.say_fullest("problem.version_conflict", &[("who", "李梅"), ("when", "10:30"), ("what", "接单")]);
        assert!(said.contains("李梅") && said.contains("接单"), "{said}");
        let said = Lang::ZhCn.say_fullest("problem.version_conflict", &[("who", "李梅")]);
        assert!(!said.contains("李梅") && !said.contains('“'), "{said}");
    }

    #[test]
    fn the_three_files_have_the_same_keys() {
        let keys = |texts: &'static Texts| texts.keys().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(keys(&ZH_CN), keys(&ZH_TW));
        assert_eq!(keys(&ZH_CN), keys(&EN));
    }
}
