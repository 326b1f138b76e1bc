//! Loading: from files to one resolved playbook, with everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::care::{CareCategory, CarePackage, CarePlan, CareRules, CareService};
use crate::checklist::Checklist;
use crate::duty::{Duties, Duty, DutyCategory, SelfCheck};
use crate::finding::{Finding, Severity};
use crate::indicator::Indicator;
use crate::lint;
use crate::lookup::ANY_CATEGORY;
use crate::notice::{self, NoticeRule, Notices, Quiet};
use crate::read::{self, At, Head, Placed, PlacedFlow};
use crate::replies::{Phrase, ReplyRules, Template};
use crate::shape::{self, Shape};
use crate::shapes;
use crate::tasks::{TaskRule, WhistleKind};
use crate::tree::Node;
use crate::types::{Category, DeadlineRule, FirstSeat, Playbook, Responsibility, UnitDef};

/// A chain of playbooks that extend each other is never longer.
const MAX_DEPTH: usize = 8;
/// Hex digits of a version.
const VERSION_LEN: usize = 12;

/// Templates of documents that are known, in the folder `templates`.
const DOCUMENTS: &[&str] = &["work-order.docx"];

/// The files of some playbooks: path below the folder of all playbooks (`base/playbook.toml`) → text.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, String>,
    /// The same for templates of documents, which are no text.
    documents: BTreeMap<String, Arc<[u8]>>,
}

/// 文书模板: a document to fill in, made in a word processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The file, as `weinan/templates/work-order.docx`.
    pub file: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

/// Templates by their names: of each, that of the nearest playbook that has one.
pub type Documents = BTreeMap<String, Document>;

/// A playbook and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The playbook; with stand-ins where something could not be read.
    pub playbook: Playbook,
    /// What is wrong, errors first, then by file and line.
    pub findings: Vec<Finding>,
    /// Its documents. They are how the house writes, not what a case was promised: a case is not pinned to them.
    pub documents: Documents,
}

impl Loaded {
    /// Whether it has no errors.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }
}

/// Why nothing could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such playbook.
    #[error("there is no playbook {0:?} (no {0}/playbook.toml)")]
    NotFound(String),
    /// A playbook extends itself by way of others.
    #[error("the playbooks extend each other in a circle: {}", .0.join(" → "))]
    Circle(Vec<String>),
    /// A file or folder could not be read.
    #[error("could not read {path}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Sources {
    /// From paths (`base/flows/request.toml`) and texts, as they are embedded in a program.
    #[must_use]
    pub fn from_files<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), clean(text.into()))).collect();
        Self { files, documents: BTreeMap::new() }
    }

    /// With templates of documents (`base/templates/work-order.docx`).
    #[must_use]
    pub fn with_documents<P: Into<String>>(mut self, documents: impl IntoIterator<Item = (P, Vec<u8>)>) -> Self {
        self.documents.extend(documents.into_iter().map(|(path, bytes)| (path.into(), bytes.into())));
        self
    }

    /// Reads every `.toml` and `.docx` below a folder that holds playbooks, each in a folder of its own.
    ///
    /// # Errors
    /// `Unreadable` when a file or folder cannot be read, or is not UTF-8.
    pub fn from_dir(dir: &Path) -> Result<Self, LoadError> {
        let mut sources = Self::default();
        sources.read_dir(dir, "")?;
        Ok(sources)
    }

    /// These files and those of `other`; where both have a playbook, that of `other` counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let replaced = other.ids();
        let stays = |path: &str| !path.split_once('/').is_some_and(|(id, _)| replaced.iter().any(|other| other == id));
        self.files.retain(|path, _| stays(path));
        self.documents.retain(|path, _| stays(path));
        self.files.extend(other.files);
        self.documents.extend(other.documents);
        self
    }

    /// The playbooks that are here.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let id = |path: &String| path.strip_suffix("/playbook.toml").filter(|id| !id.contains('/')).map(str::to_owned);
        self.files.keys().filter_map(id).collect()
    }

    /// The documents of one playbook itself, by their names below its folder.
    fn documents_of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = (&'a str, Document)> {
        self.documents.iter().filter_map(move |(path, bytes)| {
            let name = path.strip_prefix(id)?.strip_prefix('/')?;
            Some((name, Document { file: path.clone(), bytes: Arc::clone(bytes) }))
        })
    }

    fn read_dir(&mut self, dir: &Path, prefix: &str) -> Result<(), LoadError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| LoadError::Unreadable { path, source }
        };
        for entry in std::fs::read_dir(dir).map_err(unreadable(dir))? {
            let path = entry.map_err(unreadable(dir))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            // A word processor that has the file open keeps another one beside it: ~$work-order.docx.
            if name.starts_with(['.', '~']) {
                continue;
            }
            let below = format!("{prefix}{name}");
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_dir() {
                self.read_dir(&path, &format!("{below}/"))?;
            } else if ending == "toml" {
                self.files.insert(below, clean(std::fs::read_to_string(&path).map_err(unreadable(&path))?));
            } else if ending == "docx" {
                self.documents.insert(below, std::fs::read(&path).map_err(unreadable(&path))?.into());
            }
        }
        Ok(())
    }

    pub(crate) fn of<'a>(&'a self, id: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        self.files.iter().filter_map(move |(path, text)| {
            let name = path.strip_prefix(id)?.strip_prefix('/')?;
            Some((path.as_str(), name, text.as_str()))
        })
    }
}

/// Loads a playbook with everything that it extends, and checks it.
///
/// # Errors
/// `NotFound` when it or one that it extends is not there, `Circle` when they extend each other.
/// Everything else that is wrong is a finding.
pub fn load(sources: &Sources, id: &str) -> Result<Loaded, LoadError> {
    let mut findings = Vec::new();
    let mut layers: Vec<Layer> = Vec::new();
    let mut chain = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(id) = next {
        let is_circle = chain.contains(&id) || chain.len() >= MAX_DEPTH;
        chain.push(id.clone());
        if is_circle {
            return Err(LoadError::Circle(chain));
        }
        let layer = Layer::read(sources, &id, &mut findings)?;
        next = layer.head.extends.clone();
        layers.push(layer);
    }
    let documents = documents(sources, &chain, &mut findings);
    let mut draft = Draft::default();
    for layer in layers.into_iter().rev() {
        draft.extend(layer, &mut findings);
    }
    // What rests on unreadable text would only be found missing.
    if findings.iter().all(|finding| finding.code != "syntax") {
        findings.extend(lint::check(&draft));
    }
    findings.sort_by(|a, b| (a.severity, &a.file, a.line, a.code).cmp(&(b.severity, &b.file, b.line, b.code)));
    findings.dedup();
    let playbook = draft.into_playbook(version(sources, &chain));
    Ok(Loaded { playbook, findings, documents })
}

/// The documents of a chain of playbooks, the nearest first.
fn documents(sources: &Sources, chain: &[String], findings: &mut Vec<Finding>) -> Documents {
    let mut documents = Documents::new();
    for (name, document) in chain.iter().flat_map(|id| sources.documents_of(id)) {
        match name.strip_prefix("templates/").filter(|name| DOCUMENTS.contains(name)) {
            Some(name) => drop(documents.entry(name.to_owned()).or_insert(document)),
            None => findings.push(unread(&document.file, name)),
        }
    }
    documents
}

fn unread(path: &str, name: &str) -> Finding {
    Finding {
        severity: Severity::Warning,
        code: "unknown_file",
        file: path.to_owned(),
        line: 1,
        message: format!("{name} 不会被读取"),
        hint: "文件名见 docs/playbooks.md；流程放在 flows/ 里，对流程的补充放在 additions/ 里，文书模板放在 templates/ 里。".to_owned(),
    }
}

/// One playbook's own files.
#[derive(Default)]
struct Layer {
    head: Head,
    categories: Section<Category>,
    units: Section<UnitDef>,
    responsibilities: Section<Responsibility>,
    deadlines: Section<DeadlineRule>,
    tasks: Section<TaskRule>,
    whistles: Section<WhistleKind>,
    min_len: Option<u32>,
    avoid: Section<Phrase>,
    templates: Section<Template>,
    notices: Section<NoticeRule>,
    notice_times: NoticeTimes,
    indicators: Section<Indicator>,
    care_services: Section<CareService>,
    care_plans: Section<CarePlan>,
    care_packages: Section<CarePackage>,
    care_categories: Section<CareCategory>,
    duty_categories: Section<DutyCategory>,
    duties: Section<Duty>,
    self_checks: Section<SelfCheck>,
    checklists: Section<Checklist>,
    flows: Vec<PlacedFlow>,
    /// What is added to a flow of the kind, its own or an inherited one.
    additions: Vec<PlacedFlow>,
}

/// The times of `notices.toml` as they are written, each with its place.
type NoticeTimes = BTreeMap<String, (String, At)>;

/// One file of entries.
struct Section<T> {
    inherits: bool,
    entries: Vec<Placed<T>>,
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Self { inherits: true, entries: Vec::new() }
    }
}

/// All layers together, each entry with its place.
#[derive(Clone, Default)]
pub(crate) struct Draft {
    pub head: Head,
    pub categories: Vec<Placed<Category>>,
    pub units: Vec<Placed<UnitDef>>,
    pub responsibilities: Vec<Placed<Responsibility>>,
    pub deadlines: Vec<Placed<DeadlineRule>>,
    pub tasks: Vec<Placed<TaskRule>>,
    pub whistles: Vec<Placed<WhistleKind>>,
    pub min_len: u32,
    pub avoid: Vec<Placed<Phrase>>,
    pub templates: Vec<Placed<Template>>,
    pub notices: Vec<Placed<NoticeRule>>,
    pub notice_times: NoticeTimes,
    pub indicators: Vec<Placed<Indicator>>,
    pub care_services: Vec<Placed<CareService>>,
    pub care_plans: Vec<Placed<CarePlan>>,
    pub care_packages: Vec<Placed<CarePackage>>,
    pub care_categories: Vec<Placed<CareCategory>>,
    pub duty_categories: Vec<Placed<DutyCategory>>,
    pub duties: Vec<Placed<Duty>>,
    pub self_checks: Vec<Placed<SelfCheck>>,
    pub checklists: Vec<Placed<Checklist>>,
    pub flows: Vec<PlacedFlow>,
}

impl Layer {
    fn read(sources: &Sources, id: &str, findings: &mut Vec<Finding>) -> Result<Self, LoadError> {
        let mut layer = Self::default();
        let mut is_there = false;
        for (path, name, text) in sources.of(id) {
            let mut tree = |shape: &Shape| {
                let node = Node::parse(path, text, findings);
                shape::check(path, &node, shape, findings);
                node
            };
            match name {
                "playbook.toml" => {
                    layer.head = read::head(path, &tree(&shapes::HEAD));
                    is_there = true;
                    check_id(&layer.head, id, path, findings);
                }
                "categories.toml" => {
                    layer.categories = section(path, &tree(&shapes::CATEGORIES), "categories", read::category);
                }
                "units.toml" => layer.units = section(path, &tree(&shapes::UNITS), "units", read::unit),
                "responsibilities.toml" => {
                    let node = tree(&shapes::RESPONSIBILITIES);
                    layer.responsibilities = section(path, &node, "responsibilities", read::responsibility);
                }
                "deadlines.toml" => {
                    layer.deadlines = section(path, &tree(&shapes::DEADLINES), "deadlines", read::deadline);
                }
                "tasks.toml" => {
                    let node = tree(&shapes::TASKS);
                    layer.tasks = section(path, &node, "tasks", read::task_rule);
                    layer.whistles = section(path, &node, "whistles", read::whistle);
                }
                "replies.toml" => {
                    let node = tree(&shapes::REPLIES);
                    layer.min_len = read::min_len(&node);
                    layer.avoid = section(path, &node, "avoid", read::phrase);
                    layer.templates = section(path, &node, "templates", read::template);
                }
                "notices.toml" => {
                    let node = tree(&shapes::NOTICES);
                    layer.notices = section(path, &node, "notices", read::notice);
                    layer.notice_times = read::notice_times(path, &node);
                }
                "indicators.toml" => {
                    layer.indicators = section(path, &tree(&shapes::INDICATORS), "indicators", read::indicator);
                }
                "care.toml" => {
                    let node = tree(&shapes::CARE);
                    layer.care_services = section(path, &node, "services", read::care_service);
                    layer.care_plans = section(path, &node, "plans", read::care_plan);
                    layer.care_packages = section(path, &node, "packages", read::care_package);
                    layer.care_categories = section(path, &node, "categories", read::care_category);
                }
                "duties.toml" => {
                    let node = tree(&shapes::DUTIES);
                    layer.duty_categories = section(path, &node, "categories", read::duty_category);
                    layer.duties = section(path, &node, "duties", read::duty);
                    layer.self_checks = section(path, &node, "self_checks", read::self_check);
                }
                "checklists.toml" => {
                    layer.checklists = section(path, &tree(&shapes::CHECKLISTS), "checklists", read::checklist);
                }
                _ if name.starts_with("flows/") => layer.flows.push(read::flow(path, &tree(&shapes::FLOW))),
                _ if name.starts_with("additions/") => {
                    layer.additions.push(read::flow(path, &tree(&shapes::ADDITION)));
                }
                _ => findings.push(unread(path, name)),
            }
        }
        if is_there { Ok(layer) } else { Err(LoadError::NotFound(id.to_owned())) }
    }
}

fn check_id(head: &Head, id: &str, path: &str, findings: &mut Vec<Finding>) {
    if head.id != id && !head.id.is_empty() {
        findings.push(Finding {
            severity: Severity::Error,
            code: "wrong_id",
            file: path.to_owned(),
            line: head.at.get("id").map_or(1, |at| at.line),
            message: format!("id 是 {}，文件夹却叫 {id}", head.id),
            hint: format!("写成 id = \"{id}\"，或者改文件夹名。"),
        });
    }
}

fn section<T>(path: &str, node: &Node, key: &str, read: impl Fn(&Node) -> Vec<T>) -> Section<T> {
    Section { inherits: read::inherits(node), entries: read::list(path, node, key, read) }
}

impl Draft {
    fn extend(&mut self, layer: Layer, findings: &mut Vec<Finding>) {
        merge_head(&mut self.head, layer.head);
        let is_fresh_list = !layer.categories.inherits;
        merge(&mut self.categories, layer.categories, |one| one.code.clone(), findings);
        merge(&mut self.units, layer.units, |one| one.code.clone(), findings);
        if is_fresh_list {
            self.drop_lines_of_lost_categories();
        }
        let line_key = |one: &Responsibility| format!("{} {}", one.category, one.level);
        merge(&mut self.responsibilities, layer.responsibilities, line_key, findings);
        merge(&mut self.deadlines, layer.deadlines, rule_key, findings);
        let task_key = |one: &TaskRule| format!("{} {}", one.kind, one.unit.as_deref().unwrap_or_default());
        merge(&mut self.tasks, layer.tasks, task_key, findings);
        merge(&mut self.whistles, layer.whistles, |one| one.code.clone(), findings);
        self.min_len = layer.min_len.unwrap_or(self.min_len);
        merge(&mut self.avoid, layer.avoid, |one| one.phrase.clone(), findings);
        merge(&mut self.templates, layer.templates, |one| one.code.clone(), findings);
        merge(&mut self.notices, layer.notices, |one| one.id.clone(), findings);
        self.notice_times.extend(layer.notice_times);
        merge(&mut self.indicators, layer.indicators, |one| one.id.clone(), findings);
        merge(&mut self.care_services, layer.care_services, |one| one.code.clone(), findings);
        merge(&mut self.care_plans, layer.care_plans, |one| one.code.clone(), findings);
        merge(&mut self.care_packages, layer.care_packages, |one| one.code.clone(), findings);
        merge(&mut self.care_categories, layer.care_categories, |one| one.code.clone(), findings);
        merge(&mut self.duty_categories, layer.duty_categories, |one| one.code.clone(), findings);
        merge(&mut self.duties, layer.duties, |one| one.id.clone(), findings);
        merge(&mut self.self_checks, layer.self_checks, |one| one.id.clone(), findings);
        merge(&mut self.checklists, layer.checklists, |one| one.code.clone(), findings);
        let mut seen = BTreeSet::new();
        for flow in layer.flows {
            if !seen.insert(flow.flow.kind) {
                findings.push(duplicate(&flow.place.key("kind"), flow.flow.kind.as_str()));
            }
            self.flows.retain(|other| other.flow.kind != flow.flow.kind);
            self.flows.push(flow);
        }
        for addition in layer.additions {
            match self.flows.iter_mut().find(|flow| flow.flow.kind == addition.flow.kind) {
                Some(flow) => flow.add(addition),
                None => findings.push(without_flow(&addition)),
            }
        }
    }

    /// Inherited lines about categories that were left out with the inherited list are left out with them.
    fn drop_lines_of_lost_categories(&mut self) {
        let codes: BTreeSet<&str> = self.categories.iter().map(|placed| placed.item.code.as_str()).collect();
        let is_kept = |code: &str| code == ANY_CATEGORY || codes.contains(code);
        self.responsibilities.retain(|placed| is_kept(&placed.item.category));
        self.deadlines.retain(|placed| placed.item.category.as_deref().is_none_or(is_kept));
        self.templates.retain(|placed| placed.item.category.as_deref().is_none_or(is_kept));
        // An inherited checklist stays: what it finds is then given by weight alone.
        for item in self.checklists.iter_mut().flat_map(|placed| &mut placed.item.items) {
            item.category.take_if(|code| !is_kept(code));
        }
    }

    pub(crate) fn into_playbook(self, version: String) -> Playbook {
        let head = self.head;
        let seat = |weight| head.first_seat.get(&weight).copied().unwrap_or(linli_kernel::AreaLevel::Community);
        Playbook {
            version,
            first_seat: FirstSeat {
                micro: seat(linli_kernel::Weight::Micro),
                general: seat(linli_kernel::Weight::General),
                larger: seat(linli_kernel::Weight::Larger),
                major: seat(linli_kernel::Weight::Major),
            },
            id: head.id,
            name: head.name,
            about: head.about,
            source: head.source,
            levels: head.levels.unwrap_or_default(),
            working_hours: head.working_hours.unwrap_or_default(),
            settings: head.settings.filled(),
            categories: items(self.categories),
            units: items(self.units),
            responsibilities: items(self.responsibilities),
            deadlines: items(self.deadlines),
            notices: notices(self.notices, &self.notice_times),
            indicators: items(self.indicators),
            care: CareRules {
                services: items(self.care_services),
                plans: items(self.care_plans),
                packages: items(self.care_packages),
                categories: items(self.care_categories),
            },
            duties: Duties {
                categories: items(self.duty_categories),
                duties: items(self.duties),
                self_checks: items(self.self_checks),
            },
            checklists: items(self.checklists),
            flows: self.flows.into_iter().map(|flow| flow.flow).collect(),
            tasks: items(self.tasks),
            whistles: items(self.whistles),
            replies: ReplyRules { min_len: self.min_len, avoid: items(self.avoid) },
            templates: items(self.templates),
        }
    }
}

/// When collected news is sent where nothing else is said: 08:30.
const USUAL_DIGEST_MINUTE: u32 = 8 * 60 + 30;

fn notices(rules: Vec<Placed<NoticeRule>>, times: &NoticeTimes) -> Notices {
    let at = |key: &str| times.get(key).and_then(|(text, _)| notice::minute(text));
    Notices {
        quiet: at("quiet_from").zip(at("quiet_to")).map(|(from_minute, to_minute)| Quiet { from_minute, to_minute }),
        digest_minute: at("digest_at").unwrap_or(USUAL_DIGEST_MINUTE),
        rules: items(rules),
    }
}

fn items<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|placed| placed.item).collect()
}

fn rule_key(rule: &DeadlineRule) -> String {
    let weight = rule.weight.map_or("", linli_kernel::Weight::as_str);
    let level = rule.level.map_or("", linli_kernel::AreaLevel::as_str);
    format!("{} {} {weight} {level}", rule.kind, rule.category.as_deref().unwrap_or_default())
}

fn merge_head(head: &mut Head, own: Head) {
    head.id = own.id;
    head.name = own.name;
    head.extends = own.extends;
    head.about = own.about;
    head.source = own.source;
    head.levels = own.levels.or(head.levels.take());
    head.first_seat.extend(own.first_seat);
    head.working_hours = own.working_hours.or(head.working_hours.take());
    head.settings = own.settings.over(std::mem::take(&mut head.settings));
    head.at.extend(own.at);
}

/// Puts a file's entries over the inherited ones: the same key replaces in place, others are added.
fn merge<T>(inherited: &mut Vec<Placed<T>>, own: Section<T>, key: impl Fn(&T) -> String, findings: &mut Vec<Finding>) {
    if !own.inherits {
        inherited.clear();
    }
    let mut seen = BTreeSet::new();
    for entry in own.entries {
        let own_key = key(&entry.item);
        if !seen.insert(own_key.clone()) {
            findings.push(duplicate(&entry.place.at(), own_key.trim()));
            continue;
        }
        match inherited.iter_mut().find(|other| key(&other.item) == own_key) {
            Some(other) => *other = entry,
            None => inherited.push(entry),
        }
    }
}

fn without_flow(addition: &PlacedFlow) -> Finding {
    let (at, kind) = (addition.place.key("kind"), addition.flow.kind);
    Finding {
        severity: Severity::Error,
        code: "addition_without_flow",
        file: at.file,
        line: at.line,
        message: format!("没有 {kind} 的流程，补充不到哪里去"),
        hint: "改 kind，或者在 flows/ 里写一个这种事项的流程，或者 extends 一个有的工作法。".to_owned(),
    }
}

fn duplicate(at: &At, key: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        code: "duplicate",
        file: at.file.clone(),
        line: at.line,
        message: format!("“{key}”写了两次"),
        hint: "留下一条，删去另一条，或者换一个代码。".to_owned(),
    }
}

/// The first digits of the SHA-256 over the paths and texts of every file of the chain.
fn version(sources: &Sources, chain: &[String]) -> String {
    let mut files: Vec<(&str, &str)> =
        chain.iter().flat_map(|id| sources.of(id)).map(|(path, _, text)| (path, text)).collect();
    files.sort_unstable();
    let mut hash = Sha256::new();
    for (path, text) in files {
        // Lengths keep one file's end apart from the next one's beginning.
        hash.update(format!("{} {path} {} ", path.len(), text.len()));
        hash.update(text);
    }
    hex::encode(hash.finalize()).chars().take(VERSION_LEN).collect()
}

/// The same text on every system: no byte order mark, lines end in a line feed.
fn clean(text: String) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}
