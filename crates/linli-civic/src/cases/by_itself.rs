//! What linli does by itself: clocks that run out, rules that begin to hold. Pure; [`super::sweep`] says when to look.

use linli_kernel::{Action, Actor, Change, DeadlineId, DeadlineKind, DeadlineState, NewEvent, Phase, Problem, TaskId};
use linli_playbook::{Flow, OnBreach, Rule, Standing};
use serde_json::{Map, json};

use super::act::{Doer, Given, World};
use super::effects::Cause;
use super::form::Form;
use super::model::Case;
use super::task::task_payload;

impl Case {
    /// What follows when a clock ran out: it is marked, and the ordinary action that its rule names is taken. `None` when it is
    /// not over: met, moved or marked meanwhile.
    #[must_use]
    pub fn fall_due(mut self, id: DeadlineId, world: &World<'_>) -> Option<Change<Self>> {
        let held = self.rules_held(world);
        let clock = self.deadlines.iter_mut().find(|clock| clock.id == id && clock.is_over(world.at))?;
        clock.breach(world.at);
        let (kind, task, on_breach) = (clock.kind, clock.task, clock.on_breach);
        let given = Given { breached: Some(kind), ..Given::default() };
        let doer = Doer { actor: Actor::System, standing: Standing::system() };
        let moved = on_breach.action().and_then(|verb| self.clone().act_since(&held, verb, &given, &doer, world).ok());
        Some(moved.unwrap_or_else(|| self.say_breached(kind, task, &held, world)))
    }

    /// 并单: what becomes of a case when the one that it follows is answered or over. An answer is passed on. What one caller takes
    /// back ends for them alone: the other's matter goes its own way. Any other end is the end of both.
    ///
    /// # Errors
    /// What the flow refuses.
    pub fn after_its_master(self, master: &Self, actor: &Actor, world: &World<'_>) -> Result<Change<Self>, Problem> {
        let given = Given { reply: master.reply.clone(), ..Given::default() };
        let doer = Doer { actor: Actor::System, standing: Standing::system() };
        if master.phase == Phase::Settled {
            return self.act(Action::Follow, &given, &doer, world);
        }
        let is_withdrawn = matches!(actor, Actor::Reporter | Actor::Partner { .. });
        let alone = is_withdrawn.then(|| self.clone().act(Action::Unmerge, &given, &doer, world).ok()).flatten();
        alone.map_or_else(|| self.act(Action::Close, &given, &doer, world), Ok)
    }

    /// A clock ran out, and linli does nothing but say so.
    fn say_breached(
        mut self,
        kind: DeadlineKind,
        task: Option<TaskId>,
        held: &[bool],
        world: &World<'_>,
    ) -> Change<Self> {
        let started = self.breached_now(Some(kind), task, world.at);
        self.keep_running(world);
        let task = task.and_then(|id| self.task(id)).map(|task| task_payload(task.id, task.kind, &task.party));
        let payload = json!({
            "deadline": kind, "started": started, "level": self.seat.level(), "seat": self.seat,
            "category": self.category, "weight": self.weight, "task": task,
        });
        let event = self.tell("deadline_breached", payload, None, world.at, Actor::System);
        Self::by_rules(Change::new(self, event), held, world)
    }

    /// An open case is never without a clock: where all ran out and nobody took it further, what is owed is looked at again
    /// after as long again. What is late stays late; what stands at the top and is supervised goes nowhere else, it is only told.
    pub(super) fn keep_running(&mut self, world: &World<'_>) {
        let own = || self.deadlines.iter().filter(|clock| clock.task.is_none());
        if self.phase != Phase::Open || own().any(|clock| clock.state == DeadlineState::Running) {
            return;
        }
        let owed = own().filter(|clock| clock.state == DeadlineState::Breached && is_of_the_work(clock.kind));
        let kind = owed.map(|clock| (clock.starts_at, clock.kind)).max().map_or(DeadlineKind::Handle, |(_, kind)| kind);
        self.add_clock(kind, world);
        let has_arrived = self.supervised_at.is_some() && self.seat.level() <= world.book.top_level();
        if let Some(clock) = self.deadlines.last_mut().filter(|_| has_arrived) {
            clock.on_breach = OnBreach::Nothing;
        }
    }

    /// Which of the rules of the flow hold now, in their order.
    pub(super) fn rules_held(&self, world: &World<'_>) -> Vec<bool> {
        let Some(flow) = world.book.flow(self.kind) else { return Vec::new() };
        flow.rules.iter().map(|rule| self.holds(flow, rule, world)).collect()
    }

    fn holds(&self, flow: &Flow, rule: &Rule, world: &World<'_>) -> bool {
        flow.rules_that_hold(&self.situation(world.book, world.at)).contains(&rule)
    }

    /// Takes what the rules say of what has just come to be so; each is taken when it begins to hold, and once.
    pub(super) fn by_rules(mut change: Change<Self>, held: &[bool], world: &World<'_>) -> Change<Self> {
        let Some(flow) = world.book.flow(change.state().kind) else { return change };
        for (rule, held) in flow.rules.iter().zip(held) {
            let case = change.state();
            let goes_on = matches!(case.phase, Phase::Open | Phase::Waiting);
            if *held || !goes_on || !case.holds(flow, rule, world) {
                continue;
            }
            if let Some((case, event)) = case.clone().obey(flow, rule, world) {
                change = change.next(case, event);
            }
        }
        change
    }

    /// Takes the action of a rule; `None` where the flow has none for the case as it stands.
    fn obey(mut self, flow: &Flow, rule: &Rule, world: &World<'_>) -> Option<(Self, NewEvent)> {
        let fields = Map::new();
        let standing = Standing::system();
        let def = flow.step(&self.situation(world.book, world.at), &standing, rule.take, &fields).ok()?;
        let (before, owed) = (self.seat.clone(), self.owed());
        let form = Form { def, fields: &fields };
        let cause = Cause { form: &form, actor: &Actor::System, standing: &standing, master: None, reply: None };
        for effect in &def.effects {
            self.follow(*effect, world, &cause).ok()?;
        }
        self.enter(def, flow, world.at);
        self.keep_running(world);
        let mut payload = json!({
            "to": self.stage, "phase": self.phase, "seat": self.seat, "level": self.seat.level(),
            "category": self.category, "weight": self.weight, "rule": rule.why,
        });
        if let Some(object) = payload.as_object_mut() {
            object.extend(self.met_of(&owed));
        }
        if let (Some(object), true) = (payload.as_object_mut(), self.seat != before) {
            object.insert("seat_before".to_owned(), json!(before));
        }
        let event = self.tell(rule.take.event(), payload, None, world.at, Actor::System);
        Some((self, event))
    }
}

/// Whether a clock is of the work itself: not of what the resident was promised or may say, or of what was asked above.
const fn is_of_the_work(kind: DeadlineKind) -> bool {
    match kind {
        DeadlineKind::Sign
        | DeadlineKind::Contact
        | DeadlineKind::Arrive
        | DeadlineKind::Handle
        | DeadlineKind::Verify
        | DeadlineKind::Rule => true,
        DeadlineKind::Reply
        | DeadlineKind::Rate
        | DeadlineKind::Approve
        | DeadlineKind::Review
        | DeadlineKind::FollowUp => false,
    }
}
