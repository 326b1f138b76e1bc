//! Which seat answers first, which one above, and why. Pure.

use linli_kernel::{AreaCode, AreaLevel, Weight};
use linli_playbook::{Host, Playbook};

use super::model::{Seat, Why};

/// A seat and the reasons for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// Who shall answer.
    pub seat: Seat,
    /// Why they.
    pub why: Vec<Why>,
}

/// The rules and the people that routing asks.
pub struct Ground<'a> {
    /// The playbook.
    pub book: &'a Playbook,
    /// Whether anybody answers at a seat.
    pub staffed: &'a dyn Fn(&Seat) -> bool,
    /// Lines that rulings added to the responsibility list; the newest first.
    pub amended: &'a [Amended],
}

/// 裁定入单: a line that a ruling added to the responsibility list of a county.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amended {
    /// Where it counts.
    pub area: AreaCode,
    /// For which category.
    pub category: String,
    /// While the case stands at this level.
    pub level: AreaLevel,
    /// 主办: a unit's code, or the people of the area.
    pub unit: Option<String>,
    /// Why, in words that a clerk can quote.
    pub basis: String,
}

impl Ground<'_> {
    /// The first seat of a new case: by weight to a level, by the responsibility list to a host there, and past
    /// seats that nobody holds. `None` when nobody answers at any level.
    #[must_use]
    pub fn first_seat(&self, place: &AreaCode, category: Option<&str>, weight: Weight) -> Option<Routed> {
        let level = self.book.first_level(category, weight).min(place.level());
        let mut routed = self.seat_from(place, category, level)?;
        let by_weight =
            Why::new("weight", &[("weight", format!("weight.{weight}")), ("level", format!("level.{level}"))]);
        routed.why.insert(0, by_weight);
        Some(routed)
    }

    /// The seat at `level`, or at the nearest level above where somebody answers.
    #[must_use]
    pub fn seat_from(&self, place: &AreaCode, category: Option<&str>, level: AreaLevel) -> Option<Routed> {
        let mut why = Vec::new();
        let mut level = Some(level);
        while let Some(here) = level {
            if self.book.levels.contains(&here) {
                let (seat, reason) = self.host(place, category, here);
                if (self.staffed)(&seat) {
                    why.extend(reason);
                    return Some(Routed { seat, why });
                }
                let plain = Seat::of(place.at(here));
                if seat != plain && (self.staffed)(&plain) {
                    why.push(Why::new("unit_empty", &[("unit", self.unit_name(&seat))]));
                    return Some(Routed { seat: plain, why });
                }
                why.push(Why::new("level_empty", &[("area", place.at(here).to_string())]));
            }
            level = here.up().filter(|above| *above >= self.book.top_level());
        }
        // Nobody up to the top: the city's own hotline, if it has one, before nobody at all.
        let city = Seat::of(place.at(AreaLevel::City));
        (self.staffed)(&city).then_some(Routed { seat: city, why })
    }

    /// The host of a category at a level, by the responsibility list.
    #[must_use]
    pub fn host(&self, place: &AreaCode, category: Option<&str>, level: AreaLevel) -> (Seat, Option<Why>) {
        let plain = Seat::of(place.at(level));
        let ruled = self
            .amended
            .iter()
            .find(|line| line.area.contains(place) && Some(line.category.as_str()) == category && line.level == level);
        if let Some(line) = ruled {
            let why = Why::new("ruling", &[("basis", line.basis.clone())]);
            let seat = line.unit.as_deref().and_then(|code| self.unit_seat(place, code));
            return (seat.unwrap_or(plain), Some(why));
        }
        let Some(line) = self.book.responsible(category, level) else { return (plain, None) };
        let why = Why::new("responsibility", &[("basis", line.basis.clone())]);
        match &line.host {
            Host::Seat => (plain, Some(why)),
            Host::Unit(code) => (self.unit_seat(place, code).unwrap_or(plain), Some(why)),
        }
    }

    /// The seat of a unit for a place: in the area at the unit's own level.
    #[must_use]
    pub fn unit_seat(&self, place: &AreaCode, code: &str) -> Option<Seat> {
        let unit = self.book.unit(code)?;
        let area = place.at(unit.level);
        let has_it = area.level() == unit.level && unit.area.is_none_or(|only| only == area);
        has_it.then(|| Seat { area, unit: Some(code.to_owned()) })
    }

    fn unit_name(&self, seat: &Seat) -> String {
        seat.unit.as_deref().and_then(|code| self.book.unit(code)).map_or_else(String::new, |unit| unit.name.clone())
    }
}
