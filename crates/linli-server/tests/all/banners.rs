//! The line above the pages, through the real router, on both databases.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, GRID_1, OTHER_COMMUNITY, STREET, Session, World};
use linli_testkit::on_both;

const CITY: &str = "610500000000";

async fn shown(world: &World, who: &Session, query: &str) -> Vec<String> {
    let site = world.get(who, &format!("/api/site?{query}")).await.ok();
    site["notices"].as_array().unwrap().iter().map(|notice| notice["text"].as_str().unwrap().to_owned()).collect()
}

fn banner(area: &str, text: &str) -> Value {
    json!({ "area_code": area, "severity": "warn", "text": text, "faces": ["home", "field"] })
}

on_both! {
    async fn a_banner_is_shown_below_its_area_on_its_faces_until_it_is_taken_down(t: TestDb) {
        let world = World::new(t).await;
        let (dispatcher, nobody) = (world.as_("dispatcher").await, Session::none());
        let put = world.post(&dispatcher, "/api/banners", banner(STREET, "向阳街道停水")).await;
        assert_eq!(put.status, 201, "{}", put.body);
        let id = put.body["id"].as_str().unwrap().to_owned();
        assert_eq!(shown(&world, &nobody, &format!("face=home&area={GRID_1}")).await, ["向阳街道停水"]);
        assert!(shown(&world, &nobody, &format!("face=home&area={COUNTY}")).await.is_empty());
        assert!(shown(&world, &nobody, "face=home").await.is_empty(), "a page of no place shows the city's only");
        assert!(shown(&world, &nobody, &format!("face=desk&area={GRID_1}")).await.is_empty());
        let worker = world.as_("worker1").await;
        assert_eq!(shown(&world, &worker, "face=field").await, ["向阳街道停水"]);
        let plain = world.get(&nobody, "/plain").await;
        assert!(!String::from_utf8_lossy(&plain.bytes).contains("停水"));
        assert_eq!(world.post(&dispatcher, &format!("/api/banners/{id}/take-down"), Value::Null).await.status, 204);
        assert!(shown(&world, &nobody, &format!("face=home&area={GRID_1}")).await.is_empty());
        let list = world.get(&dispatcher, "/api/banners").await.ok();
        assert_eq!((&list["items"][0]["state"], &list["items"][0]["version"]), (&json!("over"), &json!(2)));
    }

    async fn a_banner_of_the_city_stands_on_every_page_and_on_those_without_a_script(t: TestDb) {
        let world = World::new(t).await;
        let (admin, nobody) = (world.as_("admin").await, Session::none());
        world.post(&admin, "/api/banners", banner(CITY, "全市大雪")).await.refused(403, "forbidden");
        let text = "临渭区大雪 <b>红色</b>预警";
        let put = world.post(&admin, "/api/banners", banner(COUNTY, text)).await;
        assert_eq!(put.status, 201);
        assert_eq!(shown(&world, &nobody, &format!("face=home&area={GRID_1}")).await, [text]);
        let code = world.report_lamp().await;
        let page = world.get(&nobody, &format!("/plain/c/{code}")).await;
        let html = String::from_utf8(page.bytes).unwrap();
        assert!(html.contains("临渭区大雪 &lt;b&gt;红色"), "{html}");
    }

    async fn a_banner_waits_for_its_time_and_is_changed_on_the_version_that_was_seen(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, nobody) = (world.as_("clerk").await, Session::none());
        let mut body = banner(COMMUNITY, "明天停电");
        body["starts_at"] = json!("2026-09-28T12:00:00+08:00");
        body["ends_at"] = json!("2026-09-28T18:00:00+08:00");
        let put = world.post(&clerk, "/api/banners", body.clone()).await;
        assert_eq!(put.body["state"], "planned");
        let (id, at) = (put.body["id"].as_str().unwrap().to_owned(), format!("face=home&area={GRID_1}"));
        assert!(shown(&world, &nobody, &at).await.is_empty());
        world.clock.set("2026-09-28T12:00:00+08:00".parse().unwrap());
        let clerk = world.as_("clerk").await;
        assert_eq!(shown(&world, &nobody, &at).await, ["明天停电"]);
        body["text"] = json!("今天停电");
        body["version"] = json!(1);
        let headers = [("content-type", "application/json")];
        let put = async |body: &Value| {
            world.send(Method::PUT, &format!("/api/banners/{id}"), clerk.0.as_deref(), &headers, body.to_string().into_bytes()).await
        };
        assert_eq!(put(&body).await.ok()["version"], 2);
        put(&body).await.refused(409, "version_conflict");
        assert_eq!(shown(&world, &nobody, &at).await, ["今天停电"]);
        world.clock.set("2026-09-28T18:00:00+08:00".parse().unwrap());
        assert!(shown(&world, &nobody, &at).await.is_empty());
    }

    async fn banners_are_put_up_for_ones_own_area_only(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        world.post(&clerk, "/api/banners", banner(OTHER_COMMUNITY, "x")).await.refused(403, "forbidden");
        let worker = world.as_("worker1").await;
        world.post(&worker, "/api/banners", banner(GRID_1, "x")).await.refused(403, "forbidden");
        let put = world.post(&clerk, "/api/banners", banner(COMMUNITY, "x")).await.ok();
        let other = world.as_("other_clerk").await;
        let path = format!("/api/banners/{}/take-down", put["id"].as_str().unwrap());
        world.post(&other, &path, Value::Null).await.refused(404, "not_found");
        for (field, value) in [("text", json!(" ")), ("faces", json!([])), ("link", json!("javascript:alert(1)")), ("area_code", json!("610599000000"))] {
            let mut bad = banner(COMMUNITY, "x");
            bad[field] = value;
            let problem = world.post(&clerk, "/api/banners", bad).await.refused(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], field);
        }
    }
}
