//! Workbooks that superiors ask for, filled over HTTP on both databases: two real templates, a second person who agrees, what people
//! find in the record of who looked.

use std::io::{Cursor, Read};

use axum::http::Method;
use calamine::{Reader, Xlsx};
use linli_kernel::Role;
use serde_json::{Value, json};

use crate::registry_import::{REFUSED, book, encoded, finish, ledger, people, upload};
use crate::world::{Answered, COMMUNITY, GRID_1, GRID_2, OTHER_COMMUNITY, STREET, Session, World};
use linli_testkit::on_both;

const XLSX: (&str, &str) = ("content-type", "application/octet-stream");

async fn keep(world: &World, who: &Session, area: &str, kind: &str, file: Vec<u8>) -> Answered {
    let (name, asked_by) = (encoded(&["常住人口台账"]), encoded(&["杜桥街道"]));
    let path = format!("/api/ledgers?area={area}&name={name}&asked_by={asked_by}&rhythm=month&kind={kind}");
    world.send(Method::POST, &path, who.0.as_deref(), &[XLSX], file).await
}

async fn put(world: &World, who: &Session, path: &str, body: &Value) -> Answered {
    let headers = [("content-type", "application/json")];
    world.send(Method::PUT, path, who.0.as_deref(), &headers, body.to_string().into_bytes()).await
}

/// The rows of the first sheet.
fn rows(file: &[u8]) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(file.to_vec())).unwrap();
    let range = book.worksheet_range_at(0).unwrap().unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

fn part(file: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(file.to_vec())).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// What stands under a header in each row.
fn under(rows: &[Vec<String>], header: &str) -> Vec<String> {
    let at = rows[0].iter().position(|cell| cell == header).unwrap();
    rows[1..].iter().map(|row| row[at].clone()).collect()
}

/// Two residents of one home, brought in from a ledger.
async fn with_residents(t: linli_testkit::TestDb) -> (World, Session) {
    let world = World::new(t).await;
    let clerk = world.as_("clerk").await;
    let brought = upload(&world, &clerk, "residents", COMMUNITY, &encoded(REFUSED), book(&people())).await.ok();
    let done = finish(&world, &clerk, brought["id"].as_str().unwrap(), "start").await;
    assert_eq!(done["counts"]["n_new"], 2, "{done}");
    (world, clerk)
}

async fn file(world: &World, who: &Session, id: &Value) -> Answered {
    world.get(who, &format!("/api/ledgers/submissions/{}/file.xlsx", id.as_str().unwrap())).await
}

on_both! {
    async fn a_real_template_fills_itself_and_keeps_its_looks(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        let template = std::fs::read(ledger("people.xlsx")).unwrap();
        let kept = keep(&world, &clerk, COMMUNITY, "resident", template.clone()).await.ok();
        let column = |header: &str| kept["columns"].as_array().unwrap().iter().find(|column| column["header"] == header).unwrap().clone();
        assert_eq!((&column("姓名")["column"], &column("姓名")["is_sealed"]), (&json!("person_name"), &json!(true)));
        assert_eq!((&column("现住小区/建筑")["column"], &column("现住小区/建筑")["is_sealed"]), (&json!("compound"), &json!(false)));
        assert!(column("政治面貌")["refused"].as_str().unwrap().contains("不收政治面貌"), "{kept}");

        let path = format!("/api/ledgers/{}", kept["id"].as_str().unwrap());
        let asked = world.post(&clerk, &format!("{path}/fill"), json!({ "purpose": "上报街道十月底数" })).await.ok();
        assert_eq!((&asked["state"], &asked["can_take"]), (&json!("ready"), &json!(true)));
        let answer = file(&world, &clerk, &asked["id"]).await;
        assert_eq!(answer.status, 200);
        let filled = rows(&answer.bytes);
        // The row of explanations is gone, as the template itself asks for.
        assert_eq!(filled.len(), 3, "{filled:?}");
        assert_eq!(filled[0], rows(&template)[0]);
        assert_eq!(under(&filled, "姓名"), ["", ""], "nobody agreed to names");
        assert_eq!(under(&filled, "现住小区/建筑"), ["幸福小区", "幸福小区"]);
        assert_eq!(under(&filled, "户编号"), ["H1", "H1"]);
        assert_eq!(under(&filled, "是否已迁出"), ["0", "0"], "as its explanation asks for");
        assert_eq!(under(&filled, "政治面貌"), ["", ""]);
        for same in ["xl/styles.xml", "xl/worksheets/sheet2.xml", "xl/theme/theme1.xml"] {
            assert_eq!(part(&answer.bytes, same), part(&template, same), "{same}");
        }
        let list = world.get(&clerk, "/api/ledgers/submissions").await.ok();
        assert_eq!((&list["items"][0]["state"], &list["items"][0]["n_rows"]), (&json!("taken"), &json!(2)));
        let residents = world.get(&clerk, "/api/registry/residents").await.ok();
        let reads = format!("/api/registry/residents/{}/reads", residents["items"][0]["id"].as_str().unwrap());
        assert_eq!(world.get(&clerk, &reads).await.ok()["items"], json!([]));
    }

    async fn names_go_out_when_a_second_person_agrees_and_each_of_them_can_read_it(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        world.hire("second", Role::CommunityClerk, COMMUNITY, None).await;
        let second = world.as_("second").await;
        let template = std::fs::read(ledger("people.xlsx")).unwrap();
        let kept = keep(&world, &clerk, COMMUNITY, "resident", template).await.ok();
        let path = format!("/api/ledgers/{}", kept["id"].as_str().unwrap());
        let wish = json!({ "purpose": "社区体检排班", "with_sealed": true });
        let asked = world.post(&clerk, &format!("{path}/fill"), wish.clone()).await.ok();
        assert_eq!((&asked["state"], &asked["can_take"], &asked["can_decide"]), (&json!("waiting"), &json!(false), &json!(false)));
        file(&world, &clerk, &asked["id"]).await.refused(409, "not_now");
        let decide = format!("/api/ledgers/submissions/{}/decide", asked["id"].as_str().unwrap());
        world.post(&clerk, &decide, json!({ "agrees": true })).await.refused(403, "own_work");
        let worker = world.as_("worker1").await;
        world.post(&worker, &decide, json!({ "agrees": true })).await.refused(403, "forbidden");
        let list = world.get(&second, "/api/ledgers/submissions").await.ok();
        assert_eq!(list["items"][0]["can_decide"], true, "{list}");
        let agreed = world.post(&second, &decide, json!({ "agrees": true })).await.ok();
        assert_eq!(agreed["state"], "ready");
        file(&world, &second, &asked["id"]).await.refused(404, "not_found");

        let filled = rows(&file(&world, &clerk, &asked["id"]).await.bytes);
        let mut names = under(&filled, "姓名");
        names.sort();
        assert_eq!(names, ["李晓梅", "王强"]);
        assert!(under(&filled, "身份证号").contains(&"11010519491231002X".to_owned()));
        let residents = world.get(&clerk, "/api/registry/residents").await.ok();
        for resident in residents["items"].as_array().unwrap() {
            let reads = format!("/api/registry/residents/{}/reads", resident["id"].as_str().unwrap());
            let looks = world.get(&clerk, &reads).await.ok();
            let n_sealed = resident["sealed"].as_array().unwrap().len();
            assert_eq!(looks["items"].as_array().unwrap().len(), n_sealed, "{looks}");
            assert_eq!(looks["items"][0]["purpose"], "常住人口台账：社区体检排班");
        }

        // A day later the file is gone, and a refusal is a refusal.
        world.clock.advance_ms(24 * 60 * 60 * 1_000);
        let clerk = world.as_("clerk").await;
        file(&world, &clerk, &asked["id"]).await.refused(409, "not_now");
        let again = world.post(&clerk, &format!("{path}/fill"), wish).await.ok();
        let decide = format!("/api/ledgers/submissions/{}/decide", again["id"].as_str().unwrap());
        let second = world.as_("second").await;
        assert_eq!(world.post(&second, &decide, json!({ "agrees": false })).await.ok()["state"], "refused");
        file(&world, &clerk, &again["id"]).await.refused(409, "not_now");
    }

    async fn whose_columns_mean_something_else_says_so_once(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        let header = ["网格", "小区", "楼号", "住户情况"].map(str::to_owned).to_vec();
        let kept = keep(&world, &clerk, COMMUNITY, "dwelling", book(&[header])).await.ok();
        assert_eq!(kept["columns"][3]["column"], Value::Null);
        let columns = format!("/api/ledgers/{}/columns", kept["id"].as_str().unwrap());
        let chosen = json!({ "columns": [{ "header": "住户情况", "column": "door" }, { "header": "楼号" }], "version": 1 });
        let mapped = put(&world, &clerk, &columns, &chosen).await.ok();
        assert_eq!((&mapped["columns"][3]["column"], &mapped["columns"][2]["column"]), (&json!("door"), &Value::Null));
        put(&world, &clerk, &columns, &chosen).await.refused(409, "version_conflict");
        let fill = format!("/api/ledgers/{}/fill", kept["id"].as_str().unwrap());
        let asked = world.post(&clerk, &fill, json!({ "purpose": "街道月报", "area": GRID_1 })).await.ok();
        let filled = rows(&file(&world, &clerk, &asked["id"]).await.bytes);
        assert_eq!(filled[1][1..], ["幸福小区", "", "3号楼2单元101室"].map(str::to_owned), "{filled:?}");
        let empty = world.post(&clerk, &fill, json!({ "purpose": "街道月报", "area": GRID_2 })).await.ok();
        assert_eq!(rows(&file(&world, &clerk, &empty["id"]).await.bytes).len(), 1);
        world.post(&clerk, &fill, json!({ "purpose": "街道月报", "area": OTHER_COMMUNITY })).await.refused(422, "invalid");
    }

    async fn what_is_typed_and_what_fills_itself_is_counted_by_month(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        let header = ["网格", "小区", "楼号"].map(str::to_owned).to_vec();
        let kept = keep(&world, &clerk, COMMUNITY, "dwelling", book(&[header])).await.ok();
        let path = format!("/api/ledgers/{}", kept["id"].as_str().unwrap());
        assert_eq!(world.post(&clerk, &format!("{path}/by-hand"), json!({ "n_rows": 40 })).await.status, 204);
        let burden = world.get(&clerk, "/api/ledgers/burden").await.ok();
        assert_eq!(burden, json!({ "months": [{ "month": "2026-09", "by_hand": 1, "typed_cells": 120, "by_linli": 0, "filled_cells": 0 }], "n_ledgers": 1, "n_only_typed": 1 }));
        let asked = world.post(&clerk, &format!("{path}/fill"), json!({ "purpose": "街道月报" })).await.ok();
        assert_eq!(world.get(&clerk, "/api/ledgers/burden").await.ok()["n_only_typed"], 1, "what nobody took was not handed in");
        file(&world, &clerk, &asked["id"]).await;
        let burden = world.get(&clerk, "/api/ledgers/burden").await.ok();
        assert_eq!((&burden["months"][0]["by_linli"], &burden["months"][0]["filled_cells"], &burden["n_only_typed"]), (&json!(1), &json!(3), &json!(0)));
        assert_eq!(world.post(&clerk, &format!("{path}/end"), Value::Null).await.status, 204);
        assert_eq!(world.get(&clerk, "/api/ledgers/burden").await.ok()["n_ledgers"], 0);
        world.post(&clerk, &format!("{path}/fill"), json!({ "purpose": "街道月报" })).await.refused(409, "not_now");
        world.post(&clerk, &format!("{path}/by-hand"), json!({ "n_rows": 1 })).await.refused(409, "not_now");
    }

    async fn what_waits_stands_first_and_why_is_forgotten_after_two_years(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        let kept = keep(&world, &clerk, COMMUNITY, "resident", std::fs::read(ledger("people.xlsx")).unwrap()).await.ok();
        let fill = format!("/api/ledgers/{}/fill", kept["id"].as_str().unwrap());
        world.post(&clerk, &fill, json!({ "purpose": "社区体检排班", "with_sealed": true })).await.ok();
        world.clock.advance_ms(60_000);
        world.post(&clerk, &fill, json!({ "purpose": "上报街道" })).await.ok();
        let list = world.get(&clerk, "/api/ledgers/submissions").await.ok();
        let states: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, [&json!("waiting"), &json!("ready")]);
        let before = world.app.now().plus_ms(1);
        let n = world.app.db.write(move |tx| linli_civic::ledgers::store::sweep(tx, before)).await.unwrap();
        assert_eq!(n, 2);
        let list = world.get(&clerk, "/api/ledgers/submissions").await.ok();
        assert!(list["items"].as_array().unwrap().iter().all(|one| one["purpose"].is_null()), "{list}");
        let texts = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM event_text WHERE body LIKE '%体检%'", &[])).await.unwrap();
        assert_eq!(texts, 0, "the chain never held it");
    }

    async fn whoever_does_not_keep_ledgers_sees_none(t: TestDb) {
        let (world, clerk) = with_residents(t).await;
        let template = std::fs::read(ledger("buildings.xlsx")).unwrap();
        let kept = keep(&world, &clerk, COMMUNITY, "premises", template.clone()).await.ok();
        let path = format!("/api/ledgers/{}", kept["id"].as_str().unwrap());
        world.hire("other", Role::CommunityClerk, OTHER_COMMUNITY, None).await;
        let (other, worker) = (world.as_("other").await, world.as_("worker1").await);
        assert_eq!(world.get(&other, "/api/ledgers").await.ok()["items"], json!([]));
        world.post(&other, &format!("{path}/fill"), json!({ "purpose": "随便看看" })).await.refused(404, "not_found");
        keep(&world, &worker, COMMUNITY, "premises", template.clone()).await.refused(403, "forbidden");
        keep(&world, &clerk, STREET, "premises", template).await.refused(403, "forbidden");
        keep(&world, &clerk, COMMUNITY, "premises", b"not a workbook at all".to_vec()).await.refused(400, "bad_request");
        keep(&world, &clerk, COMMUNITY, "premises", book(&[vec!["甲".into(), "乙".into()]])).await.refused(400, "bad_request");
        // The street keeps ledgers of its own, but looks behind no mask.
        world.hire("street", Role::StreetDispatcher, STREET, None).await;
        let street = world.as_("street").await;
        let own = keep(&world, &street, STREET, "resident", std::fs::read(ledger("people.xlsx")).unwrap()).await.ok();
        let fill = format!("/api/ledgers/{}/fill", own["id"].as_str().unwrap());
        world.post(&street, &fill, json!({ "purpose": "汇总全街道", "with_sealed": true })).await.refused(403, "forbidden");
        assert_eq!(world.post(&street, &fill, json!({ "purpose": "汇总全街道" })).await.ok()["state"], "ready");
    }

    async fn visits_and_hazards_fill_the_workbooks_that_are_asked_for_every_month(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let dwelling = world.post(&worker, "/api/registry/dwellings", json!({ "area_code": GRID_1, "fields": { "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "101室", "dwelling_use": "living", "occupancy": "owner" } })).await.ok()["id"].clone();
        let august = json!({ "kind": "visit", "record_id": dwelling, "met": true, "note": "老人身体好", "captured_at": "2026-08-31T10:00:00+08:00" });
        world.post(&worker, "/api/visits", august).await.ok();
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "record_id": dwelling, "met": false, "note": "家里没人" })).await.ok();
        world.clock.advance_ms(1_000);
        let found = json!({ "kind": "patrol", "area_code": GRID_1, "address": "中心花园", "note": "灯不亮", "finding": { "text": "中心花园路灯不亮", "category": "street_light" } });
        world.post(&worker, "/api/visits", found).await.ok();
        world.post(&world.as_("worker2").await, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_2, "note": "都好" })).await.ok();

        let header = ["序号", "走访日期", "网格", "小区", "楼栋", "房号", "走访地点", "走访人", "是否在家", "走访情况", "走访结果", "工单编号"].map(str::to_owned).to_vec();
        let kept = keep(&world, &clerk, COMMUNITY, "visit", book(&[header])).await.ok();
        assert_eq!((&kept["kind"], &kept["columns"][0]["column"], &kept["has_sealed"]), (&json!("visit"), &Value::Null, &json!(false)));
        let fill = format!("/api/ledgers/{}/fill", kept["id"].as_str().unwrap());
        let asked = world.post(&clerk, &fill, json!({ "purpose": "街道月报", "area": GRID_1 })).await.ok();
        assert_eq!((&asked["from"], &asked["to"]), (&json!("2026-09-01"), &json!("2026-09-28")), "its month, until today");
        let filled = rows(&file(&world, &clerk, &asked["id"]).await.bytes);
        assert_eq!(filled.len(), 3, "{filled:?}");
        assert_eq!(filled[1][1..11], ["2026-09-28", "第一网格", "幸福小区", "3号楼", "101室", "幸福小区3号楼2单元101室", "李春梅", "否", "家里没人", "未发现问题"].map(str::to_owned), "{filled:?}");
        assert_eq!((under(&filled, "走访结果")[1].as_str(), under(&filled, "工单编号")[1].is_empty()), ("发现问题", false));
        let all = world.post(&clerk, &fill, json!({ "purpose": "季度小结", "from": "2026-08-01", "to": "2026-09-30" })).await.ok();
        assert_eq!(rows(&file(&world, &clerk, &all["id"]).await.bytes).len(), 5);
        world.post(&clerk, &fill, json!({ "purpose": "季度小结", "from": "2026-09-30", "to": "2026-09-01" })).await.refused(422, "invalid");
        world.post(&clerk, &fill, json!({ "purpose": "季度小结", "from": "九月" })).await.refused(422, "invalid");

        let shop = world.post(&worker, "/api/registry/premises", json!({ "area_code": GRID_1, "fields": { "premises_kind": "shop", "name": "老王超市", "address": "向阳路12号", "in_charge": "李店长", "is_key": "yes" } })).await.ok()["id"].clone();
        let items = ["exit", "extinguisher", "lights", "wiring", "live_in", "goods"].map(|item| json!({ "item": item, "answer": if item == "extinguisher" { "finding" } else { "ok" }, "note": if item == "extinguisher" { Some("两具过期") } else { None } }));
        world.post(&worker, "/api/inspections", json!({ "record_id": shop, "checklist": "general", "answers": items })).await.ok();
        let header = ["编号", "检查日期", "单位名称", "地址", "存在问题", "隐患等级", "检查人", "整改期限", "整改情况", "整改完成日期"].map(str::to_owned).to_vec();
        let kept = keep(&world, &clerk, COMMUNITY, "hazard", book(&[header])).await.ok();
        let fill = format!("/api/ledgers/{}/fill", kept["id"].as_str().unwrap());
        let asked = world.post(&clerk, &fill, json!({ "purpose": "安全月报" })).await.ok();
        let filled = rows(&file(&world, &clerk, &asked["id"]).await.bytes);
        assert_eq!(filled.len(), 2, "{filled:?}");
        assert_eq!((filled[1][1].as_str(), filled[1][2].as_str(), filled[1][3].as_str()), ("2026-09-28", "老王超市", "向阳路12号"));
        assert!(filled[1][4].contains("两具过期") && filled[1][6] == "李春梅" && filled[1][7] == "2026-10-08" && !filled[1][8].is_empty() && filled[1][9].is_empty(), "{filled:?}");
        assert_eq!(world.get(&clerk, "/api/ledgers").await.ok()["items"].as_array().unwrap().len(), 2);
        keep(&world, &clerk, COMMUNITY, "household", book(&[vec!["户号".to_owned()]])).await.refused(422, "invalid");
    }
}
