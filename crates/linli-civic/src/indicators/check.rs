//! Counts everything again from the feed and compares it with what is kept: that the figures follow from nothing else can be seen.

use std::collections::HashMap;

use linli_db::{Conn, StoreError, params};

use super::basis::Basis;
use super::consumer::count_again;
use super::count::{Changed, Counted, Sums, difference};
use super::counted;

/// Cases looked at in one go.
const CASES_AT_ONCE: i64 = 500;
/// Faults that are told; more say no more.
const MOST_TOLD: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Cases whose histories were counted again.
    pub n_cases: usize,
    /// Things that they count for.
    pub n_facts: usize,
    /// Rows of sums.
    pub n_sums: usize,
    /// What is kept otherwise than it should be, by case or scope; the first twenty.
    pub faults: Vec<String>,
}

impl Checked {
    fn fault(&mut self, what: String) {
        if self.faults.len() < MOST_TOLD {
            self.faults.push(what);
        }
    }
}

/// Compares. The consumer must have read everything, and nobody may write meanwhile. Not scoped: it tells ids and codes alone.
///
/// # Errors
/// The database's.
pub fn check(conn: &mut Conn, basis: &Basis) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let mut expected = Changed::default();
    let mut after = String::new();
    loop {
        // From the feed, not from the cases: figures follow from nothing else.
        let sql = "SELECT DISTINCT stream_id FROM event WHERE stream_kind = 'case' AND stream_id > $1 ORDER BY stream_id LIMIT $2";
        let cases: Vec<String> = conn.all(sql, &params![after, CASES_AT_ONCE], |row| row.get("stream_id"))?;
        let Some(last) = cases.last() else { break };
        after.clone_from(last);
        cases_of(conn, &cases, basis, &mut expected, &mut checked)?;
    }
    sums_of(conn, expected.spread(), &mut checked)?;
    Ok(checked)
}

fn cases_of(
    conn: &mut Conn,
    cases: &[String],
    basis: &Basis,
    expected: &mut Changed,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let mut kept = counted::counted_of(conn, cases)?;
    for (case, counted) in count_again(conn, cases, basis)? {
        let kept = sorted(kept.remove(&case).unwrap_or_default());
        checked.n_cases += 1;
        checked.n_facts += counted.len();
        if kept != sorted(counted.clone()) {
            checked.fault(case);
        }
        drop(difference(Vec::new(), counted, basis, expected));
    }
    kept.into_keys().for_each(|case| checked.fault(case));
    Ok(())
}

fn sorted(mut counted: Vec<Counted>) -> Vec<Counted> {
    counted.sort_by(|a, b| (&a.subject, a.n).cmp(&(&b.subject, b.n)));
    counted
}

fn sums_of(conn: &mut Conn, expected: Sums, checked: &mut Checked) -> Result<(), StoreError> {
    let mut kept: HashMap<_, _> = counted::all_sums(conn)?.0.into_iter().collect();
    checked.n_sums = expected.0.len();
    for (place, tallies) in expected.0 {
        if kept.remove(&place).as_ref() != Some(&tallies) {
            checked.fault(format!("{} {} {}", place.0, place.1.as_str(), place.2));
        }
    }
    kept.into_keys().for_each(|place| checked.fault(format!("{} {} {}", place.0, place.1.as_str(), place.2)));
    Ok(())
}
