//! Public facilities, over HTTP on both databases: reported by their code, on a phone and at the desk, mended, and told to anybody.

use serde_json::{Value, json};

use crate::sync::{Held, Phone};
use crate::world::{GRID_1, GRID_2, Session, World, reply};
use linli_testkit::on_both;

async fn enter(world: &World, who: &Session, area: &str, kind: &str, name: &str) -> String {
    let fields = json!({ "facility_kind": kind, "name": name, "address": "红旗小区3号楼前", "keeper": "红旗物业" });
    let entered = world.post(who, "/api/registry/facilities", json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

async fn names(world: &World, who: &Session, query: &str) -> Vec<String> {
    let list = world.get(who, &format!("/api/facilities{query}")).await.ok();
    list["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn a_facility_is_reported_by_its_code_and_is_mended_when_its_case_is(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let lamp = enter(&world, &clerk, GRID_1, "light", "3号楼前路灯").await;
        enter(&world, &clerk, GRID_1, "lift", "12号楼电梯").await;
        enter(&world, &clerk, GRID_2, "light", "南门路灯").await;
        assert_eq!(names(&world, &clerk, "").await, ["3号楼前路灯", "12号楼电梯", "南门路灯"], "in the order of places, 3 before 12");
        assert_eq!(names(&world, &clerk, "?kind=light").await, ["3号楼前路灯", "南门路灯"]);
        assert!(names(&world, &clerk, "?standing=reported").await.is_empty());

        let code = world.post(&clerk, &format!("/api/facilities/{lamp}/code"), Value::Null).await.ok()["code"].as_str().unwrap().to_owned();
        let again = world.post(&clerk, &format!("/api/facilities/{lamp}/code"), Value::Null).await.ok();
        assert_eq!(again["code"], json!(code), "it is given once");
        let nobody = Session::none();
        let public = world.get(&nobody, &format!("/api/public/facilities/{}", code.to_lowercase())).await.ok();
        assert_eq!((&public["name"], &public["kind_name"], &public["open_since"]), (&json!("3号楼前路灯"), &json!("路灯、照明"), &Value::Null));

        // Scanned by a resident, it is that lamp which is reported.
        let reported = world.post(&nobody, "/api/cases", json!({ "text": "晚上不亮", "place": code, "category": "street_light" })).await.ok();
        let case = reported["code"].as_str().unwrap().to_owned();
        assert_eq!(names(&world, &clerk, "?standing=reported").await, ["3号楼前路灯"]);
        let page = world.get(&clerk, &format!("/api/facilities/{lamp}")).await.ok();
        assert_eq!((&page["facility"]["n_open"], &page["cases"][0]["text"]), (&json!(1), &json!("晚上不亮")));
        let public = world.get(&nobody, &format!("/api/public/facilities/{code}")).await.ok();
        assert!(public["open_since"].is_string(), "{public}");
        assert!(!public.to_string().contains("晚上不亮"), "what was said stays with those who answer");

        let worker = world.as_("worker1").await;
        world.act(&worker, &case, "take", json!({})).await.ok();
        world.act(&worker, &case, "settle", json!({ "reply": reply() })).await.ok();
        let clerk2 = world.as_("clerk2").await;
        world.act(&clerk2, &case, "verify", json!({})).await.ok();
        let page = world.get(&clerk, &format!("/api/facilities/{lamp}")).await.ok();
        assert_eq!((&page["facility"]["n_open"], &page["facility"]["n_reported"]), (&json!(0), &json!(1)));
        assert!(page["facility"]["mended_at"].is_string(), "{page}");
        let list = world.get(&clerk, "/api/facilities").await.ok();
        assert_eq!([&list["n_all"], &list["n_reported_now"], &list["n_reported"], &list["n_mended"]], [&json!(3), &json!(0), &json!(1), &json!(1)]);
    }

    async fn a_private_case_about_a_facility_is_told_to_nobody(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let lift = enter(&world, &clerk, GRID_1, "lift", "12号楼电梯").await;
        let code = world.post(&clerk, &format!("/api/facilities/{lift}/code"), Value::Null).await.ok()["code"].as_str().unwrap().to_owned();
        let body = json!({ "text": "有人在电梯里被困住受了惊吓", "place": code, "private": true });
        world.post(&Session::none(), "/api/cases", body).await.ok();
        let public = world.get(&Session::none(), &format!("/api/public/facilities/{code}")).await.ok();
        assert_eq!(public["open_since"], Value::Null);
    }

    async fn only_staff_of_the_place_name_a_facility_without_its_code(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let lamp = enter(&world, &clerk, GRID_1, "light", "3号楼前路灯").await;
        let report = json!({ "text": "灯罩碎了", "facility": lamp });
        world.post(&Session::none(), "/api/cases", report.clone()).await.refused(401, "not_signed_in");
        world.post(&world.as_("worker2").await, "/api/cases", report.clone()).await.refused(403, "forbidden");
        let entered = world.post(&world.as_("worker1").await, "/api/cases", report).await;
        assert_eq!(entered.status, 201, "{}", entered.body);
        let case = world.get(&clerk, &format!("/api/cases/{}", entered.body["code"].as_str().unwrap())).await.ok();
        assert!(case.to_string().contains("红旗小区3号楼前 3号楼前路灯"), "{case}");
        world.get(&world.as_("other_clerk").await, &format!("/api/facilities/{lamp}")).await.refused(404, "not_found");
        world.get(&world.as_("urban").await, "/api/facilities").await.refused(403, "forbidden");

        // On a phone with no network: the facility is there, and what is reported of it later is the same.
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert!(held.of("record").iter().any(|row| row["kind"] == "facility" && row["name"] == "3号楼前路灯"));
        let sent = phone.command("case.report", json!({ "payload": { "text": "灯杆歪了", "facility": lamp } }));
        assert_eq!(phone.push_one(&world, &sent).await["status"], "applied");
        let page = world.get(&clerk, &format!("/api/facilities/{lamp}")).await.ok();
        assert_eq!(page["facility"]["n_open"], 2);
    }
}
