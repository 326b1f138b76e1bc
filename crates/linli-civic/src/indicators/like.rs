//! 同类区域: places of the same level that a place is compared with, and where the middle half of them lies. Never a list of who is
//! before whom. Pure.

use linli_kernel::{AreaCode, AreaLevel};

use crate::areas::tree::AreaTree;

/// With fewer, the middle half would be one or two places by name.
const LEAST: usize = 4;

/// The area within which likes are looked for: the county; for a grid the street, for a micro-grid the community, where places are
/// alike; for a county the city. Nothing is like a city.
#[must_use]
pub fn within(area: &AreaCode) -> Option<AreaCode> {
    match area.level() {
        AreaLevel::City => None,
        AreaLevel::County => Some(area.at(AreaLevel::City)),
        AreaLevel::Street | AreaLevel::Community => Some(area.at(AreaLevel::County)),
        AreaLevel::Grid => Some(area.at(AreaLevel::Street)),
        AreaLevel::MicroGrid => Some(area.at(AreaLevel::Community)),
    }
}

/// The others of the same level within that.
#[must_use]
pub fn others(areas: &AreaTree, area: &AreaCode) -> Vec<AreaCode> {
    let Some(within) = within(area) else { return Vec::new() };
    let mut found = vec![within];
    while found.first().is_some_and(|first| first.level() < area.level()) {
        found = found.iter().flat_map(|above| areas.children(above)).copied().collect();
    }
    found.retain(|other| other.level() == area.level() && other != area);
    found
}

/// The middle half of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MiddleHalf {
    /// Of so many.
    pub n: usize,
    /// A quarter lies below.
    pub p25: f64,
    /// A half lies below.
    pub median: f64,
    /// A quarter lies above.
    pub p75: f64,
}

/// Where the middle half lies; nothing for fewer than four.
#[must_use]
pub fn middle_half(mut values: Vec<f64>) -> Option<MiddleHalf> {
    if values.len() < LEAST {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some(MiddleHalf {
        n: values.len(),
        p25: quarter(&values, 1)?,
        median: quarter(&values, 2)?,
        p75: quarter(&values, 3)?,
    })
}

/// Between neighbours in proportion, as spreadsheets do it.
fn quarter(sorted: &[f64], quarters: usize) -> Option<f64> {
    let place = (sorted.len() - 1) * quarters;
    let (below, part) = (place / 4, place % 4);
    let low = sorted.get(below)?;
    let high = sorted.get(below + 1).unwrap_or(low);
    let part = match part {
        0 => 0.0,
        1 => 0.25,
        2 => 0.5,
        _ => 0.75,
    };
    Some(low + (high - low) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_half_is_that_of_a_spreadsheet() {
        let half = middle_half(vec![4.0, 1.0, 3.0, 2.0, 5.0]).unwrap();
        assert_eq!((half.n, half.p25, half.median, half.p75), (5, 2.0, 3.0, 4.0));
        let half = middle_half(vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((half.p25, half.median, half.p75), (1.75, 2.5, 3.25));
        assert_eq!(middle_half(vec![1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn a_grid_is_compared_within_its_street_and_a_community_within_its_county() {
        let of = |code: &str| within(&AreaCode::parse(code).unwrap()).map(|code| code.to_string());
        assert_eq!(of("610502005007001").as_deref(), Some("610502005000"));
        assert_eq!(of("610502005007").as_deref(), Some("610502000000"));
        assert_eq!(of("610502000000").as_deref(), Some("610500000000"));
        assert_eq!(of("610500000000"), None);
    }
}
