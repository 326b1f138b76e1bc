//! When the next visit is due: the plan's rhythm after the last record. Pure.

use jiff::civil::Date;
use linli_kernel::Timestamp;
use serde::Serialize;

/// Unit: ms.
pub const DAY_MS: i64 = 86_400_000;
/// Beijing time.
const ZONE_MS: i64 = 8 * 3_600_000;
/// From how long before the day a visit is shown as due soon. Unit: days.
const SOON_DAYS: i64 = 3;

/// How near a visit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CareDue)]
pub enum Due {
    /// Today, or before.
    Now,
    /// Within three days.
    Soon,
    /// Later.
    Later,
}

/// When the next visit is due.
#[must_use]
pub fn next_visit(every_days: u32, since: Timestamp, last_met: Option<Timestamp>) -> Timestamp {
    let last = last_met.map_or(since, |met| met.max(since));
    last.plus_ms(i64::from(every_days) * DAY_MS)
}

/// How near a visit of `due_at` is at `now`, by the day in Beijing.
#[must_use]
pub fn nearness(due_at: Timestamp, now: Timestamp) -> Due {
    match day(due_at) - day(now) {
        ..=0 => Due::Now,
        1..=SOON_DAYS => Due::Soon,
        _ => Due::Later,
    }
}

/// Days since 1970 in Beijing.
const fn day(at: Timestamp) -> i64 {
    (at.ms() + ZONE_MS).div_euclid(DAY_MS)
}

/// The day of a moment in Beijing.
#[must_use]
pub fn date_of(at: Timestamp) -> Date {
    at.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The last moment of a day in Beijing, so that it is shown as that day.
#[must_use]
pub fn end_of(day: Date) -> Option<Timestamp> {
    let midnight = day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_jiff(midnight.timestamp()).plus_ms(-ZONE_MS - 1))
}

/// So many months later, at the last moment of that day.
#[must_use]
pub fn plus_months(at: Timestamp, months: u32) -> Timestamp {
    let later = date_of(at).saturating_add(jiff::Span::new().months(months));
    end_of(later).unwrap_or(at)
}

/// Whole years since a month of birth, `1956-03`.
#[must_use]
pub fn age(birth_month: &str, now: Timestamp) -> Option<i64> {
    let (year, month) = birth_month.split_once('-')?;
    let (year, month): (i64, i64) = (year.parse().ok()?, month.parse().ok()?);
    let today = date_of(now);
    let months = (i64::from(today.year()) - year) * 12 + i64::from(today.month()) - month;
    // The day is not known: whoever turns 14 this month may still be 13.
    Some((months - 1).div_euclid(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    #[test]
    fn the_next_visit_is_counted_from_the_last_and_never_from_before_the_entry() {
        let since = at("2026-09-01T09:00:00");
        assert_eq!(next_visit(7, since, None), at("2026-09-08T09:00:00"));
        assert_eq!(next_visit(7, since, Some(at("2026-09-05T10:00:00"))), at("2026-09-12T10:00:00"));
        assert_eq!(next_visit(7, since, Some(at("2026-08-01T10:00:00"))), at("2026-09-08T09:00:00"));
    }

    #[test]
    fn a_visit_is_due_by_the_day_and_not_by_the_hour() {
        let due = at("2026-09-08T18:00:00");
        for (now, want) in [
            ("2026-09-04T23:59:00", Due::Later),
            ("2026-09-05T00:01:00", Due::Soon),
            ("2026-09-07T23:59:00", Due::Soon),
            ("2026-09-08T00:01:00", Due::Now),
            ("2026-10-08T00:01:00", Due::Now),
        ] {
            assert_eq!(nearness(due, at(now)), want, "{now}");
        }
    }

    #[test]
    fn months_end_on_the_day_that_is_shown() {
        assert_eq!(plus_months(at("2026-01-31T09:00:00"), 1), at("2026-02-28T23:59:59.999"));
        assert_eq!(plus_months(at("2026-09-28T09:00:00"), 12), at("2027-09-28T23:59:59.999"));
    }
}
