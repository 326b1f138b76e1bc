//! What is derived from the code and committed, so that a change of it is seen in review.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::repo;

mod matrix;

const OPENAPI: &str = "web/openapi.json";
const SCHEMA_TS: &str = "web/src/shared/api/schema.ts";
const MATRIX: &str = "docs/access-matrix.md";
const PLAYBOOK_SCHEMA: &str = "docs/playbook.schema.json";

/// Writes every derived file; the paths written.
///
/// # Errors
/// When a file cannot be derived or written.
pub fn write(root: &Path) -> Result<Vec<&'static str>> {
    let files = all(root)?;
    for (path, text) in &files {
        std::fs::write(root.join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(files.iter().map(|(path, _)| *path).collect())
}

/// The derived files that are not what they would be.
///
/// # Errors
/// When a file cannot be derived.
pub fn stale(root: &Path) -> Result<Vec<&'static str>> {
    let files = all(root)?;
    let is_stale = |path: &str, text: &str| std::fs::read_to_string(root.join(path)).ok().as_deref() != Some(text);
    Ok(files.iter().filter(|(path, text)| is_stale(path, text)).map(|(path, _)| *path).collect())
}

fn all(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let document = linli_server::routes::document();
    let openapi = json(&document)?;
    Ok(vec![
        (SCHEMA_TS, typescript(root, &openapi)?),
        (OPENAPI, openapi),
        (MATRIX, matrix::markdown(&document)?),
        (PLAYBOOK_SCHEMA, json(&linli_playbook::json_schema())?),
    ])
}

/// The document's TypeScript, by the web project's own openapi-typescript.
fn typescript(root: &Path, openapi: &str) -> Result<String> {
    let web = root.join("web");
    let input = web.join("node_modules").join(".openapi.json");
    std::fs::write(&input, openapi).context("the web project is not installed: npm --prefix web ci")?;
    let made = repo::output(
        Command::new("node")
            .arg("node_modules/openapi-typescript/bin/cli.js")
            .arg("node_modules/.openapi.json")
            .current_dir(&web),
    );
    std::fs::remove_file(&input).context("cannot remove a scratch file")?;
    made
}

/// JSON with its keys in order, so that the same document is always the same text.
fn json(value: &Value) -> Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(&ordered(value))?))
}

fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort_unstable();
            let pairs = keys.into_iter().filter_map(|key| Some((key.clone(), ordered(entries.get(key)?))));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(ordered).collect()),
        other => other.clone(),
    }
}
