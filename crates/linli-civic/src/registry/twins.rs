//! 重复登记: the same place or person entered twice, told to whoever enters it, and put together by a person. Two phones with no network
//! can each enter what the other did: both are kept, and nothing is put together by itself.

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Vault};
use linli_db::{Conn, StoreError, Tx, params};
use linli_kernel::{AreaCode, Problem, ProblemCode, ProposalId, RecordId};

use super::command::{self, Command, Outcome, What};
use super::fields::{Kind, Shape};
use super::http::{Named, named, reached};
use super::merge::Clash;
use super::model::{Deciding, Left, Origin, Record, State};
use super::view::{self, RowView};
use super::{list, store};
use crate::app::App;
use crate::areas::store::inside;
use crate::http::{Answer, Body, Query, Refused, Signed};
use crate::say::Lang;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_twins)).routes(routes!(absorb_record))
}

/// Kinds of which one stands at one place.
const PLACED: [Kind; 4] = [Kind::Dwelling, Kind::Premises, Kind::Firm, Kind::Facility];
/// Groups that one answer tells of.
const MOST: usize = 20;
/// Groups of the same words that are looked at for them.
const MOST_LOOKED_AT: i64 = 500;

/// Other records of the present that seem to be the same place or person as this one; the oldest first.
///
/// # Errors
/// The database's.
pub fn of(conn: &mut Conn, vault: &Vault, record: &Record) -> Result<Vec<Record>, StoreError> {
    let mut found = match record.kind {
        Kind::Dwelling | Kind::Premises | Kind::Firm | Kind::Facility => {
            store::same_label(conn, vault, record.kind, &record.area, &record.label())?
        }
        Kind::Resident => namesakes(conn, vault, record)?,
        Kind::Household => Vec::new(),
    };
    found.retain(|other| other.id != record.id && is_same(record, other));
    Ok(found)
}

/// Residents of one name in one dwelling.
fn namesakes(conn: &mut Conn, vault: &Vault, record: &Record) -> Result<Vec<Record>, StoreError> {
    let (Some(household), Some(name)) = (record.values.get("household_id"), record.values.get("name")) else {
        return Ok(Vec::new());
    };
    let sql = "SELECT r.id FROM resident r JOIN household h ON h.id = r.household_id \
               WHERE h.dwelling_id = (SELECT dwelling_id FROM household WHERE id = $1) AND r.name_index = $2 AND r.state = 'active' ORDER BY r.id LIMIT 20";
    let ids: Vec<RecordId> =
        conn.all(sql, &params![household, store::name_index(vault, name)], |row| row.parse("id"))?;
    store::load_many(conn, vault, Kind::Resident, &ids)
}

/// Whether nothing that both know tells them apart: shops of one name at two addresses are two.
#[must_use]
pub fn is_same(one: &Record, other: &Record) -> bool {
    let agree = |key: &str| match (one.values.get(key), other.values.get(key)) {
        (Some(own), Some(their)) => own == their,
        (None, _) | (_, None) => true,
    };
    ["address", "unified_code", "id_number", "birth_month"].into_iter().all(agree)
}

/// The refusal of whoever enters what is there already; it names the record.
pub(super) fn refusal(known: &Record) -> Refused {
    let mut problem = Problem::new(ProblemCode::AlreadyExists).with("detail_key", "registry_twin");
    problem.current = Some(serde_json::json!({ "kind": known.kind, "id": known.id }));
    problem.into()
}

/// Which records may be the same.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListTwins {
    /// Within this area; everywhere that the caller may decide without it.
    area: Option<String>,
}

/// Records that may be the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryTwins)]
pub struct Twins {
    /// Each group is one place or one person, as it seems; the oldest record first.
    items: Vec<Vec<RowView>>,
}

/// Lists what seems to be entered twice, for whoever may put it together.
#[utoipa::path(get, path = "/api/registry/twins", tag = "registry", params(ListTwins),
    responses((status = 200, body = Twins), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_proposals"))))]
async fn list_twins(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListTwins>,
) -> Answer<Json<Twins>> {
    let areas = reached(&caller, Act::DecideProposals, wish.area.as_deref())?;
    let db = app.db.clone();
    let items = db.read(move |conn| {
        let mut items = Vec::new();
        for group in groups(conn, &app.vault, &areas)? {
            let beside = list::beside(conn, &app.vault, &group)?;
            items.push(group.iter().map(|record| view::row(&app, record, &beside, lang)).collect());
        }
        Ok::<_, Refused>(items)
    });
    Ok(Json(Twins { items: items.await? }))
}

/// Records that may be one, together.
fn groups(conn: &mut Conn, vault: &Vault, areas: &[AreaCode]) -> Result<Vec<Vec<Record>>, StoreError> {
    let mut found: Vec<(Kind, RecordId)> = Vec::new();
    for kind in PLACED {
        let mut bound = params![MOST_LOOKED_AT].to_vec();
        let within = inside("area_code", areas, &mut bound);
        let sql = format!(
            "SELECT MIN(id) AS id FROM {} WHERE state = 'active' AND ({within}) GROUP BY area_code, sort_key, label HAVING COUNT(*) > 1 ORDER BY area_code, sort_key LIMIT $1",
            kind.as_str()
        );
        found.extend(conn.all(&sql, &bound, |row| Ok((kind, row.parse("id")?)))?);
    }
    let mut bound = params![MOST_LOOKED_AT].to_vec();
    let within = inside("r.area_code", areas, &mut bound);
    let sql = format!(
        "SELECT MIN(r.id) AS id FROM resident r JOIN household h ON h.id = r.household_id \
         WHERE r.state = 'active' AND r.name_index IS NOT NULL AND ({within}) GROUP BY h.dwelling_id, r.name_index HAVING COUNT(*) > 1 ORDER BY 1 LIMIT $1"
    );
    found.extend(conn.all(&sql, &bound, |row| Ok((Kind::Resident, row.parse("id")?)))?);
    let mut groups: Vec<Vec<Record>> = Vec::new();
    for (kind, id) in found {
        if groups.len() >= MOST {
            break;
        }
        let Some(first) = store::load(conn, vault, kind, id)? else { continue };
        let mut alike = match kind {
            Kind::Resident => namesakes(conn, vault, &first)?,
            _ => store::same_label(conn, vault, kind, &first.area, &first.label())?,
        };
        // Of three shops of one name the first may be another, and the others the same.
        while !alike.is_empty() {
            let one = alike.remove(0);
            let (mut group, others) = alike.into_iter().partition::<Vec<_>, _>(|other| is_same(&one, other));
            alike = others;
            if !group.is_empty() {
                group.insert(0, one);
                groups.push(group);
            }
        }
    }
    Ok(groups)
}

/// Which record stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = AbsorbRecord)]
pub struct AbsorbRecord {
    /// The record that this one goes into.
    into: String,
}

/// 合并: what this record knows and the other does not goes there, where they differ a person decides, what lies in it moves with the
/// visits and inspections that were to it, and it is archived. Both histories keep it.
#[utoipa::path(post, path = "/api/registry/{kind}/{id}/absorb", tag = "registry", params(("kind" = String, Path), ("id" = String, Path)), request_body = AbsorbRecord,
    responses((status = 200, body = Outcome), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("decide_proposals"))))]
async fn absorb_record(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    path: Named,
    Body(body): Body<AbsorbRecord>,
) -> Answer<Json<Outcome>> {
    let (kind, id) = named(path)?;
    let into = body.into.parse().map_err(|_| Problem::field("into", "unknown"))?;
    command::run(&app, Command { what: What::Absorb { kind, id, into }, key: None, caller }).await.map(Json)
}

/// [`absorb_record`] in a transaction; how the record that stays stands now.
///
/// # Errors
/// `NotFound`, `Forbidden` as for any record; `Invalid` for one elsewhere or of another sort; `NotNow` for what is archived.
pub(super) fn absorb(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    (kind, id, into): (Kind, RecordId, RecordId),
) -> Answer<(Record, Vec<String>)> {
    let load = |tx: &mut Tx<'_>, id| store::load_for_change(tx, &app.vault, kind, id);
    let from = load(tx, id)?.ok_or(ProblemCode::NotFound)?;
    let actor = command::may(caller, Act::DecideProposals, &from.area)?;
    let other = load(tx, into)?.filter(|other| other.area == from.area && other.id != from.id);
    let other = other.ok_or_else(|| Problem::field("into", "unknown"))?;
    if from.state != State::Active || other.state != State::Active {
        return Err(ProblemCode::NotNow.into());
    }
    if kind == Kind::Resident && store::are_both_cared_for(tx, from.id, other.id, app.now())? {
        return Err(Problem::new(ProblemCode::NotNow).with("detail_key", "registry_both_cared_for").into());
    }
    let by = Deciding { actor, at: app.now(), vault: &app.vault, origin: Origin::Merge };
    let (mut values, mut clashes) = (other.values.clone(), Vec::new());
    for field in kind.fields().iter().filter(|field| !matches!(field.shape, Shape::Ref(_))) {
        match (from.values.get(field.key), other.values.get(field.key)) {
            (Some(known), None) => values.set(field.key, Some(known.to_owned())),
            (Some(known), Some(stands)) if known != stands => {
                let clash = Clash { field: field.key, wanted: Some(known.to_owned()) };
                clashes.push((ProposalId::new(app.ids.uuid(app.now())), clash));
            }
            (Some(_) | None, _) => {}
        }
    }
    let kept: Vec<String> = clashes.iter().map(|(_, clash)| clash.field.to_owned()).collect();
    let stays = if values != other.values || !clashes.is_empty() {
        tx.commit(other.change(values, clashes, other.version, &by)?)?.record
    } else {
        other
    };
    move_inside(app, tx, (&from, &stays), &by)?;
    store::repoint(tx, from.id, stays.id)?;
    tx.commit(from.leave(Left::Mistake, &by)?)?;
    Ok((stays, kept))
}

/// What lies in one record lies in the other from now on.
fn move_inside(app: &App, tx: &mut Tx<'_>, (from, into): (&Record, &Record), by: &Deciding<'_>) -> Answer<()> {
    for kind in Kind::ALL {
        let refers = kind.fields().iter().find(|field| matches!(field.shape, Shape::Ref(of) if of == from.kind));
        let Some(field) = refers else { continue };
        for mut inner in store::same_value(tx, &app.vault, *kind, field, (&from.id.to_string(), &from.area))? {
            let mut values = inner.values.clone();
            values.set(field.key, Some(into.id.to_string()));
            inner.sort_key.clone_from(&into.sort_key);
            let version = inner.version;
            tx.commit(inner.change(values, Vec::new(), version, by)?)?;
        }
    }
    Ok(())
}
