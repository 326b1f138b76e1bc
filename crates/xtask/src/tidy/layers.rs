//! Rules over who may know whom.

use super::source::lines;
use super::{Fault, Tree};

/// What each crate may be built on. `kernel ← db ← access ← civic ← server`; `kernel ← playbook ← civic`.
const CRATES: &[(&str, &[&str])] = &[
    ("linli-kernel", &[]),
    ("linli-db", &["linli-kernel"]),
    ("linli-access", &["linli-kernel", "linli-db"]),
    ("linli-playbook", &["linli-kernel"]),
    ("linli-civic", &["linli-kernel", "linli-db", "linli-access", "linli-playbook"]),
    ("linli-server", &["linli-kernel", "linli-db", "linli-access", "linli-playbook", "linli-civic"]),
    ("linli-testkit", &["linli-kernel", "linli-db", "linli-access", "linli-playbook", "linli-civic", "linli-server"]),
    ("xtask", &["linli-kernel", "linli-db", "linli-access", "linli-playbook", "linli-civic", "linli-server"]),
];

/// The slices from the ground up; a slice knows those before it. Backwards, news travels by event.
const SLICES: &[&[&str]] = &[
    &["areas", "people", "files", "playbooks", "partners", "delivery", "banners", "office", "sheets", "docx"],
    &["cases", "registry"],
    &["live", "notices", "visits", "facilities", "opinions"],
    &["care"],
    &["inspections"],
    &["duties", "ledgers", "imports"],
    &["sync"],
    &["map", "audit", "plain", "indicators", "rehearsal"],
    &["webhooks", "hotline", "open311"],
    &["search"],
];
/// Arrows that go up, each with its reason.
const UPWARDS: &[(&str, &str, &str)] = &[
    ("crates/linli-civic/src/files/http.rs", "cases", "a photo is served to those who may see its case"),
    ("crates/linli-civic/src/files/http.rs", "visits", "a photo is served to those who may see its visit"),
];
/// Where the slices stand.
const CIVIC: &str = "crates/linli-civic/src/";
/// A folder's opening prose is at least this long. Unit: lines.
const MIN_PROSE: usize = 4;

pub fn crates_depend_downwards(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.under("crates/", "/Cargo.toml") {
        let name = file.path.split('/').nth(1).unwrap_or_default();
        let Some((_, allowed)) = CRATES.iter().find(|(listed, _)| *listed == name) else {
            faults.push(file.fault(0, format!("{name} has no place among the layers; give it one in CRATES")));
            continue;
        };
        let mut section = "";
        for (n, line) in lines(&file.text) {
            if line.starts_with('[') {
                section = line.trim();
            }
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let is_ours = CRATES.iter().any(|(listed, _)| *listed == dependency);
            if section == "[dependencies]" && is_ours && !allowed.contains(&dependency) {
                faults.push(
                    file.fault(n, format!("{name} may not be built on {dependency}: the arrow goes the other way")),
                );
            }
        }
    }
    faults
}

pub fn slices_depend_downwards(tree: &Tree) -> Vec<Fault> {
    let layer_of = |slice: &str| SLICES.iter().position(|layer| layer.contains(&slice));
    let mut faults = Vec::new();
    for file in tree.under(CIVIC, ".rs").filter(|file| !file.is_test()) {
        let Some((slice, _)) = file.path.strip_prefix(CIVIC).and_then(|path| path.split_once('/')) else { continue };
        let Some(own) = layer_of(slice) else {
            faults
                .push(file.fault(0, format!("the slice {slice} has no place among the layers; give it one in SLICES")));
            continue;
        };
        for (n, line) in lines(&file.code) {
            let above = SLICES.iter().skip(own + 1).flat_map(|layer| layer.iter());
            if let Some(found) = above.into_iter().find(|name| {
                line.contains(&format!("crate::{name}::"))
                    && !UPWARDS.iter().any(|(path, to, _)| *path == file.path && to == *name)
            }) {
                faults.push(file.fault(n, format!("{slice} may not know {found}: news travels backwards by event")));
            }
        }
    }
    faults
}

pub fn slices_open_with_their_rules(tree: &Tree) -> Vec<Fault> {
    let mut folders: Vec<&str> =
        tree.under(CIVIC, ".rs").filter_map(|file| Some(file.path.strip_prefix(CIVIC)?.split_once('/')?.0)).collect();
    folders.dedup();
    folders
        .into_iter()
        .filter_map(|slice| {
            let path = format!("{CIVIC}{slice}/mod.rs");
            let Some(file) = tree.file(&path) else {
                return Some(Fault { path, line: 0, what: "a slice begins with mod.rs".to_owned() });
            };
            let prose: Vec<&str> = file.text.lines().take_while(|line| line.starts_with("//!")).collect();
            let has_rules = prose.iter().any(|line| line.trim() == "//! Rules");
            (prose.len() < MIN_PROSE || !has_rules).then(|| {
                file.fault(1, "opens with what the slice is, `//! Rules`, and what it deliberately does not do")
            })
        })
        .collect()
}
