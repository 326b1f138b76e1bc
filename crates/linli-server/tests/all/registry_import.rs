//! Ledgers over HTTP, on both databases: two real templates, refused columns, a preview that keeps its word, an import that can be
//! taken back.

use axum::http::Method;
use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};

use crate::world::{Answered, COMMUNITY, GRID_1, OTHER_COMMUNITY, Session, World};
use linli_civic::imports::run;
use linli_testkit::on_both;

pub fn ledger(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/ledgers").join(name)
}

/// The rows of a real template: its header and the row of hints under it.
fn template(name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(ledger(name)).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    let text = |cell: &Data| if let Data::String(text) = cell { text.clone() } else { cell.to_string() };
    range.rows().take(2).map(|row| row.iter().map(text).collect()).collect()
}

/// A workbook of these rows.
pub fn book(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    for (row, n) in rows.iter().zip(0_u32..) {
        for (cell, column) in row.iter().zip(0_u16..) {
            page.write_string(n, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// A row under a template's header: each named column with what stands in it.
fn row(header: &[String], cells: &[(&str, &str)]) -> Vec<String> {
    let mut row = vec![String::new(); header.len()];
    for (name, value) in cells {
        let at = header.iter().position(|header| header == name).unwrap_or_else(|| panic!("no column {name}"));
        row[at] = (*value).to_owned();
    }
    row
}

pub async fn upload(world: &World, who: &Session, kind: &str, area: &str, leave_out: &str, bytes: Vec<u8>) -> Answered {
    let path = format!("/api/registry/imports?kind={kind}&area={area}&file_name=a.xlsx&leave_out={leave_out}");
    world.send(Method::POST, &path, who.0.as_deref(), &[("content-type", "application/octet-stream")], bytes).await
}

pub fn encoded(headers: &[&str]) -> String {
    headers.join("\n").bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub async fn finish(world: &World, who: &Session, id: &str, verb: &str) -> Value {
    let path = format!("/api/registry/imports/{id}");
    assert_eq!(world.post(who, &format!("{path}/{verb}"), Value::Null).await.status, 202);
    assert_eq!(run::once(&world.app).await.unwrap(), 1);
    world.get(who, &path).await.ok()
}

pub const REFUSED: &[&str] = &["是否重点人员", "重点类别", "民族", "政治面貌", "健康状况"];

pub fn people() -> Vec<Vec<String>> {
    let mut rows = template("people.xlsx");
    let header = rows[0].clone();
    let home = |name: &str, more: &[(&str, &str)]| {
        let mut cells = vec![
            ("姓名", name),
            ("现住小区/建筑", "幸福小区"),
            ("门牌地址", "3号楼2单元101室"),
            ("所属网格", "第一网格"),
            ("户编号", "H1"),
            ("重点类别", "低保户"),
            ("民族", "汉族"),
        ];
        cells.extend(more);
        row(&header, &cells)
    };
    rows.push(home(
        "李晓梅",
        &[("与其他人员关系", "户主"), ("身份证号", "11010519491231002X"), ("联系电话", "19900000001;19900000002")],
    ));
    rows.push(home(
        "王强",
        &[("与其他人员关系", "配偶"), ("出生日期", "19560312"), ("性别", "男"), ("联系电话", "19900000003")],
    ));
    rows.push(home("刘洋", &[("联系电话", "电话不对")]));
    rows.push(home("陈明", &[("身份证号", "110105194912310021")]));
    rows.push(home("赵丽", &[("是否已迁出", "1")]));
    rows
}

on_both! {
    async fn a_real_ledger_of_residents_is_taken_without_the_columns_that_are_refused(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let bytes = book(&people());
        let body = upload(&world, &clerk, "residents", COMMUNITY, "", bytes.clone()).await.refused(422, "invalid");
        let named: Vec<&str> = body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(named, REFUSED);
        assert!(body["errors"][3]["message"].as_str().unwrap().starts_with("不收政治面貌"), "{body}");
        let kept = std::fs::read_dir(world.folder().join("ledgers")).map(|folder| folder.count()).unwrap_or(0);
        assert_eq!(kept, 0, "nothing of a refused file stays");

        let brought = upload(&world, &clerk, "residents", COMMUNITY, &encoded(REFUSED), bytes).await.ok();
        assert_eq!(brought["left_out"], json!(REFUSED));
        assert_eq!((&brought["sheets"][0]["header_row"], &brought["n_rows"]), (&json!(1), &json!(6)));
        for file in std::fs::read_dir(world.folder().join("ledgers")).unwrap() {
            let path = file.unwrap().path();
            assert!(!std::fs::read_to_string(&path).unwrap().contains("李晓梅"), "nobody's name lies in the clear");
            let mut text = String::new();
            let mut tell = |row: linli_civic::imports::reading::KeptRow| {
                text.push_str(&row.c.join(" "));
                true
            };
            linli_civic::imports::intake::rows(&path, &world.app.vault, (0, 0), &mut tell).unwrap();
            assert!(text.contains("李晓梅") && !text.contains("低保户") && !text.contains("汉族"), "{text}");
        }
        let path = format!("/api/registry/imports/{}", brought["id"].as_str().unwrap());
        let preview = world.post(&clerk, &format!("{path}/preview"), Value::Null).await.ok();
        let wanted = json!({ "n_new": 2, "n_changed": 0, "n_same": 0, "n_skipped": 2, "n_bad": 2 });
        assert_eq!(preview["counts"], wanted, "{preview}");
        assert!(!preview.to_string().contains("李晓梅") && preview.to_string().contains("李**"), "{preview}");
        assert!(world.get(&clerk, "/api/registry/residents").await.ok()["items"].as_array().unwrap().is_empty());

        let done = finish(&world, &clerk, brought["id"].as_str().unwrap(), "start").await;
        assert_eq!((&done["state"], &done["counts"]), (&json!("done"), &wanted));
        let residents = world.get(&clerk, "/api/registry/residents").await.ok();
        let rows = residents["items"].as_array().unwrap();
        assert_eq!(rows.len(), 2);
        let head = rows.iter().find(|row| row["fields"]["relation"] == "head").unwrap();
        // What an ID number says by itself was not asked again.
        assert_eq!((&head["fields"]["birth_month"], &head["fields"]["sex"]), (&json!("1949-12"), &json!("female")));
        assert_eq!(head["address"], "幸福小区3号楼2单元101室");
        assert_eq!(world.get(&clerk, "/api/registry/households").await.ok()["items"].as_array().unwrap().len(), 1);
        let faults = world.get(&clerk, &format!("{path}/faults")).await.ok();
        let reasons: Vec<&str> = faults["items"].as_array().unwrap().iter().map(|fault| fault["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["“联系电话”不是电话号码。", "“身份证号”不对：位数或校验位有误。", "已迁出或去世，底数里没有，不必登记。"]);

        // The sheet of errors has the row and the reason, and nothing that was refused.
        let sheet = world.get(&clerk, &format!("{path}/errors.xlsx")).await;
        let file = world.folder().join("errors.xlsx");
        std::fs::write(&file, &sheet.bytes).unwrap();
        let mut errors: Xlsx<_> = open_workbook(&file).unwrap();
        let text: String = errors.worksheet_range_at(0).unwrap().unwrap().rows().flatten().map(ToString::to_string).collect();
        assert!(text.contains("刘洋") && text.contains("不是电话号码") && !text.contains("低保户") && !text.contains("政治面貌"), "{text}");
    }

    async fn the_same_ledger_again_changes_nothing_and_a_new_word_changes_one_record(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let bring = async |rows: &[Vec<String>]| {
            let brought = upload(&world, &clerk, "residents", COMMUNITY, &encoded(REFUSED), book(rows)).await.ok();
            finish(&world, &clerk, brought["id"].as_str().unwrap(), "start").await["counts"].clone()
        };
        let mut rows = people();
        assert_eq!(bring(&rows).await["n_new"], 2);
        assert_eq!(bring(&rows).await, json!({ "n_new": 0, "n_changed": 0, "n_same": 2, "n_skipped": 2, "n_bad": 2 }));
        let at = rows[0].iter().position(|header| header == "联系电话").unwrap();
        rows[3][at] = "19900000009".to_owned();
        assert_eq!(bring(&rows).await, json!({ "n_new": 0, "n_changed": 1, "n_same": 1, "n_skipped": 2, "n_bad": 2 }));
        // Whoever is known and has left is archived.
        let left = rows[0].iter().position(|header| header == "是否已迁出").unwrap();
        rows[3][left] = "1".to_owned();
        assert_eq!(bring(&rows).await["n_changed"], 1);
        assert_eq!(world.get(&clerk, "/api/registry/residents").await.ok()["items"].as_array().unwrap().len(), 1);
    }

    async fn a_whole_import_is_taken_back_but_for_what_was_changed_since(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let brought = upload(&world, &clerk, "residents", COMMUNITY, &encoded(REFUSED), book(&people())).await.ok();
        let id = brought["id"].as_str().unwrap();
        world.post(&clerk, &format!("/api/registry/imports/{id}/undo"), Value::Null).await.refused(409, "not_now");
        finish(&world, &clerk, id, "start").await;
        let residents = world.get(&clerk, "/api/registry/residents").await.ok();
        let spouse = residents["items"].as_array().unwrap().iter().find(|row| row["fields"]["relation"] == "spouse").unwrap().clone();
        let path = format!("/api/registry/residents/{}", spouse["id"].as_str().unwrap());
        let body = json!({ "base_version": spouse["version"], "fields": { "sex": "unknown" } }).to_string().into_bytes();
        world.send(Method::PATCH, &path, clerk.0.as_deref(), &[("content-type", "application/json")], body).await.ok();
        let undone = finish(&world, &clerk, id, "undo").await;
        // The other resident is taken back; who was changed stays, and the household and the dwelling around them too.
        assert_eq!((&undone["state"], &undone["n_undone"], &undone["n_kept"]), (&json!("undone"), &json!(1), &json!(3)));
        let left: Vec<Value> = world.get(&clerk, "/api/registry/residents").await.ok()["items"].as_array().unwrap().clone();
        assert_eq!((left.len(), &left[0]["id"]), (1, &spouse["id"]));
        world.post(&clerk, &format!("/api/registry/imports/{id}/undo"), Value::Null).await.refused(409, "not_now");
    }

    async fn an_import_that_changed_a_record_gives_back_what_stood_before(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let rows = |kind: &str| vec![
            ["店铺名称", "地址", "类型", "联系电话"].map(str::to_owned).to_vec(),
            ["老王修车", "前街12号", kind, "19900000005"].map(str::to_owned).to_vec(),
        ];
        let first = upload(&world, &clerk, "premises", GRID_1, "", book(&rows("修理店"))).await.ok();
        assert_eq!(finish(&world, &clerk, first["id"].as_str().unwrap(), "start").await["counts"]["n_new"], 1);
        let second = upload(&world, &clerk, "premises", GRID_1, "", book(&rows("仓库"))).await.ok();
        let second = second["id"].as_str().unwrap();
        assert_eq!(finish(&world, &clerk, second, "start").await["counts"]["n_changed"], 1);
        let kind = async || {
            let found = world.get(&clerk, "/api/registry/premises").await.ok();
            found["items"][0]["fields"]["premises_kind"].clone()
        };
        assert_eq!(kind().await, "storage");
        assert_eq!(finish(&world, &clerk, second, "undo").await["n_undone"], 1);
        assert_eq!(kind().await, "shop");
    }

    async fn a_real_ledger_of_buildings_is_read_as_premises_with_its_row_of_hints(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        // The template itself, as it was given out: a header and hints, and nothing to enter.
        let bytes = std::fs::read(ledger("buildings.xlsx")).unwrap();
        let brought = upload(&world, &clerk, "premises", COMMUNITY, "", bytes).await.ok();
        let preview = world.post(&clerk, &format!("/api/registry/imports/{}/preview", brought["id"].as_str().unwrap()), Value::Null).await.ok();
        assert_eq!((&preview["counts"]["n_new"], &preview["counts"]["n_bad"]), (&json!(0), &json!(0)), "{preview}");
        let mut rows = template("buildings.xlsx");
        let header = rows[0].clone();
        rows.push(row(&header, &[("小区/建筑名称", "幸福大厦"), ("类型", "商业大厦"), ("所属网格", "第一网格"), ("安全负责人", "孙伟"), ("安全负责人电话", "0913-2100001"), ("房东姓名", "钱进")]));
        rows.push(row(&header, &[("小区/建筑名称", "光明公寓"), ("类型", "大型出租房"), ("所属网格", "第九网格")]));
        let brought = upload(&world, &clerk, "premises", COMMUNITY, "", book(&rows)).await.ok();
        let done = finish(&world, &clerk, brought["id"].as_str().unwrap(), "start").await;
        assert_eq!((&done["counts"]["n_new"], &done["counts"]["n_bad"]), (&json!(1), &json!(1)));
        let found = world.get(&clerk, "/api/registry/premises").await.ok();
        assert_eq!((&found["items"][0]["name"], &found["items"][0]["fields"]["in_charge"]), (&json!("幸福大厦"), &json!("孙伟")));
        assert!(!found.to_string().contains("钱进"));
    }

    async fn a_choice_of_columns_is_remembered_for_the_next_sheet_with_the_same_header(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let rows = vec![
            ["企业名称", "地址", "干活的人"].map(str::to_owned).to_vec(),
            ["老王修车", "前街12号", "3人"].map(str::to_owned).to_vec(),
        ];
        let brought = upload(&world, &clerk, "firms", GRID_1, "", book(&rows)).await.ok();
        let headers = brought["sheets"][0]["headers"].as_array().unwrap();
        assert_eq!(headers[2], json!({ "header": "干活的人", "column": null }));
        let path = format!("/api/registry/imports/{}/columns", brought["id"].as_str().unwrap());
        let put = async |body: Value| {
            world.send(Method::PUT, &path, clerk.0.as_deref(), &[("content-type", "application/json")], body.to_string().into_bytes()).await
        };
        put(json!({ "columns": [{ "header": "干活的人", "column": "birth" }] })).await.refused(422, "invalid");
        let chosen = json!({ "columns": [
            { "header": "企业名称", "column": "title" }, { "header": "地址", "column": "address" }, { "header": "干活的人", "column": "n_employees" },
        ] });
        assert_eq!(put(chosen).await.ok()["sheets"][0]["headers"][2]["column"], "n_employees");
        let again = upload(&world, &clerk, "firms", GRID_1, "", book(&rows)).await.ok();
        assert_eq!(again["sheets"][0]["headers"][2]["column"], "n_employees");
        let done = finish(&world, &clerk, again["id"].as_str().unwrap(), "start").await;
        assert_eq!(done["counts"]["n_new"], 1);
        assert_eq!(world.get(&clerk, "/api/registry/firms").await.ok()["items"][0]["fields"]["n_employees"], "3");
    }

    async fn only_those_who_keep_the_ledgers_of_an_area_bring_them_in(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, worker, other) = (world.as_("clerk").await, world.as_("worker1").await, world.as_("other_clerk").await);
        let bytes = book(&[vec!["企业名称".to_owned(), "地址".to_owned()], vec!["老王修车".to_owned(), "前街".to_owned()]]);
        upload(&world, &worker, "firms", GRID_1, "", bytes.clone()).await.refused(403, "forbidden");
        upload(&world, &other, "firms", COMMUNITY, "", bytes.clone()).await.refused(403, "forbidden");
        upload(&world, &clerk, "households", COMMUNITY, "", bytes.clone()).await.refused(422, "invalid");
        upload(&world, &clerk, "firms", OTHER_COMMUNITY, "", bytes.clone()).await.refused(403, "forbidden");
        let brought = upload(&world, &clerk, "firms", GRID_1, "", bytes).await.ok();
        let path = format!("/api/registry/imports/{}", brought["id"].as_str().unwrap());
        for verb in ["preview", "start", "cancel", "undo"] {
            world.post(&other, &format!("{path}/{verb}"), Value::Null).await.refused(404, "not_found");
        }
        world.get(&other, &path).await.refused(404, "not_found");
        world.post(&clerk, &format!("{path}/cancel"), Value::Null).await.ok();
        world.post(&clerk, &format!("{path}/start"), Value::Null).await.refused(409, "not_now");
        let nothing = book(&[vec!["甲".to_owned(), "乙".to_owned()], vec!["1".to_owned(), "2".to_owned()]]);
        upload(&world, &clerk, "firms", GRID_1, "", nothing).await.refused(400, "bad_request");
        upload(&world, &clerk, "firms", GRID_1, "", b"<html>".to_vec()).await.refused(400, "bad_request");
    }
}
