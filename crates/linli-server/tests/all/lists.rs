//! Lists and counts of the inbox, read off the ranges of `case_scope`, on both databases.

use linli_civic::cases::count::MOST;
use linli_db::{StoreError, params};
use linli_kernel::{CaseId, GrantId, Role};
use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, Session, World};
use linli_testkit::on_both;

/// The codes of a box, page by page.
async fn paged(world: &World, who: &Session, list: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.get(who, &format!("{list}&limit=2{cursor}")).await.ok();
        codes.extend(page["items"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { return codes };
        cursor = format!("&cursor={next}");
    }
}

async fn counted(world: &World, who: &Session, key: &str) -> (Value, Value, Value) {
    let inbox = world.get(who, "/api/inbox").await.ok();
    let found = inbox["boxes"].as_array().unwrap().iter().find(|found| found["key"] == key).unwrap().clone();
    (found["n"].clone(), found["n_soon"].clone(), found["n_late"].clone())
}

async fn report(world: &World, area: &str, category: &str) -> String {
    let body = json!({ "text": "楼道里的灯一直闪", "area_code": area, "category": category });
    let code = world.post(&Session::none(), "/api/cases", body).await.ok()["code"].as_str().unwrap().to_owned();
    world.clock.advance_ms(60_000);
    code
}

/// Gives somebody another post.
async fn grant(world: &World, name: &'static str, role: Role, area: &'static str, unit: Option<&'static str>) {
    let (ids, now) = (std::sync::Arc::clone(&world.app.ids), world.app.now());
    let grant = move |tx: &mut linli_db::Tx<'_>| {
        tx.bookkeep(|w| {
            w.exec(
                "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at) SELECT $1, id, $3, $4, $5, $6 FROM account WHERE name = $2",
                &params![GrantId::new(ids.uuid(now)), name, role, area, unit, now],
            )?;
            Ok::<_, StoreError>(())
        })
    };
    world.app.db.write(grant).await.unwrap();
}

on_both! {
    async fn a_case_that_two_posts_reach_is_listed_and_counted_once(t: TestDb) {
        let world = World::new(t).await;
        world.hire("both", Role::CommunityClerk, COMMUNITY, None).await;
        grant(&world, "both", Role::DepartmentClerk, COMMUNITY, Some("property")).await;
        world.hire("porter", Role::DepartmentClerk, COMMUNITY, Some("property")).await;
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(report(&world, GRID_1, "property_service").await);
        }
        let both = world.as_("both").await;
        let seat = world.get(&both, &format!("/api/cases/{}", codes[0])).await.ok()["seat"].clone();
        assert_eq!(seat["unit"]["code"], "property", "{seat}");
        codes.reverse();
        assert_eq!(paged(&world, &both, "/api/cases?box=all_open").await, codes);
        assert_eq!(counted(&world, &both, "all_open").await, (json!(3), json!(0), json!(0)));
    }

    async fn what_is_late_or_nearly_so_is_listed_by_what_ends_first_at_every_level(t: TestDb) {
        let world = World::new(t).await;
        let first = report(&world, GRID_1, "street_light").await;
        let second = report(&world, GRID_2, "street_light").await;
        let third = report(&world, GRID_1, "street_light").await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &third, "take", json!({})).await.ok();
        world.act(&worker, &third, "ask", json!({ "question": "哪一层的灯？" })).await.ok();
        // Nobody signed for most of the day, and what waits for the resident is neither late nor soon.
        world.clock.set("2026-09-28T14:30:00+08:00".parse().unwrap());
        for (name, soon) in [("worker1", vec![&first]), ("clerk", vec![&first, &second]), ("leader", vec![&first, &second])] {
            let who = world.as_(name).await;
            assert_eq!(paged(&world, &who, "/api/cases?box=soon").await.iter().collect::<Vec<_>>(), soon, "{name}");
            let (_, n_soon, n_late) = counted(&world, &who, "all_open").await;
            assert_eq!((n_soon, n_late), (json!(soon.len()), json!(0)), "{name}");
        }
        world.clock.set("2026-10-12T12:00:00+08:00".parse().unwrap());
        for (name, late) in [("worker1", vec![&first]), ("clerk", vec![&first, &second]), ("leader", vec![&first, &second])] {
            let who = world.as_(name).await;
            assert_eq!(paged(&world, &who, "/api/cases?box=late").await.iter().collect::<Vec<_>>(), late, "{name}");
            assert_eq!(counted(&world, &who, "late").await, (json!(late.len()), json!(0), json!(late.len())), "{name}");
            assert!(paged(&world, &who, "/api/cases?box=waiting").await.contains(&third), "{name}");
        }
        // A clock that goes on another way is listed where it stands now: the sweep moves both up a level, with new clocks.
        world.wait_until("2026-10-12T12:00:00").await;
        let leader = world.as_("leader").await;
        let late = paged(&world, &leader, "/api/cases?box=late").await;
        for code in [&first, &second] {
            let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
            let is_late = case["due_at"].as_str().unwrap() <= "2026-10-12T12:00:00+08:00";
            assert_eq!(late.contains(code), is_late, "{case}");
        }
    }

    async fn no_more_than_a_thousand_are_counted(t: TestDb) {
        let world = World::new(t).await;
        let code = report(&world, GRID_1, "street_light").await;
        let (ids, now) = (std::sync::Arc::clone(&world.app.ids), world.app.now());
        // Rows of the list alone: to be counted, a case need not be read.
        world.app.db.write(move |tx| tx.bookkeep(|w| {
            for _ in 0..MOST + 5 {
                let id = CaseId::new(ids.uuid(now));
                w.exec("INSERT INTO case_scope (scope_key, phase, case_id, due_at, soon_at) VALUES ($1, 'open', $2, $3, $3)", &params![GRID_1, id, now])?;
            }
            Ok::<_, StoreError>(())
        })).await.unwrap();
        let worker = world.as_("worker1").await;
        assert_eq!(counted(&world, &worker, "all_open").await.0, json!(MOST));
        assert_eq!(counted(&world, &worker, "late").await.0, json!(MOST));
        assert_eq!(counted(&world, &worker, "to_sign").await.0, json!(1));
        assert_eq!(world.get(&worker, &format!("/api/cases/{code}")).await.status.as_u16(), 200);
    }
}
