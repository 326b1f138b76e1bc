//! Ledgers of visits and of hazards brought in, over HTTP on both databases: nothing of them is today's work, and they can be taken back.

use serde_json::{Value, json};

use crate::registry_import::{book, finish, upload};
use crate::world::{COMMUNITY, GRID_1, OTHER_COMMUNITY, World};
use linli_testkit::on_both;

fn rows(rows: &[&[&str]]) -> Vec<u8> {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
    book(&rows)
}

const VISITS: &[&[&str]] = &[
    &["走访台账"],
    &["序号", "走访日期", "网格", "小区", "楼栋", "单元", "房号", "走访人", "是否在家", "走访情况"],
    &["必填", "必填", "网格名称", "", "", "", "", "", "是/否", ""],
    &["1", "2026/8/3", "第一网格", "幸福小区", "3号楼", "2单元", "101室", "李春梅", "是", "老人身体好"],
    &["2", "2026年8月4日", "第一网格", "幸福小区", "5号楼", "", "", "王老师", "否", "家里没人"],
    &["3", "昨天", "第一网格", "幸福小区", "5号楼", "", "", "李春梅", "", "日期写不清"],
    &["4", "2026-12-01", "第一网格", "幸福小区", "5号楼", "", "", "李春梅", "", "还没到"],
    &["5", "2026-08-05", "第九网格", "幸福小区", "5号楼", "", "", "李春梅", "", "不是这里"],
];

const HAZARDS: &[&[&str]] = &[
    &["检查日期", "网格", "单位名称", "地址", "存在问题", "隐患等级", "检查人", "整改期限", "整改情况", "整改完成日期"],
    &[
        "2026-09-01",
        "第一网格",
        "老王超市",
        "向阳路12号",
        "灭火器过期",
        "一般",
        "孙站长",
        "2026-09-10 00:00:00",
        "未整改",
        "—",
    ],
    &[
        "2026-09-01",
        "第一网格",
        "小饭馆",
        "向阳路13号",
        "灭火器过期",
        "一般",
        "孙站长",
        "2026-09-10",
        "未整改",
        "2026-12-31",
    ],
    &["2026-09-01", "第一网格", "老王超市", "向阳路12号", "通道堆物", "重大", "孙站长", "2026-09-03", "已整改", ""],
    &["2026-09-02", "第二网格", "", "5号楼门口", "井盖松动", "", "", "", "", ""],
    &["2026-09-02", "第二网格", "小饭馆", "", "", "", "", "", "", ""],
];

on_both! {
    async fn a_ledger_of_visits_is_written_down_as_of_its_own_days_and_taken_back(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let home = world.post(&worker, "/api/registry/dwellings", json!({ "area_code": GRID_1, "fields": { "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "101室", "dwelling_use": "living", "occupancy": "owner" } })).await.ok()["id"].clone();
        let brought = upload(&world, &clerk, "visit", COMMUNITY, "", rows(VISITS)).await.ok();
        assert_eq!((&brought["kind"], &brought["sheets"][0]["header_row"]), (&json!("visit"), &json!(2)));
        let id = brought["id"].as_str().unwrap();
        let path = format!("/api/registry/imports/{id}");
        let preview = world.post(&clerk, &format!("{path}/preview"), Value::Null).await.ok();
        let wanted = json!({ "n_new": 2, "n_changed": 0, "n_same": 0, "n_skipped": 1, "n_bad": 3 });
        assert_eq!(preview["counts"], wanted, "{preview}");
        assert!(world.get(&clerk, "/api/visits").await.ok()["items"].as_array().unwrap().is_empty(), "nothing is written yet");
        let done = finish(&world, &clerk, id, "start").await;
        assert_eq!((&done["state"], &done["counts"]), (&json!("done"), &wanted));
        let reasons: Vec<Value> = world.get(&clerk, &format!("{path}/faults")).await.ok()["items"].as_array().unwrap().iter().map(|fault| fault["reason"].clone()).collect();
        assert_eq!(reasons.len(), 3);
        assert!(reasons[0].as_str().unwrap().contains("不是日期") && reasons[1] == "日期在今天以后。" && reasons[2].as_str().unwrap().contains("没有"), "{reasons:?}");

        let visits = world.get(&clerk, "/api/visits").await.ok()["items"].clone();
        let of = |note: &str| visits.as_array().unwrap().iter().find(|visit| visit["note"].as_str().unwrap().starts_with(note)).unwrap().clone();
        let known = of("老人身体好");
        assert_eq!((&known["record_id"], &known["by_name"], &known["met"]), (&home, &json!("李春梅"), &json!(true)));
        assert_eq!(known["captured_at"], "2026-08-02T16:00:00.000Z");
        let left = of("家里没人");
        assert_eq!(left["note"], "家里没人（台账记的走访人：王老师）", "whoever does not work here is not lost");
        let today = world.get(&worker, "/api/duties/mine").await.ok();
        let record = today["items"].as_array().unwrap().iter().find(|item| item["duty_id"] == "daily_record").unwrap();
        assert_eq!(record["state"], "due", "what was done in August is not today's work");

        let again = upload(&world, &clerk, "visit", COMMUNITY, "", rows(VISITS)).await.ok();
        let again = finish(&world, &clerk, again["id"].as_str().unwrap(), "start").await;
        assert_eq!((&again["counts"]["n_new"], &again["counts"]["n_same"]), (&json!(0), &json!(2)));
        let dispatcher = world.as_("dispatcher").await;
        let undone = finish(&world, &dispatcher, id, "undo").await;
        assert_eq!((&undone["state"], &undone["n_undone"], &undone["n_kept"]), (&json!("undone"), &json!(2), &json!(0)));
        let taken_back = world.app.db.read(|conn| conn.all("SELECT a.name AS name FROM event e JOIN account a ON a.id = e.actor_id WHERE e.kind = 'visit_withdrawn'", &[], |row| row.get::<String>("name"))).await.unwrap();
        assert_eq!(taken_back, ["dispatcher", "dispatcher"], "in the name of whoever took them back");
        assert!(world.get(&clerk, "/api/visits").await.ok()["items"].as_array().unwrap().is_empty());
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
        upload(&world, &clerk, "visit", OTHER_COMMUNITY, "", rows(VISITS)).await.refused(403, "forbidden");
        upload(&world, &clerk, "visit", COMMUNITY, "", rows(&[&["走访日期", "政治面貌", "走访情况"], &["2026-08-03", "群众", "都好"]])).await.refused(422, "invalid");
    }

    async fn of_a_ledger_of_hazards_what_is_not_put_right_becomes_a_case(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let brought = upload(&world, &clerk, "hazard", COMMUNITY, "", rows(HAZARDS)).await.ok();
        let id = brought["id"].as_str().unwrap();
        let preview = world.post(&clerk, &format!("/api/registry/imports/{id}/preview"), Value::Null).await.ok();
        let wanted = json!({ "n_new": 3, "n_changed": 0, "n_same": 0, "n_skipped": 1, "n_bad": 1 });
        assert_eq!(preview["counts"], wanted, "{preview}");
        let done = finish(&world, &clerk, id, "start").await;
        assert_eq!((&done["state"], &done["counts"]), (&json!("done"), &wanted));
        let boxes = world.get(&clerk, "/api/cases?box=all_open&limit=50").await.ok();
        let cases = boxes["items"].as_array().unwrap().clone();
        assert_eq!(cases.len(), 3, "the same words at another place are another hazard: {boxes}");
        let mut found = Vec::new();
        for case in &cases {
            found.push(world.get(&clerk, &format!("/api/cases/{}", case["id"].as_str().unwrap())).await.ok());
        }
        let shown = found.iter().find(|case| case["place_text"] == "老王超市 向阳路12号").unwrap();
        let first = shown;
        assert_eq!((&shown["kind"], &shown["weight"], &shown["text"]), (&json!("hazard"), &json!("general"), &json!("灭火器过期（台账：2026-09-01发现，检查人孙站长，要求2026-09-10前整改）")));

        let again = upload(&world, &clerk, "hazard", COMMUNITY, "", rows(HAZARDS)).await.ok();
        let again = finish(&world, &clerk, again["id"].as_str().unwrap(), "start").await;
        assert_eq!((&again["counts"]["n_new"], &again["counts"]["n_same"]), (&json!(0), &json!(3)));
        // One was looked at meanwhile: it stays with whoever did.
        let body = json!({ "version": shown["version"], "fields": { "category": "street_light", "weight": "general" } });
        world.post(&clerk, &format!("/api/cases/{}/actions/accept", first["id"].as_str().unwrap()), body).await.ok();
        let undone = finish(&world, &clerk, id, "undo").await;
        assert_eq!((&undone["n_undone"], &undone["n_kept"]), (&json!(2), &json!(1)), "{undone}");
        let other = cases.iter().find(|case| case["id"] != first["id"]).unwrap();
        let closed = world.get(&clerk, &format!("/api/cases/{}", other["id"].as_str().unwrap())).await.ok();
        assert_eq!(closed["phase"], "closed", "{closed}");
        // What was taken back has not been here; what somebody looked at has.
        let once_more = upload(&world, &clerk, "hazard", COMMUNITY, "", rows(HAZARDS)).await.ok();
        let preview = world.post(&clerk, &format!("/api/registry/imports/{}/preview", once_more["id"].as_str().unwrap()), Value::Null).await.ok();
        assert_eq!((&preview["counts"]["n_new"], &preview["counts"]["n_same"]), (&json!(2), &json!(1)));
    }
}
