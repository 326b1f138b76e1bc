//! 排班: who is on duty where and when: a warm station, a reception day, a joint patrol, a night of a festival. Pure.

use linli_access::Keys;
use linli_kernel::{
    AccountId, Actor, AreaCode, Change, NewEvent, Problem, ProblemCode, ShiftId, ShiftKind, Stream, StreamKind,
    Timestamp,
};
use serde_json::json;

/// Longest shift. Unit: ms.
const LONGEST_MS: i64 = 24 * 3_600_000;

/// 班次. It asks for no sign that anybody came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Which.
    pub id: ShiftId,
    /// Where.
    pub area: AreaCode,
    /// Of which kind.
    pub kind: ShiftKind,
    /// What people call it: 暖心驿站, 中秋夜巡.
    pub title: String,
    /// Where, in words.
    pub place_text: String,
    /// What to know.
    pub note: Option<String>,
    /// Who.
    pub accounts: Vec<AccountId>,
    /// Codes of the units that come along.
    pub units: Vec<String>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// The first of those that it was set together with.
    pub series: Option<ShiftId>,
    /// When it was called off.
    pub cancelled_at: Option<Timestamp>,
    /// How often it was changed; 0 before it is there.
    pub version: i64,
}

impl Shift {
    /// The keys by which it can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area)
    }

    fn check(&self) -> Result<(), Problem> {
        if self.ends_at <= self.starts_at {
            return Err(Problem::field("ends_at", "must_be_later"));
        }
        if self.ends_at.since(self.starts_at) > LONGEST_MS {
            return Err(Problem::field("ends_at", "out_of_range"));
        }
        if self.accounts.is_empty() && self.units.is_empty() {
            return Err(Problem::field("account_ids", "required"));
        }
        Ok(())
    }

    /// Puts it into the roster.
    ///
    /// # Errors
    /// `Invalid` for one without people, or that ends before it begins.
    pub fn set(mut self, actor: Actor, at: Timestamp) -> Result<Change<Self>, Problem> {
        self.check()?;
        self.version = 1;
        let event = self.event("shift_set", actor, at);
        Ok(Change::new(self, event))
    }

    /// Changes who, when or where; `next` is what it is to be.
    ///
    /// # Errors
    /// As [`Shift::set`]; `NotNow` once it is over or called off.
    pub fn change(&self, next: Self, actor: Actor, at: Timestamp) -> Result<Change<Self>, Problem> {
        self.is_ahead(at)?;
        let next = Self { id: self.id, version: self.version + 1, series: self.series, cancelled_at: None, ..next };
        next.check()?;
        let event = next.event("shift_changed", actor, at);
        Ok(Change::new(next, event))
    }

    /// Calls it off.
    ///
    /// # Errors
    /// `NotNow` once it is over or called off.
    pub fn cancel(mut self, actor: Actor, at: Timestamp) -> Result<Change<Self>, Problem> {
        self.is_ahead(at)?;
        self.cancelled_at = Some(at);
        self.version += 1;
        let event = self.event("shift_cancelled", actor, at);
        Ok(Change::new(self, event))
    }

    fn is_ahead(&self, at: Timestamp) -> Result<(), Problem> {
        if self.cancelled_at.is_some() || self.ends_at <= at { Err(ProblemCode::NotNow.into()) } else { Ok(()) }
    }

    fn event(&self, kind: &'static str, actor: Actor, at: Timestamp) -> NewEvent {
        NewEvent {
            stream: Stream::new(StreamKind::Shift, self.id.to_string()),
            kind,
            at,
            actor,
            payload: json!({ "kind": self.kind, "accounts": self.accounts, "units": self.units, "from": self.starts_at, "to": self.ends_at }),
            text: self.note.clone(),
            area: Some(self.area),
            unit: None,
        }
    }
}

/// 走访清单: a dwelling that is put on a list or taken off it. Never why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListChange {
    /// Of which duty.
    pub duty: String,
    /// Which dwelling.
    pub record: linli_kernel::RecordId,
    /// Where it lies.
    pub area: AreaCode,
    /// Whether it is on the list from now on.
    pub is_on: bool,
    /// Who said so.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}

impl ListChange {
    /// The change itself.
    pub fn decide(self, actor: Actor) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::VisitList, format!("{} {}", self.duty, self.record)),
            kind: if self.is_on { "list_entered" } else { "list_left" },
            at: self.at,
            actor,
            payload: json!({ "duty": self.duty, "record": self.record }),
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

    fn shift() -> Shift {
        Shift {
            id: ShiftId::new(Default::default()),
            area: "610502005007".parse().unwrap(),
            kind: ShiftKind::Station,
            title: "暖心驿站".to_owned(),
            place_text: "社区门口".to_owned(),
            note: None,
            accounts: vec![AccountId::new(Default::default())],
            units: Vec::new(),
            starts_at: Timestamp::from_ms(1_000),
            ends_at: Timestamp::from_ms(2_000),
            series: None,
            cancelled_at: None,
            version: 0,
        }
    }

    #[test]
    fn a_shift_has_people_and_an_end_after_its_beginning() {
        assert!(shift().set(Actor::System, Timestamp::from_ms(0)).is_ok());
        assert!(Shift { accounts: Vec::new(), ..shift() }.set(Actor::System, Timestamp::from_ms(0)).is_err());
        assert!(
            Shift { ends_at: Timestamp::from_ms(1_000), ..shift() }.set(Actor::System, Timestamp::from_ms(0)).is_err()
        );
        assert!(
            Shift { ends_at: Timestamp::from_ms(90_000_000), ..shift() }
                .set(Actor::System, Timestamp::from_ms(0))
                .is_err()
        );
    }

    #[test]
    fn what_is_over_or_called_off_stays_as_it_was() {
        let set = shift().set(Actor::System, Timestamp::from_ms(0)).unwrap().into_state();
        assert!(set.change(shift(), Actor::System, Timestamp::from_ms(2_000)).is_err());
        let off = set.cancel(Actor::System, Timestamp::from_ms(1_500)).unwrap().into_state();
        assert!(off.clone().cancel(Actor::System, Timestamp::from_ms(1_600)).is_err());
        assert!(off.change(shift(), Actor::System, Timestamp::from_ms(1_600)).is_err());
    }
}
