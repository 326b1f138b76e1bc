//! 关爱 over HTTP, on both databases: nobody without a basis, nobody learns more than they need, every look is told to the person, and
//! what has ended is gone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Answered, COUNTY, GRID_1, GRID_2, PEOPLE, Session, World};
use linli_civic::care::sweep;
use linli_db::StoreError;
use linli_kernel::Role;
use linli_testkit::on_both;

const DAY_MS: i64 = 86_400_000;
/// What nobody may find in a list: what only an entry says.
const WISH: &str = "下午三点以后先打电话";
const REFERENCE: &str = "渭残补〔2026〕077号";

async fn record(world: &World, who: &Session, kind: &str, area: &str, fields: Value) -> String {
    let path = format!("/api/registry/{kind}");
    let entered = world.post(who, &path, json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

/// A resident of the registry, alone in a flat of their own.
struct Person {
    dwelling: String,
    id: String,
}

async fn person(world: &World, who: &Session, (area, room): (&str, &str), more: Value) -> Person {
    let flat = json!({ "compound": "幸福小区", "building": "3号楼", "unit": "2单元", "room": room, "dwelling_use": "living", "occupancy": "owner" });
    let dwelling = record(world, who, "dwellings", area, flat).await;
    let household = record(world, who, "households", area, json!({ "dwelling_id": dwelling })).await;
    let mut fields = json!({ "household_id": household, "name": "周秀兰", "relation": "head", "phone": "19900000001", "birth_month": "1944-05" });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = record(world, who, "residents", area, fields).await;
    Person { dwelling, id }
}

fn consent() -> Value {
    json!({ "kind": "consent", "by": "person", "how": "written" })
}

fn alone(person: &Person) -> Value {
    json!({ "resident_id": person.id, "category": "elder_alone", "basis": consent(), "plan": "living_alone", "wish": WISH, "expires_on": "2027-09-27" })
}

async fn enter(world: &World, who: &Session, body: Value) -> String {
    let entered = world.post(who, "/api/care", body).await;
    assert_eq!(entered.status, 201, "{}", entered.body);
    entered.body["id"].as_str().unwrap().to_owned()
}

async fn act(world: &World, who: &Session, id: &str, body: Value) -> Answered {
    world.post(who, &format!("/api/care/{id}/acts"), body).await
}

async fn read(world: &World, who: &Session, id: &str, purpose: &str) -> Answered {
    world.post(who, &format!("/api/care/{id}/private"), json!({ "purpose": purpose })).await
}

async fn ids(world: &World, who: &Session, show: &str) -> Vec<String> {
    let list = world.get(who, &format!("/api/care?show={show}")).await.ok();
    list["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The account of somebody who may be paired.
async fn candidate(world: &World, clerk: &Session, id: &str, name: &str) -> String {
    let page = world.get(clerk, &format!("/api/care/{id}")).await.ok();
    let found = page["candidates"].as_array().unwrap().iter().find(|one| one["name"].as_str().unwrap().contains(name));
    found.unwrap_or_else(|| panic!("{name} is not among {page}"))["account"].as_str().unwrap().to_owned()
}

/// The person at their own phone, with a code from the counter.
async fn opened(world: &World, clerk: &Session, id: &str) -> Session {
    let given = world.post(clerk, &format!("/api/care/{id}/code"), json!({ "checked": "person" })).await;
    assert_eq!(given.status, 201, "{}", given.body);
    open(world, given.body["code"].as_str().unwrap()).await.unwrap()
}

async fn open(world: &World, code: &str) -> Result<Session, Answered> {
    let answered = world.post(&Session::none(), "/api/public/care/open", json!({ "code": code })).await;
    if answered.status == 204 { Ok(Session(answered.cookie)) } else { Err(answered) }
}

async fn own(world: &World, who: &Session, body: Value) -> Answered {
    world.post(who, "/api/public/care/acts", body).await
}

async fn number(world: &World, sql: &'static str) -> i64 {
    world.app.db.read(move |conn| conn.number(sql, &[])).await.map_err(|error: StoreError| error).unwrap()
}

/// A phone that asks and obeys.
struct Phone {
    who: Session,
    id: String,
    cursor: Option<String>,
    rows: std::collections::BTreeMap<String, Value>,
    next: u32,
}

impl Phone {
    async fn of(world: &World, who: Session) -> Self {
        let device = world.post(&who, "/api/sync/devices", json!({ "name": "我的手机" })).await;
        let id = device.body["id"].as_str().unwrap().to_owned();
        Self { who, id, cursor: None, rows: std::collections::BTreeMap::new(), next: 1 }
    }

    /// Asks until there is no more; how many rows of care were sent.
    async fn pull(&mut self, world: &World) -> usize {
        let mut n_sent = 0;
        loop {
            let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = world.get(&self.who, &format!("/api/sync/pull?device={}{cursor}", self.id)).await.ok();
            for gone in page["removals"].as_array().unwrap().iter().filter(|row| row["kind"] == "care_visit") {
                self.rows.remove(gone["id"].as_str().unwrap());
            }
            for row in page["upserts"].as_array().unwrap().iter().filter(|row| row["kind"] == "care_visit") {
                self.rows.insert(row["id"].as_str().unwrap().to_owned(), row["body"].clone());
                n_sent += 1;
            }
            self.cursor = page["next_cursor"].as_str().map(str::to_owned);
            if page["has_more"] != true {
                return n_sent;
            }
        }
    }

    async fn visit(&mut self, world: &World, id: &str, met: &str) -> Value {
        let command = json!({
            "op_id": format!("019a5f0e-7c3a-7000-8000-{:012x}", u128::from_str_radix(&self.id.replace('-', "")[20..], 16).unwrap() % 0xffff_ffff * 4_096 + u128::from(self.next)),
            "device_id": self.id, "device_seq": self.next, "type": "care.visit", "entity_id": id, "captured_at": world.app.now(),
            "payload": { "met": met, "note": "精神不错，药按时吃" }, "attachments": [],
        });
        self.next += 1;
        let body = world.post(&self.who, "/api/sync/push", json!({ "commands": [command] })).await.ok();
        body["results"][0]["outcome"].clone()
    }
}

fn field(body: &Value) -> (&str, &str) {
    (body["errors"][0]["field"].as_str().unwrap(), body["errors"][0]["code"].as_str().unwrap())
}

on_both! {
    async fn nobody_is_entered_without_a_basis_a_plan_and_an_end(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let child = person(&world, &clerk, (GRID_1, "102室"), json!({ "birth_month": "2016-03", "name": "小禾" })).await;
        let unknown = person(&world, &clerk, (GRID_1, "103室"), json!({ "birth_month": null })).await;
        let refused = [
            (json!({ "basis": null }), "basis", "care_no_basis"),
            (json!({ "basis": { "kind": "consent" } }), "basis.by", "required"),
            (json!({ "basis": { "kind": "consent", "by": "person" } }), "basis.how", "required"),
            (json!({ "basis": { "kind": "consent", "by": "guardian", "how": "written" } }), "basis.guardian", "required"),
            (json!({ "basis": { "kind": "list", "reference": REFERENCE } }), "basis.kind", "care_basis_not_allowed"),
            (json!({ "category": "assistance", "plan": "household_aid", "basis": { "kind": "list" } }), "basis.reference", "required"),
            (json!({ "resident_id": child.id, "category": "child_left_behind", "plan": "child" }), "basis.by", "care_guardian_needed"),
            (json!({ "resident_id": unknown.id }), "basis.by", "care_age_unknown"),
            (json!({ "expires_on": null }), "expires_on", "required"),
            (json!({ "expires_on": "2026-09-01" }), "expires_on", "care_in_the_past"),
            (json!({ "expires_on": "2029-09-28" }), "expires_on", "care_too_late"),
            (json!({ "review_on": "2027-12-01", "expires_on": "2028-09-01" }), "review_on", "care_too_late"),
            (json!({ "plan": "child" }), "plan", "care_plan_does_not_fit"),
            (json!({ "category": "troublemaker" }), "category", "unknown"),
            (json!({ "resident_id": old.dwelling }), "resident_id", "unknown"),
        ];
        for (change, name, code) in refused {
            let mut body = alone(&old);
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let answered = world.post(&clerk, "/api/care", body).await.refused(422, "invalid");
            assert_eq!(field(&answered), (name, code), "{change}");
        }
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM care_entry").await, 0);
        enter(&world, &clerk, alone(&old)).await;
        world.post(&clerk, "/api/care", alone(&old)).await.refused(409, "already_exists");
        let guardian = json!({ "kind": "consent", "by": "guardian", "how": "written", "guardian": "马桂英" });
        enter(&world, &clerk, json!({ "resident_id": child.id, "category": "child_left_behind", "basis": guardian, "plan": "child", "expires_on": "2027-03-01" })).await;
    }

    async fn who_does_not_work_there_enters_nobody(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let other = world.as_("other_clerk").await;
        let answered = world.post(&other, "/api/care", alone(&old)).await.refused(422, "invalid");
        assert_eq!(field(&answered), ("resident_id", "unknown"));
        for nobody in ["worker1", "head", "dispatcher", "leader", "auditor", "admin", "hotline"] {
            let nobody = world.as_(nobody).await;
            world.post(&nobody, "/api/care", alone(&old)).await.refused(403, "forbidden");
        }
    }

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

    async fn what_has_ended_is_gone_everywhere_and_erased_in_the_night(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let mut body = Value::Null;
        for n in 0..6 {
            let old = person(&world, &clerk, (GRID_1, &format!("{}室", 101 + n)), json!({})).await;
            body = alone(&old);
            body["expires_on"] = json!("2026-10-10");
            enter(&world, &clerk, body.clone()).await;
        }
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let id = ids(&world, &worker, "due").await[0].clone();
        act(&world, &clerk, &id, json!({ "act": "extend", "reason": "仍然独居", "expires_on": "2026-10-11" })).await.ok();
        world.clock.advance_ms(10_000);
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        assert_eq!(phone.pull(&world).await, 6);
        assert_eq!(phone.rows[&id]["name"], "周秀兰");
        let figures = async || world.get(&clerk, &format!("/api/care/figures?area={}", crate::world::COMMUNITY)).await.ok()["total"]["old"].clone();
        assert_eq!(figures().await, json!(6));
        let me = opened(&world, &clerk, &id).await;
        world.get(&me, "/api/public/care").await.ok();
        world.clock.set("2026-10-12T00:00:01+08:00".parse().unwrap());
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        for show in ["due", "review", "still", "all"] {
            assert!(ids(&world, &clerk, show).await.is_empty() && ids(&world, &worker, show).await.is_empty(), "{show}");
        }
        world.get(&clerk, &format!("/api/care/{id}")).await.refused(404, "not_found");
        read(&world, &clerk, &id, "复核").await.refused(404, "not_found");
        act(&world, &clerk, &id, json!({ "act": "object" })).await.refused(404, "not_found");
        world.get(&me, "/api/public/care").await.refused(404, "not_found");
        assert_eq!(figures().await, Value::Null);
        phone.who = worker;
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "{:?}", phone.rows);
        assert_eq!(phone.visit(&world, &id, "done").await["problem"]["code"], "not_found");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM care_entry").await, 6);
        assert_eq!(sweep::run(&world.app, world.app.now()).await.unwrap(), 6);
        for sql in [
            "SELECT COUNT(*) AS n FROM care_entry",
            "SELECT COUNT(*) AS n FROM care_helper",
            "SELECT COUNT(*) AS n FROM care_request",
            "SELECT COUNT(*) AS n FROM care_code",
            "SELECT COUNT(*) AS n FROM event_text WHERE stream_kind = 'care'",
        ] {
            assert_eq!(number(&world, sql).await, 0, "{sql}");
        }
        // Whoever still needs help is entered anew; the chain verifies and tells nothing.
        body["expires_on"] = json!("2027-01-01");
        enter(&world, &clerk, body).await;
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'care' AND (payload LIKE '%elder%' OR payload LIKE '%alone%')").await, 0);
    }

    async fn an_objection_stops_visits_at_once(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker, head) = (world.as_("clerk").await, world.as_("worker1").await, world.as_("head").await);
        let mut phone = Phone::of(&world, worker.clone()).await;
        assert_eq!(phone.pull(&world).await, 1);
        let me = opened(&world, &clerk, &id).await;
        assert_eq!(own(&world, &me, json!({ "act": "object" })).await.ok()["state"], "objected");
        own(&world, &me, json!({ "act": "object" })).await.refused(409, "not_now");
        for who in [&worker, &head, &clerk] {
            assert!(ids(&world, who, "due").await.is_empty());
        }
        world.get(&worker, &format!("/api/care/{id}")).await.refused(404, "not_found");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty());
        // Whoever was on the way is told, and nothing is written down.
        assert_eq!(phone.visit(&world, &id, "done").await["problem"]["code"], "not_now");
        read(&world, &worker, &id, "怎么不去了").await.refused(404, "not_found");
        assert_eq!(number(&world, "SELECT COUNT(*) AS n FROM visit").await, 0);
        let path = format!("/api/care/{id}/visits");
        world.post(&clerk, &path, json!({ "met": "done" })).await.refused(409, "not_now");
        assert_eq!(ids(&world, &clerk, "still").await, [id.clone()]);
        assert_eq!(own(&world, &me, json!({ "act": "resume" })).await.ok()["state"], "active");
        own(&world, &me, json!({ "act": "resume" })).await.refused(409, "not_now");
        // Counted anew from the day on which they agreed.
        assert!(ids(&world, &worker, "due").await.is_empty());
        world.clock.advance_ms(7 * DAY_MS);
        assert_eq!(ids(&world, &world.as_("worker1").await, "due").await, [id]);
    }

    async fn a_visit_is_written_once_and_the_next_one_is_counted_from_it(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(7 * DAY_MS);
        let worker = world.as_("worker1").await;
        let mut phone = Phone::of(&world, worker.clone()).await;
        phone.pull(&world).await;
        let row = phone.rows[&id].clone();
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["address", "area", "due_at", "last_met_at", "lease_until", "name", "tried_at", "version", "wish"]);
        assert_eq!(row["lease_until"], json!(world.app.now().plus_ms(DAY_MS)));
        assert_eq!((row["address"].as_str().unwrap(), row["wish"].as_str().unwrap()), ("幸福小区3号楼2单元101室", WISH));
        // Nobody at home: it stays due, and that somebody tried is known.
        assert_eq!(phone.visit(&world, &id, "not_home").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows[&id]["tried_at"].is_string());
        world.clock.advance_ms(DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        phone.who = worker.clone();
        assert_eq!(phone.visit(&world, &id, "done").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty(), "no visit is due for a week");
        let visits = world.get(&worker, "/api/visits?kind=visit").await.ok();
        let met: Vec<&Value> = visits["items"].as_array().unwrap().iter().map(|visit| &visit["met"]).collect();
        assert_eq!(met, [&json!(true), &json!(false)]);
        assert!(!visits.to_string().contains("elder_alone"));
        let page = world.get(&clerk, &format!("/api/care/{id}")).await.ok();
        assert_eq!(page["row"]["visit_due_at"], json!(world.app.now().plus_ms(7 * DAY_MS)));
        // An ordinary visit to that home counts as well: nothing is written twice.
        world.clock.advance_ms(6 * DAY_MS);
        let worker = world.as_("worker1").await;
        let visit = json!({ "kind": "visit", "dwelling": old.dwelling, "met": true });
        let visited = world.post(&worker, "/api/visits", visit).await.ok();
        assert_eq!(visited["place_text"], "幸福小区3号楼2单元101室");
        assert!(ids(&world, &worker, "due").await.is_empty());
        let nowhere = json!({ "kind": "visit", "dwelling": old.id, "met": true });
        assert_eq!(field(&world.post(&worker, "/api/visits", nowhere).await.refused(422, "invalid")).0, "dwelling");
        // Whoever says at the door that nobody shall come is heard at once.
        world.clock.advance_ms(7 * DAY_MS);
        phone.who = world.as_("worker1").await;
        phone.pull(&world).await;
        assert_eq!(phone.visit(&world, &id, "asked_not_to_come").await["status"], "applied");
        phone.pull(&world).await;
        assert!(phone.rows.is_empty());
        assert_eq!(world.get(&world.as_("clerk").await, &format!("/api/care/{id}")).await.ok()["row"]["state"], "objected");
    }

    async fn a_row_on_a_phone_is_renewed_before_its_lease_ends_and_each_name_sent_is_a_look(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let child = person(&world, &clerk, (GRID_1, "102室"), json!({ "birth_month": "2016-03" })).await;
        let guardian = json!({ "kind": "consent", "by": "guardian", "how": "written", "guardian": "马桂英" });
        enter(&world, &clerk, json!({ "resident_id": child.id, "category": "child_left_behind", "basis": guardian, "plan": "child", "expires_on": "2027-03-01" })).await;
        world.clock.advance_ms(31 * DAY_MS);
        let worker = world.as_("worker1").await;
        let mut phone = Phone::of(&world, worker).await;
        assert_eq!(phone.pull(&world).await, 1, "what is about a child stays online");
        let sql = "SELECT COUNT(*) AS n FROM read_log WHERE field = 'care_visit_row'";
        assert_eq!(number(&world, sql).await, 1);
        assert_eq!(phone.pull(&world).await, 0);
        world.clock.advance_ms(13 * 3_600_000);
        phone.who = world.as_("worker1").await;
        assert_eq!(phone.pull(&world).await, 1);
        assert_eq!(phone.rows[&id]["lease_until"], json!(world.app.now().plus_ms(DAY_MS)));
        assert_eq!(number(&world, sql).await, 1, "it was there before: nobody learnt anything");
        // An answer that was lost is asked for again with the same cursor, and is there again.
        let before = phone.cursor.clone();
        world.clock.advance_ms(1_000);
        act(&world, &world.as_("clerk").await, &id, json!({ "act": "wish", "text": "上午来" })).await.ok();
        world.clock.advance_ms(1_000);
        assert_eq!(phone.pull(&world).await, 1);
        phone.cursor = before;
        assert_eq!(phone.pull(&world).await, 1);
        assert_eq!(phone.rows[&id]["wish"], "上午来");
        let mut other = Phone::of(&world, world.as_("worker2").await).await;
        assert_eq!(other.pull(&world).await, 0);
        assert_eq!(other.visit(&world, &id, "done").await["problem"]["code"], "not_found");
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
        assert_eq!(ids(&world, &clerk, "review").await, [id.clone()]);
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

    async fn an_entry_goes_on_only_when_somebody_looks_again_and_says_why(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        assert!(ids(&world, &clerk, "review").await.is_empty());
        world.clock.advance_ms(340 * DAY_MS);
        let (clerk, head) = (world.as_("clerk").await, world.as_("head").await);
        assert_eq!(ids(&world, &clerk, "review").await, [id.clone()]);
        assert!(ids(&world, &head, "review").await.is_empty(), "a head is told of visits alone");
        let extend = json!({ "act": "extend", "reason": "仍然独居，本人愿意继续", "expires_on": "2028-09-27" });
        let mut silent = extend.clone();
        silent["reason"] = json!("");
        assert_eq!(field(&act(&world, &clerk, &id, silent).await.refused(422, "invalid")), ("reason", "required"));
        let mut long = extend.clone();
        long["expires_on"] = json!("2030-01-01");
        assert_eq!(field(&act(&world, &clerk, &id, long).await.refused(422, "invalid")), ("expires_on", "care_too_late"));
        act(&world, &world.as_("worker1").await, &id, extend.clone()).await.refused(403, "forbidden");
        act(&world, &clerk, &id, extend).await.ok();
        assert!(ids(&world, &clerk, "review").await.is_empty());
        let me = opened(&world, &clerk, &id).await;
        assert_eq!(world.get(&me, "/api/public/care").await.ok()["extended"], json!(["仍然独居，本人愿意继续"]));
    }

    async fn nobody_goes_to_whoever_is_in_hospital_or_gone_and_a_mistake_is_undone(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        world.clock.advance_ms(8 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        assert_eq!(ids(&world, &worker, "due").await, [id.clone()]);
        act(&world, &worker, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.refused(403, "forbidden");
        act(&world, &clerk, &id, json!({ "act": "unmute" })).await.refused(409, "not_now");
        act(&world, &clerk, &id, json!({ "act": "mute", "reason": "in_hospital" })).await.ok();
        assert!(ids(&world, &worker, "due").await.is_empty());
        let page = world.get(&clerk, &format!("/api/care/{id}")).await.ok();
        assert!(!page.to_string().contains("住院") && !page.to_string().contains("in_hospital"));
        assert_eq!(read(&world, &clerk, &id, "问问出院没有").await.ok()["muted"], "住院");
        act(&world, &clerk, &id, json!({ "act": "unmute" })).await.ok();
        world.clock.advance_ms(7 * DAY_MS);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        assert_eq!(ids(&world, &worker, "due").await, [id.clone()]);
        // The registry says that they died: from that moment nobody goes, and the same night the entry says so.
        world.post(&clerk, &format!("/api/registry/residents/{}/archive", old.id), json!({ "reason": "deceased" })).await.ok();
        assert!(ids(&world, &worker, "due").await.is_empty());
        sweep::run(&world.app, world.app.now()).await.unwrap();
        assert_eq!(ids(&world, &clerk, "still").await, [id.clone()]);
        world.post(&clerk, &format!("/api/registry/residents/{}/erase", old.id), Value::Null).await.ok();
        assert_eq!(sweep::run(&world.app, world.app.now()).await.unwrap(), 1);
        assert!(ids(&world, &clerk, "all").await.is_empty());
    }

    async fn who_is_paired_works_where_the_person_lives(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let old = person(&world, &clerk, (GRID_1, "101室"), json!({})).await;
        let id = enter(&world, &clerk, alone(&old)).await;
        let elsewhere = person(&world, &clerk, (GRID_2, "101室"), json!({})).await;
        let far = enter(&world, &clerk, alone(&elsewhere)).await;
        let stranger = candidate(&world, &clerk, &far, "王建国").await;
        assert_eq!(field(&act(&world, &clerk, &id, json!({ "act": "pair", "account": stranger })).await.refused(422, "invalid")).0, "account");
        let account = candidate(&world, &clerk, &id, "李春梅").await;
        let pair = json!({ "act": "pair", "account": account });
        act(&world, &clerk, &id, pair.clone()).await.ok();
        assert_eq!(field(&act(&world, &clerk, &id, pair).await.refused(422, "invalid")), ("account", "care_paired_already"));
        let unpair = json!({ "act": "unpair", "account": account });
        act(&world, &world.as_("worker1").await, &id, unpair.clone()).await.refused(403, "forbidden");
        act(&world, &clerk, &id, unpair.clone()).await.ok();
        act(&world, &clerk, &id, unpair).await.refused(409, "not_now");
        // Sent again with the same key, a command acts once.
        let path = format!("/api/care/{id}/acts");
        let again = json!({ "act": "pair", "account": account });
        let one = world.post_with_key(&clerk, &path, "pair-1", again.clone()).await.ok();
        assert_eq!(world.post_with_key(&clerk, &path, "pair-1", again).await.ok(), one);
    }

    async fn old_and_young_are_counted_from_five_and_nobody_is_found_by_it(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        for (grid, n) in [(GRID_1, 6), (GRID_2, 2)] {
            for room in 0..n {
                let old = person(&world, &clerk, (grid, &format!("{}室", 101 + room)), json!({})).await;
                enter(&world, &clerk, alone(&old)).await;
            }
        }
        let figures = async |who: &str, area: &str| {
            let answered = world.get(&world.as_(who).await, &format!("/api/care/figures?area={area}")).await;
            let grids: Vec<Value> = answered.body["items"].as_array().into_iter().flatten().map(|row| row["old"].clone()).collect();
            (answered.status.as_u16(), answered.body["total"]["old"].clone(), grids)
        };
        // Two in the second grid: told alone, the first would give them away.
        assert_eq!(figures("clerk", crate::world::COMMUNITY).await, (200, json!(8), vec![Value::Null, Value::Null]));
        assert_eq!(figures("leader", crate::world::STREET).await, (200, json!(8), vec![Value::Null, Value::Null]));
        assert_eq!(figures("auditor", GRID_1).await.1, json!(6));
        assert_eq!(figures("auditor", GRID_2).await.1, Value::Null);
        assert_eq!(figures("other_clerk", crate::world::COMMUNITY).await.0, 404);
        assert_eq!(figures("worker1", crate::world::COMMUNITY).await.0, 403);
    }
}

/// What somebody learns of an entry, in a line.
async fn view(world: &World, name: &str, id: &str) -> String {
    let who = world.as_(name).await;
    let list = world.get(&who, "/api/care?show=all").await;
    let page = world.get(&who, &format!("/api/care/{id}")).await;
    let why = read(world, &who, id, "核对").await;
    let (page_status, why_status) = (page.status.as_u16(), why.status.as_u16());
    if !list.status.is_success() {
        return format!("{name}: {} {page_status} {why_status}", list.status.as_u16());
    }
    let items = list.body["items"].as_array().unwrap();
    let Some(row) = items.iter().find(|row| row["id"] == id) else {
        return format!("{name}: - {page_status} {why_status}");
    };
    let due = if row["due"] == "now" { "due" } else { "not due" };
    format!(
        "{name}: {due} {} {page_status} {why_status} keep={} visit={} state={}",
        row["name"].as_str().unwrap(), page.body["may_keep"], page.body["may_visit"], row["state"]
    )
}
