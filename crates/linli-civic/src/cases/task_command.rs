//! Commands on the work beside a case's seat: load and access, the pure decision, the commit; all in one transaction.

use linli_access::{Act, Caller, Decision, decide};
use linli_db::Tx;
use linli_kernel::{AccountId, Actor, ProblemCode, TaskAction, TaskId, Timestamp};

use super::Case;
use super::store::{self, Named};
use super::task::{Side, TaskSaid};
use super::task_view::sides;
use crate::files;
use crate::http::{Answer, Refused};

/// An action on a task that somebody wants taken.
#[derive(Clone, Debug)]
pub struct TaskCommand {
    /// On which case.
    pub named: Named,
    /// Which of its tasks.
    pub task: TaskId,
    /// What.
    pub verb: TaskAction,
    /// With which words.
    pub said: TaskSaid,
}

/// Runs a command of someone who is signed in.
///
/// # Errors
/// `NotFound` for a case that they may not know of, or a task that it has not; `Forbidden` when they stand on no side of the
/// task; `NotNow` when it is not the time for it.
pub fn run_in(tx: &mut Tx<'_>, command: &TaskCommand, caller: &Caller, at: Timestamp) -> Answer<()> {
    let case = store::load_for_change(tx, &command.named)?.ok_or(ProblemCode::NotFound)?;
    let role = match decide(caller, Act::WorkOnCase, &case.keys()) {
        Decision::Allowed(role) => role,
        Decision::Forbidden => return Err(ProblemCode::Forbidden.into()),
        Decision::Hidden => return Err(ProblemCode::NotFound.into()),
    };
    let known = case.task(command.task).ok_or(ProblemCode::NotFound)?;
    let standing = case.standing(caller);
    let on = sides(&case, known, caller, &standing);
    let side = on.iter().copied().find(|side| known.offers(*side).contains(&command.verb));
    let side = side.ok_or(if on.is_empty() { ProblemCode::Forbidden } else { ProblemCode::NotNow })?;
    commit(tx, case, command, side, (caller.acting_as(role), Some(caller.account)), at)
}

/// Takes the action on one side of the task.
///
/// # Errors
/// What the decision refuses.
pub(super) fn commit(
    tx: &mut Tx<'_>,
    case: Case,
    command: &TaskCommand,
    side: Side,
    (actor, account): (Actor, Option<AccountId>),
    at: Timestamp,
) -> Answer<()> {
    let id = case.id;
    let case = tx.commit(case.act_on_task(command.task, command.verb, &command.said, side, actor, at)?)?;
    files::attach::<Refused>(tx, &command.said.photos, id, case.version, account)?;
    Ok(())
}
