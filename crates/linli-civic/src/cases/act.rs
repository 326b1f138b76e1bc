//! What an action does to a case. Pure: the flow of the pinned playbook is interpreted here and nowhere else.

use std::collections::BTreeSet;

use linli_kernel::{
    Action, Actor, Approval, AreaCode, Calendar, CaseId, Change, DeadlineId, DeadlineKind, DeadlineState, IdSource,
    NewEvent, Phase, Problem, ProblemCode, Stream, StreamKind, TaskId, TaskKind, Timestamp, Weight,
};
use linli_playbook::{
    ActionDef, Effect, FieldKind, Flow, FlowRefusal, Playbook, Seating, Situation, Standing, WhistleKind, check_form,
};
use serde_json::{Map, Value, json};

use super::deadline::Deadline;
use super::dossier::{Dossier, FollowUp};
use super::effects::{Cause, Master};
use super::form::Form;
use super::model::{Case, Draft, Rating, Reply, Seat, Why};
use super::routing::{Amended, Ground};

const WHISTLE: Effect = Effect::Call(TaskKind::Whistle);

/// Everything outside the case that an action depends on.
pub struct World<'a> {
    /// The playbook that the case is pinned to.
    pub book: &'a Playbook,
    /// Holidays and make-up workdays.
    pub calendar: &'a Calendar,
    /// Whether anybody answers at a seat.
    pub staffed: &'a dyn Fn(&Seat) -> bool,
    /// Whether an area exists.
    pub exists: &'a dyn Fn(&AreaCode) -> bool,
    /// Lines that rulings added to the responsibility list.
    pub amended: &'a [Amended],
    /// Makes ids of deadlines.
    pub ids: &'a IdSource,
    /// The present.
    pub at: Timestamp,
}

/// Who acts.
pub struct Doer {
    /// As the history names them; the role is found by the action.
    pub actor: Actor,
    /// How they stand to the case.
    pub standing: Standing,
}

/// What an action was given.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The fields of its form.
    pub fields: Map<String, Value>,
    /// The deadline that made linli act, if one did.
    pub breached: Option<DeadlineKind>,
    /// The case that is to be followed, where the form names one.
    pub master: Option<Master>,
    /// The reply of the case that it follows.
    pub reply: Option<Reply>,
    /// The id of the case that is split off.
    pub child: Option<CaseId>,
}

impl World<'_> {
    pub(super) const fn ground(&self) -> Ground<'_> {
        Ground { book: self.book, staffed: self.staffed, amended: self.amended }
    }
}

impl Case {
    /// A new case: routed, with its clocks started.
    ///
    /// # Errors
    /// `Invalid` for an unknown category; `NotFound` when the playbook has no flow of the kind.
    pub fn report(draft: Draft, world: &World<'_>, actor: Actor) -> Result<Change<Self>, Problem> {
        let flow = world.book.flow(draft.kind).ok_or(ProblemCode::NotFound)?;
        if let Some(code) = &draft.category
            && !world.book.leaves().any(|leaf| leaf.code == *code)
        {
            return Err(Problem::field("category", "unknown"));
        }
        let by_category = draft
            .category
            .as_deref()
            .and_then(|code| world.book.category(code))
            .map(|category| category.default_weight);
        let weight = draft.weight.or(by_category).unwrap_or(Weight::General);
        let ground = world.ground();
        // Without a category a person looks first: the words of a report alone move nothing by themselves.
        let is_judged = draft.category.is_some() || draft.within.is_some();
        let routed = is_judged.then(|| ground.first_seat(&draft.area, draft.category.as_deref(), weight)).flatten();
        let seating = if routed.is_some() { Seating::Found } else { Seating::NotFound };
        let mut routing = draft.found_by.clone();
        // By the clock of a phone: told beside the moment of receipt, which alone counts.
        let captured = draft.found_by.iter().find_map(|why| why.values.get("captured_at")).cloned();
        let scanned = draft.found_by.iter().find_map(|why| why.values.get("place")).cloned();
        let seat = match routed {
            Some(routed) => {
                routing.extend(routed.why);
                routed.seat
            }
            None => {
                routing.push(Why::new("needs_person", &[]));
                let from = linli_kernel::AreaLevel::Community.min(draft.area.level());
                ground
                    .seat_from(&draft.area, None, from)
                    .map_or_else(|| Seat::of(draft.area.at(world.book.top_level())), |routed| routed.seat)
            }
        };
        let begin = flow.begin(seating);
        let stage = begin.and_then(|def| def.to.clone()).unwrap_or_else(|| flow.start.clone());
        let mut case = Self {
            id: draft.id,
            code: draft.code,
            paper_no: draft.paper_no,
            kind: draft.kind,
            category: draft.category,
            weight,
            channel: draft.channel,
            area: draft.area,
            seat,
            back: None,
            risen_from: None,
            phase: flow.stage(&stage).map_or(Phase::Open, |stage| stage.phase),
            stage,
            handler: None,
            playbook: (world.book.id.clone(), world.book.version.clone()),
            body: draft.body,
            place_text: draft.place_text,
            point: draft.point,
            reporter: draft.reporter,
            routing,
            reply: None,
            question: None,
            rating: None,
            n_reopened: 0,
            n_sent_back: 0,
            n_photos: draft.n_photos,
            reported_at: world.at,
            supervised_at: None,
            settled_at: None,
            closed_at: None,
            version: 0,
            private: draft.private,
            parent: draft.parent,
            master: None,
            dossier: Dossier { within: draft.within, facility: draft.facility, ..Dossier::default() },
            tasks: Vec::new(),
            n_followers: 0,
            n_children_open: 0,
            deadlines: Vec::new(),
            hands: std::collections::BTreeSet::new(),
            listed: None,
        };
        if let Some(def) = begin {
            let form = Form { def, fields: &Map::new() };
            let standing = Standing::anyone();
            let cause = Cause { form: &form, actor: &actor, standing: &standing, master: None, reply: None };
            for effect in &def.effects {
                case.follow(*effect, world, &cause)?;
            }
        }
        let mut payload = json!({ "to": case.stage, "seat": case.seat, "kind": case.kind, "phase": case.phase, "category": case.category, "weight": case.weight, "channel": case.channel, "place": scanned, "routed": seating == Seating::Found, "private": case.private, "parent": case.parent });
        if let (Some(object), Some(within)) = (payload.as_object_mut(), case.dossier.within) {
            object.insert("within".to_owned(), json!(within));
        }
        if let (Some(object), Some(at)) = (payload.as_object_mut(), captured) {
            object.insert("captured_at".to_owned(), at.into());
        }
        let reported = case.tell("reported", payload, None, world.at, actor);
        if seating == Seating::NotFound {
            return Ok(Change::new(case, reported));
        }
        // Routing is an act of its own in the history: who got it, and that nobody's hand was in it.
        let dispatched = case.tell(
            "dispatched",
            json!({ "to": case.stage, "seat": case.seat, "category": case.category }),
            None,
            world.at,
            Actor::System,
        );
        Ok(Change::new(case, reported).and(dispatched))
    }

    /// The actions that may be taken now by someone who stands so.
    #[must_use]
    pub fn offers<'b>(&self, book: &'b Playbook, standing: &Standing, now: Timestamp) -> Vec<&'b ActionDef> {
        let mut offers =
            book.flow(self.kind).map(|flow| flow.offers(&self.situation(book, now), standing)).unwrap_or_default();
        // A whistle that nobody here may blow is no button.
        offers.retain(|def| !def.effects.contains(&WHISTLE) || !self.whistles(book, def, standing).is_empty());
        offers
    }

    /// The kinds of whistle that someone who stands so may blow by this action, as the case stands.
    #[must_use]
    pub fn whistles<'b>(&self, book: &'b Playbook, def: &ActionDef, standing: &Standing) -> Vec<&'b WhistleKind> {
        let roles = standing.roles_for(&def.who);
        let may = |whistle: &&WhistleKind| {
            whistle.levels.contains(&self.seat.level())
                && whistle.initiators.iter().any(|initiator| roles.contains(initiator))
        };
        book.whistles.iter().filter(may).collect()
    }

    pub(super) fn situation<'a>(&'a self, book: &'a Playbook, now: Timestamp) -> Situation<'a> {
        Situation {
            playbook: book,
            stage: &self.stage,
            seat_level: self.seat.level(),
            reopened: self.n_reopened,
            settled_at: self.settled_at,
            now,
            facts: self.facts(now),
        }
    }

    /// Takes an action.
    ///
    /// # Errors
    /// `NotNow`, `Forbidden` or `OwnWork` as the flow says; `Invalid` naming the fields; `TakenBack` when the matter
    /// may not be dispatched down.
    pub fn act(self, verb: Action, given: &Given, doer: &Doer, world: &World<'_>) -> Result<Change<Self>, Problem> {
        let held = self.rules_held(world);
        self.act_since(&held, verb, given, doer, world)
    }

    /// [`Case::act`], where `held` of the rules held before anything happened.
    pub(super) fn act_since(
        mut self,
        held: &[bool],
        verb: Action,
        given: &Given,
        doer: &Doer,
        world: &World<'_>,
    ) -> Result<Change<Self>, Problem> {
        let flow = world.book.flow(self.kind).ok_or(ProblemCode::NotFound)?;
        let def =
            flow.step(&self.situation(world.book, world.at), &doer.standing, verb, &given.fields).map_err(refusal)?;
        if def.effects.contains(&WHISTLE) && self.whistles(world.book, def, &doer.standing).is_empty() {
            return Err(ProblemCode::Forbidden.into());
        }
        check_form(world.book, def, &given.fields).map_err(form_problem)?;
        let form = Form { def, fields: &given.fields };
        let actor = acting(doer, &form, world.book);
        let before = Before { stage: self.stage.clone(), seat: self.seat.clone() };
        let owed = self.owed();

        self.take_form(&form, world)?;
        let granted = self.dossier.pending.clone();
        let cause = Cause {
            form: &form,
            actor: &actor,
            standing: &doer.standing,
            master: given.master.as_ref(),
            reply: given.reply.as_ref(),
        };
        let mut called = Vec::new();
        for effect in &def.effects {
            called.extend(self.follow(*effect, world, &cause)?);
        }
        self.enter(def, flow, world.at);
        self.remember(verb, &form, &actor, &before, world.at);
        if self.phase == Phase::Closed {
            self.cancel_tasks(world.at);
            // Whether it counts in the figures is asked of what is over, too.
            self.dossier.pending.take_if(|pending| pending.what != Approval::Exclusion);
        }
        self.keep_running(world);

        let mut payload = json!({
            "from": before.stage, "to": self.stage, "phase": self.phase, "seat": self.seat, "level": self.seat.level(),
            "category": self.category, "weight": self.weight, "photos": form.photos(), "ground": form.ground(), "deadline": given.breached, "n_reopened": self.n_reopened,
            "public": form.flag("public"),
        });
        if let (Some(object), true) = (payload.as_object_mut(), self.seat != before.seat) {
            object.insert("seat_before".to_owned(), json!(before.seat));
        }
        if let (Some(object), Some(rating)) =
            (payload.as_object_mut(), self.rating.as_ref().filter(|_| verb == Action::Rate))
        {
            object.insert("stars".to_owned(), json!(rating.stars));
            object.insert("solved".to_owned(), json!(rating.solved));
            object.insert("satisfied".to_owned(), json!(rating.satisfied));
        }
        if let Some(object) = payload.as_object_mut() {
            object.extend(self.more_to_tell(verb, &form, given, granted.as_ref()));
            object.extend(self.met_of(&owed));
        }
        let said = form.said().or_else(|| {
            // What was asked for is told to the resident in the words of whoever asked.
            granted.as_ref().filter(|_| answers(def)).map(|pending| pending.reason.clone())
        });
        if given.breached.is_some_and(|kind| kind != DeadlineKind::Rate) {
            // The breach and what follows from it are one change: neither is ever seen without the other.
            let breach = self.tell(
                "deadline_breached",
                json!({
                    "deadline": given.breached, "started": self.breached_now(given.breached, None, world.at),
                    "level": before.seat.level(), "seat": before.seat,
                }),
                None,
                world.at,
                Actor::System,
            );
            let event = self.tell(verb.event(), payload, said, world.at, actor);
            let change = Change::new(self, breach).and(event);
            return Ok(Self::by_rules(change, held, world));
        }
        let event = self.tell(verb.event(), payload.clone(), said, world.at, actor.clone());
        let reopens = def.effects.contains(&Effect::CountReopen) && verb != Action::Reopen;
        if reopens {
            let reopened = self.tell("reopened", payload, None, world.at, Actor::System);
            return Ok(Self::by_rules(Change::new(self, event).and(reopened), held, world));
        }
        // Each one who was called has an entry of their own.
        let body = form.said();
        let mut calls = Vec::new();
        for call in called {
            calls.push(self.tell("task_called", call, body.clone(), world.at, Actor::System));
        }
        let change = calls.into_iter().fold(Change::new(self, event), Change::and);
        Ok(Self::by_rules(change, held, world))
    }

    /// What the payload of some acts holds besides.
    fn more_to_tell(
        &self,
        verb: Action,
        form: &Form<'_>,
        given: &Given,
        granted: Option<&super::dossier::Pending>,
    ) -> Map<String, Value> {
        let value = match verb {
            Action::AskExtension | Action::GrantExtension | Action::RefuseExtension => json!({
                "days": form.number().or_else(|| granted.and_then(|pending| pending.days)),
                "promised_at": self.promise().map(|promise| promise.due_at),
            }),
            Action::AskSuspension | Action::Suspend | Action::RefuseSuspension => json!({
                "until": form.day().or_else(|| granted.and_then(|pending| pending.until)),
            }),
            Action::AskExclusion | Action::Exclude | Action::RefuseExclusion => json!({
                "ground": form.ground().or_else(|| granted.and_then(|pending| pending.code.as_deref())),
            }),
            Action::Rule => json!({ "upheld": form.flag("upheld") }),
            Action::Merge | Action::Follow => {
                json!({ "master": given.master.as_ref().map(|master| master.id).or(self.master) })
            }
            Action::Split => json!({ "child": given.child }),
            Action::Whistle => json!({ "whistle": form.whistle() }),
            Action::FollowUp => json!({
                "reached": form.flag("reached"), "solved": form.flag("solved"), "satisfied": form.flag("satisfied"),
            }),
            Action::SetPrivacy => json!({ "private": self.private }),
            Action::Conclude => json!({ "agreed": form.flag("agreed") }),
            Action::OpenForce => json!({ "members": self.dossier.force.as_ref().map(|force| &force.members) }),
            _ => json!({}),
        };
        value.as_object().cloned().unwrap_or_default()
    }

    /// The clocks that are owed.
    pub(super) fn owed(&self) -> BTreeSet<DeadlineId> {
        self.deadlines.iter().filter(|deadline| deadline.is_owed()).map(|deadline| deadline.id).collect()
    }

    /// What an event says of the clocks that were `owed` and are met by it; nothing where it met none.
    pub(super) fn met_of(&self, owed: &BTreeSet<DeadlineId>) -> Option<(String, Value)> {
        let met = self.deadlines.iter().filter(|deadline| deadline.state == DeadlineState::Met);
        let met: Vec<Value> = met.filter(|deadline| owed.contains(&deadline.id)).map(Deadline::told).collect();
        (!met.is_empty()).then(|| ("met".to_owned(), json!(met)))
    }

    /// When the clock started that was found to be over at `at`: with its kind it says which one it is.
    pub(super) fn breached_now(
        &self,
        kind: Option<DeadlineKind>,
        task: Option<TaskId>,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let found = self
            .deadlines
            .iter()
            .find(|deadline| Some(deadline.kind) == kind && deadline.task == task && deadline.breached_at == Some(at));
        found.map(|deadline| deadline.starts_at)
    }

    pub(super) fn tell(
        &mut self,
        kind: &'static str,
        mut payload: Value,
        text: Option<String>,
        at: Timestamp,
        actor: Actor,
    ) -> NewEvent {
        self.version += 1;
        if let (Actor::Partner { name, .. }, Some(object)) = (&actor, payload.as_object_mut()) {
            object.insert("partner".to_owned(), json!(name));
        }
        NewEvent {
            stream: Stream::new(StreamKind::Case, self.id.to_string()),
            kind,
            at,
            actor,
            payload,
            text,
            // What is not public is told to those who answer for it alone.
            area: Some(if self.private { self.seat.area } else { self.area }),
            unit: Some(self.seat.key()),
        }
    }

    /// What the form says of the case itself.
    fn take_form(&mut self, form: &Form<'_>, world: &World<'_>) -> Result<(), Problem> {
        if let Some(code) = form.text_of(|kind| matches!(kind, FieldKind::Category)) {
            self.category = Some(code.to_owned());
            if form.text_of(|kind| matches!(kind, FieldKind::Weight)).is_none()
                && let Some(category) = world.book.category(code)
            {
                self.weight = category.default_weight;
            }
        }
        if let Some(weight) = form.text_of(|kind| matches!(kind, FieldKind::Weight)).and_then(|word| word.parse().ok())
        {
            self.weight = weight;
        }
        if let Some(seat) = form.seat() {
            self.check_seat(&seat, "fields.seat", world)?;
            self.check_level(&seat, world)?;
            let sideways = form.def.verb == Action::HandOn && seat.unit.is_none() && seat.level() != self.seat.level();
            if sideways {
                return Err(Problem::field("fields.seat", "not_an_option"));
            }
        }
        for seat in form.seats() {
            self.check_seat(&seat, "fields.seats", world)?;
        }
        Ok(())
    }

    pub(super) fn enter(&mut self, def: &ActionDef, flow: &Flow, at: Timestamp) {
        let Some(to) = &def.to else { return };
        let before = self.phase;
        self.stage.clone_from(to);
        self.phase = flow.stage(to).map_or(before, |stage| stage.phase);
        match self.phase {
            Phase::Settled | Phase::Closed if matches!(before, Phase::Open | Phase::Waiting) => {
                self.settled_at = Some(at)
            }
            _ => {}
        }
        match self.phase {
            Phase::Closed => self.closed_at = Some(at),
            Phase::Open | Phase::Waiting | Phase::Settled => self.closed_at = None,
        }
    }

    /// What the case itself keeps of the act.
    fn remember(&mut self, verb: Action, form: &Form<'_>, actor: &Actor, before: &Before, at: Timestamp) {
        if let Some(reply) = form.reply() {
            self.reply = Some(reply);
        }
        match verb {
            Action::Ask => self.question = form.said(),
            Action::Answer => self.question = None,
            Action::SendBack => {
                self.n_sent_back += 1;
                self.dossier.sent_back_by.insert(before.seat.key());
            }
            Action::Settle => {
                self.hands.extend(actor.account());
                self.dossier.handled_by.insert(before.seat.key());
            }
            Action::Close => self.dossier.outcome = form.ground().map(str::to_owned),
            Action::FollowUp => self.follow_up(form, at),
            Action::Rate => {
                self.rating = Some(Rating {
                    stars: form.stars().unwrap_or(3),
                    solved: form.flag("solved").unwrap_or(true),
                    satisfied: form.flag("satisfied").unwrap_or(true),
                    text: form.said(),
                    at,
                });
            }
            _ => {}
        }
        self.n_photos += u32::try_from(form.photos().len()).unwrap_or(0);
    }

    /// 回访: three answers; who was not reached gave none.
    fn follow_up(&mut self, form: &Form<'_>, at: Timestamp) {
        let reached = form.flag("reached").unwrap_or(false);
        let n_tries = self.dossier.follow_up.as_ref().map_or(0, |before| before.n_tries) + 1;
        self.dossier.n_unreached += u32::from(!reached);
        self.dossier.follow_up = Some(FollowUp {
            reached,
            solved: form.flag("solved").filter(|_| reached),
            satisfied: form.flag("satisfied").filter(|_| reached),
            n_tries,
            at,
        });
    }
}

/// Whether an action answers what was asked of the level above.
fn answers(def: &ActionDef) -> bool {
    def.effects.iter().any(|effect| matches!(effect, Effect::Grant(_)))
}

struct Before {
    stage: String,
    seat: Seat,
}

/// Who acts, in the role that allowed it: of a whistle the role that may blow it.
fn acting(doer: &Doer, form: &Form<'_>, book: &Playbook) -> Actor {
    let Actor::Staff { account, role } = doer.actor else { return doer.actor.clone() };
    let who = &form.def.who;
    let whistle = form.whistle().and_then(|code| book.whistle(code));
    let blows = whistle
        .and_then(|whistle| doer.standing.roles_for(who).into_iter().find(|role| whistle.initiators.contains(role)));
    Actor::Staff { account, role: blows.or_else(|| doer.standing.role_for(who)).unwrap_or(role) }
}

fn refusal(refusal: FlowRefusal) -> Problem {
    match refusal {
        FlowRefusal::NotNow => ProblemCode::NotNow.into(),
        FlowRefusal::NotYours => ProblemCode::Forbidden.into(),
        FlowRefusal::OwnWork => ProblemCode::OwnWork.into(),
    }
}

fn form_problem(errors: Vec<linli_playbook::FieldError>) -> Problem {
    errors.into_iter().fold(Problem::new(ProblemCode::Invalid), |problem, error| {
        let problem = problem.and_field(format!("fields.{}", error.field), error.fault.code());
        error.values.into_iter().fold(problem, |problem, (name, value)| problem.with(name, value))
    })
}
