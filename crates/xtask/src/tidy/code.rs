//! Rules over Rust code.

use super::source::{has_word, lines};
use super::{Fault, Tree};

/// Files that decide and never do: a decision that can reach a database or a request cannot be tested as one.
const PURE: &[&str] = &["model.rs", "act.rs", "routing.rs", "deadline.rs", "effects.rs", "dossier.rs", "task.rs"];
const IMPURE: &[&str] = &[
    "rusqlite",
    "postgres",
    "linli_db",
    "sqlx",
    "axum",
    "utoipa_axum",
    "hyper",
    "http",
    "tower",
    "tower_http",
    "ureq",
    "reqwest",
    "tokio",
];

/// What only one of the databases understands.
const DIALECT: &[&str] = &[
    "WITHOUT ROWID",
    "FTS5",
    "TSVECTOR",
    "TSQUERY",
    "FOR UPDATE",
    "SKIP LOCKED",
    "AUTOINCREMENT",
    "BYTEA",
    "JSONB",
    "PG_",
];
/// Tools of PostgreSQL that people are told to use.
const TOOLS: &[&str] = &["PG_BASEBACKUP", "PG_DUMP", "PGBACKREST"];
/// The door itself.
const DIALECT_FILE: &str = "crates/linli-db/src/dialect.rs";

/// Files that hold a `Writer`: a slice's `Store`, or bookkeeping that is no fact.
const WRITERS: &[(&str, &str)] = &[
    ("crates/linli-access/src/read_log.rs", "who looked: written with every look"),
    ("crates/linli-access/src/session.rs", "sessions are no facts of the city"),
    ("crates/linli-civic/src/areas/store.rs", "Store of areas"),
    ("crates/linli-civic/src/banners/store.rs", "Store of banners"),
    ("crates/linli-civic/src/cases/paper.rs", "numbers for paper; gaps are allowed"),
    ("crates/linli-civic/src/cases/erase.rs", "Store of cases whose texts are erased"),
    ("crates/linli-civic/src/cases/store.rs", "Store of cases"),
    ("crates/linli-civic/src/cases/task_store.rs", "Store of the tasks of a case"),
    ("crates/linli-civic/src/cases/entries.rs", "Store of the lines that rulings added"),
    ("crates/linli-civic/src/cases/hot_spots.rs", "Store of hot spots"),
    ("crates/linli-civic/src/delivery/store.rs", "the outbox: it follows from facts and is none"),
    ("crates/linli-civic/src/files/store.rs", "photos that belong to no case yet"),
    ("crates/linli-civic/src/notices/choice.rs", "how people want to be told: a wish, no fact of the city"),
    ("crates/linli-civic/src/notices/store.rs", "who was told: it follows from facts and is none"),
    ("crates/linli-civic/src/care/store.rs", "Store of entries of care, their codes and their sessions"),
    ("crates/linli-civic/src/hotline/import_store.rs", "imports and the outcomes of their rows"),
    ("crates/linli-civic/src/hotline/store.rs", "orders, words of partners: what happened to a case is in its events"),
    ("crates/linli-civic/src/indicators/counted.rs", "figures: they follow from facts and are none"),
    ("crates/linli-civic/src/open311/client/store.rs", "numbers of other servers, what they said"),
    ("crates/linli-civic/src/open311/conversation.rs", "updates that clients sent, once each"),
    ("crates/linli-civic/src/open311/pictures.rs", "addresses of pictures to fetch"),
    ("crates/linli-civic/src/open311/store.rs", "what is published: a copy made from the feed"),
    ("crates/linli-civic/src/people/store.rs", "Store of accounts"),
    ("crates/linli-civic/src/people/session_http.rs", "counts of wrong passwords, the last sign-in"),
    (
        "crates/linli-civic/src/search/index.rs",
        "which cases have which words: made of the cases, and made anew from them",
    ),
    ("crates/linli-civic/src/playbooks/shelf.rs", "versions of playbooks"),
    ("crates/linli-civic/src/sync/store.rs", "Store of devices; what phones sent and hold: outcomes of commands"),
    ("crates/linli-civic/src/people/leave.rs", "Store of leaves"),
    (
        "crates/linli-civic/src/duties/store.rs",
        "Store of gatherings, shifts and visiting lists, and the end of their retention",
    ),
    ("crates/linli-civic/src/inspections/store.rs", "Store of inspections and of the codes of premises"),
    ("crates/linli-civic/src/visits/problem_store.rs", "Store of decisions on what visits keep coming upon"),
    ("crates/linli-civic/src/visits/store.rs", "Store of visits, and the end of their retention"),
    ("crates/linli-civic/src/ledgers/store.rs", "Store of ledgers and submissions"),
    ("crates/linli-civic/src/opinions/store.rs", "Store of what is told of opinions"),
    ("crates/linli-civic/src/registry/store.rs", "Store of the registry's records"),
    ("crates/linli-civic/src/imports/store.rs", "imports, the reasons of their rows, remembered columns"),
    ("crates/linli-server/src/demo/mod.rs", "the instance's settings: whether the demo is loaded"),
    ("crates/linli-server/src/open.rs", "the instance's settings"),
    ("crates/linli-server/src/staff.rs", "Store of accounts made from the command line"),
];

/// Where the time may be asked for.
const CLOCKS: &[(&str, &str)] = &[
    ("crates/linli-kernel/src/time.rs", "the clock"),
    ("crates/linli-server/src/cli/demo.rs", "how long the demo took to load"),
    ("crates/linli-server/src/serve.rs", "how long a request took"),
];

/// Longer than this and a stranger looks for the two files in it.
const MAX_LINES: usize = 600;
/// Written by a program.
const GENERATED: &[&str] = &["web/src/shared/api/schema.ts"];

/// Product code: everything but this program.
fn product(tree: &Tree) -> impl Iterator<Item = &super::Source> {
    tree.under("crates/", ".rs").filter(|file| !file.path.starts_with("crates/xtask/"))
}

pub fn pure_files_stay_pure(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in product(tree).filter(|file| PURE.contains(&file.name())) {
        for (n, line) in lines(&file.code) {
            if let Some(found) = IMPURE.iter().find(|name| has_word(line, name) && line.contains(&format!("{name}::")))
            {
                faults.push(file.fault(n, format!("a file that decides names {found}; pass in what it needs")));
            }
        }
    }
    faults
}

pub fn sql_dialect_lives_in_one_file(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let sql = tree.under("crates/", ".sql");
    for file in product(tree).filter(|file| file.path != DIALECT_FILE && !file.is_test()).chain(sql) {
        for (n, line) in lines(&file.said) {
            let line = line.split("--").next().unwrap_or_default().to_uppercase();
            let line = TOOLS.iter().fold(line, |line, tool| line.replace(tool, ""));
            if let Some(found) = DIALECT.iter().find(|word| line.contains(*word)) {
                faults.push(
                    file.fault(n, format!("{found} is understood by one database only; it belongs in dialect.rs")),
                );
            }
        }
    }
    faults
}

pub fn writes_go_through_the_commit(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in product(tree) {
        let is_door = file.path.starts_with("crates/linli-db/");
        if is_door || file.is_test() || WRITERS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        for (n, line) in lines(&file.code) {
            if [".exec(", ".exec_one(", ".returning("].iter().any(|call| line.contains(call)) {
                faults.push(file.fault(n, "a write outside a Store: return a Change and commit it, or add the file to WRITERS with its reason"));
            }
        }
    }
    faults
}

pub fn time_comes_from_the_clock(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in product(tree).filter(|file| !file.is_test()) {
        if CLOCKS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        for (n, line) in lines(&file.code) {
            let clocks = [
                "Utc::now",
                "Local::now",
                "SystemTime::now",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
                "Uuid::now_v7",
            ];
            if let Some(found) = clocks.iter().find(|call| line.contains(*call)) {
                faults.push(file.fault(n, format!("{found}: time is a parameter, from the Clock")));
            }
        }
    }
    faults
}

pub fn nothing_is_left_unfinished(tree: &Tree) -> Vec<Fault> {
    let rust = ["todo!", "unimplemented!", "#[ignore", "#[allow(", "#![allow("];
    let script = [
        "test.skip(",
        "test.only(",
        "it.skip(",
        "it.only(",
        "describe.skip(",
        "describe.only(",
        "test.fixme(",
        "@ts-ignore",
        "@ts-nocheck",
        "eslint-disable",
    ];
    let rust = tree.under("crates/", ".rs").flat_map(|file| {
        lines(&file.code)
            .filter_map(move |(n, line)| rust.iter().find(|word| line.contains(**word)).map(|word| (file, n, *word)))
    });
    let web = [".ts", ".vue", ".mjs"].into_iter().flat_map(|ending| tree.under("web/", ending)).flat_map(|file| {
        lines(&file.text)
            .filter_map(move |(n, line)| script.iter().find(|word| line.contains(**word)).map(|word| (file, n, *word)))
    });
    rust.chain(web)
        .map(|(file, n, word)| file.fault(n, format!("{word}: finish it, or say #[expect(…, reason = \"…\")]")))
        .collect()
}

pub fn files_stay_short(tree: &Tree) -> Vec<Fault> {
    let endings = [".rs", ".ts", ".vue", ".mjs"];
    tree.files
        .iter()
        .filter(|file| {
            endings.iter().any(|ending| file.path.ends_with(ending)) && !GENERATED.contains(&file.path.as_str())
        })
        .filter_map(|file| {
            let n = file.text.lines().count();
            (n > MAX_LINES).then(|| file.fault(0, format!("{n} lines; at most {MAX_LINES}: find the two files in it")))
        })
        .collect()
}
