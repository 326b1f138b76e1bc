//! The main job, end to end, through the real router, on both databases.

use serde_json::{Value, json};

use crate::world::{GRID_1, Session, World, reply};
use linli_testkit::on_both;

fn sentences(case: &Value) -> Vec<String> {
    case["timeline"].as_array().unwrap().iter().map(|entry| entry["sentence"].as_str().unwrap().to_owned()).collect()
}

fn verbs(case: &Value) -> Vec<&str> {
    case["actions"].as_array().unwrap().iter().map(|action| action["verb"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_lamp_is_reported_mended_doubted_reopened_higher_up_and_closed(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let inbox = world.get(&worker, "/api/cases?box=to_sign").await.ok();
        assert_eq!(inbox["items"][0]["code"], code.as_str());

        world.act(&worker, &code, "take", json!({})).await.ok();
        let settled = world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        assert_eq!(settled["stage"], "verifying");
        // Nobody verifies their own work: neither offered nor accepted.
        assert!(!verbs(&settled).contains(&"verify"));
        world.act(&worker, &code, "verify", json!({})).await.refused(403, "forbidden");

        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        let rated = world.act_publicly(&code, "rate", json!({ "stars": 1, "solved": false, "satisfied": false, "text": "还是不亮" })).await.ok();
        assert_eq!(rated["phase"], "open");
        assert_eq!(rated["seat_name"], "红旗社区");

        // The community answers now; whoever of it takes the case has the other one verify.
        world.act(&clerk, &code, "take", json!({})).await.ok();
        world.act(&clerk, &code, "settle", json!({ "reply": reply() })).await.ok();
        world.act(&clerk, &code, "verify", json!({})).await.refused(403, "own_work");
        let clerk2 = world.as_("clerk2").await;
        world.act(&clerk2, &code, "verify", json!({})).await.ok();
        let closed = world.act_publicly(&code, "rate", json!({ "stars": 5, "solved": true, "satisfied": true })).await.ok();
        assert_eq!(closed["phase"], "closed");

        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        insta::assert_json_snapshot!(sentences(&case));
        let verified = world.app.db.read(linli_db::verify::verify).await.unwrap();
        assert_eq!(verified.broken, None);
    }

    async fn a_question_pauses_the_clock_and_its_answer_lets_it_run_again(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let before = world.get(&worker, &format!("/api/cases/{code}")).await.ok()["promised_at"].clone();
        let asked = world.act(&worker, &code, "ask", json!({ "question": "是3号楼东侧还是西侧的灯？" })).await.ok();
        assert_eq!((asked["phase"].as_str(), asked["question"].as_str()), (Some("waiting"), Some("是3号楼东侧还是西侧的灯？")));
        world.wait_until("2026-09-29T09:00:00").await;
        let answered = world.act_publicly(&code, "answer", json!({ "text": "东侧第二根" })).await.ok();
        assert_eq!(answered["phase"], "open");
        assert!(answered["promised_at"].as_str() > before.as_str(), "{} {before}", answered["promised_at"]);
    }

    async fn a_comment_moves_no_deadline(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let before = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        world.wait_until("2026-09-28T15:00:00").await;
        let worker = world.as_("worker1").await;
        let after = world.act(&worker, &code, "comment", json!({ "text": "已联系供电，下午到场" })).await.ok();
        let due = |case: &Value| case["deadlines"].as_array().unwrap().iter().map(|d| (d["kind"].clone(), d["due_at"].clone(), d["state"].clone())).collect::<Vec<_>>();
        assert_eq!(due(&before), due(&after));
        assert_eq!(before["due_at"], after["due_at"]);
    }

    async fn an_unsigned_case_goes_up_by_itself_until_somebody_must_decide(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        world.wait_until("2026-09-29T18:00:00").await;
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["seat"]["level"], "community");
        assert_eq!(case["stage"], "dispatched");
        let told = sentences(&case);
        assert!(told.last().unwrap().contains("自动上报至红旗社区"), "{told:?}");
        // At the top it stays, is marked late, and does not go round and round: it is looked at again, and nothing moves.
        for day in 1..=30 {
            world.wait_until(&format!("2026-11-{day:02}T18:00:00")).await;
        }
        let leader = world.as_("leader").await;
        let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["seat"]["level"], "county");
        let n = case["timeline"].as_array().unwrap().len();
        world.wait_until("2026-12-20T18:00:00").await;
        let leader = world.as_("leader").await;
        let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((case["seat"]["level"].as_str(), case["due_state"].as_str()), (Some("county"), Some("late")));
        let later = &case["timeline"].as_array().unwrap()[n..];
        assert!(later.iter().all(|entry| entry["type"] == "deadline_breached"), "{later:?}");
        assert!(later.len() <= 4, "no more often than the work may last: {}", later.len());
        assert!(case["deadlines"].as_array().unwrap().iter().any(|clock| clock["state"] == "running"));
    }

    async fn a_deadline_across_national_day_counts_its_make_up_workday(t: TestDb) {
        let world = World::new(t).await;
        // Wednesday before the holiday (1–7 October 2026); Saturday the 10th is a make-up workday.
        world.wait_until("2026-09-30T10:00:00").await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        let handle = case["deadlines"].as_array().unwrap().iter().find(|deadline| deadline["kind"] == "handle").unwrap().clone();
        assert_eq!(handle["rule"].as_str().unwrap().split('（').next().unwrap().trim(), "网格 办理 2个工作日");
        // Two working days after 30 September: the 8th and the 9th.
        assert_eq!(handle["due_at"], "2026-10-09T10:00:00.000Z");
        assert_eq!(handle["provisional"], false);
        // Thursday the 8th, a matter of five working days: 9, 10 (Saturday, made up), 12, 13, 14.
        world.wait_until("2026-10-08T10:00:00").await;
        let body = json!({ "text": "路面塌了一个坑，晚上骑车危险", "area_code": GRID_1, "category": "road_surface" });
        let reported = world.post(&Session::none(), "/api/cases", body).await.ok();
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", reported["code"].as_str().unwrap())).await.ok();
        let handle = case["deadlines"].as_array().unwrap().iter().find(|deadline| deadline["kind"] == "handle").unwrap().clone();
        assert_eq!((handle["due_at"].as_str(), handle["state"].as_str()), (Some("2026-10-14T10:00:00.000Z"), Some("running")));
    }

    async fn a_deadline_in_a_year_without_a_calendar_is_marked_and_warned_of(t: TestDb) {
        let world = World::new(t).await;
        world.wait_until("2026-12-30T10:00:00").await;
        let body = json!({ "text": "路面塌了一个坑，晚上骑车危险", "area_code": GRID_1, "category": "road_surface" });
        let reported = world.post(&Session::none(), "/api/cases", body).await.ok();
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", reported["code"].as_str().unwrap())).await.ok();
        assert_eq!(case["provisional"], true);
        let me = world.get(&clerk, "/api/session").await.ok();
        assert_eq!(me["warnings"][0]["code"], "calendar_missing");
        assert!(me["warnings"][0]["text"].as_str().unwrap().contains("2027"));
    }

    async fn the_second_of_two_clerks_is_told_what_the_first_did(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let head = world.as_("head").await;
        let version = world.get(&head, &format!("/api/cases/{code}")).await.ok()["version"].clone();
        let path = format!("/api/cases/{code}/actions");
        world.act(&worker, &code, "take", json!({})).await.ok();
        let refused = world.post(&head, &format!("{path}/escalate"), json!({ "version": version, "fields": { "text": "我来上报" } })).await;
        let problem = refused.refused(409, "version_conflict");
        assert!(problem["detail"].as_str().unwrap().contains("李春梅"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("接单"), "{problem}");
        assert_eq!(problem["current"]["stage"], "handling");
    }

    async fn of_two_commands_at_once_one_wins(t: TestDb) {
        let world = World::new(t).await;
        for _ in 0..5 {
            let code = world.report_lamp().await;
            let worker = world.as_("worker1").await;
            let version = world.get(&worker, &format!("/api/cases/{code}")).await.ok()["version"].clone();
            let path = format!("/api/cases/{code}/actions/take");
            let body = json!({ "version": version, "fields": {} });
            let (one, two) = tokio::join!(world.post(&worker, &path, body.clone()), world.post(&worker, &path, body.clone()));
            let mut statuses = [one.status.as_u16(), two.status.as_u16()];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409], "{} {}", one.body, two.body);
        }
    }

    async fn a_command_sent_twice_acts_once(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        let body = json!({ "text": "井盖松动，车一过就响", "area_code": GRID_1 });
        let (one, two) = tokio::join!(world.post_with_key(&nobody, "/api/cases", "k-1", body.clone()), world.post_with_key(&nobody, "/api/cases", "k-1", body.clone()));
        assert_eq!(one.ok()["code"], two.ok()["code"]);
        world.post_with_key(&nobody, "/api/cases", "k-1", json!({ "text": "另一件事", "area_code": GRID_1 })).await.refused(422, "key_reused");
        let n = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM cases", &[])).await.unwrap();
        assert_eq!(n, 1);

        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let version = world.get(&worker, &format!("/api/cases/{code}")).await.ok()["version"].clone();
        let path = format!("/api/cases/{code}/actions/take");
        let body = json!({ "version": version, "fields": {} });
        world.post_with_key(&worker, &path, "k-2", body.clone()).await.ok();
        world.post_with_key(&worker, &path, "k-2", body).await.ok();
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["timeline"].as_array().unwrap().iter().filter(|entry| entry["type"] == "taken").count(), 1);
    }

    async fn without_a_category_a_person_looks_first(t: TestDb) {
        let world = World::new(t).await;
        let reported = world.post(&Session::none(), "/api/cases", json!({ "text": "有点事情想请人来看看", "area_code": GRID_1 })).await.ok();
        let code = reported["code"].as_str().unwrap();
        let clerk = world.as_("clerk").await;
        let inbox = world.get(&clerk, "/api/inbox").await.ok();
        let n = inbox["boxes"].as_array().unwrap().iter().find(|found| found["key"] == "to_accept").unwrap()["n"].clone();
        assert_eq!(n, 1);
        let accepted = world.act(&clerk, code, "accept", json!({ "category": "street_light", "weight": "micro" })).await.ok();
        assert_eq!((accepted["stage"].as_str(), accepted["seat"]["area"]["code"].as_str()), (Some("dispatched"), Some(GRID_1)));
    }

    async fn a_send_back_returns_to_whoever_dispatched(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        let offer = case["actions"].as_array().unwrap().iter().find(|action| action["verb"] == "send_back").unwrap().clone();
        let ground = offer["form"].as_array().unwrap().iter().find(|field| field["kind"] == "ground").unwrap().clone();
        world.act(&worker, &code, "send_back", json!({})).await.refused(422, "invalid");
        let mut fields = json!({ "text": "这盏灯在小区外面的路上，归街道管" });
        fields[ground["name"].as_str().unwrap()] = ground["options"][0]["value"].clone();
        let back = world.act(&worker, &code, "send_back", fields).await.ok();
        assert_eq!((back["stage"].as_str(), back["seat"]["level"].as_str()), (Some("received"), Some("community")));
        let clerk = world.as_("clerk").await;
        let inbox = world.get(&clerk, "/api/cases?box=sent_back").await.ok();
        assert_eq!(inbox["items"][0]["code"], code.as_str());
        let seats = world.get(&clerk, &format!("/api/cases/{code}/seats")).await.ok();
        let street = seats["items"].as_array().unwrap().iter().find(|seat| seat["area"]["level"] == "street" && seat["unit"].is_null()).unwrap().clone();
        assert_eq!(street["people"][0]["name"], "陈刚");
    }
}
