//! A case told again: by the version that it began under, and by the draft. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use linli_access::Caller;
use linli_kernel::{
    Action, Actor, AreaCode, Calendar, DeadlineKind, DeadlineState, IdSource, Phase, Problem, ProblemCode, TaskAction,
    Timestamp, Weight,
};
use linli_playbook::{ActionDef, Playbook, Standing};

use super::fill::{self, Named};
use super::past::{Act, Deed, Past, Step};
use super::store::Kept;
use crate::cases::act::Given;
use crate::cases::effects::Master;
use crate::cases::model::{Reporter, Why};
use crate::cases::routing::Amended;
use crate::cases::task::{Side, TaskSaid};
use crate::cases::task_view::sides;
use crate::cases::version::Move;
use crate::cases::{Case, Deadline, Doer, Draft, Seat, World};

/// Ids of a replay: the same on both sides.
const SEED: u64 = 0x7265_6865_6172_7365;

/// What surrounds a replay.
pub(super) struct Ground<'a> {
    pub calendar: &'a Calendar,
    pub kept: &'a Kept,
    pub books: &'a HashMap<(String, String), Arc<Playbook>>,
    /// The present: nothing runs out after it.
    pub until: Timestamp,
}

/// A case as it stood after something.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// After which step; 0 is the report.
    pub step: usize,
    pub at: Timestamp,
    pub seat: Seat,
    pub why: Vec<Why>,
    /// The promise: when it starts, when it ends.
    pub promise: Option<(Timestamp, Timestamp)>,
}

/// A clock that ran out.
#[derive(Clone, Debug)]
pub(super) struct Breach {
    pub step: usize,
    pub kind: DeadlineKind,
    pub is_of_a_task: bool,
}

/// Where a replay cannot go on.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub step: usize,
    pub at: Timestamp,
    pub verb: Option<Action>,
    pub stage: String,
    pub problem: Problem,
}

/// How a step was taken the first time: who stood how, and what was named.
#[derive(Clone, Debug)]
struct Cast {
    doer: (Actor, Standing),
    side: Option<Side>,
    named: Named,
}

/// A clock, by what it is the same as in the other replay.
type Clock = (DeadlineKind, Option<usize>, Timestamp);

/// When a clock ran out in truth.
#[derive(Clone, Copy, Debug)]
enum RanOut {
    /// As this step.
    At(usize, Timestamp),
    /// Not at all, though its time was over: it was met before anybody looked.
    Never,
}

/// One replay.
pub(super) struct Run {
    /// How it stands at the end; `None` when it could not even be reported.
    pub case: Option<Case>,
    pub trail: Vec<Point>,
    pub breaches: Vec<Breach>,
    pub stopped: Option<Stop>,
    /// The number of the first event that came out otherwise than it was told.
    pub unlike: Option<i64>,
    cast: Vec<Option<Cast>>,
    clocks: HashMap<Clock, RanOut>,
}

impl Run {
    fn new() -> Self {
        Self {
            case: None,
            trail: Vec::new(),
            breaches: Vec::new(),
            stopped: None,
            unlike: None,
            cast: Vec::new(),
            clocks: HashMap::new(),
        }
    }

    /// As it was: deeds, doers and clocks from the history.
    pub fn as_it_was(past: &Past, book: &Arc<Playbook>, ground: &Ground<'_>) -> Self {
        let mut teller = Teller::of(past, Arc::clone(book), ground);
        teller.report(book);
        for (nth, step) in past.steps.iter().enumerate() {
            if teller.is_over() {
                break;
            }
            teller.again(nth + 1, step);
        }
        teller.overlooked(ground.until);
        teller.run
    }

    /// By the draft: the same deeds, by someone who stands to the case as the doer did; clocks by the draft.
    pub fn by_draft(past: &Past, was: &Self, draft: &Arc<Playbook>, ground: &Ground<'_>) -> Self {
        let mut teller = Teller::of(past, Arc::clone(draft), ground);
        let Some(first) = was.trail.first() else { return teller.run };
        let old = ground.books.get(&past.pinned).unwrap_or(draft);
        teller.report(old);
        // As far as it could be told as it was.
        let n_told = was.stopped.as_ref().map_or(past.steps.len(), |stop| stop.step.saturating_sub(1));
        for (nth, step) in past.steps.iter().enumerate().take(n_told) {
            if teller.is_over() {
                break;
            }
            teller.clocks_up_to(nth + 1, step.at.max(first.at), was);
            if let Some(cast) = was.cast.get(nth).and_then(Option::as_ref) {
                teller.with_cast(nth + 1, step, cast.clone());
            }
        }
        if was.stopped.is_none() && !teller.is_over() {
            teller.clocks_up_to(past.steps.len() + 1, ground.until, was);
        }
        teller.run
    }
}

/// Tells a case step by step.
struct Teller<'a> {
    past: &'a Past,
    ground: &'a Ground<'a>,
    book: Arc<Playbook>,
    ids: IdSource,
    run: Run,
}

impl<'a> Teller<'a> {
    fn of(past: &'a Past, book: Arc<Playbook>, ground: &'a Ground<'a>) -> Self {
        Self { past, ground, book, ids: IdSource::seeded(SEED), run: Run::new() }
    }

    const fn is_over(&self) -> bool {
        self.run.stopped.is_some() || self.run.case.is_none()
    }

    fn decide<T>(&self, at: Timestamp, decide: impl FnOnce(&World<'_>) -> T) -> T {
        let amended: Vec<Amended> = self.ground.kept.amended(at);
        let world = World {
            book: &self.book,
            calendar: self.ground.calendar,
            staffed: &|seat: &Seat| self.ground.kept.tenures.is_held(&seat.key(), at),
            exists: &|_: &AreaCode| true,
            amended: &amended,
            ids: &self.ids,
            at,
        };
        decide(&world)
    }

    /// The report; what it weighed is what was said, unless that is what `old` says of the category anyway.
    fn report(&mut self, old: &Playbook) {
        let (past, said) = (self.past, &self.past.reported);
        let category = said.category.as_deref().and_then(|code| old.category(code));
        let by_itself = category.map_or(Weight::General, |category| category.default_weight);
        let draft = Draft {
            id: past.id,
            code: self.ids.public_code(),
            paper_no: past.paper_no.clone(),
            kind: past.kind,
            category: said.category.clone(),
            weight: Some(said.weight).filter(|weight| *weight != by_itself),
            channel: past.channel,
            area: past.area,
            found_by: Vec::new(),
            body: String::new(),
            place_text: String::new(),
            point: None,
            reporter: Reporter::default(),
            n_photos: 0,
            private: said.private,
            parent: said.parent,
            within: said.within,
            facility: None,
        };
        let actor = said.actor.clone();
        match self.decide(said.at, |world| Case::report(draft, world, actor)) {
            Ok(change) => {
                self.arrive(0, said.at, change.into_state());
                self.compare_seat(1, said.seat.as_ref());
            }
            Err(problem) => self.stop(0, said.at, Some(Action::Report), problem),
        }
    }

    fn arrive(&mut self, step: usize, at: Timestamp, case: Case) {
        let promise = case.promise().map(|promise| (promise.starts_at, promise.due_at));
        self.run.trail.push(Point { step, at, seat: case.seat.clone(), why: case.routing.clone(), promise });
        self.run.case = Some(case);
    }

    fn stop(&mut self, step: usize, at: Timestamp, verb: Option<Action>, problem: Problem) {
        let stage = self.run.case.as_ref().map_or_else(String::new, |case| case.stage.clone());
        self.run.stopped = Some(Stop { step, at, verb, stage, problem });
    }

    fn compare_seat(&mut self, n: i64, told: Option<&Seat>) {
        let stands = self.run.case.as_ref().map(|case| &case.seat);
        if told.is_some_and(|told| Some(told) != stands) {
            self.run.unlike.get_or_insert(n);
        }
    }

    /// The case at a moment, with what others of it were doing then.
    fn case_at(&self, at: Timestamp) -> Option<Case> {
        let mut case = self.run.case.clone()?;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        case.n_children_open = count(self.past.parts.iter().filter(|part| self.is_open(part, at)).count());
        case.n_followers = count(self.past.followed_at.iter().filter(|since| **since <= at).count());
        Some(case)
    }

    fn is_open(&self, part: &super::past::Part, at: Timestamp) -> bool {
        let Some((_, stage)) = part.stages.iter().rfind(|(since, _)| *since <= at) else { return false };
        let phase = self.ground.books.get(&part.pinned).and_then(|book| book.phase(part.kind, stage));
        matches!(phase, None | Some(Phase::Open | Phase::Waiting))
    }

    // ── as it was ───────────────────────────────────────────────────────────────────────────────────────────

    fn again(&mut self, nth: usize, step: &Step) {
        self.overlooked(step.at);
        let Some(case) = self.case_at(step.at) else { return };
        let cast = match &step.deed {
            Deed::Act(act) => Some(self.act_again(nth, step, &case, act)),
            Deed::OnTask { nth: task, verb, actor, .. } => Some(self.cast_of_task(&case, *task, *verb, actor, step.at)),
            Deed::RanOut { kind, task } => {
                self.run_out_again(nth, step, case, *kind, *task);
                None
            }
            Deed::Moved { to, stage } => {
                self.move_again(nth, step, case, to, stage.as_deref());
                None
            }
        };
        if let (Some(cast), Deed::OnTask { .. }) = (&cast, &step.deed) {
            self.with_cast(nth, step, cast.clone());
        }
        self.run.cast.push(cast);
        if !self.is_over() {
            self.compare_seat(step.n, step.seat.as_ref());
        }
    }

    /// Finds out how the doer stood and what was named, and does it.
    fn act_again(&mut self, nth: usize, step: &Step, case: &Case, act: &Act) -> Cast {
        let mut cast = Cast { doer: self.doer(case, act, step.at), side: None, named: self.named(case, act) };
        let mut done = self.try_act(case, act, &cast, step.at);
        if done.is_err() && act.verb == Action::Merge {
            // The reporter said that it is the same matter: linli carried it out.
            cast.doer.1 = Standing::system();
            done = self.try_act(case, act, &cast, step.at);
        }
        if let (Err(_), Actor::Staff { role, .. }, Some(_)) = (&done, &act.actor, &case.dossier.force) {
            // A history of older days does not tell who belonged to the task force.
            let member = Cast { doer: (act.actor.clone(), cast.doer.1.clone().who_helps(Some(*role))), ..cast.clone() };
            if let Ok(case) = self.try_act(case, act, &member, step.at) {
                (cast, done) = (member, Ok(case));
            }
        }
        let went_elsewhere = |case: &Case| step.seat.as_ref().is_some_and(|told| *told != case.seat);
        if cast.named.seat.is_none() && done.as_ref().map_or(true, went_elsewhere) {
            // Somebody chose where it goes.
            let chosen = Cast { named: Named { seat: step.seat.clone(), ..cast.named.clone() }, ..cast.clone() };
            if let Ok(case) = self.try_act(case, act, &chosen, step.at) {
                (cast, done) = (chosen, Ok(case));
            }
        }
        match done {
            Ok(case) => self.arrive(nth, step.at, case),
            Err(problem) => {
                self.run.unlike.get_or_insert(step.n);
                self.stop(nth, step.at, Some(act.verb), problem);
            }
        }
        cast
    }

    fn doer(&self, case: &Case, act: &Act, at: Timestamp) -> (Actor, Standing) {
        let standing = match &act.actor {
            Actor::Staff { account, .. } => case.standing(&self.ground.kept.tenures.caller(*account, at)),
            Actor::Reporter | Actor::Partner { .. } => Standing::reporter(),
            Actor::System => Standing::system(),
        };
        (act.actor.clone(), standing)
    }

    /// What was named although nothing forced it: where the case is otherwise than it would be by itself.
    fn named(&self, case: &Case, act: &Act) -> Named {
        let told = |name: &str| super::past::text_in(&act.told, name);
        let category = told("category").filter(|code| case.category.as_ref() != Some(code));
        let by_itself =
            category.as_deref().and_then(|code| self.book.category(code)).map_or(case.weight, |it| it.default_weight);
        let weight = told("weight").and_then(|word| word.parse().ok()).filter(|weight| *weight != by_itself);
        Named { seat: None, category, weight }
    }

    fn cast_of_task(&self, case: &Case, nth: usize, verb: TaskAction, actor: &Actor, at: Timestamp) -> Cast {
        let caller: Option<Caller> = actor.account().map(|account| self.ground.kept.tenures.caller(account, at));
        let standing = caller.as_ref().map_or_else(Standing::anyone, |caller| case.standing(caller));
        let task = case.tasks.get(nth);
        let on = caller.iter().zip(task).flat_map(|(caller, task)| sides(case, task, caller, &standing));
        let may = |side: &Side| task.is_some_and(|task| task.offers(*side).contains(&verb));
        let side = on.into_iter().find(may).or(Some(Side::Called));
        Cast { doer: (actor.clone(), standing), side, named: Named::default() }
    }

    fn run_out_again(&mut self, nth: usize, step: &Step, case: Case, kind: DeadlineKind, task: Option<usize>) {
        let of_it = |clock: &&Deadline| {
            clock.kind == kind && index_of(&case, clock) == task && clock.state == DeadlineState::Running
        };
        let clock = case.deadlines.iter().filter(of_it).min_by_key(|clock| clock.due_at).cloned();
        let Some(clock) = clock.filter(|clock| clock.due_at <= step.at) else {
            self.run.unlike.get_or_insert(step.n);
            return;
        };
        self.run.clocks.insert((kind, task, clock.due_at), RanOut::At(nth, step.at));
        self.run_out(nth, step.at, case, &clock);
    }

    fn run_out(&mut self, nth: usize, at: Timestamp, case: Case, clock: &Deadline) {
        self.run.breaches.push(Breach { step: nth, kind: clock.kind, is_of_a_task: clock.task.is_some() });
        let id = clock.id;
        if let Some(change) = self.decide(at, |world| case.fall_due(id, world)) {
            self.arrive(nth, at, change.into_state());
        }
    }

    fn move_again(&mut self, nth: usize, step: &Step, case: Case, to: &(String, String), stage: Option<&str>) {
        let Some(book) = self.ground.books.get(to).map(Arc::clone) else {
            self.run.unlike.get_or_insert(step.n);
            return;
        };
        let from = std::mem::replace(&mut self.book, book);
        let wish = Move { from: &from, stage, reason: "moved" };
        match self.decide(step.at, |world| case.move_to_version(&wish, Actor::System, world)) {
            Ok(change) => self.arrive(nth, step.at, change.into_state()),
            Err(problem) => {
                self.run.unlike.get_or_insert(step.n);
                self.stop(nth, step.at, None, problem);
            }
        }
    }

    /// Clocks whose time is over at `at` and that nobody looked at before: what happens next happened first.
    fn overlooked(&mut self, at: Timestamp) {
        let Some(case) = &self.run.case else { return };
        let over = case.deadlines.iter().filter(|clock| clock.is_over(at));
        for clock in over {
            self.run.clocks.entry((clock.kind, index_of(case, clock), clock.due_at)).or_insert(RanOut::Never);
        }
    }

    // ── by the draft ────────────────────────────────────────────────────────────────────────────────────────

    /// Everything that runs out before step `nth`, in the order of time.
    fn clocks_up_to(&mut self, nth: usize, until: Timestamp, was: &Run) {
        while let Some(case) = self.case_at(until) {
            let running = case.deadlines.iter().filter(|clock| clock.state == DeadlineState::Running);
            let due = |clock: &Deadline| match was.clocks.get(&(clock.kind, index_of(&case, clock), clock.due_at)) {
                Some(RanOut::At(step, at)) => Some(*at).filter(|_| *step <= nth),
                Some(RanOut::Never) => None,
                None => Some(clock.due_at).filter(|due_at| *due_at <= until),
            };
            let next = running.filter_map(|clock| Some((due(clock)?, clock.kind, clock.id))).min();
            let Some((at, _, id)) = next else { return };
            let Some(clock) = case.deadlines.iter().find(|clock| clock.id == id).cloned() else { return };
            let n_before = self.run.breaches.len();
            self.run_out(nth, at, case, &clock);
            let still_runs = |case: &Case| {
                case.deadlines.iter().any(|clock| clock.id == id && clock.state == DeadlineState::Running)
            };
            if self.run.breaches.len() == n_before || self.run.case.as_ref().is_some_and(still_runs) {
                return;
            }
        }
    }

    /// The same deed by someone who stands to the case as the doer did.
    fn with_cast(&mut self, nth: usize, step: &Step, cast: Cast) {
        let Some(case) = self.case_at(step.at) else { return };
        let (verb, done) = match &step.deed {
            Deed::Act(act) => (Some(act.verb), self.try_act(&case, act, &cast, step.at)),
            Deed::OnTask { nth, verb, said, .. } => (None, act_on_task(case, *nth, *verb, said, &cast, step.at)),
            Deed::RanOut { .. } | Deed::Moved { .. } => return,
        };
        match done {
            Ok(case) => self.arrive(nth, step.at, case),
            Err(problem) => self.stop(nth, step.at, verb, problem),
        }
    }

    fn try_act(&self, case: &Case, act: &Act, cast: &Cast, at: Timestamp) -> Result<Case, Problem> {
        let (actor, standing) = cast.doer.clone();
        let offers = case.offers(&self.book, &standing, at);
        let of_flow = || self.book.flow(case.kind)?.actions.iter().find(|def| def.verb == act.verb);
        let def: Option<&ActionDef> = offers.into_iter().find(|def| def.verb == act.verb).or_else(of_flow);
        let named = self.with_ruling(act, cast);
        let fields = def.map(|def| fill::fields(def, act, &named)).unwrap_or_default();
        let master = act.told.get("master").and_then(|id| serde_json::from_value(id.clone()).ok());
        let given = Given {
            fields,
            master: master.map(|id| Master { id, is_open: true }),
            child: act.told.get("child").and_then(|id| serde_json::from_value(id.clone()).ok()),
            ..Given::default()
        };
        let doer = Doer { actor, standing };
        self.decide(at, |world| case.clone().act(act.verb, &given, &doer, world)).map(linli_kernel::Change::into_state)
    }

    /// A ruling that upholds an objection names who answers; its form asks for it without demanding it.
    fn with_ruling(&self, act: &Act, cast: &Cast) -> Named {
        let mut named = cast.named.clone();
        let is_upheld = act.told.get("upheld").and_then(serde_json::Value::as_bool) == Some(true);
        if act.verb == Action::Rule && is_upheld && named.seat.is_none() {
            named.seat = act.told.get("seat").and_then(|seat| serde_json::from_value(seat.clone()).ok());
        }
        named
    }
}

fn act_on_task(
    case: Case,
    nth: usize,
    verb: TaskAction,
    said: &TaskSaid,
    cast: &Cast,
    at: Timestamp,
) -> Result<Case, Problem> {
    let id = case.tasks.get(nth).map(|task| task.id).ok_or(ProblemCode::NotFound)?;
    let said = TaskSaid { text: said.text.clone().or_else(|| Some("见原记录".to_owned())), ..said.clone() };
    let (actor, side) = (cast.doer.0.clone(), cast.side.unwrap_or(Side::Called));
    case.act_on_task(id, verb, &said, side, actor, at).map(linli_kernel::Change::into_state)
}

/// Which of the tasks a clock belongs to: ids differ between replays, their order does not.
fn index_of(case: &Case, clock: &Deadline) -> Option<usize> {
    let task = clock.task?;
    case.tasks.iter().position(|known| known.id == task)
}
