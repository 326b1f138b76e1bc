//! 未诉先办: what keeps coming from one place, who sees it, what a person decides, and that it is kept.

use serde_json::{Value, json};

use crate::world::{GRID_1, GRID_2, Session, World};
use linli_civic::cases::hot_spots::look;
use linli_testkit::on_both;

async fn listed(world: &World, who: &Session, state: &str) -> Vec<Value> {
    world.get(who, &format!("/api/hot-spots?state={state}")).await.ok()["items"].as_array().unwrap().clone()
}

async fn report(world: &World, area: &str, more: Value) -> String {
    let mut body = json!({ "text": "路灯不亮", "area_code": area, "category": "street_light" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post(&Session::none(), "/api/cases", body).await.ok()["code"].as_str().unwrap().to_owned()
}

/// Three broken lamps in grid 1, and the hot spot that they make.
async fn three_lamps(world: &World) -> String {
    for _ in 0..3 {
        report(world, GRID_1, json!({})).await;
    }
    assert_eq!(look(&world.app).await.unwrap(), 1);
    let clerk = world.as_("clerk").await;
    listed(world, &clerk, "open").await[0]["id"].as_str().unwrap().to_owned()
}

on_both! {
    async fn what_keeps_coming_is_shown_with_exactly_the_cases_that_were_counted(t: TestDb) {
        let world = World::new(t).await;
        for _ in 0..2 {
            report(&world, GRID_1, json!({})).await;
        }
        assert_eq!(look(&world.app).await.unwrap(), 0);
        // What is not public counts for nothing.
        report(&world, GRID_1, json!({ "private": true })).await;
        assert_eq!(look(&world.app).await.unwrap(), 0);
        report(&world, GRID_1, json!({})).await;
        assert_eq!((look(&world.app).await.unwrap(), look(&world.app).await.unwrap()), (1, 0));
        let clerk = world.as_("clerk").await;
        let spot = listed(&world, &clerk, "open").await[0].clone();
        assert_eq!((spot["n_cases"].as_i64(), spot["area"]["code"].as_str(), spot["category_name"].as_str()), (Some(3), Some(GRID_1), Some("路灯照明")));
        let shown = world.get(&clerk, &format!("/api/hot-spots/{}", spot["id"].as_str().unwrap())).await.ok();
        assert_eq!(shown["cases"].as_array().unwrap().len(), 3, "{shown}");
        // More come: the number and the cases behind it grow together.
        report(&world, GRID_1, json!({})).await;
        assert_eq!(look(&world.app).await.unwrap(), 0);
        let shown = world.get(&clerk, &format!("/api/hot-spots/{}", spot["id"].as_str().unwrap())).await.ok();
        assert_eq!((shown["n_cases"].as_i64(), shown["cases"].as_array().map(Vec::len)), (Some(4), Some(4)));
    }

    async fn a_hot_spot_is_seen_where_it_lies_and_above_and_nowhere_else(t: TestDb) {
        let world = World::new(t).await;
        let id = three_lamps(&world).await;
        for who in ["worker1", "head", "clerk", "dispatcher", "hotline", "leader", "auditor"] {
            assert_eq!(listed(&world, &world.as_(who).await, "open").await.len(), 1, "{who}");
        }
        for who in ["worker2", "other_clerk", "urban"] {
            let who = world.as_(who).await;
            assert!(listed(&world, &who, "open").await.is_empty());
            assert_eq!(world.get(&who, &format!("/api/hot-spots/{id}")).await.status, 404);
            let reason = json!({ "reason": "不归这里" });
            world.post(&who, &format!("/api/hot-spots/{id}/dismiss"), reason).await;
        }
        assert_eq!(listed(&world, &world.as_("clerk").await, "open").await.len(), 1);
        world.get(&world.as_("admin").await, "/api/hot-spots").await.refused(403, "forbidden");
        world.get(&Session::none(), "/api/hot-spots").await.refused(401, "not_signed_in");
    }

    async fn a_person_opens_a_case_for_the_root_of_it_once(t: TestDb) {
        let world = World::new(t).await;
        let id = three_lamps(&world).await;
        let clerk = world.as_("clerk").await;
        let draft = world.get(&clerk, &format!("/api/hot-spots/{id}")).await.ok()["draft"].clone();
        let path = format!("/api/hot-spots/{id}/open");
        world.post(&clerk, &path, json!({ "text": "" })).await.refused(422, "invalid");
        // Those who only look do not decide.
        world.post(&world.as_("leader").await, &path, json!({ "text": draft })).await.refused(403, "forbidden");
        let opened = world.post(&clerk, &path, json!({ "text": draft })).await.ok();
        let dispatcher = world.as_("dispatcher").await;
        let case = world.get(&dispatcher, &format!("/api/cases/{}", opened["case_id"].as_str().unwrap())).await.ok();
        assert_eq!((case["channel"].as_str(), case["seat"]["level"].as_str()), (Some("proactive"), Some("street")));
        world.post(&clerk, &path, json!({ "text": "再来一件" })).await.refused(409, "not_now");
        // The case that was opened makes it no hotter.
        assert_eq!(look(&world.app).await.unwrap(), 0);
        assert!(listed(&world, &clerk, "open").await.is_empty());
        let decided = listed(&world, &clerk, "decided").await[0].clone();
        assert_eq!((decided["state"].as_str(), decided["decision"]["by"].as_str(), &decided["decision"]["case_id"]), (Some("opened"), Some("张敏"), &opened["case_id"]));
        let shown = world.get(&clerk, &format!("/api/hot-spots/{id}")).await.ok();
        assert_eq!((shown["cases"].as_array().map(Vec::len), shown["may_decide"].as_bool()), (Some(3), Some(false)));
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn nothing_follows_only_with_a_reason_that_is_kept(t: TestDb) {
        let world = World::new(t).await;
        let id = three_lamps(&world).await;
        let clerk = world.as_("clerk").await;
        let path = format!("/api/hot-spots/{id}/dismiss");
        world.post(&clerk, &path, json!({ "reason": " " })).await.refused(422, "invalid");
        world.post(&world.as_("auditor").await, &path, json!({ "reason": "不用办" })).await.refused(403, "forbidden");
        assert_eq!(world.post(&clerk, &path, json!({ "reason": "是同一盏灯，已经派单" })).await.status, 204);
        world.post(&clerk, &path, json!({ "reason": "再说一次" })).await.refused(409, "not_now");
        let decided = listed(&world, &clerk, "decided").await[0].clone();
        assert_eq!((decided["state"].as_str(), decided["decision"]["reason"].as_str()), (Some("dismissed"), Some("是同一盏灯，已经派单")));
        assert!(decided["decision"]["case_id"].is_null());
    }

    async fn what_lies_in_another_grid_is_another_spot(t: TestDb) {
        let world = World::new(t).await;
        three_lamps(&world).await;
        for _ in 0..3 {
            report(&world, GRID_2, json!({})).await;
        }
        assert_eq!(look(&world.app).await.unwrap(), 1);
        assert_eq!(listed(&world, &world.as_("clerk").await, "open").await.len(), 2);
        assert_eq!(listed(&world, &world.as_("worker2").await, "open").await.len(), 1);
    }
}
