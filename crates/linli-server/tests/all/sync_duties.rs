//! What is due and what premises are looked at, on phones and on both databases.

use linli_testkit::on_both;
use serde_json::{Value, json};

use crate::sync::{Held, Phone, due_on};
use crate::world::{COMMUNITY, GRID_1, GRID_2, World};

on_both! {
    async fn what_is_due_lies_on_the_phone_and_a_visit_of_the_phone_does_it(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert!(due_on(&held).contains(&("daily_patrol".to_owned(), "due".to_owned())), "{:?}", due_on(&held));
        assert_eq!(held.of("checklist").len(), world.app.playbooks.current().checklists.len());
        let n_pages = held.n_pages;
        assert!(held.pull(&world, &phone).await.is_empty(), "what stays as it was is not sent again");
        assert_eq!(phone.page(&world, held.cursor.as_deref()).await["upserts"].as_array().unwrap().len(), 0);
        assert!(held.n_pages > n_pages);
        let patrol = phone.command("visit.record", json!({ "payload": { "kind": "patrol", "area_code": GRID_1 } }));
        assert_eq!(phone.push_one(&world, &patrol).await["status"], "applied");
        held.pull(&world, &phone).await;
        let now = due_on(&held);
        assert!(now.contains(&("daily_patrol".to_owned(), "done".to_owned())) && now.contains(&("daily_record".to_owned(), "done".to_owned())), "{now:?}");
        assert!(!now.contains(&("daily_patrol".to_owned(), "due".to_owned())), "the row before is gone");
        let meeting = phone.command("gathering.record", json!({ "payload": { "kind": "meeting", "area_code": GRID_1, "title": "碰头" } }));
        assert_eq!(phone.push_one(&world, &meeting).await["status"], "applied");
        held.pull(&world, &phone).await;
        assert!(due_on(&held).contains(&("weekly_meeting".to_owned(), "done".to_owned())));
        let elsewhere = phone.command("gathering.record", json!({ "payload": { "kind": "meeting", "area_code": GRID_2, "title": "碰头" } }));
        assert_eq!(phone.push_one(&world, &elsewhere).await["status"], "rejected");
    }

    async fn what_others_did_for_a_worker_reaches_their_phone_with_the_next_answer(t: TestDb) {
        let world = World::new(t).await;
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let me = world.get(&phone.who, "/api/session").await.ok()["id"].clone();
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        let is = |held: &Held, state: &str| due_on(held).contains(&("weekly_meeting".to_owned(), state.to_owned()));
        assert!(is(&held, "due"), "{:?}", due_on(&held));
        // Of the whole community, and by its clerk: not in the grid, and not by the worker.
        let meeting = json!({ "kind": "meeting", "area_code": COMMUNITY, "title": "碰头", "attendee_ids": [me] });
        world.post(&world.as_("clerk").await, "/api/gatherings", meeting).await.ok();
        held.pull(&world, &phone).await;
        assert!(is(&held, "done"), "{:?}", due_on(&held));
    }

    async fn an_inspection_of_a_phone_never_waits_for_its_photos(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let fields = json!({ "premises_kind": "catering", "name": "老面馆", "address": "向阳路1号", "is_key": "yes" });
        let shop = world.post(&phone.who, "/api/registry/premises", json!({ "area_code": GRID_1, "fields": fields })).await.ok()["id"].as_str().unwrap().to_owned();
        let answers: Vec<Value> = ["exit", "extinguisher", "gas_alarm", "gas_hose", "flue"].iter()
            .map(|item| if *item == "gas_alarm" { json!({ "item": item, "answer": "finding", "note": "没有装" }) } else { json!({ "item": item, "answer": "ok" }) })
            .collect();
        let body = json!({ "record_id": shop, "checklist": "catering", "answers": answers });
        world.post(&phone.who, "/api/inspections", body.clone()).await.refused(422, "invalid");
        let command = phone.command("inspection.record", json!({ "payload": body }));
        let outcome = phone.push_one(&world, &command).await;
        assert_eq!(outcome["status"], "applied", "{outcome}");
        assert_eq!(outcome["entity"]["kind"], "inspection");
        let case = world.get(&phone.who, &format!("/api/cases/{}", outcome["entity"]["case_id"].as_str().unwrap())).await.ok();
        assert_eq!((&case["kind"], &case["weight"]), (&json!("hazard"), &json!("larger")));
        assert_eq!(phone.push_one(&world, &command).await, outcome, "sent again it is answered the same");
    }
}
