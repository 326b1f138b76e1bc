//! What a delivery is, and when it is tried again.

use serde_json::Value;

use linli_kernel::{CaseId, DeliveryId, Timestamp};

/// After so many attempts a delivery is a dead letter: about three days after the first one.
pub const MOST_ATTEMPTS: i64 = 20;
/// The first pause; each is twice the one before.
const FIRST_PAUSE_MS: i64 = 60_000;
/// The longest pause of one delivery.
const LONGEST_PAUSE_MS: i64 = 6 * 3_600_000;
/// The longest pause of a target: one that came back is found within this time.
const LONGEST_TARGET_PAUSE_MS: i64 = 10 * 60_000;

/// Something to be sent.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// The channel's name.
    pub channel: &'static str,
    /// The partner's id, with `@` and a host behind it where one partner has many receivers: one circuit and one pace each.
    pub target: String,
    /// The case that it is about.
    pub case: Option<CaseId>,
    /// What and why, for the log; nothing personal.
    pub about: String,
    /// Ids and texts that sending needs; nothing personal.
    pub payload: Value,
    /// Not before this moment (quiet hours).
    pub not_before: Option<Timestamp>,
    /// A second delivery with the same key is not made.
    pub dedup: Option<String>,
}

/// Something on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which; receivers are told it, to recognise a second copy.
    pub id: DeliveryId,
    /// The channel's name.
    pub channel: String,
    /// Whereto.
    pub target: String,
    /// The case that it is about.
    pub case: Option<CaseId>,
    /// What and why.
    pub about: String,
    /// As it was put in.
    pub payload: Value,
    /// Which attempt this is, from 1.
    pub n_attempts: i64,
    /// When it was put in.
    pub created_at: Timestamp,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived.
    Sent {
        /// What the receiver calls it.
        receipt: Option<String>,
    },
    /// It did not arrive and may later.
    Retry {
        /// Why; nothing personal.
        why: String,
        /// The receiver's own word on when.
        after_ms: Option<i64>,
    },
    /// It will never arrive: a dead letter at once.
    Refused {
        /// Why; nothing personal.
        why: String,
    },
}

/// 状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// 待发送
    Waiting,
    /// 已送达
    Sent,
    /// 未能送达
    Dead,
    /// 已放弃
    Withdrawn,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Waiting, Self::Sent, Self::Dead, Self::Withdrawn];

    /// The word in the database and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A word that is no state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery is waiting, sent, dead or withdrawn")]
pub struct NoSuchState;

impl std::str::FromStr for DeliveryState {
    type Err = NoSuchState;
    fn from_str(word: &str) -> Result<Self, NoSuchState> {
        Self::ALL.iter().copied().find(|state| state.as_str() == word).ok_or(NoSuchState)
    }
}

/// The partner of a target: what stands before the `@`.
#[must_use]
pub fn partner_of(target: &str) -> &str {
    target.split_once('@').map_or(target, |(partner, _)| partner)
}

/// How long a delivery rests after its `n`th attempt failed: 1 min, 2, 4 … 6 h, up to a fifth more by its id, so that what
/// failed together does not come back together.
#[must_use]
pub fn pause_ms(n: i64, id: DeliveryId) -> i64 {
    spread(doubled(n).min(LONGEST_PAUSE_MS), id)
}

/// How long a target rests after `n` failures in a row, the last one of `id`. As long as the delivery that failed, so that this
/// one is tried first again, but never so long that a target which came back stays unnoticed.
#[must_use]
pub fn target_pause_ms(n: i64, id: DeliveryId) -> i64 {
    spread(doubled(n).min(LONGEST_TARGET_PAUSE_MS), id)
}

fn spread(pause_ms: i64, id: DeliveryId) -> i64 {
    let share = i64::from(id.uuid().as_bytes().last().copied().unwrap_or_default());
    pause_ms + pause_ms / 5 * share / 255
}

fn doubled(n: i64) -> i64 {
    let doublings = u32::try_from(n.clamp(1, 16) - 1).unwrap_or(15);
    FIRST_PAUSE_MS << doublings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_six_hours_and_last_three_days_in_all() {
        let id = DeliveryId::new(Default::default());
        let pauses: Vec<i64> = (1..MOST_ATTEMPTS).map(|n| pause_ms(n, id) / 60_000).collect();
        assert_eq!(pauses.get(..10).unwrap(), [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
        let days = pauses.iter().sum::<i64>() / 60 / 24;
        assert!((2..=3).contains(&days), "{days}");
    }

    #[test]
    fn a_target_rests_no_longer_than_ten_minutes() {
        let id = DeliveryId::new(Default::default());
        assert_eq!((target_pause_ms(1, id), target_pause_ms(9, id)), (pause_ms(1, id), 600_000));
    }

    #[test]
    fn the_partner_stands_before_the_host() {
        assert_eq!((partner_of("push@fcm.googleapis.com"), partner_of("hotline")), ("push", "hotline"));
    }
}
