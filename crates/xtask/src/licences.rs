//! The terms of everything that we build on: read from cargo's metadata and the web project's lock file.
//!
//! `deny.toml` says the same to cargo-deny, which takes minutes to install; this takes a second and always runs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::repo;

/// Terms that let the product be used, changed and shipped by anybody, with notice. `deny.toml` has the same list.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Python-2.0",
    "Unicode-3.0",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

/// Besides, for tools that run at build time and leave nothing of themselves in what is shipped.
const ACCEPTED_FOR_TOOLS: &[&str] = &["MPL-2.0"];

/// Checks both lock files: how many packages there are, and what is wrong with which.
///
/// # Errors
/// When cargo or a lock file cannot be read.
pub fn check(root: &Path) -> Result<(usize, Vec<String>)> {
    let mut packages = crates(root)?;
    let lock =
        std::fs::read_to_string(root.join("web/package-lock.json")).context("cannot read web/package-lock.json")?;
    packages.extend(npm(&serde_json::from_str(&lock)?));
    let faults = packages.iter().filter_map(fault).collect();
    Ok((packages.len(), faults))
}

/// Something that we build on.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: String,
    licence: Option<String>,
    /// Whether nothing of it is in what is shipped.
    is_tool: bool,
}

fn crates(root: &Path) -> Result<Vec<Package>> {
    let host = repo::output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let metadata = repo::output(
        Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host.trim()])
            .current_dir(root),
    )?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    Ok(packages
        .iter()
        .map(|package| {
            let text = |key: &str| package.get(key).and_then(Value::as_str);
            let name = format!("crate {} {}", text("name").unwrap_or("?"), text("version").unwrap_or("?"));
            Package { name, licence: text("license").map(str::to_owned), is_tool: false }
        })
        .collect())
}

fn npm(lock: &Value) -> Vec<Package> {
    let packages = lock.get("packages").and_then(Value::as_object).into_iter().flatten();
    packages
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, package)| Package {
            name: format!("npm {}", path.rsplit("node_modules/").next().unwrap_or(path)),
            licence: package.get("license").and_then(Value::as_str).map(str::to_owned),
            is_tool: package.get("dev").and_then(Value::as_bool).unwrap_or(false),
        })
        .collect()
}

fn fault(package: &Package) -> Option<String> {
    let name = &package.name;
    match package.licence.as_deref() {
        None => Some(format!("{name} names no licence")),
        Some(licence) if is_accepted(licence) || package.is_tool && ACCEPTED_FOR_TOOLS.contains(&licence) => None,
        Some(licence) => Some(format!("{name} is under {licence}, which is not among the accepted")),
    }
}

/// Whether an SPDX expression can be met by accepted licences alone.
fn is_accepted(expression: &str) -> bool {
    // `A/B` is how older crates write `A OR B`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> bool {
    let mut accepted = all_of(rest);
    while let [word, tail @ ..] = *rest
        && word.eq_ignore_ascii_case("OR")
    {
        *rest = tail;
        accepted |= all_of(rest);
    }
    accepted
}

fn all_of(rest: &mut &[&str]) -> bool {
    let mut accepted = one(rest);
    while let [word, tail @ ..] = *rest
        && word.eq_ignore_ascii_case("AND")
    {
        *rest = tail;
        accepted &= one(rest);
    }
    accepted
}

fn one(rest: &mut &[&str]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let accepted = any_of(rest);
            if let [")", tail @ ..] = *rest {
                *rest = tail;
                return accepted;
            }
            false
        }
        [licence, with, exception, tail @ ..] if with.eq_ignore_ascii_case("WITH") => {
            *rest = tail;
            ACCEPTED.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, tail @ ..] => {
            *rest = tail;
            ACCEPTED.contains(licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_accepted_when_one_side_is() {
        assert!(is_accepted("MIT OR Apache-2.0"));
        assert!(is_accepted("MIT/Apache-2.0"));
        assert!(is_accepted("GPL-3.0-only OR MIT"));
        assert!(is_accepted("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(is_accepted("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"));
    }

    #[test]
    fn copyleft_and_riddles_are_refused() {
        for refused in [
            "GPL-3.0-only",
            "AGPL-3.0-or-later",
            "MIT AND GPL-2.0",
            "LGPL-2.1",
            "SEE LICENSE IN x",
            "(MIT",
            "",
            "MIT Apache-2.0",
        ] {
            assert!(!is_accepted(refused), "{refused}");
        }
        let package = |licence: Option<&str>, is_tool| Package {
            name: "x".to_owned(),
            licence: licence.map(str::to_owned),
            is_tool,
        };
        assert!(fault(&package(None, false)).is_some());
        assert!(fault(&package(Some("AGPL-3.0"), true)).is_some());
        assert!(fault(&package(Some("MPL-2.0"), false)).is_some());
        assert_eq!(fault(&package(Some("MPL-2.0"), true)), None);
        assert_eq!(fault(&package(Some("ISC"), false)), None);
    }

    #[test]
    fn cargo_deny_is_told_the_same() {
        let deny = std::fs::read_to_string(repo::root().unwrap().join("deny.toml")).unwrap();
        let deny: toml::Table = toml::from_str(&deny).unwrap();
        let allowed = deny["licenses"]["allow"].as_array().unwrap();
        for licence in allowed {
            assert!(ACCEPTED.contains(&licence.as_str().unwrap()), "{licence}");
        }
        assert!(!allowed.is_empty());
    }

    #[test]
    fn the_lock_file_of_the_web_project_is_read() {
        let lock = serde_json::json!({ "packages": {
            "": {}, "node_modules/a": { "license": "MIT", "dev": true }, "node_modules/a/node_modules/@b/c": {}
        } });
        let read = npm(&lock);
        assert_eq!(read.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["npm a", "npm @b/c"]);
        assert_eq!(read.iter().map(|package| package.is_tool).collect::<Vec<_>>(), [true, false]);
        assert_eq!(read.iter().map(|package| package.licence.as_deref()).collect::<Vec<_>>(), [Some("MIT"), None]);
    }
}
