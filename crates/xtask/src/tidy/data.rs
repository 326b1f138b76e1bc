//! Rules over what is kept about people.

use super::source::lines;
use super::{Fault, Tree};

/// Parts of a column's name that smell of a person.
const SMELLS: &[&str] = &[
    "phone",
    "mobile",
    "email",
    "wechat",
    "id_number",
    "reporter",
    "display_name",
    "real_name",
    "person_name",
    "address",
    "place_text",
    "body",
    "text",
    "reply",
    "question",
    "comment",
    "rating",
    "note",
    "birth",
    "gender",
    "portrait",
    "signature",
];
/// Whole names that smell of a person.
const SMELLY: &[&str] = &["lon", "lat", "point"];

/// What smells and is none.
const NOT_PERSONAL: &[(&str, &str, &str)] = &[
    ("place", "lon", "where a building stands"),
    ("place", "lat", "where a building stands"),
    ("playbook_version", "body", "a way of working"),
    ("cases", "reporter_account", "the id of an account of ours"),
];

/// What the product refuses to keep: it serves residents and never rates them.
const REFUSED: &[&str] = &[
    "score",
    "rank",
    "credit",
    "points",
    "risk",
    "trust_level",
    "blacklist",
    "face_",
    "faceprint",
    "voiceprint",
    "fingerprint",
    "biometric",
    "track",
    "trail",
    "whereabouts",
    "party_member",
    "political",
    "religion",
    "ethnic",
    "online_ms",
    "n_logins",
];

/// A column of a migration.
struct Column<'a> {
    table: &'a str,
    name: &'a str,
    comment: &'a str,
    line: usize,
}

fn columns(text: &str) -> Vec<Column<'_>> {
    let mut table = "";
    let mut found = Vec::new();
    for (line, whole) in lines(text) {
        let (code, comment) = whole.split_once("--").unwrap_or((whole, ""));
        let mut words = code.split_whitespace();
        match words.next() {
            Some("CREATE") if words.next() == Some("TABLE") => table = words.next().unwrap_or_default(),
            Some("ALTER") => {
                table = words.nth(1).unwrap_or_default();
                let name = words.skip_while(|word| *word != "COLUMN").nth(1);
                found.extend(name.map(|name| Column { table, name, comment, line }));
                table = "";
            }
            Some(word) if word.starts_with(')') => table = "",
            Some(name)
                if !table.is_empty()
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') =>
            {
                found.push(Column { table, name, comment, line });
            }
            _ => {}
        }
    }
    found
}

pub fn personal_columns_say_why(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.under("crates/", ".sql") {
        for column in columns(&file.text) {
            let marked = column.comment.trim().strip_prefix("personal:");
            let smells = SMELLY.contains(&column.name) || SMELLS.iter().any(|smell| column.name.contains(smell));
            let is_excused = NOT_PERSONAL.iter().any(|(table, name, _)| (*table, *name) == (column.table, column.name));
            let fault = match marked {
                Some(mark) if !is_whole(mark) => {
                    Some("a mark of personal data says class=P|I|S|M purpose=\"…\" retention=\"…\"")
                }
                None if smells && !is_excused => Some(
                    "smells of personal data: say `-- personal: class= purpose= retention=`, or add it to NOT_PERSONAL with its reason",
                ),
                _ => None,
            };
            if let Some(fault) = fault {
                faults.push(file.fault(column.line, format!("{}.{} {fault}", column.table, column.name)));
            }
        }
    }
    faults
}

fn is_whole(mark: &str) -> bool {
    let class = mark.split_whitespace().find_map(|word| word.strip_prefix("class="));
    let quoted = |key: &str| {
        let rest = mark.split_once(key).map(|(_, rest)| rest)?;
        let (value, _) = rest.strip_prefix('"')?.split_once('"')?;
        (!value.trim().is_empty()).then_some(())
    };
    class.is_some_and(|class| ["P", "I", "S", "M"].contains(&class))
        && quoted("purpose=").is_some()
        && quoted("retention=").is_some()
}

pub fn refused_columns_do_not_exist(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree.under("crates/", ".sql") {
        for column in columns(&file.text) {
            if let Some(found) = REFUSED.iter().find(|word| column.name.contains(*word)) {
                faults.push(file.fault(
                    column.line,
                    format!("{}.{}: the product refuses to keep this ({found})", column.table, column.name),
                ));
            }
        }
    }
    faults
}
