//! What the tests of playbooks share.

use std::path::{Path, PathBuf};

use crate::{Loaded, Playbook, Sources, load};

pub fn playbooks_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks")
}

/// The playbooks of the repository.
pub fn shipped() -> Sources {
    Sources::from_dir(&playbooks_dir()).unwrap()
}

pub fn base() -> Playbook {
    load(&shipped(), "base").unwrap().playbook
}

/// Every file of the repository's playbooks: path below `playbooks/` and text.
pub fn shipped_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(&playbooks_dir(), "", &mut files);
    files
}

fn collect(dir: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else if name.ends_with(".toml") {
            files.push((format!("{prefix}{name}"), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The shipped base with a playbook `mine` upon it, made of these files.
pub fn on_base(files: &[(&str, &str)]) -> Loaded {
    let head = ("mine/playbook.toml".to_owned(), "id = \"mine\"\nname = \"我们\"\nextends = \"base\"\n".to_owned());
    let own = files.iter().map(|(path, text)| (format!("mine/{path}"), (*text).to_owned()));
    let sources = Sources::from_files(shipped_files().into_iter().chain([head]).chain(own));
    load(&sources, "mine").unwrap()
}

/// The findings as `code file:line`.
pub fn told(loaded: &Loaded) -> Vec<String> {
    loaded.findings.iter().map(|finding| format!("{} {}:{}", finding.code, finding.file, finding.line)).collect()
}
