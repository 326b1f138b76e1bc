//! 通知规则: who is told what, by which way, when something happened.

use std::collections::BTreeMap;

use linli_kernel::{Action, Role, TaskAction};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vocabulary::vocabulary;

/// 通知: the rules of a playbook, and when people are left in peace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notices {
    /// When people are left in peace; what is urgent comes through. Nobody is left in peace without it.
    pub quiet: Option<Quiet>,
    /// When collected news is sent, in minutes after midnight, Beijing time.
    pub digest_minute: u32,
    /// The rules.
    pub rules: Vec<NoticeRule>,
}

/// 免打扰: a span of the day that may go over midnight. Minutes after midnight, Beijing time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quiet {
    /// When it begins.
    pub from_minute: u32,
    /// When it ends.
    pub to_minute: u32,
}

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;

impl Quiet {
    /// How many minutes of peace are left at `minute` of the day; 0 outside of it.
    #[must_use]
    pub fn left_at(&self, minute: u32) -> u32 {
        let length = (self.to_minute + DAY_MINUTES - self.from_minute) % DAY_MINUTES;
        let passed = (minute + DAY_MINUTES - self.from_minute) % DAY_MINUTES;
        length.saturating_sub(passed)
    }
}

/// 通知规则
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeRule {
    /// Unique; the log names it.
    pub id: String,
    /// Events that it is about.
    pub on: Vec<String>,
    /// Words of the event that must be so: `weight` is one of these, `deadline` one of those.
    pub when: BTreeMap<String, Vec<String>>,
    /// Who is told.
    pub to: Vec<NoticeTo>,
    /// Only those in one of these roles; all without any.
    pub roles: Vec<Role>,
    /// By which ways, the most wanted first: the first by which somebody can be reached is taken. `in_app` costs nobody's
    /// peace and is always taken too.
    pub ways: Vec<NoticeWay>,
    /// The first line, with placeholders.
    pub title: String,
    /// What is said, with placeholders.
    pub text: String,
    /// Whether it breaks the peace of the night.
    pub urgent: bool,
    /// Whether it is collected and sent once a day.
    pub digest: bool,
}

vocabulary! {
    /// 通知对象
    NoticeTo {
        /// The resident, where they said how they want to be told.
        Reporter = "reporter",
        /// Whoever has it in hand.
        Handler = "handler",
        /// The people of the seat that answers.
        Seat = "seat",
        /// The people one level above the seat.
        Above = "above",
        /// The people of the grid where it is.
        Place = "place",
        /// The people of the unit that a task was given to.
        Task = "task",
    }
}

vocabulary! {
    /// 通知方式
    NoticeWay {
        /// Shown by the bell of desk and field.
        InApp = "in_app",
        /// The browser's own notifications.
        WebPush = "web_push",
        /// A text message.
        Sms = "sms",
        /// An e-mail.
        Email = "email",
        /// The group robot of the seat.
        Robot = "robot",
    }
}

/// Every event of a case: what may be done with it or with the work beside it, and what linli tells by itself.
pub(crate) fn events() -> Vec<&'static str> {
    let by_itself = ["deadline_breached", "task_called", "moved_to_version"];
    let on_tasks = TaskAction::ALL.iter().map(|verb| verb.event());
    Action::ALL.iter().map(|verb| verb.event()).chain(on_tasks).chain(by_itself).collect()
}

/// Words of an event that a condition may name.
pub(crate) const CONDITIONS: &[&str] = &["category", "deadline", "from", "level", "to", "weight"];
/// What a text may be filled with.
pub(crate) const PLACEHOLDERS: &[&str] =
    &["area", "category", "city_phone", "code", "deadline", "due", "paper_no", "seat", "stage", "url", "weight"];
/// What the page of a case shows to whoever holds its code: the only things that a resident is told by the way.
pub(crate) const PUBLIC_PLACEHOLDERS: &[&str] = &["category", "city_phone", "code", "due", "stage", "url"];

/// The names in braces of a text.
pub(crate) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// `07:30` as minutes after midnight.
pub(crate) fn minute(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_goes_over_midnight() {
        let night = Quiet { from_minute: 22 * 60, to_minute: 7 * 60 };
        assert_eq!(night.left_at(22 * 60), 9 * 60);
        assert_eq!(night.left_at(23 * 60), 8 * 60);
        assert_eq!(night.left_at(6 * 60 + 59), 1);
        assert_eq!((night.left_at(7 * 60), night.left_at(12 * 60)), (0, 0));
        let noon = Quiet { from_minute: 12 * 60, to_minute: 14 * 60 };
        assert_eq!((noon.left_at(13 * 60), noon.left_at(11 * 60), noon.left_at(14 * 60)), (60, 0, 0));
    }
}
