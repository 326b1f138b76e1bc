//! What a phone with no network may do after a button that asks nothing: the row says it, and the server does both.

use serde_json::{Value, json};

use crate::world::{GRID_1, Session, World, reply};
use linli_testkit::on_both;

/// A phone's first page, and the case that is on it.
async fn phone_with_a_case(world: &World) -> (Session, Value, Value) {
    let lamp = json!({ "text": "路灯不亮", "area_code": GRID_1, "category": "street_light" });
    world.post(&Session::none(), "/api/cases", lamp).await.ok();
    let worker = world.as_("worker1").await;
    let device = world.post(&worker, "/api/sync/devices", json!({ "name": "我的手机" })).await;
    let id = device.body["id"].clone();
    let page = world.get(&worker, &format!("/api/sync/pull?device={}", id.as_str().unwrap())).await.ok();
    (worker, id, page["upserts"].clone())
}

fn of_kind<'a>(rows: &'a Value, kind: &str) -> Vec<&'a Value> {
    rows.as_array().unwrap().iter().filter(|row| row["kind"] == kind).collect()
}

on_both! {
    async fn what_follows_a_button_that_asks_nothing_is_on_the_phone_with_its_form(t: TestDb) {
        let world = World::new(t).await;
        let (_, _, rows) = phone_with_a_case(&world).await;
        let offers = of_kind(&rows, "case")[0]["body"]["actions"].as_array().unwrap().clone();
        assert!(offers.iter().all(|offer| offer["verb"] != "settle"), "it is offered only after the other");
        let take = offers.iter().find(|offer| offer["verb"] == "take").unwrap();
        let settle = take["then"].as_array().unwrap().iter().find(|offer| offer["verb"] == "settle").unwrap();
        assert!(of_kind(&rows, "form").iter().any(|form| form["id"] == settle["form"]), "{settle}");
        assert!(offers.iter().filter(|offer| offer.get("form").is_some()).all(|offer| offer.get("then").is_none()));
    }

    async fn a_case_is_taken_and_settled_in_one_push(t: TestDb) {
        let world = World::new(t).await;
        let (worker, device, rows) = phone_with_a_case(&world).await;
        let row = &of_kind(&rows, "case")[0]["body"]["row"];
        let command = |seq: u32, payload: Value| json!({
            "op_id": format!("019a5f0e-7c3a-7000-8000-00000000aa{seq:02}"), "device_id": device, "device_seq": seq, "type": "case.act",
            "entity_id": row["id"], "base_version": row["version"], "captured_at": "2026-09-28T01:20:00Z", "payload": payload,
        });
        let commands = [command(1, json!({ "action": "take" })), command(2, json!({ "action": "settle", "fields": { "reply": reply() } }))];
        let pushed = world.post(&worker, "/api/sync/push", json!({ "commands": commands })).await.ok();
        let outcomes: Vec<&Value> = pushed["results"].as_array().unwrap().iter().map(|result| &result["outcome"]["status"]).collect();
        assert_eq!(outcomes, ["applied", "applied"], "{pushed}");
        let path = format!("/api/cases/{}", row["id"].as_str().unwrap());
        assert_eq!(world.get(&worker, &path).await.ok()["stage"], "verifying");
    }
}
