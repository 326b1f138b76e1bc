//! The work beside a case's seat, as pages show it.

use linli_access::Caller;
use linli_kernel::{TaskAction, TaskId, TaskKind, TaskState, Timestamp};
use linli_playbook::{Relation, Standing, Who};
use serde::Serialize;

use super::model::Case;
use super::reader::{Reader, Shown};
use super::task::{MAX_RESULT, Party, Side, Task, TaskRating};
use super::view::{DeadlineView, FieldView, FieldWord};

/// Something that this reader may do with a task now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TaskOffer {
    /// What is done.
    pub(super) verb: TaskAction,
    /// The button.
    pub(super) name: String,
    /// What must be said.
    pub(super) form: Vec<FieldView>,
}

/// One who was called.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TaskView {
    /// Which.
    pub(super) id: TaskId,
    /// Of which kind.
    pub(super) kind: TaskKind,
    /// In words; of a whistle, its name.
    pub(super) kind_name: String,
    /// Who.
    pub(super) party_name: String,
    /// What for.
    pub(super) body: String,
    /// How it stands.
    pub(super) state: TaskState,
    /// In words.
    pub(super) state_name: String,
    /// When it was called.
    pub(super) called_at: Timestamp,
    /// When it was signed for.
    pub(super) signed_at: Option<Timestamp>,
    /// When the place was contacted.
    pub(super) contacted_at: Option<Timestamp>,
    /// When somebody was there.
    pub(super) arrived_at: Option<Timestamp>,
    /// When it ended.
    pub(super) ended_at: Option<Timestamp>,
    /// What came of it.
    pub(super) result: Option<String>,
    /// What those who called say of it.
    pub(super) rating: Option<TaskRating>,
    /// What those who were called say of the call.
    pub(super) call_rating: Option<TaskRating>,
    /// Its clocks.
    pub(super) deadlines: Vec<DeadlineView>,
    /// What the reader may do now.
    pub(super) actions: Vec<TaskOffer>,
    /// Where the outside party signs and reports; for those who called.
    pub(super) link: Option<String>,
}

/// On which sides of a task somebody stands.
#[must_use]
pub fn sides(case: &Case, task: &Task, caller: &Caller, standing: &Standing) -> Vec<Side> {
    let calls = [Relation::Seat, Relation::Handler, Relation::Above];
    let is_caller = calls.iter().any(|relation| standing.is(&Who { role: None, relation: *relation }));
    let mut sides = Vec::new();
    sides.extend(task.is_called(caller).then_some(Side::Called));
    // Whoever was called does not judge their own work as the one who called.
    let of_both = task.is_called(caller) && task.seat() != Some(&case.seat);
    sides.extend((is_caller && !of_both).then_some(Side::Caller));
    sides
}

impl Reader<'_> {
    /// The tasks of a case.
    pub(super) fn tasks(&self, shown: &Shown, caller: &Caller, standing: &Standing) -> Vec<TaskView> {
        let case = &shown.case;
        let is_over = matches!(case.phase, linli_kernel::Phase::Closed);
        let views = case.tasks.iter().map(|task| {
            let sides = sides(case, task, caller, standing);
            let mut verbs: Vec<TaskAction> = sides.iter().flat_map(|side| task.offers(*side)).collect();
            verbs.retain(|verb| !is_over || matches!(verb, TaskAction::Rate | TaskAction::RateCall));
            let may_link = sides.contains(&Side::Caller) && task.kind == TaskKind::External && task.state.is_open();
            TaskView {
                actions: verbs.into_iter().map(|verb| self.task_offer(verb)).collect(),
                link: may_link.then(|| self.task_link(task.id)),
                ..self.task(shown, task)
            }
        });
        views.collect()
    }

    /// A task without anything that could be done with it.
    pub(super) fn task(&self, shown: &Shown, task: &Task) -> TaskView {
        let whistle = task.whistle.as_deref().and_then(|code| shown.book.whistle(code));
        let clocks = shown.case.deadlines.iter().filter(|deadline| deadline.task == Some(task.id));
        TaskView {
            id: task.id,
            kind: task.kind,
            kind_name: whistle
                .map_or_else(|| self.lang.word("task_kind", task.kind.as_str()), |whistle| whistle.name.clone()),
            party_name: match &task.party {
                Party::Seat(seat) => self.seat_name(&shown.book, seat),
                Party::Outside(name) => name.clone(),
            },
            body: task.body.clone(),
            state: task.state,
            state_name: self.lang.word("task_state", task.state.as_str()),
            called_at: task.called_at,
            signed_at: task.signed_at,
            contacted_at: task.contacted_at,
            arrived_at: task.arrived_at,
            ended_at: task.ended_at,
            result: task.result.clone(),
            rating: task.rating.clone(),
            call_rating: task.call_rating.clone(),
            deadlines: clocks.map(|deadline| self.deadline(&shown.book, deadline)).collect(),
            actions: Vec::new(),
            link: None,
        }
    }

    /// A button of a task and its form.
    pub(super) fn task_offer(&self, verb: TaskAction) -> TaskOffer {
        let label = |name: &str| self.lang.word("task_field", &format!("{}_{name}", verb.as_str()));
        let field = |name: &str, kind: FieldWord, required: bool, max_len: u32| FieldView {
            name: name.to_owned(),
            label: label(name),
            kind,
            required,
            max_len,
            min: 0,
            max: None,
            help: None,
            options: Vec::new(),
        };
        let most = u32::try_from(MAX_RESULT).unwrap_or(u32::MAX);
        let text = |required: bool| field("text", FieldWord::LongText, required, most);
        let photos = || field("photos", FieldWord::Photos, false, 9);
        let form = match verb {
            TaskAction::Sign => Vec::new(),
            TaskAction::Contact => vec![text(false)],
            TaskAction::Arrive => vec![text(false), photos()],
            TaskAction::Finish => vec![text(true), photos()],
            TaskAction::Decline | TaskAction::Cancel => vec![text(true)],
            TaskAction::Rate | TaskAction::RateCall => vec![field("stars", FieldWord::Stars, true, 5), text(false)],
        };
        TaskOffer { verb, name: self.lang.word("task_action", verb.as_str()), form }
    }

    fn task_link(&self, id: TaskId) -> String {
        format!("{}/t/{}", self.public_url.trim_end_matches('/'), super::task_http::link_token(self.vault, id))
    }
}
