//! 关爱走访 on phones: that a visit is due, where, for whom, and which contact is wanted. Never why.
//!
//! - Only to those who go there, only what is due within days, and no child: what is about minors stays online.
//! - A row says until when it may be read ([`LEASE_MS`]); a phone that asks gets it again before that.
//! - What is over, objected to, muted, visited, or somebody else's is taken off by name.

use std::collections::HashMap;

use serde_json::json;

use linli_access::{Act, scope};
use linli_db::{Conn, Tx};
use linli_kernel::{CareId, DeviceId, RealName, RecordId, Role, Timestamp};

use super::rows::{CARE_VISIT, Sight, Upsert};
use super::store::{self, SentRow};
use crate::app::App;
use crate::care::due::{Due, nearness};
use crate::care::model::Entry;
use crate::care::store::{self as care, Home};
use crate::care::{command, need, private};
use crate::http::Answer;

/// How long a row of somebody in care may be read with no network. Unit: ms.
pub const LEASE_MS: i64 = 24 * 3_600_000;
/// A row is sent again when so much of its lease is over. Unit: ms.
const RENEW_MS: i64 = 12 * 3_600_000;
/// Services due so soon go to the phone. Unit: ms.
const NEAR_MS: i64 = 3 * 24 * 3_600_000;
/// What changed so shortly before a row was sent is sent once more: it may have been on its way when the row was read. Unit: ms.
const SLOW_MS: i64 = 5_000;

/// What a page says of care.
#[derive(Default)]
pub struct Rows {
    /// To be put.
    pub upserts: Vec<Upsert>,
    /// To be taken off.
    pub gone: Vec<String>,
    /// Names that go to this phone now and were not there.
    pub looks: Vec<Look>,
}

/// A name that goes to a phone.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Of which entry.
    entry: CareId,
    /// As what its owner sees it.
    role: Role,
    /// Whether the phone did not have the name.
    is_name_new: bool,
    /// Whether services go with it: which they are may have changed with the day alone.
    has_services: bool,
}

/// What changed of the visits that the caller is to make, against what the phone holds.
///
/// # Errors
/// The database's.
pub fn rows(conn: &mut Conn, sight: &Sight<'_>, device: DeviceId, (seen, begins): (i64, bool)) -> Answer<Rows> {
    let held = store::rows_sent(conn, device, CARE_VISIT)?;
    let mut rows = Rows::default();
    if scope(sight.caller, Act::ViewCare).is_empty() {
        rows.gone = held.into_keys().collect();
        return Ok(rows);
    }
    let (app, caller) = (sight.app, sight.caller);
    let entries = care::to_visit(conn, &app.vault, caller.account, &command::grids_of(caller), sight.now)?;
    let residents: Vec<RecordId> = entries.iter().map(|entry| entry.resident).collect();
    let homes = care::homes(conn, &app.vault, &residents)?;
    let mut due = HashMap::new();
    for entry in &entries {
        if let Some(going) = homes.get(&entry.resident).and_then(|home| to_go(sight, entry, home)) {
            due.insert(entry.id.to_string(), going);
        }
    }
    rows.gone = held.keys().filter(|id| !due.contains_key(*id)).cloned().collect();
    for (id, going) in due {
        let entry = going.entry;
        let known = held.get(&id).filter(|row| !begins && row.n <= seen);
        if known.is_some_and(|row| row.at.since(entry.changed_at) >= SLOW_MS && sight.now.since(row.at) < RENEW_MS) {
            continue;
        }
        let (is_name_new, has_services) =
            (known.is_none_or(|row| row.at < entry.changed_at), !going.services.is_empty());
        if (is_name_new || has_services)
            && let Some(role) = scope(caller, Act::ViewCare).reaches(&entry.keys())
        {
            rows.looks.push(Look { entry: entry.id, role, is_name_new, has_services });
        }
        rows.upserts.push(row(sight, &going));
    }
    rows.upserts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

/// What somebody is to do at a home within days.
struct Going<'a> {
    entry: &'a Entry,
    home: &'a Home,
    due_at: Timestamp,
    /// Whether somebody is to go there, and not only to call.
    is_visit: bool,
    services: Vec<(String, String)>,
}

/// Whether the caller is to go there or to call within days, and by when.
fn to_go<'a>(sight: &Sight<'_>, entry: &'a Entry, home: &'a Home) -> Option<Going<'a>> {
    let learns = command::look(sight.app, sight.caller, entry);
    let goes = need::goes_there(sight.caller, entry, learns) && home.is_present && home.dwelling.is_some();
    if !goes || entry.is_young() {
        return None;
    }
    let until = sight.now.plus_ms(NEAR_MS);
    let is_near = |at: &Timestamp| nearness(*at, sight.now) != Due::Later;
    let visit_at = entry.visit_due_at(home.last_met).filter(is_near);
    let rules = &sight.app.playbooks.current().care;
    // Which services they are is for those who may know why; whoever goes there because nobody is paired is told of the visit alone.
    let helped = if matches!(learns, need::Sight::Why(_)) { entry.helped(rules, until) } else { Vec::new() };
    // The day that is said is that of the visit: a service that waits longer makes it no later.
    let due_at = visit_at.or_else(|| helped.iter().filter_map(|service| service.due_at()).min())?;
    let name = |code: &str| rules.service(code).map(|service| service.name.clone()).unwrap_or_default();
    let services = helped.iter().map(|service| (service.code.clone(), name(&service.code))).collect();
    Some(Going { entry, home, due_at, is_visit: visit_at.is_some(), services })
}

fn row(sight: &Sight<'_>, going: &Going<'_>) -> Upsert {
    let Going { entry, home, due_at, is_visit, services } = going;
    let services: Vec<_> = services.iter().map(|(code, name)| json!({ "code": code, "name": name })).collect();
    let body = json!({
        "area": sight.app.areas().reference(&entry.area),
        "name": home.name.as_ref().map(RealName::reveal),
        "address": home.address,
        "wish": entry.held.wish,
        "due_at": due_at,
        "is_visit": is_visit,
        "services": services,
        "last_met_at": home.last_met.filter(|met| *met >= entry.since),
        "tried_at": entry.tried_at,
        "version": entry.version,
        "lease_until": sight.now.plus_ms(LEASE_MS),
    });
    Upsert { kind: CARE_VISIT, id: entry.id.to_string(), body }
}

/// Records that names went to a phone.
///
/// # Errors
/// The database's.
pub fn log(app: &App, tx: &mut Tx<'_>, account: linli_kernel::AccountId, looks: &[Look], purpose: &str) -> Answer<()> {
    for look in looks {
        let fields = [("care_visit_row", look.is_name_new), ("care_services", look.has_services)];
        let fields: Vec<&str> = fields.into_iter().filter(|(_, is_sent)| *is_sent).map(|(field, _)| field).collect();
        private::log(app, tx, (account, look.role), look.entry, (&fields, purpose))?;
    }
    Ok(())
}

impl SentRow {
    /// When a row was sent before this was noted: long ago.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { at: Timestamp::from_ms(0), n: 0 }
    }
}
