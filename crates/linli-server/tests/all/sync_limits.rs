//! What phones are spared: rows beyond what they hold, what is long past, and typing a password every few hours.

use linli_db::params;
use serde_json::{Value, json};

use crate::sync::{Held, Phone};
use crate::world::{GRID_1, Session, World};
use linli_testkit::on_both;

const HOUR_MS: i64 = 3_600_000;

/// Rows that the phone may hold, as if they had been sent.
async fn holds(world: &World, phone: &Phone, kind: &'static str, ids: Vec<String>) {
    let device = phone.id.clone();
    let rows = move |tx: &mut linli_db::Tx<'_>| {
        tx.bookkeep(|writer| {
            for id in &ids {
                writer.exec(
                    "INSERT INTO sync_row (device_id, kind, row_id) VALUES ($1, $2, $3)",
                    &params![device, kind, id],
                )?;
            }
            Ok::<_, linli_db::StoreError>(())
        })
    };
    world.app.db.write(rows).await.unwrap();
}

fn lamp(text: &str) -> Value {
    json!({ "text": text, "area_code": GRID_1, "category": "street_light" })
}

on_both! {
    async fn on_a_phone_that_is_full_a_new_case_stands_in_place_of_what_is_oldest(t: TestDb) {
        let world = World::new(t).await;
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert_eq!(phone.page(&world, held.cursor.as_deref()).await["truncated"], false);
        holds(&world, &phone, "record", (0..5_000).map(|n| format!("00000000-0000-7000-8000-{n:012}")).collect()).await;
        world.post(&Session::none(), "/api/cases", lamp("路灯不亮")).await.ok();
        let removals = held.pull(&world, &phone).await;
        assert_eq!(held.of("case").len(), 1, "work is never what is left out");
        let oldest = json!({ "kind": "record", "id": "00000000-0000-7000-8000-000000000000" });
        assert!(removals.contains(&oldest), "{removals:?}");
        // It says so for as long as it is so.
        assert_eq!(phone.page(&world, held.cursor.as_deref()).await["truncated"], true);
    }

    async fn visits_of_half_a_year_ago_leave_the_phone_by_themselves(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let visit = phone.command("visit.record", json!({ "payload": { "kind": "patrol", "area_code": GRID_1, "note": "正常" } }));
        assert_eq!(phone.push_one(&world, &visit).await["status"], "applied");
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert_eq!(held.of("visit").len(), 1);
        world.clock.advance_ms(181 * 24 * HOUR_MS);
        phone.who = world.as_("worker1").await;
        let removals = held.pull(&world, &phone).await;
        assert!(removals.iter().any(|removal| removal["kind"] == "visit"), "{removals:?}");
        assert!(held.of("visit").is_empty());
    }

    async fn a_phone_hears_only_of_what_concerns_it_and_passes_the_rest_by(t: TestDb) {
        let world = World::new(t).await;
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        for n in 0..5 {
            world.post(&Session::none(), "/api/cases", json!({ "text": format!("别处路灯不亮{n}"), "area_code": crate::world::GRID_2, "category": "street_light" })).await.ok();
        }
        let before = held.cursor.clone().unwrap();
        held.pull(&world, &phone).await;
        assert!(held.of("case").is_empty());
        let position = |cursor: &str| cursor.split('.').nth(2).unwrap().parse::<i64>().unwrap();
        assert!(position(&held.cursor.clone().unwrap()) >= position(&before) + 5, "it does not look at them again");
    }

    async fn a_phone_that_is_too_far_behind_is_told_everything_anew(t: TestDb) {
        let world = World::new(t).await;
        world.post(&Session::none(), "/api/cases", lamp("路灯不亮")).await.ok();
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        let mut parts: Vec<String> = held.cursor.clone().unwrap().split('.').map(str::to_owned).collect();
        parts[1] = "0".to_owned();
        parts[2] = "-200000".to_owned();
        let page = phone.page(&world, Some(&parts.join("."))).await;
        assert!(page["upserts"].as_array().unwrap().iter().any(|row| row["kind"] == "playbook"), "{page}");
    }

    async fn another_playbook_sends_its_rules_and_not_every_case(t: TestDb) {
        let world = World::new(t).await;
        world.post(&Session::none(), "/api/cases", lamp("路灯不亮")).await.ok();
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert_eq!(phone.page(&world, held.cursor.as_deref()).await["upserts"], json!([]));
        let mut parts: Vec<String> = held.cursor.clone().unwrap().split('.').map(str::to_owned).collect();
        parts[4] = "another".to_owned();
        let page = phone.page(&world, Some(&parts.join("."))).await;
        let kinds: Vec<&str> = page["upserts"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"playbook") && !kinds.contains(&"case"), "{kinds:?}");
        assert_eq!(phone.page(&world, page["next_cursor"].as_str()).await["upserts"], json!([]));
    }

    async fn a_phones_session_lasts_three_days_and_no_other_does(t: TestDb) {
        let world = World::new(t).await;
        let (desk, phone) = (world.as_("worker1").await, Phone::of(&world, world.as_("worker1").await).await);
        for _ in 0..7 {
            world.clock.advance_ms(10 * HOUR_MS);
            world.get(&phone.who, "/api/session").await.ok();
        }
        world.get(&desk, "/api/session").await.refused(401, "not_signed_in");
        let now = world.app.now();
        world.app.db.write(move |tx| linli_access::session::sweep(tx, now)).await.unwrap();
        world.get(&phone.who, "/api/session").await.ok();
        world.clock.advance_ms(3 * HOUR_MS);
        world.get(&phone.who, "/api/session").await.refused(401, "not_signed_in");
    }

    async fn a_phone_that_asks_for_its_key_has_a_session_that_lasts(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        phone.who = world.as_("worker1").await;
        let lent = world.post(&phone.who, "/api/sync/unlock", json!({ "device_id": phone.id })).await;
        assert!(lent.body["share"].is_string());
        world.clock.advance_ms(40 * HOUR_MS);
        world.get(&phone.who, "/api/session").await.ok();
    }
}
