//! A board put together: figures of a period, of the days before, of the year before, of like areas; and their courses.

use std::collections::{BTreeMap, HashMap};

use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, Timestamp};
use linli_playbook::{HealthyBand, Indicator, IndicatorGood, IndicatorKind, Playbook};

use super::basis::Basis;
use super::day::{Day, Period, Step};
use super::like::{self, MiddleHalf};
use super::load::{self, Load};
use super::scope::BoardOf;
use super::store::{self, Lag};
use super::tally::{Tallies, number};
use super::view::{
    BoardBand, BoardChange, BoardItem, BoardLag, BoardPlace, BoardPoint, BoardScope, BoardUnit, BoardValue, BoardView,
    LikeAreas,
};
use crate::areas::tree::AreaTree;

/// What a board is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Whose.
    pub of: BoardOf,
    /// From when to when.
    pub period: Period,
}

/// Everything that is read for a board.
pub struct Read {
    lag: Lag,
    now: Tallies,
    before: Option<Tallies>,
    year_ago: Option<Tallies>,
    standing: Tallies,
    load: Load,
    course: Vec<(Day, Tallies)>,
    likes: Likes,
}

/// Figures of like areas.
#[derive(Default)]
struct Likes {
    areas: Vec<AreaCode>,
    now: HashMap<String, Tallies>,
    standing: HashMap<String, Tallies>,
    workers: HashMap<String, i64>,
}

impl Read {
    /// Reads a board.
    ///
    /// # Errors
    /// The database's.
    pub fn load(conn: &mut Conn, wish: &Wish, basis: &Basis, areas: &AreaTree) -> Result<Self, StoreError> {
        let own = [wish.of.key()];
        let one = |mut sums: HashMap<String, Tallies>| sums.remove(&own[0]);
        let now = one(store::sums(conn, &own, &wish.period)?).unwrap_or_default();
        let before = one(store::sums(conn, &own, &wish.period.before())?);
        let year_ago = one(store::sums(conn, &own, &wish.period.year_before())?);
        let standing = one(store::now(conn, &own)?).unwrap_or_default();
        let step = wish.period.step();
        let rows = (step.grain(), step.grain_start(wish.period.from), wish.period.to);
        let load_slot = basis.slots().find(|(_, slot)| slot.indicator.per.is_some()).map(|(n, _)| n);
        let load = match (load_slot, &wish.of.unit) {
            (Some(slot), None) => load::of_area(conn, &wish.of.area, slot)?,
            (None, _) | (_, Some(_)) => Load::default(),
        };
        Ok(Self {
            lag: store::lag(conn)?,
            now,
            before,
            year_ago,
            standing,
            load,
            course: store::course(conn, &own[0], rows)?,
            likes: Likes::read(conn, wish, areas)?,
        })
    }
}

impl Likes {
    fn read(conn: &mut Conn, wish: &Wish, areas: &AreaTree) -> Result<Self, StoreError> {
        if wish.of.unit.is_some() {
            return Ok(Self::default());
        }
        let found = like::others(areas, &wish.of.area);
        let keys: Vec<String> = found.iter().map(ToString::to_string).collect();
        if keys.is_empty() {
            return Ok(Self::default());
        }
        let now = store::sums(conn, &keys, &wish.period)?;
        let standing = store::now(conn, &keys)?;
        let workers = load::workers_of(conn, &keys, &standing)?;
        Ok(Self { areas: found, now, standing, workers })
    }

    /// The values of a figure at all of them that have one.
    fn values(&self, slot: u8, indicator: &Indicator) -> Vec<f64> {
        let is_stock = indicator.kind == IndicatorKind::Stock;
        let tallies = if is_stock { &self.standing } else { &self.now };
        let value = |area: &AreaCode| {
            let key = area.to_string();
            let tally = tallies.get(&key).map(|tallies| tallies.of(slot)).unwrap_or_default();
            BoardValue::of(indicator, &tally, self.workers.get(&key).copied().or(Some(0))).value
        };
        self.areas.iter().filter_map(value).collect()
    }
}

/// Names things.
pub struct Names<'a> {
    /// The areas.
    pub areas: &'a AreaTree,
    /// The playbook of new cases.
    pub book: &'a Playbook,
}

impl Names<'_> {
    /// An area or a unit of one.
    #[must_use]
    pub fn scope(&self, of: &BoardOf) -> BoardScope {
        let unit = of.unit.as_deref().map(|code| self.unit(&of.area, code));
        BoardScope { area: self.areas.reference(&of.area), unit }
    }

    /// A unit of an area.
    #[must_use]
    pub fn unit(&self, area: &AreaCode, code: &str) -> BoardUnit {
        let name = self.book.unit(code).map_or_else(|| code.to_owned(), |unit| unit.name.clone());
        BoardUnit { key: linli_access::scope::unit_key(area, code), code: code.to_owned(), name }
    }
}

/// Puts a board together.
#[must_use]
pub fn board(wish: &Wish, read: &Read, basis: &Basis, names: &Names<'_>, now: Timestamp) -> BoardView {
    let before = wish.period.before();
    let likes = u32::try_from(read.likes.areas.len()).unwrap_or(u32::MAX);
    let like = like::within(&wish.of.area).filter(|_| wish.of.unit.is_none()).map(|within| LikeAreas {
        level: wish.of.area.level(),
        within: names.areas.reference(&within),
        n: likes,
    });
    BoardView {
        scope: names.scope(&wish.of),
        from: wish.period.from,
        to: wish.period.to,
        before_from: before.from,
        before_to: before.to,
        step: wish.period.step(),
        like,
        lag: BoardLag::of(read.lag, now),
        items: basis.slots().map(|(n, slot)| item(wish, read, n, &slot.indicator)).collect(),
    }
}

fn item(wish: &Wish, read: &Read, slot: u8, indicator: &Indicator) -> BoardItem {
    let is_stock = indicator.kind == IndicatorKind::Stock;
    let workers = Some(read.load.n_workers);
    let value = |tallies: &Tallies| BoardValue::of(indicator, &tallies.of(slot), workers);
    let past = |tallies: &Option<Tallies>| tallies.as_ref().filter(|_| !is_stock).map(value);
    let now = value(if is_stock { &read.standing } else { &read.now });
    let before = past(&read.before);
    let change = before.as_ref().and_then(|before| change(indicator, &now, before));
    let like = like::middle_half(read.likes.values(slot, indicator)).map(|half| band(half, now.value));
    BoardItem {
        id: indicator.id.clone(),
        name: indicator.name.clone(),
        group: indicator.group.clone(),
        kind: indicator.kind,
        unit: indicator.unit.clone(),
        good: indicator.good,
        before,
        year_ago: past(&read.year_ago),
        change,
        like,
        healthy: indicator.healthy.zip(now.value).map(|(band, value)| healthy(band, value)),
        largest: read.load.largest.filter(|_| indicator.per.is_some()),
        course: if is_stock { Vec::new() } else { course(wish.period, &read.course, slot, indicator) },
        now,
    }
}

/// Less than this is as before: of a share in parts of one, of all others in parts of what was.
const TOO_LITTLE: f64 = 0.01;

fn change(indicator: &Indicator, now: &BoardValue, before: &BoardValue) -> Option<BoardChange> {
    let (now, before) = (now.value?, before.value?);
    let least = if indicator.kind == IndicatorKind::Share { TOO_LITTLE } else { before.abs() * TOO_LITTLE };
    let up = now - before;
    let better = match indicator.good {
        IndicatorGood::Up => up > 0.0,
        IndicatorGood::Down => up < 0.0,
        IndicatorGood::Neither => return None,
    };
    Some(if up.abs() <= least {
        BoardChange::Same
    } else if better {
        BoardChange::Better
    } else {
        BoardChange::Worse
    })
}

fn place(value: f64, from: f64, to: f64) -> BoardPlace {
    if value < from {
        BoardPlace::Below
    } else if value > to {
        BoardPlace::Above
    } else {
        BoardPlace::Inside
    }
}

fn band(half: MiddleHalf, own: Option<f64>) -> BoardBand {
    let MiddleHalf { n, p25, median, p75 } = half;
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    BoardBand { n, p25, median, p75, place: own.map(|value| place(value, p25, p75)) }
}

fn healthy(band: HealthyBand, value: f64) -> BoardPlace {
    place(value * 100.0, number(i64::from(band.from)), number(i64::from(band.to)))
}

/// A point for each step of the period, those of which nothing is known too.
fn course(period: Period, rows: &[(Day, Tallies)], slot: u8, indicator: &Indicator) -> Vec<BoardPoint> {
    let step = period.step();
    let mut sums: BTreeMap<Day, Tallies> = BTreeMap::new();
    for (day, tallies) in rows {
        sums.entry(step.point(*day)).or_default().add(tallies);
    }
    let mut points = Vec::new();
    let mut at = step.point(period.from);
    while at <= period.to {
        let tally = sums.get(&at).map(|tallies| tallies.of(slot)).unwrap_or_default();
        let value = BoardValue::of(indicator, &tally, None);
        points.push(BoardPoint {
            day: first_day(step, at, period),
            value: value.value,
            num: value.num,
            den: value.den,
        });
        at = step.next(at);
    }
    points
}

/// A week that the period cuts begins with the period.
fn first_day(step: Step, at: Day, period: Period) -> Day {
    match step {
        Step::Day | Step::Week => at.max(period.from),
        Step::Month => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_below_inside_or_above() {
        let band = HealthyBand { from: 1, to: 15 };
        assert_eq!(healthy(band, 0.002), BoardPlace::Below);
        assert_eq!(healthy(band, 0.01), BoardPlace::Inside);
        assert_eq!(healthy(band, 0.15), BoardPlace::Inside);
        assert_eq!(healthy(band, 0.4), BoardPlace::Above);
    }
}
