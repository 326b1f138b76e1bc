//! What a case counts for: one row for each thing that figures are made of, with the slots that it is above, below or beside the
//! line of. Pure.

use std::collections::BTreeMap;

use linli_access::scope::unit_key;
use linli_kernel::AreaCode;
use linli_playbook::{Indicator, IndicatorHit, IndicatorKind, IndicatorSubject, MergedRule};

use super::basis::{Basis, Slot};
use super::day::{Day, Grain};
use super::fold::{Ending, Facts, Mark, Run};
use super::tally::{Tallies, Tally, bucket_of};

/// One thing that a case counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What it is: `report`, `clock.handle`, `clock.arrive.whistle`.
    pub subject: String,
    /// The number of the event that made it.
    pub n: i64,
    /// The area that the case counts for.
    pub area: AreaCode,
    /// The day; [`Day::NOW`] for what stands so now.
    pub day: Day,
    /// The key of the unit that had the case, if one had.
    pub unit: Option<String>,
    /// The slots of which it is above the line.
    pub met: i64,
    /// The slots of which it is below the line only.
    pub missed: i64,
    /// The slots that would count it, were the case not excluded.
    pub left_out: i64,
    /// How long it took.
    pub value_ms: Option<i64>,
}

/// The bit of a slot. A playbook has at most 60.
#[must_use]
pub fn bit(slot: u8) -> i64 {
    1_i64.checked_shl(u32::from(slot)).unwrap_or(0)
}

/// One of what a figure counts.
struct One<'a> {
    mark: &'a Mark,
    day: Day,
    value_ms: Option<i64>,
    what: What<'a>,
}

enum What<'a> {
    Report,
    Event(&'a str),
    Closing,
    Clock(&'a Run),
    Dispatch { sent_back: bool },
    SendBack { overruled: bool },
    Settlement { reopened: bool },
    Ending(&'a Ending),
    Rating { solved: Option<bool>, satisfied: Option<bool> },
    FollowUp { reached: bool },
    Open,
    Suspended,
}

/// Everything that a case counts for, in order.
#[must_use]
pub fn count(facts: &Facts, basis: &Basis) -> Vec<Counted> {
    let Some(area) = facts.area else { return Vec::new() };
    let mut rows: BTreeMap<(&str, i64), Counted> = BTreeMap::new();
    let ones = ones(facts);
    for (n, slot) in basis.slots().filter(|(_, slot)| fits_case(facts, slot)) {
        let (indicator, subject) = (&slot.indicator, slot.subject.as_str());
        for one in ones.iter().filter(|one| fits(one, indicator)) {
            let Some(is_hit) = outcome(one, facts, indicator) else { continue };
            let row = rows.entry((subject, one.mark.n)).or_insert_with(|| one.row(subject, area));
            if facts.excluded.as_ref().is_some_and(|ground| indicator.leaves_out(ground)) {
                row.left_out |= bit(n);
            } else if is_hit {
                row.met |= bit(n);
            } else {
                row.missed |= bit(n);
            }
        }
    }
    rows.into_values().collect()
}

impl One<'_> {
    fn row(&self, subject: &str, area: AreaCode) -> Counted {
        let unit = self.mark.seat.as_ref().and_then(|seat| Some(unit_key(&seat.area, seat.unit.as_deref()?)));
        Counted {
            subject: subject.to_owned(),
            n: self.mark.n,
            area,
            day: self.day,
            unit,
            met: 0,
            missed: 0,
            left_out: 0,
            value_ms: self.value_ms,
        }
    }
}

fn ones(facts: &Facts) -> Vec<One<'_>> {
    fn one<'a>(mark: &'a Mark, what: What<'a>) -> One<'a> {
        One { mark, day: Day::of(mark.at), value_ms: None, what }
    }
    let mut ones = Vec::new();
    ones.extend(facts.report.iter().map(|mark| one(mark, What::Report)));
    ones.extend(facts.closing.iter().map(|mark| one(mark, What::Closing)));
    ones.extend(facts.events.iter().map(|(name, mark)| one(mark, What::Event(name))));
    ones.extend(facts.runs.iter().map(|run| One { value_ms: run.took_ms, ..one(&run.mark, What::Clock(run)) }));
    ones.extend(facts.dispatches.iter().map(|given| one(&given.mark, What::Dispatch { sent_back: given.sent_back })));
    ones.extend(facts.send_backs.iter().map(|back| one(&back.mark, What::SendBack { overruled: back.overruled })));
    ones.extend(facts.settlements.iter().map(|settled| One {
        value_ms: Some(settled.took_ms),
        ..one(&settled.mark, What::Settlement { reopened: settled.reopened })
    }));
    ones.extend(
        facts
            .ending
            .iter()
            .map(|ending| One { value_ms: Some(ending.took_ms), ..one(&ending.mark, What::Ending(ending)) }),
    );
    ones.extend(
        facts
            .ratings
            .iter()
            .map(|said| one(&said.mark, What::Rating { solved: said.solved, satisfied: said.satisfied })),
    );
    ones.extend(facts.follow_ups.iter().map(|tried| one(&tried.mark, What::FollowUp { reached: tried.reached })));
    let now = |mark, what| One { day: Day::NOW, ..one(mark, what) };
    match (&facts.open, &facts.suspended) {
        (Some(_), Some(mark)) => ones.push(now(mark, What::Suspended)),
        (Some(mark), None) => ones.push(now(mark, What::Open)),
        (None, _) => {}
    }
    ones
}

fn fits_case(facts: &Facts, slot: &Slot) -> bool {
    let only = &slot.indicator.only;
    let is_merged_away = slot.indicator.merged == MergedRule::Once && facts.follows;
    let is_category = || facts.category.as_ref().is_some_and(|category| slot.categories.contains(category));
    (only.kinds.is_empty() || only.kinds.contains(&facts.kind))
        && (only.weights.is_empty() || only.weights.contains(&facts.weight))
        && (only.channels.is_empty() || facts.channel.is_some_and(|channel| only.channels.contains(&channel)))
        && (slot.categories.is_empty() || is_category())
        && !is_merged_away
}

fn fits(one: &One<'_>, indicator: &Indicator) -> bool {
    let is_subject = match &one.what {
        What::Report => indicator.of == IndicatorSubject::Report,
        What::Event(name) => {
            indicator.of == IndicatorSubject::Event && indicator.events.iter().any(|known| known == name)
        }
        What::Closing => indicator.of == IndicatorSubject::Closing,
        What::Clock(run) => {
            let task = run.task.as_ref().map(|(_, kind)| *kind);
            indicator.of == IndicatorSubject::Clock && indicator.clock == Some(run.clock) && indicator.task == task
        }
        What::Dispatch { .. } => indicator.of == IndicatorSubject::Dispatch,
        What::SendBack { .. } => indicator.of == IndicatorSubject::SendBack,
        What::Settlement { .. } => indicator.of == IndicatorSubject::Settlement,
        What::Ending(_) => indicator.of == IndicatorSubject::Ending,
        What::Rating { .. } => indicator.of == IndicatorSubject::Rating,
        What::FollowUp { .. } => indicator.of == IndicatorSubject::FollowUp,
        What::Open => indicator.of == IndicatorSubject::Open,
        What::Suspended => indicator.of == IndicatorSubject::Suspended,
    };
    let levels = &indicator.only.levels;
    let is_level = || one.mark.seat.as_ref().is_some_and(|seat| levels.contains(&seat.level()));
    is_subject && (levels.is_empty() || is_level())
}

/// Whether it is a hit; `None` where it does not count at all.
fn outcome(one: &One<'_>, facts: &Facts, indicator: &Indicator) -> Option<bool> {
    match indicator.kind {
        IndicatorKind::Count | IndicatorKind::Stock => return Some(true),
        IndicatorKind::Duration => return one.value_ms.map(|_| true),
        IndicatorKind::Share => {}
    }
    match (indicator.hit?, &one.what) {
        (IndicatorHit::Whistled, What::Report) => Some(facts.whistled),
        (IndicatorHit::InTime, What::Clock(run)) => Some(!run.late),
        (IndicatorHit::SentBack, What::Dispatch { sent_back }) => Some(*sent_back),
        (IndicatorHit::Overruled, What::SendBack { overruled }) => Some(*overruled),
        (IndicatorHit::Reopened, What::Settlement { reopened }) => Some(*reopened),
        (IndicatorHit::Within, What::Ending(ending)) => within(ending, indicator),
        (IndicatorHit::Solved, What::Rating { solved, .. }) => *solved,
        (IndicatorHit::Satisfied, What::Rating { satisfied, .. }) => *satisfied,
        (IndicatorHit::Reached, What::FollowUp { reached }) => Some(*reached),
        _ => None,
    }
}

/// Settled at the level or below; closed for a ground that counts as having left; else it says nothing of levels.
fn within(ending: &Ending, indicator: &Indicator) -> Option<bool> {
    let level = indicator.level?;
    match &ending.closed_for {
        None => ending.mark.seat.as_ref().map(|seat| seat.level() >= level),
        Some(ground) => indicator.outside.contains(ground).then_some(false),
    }
}

/// Where a row of figures stands: scope, grain, day.
pub type Place = (String, Grain, Day);

/// Sums by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(pub BTreeMap<Place, Tallies>);

/// What changed, where it happened: not yet for every area above.
#[derive(Clone, Debug, Default)]
pub struct Changed(BTreeMap<(AreaCode, Option<String>, Day), Tallies>);

impl Changed {
    /// Adds what a case counts for (`sign` 1), or takes it back (`sign` -1).
    pub fn take(&mut self, counted: &Counted, sign: i64, basis: &Basis) {
        let place = (counted.area, counted.unit.clone(), counted.day);
        self.0.entry(place).or_default().add(&tallies_of(counted, sign, basis));
    }

    /// For every area above and the unit, by day and by month; only what comes to something.
    #[must_use]
    pub fn spread(self) -> Sums {
        let mut sums: BTreeMap<Place, Tallies> = BTreeMap::new();
        for ((area, unit, day), tallies) in self.0.into_iter().filter(|(_, tallies)| !tallies.0.is_empty()) {
            let grains = if day == Day::NOW {
                vec![(Grain::Now, Day::NOW)]
            } else {
                vec![(Grain::Day, day), (Grain::Month, day.month())]
            };
            let scopes = area.lineage().iter().map(ToString::to_string).chain(unit).collect::<Vec<_>>();
            for (grain, day) in grains {
                for scope in &scopes {
                    sums.entry((scope.clone(), grain, day)).or_default().add(&tallies);
                }
            }
        }
        sums.retain(|_, tallies| !tallies.0.is_empty());
        Sums(sums)
    }
}

fn tallies_of(counted: &Counted, sign: i64, basis: &Basis) -> Tallies {
    let mut tallies = Tallies::default();
    for (n, slot) in basis.slots() {
        let of = |mask: i64| if mask & bit(n) == 0 { 0 } else { sign };
        let (met, missed, left_out) = (of(counted.met), of(counted.missed), of(counted.left_out));
        let bucket = counted.value_ms.filter(|_| met != 0 && slot.indicator.kind == IndicatorKind::Duration);
        let tally = Tally {
            num: met,
            den: met + missed,
            left_out,
            buckets: bucket.map(|ms| (bucket_of(ms), met)).into_iter().collect(),
        };
        if !tally.is_nothing() {
            tallies.0.insert(n, tally);
        }
    }
    tallies
}

/// What changed between two counts of a case.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// No longer there.
    pub gone: Vec<Counted>,
    /// New, or otherwise than before.
    pub put: Vec<Counted>,
}

/// Compares what a case counted for with what it counts for; adds the difference to `changed`.
#[must_use]
pub fn difference(before: Vec<Counted>, after: Vec<Counted>, basis: &Basis, changed: &mut Changed) -> Changes {
    let key = |counted: &Counted| (counted.subject.clone(), counted.n);
    let mut known: BTreeMap<(String, i64), Counted> =
        before.into_iter().map(|counted| (key(&counted), counted)).collect();
    let mut changes = Changes::default();
    for counted in after {
        let old = known.remove(&key(&counted));
        if old.as_ref() == Some(&counted) {
            continue;
        }
        if let Some(old) = &old {
            changed.take(old, -1, basis);
        }
        changed.take(&counted, 1, basis);
        changes.put.push(counted);
    }
    for gone in known.into_values() {
        changed.take(&gone, -1, basis);
        changes.gone.push(gone);
    }
    changes
}
