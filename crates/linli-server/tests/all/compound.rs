//! 网格吹哨 — 物业报到 — 贤达调解 — 部门联动: the chain of a compound as 陕汽路社区 works it, over the routes, on both databases. All of it is
//! the playbook `shaanqi`; nothing here is known to the program.

use linli_kernel::Role;
use serde_json::{Value, json};

use crate::world::{Place, Post, Session, World, reply};
use linli_testkit::{TestDb, on_both};

const COUNTY: &str = "610117000000";
const STREET: &str = "610117004000";
const COMMUNITY: &str = "610117004003";
const GRID: &str = "610117004003001";

const AREAS: &[Place] = &[
    ("610100000000", "西安市", "西安市"),
    (COUNTY, "高陵区", "高陵区"),
    (STREET, "姬家街道", "姬家街道"),
    (COMMUNITY, "陕汽路社区居委会", "陕汽路社区"),
    (GRID, "第一网格", "第一网格"),
];

const PEOPLE: &[Post] = &[
    ("worker", "王秀英", Role::GridWorker, GRID, None),
    ("clerk", "张敏", Role::CommunityClerk, COMMUNITY, None),
    ("clerk2", "刘洋", Role::CommunityClerk, COMMUNITY, None),
    ("dispatcher", "陈刚", Role::StreetDispatcher, STREET, None),
    ("property", "赵师傅", Role::DepartmentClerk, COMMUNITY, Some("property")),
    ("neighbour", "老周", Role::DepartmentClerk, COMMUNITY, Some("neighbours_room")),
    ("police", "李警官", Role::DepartmentClerk, STREET, Some("police_station")),
    ("fire", "孙站长", Role::DepartmentClerk, STREET, Some("fire_station")),
    ("leader", "郑伟", Role::CountyLeader, COUNTY, None),
];

async fn compound(t: TestDb) -> World {
    World::somewhere(t, "shaanqi", AREAS, PEOPLE).await
}

fn seat(area: &str, unit: &str) -> Value {
    json!({ "area_code": area, "unit_code": unit })
}

fn verbs(case: &Value) -> Vec<&str> {
    case["actions"].as_array().unwrap().iter().map(|action| action["verb"].as_str().unwrap()).collect()
}

fn sentences(case: &Value) -> Vec<&str> {
    case["timeline"].as_array().unwrap().iter().map(|entry| entry["sentence"].as_str().unwrap()).collect()
}

fn task<'a>(case: &'a Value, party: &str) -> &'a Value {
    case["tasks"].as_array().unwrap().iter().find(|task| task["party_name"].as_str().unwrap().contains(party)).unwrap()
}

async fn report(world: &World) -> String {
    let body = json!({ "text": "三单元楼道里堆满纸箱子，老人上下不方便", "area_code": GRID, "category": "corridor" });
    world.post(&Session::none(), "/api/cases", body).await.ok()["code"].as_str().unwrap().to_owned()
}

async fn on_task(world: &World, name: &str, code: &str, verb: &str, fields: Value) -> crate::world::Answered {
    let who = world.as_(name).await;
    let case = world.get(&who, &format!("/api/cases/{code}")).await.ok();
    let mine = case["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|task| task["actions"].as_array().unwrap().iter().any(|action| action["verb"] == verb));
    let id =
        mine.unwrap_or_else(|| panic!("{name} may not {verb}: {}", case["tasks"]))["id"].as_str().unwrap().to_owned();
    world
        .post(&who, &format!("/api/cases/{code}/tasks/{id}/actions/{verb}"), json!({ "version": 1, "fields": fields }))
        .await
}

/// The grid worker has it in hand and blew the whistle for the property company.
async fn whistled(world: &World) -> (String, Value) {
    let code = report(world).await;
    let worker = world.as_("worker").await;
    world.act(&worker, &code, "take", json!({})).await.ok();
    let whistle =
        json!({ "whistle": "compound", "seats": [seat(COMMUNITY, "property")], "text": "三单元楼道堆物，请来清" });
    let case = world.act(&worker, &code, "whistle", whistle).await.ok();
    (code, case)
}

async fn property_came(world: &World, code: &str, result: &str) {
    on_task(world, "property", code, "sign", json!({})).await.ok();
    on_task(world, "property", code, "arrive", json!({ "text": "到了三单元" })).await.ok();
    on_task(world, "property", code, "finish", json!({ "text": result })).await.ok();
}

async fn rated(world: &World, code: &str, satisfied: bool) {
    let rating = json!({ "stars": if satisfied { 5 } else { 1 }, "solved": satisfied, "satisfied": satisfied });
    world.act_publicly(code, "rate", rating).await.ok();
}

on_both! {
    async fn what_the_property_company_can_do_is_done_within_its_clock(t: TestDb) {
        let world = compound(t).await;
        let (code, case) = whistled(&world).await;
        let task = &case["tasks"][0];
        assert_eq!((task["kind_name"].as_str(), task["party_name"].as_str()), (Some("小区哨"), Some("陕汽路社区物业服务企业")));
        let due: Vec<(&str, &str)> = task["deadlines"].as_array().unwrap().iter()
            .map(|clock| (clock["kind"].as_str().unwrap(), clock["due_at"].as_str().unwrap())).collect();
        // Nine in the morning: half an hour to answer, two hours to come.
        assert!(due.contains(&("sign", "2026-09-28T01:30:00.000Z")) && due.contains(&("arrive", "2026-09-28T03:00:00.000Z")), "{due:?}");
        assert!(!verbs(&case).contains(&"settle"), "the property company still owes it: {:?}", verbs(&case));
        property_came(&world, &code, "纸箱子都清走了").await;
        let worker = world.as_("worker").await;
        let vague = json!({ "reply": reply() });
        let refused = world.act(&worker, &code, "settle", vague).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], "fields.how");
        world.act(&worker, &code, "settle", json!({ "how": "property", "reply": reply() })).await.ok();
        let clerk = world.as_("clerk").await;
        let case = world.act(&clerk, &code, "verify", json!({})).await.ok();
        assert!(sentences(&case).iter().any(|said| said.contains("物业报到后办了")), "{:?}", sentences(&case));
        rated(&world, &code, true).await;
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert_eq!(public["phase"], "closed");
    }

    async fn neighbours_mediate_only_after_the_property_company_was_there(t: TestDb) {
        let world = compound(t).await;
        let code = report(&world).await;
        let worker = world.as_("worker").await;
        let case = world.act(&worker, &code, "take", json!({})).await.ok();
        assert!(!verbs(&case).contains(&"mediate"), "{:?}", verbs(&case));
        let ask = json!({ "seats": [seat(COMMUNITY, "neighbours_room")], "text": "二楼不肯搬" });
        world.act(&worker, &code, "mediate", ask.clone()).await.refused(409, "not_now");
        let whistle = json!({ "whistle": "compound", "seats": [seat(COMMUNITY, "property")], "text": "请来清" });
        world.act(&worker, &code, "whistle", whistle).await.ok();
        // Nor while it is still expected.
        world.act(&worker, &code, "mediate", ask.clone()).await.refused(409, "not_now");
        property_came(&world, &code, "清了大部分，二楼住户不肯搬").await;

        let worker = world.as_("worker").await;
        let case = world.act(&worker, &code, "mediate", ask).await.ok();
        assert_eq!((case["stage"].as_str(), case["phase"].as_str()), (Some("mediating"), Some("open")));
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert_eq!(public["stage_name"], "正在请小区里大家信得过的邻居帮着调解");
        let room = task(&case, "贤邻里");
        // A clock of their own: not half a working day as for a department.
        let sign = room["deadlines"].as_array().unwrap().iter().find(|clock| clock["kind"] == "sign").unwrap();
        assert_eq!(sign["due_at"], "2026-09-29T10:00:00.000Z");
        on_task(&world, "neighbour", &code, "sign", json!({})).await.ok();
        on_task(&world, "neighbour", &code, "finish", json!({ "text": "坐下来谈了一次，周末前自己搬走" })).await.ok();
        // The one who mediated says how it ended; a stranger may not.
        let police = world.as_("police").await;
        let stranger = json!({ "version": 9, "fields": { "agreed": true, "text": "谈拢" } });
        world.post(&police, &format!("/api/cases/{code}/actions/conclude"), stranger).await.refused(404, "not_found");
        let worker = world.as_("worker").await;
        let case = world.act(&worker, &code, "conclude", json!({ "agreed": true, "text": "周末前搬走，网格看着" })).await.ok();
        assert_eq!(case["stage"], "handling");
        assert!(sentences(&case).contains(&"调解达成一致"), "{:?}", sentences(&case));
        world.act(&worker, &code, "settle", json!({ "how": "mediation", "reply": reply() })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        rated(&world, &code, true).await;
    }

    async fn what_neighbours_cannot_settle_is_taken_up_by_the_community_with_the_departments(t: TestDb) {
        let world = compound(t).await;
        let (code, case) = whistled(&world).await;
        let whistles: Vec<String> = case["actions"].as_array().unwrap().iter().filter(|action| action["verb"] == "whistle")
            .flat_map(|action| action["form"].as_array().unwrap().clone())
            .flat_map(|field| field["options"].as_array().cloned().unwrap_or_default())
            .map(|option| option["value"].as_str().unwrap().to_owned()).collect();
        assert!(whistles.contains(&"compound".to_owned()) && !whistles.contains(&"joint".to_owned()), "{whistles:?}");
        property_came(&world, &code, "清不动").await;
        let worker = world.as_("worker").await;
        let ask = json!({ "seats": [seat(COMMUNITY, "neighbours_room")], "text": "二楼不肯搬" });
        world.act(&worker, &code, "mediate", ask).await.ok();
        on_task(&world, "neighbour", &code, "sign", json!({})).await.ok();
        // The mediators say so themselves.
        let neighbour = world.as_("neighbour").await;
        world.act(&neighbour, &code, "conclude", json!({ "agreed": false, "text": "谈了两次，不肯搬" })).await;
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((case["stage"].as_str(), case["seat"]["level"].as_str()), (Some("dispatched"), Some("community")));
        assert!(sentences(&case).contains(&"调解没有谈拢"), "{:?}", sentences(&case));
        assert_eq!(task(&case, "贤邻里")["state"], "cancelled", "nobody owes it any more");

        world.act(&clerk, &code, "take", json!({})).await.ok();
        let joint = json!({ "whistle": "joint", "seats": [seat(STREET, "police_station"), seat(STREET, "fire_station")], "text": "明天上午一起到现场" });
        let case = world.act(&clerk, &code, "whistle", joint).await.ok();
        assert_eq!(case["tasks"].as_array().unwrap().len(), 4);
        for name in ["police", "fire"] {
            on_task(&world, name, &code, "sign", json!({})).await.ok();
            on_task(&world, name, &code, "arrive", json!({ "text": "到场" })).await.ok();
            on_task(&world, name, &code, "finish", json!({ "text": "现场责令搬离，已清空" })).await.ok();
        }
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "settle", json!({ "how": "joint", "reply": reply() })).await.ok();
        world.act(&clerk, &code, "verify", json!({})).await.refused(403, "own_work");
        let other = world.as_("clerk2").await;
        let case = world.act(&other, &code, "verify", json!({})).await.ok();
        assert!(sentences(&case).iter().any(|said| said.contains("部门联动办了")));
        // Each department is rated by those who called it, the whistle by the department; the result by the resident.
        on_task(&world, "clerk", &code, "rate", json!({ "stars": 5 })).await.ok();
        on_task(&world, "police", &code, "rate_call", json!({ "stars": 4 })).await.ok();
        rated(&world, &code, false).await;
        let dispatcher = world.as_("dispatcher").await;
        let case = world.get(&dispatcher, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((case["stage"].as_str(), case["seat"]["level"].as_str()), (Some("dispatched"), Some("street")), "closed loop");
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn a_property_company_that_does_not_come_in_time_holds_nothing_up(t: TestDb) {
        let world = compound(t).await;
        let (code, _) = whistled(&world).await;
        world.wait_until("2026-09-28T09:29:00").await;
        let worker = world.as_("worker").await;
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["stage"], "handling");
        world.wait_until("2026-09-28T09:31:00").await;
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((case["stage"].as_str(), case["seat"]["level"].as_str()), (Some("dispatched"), Some("community")));
        let told = sentences(&case);
        assert!(told.iter().any(|said| said.contains("物业") && said.contains("超过时限")), "{told:?}");
        assert_eq!(told.last().unwrap(), &"请来的单位没有按时报到，由上一级出面，上报至陕汽路社区");
    }

    async fn the_resident_may_take_it_back_while_neighbours_mediate(t: TestDb) {
        let world = compound(t).await;
        let (code, _) = whistled(&world).await;
        property_came(&world, &code, "清不动").await;
        let worker = world.as_("worker").await;
        let ask = json!({ "seats": [seat(COMMUNITY, "neighbours_room")], "text": "二楼不肯搬" });
        world.act(&worker, &code, "mediate", ask).await.ok();
        world.act_publicly(&code, "close", json!({ "text": "他们搬走了" })).await.ok();
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((case["phase"].as_str(), task(&case, "贤邻里")["state"].as_str()), (Some("closed"), Some("cancelled")));
    }
}
