//! How the instance is: for residents (its name), for machines (health, metrics), for developers (the API's document).

use std::sync::LazyLock;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_civic::app::App;
use linli_civic::banners::{self, model::Face};
use linli_civic::http::{Answer, MaybeSigned, Query};
use linli_civic::say::Lang;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| crate::routes::document().to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| crate::docs_page::page(&crate::routes::document()));

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(openapi))
        .routes(routes!(docs))
        .routes(routes!(show_site))
}

/// An account of the demo, shown on its sign-in page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct DemoAccount {
    /// The sign-in name.
    pub name: String,
    /// The password; exists in the demo only.
    pub password: String,
    /// As colleagues know them.
    pub display_name: String,
    /// What they are.
    pub role_name: String,
    /// Where.
    pub area_name: String,
    /// Which face they work with.
    pub face: String,
}

/// A line above every page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SiteNotice {
    /// `info`, `warn` or `urgent`.
    pub level: String,
    /// In the reader's language.
    pub text: String,
    /// Where more is written.
    pub link: Option<String>,
}

/// For which page the site is asked.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SiteWish {
    /// The face: `home`, `field`, `desk`; `home` without it.
    face: Option<Face>,
    /// The area that the page is about.
    #[param(value_type = Option<String>)]
    area: Option<linli_kernel::AreaCode>,
}

/// What this instance is called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Site {
    /// 邻里
    name: String,
    /// The city it serves.
    city: String,
    /// Whether it is the demo.
    demo: bool,
    /// The demo's accounts; empty everywhere else.
    demo_accounts: Vec<DemoAccount>,
    /// The number that residents can call.
    phone: String,
    /// What to do when it burns.
    emergency: String,
    /// Where the base map's tiles come from.
    tile_url: Option<String>,
    /// Lines above every page.
    notices: Vec<SiteNotice>,
}

/// What this instance is called, and what everybody should know.
#[utoipa::path(get, path = "/api/site", tag = "site", params(SiteWish), responses((status = 200, body = Site)), extensions(("x-access" = json!("public"))))]
async fn show_site(
    State(app): State<App>,
    MaybeSigned(caller): MaybeSigned,
    lang: Lang,
    Query(wish): Query<SiteWish>,
) -> Answer<Json<Site>> {
    let areas = app.areas();
    // A demo may hold a community of another city too; the city is the one that is there with its counties.
    let city = areas.cities().iter().rev().max_by_key(|code| areas.children(code).len());
    let city = city.map(|code| areas.name(code)).unwrap_or_default();
    let demo_accounts = if app.site.demo { crate::demo::accounts(&app, lang).await? } else { Vec::new() };
    let mut notices = Vec::new();
    if app.site.demo {
        notices.push(SiteNotice { level: "info".to_owned(), text: lang.text("notice.demo"), link: None });
    }
    let face = wish.face.unwrap_or(Face::Home);
    let banners = banners::http::shown(&app, face, wish.area, caller.as_ref()).await?;
    notices.extend(banners.into_iter().map(|banner| SiteNotice {
        level: banner.severity.as_str().to_owned(),
        text: banner.said,
        link: banner.link,
    }));
    Ok(Json(Site {
        name: lang.text("site.name"),
        city,
        demo: app.site.demo,
        demo_accounts,
        phone: app.site.phone.clone(),
        emergency: lang.text("notice.emergency"),
        tile_url: app.site.tile_url.clone(),
        notices,
    }))
}

/// Alive: the process answers.
#[utoipa::path(get, path = "/healthz", tag = "site", responses((status = 200, body = String)), extensions(("x-access" = json!("public"))))]
async fn healthz() -> &'static str {
    "ok"
}

/// Ready: the database answers and the areas are loaded.
#[utoipa::path(get, path = "/readyz", tag = "site", responses((status = 200, body = String), (status = 503, body = String)), extensions(("x-access" = json!("public"))))]
async fn readyz(State(app): State<App>) -> impl IntoResponse {
    match app.db.read(|conn| conn.number("SELECT COALESCE(MAX(n), 0) AS n FROM migration", &[])).await {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"),
    }
}

/// Figures for Prometheus. Counts only: nothing of a person, nothing of a case.
#[utoipa::path(get, path = "/metrics", tag = "site", responses((status = 200, content_type = "text/plain", body = String)), extensions(("x-access" = json!("public"))))]
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let (writes, reads) = app.db.waiting();
    let requests = crate::serve::counted();
    let mut text = String::new();
    let mut add = |name: &str, kind: &str, help: &str, rows: Vec<(String, u64)>| {
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (labels, value) in rows {
            text.push_str(&format!("{name}{labels} {value}\n"));
        }
    };
    add("linli_http_requests_total", "counter", "Requests answered, by class of status.", requests);
    add(
        "linli_db_waiting",
        "gauge",
        "Jobs that wait for a database thread.",
        vec![
            ("{kind=\"write\"}".to_owned(), u64::try_from(writes).unwrap_or(u64::MAX)),
            ("{kind=\"read\"}".to_owned(), u64::try_from(reads).unwrap_or(u64::MAX)),
        ],
    );
    add(
        "linli_areas",
        "gauge",
        "Areas loaded.",
        vec![(String::new(), u64::try_from(app.areas().len()).unwrap_or(u64::MAX))],
    );
    add(
        "linli_live_streams",
        "gauge",
        "Pages that listen for news.",
        vec![(String::new(), u64::try_from(app.listeners.n_open()).unwrap_or(u64::MAX))],
    );
    let now = app.now();
    // Without the database the other figures are still worth having.
    if let Ok(outbox) = app.db.read(move |conn| linli_civic::delivery::store::figures(conn, now)).await {
        let count = |n: i64| u64::try_from(n).unwrap_or_default();
        add(
            "linli_deliveries",
            "gauge",
            "Deliveries to other systems, by state.",
            vec![
                ("{state=\"waiting\"}".to_owned(), count(outbox.n_waiting)),
                ("{state=\"dead\"}".to_owned(), count(outbox.n_dead)),
            ],
        );
        let oldest_seconds = outbox.oldest_at.map_or(0, |at| now.since(at) / 1_000);
        let help = "How long the oldest delivery that could have gone has been waiting.";
        add("linli_delivery_oldest_seconds", "gauge", help, vec![(String::new(), count(oldest_seconds))]);
    }
    if let Ok(lag) = app.db.read(linli_civic::indicators::store::lag).await {
        let behind = u64::try_from(lag.events_behind).unwrap_or_default();
        let help = "Events that the figures do not count yet.";
        add("linli_indicators_events_behind", "gauge", help, vec![(String::new(), behind)]);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

/// The OpenAPI 3.1 document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "site", responses((status = 200, body = Object)), extensions(("x-access" = json!("public"))))]
async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// The document as a page.
#[utoipa::path(get, path = "/api/docs", tag = "site", responses((status = 200, content_type = "text/html", body = String)), extensions(("x-access" = json!("public"))))]
async fn docs() -> Html<&'static str> {
    Html(PAGE.as_str())
}
