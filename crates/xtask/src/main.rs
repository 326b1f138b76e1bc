//! What keeps the house in order: `gen` writes what is derived, `tidy` holds the house rules, `licences` reads
//! the terms of everything that we build on.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the command line speaks to its user")]

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod derive;
mod licences;
mod repo;
mod tidy;

/// Chores of the repository.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Writes web/openapi.json, web/src/shared/api/schema.ts, docs/access-matrix.md and docs/playbook.schema.json.
    Gen {
        /// Writes nothing; fails when a file is not what it would be.
        #[arg(long)]
        check: bool,
    },
    /// Checks the house rules.
    Tidy,
    /// Checks the licences of everything that we build on.
    Licences,
}

fn main() -> ExitCode {
    match run(&Cli::parse().chore) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            for fault in &faults {
                eprintln!("{fault}");
            }
            eprintln!("xtask: {} to mend", faults.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(chore: &Chore) -> Result<Vec<String>> {
    let root = repo::root()?;
    match chore {
        Chore::Gen { check: true } => Ok(derive::stale(&root)?
            .into_iter()
            .map(|path| format!("{path}: not what `cargo xtask gen` writes; run it and commit the result"))
            .collect()),
        Chore::Gen { check: false } => {
            for path in derive::write(&root)? {
                println!("wrote {path}");
            }
            Ok(Vec::new())
        }
        Chore::Tidy => {
            let tree = tidy::Tree::read(&root)?;
            let faults = tidy::check(&tree);
            if faults.is_empty() {
                println!("{} rules hold over {} files", tidy::RULES.len(), tree.files.len());
            }
            Ok(faults.iter().map(ToString::to_string).collect())
        }
        Chore::Licences => {
            let (n, faults) = licences::check(&root)?;
            if faults.is_empty() {
                println!("{n} packages, all under licences that we accept");
            }
            Ok(faults)
        }
    }
}
