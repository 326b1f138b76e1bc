//! The command line, as an operator uses it: the built binary, its words and its exit codes.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use linli_db::{Config, Db, StoreError, params};
use linli_kernel::{Clock, IdSource, SystemClock};
use linli_server::open;

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn linli(data: &Path, args: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_linli"))
        .args(args)
        .env("LINLI_DATA", data)
        .env("LINLI_LOG", "error")
        .env_remove("LINLI_DATABASE_URL")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn db(data: &Path) -> Db {
    let config = Config::Sqlite { path: data.join("linli.db") };
    Db::open(config, Arc::new(IdSource::random())).unwrap().0
}

const DIVISIONS: &str = "village_code,village,street_code,street,area_code,area,city_code,city\n\
    610502005007,红旗社区居委会,610502005,站南街道,610502,临渭区,6105,渭南市\n\
    610502005008,佳苑社区居委会,610502005,站南街道,610502,临渭区,6105,渭南市\n";

fn with_areas(data: &Path) {
    let file = data.join("divisions.csv");
    std::fs::write(&file, DIVISIONS).unwrap();
    let said = linli(data, &["import", "areas", file.to_str().unwrap()]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", said.out);
    assert_eq!(said.out, "区域：读到 2 行，新增 5，更新 0，未变 0，拒收 0。\n");
}

#[test]
fn good_rows_are_kept_bad_ones_are_named_and_a_second_import_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let file = data.path().join("grids.csv");
    let grids = "网格编码,网格名称,户数\n\
        610502005007001,第一网格,290\n\
        610502005007001,第一网格,290\n\
        610502009009001,无上级的网格,10\n\
        61050200500700X,坏编码,10\n\
        610502005007002,第二网格,两百\n";
    std::fs::write(&file, grids).unwrap();
    let path = file.to_str().unwrap();

    let said = linli(data.path(), &["import", "areas", path]);
    assert_eq!(said.code, Some(2), "{} {}", said.out, said.err);
    assert_eq!(said.out, "区域：读到 5 行，新增 2，更新 0，未变 0，拒收 2。\n");
    // The same row twice and a figure that is none are mended; what cannot be placed is refused.
    for (line, word) in [(3, "提醒"), (4, "错误"), (5, "错误"), (6, "提醒")] {
        assert!(said.err.contains(&format!("{path}:{line}: {word}")), "line {line}: {}", said.err);
    }

    let again = linli(data.path(), &["import", "areas", path]);
    assert_eq!(again.out, "区域：读到 5 行，新增 0，更新 0，未变 2，拒收 2。\n");

    std::fs::write(&file, "网格编码,网格名称,户数\n610502005007001,幸福网格,301\n").unwrap();
    let renamed = linli(data.path(), &["import", "areas", path]);
    assert_eq!((renamed.code, renamed.out.as_str()), (Some(0), "区域：读到 1 行，新增 0，更新 1，未变 0，拒收 0。\n"));

    std::fs::write(&file, "a,b\n1,2\n").unwrap();
    let unknown = linli(data.path(), &["import", "areas", path]);
    assert_eq!(unknown.code, Some(1), "{}", unknown.out);
    assert!(unknown.err.contains("认不出表头"), "{}", unknown.err);
    assert_eq!(linli(data.path(), &["verify"]).code, Some(0));
}

#[test]
fn boundaries_are_imported_once() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let file = data.path().join("edges.geojson");
    let feature = |code: &str, west: f64| {
        let east = west + 0.01;
        format!(
            r#"{{"type":"Feature","properties":{{"code":"{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},34.48],[{east},34.48],[{east},34.49],[{west},34.49],[{west},34.48]]]}}}}"#
        )
    };
    let bow_tie = r#"{"type":"Feature","properties":{"code":"610502005000"},"geometry":{"type":"Polygon","coordinates":[[[109.4,34.4],[109.5,34.5],[109.5,34.4],[109.4,34.5],[109.4,34.4]]]}}"#;
    let lines = [feature("610502005007", 109.49), feature("610502005008", 109.50), bow_tie.to_owned()];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let path = file.to_str().unwrap();
    let said = linli(data.path(), &["import", "boundaries", path, "--crs", "wgs84"]);
    assert_eq!(said.out, "边界：读到 3 行，新增 2，更新 0，未变 0，拒收 1。\n", "{}", said.err);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains(&format!("{path}:3: 错误（610502005000）：边界自相交")), "{}", said.err);
    let again = linli(data.path(), &["import", "boundaries", path, "--crs", "wgs84"]);
    assert_eq!(again.out, "边界：读到 3 行，新增 0，更新 0，未变 2，拒收 1。\n");
    assert_eq!(linli(data.path(), &["import", "boundaries", path, "--crs", "mars"]).code, Some(2), "clap refuses");
}

#[test]
fn a_playbook_with_ten_planted_faults_is_told_all_ten_with_file_and_line() {
    let data = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../linli-playbook/testdata/planted");
    let said = linli(data.path(), &["playbook", "check", folder.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    let mut n_marks = 0;
    for name in ["categories.toml", "deadlines.toml", "playbook.toml", "responsibilities.toml", "flows/request.toml"] {
        let path = folder.join(name);
        for (n, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            if let Some((_, code)) = line.split_once("# fault: ") {
                n_marks += 1;
                let place = format!("{}:{}: ", path.display(), n + 1);
                let found =
                    said.out.lines().any(|said| said.starts_with(&place) && said.contains(&format!("[{code}]")));
                assert!(found, "{place} {code}\n{}", said.out);
            }
        }
    }
    assert_eq!(n_marks, 10);
    let shipped = linli(data.path(), &["playbook", "check"]);
    assert_eq!(shipped.code, Some(0), "{}", shipped.out);
    assert!(shipped.out.contains("weinan（渭南网格工作法"), "{}", shipped.out);
    let schema: serde_json::Value = serde_json::from_str(&linli(data.path(), &["playbook", "schema"]).out).unwrap();
    assert!(schema.is_object());
}

#[tokio::test]
async fn verify_names_the_first_event_that_was_changed() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    assert_eq!(linli(data.path(), &["verify"]).code, Some(0));
    db(data.path())
        .write(|tx| {
            tx.bookkeep(|writer| writer.exec("UPDATE event SET kind = 'nothing' WHERE stream_kind = 'area'", &[]))
                .map_err(|error: StoreError| error)
        })
        .await
        .unwrap();
    let said = linli(data.path(), &["verify"]);
    assert_eq!(said.code, Some(1));
    let first = said.out.lines().next();
    assert_eq!(first, Some("历史被改动：区域 610500000000的第 1 条记录，内容与写入时不一致 [Content]。"));
    let doctor = linli(data.path(), &["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("fail  历史：历史被改动：区域 610500000000"), "{}", doctor.out);
}

#[test]
fn doctor_says_loudly_which_year_is_missing_and_what_else_to_do() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let said = linli(data.path(), &["doctor"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    for year in open::calendar(data.path()).unwrap().missing(SystemClock.now()) {
        let line = said.out.lines().find(|line| line.starts_with("warn  工作日历：缺少")).unwrap();
        assert!(line.contains(&format!("{year} 年")), "{line}");
    }
    for word in ["warn  边界：一个也没有", "warn  管理员：还没有", "warn  密钥：还没有", "ok    数据库"]
    {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    // A key that was lost while phones are sealed with it is no small matter.
    let added = add_administrator(data.path(), "admin");
    assert_eq!(added.code, Some(0), "{}", added.err);
    assert!(linli(data.path(), &["doctor"]).out.contains("ok    密钥：在，能打开"));
    std::fs::remove_file(data.path().join("keys/data.key")).unwrap();
    let lost = linli(data.path(), &["doctor"]);
    assert_eq!(lost.code, Some(1));
    assert!(lost.out.contains("fail  密钥：密钥不见了"), "{}", lost.out);
}

fn add_administrator(data: &Path, name: &str) -> Said {
    let args = ["user", "add", "--name", name, "--display-name", "段博文", "--role", "administrator"];
    let more = ["--area", "610500000000", "--phone", "19900001234"];
    linli(data, &[&args[..], &more[..]].concat())
}

#[test]
fn the_first_administrator_is_made_here_with_a_password_that_is_shown_once() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let said = add_administrator(data.path(), "guanli");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let password = said.out.trim().rsplit('：').next().unwrap();
    assert_eq!(linli_access::password::check(password, "guanli"), Ok(()), "{}", said.out);
    let again = add_administrator(data.path(), "guanli");
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("已经有人用了"), "{}", again.err);
    let args = ["user", "add", "--name", "worker", "--display-name", "甲", "--role", "grid_worker", "--area"];
    let elsewhere = linli(data.path(), &[&args[..], &["610502005007009"]].concat());
    assert_eq!(elsewhere.code, Some(1));
    assert!(elsewhere.err.contains("没有编码为 610502005007009 的区域"), "{}", elsewhere.err);
    let wrong_level = linli(data.path(), &[&args[..], &["610502000000"]].concat());
    assert_eq!(wrong_level.code, Some(1), "a grid worker works in a grid: {}", wrong_level.out);
}

#[test]
fn a_backup_is_made_checked_and_never_overwritten() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let copy = data.path().join("copy.db");
    let said = linli(data.path(), &["backup", copy.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("密钥"), "{}", said.err);
    assert!(copy.exists());
    assert_eq!(linli(data.path(), &["backup", copy.to_str().unwrap()]).code, Some(1));
}

#[tokio::test]
async fn a_folder_with_demo_data_is_not_served_as_if_it_were_a_city() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(linli(data.path(), &["migrate"]).code, Some(0));
    db(data.path())
        .write(|tx| {
            tx.bookkeep(|writer| {
                writer.exec("INSERT INTO setting (name, value) VALUES ('demo', $1)", &params!["loaded"])
            })
            .map_err(|error: StoreError| error)
        })
        .await
        .unwrap();
    let said = linli(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("--allow-demo-data"), "{}", said.err);
}

#[test]
fn the_api_is_described_and_migrating_twice_does_nothing() {
    let data = tempfile::tempdir().unwrap();
    let document: serde_json::Value = serde_json::from_str(&linli(data.path(), &["openapi"]).out).unwrap();
    assert_eq!(document.pointer("/openapi").and_then(serde_json::Value::as_str), Some("3.1.0"));
    assert!(linli(data.path(), &["migrate"]).out.contains("0001_house"));
    assert_eq!(linli(data.path(), &["migrate"]).out, "数据库已是最新结构，无须改动。\n");
}

#[test]
fn doctor_names_the_partners_and_their_faults_and_a_faulty_one_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    with_areas(data.path());
    let folder = data.path().join("partners");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("city.toml"), "kind = \"hotline\"\nname = \"市12345热线\"\n").unwrap();
    let said = linli(data.path(), &["doctor"]);
    assert!(said.out.contains("ok    外部系统：市12345热线（city，hotline）。"), "{}", said.out);
    assert!(said.out.contains("ok    出站：0 条待发送"), "{}", said.out);
    std::fs::write(folder.join("city.toml"), "kind = \"hotline\"\nname = \"市12345热线\"\nsecret = \"x\"\n").unwrap();
    let said = linli(data.path(), &["doctor"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("fail  外部系统：") && said.out.contains("city.toml:3: "), "{}", said.out);
    let served = linli(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(served.code, Some(1));
    assert!(served.err.contains("city.toml:3: "), "{}", served.err);
}
