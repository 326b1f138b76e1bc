//! Who may look at a resident's contact, what is recorded of it, and that the resident reads it.

use serde_json::json;

use crate::world::{Session, World};
use linli_testkit::on_both;

const PHONE: &str = "19900000001";

on_both! {
    async fn a_search_by_phone_is_recorded_and_the_resident_reads_who_looked(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let found = world.post(&worker, "/api/cases/by-phone", json!({ "phone": PHONE, "purpose": "来电人问上次的路灯" })).await.ok();
        assert_eq!(found["items"][0]["code"], json!(code));
        world.clock.set(world.app.now().plus_ms(60_000));
        let clerk = world.as_("clerk").await;
        world.clock.advance_ms(60_000);
        world.post(&clerk, &format!("/api/cases/{code}/contact"), json!({ "purpose": "问清灯杆位置" })).await.ok();

        let shown = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        let looks = shown["contact_looks"].as_array().unwrap();
        assert_eq!(looks.len(), 2, "{shown}");
        // The newest first. A clerk is named by the office alone; a grid worker's name hangs in the stairwell anyway.
        assert_eq!((&looks[0]["reader"], &looks[0]["purpose"]), (&json!("红旗社区工作人员"), &json!("问清灯杆位置")));
        assert!(looks[1]["reader"].as_str().unwrap().contains("李春梅"), "{shown}");
        assert!(!shown.to_string().contains("张敏"), "{shown}");

        let page = world.send(axum::http::Method::GET, &format!("/plain/c/{code}"), None, &[], Vec::new()).await;
        let page = String::from_utf8(page.bytes).unwrap();
        assert!(page.contains("谁查看过您的联系方式") && page.contains("问清灯杆位置") && !page.contains("张敏"), "{page}");

        let auditor = world.as_("auditor").await;
        let log = world.get(&auditor, "/api/read-log").await.ok();
        assert!(log["items"].as_array().unwrap().iter().any(|item| item["field"] == "phone_search" && item["reader"] == "李春梅"), "{log}");
    }

    async fn a_search_by_phone_says_why_and_finds_only_what_the_searcher_may_call(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        let search = json!({ "phone": PHONE, "purpose": "来电查询" });
        let clerk = world.as_("clerk").await;
        world.post(&clerk, "/api/cases/by-phone", json!({ "phone": PHONE, "purpose": " " })).await.refused(422, "invalid");
        world.post(&clerk, "/api/cases/by-phone", json!({ "phone": "123", "purpose": "来电查询" })).await.refused(422, "invalid");
        let other = world.as_("other_clerk").await;
        assert_eq!(world.post(&other, "/api/cases/by-phone", search.clone()).await.ok()["items"], json!([]));
        // Leaders and auditors call nobody.
        for name in ["leader", "auditor", "admin"] {
            let who = world.as_(name).await;
            world.post(&who, "/api/cases/by-phone", search.clone()).await.refused(403, "forbidden");
        }
        world.post(&Session::none(), "/api/cases/by-phone", search).await.refused(401, "not_signed_in");
    }

    async fn an_address_finds_nobody_by_phone(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let clerk = world.as_("clerk").await;
        assert_eq!(world.get(&clerk, &format!("/api/search?q={PHONE}")).await.ok()["items"], json!([]));
        let paper = world.get(&clerk, &format!("/api/cases/{code}")).await.ok()["paper_no"].as_str().unwrap().to_owned();
        assert_eq!(world.get(&clerk, &format!("/api/search?q={paper}")).await.ok()["items"][0]["case"]["code"], json!(code));
    }
}
