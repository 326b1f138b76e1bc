//! 裁定入单: what rulings add to the responsibility list, who sees it, and how a line ends.

use linli_kernel::Role;
use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, Session, World};
use linli_testkit::on_both;

const BASIS: &str = "小区公共照明由社区统筹物业维护";

async fn listed(world: &World, who: &str) -> Vec<Value> {
    let who = world.as_(who).await;
    world.get(&who, "/api/responsibility-entries").await.ok()["items"].as_array().unwrap().clone()
}

/// A lamp that the unit sent back, objected to, and that the leader gave to the community with a line for the list. The line's id.
async fn ruled(world: &World) -> String {
    let code = world.report_lamp().await;
    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "escalate", json!({ "reason": "要供电和物业一起看" })).await.ok();
    let clerk = world.as_("clerk").await;
    world.act(&clerk, &code, "take", json!({})).await.ok();
    let to_urban = json!({ "seat": { "area_code": COUNTY, "unit_code": "urban_management" }, "reason": "归城管" });
    let ground = json!({ "ground": "not_our_duty", "text": "小区内的灯由物业负责" });
    let urban = world.as_("urban").await;
    world.act(&clerk, &code, "dispatch", to_urban.clone()).await.ok();
    world.act(&urban, &code, "send_back", ground.clone()).await;
    world.act(&clerk, &code, "dispatch", to_urban).await.ok();
    world.act(&urban, &code, "object", ground).await;
    let leader = world.as_("leader").await;
    let ruling = json!({ "upheld": true, "seat": { "area_code": COMMUNITY, "unit_code": null }, "reason": BASIS, "entry": true });
    world.act(&leader, &code, "rule", ruling).await.ok();
    listed(world, "leader").await[0]["id"].as_str().unwrap().to_owned()
}

async fn end(world: &World, who: &Session, id: &str, reason: &str) -> crate::world::Answered {
    world.post(who, &format!("/api/responsibility-entries/{id}/end"), json!({ "reason": reason })).await
}

on_both! {
    async fn a_line_says_what_it_says_since_when_by_whom_and_from_which_case(t: TestDb) {
        let world = World::new(t).await;
        ruled(&world).await;
        let line = listed(&world, "leader").await[0].clone();
        assert_eq!((line["basis"].as_str(), line["level"].as_str(), line["area"]["code"].as_str()), (Some(BASIS), Some("community"), Some(COUNTY)));
        assert_eq!((line["added"]["by"].as_str(), line["ended"].is_null(), line["may_end"].as_bool()), (Some("郑伟"), true, Some(true)));
        assert!(line["case"]["paper_no"].is_string(), "{line}");
    }

    async fn everyone_of_the_county_reads_the_line_and_only_who_may_see_the_case_is_led_to_it(t: TestDb) {
        let world = World::new(t).await;
        ruled(&world).await;
        for (who, sees_case) in [("worker1", true), ("clerk", true), ("urban", false), ("other_clerk", false), ("auditor", true), ("admin", false)] {
            let line = listed(&world, who).await[0].clone();
            assert_eq!((line["case"].is_object(), line["basis"].as_str()), (sees_case, Some(BASIS)), "{who}");
        }
        assert!(listed(&world, "far_admin").await.is_empty());
        world.get(&Session::none(), "/api/responsibility-entries").await.refused(401, "not_signed_in");
    }

    async fn whoever_may_rule_ends_a_line_with_a_reason_and_its_history_stays(t: TestDb) {
        let world = World::new(t).await;
        let id = ruled(&world).await;
        let leader = world.as_("leader").await;
        end(&world, &leader, &id, " ").await.refused(422, "invalid");
        assert_eq!(end(&world, &leader, &id, "物业合同到期，收回城管").await.status, 204);
        end(&world, &leader, &id, "再结束一次").await.refused(409, "not_now");
        let line = listed(&world, "leader").await[0].clone();
        assert_eq!((line["ended"]["by"].as_str(), line["ended"]["text"].as_str(), line["may_end"].as_bool()), (Some("郑伟"), Some("物业合同到期，收回城管"), Some(false)));
        assert_eq!(line["added"]["text"], BASIS);
        // Cases are no longer routed by it.
        world.app.reload_amended().await.unwrap();
        assert!(world.app.amended().is_empty());
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn whoever_may_not_rule_for_the_whole_county_ends_nothing(t: TestDb) {
        let world = World::new(t).await;
        let id = ruled(&world).await;
        for who in ["clerk", "dispatcher", "urban"] {
            let line = listed(&world, who).await[0].clone();
            assert_eq!(line["may_end"], false, "{who}");
            end(&world, &world.as_(who).await, &id, "不要这一条").await.refused(403, "forbidden");
        }
        let elsewhere = world.hire("far_leader", Role::CountyLeader, "610524000000", None).await;
        end(&world, &elsewhere, &id, "不要这一条").await.refused(404, "not_found");
        world.app.reload_amended().await.unwrap();
        assert_eq!(world.app.amended().len(), 1);
    }
}
