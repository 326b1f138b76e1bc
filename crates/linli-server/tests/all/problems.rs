//! 走访问题: what notes of visits keep coming upon, who is told, what a person decides, and that it is kept.

use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, OTHER_COMMUNITY, STREET, Session, World};
use linli_testkit::on_both;

const CLUTTER: [&str; 3] =
    ["二单元楼道堆放杂物，门禁正常", "楼道又堆放杂物，王大爷说没人清", "楼道还是堆放杂物没人清理"];

async fn visit(world: &World, who: &str, area: &str, note: &str) -> String {
    world.clock.advance_ms(60_000);
    let body = json!({ "kind": "patrol", "area_code": area, "note": note });
    let made = world.post(&world.as_(who).await, "/api/visits", body).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

/// Three visits to grid 1 that noted the same.
async fn clutter(world: &World) -> Vec<String> {
    let mut visits = Vec::new();
    for note in CLUTTER {
        visits.push(visit(world, "worker1", GRID_1, note).await);
    }
    visits
}

async fn list(world: &World, who: &Session, query: &str) -> Value {
    world.get(who, &format!("/api/visit-problems?{query}")).await.ok()
}

async fn listed(world: &World, who: &str, query: &str) -> Vec<Value> {
    list(world, &world.as_(who).await, query).await["items"].as_array().unwrap().clone()
}

fn visits_of(problem: &Value) -> Vec<&str> {
    problem["visits"].as_array().unwrap().iter().map(|visit| visit["id"].as_str().unwrap()).collect()
}

fn path(problem: &Value, verb: &str) -> String {
    format!("/api/visit-problems/{}/{verb}", problem["id"].as_str().unwrap())
}

on_both! {
    async fn what_three_visits_noted_at_one_place_is_proposed_with_place_words_visits_and_a_draft(t: TestDb) {
        let world = World::new(t).await;
        let first = visit(&world, "worker1", GRID_1, CLUTTER[0]).await;
        visit(&world, "worker1", GRID_1, CLUTTER[1]).await;
        assert!(listed(&world, "head", "").await.is_empty(), "two are not enough");
        // The same words elsewhere, other words here, and what was well do not count.
        visit(&world, "worker2", GRID_2, CLUTTER[2]).await;
        visit(&world, "worker1", GRID_1, "下水道返水").await;
        visit(&world, "worker1", GRID_1, "楼道整洁，未发现堆放杂物，一切正常").await;
        let finding = json!({ "kind": "patrol", "area_code": GRID_1, "note": CLUTTER[2], "finding": { "text": "楼道堆放杂物" } });
        world.post(&world.as_("worker1").await, "/api/visits", finding).await.ok();
        assert!(listed(&world, "head", "").await.is_empty(), "what became a case is no note to count");
        let last = visit(&world, "worker1", GRID_1, CLUTTER[2]).await;
        let found = listed(&world, "head", "").await;
        assert_eq!(found.len(), 1, "{found:?}");
        let problem = &found[0];
        assert_eq!((problem["area"]["code"].as_str(), problem["n_visits"].as_u64(), problem["n_new"].as_u64()), (Some(GRID_1), Some(3), Some(3)));
        assert_eq!(problem["words"], json!(["楼道", "堆放杂物", "没人清"]));
        assert_eq!(visits_of(problem).first(), Some(&&*last));
        assert_eq!(visits_of(problem).last(), Some(&&*first));
        let draft = problem["draft"].as_str().unwrap();
        assert!(draft.contains("第一网格") && draft.contains("3次") && draft.contains("楼道、堆放杂物"), "{draft}");
        // No resident is named, no worker, and what was well is left out.
        let text = problem.to_string();
        assert!(!text.contains("大爷") && !text.contains("李春梅") && !text.contains("门禁正常"), "{text}");
    }

    async fn a_problem_of_one_building_names_the_building_and_the_category_is_suggested(t: TestDb) {
        let world = World::new(t).await;
        world.app.db.write(|tx| tx.bookkeep(|writer| writer.exec(
            "INSERT INTO place (code, area_code, kind, name, version) VALUES ('RQ3H', $1, 'building', '3号楼', 1)",
            &linli_db::params![GRID_1],
        ))).await.unwrap();
        let worker = world.as_("worker1").await;
        for note in ["路灯不亮", "路灯还是不亮", "晚上路灯不亮"] {
            world.clock.advance_ms(60_000);
            world.post(&worker, "/api/visits", json!({ "kind": "visit", "place": "RQ3H", "note": note })).await.ok();
        }
        let found = listed(&world, "clerk", "").await;
        let problem = &found[0];
        assert_eq!((problem["building"].as_str(), problem["category"]["code"].as_str()), (Some("3号楼"), Some("street_light")), "{problem}");
        assert!(problem["draft"].as_str().unwrap().contains("3号楼"));
    }

    async fn names_of_the_registry_are_left_out_wherever_they_stand(t: TestDb) {
        let world = World::new(t).await;
        let vault = world.app.vault.clone();
        let index = linli_civic::registry::store::name_index(&vault, "秦桂英");
        world.app.db.write(move |tx| tx.bookkeep(|writer| writer.exec(
            "INSERT INTO resident (id, area_code, label, sort_key, state, is_complete, version, created_at, changed_at, household_id, name_index) \
             VALUES ('019a5f0e-7c3a-7000-8000-000000000001', $1, '', '', 'active', FALSE, 1, 0, 0, '019a5f0e-7c3a-7000-8000-000000000002', $2)",
            &linli_db::params![GRID_1, index],
        ))).await.unwrap();
        for note in ["秦桂英家水管漏水", "到秦桂英家看，水管漏水", "秦桂英家水管漏水没修"] {
            visit(&world, "worker1", GRID_1, note).await;
        }
        let found = listed(&world, "clerk", "").await;
        assert_eq!(found.len(), 1, "{found:?}");
        let text = found[0].to_string();
        assert!(text.contains("水管漏水") && !text.contains("秦桂英") && !text.contains("桂英"), "{text}");
    }

    async fn a_problem_is_seen_by_those_who_read_the_notes_and_decided_by_those_who_head_the_place(t: TestDb) {
        let world = World::new(t).await;
        clutter(&world).await;
        for (who, may) in [("worker1", false), ("head", true), ("clerk", true), ("dispatcher", true)] {
            let found = listed(&world, who, &format!("area={COMMUNITY}")).await;
            assert_eq!((found.len(), found[0]["may_decide"].as_bool()), (1, Some(may)), "{who}");
        }
        let problem = listed(&world, "head", "").await.remove(0);
        let (dismiss, open) = (path(&problem, "dismiss"), path(&problem, "open"));
        let no = json!({ "visits": visits_of(&problem), "reason": "不归这里" });
        let yes = json!({ "visits": visits_of(&problem), "text": "清理楼道" });
        for who in ["worker2", "other_clerk"] {
            assert!(listed(&world, who, "").await.is_empty());
            assert!(listed(&world, who, &format!("area={GRID_1}")).await.is_empty());
        }
        world.post(&world.as_("other_clerk").await, &dismiss, no.clone()).await.refused(404, "not_found");
        world.post(&world.as_("other_clerk").await, &open, yes.clone()).await.refused(404, "not_found");
        for who in ["worker1", "leader", "auditor", "admin", "urban", "hotline"] {
            let who = world.as_(who).await;
            world.post(&who, &dismiss, no.clone()).await.refused(403, "forbidden");
            world.post(&who, &open, yes.clone()).await.refused(403, "forbidden");
        }
        for who in ["leader", "auditor", "admin", "urban", "hotline"] {
            world.get(&world.as_(who).await, "/api/visit-problems").await.refused(403, "forbidden");
        }
        world.get(&Session::none(), "/api/visit-problems").await.refused(401, "not_signed_in");
        assert_eq!(listed(&world, "head", "").await.len(), 1, "nothing was decided");
        // A street looks at one community at a time, by name.
        let seen = list(&world, &world.as_("dispatcher").await, "").await;
        let codes: Vec<&str> = seen["areas"].as_array().unwrap().iter().map(|area| area["code"].as_str().unwrap()).collect();
        assert_eq!(codes, [COMMUNITY, OTHER_COMMUNITY]);
        assert!(listed(&world, "dispatcher", &format!("area={STREET}")).await.is_empty());
    }

    async fn a_person_opens_a_case_once_and_the_visits_are_tied_to_it(t: TestDb) {
        let world = World::new(t).await;
        let visits = clutter(&world).await;
        let head = world.as_("head").await;
        let problem = listed(&world, "head", "").await.remove(0);
        let open = path(&problem, "open");
        let body = |visits: &[String], more: Value| {
            let mut body = json!({ "visits": visits, "text": problem["draft"] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        world.post(&head, &open, body(&visits, json!({ "text": "" }))).await.refused(422, "invalid");
        world.post(&head, &open, body(&visits, json!({ "category": "no_such" }))).await.refused(422, "invalid");
        world.post(&head, &open, body(&[], json!({}))).await.refused(422, "invalid");
        let strange = visit(&world, "worker1", GRID_1, "下水道返水").await;
        world.post(&head, &open, body(&[visits[0].clone(), strange], json!({}))).await.refused(422, "invalid");
        let opened = world.post(&head, &open, body(&visits, json!({ "category": "street_light" }))).await.ok();
        let case_id = opened["case_id"].as_str().unwrap();
        let case = world.get(&head, &format!("/api/cases/{case_id}")).await.ok();
        assert_eq!((case["channel"].as_str(), case["text"].as_str(), case["area"]["code"].as_str()), (Some("proactive"), problem["draft"].as_str(), Some(GRID_1)), "{case}");
        world.post(&head, &open, body(&visits, json!({}))).await.refused(409, "not_now");
        // The visits are found by the case; each of them is as it was.
        let tied = world.get(&head, &format!("/api/visits?case={case_id}")).await.ok();
        let tied: Vec<(&str, &str)> = tied["items"].as_array().unwrap().iter().map(|visit| (visit["id"].as_str().unwrap(), visit["result"].as_str().unwrap())).collect();
        assert_eq!(tied, visits.iter().rev().map(|id| (id.as_str(), "clear")).collect::<Vec<_>>());
        assert!(listed(&world, "head", "").await.is_empty());
        let decided = listed(&world, "clerk", "state=decided").await.remove(0);
        assert_eq!((decided["state"].as_str(), decided["decision"]["by"].as_str(), &decided["decision"]["case_id"]), (Some("opened"), Some("赵小兰"), &opened["case_id"]));
        assert_eq!((decided["id"].as_str(), visits_of(&decided).len(), decided["words"][0].as_str()), (problem["id"].as_str(), 3, Some("楼道")));
        // What became a case counts no more: three new ones are needed.
        visit(&world, "worker1", GRID_1, CLUTTER[0]).await;
        visit(&world, "worker1", GRID_1, CLUTTER[1]).await;
        assert!(listed(&world, "head", "").await.is_empty());
        visit(&world, "worker1", GRID_1, CLUTTER[2]).await;
        assert_eq!(listed(&world, "head", "").await.len(), 1);
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn nothing_follows_only_with_a_reason_and_it_comes_back_with_a_new_visit_alone(t: TestDb) {
        let world = World::new(t).await;
        let visits = clutter(&world).await;
        let head = world.as_("head").await;
        let problem = listed(&world, "head", "").await.remove(0);
        let dismiss = path(&problem, "dismiss");
        world.post(&head, &dismiss, json!({ "visits": visits, "reason": " " })).await.refused(422, "invalid");
        assert_eq!(world.post(&head, &dismiss, json!({ "visits": visits, "reason": "物业当天已清走" })).await.status, 204);
        world.post(&head, &dismiss, json!({ "visits": visits, "reason": "再说一次" })).await.refused(409, "not_now");
        assert!(listed(&world, "head", "").await.is_empty());
        let decided = listed(&world, "clerk", "state=decided").await.remove(0);
        assert_eq!((decided["state"].as_str(), decided["decision"]["reason"].as_str()), (Some("dismissed"), Some("物业当天已清走")));
        assert!(listed(&world, "other_clerk", &format!("state=decided&area={COMMUNITY}")).await.is_empty());
        let new = visit(&world, "worker1", GRID_1, CLUTTER[1]).await;
        let again = listed(&world, "head", "").await.remove(0);
        assert_eq!((again["id"].as_str(), again["n_visits"].as_u64(), again["n_new"].as_u64()), (Some(&*new), Some(4), Some(1)));
    }

    async fn a_visit_that_came_while_somebody_decided_is_not_decided_unseen(t: TestDb) {
        let world = World::new(t).await;
        let visits = clutter(&world).await;
        let problem = listed(&world, "head", "").await.remove(0);
        visit(&world, "worker1", GRID_1, CLUTTER[0]).await;
        let head = world.as_("head").await;
        let body = json!({ "visits": visits, "reason": "已清走" });
        assert_eq!(world.post(&head, &path(&problem, "dismiss"), body).await.status, 204);
        assert_eq!(listed(&world, "head", "").await[0]["n_new"].as_u64(), Some(1));
    }

    async fn what_is_older_than_the_window_counts_no_more(t: TestDb) {
        let world = World::new(t).await;
        visit(&world, "worker1", GRID_1, CLUTTER[0]).await;
        world.clock.advance_ms(31 * 86_400_000);
        visit(&world, "worker1", GRID_1, CLUTTER[1]).await;
        visit(&world, "worker1", GRID_1, CLUTTER[2]).await;
        assert!(listed(&world, "head", "").await.is_empty());
    }

    async fn the_words_of_a_decision_end_with_those_of_its_visits(t: TestDb) {
        let world = World::new(t).await;
        let visits = clutter(&world).await;
        let problem = listed(&world, "head", "").await.remove(0);
        let body = json!({ "visits": visits, "reason": "物业当天已清走" });
        world.post(&world.as_("head").await, &path(&problem, "dismiss"), body).await;
        world.clock.advance_ms(731 * 86_400_000);
        let now = world.app.now();
        let before = now.plus_ms(-730 * 86_400_000);
        world.app.db.write(move |tx| linli_civic::visits::problem_store::sweep(tx, before)).await.unwrap();
        world.app.db.write(move |tx| linli_civic::visits::store::sweep(tx, before, before)).await.unwrap();
        let decided = listed(&world, "head", "state=decided").await.remove(0);
        assert_eq!((decided["words"].as_array().map(Vec::len), decided["decision"]["reason"].as_str(), decided["n_visits"].as_u64()), (Some(0), None, Some(3)));
        assert_eq!(decided["visits"][0]["said"], "");
    }
}
