//! Visits, online and from phones.

use serde_json::{Value, json};

use super::{DAY_MS, Phone, WISH, act, alone, enter, field, ids, number, opened, own, person, read};
use crate::world::{GRID_1, World};
use linli_testkit::on_both;

on_both! {
    async fn an_objection_stops_visits_at_once(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker, head) = (world.as_("clerk").await, world.as_("worker1").await, world.as_("head").await);
        let mut phone = Phone::of(&world, worker.clone()).await;
        assert_eq!(phone.pull(&world).await, 1);
        let me = opened(&world, &clerk, &id).await;
        assert_eq!(own(&world, &me, json!({ "act": "object" })).await.ok()["state"], "objected");
        own(&world, &me, json!({ "act": "object" })).await.refused(409, "not_now");
        for who in [&worker, &head, &clerk] {
            assert!(ids(&world, who, "due").await.is_empty());
        }
        world.get(&worker, &format!("/api/care/{id}")).await.refused(404, "not_found");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty());
        // Whoever was on the way is told, and nothing is written down.
        assert_eq!(phone.visit(&world, &id, "done").await["problem"]["code"], "not_now");
        read(&world, &worker, &id, "怎么不去了").await.refused(404, "not_found");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM visit").await, 0);
        let path = format!("/api/care/{id}/visits");
        world.post(&clerk, &path, json!({ "met": "done" })).await.refused(409, "not_now");
        assert_eq!(ids(&world, &clerk, "still").await, std::slice::from_ref(&id));
        assert_eq!(own(&world, &me, json!({ "act": "resume" })).await.ok()["state"], "active");
        own(&world, &me, json!({ "act": "resume" })).await.refused(409, "not_now");
        // Counted anew from the day on which they agreed.
        assert!(ids(&world, &worker, "due").await.is_empty());
        world.clock.advance_ms(7 * DAY_MS);
        assert_eq!(ids(&world, &world.as_("worker1").await, "due").await, [id]);
    }

    async fn a_visit_is_written_once_and_the_next_one_is_counted_from_it(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(7 * DAY_MS);
        let worker = world.as_("worker1").await;
        let mut phone = Phone::of(&world, worker.clone()).await;
        phone.pull(&world).await;
        let row = phone.rows[&id].clone();
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["address", "area", "due_at", "is_visit", "last_met_at", "lease_until", "name", "services", "tried_at", "version", "wish"]);
        assert_eq!(row["lease_until"], json!(world.app.now().plus_ms(DAY_MS)));
        assert_eq!((row["address"].as_str().unwrap(), row["wish"].as_str().unwrap()), ("幸福小区3号楼2单元101室", WISH));
        // Nobody at home: it stays due, and that somebody tried is known.
        assert_eq!(phone.visit(&world, &id, "not_home").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows[&id]["tried_at"].is_string());
        world.clock.advance_ms(DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        phone.who = worker.clone();
        assert_eq!(phone.visit(&world, &id, "done").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "no visit is due for a week");
        let visits = world.get(&worker, "/api/visits?kind=visit").await.ok();
        let met: Vec<&Value> = visits["items"].as_array().unwrap().iter().map(|visit| &visit["met"]).collect();
        assert_eq!(met, [&json!(true), &json!(false)]);
        assert!(!visits.to_string().contains("elder_alone"));
        let page = world.get(&clerk, &format!("/api/care/{id}")).await.ok();
        assert_eq!(page["row"]["visit_due_at"], json!(world.app.now().plus_ms(7 * DAY_MS)));
        // An ordinary visit to that home counts as well: nothing is written twice.
        world.clock.advance_ms(6 * DAY_MS);
        let worker = world.as_("worker1").await;
        let visit = json!({ "kind": "visit", "record_id": old.dwelling, "met": true });
        let visited = world.post(&worker, "/api/visits", visit).await.ok();
        assert_eq!(visited["place_text"], "幸福小区3号楼2单元101室");
        assert!(ids(&world, &worker, "due").await.is_empty());
        let nowhere = json!({ "kind": "visit", "record_id": old.id, "met": true });
        assert_eq!(field(&world.post(&worker, "/api/visits", nowhere).await.refused(422, "invalid")).0, "record_id");
        // Whoever says at the door that nobody shall come is heard at once.
        world.clock.advance_ms(7 * DAY_MS);
        phone.who = world.as_("worker1").await;
        phone.pull(&world).await;
        assert_eq!(phone.visit(&world, &id, "asked_not_to_come").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty());
        assert_eq!(world.get(&world.as_("clerk").await, &format!("/api/care/{id}")).await.ok()["row"]["state"], "objected");
    }

    async fn a_row_on_a_phone_is_renewed_before_its_lease_ends_and_each_name_sent_is_a_look(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let child = person(&world, &clerk, (GRID_1, "102室"), json!({ "birth_month": "2016-03" })).await;
        let guardian = json!({ "kind": "consent", "by": "guardian", "how": "written", "guardian": "马桂英" });
        enter(&world, &clerk, json!({ "resident_id": child.id, "category": "child_left_behind", "basis": guardian, "plan": "child", "expires_on": "2027-03-01" })).await;
        world.clock.advance_ms(31 * DAY_MS);
        let worker = world.as_("worker1").await;
        let mut phone = Phone::of(&world, worker).await;
        assert_eq!(phone.pull(&world).await, 1, "what is about a child stays online");
        let sql = "SELECT COUNT(*) AS n FROM read_log WHERE field = 'care_visit_row'";
        assert_eq!(number(&world, sql).await, 1);
        assert_eq!(phone.pull(&world).await, 0);
        world.clock.advance_ms(13 * 3_600_000);
        phone.who = world.as_("worker1").await;
        assert_eq!(phone.pull(&world).await, 1);
        assert_eq!(phone.rows[&id]["lease_until"], json!(world.app.now().plus_ms(DAY_MS)));
        assert_eq!(number(&world, sql).await, 1, "it was there before: nobody learnt anything");
        // An answer that was lost is asked for again with the same cursor, and is there again.
        let before = phone.cursor.clone();
        world.clock.advance_ms(1_000);
        act(&world, &world.as_("clerk").await, &id, json!({ "act": "wish", "text": "上午来" })).await.ok();
        world.clock.advance_ms(1_000);
        assert_eq!(phone.pull(&world).await, 1);
        phone.cursor = before;
        assert_eq!(phone.pull(&world).await, 1);
        assert_eq!(phone.rows[&id]["wish"], "上午来");
        let mut other = Phone::of(&world, world.as_("worker2").await).await;
        assert_eq!(other.pull(&world).await, 0);
        assert_eq!(other.visit(&world, &id, "done").await["problem"]["code"], "not_found");
    }
}
