//! Moments and limits as exports write them. Pure; what has no zone is Beijing time.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use linli_kernel::{Amount, TimeUnit, Timestamp};

use super::clean;

/// 北京时间
const BEIJING: TimeZone = TimeZone::fixed(Offset::constant(8));
/// Day 0 of Excel's calendar as everybody uses it (with the leap day of 1900 that never was).
const EXCEL_ZERO: Date = Date::constant(1899, 12, 30);

/// A moment of Beijing time.
#[must_use]
pub fn beijing(at: DateTime) -> Option<Timestamp> {
    at.to_zoned(BEIJING).ok().map(|zoned| Timestamp::from_jiff(zoned.timestamp()))
}

/// A moment as clerks write it in Beijing time: 2026-09-28 09:30:00.
#[must_use]
pub fn written(at: Timestamp) -> String {
    at.to_jiff().to_zoned(BEIJING).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A number as a moment: Excel's day count, 20260928, 20260928093000, or seconds or milliseconds since 1970.
#[must_use]
pub fn of_number(value: f64) -> Option<Timestamp> {
    if (20_000.0..80_000.0).contains(&value) {
        return of_excel(value);
    }
    digits(&clean::number(value))
}

fn of_excel(days: f64) -> Option<Timestamp> {
    let span = jiff::SignedDuration::try_from_secs_f64((days * 86_400.0).round()).ok()?;
    beijing(EXCEL_ZERO.at(0, 0, 0, 0).checked_add(span).ok()?)
}

/// Reads a moment in one of the shapes that exports use: 2026-09-28 09:30:00, 2026/9/28 9:30, 2026年9月28日9时30分, 20260928,
/// 2026-09-28T09:30:00+08:00, 2026-09-28 下午3:05. `end_of_day` decides what a date alone means.
#[must_use]
pub fn moment(raw: &str, end_of_day: bool) -> Option<Timestamp> {
    let text = clean::half_width(raw);
    let text = text.trim();
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(exact);
    }
    if text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return match text.parse::<f64>() {
            Ok(number) if text.len() < 8 || text.contains('.') => of_number(number),
            _ => digits(text),
        };
    }
    let afternoon = ["下午", "晚上", "PM", "pm"].iter().any(|word| text.contains(word));
    let morning = ["上午", "早上", "凌晨", "AM", "am"].iter().any(|word| text.contains(word));
    let parts = numbers(text)?;
    let (date, time) = parts.split_at_checked(3)?;
    let [year, month, day] = date else { return None };
    let date = Date::new(*year, small(*month)?, small(*day)?).ok()?;
    let (mut hour, minute, second) = match time {
        [] if end_of_day => (23, 59, 59),
        [] => (0, 0, 0),
        [hour] => (small(*hour)?, 0, 0),
        [hour, minute] => (small(*hour)?, small(*minute)?, 0),
        [hour, minute, second] => (small(*hour)?, small(*minute)?, small(*second)?),
        _ => return None,
    };
    if afternoon && hour < 12 {
        hour += 12;
    }
    if morning && hour == 12 {
        hour = 0;
    }
    beijing(date.to_datetime(Time::new(hour, minute, second, 0).ok()?))
}

fn small(n: i16) -> Option<i8> {
    i8::try_from(n).ok()
}

/// The numbers of a text that is written with the marks of a date and no others; four digits of a year in front.
fn numbers(text: &str) -> Option<Vec<i16>> {
    let mut found = Vec::new();
    let mut current = String::new();
    // Fractions of a second say nothing here.
    let text = text
        .rsplit_once('.')
        .filter(|(head, tail)| head.contains(':') && tail.chars().all(|c| c.is_ascii_digit()))
        .map_or(text, |(head, _)| head);
    for c in text.chars().chain([' ']) {
        match c {
            '0'..='9' => current.push(c),
            '-' | '/' | '.' | ':' | ' ' | 'T' | '年' | '月' | '日' | '号' | '时' | '点' | '分' | '秒' | '上' | '下'
            | '午' | '早' | '晚' | '凌' | '晨' | 'A' | 'P' | 'M' | 'a' | 'p' | 'm' => {
                if !current.is_empty() {
                    found.push(current.parse().ok()?);
                    current.clear();
                }
            }
            _ => return None,
        }
    }
    found.first().is_some_and(|year| (1970..=2200).contains(year)).then_some(found)
}

fn digits(text: &str) -> Option<Timestamp> {
    let at = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    match text.len() {
        8 | 12 | 14 => {
            let date = Date::new(text.get(..4)?.parse().ok()?, at(4, 6)?, at(6, 8)?).ok()?;
            let time = match text.len() {
                8 => Time::midnight(),
                12 => Time::new(at(8, 10)?, at(10, 12)?, 0, 0).ok()?,
                _ => Time::new(at(8, 10)?, at(10, 12)?, at(12, 14)?, 0).ok()?,
            };
            beijing(date.to_datetime(time))
        }
        10 => text.parse::<i64>().ok().map(|seconds| Timestamp::from_ms(seconds * 1_000)),
        13 => text.parse().ok().map(Timestamp::from_ms),
        _ => None,
    }
}

/// Reads 3个工作日, 5天, 24小时, 4工作时.
#[must_use]
pub fn span(raw: &str) -> Option<Amount> {
    let text = clean::key(raw);
    let n_digits = text.chars().take_while(char::is_ascii_digit).count();
    let (n, unit) = text.split_at_checked(n_digits)?;
    let n: u32 = n.parse().ok().filter(|n| (1..=3_650).contains(n))?;
    match unit.trim_start_matches('个').trim_end_matches('内') {
        "工作日" => Some(Amount { n, unit: TimeUnit::WorkingDays }),
        "工作时" | "工作小时" => Some(Amount { n, unit: TimeUnit::WorkingHours }),
        "天" | "日" | "自然日" => Some(Amount { n, unit: TimeUnit::Days }),
        "小时" | "时" | "h" => Some(Amount { n, unit: TimeUnit::Hours }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_in_all_its_shapes() {
        for raw in [
            "2026-09-28 09:30:00",
            "2026/9/28 9:30",
            "2026.09.28 09:30",
            "2026年9月28日 9时30分",
            "2026年9月28日9点30分",
            "20260928093000",
            "202609280930",
            "2026-09-28T09:30:00+08:00",
            "2026-09-28T01:30:00Z",
            "２０２６－０９－２８　０９：３０",
            "2026-09-28 上午9:30",
            "2026-09-28 09:30:00.0",
            "46293.3958333333",
            "1790559000000",
            "1790559000",
        ] {
            assert_eq!(moment(raw, false).map(written).as_deref(), Some("2026-09-28 09:30:00"), "{raw}");
        }
        assert_eq!(moment("2026-09-28 下午3:05", false).map(written).as_deref(), Some("2026-09-28 15:05:00"));
        assert_eq!(of_number(46293.3958333333).map(written).as_deref(), Some("2026-09-28 09:30:00"));
        assert_eq!(of_number(20_260_928.0).map(written).as_deref(), Some("2026-09-28 00:00:00"));
        assert_eq!(moment("2026-09-28", true).map(written).as_deref(), Some("2026-09-28 23:59:59"));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for raw in [
            "",
            "昨天",
            "28/09/2026",
            "2026-13-01",
            "2026-02-30 10:00",
            "2026-09-28 25:00",
            "09:30",
            "99999999",
            "2026-09-28 a week",
        ] {
            assert_eq!(moment(raw, false), None, "{raw}");
        }
    }

    #[test]
    fn a_limit_may_be_a_length_of_time() {
        for (raw, n, unit) in [
            ("3个工作日", 3, TimeUnit::WorkingDays),
            ("５ 天内", 5, TimeUnit::Days),
            ("24小时", 24, TimeUnit::Hours),
            ("4工作时", 4, TimeUnit::WorkingHours),
        ] {
            assert_eq!(span(raw), Some(Amount { n, unit }), "{raw}");
        }
        assert_eq!(span("尽快"), None);
    }
}
