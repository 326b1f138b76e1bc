//! 人均在办: cases in hand, divided by the grid workers of an area. The heaviest grid is told as a number, without a name.

use std::collections::HashMap;

use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, AreaLevel};

use super::store;
use super::tally::{Tallies, share};

/// What lies behind a load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Grid workers of the area.
    pub n_workers: i64,
    /// The largest average of a grid below; nothing where it was not looked for, or where there is no grid.
    pub largest: Option<f64>,
}

/// Digits of a grid's code.
const GRID_DIGITS: usize = 15;

/// Reads the load of an area. In a whole city nobody looks for the one heaviest grid: there the average alone is told.
///
/// # Errors
/// The database's.
pub fn of_area(conn: &mut Conn, area: &AreaCode, slot: u8) -> Result<Load, StoreError> {
    let key = area.to_string();
    let n_workers = store::workers(conn, std::slice::from_ref(&key))?.get(&key).copied().unwrap_or(0);
    let looks_below = matches!(area.level(), AreaLevel::County | AreaLevel::Street | AreaLevel::Community);
    let below = if looks_below { store::now_below(conn, area)? } else { Vec::new() };
    let of_grids = below.iter().filter(|(scope, _, _)| scope.len() == GRID_DIGITS);
    let loads = of_grids.filter_map(|(_, tallies, n)| share(tallies.of(slot).num, *n));
    Ok(Load { n_workers, largest: loads.max_by(f64::total_cmp) })
}

/// Grid workers by scope, of figures that are divided by them.
///
/// # Errors
/// The database's.
pub fn workers_of(
    conn: &mut Conn,
    scopes: &[String],
    tallies: &HashMap<String, Tallies>,
) -> Result<HashMap<String, i64>, StoreError> {
    if tallies.is_empty() { Ok(HashMap::new()) } else { store::workers(conn, scopes) }
}
