//! 外部系统: the systems that linli exchanges with, one TOML file each in `DATA/partners`.
//!
//! Rules
//! - A file says who the partner is, whose cases it may see, and where its secret lies. The secret itself stands in a file of its
//!   own or in the environment, never in the partner's file and never in the database.
//! - Strict like a playbook: an unknown key is an error with its line, and a server whose partners cannot be read does not start.
//! - The table named after the kind belongs to the slice that speaks with such partners; that slice parses it ([`Partner::parse`]).
//! - What goes to a partner goes through `delivery`, under the partner's id.
//!
//! What it deliberately does not do: no partner is made, changed or switched off over the network. Whoever may write the
//! folder decides whom the house talks to.

mod load;
mod secret;

use std::path::PathBuf;

use linli_kernel::AreaCode;

pub use secret::Secret;

/// 外部系统类型: what a partner is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerKind {
    /// Calls our Open311 server.
    Open311Client,
    /// An Open311 server that we call.
    Open311Server,
    /// A 12345 hotline.
    Hotline,
    /// Hears of our cases by web hook.
    Webhook,
    /// A mail server.
    Smtp,
    /// A gateway for text messages.
    Sms,
    /// A group robot of 企业微信 or 钉钉.
    Robot,
    /// The keys of Web Push.
    WebPush,
}

impl PartnerKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Open311Client,
        Self::Open311Server,
        Self::Hotline,
        Self::Webhook,
        Self::Smtp,
        Self::Sms,
        Self::Robot,
        Self::WebPush,
    ];

    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open311Client => "open311_client",
            Self::Open311Server => "open311_server",
            Self::Hotline => "hotline",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
            Self::Sms => "sms",
            Self::Robot => "robot",
            Self::WebPush => "web_push",
        }
    }

    /// The name of the table that the partner's slice parses.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Open311Client | Self::Open311Server => "open311",
            Self::Hotline => "hotline",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
            Self::Sms => "sms",
            Self::Robot => "robot",
            Self::WebPush => "web_push",
        }
    }
}

impl std::fmt::Display for PartnerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is sent in a second to a partner that says nothing else, so that one that was down is not flooded.
pub const USUAL_RATE: u32 = 5;

/// 外部系统
#[derive(Clone, Debug)]
pub struct Partner {
    /// The stem of its file.
    pub id: String,
    /// What it is to us.
    pub kind: PartnerKind,
    /// What people call it.
    pub name: String,
    /// The areas whose cases it may see or send; empty for all.
    pub areas: Vec<AreaCode>,
    /// What it proves itself by, or we to it.
    pub secret: Option<Secret>,
    /// Switched off, nothing is sent to it or taken from it.
    pub enabled: bool,
    /// Most deliveries in a second.
    pub rate: u32,
    /// Whether it may stand at a private or loopback address.
    pub allow_private: bool,
    /// The table of its kind.
    pub table: toml::Table,
    file: String,
    text: String,
}

impl Partner {
    /// Whether it may see or send cases of `area`.
    #[must_use]
    pub fn covers(&self, area: &AreaCode) -> bool {
        self.areas.is_empty() || self.areas.iter().any(|own| own.contains(area))
    }

    /// The folder of its file: paths in its table are relative to it.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        PathBuf::from(&self.file).parent().map(PathBuf::from).unwrap_or_default()
    }
}

/// A fault in a partner's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerFault {
    /// Which file.
    pub file: String,
    /// Where in it, from 1.
    pub line: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl std::fmt::Display for PartnerFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Every partner, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct Partners(Vec<Partner>);

impl Partners {
    /// The partners of a kind that are switched on.
    pub fn of(&self, kind: PartnerKind) -> impl Iterator<Item = &Partner> {
        self.0.iter().filter(move |partner| partner.kind == kind && partner.enabled)
    }

    /// The partner with this id, switched on or off.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Partner> {
        self.0.iter().find(|partner| partner.id == id)
    }

    /// Every partner.
    pub fn all(&self) -> impl Iterator<Item = &Partner> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests;
