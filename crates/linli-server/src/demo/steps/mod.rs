//! What happens to a case next, from how it stands and what shall become of it.

mod ends;
mod handling;
mod moves;
mod reception;
mod script;

use linli_civic::app::App;
use linli_civic::cases::Case;
use linli_kernel::{Action, DeadlineKind, DeadlineState, PublicCode, Role, TaskAction, Timestamp};
use serde_json::{Map, Value};

use super::chance::{Draw, minutes};
use super::duty::{Shift, awake, local};
use super::photos::Scene;
use super::plan::Arrival;
use super::scenes::Stop;
use super::tale::{Running, Stage};
use super::texts::Pool;
use super::words::{day, moment};

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
    /// The unit or outside party whose task it is about, and what is done with that, in place of `verb`.
    pub task: Option<(String, TaskAction)>,
}

impl Step {
    /// A command without a picture.
    fn plain(at: Timestamp, verb: Action, who: Option<usize>, fields: Map<String, Value>) -> Self {
        Self { at, verb, who, fields, scene: None, task: None }
    }
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
    /// Whether that one is still open, so that this one can follow it.
    pub first_is_open: bool,
}

impl Next<'_> {
    /// The next step; `None` where nothing but time happens.
    pub fn step(&mut self, running: &mut Running) -> Option<Step> {
        if running.n_lines > 0 || running.fate.stop.is_some_and(|stop| self.is_at(stop, running)) {
            return self.line(running);
        }
        match self.case.stage.as_str() {
            "received" => self.at_reception(running),
            "dispatched" => self.at_the_seat(running),
            "handling" => self.in_hand(running),
            "asking" => Some(self.asked(running)),
            "verifying" => self.to_check(running),
            "answered" => self.to_follow_up(running).or_else(|| self.to_rate(running)),
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
        let late = if open > at { minutes(running.chance.between([2.0, 150.0])) } else { 0 };
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
}

/// So many minutes, as a figure to reckon with.
pub(super) fn whole_minutes(ms: i64) -> f64 {
    f64::from(i32::try_from(ms / MINUTE_MS).unwrap_or(i32::MAX))
}
