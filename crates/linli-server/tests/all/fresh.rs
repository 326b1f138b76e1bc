//! The answer to a report is built from what its transaction held: it must be the case as anybody reads it afterwards.

use crate::world::{GRID_1, Session, World};
use axum::http::Method;
use linli_testkit::on_both;
use serde_json::{Value, json};

async fn report(world: &World, key: &str, body: Value) -> Value {
    world.post_with_key(&Session::none(), "/api/cases", key, body).await.ok()
}

fn lamp() -> Value {
    json!({ "text": "3号楼前的路灯不亮，晚上看不清路", "area_code": GRID_1, "category": "street_light", "phone": "19900000001" })
}

on_both! {
    async fn the_answer_to_a_report_is_the_case_as_it_is_read(t: TestDb) {
        let world = World::new(t).await;
        let bodies = [
            lamp(),
            json!({ "text": "有人在楼道里堆东西", "area_code": GRID_1 }),
            json!({ "text": "路口积水", "point": { "lon": 109.5, "lat": 34.5 }, "area_code": crate::world::COMMUNITY, "category": "street_light", "name": "李女士" }),
        ];
        for (n, body) in bodies.into_iter().enumerate() {
            // Without and with people kept in memory.
            for watched in [false, true, true] {
                if watched { world.app.posts.watch() } else { world.app.posts.unwatch() }
                let answered = report(&world, &format!("{n}{watched}"), body.clone()).await;
                let code = answered["code"].as_str().unwrap();
                let read = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
                assert_eq!(answered["case"], read, "{watched}");
            }
        }
        // Sent again, the same report is answered with the same case.
        let again = report(&world, "0true", lamp()).await;
        let first = report(&world, "0true", lamp()).await;
        assert_eq!(again, first);
        let other = world.post_with_key(&Session::none(), "/api/cases", "0true", json!({ "text": "别的事", "area_code": GRID_1 })).await;
        other.refused(422, "key_reused");
    }

    async fn residents_are_told_of_somebody_who_is_there(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let away = world.post(&worker, "/api/leaves", json!({ "from": "2026-09-28", "to": "2026-09-29" })).await.ok();
        for watched in [false, true] {
            if watched { world.app.posts.watch() }
            let told = report(&world, &format!("away{watched}"), lamp()).await;
            assert_eq!(told["case"]["worker"]["name"], "赵小兰", "{watched}: {told}");
            let read = world.get(&Session::none(), &format!("/api/public/cases/{}", told["code"].as_str().unwrap())).await.ok();
            assert_eq!(told["case"], read);
        }
        let path = format!("/api/leaves/{}/end", away["id"].as_str().unwrap());
        assert_eq!(world.post(&worker, &path, json!({})).await.status, 204);
        assert_eq!(report(&world, "back", lamp()).await["case"]["worker"]["name"], "李春梅");
    }

    async fn who_answers_is_forgotten_when_somebody_leaves(t: TestDb) {
        let world = World::new(t).await;
        world.app.posts.watch();
        let first = report(&world, "1", lamp()).await;
        assert_eq!(first["case"]["worker"]["name"], "李春梅");
        let admin = world.as_("admin").await;
        let found = world.get(&admin, "/api/accounts?q=worker1").await.ok();
        let id = found["items"][0]["id"].as_str().unwrap();
        let headers = [("content-type", "application/json")];
        world.send(Method::PATCH, &format!("/api/accounts/{id}"), admin.0.as_deref(), &headers, br#"{"disabled":true}"#.to_vec()).await.ok();
        let second = report(&world, "2", lamp()).await;
        assert_eq!(second["case"]["worker"]["name"], "赵小兰", "{second}");
        let read = world.get(&Session::none(), &format!("/api/public/cases/{}", second["code"].as_str().unwrap())).await.ok();
        assert_eq!(second["case"], read);
        assert_ne!(second["case"]["seat_name"], first["case"]["seat_name"]);
    }
}
