//! 对接约定: how another Open311 server is spoken to. No two servers are alike; what differs is said here, one table for each.

use std::collections::BTreeMap;

use linli_kernel::Timestamp;
use serde::Deserialize;

use super::super::date;
use super::super::node::Format;

/// The table `[open311]` of a partner of kind `open311_server`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ServerTerms {
    /// The endpoint, with or without a slash at its end.
    pub url: String,
    /// Which format is asked for. Answers are read whatever their wrapping.
    #[serde(default)]
    pub format: WireFormat,
    /// The `jurisdiction_id`, where the server wants one.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// Paths end with a slash (`requests.json/`).
    #[serde(default)]
    pub trailing_slash: bool,
    /// How several answers to one question are written.
    #[serde(default)]
    pub attribute_style: AttributeStyle,
    /// How moments are written.
    #[serde(default)]
    pub date_style: DateStyle,
    /// What stands in `service_code`.
    #[serde(default)]
    pub service_code: CodeStyle,
    /// How we hear what became of a request.
    #[serde(default)]
    pub poll: PollMode,
    /// How often we ask. Unit: seconds.
    #[serde(default = "usual_poll_s")]
    pub poll_every_s: u32,
    /// How many ids fit into one question.
    #[serde(default = "usual_ids")]
    pub ids_at_once: u32,
    /// The server knows `POST requests`.
    #[serde(default = "yes")]
    pub takes_requests: bool,
    /// The server knows `POST servicerequestupdates`.
    #[serde(default = "yes")]
    pub takes_updates: bool,
    /// The server knows `services/CODE`.
    #[serde(default = "yes")]
    pub has_definitions: bool,
    /// Our category, their service. A category that is not here cannot be sent.
    #[serde(default)]
    pub services: BTreeMap<String, String>,
    /// Categories that are sent by themselves, as soon as a case has one, within the partner's areas. The rest is sent by hand.
    #[serde(default)]
    pub auto: Vec<String>,
    /// Their word of a status, the word of ours that it means.
    #[serde(default)]
    pub status: BTreeMap<String, String>,
    /// Answers to their questions that are always the same.
    #[serde(default)]
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Whether the reporter's name and phone go with a request. Off unless an agreement says that they may.
    #[serde(default)]
    pub send_contact: bool,
}

const fn yes() -> bool {
    true
}

const fn usual_poll_s() -> u32 {
    300
}

const fn usual_ids() -> u32 {
    100
}

/// Which ending paths have.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum WireFormat {
    /// `.xml`, which every server speaks.
    #[default]
    Xml,
    /// `.json`
    Json,
}

impl WireFormat {
    /// The ending of a path.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }
}

impl From<WireFormat> for Format {
    fn from(format: WireFormat) -> Self {
        match format {
            WireFormat::Xml => Self::Xml,
            WireFormat::Json => Self::Json,
        }
    }
}

/// How several answers to one question are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AttributeStyle {
    /// `attribute[CODE][]=a`, as the specification says.
    #[default]
    Brackets,
    /// `attribute[CODE]=a`, repeated.
    Repeated,
}

/// How moments are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// `2026-09-28T01:00:00Z`
    #[default]
    Utc,
    /// `2026-09-28T09:00:00+08:00`
    Offset,
    /// `2026-09-28 09:00:00`: servers that hand it to their database as it is.
    Sql,
}

impl DateStyle {
    /// A moment in this style.
    #[must_use]
    pub fn say(self, at: Timestamp) -> String {
        const BEIJING_MS: i64 = 8 * 3_600_000;
        let local = || date::said(at.plus_ms(BEIJING_MS)).trim_end_matches('Z').to_owned();
        match self {
            Self::Utc => date::said(at),
            Self::Offset => format!("{}+08:00", local()),
            Self::Sql => local().replace('T', " "),
        }
    }
}

/// What stands in `service_code`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum CodeStyle {
    /// The code.
    #[default]
    Code,
    /// The category's name.
    Name,
}

/// How we hear what became of a request.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum PollMode {
    /// By `servicerequestupdates`.
    #[default]
    Updates,
    /// By `requests` with the ids of what we sent.
    Requests,
    /// By both.
    Both,
    /// Not at all: it calls us.
    None,
}

impl PollMode {
    /// Whether updates are asked for.
    #[must_use]
    pub const fn updates(self) -> bool {
        matches!(self, Self::Updates | Self::Both)
    }

    /// Whether requests are asked for.
    #[must_use]
    pub const fn requests(self) -> bool {
        matches!(self, Self::Requests | Self::Both)
    }
}

impl ServerTerms {
    /// The address of a resource: `requests`, `services/001`.
    #[must_use]
    pub fn address(&self, resource: &str) -> String {
        let escaped: Vec<String> = resource.split('/').map(escape).collect();
        let slash = if self.trailing_slash { "/" } else { "" };
        format!("{}/{}.{}{slash}", self.url.trim_end_matches('/'), escaped.join("/"), self.format.ending())
    }

    /// What their word of a status means, in the words of the extension.
    #[must_use]
    pub fn status_meant(&self, word: &str) -> String {
        let plain = word.trim().to_lowercase().replace([' ', '-'], "_");
        self.status.get(word.trim()).or_else(|| self.status.get(&plain)).cloned().unwrap_or(plain)
    }
}

/// A part of a path, percent-encoded: names of categories have spaces and Chinese in them.
fn escape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> ServerTerms {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn an_address_has_one_slash_and_its_parts_are_escaped() {
        let plain = terms("url = \"https://a.example/open311/v2/\"");
        assert_eq!(plain.address("requests"), "https://a.example/open311/v2/requests.xml");
        let odd = terms("url = \"https://a.example\"\nformat = \"json\"\ntrailing_slash = true");
        assert_eq!(odd.address("services/路灯 A"), "https://a.example/services/%E8%B7%AF%E7%81%AF%20A.json/");
    }

    #[test]
    fn moments_are_written_as_the_partner_reads_them() {
        let at: Timestamp = "2026-09-28T09:00:00.5+08:00".parse().unwrap();
        assert_eq!(DateStyle::Utc.say(at), "2026-09-28T01:00:00Z");
        assert_eq!(DateStyle::Offset.say(at), "2026-09-28T09:00:00+08:00");
        assert_eq!(DateStyle::Sql.say(at), "2026-09-28 09:00:00");
    }

    #[test]
    fn their_words_are_read_by_the_partners_table() {
        let terms = terms("url = \"https://a.example\"\n[status]\n\"已派工\" = \"in_progress\"");
        assert_eq!(terms.status_meant("已派工"), "in_progress");
        assert_eq!(terms.status_meant("Fixed - Council"), "fixed___council");
        assert_eq!(terms.status_meant("CLOSED"), "closed");
    }

    #[test]
    fn an_unknown_key_is_a_mistake() {
        assert!(toml::from_str::<ServerTerms>("url = \"https://a.example\"\npolls = \"none\"").is_err());
    }
}
