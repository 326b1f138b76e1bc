//! What the desk sees of Open311 partners, and what staff do by hand.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Decision, decide};
use linli_db::StoreError;
use linli_kernel::{ProblemCode, Timestamp};

use super::client::store::{self, Counts, Exchange};
use super::client::sync::{CatalogueDiff, Mode, sync};
use super::client::{poll, send};
use crate::app::App;
use crate::cases::store::Named;
use crate::http::{Answer, Body, Path, Signed};

/// The routes of the desk.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_open311_partners))
        .routes(routes!(show_open311_catalogue, sync_open311_catalogue))
        .routes(routes!(ask_open311_partner))
        .routes(routes!(send_case_by_open311))
}

/// Which way cases go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// They hand cases to us.
    In,
    /// We hand cases to them.
    Out,
}

/// An Open311 partner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Open311Partner {
    /// The name of its file.
    id: String,
    /// What people call it.
    name: String,
    /// Which way cases go.
    direction: Direction,
    /// Cases that were handed over.
    n_cases: i64,
    /// Of them without a number (out) or not yet sorted (in).
    n_without_number: i64,
    /// Updates that could not be entered into their case; they are kept.
    n_kept: i64,
    /// Until when its news was asked for.
    polled_until: Option<Timestamp>,
    /// When an exchange last went well.
    last_ok_at: Option<Timestamp>,
    /// Why the last one did not.
    last_error: Option<String>,
    /// When that was.
    last_error_at: Option<Timestamp>,
    /// Categories that can be sent there.
    categories: Vec<String>,
}

/// Every Open311 partner.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Open311Partners {
    /// First those that we call.
    items: Vec<Open311Partner>,
}

/// Lists the Open311 partners and how the exchange with them stands.
#[utoipa::path(get, path = "/api/open311/partners", tag = "exchange", responses((status = 200, body = Open311Partners)), extensions(("x-access" = json!("view_deliveries"))))]
async fn list_open311_partners(State(app): State<App>) -> Answer<Json<Open311Partners>> {
    let with = app.clone();
    let items = app.db.read(move |conn| {
        let mut items = Vec::new();
        for server in with.open311.servers.iter() {
            let (counts, exchange) = (store::server_counts(conn, server.id())?, store::exchange(conn, server.id())?);
            let categories = server.terms.services.keys().cloned().collect();
            items.push(partner(server.id(), &server.partner.name, Direction::Out, counts, exchange, categories));
        }
        for client in with.open311.clients.iter() {
            let counts = store::client_counts(conn, &client.id)?;
            let services = client.terms.services.clone();
            items.push(partner(&client.id, &client.name, Direction::In, counts, Exchange::default(), services));
        }
        Ok::<_, StoreError>(items)
    });
    Ok(Json(Open311Partners { items: items.await? }))
}

fn partner(
    id: &str,
    name: &str,
    direction: Direction,
    counts: Counts,
    exchange: Exchange,
    categories: Vec<String>,
) -> Open311Partner {
    Open311Partner {
        id: id.to_owned(),
        name: name.to_owned(),
        direction,
        n_cases: counts.n_cases,
        n_without_number: counts.n_without_number,
        n_kept: counts.n_kept,
        polled_until: exchange.polled_until,
        last_ok_at: exchange.last_ok_at,
        last_error: exchange.last_error,
        last_error_at: exchange.last_error_at,
        categories,
    }
}

/// Asks a server for its services and shows what would change; nothing is taken over.
#[utoipa::path(get, path = "/api/open311/partners/{id}/catalogue", tag = "exchange", params(("id" = String, Path)),
    responses((status = 200, body = CatalogueDiff), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_deliveries"))))]
async fn show_open311_catalogue(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<CatalogueDiff>> {
    Ok(Json(sync(&app, &id, Mode::DryRun).await?))
}

/// How services are taken over.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SyncCatalogue {
    /// Also when so many services are gone that the answer looks broken.
    #[serde(default)]
    insist: bool,
}

/// Takes a server's services over. When too many are gone at once, nothing is: the answer says `guarded` and not `applied`.
#[utoipa::path(post, path = "/api/open311/partners/{id}/catalogue", tag = "exchange", params(("id" = String, Path)), request_body = SyncCatalogue,
    responses((status = 200, body = CatalogueDiff), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("manage_deliveries"))))]
async fn sync_open311_catalogue(
    State(app): State<App>,
    Path(id): Path<String>,
    Body(body): Body<SyncCatalogue>,
) -> Answer<Json<CatalogueDiff>> {
    let mode = if body.insist { Mode::Insist } else { Mode::Apply };
    Ok(Json(sync(&app, &id, mode).await?))
}

/// What an exchange brought.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AskedPartner {
    /// Numbers that came for tokens.
    n_numbers: usize,
    /// News that was not known.
    n_news: usize,
}

/// Asks a server now what became of our cases.
#[utoipa::path(post, path = "/api/open311/partners/{id}/ask", tag = "exchange", params(("id" = String, Path)),
    responses((status = 200, body = AskedPartner), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("manage_deliveries"))))]
async fn ask_open311_partner(State(app): State<App>, Path(id): Path<String>) -> Answer<Json<AskedPartner>> {
    let heard = poll::ask(&app, &id).await?;
    Ok(Json(AskedPartner { n_numbers: heard.n_numbers, n_news: heard.n_news }))
}

/// Whether a case was put on its way.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SentByOpen311 {
    /// False when it was on its way or there already.
    is_new: bool,
}

/// Hands a case to an Open311 server, by hand. It goes by the outbox.
#[utoipa::path(post, path = "/api/cases/{id}/open311/{partner}", tag = "exchange", params(("id" = String, Path), ("partner" = String, Path)),
    responses((status = 200, body = SentByOpen311), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("work_on_case"))))]
async fn send_case_by_open311(
    State(app): State<App>,
    Signed(caller): Signed,
    axum::extract::Path((id, partner)): axum::extract::Path<(String, String)>,
) -> Answer<Json<SentByOpen311>> {
    let named: Named = id.parse().map_err(|()| ProblemCode::NotFound)?;
    let may = move |case: &crate::cases::Case| match decide(&caller, Act::WorkOnCase, &case.keys()) {
        Decision::Allowed(_) => Ok(()),
        Decision::Forbidden => Err(ProblemCode::Forbidden.into()),
        Decision::Hidden => Err(ProblemCode::NotFound.into()),
    };
    let is_new = send::by_hand(&app, partner, named, may).await?;
    Ok(Json(SentByOpen311 { is_new }))
}
