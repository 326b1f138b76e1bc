//! Whose figures somebody asks for, and whether they may.

use linli_access::{Act, Caller, Keys, scope, scope::unit_key};
use linli_kernel::{AreaCode, Problem, ProblemCode};

use super::store::Whose;
use crate::app::App;
use crate::http::Answer;

/// An area, or one of its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardOf {
    /// The area.
    pub area: AreaCode,
    /// The unit's code.
    pub unit: Option<String>,
}

impl BoardOf {
    /// The key of its figures.
    #[must_use]
    pub fn key(&self) -> String {
        self.unit.as_deref().map_or_else(|| self.area.to_string(), |unit| unit_key(&self.area, unit))
    }

    /// As cases are looked for.
    #[must_use]
    pub fn whose(&self) -> Whose {
        if self.unit.is_some() { Whose::Unit(self.key()) } else { Whose::Area(self.area) }
    }

    fn of_key(key: &str) -> Option<Self> {
        match key.split_once('/') {
            Some((area, unit)) => Some(Self { area: area.parse().ok()?, unit: Some(unit.to_owned()) }),
            None => Some(Self { area: key.parse().ok()?, unit: None }),
        }
    }
}

/// What is meant, if the caller may see its figures.
///
/// # Errors
/// `Invalid` when both an area and a unit are named, or the unit is no such key; `NotFound` when it is not there, or not theirs.
pub fn meant(app: &App, caller: &Caller, area: Option<AreaCode>, unit: Option<&str>) -> Answer<BoardOf> {
    let reach = scope(caller, Act::ViewBoard);
    let of = match (area, unit) {
        (Some(_), Some(_)) => return Err(Problem::field("unit", "area_or_unit").into()),
        (Some(area), None) => BoardOf { area, unit: None },
        (None, Some(key)) => {
            let of = BoardOf::of_key(key).filter(|of| of.unit.is_some());
            of.ok_or_else(|| Problem::field("unit", "unknown_unit"))?
        }
        (None, None) => {
            let own = reach.keys().filter_map(BoardOf::of_key);
            // The widest area; a unit where there is none.
            own.min_by_key(|of| (of.unit.is_some(), of.area.level())).ok_or(ProblemCode::NotFound)?
        }
    };
    let keys = Keys::of_area(&of.area).with_key(&of.key());
    let is_there = app.areas().get(&of.area).is_some();
    let is_unit = of.unit.as_deref().is_none_or(|code| app.playbooks.current().unit(code).is_some());
    if is_there && is_unit && reach.reaches(&keys).is_some() { Ok(of) } else { Err(ProblemCode::NotFound.into()) }
}
