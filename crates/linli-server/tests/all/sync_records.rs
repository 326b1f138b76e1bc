//! Records of the registry from phones, on both databases: merged where fields differ, left to a person where they meet.

use linli_kernel::Role;
use serde_json::{Value, json};

use crate::sync::Phone;
use crate::world::{GRID_1, World};
use linli_testkit::on_both;

on_both! {
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
        assert_eq!((&clash["status"], &clash["entity"]["id"]), (&json!("conflict"), &json!(id)));
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
