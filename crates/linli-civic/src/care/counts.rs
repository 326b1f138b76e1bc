//! Counts of people that let nobody be found: fewer than five are not told, and what was left out cannot be reckoned back. Pure.

/// Fewer people than this are not told.
pub const FEWEST: u32 = 5;

/// The cells of one column that may be told; `None` hides one. Cells below five are hidden, and as many more, the smallest first, as it
/// takes that a total leaves at least two hidden cells holding at least five together.
#[must_use]
pub fn told(cells: &[u32]) -> Vec<Option<u32>> {
    let mut told: Vec<Option<u32>> = cells.iter().map(|n| (*n >= FEWEST).then_some(*n)).collect();
    while is_open(cells, &told) {
        let smallest = told.iter().enumerate().filter_map(|(at, n)| n.map(|n| (n, at))).min();
        match smallest.and_then(|(_, at)| told.get_mut(at)) {
            Some(cell) => *cell = None,
            None => break,
        }
    }
    told
}

/// The total of a column, where it may be told.
#[must_use]
pub fn total(cells: &[u32]) -> Option<u32> {
    let sum: u32 = cells.iter().sum();
    (sum >= FEWEST).then_some(sum)
}

/// Whether what is hidden could be reckoned back from the total.
fn is_open(cells: &[u32], told: &[Option<u32>]) -> bool {
    let hidden: Vec<u32> = cells.iter().zip(told).filter(|(_, told)| told.is_none()).map(|(n, _)| *n).collect();
    let has_shown = told.iter().any(Option::is_some);
    has_shown && !hidden.is_empty() && (hidden.len() == 1 || hidden.iter().sum::<u32>() < FEWEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_small_cell_takes_the_next_smallest_with_it() {
        assert_eq!(told(&[3, 12, 8]), [None, Some(12), None]);
        assert_eq!(told(&[0, 0, 9, 30]), [None, None, None, Some(30)]);
        assert_eq!(told(&[6, 7]), [Some(6), Some(7)]);
        assert_eq!((told(&[4]), total(&[4])), (vec![None], None));
        assert_eq!(total(&[3, 2]), Some(5));
    }

    proptest! {
        #[test]
        fn no_cell_below_five_is_told_or_can_be_reckoned_back(cells in prop::collection::vec(0_u32..20, 1..12)) {
            let told = told(&cells);
            prop_assert!(told.iter().flatten().all(|n| *n >= FEWEST));
            let hidden: Vec<u32> = cells.iter().zip(&told).filter(|(_, told)| told.is_none()).map(|(n, _)| *n).collect();
            let has_shown = told.iter().any(Option::is_some);
            if !hidden.is_empty() && has_shown {
                prop_assert!(hidden.len() >= 2 && hidden.iter().sum::<u32>() >= FEWEST);
            }
        }
    }
}
