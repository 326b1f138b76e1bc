//! What a case counts for: one row for each thing that figures are made of, with the slots that it is above, below or beside the
//! line of. Pure.

use std::collections::{BTreeMap, BTreeSet};

use linli_access::scope::unit_key;
use linli_kernel::AreaCode;
use linli_playbook::{Hit, Indicator, IndicatorKind, Merged, Subject};

use super::basis::Basis;
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

/// The subject of a figure, as rows name it.
#[must_use]
pub fn subject_of(indicator: &Indicator) -> String {
    let clock = indicator.clock.map(|clock| clock.as_str());
    let task = indicator.task.map(|task| task.as_str());
    [Some(indicator.of.as_str()), clock, task].into_iter().flatten().collect::<Vec<_>>().join(".")
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
    let mut rows: BTreeMap<(String, i64), Counted> = BTreeMap::new();
    let ones = ones(facts);
    for (slot, indicator, categories) in basis.slots().filter(|(_, indicator, _)| fits_case(facts, indicator)) {
        let category = facts.category.as_ref();
        if !categories.is_empty() && !category.is_some_and(|category| categories.contains(category)) {
            continue;
        }
        let subject = subject_of(indicator);
        for one in ones.iter().filter(|one| fits(one, indicator)) {
            let Some(is_hit) = outcome(one, facts, indicator) else { continue };
            let row = rows.entry((subject.clone(), one.mark.n)).or_insert_with(|| one.row(&subject, area));
            if facts.excluded.as_ref().is_some_and(|ground| indicator.leaves_out(ground)) {
                row.left_out |= bit(slot);
            } else if is_hit {
                row.met |= bit(slot);
            } else {
                row.missed |= bit(slot);
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

fn fits_case(facts: &Facts, indicator: &Indicator) -> bool {
    let only = &indicator.only;
    let is_merged_away = indicator.merged == Merged::Once && facts.follows;
    (only.kinds.is_empty() || only.kinds.contains(&facts.kind))
        && (only.weights.is_empty() || only.weights.contains(&facts.weight))
        && (only.channels.is_empty() || facts.channel.is_some_and(|channel| only.channels.contains(&channel)))
        && !is_merged_away
}

fn fits(one: &One<'_>, indicator: &Indicator) -> bool {
    let is_subject = match &one.what {
        What::Report => indicator.of == Subject::Report,
        What::Event(name) => indicator.of == Subject::Event && indicator.events.iter().any(|known| known == name),
        What::Closing => indicator.of == Subject::Closing,
        What::Clock(run) => {
            let task = run.task.as_ref().map(|(_, kind)| *kind);
            indicator.of == Subject::Clock && indicator.clock == Some(run.clock) && indicator.task == task
        }
        What::Dispatch { .. } => indicator.of == Subject::Dispatch,
        What::SendBack { .. } => indicator.of == Subject::SendBack,
        What::Settlement { .. } => indicator.of == Subject::Settlement,
        What::Ending(_) => indicator.of == Subject::Ending,
        What::Rating { .. } => indicator.of == Subject::Rating,
        What::FollowUp { .. } => indicator.of == Subject::FollowUp,
        What::Open => indicator.of == Subject::Open,
        What::Suspended => indicator.of == Subject::Suspended,
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
        (Hit::Whistled, What::Report) => Some(facts.whistled),
        (Hit::InTime, What::Clock(run)) => Some(!run.late),
        (Hit::SentBack, What::Dispatch { sent_back }) => Some(*sent_back),
        (Hit::Overruled, What::SendBack { overruled }) => Some(*overruled),
        (Hit::Reopened, What::Settlement { reopened }) => Some(*reopened),
        (Hit::Within, What::Ending(ending)) => within(ending, indicator),
        (Hit::Solved, What::Rating { solved, .. }) => *solved,
        (Hit::Satisfied, What::Rating { satisfied, .. }) => *satisfied,
        (Hit::Reached, What::FollowUp { reached }) => Some(*reached),
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
#[derive(Clone, Debug, Default)]
pub struct Sums(pub BTreeMap<Place, Tallies>);

impl Sums {
    /// Adds what a case counts for (`sign` 1), or takes it back (`sign` -1).
    pub fn take(&mut self, counted: &Counted, sign: i64, basis: &Basis) {
        let tallies = tallies_of(counted, sign, basis);
        let mut scopes: BTreeSet<String> = counted.area.lineage().iter().map(ToString::to_string).collect();
        scopes.extend(counted.unit.clone());
        let grains = if counted.day == Day::NOW {
            vec![(Grain::Now, Day::NOW)]
        } else {
            vec![(Grain::Day, counted.day), (Grain::Month, counted.day.month())]
        };
        for scope in scopes {
            for (grain, day) in &grains {
                self.0.entry((scope.clone(), *grain, *day)).or_default().add(&tallies);
            }
        }
    }

    /// Only those of which something is left.
    #[must_use]
    pub fn that_are_something(mut self) -> Self {
        self.0.retain(|_, tallies| !tallies.0.is_empty());
        self
    }
}

fn tallies_of(counted: &Counted, sign: i64, basis: &Basis) -> Tallies {
    let mut tallies = Tallies::default();
    for (slot, indicator, _) in basis.slots() {
        let of = |mask: i64| if mask & bit(slot) == 0 { 0 } else { sign };
        let (met, missed, left_out) = (of(counted.met), of(counted.missed), of(counted.left_out));
        let bucket = counted.value_ms.filter(|_| met != 0 && indicator.kind == IndicatorKind::Duration);
        let tally = Tally {
            num: met,
            den: met + missed,
            left_out,
            buckets: bucket.map(|ms| (bucket_of(ms), met)).into_iter().collect(),
        };
        if !tally.is_nothing() {
            tallies.0.insert(slot, tally);
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

/// Compares what a case counted for with what it counts for; adds the difference to `sums`.
#[must_use]
pub fn difference(before: Vec<Counted>, after: Vec<Counted>, basis: &Basis, sums: &mut Sums) -> Changes {
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
            sums.take(old, -1, basis);
        }
        sums.take(&counted, 1, basis);
        changes.put.push(counted);
    }
    for gone in known.into_values() {
        sums.take(&gone, -1, basis);
        changes.gone.push(gone);
    }
    changes
}
