//! What anybody may do: report, and follow their own case by its code.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::StoreError;
use linli_kernel::{Action, AreaCode, AreaLevel, CaseKind, ProblemCode, PublicCode, Timestamp, Weight};
use linli_playbook::Playbook;

use super::command::{Command, Who, run};
use super::contact;
use super::fresh::Entered;
use super::model::Seat;
use super::reader::{Reader, Shown};
use super::report::{self, MAX_PLACE, MAX_TEXT, NoPlace, ReportCase, Wanted, find_place, short};
use super::routing::Ground;
use super::store::{self, Named};
use super::view::PublicCase;
use crate::app::App;
use crate::areas::Point;
use crate::areas::tree::AreaRef;
use crate::areas::view::PointView;
use crate::http::{Answer, Body, CommandKey, MaybeSigned, Origin, Path, Refused, key_scope};
use crate::people::view::Contact;
use crate::people::{Staffed, duty};
use crate::qr::qr_svg;
use crate::say::Lang;

/// The routes that need no account.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(report_case))
        .routes(routes!(preview_routing))
        .routes(routes!(list_categories))
        .routes(routes!(show_public_case))
        .routes(routes!(act_on_public_case))
        .routes(routes!(show_case_qr))
}

/// What a reporter gets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Reported {
    /// The code by which the case is followed.
    code: PublicCode,
    /// Where it is followed.
    follow_url: String,
    /// The case as it stands.
    case: PublicCase,
}

/// Reports a matter. No account is needed; staff who report for a resident are recorded as such.
#[utoipa::path(post, path = "/api/cases", tag = "public", request_body = ReportCase,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the report is made once")),
    responses((status = 201, body = Reported), (status = 422, body = crate::http::ProblemBody), (status = 429, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn report_case(
    State(app): State<App>,
    origin: Origin,
    MaybeSigned(caller): MaybeSigned,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<ReportCase>,
) -> Answer<(StatusCode, Json<Reported>)> {
    let on_behalf = body.channel.is_some() || body.weight.is_some() || body.facility.is_some();
    if caller.is_none() {
        // A clerk whose session ended registers for a resident: that must not become an anonymous report.
        if on_behalf {
            return Err(ProblemCode::NotSignedIn.into());
        }
        app.limits.take(origin, app.now())?;
    }
    // Whoever works here and reports for themselves does so as a resident.
    let caller = caller.filter(|_| on_behalf);
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(caller.as_ref()), &[b"report", &request]);
    let entered = report::report_case(&app, body, caller.into(), key).await?;
    let code = entered.code().clone();
    let case = match entered {
        Entered::New(fresh) => match Shown::fresh(*fresh, app.now()) {
            Some(shown) => public_of(&app, &shown, lang),
            None => public_view(&app, code.clone(), lang).await?,
        },
        Entered::Before(code) => public_view(&app, code, lang).await?,
    };
    let follow_url = format!("{}/c/{code}", app.site.public_url.trim_end_matches('/'));
    Ok((StatusCode::CREATED, Json(Reported { code, follow_url, case })))
}

/// What is known before a report is sent.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PreviewRouting {
    /// Where, WGS-84.
    point: Option<PointView>,
    /// Where, by area.
    area_code: Option<String>,
    /// Where, by the QR code of a building.
    place: Option<String>,
    /// Where, in words.
    address: Option<String>,
    /// The category's code.
    category: Option<String>,
    /// What is the matter, to suggest a category.
    text: Option<String>,
}

/// A category that the words suggest; a person confirms it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CategorySuggestion {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// Which words suggest it.
    why: String,
}

/// Where a report would go.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Routing {
    /// The area that was found.
    area: Option<AreaRef>,
    /// Who would answer.
    seat_name: String,
    /// The grid worker there.
    worker: Option<Contact>,
    /// Who is posted there beside the grid worker: 包抓责任人, 连心员.
    beside: Vec<Contact>,
    /// When an answer would be promised.
    promised_at: Option<Timestamp>,
    /// Why.
    why: Vec<String>,
    /// What the address could mean, when it means several.
    candidates: Vec<AreaRef>,
    /// Categories that the words suggest.
    category_suggestions: Vec<CategorySuggestion>,
}

/// Tells where a report would go, who would answer and by when, and which categories its words suggest. Nothing is kept.
#[utoipa::path(post, path = "/api/routing", tag = "public", request_body = PreviewRouting, responses((status = 200, body = Routing)), extensions(("x-access" = json!("public"))))]
async fn preview_routing(
    State(app): State<App>,
    origin: Origin,
    MaybeSigned(caller): MaybeSigned,
    lang: Lang,
    Body(body): Body<PreviewRouting>,
) -> Answer<Json<Routing>> {
    // A hall of clerks sits behind one address and asks with every few letters.
    if caller.is_none() {
        app.reading.take(origin, app.now())?;
    }
    let book = app.playbooks.current();
    let suggestions =
        body.text.as_deref().map(|text| book.suggest_categories(&short(text, MAX_TEXT))).unwrap_or_default();
    let wanted = Wanted {
        point: body.point.map(Point::from),
        area: body
            .area_code
            .as_deref()
            .and_then(|code| AreaCode::parse(code).ok())
            .filter(|code| app.areas().get(code).is_some()),
        place: body.place.clone().filter(|code| !code.is_empty()),
        facility: None,
        address: body.address.as_deref().map(|text| short(text, MAX_PLACE)).filter(|text| !text.trim().is_empty()),
    };
    let mut routing = Routing {
        area: None,
        seat_name: String::new(),
        worker: None,
        beside: Vec::new(),
        promised_at: None,
        why: Vec::new(),
        candidates: Vec::new(),
        category_suggestions: suggestions
            .into_iter()
            .map(|s| CategorySuggestion {
                code: s.code,
                name: s.name,
                why: lang.say("why.words", &[("words", &s.words.join(&lang.text("why.words_between")))]),
            })
            .collect(),
    };
    let tree = app.areas();
    let found = match find_place(&app, &wanted).await {
        Ok(found) => found,
        Err(NoPlace::Several(codes)) => {
            routing.candidates = codes.iter().map(|code| tree.reference(code)).collect();
            return Ok(Json(routing));
        }
        Err(NoPlace::Refused(_)) => return Ok(Json(routing)),
    };
    let now = app.now();
    let area = found.area;
    let (staffed, on_duty, beside) = app
        .clone()
        .db
        .read({
            let app = app.clone();
            move |conn| {
                Ok::<_, Refused>((
                    Staffed::above(conn, &area, now)?,
                    duty::on_duty(conn, &app.vault, &area.lineage(), now)?,
                    duty::beside(conn, &app.vault, &area.lineage(), now)?,
                ))
            }
        })
        .await?;
    let has = |seat: &Seat| staffed.has(&seat.key());
    let amended = app.amended();
    let ground = Ground { book: &book, staffed: &has, amended: &amended };
    let reader = Reader { areas: &tree, vault: &app.vault, lang, now, public_url: &app.site.public_url };
    let category = body.category.as_deref().filter(|code| book.category(code).is_some());
    let weight =
        category.and_then(|code| book.category(code)).map_or(Weight::General, |category| category.default_weight);
    let routed = match category {
        Some(category) => ground.first_seat(&area, Some(category), weight),
        None => ground.seat_from(&area, None, AreaLevel::Community.min(area.level())),
    };
    routing.area = Some(tree.reference(&area));
    routing.worker = reader.worker(&on_duty, &area);
    routing.beside = beside.iter().map(|duty| Contact::of(&duty.person, duty.role, lang)).collect();
    routing.why =
        found.why.iter().chain(routed.iter().flat_map(|routed| &routed.why)).map(|why| reader.why(why)).collect();
    if let Some(routed) = routed {
        let rule = book.deadline(linli_kernel::DeadlineKind::Reply, category, weight, routed.seat.level());
        routing.promised_at = rule.map(|rule| app.calendar.add(now, rule.amount, &book.working_hours).at);
        routing.seat_name = reader.seat_name(&book, &routed.seat);
    }
    Ok(Json(routing))
}

/// A category that residents can choose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Category)]
pub struct CategoryView {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// The one above it.
    parent: Option<String>,
    /// What to say so that it can be settled at once.
    hint: Option<String>,
    /// Shown instead of the form, for matters of life and limb.
    emergency: Option<String>,
    /// A name of the icon set.
    icon: Option<String>,
    /// Whether it is an opinion: once it is answered, everybody may be told what came of it.
    opinion: bool,
}

/// A kind of case that has a flow here.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CaseKindView)]
pub struct KindView {
    /// Which.
    kind: CaseKind,
    /// In words.
    name: String,
}

/// The kinds of cases that a playbook has flows for, in its order.
#[must_use]
pub fn kinds(book: &Playbook, lang: Lang) -> Vec<KindView> {
    let view = |kind: CaseKind| KindView { kind, name: lang.word("case_kind", kind.as_str()) };
    book.flows.iter().map(|flow| view(flow.kind)).collect()
}

/// The categories that residents can choose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Categories {
    /// In the order of the playbook.
    items: Vec<CategoryView>,
    /// What a matter can become.
    kinds: Vec<KindView>,
}

/// Lists the categories that residents can choose.
#[utoipa::path(get, path = "/api/categories", tag = "public", responses((status = 200, body = Categories)), extensions(("x-access" = json!("public"))))]
async fn list_categories(State(app): State<App>, lang: Lang) -> Json<Categories> {
    let book = app.playbooks.current();
    let items = book.categories.iter().filter(|category| category.public).map(|category| CategoryView {
        code: category.code.clone(),
        name: category.name.clone(),
        parent: category.parent.clone(),
        hint: category.hint.clone(),
        opinion: category.opinion,
        emergency: category.emergency.clone(),
        icon: category.icon.clone(),
    });
    Json(Categories { items: items.collect(), kinds: kinds(&book, lang) })
}

/// Shows a case to whoever holds its public code.
#[utoipa::path(get, path = "/api/public/cases/{code}", tag = "public", params(("code" = String, Path)), responses((status = 200, body = PublicCase), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_public_case(State(app): State<App>, lang: Lang, Path(code): Path<String>) -> Answer<Json<PublicCase>> {
    let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    Ok(Json(public_view(&app, code, lang).await?))
}

/// Takes one of the actions that the case offered to its reporter: answer a question, rate, reopen.
#[utoipa::path(post, path = "/api/public/cases/{code}/actions/{verb}", tag = "public",
    params(("code" = String, Path), ("verb" = Action, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the action is taken once")),
    request_body = super::http::ActOnCase,
    responses((status = 200, body = PublicCase), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn act_on_public_case(
    State(app): State<App>,
    origin: Origin,
    lang: Lang,
    MaybeSigned(caller): MaybeSigned,
    axum::extract::Path((code, verb)): axum::extract::Path<(String, String)>,
    key: CommandKey,
    Body(body): Body<super::http::ActOnCase>,
) -> Answer<Json<PublicCase>> {
    app.limits.take(origin, app.now())?;
    let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    let verb: Action = verb.parse().map_err(|_| ProblemCode::NotFound)?;
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(None), &[code.as_str().as_bytes(), verb.as_str().as_bytes(), &request]);
    let command = Command {
        named: Named::Code(code.clone()),
        verb,
        version: body.version,
        fields: body.fields,
        key,
        who: Who::Reporter { signed_in: caller },
    };
    match run(&app, command).await {
        Ok(()) => Ok(Json(public_view(&app, code, lang).await?)),
        Err(Refused::Problem(mut problem))
            if matches!(problem.code, ProblemCode::VersionConflict | ProblemCode::NotNow) =>
        {
            problem.current = serde_json::to_value(public_view(&app, code, lang).await?).ok();
            Err(Refused::Problem(problem))
        }
        Err(refused) => Err(refused),
    }
}

/// Reads a case and shows it to whoever holds its code.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn public_view(app: &App, code: PublicCode, lang: Lang) -> Answer<PublicCase> {
    let (app, now) = (app.clone(), app.now());
    app.clone()
        .db
        .read(move |conn| {
            let case = store::load(conn, &Named::Code(code))?.ok_or(ProblemCode::NotFound)?;
            let book = app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
            let areas = app.areas();
            let looks = contact::looks_at(conn, &app, &areas, (case.id, case.area), lang)?;
            let shown = Shown::read(conn, &app.vault, case, book, now)?.with_looks(looks);
            Ok(public_of(&app, &shown, lang))
        })
        .await
}

fn public_of(app: &App, shown: &Shown, lang: Lang) -> PublicCase {
    let areas = app.areas();
    Reader { areas: &areas, vault: &app.vault, lang, now: app.now(), public_url: &app.site.public_url }.public(shown)
}

/// The QR picture of a case's page, to photograph or print.
#[utoipa::path(get, path = "/api/public/cases/{code}/qr.svg", tag = "public", params(("code" = String, Path)), responses((status = 200, content_type = "image/svg+xml", body = String)), extensions(("x-access" = json!("public"))))]
async fn show_case_qr(State(app): State<App>, Path(code): Path<String>) -> Answer<Response> {
    let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    qr_svg(&format!("{}/c/{code}", app.site.public_url.trim_end_matches('/')))
}
