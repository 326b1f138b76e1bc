//! What happens to a case next, from how it stands and what shall become of it.

use std::cmp::Reverse;

use linli_civic::app::App;
use linli_civic::cases::{Case, Seat};
use linli_kernel::{Action, AreaLevel, DeadlineKind, DeadlineState, PublicCode, Role, Timestamp};
use serde_json::{Map, Value, json};

use super::chance::{Draw, minutes};
use super::duty::{Shift, awake, local};
use super::photos::Scene;
use super::plan::Arrival;
use super::scenes::Stop;
use super::tale::{Running, Stage};
use super::texts::{Pool, Question};
use super::words::{day, fitting, moment};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A command that somebody will give.
#[derive(Clone)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub verb: Action,
    /// Who; `None` is the resident.
    pub who: Option<usize>,
    /// What they fill in.
    pub fields: Map<String, Value>,
    /// A picture that goes with it.
    pub scene: Option<Scene>,
}

/// What a handler means to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Todo {
    /// Writes down how far it is; the moment names the pool of `talk.toml`.
    Note(&'static str),
    /// The resident adds something.
    ResidentNote,
    /// Asks the resident.
    Ask,
    /// Hands it on.
    HandOn,
    /// Sends it up.
    Escalate,
    /// Settles it.
    Settle,
}

/// A case at a moment.
pub struct Next<'a> {
    /// The application.
    pub app: &'a App,
    /// What the story is told with.
    pub stage: &'a Stage,
    /// What was reported.
    pub arrival: &'a Arrival,
    /// As it stands.
    pub case: &'a Case,
    /// Now.
    pub now: Timestamp,
    /// The code of the earlier report of the same thing.
    pub first: Option<&'a PublicCode>,
}

impl Next<'_> {
    /// The next step; `None` where nothing but time happens.
    pub fn step(&mut self, running: &mut Running) -> Option<Step> {
        if running.fate.stop.is_some_and(|stop| self.is_at(stop, running)) {
            return None;
        }
        match self.case.stage.as_str() {
            "received" => self.at_reception(running),
            "dispatched" => self.at_the_seat(running),
            "handling" => self.in_hand(running),
            "asking" => Some(self.asked(running)),
            "verifying" => self.to_check(running),
            "answered" => self.to_rate(running),
            _ => None,
        }
    }

    /// Whether an arranged case stands where it shall stop.
    fn is_at(&self, stop: Stop, running: &Running) -> bool {
        let fate = &running.fate;
        let stage = self.case.stage.as_str();
        match stop {
            Stop::Received => stage == "received" && !fate.up_at_reception,
            Stop::SentBack => stage == "received" && self.case.n_sent_back > 0,
            Stop::Dispatched => stage == "dispatched" && fate.to_unit.is_none() && !fate.given_down,
            Stop::Handling => stage == "handling" && running.n_noted > 0,
            Stop::Asking => stage == "asking",
            Stop::Verifying => stage == "verifying",
        }
    }

    // ── words ────────────────────────────────────────────────────────────────────────────────────────────────

    fn say(&self, running: &mut Running, pool: &Pool, at: Timestamp) -> String {
        let drawn = self.stage.texts.drawn(pool, &self.arrival.category, &self.arrival.parent);
        let template = running.chance.pick(&drawn).copied().unwrap_or_default().to_owned();
        self.fill(running, &template, at)
    }

    fn fill(&self, running: &mut Running, template: &str, at: Timestamp) -> String {
        let worker = self.case.handler.map_or("", |account| self.stage.cast.name_of(account));
        let ahead = at.plus_ms(i64::from(running.chance.number(3, 9)) * DAY_MS);
        let (received, taken) = (self.case.reported_at, running.taken_at.unwrap_or(self.case.reported_at));
        let more = [
            ("worker", worker),
            ("received", &moment(local(received))),
            ("taken", &moment(local(taken))),
            ("done_day", &day(local(at))),
            ("due_day", &day(local(ahead))),
            ("code", self.first.map_or("", PublicCode::as_str)),
        ];
        self.arrival.slots.fill(template, &more, &mut running.chance)
    }

    // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────

    fn shift(&self, who: usize) -> &Shift {
        let person = self.stage.cast.get(who);
        let (role, unit) = person.map_or((Role::HotlineClerk, None), |person| (person.role, person.unit.as_deref()));
        self.stage.shifts.of_person(role, unit)
    }

    /// The first moment from `at` on at which someone is at work, not all on the stroke of the hour.
    fn on_duty(&self, running: &mut Running, who: usize, at: Timestamp) -> Timestamp {
        if running.fate.brisk {
            return self.now.plus_ms(minutes(running.chance.between([3.0, 14.0])));
        }
        let open = self.shift(who).next(&self.app.calendar, at);
        let late = if open > at { minutes(running.chance.mostly_low([1.0, 150.0])) } else { 0 };
        let open = self.shift(who).next(&self.app.calendar, open.plus_ms(late));
        open.plus_ms(i64::from(running.chance.number(0, 59_999)))
    }

    fn due(&self, kind: DeadlineKind) -> Option<Timestamp> {
        let running = |state| state == DeadlineState::Running;
        self.case.deadlines.iter().find(|own| own.kind == kind && running(own.state)).map(|own| own.due_at)
    }

    /// `at`, or shortly before `due`: somebody is called when it gets late.
    fn in_time(&self, running: &mut Running, at: Timestamp, due: Option<Timestamp>) -> Timestamp {
        let Some(due) = due.filter(|due| at.plus_ms(MINUTE_MS) >= *due) else { return at };
        let before = due.plus_ms(-minutes(running.chance.between([3.0, 40.0])));
        let soonest = self.now.plus_ms(i64::from(running.chance.number(30_000, 90_000)));
        if before > soonest { before } else { soonest }
    }

    /// When someone first looks at what has come.
    fn taken_up(&self, running: &mut Running, who: usize) -> Timestamp {
        let delay = minutes(running.chance.mostly_low(self.stage.texts.mix.pace.take_minutes));
        let at = if running.fate.brisk {
            self.on_duty(running, who, self.now)
        } else if running.chance.hits(self.shift(who).on_call) {
            awake(self.now.plus_ms(delay), delay)
        } else {
            let open = self.shift(who).next(&self.app.calendar, self.now);
            self.on_duty(running, who, open.plus_ms(delay))
        };
        self.in_time(running, at, self.due(DeadlineKind::Sign))
    }

    // ── received, dispatched ─────────────────────────────────────────────────────────────────────────────────

    fn at_reception(&mut self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, who);
        if let Some(step) = self.closed_early(running, at, who) {
            return Some(step);
        }
        if std::mem::take(&mut running.fate.up_at_reception)
            && let Some(step) = self.escalate(running, at, who)
        {
            return Some(step);
        }
        if self.case.n_sent_back > 0
            && let Some(seat) = self.another_seat()
        {
            return Some(self.dispatched(running, at, who, &seat));
        }
        let mut fields = Map::from_iter([
            ("category".to_owned(), json!(self.arrival.category)),
            ("weight".to_owned(), json!(self.arrival.weight)),
        ]);
        if running.chance.hits(0.5) {
            let said = self.say(running, &self.stage.texts.talk.accept, at);
            fields.insert("text".to_owned(), json!(said));
        }
        Some(Step { at, verb: Action::Accept, who: Some(who), fields, scene: None })
    }

    /// After a send-back: the people of the community themselves, or of the street.
    fn another_seat(&self) -> Option<Seat> {
        let own = Seat::of(self.case.seat.area);
        let may_sit = |seat: &Seat| {
            let book = self.app.playbooks.current();
            self.stage.cast.answers(seat) && book.may_sit_at(Some(&self.arrival.category), seat.area.level())
        };
        Some(own).filter(may_sit)
    }

    fn dispatched(&self, running: &mut Running, at: Timestamp, who: usize, seat: &Seat) -> Step {
        let receiver = match (&seat.unit, seat.area.level()) {
            (Some(_), _) => "to_unit",
            (None, AreaLevel::Grid | AreaLevel::MicroGrid) => "to_grid",
            (None, AreaLevel::Community) => "to_community",
            (None, AreaLevel::Street) => "to_street",
            (None, AreaLevel::County | AreaLevel::City) => "any",
        };
        let pools = &self.stage.texts.moves.dispatch;
        let reason = match pools.get(receiver).or_else(|| pools.get("any")) {
            Some(pool) => self.say(running, pool, at),
            None => String::new(),
        };
        let fields = Map::from_iter([("seat".to_owned(), json!(seat)), ("reason".to_owned(), json!(reason))]);
        Step { at, verb: Action::Dispatch, who: Some(who), fields, scene: None }
    }

    /// The same as another case, or nothing that anybody has to handle.
    fn closed_early(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let ends = &self.stage.texts.ends;
        let (ground, text) = if self.first.is_some() {
            running.fate.same_as = None;
            ("duplicate".to_owned(), self.say(running, &ends.merge, at))
        } else {
            let ground = running.fate.closed_by.take()?;
            let text = ends.close.get(&ground).map(|pool| self.say(running, pool, at))?;
            (ground, text)
        };
        let fields = Map::from_iter([("ground".to_owned(), json!(ground)), ("text".to_owned(), json!(text))]);
        Some(Step { at, verb: Action::Close, who: Some(who), fields, scene: None })
    }

    fn at_the_seat(&mut self, running: &mut Running) -> Option<Step> {
        if std::mem::take(&mut running.fate.withdrawn) {
            let at = awake(self.now.plus_ms(minutes(running.chance.mostly_low([8.0, 200.0]))), 9 * MINUTE_MS);
            let text = self.say(running, &self.stage.texts.ends.withdrawn_by_reporter, at);
            let fields = Map::from_iter([("text".to_owned(), json!(text))]);
            return Some(Step { at, verb: Action::Close, who: None, fields, scene: None });
        }
        if (self.first.is_some() || running.fate.closed_by.is_some())
            && let Some(clerk) = self.stage.cast.clerk(self.case, &mut running.chance)
        {
            let at = self.taken_up(running, clerk);
            if let Some(step) = self.closed_early(running, at, clerk) {
                return Some(step);
            }
        }
        if running.fate.unsigned && self.due(DeadlineKind::Sign).is_some() {
            return None;
        }
        if let Some(step) = self.to_unit(running).or_else(|| self.given_down(running)) {
            return Some(step);
        }
        let pinned = running.fate.hands.as_deref().and_then(|name| self.stage.cast.named(&self.case.seat, name));
        let who = pinned.or_else(|| self.stage.cast.taker(&self.case.seat, &mut running.chance))?;
        let at = self.taken_up(running, who);
        if std::mem::take(&mut running.fate.sent_back)
            && let Some(step) = self.sent_back(running, at, who)
        {
            return Some(step);
        }
        running.taken_at = running.taken_at.or(Some(at));
        running.todo.clear();
        Some(Step { at, verb: Action::Take, who: Some(who), fields: Map::new(), scene: None })
    }

    /// The community or the street calls on a department.
    fn to_unit(&self, running: &mut Running) -> Option<Step> {
        let is_clerks =
            self.case.seat.unit.is_none() && matches!(self.case.seat.level(), AreaLevel::Community | AreaLevel::Street);
        if !is_clerks || self.case.n_reopened > 0 {
            return None;
        }
        let code = running.fate.to_unit.take()?;
        let book = self.app.playbooks.current();
        let area = self.case.area.at(book.unit(&code)?.level);
        let seat = Seat { area, unit: Some(code) };
        if !self.stage.cast.answers(&seat) {
            return None;
        }
        let clerk = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, clerk);
        Some(self.dispatched(running, at, clerk, &seat))
    }

    /// The community looks at it and gives it to the grid: small things don't leave the grid.
    fn given_down(&self, running: &mut Running) -> Option<Step> {
        let grid = Seat::of(self.case.area.at(AreaLevel::Grid));
        let is_here = self.case.seat.level() == AreaLevel::Community && self.case.n_reopened == 0;
        let is_new = self.case.n_sent_back == 0 && self.case.back.is_none();
        if !is_here || !is_new || grid.level() != AreaLevel::Grid || !self.stage.cast.answers(&grid) {
            return None;
        }
        if !std::mem::take(&mut running.fate.given_down) {
            return None;
        }
        let clerk = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, clerk);
        Some(self.dispatched(running, at, clerk, &grid))
    }

    fn sent_back(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let role = self.stage.cast.get(who)?.role;
        if role == Role::CountyLeader {
            return None;
        }
        let keys = [self.arrival.category.as_str(), self.arrival.parent.as_str(), "any", "field", "works"];
        let family = self.stage.texts.mix.families.get(&self.arrival.parent).map_or("works", String::as_str);
        let fits = |key: &String| {
            keys.contains(&key.as_str())
                && (key != "works" || family == "works")
                && (key != "field" || family != "consult")
        };
        // What is a duplicate is closed as one; the story has its own way for that.
        let items: Vec<_> = self
            .stage
            .texts
            .moves
            .send_back
            .items
            .iter()
            .filter(|item| item.ground != "duplicate" && item.fits.iter().any(fits))
            .collect();
        let item = *running.chance.pick(&items)?;
        let text = self.fill(running, &item.text, at);
        let fields = Map::from_iter([("ground".to_owned(), json!(item.ground)), ("text".to_owned(), json!(text))]);
        Some(Step { at, verb: Action::SendBack, who: Some(who), fields, scene: None })
    }

    // ── handling ─────────────────────────────────────────────────────────────────────────────────────────────

    fn in_hand(&mut self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.handler(self.case)?;
        let due = self.due(DeadlineKind::Handle);
        if running.todo.is_empty() {
            self.make_up_ones_mind(running, due);
        }
        if running.todo.is_empty() {
            return None;
        }
        let (at, todo) = running.todo.remove(0);
        let at = at.max(self.now.plus_ms(minutes(running.chance.between([2.0, 9.0]))));
        let at = match todo {
            Todo::ResidentNote => awake(at, 20 * MINUTE_MS),
            _ => self.on_duty(running, who, at),
        };
        let at = if running.fate.overdue { at } else { self.in_time(running, at, due) };
        match todo {
            Todo::Note(when) => Some(self.note(running, at, who, when)),
            Todo::ResidentNote => {
                let text = self.say(running, &self.stage.texts.talk.resident_comments, at);
                let fields = Map::from_iter([("text".to_owned(), json!(text))]);
                Some(Step { at, verb: Action::Comment, who: None, fields, scene: None })
            }
            Todo::Ask => self.ask(running, at, who).or_else(|| Some(self.note(running, at, who, "working"))),
            Todo::HandOn => self.hand_on(running, at, who).or_else(|| Some(self.note(running, at, who, "working"))),
            Todo::Escalate => self.escalate(running, at, who).or_else(|| Some(self.note(running, at, who, "waiting"))),
            Todo::Settle => self.settle(running, at, who),
        }
    }

    /// What the handler means to do, and when.
    fn make_up_ones_mind(&self, running: &mut Running, due: Option<Timestamp>) {
        if running.fate.brisk {
            let last = if running.fate.asked { Todo::Ask } else { Todo::Settle };
            running.fate.asked = false;
            running.todo = vec![(self.now, Todo::Note("taken")), (self.now, last)];
            return;
        }
        let pace = &self.stage.texts.mix.pace;
        let due = due.unwrap_or_else(|| self.now.plus_ms(2 * DAY_MS));
        let left_ms = due.since(self.now).max(HOUR_MS);
        let share = running.chance.between(pace.settle_share);
        let end = self.now.plus_ms(minutes(share * whole_minutes(left_ms)).max(15 * MINUTE_MS));
        let span = whole_minutes(end.since(self.now));
        let mut todo: Vec<(Timestamp, Todo)> = Vec::new();
        let at = |running: &mut Running, part: [f64; 2]| self.now.plus_ms(minutes(running.chance.between(part) * span));
        let n_notes = running.fate.n_notes.saturating_sub(running.n_noted);
        if n_notes > 0 {
            let first = minutes(60.0 * running.chance.mostly_low(pace.first_note_hours));
            todo.push((self.now.plus_ms(first.min(end.since(self.now) / 2)), Todo::Note("taken")));
        }
        if std::mem::take(&mut running.fate.asked) {
            todo.push((at(running, [0.05, 0.3]), Todo::Ask));
        }
        if std::mem::take(&mut running.fate.resident_note) {
            todo.push((at(running, [0.3, 0.9]), Todo::ResidentNote));
        }
        for nth in 1..n_notes {
            let when = if nth % 2 == 0 { "waiting" } else { "working" };
            todo.push((at(running, [0.3, 0.85]), Todo::Note(when)));
        }
        let (handed_on, escalated) = (running.fate.handed_on, running.fate.escalated);
        running.fate.handed_on = false;
        running.fate.escalated = escalated && handed_on;
        todo.sort_by_key(|(at, _)| *at);
        if handed_on || escalated {
            let at = self.now.plus_ms(minutes(running.chance.between([0.15, 0.5]) * span));
            todo.retain(|(before, what)| *before < at && *what != Todo::Ask);
            todo.push((at, if handed_on { Todo::HandOn } else { Todo::Escalate }));
            // If nothing comes of it, it is settled all the same.
            todo.push((end, Todo::Settle));
        } else if running.fate.overdue {
            todo.retain(|(before, _)| *before < due);
        } else {
            if n_notes > 1 && running.chance.hits(0.6) {
                todo.push((self.now.plus_ms(minutes(0.95 * span)), Todo::Note("done_soon")));
            }
            todo.push((end, Todo::Settle));
        }
        running.todo = todo;
    }

    fn note(&self, running: &mut Running, at: Timestamp, who: usize, when: &str) -> Step {
        running.n_noted += 1;
        let own = self.stage.texts.reports.get(&self.arrival.category).map(|words| words.comments.as_slice());
        let own = own.unwrap_or_default();
        let text = if !running.own_note_made && !own.is_empty() && when != "taken" && running.chance.hits(0.6) {
            running.own_note_made = true;
            let template = running.chance.pick(own).cloned().unwrap_or_default();
            self.fill(running, &template, at)
        } else {
            self.stage.texts.talk.comments.get(when).map(|pool| self.say(running, pool, at)).unwrap_or_default()
        };
        let mut fields = Map::from_iter([("text".to_owned(), json!(text))]);
        if running.chance.hits(0.4) {
            fields.insert("public".to_owned(), json!(true));
        }
        let scene = running.chance.hits(0.08).then(|| Scene::of(&self.arrival.category, &self.arrival.parent));
        Step { at, verb: Action::Comment, who: Some(who), fields, scene }
    }

    fn questions(&self) -> Vec<&Question> {
        let texts = &self.stage.texts;
        let own = texts.reports.get(&self.arrival.category).map(|words| &words.questions);
        let mut all: Vec<&Question> = own.into_iter().flatten().collect();
        if all.is_empty() {
            let keys = ["any", "field", "works", self.arrival.parent.as_str()];
            all.extend(keys.iter().filter_map(|key| texts.talk.questions.get(*key)).flatten());
        }
        all
    }

    fn ask(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let questions = self.questions();
        let question = fitting(&questions, |question| &question.when, &self.case.body, &mut running.chance)?;
        let text = self.fill(running, &question.q, at);
        let fields = Map::from_iter([("question".to_owned(), json!(text))]);
        Some(Step { at, verb: Action::Ask, who: Some(who), fields, scene: None })
    }

    fn asked(&self, running: &mut Running) -> Step {
        let pace = &self.stage.texts.mix.pace;
        if running.fate.unanswered {
            let at = self.now.plus_ms(minutes(running.chance.between([60.0 * 76.0, 60.0 * 110.0])));
            if let Some(who) = self.stage.cast.handler(self.case) {
                let at = self.on_duty(running, who, at);
                let text = "电话联系上了，情况已经问清楚，接着办。";
                let fields = Map::from_iter([("text".to_owned(), json!(text))]);
                return Step { at, verb: Action::Answer, who: Some(who), fields, scene: None };
            }
        }
        let at = self.now.plus_ms(minutes(60.0 * running.chance.mostly_low(pace.answer_hours)));
        let at = awake(at, 30 * MINUTE_MS);
        let asked = self.case.question.as_deref().unwrap_or_default();
        let questions = self.questions();
        // The question was filled in: it is found again by its beginning, which holds no slot.
        let beginning = |question: &str| question.chars().take_while(|c| *c != '{').take(8).collect::<String>();
        let question = questions.iter().find(|question| asked.starts_with(&beginning(&question.q)));
        let answer = question.and_then(|question| running.chance.pick(&question.a)).cloned();
        let text = self.fill(running, answer.as_deref().unwrap_or("情况和前面说的一样，麻烦了。"), at);
        let fields = Map::from_iter([("text".to_owned(), json!(text))]);
        Step { at, verb: Action::Answer, who: None, fields, scene: None }
    }

    fn hand_on(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let drawn =
            self.stage.texts.drawn(&self.stage.texts.moves.hand_on, &self.arrival.category, &self.arrival.parent);
        let possible: Vec<(&str, Seat)> =
            drawn.into_iter().filter_map(|text| Some((text, self.handed_to(text)?))).collect();
        let (template, seat) = running.chance.pick(&possible)?.clone();
        let reason = self.fill(running, template, at);
        let fields = Map::from_iter([("seat".to_owned(), json!(seat)), ("reason".to_owned(), json!(reason))]);
        Some(Step { at, verb: Action::HandOn, who: Some(who), fields, scene: None })
    }

    /// Where a text says that it goes, if there is such a place and somebody answers there.
    fn handed_to(&self, text: &str) -> Option<Seat> {
        const UNITS: [(&str, &str); 10] = [
            ("物业", "property"),
            ("执法队", "enforcement_team"),
            ("派出所", "police_station"),
            ("市场监管所", "market_office"),
            ("劳动监察", "human_res"),
            ("园林", "gardens"),
            ("供电", "power"),
            ("医保", "medical_ins"),
            ("市政", "municipal"),
            ("权属单位", "telecom"),
        ];
        let book = self.app.playbooks.current();
        let here = &self.case.seat;
        let neighbour = |level: AreaLevel| {
            let areas = self.app.areas();
            let own = self.case.area.at(level);
            let near = areas
                .children(&own.parent()?)
                .iter()
                .copied()
                .find(|code| *code != own && code.level() == level && self.stage.cast.answers(&Seat::of(*code)))?;
            Some(Seat::of(near))
        };
        let seat = if text.contains("隔壁网格") {
            neighbour(AreaLevel::Grid).filter(|_| here.level() == AreaLevel::Grid)
        } else if text.contains("对面的社区") {
            neighbour(AreaLevel::Community).filter(|_| here.level() == AreaLevel::Community && here.unit.is_none())
        } else if text.contains("同网格") {
            None
        } else {
            let (_, code) = UNITS
                .iter()
                .filter(|(word, _)| text.contains(word))
                .min_by_key(|(word, _)| text.rfind(word).map(Reverse))?;
            let unit = book.unit(code)?;
            Some(Seat { area: self.case.area.at(unit.level), unit: Some((*code).to_owned()) })
        };
        seat.filter(|seat| {
            seat != here
                && self.stage.cast.answers(seat)
                && book.may_sit_at(self.case.category.as_deref(), seat.level())
        })
    }

    fn escalate(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let level = self.case.seat.level();
        let words = match level {
            AreaLevel::Grid | AreaLevel::MicroGrid => "grid",
            AreaLevel::Community => "community",
            AreaLevel::Street => "street",
            AreaLevel::County | AreaLevel::City => return None,
        };
        let pool = self.stage.texts.moves.escalate.get(words)?;
        let reason = self.say(running, pool, at);
        let fields = Map::from_iter([("reason".to_owned(), json!(reason))]);
        Some(Step { at, verb: Action::Escalate, who: Some(who), fields, scene: None })
    }

    fn settle(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let texts = &self.stage.texts;
        let replies = &texts.reports.get(&self.arrival.category)?.replies;
        let reply = fitting(replies, |reply| &reply.when, &self.case.body, &mut running.chance)?;
        let received =
            texts.talk.received.get(self.case.channel.as_str()).or_else(|| texts.talk.received.get("web"))?;
        let received = running.chance.pick(received).cloned().unwrap_or_default();
        let parts = [
            ("received", received.as_str()),
            ("talked_to", &reply.talked_to),
            ("done", &reply.done),
            ("by_when", &reply.by_when),
        ];
        let parts: Map<String, Value> =
            parts.into_iter().map(|(part, text)| (part.to_owned(), json!(self.fill(running, text, at)))).collect();
        let fields = Map::from_iter([("reply".to_owned(), Value::Object(parts))]);
        let scene = std::mem::take(&mut running.fate.photo_after).then_some(Scene::Done);
        Some(Step { at, verb: Action::Settle, who: Some(who), fields, scene })
    }

    // ── check, rating ────────────────────────────────────────────────────────────────────────────────────────

    fn to_check(&self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.checker(self.case, &mut running.chance)?;
        let hours = running.chance.mostly_low(self.stage.texts.mix.pace.verify_hours);
        let due = self.due(DeadlineKind::Verify);
        let at = match due.filter(|_| std::mem::take(&mut running.fate.checked_late)) {
            Some(due) => {
                let late = due.plus_ms(minutes(running.chance.between([40.0, 600.0])));
                self.on_duty(running, who, late)
            }
            None => {
                let open = self.shift(who).next(&self.app.calendar, self.now);
                let at = self.on_duty(running, who, open.plus_ms(minutes(60.0 * hours)));
                self.in_time(running, at, due)
            }
        };
        let ends = &self.stage.texts.ends;
        if std::mem::take(&mut running.fate.rejected) {
            let reason = self.say(running, &ends.reject, at);
            let fields = Map::from_iter([("reason".to_owned(), json!(reason))]);
            return Some(Step { at, verb: Action::Reject, who: Some(who), fields, scene: None });
        }
        let mut fields = Map::new();
        if running.chance.hits(0.75) {
            let text = self.say(running, &ends.verify, at);
            fields.insert("text".to_owned(), json!(text));
        }
        Some(Step { at, verb: Action::Verify, who: Some(who), fields, scene: None })
    }

    fn to_rate(&self, running: &mut Running) -> Option<Step> {
        let satisfied = running.fate.rated?;
        // The second time it is nearly always settled.
        running.fate.rated = running.chance.hits(0.8).then_some(true);
        let texts = &self.stage.texts;
        let hours = running.chance.mostly_low(texts.mix.pace.rate_hours);
        let at = awake(self.now.plus_ms(minutes(60.0 * hours)), 25 * MINUTE_MS);
        let weights = if satisfied { &texts.mix.stars.satisfied } else { &texts.mix.stars.unsatisfied };
        let stars = running.chance.weighted(weights.iter().copied()) + 1;
        let solved = satisfied || running.chance.hits(0.4);
        let mut fields = Map::from_iter([
            ("stars".to_owned(), json!(stars)),
            ("solved".to_owned(), json!(solved)),
            ("satisfied".to_owned(), json!(satisfied)),
        ]);
        if !satisfied || running.chance.hits(0.55) {
            let pool = match (satisfied, solved) {
                (true, _) => &texts.ends.satisfied,
                (false, true) => &texts.ends.unsatisfied.poor,
                (false, false) => &texts.ends.unsatisfied.unsolved,
            };
            let text = self.say(running, pool, at);
            fields.insert("text".to_owned(), json!(text));
        }
        Some(Step { at, verb: Action::Rate, who: None, fields, scene: None })
    }
}

fn whole_minutes(ms: i64) -> f64 {
    f64::from(i32::try_from(ms / MINUTE_MS).unwrap_or(i32::MAX))
}
