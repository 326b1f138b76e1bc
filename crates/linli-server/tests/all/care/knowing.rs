//! Who learns what, and what the person reads and does.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    DAY_MS, REFERENCE, WISH, act, alone, candidate, enter, ids, number, open, opened, own, person, read, view,
};
use crate::world::{COUNTY, GRID_1, PEOPLE, Session, World};
use linli_kernel::Role;
use linli_testkit::on_both;

on_both! {
    async fn of_the_same_person_every_role_learns_what_it_needs(t: TestDb) {
        let world = World::with_playbook(t, "weinan").await;
        let clerk = world.as_("clerk").await;
        world.hire("federation", Role::DepartmentClerk, COUNTY, Some("disabled_fed")).await;
        world.hire("civil", Role::DepartmentClerk, COUNTY, Some("civil")).await;
        let someone = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let basis = json!({ "kind": "list", "reference": REFERENCE });
        let id = enter(&world, &clerk, json!({ "resident_id": someone.id, "category": "disabled", "basis": basis, "plan": "living_alone", "wish": WISH, "expires_on": "2027-09-27" })).await;
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, federation) = (world.as_("clerk").await, world.as_("federation").await);
        let mut seen = Vec::new();
        let names = PEOPLE.iter().map(|(name, ..)| *name).chain(["federation", "civil"]);
        for name in names.clone() {
            seen.push(view(&world, name, &id).await);
        }
        assert_eq!(seen, [
            // list · page · why · may keep · may visit · state shown
            "worker1: due 周** 200 403 keep=false visit=true state=null",
            "worker2: - 404 404",
            "head: due 周** 200 403 keep=false visit=false state=null",
            "clerk: due 周** 200 200 keep=true visit=true state=\"active\"",
            "clerk2: due 周** 200 200 keep=true visit=true state=\"active\"",
            "other_clerk: - 404 404",
            "dispatcher: 403 403 403",
            "urban: - 404 404",
            "hotline: 403 403 403",
            "leader: 403 403 403",
            "auditor: 403 403 403",
            "admin: 403 403 403",
            "far_admin: 403 403 403",
            "federation: due 周** 200 200 keep=true visit=false state=\"active\"",
            "civil: - 404 404",
        ]);
        // With somebody paired, the grid worker need not know any more; the one who is paired may know why.
        let micro = world.hire("neighbour", Role::GridWorker, GRID_1, None).await;
        let account = candidate(&world, &clerk, &id, "neighbour").await;
        act(&world, &clerk, &id, json!({ "act": "pair", "account": account })).await.ok();
        assert_eq!(view(&world, "worker1", &id).await, "worker1: - 404 404");
        assert_eq!(view(&world, "neighbour", &id).await, "neighbour: due 周** 200 200 keep=false visit=true state=null");
        assert_eq!(read(&world, &micro, &id, "明天上门").await.ok()["category_name"], "残疾人");
        assert_eq!(read(&world, &federation, &id, "核对补贴").await.ok()["owner_name"], "临渭区残疾人联合会");
    }

    async fn no_list_tells_anybody_why(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let rules = world.get(&clerk, "/api/care/rules").await.ok();
        for (n, category) in rules["categories"].as_array().unwrap().iter().enumerate() {
            let is_child = category["life"] == "young";
            let month = if is_child { "2016-03" } else { "1944-05" };
            let someone = person(&world, &clerk, (GRID_1, &format!("{}室", 201 + n)), json!({ "birth_month": month })).await;
            let basis = if category["bases"].as_array().unwrap().contains(&json!("consent")) {
                json!({ "kind": "consent", "by": "guardian", "how": "spoken", "guardian": "马桂英", "reference": REFERENCE })
            } else {
                json!({ "kind": "list", "reference": REFERENCE })
            };
            let body = json!({ "resident_id": someone.id, "category": category["code"], "basis": basis, "plan": category["plans"][0], "wish": WISH, "expires_on": "2026-12-31" });
            let id = enter(&world, &clerk, body).await;
            if n % 2 == 0 {
                act(&world, &clerk, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.ok();
            }
        }
        world.clock.advance_ms(30 * DAY_MS);
        let document = linli_server::routes::document();
        let document = serde_json::to_value(&document).unwrap();
        let mut n_asked = 0;
        for (name, ..) in PEOPLE {
            let who = world.as_(name).await;
            for (path, operations) in document["paths"].as_object().unwrap() {
                // What the playbook says of everybody is told; nothing of anybody is in it.
                let is_list = operations.get("get").is_some() && !path.contains('{') && !path.starts_with("/api/playbook") && path != "/api/care/rules";
                if !is_list || path.contains("live") || path == "/api/openapi.json" {
                    continue;
                }
                for query in ["", "?area=610502005007", "?show=all", "?kind=residents&q=周", "?show=review&area=610502005007001"] {
                    let answered = world.get(&who, &format!("{path}{query}")).await;
                    n_asked += 1;
                    let said = String::from_utf8_lossy(&answered.bytes);
                    for secret in [WISH, REFERENCE, "马桂英", "in_hospital", "elder_alone", "child_in_difficulty", "assistance", "preferential", "living_alone", "household_aid"] {
                        assert!(!said.contains(secret), "{name} finds {secret} at {path}{query}");
                    }
                }
            }
        }
        assert!(n_asked > 1_000, "{n_asked}");
    }

    async fn the_log_of_reads_is_what_was_read(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, worker, head) = (world.as_("clerk").await, world.as_("worker1").await, world.as_("head").await);
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let fields = "SELECT COUNT(*) AS n FROM read_log WHERE subject_kind = 'care'";
        assert_eq!(number(&world, fields).await, 0);
        read(&world, &clerk, &id, "年度复核").await.ok();
        world.clock.advance_ms(1_000);
        read(&world, &worker, &id, "准备明天的走访").await.ok();
        world.clock.advance_ms(1_000);
        // Without a purpose, or without the right, nothing is read and nothing is logged.
        read(&world, &clerk, &id, " ").await.refused(422, "invalid");
        read(&world, &head, &id, "看看").await.refused(403, "forbidden");
        read(&world, &world.as_("worker2").await, &id, "看看").await.refused(404, "not_found");
        // Category, basis, plan and wish, twice.
        assert_eq!(number(&world, fields).await, 8);
        let me = opened(&world, &clerk, &id).await;
        let own = world.get(&me, "/api/public/care").await.ok();
        let looks: Vec<(&str, &str, &str)> = own["looks"].as_array().unwrap().iter()
            .map(|look| (look["reader"].as_str().unwrap(), look["purpose"].as_str().unwrap(), look["what"].as_str().unwrap())).collect();
        assert_eq!(looks, [
            ("第一网格网格员", "准备明天的走访", "关爱类别、登记依据、关爱计划、联系意愿"),
            ("红旗社区社区工作人员", "年度复核", "关爱类别、登记依据、关爱计划、联系意愿"),
        ]);
        let at_counter = world.get(&clerk, &format!("/api/care/{id}/reads")).await.ok();
        assert_eq!(at_counter["items"], own["looks"]);
        world.get(&worker, &format!("/api/care/{id}/reads")).await.refused(403, "forbidden");
        // Whoever audits sees the looks too, and still after the entry has ended.
        let auditor = world.as_("auditor").await;
        let n = async || world.get(&auditor, "/api/read-log").await.ok()["items"].as_array().unwrap().len();
        assert_eq!(n().await, 8);
        act(&world, &clerk, &id, json!({ "act": "end", "reason": "no_longer_needed" })).await.ok();
        assert_eq!(n().await, 8);
    }

    async fn a_code_opens_one_entry_once_and_for_a_short_time(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let path = format!("/api/care/{id}/code");
        let checked = json!({ "checked": "person" });
        world.post(&world.as_("worker1").await, &path, checked.clone()).await.refused(403, "forbidden");
        world.post(&world.as_("other_clerk").await, &path, checked.clone()).await.refused(404, "not_found");
        world.post(&clerk, &path, json!({})).await.refused(400, "bad_request");
        world.get(&Session::none(), "/api/public/care").await.refused(404, "not_found");
        let code = async || world.post(&clerk, &path, checked.clone()).await.ok()["code"].as_str().unwrap().to_owned();
        let first = code().await;
        let second = code().await;
        open(&world, &first).await.unwrap_err().refused(404, "not_found");
        let me = open(&world, &second.to_lowercase()).await.unwrap();
        open(&world, &second).await.unwrap_err().refused(404, "not_found");
        let seen = world.get(&me, "/api/public/care").await.ok();
        assert_eq!((&seen["name"], &seen["why"]["category_name"]), (&json!("周秀兰"), &json!("独居、空巢老人")));
        assert_eq!(seen["why"]["basis_text"], "本人同意，书面签字");
        assert_eq!(seen["why"]["owner_name"], "红旗社区");
        world.clock.advance_ms(31 * 60_000);
        world.get(&me, "/api/public/care").await.refused(404, "not_found");
        let late = code().await;
        world.clock.advance_ms(16 * 60_000);
        open(&world, &late).await.unwrap_err().refused(404, "not_found");
        // Whoever closes it leaves nothing open.
        let me = open(&world, &code().await).await.unwrap();
        assert_eq!(world.send(Method::DELETE, "/api/public/care", me.0.as_deref(), &[], Vec::new()).await.status, 204);
        world.get(&me, "/api/public/care").await.refused(404, "not_found");
        let forged = [("origin", "https://elsewhere.example"), ("host", "localhost")];
        let me = open(&world, &code().await).await.unwrap();
        let body = json!({ "act": "leave" }).to_string().into_bytes();
        world.send(Method::POST, "/api/public/care/acts", me.0.as_deref(), &forged, body).await.refused(403, "cross_site");
    }

    async fn the_person_puts_right_says_what_they_want_and_leaves_in_one_step(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let me = opened(&world, &clerk, &id).await;
        own(&world, &me, json!({ "act": "correct", "text": " " })).await.refused(422, "invalid");
        own(&world, &me, json!({ "act": "correct", "text": "我和女儿一起住了" })).await.ok();
        assert_eq!(own(&world, &me, json!({ "act": "wish", "text": "周三上午来" })).await.ok()["why"]["wish"], "周三上午来");
        assert_eq!(ids(&world, &clerk, "review").await, std::slice::from_ref(&id));
        let asked = read(&world, &clerk, &id, "答复更正要求").await.ok()["asked"][0].clone();
        assert_eq!(asked["text"], "我和女儿一起住了");
        let answer = json!({ "act": "answer", "request": asked["id"], "text": "已上门核实，改为生活自理" });
        act(&world, &world.as_("head").await, &id, answer.clone()).await.refused(403, "forbidden");
        act(&world, &clerk, &id, answer.clone()).await.ok();
        act(&world, &clerk, &id, answer).await.refused(409, "not_now");
        act(&world, &clerk, &id, json!({ "act": "plan", "plan": "self_caring" })).await.ok();
        let seen = world.get(&me, "/api/public/care").await.ok();
        assert_eq!((&seen["why"]["asked"][0]["answer"], &seen["why"]["plan_name"]), (&json!("已上门核实，改为生活自理"), &json!("生活自理")));
        assert_eq!(own(&world, &me, json!({ "act": "leave" })).await.ok(), Value::Null);
        world.get(&me, "/api/public/care").await.refused(404, "not_found");
        world.get(&clerk, &format!("/api/care/{id}")).await.refused(404, "not_found");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM care_entry").await, 0);
    }
}
