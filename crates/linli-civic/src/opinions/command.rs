//! Publishing and taking back, each in one transaction.

use linli_access::{Act, Caller, Decision, decide};
use linli_db::Tx;
use linli_kernel::{Actor, CaseId, ProblemCode};
use serde::Deserialize;

use super::model::{Adoption, Answered, MAX_ANSWER, MAX_SUMMARY, Opinion, check_words};
use super::store;
use crate::app::App;
use crate::cases::Case;
use crate::cases::store::{self as cases, Named};
use crate::http::{Answer, Refused};

/// A public answer as it is to be.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"summary": "希望在3号楼旁边加一处电动车充电棚", "outcome": "planned", "answer": "已和物业、供电部门看过现场，列入明年一季度改造计划。"}))]
pub struct PublishOpinion {
    /// What was proposed, told anew for everybody: 4 to 200 characters, without a name or a number.
    pub summary: String,
    /// What came of it.
    pub outcome: Adoption,
    /// The answer to everybody: 4 to 1,000 characters, without a number of anybody.
    pub answer: String,
    /// The version that the caller saw, for one that is there already.
    #[serde(default)]
    pub version: Option<i64>,
}

/// What of a case decides whether its answer can be made public.
#[must_use]
pub fn answered(case: &Case) -> Answered<'_> {
    Answered { kind: case.kind, category: case.category.as_deref(), phase: case.phase, is_private: case.private }
}

/// Tells everybody, or says it better.
///
/// # Errors
/// `NotFound`, `Forbidden`, `NotNow`; `Invalid` for words that nobody is to read; `VersionConflict`.
pub fn publish_in(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: CaseId, body: &PublishOpinion) -> Answer<Opinion> {
    let (now, book) = (app.now(), app.playbooks.current());
    let (case, actor) = publishing(tx, caller, id)?;
    answered(&case).check(&book)?;
    let summary = check_words(&book, "summary", &body.summary, MAX_SUMMARY)?;
    let answer = check_words(&book, "answer", &body.answer, MAX_ANSWER)?;
    let known = store::load(tx, id)?;
    if known.as_ref().is_some_and(|known| body.version.is_some_and(|version| version != known.version)) {
        return Err(ProblemCode::VersionConflict.into());
    }
    let opinion = Opinion {
        case: id,
        area: case.area,
        category: case.category.clone().unwrap_or_default(),
        summary,
        adoption: body.outcome,
        answer,
        by: caller.account,
        published_at: known.as_ref().map_or(now, |known| known.published_at),
        withdrawn_at: None,
        version: known.map_or(0, |known| known.version),
    };
    tx.commit(opinion.publish(actor, now))?;
    store::load(tx, id)?.ok_or_else(|| Refused::from(ProblemCode::Internal))
}

/// Takes back what everybody was told.
///
/// # Errors
/// `NotFound`, `Forbidden`; the database's.
pub fn withdraw_in(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: CaseId) -> Answer<()> {
    let (_, actor) = publishing(tx, caller, id)?;
    let opinion = store::load(tx, id)?.filter(|opinion| opinion.withdrawn_at.is_none());
    tx.commit(opinion.ok_or(ProblemCode::NotFound)?.withdraw(actor, app.now()))?;
    Ok(())
}

fn publishing(tx: &mut Tx<'_>, caller: &Caller, id: CaseId) -> Answer<(Case, Actor)> {
    let case = cases::load(tx, &Named::Id(id))?.ok_or(ProblemCode::NotFound)?;
    match decide(caller, Act::PublishOpinions, &case.keys()) {
        Decision::Allowed(role) => Ok((case, caller.acting_as(role))),
        Decision::Forbidden if matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) => {
            Err(ProblemCode::Forbidden.into())
        }
        Decision::Forbidden | Decision::Hidden => Err(ProblemCode::NotFound.into()),
    }
}
