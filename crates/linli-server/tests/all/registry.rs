//! 底数 over HTTP, on both databases: who sees what, what two people change at once, what is sealed and who looked.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answered, COMMUNITY, GRID_1, GRID_2, OTHER_COMMUNITY, Session, World};
use linli_civic::registry::sweep;
use linli_testkit::on_both;

const DAY_MS: i64 = 86_400_000;

async fn enter(world: &World, who: &Session, kind: &str, area: &str, fields: Value) -> String {
    let entered =
        world.post(who, &format!("/api/registry/{kind}"), json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

async fn patch(world: &World, who: &Session, path: &str, version: i64, fields: Value) -> Answered {
    let body = json!({ "base_version": version, "fields": fields }).to_string().into_bytes();
    world.send(Method::PATCH, path, who.0.as_deref(), &[("content-type", "application/json")], body).await
}

fn flat() -> Value {
    json!({ "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "101室", "dwelling_use": "living", "occupancy": "owner" })
}

/// A resident of a household of a dwelling in grid 1.
async fn someone(world: &World, who: &Session) -> (String, String, String) {
    let dwelling = enter(world, who, "dwellings", GRID_1, flat()).await;
    let household = enter(world, who, "households", GRID_1, json!({ "dwelling_id": dwelling, "n_persons": "1" })).await;
    let fields = json!({ "household_id": household, "name": "李晓梅", "relation": "head", "phone": "19900000001", "birth_month": "19560312", "id_number": "11010519491231002X" });
    let resident = enter(world, who, "residents", GRID_1, fields).await;
    (dwelling, household, resident)
}

async fn listed(world: &World, who: &Session, path: &str) -> Vec<String> {
    let list = world.get(who, path).await.ok();
    list["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn a_grid_worker_sees_and_changes_the_records_of_their_own_grid_only(t: TestDb) {
        let world = World::new(t).await;
        let (one, two, clerk, other) =
            (world.as_("worker1").await, world.as_("worker2").await, world.as_("clerk").await, world.as_("other_clerk").await);
        let mine = enter(&world, &one, "dwellings", GRID_1, flat()).await;
        let theirs = enter(&world, &two, "dwellings", GRID_2, flat()).await;
        assert_eq!(listed(&world, &one, "/api/registry/dwellings").await, std::slice::from_ref(&mine));
        assert_eq!(listed(&world, &clerk, "/api/registry/dwellings").await, [mine.clone(), theirs.clone()]);
        world.get(&other, &format!("/api/registry/dwellings?area={COMMUNITY}")).await.refused(404, "not_found");
        assert!(listed(&world, &other, "/api/registry/dwellings").await.is_empty());
        let path = format!("/api/registry/dwellings/{theirs}");
        world.get(&one, &path).await.refused(404, "not_found");
        patch(&world, &one, &path, 1, json!({ "occupancy": "rented" })).await.refused(404, "not_found");
        let wish = json!({ "area_code": GRID_2, "fields": flat() });
        world.post(&one, "/api/registry/dwellings", wish).await.refused(403, "forbidden");
        // Who keeps the ledgers of a street sees records and changes none.
        let dispatcher = world.as_("dispatcher").await;
        world.get(&dispatcher, &path).await.ok();
        patch(&world, &dispatcher, &path, 1, json!({ "occupancy": "rented" })).await.refused(403, "forbidden");
        for nobody in ["leader", "auditor", "admin", "hotline"] {
            let nobody = world.as_(nobody).await;
            world.get(&nobody, "/api/registry/dwellings").await.refused(403, "forbidden");
        }
    }

    async fn a_field_that_serves_no_purpose_is_refused_by_name(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let fields = json!({ "compound": "幸福小区", "政治面貌": "群众", "colour": "red", "occupancy": "maybe" });
        let refused = world.post(&clerk, "/api/registry/dwellings", json!({ "area_code": GRID_1, "fields": fields })).await;
        let body = refused.refused(422, "invalid");
        let of = |field: &str| {
            let errors = body["errors"].as_array().unwrap();
            errors.iter().find(|error| error["field"] == format!("fields.{field}")).map(|error| error["code"].clone())
        };
        assert_eq!(of("政治面貌"), Some(json!("refused_political")));
        assert_eq!((of("colour"), of("occupancy")), (Some(json!("unknown")), Some(json!("not_an_option"))));
        let community = json!({ "area_code": COMMUNITY, "fields": flat() });
        let body = world.post(&clerk, "/api/registry/dwellings", community).await.refused(422, "invalid");
        assert_eq!(body["errors"][0]["code"], "needs_grid");
        let body = world
            .post(&clerk, "/api/registry/premises", json!({ "area_code": GRID_1, "fields": { "name": "小店" } }))
            .await
            .refused(422, "invalid");
        assert_eq!(body["errors"].as_array().unwrap().len(), 2, "{body}");
        // Every field of the registry says what it is for, in the reader's language.
        let fields = world.get(&clerk, "/api/registry/fields").await.ok();
        for kind in fields["kinds"].as_array().unwrap() {
            for field in kind["fields"].as_array().unwrap() {
                let (name, purpose) = (field["name"].as_str().unwrap(), field["purpose"].as_str().unwrap());
                assert!(!name.contains("registry_") && !purpose.contains("registry_"), "{field}");
            }
        }
    }

    async fn two_who_change_different_fields_both_have_their_way(t: TestDb) {
        let world = World::new(t).await;
        let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
        let id = enter(&world, &worker, "dwellings", GRID_1, flat()).await;
        let path = format!("/api/registry/dwellings/{id}");
        let first = patch(&world, &worker, &path, 1, json!({ "occupancy": "rented" })).await.ok();
        assert_eq!((&first["outcome"], &first["version"]), (&json!("applied"), &json!(2)));
        let second = patch(&world, &clerk, &path, 1, json!({ "area_m2": "89.5" })).await.ok();
        assert_eq!((&second["outcome"], &second["version"]), (&json!("merged"), &json!(3)));
        let again = patch(&world, &clerk, &path, 1, json!({ "area_m2": "89.50" })).await.ok();
        assert_eq!((&again["outcome"], &again["version"]), (&json!("same"), &json!(3)));
        let view = world.get(&clerk, &path).await.ok();
        assert_eq!(view["record"]["fields"]["occupancy"], "rented");
        assert_eq!(view["record"]["fields"]["area_m2"], "89.50");
        let history: Vec<&str> = view["history"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
        assert_eq!(history, ["修改", "修改", "登记"]);
        assert_eq!(view["history"][1]["changes"][0]["after"], "出租");
        patch(&world, &clerk, &path, 9, json!({ "area_m2": "90" })).await.refused(409, "version_conflict");
    }

    async fn two_values_in_one_field_wait_for_a_person(t: TestDb) {
        let world = World::new(t).await;
        let (worker, clerk, head) = (world.as_("worker1").await, world.as_("clerk").await, world.as_("head").await);
        let id = enter(&world, &worker, "dwellings", GRID_1, flat()).await;
        let path = format!("/api/registry/dwellings/{id}");
        patch(&world, &clerk, &path, 1, json!({ "occupancy": "empty" })).await.ok();
        let clash = patch(&world, &worker, &path, 1, json!({ "occupancy": "rented", "room": "102室" })).await.ok();
        assert_eq!((&clash["outcome"], &clash["kept"]), (&json!("conflict"), &json!(["occupancy"])));
        let view = world.get(&clerk, &path).await.ok();
        assert_eq!((&view["record"]["fields"]["occupancy"], &view["record"]["fields"]["room"]), (&json!("empty"), &json!("102室")));
        // Sent once more, it asks nothing new.
        patch(&world, &worker, &path, 1, json!({ "occupancy": "rented", "room": "102室" })).await.ok();
        let inbox = world.get(&head, "/api/registry/proposals").await.ok();
        assert_eq!(inbox["items"].as_array().unwrap().len(), 1, "{inbox}");
        let (stands, proposed) = (&inbox["items"][0]["stands"], &inbox["items"][0]["proposed"]);
        assert_eq!((stands, proposed), (&json!("空置"), &json!("出租")));
        let decision = format!("/api/registry/proposals/{}/decision", inbox["items"][0]["id"].as_str().unwrap());
        world.post(&worker, &decision, json!({ "accept": true })).await.refused(403, "forbidden");
        let other = world.as_("other_clerk").await;
        world.post(&other, &decision, json!({ "accept": true })).await.refused(404, "not_found");
        world.post(&head, &decision, json!({ "accept": true })).await.ok();
        world.post(&head, &decision, json!({ "accept": false })).await.refused(404, "not_found");
        assert_eq!(world.get(&clerk, &path).await.ok()["record"]["fields"]["occupancy"], "rented");
        // The other answer: what stands stays.
        let now = world.get(&clerk, &path).await.ok()["record"]["version"].as_i64().unwrap();
        patch(&world, &clerk, &path, now, json!({ "room": "103室" })).await.ok();
        patch(&world, &worker, &path, now, json!({ "room": "104室" })).await.ok();
        let inbox = world.get(&clerk, "/api/registry/proposals").await.ok();
        let decision = format!("/api/registry/proposals/{}/decision", inbox["items"][0]["id"].as_str().unwrap());
        world.post(&clerk, &decision, json!({ "accept": false })).await.ok();
        assert_eq!(world.get(&clerk, &path).await.ok()["record"]["fields"]["room"], "103室");
        assert!(listed(&world, &clerk, "/api/registry/proposals").await.is_empty());
    }

    async fn what_is_sealed_is_in_no_list_and_every_look_is_recorded(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let (_, household, id) = someone(&world, &worker).await;
        let path = format!("/api/registry/residents/{id}");
        for shown in ["/api/registry/residents", &path, "/api/registry/households"] {
            let text = world.get(&worker, shown).await.ok().to_string();
            for secret in ["李晓梅", "19900000001", "11010519491231002X"] {
                assert!(!text.contains(secret), "{secret} in {shown}: {text}");
            }
            assert!(text.contains("李**"), "{text}");
        }
        let residents = world.get(&worker, &format!("/api/registry/residents?of={household}")).await.ok();
        assert_eq!(residents["items"][0]["address"], "幸福小区3号楼2单元101室");
        assert_eq!(residents["items"][0]["fields"]["birth_month"], "1956-03");
        world.post(&worker, &format!("{path}/private"), json!({ "purpose": "" })).await.refused(422, "invalid");
        let read = world.post(&worker, &format!("{path}/private"), json!({ "purpose": "通知停水" })).await.ok();
        assert_eq!(read["fields"], json!({ "name": "李晓梅", "phone": "19900000001", "id_number": "11010519491231002X" }));
        let one = json!({ "purpose": "回访", "fields": ["phone"] });
        world.post(&worker, &format!("{path}/private"), one).await.ok();
        // A street keeps ledgers and does not look behind the mask; the next grid does not know of them.
        let dispatcher = world.as_("dispatcher").await;
        world.post(&dispatcher, &format!("{path}/private"), json!({ "purpose": "看看" })).await.refused(403, "forbidden");
        let next = world.as_("worker2").await;
        world.post(&next, &format!("{path}/private"), json!({ "purpose": "看看" })).await.refused(404, "not_found");
        let find = json!({ "phone": "199 0000 0001", "purpose": "核对来电人" });
        let found = world.post(&worker, "/api/registry/by-phone", find.clone()).await.ok();
        assert_eq!(found["items"][0]["id"], json!(id));
        assert_eq!(world.post(&next, "/api/registry/by-phone", find).await.ok()["items"], json!([]));
        // Three fields read, one read again, one search: five lines, each with its purpose.
        let looks = world.get(&worker, &format!("{path}/reads")).await.ok();
        let purposes: Vec<&str> = looks["items"].as_array().unwrap().iter().map(|look| look["purpose"].as_str().unwrap()).collect();
        assert_eq!(purposes.iter().filter(|purpose| **purpose == "通知停水").count(), 3);
        assert_eq!((purposes.len(), purposes.contains(&"回访"), purposes.contains(&"核对来电人")), (5, true, true));
        assert!(looks["items"][0]["reader"].as_str().unwrap().contains("李春梅"), "{looks}");
        // The auditor of the county has the same five, and an auditor elsewhere none of them.
        let auditor = world.as_("auditor").await;
        let log = world.get(&auditor, "/api/read-log").await.ok();
        assert_eq!(log["items"].as_array().unwrap().len(), 5, "{log}");
        let elsewhere = world.get(&auditor, &format!("/api/read-log?area={OTHER_COMMUNITY}")).await.ok();
        assert_eq!(elsewhere["items"], json!([]));
    }

    async fn what_is_sealed_is_never_merged_by_itself(t: TestDb) {
        let world = World::new(t).await;
        let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
        let (_, _, id) = someone(&world, &worker).await;
        let path = format!("/api/registry/residents/{id}");
        patch(&world, &clerk, &path, 1, json!({ "relation": "other" })).await.ok();
        let kept = patch(&world, &worker, &path, 1, json!({ "phone": "19900000002" })).await.ok();
        assert_eq!((&kept["outcome"], &kept["kept"]), (&json!("conflict"), &json!(["phone"])));
        let inbox = world.get(&clerk, "/api/registry/proposals").await.ok();
        assert!(!inbox.to_string().contains("19900000002"), "{inbox}");
        let decision = format!("/api/registry/proposals/{}/decision", inbox["items"][0]["id"].as_str().unwrap());
        world.post(&clerk, &decision, json!({ "accept": true })).await.ok();
        let read = world.post(&clerk, &format!("{path}/private"), json!({ "purpose": "核对电话", "fields": ["phone"] })).await;
        assert_eq!(read.ok()["fields"]["phone"], "19900000002");
        // On the version that stands, it is simply changed.
        let now = world.get(&worker, &path).await.ok()["record"]["version"].as_i64().unwrap();
        assert_eq!(patch(&world, &worker, &path, now, json!({ "phone": "19900000003" })).await.ok()["outcome"], "applied");
    }

    async fn who_left_is_archived_and_erased_a_year_later_with_what_the_history_said(t: TestDb) {
        let world = World::new(t).await;
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        let (dwelling, household, id) = someone(&world, &worker).await;
        let archive = |kind: &str, id: &str| format!("/api/registry/{kind}/{id}/archive");
        let moved = json!({ "reason": "moved_away" });
        let body = world.post(&worker, &archive("households", &household), moved.clone()).await.refused(422, "invalid");
        assert_eq!(body["errors"][0]["code"], "still_inside");
        world.post(&worker, &archive("residents", &id), json!({ "reason": "demolished" })).await.refused(422, "invalid");
        let erase = format!("/api/registry/residents/{id}/erase");
        world.post(&head, &erase, Value::Null).await.refused(409, "not_now");
        world.post(&worker, &archive("residents", &id), moved.clone()).await.ok();
        assert!(listed(&world, &worker, "/api/registry/residents").await.is_empty());
        assert_eq!(listed(&world, &worker, "/api/registry/residents?lack=left").await, std::slice::from_ref(&id));
        // A late change from the way brings nobody back.
        let late = patch(&world, &worker, &format!("/api/registry/residents/{id}"), 1, json!({ "relation": "other" })).await.ok();
        assert_eq!(late["outcome"], "conflict");
        world.post(&worker, &archive("households", &household), moved).await.ok();
        world.post(&worker, &erase, Value::Null).await.refused(403, "forbidden");
        assert_eq!(sweep::erase_due(&world.app, world.app.now()).await.unwrap(), 0);
        let later = world.app.now().plus_ms(366 * DAY_MS);
        assert_eq!(sweep::erase_due(&world.app, later).await.unwrap(), 2);
        world.get(&worker, &format!("/api/registry/residents/{id}")).await.refused(404, "not_found");
        let said = world
            .app
            .db
            .read(move |conn| {
                conn.number(
                    "SELECT COUNT(*) AS n FROM event_text WHERE stream_kind = 'registry' AND stream_id = $1",
                    &linli_db::params![id],
                )
            })
            .await
            .unwrap();
        assert_eq!(said, 0);
        let checked = world.app.db.read(linli_db::verify::verify).await.unwrap();
        assert!(checked.broken.is_none(), "the chains hold without what was erased");
        world.get(&worker, &format!("/api/registry/dwellings/{dwelling}")).await.ok();
    }

    async fn what_was_archived_by_mistake_comes_back_as_it_stood_and_its_history_keeps_both(t: TestDb) {
        let world = World::new(t).await;
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        let (_, household, id) = someone(&world, &worker).await;
        let at = |kind: &str, id: &str, verb: &str| format!("/api/registry/{kind}/{id}/{verb}");
        let back = at("residents", &id, "unarchive");
        world.post(&worker, &back, Value::Null).await.refused(409, "not_now");
        let mistake = json!({ "reason": "mistake" });
        world.post(&worker, &at("residents", &id, "archive"), mistake.clone()).await.ok();
        world.post(&worker, &at("households", &household, "archive"), mistake).await.ok();
        let shown = world.get(&worker, &format!("/api/registry/residents/{id}")).await.ok();
        assert_eq!((&shown["may_edit"], &shown["may_unarchive"]), (&json!(false), &json!(true)));
        // Nobody comes back into a household that is archived.
        let body = world.post(&worker, &back, Value::Null).await.refused(422, "invalid");
        assert_eq!(body["errors"][0]["code"], "outer_left");
        world.post(&worker, &at("households", &household, "unarchive"), Value::Null).await.ok();
        for (who, status, code) in [("worker2", 404, "not_found"), ("other_clerk", 404, "not_found"), ("dispatcher", 403, "forbidden")] {
            world.post(&world.as_(who).await, &back, Value::Null).await.refused(status, code);
        }
        world.post(&head, &back, Value::Null).await.ok();
        assert_eq!(listed(&world, &worker, "/api/registry/residents").await, std::slice::from_ref(&id));
        let shown = world.get(&worker, &format!("/api/registry/residents/{id}")).await.ok();
        assert_eq!((&shown["record"]["left"], &shown["may_edit"], &shown["record"]["fields"]["birth_month"]), (&Value::Null, &json!(true), &json!("1956-03")));
        let history: Vec<&str> = shown["history"].as_array().unwrap().iter().map(|line| line["what"].as_str().unwrap()).collect();
        assert_eq!(history, ["误归档，恢复", "归档：误登", "登记"]);
        let later = world.app.now().plus_ms(366 * DAY_MS);
        assert_eq!(sweep::erase_due(&world.app, later).await.unwrap(), 0, "what is of the present is not erased");
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn figures_say_what_is_missing_and_a_list_is_read_page_by_page(t: TestDb) {
        let world = World::new(t).await;
        let (one, two, clerk) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("clerk").await);
        for (building, occupancy) in [("10号楼", "rented"), ("2号楼", "owner")] {
            let fields = json!({ "compound": "幸福小区", "building": building, "room": "101室", "dwelling_use": "living", "occupancy": occupancy });
            enter(&world, &one, "dwellings", GRID_1, fields).await;
        }
        enter(&world, &two, "dwellings", GRID_2, json!({ "compound": "阳光里" })).await;
        let firm = json!({ "firm_kind": "sole_trader", "name": "老王修车", "n_employees": "3", "address": "前街12号", "unified_code": "91350100M000100Y43" });
        enter(&world, &two, "firms", GRID_2, firm).await;
        let figures = world.get(&clerk, &format!("/api/registry/figures?area={COMMUNITY}")).await.ok();
        let dwellings = &figures["total"]["dwellings"];
        assert_eq!((&dwellings["n"], &dwellings["n_complete"], &dwellings["n_marked"], &dwellings["n_good"]), (&json!(3), &json!(2), &json!(1), &json!(2)));
        assert_eq!(figures["total"]["firms"]["n_marked"], 3);
        let parts: Vec<(&str, i64)> = figures["parts"].as_array().unwrap().iter().map(|part| (part["area"]["code"].as_str().unwrap(), part["dwellings"]["n"].as_i64().unwrap())).collect();
        assert_eq!(parts, [(GRID_1, 2), (GRID_2, 1)]);
        // A leader has the figures and no record; a worker only those of their grid.
        let leader = world.as_("leader").await;
        assert_eq!(world.get(&leader, &format!("/api/registry/figures?area={COMMUNITY}")).await.ok()["total"]["dwellings"]["n"], 3);
        assert_eq!(world.get(&one, &format!("/api/registry/figures?area={COMMUNITY}")).await.ok()["total"]["dwellings"]["n"], 2);
        world.get(&one, &format!("/api/registry/figures?area={OTHER_COMMUNITY}")).await.refused(404, "not_found");
        // A year later nobody has confirmed them; one is confirmed again.
        let mut order = Vec::new();
        let mut next = String::new();
        loop {
            let page = world.get(&clerk, &format!("/api/registry/dwellings?limit=1{next}")).await.ok();
            order.extend(page["items"].as_array().unwrap().iter().map(|row| row["address"].as_str().unwrap().to_owned()));
            let Some(after) = page["next"].as_str() else { break };
            next = format!("&after={after}");
        }
        assert_eq!(order, ["幸福小区2号楼101室", "幸福小区10号楼101室", "阳光里"]);
        let found = world.get(&clerk, "/api/registry/dwellings?q=%E5%B9%B8%E7%A6%8F%E5%B0%8F%E5%8C%BA2").await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed(&world, &clerk, "/api/registry/dwellings?lack=incomplete").await.len(), 1);
        world.clock.set(world.app.now().plus_ms(400 * DAY_MS));
        let clerk = world.as_("clerk").await;
        let stale = listed(&world, &clerk, "/api/registry/dwellings?lack=unconfirmed").await;
        assert_eq!(stale.len(), 3);
        world.post(&clerk, &format!("/api/registry/dwellings/{}/confirm", stale[0]), Value::Null).await.ok();
        assert_eq!(listed(&world, &clerk, "/api/registry/dwellings?lack=unconfirmed").await.len(), 2);
    }

    async fn a_command_that_is_sent_twice_acts_once(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let body = json!({ "area_code": GRID_1, "fields": flat() });
        let first = world.post_with_key(&worker, "/api/registry/dwellings", "k1", body.clone()).await.ok();
        let again = world.post_with_key(&worker, "/api/registry/dwellings", "k1", body).await.ok();
        assert_eq!(first, again);
        let other = json!({ "area_code": GRID_1, "fields": { "compound": "别处" } });
        world.post_with_key(&worker, "/api/registry/dwellings", "k1", other).await.refused(422, "key_reused");
        assert_eq!(listed(&world, &worker, "/api/registry/dwellings").await.len(), 1);
    }

    async fn what_a_record_refers_to_lies_in_the_same_grid(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let dwelling = enter(&world, &clerk, "dwellings", GRID_1, flat()).await;
        for (area, id) in [(GRID_2, dwelling.as_str()), (GRID_1, "018f0000-0000-7000-8000-000000000001")] {
            let wish = json!({ "area_code": area, "fields": { "dwelling_id": id } });
            let body = world.post(&clerk, "/api/registry/households", wish).await.refused(422, "invalid");
            assert_eq!(body["errors"][0]["code"], "unknown");
        }
    }

    async fn what_is_entered_twice_is_told_and_put_together_by_a_person(t: TestDb) {
        let world = World::new(t).await;
        let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
        let (first, household, resident) = someone(&world, &clerk).await;
        world.clock.advance_ms(1_000);
        let again = json!({ "area_code": GRID_1, "fields": { "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "101室", "dwelling_use": "living", "occupancy": "rented", "area_m2": "60" } });
        let refused = world.post(&worker, "/api/registry/dwellings", again.clone()).await.refused(409, "already_exists");
        assert_eq!(refused["current"], json!({ "kind": "dwelling", "id": first }));
        let mut sure = again.clone();
        sure["even_so"] = json!(true);
        let second = world.post(&worker, "/api/registry/dwellings", sure).await.ok()["id"].as_str().unwrap().to_owned();
        world.post(&worker, "/api/registry/dwellings", json!({ "area_code": GRID_1, "fields": { "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": "102室", "dwelling_use": "living", "occupancy": "owner" } })).await.ok();
        let family = enter(&world, &worker, "households", GRID_1, json!({ "dwelling_id": second })).await;
        let person = json!({ "household_id": family, "name": "李晓梅", "relation": "head", "phone": "19900000002" });
        let double = enter(&world, &worker, "residents", GRID_1, person.clone()).await;
        let shop = |room: &str, address: &str| json!({ "area_code": GRID_1, "even_so": true, "fields": { "premises_kind": "shop", "name": room, "address": address, "in_charge": "李店长" } });
        for address in ["向阳路1号", "向阳路2号", "向阳路2号"] {
            world.post(&worker, "/api/registry/premises", shop("便民超市", address)).await.ok();
            world.clock.advance_ms(1_000);
        }
        let pair = world.get(&clerk, "/api/registry/twins").await.ok()["items"][1].clone();
        assert_eq!((pair.as_array().unwrap().len(), &pair[0]["address"]), (2, &json!("向阳路2号")), "two of one name at one address, and one elsewhere");
        let leave = pair[1]["id"].as_str().unwrap();
        world.post(&clerk, &format!("/api/registry/premises/{leave}/absorb"), json!({ "into": pair[0]["id"] })).await.ok();
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "record_id": second, "met": true })).await.ok();
        let view = world.get(&worker, &format!("/api/registry/dwellings/{first}")).await.ok();
        assert_eq!((view["twins"].as_array().unwrap().len(), &view["twins"][0]["id"]), (1, &json!(second)));
        let twins = async |who: &Session| {
            let groups = world.get(who, "/api/registry/twins").await.ok()["items"].clone();
            let ids = |group: &Value| group.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
            groups.as_array().unwrap().iter().map(ids).collect::<Vec<_>>()
        };
        assert_eq!(twins(&clerk).await, [vec![first.clone(), second.clone()]]);
        assert!(twins(&world.as_("other_clerk").await).await.is_empty());
        world.get(&worker, "/api/registry/twins").await.refused(403, "forbidden");

        let absorb = async |who: &Session, id: &str, into: &str| world.post(who, &format!("/api/registry/dwellings/{id}/absorb"), json!({ "into": into })).await;
        absorb(&worker, &second, &first).await.refused(403, "forbidden");
        absorb(&world.as_("other_clerk").await, &second, &first).await.refused(404, "not_found");
        absorb(&clerk, &second, &second).await.refused(422, "invalid");
        absorb(&clerk, &second, &household).await.refused(422, "invalid");
        let done = absorb(&clerk, &second, &first).await.ok();
        assert_eq!((&done["outcome"], &done["id"], &done["kept"]), (&json!("conflict"), &json!(first), &json!(["occupancy"])));
        absorb(&clerk, &second, &first).await.refused(409, "not_now");
        let view = world.get(&clerk, &format!("/api/registry/dwellings/{first}")).await.ok();
        assert_eq!((&view["record"]["fields"]["area_m2"], &view["record"]["fields"]["occupancy"]), (&json!("60.00"), &json!("owner")));
        assert_eq!((&view["n_inside"], &view["twins"], &view["proposals"][0]["field"]), (&json!(2), &json!([]), &json!("occupancy")));
        assert!(!world.get(&clerk, &format!("/api/registry/dwellings/{second}")).await.ok()["record"]["left"].is_null());

        let visits = world.get(&worker, "/api/visits").await.ok();
        assert_eq!(visits["items"][0]["record_id"], json!(first), "who was there was there");
        // Both families live in one dwelling now: the same name there is the same person, until something tells them apart.
        assert_eq!(twins(&clerk).await, [vec![resident.clone(), double.clone()]]);
        let told = world.get(&clerk, &format!("/api/registry/residents/{double}")).await.ok();
        patch(&world, &clerk, &format!("/api/registry/residents/{double}"), told["record"]["version"].as_i64().unwrap(), json!({ "birth_month": "198503" })).await.ok();
        assert!(twins(&clerk).await.is_empty());
        world.post(&clerk, "/api/registry/residents", json!({ "area_code": GRID_1, "fields": person })).await.refused(409, "already_exists");
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }
}
