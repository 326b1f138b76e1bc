//! The hotline at the desk: files of all shapes come in, every row is explained, and what became of the orders goes out again.

use std::path::Path;

use crate::world::{Answered, Session, World, reply};
use axum::http::Method;
use calamine::{Data, Reader, Xlsx, open_workbook};
use linli_civic::hotline::run;
use linli_db::params;
use linli_testkit::on_both;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};

const HEADER: &str = "工单编号,来电人,来电号码,来电时间,问题分类,主要内容,被反映区,被反映街乡镇,被反映社区,被反映点位,办理时限,办理结果,是否联系,是否解决,是否满意";

fn csv(lines: &[&str]) -> Vec<u8> {
    format!("{HEADER}\n{}\n", lines.join("\n")).into_bytes()
}

async fn upload(world: &World, who: &Session, name: &str, bytes: Vec<u8>) -> Answered {
    world.send(Method::POST, &format!("/api/hotline/imports?file_name={name}"), who.0.as_deref(), &[], bytes).await
}

/// Uploads, starts, and lets the server work; the import as it stands then.
async fn import(world: &World, who: &Session, name: &str, bytes: Vec<u8>) -> Value {
    let brought = upload(world, who, name, bytes).await.ok();
    let path = format!("/api/hotline/imports/{}", brought["id"].as_str().unwrap());
    let started = world.post(who, &format!("{path}/start"), json!({})).await.ok();
    assert_eq!(started["state"], "running");
    assert_eq!(run::once(&world.app).await.unwrap(), 1);
    world.get(who, &path).await.ok()
}

async fn code_of(world: &World, no: &'static str) -> String {
    let sql = "SELECT c.code FROM hotline_order o JOIN cases c ON c.id = o.case_id WHERE o.order_no = $1";
    world
        .app
        .db
        .read(move |conn| conn.first(sql, &params![no], |row| row.get::<String>("code")))
        .await
        .unwrap()
        .unwrap()
}

fn cells(path: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range
        .rows()
        .map(|row| {
            row.iter().map(|cell| if let Data::String(text) = cell { text.clone() } else { cell.to_string() }).collect()
        })
        .collect()
}

fn saved(world: &World, answered: &Answered) -> Vec<Vec<String>> {
    assert_eq!(answered.status.as_u16(), 200, "{}", answered.body);
    let path = world.folder().join("answer.xlsx");
    std::fs::write(&path, &answered.bytes).unwrap();
    cells(&path)
}

fn at<'a>(rows: &'a [Vec<String>], row: usize, header: &str) -> &'a str {
    let column = rows[0].iter().position(|cell| cell == header).unwrap();
    rows[row].get(column).map(String::as_str).unwrap_or_default()
}

const LAMP: &str = "WN001,李女士,19900000001,2026-09-27 09:30,城市管理->市政设施->路灯,3号楼前的路灯不亮,临渭区,向阳街道,红旗社区,第一网格3号楼,5个工作日,待办理,,,";

on_both! {
    async fn an_order_comes_in_goes_to_a_grid_and_its_result_goes_out(t: TestDb) {
        let world = World::new(t).await;
        let (hotline, worker, head) = (world.as_("hotline").await, world.as_("worker1").await, world.as_("head").await);
        let import = import(&world, &hotline, "orders.csv", csv(&[LAMP])).await;
        assert_eq!((&import["state"], &import["counts"]["n_new"]), (&json!("done"), &json!(1)));

        // The words of the hotline's category found ours, the place found the grid: nobody had to look.
        let code = code_of(&world, "WN001").await;
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((&case["stage"], &case["channel"], &case["category"]), (&json!("dispatched"), &json!("hotline"), &json!("street_light")));
        assert_eq!(case["area"]["full_name"], "临渭区向阳街道红旗社区第一网格");
        assert!(case["timeline"][0]["sentence"].as_str().unwrap().contains("12345热线"), "{}", case["timeline"][0]);
        let beside = world.get(&worker, &format!("/api/cases/{code}/hotline")).await.ok();
        assert_eq!((&beside["items"][0]["order_no"], &beside["items"][0]["said_at"]), (&json!("WN001"), &json!("2026-09-27T01:30:00.000Z")));
        assert_eq!(beside["items"][0]["limit_text"], "5个工作日");
        assert!(beside["items"][0]["limit_at"].is_string());

        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        let period = json!({ "from": "2026-09-01T00:00:00+08:00", "to": "2026-10-01T00:00:00+08:00", "reason": "九月办理结果反馈热线" });
        // What nobody has verified stays in the house.
        let before = saved(&world, &world.post(&hotline, "/api/hotline/exports", period.clone()).await);
        assert_eq!((at(&before, 1, "工单编号"), at(&before, 1, "回复内容")), ("WN001", ""));
        world.act(&head, &code, "verify", json!({})).await.ok();
        world.act_publicly(&code, "rate", json!({ "stars": 5, "solved": true, "satisfied": true })).await.ok();

        let out = saved(&world, &world.post(&hotline, "/api/hotline/exports", period.clone()).await);
        assert_eq!(out.len(), 2);
        assert_eq!((at(&out, 1, "工单编号"), at(&out, 1, "办理结果"), at(&out, 1, "是否满意")), ("WN001", "已结案", "满意"));
        assert!(at(&out, 1, "回复内容").contains("更换灯泡并检查线路"), "{}", at(&out, 1, "回复内容"));
        assert_eq!((at(&out, 1, "来电时间"), at(&out, 1, "被反映社区")), ("2026-09-27 09:30:00", "红旗社区"));
        // Masked, and nobody's look is recorded; open, and it is.
        assert_eq!((at(&out, 1, "来电号码"), at(&out, 1, "来电人")), ("199****0001", "李**"));
        let auditor = world.as_("auditor").await;
        assert_eq!(world.get(&auditor, "/api/read-log").await.ok()["items"], json!([]));
        let mut open = period.clone();
        open["with_contact"] = json!(true);
        let out = saved(&world, &world.post(&hotline, "/api/hotline/exports", open.clone()).await);
        assert_eq!(at(&out, 1, "来电号码"), "19900000001");
        let looks = world.get(&auditor, "/api/read-log").await.ok();
        assert_eq!(looks["items"][0]["purpose"], "九月办理结果反馈热线");
        // The leader may take orders out and may not see numbers: there stands nothing.
        let leader = world.as_("leader").await;
        let out = saved(&world, &world.post(&leader, "/api/hotline/exports", open).await);
        assert_eq!(at(&out, 1, "来电号码"), "");

        let mut without_reason = period;
        without_reason["reason"] = json!(" ");
        world.post(&hotline, "/api/hotline/exports", without_reason.clone()).await.refused(422, "invalid");
        world.post(&worker, "/api/hotline/exports", without_reason).await.refused(403, "forbidden");
        // The same file again: nothing new.
        let again = self::import(&world, &hotline, "orders.csv", csv(&[LAMP])).await;
        assert_eq!((&again["counts"]["n_same"], &again["counts"]["n_new"]), (&json!(1), &json!(0)));
    }

    async fn every_row_is_explained_and_the_sheet_of_errors_can_be_imported_again(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let rows = [
            LAMP,
            ",李女士,19900000001,2026-09-27,其他,没有编号的工单,临渭区,向阳街道,红旗社区,,,,,,",
            "WN003,王先生,1.99E+10,前天,其他,电话和时间都坏了,临渭区,向阳街道,红旗社区,,,,,,",
            "WN004,王先生,19900000004,2026-09-27,其他,在别的县,合阳县,城关街道,南苑社区,,,,,,",
            "WN005,王先生,19900000005,2026-09-27,其他,热线已经办结,临渭区,向阳街道,红旗社区,,,已办结,,,",
            "\"WN006\",=cmd|' /C calc'!A0,19900000006,2026-09-27,其他,地方没有写清楚,,,,某某大厦,,,,,",
            "WN001,李女士,19900000001,2026-09-27 09:30,城市管理->市政设施->路灯,3号楼前的路灯不亮，已经三天,临渭区,向阳街道,红旗社区,第一网格3号楼,5个工作日,待办理,,,",
            "示例,张三,,,,,,,,,,,,,",
        ];
        let import = import(&world, &clerk, "orders.csv", csv(&rows)).await;
        let counts = &import["counts"];
        assert_eq!(*counts, json!({ "n_new": 1, "n_updated": 1, "n_same": 0, "n_skipped": 2, "n_bad": 4 }), "{import}");
        let path = format!("/api/hotline/imports/{}", import["id"].as_str().unwrap());
        let faults = world.get(&clerk, &format!("{path}/faults")).await.ok();
        let reasons: Vec<(i64, &str)> = faults["items"].as_array().unwrap().iter().map(|row| (row["row"].as_i64().unwrap(), row["reason"].as_str().unwrap())).collect();
        assert_eq!(reasons, [
            (3, "没有工单编号。"),
            (4, "来电时间“前天”看不懂，请写成“2026-09-28 09:30”的样子。来电号码不是电话号码。如果表里显示成 1.99E+10，请把这一列设成文本后重新导出。"),
            (5, "合阳县城关街道南苑社区不在您的辖区，请交给当地导入。"),
            (6, "热线平台已办结，按设置没有导入。需要留底请勾选“同时导入已办结的工单”。"),
            (7, "区域里找不到“某某大厦”，请写明街道和社区。"),
        ]);
        // The same number later in the file told something new: it is in the case's history, as the hotline's.
        let code = code_of(&world, "WN001").await;
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        let last = case["timeline"].as_array().unwrap().last().unwrap().clone();
        assert!(last["text"].as_str().unwrap().contains("已经三天"), "{last}");
        assert_eq!(last["actor"]["kind"], "partner");

        let sheet = saved(&world, &world.get(&clerk, &format!("{path}/errors.xlsx")).await);
        assert_eq!(sheet.len(), 6);
        assert_eq!((at(&sheet, 1, "主要内容"), at(&sheet, 1, "原因")), ("没有编号的工单", "没有工单编号。"));
        // A cell that begins like a formula is text.
        assert_eq!(at(&sheet, 5, "来电人"), "=cmd|' /C calc'!A0");
        let raw = std::fs::read(world.folder().join("answer.xlsx")).unwrap();
        assert!(!String::from_utf8_lossy(&unzipped(&raw, "xl/worksheets/sheet1.xml")).contains("<f>"));
        // A browser that takes compressed answers gets the same sheet.
        let headers = [("accept-encoding", "gzip, br")];
        let again = world.send(Method::GET, &format!("{path}/errors.xlsx"), clerk.0.as_deref(), &headers, Vec::new()).await;
        assert!(again.bytes.starts_with(b"PK") && again.bytes.len() == raw.len(), "{} bytes", again.bytes.len());
        // Brought in again as it is, it is understood, and the same rows are wrong.
        let again = self::import(&world, &clerk, "errors.xlsx", raw).await;
        assert_eq!((&again["counts"]["n_bad"], &again["counts"]["n_new"]), (&json!(4), &json!(0)));
    }

    async fn a_finished_order_enters_as_history_only_when_asked(t: TestDb) {
        let world = World::new(t).await;
        let hotline = world.as_("hotline").await;
        let row = "WN009,王先生,19900000009,2026-09-20,其他,热线已经办结的旧工单,临渭区,向阳街道,红旗社区,,,已办结,,,";
        let brought = upload(&world, &hotline, "old.csv", csv(&[row])).await.ok();
        let path = format!("/api/hotline/imports/{}", brought["id"].as_str().unwrap());
        let choice = json!({ "with_history": true });
        let chosen = world.send(Method::PUT, &format!("{path}/columns"), hotline.0.as_deref(), &[("content-type", "application/json")], choice.to_string().into_bytes()).await.ok();
        assert_eq!(chosen["with_history"], true);
        let rehearsed = world.post(&hotline, &format!("{path}/rehearsal"), json!({})).await.ok();
        assert_eq!((&rehearsed["counts"]["n_new"], &rehearsed["rows"][0]["phone_masked"]), (&json!(1), &json!("199****0009")));
        world.post(&hotline, &format!("{path}/start"), json!({})).await.ok();
        run::once(&world.app).await.unwrap();
        let code = code_of(&world, "WN009").await;
        let case = world.get(&hotline, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["phase"], "closed");
        // Begun once, it cannot be begun again, changed or rehearsed.
        world.post(&hotline, &format!("{path}/start"), json!({})).await.refused(409, "not_now");
        world.post(&hotline, &format!("{path}/rehearsal"), json!({})).await.refused(409, "not_now");
        world.post(&hotline, &format!("{path}/cancel"), json!({})).await.refused(409, "not_now");
    }

    async fn columns_and_categories_that_somebody_chose_are_remembered(t: TestDb) {
        let world = World::new(t).await;
        let hotline = world.as_("hotline").await;
        let table = "单子,诉求内容,区县,街道,社区,归口,乱七八糟\nA1,楼道里有人放鞭炮,临渭区,向阳街道,红旗社区,治安,x\n";
        let put = async |path: &str, body: Value| world.send(Method::PUT, path, hotline.0.as_deref(), &[("content-type", "application/json")], body.to_string().into_bytes()).await;
        let brought = upload(&world, &hotline, "a.csv", table.as_bytes().to_vec()).await.ok();
        let columns = brought["sheets"][0]["columns"].clone();
        assert_eq!((&columns[0]["column"], &columns[1]["column"], &columns[5]["column"]), (&json!(null), &json!("content"), &json!(null)));
        assert_eq!(brought["sheets"][0]["missing"], json!(["order_no"]));
        let path = format!("/api/hotline/imports/{}", brought["id"].as_str().unwrap());
        let choice = json!({ "columns": [{ "header": "单子", "column": "order_no" }, { "header": "归口", "column": "category" }] });
        let chosen = put(&format!("{path}/columns"), choice).await.ok();
        assert_eq!(chosen["sheets"][0]["missing"], json!([]));
        let rehearsed = world.post(&hotline, &format!("{path}/rehearsal"), json!({})).await.ok();
        assert_eq!(rehearsed["unknown_categories"], json!([{ "words": "治安", "n": 1 }]));
        put("/api/hotline/categories", json!({ "partner": "hotline", "categories": [{ "theirs": "治安", "ours": "no_such" }] })).await.refused(422, "invalid");
        put("/api/hotline/categories", json!({ "partner": "hotline", "categories": [{ "theirs": "治安", "ours": "noise" }] })).await.ok();
        let rehearsed = world.post(&hotline, &format!("{path}/rehearsal"), json!({})).await.ok();
        assert_eq!(rehearsed["unknown_categories"], json!([]));
        // The next file of the same hotline is understood at once.
        let next = upload(&world, &hotline, "b.csv", table.replace("A1", "A2").into_bytes()).await.ok();
        assert_eq!(next["sheets"][0]["columns"][0]["column"], "order_no");
        assert_eq!(next["sheets"][0]["columns"][5]["column"], "category");
    }

    async fn only_those_who_may_bring_orders_in_and_see_an_import(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, other, worker, hotline) = (world.as_("clerk").await, world.as_("other_clerk").await, world.as_("worker1").await, world.as_("hotline").await);
        upload(&world, &worker, "a.csv", csv(&[LAMP])).await.refused(403, "forbidden");
        upload(&world, &Session::none(), "a.csv", csv(&[LAMP])).await.refused(401, "not_signed_in");
        let brought = upload(&world, &clerk, "a.csv", csv(&[LAMP])).await.ok();
        let path = format!("/api/hotline/imports/{}", brought["id"].as_str().unwrap());
        world.get(&other, &path).await.refused(404, "not_found");
        world.post(&other, &format!("{path}/start"), json!({})).await.refused(404, "not_found");
        assert_eq!(world.get(&other, "/api/hotline/imports").await.ok()["items"], json!([]));
        assert_eq!(world.get(&hotline, "/api/hotline/imports").await.ok()["items"].as_array().unwrap().len(), 1);
        // Stopped before it was begun: nothing was entered.
        assert_eq!(world.post(&clerk, &format!("{path}/cancel"), json!({})).await.ok()["state"], "cancelled");
        assert_eq!(run::once(&world.app).await.unwrap(), 0);
    }

    async fn what_is_no_table_is_refused_with_what_to_do(t: TestDb) {
        let world = World::new(t).await;
        let hotline = world.as_("hotline").await;
        let refused = async |bytes: Vec<u8>| upload(&world, &hotline, "x.xlsx", bytes).await.refused(400, "bad_request")["detail"].as_str().unwrap().to_owned();
        assert!(refused(Vec::new()).await.contains("文件是空的"));
        assert!(refused(b"<html><table><tr><td>1</td></tr></table></html>".to_vec()).await.contains("另存为 xlsx"));
        assert!(refused(b"%PDF-1.7 x".to_vec()).await.contains("不是 Excel"));
        assert!(refused(b"PK\x03\x04 broken".to_vec()).await.contains("损坏"));
        assert!(refused(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 broken".to_vec()).await.contains("损坏"));
        // A table without orders is a table: its columns can be looked at, and there is nothing to begin.
        let brought = upload(&world, &hotline, "x.csv", b"a,b\n1,2\n".to_vec()).await.ok();
        assert_eq!(brought["sheets"], json!([]));
        let path = format!("/api/hotline/imports/{}/start", brought["id"].as_str().unwrap());
        world.post(&hotline, &path, json!({})).await.refused(422, "invalid");
        // Nothing of what was refused is left on the disk.
        assert_eq!(std::fs::read_dir(world.folder().join("imports")).unwrap().count(), 1);
    }

    async fn awkward_files_are_understood(t: TestDb) {
        let world = World::new(t).await;
        let hotline = world.as_("hotline").await;
        // GBK, as Excel on a Chinese machine saves it.
        let (gbk, _, _) = encoding_rs::GBK.encode(HEADER);
        let (row, _, _) = encoding_rs::GBK.encode("GB1,李女士,１９９００００００１１,２０２６年９月２７日 ９时,其他,楼道堆放杂物\u{3000}请清理,临渭区,向阳街道办事处,红旗社区居委会,,,,,,");
        let bytes = [gbk.as_ref(), b"\r\n", row.as_ref(), b"\r\n,,,,,,,,,,,,,,\r\n,,,,,,,,,,,,,,\r\n"].concat();
        let done = import(&world, &hotline, "gbk.csv", bytes).await;
        assert_eq!((&done["counts"]["n_new"], &done["counts"]["n_bad"]), (&json!(1), &json!(0)), "{done}");

        // Titles, merged groups above the columns, numbers for phones, blank tail rows, NUL bytes, two sheets.
        let done = import(&world, &hotline, "merged.xlsx", merged()).await;
        assert_eq!(done["sheets"].as_array().unwrap().len(), 1);
        assert_eq!(done["counts"], json!({ "n_new": 2, "n_updated": 0, "n_same": 0, "n_skipped": 1, "n_bad": 0 }), "{done}");
        let code = code_of(&world, "MX1").await;
        let contact = world.post(&hotline, &format!("/api/cases/{code}/contact"), json!({ "purpose": "联系反映人" })).await.ok();
        assert_eq!(contact["phone"], "19900000021");
    }
}

fn merged() -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let bold = Format::new().set_bold();
    page.merge_range(0, 0, 0, 7, "临渭区12345热线工单（第39周）", &bold).unwrap();
    page.merge_range(1, 0, 2, 0, "工单编号", &bold).unwrap();
    page.merge_range(1, 1, 1, 2, "来电人信息", &bold).unwrap();
    page.write(2, 1, "姓名").unwrap().write(2, 2, "联系电话（必填）").unwrap();
    page.merge_range(1, 3, 2, 3, "诉求内容", &bold).unwrap();
    page.merge_range(1, 4, 1, 6, "被反映地址", &bold).unwrap();
    page.write(2, 4, "区县").unwrap().write(2, 5, "镇街").unwrap().write(2, 6, "村/社区").unwrap();
    page.merge_range(1, 7, 2, 7, "受理时间", &bold).unwrap();
    page.write(3, 0, "填写说明").unwrap().write(3, 1, "按身份证填写").unwrap();
    for (row, no, phone) in [(4, "MX1", 19_900_000_021.0), (5, "MX2", 19_900_000_022.0)] {
        page.write(row, 0, no)
            .unwrap()
            .write(row, 1, "赵先生")
            .unwrap()
            .write(row, 2, phone)
            .unwrap()
            .write(row, 3, "垃圾桶满了没人清运")
            .unwrap();
        page.write(row, 4, "临渭区")
            .unwrap()
            .write(row, 5, "向阳街道")
            .unwrap()
            .write(row, 6, "红旗社区")
            .unwrap()
            .write(row, 7, 46_292.5)
            .unwrap();
    }
    for row in 6..40 {
        page.write_blank(row, 0, &bold).unwrap();
    }
    book.add_worksheet().set_name("说明").unwrap().write(0, 0, "本表每周一导出").unwrap();
    book.save_to_buffer().unwrap()
}

fn unzipped(bytes: &[u8], name: &str) -> Vec<u8> {
    use std::io::Read;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let mut out = Vec::new();
    archive.by_name(name).unwrap().read_to_end(&mut out).unwrap();
    out
}
