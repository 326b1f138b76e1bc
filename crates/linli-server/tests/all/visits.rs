//! Records of visits, through the real router, on both databases.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, OTHER_COMMUNITY, Session, World};
use linli_testkit::on_both;

fn patrol(area: &str, note: &str) -> Value {
    json!({ "kind": "patrol", "area_code": area, "note": note })
}

async fn notes(world: &World, who: &Session, query: &str) -> Vec<String> {
    let page = world.get(who, &format!("/api/visits?{query}")).await.ok();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| visit["note"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_pixel(8, 8, image::Rgb([200, 10, 10]));
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

on_both! {
    async fn a_visit_is_read_in_its_grid_and_above_and_not_beside_it(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside, head) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("head").await);
        let made = world.post(&worker, "/api/visits", patrol(GRID_1, "楼道通畅")).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!((&made.body["result"], &made.body["by_me"], &made.body["case_id"]), (&json!("clear"), &json!(true), &Value::Null));
        let path = format!("/api/visits/{}", made.body["id"].as_str().unwrap());
        world.clock.advance_ms(1_000);
        world.post(&beside, "/api/visits", patrol(GRID_2, "消防栓正常")).await.ok();
        assert_eq!(notes(&world, &worker, "").await, ["楼道通畅"]);
        assert_eq!(notes(&world, &beside, "").await, ["消防栓正常"]);
        assert_eq!(notes(&world, &head, "").await, ["消防栓正常", "楼道通畅"], "the last received first");
        assert_eq!(notes(&world, &head, &format!("area={GRID_1}")).await, ["楼道通畅"]);
        assert!(notes(&world, &worker, &format!("area={GRID_2}")).await.is_empty());
        assert!(notes(&world, &head, "mine=true").await.is_empty());
        assert_eq!(world.get(&head, &path).await.ok()["by_name"], "李春梅");
        world.get(&beside, &path).await.refused(404, "not_found");
        for name in ["leader", "auditor", "admin", "urban", "hotline"] {
            let other = world.as_(name).await;
            world.get(&other, &path).await.refused(403, "forbidden");
        }
        world.get(&world.as_("other_clerk").await, &path).await.refused(404, "not_found");
    }

    async fn whoever_may_not_record_there_does_not(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        world.post(&worker, "/api/visits", patrol(GRID_2, "越界")).await.refused(403, "forbidden");
        world.post(&worker, "/api/visits", patrol(OTHER_COMMUNITY, "越界")).await.refused(403, "forbidden");
        world.post(&world.as_("leader").await, "/api/visits", patrol(GRID_1, "不记")).await.refused(403, "forbidden");
        world.post(&worker, "/api/visits", json!({ "kind": "patrol" })).await.refused(422, "invalid");
        world.post(&worker, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "companions": ["nobody"] })).await.refused(422, "invalid");
        world.post(&worker, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "attachments": ["019a5f0e-7c3a-7000-8000-000000000001"] })).await.refused(422, "invalid");
        world.post(&worker, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "note": "长".repeat(2_001) })).await.refused(422, "invalid");
        assert!(notes(&world, &worker, "").await.is_empty(), "what was refused is not there");
    }

    async fn a_finding_becomes_a_case_with_place_people_and_photos_filled_in(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let photo = world.send(Method::POST, "/api/attachments", worker.0.as_deref(), &[("content-type", "image/png")], png()).await.ok();
        let body = json!({
            "kind": "inspection", "area_code": GRID_1, "address": "3号楼2单元", "companions": ["urban_management"], "attachments": [photo["id"]],
            "finding": { "text": "消防通道堆放杂物", "category": "street_light" },
        });
        let made = world.post_with_key(&worker, "/api/visits", "k1", body.clone()).await.ok();
        assert_eq!(made["result"], "finding");
        assert_eq!(made["companions"][0]["code"], "urban_management");
        assert_eq!(made["attachments"].as_array().unwrap().len(), 1);
        let (case_id, code) = (made["case_id"].as_str().unwrap(), made["case_code"].as_str().unwrap());
        let case = world.get(&worker, &format!("/api/cases/{case_id}")).await.ok();
        assert_eq!((&case["code"], &case["channel"], &case["place_text"]), (&json!(code), &json!("visit"), &json!("3号楼2单元")));
        assert_eq!((&case["area"]["code"], case["attachments"].as_array().unwrap().len()), (&json!(GRID_1), 1));
        let found = world.get(&worker, &format!("/api/visits?case={case_id}")).await.ok();
        assert_eq!(found["items"][0]["id"], made["id"], "the case knows its visit");
        let again = world.post_with_key(&worker, "/api/visits", "k1", body).await.ok();
        assert_eq!((&again["id"], &again["case_id"]), (&made["id"], &made["case_id"]), "sent twice it is one visit and one case");
        assert_eq!(world.get(&worker, "/api/visits").await.ok()["items"].as_array().unwrap().len(), 1);
        let head = world.as_("head").await;
        let seen = world.get(&head, &format!("/api/visits/{}", made["id"].as_str().unwrap())).await.ok();
        assert_eq!((&seen["case_id"], &seen["case_code"]), (&made["case_id"], &Value::Null), "the resident's code is told to whoever found it");
    }

    async fn a_finding_becomes_what_there_is_a_flow_for(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let kinds = world.get(&worker, "/api/categories").await.ok()["kinds"].clone();
        assert!(kinds.as_array().unwrap().contains(&json!({ "kind": "hazard", "name": "隐患" })), "{kinds}");
        let found = |kind: &str| json!({ "kind": "patrol", "area_code": GRID_1, "finding": { "text": "灭火器过期", "kind": kind } });
        let made = world.post(&worker, "/api/visits", found("hazard")).await.ok();
        let case = world.get(&worker, &format!("/api/cases/{}", made["case_id"].as_str().unwrap())).await.ok();
        assert_eq!(case["kind"], "hazard");
        let refused = world.post(&worker, "/api/visits", found("topic")).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], "finding.kind", "{refused}");
    }

    async fn what_was_written_down_by_mistake_is_taken_back_on_the_same_day_by_its_writer(t: TestDb) {
        let world = World::new(t).await;
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        let made = world.post(&worker, "/api/visits", patrol(GRID_1, "记错了地方")).await.ok();
        let path = |made: &Value| format!("/api/visits/{}/withdraw", made["id"].as_str().unwrap());
        world.post(&head, &path(&made), Value::Null).await.refused(403, "forbidden");
        world.post(&world.as_("worker2").await, &path(&made), Value::Null).await.refused(404, "not_found");
        assert_eq!(world.post(&worker, &path(&made), Value::Null).await.status, 204);
        assert!(notes(&world, &worker, "").await.is_empty());
        world.post(&worker, &path(&made), Value::Null).await.refused(404, "not_found");
        let found = world.post(&worker, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "finding": { "text": "路灯不亮" } })).await.ok();
        world.post(&worker, &path(&found), Value::Null).await.refused(409, "not_now");
        let old = world.post(&worker, "/api/visits", patrol(GRID_1, "昨天的")).await.ok();
        world.clock.advance_ms(24 * 3_600_000);
        let worker = world.as_("worker1").await;
        world.post(&worker, &path(&old), Value::Null).await.refused(409, "not_now");
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn a_finding_that_is_refused_leaves_no_visit(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let body = json!({ "kind": "patrol", "area_code": GRID_1, "note": "有问题", "finding": { "text": "路灯不亮", "category": "no_such" } });
        world.post(&worker, "/api/visits", body).await.refused(422, "invalid");
        assert!(notes(&world, &worker, "").await.is_empty());
    }

    async fn a_photo_of_a_visit_is_seen_by_those_who_see_the_visit_and_is_kept(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside, head) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("head").await);
        let photo = world.send(Method::POST, "/api/attachments", worker.0.as_deref(), &[("content-type", "image/png")], png()).await.ok();
        let path = format!("/api/attachments/{}", photo["id"].as_str().unwrap());
        world.get(&head, &path).await.refused(404, "not_found");
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "area_code": GRID_1, "attachments": [photo["id"]] })).await.ok();
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "area_code": GRID_1, "attachments": [photo["id"]] })).await.refused(422, "invalid");
        world.clock.advance_ms(3 * 86_400_000);
        linli_server::housekeeping::once(&world.app).await.unwrap();
        let (worker, beside, head) = (world.as_("worker1").await, { drop(beside); world.as_("worker2").await }, { drop(head); world.as_("head").await });
        assert_eq!(world.get(&head, &path).await.status, 200);
        assert_eq!(world.get(&worker, &path).await.status, 200);
        world.get(&beside, &path).await.refused(404, "not_found");
        world.get(&Session::none(), &path).await.refused(404, "not_found");
    }

    async fn a_clock_that_is_wrong_is_shown_and_orders_nothing(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        for (note, at) in [("一", "2031-01-01T00:00:00Z"), ("二", "2001-01-01T00:00:00Z"), ("三", "2026-09-28T01:00:00Z")] {
            let mut body = patrol(COMMUNITY, note);
            body["area_code"] = json!(GRID_1);
            body["captured_at"] = json!(at);
            let made = world.post(&worker, "/api/visits", body).await.ok();
            assert!(made["captured_at"].as_str().unwrap().starts_with(&at[..19]), "{made}");
            world.clock.advance_ms(10);
        }
        assert_eq!(notes(&world, &worker, "").await, ["三", "二", "一"]);
    }

    async fn a_point_is_coarse_and_leaves_after_90_days_and_the_words_after_two_years(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let body = json!({ "kind": "visit", "area_code": GRID_1, "point": { "lon": 109.512_345, "lat": 34.498_765 }, "note": "老人独居" });
        let made = world.post(&worker, "/api/visits", body).await.ok();
        assert_eq!((&made["point"]["lon"], &made["point"]["lat"]), (&json!(109.512), &json!(34.499)));
        let path = format!("/api/visits/{}", made["id"].as_str().unwrap());
        world.clock.advance_ms(91 * 86_400_000);
        linli_server::housekeeping::once(&world.app).await.unwrap();
        let later = world.get(&world.as_("worker1").await, &path).await.ok();
        assert_eq!((&later["point"], &later["note"]), (&Value::Null, &json!("老人独居")));
        world.clock.advance_ms(700 * 86_400_000);
        linli_server::housekeeping::once(&world.app).await.unwrap();
        let later = world.get(&world.as_("worker1").await, &path).await.ok();
        assert_eq!((&later["place_text"], &later["note"], &later["kind"]), (&json!(""), &Value::Null, &json!("visit")));
    }
}
