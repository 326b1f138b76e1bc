//! 任务: work on a case beside its seat — a department that helps (协办), one that was whistled for (吹哨报到), an outside
//! party with a one-time link, a task of the task force — each with its own clocks and a rating both ways. Pure.

use linli_access::Caller;
use linli_kernel::{
    AccountId, Actor, AreaLevel, Change, DeadlineId, DeadlineKind, Problem, ProblemCode, TaskAction, TaskId, TaskKind,
    TaskState, Timestamp,
};
use linli_playbook::TaskClocks;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::World;
use super::deadline::Deadline;
use super::model::{Case, Seat};

/// Longest text of a result. Unit: characters.
pub const MAX_RESULT: usize = 2_000;
/// Longest name of an outside party. Unit: characters.
pub const MAX_PARTY: usize = 60;

/// Who was called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// A seat: the people of an area, or one of its units.
    Seat(Seat),
    /// Somebody outside, by a one-time link; the name of an organisation.
    Outside(String),
}

/// 评价: of a department by those who called it, or of the call by the department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskRating {
    /// 1 to 5.
    pub stars: u32,
    /// Why.
    pub text: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// Of which kind.
    pub kind: TaskKind,
    /// The code of the whistle that called.
    pub whistle: Option<String>,
    /// Who was called.
    pub party: Party,
    /// What for.
    pub body: String,
    /// How it stands.
    pub state: TaskState,
    /// Who called.
    pub called_by: Option<AccountId>,
    /// When.
    pub called_at: Timestamp,
    /// When it was signed for.
    pub signed_at: Option<Timestamp>,
    /// When the place was contacted.
    pub contacted_at: Option<Timestamp>,
    /// When somebody was there.
    pub arrived_at: Option<Timestamp>,
    /// When it was done, declined or cancelled.
    pub ended_at: Option<Timestamp>,
    /// What came of it.
    pub result: Option<String>,
    /// What those who called say of it.
    pub rating: Option<TaskRating>,
    /// What those who were called say of the call.
    pub call_rating: Option<TaskRating>,
}

impl Task {
    /// The seat that was called, if it is one.
    #[must_use]
    pub const fn seat(&self) -> Option<&Seat> {
        match &self.party {
            Party::Seat(seat) => Some(seat),
            Party::Outside(_) => None,
        }
    }

    /// Whether `caller` belongs to whoever was called.
    #[must_use]
    pub fn is_called(&self, caller: &Caller) -> bool {
        self.seat()
            .is_some_and(|seat| caller.grants.iter().any(|grant| grant.area == seat.area && grant.unit == seat.unit))
    }

    /// What may be done with it now, by those who were called and by those who called.
    #[must_use]
    pub fn offers(&self, side: Side) -> Vec<TaskAction> {
        use TaskAction::{Arrive, Cancel, Contact, Decline, Finish, Rate, RateCall, Sign};
        let mut offers = Vec::new();
        match (side, self.state) {
            (Side::Called, TaskState::Called) => offers.extend([Sign, Decline]),
            (Side::Called, TaskState::Signed) => {
                offers.extend((self.contacted_at.is_none() && self.arrived_at.is_none()).then_some(Contact));
                offers.extend(self.arrived_at.is_none().then_some(Arrive));
                offers.extend([Finish, Decline]);
            }
            (Side::Called, TaskState::Done) => {
                let may_rate = self.kind == TaskKind::Whistle && self.call_rating.is_none();
                offers.extend(may_rate.then_some(RateCall));
            }
            (Side::Caller, TaskState::Called | TaskState::Signed) => offers.push(Cancel),
            (Side::Caller, TaskState::Done | TaskState::Declined) => {
                let may_rate = matches!(self.kind, TaskKind::Whistle | TaskKind::Help) && self.rating.is_none();
                offers.extend(may_rate.then_some(Rate));
            }
            (_, TaskState::Cancelled) | (Side::Called, TaskState::Declined) => {}
        }
        offers
    }
}

/// On which side of a task somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// They were called.
    Called,
    /// They called: the seat of the case, its handler, those above.
    Caller,
}

/// What was said with a task action.
#[derive(Clone, Debug, Default)]
pub struct TaskSaid {
    /// In words.
    pub text: Option<String>,
    /// 1 to 5, of a rating.
    pub stars: Option<u32>,
    /// Ids of photos.
    pub photos: Vec<String>,
}

const MAX_PHOTOS: usize = 9;

impl TaskSaid {
    /// From the fields of a form.
    #[must_use]
    pub fn from_fields(fields: &Map<String, Value>) -> Self {
        let photos = fields.get("photos").and_then(Value::as_array);
        Self {
            text: fields.get("text").and_then(Value::as_str).map(|text| text.replace('\0', "")),
            stars: fields.get("stars").and_then(Value::as_u64).and_then(|stars| u32::try_from(stars).ok()),
            photos: photos
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(MAX_PHOTOS)
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// Somebody to be called.
pub(super) struct Call<'a> {
    pub kind: TaskKind,
    pub whistle: Option<&'a str>,
    pub party: Party,
    pub body: &'a str,
}

impl Case {
    /// A task by its id.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// Calls somebody: a task with its clocks.
    pub(super) fn call(&mut self, call: Call<'_>, world: &World<'_>, by: Option<AccountId>) -> TaskId {
        let unit = match &call.party {
            Party::Seat(seat) => seat.unit.as_deref(),
            Party::Outside(_) => None,
        };
        let (clocks, basis) = world.book.task_clocks(call.kind, call.whistle, unit);
        let id = TaskId::new(world.ids.uuid(world.at));
        let level = match &call.party {
            Party::Seat(seat) => seat.level(),
            Party::Outside(_) => self.seat.level(),
        };
        self.start_task_clocks(id, &clocks, basis, level, world);
        self.tasks.push(Task {
            id,
            kind: call.kind,
            whistle: call.whistle.map(str::to_owned),
            party: call.party,
            body: call.body.to_owned(),
            state: TaskState::Called,
            called_by: by,
            called_at: world.at,
            signed_at: None,
            contacted_at: None,
            arrived_at: None,
            ended_at: None,
            result: None,
            rating: None,
            call_rating: None,
        });
        id
    }

    fn start_task_clocks(
        &mut self,
        task: TaskId,
        clocks: &TaskClocks,
        basis: Option<&str>,
        level: AreaLevel,
        world: &World<'_>,
    ) {
        let wanted = [
            (DeadlineKind::Sign, clocks.sign),
            (DeadlineKind::Contact, clocks.contact),
            (DeadlineKind::Arrive, clocks.arrive),
            (DeadlineKind::Handle, clocks.handle),
        ];
        for (kind, amount) in wanted {
            let Some(amount) = amount else { continue };
            let id = DeadlineId::new(world.ids.uuid(world.at));
            let deadline = Deadline::of_task(id, task, (kind, amount, basis), level, world);
            self.deadlines.push(deadline);
        }
    }

    /// What was called and is still owed is owed no more.
    pub(super) fn cancel_tasks(&mut self, at: Timestamp) {
        for task in self.tasks.iter_mut().filter(|task| task.state.is_open()) {
            task.state = TaskState::Cancelled;
            task.ended_at = Some(at);
        }
        self.deadlines.iter_mut().filter(|deadline| deadline.task.is_some()).for_each(Deadline::cancel);
    }

    /// Takes an action on a task.
    ///
    /// # Errors
    /// `NotFound` without such a task; `NotNow` when it is not offered on this side; `Invalid` naming `text` or `stars`.
    pub fn act_on_task(
        mut self,
        id: TaskId,
        verb: TaskAction,
        said: &TaskSaid,
        side: Side,
        actor: Actor,
        at: Timestamp,
    ) -> Result<Change<Self>, Problem> {
        let owed = self.owed();
        let task = self.tasks.iter_mut().find(|task| task.id == id).ok_or(ProblemCode::NotFound)?;
        if !task.offers(side).contains(&verb) {
            return Err(ProblemCode::NotNow.into());
        }
        let text = said.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        check(verb, text.as_deref(), said.stars)?;
        let rating = || TaskRating { stars: said.stars.unwrap_or(3), text: text.clone(), at };
        let met: &[DeadlineKind] = match verb {
            TaskAction::Sign => {
                (task.state, task.signed_at) = (TaskState::Signed, Some(at));
                &[DeadlineKind::Sign]
            }
            TaskAction::Contact => {
                task.contacted_at = Some(at);
                &[DeadlineKind::Contact]
            }
            TaskAction::Arrive => {
                task.arrived_at = Some(at);
                &[DeadlineKind::Contact, DeadlineKind::Arrive]
            }
            TaskAction::Finish => {
                (task.state, task.ended_at, task.result) = (TaskState::Done, Some(at), text.clone());
                &[DeadlineKind::Sign, DeadlineKind::Contact, DeadlineKind::Arrive, DeadlineKind::Handle]
            }
            TaskAction::Decline => {
                (task.state, task.ended_at, task.result) = (TaskState::Declined, Some(at), text.clone());
                &[DeadlineKind::Sign]
            }
            TaskAction::Cancel => {
                (task.state, task.ended_at) = (TaskState::Cancelled, Some(at));
                &[]
            }
            TaskAction::Rate => {
                task.rating = Some(rating());
                &[]
            }
            TaskAction::RateCall => {
                task.call_rating = Some(rating());
                &[]
            }
        };
        let (is_open, kind, party) = (task.state.is_open(), task.kind, task.party.clone());
        for deadline in self.deadlines.iter_mut().filter(|deadline| deadline.task == Some(id)) {
            if met.contains(&deadline.kind) {
                deadline.meet(at);
            } else if !is_open {
                deadline.cancel();
            }
        }
        self.n_photos += u32::try_from(said.photos.len()).unwrap_or(0);
        let mut payload = json!({
            "task": task_payload(id, kind, &party), "stars": said.stars, "photos": said.photos,
            "seat": self.seat, "level": self.seat.level(), "category": self.category, "weight": self.weight,
        });
        if let Some(object) = payload.as_object_mut() {
            object.extend(self.met_of(&owed));
        }
        let event = self.tell(verb.event(), payload, text, at, actor);
        Ok(Change::new(self, event))
    }
}

/// What an event says of a task.
pub(super) fn task_payload(id: TaskId, kind: TaskKind, party: &Party) -> serde_json::Value {
    match party {
        Party::Seat(seat) => json!({ "id": id, "kind": kind, "area_code": seat.area, "unit_code": seat.unit }),
        // The name of an organisation, not of a person.
        Party::Outside(name) => json!({ "id": id, "kind": kind, "party": name }),
    }
}

fn check(verb: TaskAction, text: Option<&str>, stars: Option<u32>) -> Result<(), Problem> {
    let needs_text = matches!(verb, TaskAction::Finish | TaskAction::Decline | TaskAction::Cancel);
    if needs_text && text.is_none() {
        return Err(Problem::field("text", "required"));
    }
    if text.is_some_and(|text| text.chars().count() > MAX_RESULT) {
        return Err(Problem::field("text", "too_long").with("max", MAX_RESULT.to_string()));
    }
    let rates = matches!(verb, TaskAction::Rate | TaskAction::RateCall);
    match stars {
        None if rates => Err(Problem::field("stars", "required")),
        Some(1..=5) | None => Ok(()),
        Some(_) => Err(Problem::field("stars", "not_an_option")),
    }
}
