//! Areas (区域) and their codes.
//!
//! Official divisions have 12 digits (GB/T 2260 for county and above, GB/T 10114 below, statistics
//! bureau for communities); grids are numbered below them with 3 digits a level. Digits only, so
//! that codes sort bytewise alike in every database.

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// 区域层级, from the city down. The order of the variants is the order of the levels.
    AreaLevel {
        /// 市
        City = "city",
        /// 县区
        County = "county",
        /// 街道 / 乡镇
        Street = "street",
        /// 社区 / 村
        Community = "community",
        /// 网格
        Grid = "grid",
        /// 微网格
        MicroGrid = "micro_grid",
    }
}

impl AreaLevel {
    /// The next level up, or `None` above the city.
    #[must_use]
    pub const fn up(self) -> Option<Self> {
        match self {
            Self::City => None,
            Self::County => Some(Self::City),
            Self::Street => Some(Self::County),
            Self::Community => Some(Self::Street),
            Self::Grid => Some(Self::Community),
            Self::MicroGrid => Some(Self::Grid),
        }
    }
}

/// 区域编码: 12 digits (city to community), 15 (grid) or 18 (micro-grid).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaCode {
    digits: [u8; 18],
    length: u8,
}

/// Why a text is not an area code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an area code has 12, 15 or 18 digits, all of them 0–9, and no empty level above a filled one: {0:?}")]
pub struct BadAreaCode(pub String);

impl AreaCode {
    /// # Errors
    /// `BadAreaCode` unless the text has 12, 15 or 18 digits whose levels are filled from the top.
    pub fn parse(text: &str) -> Result<Self, BadAreaCode> {
        let bad = || BadAreaCode(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 12 | 15 | 18) || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(bad());
        }
        let mut digits = [b'0'; 18];
        for (slot, byte) in digits.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        let length = u8::try_from(bytes.len()).map_err(|_| bad())?;
        let code = Self { digits, length };
        // Levels end after these digits: province 2, city 4, county 6, street 9, community 12, grid 15, micro-grid 18.
        let filled =
            |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().any(|byte| *byte != b'0'));
        if !filled(0, 2) || !filled(2, 4) {
            return Err(bad());
        }
        let steps = [filled(4, 6), filled(6, 9), filled(9, 12), filled(12, 15), filled(15, 18)];
        if steps.windows(2).any(|pair| matches!(pair, [false, true])) {
            return Err(bad());
        }
        if bytes.len() > 12 && !(filled(9, 12) && filled(bytes.len() - 3, bytes.len())) {
            return Err(bad());
        }
        Ok(code)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.digits.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The level that the code itself shows.
    #[must_use]
    pub fn level(&self) -> AreaLevel {
        let filled = |from: usize, to: usize| {
            self.digits.get(from..to).is_some_and(|part| part.iter().any(|byte| *byte != b'0'))
        };
        match self.length {
            18 => AreaLevel::MicroGrid,
            15 => AreaLevel::Grid,
            _ if filled(9, 12) => AreaLevel::Community,
            _ if filled(6, 9) => AreaLevel::Street,
            _ if filled(4, 6) => AreaLevel::County,
            _ => AreaLevel::City,
        }
    }

    /// The area directly above, or `None` for a city.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.level().up().map(|level| self.cut(level))
    }

    /// The ancestor at `level`, or the code itself when it stands at or above that level.
    #[must_use]
    pub fn at(&self, level: AreaLevel) -> Self {
        if self.level() <= level { *self } else { self.cut(level) }
    }

    /// The code itself and everything above it, from the city down to itself.
    #[must_use]
    pub fn lineage(&self) -> Vec<Self> {
        let own = self.level();
        AreaLevel::ALL.iter().filter(|level| **level <= own).map(|level| self.at(*level)).collect()
    }

    /// Whether `other` is this area or lies inside it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.level() >= self.level() && other.at(self.level()) == *self
    }

    /// The `number`th grid (below a community) or micro-grid (below a grid), counted from 1.
    ///
    /// # Errors
    /// `BadAreaCode` when the area cannot have numbered children or the number does not fit in 3 digits.
    pub fn child(&self, number: u32) -> Result<Self, BadAreaCode> {
        let text = format!("{}{number:03}", self.as_str());
        if !matches!(self.level(), AreaLevel::Community | AreaLevel::Grid) {
            return Err(BadAreaCode(text));
        }
        Self::parse(&text)
    }

    fn cut(&self, level: AreaLevel) -> Self {
        let (keep, length) = match level {
            AreaLevel::City => (4, 12),
            AreaLevel::County => (6, 12),
            AreaLevel::Street => (9, 12),
            AreaLevel::Community => (12, 12),
            AreaLevel::Grid => (15, 15),
            AreaLevel::MicroGrid => (18, 18),
        };
        let mut digits = [b'0'; 18];
        for (slot, byte) in digits.iter_mut().zip(self.digits.iter().take(keep)) {
            *slot = *byte;
        }
        Self { digits, length }
    }
}

impl std::fmt::Display for AreaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for AreaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for AreaCode {
    type Err = BadAreaCode;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for AreaCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AreaCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    #[test]
    fn a_code_shows_its_level_and_its_lineage() {
        let grid = code("610502005007003");
        assert_eq!(grid.level(), AreaLevel::Grid);
        let lineage: Vec<String> = grid.lineage().iter().map(ToString::to_string).collect();
        assert_eq!(lineage, ["610500000000", "610502000000", "610502005000", "610502005007", "610502005007003"]);
        assert_eq!(grid.parent(), Some(code("610502005007")));
        assert_eq!(code("610500000000").parent(), None);
    }

    #[test]
    fn an_area_contains_itself_and_what_lies_below() {
        assert!(code("610502000000").contains(&code("610502005007003")));
        assert!(code("610502005007").contains(&code("610502005007")));
        assert!(!code("610502005007").contains(&code("610502005008")));
        assert!(!code("610502005007003").contains(&code("610502005007")));
    }

    #[test]
    fn a_community_numbers_its_grids() {
        assert_eq!(code("610502005007").child(3).unwrap(), code("610502005007003"));
        assert!(code("610502000000").child(3).is_err());
        assert!(code("610502005007").child(0).is_err());
        assert!(code("610502005007").child(1000).is_err());
    }

    #[test]
    fn a_bad_code_is_refused() {
        for bad in [
            "",
            "6105",
            "61050200500",
            "61050200500a",
            "610502000007",
            "610500005000",
            "610502005007000",
            "610502005000001",
            "６１０５０２００５００７",
        ] {
            assert!(AreaCode::parse(bad).is_err(), "{bad}");
        }
    }
}
