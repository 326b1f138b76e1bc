//! `linli playbook`: checks ways of working and tries them on what happened before they are used; moves cases from one to another.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Subcommand;

use linli_playbook::{Finding, Severity, Sources, json_schema, load};
use linli_server::open;

use super::out::say;
use super::{move_cases, rehearse};

/// What is done with playbooks.
#[derive(Subcommand, Clone)]
pub enum Playbook {
    /// Checks a playbook, or all of them: file, line, what is wrong and how to mend it. Ends with 1 when there are errors.
    Check {
        /// A playbook's id, or its folder; every known playbook when left out.
        which: Option<String>,
        /// The folder of the data, whose own playbooks are checked too.
        #[arg(long, env = "LINLI_DATA", default_value = "data")]
        data: PathBuf,
    },
    /// Prints the JSON Schema of the files, for editors.
    Schema,
    /// Replays past cases through a draft and says what would change: who answers, by when, what is allowed. Writes nothing. Ends with 1 when the draft has errors.
    Rehearse(rehearse::RehearseArgs),
    /// Moves running cases from one version to another, each with an entry in its history. Only tells what it would do unless --apply is given.
    Move(move_cases::MoveArgs),
}

/// Runs it.
///
/// # Errors
/// When there is no such playbook, or a folder cannot be read.
pub async fn run(command: &Playbook) -> anyhow::Result<ExitCode> {
    match command {
        Playbook::Rehearse(args) => rehearse::run(args).await,
        Playbook::Move(args) => move_cases::run(args).await,
        Playbook::Schema => {
            say(&serde_json::to_string_pretty(&json_schema())?);
            Ok(ExitCode::SUCCESS)
        }
        Playbook::Check { which, data } => {
            let known = open::playbook_sources(Some(data))?;
            match which.as_deref() {
                None => check(&known, &known.ids(), None),
                Some(which) => {
                    let named = Named::among(known, which)?;
                    check(&named.sources, std::slice::from_ref(&named.id), named.folder.as_deref())
                }
            }
        }
    }
}

/// A playbook as it was named: by its id, or by its folder.
pub(super) struct Named {
    pub sources: Sources,
    pub id: String,
    pub folder: Option<PathBuf>,
}

impl Named {
    pub fn among(known: Sources, which: &str) -> anyhow::Result<Self> {
        let folder = Path::new(which);
        if !folder.is_dir() {
            return Ok(Self { sources: known, id: which.to_owned(), folder: None });
        }
        let (id, own) = of_folder(folder)?;
        Ok(Self { sources: known.and(own), id, folder: Some(folder.to_owned()) })
    }
}

/// The files of one folder alone: its neighbours are none of our business.
fn of_folder(folder: &Path) -> anyhow::Result<(String, Sources)> {
    let whole = folder.canonicalize().with_context(|| format!("打不开 {}", folder.display()))?;
    let Some(id) = whole.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        bail!("{} 不是工作法的文件夹", folder.display());
    };
    let mut own = Own::default();
    own.read(&whole, &id)?;
    Ok((id, Sources::from_files(own.texts).with_documents(own.documents)))
}

#[derive(Default)]
struct Own {
    texts: Vec<(String, String)>,
    documents: Vec<(String, Vec<u8>)>,
}

impl Own {
    fn read(&mut self, folder: &Path, under: &str) -> anyhow::Result<()> {
        let reading = || format!("读不了 {}", folder.display());
        for entry in std::fs::read_dir(folder).with_context(reading)? {
            let path = entry.with_context(reading)?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let below = format!("{under}/{name}");
            let unreadable = || format!("读不了 {}", path.display());
            if path.is_dir() {
                self.read(&path, &below)?;
            } else if name.ends_with(".toml") {
                self.texts.push((below, std::fs::read_to_string(&path).with_context(unreadable)?));
            } else if name.ends_with(".docx") && !name.starts_with('~') {
                self.documents.push((below, std::fs::read(&path).with_context(unreadable)?));
            }
        }
        Ok(())
    }
}

fn check(sources: &Sources, ids: &[String], folder: Option<&Path>) -> anyhow::Result<ExitCode> {
    let (mut n_errors, mut n_warnings) = (0, 0);
    for id in ids {
        let loaded = open::checked(load(sources, id)?);
        for finding in &loaded.findings {
            match finding.severity {
                Severity::Error => n_errors += 1,
                Severity::Warning => n_warnings += 1,
            }
            say(&shown(finding, id, folder).to_string());
        }
        say(&format!("{id}（{}，版本 {}）：检查完毕", loaded.playbook.name, loaded.playbook.version));
    }
    say(&format!("{n_errors} 个错误，{n_warnings} 个提醒"));
    Ok(if n_errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A finding whose file is named as the folder was typed, so that an editor can open it.
pub(super) fn shown(finding: &Finding, id: &str, folder: Option<&Path>) -> Finding {
    let mut shown = finding.clone();
    if let (Some(folder), Some(rest)) = (folder, finding.file.strip_prefix(&format!("{id}/"))) {
        shown.file = folder.join(rest).display().to_string();
    }
    shown
}
