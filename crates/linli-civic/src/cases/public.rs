//! What anybody may do: report, and follow their own case by its code.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, scope};
use linli_db::{StoreError, Tx, idempotency};
use linli_kernel::{
    Action, Actor, AreaCode, AreaLevel, CaseId, CaseKind, Channel, Phone, Problem, ProblemCode, PublicCode, RealName,
    Role, Timestamp, Weight,
};

use super::http::{Command, NAME_FIELD, PHONE_FIELD, Who, run};
use super::model::{Draft, Reporter, Seat, Why};
use super::routing::Ground;
use super::store::{self, Named};
use super::view::{Contact, PointView, PublicCase, Reader, Shown};
use super::{Case, World};
use crate::app::App;
use crate::areas::lookup::LocatedHow;
use crate::areas::tree::{AreaRef, Meant};
use crate::areas::{self, Point};
use crate::files;
use crate::http::{Answer, Body, CommandKey, MaybeSigned, Origin, Path, Refused, key_scope};
use crate::people::{Staffed, duty};
use crate::say::Lang;

const MAX_TEXT: usize = 2_000;
const MAX_PLACE: usize = 200;
const MAX_PHOTOS: usize = 9;

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

/// A report. Only `text` and one of `point`, `area_code`, `place` or `address` are needed.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"text": "3号楼前的路灯不亮，晚上看不清路", "point": {"lon": 109.5, "lat": 34.5}, "category": "lamp", "phone": "19900000001"}))]
pub struct ReportCase {
    /// What is the matter, 2 to 2,000 characters.
    pub text: String,
    /// Where, WGS-84.
    #[serde(default)]
    pub point: Option<PointView>,
    /// Where, by area.
    #[serde(default)]
    pub area_code: Option<String>,
    /// Where, by the QR code of a building.
    #[serde(default)]
    pub place: Option<String>,
    /// Where, in words; alone it must name one area.
    #[serde(default)]
    pub address: Option<String>,
    /// The category's code.
    #[serde(default)]
    pub category: Option<String>,
    /// A phone number to be reached at; kept encrypted.
    #[serde(default)]
    pub phone: Option<String>,
    /// A name to be called by; kept encrypted.
    #[serde(default)]
    pub name: Option<String>,
    /// Ids of photos that were sent before.
    #[serde(default)]
    pub attachments: Vec<String>,
    /// How it came; staff only.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// How heavy it is; staff only.
    #[serde(default)]
    pub weight: Option<Weight>,
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
    let on_behalf = body.channel.is_some() || body.weight.is_some();
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
    let code = report(&app, body, caller, key).await?;
    let case = public_view(&app, code.clone(), lang).await?;
    let follow_url = format!("{}/c/{code}", app.site.public_url.trim_end_matches('/'));
    Ok((StatusCode::CREATED, Json(Reported { code, follow_url, case })))
}

/// Makes a case of a report.
///
/// # Errors
/// `Invalid` naming the fields; `OutsideArea` for a point that no area contains.
pub async fn report(
    app: &App,
    body: ReportCase,
    caller: Option<Caller>,
    key: Option<idempotency::Key>,
) -> Answer<PublicCode> {
    let ready = prepare(app, body, caller).await?;
    let app = app.clone();
    app.clone().db.write(move |tx| enter(&app, tx, &ready, key.as_ref())).await
}

/// A report that was checked, placed and numbered, ready to be entered.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The case to be.
    pub draft: Draft,
    /// Photos that were sent before.
    photos: Vec<String>,
    caller: Option<Caller>,
    /// When it was said.
    at: Timestamp,
}

/// Checks a report and finds its place; nothing is written but the number for paper.
///
/// # Errors
/// As [`report`].
pub async fn prepare(app: &App, body: ReportCase, caller: Option<Caller>) -> Answer<Ready> {
    let checked = Checked::of(app, body, caller.as_ref())?;
    let found = find_place(app, &checked.place).await.map_err(Refused::from)?;
    if let Some(caller) = &caller
        && scope(caller, Act::ReportOnBehalf).reaches(&linli_access::Keys::of_area(&found.area)).is_none()
    {
        return Err(ProblemCode::Forbidden.into());
    }
    let now = app.now();
    let paper_no = app.paper.next(&app.db, &found.area, now).await?;
    let channel = match (&caller, &found.qr) {
        (Some(_), _) => checked.channel.unwrap_or(Channel::Visit),
        (None, Some(_)) => Channel::Qr,
        (None, None) => Channel::Web,
    };
    let draft = Draft {
        id: CaseId::new(app.ids.uuid(now)),
        code: app.ids.public_code(),
        paper_no,
        kind: CaseKind::Request,
        category: checked.category,
        weight: checked.weight.filter(|_| caller.is_some()),
        channel,
        area: found.area,
        found_by: found.why,
        body: checked.text,
        place_text: found.place_text,
        point: found.point,
        reporter: checked.reporter,
        n_photos: u32::try_from(checked.photos.len()).unwrap_or(0),
    };
    Ok(Ready { draft, photos: checked.photos, caller, at: now })
}

/// Enters a report in a transaction that may hold other work too.
///
/// # Errors
/// `Invalid` for an unknown category or photo; `KeyReused`; the database's.
pub fn enter(app: &App, tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<PublicCode> {
    if let Some(key) = key {
        match idempotency::look_up::<String>(tx, key)? {
            idempotency::Known::Done(code) => {
                return PublicCode::parse(&code).ok_or_else(|| ProblemCode::Internal.into());
            }
            idempotency::Known::Reused => return Err(Refused::from(ProblemCode::KeyReused)),
            idempotency::Known::New => {}
        }
    }
    let Ready { draft, photos, caller, at } = ready;
    let staffed = Staffed::above(tx, &draft.area, *at)?;
    let areas = app.areas();
    let book = app.playbooks.current();
    let world = World {
        book: &book,
        calendar: &app.calendar,
        staffed: &|seat: &Seat| staffed.has(&seat.key()),
        exists: &|area: &AreaCode| areas.get(area).is_some(),
        ids: &app.ids,
        at: *at,
    };
    let actor = caller.as_ref().map_or(Actor::Reporter, |caller| {
        let role = scope(caller, Act::ReportOnBehalf)
            .reaches(&linli_access::Keys::of_area(&draft.area))
            .unwrap_or(Role::GridWorker);
        caller.acting_as(role)
    });
    let account = actor.account();
    let case = tx.commit(Case::report(draft.clone(), &world, actor)?)?;
    files::attach::<Refused>(tx, photos, case.id, 1, account)?;
    if let Some(key) = key {
        idempotency::remember(tx, key, &case.code.as_str(), *at)?;
    }
    Ok(case.code)
}

/// A report whose fields are right.
struct Checked {
    text: String,
    category: Option<String>,
    reporter: Reporter,
    photos: Vec<String>,
    channel: Option<Channel>,
    weight: Option<Weight>,
    place: Wanted,
}

/// How a place was named.
#[derive(Clone, Debug, Default)]
struct Wanted {
    point: Option<Point>,
    area: Option<AreaCode>,
    place: Option<String>,
    address: Option<String>,
}

impl Checked {
    fn of(app: &App, body: ReportCase, caller: Option<&Caller>) -> Result<Self, Refused> {
        let mut problem = Problem::new(ProblemCode::Invalid);
        let text = body.text.trim().replace('\0', "");
        match text.chars().count() {
            0 | 1 => problem = problem.and_field("text", "required"),
            n if n > MAX_TEXT => problem = problem.and_field("text", "too_long").with("max", MAX_TEXT.to_string()),
            _ => {}
        }
        let phone = body.phone.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(Phone::parse);
        if matches!(phone, Some(Err(_))) {
            problem = problem.and_field("phone", "bad_phone");
        }
        let phone = phone.and_then(Result::ok);
        let name = body.name.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(RealName::parse);
        if matches!(name, Some(None)) {
            problem = problem.and_field("name", "too_long").with("max", "50");
        }
        let area = body.area_code.as_deref().map(AreaCode::parse);
        if matches!(area, Some(Err(_))) {
            problem = problem.and_field("area_code", "bad_code");
        }
        let area = area.and_then(Result::ok);
        match area {
            Some(code) if app.areas().get(&code).is_none() => problem = problem.and_field("area_code", "unknown"),
            // Nobody answers for a whole city: such a report would reach no one.
            Some(code) if code.level() == AreaLevel::City => problem = problem.and_field("area_code", "too_wide"),
            _ => {}
        }
        let point = body.point.map(Point::from);
        if point.is_some_and(|point| !point.is_in_china()) {
            problem = problem.and_field("point", "bad_point");
        }
        let address = body.address.map(|text| text.trim().replace('\0', "")).filter(|text| !text.is_empty());
        if address.as_ref().is_some_and(|text| text.chars().count() > MAX_PLACE) {
            problem = problem.and_field("address", "too_long").with("max", MAX_PLACE.to_string());
        }
        let place = body.place.filter(|code| !code.is_empty());
        if point.is_none() && body.area_code.is_none() && place.is_none() && address.is_none() {
            problem = problem.and_field("point", "no_place");
        }
        if body.attachments.len() > MAX_PHOTOS {
            problem = problem.and_field("attachments", "too_many").with("max", MAX_PHOTOS.to_string());
        }
        if !problem.errors.is_empty() {
            return Err(problem.into());
        }
        let seal =
            |field: &str, plain: &str| app.vault.seal(field, plain).map_err(|_| Refused::from(ProblemCode::Internal));
        let reporter = Reporter {
            phone_sealed: phone.as_ref().map(|phone| seal(PHONE_FIELD, phone.reveal())).transpose()?,
            phone_index: phone.as_ref().map(|phone| app.vault.index(PHONE_FIELD, phone.reveal())),
            name_sealed: name.flatten().map(|name| seal(NAME_FIELD, name.reveal())).transpose()?,
            account: caller.map(|caller| caller.account),
        };
        Ok(Self {
            text,
            category: body.category.filter(|code| !code.is_empty()),
            reporter,
            photos: body.attachments,
            channel: body.channel,
            weight: body.weight,
            place: Wanted { point, area, place, address },
        })
    }
}

/// A place that was found.
struct FoundPlace {
    area: AreaCode,
    point: Option<Point>,
    place_text: String,
    qr: Option<String>,
    why: Vec<Why>,
}

/// Why no place was found.
enum NoPlace {
    /// The address means several.
    Several(Vec<AreaCode>),
    /// It means none, or lies outside.
    Refused(Refused),
}

impl From<Refused> for NoPlace {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<NoPlace> for Refused {
    fn from(none: NoPlace) -> Self {
        match none {
            NoPlace::Several(_) => Problem::field("address", "ambiguous").into(),
            NoPlace::Refused(refused) => refused,
        }
    }
}

/// The first `max` characters.
fn short(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

async fn find_place(app: &App, wanted: &Wanted) -> Result<FoundPlace, NoPlace> {
    let tree = app.areas();
    let text = |area: &AreaCode| wanted.address.clone().unwrap_or_else(|| tree.full_name(area));
    if let Some(code) = &wanted.place {
        let code = code.clone();
        let place = app.db.read(move |conn| areas::store::place(conn, &code).map_err(Refused::from)).await?;
        let place = place.ok_or_else(|| Refused::from(Problem::field("place", "unknown")))?;
        let why = vec![Why::new("place", &[("area", place.area.to_string()), ("place", place.name.clone())])];
        let words =
            wanted.address.as_deref().map_or_else(|| place.name.clone(), |more| format!("{} {more}", place.name));
        return Ok(FoundPlace {
            area: place.area,
            point: wanted.point.or(place.point),
            place_text: words,
            qr: Some(place.code),
            why,
        });
    }
    if let Some(point) = wanted.point {
        let located = tree.locate(point);
        return match (located, wanted.area) {
            // Both were said: the point decides as long as it lies inside the area that was named.
            (Some(located), named) if named.is_none_or(|named| named.contains(&located.code)) => {
                let why = match located.how {
                    LocatedHow::Inside => Why::new("point_inside", &[("area", located.code.to_string())]),
                    LocatedHow::Nearest { distance_m } => Why::new(
                        "point_nearest",
                        &[("area", located.code.to_string()), ("n", format!("{distance_m:.0}"))],
                    ),
                };
                Ok(FoundPlace {
                    area: located.code,
                    point: Some(point),
                    place_text: text(&located.code),
                    qr: None,
                    why: vec![why],
                })
            }
            (_, Some(area)) => {
                let why = vec![Why::new("area_chosen", &[("area", area.to_string())])];
                Ok(FoundPlace { area, point: Some(point), place_text: text(&area), qr: None, why })
            }
            _ => Err(Refused::from(ProblemCode::OutsideArea).into()),
        };
    }
    if let Some(area) = wanted.area {
        let why = vec![Why::new("area_chosen", &[("area", area.to_string())])];
        return Ok(FoundPlace { area, point: None, place_text: text(&area), qr: None, why });
    }
    // A look through every name of the city is no work for an async thread.
    let meant = app.slowly({
        let (tree, address) = (app.areas(), wanted.address.clone().unwrap_or_default());
        move || tree.meant(&address)
    });
    match meant.await? {
        Meant::One(area) => {
            let why = vec![Why::new("address_match", &[("area", area.to_string()), ("word", tree.name(&area))])];
            Ok(FoundPlace { area, point: None, place_text: text(&area), qr: None, why })
        }
        Meant::Several(codes) => Err(NoPlace::Several(codes)),
        Meant::None => Err(Refused::from(Problem::field("address", "unknown")).into()),
    }
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
    lang: Lang,
    Body(body): Body<PreviewRouting>,
) -> Answer<Json<Routing>> {
    app.reading.take(origin, app.now())?;
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
        address: body.address.as_deref().map(|text| short(text, MAX_PLACE)).filter(|text| !text.trim().is_empty()),
    };
    let mut routing = Routing {
        area: None,
        seat_name: String::new(),
        worker: None,
        promised_at: None,
        why: Vec::new(),
        candidates: Vec::new(),
        category_suggestions: suggestions
            .into_iter()
            .map(|s| CategorySuggestion { code: s.code, name: s.name, why: s.why })
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
    let (staffed, on_duty) = app
        .clone()
        .db
        .read({
            let app = app.clone();
            move |conn| {
                Ok::<_, Refused>((
                    Staffed::above(conn, &area, now)?,
                    duty::on_duty(conn, &app.vault, &area.lineage(), now)?,
                ))
            }
        })
        .await?;
    let has = |seat: &Seat| staffed.has(&seat.key());
    let ground = Ground { book: &book, staffed: &has };
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
}

/// The categories that residents can choose.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Categories {
    /// In the order of the playbook.
    items: Vec<CategoryView>,
}

/// Lists the categories that residents can choose.
#[utoipa::path(get, path = "/api/categories", tag = "public", responses((status = 200, body = Categories)), extensions(("x-access" = json!("public"))))]
async fn list_categories(State(app): State<App>) -> Json<Categories> {
    let book = app.playbooks.current();
    let items = book.categories.iter().filter(|category| category.public).map(|category| CategoryView {
        code: category.code.clone(),
        name: category.name.clone(),
        parent: category.parent.clone(),
        hint: category.hint.clone(),
        emergency: category.emergency.clone(),
        icon: category.icon.clone(),
    });
    Json(Categories { items: items.collect() })
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
            let shown = Shown::read(conn, &app.vault, case, book, now)?;
            let areas = app.areas();
            let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
            Ok(reader.public(&shown))
        })
        .await
}

/// The QR picture of a case's page, to photograph or print.
#[utoipa::path(get, path = "/api/public/cases/{code}/qr.svg", tag = "public", params(("code" = String, Path)), responses((status = 200, content_type = "image/svg+xml", body = String)), extensions(("x-access" = json!("public"))))]
async fn show_case_qr(State(app): State<App>, Path(code): Path<String>) -> Answer<Response> {
    let code = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    qr_svg(&format!("{}/c/{code}", app.site.public_url.trim_end_matches('/')))
}

/// A QR picture of `text`.
///
/// # Errors
/// `Internal` when the text is too long for one.
pub fn qr_svg(text: &str) -> Answer<Response> {
    let code = qrcode::QrCode::new(text.as_bytes()).map_err(|_| Refused::from(ProblemCode::Internal))?;
    let svg = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
    ];
    Ok((headers, svg).into_response())
}
