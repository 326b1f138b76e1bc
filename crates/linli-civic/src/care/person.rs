//! 本人查看: what is held of a person, who looked, and what they can do about it, with a code from the counter.
//!
//! The code opens one entry once; what it opened is remembered by the browser in a cookie that no script reads, for half an hour.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::Conn;
use linli_kernel::{Actor, CareId, CareRequestId, ProblemCode, Timestamp};

use super::command::{commit, needed, optional};
use super::model::{By, Entry, REASON_FIELD};
use super::private::{self, Look, Why};
use super::store;
use super::view::{self, HistoryLine};
use super::words::{EndReason, State};
use crate::app::App;
use crate::http::{Answer, Body, Origin, Refused, same_site};
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open_own_care))
        .routes(routes!(show_own_care, close_own_care))
        .routes(routes!(act_on_own_care))
}

const COOKIE: &str = "linli_care";
/// How long what was opened stays open. Unit: ms.
const OPEN_MS: i64 = 30 * 60_000;

/// The code that the counter gave.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = OpenOwnCare)]
pub struct OpenOwn {
    /// As it was handed over; blanks and small letters do not matter.
    code: String,
}

/// Opens what is held of a person with the code that the counter gave them. It opens once.
#[utoipa::path(post, path = "/api/public/care/open", tag = "public", request_body = OpenOwn,
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 429, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn open_own_care(
    Shared(app): Shared<App>,
    origin: Origin,
    headers: HeaderMap,
    Body(body): Body<OpenOwn>,
) -> Answer<Response> {
    same_site(&headers)?;
    app.limits.take(origin, app.now())?;
    let typed: String = body.code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let code = store::code_index(&app.vault, &typed);
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|_| ProblemCode::Internal)?;
    let secret = hex::encode(secret);
    let (worker, session) = (app.clone(), store::code_index(&app.vault, &secret));
    app.db
        .write(move |tx| {
            let now = worker.now();
            let id = store::by_code(tx, &code, now)?.ok_or(ProblemCode::NotFound)?;
            let entry = store::load_for_change(tx, &worker.vault, id, now)?.ok_or(ProblemCode::NotFound)?;
            let by = By { actor: Actor::Reporter, at: now, vault: &worker.vault };
            commit(tx, entry.open(code.clone(), session.clone(), now.plus_ms(OPEN_MS), &by), &worker.vault)
        })
        .await?;
    let is_secure = app.site.public_url.starts_with("https://");
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), &secret, OPEN_MS / 1_000, is_secure))
}

fn with_cookie(mut response: Response, secret: &str, seconds: i64, is_secure: bool) -> Response {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={secret}; Path=/api/public/care; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The index of the secret that the browser remembers.
fn session(app: &App, headers: &HeaderMap) -> Answer<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let secret = pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned());
    Ok(store::code_index(&app.vault, &secret.ok_or(ProblemCode::NotFound)?))
}

/// Who goes there.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OwnCareHelper)]
pub struct OwnHelper {
    /// As people know them.
    name: String,
}

/// What is held of a person, and what was done with it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = OwnCare)]
pub struct Own {
    /// The person's name.
    name: String,
    /// Where they live.
    address: String,
    /// What the entry is about.
    why: Why,
    /// How it stands.
    state: State,
    /// Who goes there.
    helpers: Vec<OwnHelper>,
    /// When it was entered.
    entered_at: Timestamp,
    /// By when it is looked at again.
    review_at: Timestamp,
    /// When it ends by itself.
    expires_at: Timestamp,
    /// When the next visit is due.
    visit_due_at: Option<Timestamp>,
    /// When somebody was last met.
    last_met_at: Option<Timestamp>,
    /// Why it was extended, the newest first.
    extended: Vec<String>,
    /// Who looked: unit, role, purpose, date. The newest first.
    looks: Vec<Look>,
    /// What was done, the newest first.
    history: Vec<HistoryLine>,
}

/// Shows the person what is held of them and who looked.
#[utoipa::path(get, path = "/api/public/care", tag = "public",
    responses((status = 200, body = Own), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_own_care(Shared(app): Shared<App>, lang: Lang, headers: HeaderMap) -> Answer<Json<Own>> {
    let session = session(&app, &headers)?;
    let db = app.db.clone();
    let own = db.read(move |conn| {
        let id = store::by_session(conn, &session, app.now())?.ok_or(ProblemCode::NotFound)?;
        own(conn, &app, id, lang)
    });
    Ok(Json(own.await?))
}

fn own(conn: &mut Conn, app: &App, id: CareId, lang: Lang) -> Answer<Own> {
    let entry = store::load(conn, &app.vault, id, app.now())?.ok_or(ProblemCode::NotFound)?;
    let home = store::homes(conn, &app.vault, &[entry.resident])?.remove(&entry.resident).unwrap_or_default();
    let helpers = private::names(conn, app, &entry.helpers)?;
    Ok(Own {
        name: home.name.as_ref().map(|name| name.reveal().to_owned()).unwrap_or_default(),
        address: home.address.clone(),
        why: private::why(conn, app, &entry, lang)?,
        state: entry.state,
        helpers: helpers.into_iter().map(|name| OwnHelper { name }).collect(),
        entered_at: entry.created_at,
        review_at: entry.review_at,
        expires_at: entry.expires_at,
        visit_due_at: entry.visit_due_at(home.last_met),
        last_met_at: home.last_met.filter(|met| *met >= entry.since),
        extended: reasons(conn, app, &entry)?,
        looks: private::looks(conn, app, id, lang)?,
        history: view::history(conn, app, &entry, lang)?,
    })
}

/// Why it was extended, as it was said then.
fn reasons(conn: &mut Conn, app: &App, entry: &Entry) -> Answer<Vec<String>> {
    let events = linli_db::feed::history(conn, "care", &entry.id.to_string())?;
    let texts = events.into_iter().rev().filter_map(|(_, text)| text);
    let open = |text: String| hex::decode(text).ok().and_then(|sealed| app.vault.open(REASON_FIELD, &sealed).ok());
    Ok(texts.filter_map(open).collect())
}

/// What the person does.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
#[schema(as = OwnCareAct)]
pub enum OwnAct {
    /// Something is wrong and is to be put right.
    Correct {
        /// What.
        text: String,
    },
    /// Which contact is wanted.
    Wish {
        /// In their words; empty takes it away.
        text: String,
    },
    /// Nobody shall come any more: visits stop now.
    Object,
    /// Visits are wanted again.
    Resume,
    /// A service is wanted.
    Want {
        /// Its code.
        service: String,
    },
    /// A service is not wanted, or no more.
    Decline {
        /// Its code.
        service: String,
    },
    /// The entry shall end: it is erased.
    Leave,
}

/// Puts right, objects, or leaves: one step each, by the person or the guardian.
#[utoipa::path(post, path = "/api/public/care/acts", tag = "public", request_body = OwnAct,
    responses((status = 200, body = Option<Own>), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn act_on_own_care(
    Shared(app): Shared<App>,
    origin: Origin,
    lang: Lang,
    headers: HeaderMap,
    Body(body): Body<OwnAct>,
) -> Answer<Json<Option<Own>>> {
    same_site(&headers)?;
    app.limits.take(origin, app.now())?;
    let session = session(&app, &headers)?;
    let db = app.db.clone();
    let own = db.write(move |tx| {
        let now = app.now();
        let id = store::by_session(tx, &session, now)?.ok_or(ProblemCode::NotFound)?;
        let entry = store::load_for_change(tx, &app.vault, id, now)?.ok_or(ProblemCode::NotFound)?;
        let by = By { actor: Actor::Reporter, at: now, vault: &app.vault };
        let book = app.playbooks.current();
        let change = match &body {
            OwnAct::Correct { text } => {
                entry.ask(CareRequestId::new(app.ids.uuid(now)), &needed("text", text)?, &by)?
            }
            OwnAct::Wish { text } => entry.wish(optional("text", Some(text))?, &by),
            OwnAct::Object => entry.object(&by)?,
            OwnAct::Resume => entry.resume(None, &by)?,
            OwnAct::Want { service } => entry.want(&book.care, std::slice::from_ref(service), &by)?,
            OwnAct::Decline { service } => entry.decline(&book.care, service, &by)?,
            OwnAct::Leave => entry.end(EndReason::Left, &by),
        };
        commit(tx, change, &app.vault)?;
        if matches!(body, OwnAct::Leave) { Ok(None) } else { own(tx, &app, id, lang).map(Some) }
    });
    own.await.map(Json).map_err(|refused: Refused| refused)
}

/// Closes what was opened: whoever uses the computer next sees nothing.
#[utoipa::path(delete, path = "/api/public/care", tag = "public", responses((status = 204)), extensions(("x-access" = json!("public"))))]
async fn close_own_care(Shared(app): Shared<App>, headers: HeaderMap) -> Answer<Response> {
    same_site(&headers)?;
    if let Ok(session) = session(&app, &headers) {
        app.db.write(move |tx| store::close(tx, &session).map_err(Refused::from)).await?;
    }
    let is_secure = app.site.public_url.starts_with("https://");
    Ok(with_cookie(StatusCode::NO_CONTENT.into_response(), "", 0, is_secure))
}
