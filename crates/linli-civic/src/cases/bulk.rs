//! 批量办理: one act on several cases, each by itself.
//!
//! Every case goes through the command that it would go through alone, in a transaction of its own and on the version that the
//! clerk saw: one that cannot go holds none of the others up, and each answers for itself. What moves a case, calls others to it
//! or reminds them may be done for many at once. What answers a resident, judges work or decides about a person is done one by one.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::{Conn, StoreError};
use linli_kernel::{Action, CaseId, FieldProblem, Problem, ProblemCode};
use linli_playbook::FieldKind;

use super::Case;
use super::bulk_offers::{self, OffersForAll};
use super::command::{Command, Who, run};
use super::reader::Reader;
use super::seats::{self, SeatSuggestion, Seats};
use super::store::{self, Named};
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Refused, Signed, body_of, key_scope};
use crate::say::Lang;

/// Cases that one request may name.
const MOST: usize = 200;
/// Acts that may be done for many at once.
pub(super) const FOR_MANY: &[Action] = &[
    Action::Accept,
    Action::Dispatch,
    Action::Take,
    Action::Comment,
    Action::Urge,
    Action::HandOn,
    Action::SendBack,
    Action::Escalate,
    Action::Supervise,
    Action::Merge,
    Action::CallHelp,
    Action::SetPrivacy,
];

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(act_on_cases))
        .routes(routes!(list_offers_for_all))
        .routes(routes!(list_seats_for_all))
}

/// A case among several, as it was seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkItem {
    /// Its id.
    id: CaseId,
    /// The version that the caller saw.
    version: u32,
}

/// One act on several cases.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct ActOnCases {
    /// What.
    verb: Action,
    /// On which; at most 200, each once.
    items: Vec<BulkItem>,
    /// The fields of the action's form, the same for all. A category or weight that is left out stays each case's own.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Value>)]
    fields: Map<String, Value>,
}

/// What became of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkResult {
    /// It was done.
    Done,
    /// Somebody else was first: look again.
    Conflict,
    /// It was not done, and `sentence` says why.
    Refused,
}

/// One of them, with what became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BulkOutcome {
    /// Which.
    id: CaseId,
    /// What became of it.
    result: BulkResult,
    /// Done, and no longer the caller's to see.
    gone: bool,
    /// Why it was not done, for people.
    sentence: Option<String>,
    /// The stable code of that.
    code: Option<String>,
    /// The fields that are wrong.
    errors: Vec<FieldProblem>,
}

/// What became of all of them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActedOnCases {
    /// In the order of the request.
    items: Vec<BulkOutcome>,
    /// How many were done.
    n_done: usize,
}

/// Takes an action on several cases, each by itself: what is refused for one is done for the others all the same. Sent again with
/// the same key, what was done is not done twice, and what was not is tried again.
#[utoipa::path(post, path = "/api/cases/bulk", tag = "cases", request_body = ActOnCases,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the action is taken once on each case")),
    responses((status = 200, body = ActedOnCases), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn act_on_cases(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<ActOnCases>,
) -> Answer<Json<ActedOnCases>> {
    if !FOR_MANY.contains(&body.verb) {
        return Err(Problem::field("verb", "one_by_one").into());
    }
    checked(body.items.iter().map(|item| item.id))?;
    let mut items = Vec::with_capacity(body.items.len());
    for item in &body.items {
        items.push(act_on_one(&app, &caller, &body, *item, &key, lang).await?);
    }
    let n_done = items.iter().filter(|item| item.result == BulkResult::Done).count();
    Ok(Json(ActedOnCases { items, n_done }))
}

/// At least one, at most [`MOST`], each once.
fn checked(ids: impl Iterator<Item = CaseId>) -> Answer<Vec<CaseId>> {
    let ids: Vec<CaseId> = ids.collect();
    if ids.is_empty() {
        return Err(Problem::field("items", "required").into());
    }
    if ids.len() > MOST {
        return Err(Problem::field("items", "too_many").with("max", MOST.to_string()).into());
    }
    let once: std::collections::BTreeSet<&CaseId> = ids.iter().collect();
    if once.len() < ids.len() { Err(Problem::field("items", "twice").into()) } else { Ok(ids) }
}

async fn act_on_one(
    app: &App,
    caller: &Caller,
    body: &ActOnCases,
    item: BulkItem,
    key: &CommandKey,
    lang: Lang,
) -> Answer<BulkOutcome> {
    let request = serde_json::to_vec(&(item, body.verb, &body.fields)).map_err(StoreError::from)?;
    // Each case has its own: of a request that was cut off half-way, a second try does the other half.
    let key = key.of(&format!("{}/{}", key_scope(Some(caller)), item.id), &[b"bulk", &request]);
    let fields = with_own(app, caller, body, item.id).await?;
    let command = Command {
        named: Named::Id(item.id),
        verb: body.verb,
        version: item.version,
        fields,
        key,
        who: Who::Staff(caller.clone()),
    };
    match run(app, command).await {
        Ok(()) => done(app, caller, item.id).await,
        Err(refused) => Ok(refused_one(item.id, refused, lang)),
    }
}

async fn done(app: &App, caller: &Caller, id: CaseId) -> Answer<BulkOutcome> {
    let caller = caller.clone();
    let seen = app.db.read(move |conn| Ok::<_, Refused>(visible(conn, &caller, id)?.is_some())).await?;
    Ok(BulkOutcome { id, result: BulkResult::Done, gone: !seen, sentence: None, code: None, errors: Vec::new() })
}

fn refused_one(id: CaseId, refused: Refused, lang: Lang) -> BulkOutcome {
    let problem = refused.into_problem();
    let result = match problem.code {
        ProblemCode::VersionConflict | ProblemCode::NotNow => BulkResult::Conflict,
        _ => BulkResult::Refused,
    };
    let said = body_of(&problem, lang);
    BulkOutcome { id, result, gone: false, sentence: Some(said.detail), code: Some(said.code), errors: said.errors }
}

/// The fields for one case: a category or weight that the form wants and that was left out is the case's own.
async fn with_own(app: &App, caller: &Caller, body: &ActOnCases, id: CaseId) -> Answer<Map<String, Value>> {
    let (app, caller, verb, fields) = (app.clone(), caller.clone(), body.verb, body.fields.clone());
    let db = app.db.clone();
    let own = db.read(move |conn| {
        let Some(case) = visible(conn, &caller, id)? else { return Ok(fields) };
        let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
        let offers = case.offers(&book, &case.standing(&caller), app.now());
        let form = offers.iter().find(|def| def.verb == verb).map(|def| &def.form);
        let missing = form.into_iter().flatten().filter(|field| fields.get(&field.name).is_none_or(Value::is_null));
        let own = missing.filter_map(|field| Some((field.name.clone(), own_value(&case, &field.kind)?)));
        let own: Vec<(String, Value)> = own.collect();
        Ok::<_, Refused>(fields.into_iter().chain(own).collect())
    });
    own.await
}

fn own_value(case: &Case, kind: &FieldKind) -> Option<Value> {
    match kind {
        FieldKind::Category => case.category.clone().map(Value::from),
        FieldKind::Weight => Some(Value::from(case.weight.as_str())),
        _ => None,
    }
}

/// The case, if the caller may see it.
fn visible(conn: &mut Conn, caller: &Caller, id: CaseId) -> Result<Option<Case>, StoreError> {
    let case = store::load(conn, &Named::Id(id))?;
    Ok(case.filter(|case| matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_))))
}

/// Several cases.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct TheseCases {
    /// Their ids; at most 200, each once.
    ids: Vec<CaseId>,
}

/// Lists what the caller may do now with all of these cases together. Cases that they do not see count for nothing.
#[utoipa::path(post, path = "/api/cases/bulk/offers", tag = "cases", request_body = TheseCases,
    responses((status = 200, body = OffersForAll), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn list_offers_for_all(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<TheseCases>,
) -> Answer<Json<OffersForAll>> {
    let ids = checked(body.ids.into_iter())?;
    let now = app.now();
    let db = app.db.clone();
    let offers = db.read(move |conn| {
        let areas = app.areas();
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let mut all = Vec::new();
        for id in ids {
            let Some(case) = visible(conn, &caller, id)? else { continue };
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            all.push(reader.offers(&case, &book, &case.standing(&caller)));
        }
        Ok::<_, Refused>(bulk_offers::common(all, lang))
    });
    Ok(Json(offers.await?))
}

/// Lists the seats that all of these cases could go to.
#[utoipa::path(post, path = "/api/cases/bulk/seats", tag = "cases", request_body = TheseCases,
    responses((status = 200, body = Seats), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn list_seats_for_all(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<TheseCases>,
) -> Answer<Json<Seats>> {
    let ids = checked(body.ids.into_iter())?;
    let now = app.now();
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let areas = app.areas();
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let mut lists: Vec<Vec<SeatSuggestion>> = Vec::new();
        let mut alike = std::collections::HashSet::new();
        for id in ids {
            let Some(case) = visible(conn, &caller, id)? else { continue };
            // Cases of one place, kind and seat have the same choices.
            if alike.insert((case.area, case.category.clone(), case.seat.clone(), case.playbook.clone())) {
                lists.push(seats::suggest(&app, conn, &case, &reader)?);
            }
        }
        Ok::<_, Refused>(seats::common(lists, lang))
    });
    Ok(Json(Seats { items: items.await? }))
}
