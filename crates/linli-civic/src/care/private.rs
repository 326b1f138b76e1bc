//! Why somebody is in care: read one entry at a time, with a purpose, each look recorded in the transaction that reads.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Caller;
use linli_access::read_log::{self, Read};
use linli_db::{Conn, StoreError, Tx};
use linli_kernel::{AccountId, CareId, EventId, Problem, ProblemCode, Role, Timestamp};
use linli_playbook::CarePackage;

use super::command::{look, seen};
use super::due::{self, Due, nearness};
use super::model::{Basis, CALL_FIELD, Entry};
use super::need::Sight;
use super::service::{self, Service};
use super::store;
use super::words::ServiceStep;
use crate::app::App;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_care)).routes(routes!(list_care_reads))
}

/// Of what the log says that it was looked at.
pub const SUBJECT: &str = "care";
/// What is sealed of an entry, as the log names it.
const FIELDS: &[&str] = &[
    "care_category",
    "care_basis",
    "care_plan",
    "care_services",
    "care_calls",
    "care_wish",
    "care_muted",
    "care_asked",
];
/// Calls that are shown.
const MOST_CALLS: usize = 10;

/// Why somebody looks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ReadCare, example = json!({"purpose": "准备明天的上门走访"}))]
pub struct ReadCare {
    /// In the reader's own words, 2 to 200 characters. The person can read it.
    purpose: String,
}

/// A service that is offered, or that was spoken about.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareServiceView)]
pub struct ServiceView {
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Who gives it.
    pub by: Option<String>,
    /// How it stands.
    pub step: ServiceStep,
    /// Given again every so many days.
    pub every_days: Option<u32>,
    /// Whether it goes on once it began.
    pub standing: bool,
    /// How near it is; `null` where nobody has to do anything.
    pub due: Option<Due>,
    /// When it is given next.
    pub next_at: Option<Timestamp>,
    /// When it was given last.
    pub last_at: Option<Timestamp>,
}

/// Services that go together and fit the person's age.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CarePackageView)]
pub struct PackageView {
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// For whom.
    pub about: String,
    /// Its services, by name.
    pub services: Vec<String>,
}

/// What was said in a call.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareCallView)]
pub struct CallView {
    /// On which day.
    #[schema(value_type = String, format = Date)]
    pub on: String,
    /// What.
    pub text: String,
}

/// What the person asked to be put right.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareAsked)]
pub struct AskedView {
    /// Which.
    pub id: String,
    /// Their words.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// The answer.
    pub answer: Option<String>,
}

/// What is sealed of an entry, in words.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareWhy)]
pub struct Why {
    /// The category.
    pub category_name: String,
    /// Which help it entitles to.
    pub about: String,
    /// The basis as it was given.
    pub basis: Basis,
    /// The basis in a sentence.
    pub basis_text: String,
    /// Who answers for it.
    pub owner_name: String,
    /// The plan's code.
    pub plan: String,
    /// The plan.
    pub plan_name: String,
    /// Codes of the plans that fit.
    pub plans: Vec<String>,
    /// A visit every so many days.
    pub visit_days: Option<u32>,
    /// What is offered and what was spoken about.
    pub services: Vec<ServiceView>,
    /// Packages that fit.
    pub packages: Vec<PackageView>,
    /// What was said in calls, the newest first.
    pub calls: Vec<CallView>,
    /// Which contact is wanted.
    pub wish: Option<String>,
    /// Why nobody goes there for now, in words.
    pub muted: Option<String>,
    /// What the person asked to be put right, the newest first.
    pub asked: Vec<AskedView>,
}

/// What is sealed of an entry, in words.
///
/// # Errors
/// The database's.
pub fn why(conn: &mut Conn, app: &App, entry: &Entry, lang: Lang) -> Result<Why, StoreError> {
    let book = app.playbooks.current();
    let category = book.care.category(&entry.held.category);
    let plan = book.care.plan(&entry.held.plan);
    let home = store::homes(conn, &app.vault, &[entry.resident])?.remove(&entry.resident).unwrap_or_default();
    let age = home.birth_month.as_deref().and_then(|month| due::age(month, app.now()));
    let packages = book.care.packages.iter().filter(|package| package.fits(entry.life, age));
    let asked = store::asked(conn, &app.vault, entry.id)?.into_iter().map(|asked| AskedView {
        id: asked.id.to_string(),
        text: asked.text,
        at: asked.at,
        answer: asked.answer,
    });
    Ok(Why {
        category_name: category.map_or_else(|| entry.held.category.clone(), |category| category.name.clone()),
        about: category.map(|category| category.about.clone()).unwrap_or_default(),
        basis_text: basis_text(app, entry, lang),
        basis: entry.held.basis.clone(),
        owner_name: owner_name(app, entry),
        plan: entry.held.plan.clone(),
        plan_name: plan.map_or_else(|| entry.held.plan.clone(), |plan| plan.name.clone()),
        plans: category.map(|category| category.plans.clone()).unwrap_or_default(),
        visit_days: entry.visit_days,
        services: service::all(entry, plan).iter().map(|service| service_view(app, entry, service)).collect(),
        packages: packages.map(|package| package_view(app, package)).collect(),
        calls: calls(conn, app, entry)?,
        wish: entry.held.wish.clone(),
        muted: entry.held.muted.map(|mute| lang.word("care_mute", mute.as_str())),
        asked: asked.collect(),
    })
}

fn service_view(app: &App, entry: &Entry, service: &Service) -> ServiceView {
    let book = app.playbooks.current();
    let known = book.care.service(&service.code);
    ServiceView {
        code: service.code.clone(),
        name: known.map_or_else(|| service.code.clone(), |known| known.name.clone()),
        by: service.by.clone().or_else(|| known.and_then(|known| known.by.clone())),
        step: service.step,
        every_days: known.and_then(|known| known.every_days),
        standing: known.is_some_and(|known| known.standing),
        due: entry.due_of(service).map(|at| nearness(at, app.now())),
        next_at: service.next_at,
        last_at: service.last_at,
    }
}

fn package_view(app: &App, package: &CarePackage) -> PackageView {
    let book = app.playbooks.current();
    let name = |code: &String| book.care.service(code).map(|service| service.name.clone());
    PackageView {
        code: package.code.clone(),
        name: package.name.clone(),
        about: package.about.clone(),
        services: package.services.iter().filter_map(name).collect(),
    }
}

/// What was said in calls, as it was noted, the newest first.
fn calls(conn: &mut Conn, app: &App, entry: &Entry) -> Result<Vec<CallView>, StoreError> {
    let events = linli_db::feed::history(conn, "care", &entry.id.to_string())?;
    let noted = events.into_iter().rev().filter(|(event, _)| event.kind == "care_called");
    let call = |(event, text): (linli_db::feed::Event, Option<String>)| {
        let sealed = hex::decode(text?).ok()?;
        let told: serde_json::Value = serde_json::from_str(&event.payload).ok()?;
        Some(CallView { on: told.get("on")?.as_str()?.to_owned(), text: app.vault.open(CALL_FIELD, &sealed).ok()? })
    };
    Ok(noted.filter_map(call).take(MOST_CALLS).collect())
}

/// Whoever answers for an entry, in words.
fn owner_name(app: &App, entry: &Entry) -> String {
    let (area, unit) =
        entry.held.owner.split_once('/').map_or((entry.held.owner.as_str(), None), |(area, unit)| (area, Some(unit)));
    let place = area.parse().map(|code| app.areas().name(&code)).unwrap_or_default();
    let book = app.playbooks.current();
    match unit {
        Some(code) => book.unit(code).map_or_else(|| code.to_owned(), |unit| format!("{place}{}", unit.name)),
        None => place,
    }
}

fn basis_text(app: &App, entry: &Entry, lang: Lang) -> String {
    let basis = &entry.held.basis;
    let book = app.playbooks.current();
    let list = book.care.category(&entry.held.category).and_then(|category| category.list.clone()).unwrap_or_default();
    let by = basis.by.map(|by| lang.word("care_whose", by.as_str())).unwrap_or_default();
    let values = [
        ("list", list),
        ("reference", basis.reference.clone().unwrap_or_default()),
        ("by", by),
        ("guardian", basis.guardian.clone().unwrap_or_default()),
        ("how", basis.how.map(|how| lang.word("care_consent_how", how.as_str())).unwrap_or_default()),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let key = match (basis.kind, basis.guardian.is_some()) {
        (linli_playbook::CareBasis::List, _) => "care.basis_list",
        (linli_playbook::CareBasis::Consent, false) => "care.basis_consent",
        (linli_playbook::CareBasis::Consent, true) => "care.basis_guardian",
    };
    lang.say(key, &values)
}

/// Records a look at these fields of an entry, in the transaction that reads.
///
/// # Errors
/// The database's.
pub fn log(
    app: &App,
    tx: &mut Tx<'_>,
    (account, role): (AccountId, Role),
    entry: CareId,
    (fields, purpose): (&[&str], &str),
) -> Result<(), StoreError> {
    let at = app.now();
    for field in fields {
        let read = Read {
            id: EventId::new(app.ids.uuid(at)),
            at,
            account,
            role,
            subject_kind: SUBJECT.to_owned(),
            subject_id: entry.to_string(),
            field: (*field).to_owned(),
            purpose: purpose.to_owned(),
        };
        read_log::record(tx, &read)?;
    }
    Ok(())
}

/// The fields in which something stands.
fn standing(entry: &Entry, why: &Why) -> Vec<&'static str> {
    let stands = |field: &&&str| match **field {
        "care_services" => !entry.held.services.is_empty(),
        "care_calls" => !why.calls.is_empty(),
        "care_wish" => entry.held.wish.is_some(),
        "care_muted" => entry.held.muted.is_some(),
        "care_asked" => !why.asked.is_empty(),
        _ => true,
    };
    FIELDS.iter().filter(stands).copied().collect()
}

/// Reads why somebody is in care. Only whoever owns the entry, is paired, or gives its help; each field is recorded with the purpose, and
/// the person can read that record.
#[utoipa::path(post, path = "/api/care/{id}/private", tag = "care", params(("id" = String, Path)), request_body = ReadCare,
    responses((status = 200, body = Why), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_care"))))]
async fn read_care(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<CareId>,
    Body(body): Body<ReadCare>,
) -> Answer<Json<Why>> {
    let purpose = body.purpose.trim().to_owned();
    if !(2..=200).contains(&purpose.chars().count()) {
        return Err(Problem::field("purpose", "required").into());
    }
    let db = app.db.clone();
    let found = db.write(move |tx| {
        let (entry, role) = known(&app, tx, &caller, id)?;
        let why = why(tx, &app, &entry, lang)?;
        log(&app, tx, (caller.account, role), id, (&standing(&entry, &why), &purpose))?;
        Ok::<_, Refused>(why)
    });
    Ok(Json(found.await?))
}

/// An entry whose why the caller may learn; `Forbidden` where they may only learn that a visit is due.
fn known(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: CareId) -> Answer<(Entry, Role)> {
    let (entry, _) = seen(app, tx, caller, id)?;
    match look(app, caller, &entry) {
        Sight::Why(role) => Ok((entry, role)),
        Sight::Due => Err(ProblemCode::Forbidden.into()),
        Sight::Nothing => Err(ProblemCode::NotFound.into()),
    }
}

/// One look at what is sealed of an entry, as the person may read it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareLook)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// Who: unit and role.
    pub reader: String,
    /// What of it.
    pub what: String,
    /// Why, as they said it.
    pub purpose: String,
}

/// Who looked at an entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareLooks)]
pub struct Looks {
    /// The newest first.
    items: Vec<Look>,
}

/// Who looked at an entry, the newest first: unit and role, as the person may know them. Fields read at once are one look.
///
/// # Errors
/// The database's.
pub fn looks(conn: &mut Conn, app: &App, id: CareId, lang: Lang) -> Result<Vec<Look>, StoreError> {
    let reads = read_log::of_subject(conn, SUBJECT, &id.to_string())?;
    let readers: HashSet<AccountId> = reads.iter().map(|read| read.account).collect();
    let mut places = std::collections::HashMap::new();
    for account in readers {
        for grant in linli_access::session::grants_of(conn, account)? {
            places.insert((account, grant.role), app.areas().name(&grant.area));
        }
    }
    let mut looks: Vec<(Look, Vec<String>)> = Vec::new();
    for read in reads {
        let place = places.get(&(read.account, read.role)).cloned().unwrap_or_default();
        let role = lang.word("role", read.role.as_str());
        let reader = lang.say("care.reader", &[("place", &place), ("role", &role)]);
        match looks.last_mut() {
            Some((last, fields)) if last.at == read.at && last.reader == reader && last.purpose == read.purpose => {
                fields.push(read.field);
            }
            _ => {
                looks.push((Look { at: read.at, reader, what: String::new(), purpose: read.purpose }, vec![read.field]))
            }
        }
    }
    let comma = lang.text("care.and");
    let place_of = |field: &String| FIELDS.iter().position(|known| known == field);
    for (look, fields) in &mut looks {
        fields.sort_by_key(place_of);
        let words: Vec<String> = fields.iter().map(|field| lang.word("read_field", field)).collect();
        look.what = words.join(&comma);
    }
    Ok(looks.into_iter().map(|(look, _)| look).collect())
}

/// Lists who looked at why somebody is in care, when and for what: to be shown to the person who asks.
#[utoipa::path(get, path = "/api/care/{id}/reads", tag = "care", params(("id" = String, Path)),
    responses((status = 200, body = Looks), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("keep_care"))))]
async fn list_care_reads(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<CareId>,
) -> Answer<Json<Looks>> {
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let (entry, sight) = seen(&app, conn, &caller, id)?;
        super::command::keeps(&caller, &entry, sight).ok_or(ProblemCode::Forbidden)?;
        Ok::<_, Refused>(looks(conn, &app, id, lang)?)
    });
    Ok(Json(Looks { items: items.await? }))
}

/// Names beside accounts, for pages that show who is paired.
///
/// # Errors
/// The database's.
pub fn names(conn: &mut Conn, app: &App, accounts: &[AccountId]) -> Result<Vec<String>, StoreError> {
    let people = duty::people(conn, &app.vault, &accounts.iter().copied().collect())?;
    Ok(accounts.iter().filter_map(|account| people.get(account).map(|person| person.name.clone())).collect())
}
