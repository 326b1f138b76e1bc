//! 裁定入单, over HTTP: the lines that rulings added, their history, and ending one.
//!
//! Whoever may see the playbook sees its lines where they work; whoever may rule there may end one, and says why. The case behind
//! a line is named to those alone who may see it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, Keys, decide, scope};
use linli_db::Conn;
use linli_kernel::{Action, AreaCode, AreaLevel, CaseId, CaseKind, EntryId, Problem, ProblemCode, Role, Timestamp};
use linli_playbook::Playbook;

use super::entries::{self, Entry, Step};
use super::model::Seat;
use super::reader::Reader;
use super::store::{self, Named};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// Longest reason. Unit: characters.
const MAX_REASON: usize = 500;

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_responsibility_entries)).routes(routes!(end_responsibility_entry))
}

/// A line that a ruling added to the responsibility list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResponsibilityEntry {
    /// Its id.
    id: EntryId,
    /// Where it counts.
    area: AreaRef,
    /// The category's code.
    category: String,
    /// The category in words.
    category_name: String,
    /// While a case stands at this level.
    level: AreaLevel,
    /// The unit that hosts; the people of the area without it.
    unit_name: Option<String>,
    /// The words of the ruling.
    basis: String,
    /// The case whose ruling it comes from, for those who may see it.
    case: Option<RuledCase>,
    /// Who added it and when.
    added: EntryStep,
    /// Who ended it, when and why.
    ended: Option<EntryStep>,
    /// Whether the reader may end it.
    may_end: bool,
}

/// The case behind a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RuledCase {
    /// Its id.
    id: CaseId,
    /// The number for paper.
    paper_no: String,
}

/// Something that happened to a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntryStep {
    /// When.
    at: Timestamp,
    /// Who.
    by: String,
    /// In which words.
    text: Option<String>,
}

/// Lines that rulings added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResponsibilityEntries {
    /// The newest first, those that ended among them.
    items: Vec<ResponsibilityEntry>,
}

/// Lists the lines that rulings added to the responsibility list where the caller works, with their history.
#[utoipa::path(get, path = "/api/responsibility-entries", tag = "playbook", responses((status = 200, body = ResponsibilityEntries)), extensions(("x-access" = json!("view_playbook"))))]
async fn list_responsibility_entries(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
) -> Answer<Json<ResponsibilityEntries>> {
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let found = entries::around(conn, &places(&caller))?;
        found.into_iter().map(|entry| view(&app, conn, &caller, entry, lang)).collect::<Result<Vec<_>, Refused>>()
    });
    Ok(Json(ResponsibilityEntries { items: items.await? }))
}

fn places(caller: &Caller) -> Vec<AreaCode> {
    scope(caller, Act::ViewPlaybook).keys().filter_map(|key| key.parse().ok()).collect()
}

fn view(app: &App, conn: &mut Conn, caller: &Caller, entry: Entry, lang: Lang) -> Result<ResponsibilityEntry, Refused> {
    let (book, areas) = (app.playbooks.current(), app.areas());
    let reader = Reader { areas: &areas, vault: &app.vault, lang, now: app.now(), public_url: &app.site.public_url };
    let steps = entries::steps(conn, entry.id)?;
    let line = &entry.line;
    let seat = Seat { area: line.area, unit: line.unit.clone() };
    let added = steps.iter().find(|step| step.kind == "added");
    let ended = steps.iter().rfind(|step| step.kind == "ended");
    Ok(ResponsibilityEntry {
        id: entry.id,
        area: areas.reference(&line.area),
        category: line.category.clone(),
        category_name: book.category_path(&line.category).unwrap_or_else(|| line.category.clone()),
        level: line.level,
        unit_name: reader.unit(&book, &seat).map(|unit| unit.name),
        basis: line.basis.clone(),
        case: ruled_case(conn, caller, entry.case)?,
        added: step(app, conn, added, lang)?.unwrap_or(EntryStep {
            at: entry.since,
            by: lang.text("actor.unknown"),
            text: None,
        }),
        ended: step(app, conn, ended, lang)?,
        may_end: entry.until.is_none() && ruler(caller, &book, &entry).is_some(),
    })
}

fn step(app: &App, conn: &mut Conn, step: Option<&Step>, lang: Lang) -> Result<Option<EntryStep>, Refused> {
    let Some(step) = step else { return Ok(None) };
    let people = duty::people(conn, &app.vault, &step.by.into_iter().collect())?;
    let by = step.by.and_then(|id| people.get(&id)).map(|person| person.name.clone());
    Ok(Some(EntryStep { at: step.at, by: by.unwrap_or_else(|| lang.text("actor.unknown")), text: step.text.clone() }))
}

fn ruled_case(conn: &mut Conn, caller: &Caller, id: Option<CaseId>) -> Result<Option<RuledCase>, Refused> {
    let Some(id) = id else { return Ok(None) };
    let Some(case) = store::load(conn, &Named::Id(id))? else { return Ok(None) };
    let sees = matches!(decide(caller, Act::ViewCase, &case.keys()), Decision::Allowed(_));
    Ok(sees.then_some(RuledCase { id, paper_no: case.paper_no }))
}

/// The role in which somebody may rule where a line counts: one that reaches the whole area and that the flow lets rule.
fn ruler(caller: &Caller, book: &Playbook, entry: &Entry) -> Option<Role> {
    let role = scope(caller, Act::WorkOnCase).reaches(&Keys::of_area(&entry.line.area))?;
    let flow = book.flow(CaseKind::Request)?;
    let rulings = flow.actions.iter().filter(|def| def.verb == Action::Rule);
    rulings.flat_map(|def| &def.who).any(|who| who.role == Some(role)).then_some(role)
}

/// Why a line ends.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EndEntry {
    /// In words; kept with the line.
    reason: String,
}

/// Ends a line that a ruling added: cases are routed without it from now on. The line and its history stay.
#[utoipa::path(post, path = "/api/responsibility-entries/{id}/end", tag = "playbook", params(("id" = String, Path)), request_body = EndEntry,
    responses((status = 204), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn end_responsibility_entry(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<EntryId>,
    Body(body): Body<EndEntry>,
) -> Answer<StatusCode> {
    let reason = reason(&body.reason)?;
    let (book, now) = (app.playbooks.current(), app.now());
    app.db
        .write(move |tx| {
            let entry = entries::load(tx, id)?.filter(|entry| sees(&caller, entry)).ok_or(ProblemCode::NotFound)?;
            let role = ruler(&caller, &book, &entry).ok_or(ProblemCode::Forbidden)?;
            tx.commit(entry.end(reason.clone(), now, caller.acting_as(role))?)?;
            Ok::<_, Refused>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn sees(caller: &Caller, entry: &Entry) -> bool {
    places(caller).iter().any(|place| place.contains(&entry.line.area) || entry.line.area.contains(place))
}

fn reason(text: &str) -> Answer<String> {
    let text = text.trim().replace('\0', "");
    match text.chars().count() {
        0 | 1 => Err(Problem::field("reason", "required").into()),
        n if n > MAX_REASON => Err(Problem::field("reason", "too_long").with("max", MAX_REASON.to_string()).into()),
        _ => Ok(text),
    }
}
