//! The words of the demo city: the files of `demo/*.toml`, whose keys are described at their tops.

use std::collections::BTreeMap;

use anyhow::Context;
use linli_kernel::{Action, TaskAction};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Lists by family, first-level category or category; see the top of `talk.toml`.
pub type Pool = BTreeMap<String, Vec<String>>;

/// Everything that is said, and how often.
pub struct Texts {
    /// By category.
    pub reports: BTreeMap<String, CategoryTexts>,
    /// Whatever the category.
    pub talk: Talk,
    /// When a case moves.
    pub moves: Moves,
    /// When a case ends.
    pub ends: Ends,
    /// What becomes of some arranged cases beyond one handler, by the script's name.
    pub scripts: BTreeMap<String, Vec<Line>>,
    /// How often, and when.
    pub mix: Mix,
    /// Who works there.
    pub people: People,
    /// Where.
    pub places: Places,
}

impl Texts {
    /// Reads the embedded files.
    ///
    /// # Errors
    /// When a file does not fit its schema: a fault of ours.
    pub fn load() -> anyhow::Result<Self> {
        let mut reports = BTreeMap::new();
        for (name, text) in REPORTS {
            reports.extend(read::<BTreeMap<String, CategoryTexts>>(name, text)?);
        }
        Ok(Self {
            reports,
            talk: read("talk", include_str!("../../demo/talk.toml"))?,
            moves: read("talk_moves", include_str!("../../demo/talk_moves.toml"))?,
            ends: read("talk_ends", include_str!("../../demo/talk_ends.toml"))?,
            scripts: read("loop", include_str!("../../demo/loop.toml"))?,
            mix: read("mix", include_str!("../../demo/mix.toml"))?,
            people: People::load()?,
            places: read("places", include_str!("../../demo/places.toml"))?,
        })
    }

    /// The lists that a case of `category` (below `parent`) may draw from, all in one.
    #[must_use]
    pub fn drawn<'a>(&self, pool: &'a Pool, category: &str, parent: &str) -> Vec<&'a str> {
        let families = &self.mix.families;
        let family = families.get(category).or_else(|| families.get(parent)).map_or("works", String::as_str);
        let common: &[&str] = match family {
            "talks" => &["any", "field", "talks"],
            "consult" => &["any", "consult"],
            _ => &["any", "field", "works"],
        };
        let keys = common.iter().copied().chain([parent, category]);
        keys.filter_map(|key| pool.get(key)).flatten().map(String::as_str).collect()
    }
}

impl People {
    /// Reads the embedded file.
    ///
    /// # Errors
    /// When it does not fit its schema: a fault of ours.
    pub fn load() -> anyhow::Result<Self> {
        read("people", include_str!("../../demo/people.toml"))
    }
}

fn read<T: DeserializeOwned>(name: &str, text: &str) -> anyhow::Result<T> {
    toml::from_str(text).with_context(|| format!("the demo's {name}.toml"))
}

const REPORTS: [(&str, &str); 8] = [
    ("reports_city_green_market", include_str!("../../demo/reports_city_green_market.toml")),
    ("reports_municipal", include_str!("../../demo/reports_municipal.toml")),
    ("reports_neighbours", include_str!("../../demo/reports_neighbours.toml")),
    ("reports_property", include_str!("../../demo/reports_property.toml")),
    ("reports_sanitation", include_str!("../../demo/reports_sanitation.toml")),
    ("reports_traffic_safety", include_str!("../../demo/reports_traffic_safety.toml")),
    ("reports_utilities", include_str!("../../demo/reports_utilities.toml")),
    ("reports_welfare_voice", include_str!("../../demo/reports_welfare_voice.toml")),
];

/// The texts of one category.
#[derive(Deserialize)]
pub struct CategoryTexts {
    pub reports: Vec<String>,
    #[serde(default)]
    pub local: Vec<String>,
    #[serde(default)]
    pub serious: Vec<String>,
    #[serde(default)]
    pub questions: Vec<Question>,
    #[serde(default)]
    pub comments: Vec<String>,
    #[serde(default)]
    pub replies: Vec<ReplyText>,
}

/// What the handler asks back, and answers to exactly that.
#[derive(Deserialize)]
pub struct Question {
    #[serde(default)]
    pub when: Vec<String>,
    pub q: String,
    pub a: Vec<String>,
}

/// Three of the four parts of a reply.
#[derive(Deserialize)]
pub struct ReplyText {
    #[serde(default)]
    pub when: Vec<String>,
    pub talked_to: String,
    pub done: String,
    pub by_when: String,
}

/// `talk.toml`
#[derive(Deserialize)]
pub struct Talk {
    pub style: Style,
    pub anonymous_names: Patterns,
    pub received: Pool,
    pub accept: Pool,
    pub comments: BTreeMap<String, Pool>,
    pub resident_comments: Pool,
    pub questions: BTreeMap<String, Vec<Question>>,
}

/// How a report is dressed.
#[derive(Deserialize)]
pub struct Style {
    pub opening_share: f64,
    pub closing_share: f64,
    pub max_chars: usize,
    pub never_with: Vec<String>,
    pub openings: Vec<String>,
    pub closings: Vec<String>,
}

/// How a reporter signs.
#[derive(Deserialize)]
pub struct Patterns {
    pub patterns: Vec<String>,
}

/// `talk_moves.toml`
#[derive(Deserialize)]
pub struct Moves {
    pub dispatch: BTreeMap<String, Pool>,
    pub hand_on: Pool,
    pub escalate: BTreeMap<String, Pool>,
    pub send_back: SendBacks,
}

/// Grounds of sending back.
#[derive(Deserialize)]
pub struct SendBacks {
    pub items: Vec<SendBack>,
}

/// One ground with its words.
#[derive(Deserialize)]
pub struct SendBack {
    pub ground: String,
    #[serde(rename = "for")]
    pub fits: Vec<String>,
    pub text: String,
}

/// How calls of the hotline go.
#[derive(Deserialize)]
pub struct CallLuck {
    pub reached: f64,
    pub satisfied: f64,
    pub solved_all_the_same: f64,
}

/// What the hotline writes down after a call.
#[derive(Deserialize)]
pub struct FollowUps {
    pub good: Pool,
    pub bad: Pool,
    pub unreached: Pool,
}

/// `loop.toml`: one thing that somebody does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The account that acts.
    pub who: Option<String>,
    /// The unit one of whose people acts.
    pub unit: Option<String>,
    /// Minutes after the line before.
    pub after: i64,
    /// An action on the case …
    pub verb: Option<Action>,
    /// … with what is filled in.
    #[serde(default)]
    pub fields: Map<String, Value>,
    /// An action on a task …
    pub task: Option<TaskAction>,
    /// … of this unit or outside party; by default of `unit`.
    pub of: Option<String>,
    /// What is said with it.
    pub text: Option<String>,
    /// Of a rating.
    pub stars: Option<u32>,
}

/// `talk_ends.toml`
#[derive(Deserialize)]
pub struct Ends {
    pub verify: Pool,
    pub reject: Pool,
    pub merge: Pool,
    pub follow_up: FollowUps,
    pub close: BTreeMap<String, Pool>,
    pub withdrawn_by_reporter: Pool,
    pub satisfied: Pool,
    pub unsatisfied: Unsatisfied,
}

/// Why a resident is not satisfied.
#[derive(Deserialize)]
pub struct Unsatisfied {
    pub unsolved: Pool,
    pub poor: Pool,
}

/// `mix.toml`
#[derive(Deserialize)]
pub struct Mix {
    pub local_prefixes: Vec<String>,
    pub local_share: f64,
    pub total: Total,
    pub families: BTreeMap<String, String>,
    pub weights: BTreeMap<String, f64>,
    pub seasons: Vec<Season>,
    pub hours: BTreeMap<String, Vec<f64>>,
    pub weekdays: Weekdays,
    pub channels: BTreeMap<String, BTreeMap<String, f64>>,
    pub reporter: ReporterMix,
    pub heavier: Heavier,
    pub outcomes: Outcomes,
    pub follow_up: CallLuck,
    pub stars: Stars,
    pub pace: Pace,
    pub time: Moments,
}

/// How many cases in how many days.
#[derive(Clone, Copy, Deserialize)]
pub struct Total {
    pub cases: usize,
    pub days: i64,
}

/// When a category is reported more or less often.
#[derive(Deserialize)]
pub struct Season {
    pub categories: Vec<String>,
    pub from: String,
    pub to: String,
    pub factor: f64,
    pub otherwise: Option<f64>,
}

/// Monday to Sunday.
#[derive(Deserialize)]
pub struct Weekdays {
    pub factors: Vec<f64>,
}

/// What reporters leave.
#[derive(Deserialize)]
pub struct ReporterMix {
    pub phone_share: f64,
    pub name_share: f64,
    pub photo_share: f64,
    pub repeat_share: f64,
}

/// How many are heavier than usual.
#[derive(Deserialize)]
pub struct Heavier {
    pub one_step: f64,
    pub two_steps: f64,
    pub major_at_most: u32,
}

/// How cases go and end: shares.
#[derive(Deserialize)]
pub struct Outcomes {
    pub asked: f64,
    pub unanswered: f64,
    pub commented: f64,
    pub handed_on: f64,
    pub sent_back: f64,
    pub escalated_by_hand: f64,
    pub escalated_by_deadline: f64,
    pub late: f64,
    pub rejected: f64,
    pub rated: f64,
    pub satisfied: f64,
    pub merged: f64,
}

/// Weights of 1 … 5 stars.
#[derive(Deserialize)]
pub struct Stars {
    pub satisfied: Vec<f64>,
    pub unsatisfied: Vec<f64>,
}

/// How long people take: between two figures.
#[derive(Deserialize)]
pub struct Pace {
    pub take_minutes: [f64; 2],
    pub first_note_hours: [f64; 2],
    pub settle_share: [f64; 2],
    pub verify_hours: [f64; 2],
    pub rate_hours: [f64; 2],
    pub answer_hours: [f64; 2],
}

/// Phrases for {time}.
#[derive(Deserialize)]
pub struct Moments {
    pub phrases: Vec<Moment>,
}

/// A phrase and the hours of the report at which it makes sense.
#[derive(Deserialize)]
pub struct Moment {
    pub text: String,
    pub from: i8,
    pub to: i8,
}

/// `people.toml`
#[derive(Deserialize)]
pub struct People {
    pub never: Vec<String>,
    pub surnames: Vec<Surname>,
    pub given: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    pub phones: Phones,
    pub duty: BTreeMap<String, Duty>,
    pub demo: Vec<DemoPerson>,
}

/// A surname and how often it occurs.
#[derive(Deserialize)]
pub struct Surname {
    pub name: String,
    pub weight: f64,
}

/// Where invented numbers begin.
#[derive(Deserialize)]
pub struct Phones {
    pub staff_from: String,
    pub reporters_from: String,
}

/// When people of a role are at work.
#[derive(Deserialize)]
pub struct Duty {
    pub days: Vec<i8>,
    pub spans: Vec<String>,
    pub on_call: f64,
}

/// An account that is shown on the sign-in page.
#[derive(Clone, Deserialize)]
pub struct DemoPerson {
    pub name: String,
    pub password: String,
    pub display_name: String,
    pub role: linli_kernel::Role,
    pub area: String,
    pub unit: Option<String>,
    pub face: String,
}

/// `places.toml`
#[derive(Deserialize)]
pub struct Places {
    pub communities: Vec<Community>,
}

/// A community where cases happen.
#[derive(Clone, Deserialize)]
pub struct Community {
    pub code: String,
    pub grids: u32,
    pub micro_grids: u32,
    pub share: f64,
    pub profile: CommunityProfile,
    pub roads: Vec<String>,
    pub landmarks: Vec<String>,
    pub compounds: Vec<Compound>,
    pub streets: Vec<Stretch>,
    pub premises: Vec<String>,
}

/// 基本情况
#[derive(Clone, Copy, Deserialize)]
pub struct CommunityProfile {
    pub households: u32,
    pub residents: u32,
    pub merchants: u32,
}

/// A residential compound.
#[derive(Clone, Deserialize)]
pub struct Compound {
    pub name: String,
    pub grids: Vec<u32>,
    pub buildings: u32,
    pub units: u32,
    pub floors: u32,
    pub lift: bool,
}

/// A stretch of shops.
#[derive(Clone, Deserialize)]
pub struct Stretch {
    pub name: String,
    pub grids: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use linli_access::password;

    use super::*;

    #[test]
    fn every_file_reads_and_its_shares_add_up() {
        let texts = Texts::load().unwrap();
        let shares: f64 = texts.places.communities.iter().map(|community| community.share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        for category in texts.mix.weights.keys() {
            assert!(texts.reports.contains_key(category), "no words for {category}");
        }
        assert!(texts.mix.hours.values().all(|hours| hours.len() == 24));
    }

    #[test]
    fn the_demo_passwords_pass_our_own_rules() {
        for person in People::load().unwrap().demo {
            assert_eq!(password::check(&person.password, &person.name), Ok(()), "{}", person.name);
        }
    }
}
