//! Rules over every text file.

use super::source::lines;
use super::{Fault, Tree};

/// Folders that exist on the machine of whoever wrote a line, and nowhere else.
const FOLDERS: &[&str] =
    &[concat!("/", "work", "/"), concat!("/", "root", "/"), concat!("/", "home", "/"), concat!("/", "Users", "/")];

pub fn no_path_of_a_machine(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with(".lock") && file.name() != "package-lock.json") {
        for (n, line) in lines(&file.text) {
            if let Some(folder) = FOLDERS.iter().find(|folder| begins_a_path(line, folder)) {
                faults.push(file.fault(n, format!("{folder} is a folder of one machine")));
            }
        }
    }
    faults
}

/// Whether `folder` stands at the beginning of a path: `src/home/x` is inside the project.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "_-./@*}".contains(c))
    })
}
