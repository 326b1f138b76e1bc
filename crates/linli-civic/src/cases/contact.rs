//! A resident's contact: found by their phone number, and who looked at it. Every look is recorded with its purpose, in the
//! transaction that reads, and whoever holds the case's code reads that record.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::read_log::{self, Read};
use linli_access::{Act, Caller, Decision, decide, scope};
use linli_db::{Conn, StoreError, Tx};
use linli_kernel::{AccountId, AreaCode, AreaLevel, CaseId, EventId, Phone, Problem, ProblemCode, Role, Timestamp};

use super::http::{NAME_FIELD, PHONE_FIELD};
use super::list::{self, Asker};
use super::reader::Reader;
use super::row::CaseRow;
use super::store::{self, Named};
use crate::app::App;
use crate::areas::tree::AreaTree;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// Cases of one number shown at most: more are found by their words.
const MOST: i64 = 50;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_by_phone)).routes(routes!(read_contact))
}

/// A phone number to look for. It travels in the body: addresses end up in histories and logs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"phone": "19900000001", "purpose": "来电人问上次反映的事"}))]
pub struct FindByPhone {
    /// The whole number.
    phone: String,
    /// Why, in the reader's own words, 2 to 200 characters.
    purpose: String,
}

/// The cases of one phone number.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CasesOfPhone {
    /// The newest first, 50 at most.
    items: Vec<CaseRow>,
}

/// Finds the cases of a phone number among those whose contact the caller may read. The search is recorded with its purpose for
/// each case found, and the resident can read that record.
#[utoipa::path(post, path = "/api/cases/by-phone", tag = "cases", request_body = FindByPhone,
    responses((status = 200, body = CasesOfPhone), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("read_contact"))))]
async fn find_by_phone(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<FindByPhone>,
) -> Answer<Json<CasesOfPhone>> {
    let purpose = purpose(&body.purpose)?;
    let phone = Phone::parse(body.phone.trim()).map_err(|_| Problem::field("phone", "bad_phone"))?;
    let index = app.vault.index(PHONE_FIELD, phone.reveal());
    let role = scope(&caller, Act::ReadContact).any_role().ok_or(ProblemCode::Forbidden)?;
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let db = app.db.clone();
    let items = db.write(move |tx| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let found = list::of_phone(tx, &asker, &index, MOST, &reader)?;
        let look = |kind: &str, id: String, role: Role| Read {
            id: EventId::new(app.ids.uuid(now)),
            at: now,
            account: caller.account,
            role,
            subject_kind: kind.to_owned(),
            subject_id: id,
            field: "phone_search".to_owned(),
            purpose: purpose.clone(),
        };
        for (row, role) in &found {
            read_log::record(tx, &look("case", row.id.to_string(), *role))?;
        }
        if found.is_empty() {
            // A number under which nothing was found was asked for all the same.
            read_log::record(tx, &look("phone", index.clone(), role))?;
        }
        Ok::<_, Refused>(found.into_iter().map(|(row, _)| row).collect())
    });
    Ok(Json(CasesOfPhone { items: items.await? }))
}

/// Why a reporter's contact is wanted.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReadContact {
    /// In the reader's own words, 2 to 200 characters.
    #[schema(example = "联系反映人了解灯杆位置")]
    pub(super) purpose: String,
}

/// A reporter's contact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReporterContact {
    /// The phone number.
    pub(super) phone: Option<String>,
    /// The name, if given.
    pub(super) name: Option<String>,
}

/// Shows the reporter's contact. The look is recorded with its purpose, in the same transaction that reads.
#[utoipa::path(post, path = "/api/cases/{id}/contact", tag = "cases", params(("id" = String, Path)), request_body = ReadContact,
    responses((status = 200, body = ReporterContact), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("read_contact"))))]
async fn read_contact(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    Body(body): Body<ReadContact>,
) -> Answer<Json<ReporterContact>> {
    let purpose = purpose(&body.purpose)?;
    let db = app.db.clone();
    let contact = db.write(move |tx| reveal(&app, tx, &named, &caller, &purpose));
    Ok(Json(contact.await?))
}

/// Opens the contact of a case for somebody who says why; recorded in the same transaction.
///
/// # Errors
/// `NotFound` and `Forbidden` as for every case; the database's.
pub(super) fn reveal(
    app: &App,
    tx: &mut Tx<'_>,
    named: &Named,
    caller: &Caller,
    purpose: &str,
) -> Answer<ReporterContact> {
    let now = app.now();
    let case = store::load(tx, named)?.ok_or(ProblemCode::NotFound)?;
    let role = match decide(caller, Act::ReadContact, &case.keys()) {
        Decision::Allowed(role) => role,
        Decision::Forbidden => return Err(ProblemCode::Forbidden.into()),
        Decision::Hidden => return Err(ProblemCode::NotFound.into()),
    };
    let sealed = &case.reporter;
    let phone = sealed.phone_sealed.as_deref().and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok());
    let name = sealed.name_sealed.as_deref().and_then(|sealed| app.vault.open_name(NAME_FIELD, sealed).ok());
    let look = Read {
        id: EventId::new(app.ids.uuid(now)),
        at: now,
        account: caller.account,
        role,
        subject_kind: "case".to_owned(),
        subject_id: case.id.to_string(),
        field: "contact".to_owned(),
        purpose: purpose.to_owned(),
    };
    read_log::record(tx, &look)?;
    Ok(ReporterContact {
        phone: phone.map(|phone| phone.reveal().to_owned()),
        name: name.map(|name| name.reveal().to_owned()),
    })
}

/// A purpose as it is kept.
///
/// # Errors
/// `Invalid` for one that says nothing or too much.
pub(super) fn purpose(text: &str) -> Result<String, Refused> {
    let text = text.trim().to_owned();
    if (2..=200).contains(&text.chars().count()) { Ok(text) } else { Err(Problem::field("purpose", "required").into()) }
}

/// 一次查看: one look at a resident's contact, as the resident reads it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ContactLook {
    /// When.
    pub at: Timestamp,
    /// Who: the office and the role; the name only of those who are posted in public.
    pub reader: String,
    /// What of it, in words.
    pub what: String,
    /// Why, as they said it.
    pub purpose: String,
}

/// Who looked at the contact of a case, the newest first.
///
/// # Errors
/// The database's.
pub(super) fn looks_at(
    conn: &mut Conn,
    app: &App,
    areas: &AreaTree,
    (case, place): (CaseId, AreaCode),
    lang: Lang,
) -> Result<Vec<ContactLook>, StoreError> {
    let looks = read_log::of_subject(conn, "case", &case.to_string())?;
    let posted: HashSet<AccountId> =
        looks.iter().filter(|look| is_posted(look.role)).map(|look| look.account).collect();
    let names = duty::people(conn, &app.vault, &posted)?;
    Ok(looks.into_iter().map(|look| said(look, &names, areas, &place, lang)).collect())
}

fn said(
    look: Read,
    names: &HashMap<AccountId, duty::Person>,
    areas: &AreaTree,
    place: &AreaCode,
    lang: Lang,
) -> ContactLook {
    let role = lang.word("role", look.role.as_str());
    let reader = match names.get(&look.account).filter(|_| is_posted(look.role)) {
        Some(person) => lang.say("actor.staff", &[("role", &role), ("name", &person.name)]),
        None => super::reader::joined(&areas.name(&place.at(level_of(look.role))), &role),
    };
    ContactLook { at: look.at, reader, what: lang.word("read_field", &look.field), purpose: look.purpose }
}

/// Whose name and phone hang in the stairwell anyway.
const fn is_posted(role: Role) -> bool {
    matches!(role, Role::GridWorker | Role::GridHead | Role::CompoundLead | Role::LinkPerson)
}

/// The level of the office in which a role sits, as far as a resident needs to know it.
const fn level_of(role: Role) -> AreaLevel {
    match role {
        Role::GridWorker
        | Role::GridHead
        | Role::CompoundLead
        | Role::LinkPerson
        | Role::CommunityClerk
        | Role::Resident => AreaLevel::Community,
        Role::StreetDispatcher => AreaLevel::Street,
        Role::DepartmentClerk | Role::CountyLeader | Role::Auditor | Role::Administrator => AreaLevel::County,
        Role::HotlineClerk => AreaLevel::City,
    }
}
