//! Where the repository is, and how its tools are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folder that holds the workspace, from wherever inside it we were started.
///
/// # Errors
/// When we were started outside the repository.
pub fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the working folder")?;
    let found = here.ancestors().find(|folder| {
        std::fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|text| text.contains("[workspace]"))
    });
    found.map(Path::to_path_buf).with_context(|| format!("{} is not inside the repository", here.display()))
}

/// Runs a tool and gives back what it printed.
///
/// # Errors
/// When it cannot be started or fails, with what it said.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.output().with_context(|| format!("cannot run {name}"))?;
    if !out.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    String::from_utf8(out.stdout).with_context(|| format!("{name} did not print text"))
}
