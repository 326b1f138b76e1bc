//! Sideways and up.

use std::cmp::Reverse;

use linli_civic::cases::Seat;
use linli_kernel::{Action, AreaLevel, Timestamp};
use serde_json::{Map, json};

use super::super::tale::Running;
use super::{Next, Step};

impl Next<'_> {
    pub(super) fn hand_on(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let drawn =
            self.stage.texts.drawn(&self.stage.texts.moves.hand_on, &self.arrival.category, &self.arrival.parent);
        let possible: Vec<(&str, Seat)> =
            drawn.into_iter().filter_map(|text| Some((text, self.handed_to(text)?))).collect();
        let (template, seat) = running.chance.pick(&possible)?.clone();
        let reason = self.fill(running, template, at);
        let fields = Map::from_iter([("seat".to_owned(), json!(seat)), ("reason".to_owned(), json!(reason))]);
        Some(Step::plain(at, Action::HandOn, Some(who), fields))
    }

    /// Where a text says that it goes, if there is such a place and somebody answers there.
    fn handed_to(&self, text: &str) -> Option<Seat> {
        const UNITS: [(&str, &str); 10] = [
            ("物业", "property"),
            ("执法队", "enforcement_team"),
            ("派出所", "police_station"),
            ("市场监管所", "market_office"),
            ("劳动监察", "human_res"),
            ("园林", "gardens"),
            ("供电", "power"),
            ("医保", "medical_ins"),
            ("市政", "municipal"),
            ("权属单位", "telecom"),
        ];
        let book = self.app.playbooks.current();
        let here = &self.case.seat;
        let neighbour = |level: AreaLevel| {
            let areas = self.app.areas();
            let own = self.case.area.at(level);
            let siblings = areas.children(&own.parent()?);
            let here = siblings.iter().position(|code| *code == own)?;
            let beside = [here.checked_add(1), here.checked_sub(1)].into_iter().flatten();
            let mut near = beside.filter_map(|nth| siblings.get(nth)).map(|code| Seat::of(*code));
            near.find(|seat| self.stage.cast.answers(seat))
        };
        let seat = if text.contains("隔壁网格") {
            neighbour(AreaLevel::Grid).filter(|_| here.level() == AreaLevel::Grid)
        } else if text.contains("对面的社区") {
            neighbour(AreaLevel::Community).filter(|_| here.level() == AreaLevel::Community && here.unit.is_none())
        } else if text.contains("同网格") {
            None
        } else {
            let (_, code) = UNITS
                .iter()
                .filter(|(word, _)| text.contains(word))
                .min_by_key(|(word, _)| text.rfind(word).map(Reverse))?;
            let unit = book.unit(code)?;
            Some(Seat { area: self.case.area.at(unit.level), unit: Some((*code).to_owned()) })
        };
        seat.filter(|seat| {
            seat != here
                && self.stage.cast.answers(seat)
                && book.may_sit_at(self.case.category.as_deref(), seat.level())
        })
    }

    pub(super) fn escalate(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let level = self.case.seat.level();
        let words = match level {
            AreaLevel::Grid | AreaLevel::MicroGrid => "grid",
            AreaLevel::Community => "community",
            AreaLevel::Street => "street",
            AreaLevel::County | AreaLevel::City => return None,
        };
        let pool = self.stage.texts.moves.escalate.get(words)?;
        let reason = self.say(running, pool, at);
        let fields = Map::from_iter([("reason".to_owned(), json!(reason))]);
        Some(Step::plain(at, Action::Escalate, Some(who), fields))
    }
}
