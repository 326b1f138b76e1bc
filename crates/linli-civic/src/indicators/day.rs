//! Days of Beijing, periods of them, and how a period is read: months whole, the days at its ends. Pure.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Unit};
use linli_kernel::{Problem, Timestamp};

const DAY_MS: i64 = 86_400_000;
/// Beijing time is ahead of UTC by this much.
const ZONE_MS: i64 = 8 * 3_600_000;
/// Longest period of a board: three years. Unit: days.
const LONGEST: i64 = 1_100;
/// The period of a board that names none. Unit: days.
const USUAL: i64 = 30;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// Where what stands so now is kept, whatever the day.
    pub const NOW: Self = Self(0);

    /// The day that a moment lies in.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.plus_ms(ZONE_MS).ms().div_euclid(DAY_MS))
    }

    /// The date.
    #[must_use]
    pub fn date(self) -> Date {
        jiff::civil::date(1970, 1, 1).saturating_add(SignedDuration::from_hours(self.0.saturating_mul(24)))
    }

    /// The day of a date.
    #[must_use]
    pub fn of_date(date: Date) -> Self {
        let since = jiff::civil::date(1970, 1, 1).until((Unit::Day, date));
        Self(since.map_or(0, |span| i64::from(span.get_days())))
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The first day of its month.
    #[must_use]
    pub fn month(self) -> Self {
        Self::of_date(self.date().first_of_month())
    }

    /// The first day of the next month.
    #[must_use]
    pub fn next_month(self) -> Self {
        Self::of_date(self.date().last_of_month()).plus(1)
    }

    /// The Monday of its week.
    #[must_use]
    pub const fn monday(self) -> Self {
        // Day 0, 1 January 1970, was a Thursday.
        Self(self.0 - (self.0 + 3).rem_euclid(7))
    }

    /// The same date a year before; 28 February for the 29th.
    #[must_use]
    pub fn year_before(self) -> Self {
        Self::of_date(self.date().checked_sub(Span::new().years(1)).unwrap_or_else(|_| self.date()))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(f)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How wide a row of figures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// One day.
    Day,
    /// One month, by its first day.
    Month,
    /// What stands so now.
    Now,
}

impl Grain {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Now => "now",
        }
    }

    /// From the word in the table.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Day, Self::Month, Self::Now].into_iter().find(|grain| grain.as_str() == word)
    }
}

/// From a day to a day, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

/// Rows to read: of one grain, from a day to a day.
pub type Rows = (Grain, Day, Day);

impl Period {
    /// Reads what was asked for; the last thirty days for what was left open.
    ///
    /// # Errors
    /// `Invalid` naming `from` or `to`: no date, the end before the beginning, more than three years.
    pub fn read(from: Option<&str>, to: Option<&str>, today: Day) -> Result<Self, Problem> {
        let date = |field: &str, text: &str| -> Result<Day, Problem> {
            text.parse::<Date>().map(Day::of_date).map_err(|_| Problem::field(field, "bad_date"))
        };
        let to = to.map(|text| date("to", text)).transpose()?;
        let from = from.map(|text| date("from", text)).transpose()?;
        let period = match (from, to) {
            (Some(from), Some(to)) => Self { from, to },
            (Some(from), None) => Self { from, to: today.max(from) },
            (None, to) => {
                let to = to.unwrap_or(today);
                Self { from: to.plus(1 - USUAL), to }
            }
        };
        if period.from > period.to {
            return Err(Problem::field("to", "bad_period"));
        }
        if period.n_days() > LONGEST || period.from <= Day::NOW {
            return Err(Problem::field("from", "period_too_long"));
        }
        Ok(period)
    }

    /// How many days.
    #[must_use]
    pub const fn n_days(&self) -> i64 {
        self.to.0 - self.from.0 + 1
    }

    /// As many days directly before.
    #[must_use]
    pub const fn before(&self) -> Self {
        Self { from: self.from.plus(-self.n_days()), to: self.from.plus(-1) }
    }

    /// The same dates a year before.
    #[must_use]
    pub fn year_before(&self) -> Self {
        Self { from: self.from.year_before(), to: self.to.year_before() }
    }

    /// The fewest rows that make it up: whole months, and the days before and after them.
    #[must_use]
    pub fn rows(&self) -> Vec<Rows> {
        let first = if self.from.month() == self.from { self.from } else { self.from.next_month() };
        let end = self.to.plus(1).month();
        if first >= end {
            return vec![(Grain::Day, self.from, self.to)];
        }
        let mut rows = vec![(Grain::Month, first, end.plus(-1))];
        if self.from < first {
            rows.push((Grain::Day, self.from, first.plus(-1)));
        }
        if end <= self.to {
            rows.push((Grain::Day, end, self.to));
        }
        rows
    }

    /// How its course is drawn.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self.n_days() {
            ..=62 => Step::Day,
            63..=400 => Step::Week,
            _ => Step::Month,
        }
    }
}

/// 步长: how a course is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BoardStep)]
pub enum Step {
    /// A point a day.
    Day,
    /// A point a week, from Monday.
    Week,
    /// A point a month.
    Month,
}

impl Step {
    /// The grain of the rows that it is drawn from.
    #[must_use]
    pub const fn grain(self) -> Grain {
        match self {
            Self::Day | Self::Week => Grain::Day,
            Self::Month => Grain::Month,
        }
    }

    /// The first row that a course from this day on is drawn from: months are drawn whole.
    #[must_use]
    pub fn grain_start(self, from: Day) -> Day {
        if self == Self::Month { from.month() } else { from }
    }

    /// The first day of the point that a day belongs to.
    #[must_use]
    pub fn point(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Week => day.monday(),
            Self::Month => day.month(),
        }
    }

    /// The point after.
    #[must_use]
    pub fn next(self, point: Day) -> Day {
        match self {
            Self::Day => point.plus(1),
            Self::Week => point.plus(7),
            Self::Month => point.next_month(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::of_date(text.parse().unwrap())
    }

    fn period(from: &str, to: &str) -> Period {
        Period { from: day(from), to: day(to) }
    }

    #[test]
    fn a_day_is_one_of_beijing() {
        let of = |text: &str| Day::of(text.parse().unwrap()).to_string();
        assert_eq!(of("2026-09-28T00:00:00+08:00"), "2026-09-28");
        assert_eq!(of("2026-09-28T23:59:59.999+08:00"), "2026-09-28");
        assert_eq!(of("2026-09-27T16:00:00Z"), "2026-09-28");
        assert_eq!(day("1970-01-01"), Day(0));
        assert_eq!(day("2026-09-30").monday().to_string(), "2026-09-28");
        assert_eq!(day("2024-02-29").year_before().to_string(), "2023-02-28");
    }

    #[test]
    fn a_long_period_is_read_by_months() {
        let rows = period("2026-01-15", "2026-04-10").rows();
        let told: Vec<String> =
            rows.iter().map(|(grain, from, to)| format!("{} {from} {to}", grain.as_str())).collect();
        assert_eq!(told, ["month 2026-02-01 2026-03-31", "day 2026-01-15 2026-01-31", "day 2026-04-01 2026-04-10"]);
        assert_eq!(period("2026-01-01", "2026-01-31").rows(), [(Grain::Month, day("2026-01-01"), day("2026-01-31"))]);
        assert_eq!(period("2026-01-02", "2026-01-31").rows(), [(Grain::Day, day("2026-01-02"), day("2026-01-31"))]);
    }

    #[test]
    fn what_was_asked_for_is_read_and_what_makes_no_sense_is_named() {
        let today = day("2026-09-28");
        let read = |from, to| Period::read(from, to, today);
        assert_eq!(read(None, None).unwrap(), period("2026-08-30", "2026-09-28"));
        assert_eq!(read(None, Some("2026-08-31")).unwrap(), period("2026-08-02", "2026-08-31"));
        assert_eq!(read(Some("2026-09-01"), None).unwrap(), period("2026-09-01", "2026-09-28"));
        let fault = |from, to| {
            let problem = read(from, to).unwrap_err();
            problem.errors.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
        };
        let said = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
        assert_eq!(fault(Some("yesterday"), None), said("from", "bad_date"));
        assert_eq!(fault(None, Some("2026-13-01")), said("to", "bad_date"));
        assert_eq!(fault(Some("2026-09-02"), Some("2026-09-01")), said("to", "bad_period"));
        assert_eq!(fault(Some("2020-01-01"), None), said("from", "period_too_long"));
    }

    proptest! {
        /// The rows of a period hold each of its days once and no other.
        #[test]
        fn the_rows_make_up_the_period(from in 18_000_i64..22_000, n in 0_i64..1_100) {
            let period = Period { from: Day(from), to: Day(from + n) };
            let mut days: Vec<i64> = period.rows().into_iter().flat_map(|(_, from, to)| from.0..=to.0).collect();
            days.sort_unstable();
            prop_assert_eq!(days, (from..=from + n).collect::<Vec<_>>());
            for (grain, from, to) in period.rows() {
                if grain == Grain::Month {
                    prop_assert_eq!((from.month(), to.plus(1).month()), (from, to.plus(1)));
                }
            }
        }

        /// A date and its day are the same.
        #[test]
        fn a_day_reads_back(day in 0_i64..40_000) {
            prop_assert_eq!(Day::of_date(Day(day).date()), Day(day));
        }
    }
}
