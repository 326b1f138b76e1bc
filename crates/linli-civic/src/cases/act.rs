//! What an action does to a case. Pure: the flow of the pinned playbook is interpreted here and nowhere else.

use linli_kernel::Calendar;
use linli_kernel::{
    Action, Actor, AreaCode, AreaLevel, Change, DeadlineId, DeadlineKind, IdSource, NewEvent, Phase, Problem,
    ProblemCode, Stream, StreamKind, Timestamp, Weight,
};
use linli_playbook::{
    ActionDef, Assignee, Effect, FieldKind, Flow, FlowRefusal, Playbook, SeatMove, Seating, Situation, Standing,
    check_form,
};
use serde_json::{Map, Value, json};

use super::deadline::Deadline;
use super::model::{Case, Draft, Rating, Reply, Seat, Why};
use super::routing::Ground;

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
}

impl World<'_> {
    const fn ground(&self) -> Ground<'_> {
        Ground { book: self.book, staffed: self.staffed }
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
        let routed =
            draft.category.as_deref().and_then(|category| ground.first_seat(&draft.area, Some(category), weight));
        let seating = if routed.is_some() { Seating::Found } else { Seating::NotFound };
        let mut routing = draft.found_by.clone();
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
            deadlines: Vec::new(),
            hands: std::collections::BTreeSet::new(),
            listed: None,
        };
        for effect in begin.map(|def| def.effects.clone()).unwrap_or_default() {
            case.follow(effect, world, &actor, None)?;
        }
        let payload = json!({ "to": case.stage, "seat": case.seat, "category": case.category, "weight": case.weight, "channel": case.channel, "place": scanned, "routed": seating == Seating::Found });
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
        book.flow(self.kind).map(|flow| flow.offers(&self.situation(book, now), standing)).unwrap_or_default()
    }

    fn situation<'a>(&'a self, book: &'a Playbook, now: Timestamp) -> Situation<'a> {
        Situation {
            playbook: book,
            stage: &self.stage,
            seat_level: self.seat.level(),
            reopened: self.n_reopened,
            settled_at: self.settled_at,
            now,
        }
    }

    /// Takes an action.
    ///
    /// # Errors
    /// `NotNow`, `Forbidden` or `OwnWork` as the flow says; `Invalid` naming the fields; `TakenBack` when the matter
    /// may not be dispatched down.
    pub fn act(mut self, verb: Action, given: &Given, doer: &Doer, world: &World<'_>) -> Result<Change<Self>, Problem> {
        let flow = world.book.flow(self.kind).ok_or(ProblemCode::NotFound)?;
        let def =
            flow.step(&self.situation(world.book, world.at), &doer.standing, verb, &given.fields).map_err(refusal)?;
        check_form(world.book, def, &given.fields).map_err(form_problem)?;
        let actor = acting(&doer.actor, &doer.standing, def);
        let before = Before { stage: self.stage.clone(), seat: self.seat.clone() };
        let form = Form { def, fields: &given.fields };

        self.take_form(&form, world)?;
        let chosen = form.seat();
        for effect in &def.effects {
            self.follow(*effect, world, &actor, chosen.as_ref())?;
        }
        self.enter(def, flow, world.at);
        self.remember(verb, &form, &actor, world.at);

        let mut payload = json!({
            "from": before.stage, "to": self.stage, "seat": self.seat, "level": self.seat.level(),
            "category": self.category, "photos": form.photos(), "ground": form.ground(), "deadline": given.breached, "n_reopened": self.n_reopened,
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
        if given.breached.is_some_and(|kind| kind != DeadlineKind::Rate) {
            // The breach and what follows from it are one change: neither is ever seen without the other.
            let breach = self.tell(
                "deadline_breached",
                json!({ "deadline": given.breached, "level": before.seat.level(), "seat": before.seat }),
                None,
                world.at,
                Actor::System,
            );
            let event = self.tell(verb.event(), payload, form.said(), world.at, actor);
            return Ok(Change::new(self, breach).and(event));
        }
        let event = self.tell(verb.event(), payload.clone(), form.said(), world.at, actor.clone());
        let reopens = def.effects.contains(&Effect::CountReopen) && verb != Action::Reopen;
        if reopens {
            let reopened = self.tell("reopened", payload, None, world.at, Actor::System);
            return Ok(Change::new(self, event).and(reopened));
        }
        Ok(Change::new(self, event))
    }

    /// Marks a clock that ran out; what it was of.
    pub fn mark_breached(&mut self, id: DeadlineId, at: Timestamp) -> Option<DeadlineKind> {
        let deadline = self.deadlines.iter_mut().find(|deadline| deadline.id == id && deadline.is_over(at))?;
        deadline.breach(at);
        Some(deadline.kind)
    }

    /// A clock that was marked ran out, and linli does nothing but say so.
    pub fn say_breached(mut self, kind: DeadlineKind, world: &World<'_>) -> Change<Self> {
        let payload = json!({ "deadline": kind, "level": self.seat.level(), "seat": self.seat });
        let event = self.tell("deadline_breached", payload, None, world.at, Actor::System);
        Change::new(self, event)
    }

    fn tell(
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
            area: Some(self.area),
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
            let known_unit = seat.unit.as_deref().is_none_or(|code| {
                world.ground().unit_seat(&self.area, code).is_some_and(|own| own.area == seat.area)
                    || world.book.unit(code).is_some_and(|unit| unit.level == seat.level())
            });
            if !(world.exists)(&seat.area) || !known_unit {
                return Err(Problem::field("fields.seat", "unknown"));
            }
            if !world.book.may_sit_at(self.category.as_deref(), seat.level()) {
                return Err(ProblemCode::TakenBack.into());
            }
            let elsewhere = seat.area.at(AreaLevel::County) != self.area.at(AreaLevel::County);
            let sideways = form.def.verb == Action::HandOn && seat.unit.is_none() && seat.level() != self.seat.level();
            if elsewhere || sideways || !(world.staffed)(&seat) {
                return Err(Problem::field("fields.seat", "not_an_option"));
            }
        }
        Ok(())
    }

    fn follow(
        &mut self,
        effect: Effect,
        world: &World<'_>,
        actor: &Actor,
        chosen: Option<&Seat>,
    ) -> Result<(), Problem> {
        let at = world.at;
        match effect {
            Effect::Start(kind) => self.start(kind, world),
            Effect::Meet(kind) => self.of_kind(kind).for_each(|deadline| deadline.meet(at)),
            Effect::Cancel(kind) => self.of_kind(kind).for_each(Deadline::cancel),
            Effect::CancelAll => self.deadlines.iter_mut().for_each(Deadline::cancel),
            Effect::Pause => self.deadlines.iter_mut().for_each(|deadline| deadline.pause(at)),
            Effect::Resume => {
                // Only the resident's own answer gives time back.
                let by_resident = matches!(actor, Actor::Reporter | Actor::Partner { .. });
                let go_on = if by_resident { Deadline::resume } else { Deadline::go_on };
                self.deadlines
                    .iter_mut()
                    .for_each(|deadline| go_on(deadline, at, world.calendar, &world.book.working_hours));
            }
            Effect::Assign(Assignee::Actor) => {
                self.handler = actor.account();
                self.hands.extend(self.handler);
            }
            Effect::Assign(Assignee::Nobody) => self.handler = None,
            Effect::Seat(to) => self.move_seat(to, world, chosen)?,
            Effect::CountReopen => self.n_reopened += 1,
            Effect::Supervise => self.supervised_at = self.supervised_at.or(Some(at)),
        }
        Ok(())
    }

    fn of_kind(&mut self, kind: DeadlineKind) -> impl Iterator<Item = &mut Deadline> {
        self.deadlines.iter_mut().filter(move |deadline| deadline.kind == kind)
    }

    fn start(&mut self, kind: DeadlineKind, world: &World<'_>) {
        self.of_kind(kind).for_each(Deadline::cancel);
        let level = self.seat.level();
        if let Some(rule) = world.book.deadline(kind, self.category.as_deref(), self.weight, level) {
            let id = DeadlineId::new(world.ids.uuid(world.at));
            self.deadlines.push(Deadline::start(id, rule, level, world.at, world.calendar, &world.book.working_hours));
        }
    }

    fn move_seat(&mut self, to: SeatMove, world: &World<'_>, chosen: Option<&Seat>) -> Result<(), Problem> {
        let ground = world.ground();
        let top = world.book.top_level();
        let above = |seat: &Seat| {
            if seat.unit.is_some() { Some(seat.level()) } else { seat.level().up().filter(|level| *level >= top) }
        };
        // Going up, the people of the area answer; they may then dispatch to a unit.
        let plain_from = |level| {
            let mut level = Some(level);
            while let Some(here) = level {
                let seat = Seat::of(self.area.at(here));
                if (world.staffed)(&seat) || here <= top {
                    return Some(seat);
                }
                level = here.up();
            }
            None
        };
        let next = match to {
            SeatMove::Up => above(&self.seat).and_then(plain_from),
            SeatMove::Top => Some(Seat::of(self.area.at(top))),
            SeatMove::Chosen => Some(chosen.cloned().ok_or_else(|| Problem::field("fields.seat", "required"))?),
            SeatMove::Routed => match chosen {
                Some(seat) => Some(seat.clone()),
                None => ground.first_seat(&self.area, self.category.as_deref(), self.weight).map(|routed| {
                    self.routing = routed.why;
                    routed.seat
                }),
            },
            SeatMove::Back => self.back.clone().or_else(|| above(&self.seat).and_then(plain_from)),
        };
        let Some(next) = next else { return Ok(()) };
        if next != self.seat {
            if matches!(to, SeatMove::Chosen | SeatMove::Routed) {
                self.back = Some(self.seat.clone());
                if chosen.is_some() {
                    self.routing = vec![Why::new("by_hand", &[])];
                }
            } else {
                self.back = None;
                let key = if to == SeatMove::Back { "sent_back" } else { "from_below" };
                self.routing = vec![Why::new(key, &[("area", self.seat.area.to_string())])];
            }
            self.seat = next;
        }
        Ok(())
    }

    fn enter(&mut self, def: &ActionDef, flow: &Flow, at: Timestamp) {
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
    fn remember(&mut self, verb: Action, form: &Form<'_>, actor: &Actor, at: Timestamp) {
        if let Some(reply) = form.reply() {
            self.reply = Some(reply);
        }
        match verb {
            Action::Ask => self.question = form.said(),
            Action::Answer => self.question = None,
            Action::SendBack => self.n_sent_back += 1,
            Action::Settle => self.hands.extend(actor.account()),
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
}

struct Before {
    stage: String,
    seat: Seat,
}

fn acting(actor: &Actor, standing: &Standing, def: &ActionDef) -> Actor {
    match actor {
        Actor::Staff { account, role } => {
            Actor::Staff { account: *account, role: standing.role_for(&def.who).unwrap_or(*role) }
        }
        Actor::Reporter | Actor::System | Actor::Partner { .. } => actor.clone(),
    }
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
        problem.and_field(format!("fields.{}", error.field), error.fault.code())
    })
}

/// A filled-in form.
struct Form<'a> {
    def: &'a ActionDef,
    fields: &'a Map<String, Value>,
}

impl Form<'_> {
    fn value_of(&self, is: impl Fn(&FieldKind) -> bool) -> Option<&Value> {
        let field = self.def.form.iter().find(|field| is(&field.kind))?;
        self.fields.get(&field.name).filter(|value| !value.is_null())
    }

    fn text_of(&self, is: impl Fn(&FieldKind) -> bool) -> Option<&str> {
        self.value_of(is)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    fn seat(&self) -> Option<Seat> {
        serde_json::from_value(self.value_of(|kind| matches!(kind, FieldKind::Seat))?.clone()).ok()
    }

    fn reply(&self) -> Option<Reply> {
        serde_json::from_value(self.value_of(|kind| matches!(kind, FieldKind::Reply))?.clone()).ok()
    }

    fn stars(&self) -> Option<u32> {
        self.value_of(|kind| matches!(kind, FieldKind::Stars))?.as_u64().and_then(|n| u32::try_from(n).ok())
    }

    fn ground(&self) -> Option<&str> {
        self.text_of(|kind| matches!(kind, FieldKind::Ground { .. }))
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name)?.as_bool()
    }

    fn photos(&self) -> Vec<&str> {
        let photos = self.value_of(|kind| matches!(kind, FieldKind::Photos { .. })).and_then(Value::as_array);
        photos.map(|ids| ids.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// The words that go into the history: the reply whole, or else the free text.
    fn said(&self) -> Option<String> {
        if let Some(reply) = self.value_of(|kind| matches!(kind, FieldKind::Reply)) {
            return Some(reply.to_string());
        }
        self.text_of(|kind| matches!(kind, FieldKind::LongText))
            .or_else(|| self.text_of(|kind| matches!(kind, FieldKind::Text)))
            .map(str::to_owned)
    }
}

/// The seat that a command names, if its form asks for one.
#[must_use]
pub fn chosen_seat(book: &Playbook, case: &Case, verb: Action, fields: &Map<String, Value>) -> Option<Seat> {
    let flow = book.flow(case.kind)?;
    flow.actions.iter().filter(|def| def.verb == verb).find_map(|def| Form { def, fields }.seat())
}

/// The ids of the photos in the fields of a command, whatever the form calls them.
#[must_use]
pub fn photo_ids(def: &ActionDef, fields: &Map<String, Value>) -> Vec<String> {
    Form { def, fields }.photos().into_iter().map(str::to_owned).collect()
}
