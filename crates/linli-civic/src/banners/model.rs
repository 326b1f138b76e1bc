//! A banner. Pure.

use linli_kernel::{Actor, AreaCode, Change, NewEvent, Stream, StreamKind, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// 轻重 of a banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BannerSeverity)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Something is out of order.
    Warn,
    /// Danger.
    Urgent,
}

impl Severity {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Urgent => "urgent",
        }
    }
}

/// A face that shows banners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BannerFace)]
pub enum Face {
    /// 居民端
    Home,
    /// 网格员端
    Field,
    /// 工作台
    Desk,
}

/// 公告横幅
#[derive(Clone, Debug)]
pub struct Banner {
    /// Which.
    pub id: String,
    /// For whom: the area and everything below it.
    pub area: AreaCode,
    /// How loud.
    pub severity: Severity,
    /// What it says.
    pub said: String,
    /// Where more is written.
    pub link: Option<String>,
    /// Which faces show it.
    pub faces: Vec<Face>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when; `None` until it is taken down.
    pub ends_at: Option<Timestamp>,
    /// Its version; 0 before it is there.
    pub version: i64,
}

impl Banner {
    /// Whether it is shown at `now`.
    #[must_use]
    pub fn is_up(&self, now: Timestamp) -> bool {
        self.starts_at <= now && self.ends_at.is_none_or(|end| end > now)
    }

    /// Whether pages of `area` show it.
    #[must_use]
    pub fn is_for(&self, area: &AreaCode) -> bool {
        self.area.contains(area)
    }

    /// The change that puts it up, or up anew.
    pub fn put_up(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let kind = if self.version == 0 { "banner_put_up" } else { "banner_changed" };
        self.change(kind, actor, at)
    }

    /// The change that takes it down.
    pub fn take_down(mut self, actor: Actor, at: Timestamp) -> Change<Self> {
        self.ends_at = Some(at);
        self.change("banner_taken_down", actor, at)
    }

    fn change(self, kind: &'static str, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Banner, self.id.clone()),
            kind,
            at,
            actor,
            payload: json!({ "area_code": self.area, "severity": self.severity, "faces": self.faces, "starts_at": self.starts_at, "ends_at": self.ends_at }),
            text: Some(self.said.clone()),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_is_up_from_its_start_until_its_end_for_what_lies_below() {
        let at = Timestamp::from_ms;
        let banner = Banner {
            id: "1".to_owned(),
            area: "610502005000".parse().unwrap(),
            severity: Severity::Warn,
            said: "停水".to_owned(),
            link: None,
            faces: vec![Face::Home],
            starts_at: at(10),
            ends_at: Some(at(20)),
            version: 1,
        };
        assert_eq!([9, 10, 19, 20].map(|ms| banner.is_up(at(ms))), [false, true, true, false]);
        assert!(banner.is_for(&"610502005007001".parse().unwrap()));
        assert!(!banner.is_for(&"610502000000".parse().unwrap()));
    }
}
