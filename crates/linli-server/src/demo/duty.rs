//! When people are at work.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::civil::DateTime;

use linli_kernel::{Calendar, Role, Timestamp, WorkingHours};

use super::texts::Duty;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// Beijing time is ahead of UTC by this much.
const ZONE_MS: i64 = 8 * 3_600_000;

/// Date and time of day in Beijing.
#[must_use]
pub fn local(at: Timestamp) -> DateTime {
    at.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).datetime()
}

/// Milliseconds since midnight in Beijing.
fn ms_of_day(at: Timestamp) -> i64 {
    (at.ms() + ZONE_MS).rem_euclid(DAY_MS)
}

/// The hours of one kind of people.
#[derive(Clone, Debug)]
pub struct Shift {
    days: Vec<i8>,
    spans: Vec<(i64, i64)>,
    /// Share of cases that are taken outside the hours.
    pub on_call: f64,
}

impl Shift {
    fn of(duty: &Duty) -> anyhow::Result<Self> {
        let spans = WorkingHours::from_spans(&duty.spans).context("the demo's duty hours")?;
        let spans = spans.to_spans().iter().filter_map(|span| clock_span(span)).collect();
        Ok(Self { days: duty.days.clone(), spans, on_call: duty.on_call })
    }

    /// The first moment from `at` on at which they are at work.
    #[must_use]
    pub fn next(&self, calendar: &Calendar, at: Timestamp) -> Timestamp {
        let mut day = at;
        for _ in 0..40 {
            if self.works_on(calendar, day) {
                let now = ms_of_day(day);
                let open = self.spans.iter().find(|(_, end)| now < *end);
                if let Some((start, _)) = open {
                    return day.plus_ms((start - now).max(0));
                }
            }
            day = day.plus_ms(DAY_MS - ms_of_day(day));
        }
        at
    }

    fn works_on(&self, calendar: &Calendar, at: Timestamp) -> bool {
        let date = local(at).date();
        match self.days.len() {
            7.. => true,
            // Offices keep the calendar: make-up workdays are worked, holidays are not.
            0..=5 => calendar.is_workday(date).worked(),
            _ => self.days.contains(&date.weekday().to_monday_one_offset()),
        }
    }
}

fn clock_span(span: &str) -> Option<(i64, i64)> {
    let ms = |clock: &str| -> Option<i64> {
        let (hour, minute) = clock.split_once(':')?;
        Some((hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?) * MINUTE_MS)
    };
    let (start, end) = span.split_once('-')?;
    Some((ms(start)?, ms(end)?))
}

/// Everybody's hours.
#[derive(Clone, Debug)]
pub struct Shifts {
    by_kind: BTreeMap<String, Shift>,
    always: Shift,
}

impl Shifts {
    /// From the texts.
    ///
    /// # Errors
    /// For hours that are none: a fault of ours.
    pub fn of(duties: &BTreeMap<String, Duty>) -> anyhow::Result<Self> {
        let by_kind =
            duties.iter().map(|(kind, duty)| Ok((kind.clone(), Shift::of(duty)?))).collect::<anyhow::Result<_>>()?;
        let always = Shift { days: (1..=7).collect(), spans: vec![(0, DAY_MS)], on_call: 0.0 };
        Ok(Self { by_kind, always })
    }

    /// The hours of someone.
    #[must_use]
    pub fn of_person(&self, role: Role, unit: Option<&str>) -> &Shift {
        let kind = if unit == Some("property") { "property" } else { role.as_str() };
        self.by_kind.get(kind).unwrap_or(&self.always)
    }
}

/// A moment near `at` at which people are awake and use a phone.
#[must_use]
pub fn awake(at: Timestamp, after_waking_ms: i64) -> Timestamp {
    const WAKES: i64 = 7 * 60 * MINUTE_MS;
    const SLEEPS: i64 = 23 * 60 * MINUTE_MS;
    let now = ms_of_day(at);
    if now < WAKES {
        at.plus_ms(WAKES - now + after_waking_ms)
    } else if now > SLEEPS {
        at.plus_ms(DAY_MS - now + WAKES + after_waking_ms)
    } else {
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn shifts() -> Shifts {
        Shifts::of(&super::super::texts::People::load().unwrap().duty).unwrap()
    }

    fn calendar() -> Calendar {
        Calendar::from_json(include_str!("../../../../data/calendar/chinese-days.json")).unwrap()
    }

    #[test]
    fn a_clerk_comes_back_after_the_weekend_and_a_hotline_never_rests() {
        let (shifts, calendar) = (shifts(), calendar());
        let friday_night = at("2026-11-20T20:00:00+08:00");
        let clerk = shifts.of_person(Role::CommunityClerk, None).next(&calendar, friday_night);
        assert_eq!(clerk, at("2026-11-23T08:30:00+08:00"));
        let hotline = shifts.of_person(Role::HotlineClerk, None).next(&calendar, friday_night);
        assert_eq!(hotline, friday_night);
        let worker = shifts.of_person(Role::GridWorker, None).next(&calendar, friday_night);
        assert_eq!(worker, at("2026-11-21T08:00:00+08:00"));
    }

    #[test]
    fn offices_keep_holidays() {
        let (shifts, calendar) = (shifts(), calendar());
        let national_day = at("2026-10-01T10:00:00+08:00");
        let clerk = shifts.of_person(Role::CommunityClerk, None).next(&calendar, national_day);
        assert_eq!(clerk, at("2026-10-08T08:30:00+08:00"));
    }

    #[test]
    fn nobody_rates_at_four_in_the_morning() {
        assert_eq!(awake(at("2026-11-20T04:00:00+08:00"), 60_000), at("2026-11-20T07:01:00+08:00"));
        assert_eq!(awake(at("2026-11-20T23:30:00+08:00"), 0), at("2026-11-21T07:00:00+08:00"));
    }
}
