//! The routes of the pages without a script.

use axum::extract::{FromRequest, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::idempotency;
use linli_kernel::{AreaCode, FieldProblem, Phone, Problem, ProblemCode, PublicCode, Timestamp};

use super::html::{self, Choice, Filled, Known, Line, NONE_OF_THEM, Wrong};
use crate::app::App;
use crate::areas;
use crate::banners::{self, model::Face};
use crate::cases::public;
use crate::cases::report::{self, ReportCase};
use crate::cases::similar_http::{self, FindSimilar, SimilarView};
use crate::cases::store::{self, Named};
use crate::http::{Answer, Origin, Path, Query, Raw, Refused};
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_plain_report, send_plain_report))
        .routes(routes!(find_plain_case))
        .routes(routes!(show_plain_case))
}

/// The printed code of a building.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShowReport {
    /// As the QR says it.
    qr: Option<String>,
}

/// The page to report on, without a script.
#[utoipa::path(get, path = "/plain", tag = "public", params(ShowReport), responses((status = 200, content_type = "text/html", body = String)), extensions(("x-access" = json!("public"))))]
async fn show_plain_report(State(app): State<App>, lang: Lang, Query(wish): Query<ShowReport>) -> Answer<Html<String>> {
    let filled =
        Filled { key: app.ids.uuid(app.now()).to_string(), place: wish.qr.unwrap_or_default(), ..Filled::default() };
    page(&app, lang, filled, &[]).await
}

/// Makes a report of the filled-in page and leads to the case. Where the same seems to be known already, that is shown first; with
/// something wrong, the page comes back as it was filled in.
#[utoipa::path(post, path = "/plain", tag = "public",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 422, content_type = "text/html", body = String)), extensions(("x-access" = json!("public"))))]
async fn send_plain_report(State(app): State<App>, origin: Origin, lang: Lang, Raw(body): Raw) -> Answer<Response> {
    app.limits.take(origin, app.now())?;
    let request = axum::http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(body.clone()));
    let request = request.map_err(|_| Refused::from(ProblemCode::BadRequest))?;
    let axum::Form(filled): axum::Form<Filled> =
        axum::Form::from_request(request, &()).await.map_err(|_| Refused::from(ProblemCode::BadRequest))?;
    let key = (!filled.key.is_empty()).then(|| idempotency::Key::new("reporters", &filled.key, &[b"plain", &body]));
    // Sent before, by an impatient thumb: it would be offered to itself.
    if filled.same.is_empty() && is_new(&app, key.clone()).await? {
        let known = known(&app, &filled, lang).await?;
        if !known.is_empty() {
            return Ok(Html(html::same(lang, &filled, &known)).into_response());
        }
    }
    let asked = ReportCase {
        text: filled.text.clone(),
        place: some(&filled.place),
        address: some(&filled.address),
        category: some(&filled.category),
        phone: some(&filled.phone),
        same_as: some(&filled.same).filter(|same| same != NONE_OF_THEM),
        ..ReportCase::default()
    };
    match report::report(&app, asked, report::Sender::Resident, key).await {
        Ok(code) => Ok(Redirect::to(&format!("/plain/c/{code}")).into_response()),
        Err(Refused::Problem(problem)) if problem.code.status() < 500 => {
            let wrong = wrong(&problem, lang);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, lang, filled, &wrong).await?).into_response())
        }
        Err(refused) => Err(refused),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

async fn is_new(app: &App, key: Option<idempotency::Key>) -> Answer<bool> {
    let Some(key) = key else { return Ok(true) };
    let known = app.db.read(move |conn| idempotency::look_up::<String>(conn, &key).map_err(Refused::from)).await?;
    Ok(matches!(known, idempotency::Known::New))
}

/// Matters near by that may be the same. A report that lacks something has none yet: what is lacking is said first.
async fn known(app: &App, filled: &Filled, lang: Lang) -> Answer<Vec<Known>> {
    if some(&filled.text).is_none() || some(&filled.phone).is_some_and(|phone| Phone::parse(&phone).is_err()) {
        return Ok(Vec::new());
    }
    let asked = FindSimilar {
        text: filled.text.clone(),
        category: some(&filled.category),
        place: some(&filled.place),
        address: some(&filled.address),
        ..FindSimilar::default()
    };
    let known = similar_http::offered(app, asked).await?;
    Ok(known.into_iter().map(|other| choice(other, lang)).collect())
}

fn choice(other: SimilarView, lang: Lang) -> Known {
    let (day, n) = (local(lang, other.reported_at), other.n_callers.to_string());
    let kind = other.category_name.unwrap_or_else(|| lang.text("plain.same_kind"));
    let promise = other.promised_at.map(|at| lang.say("plain.promise", &[("when", &local(lang, at))]));
    let lines = [lang.say("plain.same_since", &[("when", &day), ("n", &n)]), other.stage_name];
    Known {
        token: other.token,
        title: format!("{kind} · {}", other.place_name),
        lines: lines.into_iter().chain(promise).collect(),
    }
}

/// A public code.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FindCase {
    /// As the resident typed it.
    code: String,
}

/// Leads to the page of a case by its typed code.
#[utoipa::path(get, path = "/plain/follow", tag = "public", params(FindCase), responses((status = 303)), extensions(("x-access" = json!("public"))))]
async fn find_plain_case(Query(wish): Query<FindCase>) -> Redirect {
    let code = PublicCode::parse(&wish.code).map(|code| code.to_string()).unwrap_or_else(|| "-".to_owned());
    Redirect::to(&format!("/plain/c/{code}"))
}

/// The page of a case, without a script.
#[utoipa::path(get, path = "/plain/c/{code}", tag = "public", params(("code" = String, Path)), responses((status = 200, content_type = "text/html", body = String), (status = 404, content_type = "text/html", body = String)), extensions(("x-access" = json!("public"))))]
async fn show_plain_case(State(app): State<App>, lang: Lang, Path(code): Path<String>) -> Answer<Response> {
    let found = match PublicCode::parse(&code) {
        Some(code) => public::public_view(&app, code, lang).await,
        None => Err(ProblemCode::NotFound.into()),
    };
    let case = match found {
        Ok(case) => case,
        Err(Refused::Problem(problem)) if problem.code == ProblemCode::NotFound => {
            return Ok((StatusCode::NOT_FOUND, Html(html::nothing(lang))).into_response());
        }
        Err(refused) => return Err(refused),
    };
    let lines: Vec<(String, String, String)> = case
        .lines()
        .map(|(at, sentence, text)| (local(lang, at), sentence.to_owned(), text.unwrap_or_default().to_owned()))
        .collect();
    let promise = case.promise().map(|at| lang.say("plain.promise", &[("when", &local(lang, at))]));
    let looks: Vec<(String, String)> = case
        .contact_looks
        .iter()
        .map(|look| {
            let values = [("reader", &*look.reader), ("what", &*look.what), ("purpose", &*look.purpose)];
            (local(lang, look.at), lang.say("plain.looks_line", &values))
        })
        .collect();
    let area = app.db.read({
        let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
        move |conn| store::load(conn, &Named::Code(code)).map_err(Refused::from)
    });
    let page = html::follow(lang, &case, &lines, &looks, promise.as_deref());
    let page = html::below_banners(page, &banners(&app, area.await?.map(|case| case.area)).await?);
    Ok(Html(page).into_response())
}

async fn banners(app: &App, area: Option<AreaCode>) -> Answer<Vec<Line>> {
    let shown = banners::http::shown(app, Face::Home, area, None).await?;
    Ok(shown.into_iter().map(|banner| (banner.severity.as_str(), banner.said, banner.link)).collect())
}

async fn page(app: &App, lang: Lang, filled: Filled, wrong: &[Wrong]) -> Answer<Html<String>> {
    let code = filled.place.clone();
    let place = if code.is_empty() {
        None
    } else {
        app.db.read(move |conn| areas::store::place(conn, &code).map_err(Refused::from)).await?
    };
    let filled = Filled { place: place.as_ref().map(|place| place.code.clone()).unwrap_or_default(), ..filled };
    let book = app.playbooks.current();
    let choices: Vec<Choice> = book
        .leaves()
        .filter(|leaf| leaf.public && leaf.emergency.is_none())
        .map(|leaf| Choice {
            code: leaf.code.clone(),
            name: leaf.name.clone(),
            group: leaf
                .parent
                .as_deref()
                .and_then(|code| book.category(code))
                .map(|parent| parent.name.clone())
                .unwrap_or_default(),
        })
        .collect();
    let page = html::report(lang, &filled, place.as_ref().map(|place| place.name.as_str()), &choices, wrong);
    Ok(Html(html::below_banners(page, &banners(app, place.map(|place| place.area)).await?)))
}

fn wrong(problem: &Problem, lang: Lang) -> Vec<Wrong> {
    let values: Vec<(&str, &str)> = problem.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let said = |error: &FieldProblem| {
        // The page asks for the place in words: whatever is wrong with it is said there.
        let field = if matches!(error.field.as_str(), "point" | "area_code" | "place") {
            "address"
        } else {
            error.field.as_str()
        };
        (field.to_owned(), lang.say_fullest(&format!("field_problem.{}", error.code), &values))
    };
    if problem.errors.is_empty() {
        return vec![("text".to_owned(), lang.say_fullest(&format!("problem.{}", problem.code.as_str()), &values))];
    }
    problem.errors.iter().map(said).collect()
}

/// 10月9日 18:00, Beijing time.
fn local(lang: Lang, at: Timestamp) -> String {
    let at = at.plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let day = lang.say("due.date", &[("month", &at.month().to_string()), ("day", &at.day().to_string())]);
    format!("{day} {:02}:{:02}", at.hour(), at.minute())
}
