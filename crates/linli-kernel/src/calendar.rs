//! Working time: which days are worked, and when so much of it has passed.
//!
//! The list of holidays (放假) and make-up workdays (调休上班) is published by the State Council for
//! one year at a time, usually in the November before. A year that is not in the list is counted
//! Monday to Friday and every answer that touched it says `provisional`: never in silence.
//! All days are those of Beijing time (+08:00, no summer time since 1991).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;
use crate::words::TimeUnit;

mod hours;
#[cfg(test)]
mod tests;

pub use hours::{BadWorkingHours, WorkingHours};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Beijing time is ahead of UTC by this much.
const ZONE_MS: i64 = 8 * HOUR_MS;
/// Longest span that is searched: no deadline of a case is longer than this many years.
const MAX_YEARS: i64 = 100;

/// 时限长度: so many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// How many.
    pub n: u32,
    /// Of what.
    pub unit: TimeUnit,
}

/// When an amount of time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The moment.
    pub at: Timestamp,
    /// Some day on the way lies in a year whose holidays are not published.
    pub provisional: bool,
}

/// Whether a day is worked, and how surely we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workday {
    /// By the published list.
    Known(bool),
    /// By Monday to Friday, because the year is not published.
    Provisional(bool),
}

impl Workday {
    /// Whether the day is worked, surely or not.
    #[must_use]
    pub const fn worked(self) -> bool {
        match self {
            Self::Known(worked) | Self::Provisional(worked) => worked,
        }
    }
}

/// Why a calendar file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// Not JSON of the expected form.
    #[error("the calendar is not JSON with holidays, workdays and inLieuDays")]
    NotCalendar(#[source] serde_json::Error),
    /// A key that is no date.
    #[error("{0:?} is not a date of the form 2026-10-01")]
    BadDate(String),
    /// A day cannot be both a holiday and a make-up workday.
    #[error("{0} is listed both as a holiday and as a workday")]
    Contradiction(Date),
}

/// 工作日历: holidays and make-up workdays by year.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    years: BTreeMap<i16, Year>,
}

/// One year, counted through: `before[i]` is the number of working days among its first `i` days.
#[derive(Clone, Debug)]
struct Year {
    first_day: i64,
    before: Vec<u16>,
}

/// The file of the `chinese-days` project: dates as keys, names as values.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarFile {
    holidays: BTreeMap<String, String>,
    workdays: BTreeMap<String, String>,
    /// Days off in exchange for make-up workdays; they are in `holidays` too.
    #[serde(default)]
    in_lieu_days: BTreeMap<String, String>,
}

impl Calendar {
    /// Reads the format of `chinese-days.json`: `{"holidays": {"2026-10-01": "…"}, "workdays": {…}, "inLieuDays": {…}}`.
    /// A year counts as published when its National Day (1 October) is listed.
    ///
    /// # Errors
    /// `NotCalendar`, `BadDate` or `Contradiction` (see there).
    pub fn from_json(text: &str) -> Result<Self, CalendarError> {
        let file: CalendarFile =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(CalendarError::NotCalendar)?;
        let mut free = dates(file.holidays.keys())?;
        free.extend(dates(file.in_lieu_days.keys())?);
        let worked = dates(file.workdays.keys())?;
        if let Some(both) = free.intersection(&worked).next() {
            return Err(CalendarError::Contradiction(*both));
        }
        let national_days = free.iter().filter(|date| (date.month(), date.day()) == (10, 1)).map(|date| date.year());
        let (free_days, worked_days) = (numbers(&free), numbers(&worked));
        let is_worked = |day: i64| worked_days.contains(&day) || (!free_days.contains(&day) && monday_to_friday(day));
        let years = national_days.map(|year| (year, Year::count(year, is_worked))).collect();
        Ok(Self { years })
    }

    /// This calendar with every year of `newer` put in, for an operator who loads next year's list.
    #[must_use]
    pub fn replaced_by(mut self, newer: Self) -> Self {
        self.years.extend(newer.years);
        self
    }

    /// The published years, oldest first.
    #[must_use]
    pub fn years(&self) -> Vec<i16> {
        self.years.keys().copied().collect()
    }

    /// Whether the holidays of `year` are published.
    #[must_use]
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains_key(&year)
    }

    /// The years that deadlines started at `now` may reach (this one and the next) and that are not published.
    #[must_use]
    pub fn missing(&self, now: Timestamp) -> Vec<i16> {
        let year = date_of(day_of(now)).year();
        [year, year.saturating_add(1)].into_iter().filter(|year| !self.knows(*year)).collect()
    }

    /// Whether `date` is worked.
    #[must_use]
    pub fn is_workday(&self, date: Date) -> Workday {
        let worked = self.year(date.year()).worked(day_number(date));
        if self.knows(date.year()) { Workday::Known(worked) } else { Workday::Provisional(worked) }
    }

    /// When `amount` has passed since `start`.
    ///
    /// - minutes, hours, days run on the clock;
    /// - n working hours count office time only: they end at the first moment at which they are full;
    /// - n working days end at closing time of the n-th working day after the day of `start`.
    ///
    /// Nothing of anything is due at once.
    #[must_use]
    pub fn add(&self, start: Timestamp, amount: Amount, hours: &WorkingHours) -> Due {
        let n = i64::from(amount.n);
        if n == 0 {
            return Due { at: start, provisional: false };
        }
        let by_clock = |unit_ms: i64| Due { at: start.plus_ms(n.saturating_mul(unit_ms)), provisional: false };
        match amount.unit {
            TimeUnit::Minutes => by_clock(MINUTE_MS),
            TimeUnit::Hours => by_clock(HOUR_MS),
            TimeUnit::Days => by_clock(DAY_MS),
            TimeUnit::WorkingHours => self.add_working_ms(start, n.saturating_mul(HOUR_MS), hours),
            TimeUnit::WorkingDays => {
                let day = self.nth_workday_after(day_of(start), n);
                self.due(start, moment(day, hours.closing_ms()))
            }
        }
    }

    /// The moment from which no more than `amount` is left until `end`: where “due soon” begins.
    ///
    /// n working days before a moment is the same time of day on the n-th working day before.
    #[must_use]
    pub fn before(&self, end: Timestamp, amount: Amount, hours: &WorkingHours) -> Timestamp {
        let n = i64::from(amount.n);
        if n == 0 {
            return end;
        }
        let by_clock = |unit_ms: i64| end.plus_ms(n.saturating_mul(unit_ms).saturating_neg());
        match amount.unit {
            TimeUnit::Minutes => by_clock(MINUTE_MS),
            TimeUnit::Hours => by_clock(HOUR_MS),
            TimeUnit::Days => by_clock(DAY_MS),
            TimeUnit::WorkingHours => self.working_ms_before(end, n.saturating_mul(HOUR_MS), hours),
            TimeUnit::WorkingDays => moment(self.nth_workday_before(day_of(end), n), ms_of_day(end)),
        }
    }

    /// Office time between two moments, in milliseconds; 0 when `to` is not later than `from`.
    #[must_use]
    pub fn working_ms_between(&self, from: Timestamp, to: Timestamp, hours: &WorkingHours) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, last) = (day_of(from), day_of(to));
        let until = |day: i64, at: Timestamp| {
            if self.worked(day) { hours.worked_ms_until(ms_of_day(at)) } else { 0 }
        };
        self.workdays_between(first, last).saturating_mul(hours.day_ms()) - until(first, from) + until(last, to)
    }

    /// The new end of a deadline that stood still from `paused_at` to `resumed_at`.
    ///
    /// What was left is left again: in clock time for minutes, hours and days; in office time for working hours; for working days in
    /// office time, rounded up to closing time. A deadline that was over before the pause stays as it is.
    #[must_use]
    pub fn resume(
        &self,
        due_at: Timestamp,
        paused_at: Timestamp,
        resumed_at: Timestamp,
        unit: TimeUnit,
        hours: &WorkingHours,
    ) -> Due {
        if due_at <= paused_at || resumed_at <= paused_at {
            return Due { at: due_at, provisional: false };
        }
        match unit {
            TimeUnit::Minutes | TimeUnit::Hours | TimeUnit::Days => {
                Due { at: due_at.plus_ms(resumed_at.since(paused_at)), provisional: false }
            }
            TimeUnit::WorkingHours => {
                self.add_working_ms(resumed_at, self.working_ms_between(paused_at, due_at, hours), hours)
            }
            TimeUnit::WorkingDays => {
                let left = self.working_ms_between(paused_at, due_at, hours);
                let end = self.add_working_ms(resumed_at, left, hours).at;
                let closing = moment(day_of(end), hours.closing_ms());
                self.due(resumed_at, closing.max(end))
            }
        }
    }

    /// The first moment at which `ms` of office time have passed since `start`.
    fn add_working_ms(&self, start: Timestamp, ms: i64, hours: &WorkingHours) -> Due {
        if ms <= 0 {
            return Due { at: start, provisional: false };
        }
        let today = day_of(start);
        let gone = if self.worked(today) { hours.worked_ms_until(ms_of_day(start)) } else { hours.day_ms() };
        let left_today = hours.day_ms() - gone;
        let at = if ms <= left_today {
            moment(today, hours.moment_ms(gone + ms))
        } else {
            // Full days first, and at least a moment of the last one.
            let rest = ms - left_today;
            let full = (rest - 1) / hours.day_ms();
            moment(self.nth_workday_after(today, full + 1), hours.moment_ms(rest - full * hours.day_ms()))
        };
        self.due(start, at)
    }

    /// The last moment from which `ms` of office time pass until `end`.
    fn working_ms_before(&self, end: Timestamp, ms: i64, hours: &WorkingHours) -> Timestamp {
        let today = day_of(end);
        let gone = if self.worked(today) { hours.worked_ms_until(ms_of_day(end)) } else { 0 };
        if ms <= gone {
            return moment(today, hours.last_moment_ms(gone - ms));
        }
        let rest = ms - gone;
        let full = (rest - 1) / hours.day_ms();
        let first_day = self.nth_workday_before(today, full + 1);
        moment(first_day, hours.last_moment_ms(hours.day_ms() - (rest - full * hours.day_ms())))
    }

    fn due(&self, start: Timestamp, at: Timestamp) -> Due {
        let (first, last) = (date_of(day_of(start)).year(), date_of(day_of(at)).year());
        Due { at, provisional: (first..=last).any(|year| !self.knows(year)) }
    }

    /// The `n`th working day after `day`, counted from 1.
    fn nth_workday_after(&self, day: i64, n: i64) -> i64 {
        let mut year_number = date_of(day).year();
        let mut year = self.year(year_number);
        let mut wanted = n + year.worked_before(day + 1);
        for _ in 0..MAX_YEARS {
            if let Some(found) = year.nth(wanted) {
                return found;
            }
            wanted -= year.worked_in_all();
            year_number = year_number.saturating_add(1);
            year = self.year(year_number);
        }
        year.first_day
    }

    /// The `n`th working day before `day`, counted from 1.
    fn nth_workday_before(&self, day: i64, n: i64) -> i64 {
        let mut year_number = date_of(day).year();
        let mut year = self.year(year_number);
        let mut wanted = year.worked_before(day) - n + 1;
        for _ in 0..MAX_YEARS {
            if let Some(found) = (wanted >= 1).then(|| year.nth(wanted)).flatten() {
                return found;
            }
            year_number = year_number.saturating_sub(1);
            year = self.year(year_number);
            wanted += year.worked_in_all();
        }
        year.first_day
    }

    /// Working days from `first` (inclusive) to `last` (exclusive).
    fn workdays_between(&self, first: i64, last: i64) -> i64 {
        let (from, to) = (date_of(first).year(), date_of(last).year());
        (from..=to)
            .map(|number| {
                let year = self.year(number);
                year.worked_before(last) - year.worked_before(first)
            })
            .sum()
    }

    fn worked(&self, day: i64) -> bool {
        self.year(date_of(day).year()).worked(day)
    }

    fn year(&self, number: i16) -> Cow<'_, Year> {
        match self.years.get(&number) {
            Some(year) => Cow::Borrowed(year),
            None => Cow::Owned(Year::count(number, monday_to_friday)),
        }
    }
}

impl Year {
    fn count(number: i16, is_worked: impl Fn(i64) -> bool) -> Self {
        let january_1 = |year: i16| Date::new(year, 1, 1).map(day_number);
        let first_day = january_1(number).unwrap_or(0);
        // The last year of the calendar has no next one.
        let next = january_1(number.saturating_add(1)).unwrap_or(first_day + 365);
        let mut n_worked = 0_u16;
        let counts = (first_day..next).map(|day| {
            n_worked += u16::from(is_worked(day));
            n_worked
        });
        Self { first_day, before: std::iter::once(0).chain(counts).collect() }
    }

    /// Working days of this year that lie before `day`, which may be outside the year.
    fn worked_before(&self, day: i64) -> i64 {
        let index = usize::try_from(day - self.first_day).unwrap_or(0);
        self.before.get(index).or(self.before.last()).map_or(0, |n| i64::from(*n))
    }

    fn worked(&self, day: i64) -> bool {
        self.worked_before(day + 1) > self.worked_before(day)
    }

    fn worked_in_all(&self) -> i64 {
        self.before.last().map_or(0, |n| i64::from(*n))
    }

    /// The `n`th working day of the year, counted from 1.
    fn nth(&self, n: i64) -> Option<i64> {
        if n > self.worked_in_all() {
            return None;
        }
        let index = self.before.partition_point(|before| i64::from(*before) < n);
        i64::try_from(index).ok().map(|index| self.first_day + index - 1)
    }
}

/// The day of a moment, in Beijing time.
#[must_use]
pub fn beijing_date(at: Timestamp) -> Date {
    date_of(day_of(at))
}

/// The moment at which a day begins, in Beijing time.
#[must_use]
pub fn beijing_midnight(date: Date) -> Timestamp {
    moment(day_number(date), 0)
}

/// When a day's work is over, in Beijing time.
#[must_use]
pub fn beijing_closing(date: Date, hours: &WorkingHours) -> Timestamp {
    moment(day_number(date), hours.closing_ms())
}

fn dates<'a>(keys: impl Iterator<Item = &'a String>) -> Result<BTreeSet<Date>, CalendarError> {
    keys.map(|key| key.parse::<Date>().map_err(|_| CalendarError::BadDate(key.clone()))).collect()
}

fn numbers(dates: &BTreeSet<Date>) -> BTreeSet<i64> {
    dates.iter().map(|date| day_number(*date)).collect()
}

fn monday_to_friday(day: i64) -> bool {
    // Day 0, 1 January 1970, was a Thursday: Monday is 0 here, Saturday 5.
    (day + 3).rem_euclid(7) < 5
}

/// The Beijing day of a moment, counted from 1970-01-01.
fn day_of(at: Timestamp) -> i64 {
    at.plus_ms(ZONE_MS).ms().div_euclid(DAY_MS)
}

/// Milliseconds since midnight in Beijing.
fn ms_of_day(at: Timestamp) -> i64 {
    at.plus_ms(ZONE_MS).ms().rem_euclid(DAY_MS)
}

fn moment(day: i64, ms_of_day: i64) -> Timestamp {
    Timestamp::from_ms(day.saturating_mul(DAY_MS).saturating_add(ms_of_day) - ZONE_MS)
}

fn date_of(day: i64) -> Date {
    jiff::civil::date(1970, 1, 1).saturating_add(jiff::SignedDuration::from_secs(day.saturating_mul(DAY_MS / 1000)))
}

fn day_number(date: Date) -> i64 {
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let utc = jiff::tz::Offset::UTC.to_timestamp(midnight).unwrap_or(jiff::Timestamp::MAX);
    utc.as_second().div_euclid(DAY_MS / 1000)
}
