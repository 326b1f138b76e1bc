//! Draws from a reproducible chance.

use linli_civic::areas::synth::Chance;

/// Draws that a story needs.
pub trait Draw {
    /// `true` in `share` of all draws.
    fn hits(&mut self, share: f64) -> bool;
    /// Between two figures.
    fn between(&mut self, range: [f64; 2]) -> f64;
    /// Between two figures, mostly near the lower one.
    fn mostly_low(&mut self, range: [f64; 2]) -> f64;
    /// A whole number from `low` to `high`, both included.
    fn number(&mut self, low: u32, high: u32) -> u32;
    /// An index, by weight; 0 where nothing weighs.
    fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize;
}

impl Draw for Chance {
    fn hits(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    fn between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + self.unit() * (high - low)
    }

    fn mostly_low(&mut self, [low, high]: [f64; 2]) -> f64 {
        let u = self.unit();
        low + u * u * u * (high - low)
    }

    fn number(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.whole() % span).unwrap_or(0)
    }

    fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let total: f64 = weights.clone().sum();
        let mut left = self.unit() * total;
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = index;
                if left < weight {
                    return index;
                }
            }
            left -= weight;
        }
        last
    }
}

/// Milliseconds of so many minutes.
#[must_use]
pub fn minutes(minutes: f64) -> i64 {
    // Bounded by what the texts say: a few thousand at most.
    format!("{:.0}", minutes * 60_000.0).parse().unwrap_or(0)
}
