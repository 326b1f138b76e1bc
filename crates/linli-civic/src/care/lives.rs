//! Who is counted in 一老一小: read for counts alone, never shown one by one.

use std::collections::HashMap;

use linli_access::Vault;
use linli_db::{Conn, StoreError, params};
use linli_kernel::{AreaCode, RecordId, Timestamp};
use linli_playbook::CareLife;

use super::due::{Due, nearness, next_visit};
use super::store;
use super::words::State;
use crate::areas::store::inside;

/// Somebody who is entitled as old or young.
#[derive(Clone, Copy, Debug)]
pub struct Lived {
    /// Where.
    pub area: AreaCode,
    /// Old or young.
    pub life: CareLife,
    /// Who, to be counted once.
    pub resident: RecordId,
    /// Whether a visit is due.
    pub is_due: bool,
    /// Whether services are arranged or were given.
    pub is_served: bool,
    /// Whether a service is to be arranged or given by now.
    pub waits: bool,
}

/// Everybody in these areas who is entitled as old or young, for counts.
///
/// # Errors
/// The database's.
pub fn lives(conn: &mut Conn, vault: &Vault, areas: &[AreaCode], now: Timestamp) -> Result<Vec<Lived>, StoreError> {
    let mut bound = params![now].to_vec();
    let inside = inside("c.area_code", areas, &mut bound);
    let known: HashMap<String, CareLife> =
        CareLife::ALL.iter().map(|life| (store::life_index(vault, *life), *life)).collect();
    let sql = format!(
        "SELECT c.area_code, c.life_index, c.resident_id, c.state, c.since_at, c.visit_days, c.service_at, c.is_served, \
         (SELECT MAX(v.received_at) FROM visit v WHERE v.record_id = h.dwelling_id AND v.kind = 'visit' AND v.met) AS met_at \
         FROM care_entry c LEFT JOIN resident r ON r.id = c.resident_id LEFT JOIN household h ON h.id = r.household_id \
         WHERE c.expires_at > $1 AND c.life_index IS NOT NULL AND ({inside})"
    );
    let mut found = Vec::new();
    conn.each(&sql, &bound, |row| {
        let index: String = row.get("life_index")?;
        let Some(life) = known.get(&index) else { return Ok(()) };
        let (days, state): (Option<i64>, String) = (row.get("visit_days")?, row.get("state")?);
        let days = days.and_then(|days| u32::try_from(days).ok()).filter(|_| state == State::Active.as_str());
        let (since, met) = (row.at("since_at")?, row.at_opt("met_at")?);
        let is_due = days.is_some_and(|days| nearness(next_visit(days, since, met), now) == Due::Now);
        let service_at: Option<Timestamp> = row.at_opt("service_at")?;
        found.push(Lived {
            area: row.parse("area_code")?,
            life: *life,
            resident: row.parse("resident_id")?,
            is_due,
            is_served: row.get("is_served")?,
            waits: service_at.is_some_and(|at| nearness(at, now) == Due::Now),
        });
        Ok(())
    })?;
    Ok(found)
}
