//! Commands: load and access, the pure decision, the commit; all in one transaction.

use jiff::civil::Date;
use linli_access::matrix::{Reach, reach};
use linli_access::{Act, Caller, Keys, Vault, scope};
use linli_db::{Tx, idempotency};
use linli_kernel::{
    AccountId, AreaCode, AreaLevel, CareId, CareRequestId, Change, Problem, ProblemCode, RecordId, Role, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::due;
use super::model::{Basis, By, Entry, Wanted, Written, owner_key};
use super::need::{self, Sight};
use super::store::{self, Sealed};
use super::words::{ConsentHow, EndReason, Mute, Whose};
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::people::duty::{self, OnDuty};
use crate::{once, registry};

/// Longest of what somebody writes. Unit: characters.
const MAX_TEXT: usize = 500;
/// How long a code of the counter opens. Unit: ms.
pub const CODE_MS: i64 = 15 * 60_000;

/// Somebody to be entered into care.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EnterCare)]
pub struct EnterCare {
    /// The resident of the registry.
    pub resident_id: String,
    /// The category of the playbook.
    pub category: String,
    /// On which basis: a statutory list, or consent with who gave it and how.
    pub basis: Option<Basis>,
    /// The plan of the playbook.
    pub plan: String,
    /// Which contact is wanted, in the person's words.
    #[serde(default)]
    pub wish: Option<String>,
    /// By when it is looked at again, `2027-03-31`; as late as the category allows without it.
    #[serde(default)]
    pub review_on: Option<String>,
    /// The last day, `2027-09-30`. No entry is without it.
    #[serde(default)]
    pub expires_on: Option<String>,
}

/// What is done with an entry.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
#[schema(as = CareAct)]
pub enum CareAct {
    /// Another plan.
    Plan {
        /// Its code.
        plan: String,
    },
    /// Which contact is wanted.
    Wish {
        /// In the person's words; empty takes it away.
        text: String,
    },
    /// 复核延长
    Extend {
        /// Why it goes on. The person reads it.
        reason: String,
        /// By when it is looked at again.
        review_on: Option<String>,
        /// The last day.
        expires_on: String,
    },
    /// 结对
    Pair {
        /// Who.
        account: String,
    },
    /// Ends a pairing.
    Unpair {
        /// Who.
        account: String,
    },
    /// 暂停
    Mute {
        /// Why.
        reason: Mute,
    },
    /// 恢复
    Unmute,
    /// The person does not want visits: said at the counter or by phone.
    Object,
    /// The person wants visits again.
    Resume {
        /// How they said so.
        how: ConsentHow,
    },
    /// The person wants a service.
    Want {
        /// Its code.
        service: String,
    },
    /// The person wants a package: all its services.
    Package {
        /// Its code.
        package: String,
    },
    /// The person does not want a service, or no more.
    Decline {
        /// Its code.
        service: String,
    },
    /// 安排服务
    Arrange {
        /// Its code.
        service: String,
        /// Who gives it, in words.
        by: String,
        /// On which day next, `2026-10-12`.
        on: String,
    },
    /// A service was given.
    Give {
        /// Its code.
        service: String,
        /// On which day; today without it.
        on: Option<String>,
    },
    /// 退出
    End {
        /// Why.
        reason: EndReason,
    },
    /// Answers what the person asked to be put right.
    Answer {
        /// Which.
        request: String,
        /// What was done, or why not.
        text: String,
    },
}

/// What came of a command.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CareOutcome)]
pub struct Outcome {
    /// Which entry.
    #[schema(value_type = String)]
    pub id: CareId,
    /// Its version now.
    pub version: i64,
    /// Whether it is gone.
    pub is_ended: bool,
}

/// Seals and commits a decision.
///
/// # Errors
/// The vault's, the database's.
pub fn commit(tx: &mut Tx<'_>, change: Change<Written>, vault: &Vault) -> Answer<Entry> {
    let change = change.try_map(|written| Sealed::of(written, vault))?;
    Ok(tx.commit(change)?.entry().clone())
}

/// An entry and what the caller learns of it.
///
/// # Errors
/// `NotFound` where they may not know of it.
pub fn seen(app: &App, conn: &mut linli_db::Conn, caller: &Caller, id: CareId) -> Answer<(Entry, Sight)> {
    let entry = store::load(conn, &app.vault, id, app.now())?.ok_or(ProblemCode::NotFound)?;
    let sight = look(app, caller, &entry);
    if sight == Sight::Nothing { Err(ProblemCode::NotFound.into()) } else { Ok((entry, sight)) }
}

/// What the caller learns of an entry.
#[must_use]
pub fn look(app: &App, caller: &Caller, entry: &Entry) -> Sight {
    let book = app.playbooks.current();
    need::sight(caller, entry, book.care.category(&entry.held.category))
}

/// Whether the caller keeps an entry: whoever knows why and may keep entries there; as what.
#[must_use]
pub fn keeps(caller: &Caller, entry: &Entry, sight: Sight) -> Option<Role> {
    match sight {
        Sight::Why(_) => scope(caller, Act::KeepCare).reaches(&entry.keys()),
        Sight::Due | Sight::Nothing => None,
    }
}

/// Enters somebody.
///
/// # Errors
/// `Forbidden` outside the caller's areas; `Invalid` with the fields that are wrong; `AlreadyExists`.
pub async fn enter(app: &App, caller: Caller, body: EnterCare, key: Option<idempotency::Key>) -> Answer<Outcome> {
    let (worker, id) = (app.clone(), CareId::new(app.ids.uuid(app.now())));
    app.db.write(move |tx| enter_in(&worker, tx, &caller, id, &body, key.as_ref())).await
}

/// [`enter`] in a transaction that may hold other work too.
///
/// # Errors
/// As [`enter`].
pub fn enter_in(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: CareId,
    body: &EnterCare,
    key: Option<&idempotency::Key>,
) -> Answer<Outcome> {
    if let Some(before) = once::outcome::<Outcome>(tx, key)? {
        return Ok(before);
    }
    let now = app.now();
    let resident = resident(app, tx, &body.resident_id)?;
    let keys = Keys::of_area(&resident.area);
    let Some(role) = scope(caller, Act::KeepCare).reaches(&keys) else {
        // Of whoever lives elsewhere they may not even learn that there is such a record.
        return Err(Problem::field("resident_id", "unknown").into());
    };
    let book = app.playbooks.current();
    let category = book.care.category(&body.category).ok_or_else(|| Problem::field("category", "unknown"))?;
    let plan = book.care.plan(&body.plan).ok_or_else(|| Problem::field("plan", "unknown"))?;
    let basis = body.basis.clone().ok_or_else(|| Problem::field("basis", "care_no_basis"))?;
    if store::is_entered(tx, &app.vault, resident.id, &category.code, now)? {
        return Err(Problem::new(ProblemCode::AlreadyExists).with("detail_key", "care_entered").into());
    }
    let wanted = Wanted {
        category,
        plan,
        basis: cleaned(basis)?,
        wish: optional("wish", body.wish.as_deref())?,
        review_at: body.review_on.as_deref().map(|day| last_moment("review_on", day)).transpose()?,
        expires_at: last_moment("expires_on", body.expires_on.as_deref().unwrap_or_default())?,
        age: resident.values.get("birth_month").and_then(|month| due::age(month, now)),
    };
    let by = By { actor: caller.acting_as(role), at: now, vault: &app.vault };
    let owner = owner_key(category, &book.units, &resident.area);
    let entry = commit(tx, Entry::enter((id, resident.id, resident.area), owner, wanted, &by)?, &app.vault)?;
    let outcome = Outcome { id, version: entry.version, is_ended: false };
    once::keep(tx, key, &outcome, now)?;
    Ok(outcome)
}

fn resident(app: &App, tx: &mut Tx<'_>, id: &str) -> Answer<registry::Record> {
    let unknown = || Refused::from(Problem::field("resident_id", "unknown"));
    let id: RecordId = id.parse().map_err(|_| unknown())?;
    let record = registry::store::load(tx, &app.vault, registry::Kind::Resident, id)?;
    record.filter(|record| record.state == registry::model::State::Active).ok_or_else(unknown)
}

/// Does something with an entry.
///
/// # Errors
/// `NotFound` where they may not know of it, `Forbidden` where they may and may not keep it; what the decision refuses.
pub async fn act(
    app: &App,
    caller: Caller,
    id: CareId,
    act: CareAct,
    key: Option<idempotency::Key>,
) -> Answer<Outcome> {
    let worker = app.clone();
    app.db.write(move |tx| act_in(&worker, tx, &caller, id, &act, key.as_ref())).await
}

/// [`act`] in a transaction that may hold other work too.
///
/// # Errors
/// As [`act`].
pub fn act_in(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: CareId,
    act: &CareAct,
    key: Option<&idempotency::Key>,
) -> Answer<Outcome> {
    if let Some(before) = once::outcome::<Outcome>(tx, key)? {
        return Ok(before);
    }
    let now = app.now();
    let (entry, role) = kept(app, tx, caller, id)?;
    let by = By { actor: caller.acting_as(role), at: now, vault: &app.vault };
    let change = decide(app, tx, &entry, act, &by)?;
    let entry = commit(tx, change, &app.vault)?;
    let outcome = Outcome { id, version: entry.version, is_ended: matches!(act, CareAct::End { .. }) };
    once::keep(tx, key, &outcome, now)?;
    Ok(outcome)
}

/// An entry that the caller keeps, to be changed.
fn kept(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: CareId) -> Answer<(Entry, Role)> {
    let entry = store::load_for_change(tx, &app.vault, id, app.now())?.ok_or(ProblemCode::NotFound)?;
    let sight = look(app, caller, &entry);
    if sight == Sight::Nothing {
        return Err(ProblemCode::NotFound.into());
    }
    let role = keeps(caller, &entry, sight).ok_or(ProblemCode::Forbidden)?;
    Ok((entry, role))
}

fn decide(app: &App, tx: &mut Tx<'_>, entry: &Entry, act: &CareAct, by: &By<'_>) -> Answer<Change<Written>> {
    let book = app.playbooks.current();
    Ok(match act {
        CareAct::Plan { plan } => entry.plan(&book.care, plan, by)?,
        CareAct::Wish { text } => entry.wish(optional("text", Some(text))?, by),
        CareAct::Extend { reason, review_on, expires_on } => {
            let category = book.care.category(&entry.held.category).ok_or(ProblemCode::NotNow)?;
            let expires_at = last_moment("expires_on", expires_on)?;
            let latest = due::plus_months(by.at, category.review_months);
            let review_at =
                review_on.as_deref().map(|day| last_moment("review_on", day)).transpose()?.unwrap_or(latest);
            entry.extend(category, (review_at, expires_at), &needed("reason", reason)?, by)?
        }
        CareAct::Pair { account } => entry.pair(helper(app, tx, entry, account)?, by)?,
        CareAct::Unpair { account } => {
            entry.unpair(account.parse().map_err(|_| Problem::field("account", "unknown"))?, by)?
        }
        CareAct::Mute { reason } => entry.mute(*reason, by),
        CareAct::Unmute => entry.unmute(by)?,
        CareAct::Object => entry.object(by)?,
        CareAct::Resume { how } => entry.resume(Some(*how), by)?,
        CareAct::Want { service } => entry.want(&book.care, std::slice::from_ref(service), by)?,
        CareAct::Package { package } => {
            let package = book.care.package(package).ok_or_else(|| Problem::field("package", "unknown"))?;
            entry.want(&book.care, &package.services, by)?
        }
        CareAct::Decline { service } => entry.decline(&book.care, service, by)?,
        CareAct::Arrange { service, by: who, on } => {
            entry.arrange(&book.care, service, (needed("by", who)?, day("on", on)?), by)?
        }
        CareAct::Give { service, on } => {
            let on = on.as_deref().map_or_else(|| Ok(due::date_of(by.at)), |on| day("on", on))?;
            entry.give(&book.care, service, on, by)?
        }
        CareAct::End { reason } => entry.end(*reason, by),
        CareAct::Answer { request, text } => {
            let request: CareRequestId = request.parse().map_err(|_| ProblemCode::NotFound)?;
            let mut open = store::asked(tx, &app.vault, entry.id)?.into_iter().filter(|asked| asked.answer.is_none());
            if !open.any(|asked| asked.id == request) {
                return Err(ProblemCode::NotNow.into());
            }
            entry.answer(request, &needed("text", text)?, by)?
        }
    })
}

/// Whoever is to be paired works where the person lives.
fn helper(app: &App, tx: &mut Tx<'_>, entry: &Entry, account: &str) -> Answer<AccountId> {
    let unknown = || Refused::from(Problem::field("account", "unknown"));
    let account: AccountId = account.parse().map_err(|_| unknown())?;
    let there = helpers_at(app, tx, &entry.area)?;
    there.iter().find(|duty| duty.account == account).map(|duty| duty.account).ok_or_else(unknown)
}

/// Who may be paired with somebody in a grid: those who go from door to door there, and those who send them.
///
/// # Errors
/// The database's.
pub fn helpers_at(app: &App, conn: &mut linli_db::Conn, area: &AreaCode) -> Answer<Vec<OnDuty>> {
    let mut areas = area.lineage();
    areas.retain(|above| above.level() >= AreaLevel::Community);
    let goes =
        |duty: &OnDuty| [Act::ViewCare, Act::RecordVisit].iter().all(|act| reach(duty.role, *act) == Some(Reach::Area));
    Ok(duty::on_duty(conn, &app.vault, &areas, app.now())?.into_iter().filter(goes).collect())
}

/// The counter saw who the person is, and gives a code that opens what is held of them once.
///
/// # Errors
/// As [`act`].
pub async fn give_code(app: &App, caller: Caller, id: CareId, checked: Whose) -> Answer<(String, Timestamp)> {
    let (worker, code) = (app.clone(), app.ids.public_code());
    let until = app.now().plus_ms(CODE_MS);
    let index = store::code_index(&app.vault, code.as_str());
    app.db
        .write(move |tx| {
            let (entry, role) = kept(&worker, tx, &caller, id)?;
            let by = By { actor: caller.acting_as(role), at: worker.now(), vault: &worker.vault };
            commit(tx, entry.give_code(index.clone(), until, checked, &by), &worker.vault)
        })
        .await?;
    Ok((code.as_str().to_owned(), until))
}

fn cleaned(mut basis: Basis) -> Answer<Basis> {
    basis.reference = optional("basis.reference", basis.reference.as_deref())?;
    basis.guardian = optional("basis.guardian", basis.guardian.as_deref())?;
    Ok(basis)
}

/// A text that may be missing, without blanks around it.
///
/// # Errors
/// `Invalid` when it is too long.
pub fn optional(field: &str, text: Option<&str>) -> Answer<Option<String>> {
    let text = text.map(|text| text.trim().replace('\0', "")).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > MAX_TEXT => {
            Err(Problem::field(field, "too_long").with("max", MAX_TEXT.to_string()).into())
        }
        text => Ok(text),
    }
}

/// A text that must be there.
///
/// # Errors
/// `Invalid`.
pub fn needed(field: &str, text: &str) -> Answer<String> {
    optional(field, Some(text))?.ok_or_else(|| Problem::field(field, "required").into())
}

/// The end of a day.
fn last_moment(field: &str, text: &str) -> Answer<Timestamp> {
    due::end_of(day(field, text)?).ok_or_else(|| Problem::field(field, "bad_date").into())
}

fn day(field: &str, text: &str) -> Answer<Date> {
    if text.trim().is_empty() {
        return Err(Problem::field(field, "required").into());
    }
    text.trim().parse().map_err(|_| Problem::field(field, "bad_date").into())
}

/// The grids of an account's posts as a grid worker.
#[must_use]
pub fn grids_of(caller: &Caller) -> Vec<AreaCode> {
    caller.grants.iter().filter(|grant| grant.role == Role::GridWorker).map(|grant| grant.area).collect()
}
