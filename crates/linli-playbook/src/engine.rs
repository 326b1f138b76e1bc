//! The flow engine: which actions may this person take now, and which one does a verb mean.
//!
//! One function (`fits`) answers both, so that what is offered is what is accepted.

use linli_kernel::{Action, Approval, AreaLevel, Timestamp};
use serde_json::{Map, Value};

use crate::effects::Effect;
use crate::flow::{ActionDef, Flow, Relation, Who};
use crate::guards::{Compare, Counter, Guard};
use crate::standing::Standing;
use crate::types::Playbook;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Where a case stands, as far as a flow may ask.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The playbook that the case is pinned to.
    pub playbook: &'a Playbook,
    /// The stage.
    pub stage: &'a str,
    /// The level of the seat.
    pub seat_level: AreaLevel,
    /// How often the case was reopened.
    pub reopened: u32,
    /// When the case was last answered or closed: when it last entered a settled or closed phase from an open one.
    pub settled_at: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
    /// What else a guard may ask.
    pub facts: Facts,
}

/// What a guard may ask of a case besides its stage and its seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// How often it was sent back.
    pub sent_back: u32,
    /// How many of its clocks ran out.
    pub late: u32,
    /// How often it was extended.
    pub extended: u32,
    /// How many follow-ups reached nobody.
    pub unreached: u32,
    /// How often it was asked to be left out of the figures.
    pub exclusion_asked: u32,
    /// How many were called to work on it beside its seat.
    pub called: u32,
    /// How many of them were late to sign, to get in touch or to come.
    pub calls_late: u32,
    /// Whether the clock of the handling is over.
    pub is_late: bool,
    /// What was asked of the level above.
    pub pending: Option<Approval>,
    /// Whether the seat may still send it back.
    pub may_send_back: bool,
    /// Whether the seat sent it back before.
    pub sent_back_here: bool,
    /// Whether a ruling binds the seat.
    pub is_ruled: bool,
    /// Whether anybody who was called still owes something.
    pub tasks_open: bool,
    /// Whether a case that was split off is open.
    pub children_open: bool,
    /// Whether a task force works on it.
    pub force_open: bool,
    /// Whether other cases follow it.
    pub has_followers: bool,
    /// Whether it is left out of the figures.
    pub is_excluded: bool,
}

/// Whether a new case has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seating {
    /// Routing found one.
    Found,
    /// A person must find one.
    NotFound,
}

/// Why an action cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowRefusal {
    /// The flow has no such action at this stage, or a guard forbids it now.
    #[error("the action is not possible now")]
    NotNow,
    /// Others may take it, not this caller.
    #[error("the action is for others to take")]
    NotYours,
    /// Whoever handled a case cannot verify it.
    #[error("whoever handled a case cannot judge it")]
    OwnWork,
}

impl Flow {
    /// The `report` action for a new case: the stage it begins in and the deadlines that start. `None` if the flow has
    /// none for this seating: the case then begins at `start`.
    #[must_use]
    pub fn begin(&self, seating: Seating) -> Option<&ActionDef> {
        // Of a case that is only beginning nothing else is so yet.
        let holds = |guard: &Guard| {
            *guard == Guard::Routed && seating == Seating::Found
                || *guard == Guard::Unrouted && seating == Seating::NotFound
        };
        self.actions
            .iter()
            .find(|def| def.verb == Action::Report && def.from.is_empty() && def.guards.iter().all(holds))
    }

    /// What this caller may do now: each verb once, in the order of the flow.
    #[must_use]
    pub fn offers<'f>(&'f self, situation: &Situation<'_>, standing: &Standing) -> Vec<&'f ActionDef> {
        let mut offers: Vec<&ActionDef> = Vec::new();
        for def in &self.actions {
            let is_new = offers.iter().all(|offer| offer.verb != def.verb);
            if is_new && fits(def, situation, standing, None) {
                offers.push(def);
            }
        }
        offers
    }

    /// The action that `verb` means for this caller, now, with these fields. The form is checked by [`crate::check_form`].
    ///
    /// # Errors
    /// `NotNow` when nobody can take it now, `OwnWork` when the caller handled the case and only others may judge it,
    /// `NotYours` when others may take it.
    pub fn step<'f>(
        &'f self,
        situation: &Situation<'_>,
        standing: &Standing,
        verb: Action,
        fields: &Map<String, Value>,
    ) -> Result<&'f ActionDef, FlowRefusal> {
        let of_verb = || self.actions.iter().filter(move |def| def.verb == verb);
        if let Some(def) = of_verb().find(|def| fits(def, situation, standing, Some(fields))) {
            return Ok(def);
        }
        // Offered, but the answer that chooses the branch is missing: the form check names the field.
        if let Some(def) = of_verb().find(|def| fits(def, situation, standing, None) && is_undecided(def, fields)) {
            return Ok(def);
        }
        Err(self.refusal(situation, standing, verb))
    }

    fn refusal(&self, situation: &Situation<'_>, standing: &Standing, verb: Action) -> FlowRefusal {
        // What only linli does by itself is nothing that a person could leave to others.
        let is_for_people = |def: &ActionDef| def.who.iter().any(|who| who.relation != Relation::System);
        let is_candidate = |def: &&ActionDef| def.verb == verb && is_for_people(def) && possible(def, situation, None);
        let mut possible = self.actions.iter().filter(is_candidate).peekable();
        if possible.peek().is_none() {
            return FlowRefusal::NotNow;
        }
        // Would it be theirs, had they not handled it?
        let handled = |who: &Who| {
            let belongs = [Relation::Seat, Relation::Place, Relation::Above, Relation::Handler];
            who.relation == Relation::NotHandler
                && belongs.iter().any(|relation| standing.is(&Who { role: who.role, relation: *relation }))
        };
        let own = |def: &ActionDef| {
            def.who.iter().any(handled)
                || (standing.asked() && answers_a_request(def) && def.who.iter().any(|who| standing.is(who)))
        };
        if possible.any(own) { FlowRefusal::OwnWork } else { FlowRefusal::NotYours }
    }
}

impl Flow {
    /// The rules that hold now, in the order of the flow.
    pub fn rules_that_hold<'f>(&'f self, situation: &Situation<'_>) -> Vec<&'f crate::flow::Rule> {
        self.rules.iter().filter(|rule| rule.when.iter().all(|guard| holds(guard, situation, None))).collect()
    }
}

/// Whether the caller may take this action now. `fields` is `None` while the form is still to be filled in.
fn fits(def: &ActionDef, situation: &Situation<'_>, standing: &Standing, fields: Option<&Map<String, Value>>) -> bool {
    possible(def, situation, fields)
        && def.who.iter().any(|who| standing.is(who))
        && !(standing.asked() && answers_a_request(def))
}

/// Whether an action answers what was asked of the level above: never by whoever asked.
fn answers_a_request(def: &ActionDef) -> bool {
    def.effects.iter().any(|effect| matches!(effect, Effect::Grant(_) | Effect::Refuse(_)))
}

/// Whether anybody may take this action now.
fn possible(def: &ActionDef, situation: &Situation<'_>, fields: Option<&Map<String, Value>>) -> bool {
    def.from.iter().any(|stage| stage == situation.stage)
        && (def.seat_levels.is_empty() || def.seat_levels.contains(&situation.seat_level))
        && def.guards.iter().all(|guard| holds(guard, situation, fields))
}

/// Whether a guard asks for a boolean that the form does not hold; the lint makes such fields required.
fn is_undecided(def: &ActionDef, fields: &Map<String, Value>) -> bool {
    def.guards.iter().any(|guard| match guard {
        Guard::Field { name, .. } => fields.get(name).and_then(Value::as_bool).is_none(),
        other => other.is_about_form(),
    })
}

fn holds(guard: &Guard, situation: &Situation<'_>, fields: Option<&Map<String, Value>>) -> bool {
    let settings = &situation.playbook.settings;
    let facts = &situation.facts;
    match guard {
        Guard::Count { what, compare, n } => {
            let found = match what {
                Counter::SentBack => facts.sent_back,
                Counter::Reopened => situation.reopened,
                Counter::Late => facts.late,
                Counter::Extended => facts.extended,
                Counter::Unreached => facts.unreached,
                Counter::ExclusionAsked => facts.exclusion_asked,
                Counter::Called => facts.called,
                Counter::CallsLate => facts.calls_late,
            };
            match compare {
                Compare::Below => found < *n,
                Compare::AtLeast => found >= *n,
            }
        }
        Guard::OnTime => !facts.is_late,
        Guard::NothingPending => facts.pending.is_none(),
        Guard::Pending(what) => facts.pending == Some(*what),
        Guard::MaySendBack => facts.may_send_back && !facts.is_ruled,
        Guard::SentBackBefore => facts.sent_back_here,
        Guard::NotRuled => !facts.is_ruled,
        Guard::TasksDone => !facts.tasks_open,
        Guard::ChildrenDone => !facts.children_open,
        Guard::ForceOpen => facts.force_open,
        Guard::NoForce => !facts.force_open,
        Guard::NoFollowers => !facts.has_followers,
        Guard::Counted => !facts.is_excluded,
        Guard::Routed | Guard::Unrouted => false,
        Guard::BelowTop => situation.seat_level > situation.playbook.top_level(),
        Guard::AtTop => situation.seat_level <= situation.playbook.top_level(),
        Guard::ReopenLeft => situation.reopened < settings.reopen_limit,
        Guard::ReopenSpent => situation.reopened >= settings.reopen_limit,
        Guard::WithinWindow => situation.settled_at.is_some_and(|settled_at| {
            situation.now.since(settled_at) <= i64::from(settings.reopen_window_days).saturating_mul(DAY_MS)
        }),
        Guard::Field { name, is } => fields.is_none_or(|fields| fields.get(name).and_then(Value::as_bool) == Some(*is)),
    }
}
