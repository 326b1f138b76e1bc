//! 主动办理件: a case that a person opens before anyone asks, because the same matter keeps coming. What is proposed to them is
//! proposed elsewhere (hot spots, what visits keep coming upon); here it becomes a case, by the one way that there is.

use std::collections::{HashMap, HashSet};

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Conn, StoreError, Tx, feed};
use linli_kernel::{
    AccountId, Actor, AreaCode, CaseId, CaseKind, Channel, Problem, ProblemCode, StreamKind, Timestamp, Weight,
};

use super::Case;
use super::model::{Draft, Reporter, Why};
use super::report::MAX_TEXT;
use super::surroundings::Surroundings;
use crate::app::App;
use crate::http::Answer;
use crate::people::duty;
use crate::say::Lang;

/// What is to be put right at its root.
#[derive(Clone, Debug)]
pub struct Matter {
    /// Where.
    pub area: AreaCode,
    /// Where, in words.
    pub place_text: String,
    /// What kind.
    pub category: Option<String>,
    /// How heavy it is; as its category says without it.
    pub weight: Option<Weight>,
    /// What was proposed, and how often it came.
    pub found_by: Why,
    /// What a person wrote of it.
    pub text: String,
}

/// A case that is ready to be entered.
#[derive(Clone, Debug)]
pub struct Ready {
    draft: Draft,
    actor: Actor,
    at: Timestamp,
}

impl Ready {
    /// The case's id.
    #[must_use]
    pub const fn id(&self) -> CaseId {
        self.draft.id
    }

    /// Who opens it.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

/// Makes a case of `matter` ready for the transaction that enters it.
///
/// # Errors
/// `Forbidden` for whoever may not report there; the database's.
pub async fn prepare(app: &App, caller: &Caller, matter: Matter, at: Timestamp) -> Answer<Ready> {
    let role =
        scope(caller, Act::ReportOnBehalf).reaches(&Keys::of_area(&matter.area)).ok_or(ProblemCode::Forbidden)?;
    let actor = caller.acting_as(role);
    let draft = Draft {
        id: CaseId::new(app.ids.uuid(at)),
        code: app.ids.public_code(),
        paper_no: app.paper.next(&app.db, &matter.area, at).await?,
        kind: CaseKind::Request,
        category: matter.category,
        weight: matter.weight,
        channel: Channel::Proactive,
        area: matter.area,
        found_by: vec![matter.found_by],
        body: matter.text,
        place_text: matter.place_text,
        point: None,
        reporter: Reporter { account: actor.account(), ..Reporter::default() },
        n_photos: 0,
        private: false,
        parent: None,
        within: None,
        facility: None,
    };
    Ok(Ready { draft, actor, at })
}

/// Enters it, in a transaction that may hold other work too.
///
/// # Errors
/// What [`Case::report`] refuses; the database's.
pub fn enter(app: &App, tx: &mut Tx<'_>, ready: &Ready) -> Answer<()> {
    let Ready { draft, actor, at } = ready;
    let around = Surroundings::read(app, tx, app.playbooks.current(), &draft.area, &[], *at)?;
    let change = around.decide(app, *at, |world| Case::report(draft.clone(), world, actor.clone()))?;
    tx.commit(change)?;
    Ok(())
}

/// What a person wrote, checked.
///
/// # Errors
/// `Invalid` naming `field`.
pub fn said(text: &str, field: &str) -> Answer<String> {
    let text = text.trim().replace('\0', "");
    match text.chars().count() {
        0 | 1 => Err(Problem::field(field, "required").into()),
        n if n > MAX_TEXT => Err(Problem::field(field, "too_long").with("max", MAX_TEXT.to_string()).into()),
        _ => Ok(text),
    }
}

/// What a person decided.
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub by: String,
    /// Why nothing follows.
    pub reason: Option<String>,
}

/// What was decided of the proposals of a list, by their histories.
///
/// # Errors
/// The database's.
pub fn decisions(
    app: &App,
    conn: &mut Conn,
    (kind, ids): (StreamKind, &[String]),
    lang: Lang,
) -> Result<HashMap<String, Decision>, StoreError> {
    let mut told = feed::told_histories(conn, kind.as_str(), ids)?;
    told.retain(|(event, _)| matches!(event.kind.as_str(), "opened" | "dismissed"));
    let by = |event: &feed::Event| event.actor_id.as_deref().and_then(|id| id.parse::<AccountId>().ok());
    let accounts: HashSet<AccountId> = told.iter().filter_map(|(event, _)| by(event)).collect();
    let people = duty::people(conn, &app.vault, &accounts)?;
    let decided = told.into_iter().map(|(event, reason)| {
        let name = by(&event).and_then(|id| people.get(&id)).map(|person| person.name.clone());
        let by = name.unwrap_or_else(|| lang.text("actor.unknown"));
        (event.stream_id, Decision { at: event.at, by, reason })
    });
    Ok(decided.collect())
}
