//! 底数 on phones: the dwellings, households, premises and firms of the grids where the owner keeps them, as a list shows them.
//!
//! - Residents are not on a phone: what tells one from another is sealed. A household says the masked name of its head.
//! - Only for those who keep the records of a grid or of a community; what a whole street has is looked at with a network.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use linli_access::{Act, scope};
use linli_db::{Conn, StoreError, feed};
use linli_kernel::{AreaCode, AreaLevel, Cursor, RecordId};

use super::rows::{RECORD, Sight, Upsert};
use crate::registry::fields::Kind;
use crate::registry::list::{self, Ask};
use crate::registry::model::{Record, State};
use crate::registry::{store, view};

/// The kinds that go to phones, in the order in which they are sent.
const KINDS: [Kind; 5] = [Kind::Dwelling, Kind::Household, Kind::Premises, Kind::Firm, Kind::Facility];

/// Where a reading of the records goes on: after this record of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    kind: Kind,
    after: Option<RecordId>,
}

impl At {
    /// The beginning.
    pub const BEGIN: Self = Self { kind: KINDS[0], after: None };

    /// Reads what [`At`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, after) = text.split_once(':')?;
        let after = if after.is_empty() { None } else { Some(after.parse().ok()?) };
        Some(Self { kind: kind.parse().ok()?, after })
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let after = self.after.map(|id| id.to_string()).unwrap_or_default();
        write!(f, "{}:{after}", self.kind.as_str())
    }
}

/// The areas whose records go to the caller's phone.
fn areas(sight: &Sight<'_>) -> Vec<AreaCode> {
    let keys = scope(sight.caller, Act::EditRegistry);
    let areas = keys.keys().filter_map(|key| key.parse::<AreaCode>().ok());
    areas.filter(|area| area.level() >= AreaLevel::Community).collect()
}

/// The fields of each kind, for the forms of a phone; nothing for whoever keeps no records.
#[must_use]
pub fn forms(sight: &Sight<'_>) -> Option<Value> {
    let kinds = Kind::ALL.iter().map(|kind| (kind.as_str().to_owned(), json!(view::fields(*kind, sight.lang))));
    (!areas(sight).is_empty()).then(|| Value::Object(kinds.collect::<Map<_, _>>()))
}

/// A page of the records of the present, and where the next one begins.
///
/// # Errors
/// The database's.
pub fn page(conn: &mut Conn, sight: &Sight<'_>, at: At, limit: u32) -> Result<(Vec<Upsert>, Option<At>), StoreError> {
    let areas = areas(sight);
    if areas.is_empty() {
        return Ok((Vec::new(), None));
    }
    let cursor = Cursor::new(at.after.map(|id| id.to_string()), Some(limit));
    let ask = Ask { kind: at.kind, areas, q: None, of: None, lack: None, cursor };
    let page = list::page(conn, &sight.app.vault, &ask)?;
    let next = match page.next.as_deref().and_then(|after| after.parse().ok()) {
        Some(after) => Some(At { kind: at.kind, after: Some(after) }),
        None => KINDS.iter().skip_while(|kind| **kind != at.kind).nth(1).map(|kind| At { kind: *kind, after: None }),
    };
    Ok((upserts(conn, sight, &page.items)?, next))
}

fn upserts(conn: &mut Conn, sight: &Sight<'_>, records: &[Record]) -> Result<Vec<Upsert>, StoreError> {
    let beside = list::beside(conn, &sight.app.vault, records)?;
    let shown = records.iter().map(|record| {
        let body = serde_json::to_value(view::row(sight.app, record, &beside, sight.lang))?;
        Ok(Upsert { kind: RECORD, id: record.id.to_string(), body })
    });
    shown.collect()
}

/// Most households of a dwelling that follow its address.
const MOST_HOUSEHOLDS: u32 = 50;

/// What an event changed of the records on the caller's phone.
pub enum Changed {
    /// Nothing that goes there.
    Nothing,
    /// These are to be put: a household says who heads it and where it is, so residents and its dwelling change it.
    Put(Vec<Upsert>),
    /// It is to be taken off, if it is there.
    Gone,
}

/// Looks at an event of the registry.
///
/// # Errors
/// The database's.
pub fn changed(conn: &mut Conn, sight: &Sight<'_>, event: &feed::Event) -> Result<Changed, StoreError> {
    let area = event.area_code.as_deref().and_then(|code| code.parse::<AreaCode>().ok());
    if !area.is_some_and(|area| areas(sight).iter().any(|own| own.contains(&area))) {
        return Ok(Changed::Nothing);
    }
    let said: Value = serde_json::from_str(&event.payload)?;
    let kind = said.get("kind").and_then(Value::as_str).and_then(|kind| kind.parse::<Kind>().ok());
    let (Some(kind), Ok(id)) = (kind, event.stream_id.parse::<RecordId>()) else { return Ok(Changed::Nothing) };
    let vault = &sight.app.vault;
    let mut record = store::load(conn, vault, kind, id)?;
    if kind == Kind::Resident {
        let household = record.and_then(|resident| resident.values.get("household_id")?.parse::<RecordId>().ok());
        let Some(household) = household else { return Ok(Changed::Nothing) };
        record = store::load(conn, vault, Kind::Household, household)?;
    }
    let Some(record) = record.filter(|record| record.state == State::Active) else { return Ok(Changed::Gone) };
    let mut changed = Vec::new();
    if record.kind == Kind::Dwelling {
        let cursor = Cursor::new(None, Some(MOST_HOUSEHOLDS));
        let ask = Ask { kind: Kind::Household, areas: vec![record.area], q: None, of: Some(id), lack: None, cursor };
        changed = list::page(conn, vault, &ask)?.items;
    }
    changed.insert(0, record);
    Ok(Changed::Put(upserts(conn, sight, &changed)?))
}

/// The ids of all records that the caller's phone may hold.
///
/// # Errors
/// The database's.
pub fn ids(conn: &mut Conn, sight: &Sight<'_>) -> Result<BTreeSet<String>, StoreError> {
    let areas = areas(sight);
    let mut ids = BTreeSet::new();
    for kind in KINDS {
        ids.extend(store::ids_within(conn, kind, &areas)?);
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_reading_is_read_as_it_was_written() {
        let id = RecordId::new(uuid::Uuid::from_u128(7));
        for at in [At::BEGIN, At { kind: Kind::Firm, after: Some(id) }] {
            assert_eq!(At::parse(&at.to_string()), Some(at));
        }
        for text in ["", "dwelling", "street:", "firm:x"] {
            assert_eq!(At::parse(text), None, "{text}");
        }
    }
}
