//! Devices, commands and outcomes. Pure.

use linli_kernel::{AccountId, Actor, Change, DeviceId, NewEvent, Stream, StreamKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long a phone may use our half of its key without asking again. Unit: ms; reference 4.5, class I: 72 h.
pub const LEASE_MS: i64 = 72 * 3_600_000;
/// How long a command waits for those before it. Unit: ms.
pub const HOLD_MS: i64 = 5 * 24 * 3_600_000;
/// Most commands of one push.
pub const MOST_COMMANDS: usize = 50;

/// 设备: one phone for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which.
    pub id: DeviceId,
    /// Whose.
    pub account: AccountId,
    /// As its owner calls it.
    pub name: String,
    /// Our half of the key of what lies on it, sealed.
    pub share_sealed: Vec<u8>,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// Its last sign of life.
    pub last_seen_at: Option<Timestamp>,
    /// Until when it may use our half.
    pub lease_until: Option<Timestamp>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
    /// The number of the command whose turn it is.
    pub next_seq: i64,
    /// Pulls that changed what it holds.
    pub n_pulls: i64,
    /// Its version; 0 before it is there.
    pub version: i64,
}

impl Device {
    /// The change that enrols it.
    pub fn enrol(self, actor: Actor) -> Change<Self> {
        let at = self.enrolled_at;
        self.change("device_enrolled", actor, at)
    }

    /// The change that takes it away; `None` when that was done before.
    #[must_use]
    pub fn revoke(mut self, actor: Actor, at: Timestamp) -> Option<Change<Self>> {
        if self.revoked_at.is_some() {
            return None;
        }
        self.revoked_at = Some(at);
        self.lease_until = None;
        Some(self.change("device_revoked", actor, at))
    }

    fn change(self, kind: &'static str, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Device, self.id.to_string()),
            kind,
            at,
            actor,
            payload: json!({ "account": self.account }),
            text: None,
            area: None,
            unit: None,
        };
        Change::new(self, event)
    }
}

/// What somebody did on a phone, as the phone sends it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"op_id": "019a5f0e-7c3a-7000-8000-0000000000a1", "device_id": "019a5f0e-7c3a-7000-8000-000000000009", "device_seq": 7, "type": "case.act", "entity_id": "019a5f0e-7c3a-7000-8000-000000000001", "base_version": 3, "captured_at": "2026-09-28T01:20:00.000Z", "payload": {"action": "take"}, "attachments": []}))]
pub struct SyncCommand {
    /// Its id, made on the phone (UUIDv7): sent again with it, it is done once.
    pub op_id: Uuid,
    /// The phone.
    pub device_id: DeviceId,
    /// Its number on that phone, from 1 and without gaps.
    pub device_seq: u32,
    /// What it is: `case.report`, `case.act`, `visit.record`, `visit.finding`, `registry.enter`, `registry.change`, `registry.confirm`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is about: our id, or the id that the phone gave to what an earlier command of it makes.
    #[serde(default)]
    pub entity_id: Option<Uuid>,
    /// The version that its owner saw.
    #[serde(default)]
    pub base_version: Option<u32>,
    /// When it was done, by the phone's clock: shown, never ordered by.
    pub captured_at: Timestamp,
    /// As its type says.
    #[serde(default)]
    pub payload: Value,
    /// SHA-256 of the photos that go with it, as they will be sent, or were. In the payload a photo is named by the same digest.
    #[serde(default)]
    pub attachments: Vec<String>,
}

impl SyncCommand {
    /// What tells it from another command with the same id.
    #[must_use]
    pub fn digest(&self) -> String {
        // A value has one text: its objects are ordered by their keys.
        let text = serde_json::to_value(self).map(|value| value.to_string()).unwrap_or_default();
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

/// Something that a command made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SyncEntity)]
pub struct Entity {
    /// `case`, `visit`, or the kind of a record of the registry.
    pub kind: String,
    /// Our id of it.
    pub id: String,
    /// The code by which a resident follows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// The version that it has now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<u32>,
    /// The case that a finding became.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub case_id: Option<String>,
}

/// What became of a command. All but `held` are final.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = SyncOutcome)]
pub enum Outcome {
    /// It was done.
    Applied(Done),
    /// It was put together with what another did to the same thing, field by field.
    Merged(Done),
    /// It was done beside what others did meanwhile, which it does not touch.
    Parallel(Done),
    /// Two changed the same: a person decides.
    Conflict(Done),
    /// It was not done.
    Rejected {
        /// Why, as any route would say it.
        problem: Value,
        /// How what it was about stands now and what is offered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        current: Option<Value>,
        /// It was done after five days without those before it.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        out_of_order: bool,
    },
    /// It waits for those before it, and is kept here meanwhile.
    Held {
        /// The number of the one whose turn it is.
        missing_seq: i64,
    },
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SyncDone)]
pub struct Done {
    /// What it made or changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entity: Option<Entity>,
    /// Photos that were not here yet and so do not go with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing_attachments: Vec<String>,
    /// The fields of a record that met another value and wait for a person.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub kept: Vec<String>,
    /// It was done after five days without those before it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub out_of_order: bool,
}

/// Whose turn a command is, given the number whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Its own.
    Now,
    /// It comes after others that are not here yet.
    Early,
    /// Its turn went by.
    Late,
}

impl Turn {
    /// Of number `seq` when it is `next`'s turn.
    #[must_use]
    pub const fn of(seq: i64, next: i64) -> Self {
        if seq == next {
            Self::Now
        } else if seq > next {
            Self::Early
        } else {
            Self::Late
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Device {
        Device {
            id: DeviceId::new(Uuid::nil()),
            account: AccountId::new(Uuid::nil()),
            name: "手机".to_owned(),
            share_sealed: Vec::new(),
            enrolled_at: Timestamp::from_ms(1),
            last_seen_at: None,
            lease_until: Some(Timestamp::from_ms(9)),
            revoked_at: None,
            next_seq: 1,
            n_pulls: 0,
            version: 1,
        }
    }

    #[test]
    fn a_revoked_device_has_no_lease_and_is_revoked_once() {
        let revoked = device().revoke(Actor::System, Timestamp::from_ms(5)).unwrap().into_state();
        assert_eq!((revoked.revoked_at, revoked.lease_until), (Some(Timestamp::from_ms(5)), None));
        assert!(revoked.revoke(Actor::System, Timestamp::from_ms(6)).is_none());
    }

    #[test]
    fn a_command_is_known_by_all_that_it_says() {
        let command: SyncCommand = serde_json::from_value(json!({
            "op_id": Uuid::nil(), "device_id": Uuid::nil(), "device_seq": 1, "type": "case.act",
            "captured_at": "2026-09-28T01:20:00Z", "payload": { "b": 1, "a": 2 },
        }))
        .unwrap();
        let same = SyncCommand { payload: json!({ "a": 2, "b": 1 }), ..command.clone() };
        let other = SyncCommand { payload: json!({ "a": 3, "b": 1 }), ..command.clone() };
        assert_eq!(command.digest(), same.digest());
        assert_ne!(command.digest(), other.digest());
    }

    #[test]
    fn a_turn_comes_once() {
        assert_eq!([1, 2, 3].map(|seq| Turn::of(seq, 2)), [Turn::Late, Turn::Now, Turn::Early]);
    }

    #[test]
    fn an_outcome_says_only_what_there_is_to_say() {
        let text = serde_json::to_string(&Outcome::Applied(Done::default())).unwrap();
        assert_eq!(text, r#"{"status":"applied"}"#);
        let held: Outcome = serde_json::from_str(r#"{"status":"held","missing_seq":3}"#).unwrap();
        assert_eq!(held, Outcome::Held { missing_seq: 3 });
    }
}
