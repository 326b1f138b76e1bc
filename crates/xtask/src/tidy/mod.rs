//! 家规: the rules of the house, each of them a check over the tracked files.
//!
//! Rules are kept here and not in people's heads. Each says why, and each has a test that plants a violation and sees it
//! caught (`tests.rs`). An exception is a line in a list beside its rule, with its reason.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::repo;

mod code;
mod data;
mod layers;
mod paper;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod web;

pub use source::Source;

/// The tracked files, and those that would be tracked.
pub struct Tree {
    /// In the order of their paths.
    pub files: Vec<Source>,
}

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Relative to the root.
    pub path: String,
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, and what to do.
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// A rule of the house.
pub struct Rule {
    /// Names it in messages and tests.
    pub id: &'static str,
    /// Finds what breaks it.
    pub check: fn(&Tree) -> Vec<Fault>,
}

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule { id: "pure", check: code::pure_files_stay_pure },
    Rule { id: "dialect", check: code::sql_dialect_lives_in_one_file },
    Rule { id: "one_write_path", check: code::writes_go_through_the_commit },
    Rule { id: "clock", check: code::time_comes_from_the_clock },
    Rule { id: "finished", check: code::nothing_is_left_unfinished },
    Rule { id: "short_files", check: code::files_stay_short },
    Rule { id: "layers", check: layers::crates_depend_downwards },
    Rule { id: "slices", check: layers::slices_depend_downwards },
    Rule { id: "prose", check: layers::slices_open_with_their_rules },
    Rule { id: "personal_data", check: data::personal_columns_say_why },
    Rule { id: "refused_data", check: data::refused_columns_do_not_exist },
    Rule { id: "machine_paths", check: text::no_path_of_a_machine },
    Rule { id: "chinese_in_code", check: web::texts_live_in_translation_files },
    Rule { id: "languages", check: web::languages_say_the_same },
    Rule { id: "papers", check: paper::papers_are_there },
    Rule { id: "features", check: paper::readme_tells_the_state_of_every_feature },
    Rule { id: "links", check: paper::links_lead_somewhere },
];

/// Everything that breaks a rule, with the rule's id at the end.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Fault> {
    RULES
        .iter()
        .flat_map(|rule| {
            (rule.check)(tree).into_iter().map(|fault| Fault { what: format!("{} [{}]", fault.what, rule.id), ..fault })
        })
        .collect()
}

impl Tree {
    /// Reads every text file that git knows or would know.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn read(root: &Path) -> Result<Self> {
        let listed = repo::output(
            Command::new("git")
                .args(["-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard", "-z"])
                .current_dir(root),
        )?;
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        paths.dedup();
        // A file that is deleted but not yet committed is gone; one that is no text is kept by its name alone.
        let files = paths.into_iter().filter(|path| root.join(path).is_file()).map(|path| {
            let text = std::fs::read(root.join(path)).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            Source::new(path, &text.unwrap_or_default())
        });
        Ok(Self { files: files.collect() })
    }

    /// The file at `path`.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Source> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Files whose path begins with `folder` and ends with `ending`.
    pub fn under<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = &'a Source> {
        self.files.iter().filter(move |file| file.path.starts_with(folder) && file.path.ends_with(ending))
    }
}
