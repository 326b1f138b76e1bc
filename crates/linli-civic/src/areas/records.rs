//! From cells of a table to areas that fit together: one name a code, a parent for each, no order needed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::OnceLock;

use linli_kernel::{AreaCode, AreaLevel};

use super::faults::{Fault, Finding};
use super::names::short_name;
use super::table::{read_code, read_name};

/// 基本情况 of an area as a table gives it; `None` where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Profile {
    pub households: Option<u32>,
    pub residents: Option<u32>,
    pub merchants: Option<u32>,
}

/// 区域: one area ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaRecord {
    /// Line of the file, from 1; 0 when it was supplied from the built-in list of cities.
    pub line: u32,
    pub code: AreaCode,
    /// The official name as written.
    pub name: String,
    /// The name that people use; see [`short_name`].
    pub short_name: String,
    pub level: AreaLevel,
    /// None for cities only.
    pub parent: Option<AreaCode>,
    pub profile: Profile,
    /// 网格员 named in the table; personal data of staff.
    pub worker_name: Option<String>,
}

/// What the database knows already.
pub trait KnownAreas {
    /// The official name of an area that exists, or none.
    fn name_of(&self, code: &AreaCode) -> Option<String>;
}

impl<F: Fn(&AreaCode) -> Option<String>> KnownAreas for F {
    fn name_of(&self, code: &AreaCode) -> Option<String> {
        self(code)
    }
}

impl KnownAreas for BTreeMap<AreaCode, String> {
    fn name_of(&self, code: &AreaCode) -> Option<String> {
        self.get(code).cloned()
    }
}

impl<S: BuildHasher> KnownAreas for HashMap<AreaCode, String, S> {
    fn name_of(&self, code: &AreaCode) -> Option<String> {
        self.get(code).cloned()
    }
}

/// An empty database.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingKnown;

impl KnownAreas for NothingKnown {
    fn name_of(&self, _code: &AreaCode) -> Option<String> {
        None
    }
}

/// How a cell names its area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The row is about this area: a second one is a duplicate.
    Own,
    /// The row is about another area and repeats this one, as 610502 临渭区 is repeated for each village.
    Repeated,
}

/// One area as one row names it.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub line: u32,
    pub code: AreaCode,
    pub name: String,
    pub role: Role,
    pub profile: Profile,
    pub worker_name: Option<String>,
}

/// Gathers candidates, and the faults of those that are none.
#[derive(Default)]
pub(super) struct Gathered {
    by_code: BTreeMap<AreaCode, Vec<Candidate>>,
    pub findings: Vec<Finding>,
    /// Codes with a row that was refused: what lies below them is refused for another reason than a missing parent.
    refused: BTreeSet<AreaCode>,
    repeated_faults: BTreeSet<(String, &'static str)>,
}

/// What stands above a record.
enum Above {
    /// Nothing: it is a city.
    Top,
    Named(String),
    /// A city that must be supplied from the built-in list.
    Supplied(Box<AreaRecord>),
    Missing,
}

impl Gathered {
    /// Starts with what was found while the table was read.
    pub fn starting_with(findings: Vec<Finding>) -> Self {
        Self { findings, ..Self::default() }
    }

    pub fn add(&mut self, candidate: Candidate) {
        self.by_code.entry(candidate.code).or_default().push(candidate);
    }

    pub fn refuse(&mut self, line: u32, written: &str, fault: Fault) {
        if let Ok(code) = read_code(written) {
            self.refused.insert(code);
        }
        let subject = Some(written).filter(|written| !written.is_empty());
        self.findings.push(Finding::new(line, subject, fault));
    }

    /// Reads a repeated cell; its faults are said once and not for each row.
    pub fn add_repeated(&mut self, line: u32, level: AreaLevel, written_code: &str, written_name: &str) {
        if written_code.is_empty() && written_name.is_empty() {
            return;
        }
        match read_own(level, written_code, written_name) {
            Ok((code, name)) => self.add(Candidate {
                line,
                code,
                name,
                role: Role::Repeated,
                profile: Profile::default(),
                worker_name: None,
            }),
            Err(fault) => {
                if self.repeated_faults.insert((written_code.to_owned(), fault.code())) {
                    self.refuse(line, written_code, fault);
                }
            }
        }
    }

    /// Settles duplicates, names and parents. The result depends on the rows but not on their order.
    pub fn resolve(mut self, known: &dyn KnownAreas) -> (Vec<AreaRecord>, Vec<Finding>) {
        let by_code = std::mem::take(&mut self.by_code);
        let mut accepted: BTreeMap<AreaCode, AreaRecord> = BTreeMap::new();
        // A parent's digits are followed by zeros, so it sorts before everything below it.
        for (code, candidates) in &by_code {
            let Some(mut record) = self.choose(code, candidates, known) else { continue };
            let parent_name = match self.above(&record, &accepted, known) {
                Above::Top => None,
                Above::Named(name) => Some(name),
                Above::Supplied(city) => {
                    let fault = Fault::CitySupplied { name: city.name.clone() };
                    self.findings.push(Finding::new(0, Some(city.code.as_str()), fault));
                    let name = city.name.clone();
                    accepted.insert(city.code, *city);
                    Some(name)
                }
                Above::Missing => {
                    let is_in_file = record.parent.is_some_and(|above| by_code.contains_key(&above));
                    self.refuse_orphans(&record, candidates, is_in_file);
                    continue;
                }
            };
            record.short_name = short_name(&record.name, parent_name.as_deref());
            accepted.insert(*code, record);
        }
        let mut findings = self.findings;
        findings.sort_by(|a, b| (a.line, &a.subject, a.fault.code()).cmp(&(b.line, &b.subject, b.fault.code())));
        (accepted.into_values().collect(), findings)
    }

    /// One record of the rows that name the same code. The name in the database wins, then the one that most rows use,
    /// then the first in the order of characters: never the first in the file.
    fn choose(&mut self, code: &AreaCode, candidates: &[Candidate], known: &dyn KnownAreas) -> Option<AreaRecord> {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for candidate in candidates {
            *uses.entry(candidate.name.as_str()).or_default() += 1;
        }
        let stored = if uses.len() > 1 { known.name_of(code) } else { None };
        let name = match stored.as_deref().filter(|stored| uses.contains_key(stored)) {
            Some(stored) => stored.to_owned(),
            None => uses
                .iter()
                .min_by_key(|(name, n)| (std::cmp::Reverse(**n), **name))
                .map(|(name, _)| (*name).to_owned())?,
        };
        let mut agreeing: Vec<&Candidate> = candidates.iter().filter(|c| c.name == name).collect();
        // Of equal rows the fullest one is kept, so that the order of lines does not matter.
        agreeing.sort_by_key(|c| (c.role != Role::Own, std::cmp::Reverse(fullness(c)), c.line));
        let best = *agreeing.first()?;
        for other in candidates.iter().filter(|c| c.name != name) {
            let fault = Fault::NameConflict {
                kept: name.clone(),
                refused: other.name.clone(),
                is_repeated: other.role == Role::Repeated,
            };
            self.findings.push(Finding::new(other.line, Some(code.as_str()), fault));
        }
        for again in agreeing.iter().skip(1).filter(|c| c.role == Role::Own) {
            let fault = Fault::DuplicateRow { first_line: best.line };
            self.findings.push(Finding::new(again.line, Some(code.as_str()), fault));
        }
        Some(AreaRecord {
            line: best.line,
            code: *code,
            short_name: String::new(),
            name,
            level: code.level(),
            parent: code.parent(),
            profile: best.profile,
            worker_name: best.worker_name.clone(),
        })
    }

    fn above(&self, record: &AreaRecord, accepted: &BTreeMap<AreaCode, AreaRecord>, known: &dyn KnownAreas) -> Above {
        let Some(parent) = record.parent else { return Above::Top };
        let stored = || known.name_of(&parent);
        match accepted.get(&parent).map(|above| above.name.clone()).or_else(stored) {
            Some(name) => Above::Named(name),
            None if self.refused.contains(&parent) => Above::Missing,
            None => built_in_city(&parent).map_or(Above::Missing, |city| Above::Supplied(Box::new(city))),
        }
    }

    /// Reports every row of an area whose parent is missing; a repeated cell is reported once.
    fn refuse_orphans(&mut self, record: &AreaRecord, candidates: &[Candidate], is_in_file: bool) {
        let Some(parent) = record.parent else { return };
        let was_refused = is_in_file || self.refused.contains(&parent);
        let parent = parent.to_string();
        let fault = if was_refused { Fault::RefusedParent { parent } } else { Fault::MissingParent { parent } };
        let mut lines: Vec<u32> = candidates.iter().filter(|c| c.role == Role::Own).map(|c| c.line).collect();
        if lines.is_empty() {
            lines.push(record.line);
        }
        for line in lines {
            self.refuse(line, record.code.as_str(), fault.clone());
        }
    }
}

fn fullness(c: &Candidate) -> (bool, Option<u32>, Option<u32>, Option<u32>, Option<&str>) {
    let Profile { households, residents, merchants } = c.profile;
    (c.worker_name.is_some(), households, residents, merchants, c.worker_name.as_deref())
}

/// Reads code and name of a cell pair whose column says the level.
pub(super) fn read_own(level: AreaLevel, code: &str, name: &str) -> Result<(AreaCode, String), Fault> {
    let code = read_code(code)?;
    if code.level() != level {
        return Err(Fault::LevelMismatch {
            written: level_name(level).to_owned(),
            expected: level_name(code.level()).to_owned(),
        });
    }
    Ok((code, read_name(name)?))
}

/// The Chinese word for a level.
pub(super) const fn level_name(level: AreaLevel) -> &'static str {
    match level {
        AreaLevel::City => "市",
        AreaLevel::County => "县区",
        AreaLevel::Street => "街道",
        AreaLevel::Community => "社区",
        AreaLevel::Grid => "网格",
        AreaLevel::MicroGrid => "微网格",
    }
}

/// The level that a word of a table names; none for words that say nothing.
pub(super) fn level_of_word(word: &str) -> Option<AreaLevel> {
    match word.trim() {
        "市" | "地级市" | "地市" | "city" => Some(AreaLevel::City),
        "县" | "区" | "县区" | "区县" | "县级市" | "county" => Some(AreaLevel::County),
        "街道" | "镇" | "乡" | "乡镇" | "镇街" | "街镇" | "street" => Some(AreaLevel::Street),
        "社区" | "村" | "村居" | "community" => Some(AreaLevel::Community),
        "网格" | "一级网格" | "grid" => Some(AreaLevel::Grid),
        "微网格" | "micro_grid" => Some(AreaLevel::MicroGrid),
        _ => None,
    }
}

/// The 342 cities of the statistics bureau's list: the one level that the usual tables of a county leave out.
fn built_in_city(code: &AreaCode) -> Option<AreaRecord> {
    static CITIES: OnceLock<HashMap<&'static str, &'static str>> = OnceLock::new();
    let cities = CITIES.get_or_init(|| {
        let lines = include_str!("../../data/cities.csv").lines().skip(1);
        lines
            .filter_map(|line| line.split_once(','))
            .map(|(code, rest)| (code, rest.split(',').next().unwrap_or(rest)))
            .collect()
    });
    let name = cities.get(code.as_str().get(..4)?).filter(|_| code.level() == AreaLevel::City)?;
    let name = name.trim_matches('"');
    Some(AreaRecord {
        line: 0,
        code: *code,
        name: name.to_owned(),
        short_name: name.to_owned(),
        level: AreaLevel::City,
        parent: None,
        profile: Profile::default(),
        worker_name: None,
    })
}
