//! Reproducible chance: every choice follows from the code of the area it is made for.

use sha2::{Digest, Sha256};

/// SplitMix64, seeded with the SHA-256 of a text. Same text, same numbers, on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        Self(digest.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes)))
    }

    /// Chance for one thing among many, such as one edge of a mesh.
    #[must_use]
    pub fn of_pair(seed: u64, a: u64, b: u64) -> Self {
        Self(mixed(seed ^ mixed(a).rotate_left(17) ^ mixed(b.wrapping_add(0x5851_F42D_4C95_7F2D)).rotate_left(41)))
    }

    pub fn whole(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        let high = u32::try_from(self.whole() >> 32).unwrap_or(0);
        f64::from(high) / 4_294_967_296.0
    }

    /// A number between −1 and 1.
    pub fn swing(&mut self) -> f64 {
        self.unit() * 2.0 - 1.0
    }

    /// One of several; none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let n = u64::try_from(of.len()).ok().filter(|n| *n > 0)?;
        of.get(usize::try_from(self.whole() % n).ok()?)
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The whole number next to a value.
#[expect(clippy::as_conversions, reason = "std has no checked float to integer conversion; callers bound the value")]
pub(super) fn rounded(value: f64) -> i64 {
    value.round() as i64
}

/// Smooth noise between 0 and 1 over a plane, with hills about one unit wide.
pub(super) fn smooth_noise(seed: u64, x: f64, y: f64) -> f64 {
    let (x0, y0) = (x.floor(), y.floor());
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - x0), ease(y - y0));
    let corner = |dx: f64, dy: f64| {
        let bits = |value: f64| u64::from_le_bytes(rounded(value).to_le_bytes());
        Chance::of_pair(seed, bits(x0 + dx), bits(y0 + dy)).unit()
    };
    let low = corner(0.0, 0.0) * (1.0 - u) + corner(1.0, 0.0) * u;
    let high = corner(0.0, 1.0) * (1.0 - u) + corner(1.0, 1.0) * u;
    low * (1.0 - v) + high * v
}
