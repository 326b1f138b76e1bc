//! Figures as bytes: one row of the table holds those of one scope and day. Small numbers are small. Pure.

use std::collections::BTreeMap;

use super::tally::{Tallies, Tally};

/// Bytes that are no figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTallies {
    /// They end in the middle, or a number is too long.
    #[error("the bytes are no figures")]
    Unreadable,
    /// Less than nothing was to be written: what is taken back was never added.
    #[error("a count below nothing")]
    Negative,
}

/// Writes figures.
///
/// # Errors
/// `Negative` for a count below nothing.
pub fn write(tallies: &Tallies) -> Result<Vec<u8>, BadTallies> {
    let mut bytes = Vec::with_capacity(tallies.0.len() * 6);
    for (slot, tally) in &tallies.0 {
        bytes.push(*slot);
        for n in [tally.num, tally.den, tally.left_out] {
            put(&mut bytes, n)?;
        }
        put(&mut bytes, i64::try_from(tally.buckets.len()).unwrap_or(i64::MAX))?;
        for (bucket, n) in &tally.buckets {
            bytes.push(*bucket);
            put(&mut bytes, *n)?;
        }
    }
    Ok(bytes)
}

/// Reads figures.
///
/// # Errors
/// `Unreadable` for bytes that [`write`] did not make.
pub fn read(bytes: &[u8]) -> Result<Tallies, BadTallies> {
    let mut bytes = bytes.iter().copied();
    let mut tallies = BTreeMap::new();
    while let Some(slot) = bytes.next() {
        let (num, den, left_out) = (take(&mut bytes)?, take(&mut bytes)?, take(&mut bytes)?);
        let mut buckets = BTreeMap::new();
        for _ in 0..take(&mut bytes)? {
            let bucket = bytes.next().ok_or(BadTallies::Unreadable)?;
            buckets.insert(bucket, take(&mut bytes)?);
        }
        tallies.insert(slot, Tally { num, den, left_out, buckets });
    }
    Ok(Tallies(tallies))
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn put(bytes: &mut Vec<u8>, n: i64) -> Result<(), BadTallies> {
    let mut n = u64::try_from(n).map_err(|_| BadTallies::Negative)?;
    loop {
        let low = u8::try_from(n & 0x7f).unwrap_or(0x7f);
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return Ok(());
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut impl Iterator<Item = u8>) -> Result<i64, BadTallies> {
    let mut n = 0_u64;
    for shift in (0..63).step_by(7) {
        let byte = bytes.next().ok_or(BadTallies::Unreadable)?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return i64::try_from(n).map_err(|_| BadTallies::Unreadable);
        }
    }
    Err(BadTallies::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn figures_read_back(slots in prop::collection::btree_map(any::<u8>(), (0..i64::MAX, 0..i64::MAX, 0..300_i64, prop::collection::btree_map(any::<u8>(), 0..i64::MAX, 0..5)), 0..8)) {
            let tallies = slots.into_iter().map(|(slot, (num, den, left_out, buckets))| (slot, Tally { num, den, left_out, buckets }));
            let tallies = Tallies(tallies.collect());
            prop_assert_eq!(read(&write(&tallies).unwrap()), Ok(tallies));
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            drop(read(&bytes));
        }
    }

    #[test]
    fn a_count_below_nothing_is_not_written() {
        let tallies = Tallies(BTreeMap::from([(3, Tally { num: -1, ..Tally::default() })]));
        assert_eq!(write(&tallies), Err(BadTallies::Negative));
    }

    #[test]
    fn a_day_of_a_grid_is_a_few_bytes() {
        let tallies = Tallies((0..12).map(|slot| (slot, Tally { num: 2, den: 3, ..Tally::default() })).collect());
        assert_eq!(write(&tallies).unwrap().len(), 60);
    }
}
