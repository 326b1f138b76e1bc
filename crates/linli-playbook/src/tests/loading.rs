//! Loading: extending, replacing, versions, and what stops it.

use super::support::{on_base, shipped, shipped_files, told};
use crate::{LoadError, Sources, load};

fn sources(files: &[(&str, &str)]) -> Sources {
    Sources::from_files(files.iter().copied())
}

#[test]
fn an_entry_of_the_same_code_replaces_the_inherited_one() {
    let loaded =
        on_base(&[("categories.toml", "[[categories]]\ncode = 'parking'\nparent = 'order'\nname = '乱停车'\n")]);
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    assert_eq!(loaded.playbook.category("parking").unwrap().name, "乱停车");
    assert!(loaded.playbook.category("noise").is_some());
    assert_eq!(loaded.playbook.id, "mine");
}

#[test]
fn a_list_of_its_own_leaves_out_the_inherited_one_and_what_named_it() {
    let loaded = on_base(&[(
        "categories.toml",
        "inherit = false\n[[categories]]\ncode = 'lamp'\nname = '路灯'\nweight = 'micro'\n",
    )]);
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
    assert_eq!(loaded.playbook.categories.len(), 1);
    assert!(loaded.playbook.responsibilities.iter().all(|line| line.category == "*"));
}

#[test]
fn settings_are_replaced_key_by_key() {
    let mut files = shipped_files();
    files.push((
        "mine/playbook.toml".to_owned(),
        "id = 'mine'\nname = '我们'\nextends = 'base'\n[settings]\nreopen_limit = 5\n[first_seat]\nmicro = 'micro_grid'\n"
            .to_owned(),
    ));
    let playbook = load(&Sources::from_files(files), "mine").unwrap().playbook;
    assert_eq!((playbook.settings.reopen_limit, playbook.settings.reopen_window_days), (5, 15));
    assert_eq!(playbook.first_seat.micro, linli_kernel::AreaLevel::MicroGrid);
    assert_eq!(playbook.first_seat.major, linli_kernel::AreaLevel::County);
}

#[test]
fn the_version_changes_with_any_file_of_the_chain_and_with_nothing_else() {
    let version = |files: Vec<(String, String)>| {
        let head = ("mine/playbook.toml".to_owned(), "id = 'mine'\nname = '我们'\nextends = 'base'\n".to_owned());
        load(&Sources::from_files(files.into_iter().chain([head])), "mine").unwrap().playbook.version
    };
    let change = |file: &str| {
        let edit = |(path, text): (String, String)| if path == file { (path, text + "\n") } else { (path, text) };
        version(shipped_files().into_iter().map(edit).collect())
    };
    let plain = version(shipped_files());
    assert_eq!(plain.len(), 12);
    assert_ne!(plain, change("base/flows/request.toml"));
    assert_ne!(plain, change("base/deadlines.toml"));
    let with_windows_lines = shipped_files().into_iter().map(|(path, text)| (path, text.replace('\n', "\r\n")));
    assert_eq!(plain, version(with_windows_lines.collect()));
    let mut with_stranger = shipped_files();
    with_stranger.push(("other/playbook.toml".to_owned(), String::new()));
    assert_eq!(plain, version(with_stranger));
}

#[test]
fn a_playbook_that_is_not_there_is_said_by_name() {
    assert!(matches!(load(&shipped(), "nowhere"), Err(LoadError::NotFound(id)) if id == "nowhere"));
    let orphan = sources(&[("a/playbook.toml", "id = 'a'\nname = 'a'\nextends = 'gone'\n")]);
    assert!(matches!(load(&orphan, "a"), Err(LoadError::NotFound(id)) if id == "gone"));
    // The beginning of another's name is not its name.
    assert!(matches!(load(&shipped(), "bas"), Err(LoadError::NotFound(_))));
}

#[test]
fn playbooks_that_extend_each_other_are_refused() {
    let circle = sources(&[
        ("a/playbook.toml", "id = 'a'\nname = 'a'\nextends = 'b'\n"),
        ("b/playbook.toml", "id = 'b'\nname = 'b'\nextends = 'a'\n"),
    ]);
    assert!(matches!(load(&circle, "a"), Err(LoadError::Circle(chain)) if chain == ["a", "b", "a"]));
}

#[test]
fn an_operators_folder_replaces_a_playbook_as_a_whole() {
    let own = sources(&[("base/playbook.toml", "id = 'base'\nname = '自己的'\n")]);
    let both = shipped().and(own);
    let loaded = load(&both, "base").unwrap();
    assert_eq!(loaded.playbook.name, "自己的");
    assert!(loaded.playbook.flows.is_empty());
}

#[test]
fn a_fault_of_syntax_is_named_and_hides_what_would_follow_from_it() {
    let loaded = on_base(&[("categories.toml", "inherit = false\n[[categories]]\ncode = 'a\n")]);
    let told = told(&loaded);
    assert!(!loaded.is_usable());
    assert!(told.iter().any(|line| line == "syntax mine/categories.toml:3"), "{told:?}");
    assert!(loaded.findings.iter().all(|finding| finding.file.starts_with("mine/")), "{told:?}");
}

#[test]
fn a_file_that_is_not_read_is_pointed_out() {
    let loaded = on_base(&[("catagories.toml", "")]);
    assert_eq!(told(&loaded), ["unknown_file mine/catagories.toml:1"]);
    assert!(loaded.is_usable());
}
