//! The resident's promise and questions to the resident: who asks cannot buy time by it.

use crate::world::World;
use linli_kernel::Timestamp;
use linli_testkit::on_both;
use serde_json::{Value, json};

fn promised(case: &Value) -> Timestamp {
    case["promised_at"].as_str().unwrap().parse().unwrap()
}

async fn asked(world: &World) -> (String, Timestamp) {
    let code = world.report_lamp().await;
    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "take", json!({})).await.ok();
    let before = promised(&world.get(&worker, &format!("/api/cases/{code}")).await.ok());
    world.act(&worker, &code, "ask", json!({ "question": "是东侧还是西侧的灯？" })).await.ok();
    (code, before)
}

on_both! {
    async fn a_resident_who_answers_gives_back_the_time_that_the_answer_took(t: TestDb) {
        let world = World::new(t).await;
        let (code, before) = asked(&world).await;
        world.wait_until("2026-09-28T11:00:00").await;
        let answered = world.act_publicly(&code, "answer", json!({ "text": "东侧" })).await.ok();
        assert!(promised(&answered) > before, "{answered}");
    }

    async fn staff_who_answer_their_own_question_keep_the_promise_as_it_stood(t: TestDb) {
        let world = World::new(t).await;
        let (code, before) = asked(&world).await;
        world.wait_until("2026-09-28T11:00:00").await;
        let worker = world.as_("worker1").await;
        let answered = world.act(&worker, &code, "answer", json!({ "text": "到现场看过，是东侧" })).await.ok();
        assert_eq!(promised(&answered), before, "{answered}");
        // Again and again changes nothing.
        for _ in 0..2 {
            world.act(&worker, &code, "ask", json!({ "question": "还有别的灯吗？" })).await.ok();
            world.wait_until("2026-09-28T11:30:00").await;
            let worker = world.as_("worker1").await;
            let answered = world.act(&worker, &code, "answer", json!({ "text": "没有" })).await.ok();
            assert_eq!(promised(&answered), before, "{answered}");
        }
    }

    async fn a_promise_that_passed_meanwhile_is_due_after_one_working_hour(t: TestDb) {
        let world = World::new(t).await;
        let (code, before) = asked(&world).await;
        let later = "2026-10-12T09:30:00";
        world.wait_until(later).await;
        assert!(before < world.app.now(), "{before} is over");
        // Nobody answered in time: linli let it go on by itself, and that gives no time back either.
        let worker = world.as_("worker1").await;
        let answered = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(answered["stage"], "handling");
        assert_eq!(promised(&answered), "2026-10-12T10:30:00+08:00".parse().unwrap(), "{answered}");
    }
}
