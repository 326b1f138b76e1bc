//! Who answers and why, in words: codes become names.

use linli_kernel::{AreaCode, AreaLevel};
use linli_playbook::Playbook;

use super::model::{Seat, Why};
use crate::areas::tree::AreaTree;
use crate::say::Lang;

/// The areas' names and the reader's language.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// The areas.
    pub areas: &'a AreaTree,
    /// The reader's language.
    pub lang: Lang,
}

impl Words<'_> {
    /// Who answers, in words: 红旗社区第三网格, 临渭区城市管理执法局.
    #[must_use]
    pub fn seat_name(&self, book: &Playbook, seat: &Seat) -> String {
        let area = self.areas.name(&seat.area);
        match seat.unit.as_deref() {
            Some(code) => format!("{area}{}", book.unit(code).map_or(code, |unit| unit.name.as_str())),
            None if seat.level() >= AreaLevel::Grid => {
                format!("{}{}", self.areas.name(&seat.area.at(AreaLevel::Community)), self.below_community(&seat.area))
            }
            None => area,
        }
    }

    fn below_community(&self, area: &AreaCode) -> String {
        area.lineage().iter().filter(|code| code.level() >= AreaLevel::Grid).map(|code| self.areas.name(code)).collect()
    }

    /// A reason in words.
    #[must_use]
    pub fn why(&self, why: &Why) -> String {
        let values: Vec<(String, String)> =
            why.values.iter().map(|(name, value)| (name.clone(), self.meaning(name, value))).collect();
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.lang.say(&why.key, &values)
    }

    /// A reason keeps codes; here they become names.
    fn meaning(&self, name: &str, value: &str) -> String {
        match name {
            "area" => value.parse().map_or_else(|_| value.to_owned(), |code| self.areas.full_name(&code)),
            "weight" | "level" => self.lang.text(value),
            _ => value.to_owned(),
        }
    }
}
