//! Rules over what a newcomer reads.

use std::collections::BTreeMap;

use super::source::lines;
use super::{Fault, Source, Tree};

/// What a newcomer looks for.
const PAPERS: &[&str] = &[
    "LICENSE",
    "README.md",
    "README.zh-CN.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/glossary.md",
    "docs/playbooks.md",
    "docs/operating.md",
    "docs/accessibility.md",
    "docs/access-matrix.md",
    "docs/playbook.schema.json",
    "script/demo",
    "script/test",
    ".ci/run",
];

/// Everything that the product is for; the READMEs tell the state of each.
const FEATURES: &[&str] = &[
    "G1", "G2", "G3", "G4", "G5", "G6", "G7", "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "D1", "D2", "D3",
    "D4", "O1", "O2", "O3", "O4", "O5", "O6", "O7", "O8", "M1", "M2", "M3", "V1", "V2", "V3", "V4", "V5", "V6", "B1",
    "B2", "B3", "B4", "B5", "R1", "R2", "R3", "R4", "R5", "F1", "F2", "F3", "F4", "F5", "F6", "A1", "A2", "A3", "A4",
    "A5", "A6", "P1", "P2", "P3", "P4", "P5", "N1", "N2", "Q1", "Q2", "Q3",
];

/// The states of a feature, in both READMEs.
const STATES: &[(&str, &str)] = &[("done", "已完成"), ("first form", "初步可用"), ("not yet", "尚未开始")];

pub fn papers_are_there(tree: &Tree) -> Vec<Fault> {
    let missing = PAPERS.iter().filter(|path| tree.file(path).is_none());
    let mut faults: Vec<Fault> =
        missing.map(|path| Fault { path: (*path).to_owned(), line: 0, what: "is missing".to_owned() }).collect();
    if let Some(ci) = tree.file(".ci/run").filter(|ci| !ci.text.contains("script/test")) {
        faults.push(ci.fault(0, "does not call script/test"));
    }
    faults
}

/// Rows of the feature table: id → (line, state).
fn rows(file: &Source) -> BTreeMap<&str, Vec<(usize, &str)>> {
    let mut rows: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (n, line) in lines(&file.text) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let (Some(id), Some(state)) = (cells.get(1), cells.get(3))
            && is_id(id)
        {
            rows.entry(id).or_default().push((n, state));
        }
    }
    rows
}

fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase()) && text.len() == 2 && chars.all(|c| c.is_ascii_digit())
}

pub fn readme_tells_the_state_of_every_feature(tree: &Tree) -> Vec<Fault> {
    let (Some(english), Some(chinese)) = (tree.file("README.md"), tree.file("README.zh-CN.md")) else {
        return Vec::new();
    };
    let (in_english, in_chinese) = (rows(english), rows(chinese));
    let mut faults = Vec::new();
    for (file, rows) in [(english, &in_english), (chinese, &in_chinese)] {
        faults.extend(
            FEATURES
                .iter()
                .filter(|id| !rows.contains_key(*id))
                .map(|id| file.fault(0, format!("the feature {id} is missing"))),
        );
        for (id, found) in rows {
            let line = found.first().map_or(0, |(line, _)| *line);
            if !FEATURES.contains(id) {
                faults.push(file.fault(line, format!("there is no feature {id}")));
            }
            if found.len() > 1 {
                faults.push(file.fault(line, format!("the feature {id} is listed {} times", found.len())));
            }
        }
    }
    for (id, found) in &in_english {
        let Some((line, state)) = found.first() else { continue };
        let other = in_chinese.get(id).and_then(|found| found.first()).map(|(_, state)| *state);
        if !STATES.iter().any(|(english, chinese)| english == state && other.is_none_or(|other| other == *chinese)) {
            faults.push(
                english.fault(*line, format!("{id} is “{state}” here and “{}” in Chinese", other.unwrap_or_default())),
            );
        }
    }
    faults
}

pub fn links_lead_somewhere(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (n, line) in lines(&file.text) {
            for target in targets(line) {
                let target = target.split('#').next().unwrap_or_default();
                let is_elsewhere = target.is_empty()
                    || target.contains("://")
                    || target.starts_with("mailto:")
                    || target.starts_with('/');
                if is_elsewhere {
                    continue;
                }
                let path = resolve(folder, target);
                let is_there =
                    tree.files.iter().any(|other| other.path == path || other.path.starts_with(&format!("{path}/")));
                if !is_there {
                    faults.push(file.fault(n, format!("{target} leads nowhere")));
                }
            }
        }
    }
    faults
}

/// The targets of `[text](target)` in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}
