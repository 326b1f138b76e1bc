//! Running cases moved to another version of the playbook: one by the county's leader, many by the operator.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::world::{Session, World, reply};
use linli_db::Config;
use linli_kernel::{DeadlineKind, Role};
use linli_playbook::Playbook;
use linli_server::open;
use linli_testkit::on_both;

/// The base playbook with another promise, as a server that ran with it left it on the shelf.
async fn with_promise_of(world: &World, version: &str, days: u32) {
    let mut book = base();
    version.clone_into(&mut book.version);
    for rule in book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Reply) {
        rule.amount.n = days;
    }
    keep(world, book).await;
}

async fn keep(world: &World, book: Playbook) {
    let (at, book) = (world.app.now(), Arc::new(book));
    world.app.db.write(move |tx| linli_civic::playbooks::Shelf::keep(&book, tx, at)).await.unwrap();
}

fn base() -> Playbook {
    open::load_playbook(Path::new("/nonexistent"), "base").unwrap().playbook
}

fn promise(case: &Value) -> &str {
    let clocks = case["deadlines"].as_array().unwrap();
    clocks.iter().find(|clock| clock["kind"] == "reply").unwrap()["due_at"].as_str().unwrap()
}

async fn move_to(world: &World, who: &Session, code: &str, version: &str, more: Value) -> crate::world::Answered {
    let case = world.get(who, &format!("/api/cases/{code}")).await;
    let mut body = json!({ "version": case.body["version"], "playbook": "base", "playbook_version": version, "reason": "新时限今天起施行" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post(who, &format!("/api/cases/{code}/playbook"), body).await
}

on_both! {
    async fn the_leader_of_the_county_moves_a_case_and_its_history_says_why(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        with_promise_of(&world, "aaaaaaaaaaaa", 2).await;
        with_promise_of(&world, "bbbbbbbbbbbb", 30).await;
        let leader = world.as_("leader").await;
        let before = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        let choices = world.get(&leader, &format!("/api/cases/{code}/playbook")).await.ok();
        let sooner = choices["choices"].as_array().unwrap().iter().find(|one| one["playbook_version"] == "aaaaaaaaaaaa").unwrap();
        assert!(sooner["promised_at"].as_str().unwrap() < promise(&before), "{sooner}");
        assert_eq!((&sooner["stages"], &sooner["obstacle"]), (&json!([]), &Value::Null));

        let after = move_to(&world, &leader, &code, "aaaaaaaaaaaa", json!({})).await.ok();
        assert_eq!(after["playbook"]["version"], "aaaaaaaaaaaa");
        assert_eq!(promise(&after), sooner["promised_at"]);
        let last = after["timeline"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((last["type"].as_str(), last["text"].as_str()), (Some("moved_to_version"), Some("新时限今天起施行")));
        assert!(last["sentence"].as_str().unwrap().contains("郑伟") && last["sentence"].as_str().unwrap().contains("aaaaaaaaaaaa"), "{last}");
        // The resident is not told of it, and sees the earlier day.
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert_eq!(public["promised_at"], sooner["promised_at"]);
        assert!(public["timeline"].as_array().unwrap().iter().all(|entry| entry["type"] != "moved_to_version"));
        // A later promise does not worsen the one that was given.
        let again = move_to(&world, &leader, &code, "bbbbbbbbbbbb", json!({})).await.ok();
        assert_eq!(promise(&again), promise(&after));
        // It goes on by the version that it was moved to.
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn a_move_is_refused_to_everybody_else_and_without_a_reason(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        with_promise_of(&world, "aaaaaaaaaaaa", 2).await;
        for name in ["worker1", "clerk", "dispatcher", "hotline", "admin", "auditor"] {
            let who = world.as_(name).await;
            let refused = move_to(&world, &who, &code, "aaaaaaaaaaaa", json!({ "version": 2 })).await;
            refused.refused(403, "forbidden");
            world.get(&who, &format!("/api/cases/{code}/playbook")).await.refused(403, "forbidden");
        }
        let far = world.hire("far_leader", Role::CountyLeader, "610524000000", None).await;
        move_to(&world, &far, &code, "aaaaaaaaaaaa", json!({ "version": 2 })).await.refused(404, "not_found");
        world.get(&far, &format!("/api/cases/{code}/playbook")).await.refused(404, "not_found");
        let leader = world.as_("leader").await;
        let no_reason = move_to(&world, &leader, &code, "aaaaaaaaaaaa", json!({ "reason": "  " })).await.refused(422, "invalid");
        assert_eq!(no_reason["errors"][0]["field"], "reason");
        let unknown = move_to(&world, &leader, &code, "cccccccccccc", json!({})).await.refused(422, "invalid");
        assert_eq!(unknown["errors"][0]["field"], "playbook_version");
        move_to(&world, &leader, &code, "aaaaaaaaaaaa", json!({ "stage": "closed" })).await.refused(422, "invalid");
        move_to(&world, &leader, &code, &base().version, json!({})).await.refused(409, "not_now");
        move_to(&world, &leader, &code, "aaaaaaaaaaaa", json!({ "version": 1 })).await.refused(409, "version_conflict");
        world.act_publicly(&code, "close", json!({})).await.ok();
        move_to(&world, &leader, &code, "aaaaaaaaaaaa", json!({})).await.refused(409, "not_now");
    }

    async fn a_move_that_is_sent_twice_moves_once(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        with_promise_of(&world, "aaaaaaaaaaaa", 2).await;
        let leader = world.as_("leader").await;
        let body = json!({ "version": 2, "playbook": "base", "playbook_version": "aaaaaaaaaaaa", "reason": "新时限" });
        let path = format!("/api/cases/{code}/playbook");
        let first = world.post_with_key(&leader, &path, "k1", body.clone()).await.ok();
        let second = world.post_with_key(&leader, &path, "k1", body).await.ok();
        assert_eq!(first["version"], second["version"]);
    }

    async fn a_stage_that_is_gone_is_chosen_among_those_of_its_kind(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        keep(&world, renamed()).await;
        let leader = world.as_("leader").await;
        let choices = world.get(&leader, &format!("/api/cases/{code}/playbook")).await.ok();
        let stages: Vec<&str> =
            choices["choices"][0]["stages"].as_array().unwrap().iter().map(|stage| stage["id"].as_str().unwrap()).collect();
        assert!(stages.contains(&"working") && !stages.contains(&"closed") && !stages.contains(&"asking"), "{stages:?}");
        let needed = move_to(&world, &leader, &code, "dddddddddddd", json!({})).await.refused(422, "invalid");
        assert_eq!(needed["errors"][0]["field"], "stage");
        let after = move_to(&world, &leader, &code, "dddddddddddd", json!({ "stage": "working" })).await.ok();
        assert_eq!((after["stage"].as_str(), after["stage_name"].as_str()), (Some("working"), Some("办理中")));
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
    }

    async fn the_operator_moves_them_all_and_is_told_first_what_would_happen(t: TestDb) {
        let (folder, config) = (t.folder().to_owned(), t.config.clone());
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(world.report_lamp().await);
        }
        world.act(&worker, &codes[0], "take", json!({})).await.ok();
        world.act_publicly(&codes[2], "close", json!({})).await.ok();
        keep(&world, renamed()).await;
        let from = base().version;
        let run = |more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_linli"));
            command.args(["playbook", "move", "--from", &from, "--to", "dddddddddddd", "--data", folder.to_str().unwrap()]);
            command.args(["--reason", "启用新的环节名称"]).args(more).env("LINLI_LOG", "error").env_remove("LINLI_DATABASE_URL");
            if let Config::Postgres { url } = &config {
                command.args(["--database-url", url]);
            }
            let output = command.output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        };
        let leader = world.as_("leader").await;
        let version = async |code: &str| {
            world.get(&leader, &format!("/api/cases/{code}")).await.ok()["playbook"]["version"].as_str().unwrap().to_owned()
        };
        // The one in hand has no stage there; the closed one is none of it.
        let (code, out, err) = run(&[]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("可换 1 件，换不了 1 件") && out.contains("试算"), "{out}");
        assert_eq!(version(&codes[1]).await, from, "nothing is changed without --apply");
        let (code, out, _) = run(&["--apply"]);
        assert_eq!(code, Some(1), "{out}");
        assert_eq!((version(&codes[0]).await, version(&codes[1]).await), (from.clone(), "dddddddddddd".to_owned()));
        let (code, out, _) = run(&["--apply", "--stage", "handling=working"]);
        assert_eq!(code, Some(0), "{out}");
        assert_eq!(version(&codes[0]).await, "dddddddddddd");
        assert_eq!(version(&codes[2]).await, from);
        let case = world.get(&leader, &format!("/api/cases/{}", codes[0])).await.ok();
        let last = case["timeline"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((last["type"].as_str(), last["text"].as_str()), (Some("moved_to_version"), Some("启用新的环节名称")));
        let output = Command::new(env!("CARGO_BIN_EXE_linli"))
            .args(["playbook", "move", "--from", &from, "--to", "eeeeeeeeeeee", "--reason", "x", "--data", folder.to_str().unwrap()])
            .env("LINLI_LOG", "error")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
    }
}

/// The base playbook whose stage 办理中 has another id.
fn renamed() -> Playbook {
    let mut book = base();
    book.version = "dddddddddddd".to_owned();
    for flow in &mut book.flows {
        for stage in flow.stages.iter_mut().filter(|stage| stage.id == "handling") {
            stage.id = "working".to_owned();
        }
        for def in &mut flow.actions {
            for stage in def.from.iter_mut().chain(def.to.as_mut()).filter(|stage| *stage == "handling") {
                *stage = "working".to_owned();
            }
        }
    }
    book
}
