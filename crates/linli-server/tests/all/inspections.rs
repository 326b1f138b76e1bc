//! Premises looked at by a checklist, and what was found put right; through the real router, on both databases.

use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, Session, World, reply};
use linli_testkit::on_both;

const DAY_MS: i64 = 86_400_000;

async fn premises(world: &World, who: &Session, area: &str, name: &str) -> String {
    let fields = json!({ "premises_kind": "shop", "name": name, "address": "向阳路12号", "in_charge": "李店长", "is_key": "yes" });
    let made = world.post(who, "/api/registry/premises", json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Every line in order but those that are named.
fn looked(record: &str, findings: &[(&str, &str)]) -> Value {
    let items = ["exit", "extinguisher", "lights", "wiring", "live_in", "goods"];
    let answer = |item: &&str| {
        let found = findings.iter().find(|(code, _)| code == item);
        json!({ "item": item, "answer": if found.is_some() { "finding" } else { "ok" }, "note": found.map(|(_, note)| *note) })
    };
    json!({ "record_id": record, "checklist": "general", "answers": items.iter().map(answer).collect::<Vec<_>>() })
}

async fn act(world: &World, who: &Session, case: &str, verb: &str, fields: Value) -> Value {
    let shown = world.get(who, &format!("/api/cases/{case}")).await.ok();
    let body = json!({ "version": shown["version"], "fields": fields });
    world.post(who, &format!("/api/cases/{case}/actions/{verb}"), body).await.ok()
}

on_both! {
    async fn a_finding_becomes_a_hazard_that_is_put_right_looked_at_again_and_closed(t: TestDb) {
        let world = World::new(t).await;
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let body = looked(&shop, &[("extinguisher", "两具过期"), ("exit", "后门堆了货")]);
        let made = world.post_with_key(&worker, "/api/inspections", "i1", body.clone()).await.ok();
        assert_eq!((&made["n_findings"], &made["premises_name"], &made["checklist_name"]), (&json!(2), &json!("老王超市"), &json!("场所安全检查")));
        let again = world.post_with_key(&worker, "/api/inspections", "i1", body).await.ok();
        assert_eq!(again["id"], made["id"], "sent twice it is one inspection");
        let line = |item: &str| made["answers"].as_array().unwrap().iter().find(|answer| answer["item"] == item).unwrap().clone();
        assert!(line("lights")["case_id"].is_null());
        let case_id = line("extinguisher")["case_id"].as_str().unwrap().to_owned();
        let case = world.get(&worker, &format!("/api/cases/{case_id}")).await.ok();
        assert_eq!((&case["kind"], &case["weight"], &case["area"]["code"]), (&json!("hazard"), &json!("micro"), &json!(GRID_1)));
        assert!(case["text"].as_str().unwrap().contains("两具过期"), "{case}");
        let handle = case["deadlines"].as_array().unwrap().iter().find(|deadline| deadline["kind"] == "handle").unwrap();
        // Three working days by the checklist, not the two of the general rule: Thursday the first is a holiday.
        assert_eq!(handle["due_at"], "2026-10-08T10:00:00.000Z");
        let heavy = world.get(&head, &format!("/api/cases/{}", line("exit")["case_id"].as_str().unwrap())).await.ok();
        assert_eq!((&heavy["weight"], &heavy["seat"]["area"]["code"]), (&json!("general"), &json!(COMMUNITY)), "by weight to whoever answers");
        act(&world, &worker, &case_id, "take", json!({})).await;
        act(&world, &worker, &case_id, "settle", json!({ "reply": reply() })).await;
        let own = world.get(&worker, &format!("/api/cases/{case_id}")).await.ok();
        assert!(own["actions"].as_array().unwrap().iter().all(|action| action["verb"] != "verify"), "who saw to it does not look again");
        act(&world, &head, &case_id, "reject", json!({ "reason": "还有一具没换" })).await;
        act(&world, &worker, &case_id, "settle", json!({ "reply": reply() })).await;
        act(&world, &head, &case_id, "verify", json!({ "text": "都换了新的" })).await;
        let closed = world.get(&head, &format!("/api/cases/{case_id}")).await.ok();
        assert_eq!(closed["phase"], "closed");
        let open = world.get(&head, "/api/hazards").await.ok();
        assert_eq!(open["items"].as_array().unwrap().len(), 1);
        let all = world.get(&head, "/api/hazards?all=true").await.ok();
        assert_eq!(all["items"].as_array().unwrap().iter().filter(|hazard| hazard["stage_name"] == "已销号").count(), 1);
        let list = world.get(&head, "/api/inspections/premises").await.ok();
        assert_eq!((&list["n_all"], &list["n_looked_at"], &list["n_found"], &list["n_put_right"]), (&json!(1), &json!(1), &json!(2), &json!(1)));
        assert_eq!((&list["items"][0]["n_open"], &list["items"][0]["premises_kind_name"]), (&json!(1), &json!("商店")));
    }

    async fn a_hazard_that_is_overdue_goes_up_by_itself(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let made = world.post(&worker, "/api/inspections", looked(&shop, &[("wiring", "插座烧黑")])).await.ok();
        let case_id = made["answers"].as_array().unwrap().iter().find(|answer| answer["item"] == "wiring").unwrap()["case_id"].as_str().unwrap().to_owned();
        act(&world, &worker, &case_id, "take", json!({})).await;
        world.clock.advance_ms(15 * DAY_MS);
        linli_civic::cases::sweep::fire_due(&world.app).await.unwrap();
        let case = world.get(&world.as_("head").await, &format!("/api/cases/{case_id}")).await.ok();
        assert_eq!(case["seat"]["area"]["code"], COMMUNITY);
    }

    async fn an_inspection_is_whole_or_refused(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside) = (world.as_("worker1").await, world.as_("worker2").await);
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let mut short = looked(&shop, &[]);
        short["answers"].as_array_mut().unwrap().pop();
        world.post(&worker, "/api/inspections", short).await.refused(422, "invalid");
        let mut wordless = looked(&shop, &[("exit", "")]);
        wordless["answers"][0]["note"] = Value::Null;
        world.post(&worker, "/api/inspections", wordless).await.refused(422, "invalid");
        let mut other = looked(&shop, &[]);
        other["checklist"] = json!("school");
        world.post(&worker, "/api/inspections", other).await.refused(422, "invalid");
        world.post(&beside, "/api/inspections", looked(&shop, &[])).await.refused(404, "not_found");
        world.post(&world.as_("leader").await, "/api/inspections", looked(&shop, &[])).await.refused(403, "forbidden");
        assert!(world.get(&worker, "/api/inspections").await.ok()["items"].as_array().unwrap().is_empty(), "what was refused is not there");
        assert!(world.get(&worker, "/api/hazards").await.ok()["items"].as_array().unwrap().is_empty());
    }

    async fn inspections_are_read_in_their_grid_and_above_and_not_beside_it(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside, head) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("head").await);
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let made = world.post(&worker, "/api/inspections", looked(&shop, &[("goods", "存了两箱酒精")])).await.ok();
        let path = format!("/api/inspections/{}", made["id"].as_str().unwrap());
        assert_eq!(world.get(&head, &path).await.ok()["by_name"], "李春梅");
        world.get(&beside, &path).await.refused(404, "not_found");
        world.get(&world.as_("other_clerk").await, &path).await.refused(404, "not_found");
        world.get(&world.as_("leader").await, &path).await.refused(403, "forbidden");
        for path in ["/api/inspections", "/api/hazards", "/api/inspections/premises"] {
            assert!(world.get(&beside, path).await.ok()["items"].as_array().unwrap().is_empty(), "{path}");
            assert_eq!(world.get(&head, path).await.ok()["items"].as_array().unwrap().len(), 1, "{path}");
            assert!(world.get(&head, &format!("{path}?area={GRID_2}")).await.ok()["items"].as_array().unwrap().is_empty(), "{path}");
        }
    }

    async fn key_premises_are_due_until_they_are_looked_at(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let due = async |world: &World, who: &Session| {
            let mine = world.get(who, "/api/duties/mine").await.ok();
            mine["items"].as_array().unwrap().iter().filter(|item| item["duty_id"] == "key_premises").map(|item| item["target"]["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(due(&world, &worker).await, ["老王超市"]);
        world.post(&worker, "/api/inspections", looked(&shop, &[])).await.ok();
        assert!(due(&world, &worker).await.is_empty());
        world.clock.advance_ms(11 * DAY_MS);
        assert_eq!(due(&world, &world.as_("worker1").await).await, ["老王超市"], "a new quarter");
    }

    async fn the_printed_code_of_premises_tells_anybody_little(t: TestDb) {
        let world = World::new(t).await;
        let (worker, anybody) = (world.as_("worker1").await, Session::none());
        let shop = premises(&world, &worker, GRID_1, "老王超市").await;
        let path = format!("/api/inspections/premises/{shop}/code");
        world.post(&world.as_("worker2").await, &path, json!({})).await.refused(404, "not_found");
        world.post(&world.as_("dispatcher").await, &path, json!({})).await.refused(403, "forbidden");
        let code = world.post(&worker, &path, json!({})).await.ok()["code"].as_str().unwrap().to_owned();
        assert_eq!(world.post(&worker, &path, json!({})).await.ok()["code"], code, "one code for ever");
        world.post(&worker, "/api/inspections", looked(&shop, &[("extinguisher", "过期")])).await.ok();
        let seen = world.get(&anybody, &format!("/api/public/premises/{}", code.to_lowercase())).await.ok();
        let keys: Vec<&String> = seen.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["area", "due_at", "last_at", "n_open", "name"], "no person, no finding");
        assert_eq!((&seen["name"], &seen["n_open"], &seen["due_at"]), (&json!("老王超市"), &json!(1), &json!("2026-10-08T10:00:00.000Z")));
        assert_eq!(world.get(&anybody, &format!("/api/places/{code}")).await.ok()["kind"], "premises", "scanned, it opens the report");
        world.get(&anybody, "/api/public/premises/2222222222").await.refused(404, "not_found");
    }
}
