//! 报表和报送: a workbook that is asked for, and each time it was handed in. Pure.

use std::collections::BTreeSet;

use jiff::civil::Date;
use linli_kernel::{AccountId, Actor, AreaCode, Change, NewEvent, ProblemCode, Stream, StreamKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::registry::ledger::{Column, Layout, Subject};

/// How often it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LedgerRhythm)]
pub enum Rhythm {
    /// 临时
    Once,
    /// 每周
    Week,
    /// 每月
    Month,
    /// 每季度
    Quarter,
    /// 每年
    Year,
}

impl Rhythm {
    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The first day of the period in which `day` lies; of what is asked for once, the month before it.
    #[must_use]
    pub fn begins(self, day: Date) -> Date {
        let first = match self {
            Self::Once => Some(day.saturating_sub(jiff::Span::new().months(1))),
            Self::Week => Some(day.saturating_sub(jiff::Span::new().days(day.weekday().to_monday_zero_offset()))),
            Self::Month => Some(day.first_of_month()),
            Self::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok(),
            Self::Year => Some(day.first_of_year()),
        };
        first.unwrap_or(day)
    }

    /// From the word in the database.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => Self::Once,
        }
    }
}

/// How the workbook is filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// The name of its sheet.
    pub sheet: String,
    /// Its header and what the columns mean.
    pub layout: Layout,
    /// Rows below the header that only explain.
    pub n_hints: u32,
    /// Columns in which yes and no are 1 and 0, as the explanation asks for; counted from 0.
    pub digits: BTreeSet<usize>,
}

/// 报表
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Which.
    pub id: String,
    /// Whose.
    pub area: AreaCode,
    /// What it is called.
    pub name: String,
    /// Who asks for it, in words.
    pub asked_by: String,
    /// How often.
    pub rhythm: Rhythm,
    /// Of what it is.
    pub kind: Subject,
    /// How it is filled.
    pub form: Form,
    /// The empty workbook; nothing where it was not read.
    pub file: Option<Vec<u8>>,
    /// Since when it is kept.
    pub created_at: Timestamp,
    /// Since when it is no longer asked for.
    pub ended_at: Option<Timestamp>,
    /// Its version; 0 before it is there.
    pub version: i64,
}

/// What happened to a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was uploaded.
    Kept,
    /// Its columns were said to mean something else.
    Mapped,
    /// It is no longer asked for.
    Ended,
}

impl Ledger {
    /// Whether a column says who somebody is.
    #[must_use]
    pub fn has_sealed(&self) -> bool {
        self.form.layout.columns.iter().flatten().any(|column| is_sealed(*column))
    }

    /// Whether something is filled in without anything sealed.
    #[must_use]
    pub fn has_open(&self) -> bool {
        self.form.layout.columns.iter().flatten().any(|column| !is_sealed(*column))
    }

    /// The change to this state.
    pub fn changed(self, step: Step, actor: Actor, at: Timestamp) -> Change<Self> {
        let kind = match step {
            Step::Kept => "ledger_kept",
            Step::Mapped => "ledger_mapped",
            Step::Ended => "ledger_ended",
        };
        let event = NewEvent {
            stream: Stream::new(StreamKind::Ledger, self.id.clone()),
            kind,
            at,
            actor,
            payload: json!({ "rhythm": self.rhythm, "kind": self.kind.as_str() }),
            text: Some(self.name.clone()),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

/// Whether a column says who somebody is.
#[must_use]
pub const fn is_sealed(column: Column) -> bool {
    matches!(column, Column::PersonName | Column::Phone | Column::IdNumber)
}

/// 报送: one time that a ledger was handed in, or is about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Which.
    pub id: String,
    /// Of which ledger.
    pub ledger: String,
    /// Of what lies in this area.
    pub area: AreaCode,
    /// Of what was done from then until then, the end exclusive; nothing where it is of records.
    pub period: Option<(Timestamp, Timestamp)>,
    /// Whether somebody typed it.
    pub by_hand: bool,
    /// Whether names, phone numbers or ID numbers are in it.
    pub is_sealed: bool,
    /// Why it is taken out; nothing for what was typed.
    pub purpose: Option<String>,
    /// Who asked.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// Who agreed or refused.
    pub approver: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Whether it was refused.
    pub is_refused: bool,
    /// Until when the file can be taken.
    pub ends_at: Option<Timestamp>,
    /// When it was taken first.
    pub taken_at: Option<Timestamp>,
    /// Rows in it.
    pub n_rows: u32,
    /// Cells in it that hold something from the record.
    pub n_cells: u32,
    /// Its version; 0 before it is there.
    pub version: i64,
}

/// So long a file can be taken. Unit: milliseconds.
pub const TAKEN_WITHIN_MS: i64 = 24 * 60 * 60 * 1_000;

/// How a submission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubmissionState)]
pub enum State {
    /// 手工填报
    ByHand,
    /// 待同意
    Waiting,
    /// 可下载
    Ready,
    /// 已过期: asked for, but not taken in time.
    Over,
    /// 未同意
    Refused,
    /// 已下载
    Taken,
}

impl Submission {
    /// How it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match (self.by_hand, self.is_refused, self.ends_at, self.taken_at) {
            (true, ..) => State::ByHand,
            (_, true, ..) => State::Refused,
            (_, _, None, _) => State::Waiting,
            (.., Some(_)) => State::Taken,
            (_, _, Some(end), None) if end <= now => State::Over,
            _ => State::Ready,
        }
    }

    /// Whether whoever asked may take the file now, for the first time or again.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.by_hand && !self.is_refused && self.ends_at.is_some_and(|end| end > now)
    }

    /// A second person agrees or refuses.
    ///
    /// # Errors
    /// `OwnWork` for whoever asked, `NotNow` when it does not wait.
    pub fn decided(mut self, by: AccountId, agrees: bool, at: Timestamp) -> Result<Self, ProblemCode> {
        if self.state(at) != State::Waiting {
            return Err(ProblemCode::NotNow);
        }
        if by == self.account {
            return Err(ProblemCode::OwnWork);
        }
        self.approver = Some(by);
        self.decided_at = Some(at);
        self.is_refused = !agrees;
        self.ends_at = agrees.then(|| at.plus_ms(TAKEN_WITHIN_MS));
        Ok(self)
    }

    /// The change to this state.
    pub fn changed(self, kind: &'static str, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Ledger, self.ledger.clone()),
            kind,
            at,
            actor,
            payload: json!({ "submission": self.id, "area_code": self.area, "is_sealed": self.is_sealed, "n_rows": self.n_rows, "n_cells": self.n_cells }),
            // Why is kept beside the chain, where it can end.
            text: None,
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(account: AccountId) -> Submission {
        Submission {
            id: "1".to_owned(),
            ledger: "2".to_owned(),
            area: "610502005007".parse().unwrap(),
            period: None,
            by_hand: false,
            is_sealed: true,
            purpose: Some("上报街道".to_owned()),
            account,
            at: Timestamp::from_ms(0),
            approver: None,
            decided_at: None,
            is_refused: false,
            ends_at: None,
            taken_at: None,
            n_rows: 0,
            n_cells: 0,
            version: 1,
        }
    }

    #[test]
    fn a_period_begins_on_its_first_day() {
        let day: Date = "2026-11-29".parse().unwrap();
        let first = |rhythm: Rhythm| rhythm.begins(day).to_string();
        assert_eq!((first(Rhythm::Week), first(Rhythm::Month)), ("2026-11-23".to_owned(), "2026-11-01".to_owned()));
        assert_eq!((first(Rhythm::Quarter), first(Rhythm::Year)), ("2026-10-01".to_owned(), "2026-01-01".to_owned()));
        assert_eq!(first(Rhythm::Once), "2026-10-29");
    }

    #[test]
    fn nobody_agrees_to_their_own_and_a_day_later_it_is_over() {
        let (one, other) = (AccountId::new(uuid::Uuid::from_u128(1)), AccountId::new(uuid::Uuid::from_u128(2)));
        let at = Timestamp::from_ms(1_000);
        assert_eq!(asked(one).decided(one, true, at), Err(ProblemCode::OwnWork));
        let agreed = asked(one).decided(other, true, at).unwrap();
        assert_eq!((agreed.state(at), agreed.is_open(at)), (State::Ready, true));
        let later = at.plus_ms(TAKEN_WITHIN_MS);
        assert_eq!((agreed.state(later), agreed.is_open(later)), (State::Over, false));
        assert_eq!(agreed.decided(other, false, at), Err(ProblemCode::NotNow));
        let refused = asked(one).decided(other, false, at).unwrap();
        assert_eq!((refused.state(at), refused.is_open(at)), (State::Refused, false));
    }
}
