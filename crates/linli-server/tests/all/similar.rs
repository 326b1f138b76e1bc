//! 疑似重复 as residents meet it: what is offered before sending, and what becomes of a report that goes along with another.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answered, COMMUNITY, GRID_1, GRID_2, Session, World, reply};
use linli_testkit::on_both;

const TEXT: &str = "3号楼前面路灯不亮了";

async fn offered(world: &World, asked: Value) -> Vec<Value> {
    world.post(&Session::none(), "/api/similar", asked).await.ok()["items"].as_array().unwrap().clone()
}

fn lamp(more: Value) -> Value {
    let mut body = json!({ "text": TEXT, "area_code": GRID_1, "category": "street_light" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn report(world: &World, body: Value) -> Value {
    world.post(&Session::none(), "/api/cases", body).await.ok()
}

async fn follow(world: &World) -> String {
    let found = offered(world, lamp(json!({}))).await;
    let sent = report(world, lamp(json!({ "same_as": found[0]["token"] }))).await;
    sent["code"].as_str().unwrap().to_owned()
}

async fn public(world: &World, code: &str) -> Value {
    world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok()
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", hex(value))).collect::<Vec<_>>().join("&").into_bytes()
}

async fn send_plain(world: &World, fields: &[(&str, &str)]) -> Answered {
    world
        .send(Method::POST, "/plain", None, &[("content-type", "application/x-www-form-urlencoded")], form(fields))
        .await
}

async fn n_cases(world: &World) -> i64 {
    world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM cases", &[])).await.unwrap()
}

/// The value of the first button of a page that is named `same`.
fn token_in(html: &str) -> String {
    html.split("name=same value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

on_both! {
    async fn of_anothers_case_a_resident_hears_kind_place_time_state_and_promise_and_nothing_else(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let place = json!({ "name": "3号楼", "kind": "building" });
        let place = world.post(&clerk, &format!("/api/areas/{GRID_1}/places"), place).await.ok();
        let first = json!({ "text": "3号楼前的路灯不亮，我住2单元402，姓李", "place": place["code"], "address": "2单元402室", "category": "street_light", "phone": "19900000001", "name": "李某某" });
        let first = report(&world, first).await;
        let found = offered(&world, json!({ "text": TEXT, "place": place["code"], "category": "street_light" })).await;
        let one = found[0].as_object().unwrap();
        let told: Vec<&str> = one.keys().map(String::as_str).collect();
        assert_eq!(told, ["category_name", "distance_m", "n_callers", "place_name", "promised_at", "reported_at", "stage_name", "token"]);
        assert_eq!(one["place_name"], "红旗社区第一网格 3号楼");
        assert_eq!(one["stage_name"], "已派给负责的人，等待接单");
        assert_eq!(one["promised_at"], first["case"]["promised_at"]);
        let all = Value::from(found.clone()).to_string();
        for secret in ["402", "李", "1990", first["code"].as_str().unwrap()] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
    }

    async fn what_is_not_public_is_not_offered(t: TestDb) {
        let world = World::new(t).await;
        report(&world, lamp(json!({ "private": true }))).await;
        assert!(offered(&world, lamp(json!({}))).await.is_empty());
    }

    async fn a_lamp_of_the_grid_next_door_is_another_lamp(t: TestDb) {
        let world = World::new(t).await;
        report(&world, lamp(json!({ "area_code": GRID_2 }))).await;
        assert!(offered(&world, lamp(json!({}))).await.is_empty());
        // Whoever knows the community alone may mean it, if they say much the same.
        assert_eq!(offered(&world, lamp(json!({ "area_code": COMMUNITY }))).await.len(), 1);
        assert!(offered(&world, lamp(json!({ "area_code": COMMUNITY, "text": "院子里的路灯一直亮着很刺眼" }))).await.is_empty());
    }

    async fn three_are_offered_at_most(t: TestDb) {
        let world = World::new(t).await;
        for _ in 0..4 {
            report(&world, lamp(json!({}))).await;
        }
        assert_eq!(offered(&world, lamp(json!({}))).await.len(), 3);
    }

    async fn whoever_follows_sees_how_it_stands_is_answered_by_their_own_code_and_rates_for_themselves(t: TestDb) {
        let world = World::new(t).await;
        let first = world.report_lamp().await;
        let mine = follow(&world).await;
        assert_ne!(mine, first);
        let shown = public(&world, &mine).await;
        assert_eq!((shown["phase"].as_str(), shown["joined"]["stage_name"].as_str()), (Some("waiting"), Some("已派给负责的人，等待接单")));
        assert!(shown["promised_at"].is_string(), "{shown}");
        assert!(!shown.to_string().contains(&first), "{shown}");
        let worker = world.as_("worker1").await;
        world.act(&worker, &first, "take", json!({})).await.ok();
        assert_eq!(public(&world, &mine).await["joined"]["stage_name"], "正在办理");
        world.act(&worker, &first, "settle", json!({ "reply": reply() })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &first, "verify", json!({})).await.ok();
        let answered = public(&world, &mine).await;
        assert_eq!((answered["phase"].as_str(), answered["reply"]["done"].as_str()), (Some("settled"), reply()["done"].as_str()));
        assert!(answered["joined"].is_null(), "{answered}");
        // One says it is not settled, the other that it is: each for themselves.
        let bad = json!({ "stars": 1, "solved": false, "satisfied": false, "text": "还是不亮" });
        let again = world.act_publicly(&mine, "rate", bad).await.ok();
        assert_eq!(again["phase"], "open", "{again}");
        let good = json!({ "stars": 5, "solved": true, "satisfied": true });
        assert_eq!(world.act_publicly(&first, "rate", good).await.ok()["phase"], "closed");
        assert_eq!(public(&world, &mine).await["phase"], "open");
    }

    async fn a_matter_that_was_settled_meanwhile_is_followed_no_more_and_the_report_stands_by_itself(t: TestDb) {
        let world = World::new(t).await;
        let first = world.report_lamp().await;
        let found = offered(&world, lamp(json!({}))).await;
        world.act_publicly(&first, "close", json!({ "text": "已经好了" })).await.ok();
        let sent = report(&world, lamp(json!({ "same_as": found[0]["token"] }))).await;
        assert_eq!((sent["case"]["phase"].as_str(), sent["case"]["joined"].is_null()), (Some("open"), true), "{sent}");
    }

    async fn without_a_script_the_known_matter_is_shown_before_anything_is_sent(t: TestDb) {
        let world = World::new(t).await;
        let first = world.report_lamp().await;
        let fields = [("key", "k1"), ("text", "3号楼前面路灯不亮了<b>"), ("address", "临渭区红旗社区第一网格"), ("category", "street_light"), ("phone", "19900000002")];
        let asked = send_plain(&world, &fields).await;
        let html = String::from_utf8(asked.bytes).unwrap();
        assert!(html.contains("还没有提交") && html.contains("路灯不亮了&lt;b&gt;") && !html.contains("<script"), "{html}");
        assert!(!html.contains(&first) && !html.contains("晚上看不清"), "{html}");
        assert_eq!(n_cases(&world).await, 1);

        let token = token_in(&html);
        let mut same = fields.to_vec();
        same.push(("same", &token));
        let sent = send_plain(&world, &same).await;
        assert_eq!((sent.status.as_u16(), n_cases(&world).await), (303, 2));
        // Pressed twice it is sent once.
        assert_eq!((send_plain(&world, &same).await.status.as_u16(), n_cases(&world).await), (303, 2));
        let codes = world.app.db.read(|conn| conn.all("SELECT code FROM cases WHERE master_id IS NOT NULL", &[], |row| row.get::<String>("code"))).await.unwrap();
        let page = world.get(&Session::none(), &format!("/plain/c/{}", codes[0])).await;
        assert!(String::from_utf8(page.bytes).unwrap().contains("与先反映的同一件事合在一起办，那件现在：已派给负责的人"));

        let mut other = fields.to_vec();
        (other[0].1, other[4].1) = ("k2", "");
        other.push(("same", "none"));
        assert_eq!((send_plain(&world, &other).await.status.as_u16(), n_cases(&world).await), (303, 3));
    }
}
