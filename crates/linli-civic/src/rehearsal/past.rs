//! What happened to a case, as its history tells it: deeds and the clocks that ran out. Pure.

use linli_db::feed::Event;
use linli_kernel::{
    Action, Actor, AreaCode, CaseId, CaseKind, Channel, DeadlineKind, TaskAction, TaskId, Timestamp, Weight,
};
use serde_json::Value;

use crate::cases::version::MOVED;
use crate::cases::{Seat, task::TaskSaid};

/// A case from its report on.
#[derive(Clone, Debug)]
pub struct Past {
    /// Which.
    pub id: CaseId,
    /// Its number on paper.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// How it came.
    pub channel: Channel,
    /// Where it is.
    pub area: AreaCode,
    /// The version that it began under.
    pub pinned: (String, String),
    /// How it began.
    pub reported: Reported,
    pub(super) steps: Vec<Step>,
    pub(super) parts: Vec<Part>,
    /// When others began to follow it.
    pub(super) followed_at: Vec<Timestamp>,
}

/// How a case began.
#[derive(Clone, Debug)]
pub struct Reported {
    /// When.
    pub at: Timestamp,
    /// The category that was chosen.
    pub category: Option<String>,
    pub(super) actor: Actor,
    pub(super) weight: Weight,
    pub(super) private: bool,
    pub(super) parent: Option<CaseId>,
    pub(super) within: Option<linli_kernel::Amount>,
    pub(super) seat: Option<Seat>,
}

/// A part that was split off: the stages that it came to.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub pinned: (String, String),
    pub kind: CaseKind,
    pub stages: Vec<(Timestamp, String)>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The number of its event.
    pub n: i64,
    pub at: Timestamp,
    pub deed: Deed,
    /// Who answered after it, as it was told.
    pub seat: Option<Seat>,
}

/// What somebody did, or time.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Act(Act),
    OnTask { nth: usize, verb: TaskAction, actor: Actor, said: TaskSaid },
    RanOut { kind: DeadlineKind, task: Option<usize> },
    Moved { to: (String, String), stage: Option<String> },
}

/// An action with what the history keeps of its form.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub verb: Action,
    pub actor: Actor,
    pub told: Value,
    pub text: Option<String>,
    /// Who was called by it.
    pub called: Vec<Value>,
}

/// What the row of a case tells that its history does not.
pub(super) struct Head {
    pub id: CaseId,
    pub paper_no: String,
    pub kind: CaseKind,
    pub channel: Channel,
    pub area: AreaCode,
    pub pinned: (String, String),
}

impl Past {
    /// Of a history, oldest first; `None` when it does not begin with a report.
    pub(super) fn of(head: Head, history: &[(Event, Option<String>)]) -> Option<Self> {
        let (first, _) = history.first().filter(|(event, _)| event.kind == "reported")?;
        let told = payload(first);
        let reported = Reported {
            at: first.at,
            category: text_in(&told, "category"),
            actor: actor(first, &told)?,
            weight: text_in(&told, "weight")?.parse().ok()?,
            private: told.get("private").and_then(Value::as_bool).unwrap_or(false),
            parent: text_in(&told, "parent").and_then(|id| id.parse().ok()),
            within: told.get("within").and_then(|within| serde_json::from_value(within.clone()).ok()),
            seat: seat_in(&told),
        };
        let mut reader = Reader { steps: Vec::new(), tasks: Vec::new() };
        let mut pinned = head.pinned;
        for (before, (event, text)) in history.iter().zip(history.iter().skip(1)) {
            let told = payload(event);
            // The row names the version that it goes by now; the first move tells which one it began under.
            if event.kind == MOVED && reader.steps.iter().all(|step| !matches!(step.deed, Deed::Moved { .. })) {
                pinned = version_in(&told, "version_before")?;
            }
            reader.read(event, told, text.as_deref(), &before.0);
        }
        Some(Self {
            id: head.id,
            paper_no: head.paper_no,
            kind: head.kind,
            channel: head.channel,
            area: head.area,
            pinned,
            reported,
            steps: reader.steps,
            parts: Vec::new(),
            followed_at: Vec::new(),
        })
    }
}

struct Reader {
    steps: Vec<Step>,
    tasks: Vec<TaskId>,
}

impl Reader {
    fn read(&mut self, event: &Event, told: Value, text: Option<&str>, before: &Event) {
        let seat = seat_in(&told);
        if event.kind == "task_called" {
            self.called(&told);
            return;
        }
        let follows_by_itself = event.actor_kind == "system" && self.is_consequence(event, &told, before);
        if follows_by_itself {
            // Told beside what it follows from: the same moment, where it led to.
            if let (Some(step), Some(seat)) = (self.steps.last_mut(), seat) {
                step.seat = Some(seat);
            }
            return;
        }
        let Some(deed) = self.deed(event, told, text) else { return };
        self.steps.push(Step { n: event.n, at: event.at, deed, seat });
    }

    fn called(&mut self, told: &Value) {
        let Some(task) = told.get("task") else { return };
        self.tasks.extend(text_in(task, "id").and_then(|id| id.parse::<TaskId>().ok()));
        if let Some(Step { deed: Deed::Act(act), .. }) = self.steps.last_mut() {
            act.called.push(task.clone());
        }
    }

    /// What linli did because of the event before, or by a rule: the replay does it again by itself.
    fn is_consequence(&self, event: &Event, told: &Value, before: &Event) -> bool {
        let clock = told.get("deadline").filter(|kind| !kind.is_null());
        let is_told =
            |kind: &Value| before.kind == "deadline_breached" && payload(before).get("deadline") == Some(kind);
        text_in(told, "rule").is_some()
            || clock.is_some_and(|kind| event.kind != "deadline_breached" && is_told(kind))
            || (clock.is_none() && matches!(event.kind.as_str(), "dispatched" | "reopened"))
    }

    fn deed(&self, event: &Event, told: Value, text: Option<&str>) -> Option<Deed> {
        let kind = event.kind.as_str();
        let nth = |task: &Value| {
            let id: TaskId = text_in(task, "id")?.parse().ok()?;
            self.tasks.iter().position(|known| *known == id)
        };
        let clock = told.get("deadline").filter(|kind| event.actor_kind == "system" && !kind.is_null());
        if let Some(clock) = clock {
            let kind = serde_json::from_value(clock.clone()).ok()?;
            return Some(Deed::RanOut { kind, task: told.get("task").and_then(nth) });
        }
        if kind == MOVED {
            let stage = text_in(&told, "to").filter(|to| text_in(&told, "from").as_ref() != Some(to));
            return Some(Deed::Moved { to: version_in(&told, "version_after")?, stage });
        }
        let actor = actor(event, &told)?;
        if let Some(verb) = TaskAction::ALL.iter().find(|verb| verb.event() == kind) {
            let said = TaskSaid {
                text: text.map(str::to_owned),
                stars: told.get("stars").and_then(Value::as_u64).and_then(|stars| u32::try_from(stars).ok()),
                photos: Vec::new(),
            };
            return Some(Deed::OnTask { nth: told.get("task").and_then(nth)?, verb: *verb, actor, said });
        }
        let verb = *Action::ALL.iter().find(|verb| verb.event() == kind)?;
        Some(Deed::Act(Act { verb, actor, told, text: text.map(str::to_owned), called: Vec::new() }))
    }
}

fn payload(event: &Event) -> Value {
    serde_json::from_str(&event.payload).unwrap_or_default()
}

pub(super) fn text_in(told: &Value, name: &str) -> Option<String> {
    told.get(name)?.as_str().map(str::to_owned)
}

fn seat_in(told: &Value) -> Option<Seat> {
    serde_json::from_value(told.get("seat")?.clone()).ok()
}

fn version_in(told: &Value, name: &str) -> Option<(String, String)> {
    let version = told.get(name)?;
    Some((text_in(version, "id")?, text_in(version, "version")?))
}

fn actor(event: &Event, told: &Value) -> Option<Actor> {
    match event.actor_kind.as_str() {
        "reporter" => Some(Actor::Reporter),
        "system" => Some(Actor::System),
        "staff" => Some(Actor::Staff {
            account: event.actor_id.as_deref()?.parse().ok()?,
            role: event.actor_role.as_deref()?.parse().ok()?,
        }),
        "partner" => {
            Some(Actor::Partner { id: event.actor_id.clone()?, name: text_in(told, "partner").unwrap_or_default() })
        }
        _ => None,
    }
}
