use proptest::prelude::*;

use super::*;

const SHIPPED: &str = include_str!("../../../../data/calendar/chinese-days.json");

fn calendar() -> &'static Calendar {
    static CALENDAR: std::sync::OnceLock<Calendar> = std::sync::OnceLock::new();
    CALENDAR.get_or_init(|| Calendar::from_json(SHIPPED).unwrap())
}

/// A moment of Beijing time, as `2026-09-30 15:20`.
fn at(text: &str) -> Timestamp {
    format!("{}:00+08:00", text.replace(' ', "T")).parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn amount(n: u32, unit: TimeUnit) -> Amount {
    Amount { n, unit }
}

#[test]
fn deadlines_fall_where_a_clerk_would_put_them() {
    use TimeUnit::{Days, Hours, Minutes, WorkingDays, WorkingHours as WorkingHoursUnit};
    let table = [
        // By the clock: holidays and nights do not matter.
        ("2026-09-30 23:50", 30, Minutes, "2026-10-01 00:20"),
        ("2026-09-30 15:00", 24, Hours, "2026-10-01 15:00"),
        ("2026-10-01 10:00", 7, Days, "2026-10-08 10:00"),
        // Office hours: lunch, evening, weekend.
        ("2026-11-23 09:00", 3, WorkingHoursUnit, "2026-11-23 12:00"),
        ("2026-11-23 09:00", 4, WorkingHoursUnit, "2026-11-23 15:00"),
        ("2026-11-23 12:30", 1, WorkingHoursUnit, "2026-11-23 15:00"),
        ("2026-11-23 17:30", 1, WorkingHoursUnit, "2026-11-24 09:30"),
        ("2026-11-27 17:00", 2, WorkingHoursUnit, "2026-11-30 10:00"),
        ("2026-11-28 03:00", 4, WorkingHoursUnit, "2026-11-30 15:00"),
        ("2026-11-23 06:00", 7, WorkingHoursUnit, "2026-11-23 18:00"),
        ("2026-11-23 09:00", 14, WorkingHoursUnit, "2026-11-24 18:00"),
        // Working days end at closing time, whenever in the day they began.
        ("2026-11-23 00:01", 1, WorkingDays, "2026-11-24 18:00"),
        ("2026-11-23 23:59", 1, WorkingDays, "2026-11-24 18:00"),
        ("2026-11-27 10:00", 1, WorkingDays, "2026-11-30 18:00"),
        ("2026-11-28 10:00", 5, WorkingDays, "2026-12-04 18:00"),
        // Across the Spring Festival of 2026: 15–23 February free, Saturdays 14 and 28 worked.
        ("2026-02-13 16:00", 1, WorkingDays, "2026-02-14 18:00"),
        ("2026-02-13 16:00", 2, WorkingDays, "2026-02-24 18:00"),
        ("2026-02-14 17:00", 2, WorkingHoursUnit, "2026-02-24 10:00"),
        // Nothing is due at once.
        ("2026-10-01 10:00", 0, WorkingDays, "2026-10-01 10:00"),
    ];
    let hours = WorkingHours::default();
    for (start, n, unit, expected) in table {
        let due = calendar().add(at(start), amount(n, unit), &hours);
        assert_eq!(due, Due { at: at(expected), provisional: false }, "{start} + {n} {unit}");
    }
}

#[test]
fn a_deadline_across_the_national_day_of_2026_counts_the_make_up_workdays() {
    // Free: 1–7 October. Worked in exchange: Sunday 20 September and Saturday 10 October.
    let hours = WorkingHours::default();
    let due = |start: &str, n: u32| calendar().add(at(start), amount(n, TimeUnit::WorkingDays), &hours);
    assert_eq!(calendar().is_workday(date("2026-09-20")), Workday::Known(true));
    assert_eq!(calendar().is_workday(date("2026-10-07")), Workday::Known(false));
    assert_eq!(calendar().is_workday(date("2026-10-08")), Workday::Known(true));
    assert_eq!(calendar().is_workday(date("2026-10-10")), Workday::Known(true));
    assert_eq!(calendar().is_workday(date("2026-10-11")), Workday::Known(false));
    // Friday 18 September + 1: the Sunday is worked.
    assert_eq!(due("2026-09-18 10:00", 1).at, at("2026-09-20 18:00"));
    // Wednesday 30 September + 5: 8, 9, 10 (Saturday), 12, 13 October.
    assert_eq!(due("2026-09-30 16:40", 1).at, at("2026-10-08 18:00"));
    assert_eq!(due("2026-09-30 16:40", 3).at, at("2026-10-10 18:00"));
    assert_eq!(due("2026-09-30 16:40", 5), Due { at: at("2026-10-13 18:00"), provisional: false });
    // Reported in the holiday itself.
    assert_eq!(due("2026-10-03 09:00", 1).at, at("2026-10-08 18:00"));
    let four_hours = calendar().add(at("2026-09-30 16:00"), amount(4, TimeUnit::WorkingHours), &hours);
    assert_eq!(four_hours.at, at("2026-10-08 11:00"));
}

#[test]
fn a_year_that_is_not_published_is_provisional_and_said_so() {
    let hours = WorkingHours::default();
    assert_eq!(calendar().is_workday(date("2027-01-01")), Workday::Provisional(true));
    let due = calendar().add(at("2026-12-30 10:00"), amount(5, TimeUnit::WorkingDays), &hours);
    assert_eq!(due, Due { at: at("2027-01-06 18:00"), provisional: true });
    let inside = calendar().add(at("2026-12-30 10:00"), amount(1, TimeUnit::WorkingDays), &hours);
    assert_eq!(inside, Due { at: at("2026-12-31 18:00"), provisional: false });
    assert_eq!(calendar().missing(at("2026-11-01 00:00")), [2027]);
    assert_eq!(calendar().missing(at("2027-01-01 00:00")), [2027, 2028]);
}

#[test]
fn an_operator_replaces_a_year() {
    let next = r#"{"holidays": {"2027-01-01": "元旦", "2027-10-01": "国庆节"}, "workdays": {"2027-01-03": "元旦"}}"#;
    let calendar = calendar().clone().replaced_by(Calendar::from_json(next).unwrap());
    assert_eq!(calendar.is_workday(date("2027-01-01")), Workday::Known(false));
    assert_eq!(calendar.is_workday(date("2027-01-03")), Workday::Known(true));
    assert!(calendar.knows(2026) && calendar.knows(2027));
}

#[test]
fn a_calendar_that_contradicts_itself_is_refused() {
    let both = r#"{"holidays": {"2027-10-01": "a"}, "workdays": {"2027-10-01": "b"}}"#;
    assert!(matches!(Calendar::from_json(both), Err(CalendarError::Contradiction(_))));
    let no_date = r#"{"holidays": {"2027-13-01": "a"}, "workdays": {}}"#;
    assert!(matches!(Calendar::from_json(no_date), Err(CalendarError::BadDate(_))));
    assert!(matches!(Calendar::from_json("[]"), Err(CalendarError::NotCalendar(_))));
}

#[test]
fn the_shipped_calendar_has_every_year_since_2004() {
    assert_eq!(calendar().years(), (2004..=2026).collect::<Vec<i16>>());
}

#[test]
fn a_pause_gives_back_what_was_left() {
    use TimeUnit::{Hours, WorkingDays, WorkingHours as WorkingHoursUnit};
    let hours = WorkingHours::default();
    let table = [
        ("2026-11-23 16:00", "2026-11-23 10:00", "2026-11-24 11:00", Hours, "2026-11-24 17:00"),
        // One office hour was left on Monday at 17:00; it is left again on Wednesday at 09:30.
        ("2026-11-23 18:00", "2026-11-23 17:00", "2026-11-25 09:30", WorkingHoursUnit, "2026-11-25 10:30"),
        // Friday's end, paused on Monday at noon, resumed on Thursday at noon: three working days later.
        ("2026-11-27 18:00", "2026-11-23 12:00", "2026-11-26 12:00", WorkingDays, "2026-12-02 18:00"),
        // Asked in the evening, answered before the office opens: nothing was lost.
        ("2026-11-27 18:00", "2026-11-23 20:00", "2026-11-24 07:00", WorkingDays, "2026-11-27 18:00"),
        // Over before it paused.
        ("2026-11-20 18:00", "2026-11-23 12:00", "2026-11-26 12:00", WorkingDays, "2026-11-20 18:00"),
    ];
    for (due_at, paused_at, resumed_at, unit, expected) in table {
        let due = calendar().resume(at(due_at), at(paused_at), at(resumed_at), unit, &hours);
        assert_eq!(due.at, at(expected), "{due_at} paused {paused_at} resumed {resumed_at}");
    }
}

#[test]
fn due_soon_begins_where_a_clerk_would_put_it() {
    use TimeUnit::{Days, WorkingDays, WorkingHours as WorkingHoursUnit};
    let table = [
        ("2026-11-30 18:00", 1, WorkingDays, "2026-11-27 18:00"),
        ("2026-10-09 18:00", 2, WorkingDays, "2026-09-30 18:00"),
        ("2026-01-05 18:00", 3, WorkingDays, "2025-12-30 18:00"),
        ("2026-11-23 18:00", 1, WorkingHoursUnit, "2026-11-23 17:00"),
        ("2026-11-23 15:00", 1, WorkingHoursUnit, "2026-11-23 14:00"),
        ("2026-11-23 15:00", 2, WorkingHoursUnit, "2026-11-23 11:00"),
        ("2026-11-23 10:00", 2, WorkingHoursUnit, "2026-11-20 17:00"),
        ("2026-11-23 10:00", 15, WorkingHoursUnit, "2026-11-19 09:00"),
        ("2026-10-08 10:00", 1, Days, "2026-10-07 10:00"),
        ("2026-10-08 10:00", 0, WorkingDays, "2026-10-08 10:00"),
    ];
    for (end, n, unit, expected) in table {
        let before = calendar().before(at(end), amount(n, unit), &WorkingHours::default());
        assert_eq!(before, at(expected), "{n} {unit} before {end}");
    }
}

#[test]
fn office_hours_read_back_as_written_and_refuse_nonsense() {
    let hours = WorkingHours::default();
    let json = serde_json::to_string(&hours).unwrap();
    assert_eq!(json, r#"["09:00-12:00","14:00-18:00"]"#);
    assert_eq!(serde_json::from_str::<WorkingHours>(&json).unwrap(), hours);
    for bad in [&["9:00-12:00"][..], &["12:00-09:00"], &["09:00-12:00", "11:00-13:00"], &["09:60-12:00"], &["a"], &[]] {
        assert!(WorkingHours::from_spans(bad).is_err(), "{bad:?}");
    }
    assert!(WorkingHours::from_spans(&["00:00-24:00"]).is_ok());
}

/// Counts day by day, as a person with a wall calendar would.
fn naive_working_days(start: Timestamp, n: u32) -> Timestamp {
    let mut day = day_of(start);
    let mut left = n;
    while left > 0 {
        day += 1;
        left -= u32::from(calendar().is_workday(date_of(day)).worked());
    }
    moment(day, WorkingHours::default().closing_ms())
}

/// Counts minute by minute.
fn naive_working_minutes(from: Timestamp, to: Timestamp) -> i64 {
    let hours = WorkingHours::default();
    let mut at = from;
    let mut n_minutes = 0;
    while at < to {
        let minute = ms_of_day(at) / MINUTE_MS;
        let open = (9 * 60..12 * 60).contains(&minute) || (14 * 60..18 * 60).contains(&minute);
        n_minutes += i64::from(open && calendar().is_workday(date_of(day_of(at))).worked());
        at = at.plus_ms(MINUTE_MS);
    }
    assert!(hours.day_ms() == 7 * HOUR_MS);
    n_minutes
}

fn moments() -> impl Strategy<Value = Timestamp> {
    // Minutes from the first day of 2024 to the end of 2027: past, present, and a year not published.
    let (first, last) = (at("2024-01-01 00:00").ms(), at("2027-12-31 23:59").ms());
    (first / MINUTE_MS..last / MINUTE_MS).prop_map(|minute| Timestamp::from_ms(minute * MINUTE_MS))
}

fn units() -> impl Strategy<Value = TimeUnit> {
    prop::sample::select(TimeUnit::ALL)
}

proptest! {
    #[test]
    fn more_time_is_never_due_earlier(start in moments(), n in 0_u32..400, more in 0_u32..50, unit in units()) {
        let hours = WorkingHours::default();
        let due = calendar().add(start, amount(n, unit), &hours);
        let later = calendar().add(start, amount(n + more, unit), &hours);
        prop_assert!(due.at >= start);
        prop_assert!(later.at >= due.at);
        prop_assert!(!due.provisional || later.provisional);
    }

    #[test]
    fn a_later_start_is_never_due_earlier(start in moments(), later_ms in 0_i64..(40 * DAY_MS), n in 1_u32..200, unit in units()) {
        let hours = WorkingHours::default();
        let due = calendar().add(start, amount(n, unit), &hours);
        let later = calendar().add(start.plus_ms(later_ms), amount(n, unit), &hours);
        prop_assert!(later.at >= due.at);
    }

    #[test]
    fn working_days_equal_a_count_day_by_day(start in moments(), n in 1_u32..300) {
        let due = calendar().add(start, amount(n, TimeUnit::WorkingDays), &WorkingHours::default());
        prop_assert_eq!(due.at, naive_working_days(start, n));
    }

    #[test]
    fn office_time_equals_a_count_minute_by_minute(from in moments(), n_minutes in 0_i64..8_000) {
        let to = from.plus_ms(n_minutes * MINUTE_MS);
        let ms = calendar().working_ms_between(from, to, &WorkingHours::default());
        prop_assert_eq!(ms, naive_working_minutes(from, to) * MINUTE_MS);
    }

    #[test]
    fn working_hours_end_when_they_are_full(start in moments(), n in 1_u32..200) {
        let hours = WorkingHours::default();
        let due = calendar().add(start, amount(n, TimeUnit::WorkingHours), &hours).at;
        let wanted = i64::from(n) * HOUR_MS;
        prop_assert_eq!(calendar().working_ms_between(start, due, &hours), wanted);
        prop_assert_eq!(calendar().working_ms_between(start, due.plus_ms(-1), &hours), wanted - 1);
    }

    #[test]
    fn the_time_before_an_end_is_the_time_until_it(end in moments(), n in 1_u32..200) {
        let hours = WorkingHours::default();
        let before = calendar().before(end, amount(n, TimeUnit::WorkingHours), &hours);
        let wanted = i64::from(n) * HOUR_MS;
        prop_assert_eq!(calendar().working_ms_between(before, end, &hours), wanted);
        prop_assert_eq!(calendar().working_ms_between(before.plus_ms(1), end, &hours), wanted - 1);
        let day = calendar().before(end, amount(n, TimeUnit::WorkingDays), &hours);
        prop_assert!(calendar().is_workday(date_of(day_of(day))).worked());
        let n_days = calendar().workdays_between(day_of(day), day_of(end));
        prop_assert_eq!(n_days, i64::from(n));
    }

    #[test]
    fn a_pause_never_brings_a_deadline_forward(start in moments(), n in 1_u32..60, wait in 0_i64..5_000, pause in 0_i64..60_000, unit in units()) {
        let hours = WorkingHours::default();
        let due = calendar().add(start, amount(n, unit), &hours).at;
        let paused_at = start.plus_ms(wait * MINUTE_MS);
        let resumed = calendar().resume(due, paused_at, paused_at.plus_ms(pause * MINUTE_MS), unit, &hours);
        prop_assert!(resumed.at >= due);
    }
}
