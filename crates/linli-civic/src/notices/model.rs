//! What a notice is, and how it went. Pure.

use linli_kernel::{AccountId, CaseId, Timestamp};
use linli_playbook::{NoticeWay, Quiet};
use serde::{Deserialize, Serialize};

/// Beijing time; no summer time since 1991. Unit: milliseconds.
const BEIJING_MS: i64 = 8 * 3_600_000;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// Somebody of the staff.
    Staff(AccountId),
    /// The resident of the case.
    Reporter,
    /// A group, by the partner that is its robot.
    Group(String),
}

impl Recipient {
    /// The word in the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Staff(_) => "staff",
            Self::Reporter => "reporter",
            Self::Group(_) => "group",
        }
    }

    /// What keeps two recipients apart in a dedup key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Staff(account) => account.to_string(),
            Self::Reporter => "reporter".to_owned(),
            Self::Group(partner) => format!("group {partner}"),
        }
    }
}

/// 结果: how one way went, or why it was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WayOutcome {
    /// Shown by the bell.
    Shown,
    /// Put into the outbox; its delivery says whether it arrived.
    Queued,
    /// Put into the outbox, to leave when the quiet hours end.
    Held,
    /// Collected, to be sent with others once a day.
    Collected,
    /// They switched this way off, or did not say yes.
    OptedOut,
    /// They have no such address.
    NoAddress,
    /// This instance has no partner for this way here.
    NoPartner,
}

impl WayOutcome {
    /// The word in the translation files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Collected => "collected",
            Self::OptedOut => "opted_out",
            Self::NoAddress => "no_address",
            Self::NoPartner => "no_partner",
        }
    }

    /// Whether somebody hears of it by this way.
    #[must_use]
    pub const fn reaches(self) -> bool {
        matches!(self, Self::Shown | Self::Queued | Self::Held | Self::Collected)
    }
}

/// One way that was taken or tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayTaken {
    /// Which.
    pub way: NoticeWay,
    /// How it went.
    pub outcome: WayOutcome,
    /// Until when it is held or collected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whereto, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
}

impl WayTaken {
    /// A way that went so.
    #[must_use]
    pub const fn new(way: NoticeWay, outcome: WayOutcome) -> Self {
        Self { way, outcome, until: None, masked: None }
    }
}

/// 通知: what one recipient is told.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What it is about.
    pub case: Option<CaseId>,
    /// The rule's id.
    pub rule: String,
    /// What happened.
    pub event: String,
    /// Who is told.
    pub to: Recipient,
    /// The first line.
    pub title: String,
    /// What is said.
    pub said: String,
    /// A second notice with the same key is not made.
    pub dedup: String,
}

/// The minute of the day in Beijing.
#[must_use]
pub fn minute_of(at: Timestamp) -> u32 {
    let minute = (at.ms() + BEIJING_MS).rem_euclid(DAY_MS) / MINUTE_MS;
    u32::try_from(minute).unwrap_or_default()
}

/// Until when somebody is to be left in peace; `None` when they may be told now.
#[must_use]
pub fn quiet_until(quiet: Option<Quiet>, at: Timestamp) -> Option<Timestamp> {
    let left = quiet?.left_at(minute_of(at));
    let whole = at.ms() - at.ms().rem_euclid(MINUTE_MS);
    (left > 0).then(|| Timestamp::from_ms(whole + i64::from(left) * MINUTE_MS))
}

/// The next time that it is `minute` of the day in Beijing.
#[must_use]
pub fn next_at(minute: u32, at: Timestamp) -> Timestamp {
    let day_start = at.ms() + BEIJING_MS - (at.ms() + BEIJING_MS).rem_euclid(DAY_MS) - BEIJING_MS;
    let today = day_start + i64::from(minute) * MINUTE_MS;
    Timestamp::from_ms(if today > at.ms() { today } else { today + DAY_MS })
}

/// An e-mail address, masked: `l***@example.org`.
#[must_use]
pub fn masked_email(address: &str) -> String {
    let (name, host) = address.split_once('@').unwrap_or((address, ""));
    format!("{}***@{host}", name.chars().next().map(String::from).unwrap_or_default())
}

/// Whether a text is an e-mail address as far as can be told without writing to it.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | ',' | ';' | '@');
    text.len() <= 200
        && text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && name.chars().all(fine)
                && host.contains('.')
                && !host.starts_with('.')
                && host.chars().all(fine)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_night_ends_in_the_morning_of_beijing() {
        let night = Some(Quiet { from_minute: 22 * 60, to_minute: 7 * 60 });
        let morning = at("2026-09-29T07:00:00+08:00");
        assert_eq!(quiet_until(night, at("2026-09-28T23:30:20+08:00")), Some(morning));
        assert_eq!(quiet_until(night, at("2026-09-29T06:59:59+08:00")), Some(morning));
        assert_eq!(quiet_until(night, morning), None);
        assert_eq!(quiet_until(None, at("2026-09-28T23:30:00+08:00")), None);
    }

    #[test]
    fn the_next_digest_is_today_or_tomorrow() {
        assert_eq!(next_at(510, at("2026-09-28T08:00:00+08:00")), at("2026-09-28T08:30:00+08:00"));
        assert_eq!(next_at(510, at("2026-09-28T08:30:00+08:00")), at("2026-09-29T08:30:00+08:00"));
        assert_eq!(next_at(510, at("2026-09-28T03:00:00+08:00")), at("2026-09-28T08:30:00+08:00"));
    }

    #[test]
    fn an_address_is_masked() {
        assert_eq!(masked_email("limei@example.org"), "l***@example.org");
        for bad in ["", "a", "a@b", "a b@c.d", "@c.d", "a@.d", "a@b.c\r\nbcc:x@y.z", "<a@b.c>"] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(is_email("li.mei+1@example.org.cn"));
    }
}
