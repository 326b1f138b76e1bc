//! What is sealed: read one record at a time, with a purpose, each look recorded in the transaction that reads.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::read_log::{self, Read};
use linli_access::{Act, Keys, scope};
use linli_kernel::{AccountId, EventId, Phone, Problem, ProblemCode, Timestamp};

use super::command::may;
use super::fields::Kind;
use super::http::{Named, named};
use super::view::{self, RowView, field_name};
use super::{list, store};
use crate::app::App;
use crate::http::{Answer, Body, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read_private_fields))
        .routes(routes!(list_record_reads))
        .routes(routes!(find_records_by_phone))
}

/// Of what the log says that it was looked at.
pub const SUBJECT: &str = "registry";

/// Why somebody looks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ReadPrivateFields, example = json!({"purpose": "通知停水，联系户主"}))]
pub struct ReadPrivateFields {
    /// In the reader's own words, 2 to 200 characters. The person can read it.
    purpose: String,
    /// Which fields; all that are sealed without it.
    #[serde(default)]
    fields: Vec<String>,
}

/// What is sealed of a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryPrivate)]
pub struct PrivateFields {
    /// Each field with what stands in it.
    fields: BTreeMap<String, String>,
}

fn purpose(text: &str) -> Result<String, Refused> {
    let text = text.trim().to_owned();
    if (2..=200).contains(&text.chars().count()) { Ok(text) } else { Err(Problem::field("purpose", "required").into()) }
}

/// Reads the name, phone number or ID number of a record. Each field is recorded with its purpose, and the person can read that record.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/private", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)), request_body = ReadPrivateFields,
    responses((status = 200, body = PrivateFields), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("read_registry_private"))))]
async fn read_private_fields(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    path: Named,
    Body(body): Body<ReadPrivateFields>,
) -> Answer<Json<PrivateFields>> {
    let (kind, id) = named(path)?;
    let (purpose, now) = (purpose(&body.purpose)?, app.now());
    let db = app.db.clone();
    let fields = db.write(move |tx| {
        let record = store::load(tx, &app.vault, kind, id)?.ok_or(ProblemCode::NotFound)?;
        let role = may(&caller, Act::ReadRegistryPrivate, &record.area)?.role().ok_or(ProblemCode::Forbidden)?;
        let mut read = BTreeMap::new();
        for field in kind.fields().iter().filter(|field| field.is_sealed()) {
            let is_asked = body.fields.is_empty() || body.fields.iter().any(|key| key == field.key);
            let Some(value) = record.values.get(field.key).filter(|_| is_asked) else { continue };
            read_log::record(
                tx,
                &Read {
                    id: EventId::new(app.ids.uuid(now)),
                    at: now,
                    account: caller.account,
                    role,
                    subject_kind: SUBJECT.to_owned(),
                    subject_id: id.to_string(),
                    field: field.key.to_owned(),
                    purpose: purpose.clone(),
                },
            )?;
            read.insert(field.key.to_owned(), value.to_owned());
        }
        Ok::<_, Refused>(read)
    });
    Ok(Json(PrivateFields { fields: fields.await? }))
}

/// One look at what is sealed of a record, as the person may read it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryLook)]
pub struct Look {
    /// When.
    at: Timestamp,
    /// Who: role and name.
    reader: String,
    /// What of it.
    what: String,
    /// Why, as they said it.
    purpose: String,
}

/// Who looked at a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryLooks)]
pub struct Looks {
    /// The newest first.
    items: Vec<Look>,
}

/// Lists who looked at what is sealed of a record, when and why: to be shown to the person who asks.
#[utoipa::path(get, path = "/api/registry/{kind}/{id}/reads", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Looks), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_registry"))))]
async fn list_record_reads(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    path: Named,
) -> Answer<Json<Looks>> {
    let (kind, id) = named(path)?;
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let record = store::load(conn, &app.vault, kind, id)?.ok_or(ProblemCode::NotFound)?;
        may(&caller, Act::ViewRegistry, &record.area)?;
        let looks = read_log::of_subject(conn, SUBJECT, &id.to_string())?;
        let readers: HashSet<AccountId> = looks.iter().map(|look| look.account).collect();
        let people = duty::people(conn, &app.vault, &readers)?;
        let said = |look: Read| {
            let role = lang.word("role", look.role.as_str());
            let name = people.get(&look.account).map(|person| person.name.clone()).unwrap_or_default();
            let what = match look.field.as_str() {
                "phone_search" => lang.word("read_field", "phone_search"),
                key => field_name(kind, key, lang),
            };
            Look {
                at: look.at,
                reader: lang.say("actor.staff", &[("role", &role), ("name", &name)]),
                what,
                purpose: look.purpose,
            }
        };
        Ok::<_, Refused>(looks.into_iter().map(said).collect())
    });
    Ok(Json(Looks { items: items.await? }))
}

/// A phone number to look for. It travels in the body: addresses end up in histories and logs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = FindRecordsByPhone, example = json!({"phone": "19900000001", "purpose": "核对来电人住在哪里"}))]
pub struct FindByPhone {
    /// The whole number.
    phone: String,
    /// Why.
    purpose: String,
}

/// The residents and premises of one phone number.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RecordsOfPhone)]
pub struct RecordsOfPhone {
    /// Residents first.
    items: Vec<RowView>,
}

/// Finds residents and premises by a phone number, among those whose sealed fields the caller may read. The search is recorded.
#[utoipa::path(post, path = "/api/registry/by-phone", tag = "registry", request_body = FindByPhone,
    responses((status = 200, body = RecordsOfPhone), (status = 403, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("read_registry_private"))))]
async fn find_records_by_phone(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<FindByPhone>,
) -> Answer<Json<RecordsOfPhone>> {
    let (purpose, now) = (purpose(&body.purpose)?, app.now());
    let phone = Phone::parse(body.phone.trim()).map_err(|_| Problem::field("phone", "bad_phone"))?;
    let reach = scope(&caller, Act::ReadRegistryPrivate);
    let areas = super::http::reached(&caller, Act::ReadRegistryPrivate, None)?;
    let any_role = reach.any_role().ok_or(ProblemCode::Forbidden)?;
    let db = app.db.clone();
    let items = db.write(move |tx| {
        let mut found = Vec::new();
        for kind in [Kind::Resident, Kind::Premises] {
            let Some(field) = kind.field("phone") else { continue };
            for area in &areas {
                found.extend(store::same_value(tx, &app.vault, kind, field, (phone.reveal(), area))?);
            }
        }
        let look = |kind: &str, id: String, role| Read {
            id: EventId::new(app.ids.uuid(now)),
            at: now,
            account: caller.account,
            role,
            subject_kind: kind.to_owned(),
            subject_id: id,
            field: "phone_search".to_owned(),
            purpose: purpose.clone(),
        };
        for record in &found {
            let role = reach.reaches(&Keys::of_area(&record.area)).unwrap_or(any_role);
            read_log::record(tx, &look(SUBJECT, record.id.to_string(), role))?;
        }
        if found.is_empty() {
            // A number under which nothing was found was asked for all the same.
            let index = app.vault.index("registry.phone", phone.reveal());
            read_log::record(tx, &look("phone", index, any_role))?;
        }
        let beside = list::beside(tx, &app.vault, &found)?;
        Ok::<_, Refused>(found.iter().map(|record| view::row(&app, record, &beside, lang)).collect())
    });
    Ok(Json(RecordsOfPhone { items: items.await? }))
}
