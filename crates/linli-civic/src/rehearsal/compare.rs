//! What differs between two replays of one case. Pure.

use std::collections::{BTreeMap, BTreeSet};

use linli_kernel::{Action, DeadlineKind, Phase, Problem, Timestamp};

use super::replay::{Point, Run};
use crate::cases::deadline::RuleText;
use crate::cases::model::Why;
use crate::cases::{Case, Deadline, Seat};

/// One thing that the draft would change.
#[derive(Clone, Debug)]
pub enum Difference {
    /// Somebody else would have had it first.
    FirstSeat {
        /// Who had it.
        was: Seat,
        /// Who would have.
        would: Seat,
        /// Why they.
        why: Vec<Why>,
    },
    /// Somebody else would have had it later.
    LaterSeat {
        /// When the ways part.
        at: Timestamp,
        /// Who had it; `None` when it went no further.
        was: Option<Seat>,
        /// Who would have.
        would: Option<Seat>,
        /// Why they.
        why: Vec<Why>,
    },
    /// Another day would have been promised.
    Promise {
        /// When it was promised.
        at: Timestamp,
        /// The day.
        was: Option<Timestamp>,
        /// The other day.
        would: Option<Timestamp>,
        /// The rules of both.
        rules: (Option<RuleText>, Option<RuleText>),
    },
    /// A step would have had more or less time.
    Clock {
        /// Which.
        kind: DeadlineKind,
        /// When it was due first.
        was: Timestamp,
        /// When it would have been.
        would: Timestamp,
        /// The rules of both.
        rules: (RuleText, RuleText),
    },
    /// Clocks would have run out more or less often.
    RanOut {
        /// Which.
        kind: DeadlineKind,
        /// How often.
        was: usize,
        /// How often then.
        would: usize,
    },
    /// What was done would not have been allowed; nothing after it is compared.
    Refused {
        /// When.
        at: Timestamp,
        /// What; `None` for work beside the seat.
        verb: Option<Action>,
        /// Where it would have stood then.
        stage: String,
        /// Why not.
        problem: Problem,
    },
    /// It would stand elsewhere today.
    End {
        /// Where it stands.
        was: (String, Phase),
        /// Where it would.
        would: (String, Phase),
    },
}

impl Difference {
    /// The word by which it is counted.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::FirstSeat { .. } => "first_seat",
            Self::LaterSeat { .. } => "later_seat",
            Self::Promise { .. } => "promise",
            Self::Clock { .. } => "clock",
            Self::RanOut { .. } => "ran_out",
            Self::Refused { .. } => "refused",
            Self::End { .. } => "end",
        }
    }

    /// Every word.
    pub const WORDS: [&'static str; 7] = ["first_seat", "later_seat", "promise", "clock", "ran_out", "refused", "end"];
}

/// Everything that differs, in the order of a case.
pub(super) fn differences(was: &Run, would: &Run) -> Vec<Difference> {
    let mut found = Vec::new();
    // As far as both were told.
    let last = would.stopped.as_ref().map_or(usize::MAX, |stop| stop.step.saturating_sub(1));
    let before: Vec<&Point> = was.trail.iter().filter(|point| point.step <= last).collect();
    let after: Vec<&Point> = would.trail.iter().collect();
    seats(&before, &after, &mut found);
    found.extend(promise(&before, &after, was.case.as_ref(), would.case.as_ref()));
    if let (Some(was), Some(would)) = (&was.case, &would.case) {
        clocks(was, would, &mut found);
    }
    ran_out(was, would, last, &mut found);
    // What the draft does not allow; where the first replay came no further either, nothing can be said.
    let stopped = would.stopped.as_ref().filter(|stop| was.stopped.as_ref().is_none_or(|old| old.step > stop.step));
    match stopped {
        Some(stop) => found.push(Difference::Refused {
            at: stop.at,
            verb: stop.verb,
            stage: stop.stage.clone(),
            problem: stop.problem.clone(),
        }),
        None => found.extend(end(was, would)),
    }
    found
}

/// Who had it one after another, each once.
fn ways<'a>(trail: &[&'a Point]) -> Vec<&'a Point> {
    let mut way: Vec<&Point> = Vec::new();
    for point in trail {
        if way.last().is_none_or(|last| last.seat != point.seat) {
            way.push(point);
        }
    }
    way
}

fn seats(before: &[&Point], after: &[&Point], found: &mut Vec<Difference>) {
    let (before, after) = (ways(before), ways(after));
    if let (Some(was), Some(would)) = (before.first(), after.first())
        && was.seat != would.seat
    {
        let (was, why) = (was.seat.clone(), would.why.clone());
        found.push(Difference::FirstSeat { was, would: would.seat.clone(), why });
    }
    let (before, after) = (before.get(1..).unwrap_or_default(), after.get(1..).unwrap_or_default());
    for nth in 0..before.len().max(after.len()) {
        let (was, would) = (before.get(nth), after.get(nth));
        if was.map(|point| &point.seat) == would.map(|point| &point.seat) {
            continue;
        }
        let at = would.or(was).map_or(Timestamp::from_ms(0), |point| point.at);
        found.push(Difference::LaterSeat {
            at,
            was: was.map(|point| point.seat.clone()),
            would: would.map(|point| point.seat.clone()),
            why: would.map(|point| point.why.clone()).unwrap_or_default(),
        });
        return;
    }
}

/// The first promise that differs: after the report, or after what moved it.
fn promise(before: &[&Point], after: &[&Point], was: Option<&Case>, would: Option<&Case>) -> Option<Difference> {
    let at_step =
        |trail: &[&Point], step: usize| trail.iter().rfind(|point| point.step <= step).and_then(|point| point.promise);
    let steps: BTreeSet<usize> = before.iter().chain(after).map(|point| point.step).collect();
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let parts = |step: &usize| at_step(before, *step) != at_step(after, *step);
    let step = steps.into_iter().find(parts)?;
    let (old, new) = (at_step(before, step), at_step(after, step));
    let rule = |case: Option<&Case>, promise: Option<(Timestamp, Timestamp)>| {
        let (starts_at, _) = promise?;
        let of_it = |clock: &&Deadline| clock.kind == DeadlineKind::Reply && clock.starts_at == starts_at;
        case?.deadlines.iter().find(of_it).map(|clock| clock.rule.clone())
    };
    let at = after.iter().chain(before).find(|point| point.step == step)?.at;
    Some(Difference::Promise {
        at,
        was: old.map(|(_, due)| due),
        would: new.map(|(_, due)| due),
        rules: (rule(was, old), rule(would, new)),
    })
}

/// The first clock of each kind: how long was given.
fn clocks(was: &Case, would: &Case, found: &mut Vec<Difference>) {
    let first = |case: &Case, kind: DeadlineKind| {
        let own = case.deadlines.iter().filter(|clock| clock.task.is_none() && clock.kind == kind);
        own.min_by_key(|clock| (clock.starts_at, clock.due_at)).cloned()
    };
    let told_apart = [DeadlineKind::Reply, DeadlineKind::Review];
    for kind in DeadlineKind::ALL.iter().filter(|kind| !told_apart.contains(kind)) {
        let (Some(was), Some(would)) = (first(was, *kind), first(would, *kind)) else { continue };
        if was.rule.amount != would.rule.amount {
            found.push(Difference::Clock {
                kind: *kind,
                was: was.due_at,
                would: would.due_at,
                rules: (was.rule, would.rule),
            });
        }
    }
}

fn ran_out(was: &Run, would: &Run, last: usize, found: &mut Vec<Difference>) {
    let count = |run: &Run| {
        let mut counts = BTreeMap::<DeadlineKind, usize>::new();
        for breach in run.breaches.iter().filter(|breach| breach.step <= last && !breach.is_of_a_task) {
            *counts.entry(breach.kind).or_default() += 1;
        }
        counts
    };
    let (was, would) = (count(was), count(would));
    for kind in DeadlineKind::ALL {
        let of = |counts: &BTreeMap<DeadlineKind, usize>| counts.get(kind).copied().unwrap_or(0);
        if of(&was) != of(&would) {
            found.push(Difference::RanOut { kind: *kind, was: of(&was), would: of(&would) });
        }
    }
}

fn end(was: &Run, would: &Run) -> Option<Difference> {
    let stands = |run: &Run| run.case.as_ref().map(|case| (case.stage.clone(), case.phase));
    let (was, would) = (stands(was)?, stands(would)?);
    (was != would).then_some(Difference::End { was, would })
}
