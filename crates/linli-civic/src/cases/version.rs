//! 换版: a running case goes on by another version of the playbook, on purpose. Pure.
//!
//! - The stage stays where the other version has it; where it has none of that name (or one of another kind), somebody names one
//!   of the same phase: a move neither ends a case nor wakes one that waits.
//! - A promise to the resident is never worsened: its day stays, or the other version's earlier day counts. A promise that was
//!   moved since it began (a question, an extension, a suspension) stands as it was told.
//! - Every other clock that runs keeps its day; what follows when it runs out is what the other version says.

use linli_kernel::{
    Actor, Amount, Calendar, Change, DeadlineKind, DeadlineState, IdSource, Phase, Problem, ProblemCode, TimeUnit,
    Timestamp,
};
use linli_playbook::{OnBreach, Playbook, Stage};
use serde_json::json;

use super::act::World;
use super::deadline::Deadline;
use super::model::Case;

/// The event that tells of it.
pub const MOVED: &str = "moved_to_version";
/// What is left at least of a promise whose earlier day is over or nearly over.
const LEAST_LEFT: Amount = Amount { n: 1, unit: TimeUnit::WorkingHours };

/// A move that somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    /// The version that the case goes by now.
    pub from: &'a Playbook,
    /// The stage that it shall stand in, where its own is not there.
    pub stage: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
}

impl Move<'_> {
    /// What the move would make of a case; it asks nobody but the calendar.
    ///
    /// # Errors
    /// As [`Case::move_to_version`].
    pub fn decide(
        &self,
        case: Case,
        to: &Playbook,
        (calendar, ids, at): (&Calendar, &IdSource, Timestamp),
        actor: Actor,
    ) -> Result<Change<Case>, Problem> {
        let world = World { book: to, calendar, staffed: &|_| true, exists: &|_| true, amended: &[], ids, at };
        case.move_to_version(self, actor, &world)
    }
}

impl Case {
    /// Goes on by the playbook of `world`.
    ///
    /// # Errors
    /// `NotNow` for a case that is closed or goes by that version already; `Invalid` naming `reason`, `stage` (the other version
    /// has no such stage), or `playbook` (it does not know the kind, the category or the unit that answers).
    pub fn move_to_version(mut self, to: &Move<'_>, actor: Actor, world: &World<'_>) -> Result<Change<Self>, Problem> {
        let book = world.book;
        let there = (book.id.clone(), book.version.clone());
        if self.phase == Phase::Closed || self.playbook == there {
            return Err(ProblemCode::NotNow.into());
        }
        if to.reason.trim().is_empty() {
            return Err(Problem::field("reason", "required"));
        }
        self.is_known_to(book)?;
        let stage = self.stage_in(book, to.stage)?.id.clone();
        let before = (self.playbook.clone(), std::mem::replace(&mut self.stage, stage));
        self.playbook = there;
        self.move_clocks(to.from, world);
        self.keep_running(world);
        let payload = json!({
            "from": before.1, "to": self.stage, "seat": self.seat, "level": self.seat.level(), "category": self.category,
            "weight": self.weight, "version_before": name_of(&before.0), "version_after": name_of(&self.playbook),
            "promised_at": self.promise().map(|promise| promise.due_at),
        });
        let event = self.tell(MOVED, payload, Some(to.reason.trim().to_owned()), world.at, actor);
        Ok(Change::new(self, event))
    }

    /// The stages of `book` in which the case can stand: its own, or those of the same phase to choose from.
    #[must_use]
    pub fn stages_in<'b>(&self, book: &'b Playbook) -> Vec<&'b Stage> {
        let Some(flow) = book.flow(self.kind) else { return Vec::new() };
        let alike = |stage: &&Stage| stage.phase == self.phase;
        match flow.stage(&self.stage).filter(alike) {
            Some(own) => vec![own],
            None => flow.stages.iter().filter(alike).collect(),
        }
    }

    fn stage_in<'b>(&self, book: &'b Playbook, named: Option<&str>) -> Result<&'b Stage, Problem> {
        let possible = self.stages_in(book);
        match (named, possible.as_slice()) {
            (None, [own]) if own.id == self.stage => Ok(own),
            (None, _) => Err(Problem::field("stage", "required_choice")),
            (Some(id), stages) => {
                let found = stages.iter().find(|stage| stage.id == id);
                found.copied().ok_or_else(|| Problem::field("stage", "not_an_option"))
            }
        }
    }

    /// What the case is and who answers for it means something in `book`.
    fn is_known_to(&self, book: &Playbook) -> Result<(), Problem> {
        let has_category =
            self.category.as_deref().is_none_or(|code| book.leaves().any(|category| category.code == code));
        let has_unit = self.seat.unit.as_deref().is_none_or(|code| book.unit(code).is_some());
        if book.flow(self.kind).is_none() {
            Err(Problem::field("playbook", "version_without_kind"))
        } else if !has_category {
            Err(Problem::field("playbook", "version_without_category"))
        } else if !has_unit {
            Err(Problem::field("playbook", "version_without_unit"))
        } else {
            Ok(())
        }
    }

    fn move_clocks(&mut self, from: &Playbook, world: &World<'_>) {
        let (category, weight) = (self.category.clone(), self.weight);
        let runs = |clock: &&mut Deadline| {
            clock.task.is_none() && matches!(clock.state, DeadlineState::Running | DeadlineState::Paused)
        };
        for clock in self.deadlines.iter_mut().filter(runs).filter(|clock| clock.kind != DeadlineKind::Review) {
            let Some(rule) = world.book.deadline(clock.kind, category.as_deref(), weight, clock.level) else {
                clock.on_breach = OnBreach::Nothing;
                continue;
            };
            clock.on_breach = rule.on_breach;
            let told = world.calendar.add(clock.starts_at, clock.rule.amount, &from.working_hours).at;
            let stands = clock.state == DeadlineState::Paused || clock.due_at != told;
            if clock.kind != DeadlineKind::Reply || stands {
                continue;
            }
            let hours = &world.book.working_hours;
            let anew = Deadline::start(clock.id, rule, clock.level, clock.starts_at, world.calendar, hours);
            let soonest = world.calendar.add(world.at, LEAST_LEFT, hours).at;
            if anew.due_at.max(soonest) < clock.due_at {
                clock.due_at = anew.due_at.max(soonest);
                clock.soon_at = anew.soon_at.min(clock.due_at);
                clock.rule = anew.rule;
                clock.provisional = anew.provisional;
            }
        }
    }
}

fn name_of((id, version): &(String, String)) -> serde_json::Value {
    json!({ "id": id, "version": version })
}
