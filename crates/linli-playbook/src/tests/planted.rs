//! A playbook with ten planted faults: all ten are named, with file and line, and nothing else is.

use std::collections::BTreeSet;
use std::path::Path;

use super::support::{shipped, told};
use crate::{Loaded, Sources, load};

fn planted() -> (Loaded, BTreeSet<String>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let sources = Sources::from_dir(&dir).unwrap();
    // Each planted line says in a comment which fault it holds.
    let marks = sources.of("planted").flat_map(|(path, _, text)| {
        text.lines().enumerate().filter_map(move |(n, line)| {
            let (_, code) = line.split_once("# fault: ")?;
            Some(format!("{code} {path}:{}", n + 1))
        })
    });
    let marks = marks.collect();
    (load(&shipped().and(sources), "planted").unwrap(), marks)
}

#[test]
fn all_ten_planted_faults_are_named_with_file_and_line() {
    let (loaded, marks) = planted();
    assert_eq!(marks.len(), 10);
    assert_eq!(told(&loaded).into_iter().collect::<BTreeSet<_>>(), marks);
    assert_eq!(loaded.findings.len(), 10);
    assert!(!loaded.is_usable());
}

#[test]
fn the_faults_are_told_in_chinese_with_a_hint() {
    let (loaded, _) = planted();
    let text: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"));
}
