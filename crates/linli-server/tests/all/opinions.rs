//! What residents propose and what came of it, told to everybody, over HTTP on both databases.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answered, COMMUNITY, GRID_1, OTHER_COMMUNITY, Session, World, reply};
use linli_testkit::on_both;

/// Has a proposal answered by the community; its id.
pub async fn answered(world: &World, code: &str) -> String {
    let (clerk, clerk2) = (world.as_("clerk").await, world.as_("clerk2").await);
    world.act(&clerk, code, "take", json!({})).await.ok();
    world.act(&clerk, code, "settle", json!({ "reply": reply() })).await.ok();
    world.act(&clerk2, code, "verify", json!({})).await.ok();
    world.get(&clerk, &format!("/api/cases/{code}")).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn propose(world: &World, text: &str, more: Value) -> String {
    let mut body = json!({ "text": text, "area_code": GRID_1, "category": "suggestion" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let said = world.post(&Session::none(), "/api/cases", body).await.ok();
    world.clock.advance_ms(60_000);
    said["code"].as_str().unwrap().to_owned()
}

async fn publish(world: &World, who: &Session, id: &str, body: Value) -> Answered {
    let kind = [("content-type", "application/json")];
    world
        .send(Method::PUT, &format!("/api/opinions/{id}"), who.0.as_deref(), &kind, body.to_string().into_bytes())
        .await
}

fn said(summary: &str, outcome: &str) -> Value {
    json!({ "summary": summary, "outcome": outcome, "answer": "已和物业看过现场，列入明年一季度的改造计划。" })
}

async fn public(world: &World, query: &str) -> Value {
    world.get(&Session::none(), &format!("/api/public/opinions{query}")).await.ok()
}

on_both! {
    async fn what_was_proposed_and_what_came_of_it_is_told_to_everybody_without_whoever_proposed_it(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let words = "我家老人住3号楼501，希望楼下加一处充电棚";
        let code = propose(&world, words, json!({ "phone": "19900000009", "name": "李秀兰" })).await;
        let early = world.get(&clerk, &format!("/api/cases/{code}")).await.ok()["id"].as_str().unwrap().to_owned();
        publish(&world, &clerk, &early, said("加一处充电棚", "planned")).await.refused(409, "not_now");
        assert_eq!(world.get(&clerk, "/api/opinions/waiting").await.ok()["items"], json!([]), "not before it is answered");

        let id = answered(&world, &code).await;
        let waiting = world.get(&clerk, "/api/opinions/waiting").await.ok();
        assert_eq!((&waiting["items"][0]["case_id"], &waiting["items"][0]["category_name"]), (&json!(id), &json!("意见建议")));
        assert_eq!(public(&world, "").await["items"], json!([]), "nothing is published by itself");
        let shown = world.get(&clerk, &format!("/api/opinions/{id}")).await.ok();
        assert_eq!((&shown["opinion"], &shown["may_publish"]), (&Value::Null, &json!(true)));

        publish(&world, &clerk, &id, said("请打19900000009问我", "planned")).await.refused(422, "invalid");
        publish(&world, &clerk, &id, said("", "planned")).await.refused(422, "invalid");
        let published = publish(&world, &clerk, &id, said("在3号楼旁边加一处充电棚", "planned")).await.ok();
        assert_eq!(published["version"], 1);
        let told = public(&world, &format!("?area={GRID_1}")).await;
        assert_eq!((&told["items"][0]["summary"], &told["items"][0]["outcome_name"]), (&json!("在3号楼旁边加一处充电棚"), &json!("列入计划")));
        assert_eq!(told["items"][0]["area"]["code"], COMMUNITY, "no nearer than the community");
        let counts: Vec<_> = told["counts"].as_array().unwrap().iter().map(|count| count["n"].as_i64().unwrap()).collect();
        assert_eq!(counts, [0, 0, 1, 0]);
        for secret in ["501", "李秀兰", "19900000009", &code, &id] {
            assert!(!told.to_string().contains(secret), "{told}");
        }
        assert_eq!(public(&world, &format!("?area={OTHER_COMMUNITY}")).await["items"], json!([]));
        assert_eq!(world.get(&clerk, "/api/opinions/waiting").await.ok()["items"], json!([]));

        // It is said better, and taken back; whoever saw an older one is told.
        let better = json!({ "summary": "在3号楼东侧加一处充电棚", "outcome": "adopted", "answer": "已经建好，欢迎使用。", "version": 1 });
        assert_eq!(publish(&world, &clerk, &id, better.clone()).await.ok()["version"], 2);
        publish(&world, &clerk, &id, better).await.refused(409, "version_conflict");
        assert_eq!(public(&world, "").await["items"][0]["outcome"], "adopted");
        let gone = world.post(&clerk, &format!("/api/opinions/{id}/withdraw"), Value::Null).await;
        assert_eq!(gone.status, 204);
        assert_eq!(public(&world, "").await["items"], json!([]));
        world.post(&clerk, &format!("/api/opinions/{id}/withdraw"), Value::Null).await.refused(404, "not_found");
        assert!(world.get(&clerk, &format!("/api/opinions/{id}")).await.ok()["opinion"]["withdrawn_at"].is_string());
    }

    async fn only_who_answers_for_the_place_publishes_and_only_opinions_that_are_not_private(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let id = answered(&world, &propose(&world, "希望多办几次义诊", json!({})).await).await;
        for (who, status, code) in [("other_clerk", 404, "not_found"), ("worker1", 403, "forbidden"), ("leader", 403, "forbidden")] {
            publish(&world, &world.as_(who).await, &id, said("多办几次义诊", "adopted")).await.refused(status, code);
        }
        assert_eq!(world.get(&world.as_("worker1").await, &format!("/api/opinions/{id}")).await.ok()["may_publish"], false);
        world.get(&world.as_("other_clerk").await, &format!("/api/opinions/{id}")).await.refused(404, "not_found");

        let private = answered(&world, &propose(&world, "希望有人管一管我家的事", json!({ "private": true })).await).await;
        publish(&world, &clerk, &private, said("有人管一管", "explained")).await.refused(404, "not_found");
        let lamp = world.report_lamp().await;
        let lamp = world.get(&clerk, &format!("/api/cases/{lamp}")).await.ok()["id"].as_str().unwrap().to_owned();
        publish(&world, &clerk, &lamp, said("路灯要亮", "adopted")).await.refused(404, "not_found");
        let waiting = world.get(&clerk, "/api/opinions/waiting").await.ok();
        assert_eq!(waiting["items"].as_array().unwrap().len(), 1, "{waiting}");
    }

    async fn many_are_told_page_by_page_the_newest_first(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        for n in 0..3 {
            let id = answered(&world, &propose(&world, &format!("建议第{n}条"), json!({})).await).await;
            publish(&world, &clerk, &id, said(&format!("公开的第{n}条建议"), "adopted")).await.ok();
        }
        let first = public(&world, "?limit=2").await;
        let second = public(&world, &format!("?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
        let read: Vec<_> = [&first, &second].iter().flat_map(|page| page["items"].as_array().unwrap()).map(|one| one["summary"].as_str().unwrap()).collect();
        assert_eq!(read, ["公开的第2条建议", "公开的第1条建议", "公开的第0条建议"]);
        assert_eq!(second["next"], Value::Null);
    }
}
