//! Which of 16,384 cases that follow one another: as bits while they are compared, in as few bytes as can be where they are kept.

/// Cases of one block.
pub const BLOCK: usize = 16_384;
const WORDS: usize = BLOCK / 64;
const LAST_WORD: u16 = 255;
/// As bits. A list that would be longer is kept as bits.
const BITS_BYTES: usize = BLOCK / 8;

/// The block of a case, and its place there.
#[must_use]
pub fn at(row_no: i64) -> (i64, u16) {
    let size = i64::try_from(BLOCK).unwrap_or(i64::MAX);
    (row_no.div_euclid(size), u16::try_from(row_no.rem_euclid(size)).unwrap_or(0))
}

/// The case at a place of a block.
#[must_use]
pub fn row_no(block: i64, place: u16) -> i64 {
    block.saturating_mul(i64::try_from(BLOCK).unwrap_or(i64::MAX)).saturating_add(i64::from(place))
}

/// A set of places of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members(Box<[u64; WORDS]>);

impl Default for Members {
    fn default() -> Self {
        Self(Box::new([0; WORDS]))
    }
}

impl Members {
    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self(Box::new([u64::MAX; WORDS]))
    }

    /// Reads what [`Members::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut members = Self::default();
        members.add_bytes(bytes);
        members
    }

    /// Adds what [`Members::to_bytes`] wrote.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        if bytes.len() == BITS_BYTES {
            for (word, part) in self.0.iter_mut().zip(bytes.as_chunks().0) {
                *word |= u64::from_le_bytes(*part);
            }
            return;
        }
        let (mut place, mut gap) = (0_u32, 0_u32);
        let mut shift = 0;
        for byte in bytes {
            gap |= u32::from(byte & 0x7F).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                place = place.saturating_add(gap);
                self.add(u16::try_from(place).unwrap_or(u16::MAX));
                (gap, shift) = (0, 0);
            }
        }
    }

    /// The gaps between them, seven bits a byte; or one bit for each place, where that is shorter.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut before = 0;
        for place in self.iter() {
            let mut gap = place - before;
            before = place;
            while gap > 0x7F {
                bytes.push(0x80 | u8::try_from(gap & 0x7F).unwrap_or(0));
                gap >>= 7;
            }
            bytes.push(u8::try_from(gap).unwrap_or(0));
            if bytes.len() >= BITS_BYTES {
                return self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
            }
        }
        bytes
    }

    /// Adds a place; one beyond the block is none.
    pub fn add(&mut self, place: u16) {
        if let Some(word) = self.0.get_mut(usize::from(place / 64)) {
            *word |= 1 << (place % 64);
        }
    }

    /// Takes a place out; whether it was there.
    pub fn remove(&mut self, place: u16) -> bool {
        let Some(word) = self.0.get_mut(usize::from(place / 64)) else { return false };
        let bit = 1 << (place % 64);
        let had = *word & bit != 0;
        *word &= !bit;
        had
    }

    /// Those of `other` too.
    pub fn or(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word |= other);
    }

    /// Only those that are in `other`.
    pub fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word &= other);
    }

    /// Only those that are not in `other`.
    pub fn and_not(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(word, other)| *word &= !other);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// From the first to the last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u16> {
        self.0.iter().zip(0..=LAST_WORD).filter(|(word, _)| **word != 0).flat_map(|(word, n)| {
            let word = *word;
            (0..64_u16).filter(move |bit| word >> bit & 1 == 1).map(move |bit| n * 64 + bit)
        })
    }
}

impl FromIterator<u16> for Members {
    fn from_iter<T: IntoIterator<Item = u16>>(places: T) -> Self {
        places.into_iter().fold(Self::default(), |mut members, place| {
            members.add(place);
            members
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_case_has_its_place_in_a_block_and_is_found_there_again() {
        for row in [1, 16_383, 16_384, 9_999_999] {
            let (block, place) = at(row);
            assert_eq!(row_no(block, place), row);
        }
        assert_eq!(at(16_384), (1, 0));
    }

    #[test]
    fn few_take_few_bytes_and_many_never_more_than_a_bit_each() {
        let few: Members = [5, 100, 16_383].into_iter().collect();
        assert_eq!(few.to_bytes().len(), 4);
        assert_eq!(Members::all().to_bytes().len(), BITS_BYTES);
        assert!(Members::from_bytes(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_sets_are_sets(
            a in prop::collection::btree_set(0_u16..16_384, 0..3_000),
            b in prop::collection::btree_set(0_u16..16_384, 0..3_000),
        ) {
            let set = |of: &BTreeSet<u16>| of.iter().copied().collect::<Members>();
            prop_assert_eq!(Members::from_bytes(&set(&a).to_bytes()), set(&a));
            prop_assert_eq!(set(&a).iter().rev().collect::<Vec<_>>(), a.iter().rev().copied().collect::<Vec<_>>());
            let (mut both, mut either, mut rest) = (set(&a), set(&a), set(&a));
            both.and(&set(&b));
            either.add_bytes(&set(&b).to_bytes());
            rest.and_not(&set(&b));
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), &a & &b);
            prop_assert_eq!(either.iter().collect::<BTreeSet<_>>(), &a | &b);
            prop_assert_eq!(rest.iter().collect::<BTreeSet<_>>(), &a - &b);
        }
    }
}
