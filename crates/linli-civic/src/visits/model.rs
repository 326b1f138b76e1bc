//! A record of a visit. Pure.

use linli_access::{Act, Caller, Keys, scope};
use linli_kernel::{
    AccountId, Actor, AreaCode, CaseId, Change, NewEvent, RecordId, Stream, StreamKind, Timestamp, VisitId, VisitKind,
    VisitResult,
};
use serde_json::json;

use crate::areas::Point;

/// 走访记录
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// Which.
    pub id: VisitId,
    /// What kind of visit it was.
    pub kind: VisitKind,
    /// Where: the grid, or what was known of it.
    pub area: AreaCode,
    /// The printed code that was scanned.
    pub place_code: Option<String>,
    /// Where, in words.
    pub place_text: String,
    /// Whether somebody was met there; `None` where nobody was to be met.
    pub met: Option<bool>,
    /// Where, to about 100 m; only when it was tapped.
    pub point: Option<Point>,
    /// Which dwelling or premises of the registry it was to.
    pub record: Option<RecordId>,
    /// What was written down.
    pub note: Option<String>,
    /// Codes of the units that went along.
    pub companions: Vec<String>,
    /// Who was there.
    pub account: AccountId,
    /// What the finding became; `None` when nothing was wrong.
    pub case: Option<CaseId>,
    /// Photos that were taken.
    pub n_photos: u32,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
}

impl Visit {
    /// Whether something was wrong.
    #[must_use]
    pub const fn result(&self) -> VisitResult {
        if self.case.is_some() { VisitResult::Finding } else { VisitResult::Clear }
    }

    /// The keys by which it can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area)
    }

    /// Whether `caller` may read it.
    #[must_use]
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        scope(caller, Act::ViewVisits).reaches(&self.keys()).is_some()
    }

    /// The change that writes a visit of the past down, as a ledger tells of it: not as work of the day on which it came here.
    pub fn bring(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Visit, self.id.to_string()),
            kind: "visit_brought",
            at,
            actor,
            payload: json!({ "kind": self.kind, "captured_at": self.captured_at }),
            text: self.note.clone(),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }

    /// The change that takes back what a ledger brought, or somebody wrote down, by mistake. The chain says that it was there, and nothing of what it said.
    pub fn withdraw(self, actor: Actor, at: Timestamp) -> Change<Withdrawn> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Visit, self.id.to_string()),
            kind: "visit_withdrawn",
            at,
            actor,
            payload: json!({}),
            text: None,
            area: Some(self.area),
            unit: None,
        };
        Change::new(Withdrawn(self.id), event)
    }

    /// The change that writes it down.
    pub fn record(self, actor: Actor) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Visit, self.id.to_string()),
            kind: "visit_recorded",
            at: self.received_at,
            actor,
            payload: json!({ "kind": self.kind, "result": self.result(), "place": self.place_code, "companions": self.companions, "case": self.case, "photos": self.n_photos, "captured_at": self.captured_at }),
            text: self.note.clone(),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

/// A visit that was taken back.
#[derive(Clone, Copy, Debug)]
pub struct Withdrawn(pub VisitId);

/// A point to three decimals, about 100 m: enough to find the street again, too little to find the door.
#[must_use]
pub fn coarse(point: Point) -> Point {
    let round = |degrees: f64| (degrees * 1_000.0).round() / 1_000.0;
    Point::new(round(point.lon), round(point.lat))
}

/// How long a phone may be without a network before its clock is no longer believed. Unit: ms.
pub const BELIEVED_MS: i64 = 5 * 24 * 3_600_000;

/// The moment at which a record counts: that of its writer's clock, as far as it can be believed.
#[must_use]
pub fn worked_at(captured_at: Timestamp, received_at: Timestamp) -> Timestamp {
    let late_ms = received_at.since(captured_at);
    if (0..=BELIEVED_MS).contains(&late_ms) { captured_at } else { received_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_far_off_is_not_believed() {
        let (received, hour) = (Timestamp::from_ms(1_790_000_000_000), 3_600_000);
        let before = |hours: i64| received.plus_ms(-hours * hour);
        assert_eq!(worked_at(before(14), received), before(14));
        assert_eq!(worked_at(before(-34), received), received);
        assert_eq!(worked_at(before(19 * 24), received), received);
    }

    #[test]
    fn a_point_of_a_visit_finds_the_street_and_not_the_door() {
        let point = coarse(Point::new(109.502_345_6, 34.499_987_6));
        assert_eq!((point.lon.to_string(), point.lat.to_string()), ("109.502".to_owned(), "34.5".to_owned()));
    }

    #[test]
    fn a_record_tells_of_itself_without_its_words() {
        let visit = Visit {
            id: VisitId::new(Default::default()),
            kind: VisitKind::Patrol,
            area: "610502005007001".parse().unwrap(),
            place_code: None,
            place_text: "3号楼".to_owned(),
            met: None,
            point: None,
            record: None,
            note: Some("楼道整洁".to_owned()),
            companions: Vec::new(),
            account: AccountId::new(Default::default()),
            case: None,
            n_photos: 0,
            captured_at: Timestamp::from_ms(1),
            received_at: Timestamp::from_ms(2),
        };
        let change = visit.record(Actor::System);
        let event = change.events().first().unwrap();
        assert_eq!(
            (event.kind, event.at, event.text.as_deref()),
            ("visit_recorded", Timestamp::from_ms(2), Some("楼道整洁"))
        );
        assert!(!event.payload.to_string().contains("楼道") && !event.payload.to_string().contains("3号楼"));
        assert_eq!(change.state().result(), VisitResult::Clear);
    }
}
