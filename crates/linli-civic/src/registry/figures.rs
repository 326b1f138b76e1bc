//! 底数清: how many records an area has, how many are complete and were confirmed lately. It says where a hand is needed; the
//! areas stand in the order of their codes and are not ranked.

use std::collections::BTreeMap;

use linli_db::{Bind, Conn, StoreError};
use linli_kernel::{AreaCode, Timestamp};
use serde::Serialize;

use super::fields::Kind;
use crate::areas::store::inside;
use crate::areas::tree::{AreaRef, AreaTree};

/// A record that nobody confirmed for so long is to be looked at again. Unit: milliseconds; 12 months.
pub const FRESH_MS: i64 = 365 * 86_400_000;

/// Counts of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryCount)]
pub struct Count {
    /// Records of the present.
    pub n: i64,
    /// In which nothing is missing.
    pub n_complete: i64,
    /// Which somebody confirmed in the last 12 months.
    pub n_confirmed: i64,
    /// Both.
    pub n_good: i64,
    /// Rented dwellings, key premises, employees of firms, facilities out of use.
    pub n_marked: i64,
}

impl Count {
    const fn add(&mut self, other: Self) {
        self.n += other.n;
        self.n_complete += other.n_complete;
        self.n_confirmed += other.n_confirmed;
        self.n_good += other.n_good;
        self.n_marked += other.n_marked;
    }
}

/// The counts of one area.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryAreaFigures)]
pub struct AreaFigures {
    /// Which.
    pub area: AreaRef,
    /// 房屋; marked: rented
    pub dwellings: Count,
    /// 户
    pub households: Count,
    /// 住户
    pub residents: Count,
    /// 场所; marked: key premises
    pub premises: Count,
    /// 企业; marked: employees
    pub firms: Count,
    /// 公共设施; marked: out of use
    pub facilities: Count,
}

/// The figures of an area and of what lies below it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RegistryFigures)]
pub struct Figures {
    /// All of it.
    pub total: AreaFigures,
    /// Each area directly below, in the order of their codes.
    pub parts: Vec<AreaFigures>,
}

/// Counts the records of one kind by the area in which they lie.
///
/// # Errors
/// The database's.
pub fn count(
    conn: &mut Conn,
    kind: Kind,
    areas: &[AreaCode],
    since: Timestamp,
) -> Result<Vec<(AreaCode, Count)>, StoreError> {
    let marked = match kind {
        Kind::Dwelling => "COUNT(CASE WHEN occupancy = 'rented' THEN 1 END)",
        Kind::Premises => "COUNT(CASE WHEN is_key = 'yes' THEN 1 END)",
        Kind::Firm => "CAST(COALESCE(SUM(n_employees), 0) AS BIGINT)",
        Kind::Facility => "COUNT(CASE WHEN service = 'stopped' THEN 1 END)",
        Kind::Household | Kind::Resident => "CAST(0 AS BIGINT)",
    };
    let mut bound = vec![since.val()];
    let inside = inside("area_code", areas, &mut bound);
    let sql = format!(
        "SELECT area_code, COUNT(*) AS n, COUNT(CASE WHEN is_complete THEN 1 END) AS n_complete, COUNT(CASE WHEN confirmed_at >= $1 THEN 1 END) AS n_confirmed, \
         COUNT(CASE WHEN is_complete AND confirmed_at >= $1 THEN 1 END) AS n_good, {marked} AS n_marked FROM {} WHERE state = 'active' AND ({inside}) GROUP BY area_code",
        kind.as_str()
    );
    conn.all(&sql, &bound, |row| {
        let count = Count {
            n: row.get("n")?,
            n_complete: row.get("n_complete")?,
            n_confirmed: row.get("n_confirmed")?,
            n_good: row.get("n_good")?,
            n_marked: row.get("n_marked")?,
        };
        Ok((row.parse("area_code")?, count))
    })
}

/// The figures of `area`, as far as `areas` (what the caller may see of it) reaches.
///
/// # Errors
/// The database's.
pub fn of(
    conn: &mut Conn,
    tree: &AreaTree,
    area: &AreaCode,
    areas: &[AreaCode],
    now: Timestamp,
) -> Result<Figures, StoreError> {
    let none = |code: &AreaCode| AreaFigures {
        area: tree.reference(code),
        dwellings: Count::default(),
        households: Count::default(),
        residents: Count::default(),
        premises: Count::default(),
        firms: Count::default(),
        facilities: Count::default(),
    };
    let mut total = none(area);
    let visible = |code: &&AreaCode| areas.iter().any(|own| own.contains(code) || code.contains(own));
    let mut parts: BTreeMap<AreaCode, AreaFigures> =
        tree.children(area).iter().filter(visible).map(|code| (*code, none(code))).collect();
    for kind in Kind::ALL {
        for (at, n) in count(conn, *kind, areas, now.plus_ms(-FRESH_MS))? {
            slot(&mut total, *kind).add(n);
            if let Some((_, part)) = parts.iter_mut().find(|(code, _)| code.contains(&at)) {
                slot(part, *kind).add(n);
            }
        }
    }
    Ok(Figures { total, parts: parts.into_values().collect() })
}

const fn slot(figures: &mut AreaFigures, kind: Kind) -> &mut Count {
    match kind {
        Kind::Dwelling => &mut figures.dwellings,
        Kind::Household => &mut figures.households,
        Kind::Resident => &mut figures.residents,
        Kind::Premises => &mut figures.premises,
        Kind::Firm => &mut figures.firms,
        Kind::Facility => &mut figures.facilities,
    }
}
