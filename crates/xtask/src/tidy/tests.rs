//! Every rule with violations that it must catch and likenesses that it must leave alone.

use super::*;

fn tree(files: &[(&str, &str)]) -> Tree {
    Tree { files: files.iter().map(|(path, text)| Source::new(path, text)).collect() }
}

/// A rule, the files that break it, and where it must say so.
type Planted = (&'static str, &'static [(&'static str, &'static str)], &'static str, usize);

const PLANTED: &[Planted] = &[
    (
        "pure",
        &[("crates/linli-civic/src/cases/act.rs", "//! x\nuse linli_db::Conn;\n")],
        "crates/linli-civic/src/cases/act.rs",
        2,
    ),
    (
        "pure",
        &[("crates/linli-civic/src/wishes/model.rs", "fn f(r: axum::Json<u8>) {}")],
        "crates/linli-civic/src/wishes/model.rs",
        1,
    ),
    (
        "dialect",
        &[("crates/linli-civic/src/cases/store.rs", "let sql = \"SELECT 1 FOR UPDATE\";")],
        "crates/linli-civic/src/cases/store.rs",
        1,
    ),
    (
        "dialect",
        &[("crates/linli-db/migrations/0002.sql", "CREATE TABLE a (b TEXT) WITHOUT ROWID;")],
        "crates/linli-db/migrations/0002.sql",
        1,
    ),
    (
        "dialect",
        &[("crates/linli-db/src/feed.rs", "fn f() { sql(\"SELECT pg_snapshot_xmin()\") }")],
        "crates/linli-db/src/feed.rs",
        1,
    ),
    (
        "one_write_path",
        &[("crates/linli-civic/src/cases/http.rs", "fn f() {\n  writer.exec(\"UPDATE cases\", &[])\n}")],
        "crates/linli-civic/src/cases/http.rs",
        2,
    ),
    (
        "clock",
        &[("crates/linli-civic/src/cases/sweep.rs", "let now = std::time::SystemTime::now();")],
        "crates/linli-civic/src/cases/sweep.rs",
        1,
    ),
    ("finished", &[("crates/linli-db/src/db.rs", "fn f() { todo!() }")], "crates/linli-db/src/db.rs", 1),
    ("finished", &[("crates/linli-db/src/db.rs", "#[allow(dead_code)]\nfn f() {}")], "crates/linli-db/src/db.rs", 1),
    (
        "finished",
        &[("crates/linli-db/tests/storage.rs", "#[test]\n#[ignore]\nfn f() {}")],
        "crates/linli-db/tests/storage.rs",
        2,
    ),
    ("finished", &[("web/e2e/story.test.ts", "test.only('x', () => {})")], "web/e2e/story.test.ts", 1),
    (
        "layers",
        &[("crates/linli-kernel/Cargo.toml", "[dependencies]\nlinli-db.workspace = true\n")],
        "crates/linli-kernel/Cargo.toml",
        2,
    ),
    ("layers", &[("crates/linli-new/Cargo.toml", "[dependencies]\n")], "crates/linli-new/Cargo.toml", 0),
    (
        "slices",
        &[("crates/linli-civic/src/areas/store.rs", "use crate::cases::Case;")],
        "crates/linli-civic/src/areas/store.rs",
        1,
    ),
    (
        "slices",
        &[("crates/linli-civic/src/cases/view.rs", "\nuse crate::map::Wall;")],
        "crates/linli-civic/src/cases/view.rs",
        2,
    ),
    (
        "prose",
        &[("crates/linli-civic/src/cases/mod.rs", "//! Cases.\npub mod act;")],
        "crates/linli-civic/src/cases/mod.rs",
        1,
    ),
    ("prose", &[("crates/linli-civic/src/wishes/http.rs", "fn f() {}")], "crates/linli-civic/src/wishes/mod.rs", 0),
    (
        "personal_data",
        &[("crates/linli-db/migrations/0002.sql", "CREATE TABLE a (\n    phone_sealed {BYTES}, -- how to call\n);")],
        "crates/linli-db/migrations/0002.sql",
        2,
    ),
    (
        "personal_data",
        &[(
            "crates/linli-db/migrations/0002.sql",
            "CREATE TABLE a (\n    body TEXT, -- personal: class=X purpose=\"a\" retention=\"b\"\n);",
        )],
        "crates/linli-db/migrations/0002.sql",
        2,
    ),
    (
        "personal_data",
        &[(
            "crates/linli-db/migrations/0002.sql",
            "CREATE TABLE a (\n    body TEXT, -- personal: class=I purpose=\"a\"\n);",
        )],
        "crates/linli-db/migrations/0002.sql",
        2,
    ),
    (
        "personal_data",
        &[("crates/linli-db/migrations/0002.sql", "ALTER TABLE a ADD COLUMN real_name TEXT;")],
        "crates/linli-db/migrations/0002.sql",
        1,
    ),
    (
        "refused_data",
        &[("crates/linli-db/migrations/0002.sql", "CREATE TABLE resident (\n    credit_level TEXT\n);")],
        "crates/linli-db/migrations/0002.sql",
        2,
    ),
    ("machine_paths", &[("script/run", concat!("cd /", "home/me/linli\n"))], "script/run", 1),
    ("machine_paths", &[("docs/a.md", concat!("see `/", "work/x`\n"))], "docs/a.md", 1),
    ("chinese_in_code", &[("web/src/desk/A.vue", "<template>\n  <p>您好</p>\n</template>")], "web/src/desk/A.vue", 2),
    ("chinese_in_code", &[("web/src/desk/a.ts", "const url = 'https://x'; const a = '您好';")], "web/src/desk/a.ts", 1),
    (
        "languages",
        &[
            ("a/locales/zh-CN.json", "{\"a\":{\"b\":\"{n}件\",\"c\":\"丙\"}}"),
            ("a/locales/zh-TW.json", "{\"a\":{\"b\":\"{n}件\",\"c\":\"丙\"}}"),
            ("a/locales/en.json", "{\"a\":{\"b\":\"{n}\"}}"),
        ],
        "a/locales/en.json",
        0,
    ),
    (
        "languages",
        &[
            ("a/locales/zh-CN.toml", "a = \"{n}件\""),
            ("a/locales/zh-TW.toml", "a = \"{n}件\""),
            ("a/locales/en.toml", "a = \"{count} cases\""),
        ],
        "a/locales/en.toml",
        0,
    ),
    ("languages", &[("a/locales/zh-CN.json", "{}"), ("a/locales/en.json", "{}")], "a/locales/zh-TW.json", 0),
    ("links", &[("docs/a.md", "\n[b](b.md)")], "docs/a.md", 2),
];

/// What looks like a violation and is none.
const HARMLESS: &[(&str, &str, &str)] = &[
    (
        "pure",
        "crates/linli-civic/src/cases/act.rs",
        "// linli_db::Conn is not known here\nlet http = 1; let a = \"axum::Json\";",
    ),
    ("pure", "crates/linli-civic/src/cases/http.rs", "use axum::Json;"),
    ("dialect", "crates/linli-db/src/dialect.rs", "\" FOR UPDATE\""),
    ("dialect", "crates/linli-civic/src/cases/store.rs", "let lock = conn.dialect().for_update(); // FOR UPDATE"),
    (
        "dialect",
        "crates/linli-db/migrations/0001.sql",
        "-- pg_dump is not needed\nCREATE TABLE a (b TEXT) {CLUSTERED};",
    ),
    ("dialect", "crates/linli-server/src/cli/backup.rs", "bail!(\"use pg_basebackup\")"),
    ("one_write_path", "crates/linli-civic/src/cases/store.rs", "writer.exec(SQL, &[])"),
    ("one_write_path", "crates/linli-civic/src/cases/tests.rs", "writer.exec(SQL, &[])"),
    ("clock", "crates/linli-civic/src/cases/act.rs", "let at = world.at; // never Timestamp::now()"),
    (
        "finished",
        "crates/linli-server/src/faces.rs",
        "#[allow_missing = true]\nstruct A; // todo!\nconst B: &str = \"todo!()\";",
    ),
    ("finished", "crates/linli-server/src/faces.rs", "#[expect(clippy::panic, reason = \"x\")]"),
    ("short_files", "web/src/shared/api/schema.ts", "\n\n"),
    (
        "layers",
        "crates/linli-db/Cargo.toml",
        "[dependencies]\nlinli-kernel.workspace = true\n[dev-dependencies]\nlinli-testkit.workspace = true\n",
    ),
    ("slices", "crates/linli-civic/src/map/http.rs", "use crate::cases::Case;"),
    ("prose", "crates/linli-civic/src/cases/mod.rs", "//! Cases.\n//!\n//! Rules\n//! - One.\npub mod act;"),
    (
        "personal_data",
        "crates/linli-db/migrations/0001.sql",
        "CREATE TABLE place (\n    lon DOUBLE PRECISION,\n    n_residents BIGINT\n);",
    ),
    (
        "personal_data",
        "crates/linli-db/migrations/0001.sql",
        "CREATE TABLE a (\n    body TEXT NOT NULL, -- personal: class=I purpose=\"办理事项\" retention=\"3 years\"\n);",
    ),
    (
        "refused_data",
        "crates/linli-db/migrations/0001.sql",
        "CREATE TABLE a (\n    stars BIGINT,\n    n_failures BIGINT\n);",
    ),
    ("machine_paths", "web/vite.config.ts", "import './src/home/main.ts'; const a = `${face}/home/x`"),
    (
        "chinese_in_code",
        "web/src/desk/A.vue",
        "<!-- 您好 -->\n<script>\n// 您好\nconst a = 1; // 您好\n/* 您\n好 */</script>",
    ),
    ("chinese_in_code", "web/src/desk/a.test.ts", "expect('您好')"),
    ("links", "docs/a.md", "[a](https://example.org) [b](a.md#x) [c](/api/docs) [d](../docs/)"),
];

fn faults(rule: &str, tree: &Tree) -> Vec<Fault> {
    let rule = RULES.iter().find(|listed| listed.id == rule).expect("a rule of that name");
    (rule.check)(tree)
}

#[test]
fn the_house_is_tidy() {
    let tree = Tree::read(&repo::root().unwrap()).unwrap();
    let faults: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn planted_violations_are_caught() {
    for (rule, files, path, line) in PLANTED {
        let found: Vec<(String, usize)> =
            faults(rule, &tree(files)).into_iter().map(|fault| (fault.path, fault.line)).collect();
        assert_eq!(found, [((*path).to_owned(), *line)], "{rule}: {files:?}");
    }
}

#[test]
fn likenesses_are_left_alone() {
    for (rule, path, text) in HARMLESS {
        assert_eq!(faults(rule, &tree(&[(path, text)])), [], "{rule}: {text}");
    }
}

#[test]
fn every_rule_has_seen_a_violation() {
    let elsewhere = ["short_files", "papers", "features"];
    for rule in RULES {
        assert!(PLANTED.iter().any(|(id, ..)| *id == rule.id) || elsewhere.contains(&rule.id), "{}", rule.id);
    }
}

#[test]
fn a_long_file_is_caught() {
    let long = "\n".repeat(601);
    assert_eq!(faults("short_files", &tree(&[("crates/linli-db/src/db.rs", &long)])).len(), 1);
    assert_eq!(faults("short_files", &tree(&[("web/src/desk/A.vue", &long)])).len(), 1);
    assert_eq!(
        faults("short_files", &tree(&[("data/divisions/a.csv", &long), ("web/src/shared/api/schema.ts", &long)])),
        []
    );
}

#[test]
fn a_missing_paper_is_caught() {
    let missing: Vec<String> =
        faults("papers", &tree(&[("LICENSE", "")])).into_iter().map(|fault| fault.path).collect();
    assert!(missing.contains(&"README.md".to_owned()) && !missing.contains(&"LICENSE".to_owned()), "{missing:?}");
    let silent = faults("papers", &tree(&[(".ci/run", "cargo test")]));
    assert!(silent.iter().any(|fault| fault.path == ".ci/run" && fault.what.contains("script/test")));
}

#[test]
fn a_feature_table_that_is_wrong_is_caught() {
    let whole = Tree::read(&repo::root().unwrap()).unwrap();
    let (english, chinese) = (&whole.file("README.md").unwrap().text, &whole.file("README.zh-CN.md").unwrap().text);
    let check = |english: &str, chinese: &str| {
        faults("features", &tree(&[("README.md", english), ("README.zh-CN.md", chinese)]))
    };
    assert_eq!(check(english, chinese), []);
    let row =
        |text: &str, id: &str| text.lines().find(|line| line.starts_with(&format!("| {id} |"))).unwrap().to_owned();
    let g1 = row(english, "G1");
    assert_eq!(check(&english.replace(&g1, ""), chinese).len(), 1, "missing");
    assert_eq!(check(&english.replace(&g1, &format!("{g1}\n{g1}")), chinese).len(), 1, "twice");
    assert_eq!(check(&english.replace(&g1, &format!("{g1}\n| Z9 | a | not yet |")), chinese).len(), 1, "unknown");
    assert_eq!(check(&english.replace(&g1, &g1.replace("| done |", "| not yet |")), chinese).len(), 1, "another state");
    assert_eq!(check(&english.replace(&g1, &g1.replace("| done |", "| perfect |")), chinese).len(), 1, "no such state");
}
