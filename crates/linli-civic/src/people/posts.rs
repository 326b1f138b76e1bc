//! Who answers where, kept in memory for reports: the one thing about people that every report asks and that hardly ever changes.
//!
//! Nothing is kept before somebody reads the feed ([`Posts::watch`]): what is kept is forgotten with the first event about an
//! account or a leave, here or on another node, so that it is never older than the feed is behind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linli_access::Vault;
use linli_access::scope::unit_key;
use linli_db::{Db, StoreError};
use linli_kernel::{AreaCode, Timestamp};

use super::duty::{self, OnDuty, Staffed};

/// Areas kept at most: a county with all its grids.
const AREAS_KEPT: usize = 20_000;

/// A post with the time for which it is held.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) duty: OnDuty,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Option<Timestamp>,
    /// When they are on leave.
    pub(super) leaves: Vec<(Timestamp, Timestamp)>,
}

impl Held {
    fn is_held(&self, now: Timestamp) -> bool {
        self.starts_at <= now && self.ends_at.is_none_or(|end| now < end)
    }

    fn on_duty(&self, now: Timestamp) -> OnDuty {
        let is_away = self.leaves.iter().any(|(from, to)| *from <= now && now < *to);
        OnDuty { is_away, ..self.duty.clone() }
    }
}

/// The posts in memory.
#[derive(Debug, Default)]
pub struct Posts {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Whether somebody reads the feed and says when something changed.
    is_watched: bool,
    /// Counts what was forgotten: what was read before is not kept after.
    generation: u64,
    areas: HashMap<AreaCode, Arc<[Held]>>,
}

/// Who answers at a place and above it.
#[derive(Clone, Debug)]
pub struct Around {
    lineage: Vec<AreaCode>,
    areas: Vec<Arc<[Held]>>,
}

impl Around {
    /// The seats at which somebody answers.
    #[must_use]
    pub fn staffed(&self, now: Timestamp) -> Staffed {
        let held = self.held(now).map(|held| {
            let OnDuty { area, unit, .. } = &held.duty;
            unit.as_deref().map_or_else(|| area.to_string(), |unit| unit_key(area, unit))
        });
        Staffed::of(held)
    }

    /// Those who answer at any of `areas`, in the order of [`duty::on_duty`]; `None` when one of them is not around here.
    #[must_use]
    pub fn on_duty(&self, areas: &[AreaCode], now: Timestamp) -> Option<Vec<OnDuty>> {
        if !areas.iter().all(|area| self.lineage.contains(area)) {
            return None;
        }
        let mut found: Vec<OnDuty> =
            self.held(now).filter(|held| areas.contains(&held.duty.area)).map(|held| held.on_duty(now)).collect();
        // Stable: by name they stay in the order of the database.
        found.sort_by_key(|duty| (duty.area, duty.role.as_str(), duty.is_away));
        Some(found)
    }

    fn held(&self, now: Timestamp) -> impl Iterator<Item = &Held> {
        self.areas.iter().flat_map(|area| area.iter()).filter(move |held| held.is_held(now))
    }
}

impl Posts {
    /// From now on somebody says when something changed: what is read may be kept.
    pub fn watch(&self) {
        self.kept().is_watched = true;
    }

    /// Nobody says it any more: the feed cannot be read.
    pub fn unwatch(&self) {
        let mut kept = self.kept();
        kept.is_watched = false;
        kept.generation += 1;
        kept.areas.clear();
    }

    /// Something about people changed.
    pub fn forget(&self) {
        let mut kept = self.kept();
        kept.generation += 1;
        kept.areas.clear();
    }

    /// Who answers at `place` and above it; `None` while nothing is kept, and the database is to be asked.
    ///
    /// # Errors
    /// The database's.
    pub async fn around(&self, db: &Db, vault: &Vault, place: &AreaCode) -> Result<Option<Around>, StoreError> {
        let lineage = place.lineage();
        let (generation, missing) = {
            let kept = self.kept();
            if !kept.is_watched {
                return Ok(None);
            }
            let missing: Vec<AreaCode> =
                lineage.iter().filter(|area| !kept.areas.contains_key(*area)).copied().collect();
            if missing.is_empty() {
                return Ok(Some(kept.around(&lineage)));
            }
            (kept.generation, missing)
        };
        let vault = vault.clone();
        let asked = missing.clone();
        let found = db.read(move |conn| duty::holders(conn, &vault, &asked)).await?;
        let mut read: HashMap<AreaCode, Vec<Held>> = missing.iter().map(|area| (*area, Vec::new())).collect();
        for held in found {
            read.entry(held.duty.area).or_default().push(held);
        }
        let read = read.into_iter().map(|(area, held)| (area, Arc::from(held)));
        let mut kept = self.kept();
        if kept.generation != generation {
            // Something changed while it was read: good enough for nobody.
            return Ok(None);
        }
        if kept.areas.len() >= AREAS_KEPT {
            kept.areas.clear();
            return Ok(None);
        }
        kept.areas.extend(read);
        Ok(Some(kept.around(&lineage)))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A poisoned lock still holds whole entries: they are only ever put in or cleared.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn around(&self, lineage: &[AreaCode]) -> Around {
        Around {
            lineage: lineage.to_vec(),
            areas: lineage.iter().filter_map(|area| self.areas.get(area)).map(Arc::clone).collect(),
        }
    }
}
