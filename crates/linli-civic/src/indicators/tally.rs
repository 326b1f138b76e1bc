//! What is added up: how many hits of how many, how many were left out, how long it took. Sums can be taken back, exactly. Pure.

use std::collections::BTreeMap;

/// One figure of one scope over some days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Above the line.
    pub num: i64,
    /// Below the line.
    pub den: i64,
    /// Left out: cases that were excluded.
    pub left_out: i64,
    /// Of a duration: how many lie in each bucket.
    pub buckets: BTreeMap<u8, i64>,
}

impl Tally {
    /// Whether nothing was counted.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.num == 0 && self.den == 0 && self.left_out == 0 && self.buckets.is_empty()
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.num += other.num;
        self.den += other.den;
        self.left_out += other.left_out;
        for (bucket, n) in &other.buckets {
            let sum = self.buckets.entry(*bucket).or_default();
            *sum += n;
            if *sum == 0 {
                self.buckets.remove(bucket);
            }
        }
    }

    /// The length below which `part` of the counted lie, to within a sixteenth; `None` of nothing. Unit: milliseconds.
    #[must_use]
    pub fn quantile_ms(&self, part: f64) -> Option<i64> {
        let n: i64 = self.buckets.values().sum();
        // The rank as the textbooks have it: the first at or above this part.
        let rank = to_i64((to_f64(n) * part).ceil()).clamp(1, n.max(1));
        let mut seen = 0;
        for (bucket, n) in &self.buckets {
            if seen + n >= rank {
                let (from, to) = (bucket_from(*bucket), bucket_from(bucket.saturating_add(1)));
                // As if those of a bucket stood in it at equal distances.
                let place = (to_f64(rank - seen) - 0.5) / to_f64(*n);
                return Some(from + to_i64(to_f64(to - from) * place));
            }
            seen += n;
        }
        None
    }
}

/// Figures by their slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies(pub BTreeMap<u8, Tally>);

impl Tallies {
    /// The figure of a slot.
    pub fn slot(&mut self, slot: u8) -> &mut Tally {
        self.0.entry(slot).or_default()
    }

    /// The figure of a slot; nothing for one that was never counted.
    #[must_use]
    pub fn of(&self, slot: u8) -> Tally {
        self.0.get(&slot).cloned().unwrap_or_default()
    }

    /// Adds others.
    pub fn add(&mut self, others: &Self) {
        for (slot, tally) in &others.0 {
            self.slot(*slot).add(tally);
        }
        self.0.retain(|_, tally| !tally.is_nothing());
    }
}

const MINUTE_MS: i64 = 60_000;
/// Each doubling of the length is cut in so many.
const PARTS: u32 = 8;

/// The bucket of a length: eight to each doubling, from one minute on.
#[must_use]
pub fn bucket_of(ms: i64) -> u8 {
    let minutes = u64::try_from(ms / MINUTE_MS).unwrap_or(0).max(1);
    let octave = minutes.ilog2();
    let part = ((minutes - (1 << octave)) * u64::from(PARTS)) >> octave;
    let bucket = u64::from(octave * PARTS) + part;
    u8::try_from(bucket).unwrap_or(u8::MAX - 1)
}

/// Where a bucket begins. Unit: milliseconds.
fn bucket_from(bucket: u8) -> i64 {
    let (octave, part) = (u32::from(bucket) / PARTS, u32::from(bucket) % PARTS);
    ((i64::from(PARTS + part) * MINUTE_MS) << octave) / i64::from(PARTS)
}

#[expect(clippy::as_conversions, reason = "counts of cases and lengths of cases are far below 2^53")]
const fn to_f64(n: i64) -> f64 {
    n as f64
}

#[expect(clippy::as_conversions, reason = "made of counts and lengths, far inside the range; `as` stops at the ends")]
const fn to_i64(n: f64) -> i64 {
    n as i64
}

/// `num` of `den` as a part of one; `None` of nothing.
#[must_use]
pub fn share(num: i64, den: i64) -> Option<f64> {
    (den != 0).then(|| to_f64(num) / to_f64(den))
}

/// A count as a number of JSON.
#[must_use]
pub const fn number(n: i64) -> f64 {
    to_f64(n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    fn of(lengths_ms: &[i64]) -> Tally {
        let mut tally = Tally::default();
        for ms in lengths_ms {
            tally.add(&Tally { num: 1, den: 1, left_out: 0, buckets: BTreeMap::from([(bucket_of(*ms), 1)]) });
        }
        tally
    }

    #[test]
    fn a_bucket_begins_where_the_one_before_ends() {
        assert_eq!((bucket_of(0), bucket_of(59_999), bucket_of(60_000)), (0, 0, 0));
        for bucket in 25..=254_u8 {
            assert_eq!(bucket_of(bucket_from(bucket)), bucket, "{bucket}");
            assert_eq!(bucket_of(bucket_from(bucket) - MINUTE_MS), bucket - 1, "{bucket}");
        }
        assert_eq!(bucket_of(i64::MAX), u8::MAX - 1);
    }

    #[test]
    fn nothing_has_no_middle() {
        assert_eq!(Tally::default().quantile_ms(0.5), None);
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut tally = of(&[HOUR_MS, 5 * HOUR_MS]);
        tally.add(&Tally {
            num: -2,
            den: -2,
            left_out: 0,
            buckets: of(&[HOUR_MS, 5 * HOUR_MS]).buckets.into_iter().map(|(bucket, n)| (bucket, -n)).collect(),
        });
        assert!(tally.is_nothing());
    }

    proptest! {
        /// The middle and the ninth decile are those of the lengths, to within a bucket.
        #[test]
        fn a_quantile_is_near(mut lengths in prop::collection::vec(MINUTE_MS * 8..HOUR_MS * 24 * 400, 1..200), tenths in prop::sample::select(vec![5_usize, 9])) {
            let told = of(&lengths).quantile_ms(f64::from(u32::try_from(tenths).unwrap()) / 10.0).unwrap();
            lengths.sort_unstable();
            let rank = (lengths.len() * tenths).div_ceil(10);
            let exact = lengths[rank.max(1) - 1];
            prop_assert!((told - exact).abs() <= exact / 8 + 60_000, "{} {}", told, exact);
        }
    }
}
