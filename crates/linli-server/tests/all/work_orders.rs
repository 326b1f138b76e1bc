//! The whole work-order loop through the real router, on both databases: several offices at once, approvals, rulings,
//! merged callers, follow-up.

use linli_kernel::Role;
use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, GRID_1, Session, World, reply};
use linli_testkit::on_both;

fn verbs(case: &Value) -> Vec<&str> {
    case["actions"].as_array().unwrap().iter().map(|action| action["verb"].as_str().unwrap()).collect()
}

fn sentences(case: &Value) -> Vec<String> {
    case["timeline"].as_array().unwrap().iter().map(|entry| entry["sentence"].as_str().unwrap().to_owned()).collect()
}

fn clock<'a>(case: &'a Value, kind: &str) -> &'a Value {
    let clocks = case["deadlines"].as_array().unwrap();
    clocks.iter().rfind(|clock| clock["kind"] == kind && clock["state"] != "cancelled").unwrap()
}

fn task<'a>(case: &'a Value, party: &str) -> &'a Value {
    case["tasks"].as_array().unwrap().iter().find(|task| task["party_name"].as_str().unwrap().contains(party)).unwrap()
}

fn seat(area: &str, unit: Option<&str>) -> Value {
    json!({ "area_code": area, "unit_code": unit })
}

async fn on_task(
    world: &World,
    who: &Session,
    code: &str,
    party: &str,
    verb: &str,
    fields: Value,
) -> crate::world::Answered {
    let case = world.get(who, &format!("/api/cases/{code}")).await.ok();
    let id = task(&case, party)["id"].as_str().unwrap().to_owned();
    world
        .post(who, &format!("/api/cases/{code}/tasks/{id}/actions/{verb}"), json!({ "version": 1, "fields": fields }))
        .await
}

/// What was done took the case out of sight: told as done, not as a failure.
fn gone(answered: crate::world::Answered) {
    let answer = answered.ok();
    assert_eq!((&answer["done"], &answer["gone"]), (&json!(true), &json!(true)), "{answer}");
    assert!(answer["sentence"].as_str().unwrap().contains("已经办好"), "{answer}");
}

/// A unit sends a case back, and no longer sees it: done, and gone.
async fn send_back(world: &World, who: &Session, code: &str, fields: Value) {
    let clerk = world.as_("leader").await;
    gone(world.act(who, code, "send_back", fields).await);
    let after = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
    assert_eq!(after["stage"], "received", "{after}");
}

/// A lamp that the community handles: it went up once and was taken there.
async fn at_the_community(world: &World) -> (String, Session) {
    let code = world.report_lamp().await;
    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "escalate", json!({ "reason": "要供电和物业一起看" })).await.ok();
    let clerk = world.as_("clerk").await;
    world.act(&clerk, &code, "take", json!({})).await.ok();
    (code, clerk)
}

/// The codes of the cases in a box.
async fn in_box(world: &World, who: &Session, key: &str) -> Vec<String> {
    let page = world.get(who, &format!("/api/cases?box={key}")).await.ok();
    page["items"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

async fn settle_and_verify(world: &World, handler: &Session, verifier: &str, code: &str) {
    world.act(handler, code, "settle", json!({ "reply": reply() })).await.ok();
    let verifier = world.as_(verifier).await;
    world.act(&verifier, code, "verify", json!({})).await.ok();
}

on_both! {
    async fn a_whistle_calls_departments_each_with_clocks_of_its_own(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let property = world.hire("property", Role::DepartmentClerk, COMMUNITY, Some("property")).await;
        let urban = world.as_("urban").await;
        // Nobody sees it who was not called.
        assert_eq!(world.get(&urban, &format!("/api/cases/{code}")).await.status, 404);
        let fields = json!({ "whistle": "work", "seats": [seat(COUNTY, Some("urban_management")), seat(COMMUNITY, Some("property"))], "text": "请到场看线路" });
        let case = world.act(&clerk, &code, "whistle", fields.clone()).await.ok();
        assert_eq!(case["tasks"].as_array().unwrap().len(), 2);
        world.act(&clerk, &code, "whistle", fields).await.refused(422, "invalid");
        // While somebody who was called still owes something the case is not settled.
        assert!(!verbs(&case).contains(&"settle"));
        let inbox = world.get(&urban, "/api/cases?box=tasks").await.ok();
        assert_eq!(inbox["items"][0]["code"], code.as_str());

        on_task(&world, &property, &code, "物业", "sign", json!({})).await.ok();
        on_task(&world, &property, &code, "物业", "arrive", json!({ "text": "已到3号楼" })).await.ok();
        on_task(&world, &property, &code, "物业", "finish", json!({})).await.refused(422, "invalid");
        on_task(&world, &property, &code, "物业", "finish", json!({ "text": "楼内线路正常" })).await.ok();
        // The other one is late: it is said, and it stays owed.
        world.wait_until("2026-09-28T11:00:00").await;
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        let late = task(&case, "城市管理");
        assert_eq!((late["state"].as_str(), clock(late, "sign")["state"].as_str()), (Some("called"), Some("breached")), "{late}");
        assert!(sentences(&case).iter().any(|said| said.contains("城市管理") && said.contains("超过时限")), "{:?}", sentences(&case));

        let urban = world.as_("urban").await;
        on_task(&world, &urban, &code, "城市管理", "rate", json!({ "stars": 5 })).await.refused(409, "not_now");
        on_task(&world, &urban, &code, "城市管理", "sign", json!({})).await.ok();
        on_task(&world, &urban, &code, "城市管理", "finish", json!({ "text": "更换了电缆" })).await.ok();
        let clerk = world.as_("clerk").await;
        on_task(&world, &clerk, &code, "城市管理", "rate", json!({ "stars": 3, "text": "来得晚" })).await.ok();
        on_task(&world, &urban, &code, "城市管理", "rate_call", json!({ "stars": 4 })).await.ok();
        settle_and_verify(&world, &clerk, "clerk2", &code).await;
        let verified = world.app.db.read(linli_db::verify::verify).await.unwrap();
        assert_eq!(verified.broken, None);
    }

    async fn a_whistle_is_blown_by_whoever_may_where_it_can_be(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let seats = json!([seat(COUNTY, Some("urban_management"))]);
        let hard = json!({ "whistle": "hard", "seats": seats, "text": "请到场" });
        world.act(&worker, &code, "whistle", hard).await.refused(422, "invalid");
        let urgent = json!({ "whistle": "urgent", "seats": seats, "text": "电线落地，请马上到场" });
        let case = world.act(&worker, &code, "whistle", urgent).await.ok();
        assert_eq!(case["tasks"][0]["kind_name"], "应急处置哨");
    }

    async fn a_major_matter_is_led_by_the_county_with_a_task_force(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let body = json!({ "text": "整条街地面塌陷，多栋楼受影响", "area_code": GRID_1, "category": "road_surface", "weight": "major" });
        let code = world.post(&clerk, "/api/cases", body).await.ok()["code"].as_str().unwrap().to_owned();
        let leader = world.as_("leader").await;
        let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["seat"]["unit"]["code"], "urban_management");
        // The list gives it to a department first; the county's people take it over.
        world.act(&leader, &code, "dispatch", json!({ "seat": seat(COUNTY, None), "reason": "重大事项，县区牵头" })).await.ok();
        let dispatcher = world.as_("dispatcher").await;
        let me = world.get(&dispatcher, "/api/session").await.ok();
        let id = me["account"]["id"].as_str().or(me["id"].as_str()).unwrap().to_owned();
        let fields = json!({ "name": "塌陷处置专班", "people": [id], "seats": [seat(COUNTY, Some("urban_management"))], "text": "围挡、勘察、修复" });
        let case = world.act(&leader, &code, "open_force", fields).await.ok();
        assert_eq!(case["force"]["members"].as_array().unwrap().len(), 2);
        assert!(!verbs(&case).contains(&"settle"));
        world.act(&dispatcher, &code, "minute", json!({ "text": "第一次会议：今晚完成围挡" })).await.ok();
        world.act(&leader, &code, "close_force", json!({ "text": "修复完成" })).await.refused(409, "not_now");
        let urban = world.as_("urban").await;
        on_task(&world, &urban, &code, "城市管理", "sign", json!({})).await.ok();
        on_task(&world, &urban, &code, "城市管理", "finish", json!({ "text": "已修复路面" })).await.ok();
        world.act(&leader, &code, "close_force", json!({ "text": "修复完成，解散专班" })).await.ok();
        let hotline = world.as_("hotline").await;
        world.act(&leader, &code, "settle", json!({ "reply": reply() })).await.ok();
        world.act(&hotline, &code, "verify", json!({})).await.ok();
    }

    async fn a_second_send_back_is_an_objection_that_is_ruled_on_and_becomes_a_line_of_the_list(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let to_urban = json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" });
        world.act(&clerk, &code, "dispatch", to_urban.clone()).await.ok();
        let urban = world.as_("urban").await;
        let ground = json!({ "ground": "not_our_duty", "text": "小区内的灯由物业负责" });
        send_back(&world, &urban, &code, ground.clone()).await;
        world.act(&clerk, &code, "dispatch", to_urban).await.ok();
        // Once is the limit.
        world.act(&urban, &code, "send_back", ground).await.refused(409, "not_now");
        let objection = json!({ "ground": "not_our_duty", "text": "产权在小区，合同写明由物业维护" });
        // Ruled on by others: out of the unit's sight until then.
        gone(world.act(&urban, &code, "object", objection).await);
        let leader = world.as_("leader").await;
        assert_eq!(world.get(&leader, "/api/cases?box=to_rule").await.ok()["items"][0]["code"], code.as_str());
        world.act(&leader, &code, "rule", json!({ "upheld": true, "reason": "小区公共照明由社区统筹物业维护", "entry": true })).await.refused(422, "invalid");
        let ruling = json!({ "upheld": true, "seat": seat(COMMUNITY, None), "reason": "小区公共照明由社区统筹物业维护", "entry": true });
        let case = world.act(&leader, &code, "rule", ruling).await.ok();
        assert_eq!(case["seat"]["area"]["code"], COMMUNITY);
        // The ruling binds: the community neither sends it back nor objects.
        let clerk = world.as_("clerk").await;
        let bound = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert!(verbs(&bound).contains(&"take") && !verbs(&bound).contains(&"send_back"), "{:?}", verbs(&bound));
        // The next case of the kind is told why by the line that the ruling added.
        world.app.reload_amended().await.unwrap();
        let next = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &next, "take", json!({})).await.ok();
        let seats = world.get(&clerk, &format!("/api/cases/{next}/seats")).await.ok();
        let community = seats["items"].as_array().unwrap().iter().find(|seat| seat["seat_name"] == "红旗社区").unwrap().clone();
        assert!(community["why"].as_str().unwrap().contains("小区公共照明由社区统筹物业维护"), "{community}");
    }

    async fn a_ruling_against_the_objection_gives_it_back_and_binds(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let to_urban = json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" });
        world.act(&clerk, &code, "dispatch", to_urban.clone()).await.ok();
        let urban = world.as_("urban").await;
        send_back(&world, &urban, &code, json!({ "ground": "other", "text": "不归我们" })).await;
        world.act(&clerk, &code, "dispatch", to_urban).await.ok();
        gone(world.act(&urban, &code, "object", json!({ "ground": "other", "text": "不归我们" })).await);
        let leader = world.as_("leader").await;
        let case = world.act(&leader, &code, "rule", json!({ "upheld": false, "reason": "清单写明由城管维护" })).await.ok();
        assert_eq!(case["seat"]["unit"]["code"], "urban_management");
        let bound = world.get(&urban, &format!("/api/cases/{code}")).await.ok();
        assert!(!verbs(&bound).contains(&"send_back") && !verbs(&bound).contains(&"object"), "{:?}", verbs(&bound));
    }

    async fn an_extension_is_asked_in_time_granted_by_another_and_told(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let before = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        world.act(&clerk, &code, "ask_extension", json!({ "days": 30, "reason": "配件没到" })).await.refused(422, "invalid");
        let asked = world.act(&clerk, &code, "ask_extension", json!({ "days": 3, "reason": "配件周四到货" })).await.ok();
        assert_eq!(asked["pending"]["days"], 3);
        assert!(!verbs(&asked).contains(&"ask_extension"));
        let dispatcher = world.as_("dispatcher").await;
        assert_eq!(world.get(&dispatcher, "/api/cases?box=to_approve").await.ok()["items"][0]["code"], code.as_str());
        let granted = world.act(&dispatcher, &code, "grant_extension", json!({})).await.ok();
        assert!(clock(&granted, "handle")["due_at"].as_str() > clock(&before, "handle")["due_at"].as_str());
        assert!(granted["promised_at"].as_str() > before["promised_at"].as_str());
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        let told = public["timeline"].as_array().unwrap().iter().find(|entry| entry["type"] == "extension_granted").unwrap().clone();
        assert_eq!(told["text"], "配件周四到货");
        world.act(&clerk, &code, "ask_extension", json!({ "days": 3, "reason": "又没到" })).await.refused(409, "not_now");
    }

    async fn whoever_asks_does_not_grant(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        world.act(&clerk, &code, "escalate", json!({ "reason": "街道牵头" })).await.ok();
        let both = world.hire("both", Role::StreetDispatcher, crate::world::STREET, None).await;
        world.act(&both, &code, "take", json!({})).await.ok();
        world.act(&both, &code, "ask_extension", json!({ "days": 2, "reason": "等材料" })).await.ok();
        world.act(&both, &code, "grant_extension", json!({})).await.refused(403, "forbidden");
        let leader = world.as_("leader").await;
        world.act(&leader, &code, "refuse_extension", json!({ "reason": "抓紧办" })).await.ok();
    }

    async fn what_is_suspended_comes_back_on_its_day_with_the_time_that_was_left(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let before = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        world.act(&clerk, &code, "ask_suspension", json!({ "until": "2026-09-27", "reason": "等改造" })).await.refused(422, "invalid");
        world.act(&clerk, &code, "ask_suspension", json!({ "until": "2026-10-20", "reason": "等老旧小区改造进场" })).await.ok();
        let dispatcher = world.as_("dispatcher").await;
        let suspended = world.act(&dispatcher, &code, "suspend", json!({})).await.ok();
        assert_eq!((suspended["stage"].as_str(), suspended["phase"].as_str()), (Some("suspended"), Some("waiting")));
        let said = sentences(&suspended);
        assert!(said.iter().any(|said| said.contains("申请挂账到2026年10月20日")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("同意挂账，到2026年10月20日再办")), "{said:?}");
        assert_eq!(world.get(&dispatcher, "/api/cases?box=suspended").await.ok()["items"][0]["code"], code.as_str());
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert!(!public["late"].as_bool().unwrap());
        world.wait_until("2026-10-20T18:00:01").await;
        let clerk = world.as_("clerk").await;
        let back = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(back["stage"], "handling");
        assert!(clock(&back, "handle")["due_at"].as_str() > clock(&before, "handle")["due_at"].as_str());
        assert_eq!(clock(&back, "handle")["state"], "running");
    }

    async fn everyone_who_called_about_one_matter_is_answered(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let mut codes = Vec::new();
        for _ in 0..5 {
            codes.push(world.report_lamp().await);
        }
        let (master, others) = codes.split_first().unwrap();
        let clerk = world.as_("clerk").await;
        for code in others {
            let merged = world.act(&clerk, code, "merge", json!({ "case": master, "reason": "同一盏灯" })).await.ok();
            assert_eq!(merged["stage"], "merged");
        }
        // A case that follows cannot be followed, and none follows itself.
        world.act(&clerk, master, "merge", json!({ "case": others[0] })).await.refused(409, "not_now");
        world.act(&worker, master, "take", json!({})).await.ok();
        let shown = world.get(&clerk, &format!("/api/cases/{master}")).await.ok();
        assert_eq!(shown["links"].as_array().unwrap().len(), 4);
        world.act(&worker, master, "settle", json!({ "reply": reply() })).await.ok();
        world.act(&clerk, master, "verify", json!({})).await.ok();
        for code in &codes {
            let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
            assert_eq!((public["phase"].as_str(), public["reply"]["done"].as_str()), (Some("settled"), Some("更换灯泡并检查线路")), "{code}");
        }
        // Each judges for themself.
        world.act_publicly(&others[1], "rate", json!({ "stars": 1, "solved": false, "satisfied": false })).await.ok();
        let first = world.get(&Session::none(), &format!("/api/public/cases/{master}")).await.ok();
        assert_eq!(first["phase"], "settled");
    }

    async fn a_part_is_split_off_and_the_whole_waits_for_it(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let split = world.act(&clerk, &code, "split", json!({ "text": "旁边的井盖也松了", "category": "road_surface" })).await.ok();
        let child = split["links"][0].clone();
        assert_eq!(child["relation"], "child");
        let whole = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert!(!verbs(&whole).contains(&"settle"));
        let dispatcher = world.as_("dispatcher").await;
        let id = child["id"].as_str().unwrap();
        world.act(&dispatcher, id, "close", json!({ "ground": "not_verifiable", "text": "现场已经处理" })).await.ok();
        let whole = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert!(verbs(&whole).contains(&"settle"));
    }

    async fn a_follow_up_is_made_by_another_unit_and_reached_nobody_three_times_ends_it(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        settle_and_verify(&world, &clerk, "clerk2", &code).await;
        let unreached = json!({ "reached": false, "solved": false, "satisfied": false, "text": "无人接听" });
        // The unit that handled it does not ask how it was.
        let clerk2 = world.as_("clerk2").await;
        world.act(&clerk2, &code, "follow_up", unreached.clone()).await.refused(403, "forbidden");
        let hotline = world.as_("hotline").await;
        for _ in 0..2 {
            let case = world.act(&hotline, &code, "follow_up", unreached.clone()).await.ok();
            assert_eq!(case["phase"], "settled");
        }
        let case = world.act(&hotline, &code, "follow_up", unreached).await.ok();
        assert_eq!((case["phase"].as_str(), case["follow_up"]["n_tries"].as_u64()), (Some("closed"), Some(3)));
        assert_eq!(case["follow_up"]["satisfied"], Value::Null);
    }

    async fn an_unsatisfied_follow_up_sends_it_one_level_up(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        settle_and_verify(&world, &clerk, "clerk2", &code).await;
        let hotline = world.as_("hotline").await;
        let said = json!({ "reached": true, "solved": false, "satisfied": false, "text": "还是不亮" });
        let case = world.act(&hotline, &code, "follow_up", said).await.ok();
        assert_eq!((case["phase"].as_str(), case["seat"]["level"].as_str()), (Some("open"), Some("street")));
    }

    async fn an_exclusion_is_asked_with_a_code_and_granted_by_another(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        settle_and_verify(&world, &clerk, "clerk2", &code).await;
        world.act(&clerk, &code, "ask_exclusion", json!({ "ground": "beyond_power", "reason": "属省管道路" })).await.ok();
        let leader = world.as_("leader").await;
        let case = world.act(&leader, &code, "exclude", json!({ "text": "属实" })).await.ok();
        assert_eq!(case["excluded"], "超出本市职权");
    }

    async fn what_is_private_is_seen_by_those_who_answer_alone(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "escalate", json!({ "reason": "涉及隐私" })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "set_privacy", json!({ "private": true, "reason": "家庭纠纷" })).await.ok();
        assert_eq!(world.get(&worker, &format!("/api/cases/{code}")).await.status, 404);
        let list = world.get(&worker, "/api/cases?box=all_open").await.ok();
        assert!(list["items"].as_array().unwrap().is_empty(), "{list}");
        assert_eq!(world.get(&clerk, &format!("/api/cases/{code}")).await.ok()["private"], true);
        assert_eq!(world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.status, 200);
    }

    async fn an_outside_party_signs_and_reports_by_its_link_alone(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let case = world.act(&clerk, &code, "hand_out", json!({ "party": "光明路灯维修队", "text": "更换3号楼前灯头" })).await.ok();
        let link = case["tasks"][0]["link"].as_str().unwrap().to_owned();
        let token = link.rsplit('/').next().unwrap().to_owned();
        let nobody = Session::none();
        let shown = world.get(&nobody, &format!("/api/links/{token}")).await.ok();
        assert_eq!(shown["body"], "更换3号楼前灯头");
        assert!(!shown.to_string().contains("1990000"), "{shown}");
        let path = |verb: &str| format!("/api/links/{token}/actions/{verb}");
        world.post(&nobody, &path("sign"), json!({ "version": 1 })).await.ok();
        world.post(&nobody, &path("finish"), json!({ "version": 1, "fields": { "text": "已更换" } })).await.ok();
        // It was for one time.
        world.post(&nobody, &path("finish"), json!({ "version": 1, "fields": { "text": "再来一次" } })).await.refused(409, "not_now");
        let forged = format!("{}x", &token[..token.len() - 1]);
        assert_eq!(world.get(&nobody, &format!("/api/links/{forged}")).await.status, 404);
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert!(sentences(&case).iter().any(|said| said.contains("光明路灯维修队")), "{:?}", sentences(&case));
    }

    async fn a_reply_that_says_nothing_or_tells_a_number_does_not_go_out(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let with = |done: &str| json!({ "reply": { "received": "28日", "talked_to": "反映人", "done": done, "by_when": "当天" } });
        let refused = world.act(&worker, &code, "settle", with("已转相关部门处理")).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "says_nothing");
        let refused = world.act(&worker, &code, "settle", with("已请住户19900000009开门修好")).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "personal_data");
        world.act(&worker, &code, "settle", with("换了灯头，现在亮了")).await.ok();
    }

    async fn the_resident_who_does_not_answer_holds_nothing_up(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "ask", json!({ "question": "哪一根灯杆？" })).await.ok();
        world.wait_until("2026-10-10T18:00:00").await;
        let case = world.get(&world.as_("clerk").await, &format!("/api/cases/{code}")).await.ok();
        assert_ne!(case["stage"], "asking", "{:?}", sentences(&case));
    }

    async fn a_report_of_a_known_matter_follows_it_and_is_answered_with_it(t: TestDb) {
        let world = World::new(t).await;
        let first = world.report_lamp().await;
        let nobody = Session::none();
        let asked = json!({ "text": "3号楼前面路灯不亮了", "area_code": GRID_1, "category": "street_light" });
        let similar = world.post(&nobody, "/api/similar", asked.clone()).await.ok();
        let found = &similar["items"][0];
        assert_eq!(found["n_callers"], 1);
        // Neither the code nor the words of somebody else.
        assert!(!similar.to_string().contains(&first) && !similar.to_string().contains("晚上看不清"), "{similar}");
        let mut report = asked.clone();
        report["same_as"] = found["token"].clone();
        let second = world.post(&nobody, "/api/cases", report).await.ok();
        let code = second["code"].as_str().unwrap().to_owned();
        assert_eq!(second["case"]["stage_name"], "同样的事已有人反映，合在一起办理，办完一并答复您");
        let worker = world.as_("worker1").await;
        world.act(&worker, &first, "take", json!({})).await.ok();
        settle_and_verify(&world, &worker, "clerk", &first).await;
        let answered = world.get(&nobody, &format!("/api/public/cases/{code}")).await.ok();
        assert_eq!(answered["phase"], "settled");
        let other = json!({ "text": "垃圾桶满了没人清", "area_code": GRID_1, "category": "rubbish" });
        assert!(world.post(&nobody, "/api/similar", other).await.ok()["items"].as_array().unwrap().is_empty());
    }

    async fn what_stands_below_and_what_came_up_from_there_have_boxes_of_their_own(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let (clerk, dispatcher) = (world.as_("clerk").await, world.as_("dispatcher").await);
        assert_eq!(in_box(&world, &clerk, "below").await, [code.as_str()]);
        assert!(in_box(&world, &clerk, "came_up").await.is_empty());
        let worker = world.as_("worker1").await;
        // Whoever has nobody below has no such boxes.
        let boxes = world.get(&worker, "/api/inbox").await.ok();
        assert!(!boxes["boxes"].to_string().contains("came_up"), "{boxes}");

        world.act(&worker, &code, "escalate", json!({ "reason": "要供电和物业一起看" })).await.ok();
        assert_eq!(in_box(&world, &clerk, "came_up").await, [code.as_str()]);
        assert!(in_box(&world, &clerk, "below").await.is_empty());
        // For the street it stands below still, and nothing came up to it.
        assert_eq!(in_box(&world, &dispatcher, "below").await, [code.as_str()]);
        assert!(in_box(&world, &dispatcher, "came_up").await.is_empty());
        let row = world.get(&clerk, "/api/cases?box=came_up").await.ok()["items"][0].clone();
        assert_eq!(row["risen_from"]["code"], GRID_1);
        // Another community knows of neither.
        let stranger = world.as_("other_clerk").await;
        assert!(in_box(&world, &stranger, "below").await.is_empty() && in_box(&world, &stranger, "came_up").await.is_empty());

        world.act(&clerk, &code, "take", json!({})).await.ok();
        world.act(&clerk, &code, "dispatch", json!({ "seat": seat(GRID_1, None), "reason": "灯泡由网格更换" })).await.ok();
        assert!(in_box(&world, &clerk, "came_up").await.is_empty());
        assert_eq!(in_box(&world, &clerk, "below").await, [code.as_str()]);
    }

    async fn two_send_backs_go_up_by_rule(t: TestDb) {
        let world = World::new(t).await;
        let (code, clerk) = at_the_community(&world).await;
        let property = world.hire("property", Role::DepartmentClerk, COMMUNITY, Some("property")).await;
        let urban = world.as_("urban").await;
        let ground = json!({ "ground": "not_our_duty", "text": "不归我们" });
        for (who, seat) in [(&property, seat(COMMUNITY, Some("property"))), (&urban, seat(COUNTY, Some("urban_management")))] {
            world.act(&clerk, &code, "dispatch", json!({ "seat": seat, "reason": "请办理" })).await.ok();
            send_back(&world, who, &code, ground.clone()).await;
        }
        let dispatcher = world.as_("dispatcher").await;
        let case = world.get(&dispatcher, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["seat"]["level"], "street", "{:?}", sentences(&case));
        let told = sentences(&case);
        assert_eq!(told.last().unwrap(), "两个单位都退了单，由上一级牵头，上报至向阳街道", "{told:?}");
    }
}
