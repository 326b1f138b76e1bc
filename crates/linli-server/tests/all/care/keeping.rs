//! Entering, reviewing, pairing, pausing, counting, ending.

use serde_json::{Value, json};

use super::{DAY_MS, Phone, REFERENCE, act, alone, candidate, enter, field, ids, number, opened, person, read};
use crate::world::{GRID_1, GRID_2, World};
use linli_civic::care::sweep;
use linli_testkit::on_both;

on_both! {
    async fn nobody_is_entered_without_a_basis_a_plan_and_an_end(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let child = person(&world, &clerk, (GRID_1, "102室"), json!({ "birth_month": "2016-03", "name": "小禾" })).await;
        let unknown = person(&world, &clerk, (GRID_1, "103室"), json!({ "birth_month": null })).await;
        let refused = [
            (json!({ "basis": null }), "basis", "care_no_basis"),
            (json!({ "basis": { "kind": "consent" } }), "basis.by", "required"),
            (json!({ "basis": { "kind": "consent", "by": "person" } }), "basis.how", "required"),
            (json!({ "basis": { "kind": "consent", "by": "guardian", "how": "written" } }), "basis.guardian", "required"),
            (json!({ "basis": { "kind": "list", "reference": REFERENCE } }), "basis.kind", "care_basis_not_allowed"),
            (json!({ "category": "assistance", "plan": "household_aid", "basis": { "kind": "list" } }), "basis.reference", "required"),
            (json!({ "resident_id": child.id, "category": "child_left_behind", "plan": "child" }), "basis.by", "care_guardian_needed"),
            (json!({ "resident_id": unknown.id }), "basis.by", "care_age_unknown"),
            (json!({ "expires_on": null }), "expires_on", "required"),
            (json!({ "expires_on": "2026-09-01" }), "expires_on", "care_in_the_past"),
            (json!({ "expires_on": "2029-09-28" }), "expires_on", "care_too_late"),
            (json!({ "review_on": "2027-12-01", "expires_on": "2028-09-01" }), "review_on", "care_too_late"),
            (json!({ "plan": "child" }), "plan", "care_plan_does_not_fit"),
            (json!({ "category": "troublemaker" }), "category", "unknown"),
            (json!({ "resident_id": old.dwelling }), "resident_id", "unknown"),
        ];
        for (change, name, code) in refused {
            let mut body = alone(&old);
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answered = world.post(&clerk, "/api/care", body).await.refused(422, "invalid");
            assert_eq!(field(&answered), (name, code), "{change}");
        }
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM care_entry").await, 0);
        enter(&world, &clerk, alone(&old)).await;
        world.post(&clerk, "/api/care", alone(&old)).await.refused(409, "already_exists");
        let guardian = json!({ "kind": "consent", "by": "guardian", "how": "written", "guardian": "马桂英" });
        enter(&world, &clerk, json!({ "resident_id": child.id, "category": "child_left_behind", "basis": guardian, "plan": "child", "expires_on": "2027-03-01" })).await;
    }

    async fn who_does_not_work_there_enters_nobody(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let other = world.as_("other_clerk").await;
        let answered = world.post(&other, "/api/care", alone(&old)).await.refused(422, "invalid");
        assert_eq!(field(&answered), ("resident_id", "unknown"));
        for nobody in ["worker1", "head", "dispatcher", "leader", "auditor", "admin", "hotline"] {
            let nobody = world.as_(nobody).await;
            world.post(&nobody, "/api/care", alone(&old)).await.refused(403, "forbidden");
        }
    }

    async fn what_has_ended_is_gone_everywhere_and_erased_in_the_night(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let mut body = Value::Null;
        for n in 0..6 {
            let old = person(&world, &clerk, (GRID_1, &format!("{}室", 101 + n)), json!({})).await;
            body = alone(&old);
            body["expires_on"] = json!("2026-10-10");
            enter(&world, &clerk, body.clone()).await;
        }
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let id = ids(&world, &worker, "due").await[0].clone();
        act(&world, &clerk, &id, json!({ "act": "extend", "reason": "仍然独居", "expires_on": "2026-10-11" })).await.ok();
        world.clock.advance_ms(10_000);
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        assert_eq!(phone.pull(&world).await, 6);
        assert_eq!(phone.rows[&id]["name"], "周秀兰");
        let figures = async || world.get(&world.as_("clerk").await, &format!("/api/care/figures?area={}", crate::world::COMMUNITY)).await.ok()["total"]["old"]["n"].clone();
        assert_eq!(figures().await, json!(6));
        let me = opened(&world, &clerk, &id).await;
        world.get(&me, "/api/public/care").await.ok();
        // Its last day is a whole day.
        world.clock.set("2026-10-11T23:59:00+08:00".parse().unwrap());
        assert_eq!(ids(&world, &world.as_("clerk").await, "all").await, std::slice::from_ref(&id));
        world.clock.set("2026-10-12T00:00:01+08:00".parse().unwrap());
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        for show in ["due", "review", "services", "still", "all"] {
            assert!(ids(&world, &clerk, show).await.is_empty() && ids(&world, &worker, show).await.is_empty(), "{show}");
        }
        world.get(&clerk, &format!("/api/care/{id}")).await.refused(404, "not_found");
        read(&world, &clerk, &id, "复核").await.refused(404, "not_found");
        act(&world, &clerk, &id, json!({ "act": "object" })).await.refused(404, "not_found");
        world.get(&me, "/api/public/care").await.refused(404, "not_found");
        assert_eq!(figures().await, Value::Null);
        phone.who = worker;
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "{:?}", phone.rows);
        assert_eq!(phone.visit(&world, &id, "done").await["problem"]["code"], "not_found");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM care_entry").await, 6);
        assert_eq!(sweep::run(&world.app, world.app.now()).await.unwrap(), 6);
        for sql in [
            "SELECT COUNT(*) AS n FROM care_entry",
            "SELECT COUNT(*) AS n FROM care_helper",
            "SELECT COUNT(*) AS n FROM care_request",
            "SELECT COUNT(*) AS n FROM care_code",
            "SELECT COUNT(*) AS n FROM event_text WHERE stream_kind = 'care'",
        ] {
            assert_eq!(number(&world, sql).await, 0, "{sql}");
        }
        // Whoever still needs help is entered anew; the chain verifies and tells nothing.
        body["expires_on"] = json!("2027-01-01");
        enter(&world, &clerk, body).await;
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'care' AND (payload LIKE '%elder%' OR payload LIKE '%alone%')").await, 0);
    }

    async fn an_entry_goes_on_only_when_somebody_looks_again_and_says_why(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        assert!(ids(&world, &clerk, "review").await.is_empty());
        world.clock.advance_ms(340 * DAY_MS);
        let (clerk, head) = (world.as_("clerk").await, world.as_("head").await);
        assert_eq!(ids(&world, &clerk, "review").await, std::slice::from_ref(&id));
        assert!(ids(&world, &head, "review").await.is_empty(), "a head is told of visits alone");
        let extend = json!({ "act": "extend", "reason": "仍然独居，本人愿意继续", "expires_on": "2028-09-27" });
        let mut silent = extend.clone();
        silent["reason"] = json!("");
        assert_eq!(field(&act(&world, &clerk, &id, silent).await.refused(422, "invalid")), ("reason", "required"));
        let mut long = extend.clone();
        long["expires_on"] = json!("2030-01-01");
        assert_eq!(field(&act(&world, &clerk, &id, long).await.refused(422, "invalid")), ("expires_on", "care_too_late"));
        act(&world, &world.as_("worker1").await, &id, extend.clone()).await.refused(403, "forbidden");
        act(&world, &clerk, &id, extend).await.ok();
        assert!(ids(&world, &clerk, "review").await.is_empty());
        let me = opened(&world, &clerk, &id).await;
        assert_eq!(world.get(&me, "/api/public/care").await.ok()["extended"], json!(["仍然独居，本人愿意继续"]));
    }

    async fn nobody_goes_to_whoever_is_in_hospital_or_gone_and_a_mistake_is_undone(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(8 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        assert_eq!(ids(&world, &worker, "due").await, std::slice::from_ref(&id));
        act(&world, &worker, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.refused(403, "forbidden");
        act(&world, &clerk, &id, json!({ "act": "unmute" })).await.refused(409, "not_now");
        act(&world, &clerk, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.ok();
        assert!(ids(&world, &worker, "due").await.is_empty());
        let page = world.get(&clerk, &format!("/api/care/{id}")).await.ok();
        assert!(!page.to_string().contains("住院") && !page.to_string().contains("in_hospital"));
        assert_eq!(read(&world, &clerk, &id, "问问出院没有").await.ok()["muted"], "住院");
        act(&world, &clerk, &id, json!({ "act": "unmute" })).await.ok();
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        assert_eq!(ids(&world, &worker, "due").await, std::slice::from_ref(&id));
        // The registry says that they died: from that moment nobody goes, and the same night the entry says so.
        world.post(&clerk, &format!("/api/registry/residents/{}/archive", old.id), json!({ "reason": "deceased" })).await.ok();
        assert!(ids(&world, &worker, "due").await.is_empty());
        sweep::run(&world.app, world.app.now()).await.unwrap();
        assert_eq!(ids(&world, &clerk, "still").await, std::slice::from_ref(&id));
        world.post(&clerk, &format!("/api/registry/residents/{}/erase", old.id), Value::Null).await.ok();
        assert_eq!(sweep::run(&world.app, world.app.now()).await.unwrap(), 1);
        assert!(ids(&world, &clerk, "all").await.is_empty());
    }

    async fn who_is_paired_works_where_the_person_lives(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let elsewhere = person(&world, &clerk, (GRID_2, "101室"), json!({})).await;
        let far = enter(&world, &clerk, alone(&elsewhere)).await;
        let stranger = candidate(&world, &clerk, &far, "王建国").await;
        assert_eq!(field(&act(&world, &clerk, &id, json!({ "act": "pair", "account": stranger })).await.refused(422, "invalid")).0, "account");
        let account = candidate(&world, &clerk, &id, "李春梅").await;
        let pair = json!({ "act": "pair", "account": account });
        act(&world, &clerk, &id, pair.clone()).await.ok();
        assert_eq!(field(&act(&world, &clerk, &id, pair).await.refused(422, "invalid")), ("account", "care_paired_already"));
        let unpair = json!({ "act": "unpair", "account": account });
        act(&world, &world.as_("worker1").await, &id, unpair.clone()).await.refused(403, "forbidden");
        act(&world, &clerk, &id, unpair.clone()).await.ok();
        act(&world, &clerk, &id, unpair).await.refused(409, "not_now");
        // Sent again with the same key, a command acts once.
        let path = format!("/api/care/{id}/acts");
        let again = json!({ "act": "pair", "account": account });
        let one = world.post_with_key(&clerk, &path, "pair-1", again.clone()).await.ok();
        assert_eq!(world.post_with_key(&clerk, &path, "pair-1", again).await.ok(), one);
    }

    async fn old_and_young_are_counted_from_five_and_nobody_is_found_by_it(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        for (grid, n) in [(GRID_1, 6), (GRID_2, 2)] {
            for room in 0..n {
                let old = person(&world, &clerk, (grid, &format!("{}室", 101 + room)), json!({})).await;
                enter(&world, &clerk, alone(&old)).await;
            }
        }
        let figures = async |who: &str, area: &str| {
            let answered = world.get(&world.as_(who).await, &format!("/api/care/figures?area={area}")).await;
            let grids: Vec<Value> = answered.body["items"].as_array().into_iter().flatten().map(|row| row["old"]["n"].clone()).collect();
            (answered.status.as_u16(), answered.body["total"]["old"]["n"].clone(), grids)
        };
        // Two in the second grid: told alone, the first would give them away.
        assert_eq!(figures("clerk", crate::world::COMMUNITY).await, (200, json!(8), vec![Value::Null, Value::Null]));
        assert_eq!(figures("leader", crate::world::STREET).await, (200, json!(8), vec![Value::Null, Value::Null]));
        assert_eq!(figures("auditor", GRID_1).await.1, json!(6));
        assert_eq!(figures("auditor", GRID_2).await.1, Value::Null);
        assert_eq!(figures("other_clerk", crate::world::COMMUNITY).await.0, 404);
        assert_eq!(figures("worker1", crate::world::COMMUNITY).await.0, 403);
    }
}
