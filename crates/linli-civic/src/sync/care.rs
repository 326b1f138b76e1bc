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
/// What changed so shortly before a row was sent is sent once more: it may have been on its way when the row was read. Unit: ms.
const SLOW_MS: i64 = 5_000;

/// What a page says of care.
#[derive(Default)]
pub struct Rows {
    /// To be put.
    pub upserts: Vec<Upsert>,
    /// To be taken off.
    pub gone: Vec<String>,
    /// Names that go to this phone now and were not there: each is a look.
    pub looks: Vec<(CareId, Role)>,
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
        if let Some((home, due_at)) = homes.get(&entry.resident).and_then(|home| to_go(sight, entry, home)) {
            due.insert(entry.id.to_string(), (entry, home, due_at));
        }
    }
    rows.gone = held.keys().filter(|id| !due.contains_key(*id)).cloned().collect();
    for (id, (entry, home, due_at)) in due {
        let known = held.get(&id).filter(|row| !begins && row.n <= seen);
        if known.is_some_and(|row| row.at.since(entry.changed_at) >= SLOW_MS && sight.now.since(row.at) < RENEW_MS) {
            continue;
        }
        if known.is_none_or(|row| row.at < entry.changed_at)
            && let Some(role) = scope(caller, Act::ViewCare).reaches(&entry.keys())
        {
            rows.looks.push((entry.id, role));
        }
        rows.upserts.push(row(sight, entry, home, due_at));
    }
    rows.upserts.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

/// Whether the caller is to go there within days, and by when.
fn to_go<'a>(sight: &Sight<'_>, entry: &Entry, home: &'a Home) -> Option<(&'a Home, Timestamp)> {
    let due_at = entry.visit_due_at(home.last_met)?;
    let learns = command::look(sight.app, sight.caller, entry);
    let goes = need::goes_there(sight.caller, entry, learns) && home.is_present && home.dwelling.is_some();
    let is_near = nearness(due_at, sight.now) != Due::Later;
    (goes && is_near && !entry.is_young()).then_some((home, due_at))
}

fn row(sight: &Sight<'_>, entry: &Entry, home: &Home, due_at: Timestamp) -> Upsert {
    let body = json!({
        "area": sight.app.areas().reference(&entry.area),
        "name": home.name.as_ref().map(RealName::reveal),
        "address": home.address,
        "wish": entry.held.wish,
        "due_at": due_at,
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
pub fn log(
    app: &App,
    tx: &mut Tx<'_>,
    account: linli_kernel::AccountId,
    looks: &[(CareId, Role)],
    purpose: &str,
) -> Answer<()> {
    for (id, role) in looks {
        private::log(app, tx, (account, *role), *id, (&["care_visit_row"], purpose))?;
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
