//! From checked trees to types. Faults were reported by the shapes: what is missing here is filled
//! with a stand-in, so that the other faults of the file are found too.

use std::collections::BTreeMap;

use linli_kernel::{
    Action, Amount, AreaCode, AreaLevel, CaseKind, DeadlineKind, DutyKind, Phase, Role, TaskKind, Weight, WorkingHours,
};

use crate::flow::{ActionDef, Choice, Field, FieldKind, Flow, Relation, Rule, Stage, Tone, Who};
use crate::notice::NoticeRule;
use crate::replies::{Phrase, Template};
use crate::tasks::{TaskClocks, TaskRule, WhistleKind};
use crate::tree::{Node, Value};
use crate::types::{Category, DeadlineRule, Host, Responsibility, Settings, UnitDef};

mod care;
mod duties;
mod indicators;

pub(crate) use care::{care_category, care_package, care_plan, care_service};
pub(crate) use duties::{checklist, duty, duty_category, self_check};
pub(crate) use indicators::indicator;

/// Longest text of a field that says nothing else, in characters.
const TEXT_LEN: u32 = 200;
/// Longest text of several lines that says nothing else, in characters.
const LONG_TEXT_LEN: u32 = 2000;
/// Most photos of a field that says nothing else.
const MOST_PHOTOS: u32 = 9;
/// Most people or seats of a field that says nothing else.
const MOST_CALLED: u32 = 12;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub file: String,
    pub line: u32,
}

/// Where a table and its keys stand.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub file: String,
    pub line: u32,
    keys: BTreeMap<String, u32>,
}

/// Something read, and where.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub item: T,
    pub place: Place,
}

/// A flow, with the places of its parts.
#[derive(Clone, Debug)]
pub(crate) struct PlacedFlow {
    pub flow: Flow,
    pub place: Place,
    pub stages: Vec<Place>,
    pub actions: Vec<Place>,
    pub rules: Vec<Place>,
}

impl PlacedFlow {
    pub fn stages(&self) -> impl Iterator<Item = (&Stage, &Place)> {
        self.flow.stages.iter().zip(&self.stages)
    }

    pub fn rules(&self) -> impl Iterator<Item = (&Rule, &Place)> {
        self.flow.rules.iter().zip(&self.rules)
    }

    pub fn actions(&self) -> impl Iterator<Item = (&ActionDef, &Place)> {
        self.flow.actions.iter().zip(&self.actions)
    }

    /// Adds stages, actions and rules: a stage with the id of one that is there replaces it; actions come before those that are
    /// there, because the first that fits wins.
    pub fn add(&mut self, more: Self) {
        for (stage, place) in more.flow.stages.into_iter().zip(more.stages) {
            match self.flow.stages.iter().position(|known| known.id == stage.id) {
                Some(nth) => {
                    if let (Some(known), Some(known_place)) = (self.flow.stages.get_mut(nth), self.stages.get_mut(nth))
                    {
                        (*known, *known_place) = (stage, place);
                    }
                }
                None => {
                    self.flow.stages.push(stage);
                    self.stages.push(place);
                }
            }
        }
        self.flow.actions.splice(0..0, more.flow.actions);
        self.actions.splice(0..0, more.actions);
        self.flow.rules.extend(more.flow.rules);
        self.rules.extend(more.rules);
    }
}

impl Place {
    fn of(file: &str, node: &Node) -> Self {
        let mut keys = BTreeMap::new();
        for entry in node.entries() {
            keys.insert(entry.key.clone(), entry.line);
            for (n, item) in entry.node.items().iter().enumerate() {
                keys.insert(format!("{}.{n}", entry.key), item.line);
            }
        }
        Self { file: file.to_owned(), line: node.line, keys }
    }

    /// Where the table begins.
    pub fn at(&self) -> At {
        At { file: self.file.clone(), line: self.line }
    }

    /// Where a key stands; the table, if it has none.
    pub fn key(&self, key: &str) -> At {
        At { file: self.file.clone(), line: self.keys.get(key).copied().unwrap_or(self.line) }
    }

    /// Where the `n`th item of a list stands.
    pub fn item(&self, key: &str, n: usize) -> At {
        match self.keys.get(&format!("{key}.{n}")) {
            Some(line) => At { file: self.file.clone(), line: *line },
            None => self.key(key),
        }
    }
}

/// A number and a unit: `5 working_days`.
pub(crate) fn amount(text: &str) -> Option<Amount> {
    let (n, unit) = text.split_once(' ')?;
    Some(Amount { n: n.parse().ok()?, unit: unit.trim().parse().ok()? })
}

/// A table being read.
struct Reader<'a>(&'a Node);

impl Reader<'_> {
    fn node(&self, key: &str) -> Option<&Node> {
        self.0.get(key).map(|entry| &entry.node)
    }

    fn text(&self, key: &str) -> String {
        self.some_text(key).unwrap_or_default()
    }

    fn some_text(&self, key: &str) -> Option<String> {
        self.node(key)?.as_text().map(str::to_owned)
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let items = self.node(key).map(Node::one_or_many).unwrap_or_default();
        items.into_iter().filter_map(Node::as_text).map(str::to_owned).collect()
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.node(key)?.as_text()?.parse().ok()
    }

    fn many<T: std::str::FromStr>(&self, key: &str) -> Vec<T> {
        self.texts(key).iter().filter_map(|text| text.parse().ok()).collect()
    }

    fn found<T: Copy>(&self, key: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Option<T> {
        let text = self.node(key)?.as_text()?;
        all.iter().copied().find(|one| word(*one) == text)
    }

    fn number(&self, key: &str) -> Option<u32> {
        match self.node(key)?.value {
            Value::Number(number) => u32::try_from(number).ok(),
            Value::Text(_) | Value::Bool(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
        }
    }

    fn truth(&self, key: &str) -> Option<bool> {
        match self.node(key)?.value {
            Value::Bool(truth) => Some(truth),
            Value::Text(_) | Value::Number(_) | Value::List(_) | Value::Table(_) | Value::Other => None,
        }
    }

    fn amount(&self, key: &str) -> Option<Amount> {
        amount(&self.some_text(key)?)
    }

    fn tables(&self, key: &str) -> Vec<Reader<'_>> {
        self.node(key).map(Node::items).unwrap_or_default().iter().map(Reader).collect()
    }
}

/// The keys of `playbook.toml`, as far as they are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub id: String,
    pub name: String,
    pub extends: Option<String>,
    pub about: Option<String>,
    pub source: Option<String>,
    pub levels: Option<Vec<AreaLevel>>,
    pub first_seat: BTreeMap<Weight, AreaLevel>,
    pub working_hours: Option<WorkingHours>,
    pub settings: HeadSettings,
    /// Where each key stands: `levels`, `first_seat.micro`.
    pub at: BTreeMap<String, At>,
}

/// The keys of `[settings]`, as far as they are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadSettings {
    pub reopen_limit: Option<u32>,
    pub reopen_window_days: Option<u32>,
    pub send_back_within: Option<Amount>,
    pub arbiter_level: Option<AreaLevel>,
    pub follow_up_percent: Option<u32>,
    pub hot_spot_cases: Option<u32>,
    pub hot_spot_days: Option<u32>,
    pub visit_problem_visits: Option<u32>,
    pub visit_problem_days: Option<u32>,
    pub visit_quiet_words: Option<Vec<String>>,
    pub rank_departments: Option<bool>,
}

impl HeadSettings {
    fn read(reader: &Reader<'_>) -> Self {
        Self {
            reopen_limit: reader.number("reopen_limit"),
            reopen_window_days: reader.number("reopen_window_days"),
            send_back_within: reader.amount("send_back_within"),
            arbiter_level: reader.parsed("arbiter_level"),
            follow_up_percent: reader.number("follow_up_percent"),
            hot_spot_cases: reader.number("hot_spot_cases"),
            hot_spot_days: reader.number("hot_spot_days"),
            visit_problem_visits: reader.number("visit_problem_visits"),
            visit_problem_days: reader.number("visit_problem_days"),
            visit_quiet_words: reader.node("visit_quiet_words").map(|_| reader.texts("visit_quiet_words")),
            rank_departments: reader.truth("rank_departments"),
        }
    }

    /// These, and what holds where nothing is written.
    pub fn filled(self) -> Settings {
        let defaults = Settings::default();
        Settings {
            reopen_limit: self.reopen_limit.unwrap_or(defaults.reopen_limit),
            reopen_window_days: self.reopen_window_days.unwrap_or(defaults.reopen_window_days),
            send_back_within: self.send_back_within.unwrap_or(defaults.send_back_within),
            arbiter_level: self.arbiter_level.unwrap_or(defaults.arbiter_level),
            follow_up_percent: self.follow_up_percent.unwrap_or(defaults.follow_up_percent),
            hot_spot_cases: self.hot_spot_cases.unwrap_or(defaults.hot_spot_cases),
            hot_spot_days: self.hot_spot_days.unwrap_or(defaults.hot_spot_days),
            visit_problem_visits: self.visit_problem_visits.unwrap_or(defaults.visit_problem_visits),
            visit_problem_days: self.visit_problem_days.unwrap_or(defaults.visit_problem_days),
            visit_quiet_words: self.visit_quiet_words.unwrap_or(defaults.visit_quiet_words),
            rank_departments: self.rank_departments.unwrap_or(defaults.rank_departments),
        }
    }

    /// These, and for what they leave open those of `inherited`.
    pub fn over(self, inherited: Self) -> Self {
        Self {
            reopen_limit: self.reopen_limit.or(inherited.reopen_limit),
            reopen_window_days: self.reopen_window_days.or(inherited.reopen_window_days),
            send_back_within: self.send_back_within.or(inherited.send_back_within),
            arbiter_level: self.arbiter_level.or(inherited.arbiter_level),
            follow_up_percent: self.follow_up_percent.or(inherited.follow_up_percent),
            hot_spot_cases: self.hot_spot_cases.or(inherited.hot_spot_cases),
            hot_spot_days: self.hot_spot_days.or(inherited.hot_spot_days),
            visit_problem_visits: self.visit_problem_visits.or(inherited.visit_problem_visits),
            visit_problem_days: self.visit_problem_days.or(inherited.visit_problem_days),
            visit_quiet_words: self.visit_quiet_words.or(inherited.visit_quiet_words),
            rank_departments: self.rank_departments.or(inherited.rank_departments),
        }
    }
}

pub(crate) fn head(file: &str, node: &Node) -> Head {
    let reader = Reader(node);
    let below = |key: &str| reader.node(key).map(Reader);
    let first_seat = below("first_seat");
    let settings = below("settings");
    let mut at = BTreeMap::new();
    for entry in node.entries() {
        at.insert(entry.key.clone(), At { file: file.to_owned(), line: entry.line });
        for inner in entry.node.entries() {
            at.insert(format!("{}.{}", entry.key, inner.key), At { file: file.to_owned(), line: inner.line });
        }
    }
    let seat_of = |weight: &Weight| Some((*weight, first_seat.as_ref()?.parsed(weight.as_str())?));
    Head {
        id: reader.text("id"),
        name: reader.text("name"),
        extends: reader.some_text("extends"),
        about: reader.some_text("about"),
        source: reader.some_text("source"),
        levels: reader.node("levels").map(|_| reader.many("levels")),
        first_seat: Weight::ALL.iter().filter_map(seat_of).collect(),
        working_hours: below("working_hours").and_then(|hours| WorkingHours::from_spans(&hours.texts("spans")).ok()),
        settings: settings.as_ref().map(HeadSettings::read).unwrap_or_default(),
        at,
    }
}

/// Whether a file leaves out the inherited entries.
pub(crate) fn inherits(node: &Node) -> bool {
    Reader(node).truth("inherit").unwrap_or(true)
}

/// The tables below `key`, each read by `read`, which may give several items.
pub(crate) fn list<T>(file: &str, node: &Node, key: &str, read: impl Fn(&Node) -> Vec<T>) -> Vec<Placed<T>> {
    let tables = node.get(key).map(|entry| entry.node.items()).unwrap_or_default();
    let placed = |table: &Node| {
        let place = Place::of(file, table);
        read(table).into_iter().map(move |item| Placed { item, place: place.clone() }).collect::<Vec<_>>()
    };
    tables.iter().flat_map(placed).collect()
}

pub(crate) fn category(node: &Node) -> Vec<Category> {
    let reader = Reader(node);
    vec![Category {
        code: reader.text("code"),
        parent: reader.some_text("parent"),
        name: reader.text("name"),
        hint: reader.some_text("hint"),
        icon: reader.some_text("icon"),
        keywords: reader.texts("keywords"),
        default_weight: reader.parsed("weight").unwrap_or(Weight::General),
        public: reader.truth("public").unwrap_or(true),
        emergency: reader.some_text("emergency"),
        opinion: reader.truth("opinion").unwrap_or(false),
        duty: reader.parsed("duty").unwrap_or(DutyKind::Basic),
    }]
}

pub(crate) fn unit(node: &Node) -> Vec<UnitDef> {
    let reader = Reader(node);
    vec![UnitDef {
        code: reader.text("code"),
        name: reader.text("name"),
        short: reader.some_text("short"),
        level: reader.parsed("level").unwrap_or(AreaLevel::County),
        area: reader.some_text("area").and_then(|code| AreaCode::parse(&code).ok()),
        duties: reader.some_text("duties"),
    }]
}

/// One line for each of the categories and levels that are named together.
pub(crate) fn responsibility(node: &Node) -> Vec<Responsibility> {
    let reader = Reader(node);
    let levels: Vec<AreaLevel> = reader.many("level");
    let line = |category: String, level: AreaLevel| Responsibility {
        category,
        level,
        host: Host::from(reader.text("host")),
        helpers: reader.texts("helpers").into_iter().map(Host::from).collect(),
        duty: reader.parsed("duty").unwrap_or(DutyKind::Basic),
        basis: reader.text("basis"),
    };
    let of_category = |category: String| levels.iter().map(|level| line(category.clone(), *level)).collect::<Vec<_>>();
    reader.texts("category").into_iter().flat_map(of_category).collect()
}

pub(crate) fn deadline(node: &Node) -> Vec<DeadlineRule> {
    let reader = Reader(node);
    // A rule without a kind or an amount was reported; there is no stand-in for it.
    let rule = |kind: DeadlineKind, amount: Amount| DeadlineRule {
        kind,
        category: reader.some_text("category"),
        weight: reader.parsed("weight"),
        level: reader.parsed("level"),
        amount,
        soon: reader.amount("soon"),
        on_breach: reader.parsed("on_breach").unwrap_or_default(),
        basis: reader.some_text("basis"),
    };
    reader.parsed("kind").zip(reader.amount("amount")).map(|(kind, amount)| rule(kind, amount)).into_iter().collect()
}

fn clocks(reader: &Reader<'_>) -> TaskClocks {
    TaskClocks {
        sign: reader.amount("sign"),
        contact: reader.amount("contact"),
        arrive: reader.amount("arrive"),
        handle: reader.amount("handle"),
    }
}

pub(crate) fn task_rule(node: &Node) -> Vec<TaskRule> {
    let reader = Reader(node);
    vec![TaskRule {
        kind: reader.parsed("kind").unwrap_or(TaskKind::Help),
        unit: reader.some_text("unit"),
        clocks: clocks(&reader),
        basis: reader.some_text("basis"),
    }]
}

pub(crate) fn whistle(node: &Node) -> Vec<WhistleKind> {
    let reader = Reader(node);
    vec![WhistleKind {
        code: reader.text("code"),
        name: reader.text("name"),
        about: reader.text("about"),
        initiators: reader.many("initiators"),
        levels: reader.many("levels"),
        units: reader.texts("units"),
        clocks: clocks(&reader),
        basis: reader.some_text("basis"),
    }]
}

/// The fewest characters of what was done, as far as a file says so.
pub(crate) fn min_len(node: &Node) -> Option<u32> {
    Reader(node).number("min_len")
}

pub(crate) fn phrase(node: &Node) -> Vec<Phrase> {
    let reader = Reader(node);
    vec![Phrase { phrase: reader.text("phrase"), hint: reader.text("hint") }]
}

pub(crate) fn template(node: &Node) -> Vec<Template> {
    let reader = Reader(node);
    let template = |verb: Action| Template {
        code: reader.text("code"),
        title: reader.text("title"),
        verb,
        category: reader.some_text("category"),
        text: reader.text("text"),
        talked_to: reader.some_text("talked_to"),
        by_when: reader.some_text("by_when"),
    };
    reader.parsed("verb").map(template).into_iter().collect()
}

/// A rule of who is told what.
pub(crate) fn notice(node: &Node) -> Vec<NoticeRule> {
    let reader = Reader(node);
    let when = reader.node("when").map(|when| {
        let inner = Reader(when);
        when.entries().iter().map(|entry| (entry.key.clone(), inner.texts(&entry.key))).collect()
    });
    vec![NoticeRule {
        id: reader.text("id"),
        on: reader.texts("on"),
        when: when.unwrap_or_default(),
        to: reader.many("to"),
        roles: reader.many("roles"),
        ways: reader.many("channels"),
        title: reader.text("title"),
        text: reader.text("text"),
        urgent: reader.truth("urgent").unwrap_or(false),
        digest: reader.truth("digest").unwrap_or(false),
    }]
}

/// The times of `notices.toml` as they are written.
pub(crate) fn notice_times(file: &str, node: &Node) -> BTreeMap<String, (String, At)> {
    let time = |entry: &crate::tree::Entry| {
        let text = entry.node.as_text()?.to_owned();
        Some((entry.key.clone(), (text, At { file: file.to_owned(), line: entry.line })))
    };
    node.entries().iter().filter_map(time).collect()
}

pub(crate) fn flow(file: &str, node: &Node) -> PlacedFlow {
    let reader = Reader(node);
    let stages = list(file, node, "stages", |table| vec![stage(&Reader(table))]);
    let actions = list(file, node, "actions", |table| vec![action(&Reader(table))]);
    let rules = list(file, node, "rules", |table| rule(&Reader(table)));
    let (rules, rule_places) = rules.into_iter().map(|placed| (placed.item, placed.place)).unzip();
    let (stages, stage_places) = stages.into_iter().map(|placed| (placed.item, placed.place)).unzip();
    let (actions, action_places) = actions.into_iter().map(|placed| (placed.item, placed.place)).unzip();
    PlacedFlow {
        flow: Flow {
            kind: reader.parsed("kind").unwrap_or(CaseKind::Request),
            name: reader.text("name"),
            start: reader.text("start"),
            stages,
            actions,
            rules,
        },
        place: Place::of(file, node),
        stages: stage_places,
        actions: action_places,
        rules: rule_places,
    }
}

fn rule(reader: &Reader<'_>) -> Vec<Rule> {
    let rule = |take: Action| Rule { when: reader.many("when"), take, why: reader.text("why") };
    reader.parsed("take").map(rule).into_iter().collect()
}

fn stage(reader: &Reader<'_>) -> Stage {
    Stage {
        id: reader.text("id"),
        name: reader.text("name"),
        public_name: reader.text("public_name"),
        phase: reader.parsed("phase").unwrap_or(Phase::Open),
    }
}

fn action(reader: &Reader<'_>) -> ActionDef {
    ActionDef {
        verb: reader.parsed("verb").unwrap_or(Action::Comment),
        name: reader.text("name"),
        from: reader.texts("from"),
        to: reader.some_text("to"),
        who: reader.tables("who").iter().flat_map(who).collect(),
        seat_levels: reader.many("seat_levels"),
        guards: reader.many("guards"),
        form: reader.tables("form").iter().map(field).collect(),
        effects: reader.many("effects"),
        hint: reader.some_text("hint"),
        tone: reader.found("tone", Tone::ALL, Tone::as_str).unwrap_or_default(),
    }
}

fn who(reader: &Reader<'_>) -> Vec<Who> {
    let Some(relation) = reader.found("relation", Relation::ALL, Relation::as_str) else { return Vec::new() };
    if reader.node("roles").is_none() {
        return vec![Who { role: None, relation }];
    }
    reader.many::<Role>("roles").into_iter().map(|role| Who { role: Some(role), relation }).collect()
}

fn field(reader: &Reader<'_>) -> Field {
    let option = |option: &Reader<'_>| Choice { value: option.text("value"), label: option.text("label") };
    let options = || reader.tables("options").iter().map(option).collect();
    let kind = match reader.text("kind").as_str() {
        "longtext" => FieldKind::LongText,
        "choice" => FieldKind::Choice { options: options() },
        "ground" => FieldKind::Ground { options: options() },
        "photos" => FieldKind::Photos { min: reader.number("min").unwrap_or(0), reason: reader.some_text("reason") },
        "seat" => FieldKind::Seat,
        "category" => FieldKind::Category,
        "weight" => FieldKind::Weight,
        "stars" => FieldKind::Stars,
        "boolean" => FieldKind::Boolean,
        "number" => {
            FieldKind::Number { min: reader.number("min").unwrap_or(0), max: reader.number("max").unwrap_or(u32::MAX) }
        }
        "date" => FieldKind::Date,
        "seats" => FieldKind::Seats,
        "case" => FieldKind::Case,
        "people" => FieldKind::People,
        "whistle" => FieldKind::Whistle,
        "reply" => FieldKind::Reply,
        _ => FieldKind::Text,
    };
    let default_len = match kind {
        FieldKind::Photos { .. } => MOST_PHOTOS,
        FieldKind::LongText | FieldKind::Reply => LONG_TEXT_LEN,
        FieldKind::Seats | FieldKind::People => MOST_CALLED,
        FieldKind::Text
        | FieldKind::Choice { .. }
        | FieldKind::Seat
        | FieldKind::Category
        | FieldKind::Weight
        | FieldKind::Stars
        | FieldKind::Boolean
        | FieldKind::Number { .. }
        | FieldKind::Date
        | FieldKind::Case
        | FieldKind::Whistle
        | FieldKind::Ground { .. } => TEXT_LEN,
    };
    Field {
        name: reader.text("name"),
        label: reader.text("label"),
        required: reader.truth("required").unwrap_or(false),
        max_len: reader.number("max_len").unwrap_or(default_len),
        help: reader.some_text("help"),
        kind,
    }
}
