//! Handing a ledger in: filled from the record, with a second person's agreement where it says who somebody is, or typed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::read_log::{self, Read};
use linli_access::{Act, Caller, Decision, Keys, decide, scope};
use linli_db::Conn;
use linli_kernel::calendar::{beijing_date, beijing_midnight};
use linli_kernel::{AccountId, AreaCode, EventId, Problem, ProblemCode, Role, Timestamp};

use super::http::{acting, areas_of, found, known_area, role_in, words};
use super::model::{Ledger, State, Submission, TAKEN_WITHIN_MS};
use super::rows::{Filled, Writer};
use super::{done, store};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::people::duty;
use crate::registry::ledger::Subject;
use crate::registry::private::SUBJECT;
use crate::say::Lang;
use crate::sheets::send::send;
use crate::sheets::template;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(fill_ledger))
        .routes(routes!(note_filled_by_hand))
        .routes(routes!(list_submissions))
        .routes(routes!(decide_submission))
        .routes(routes!(take_submission))
}

/// What is to be filled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = FillLedger, example = json!({"purpose": "上报街道十月底数", "with_sealed": false}))]
pub struct FillLedger {
    /// Only what lies in this area; the ledger's own without it.
    #[serde(default)]
    area: Option<String>,
    /// The first day, `2026-09-01`, of a ledger of visits or hazards; the first of its week, month, quarter or year without it.
    #[serde(default)]
    from: Option<String>,
    /// The last day; today without it.
    #[serde(default)]
    to: Option<String>,
    /// Why, 2 to 200 characters. Each person whose name, phone number or ID number is in the file can read it.
    purpose: String,
    /// Whether those go in: then a second person agrees first.
    #[serde(default)]
    with_sealed: bool,
}

/// 报送
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Submission)]
pub struct SubmissionView {
    /// Which.
    id: String,
    /// Of which ledger.
    ledger_id: String,
    /// Of what lies there.
    area: AreaRef,
    /// The first day that is in it, where it is of what was done.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// The last day.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<String>,
    /// How it stands.
    state: State,
    /// Whether names, phone numbers or ID numbers are in it.
    is_sealed: bool,
    /// Why.
    purpose: Option<String>,
    /// Who asked.
    asked_by: String,
    /// When.
    at: Timestamp,
    /// Who agreed or refused.
    decided_by: Option<String>,
    /// Until when the file can be taken.
    ends_at: Option<Timestamp>,
    /// Rows in it.
    n_rows: u32,
    /// Cells in it that hold something from the record.
    n_cells: u32,
    /// Whether the caller may take the file now.
    can_take: bool,
    /// Whether the caller may agree or refuse.
    can_decide: bool,
}

type People = std::collections::HashMap<AccountId, duty::Person>;

fn submission(app: &App, one: &Submission, caller: &Caller, people: &People) -> SubmissionView {
    let now = app.now();
    let name = |account: AccountId| people.get(&account).map(|person| person.name.clone()).unwrap_or_default();
    let may_decide = role_in(caller, Act::ApproveExport, &one.area).is_ok();
    SubmissionView {
        id: one.id.clone(),
        ledger_id: one.ledger.clone(),
        area: app.areas().reference(&one.area),
        from: one.period.map(|(from, _)| beijing_date(from).to_string()),
        to: one.period.map(|(_, to)| beijing_date(to.plus_ms(-1)).to_string()),
        state: one.state(now),
        is_sealed: one.is_sealed,
        purpose: one.purpose.clone(),
        asked_by: name(one.account),
        at: one.at,
        decided_by: one.approver.map(name),
        ends_at: one.ends_at,
        n_rows: one.n_rows,
        n_cells: one.n_cells,
        can_take: one.account == caller.account && one.is_open(now),
        can_decide: one.account != caller.account && one.state(now) == State::Waiting && may_decide,
    }
}

/// Asks for a ledger to be filled from the record. Without names, phone numbers and ID numbers the file is ready at once; with them, when a second person agreed.
#[utoipa::path(post, path = "/api/ledgers/{id}/fill", tag = "ledgers", params(("id" = String, Path)), request_body = FillLedger,
    responses((status = 201, body = SubmissionView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("keep_ledgers"))))]
async fn fill_ledger(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Body(body): Body<FillLedger>,
) -> Answer<(StatusCode, Json<SubmissionView>)> {
    let ledger = asked_for(&app, &caller, id).await?;
    let purpose = words("purpose", &body.purpose, 200)?;
    if purpose.chars().count() < 2 {
        return Err(Problem::field("purpose", "required").into());
    }
    let area = body.area.as_deref().map_or(Ok(ledger.area), |area| known_area(&app, area))?;
    if !ledger.area.contains(&area) {
        return Err(Problem::field("area", "unknown_area").into());
    }
    let is_sealed = body.with_sealed && ledger.has_sealed();
    if is_sealed {
        role_in(&caller, Act::ReadRegistryPrivate, &area)?;
    } else if !ledger.has_open() {
        return Err(Problem::field("columns", "required").into());
    }
    let now = app.now();
    let asked = Submission {
        ends_at: (!is_sealed).then(|| now.plus_ms(TAKEN_WITHIN_MS)),
        is_sealed,
        period: period(&app, &ledger, &body)?,
        ..begun(&app, &ledger, area, &caller, Some(purpose))
    };
    let actor = acting(&caller, Act::KeepLedgers, &ledger.area)?;
    let stored = asked.clone();
    app.db
        .write(move |tx| {
            tx.commit(stored.clone().changed("submission_asked", actor.clone(), now)).map_err(Refused::from)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(shown(&app, caller, Submission { version: 1, ..asked }).await?)))
}

/// What is in the file: records as they stand, or what was done in its time.
fn filled(
    app: &App,
    conn: &mut Conn,
    caller: &Caller,
    (ledger, one): (&Ledger, &Submission),
    lang: Lang,
) -> Answer<Filled> {
    let form = &ledger.form;
    match ledger.kind {
        Subject::Record(kind) => {
            let (vault, tree) = (&app.vault, app.areas());
            Writer { vault, tree: &tree, lang, form, kind, with_sealed: one.is_sealed }.fill(conn, one.area)
        }
        Subject::Visit | Subject::Hazard => {
            let period = one.period.unwrap_or((Timestamp::from_ms(0), app.now()));
            done::Writer { app, caller, lang, form }.fill(conn, ledger.kind, (one.area, period))
        }
    }
}

/// The time of which a ledger of visits or hazards is to be.
fn period(app: &App, ledger: &Ledger, body: &FillLedger) -> Answer<Option<(Timestamp, Timestamp)>> {
    if ledger.kind.record().is_some() {
        return Ok(None);
    }
    let day = |field: &'static str, text: &Option<String>, without: Date| match text.as_deref().map(str::trim) {
        None | Some("") => Ok(without),
        Some(text) => text.parse::<Date>().map_err(|_| Problem::field(field, "bad_date")),
    };
    let last = day("to", &body.to, beijing_date(app.now()))?;
    let first = day("from", &body.from, ledger.rhythm.begins(last))?;
    let end = last.tomorrow().map_err(|_| Problem::field("to", "bad_date"))?;
    if first > last {
        return Err(Problem::field("from", "out_of_range").into());
    }
    Ok(Some((beijing_midnight(first), beijing_midnight(end))))
}

/// A submission of the caller's that is open, its ledger, and as what they take it.
fn takable(conn: &mut Conn, caller: &Caller, id: &str, now: Timestamp) -> Answer<(Submission, Ledger, Role)> {
    let mine = |one: &Submission| one.account == caller.account;
    let one = store::submission_by_id(conn, id)?.filter(mine).ok_or(ProblemCode::NotFound)?;
    if !one.is_open(now) {
        return Err(ProblemCode::NotNow.into());
    }
    let ledger = store::load(conn, &one.ledger)?.ok_or(ProblemCode::NotFound)?;
    // Who lost the right since they asked takes nothing.
    let mut role = role_in(caller, Act::KeepLedgers, &ledger.area)?;
    if one.is_sealed {
        role = role_in(caller, Act::ReadRegistryPrivate, &one.area)?;
    }
    Ok((one, ledger, role))
}

/// A ledger that is still asked for.
async fn asked_for(app: &App, caller: &Caller, id: String) -> Answer<Ledger> {
    let ledger = found(app, caller, id).await?;
    if ledger.ended_at.is_some() { Err(ProblemCode::NotNow.into()) } else { Ok(ledger) }
}

fn begun(app: &App, ledger: &Ledger, area: AreaCode, caller: &Caller, purpose: Option<String>) -> Submission {
    Submission {
        id: app.ids.uuid(app.now()).to_string(),
        ledger: ledger.id.clone(),
        area,
        period: None,
        by_hand: purpose.is_none(),
        is_sealed: false,
        purpose,
        account: caller.account,
        at: app.now(),
        approver: None,
        decided_at: None,
        is_refused: false,
        ends_at: None,
        taken_at: None,
        n_rows: 0,
        n_cells: 0,
        version: 0,
    }
}

async fn shown(app: &App, caller: Caller, one: Submission) -> Answer<SubmissionView> {
    let (app, db) = (app.clone(), app.db.clone());
    db.read(move |conn| {
        let who = [Some(one.account), one.approver].into_iter().flatten().collect();
        let people = duty::people(conn, &app.vault, &who)?;
        Ok::<_, Refused>(submission(&app, &one, &caller, &people))
    })
    .await
}

/// A form that somebody typed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = FilledByHand, example = json!({"n_rows": 40}))]
pub struct FilledByHand {
    /// So many rows, at most 100,000.
    n_rows: u32,
}

/// Notes that a ledger was filled by hand this time: one click, so that the paperwork that is left can be seen.
#[utoipa::path(post, path = "/api/ledgers/{id}/by-hand", tag = "ledgers", params(("id" = String, Path)), request_body = FilledByHand,
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_ledgers"))))]
async fn note_filled_by_hand(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Body(body): Body<FilledByHand>,
) -> Answer<StatusCode> {
    let ledger = asked_for(&app, &caller, id).await?;
    if body.n_rows > 100_000 {
        return Err(Problem::field("n_rows", "out_of_range").into());
    }
    let n_columns = ledger.form.layout.headers.iter().filter(|header| !header.is_empty()).count();
    let n_cells = body.n_rows.saturating_mul(u32::try_from(n_columns).unwrap_or(0));
    let typed = Submission { n_rows: body.n_rows, n_cells, ..begun(&app, &ledger, ledger.area, &caller, None) };
    let (actor, now) = (acting(&caller, Act::KeepLedgers, &ledger.area)?, app.now());
    app.db
        .write(move |tx| {
            tx.commit(typed.clone().changed("submission_typed", actor.clone(), now)).map_err(Refused::from)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Submissions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Submissions)]
pub struct SubmissionList {
    /// The latest first, at most 100.
    items: Vec<SubmissionView>,
}

/// Lists the latest submissions of the caller's areas, those that wait for somebody's agreement among them.
#[utoipa::path(get, path = "/api/ledgers/submissions", tag = "ledgers", responses((status = 200, body = SubmissionList)), extensions(("x-access" = json!("approve_export"))))]
async fn list_submissions(Shared(app): Shared<App>, Signed(caller): Signed) -> Answer<Json<SubmissionList>> {
    let areas = areas_of(&scope(&caller, Act::ApproveExport));
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let all = store::submissions(conn, &areas)?;
        let who = all.iter().flat_map(|one| [Some(one.account), one.approver]).flatten().collect();
        let people = duty::people(conn, &app.vault, &who)?;
        Ok::<_, Refused>(all.iter().map(|one| submission(&app, one, &caller, &people)).collect())
    });
    Ok(Json(SubmissionList { items: items.await? }))
}

/// What a second person says.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = DecideSubmission, example = json!({"agrees": true}))]
pub struct DecideSubmission {
    /// Whether the file may go out.
    agrees: bool,
}

/// A second person agrees that names, phone numbers or ID numbers go out in a file, or refuses. Nobody agrees to what they asked for themselves.
#[utoipa::path(post, path = "/api/ledgers/submissions/{id}/decide", tag = "ledgers", params(("id" = String, Path)), request_body = DecideSubmission,
    responses((status = 200, body = SubmissionView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("approve_export"))))]
async fn decide_submission(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Body(body): Body<DecideSubmission>,
) -> Answer<Json<SubmissionView>> {
    let now = app.now();
    let who = caller.clone();
    let decided = app.db.write(move |tx| {
        let one = store::submission_by_id(tx, &id)?.ok_or(ProblemCode::NotFound)?;
        let Decision::Allowed(role) = decide(&who, Act::ApproveExport, &Keys::of_area(&one.area)) else {
            return Err(Refused::from(ProblemCode::NotFound));
        };
        let one = one.decided(who.account, body.agrees, now)?;
        let kind = if body.agrees { "submission_agreed" } else { "submission_refused" };
        tx.commit(one.clone().changed(kind, who.acting_as(role), now))?;
        Ok(Submission { version: one.version + 1, ..one })
    });
    Ok(Json(shown(&app, caller, decided.await?).await?))
}

/// Downloads a filled workbook: only whoever asked for it, within a day. Each person whose sealed fields are in it finds that in the record of who looked.
#[utoipa::path(get, path = "/api/ledgers/submissions/{id}/file.xlsx", tag = "ledgers", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("keep_ledgers"))))]
async fn take_submission(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<String>,
) -> Answer<Response> {
    let now = app.now();
    let scratch = app.registry.scratch(&app.ids.uuid(now).to_string())?;
    let (house, reader, wanted) = (app.clone(), caller.clone(), id.clone());
    // Thousands of rows are read and opened where nobody who writes waits for it.
    let filled = app.db.read(move |conn| {
        let (one, ledger, _) = takable(conn, &reader, &wanted, now)?;
        filled(&house, conn, &reader, (&ledger, &one), lang)
    });
    let filled = Arc::new(filled.await?);
    let (house, written) = (app.clone(), Arc::clone(&filled));
    let taken = app.db.write(move |tx| {
        let (one, ledger, role) = takable(tx, &caller, &id, now)?;
        for (record, field) in &written.looked_at {
            let look = Read {
                id: EventId::new(house.ids.uuid(now)),
                at: now,
                account: caller.account,
                role,
                subject_kind: SUBJECT.to_owned(),
                subject_id: record.to_string(),
                field: (*field).to_owned(),
                purpose: format!("{}：{}", ledger.name, one.purpose.clone().unwrap_or_default()),
            };
            read_log::record(tx, &look)?;
        }
        let n_rows = u32::try_from(written.table.rows.len()).unwrap_or(u32::MAX);
        let taken = Submission { taken_at: one.taken_at.or(Some(now)), n_rows, n_cells: written.n_cells, ..one };
        tx.commit(taken.changed("submission_taken", caller.acting_as(role), now))?;
        Ok::<_, Refused>(ledger.file.unwrap_or_default())
    });
    let empty = taken.await?;
    // Beside the transaction: nobody waits for a large workbook.
    let file = tokio::task::spawn_blocking(move || template::fill(&empty, &filled.table)).await;
    let file = file.map_err(|_| ProblemCode::Internal)?.map_err(|error| {
        tracing::error!(%error, "a ledger that was kept cannot be filled");
        ProblemCode::Internal
    })?;
    tokio::fs::write(&scratch.path, file).await?;
    send(scratch, "ledger.xlsx")
}
