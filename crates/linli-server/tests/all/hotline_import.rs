//! Work orders from a file, by the real binary: killed in the middle it goes on where it was, doubles nothing, and explains
//! every row that it did not enter.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::world::World;
use calamine::{Data, Reader, Xlsx, open_workbook};
use linli_db::{Config, params};
use linli_testkit::hotline::{self, Planted, Spot};
use linli_testkit::on_both;

const N: u32 = 2_000;

fn command(data: &Path, config: &Config, file: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linli"));
    command
        .args(["import", "hotline"])
        .arg(file)
        .args(more)
        .arg("--data")
        .arg(data)
        .env("LINLI_LOG", "error")
        .env_remove("LINLI_DATABASE_URL");
    if let Config::Postgres { url } = config {
        command.args(["--database-url", url]);
    }
    command
}

fn sheet(folder: &Path, n: u32) -> (PathBuf, Planted) {
    let spot = |community: &str| Spot {
        district: "临渭区".to_owned(),
        street: "向阳街道".to_owned(),
        community: community.to_owned(),
    };
    let file = folder.join("orders.xlsx");
    let planted = hotline::write(&file, n, &[spot("红旗社区"), spot("金水社区")]).unwrap();
    (file, planted)
}

/// Runs the import until it has told some progress, and kills it there.
fn run_and_kill(data: &Path, config: &Config, file: &Path) {
    let mut child = command(data, config, file, &[]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_under_way = |line: &String| line.contains("已处理") && !line.contains("已处理 0/");
    let told = lines.map_while(Result::ok).find(is_under_way);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.is_some(), "no progress was told");
}

/// Rows of the first sheet of an xlsx, as texts.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range
        .rows()
        .map(|row| {
            row.iter().map(|cell| if let Data::String(text) = cell { text.clone() } else { cell.to_string() }).collect()
        })
        .collect()
}

on_both! {
    async fn a_killed_import_goes_on_and_doubles_nothing(t: TestDb) {
        let config = t.config.clone();
        let world = World::new(t).await;
        let data = world.folder().to_owned();
        let (file, planted) = sheet(&data, N);
        let errors = data.join("errors.xlsx");
        let said = tokio::task::spawn_blocking({
            let (data, config, file, errors) = (data.clone(), config.clone(), file.clone(), errors.clone());
            move || {
                run_and_kill(&data, &config, &file);
                command(&data, &config, &file, &["--errors", errors.to_str().unwrap()]).output().unwrap()
            }
        }).await.unwrap();
        let (out, told) = (String::from_utf8(said.stdout).unwrap(), String::from_utf8(said.stderr).unwrap());
        assert_eq!(said.status.code(), Some(2), "{out} {told}");
        assert!(told.contains("接着导入"), "{told}");
        let n_bad = planted.bad.len();
        // The line of hints counts as left out.
        assert_eq!(out, format!("热线工单：共 {} 行，新增 {}，更新 0，没有变化 0，跳过 1，未导入 {n_bad}。\n", N + 1, planted.n_good));

        // Every good row is one case, no row is two.
        let found = world.app.db.read(|conn| {
            conn.all("SELECT o.order_no, c.code FROM hotline_order o JOIN cases c ON c.id = o.case_id", &[], |row| Ok((row.get::<String>("order_no")?, row.get::<String>("code")?)))
        }).await.unwrap();
        assert_eq!(found.len(), usize::try_from(planted.n_good).unwrap());
        assert_eq!(found.iter().map(|(no, _)| no).collect::<std::collections::HashSet<_>>().len(), found.len());
        let n_cases = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM cases", &[])).await.unwrap();
        assert_eq!(usize::try_from(n_cases).unwrap(), found.len());
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);

        // Every bad row is on the sheet of errors, with its reason.
        let reasons: HashMap<u32, String> = rows(&errors).iter().skip(1).filter(|row| row.iter().any(|cell| cell == "未导入")).map(|row| {
            let n = row.len();
            (row[n - 3].trim_start_matches("工单明细!").parse().unwrap(), row[n - 1].clone())
        }).collect();
        assert_eq!(reasons.len(), n_bad);
        for (row, code) in &planted.bad {
            let reason = &reasons[row];
            let word = match *code {
                "no_order_no" => "没有工单编号",
                "bad_time" => "看不懂",
                "bad_phone" => "不是电话号码",
                "no_content" => "没有标题",
                "unknown_place" => "找不到",
                "content_too_long" => "最多 2000 字",
                unknown => unknown,
            };
            assert!(reason.contains(word), "{row} {code}: {reason}");
        }

        // The same file again changes nothing.
        let again = tokio::task::spawn_blocking({
            let (data, config, file) = (data.clone(), config.clone(), file.clone());
            move || command(&data, &config, &file, &[]).output().unwrap()
        }).await.unwrap();
        let out = String::from_utf8(again.stdout).unwrap();
        assert_eq!(out, format!("热线工单：共 {} 行，新增 0，更新 0，没有变化 {}，跳过 1，未导入 {n_bad}。\n", N + 1, planted.n_good));
        let n_after = world.app.db.read(move |conn| conn.number("SELECT COUNT(*) AS n FROM cases WHERE channel = $1", &params!["hotline"])).await.unwrap();
        assert_eq!(n_after, n_cases);
    }
}
