//! Periods and windows: in which days a duty is done, and when it is due. Pure.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use linli_kernel::calendar::{beijing_closing, beijing_date, beijing_midnight};
use linli_kernel::{Calendar, Timestamp, WorkingHours};
use linli_playbook::{Duty, DutyRhythm};

/// A stretch of days, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

/// One period of a duty, and the days of it on which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The whole period: whatever is recorded in it counts.
    pub period: Days,
    /// On which days it is due.
    pub days: Days,
    /// When the last of them is over.
    pub due_at: Timestamp,
    /// Whether a day on the way lies in a year whose holidays are not published.
    pub provisional: bool,
}

fn plus(date: Date, span: Span) -> Date {
    date.saturating_add(span)
}

fn days(n: i64) -> Span {
    Span::new().try_days(n).unwrap_or_else(|_| 0.days())
}

impl Days {
    /// The period of a rhythm that a day lies in.
    #[must_use]
    pub fn around(rhythm: DutyRhythm, date: Date) -> Self {
        let from = |first: Date, span: Span| Self { first, last: plus(plus(first, span), days(-1)) };
        match rhythm {
            DutyRhythm::Day => Self { first: date, last: date },
            DutyRhythm::Week => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                from(plus(date, days(-since_monday)), days(7))
            }
            DutyRhythm::Month => from(date.first_of_month(), 1.month()),
            DutyRhythm::Quarter => {
                let month = (date.month() - 1) / 3 * 3 + 1;
                let first = Date::new(date.year(), month, 1).unwrap_or(date);
                from(first, 3.months())
            }
            DutyRhythm::Year => from(date.first_of_year(), 1.year()),
        }
    }

    /// When it begins.
    #[must_use]
    pub fn begins_at(&self) -> Timestamp {
        beijing_midnight(self.first)
    }

    /// When it is over.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        beijing_midnight(plus(self.last, days(1)))
    }

    /// Whether a moment lies in it.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.begins_at() <= at && at < self.ends_at()
    }

    /// Its days.
    pub fn iter(&self) -> impl Iterator<Item = Date> + use<> {
        let (first, last) = (self.first, self.last);
        (0..400).map(move |n| plus(first, days(n))).take_while(move |date| *date <= last)
    }
}

/// Longest run of days off that is looked past.
const MOST_DAYS_OFF: i64 = 20;

/// The window of a duty in the period around `now`; `None` for one that is not due in it at all, because every day of it is off.
#[must_use]
pub fn window(duty: &Duty, now: Timestamp, calendar: &Calendar, hours: &WorkingHours) -> Option<Window> {
    let period = Days::around(duty.rhythm, beijing_date(now));
    let nth = |day: u32| plus(period.first, days(i64::from(day) - 1)).min(period.last);
    let (mut first, mut last) = (nth(duty.from_day.unwrap_or(1)), nth(duty.to_day.unwrap_or(366)));
    if duty.workdays_only {
        let worked = |date: &Date| calendar.is_workday(*date).worked();
        let is_one_day = first == last;
        let next = (0..=MOST_DAYS_OFF).map(|n| plus(first, days(n))).find(worked)?;
        // A day of rest moves a fixed day to the next working day, if need be into the next period.
        if is_one_day && duty.rhythm != DutyRhythm::Day {
            (first, last) = (next, next);
        } else {
            first = next;
            last = (0..=MOST_DAYS_OFF).map(|n| plus(last, days(-n))).find(worked)?;
        }
        if last < first {
            return None;
        }
    }
    let provisional = !calendar.knows(last.year());
    let due_at = beijing_closing(last, hours);
    Some(Window { period, days: Days { first, last }, due_at, provisional })
}

#[cfg(test)]
mod tests {
    use linli_kernel::{AreaLevel, Role};
    use linli_playbook::{DutyEvidence, DutyShare, DutyTarget};

    use super::*;

    fn calendar() -> Calendar {
        let text = r#"{"holidays":{"2026-10-01":"国庆","2026-10-02":"国庆","2026-10-05":"国庆","2026-10-06":"国庆","2026-10-07":"国庆"},"workdays":{"2026-10-10":"国庆"},"inLieuDays":{}}"#;
        Calendar::from_json(text).unwrap()
    }

    fn duty(rhythm: DutyRhythm, from_day: Option<u32>, to_day: Option<u32>) -> Duty {
        Duty {
            id: "a".to_owned(),
            name: "甲".to_owned(),
            about: None,
            group: None,
            category: None,
            rhythm,
            times: 1,
            workdays_only: true,
            target: DutyTarget::Area,
            evidence: vec![DutyEvidence::Any],
            share: DutyShare::Each,
            roles: vec![Role::GridWorker],
            levels: vec![AreaLevel::Grid],
            from_day,
            to_day,
            photo_reason: None,
            basis: None,
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    fn told(duty: &Duty, now: &str) -> Option<(String, String, String)> {
        let hours = WorkingHours::from_spans(&["09:00-12:00", "14:00-18:00"]).unwrap();
        let window = window(duty, at(now), &calendar(), &hours)?;
        Some((window.days.first.to_string(), window.days.last.to_string(), window.due_at.to_string()))
    }

    fn three(a: &str, b: &str, c: &str) -> Option<(String, String, String)> {
        Some((a.to_owned(), b.to_owned(), at(c).to_string()))
    }

    #[test]
    fn nothing_is_due_on_a_holiday_and_a_make_up_saturday_is_worked() {
        let daily = duty(DutyRhythm::Day, None, None);
        assert_eq!(told(&daily, "2026-09-30T23:59:00"), three("2026-09-30", "2026-09-30", "2026-09-30T18:00:00"));
        assert_eq!(told(&daily, "2026-10-01T00:00:00"), None);
        assert_eq!(told(&daily, "2026-10-10T08:00:00"), three("2026-10-10", "2026-10-10", "2026-10-10T18:00:00"));
        assert_eq!(told(&daily, "2026-10-11T08:00:00"), None, "a Sunday");
    }

    #[test]
    fn a_fixed_day_that_is_off_moves_to_the_next_working_day() {
        let reception = duty(DutyRhythm::Month, Some(17), Some(17));
        // 17 October 2026 is a Saturday.
        assert_eq!(told(&reception, "2026-10-08T08:00:00"), three("2026-10-19", "2026-10-19", "2026-10-19T18:00:00"));
        assert_eq!(told(&reception, "2026-09-08T08:00:00"), three("2026-09-17", "2026-09-17", "2026-09-17T18:00:00"));
    }

    #[test]
    fn a_period_ends_on_its_last_working_day() {
        let weekly = duty(DutyRhythm::Week, None, None);
        assert_eq!(told(&weekly, "2026-10-08T08:00:00"), three("2026-10-08", "2026-10-10", "2026-10-10T18:00:00"));
        let monthly = duty(DutyRhythm::Month, None, None);
        assert_eq!(told(&monthly, "2026-10-20T08:00:00"), three("2026-10-08", "2026-10-30", "2026-10-30T18:00:00"));
        let quarter = duty(DutyRhythm::Quarter, None, None);
        assert_eq!(told(&quarter, "2026-11-20T08:00:00"), three("2026-10-08", "2026-12-31", "2026-12-31T18:00:00"));
    }

    #[test]
    fn a_week_that_is_off_as_a_whole_asks_for_nothing() {
        let weekly = duty(DutyRhythm::Week, None, None);
        let free = r#"{"holidays":{"2026-10-01":"","2026-10-05":"","2026-10-06":"","2026-10-07":"","2026-10-08":"","2026-10-09":""},"workdays":{}}"#;
        let hours = WorkingHours::from_spans(&["09:00-18:00"]).unwrap();
        assert_eq!(window(&weekly, at("2026-10-07T08:00:00"), &Calendar::from_json(free).unwrap(), &hours), None);
    }
}
