//! What a rehearsal shows: codes and days for programs, sentences for people. Nothing that anybody wrote, no name.

use std::collections::BTreeMap;

use linli_kernel::{Amount, CaseId, Timestamp};
use linli_playbook::Playbook;
use serde::Serialize;

use super::compare::Difference;
use super::{Rehearsed, Stage};
use crate::areas::tree::{AreaRef, AreaTree};
use crate::cases::Seat;
use crate::cases::deadline::RuleText;
use crate::cases::model::Why;
use crate::cases::words::Words;
use crate::say::Lang;

const ZONE_MS: i64 = 8 * 3_600_000;

/// What came of a rehearsal.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = DraftRehearsal)]
pub struct Rehearsal {
    /// The draft's id.
    pub draft: String,
    /// Its version.
    pub version: String,
    /// How many cases were replayed.
    pub n_cases: usize,
    /// How many would be different.
    pub n_moved: usize,
    /// How many could not be told in every step as they were; their comparison may end early.
    pub n_unlike: usize,
    /// How many by what would be different; a case may count under several.
    pub by_what: BTreeMap<String, usize>,
    /// The cases that would be different.
    pub moved: Vec<MovedCase>,
}

/// A case that would be different.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MovedCase {
    /// Its id, for those who may see it.
    pub id: Option<CaseId>,
    /// The number for paper.
    pub paper_no: String,
    /// When it was said.
    pub reported_at: Timestamp,
    /// The category's code.
    pub category: Option<String>,
    /// In words.
    pub category_name: Option<String>,
    /// Where it is.
    pub area: AreaRef,
    /// The version that it began under.
    pub version: String,
    /// Whether it could be told in every step as it was.
    pub is_faithful: bool,
    /// What would be different.
    pub changes: Vec<ChangeView>,
}

/// One thing that would be different.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ChangeView {
    /// `first_seat`, `later_seat`, `promise`, `clock`, `ran_out`, `refused` or `end`.
    pub what: &'static str,
    /// In words.
    pub name: String,
    /// When the ways part.
    pub at: Option<Timestamp>,
    /// As it was: a seat's key, a moment, a count, a stage.
    pub was: Option<String>,
    /// As it would be.
    pub would: Option<String>,
    /// As it was, in words.
    pub was_text: String,
    /// As it would be, in words.
    pub would_text: String,
    /// Why, in words.
    pub why: Vec<String>,
}

/// Who reads it.
pub struct Reading<'a> {
    /// The areas.
    pub areas: &'a AreaTree,
    /// The reader's language.
    pub lang: Lang,
}

impl Rehearsal {
    /// An empty one.
    #[must_use]
    pub fn of(stage: &Stage) -> Self {
        Self { draft: stage.draft.id.clone(), version: stage.draft.version.clone(), ..Self::default() }
    }

    /// Counts cases in, and keeps those that would be different.
    pub fn add(&mut self, stage: &Stage, rehearsed: &[Rehearsed], reading: &Reading<'_>) {
        for one in rehearsed {
            self.n_cases += 1;
            self.n_unlike += usize::from(one.unlike.is_some());
            if one.differences.is_empty() {
                continue;
            }
            self.n_moved += 1;
            let moved = reading.case(one, &stage.draft);
            let mut words: Vec<&str> = moved.changes.iter().map(|change| change.what).collect();
            words.dedup();
            for word in words {
                *self.by_what.entry(word.to_owned()).or_default() += 1;
            }
            self.moved.push(moved);
        }
    }
}

impl Reading<'_> {
    fn case(&self, one: &Rehearsed, draft: &Playbook) -> MovedCase {
        let category = one.past.reported.category.clone();
        MovedCase {
            id: Some(one.past.id),
            paper_no: one.past.paper_no.clone(),
            reported_at: one.past.reported.at,
            category_name: category.as_deref().and_then(|code| one.book.category_path(code)),
            category,
            area: self.areas.reference(&one.past.area),
            version: one.book.version.clone(),
            is_faithful: one.unlike.is_none(),
            changes: one.differences.iter().map(|difference| self.change(difference, &one.book, draft)).collect(),
        }
    }

    fn change(&self, difference: &Difference, old: &Playbook, draft: &Playbook) -> ChangeView {
        let what = difference.word();
        let of = |name: String, at, was: Side, would: Side, why| ChangeView {
            what,
            name,
            at,
            was: was.0,
            would: would.0,
            was_text: was.1,
            would_text: would.1,
            why,
        };
        let name = || self.lang.word("rehearsal", what);
        match difference {
            Difference::FirstSeat { was, would, why } => {
                of(name(), None, self.seat(Some(was), old), self.seat(Some(would), draft), self.why(why))
            }
            Difference::LaterSeat { at, was, would, why } => {
                let (was, would) = (self.seat(was.as_ref(), old), self.seat(would.as_ref(), draft));
                of(name(), Some(*at), was, would, self.why(why))
            }
            Difference::Promise { at, was, would, rules } => {
                let why = self.rules(rules.0.as_ref(), rules.1.as_ref());
                of(name(), Some(*at), self.moment(*was), self.moment(*would), why)
            }
            Difference::Clock { kind, was, would, rules } => {
                let name =
                    self.lang.say("rehearsal.clock", &[("deadline", &self.lang.word("deadline", kind.as_str()))]);
                let why = self.rules(Some(&rules.0), Some(&rules.1));
                of(name, None, self.moment(Some(*was)), self.moment(Some(*would)), why)
            }
            Difference::RanOut { kind, was, would } => {
                let name =
                    self.lang.say("rehearsal.ran_out", &[("deadline", &self.lang.word("deadline", kind.as_str()))]);
                of(name, None, self.times(*was), self.times(*would), Vec::new())
            }
            Difference::Refused { at, verb, stage, problem } => {
                let done = verb.map_or_else(
                    || self.lang.word("rehearsal", "task"),
                    |verb| self.lang.word("event_short", verb.event()),
                );
                let place = stage_name(draft, stage);
                let fields = problem
                    .errors
                    .iter()
                    .map(|field| format!("{}：{}", field.field, self.lang.word("field_problem", &field.code)));
                let why = self.lang.say("rehearsal.refused_why", &[("action", &done), ("stage", &place)]);
                let would = Side(Some(problem.code.as_str().to_owned()), self.lang.word("rehearsal", "not_allowed"));
                let was = Side(verb.map(|verb| verb.to_string()), done);
                of(name(), Some(*at), was, would, std::iter::once(why).chain(fields).collect())
            }
            Difference::End { was, would } => {
                let side = |stage: &(String, linli_kernel::Phase), book: &Playbook| {
                    Side(Some(stage.0.clone()), stage_name(book, &stage.0))
                };
                of(name(), None, side(was, old), side(would, draft), Vec::new())
            }
        }
    }

    const fn words(&self) -> Words<'_> {
        Words { areas: self.areas, lang: self.lang }
    }

    fn seat(&self, seat: Option<&Seat>, book: &Playbook) -> Side {
        match seat {
            Some(seat) => Side(Some(seat.key()), self.words().seat_name(book, seat)),
            None => Side(None, self.lang.word("rehearsal", "stays")),
        }
    }

    fn moment(&self, at: Option<Timestamp>) -> Side {
        let said = at.map_or_else(|| self.lang.word("rehearsal", "none"), stamp);
        Side(at.map(|at| at.to_string()), said)
    }

    fn times(&self, n: usize) -> Side {
        Side(Some(n.to_string()), self.lang.say("rehearsal.times", &[("n", &n.to_string())]))
    }

    fn why(&self, why: &[Why]) -> Vec<String> {
        why.iter().map(|why| self.words().why(why)).collect()
    }

    /// Both rules, where they differ.
    fn rules(&self, was: Option<&RuleText>, would: Option<&RuleText>) -> Vec<String> {
        let amount =
            |amount: Amount| self.lang.say(&format!("time_unit.{}", amount.unit), &[("n", &amount.n.to_string())]);
        let (Some(was), Some(would)) = (was, would) else { return Vec::new() };
        let basis = would.basis.clone().unwrap_or_default();
        let values = [("was", amount(was.amount)), ("would", amount(would.amount)), ("basis", basis)];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        vec![self.lang.say("rehearsal.rules", &values)]
    }
}

/// For programs, and in words.
struct Side(Option<String>, String);

/// A moment of Beijing time, alike in every language.
fn stamp(at: Timestamp) -> String {
    let at = at.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute())
}

fn stage_name(book: &Playbook, id: &str) -> String {
    let stages = book.flows.iter().flat_map(|flow| &flow.stages);
    stages.into_iter().find(|stage| stage.id == id).map_or_else(|| id.to_owned(), |stage| stage.name.clone())
}
