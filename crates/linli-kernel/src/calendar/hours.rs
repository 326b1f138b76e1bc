//! Office hours of a working day.

use serde::{Deserialize, Serialize};

use super::{DAY_MS, MINUTE_MS};

/// 办公时间: the spans of a working day in Beijing time, in order, without overlap.
/// Spoken as `["09:00-12:00", "14:00-18:00"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingHours {
    /// Start and end in milliseconds since midnight.
    spans: Vec<(i64, i64)>,
}

/// Why office hours cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWorkingHours {
    /// A span that is not two times of a day, the earlier first.
    #[error("{0:?} is not a span of the form 09:00-12:00")]
    NotASpan(String),
    /// Spans that overlap or are not in order.
    #[error("{0:?} begins before the span before it ends")]
    Overlap(String),
    /// A day of no hours never ends a deadline.
    #[error("a working day needs at least one span")]
    Empty,
}

impl WorkingHours {
    /// From spans such as `09:00-12:00`.
    ///
    /// # Errors
    /// `NotASpan`, `Overlap` or `Empty`.
    pub fn from_spans<S: AsRef<str>>(texts: &[S]) -> Result<Self, BadWorkingHours> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for text in texts {
            let text = text.as_ref();
            let span = span(text).ok_or_else(|| BadWorkingHours::NotASpan(text.to_owned()))?;
            if spans.last().is_some_and(|last| span.0 < last.1) {
                return Err(BadWorkingHours::Overlap(text.to_owned()));
            }
            spans.push(span);
        }
        if spans.is_empty() { Err(BadWorkingHours::Empty) } else { Ok(Self { spans }) }
    }

    /// Office time of one working day, in milliseconds.
    #[must_use]
    pub fn day_ms(&self) -> i64 {
        self.spans.iter().map(|(start, end)| end - start).sum()
    }

    /// When the office closes, in milliseconds since midnight.
    #[must_use]
    pub fn closing_ms(&self) -> i64 {
        self.spans.last().map_or(DAY_MS, |(_, end)| *end)
    }

    /// The spans, as they are written.
    #[must_use]
    pub fn to_spans(&self) -> Vec<String> {
        let clock = |ms: i64| format!("{:02}:{:02}", ms / MINUTE_MS / 60, ms / MINUTE_MS % 60);
        self.spans.iter().map(|(start, end)| format!("{}-{}", clock(*start), clock(*end))).collect()
    }

    /// Office time of the day that is over at `ms_of_day`.
    pub(super) fn worked_ms_until(&self, ms_of_day: i64) -> i64 {
        self.spans.iter().map(|(start, end)| (ms_of_day.min(*end) - start).max(0)).sum()
    }

    /// The first moment of the day (since midnight) at which `worked_ms` of office time are over.
    pub(super) fn moment_ms(&self, worked_ms: i64) -> i64 {
        let mut left = worked_ms;
        for (start, end) in &self.spans {
            if left <= end - start {
                return start + left;
            }
            left -= end - start;
        }
        self.closing_ms()
    }

    /// The last moment of the day (since midnight) at which no more than `worked_ms` of office time are over.
    pub(super) fn last_moment_ms(&self, worked_ms: i64) -> i64 {
        let mut left = worked_ms;
        for (start, end) in &self.spans {
            if left < end - start {
                return start + left;
            }
            left -= end - start;
        }
        self.closing_ms()
    }
}

impl Default for WorkingHours {
    /// 09:00–12:00 and 14:00–18:00.
    fn default() -> Self {
        Self { spans: vec![(9 * 60 * MINUTE_MS, 12 * 60 * MINUTE_MS), (14 * 60 * MINUTE_MS, 18 * 60 * MINUTE_MS)] }
    }
}

impl Serialize for WorkingHours {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_spans().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for WorkingHours {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_spans(&Vec::<String>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn span(text: &str) -> Option<(i64, i64)> {
    let (start, end) = text.split_once('-')?;
    let (start, end) = (clock(start.trim())?, clock(end.trim())?);
    (start < end).then_some((start, end))
}

fn clock(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = i64::from(hour) * 60 + i64::from(minute);
    (minute < 60 && minutes <= 24 * 60).then_some(minutes * MINUTE_MS)
}
