//! Records of the registry from phones, on both databases: merged where fields differ, left to a person where they meet.

use axum::http::Method;
use linli_kernel::Role;
use serde_json::{Value, json};

use crate::sync::{Held, Phone};
use crate::world::{GRID_1, GRID_2, Session, World};
use linli_testkit::on_both;

/// Enters a record at the desk; its id.
async fn enter(world: &World, who: &Session, kind: &str, area: &str, fields: Value) -> String {
    let entered =
        world.post(who, &format!("/api/registry/{kind}"), json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

/// What lies on a phone of the registry, in a line each.
fn lines(held: &Held) -> Vec<String> {
    let mut lines: Vec<String> = held
        .of("record")
        .iter()
        .map(|row| ["kind", "address", "name"].map(|part| row[part].as_str().unwrap_or_default()).join(" "))
        .collect();
    lines.sort();
    lines
}

on_both! {
    async fn a_phone_keeps_the_records_of_its_grid_and_nobodys_name(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let dwelling = enter(&world, &clerk, "dwellings", GRID_1, json!({ "compound": "幸福小区", "building": "3号楼", "room": "101室" })).await;
        enter(&world, &clerk, "dwellings", GRID_2, json!({ "compound": "幸福小区", "building": "9号楼" })).await;
        let home = enter(&world, &clerk, "households", GRID_1, json!({ "dwelling_id": dwelling, "n_persons": "2" })).await;
        let shop = enter(&world, &clerk, "premises", GRID_1, json!({ "premises_kind": "shop", "name": "家和小超市", "address": "幸福路1号", "phone": "19900000077" })).await;

        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        let there = ["dwelling 幸福小区3号楼101室 幸福小区3号楼101室", "household 幸福小区3号楼101室 ", "premises 幸福路1号 家和小超市"];
        assert_eq!(lines(&held), there);
        let forms = held.of("playbook")[0]["registry"]["dwelling"].as_array().unwrap();
        assert!(forms.iter().any(|field| field["key"] == "occupancy" && field["purpose"] != ""), "{forms:?}");

        // Several who live in one household are one row of it, however many came since.
        for n in 0..3 {
            enter(&world, &clerk, "residents", GRID_1, json!({ "household_id": home, "name": format!("周小{n}"), "relation": "child" })).await;
        }
        // A resident is not there; the household says who heads it, masked. What changes comes, what is over goes, what is elsewhere does neither.
        enter(&world, &clerk, "residents", GRID_1, json!({ "household_id": home, "name": "周晓梅", "relation": "head", "phone": "19900000078" })).await;
        world.patch(&clerk, &format!("/api/registry/dwellings/{dwelling}"), json!({ "base_version": 1, "fields": { "occupancy": "rented" } })).await.ok();
        world.post(&clerk, &format!("/api/registry/premises/{shop}/archive"), json!({ "reason": "closed" })).await.ok();
        enter(&world, &clerk, "firms", GRID_2, json!({ "firm_kind": "small", "name": "别处的企业" })).await;
        let removals = held.pull(&world, &phone).await;
        assert_eq!(removals, [json!({ "kind": "record", "id": shop })]);
        assert_eq!(lines(&held), [there[0], "household 幸福小区3号楼101室 周**"]);
        let on_phone = held.of("record").iter().map(|row| row.to_string()).collect::<String>();
        for secret in ["周晓梅", "19900000077", "19900000078"] {
            assert!(!on_phone.contains(secret), "{on_phone}");
        }
        assert!(on_phone.contains("rented"), "{on_phone}");

        // A household lies where its dwelling is: an address that is put right is right on the phone too.
        world.patch(&clerk, &format!("/api/registry/dwellings/{dwelling}"), json!({ "base_version": 2, "fields": { "building": "5号楼" } })).await.ok();
        held.pull(&world, &phone).await;
        assert_eq!(lines(&held), ["dwelling 幸福小区5号楼101室 幸福小区5号楼101室", "household 幸福小区5号楼101室 周**"]);

        // Whoever keeps no records has none on their phone.
        let phone = Phone::of(&world, world.as_("urban").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert_eq!((lines(&held).len(), &held.of("playbook")[0]["registry"]), (0, &Value::Null));
    }

    async fn a_large_registry_comes_page_by_page_and_goes_with_the_post(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        for n in 0..23 {
            enter(&world, &clerk, "dwellings", GRID_1, json!({ "compound": "幸福小区", "building": format!("{n}号楼") })).await;
        }
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let (mut cursor, mut ids, mut n_pages) = (None, std::collections::BTreeSet::new(), 0);
        loop {
            let page = phone.some(&world, cursor.as_deref(), 5).await;
            let records = page["upserts"].as_array().unwrap().iter().filter(|row| row["kind"] == "record");
            for row in records {
                assert!(ids.insert(row["id"].as_str().unwrap().to_owned()), "sent once");
            }
            cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
            n_pages += 1;
            if page["has_more"] != true {
                break;
            }
        }
        assert_eq!(ids.len(), 23);
        assert!(n_pages >= 5, "{n_pages}");
        let admin = world.as_("admin").await;
        let accounts = world.get(&admin, "/api/accounts").await.ok();
        let worker = accounts["items"].as_array().unwrap().iter().find(|account| account["name"] == "worker1").unwrap().clone();
        let grant = format!("/api/accounts/{}/grants/{}", worker["id"].as_str().unwrap(), worker["grants"][0]["id"].as_str().unwrap());
        assert_eq!(world.send(Method::DELETE, &grant, admin.0.as_deref(), &[], Vec::new()).await.status, 204);
        let page = phone.page(&world, cursor.as_deref()).await;
        let gone = page["removals"].as_array().unwrap().iter().filter(|removal| removal["kind"] == "record").count();
        assert_eq!(gone, 23, "{page}");
    }

    async fn what_somebody_changed_twice_with_no_network_is_no_clash_with_themselves(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let id = "019a5f0e-7c3a-7000-8000-00000000d009";
        let fields = json!({ "compound": "幸福小区", "building": "3号楼", "occupancy": "owner" });
        let enter = phone.command("registry.enter", json!({ "entity_id": id, "payload": { "kind": "dwelling", "area_code": GRID_1, "fields": fields } }));
        let mut change = |occupancy: &str| {
            let payload = json!({ "kind": "dwelling", "fields": { "occupancy": occupancy } });
            phone.command("registry.change", json!({ "entity_id": id, "base_version": 1, "payload": payload }))
        };
        let (rented, empty, owner) = (change("rented"), change("empty"), change("owner"));
        let results = phone.push(&world, &[&enter, &rented, &empty, &owner]).await;
        let how: Vec<_> = results.iter().map(|result| result["outcome"]["status"].as_str().unwrap()).collect();
        assert_eq!(how, ["applied"; 4]);
        let clerk = world.as_("clerk").await;
        let record = world.get(&clerk, &format!("/api/registry/dwellings/{id}")).await.ok();
        assert_eq!((&record["record"]["fields"]["occupancy"], &record["record"]["version"]), (&json!("owner"), &json!(4)));
        assert_eq!(record["proposals"], json!([]));

        // What somebody else changed in between is news: the field that both changed waits for a person.
        world.patch(&clerk, &format!("/api/registry/dwellings/{id}"), json!({ "base_version": 4, "fields": { "occupancy": "rented" } })).await.ok();
        let payload = json!({ "kind": "dwelling", "fields": { "occupancy": "empty" } });
        let late = phone.command("registry.change", json!({ "entity_id": id, "base_version": 1, "payload": payload }));
        assert_eq!(phone.push_one(&world, &late).await["status"], "conflict");
    }

    async fn records_changed_on_two_phones_are_merged_or_wait_for_a_person(t: TestDb) {
        let world = World::new(t).await;
        let mut one = Phone::of(&world, world.as_("worker1").await).await;
        world.hire("colleague", Role::GridWorker, GRID_1, None).await;
        let mut other = Phone::of(&world, world.as_("colleague").await).await;
        let id = "019a5f0e-7c3a-7000-8000-00000000d001";
        let fields = json!({ "compound": "幸福小区", "building": "3号楼", "room": "101室" });
        let enter = one.command("registry.enter", json!({ "entity_id": id, "payload": { "kind": "dwelling", "area_code": GRID_1, "fields": fields } }));
        let confirm = one.command("registry.confirm", json!({ "entity_id": id, "payload": { "kind": "dwelling" } }));
        let results = one.push(&world, &[&enter, &confirm]).await;
        assert_eq!((&results[0]["outcome"]["status"], &results[1]["outcome"]["status"]), (&json!("applied"), &json!("applied")));
        assert_eq!(results[0]["outcome"]["entity"]["kind"], "dwelling");

        let change = |phone: &mut Phone, fields: Value| {
            phone.command("registry.change", json!({ "entity_id": id, "base_version": 2, "payload": { "kind": "dwelling", "fields": fields } }))
        };
        let rented = change(&mut one, json!({ "occupancy": "rented" }));
        let larger = change(&mut other, json!({ "area_m2": "89.5" }));
        let empty = change(&mut other, json!({ "occupancy": "empty" }));
        assert_eq!(one.push_one(&world, &rented).await["status"], "applied");
        assert_eq!(other.push_one(&world, &larger).await["status"], "merged");
        let clash = other.push_one(&world, &empty).await;
        assert_eq!((&clash["status"], &clash["entity"]["id"], &clash["kept"]), (&json!("conflict"), &json!(id), &json!(["occupancy"])));
        // What both enter with no network is there twice, and told to whoever puts it together.
        let twice = other.command("registry.enter", json!({ "entity_id": "019a5f0e-7c3a-7000-8000-00000000d002", "payload": { "kind": "dwelling", "area_code": GRID_1, "fields": fields } }));
        assert_eq!(other.push_one(&world, &twice).await["status"], "applied");
        let twins = world.get(&world.as_("head").await, "/api/registry/twins").await.ok();
        assert_eq!(twins["items"][0].as_array().unwrap().len(), 2, "{twins}");
        assert_eq!(other.push_one(&world, &empty).await, clash, "sent again, it asks once");

        let head = world.as_("head").await;
        let waiting = world.get(&head, "/api/registry/proposals").await.ok();
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "{waiting}");
        let record = world.get(&head, &format!("/api/registry/dwellings/{id}")).await.ok();
        assert_eq!((&record["record"]["fields"]["occupancy"], &record["record"]["fields"]["area_m2"]), (&json!("rented"), &json!("89.50")));

        let refused = change(&mut other, json!({ "政治面貌": "群众" }));
        let refused = other.push_one(&world, &refused).await;
        assert_eq!((&refused["status"], &refused["current"]["version"]), (&json!("rejected"), &record["record"]["version"]));
        assert!(refused["problem"].to_string().contains("refused_political"), "{refused}");
        // Whoever sees nothing of the grid changes nothing in it, and is not told how it stands.
        let mut stranger = Phone::of(&world, world.as_("worker2").await).await;
        let change = change(&mut stranger, json!({ "occupancy": "empty" }));
        let refused = stranger.push_one(&world, &change).await;
        assert_eq!((&refused["problem"]["code"], &refused["current"]), (&json!("not_found"), &Value::Null));
    }
}
