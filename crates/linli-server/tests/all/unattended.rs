//! Whoever leaves does not take their cases along.

use crate::world::{Session, World};
use axum::http::Method;
use linli_testkit::on_both;
use serde_json::{Value, json};

async fn account(world: &World, admin: &Session, name: &str) -> Value {
    world.get(admin, &format!("/api/accounts?q={name}")).await.ok()["items"][0].clone()
}

async fn unattended(world: &World, who: &str) -> Vec<String> {
    let who = world.as_(who).await;
    let boxes = world.get(&who, "/api/inbox").await.ok();
    let n = boxes["boxes"].as_array().unwrap().iter().find(|one| one["key"] == "unattended").unwrap()["n"].clone();
    let items = world.get(&who, "/api/cases?box=unattended").await.ok()["items"].as_array().unwrap().clone();
    assert_eq!(n, json!(items.len()));
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn the_cases_of_a_disabled_account_are_listed_until_somebody_else_has_them(t: TestDb) {
        let world = World::new(t).await;
        let (code, other) = (world.report_lamp().await, world.report_lamp().await);
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        assert_eq!(unattended(&world, "clerk").await, Vec::<String>::new());
        let admin = world.as_("admin").await;
        let id = account(&world, &admin, "worker1").await["id"].as_str().unwrap().to_owned();
        let headers = [("content-type", "application/json")];
        world.send(Method::PATCH, &format!("/api/accounts/{id}"), admin.0.as_deref(), &headers, br#"{"disabled":true}"#.to_vec()).await.ok();
        for who in ["clerk", "dispatcher", "leader"] {
            assert_eq!(unattended(&world, who).await, std::slice::from_ref(&code), "{who}");
        }
        assert_eq!(unattended(&world, "other_clerk").await, Vec::<String>::new());
        // Both cases wait at a seat at which nobody answers now.
        let empty = world.get(&admin, "/api/empty-seats").await.ok();
        assert_eq!((empty["items"].as_array().unwrap().len(), &empty["items"][0]["n_open"]), (1, &json!(2)), "{empty}");
        // The community gives them to the neighbouring grid; what is in hand there is attended.
        let clerk = world.as_("clerk").await;
        let seat = json!({ "seat": { "area_code": crate::world::GRID_2 }, "reason": "原网格员离岗" });
        for code in [&code, &other] {
            let offered = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
            let offers: Vec<&str> = offered["actions"].as_array().unwrap().iter().filter_map(|action| action["verb"].as_str()).collect();
            let verb = if offers.contains(&"dispatch") { "dispatch" } else { "hand_on" };
            world.act(&clerk, code, verb, seat.clone()).await.ok();
        }
        assert_eq!(unattended(&world, "clerk").await, Vec::<String>::new());
        assert_eq!(world.get(&admin, "/api/empty-seats").await.ok()["items"], json!([]));
    }

    async fn the_cases_of_an_ended_post_are_listed_and_those_of_another_post_are_not(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let admin = world.as_("admin").await;
        let found = account(&world, &admin, "worker1").await;
        let (id, grant) = (found["id"].as_str().unwrap(), found["grants"][0]["id"].as_str().unwrap());
        // A head of the same community besides: still there for the case.
        world.post(&admin, &format!("/api/accounts/{id}/grants"), json!({ "role": "grid_head", "area_code": crate::world::COMMUNITY })).await.ok();
        world.send(Method::DELETE, &format!("/api/accounts/{id}/grants/{grant}"), admin.0.as_deref(), &[], Vec::new()).await;
        assert_eq!(unattended(&world, "clerk").await, Vec::<String>::new());
        let found = account(&world, &admin, "worker1").await;
        let grant = found["grants"][0]["id"].as_str().unwrap();
        world.send(Method::DELETE, &format!("/api/accounts/{id}/grants/{grant}"), admin.0.as_deref(), &[], Vec::new()).await;
        assert_eq!(unattended(&world, "clerk").await, [code]);
    }
}
