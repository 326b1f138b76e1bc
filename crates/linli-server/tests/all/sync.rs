//! Phones with no network, through the real router, on both databases: what each may send, ask and keep.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, Session, World, reply};
use linli_db::{StoreError, feed};
use linli_kernel::Role;
use linli_testkit::on_both;

/// A phone of somebody.
pub struct Phone {
    pub who: Session,
    pub id: String,
    next: u32,
}

impl Phone {
    pub async fn of(world: &World, who: Session) -> Self {
        let device = world.post(&who, "/api/sync/devices", json!({ "name": "我的手机" })).await;
        assert_eq!(device.status, 201, "{}", device.body);
        Self { who, id: device.body["id"].as_str().unwrap().to_owned(), next: 1 }
    }

    /// The next command.
    pub fn command(&mut self, kind: &str, more: Value) -> Value {
        let mut command = json!({
            "op_id": format!("019a5f0e-7c3a-7000-8000-{:012x}", u128::from_str_radix(&self.id.replace('-', "")[20..], 16).unwrap() % 0xffff_ffff * 4_096 + u128::from(self.next)),
            "device_id": self.id, "device_seq": self.next, "type": kind, "captured_at": "2026-09-28T01:20:00Z", "attachments": [],
        });
        self.next += 1;
        for (name, value) in more.as_object().unwrap() {
            command[name] = value.clone();
        }
        command
    }

    pub fn report(&mut self, text: &str, area: &str) -> Value {
        self.command(
            "case.report",
            json!({ "payload": { "text": text, "area_code": area, "category": "street_light" } }),
        )
    }

    pub async fn push(&self, world: &World, commands: &[&Value]) -> Vec<Value> {
        let body = world.post(&self.who, "/api/sync/push", json!({ "commands": commands })).await.ok();
        body["results"].as_array().unwrap().clone()
    }

    pub async fn push_one(&self, world: &World, command: &Value) -> Value {
        self.push(world, &[command]).await[0]["outcome"].clone()
    }

    pub async fn page(&self, world: &World, cursor: Option<&str>) -> Value {
        self.some(world, cursor, 500).await
    }

    /// A page of so many rows at most.
    pub async fn some(&self, world: &World, cursor: Option<&str>, limit: u32) -> Value {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        world.get(&self.who, &format!("/api/sync/pull?device={}&limit={limit}{cursor}", self.id)).await.ok()
    }
}

/// What lies on a phone: as its owner's app would keep it.
#[derive(Default)]
pub struct Held {
    rows: std::collections::BTreeMap<(String, String), Value>,
    pub cursor: Option<String>,
    pub n_pages: usize,
}

impl Held {
    pub async fn pull(&mut self, world: &World, phone: &Phone) -> Vec<Value> {
        until_read(world).await;
        let mut removals = Vec::new();
        loop {
            let page = phone.page(world, self.cursor.as_deref()).await;
            assert!(page["upserts"].as_array().unwrap().len() <= 700, "a page is bounded");
            for removal in page["removals"].as_array().unwrap() {
                self.rows.remove(&(
                    removal["kind"].as_str().unwrap().to_owned(),
                    removal["id"].as_str().unwrap().to_owned(),
                ));
                removals.push(removal.clone());
            }
            for row in page["upserts"].as_array().unwrap() {
                self.rows.insert(
                    (row["kind"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()),
                    row["body"].clone(),
                );
            }
            self.cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
            self.n_pages += 1;
            if page["has_more"] != true {
                return removals;
            }
        }
    }

    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.rows.iter().filter(|((held, _), _)| held == kind).map(|(_, body)| body).collect()
    }

    fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> =
            self.of("case").iter().map(|case| case["full_text"].as_str().unwrap().to_owned()).collect();
        texts.sort();
        texts
    }
}

/// Until the feed has everything. On a server with many databases another one's transaction can hold it back for a moment: a phone
/// then hears of it the next time.
async fn until_read(world: &World) {
    let all_is_there = || {
        world.app.db.read(|conn| {
            let last =
                conn.first("SELECT tx_id, seq FROM event ORDER BY tx_id DESC, seq DESC LIMIT 1", &[], |row| {
                    Ok(feed::Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? })
                })?;
            Ok::<_, StoreError>(feed::end(conn)? == last.unwrap_or_default())
        })
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), async { while !all_is_there().await.unwrap() {} })
        .await
        .unwrap();
}

async fn id_of(world: &World, who: &Session, code: &str) -> String {
    world.get(who, &format!("/api/cases/{code}")).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn version_of(world: &World, who: &Session, id: &str) -> Value {
    world.get(who, &format!("/api/cases/{id}")).await.ok()["version"].clone()
}

async fn n_cases(world: &World, who: &Session) -> usize {
    world.get(who, "/api/cases?limit=200").await.ok()["items"].as_array().unwrap().len()
}

on_both! {
    async fn a_command_that_is_sent_again_is_done_once_and_answered_the_same(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let report = phone.report("3号楼前的路灯不亮", GRID_1);
        let first = world.post(&phone.who, "/api/sync/push", json!({ "commands": [report] })).await.ok();
        assert_eq!(first["next_seq"], 2);
        let outcome = &first["results"][0]["outcome"];
        assert_eq!((&outcome["status"], &outcome["entity"]["kind"]), (&json!("applied"), &json!("case")), "{first}");
        world.clock.advance_ms(60_000);
        for _ in 0..3 {
            let again = phone.push(&world, &[&report, &report]).await;
            assert_eq!((again.len(), again[0]["outcome"].to_string()), (1, outcome.to_string()));
        }
        assert_eq!(n_cases(&world, &phone.who).await, 1);
        let case = world.get(&phone.who, &format!("/api/cases/{}", outcome["entity"]["id"].as_str().unwrap())).await.ok();
        assert_eq!((&case["channel"], &case["code"]), (&json!("visit"), &outcome["entity"]["code"]));
    }

    async fn the_same_id_with_another_content_is_refused_and_changes_nothing(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let report = phone.report("路灯不亮", GRID_1);
        phone.push(&world, &[&report]).await;
        let mut other = report.clone();
        other["payload"]["text"] = json!("井盖坏了");
        let outcome = phone.push_one(&world, &other).await;
        assert_eq!((&outcome["status"], &outcome["problem"]["code"]), (&json!("rejected"), &json!("key_reused")));
        assert_eq!(phone.push_one(&world, &report).await["status"], "applied");
        assert_eq!(n_cases(&world, &phone.who).await, 1);
    }

    async fn what_comes_before_its_turn_is_held_and_done_in_order(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (one, two, three) = (phone.report("第一件", GRID_1), phone.report("第二件", GRID_1), phone.report("第三件", GRID_1));
        let early = phone.push(&world, &[&three, &two]).await;
        for result in &early {
            assert_eq!(result["outcome"], json!({ "status": "held", "missing_seq": 1 }));
        }
        assert_eq!(phone.push_one(&world, &three).await["status"], "held", "still held");
        assert_eq!(n_cases(&world, &phone.who).await, 0);
        let body = world.post(&phone.who, "/api/sync/push", json!({ "commands": [one] })).await.ok();
        let seqs: Vec<i64> = body["results"].as_array().unwrap().iter().map(|result| result["device_seq"].as_i64().unwrap()).collect();
        assert_eq!((seqs, &body["next_seq"]), (vec![1, 2, 3], &json!(4)));
        assert!(body["results"].as_array().unwrap().iter().all(|result| result["outcome"]["status"] == "applied"), "{body}");
        assert!(body["results"].as_array().unwrap().iter().all(|result| result["outcome"].get("out_of_order").is_none()));
        assert_eq!(phone.push_one(&world, &three).await, body["results"][2]["outcome"], "what was held is answered the same");
        let done = world.app.db.read(|conn| conn.all("SELECT c.body FROM event e JOIN cases c ON c.id = e.stream_id WHERE e.kind = 'reported' ORDER BY e.seq", &[], |row| row.get::<String>("body")));
        assert_eq!(done.await.map_err(|error: StoreError| error).unwrap(), ["第一件", "第二件", "第三件"], "in the order of the phone");
    }

    async fn what_was_held_for_five_days_is_done_all_the_same_and_says_so(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (lost, two, three) = (phone.report("丢了的", GRID_1), phone.report("第二件", GRID_1), phone.report("第三件", GRID_1));
        phone.push(&world, &[&two, &three]).await;
        world.clock.advance_ms(4 * 86_400_000);
        assert_eq!(linli_civic::sync::sweep::run(&world.app).await.unwrap(), 0);
        world.clock.advance_ms(86_400_000 + 60_000);
        assert_eq!(linli_civic::sync::sweep::run(&world.app).await.unwrap(), 2);
        phone.who = world.as_("worker1").await;
        let results = phone.push(&world, &[&two, &three, &lost]).await;
        let of = |seq: i64| results.iter().find(|result| result["device_seq"] == seq).unwrap()["outcome"].clone();
        assert_eq!((&of(2)["status"], &of(2)["out_of_order"]), (&json!("applied"), &json!(true)));
        assert_eq!((&of(3)["status"], of(3).get("out_of_order")), (&json!("applied"), None));
        assert_eq!((&of(1)["status"], &of(1)["out_of_order"]), (&json!("applied"), &json!(true)), "late and not lost");
        assert_eq!(n_cases(&world, &phone.who).await, 3);
    }

    async fn what_somebody_held_who_left_is_refused_and_not_done(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        phone.report("不会到的", GRID_1);
        let two = phone.report("第二件", GRID_1);
        phone.push(&world, &[&two]).await;
        let admin = world.as_("admin").await;
        let accounts = world.get(&admin, "/api/accounts").await.ok();
        let worker = accounts["items"].as_array().unwrap().iter().find(|account| account["name"] == "worker1").unwrap().clone();
        let grant = worker["grants"][0]["id"].as_str().unwrap();
        let ended = world.send(Method::DELETE, &format!("/api/accounts/{}/grants/{grant}", worker["id"].as_str().unwrap()), admin.0.as_deref(), &[], Vec::new()).await;
        assert_eq!(ended.status, 204);
        world.clock.advance_ms(6 * 86_400_000);
        assert_eq!(linli_civic::sync::sweep::run(&world.app).await.unwrap(), 1);
        phone.who = world.as_("worker1").await;
        let outcome = phone.push_one(&world, &two).await;
        assert_eq!((&outcome["status"], &outcome["problem"]["code"], &outcome["out_of_order"]), (&json!("rejected"), &json!("forbidden"), &json!(true)));
    }

    async fn of_two_who_take_the_same_case_the_second_is_told_who_has_it_and_what_is_left(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let (mut one, mut two) = (Phone::of(&world, world.as_("worker1").await).await, Phone::of(&world, world.as_("clerk").await).await);
        let accepted = world.get(&one.who, &format!("/api/cases/{code}")).await.ok();
        let (id, version) = (accepted["id"].clone(), accepted["version"].clone());
        let verb = accepted["actions"].as_array().unwrap().iter().map(|action| action["verb"].clone()).find(|verb| verb == "take" || verb == "accept").unwrap();
        let act = |phone: &mut Phone| phone.command("case.act", json!({ "entity_id": id, "base_version": version, "payload": { "action": verb, "fields": {} } }));
        let (first, second) = (act(&mut one), act(&mut two));
        let outcome = one.push_one(&world, &first).await;
        assert_eq!(outcome["status"], "applied", "{outcome}");
        assert!(outcome["entity"]["version"].as_i64() > version.as_i64());
        let lost = two.push_one(&world, &second).await;
        assert_eq!(lost["status"], "rejected", "{lost}");
        assert!(["version_conflict", "not_now", "forbidden"].contains(&lost["problem"]["code"].as_str().unwrap()), "{lost}");
        assert_eq!((&lost["current"]["id"], &lost["current"]["version"]), (&id, &outcome["entity"]["version"]));
        assert!(lost["current"]["actions"].is_array() && !lost.to_string().contains("19900000001"));
        assert_eq!(two.push_one(&world, &second).await, lost, "refused once, refused the same");
    }

    async fn a_chain_of_acts_with_no_network_is_no_conflict_with_oneself(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let id = id_of(&world, &phone.who, &code).await;
        let mut version = version_of(&world, &phone.who, &id).await;
        let offered = |view: &Value| view["actions"].as_array().unwrap().iter().map(|action| action["verb"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let view = world.get(&phone.who, &format!("/api/cases/{id}")).await.ok();
        if offered(&view).contains(&"accept".to_owned()) {
            world.act(&phone.who, &code, "accept", json!({})).await.ok();
            version = version_of(&world, &phone.who, &id).await;
        }
        let act = |verb: &str, fields: Value| json!({ "entity_id": id, "base_version": version, "payload": { "action": verb, "fields": fields } });
        let take = phone.command("case.act", act("take", json!({})));
        let settle = phone.command("case.act", act("settle", json!({ "reply": reply() })));
        // Somebody writes to it meanwhile: that stands beside what was done.
        world.act(&world.as_("head").await, &code, "comment", json!({ "text": "请注意安全" })).await.ok();
        let results = phone.push(&world, &[&take, &settle]).await;
        assert_eq!(results[0]["outcome"]["status"], "parallel", "{results:?}");
        assert!(["applied", "parallel"].contains(&results[1]["outcome"]["status"].as_str().unwrap()), "{results:?}");
        let view = world.get(&phone.who, &format!("/api/cases/{id}")).await.ok();
        assert_eq!(view["row"]["handler_name"].as_str().or(view["handler_name"].as_str()), Some("李春梅"));
    }

    async fn a_case_that_was_noted_offline_is_known_by_the_id_that_the_phone_gave_it(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let own = "019a5f0e-7c3a-7000-8000-00000000beef";
        let mut report = phone.report("路灯不亮", GRID_1);
        report["entity_id"] = json!(own);
        let comment = phone.command("case.act", json!({ "entity_id": own, "payload": { "action": "comment", "fields": { "text": "灯杆编号 12" } } }));
        let results = phone.push(&world, &[&report, &comment]).await;
        assert_eq!(results[1]["outcome"]["entity"]["id"], results[0]["outcome"]["entity"]["id"], "{results:?}");
        let mut other = Phone::of(&world, world.as_("worker2").await).await;
        let theirs = other.command("case.act", json!({ "entity_id": own, "payload": { "action": "comment", "fields": { "text": "别人的" } } }));
        assert_eq!(other.push_one(&world, &theirs).await["problem"]["code"], "not_found", "an id of another phone means nothing");
    }

    async fn a_case_of_another_grid_is_not_acted_on_and_not_described(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let owner = world.as_("worker1").await;
        let id = id_of(&world, &owner, &code).await;
        let mut stranger = Phone::of(&world, world.as_("worker2").await).await;
        let take = stranger.command("case.act", json!({ "entity_id": id, "base_version": 2, "payload": { "action": "take" } }));
        let outcome = stranger.push_one(&world, &take).await;
        assert_eq!((&outcome["problem"]["code"], outcome.get("current")), (&json!("not_found"), None));
    }

    async fn a_visit_and_a_finding_come_from_a_phone_with_the_time_that_it_says(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let visit = phone.command("visit.record", json!({ "captured_at": "2026-09-26T02:00:00Z", "payload": { "kind": "patrol", "area_code": GRID_1, "note": "正常" } }));
        let finding = phone.command("visit.finding", json!({ "captured_at": "2026-09-26T03:00:00Z", "entity_id": "019a5f0e-7c3a-7000-8000-00000000feed", "payload": { "kind": "patrol", "area_code": GRID_1, "finding": { "text": "路灯不亮", "category": "street_light" } } }));
        let comment = phone.command("case.act", json!({ "entity_id": "019a5f0e-7c3a-7000-8000-00000000feed", "payload": { "action": "comment", "fields": { "text": "在楼东侧" } } }));
        let results = phone.push(&world, &[&visit, &finding, &comment]).await;
        assert!(results.iter().all(|result| result["outcome"]["status"] != "rejected"), "{results:?}");
        let list = world.get(&phone.who, "/api/visits").await.ok();
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        let clear = list["items"].as_array().unwrap().iter().find(|visit| visit["result"] == "clear").unwrap();
        assert_eq!((&clear["captured_at"], &clear["received_at"]), (&json!("2026-09-26T02:00:00.000Z"), &json!("2026-09-28T01:00:00.000Z")));
        let entity = &results[1]["outcome"]["entity"];
        let case = world.get(&phone.who, &format!("/api/cases/{}", entity["case_id"].as_str().unwrap())).await.ok();
        assert_eq!((&case["code"], &case["channel"]), (&entity["code"], &json!("visit")));
        let told: Vec<&str> = case["timeline"].as_array().unwrap().iter().map(|entry| entry["sentence"].as_str().unwrap()).collect();
        assert!(told[0].contains("2026-09-26 11:00") && !told[1].contains("2026-09-26"), "{told:?}");
        assert_eq!(case["reported_at"], "2026-09-28T01:00:00.000Z", "the clocks begin with the receipt");
        let wrong = phone.command("visit.record", json!({ "payload": { "kind": "patrol", "area_code": GRID_1, "finding": { "text": "路灯不亮" } } }));
        assert_eq!(phone.push_one(&world, &wrong).await["problem"]["code"], "invalid");
    }

    async fn an_unknown_type_or_a_strange_payload_is_refused_and_the_next_goes_on(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let commands = [
            phone.command("case.erase", json!({})),
            phone.command("case.report", json!({ "payload": 7 })),
            phone.command("case.act", json!({ "payload": { "action": "no_such" } })),
            phone.command("case.act", json!({ "payload": { "action": "take" } })),
            phone.report("越界的", GRID_2),
            phone.report("路灯不亮", GRID_1),
        ];
        let results = phone.push(&world, &commands.iter().collect::<Vec<_>>()).await;
        let codes: Vec<&str> = results.iter().map(|result| result["outcome"]["problem"]["code"].as_str().unwrap_or("applied")).collect();
        assert_eq!(codes, ["invalid", "bad_request", "invalid", "invalid", "forbidden", "applied"]);
        let said = results[0]["outcome"]["problem"]["detail"].as_str().unwrap();
        assert!(said.chars().any(|c| ('一'..='龥').contains(&c)), "{said}");
    }

    async fn a_push_that_is_none_is_refused_as_a_whole(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let other = Phone::of(&world, world.as_("worker1").await).await;
        let send = async |commands: Value| world.post(&phone.who, "/api/sync/push", json!({ "commands": commands })).await;
        send(json!([])).await.refused(422, "invalid");
        send(json!([{ "op_id": "x" }])).await.refused(400, "bad_request");
        let mut many = Phone { who: phone.who.clone(), id: phone.id.clone(), next: 1 };
        let fifty_one: Vec<Value> = (0..51).map(|_| many.report("多", GRID_1)).collect();
        send(json!(fifty_one)).await.refused(422, "invalid");
        let mut mixed = vec![many.report("一", GRID_1), many.report("二", GRID_1)];
        mixed[1]["device_id"] = json!(other.id);
        send(json!(mixed)).await.refused(422, "invalid");
        let report = phone.report("路灯不亮", GRID_1);
        world.post(&Session::none(), "/api/sync/push", json!({ "commands": [report] })).await.refused(401, "not_signed_in");
    }

    async fn another_person_on_the_same_phone_has_a_device_and_an_outbox_of_their_own(t: TestDb) {
        let world = World::new(t).await;
        let mut one = Phone::of(&world, world.as_("worker1").await).await;
        let two = world.as_("worker2").await;
        let report = one.report("路灯不亮", GRID_1);
        world.post(&two, "/api/sync/push", json!({ "commands": [report] })).await.refused(404, "not_found");
        world.get(&two, &format!("/api/sync/pull?device={}", one.id)).await.refused(404, "not_found");
        world.post(&two, "/api/sync/unlock", json!({ "device_id": one.id })).await.refused(404, "not_found");
        world.post(&two, &format!("/api/sync/devices/{}/revoke", one.id), Value::Null).await.refused(404, "not_found");
        let mut theirs = Phone::of(&world, two).await;
        let own = theirs.report("井盖松动", GRID_2);
        assert_eq!(theirs.push_one(&world, &own).await["status"], "applied");
        assert_eq!(one.push_one(&world, &report).await["status"], "applied", "each has a first command");
    }

    async fn a_device_that_was_taken_away_is_gone_and_its_key_with_it(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let lent = world.post(&phone.who, "/api/sync/unlock", json!({ "device_id": phone.id })).await.ok();
        assert_eq!(lent["share"].as_str().unwrap().len(), 44);
        assert_eq!(lent["lease_until"], "2026-10-01T01:00:00.000Z");
        assert_eq!(world.post(&phone.who, "/api/sync/unlock", json!({ "device_id": phone.id })).await.ok()["share"], lent["share"]);
        let admin = world.as_("admin").await;
        world.post(&world.as_("far_admin").await, &format!("/api/sync/devices/{}/revoke", phone.id), Value::Null).await.refused(404, "not_found");
        let worker = world.get(&admin, "/api/accounts").await.ok()["items"].as_array().unwrap().iter().find(|account| account["name"] == "worker1").unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/accounts/{worker}/devices");
        assert_eq!(world.get(&admin, &path).await.ok()["items"][0]["id"], json!(phone.id));
        world.get(&world.as_("far_admin").await, &path).await.refused(404, "not_found");
        world.get(&phone.who, &path).await.refused(403, "forbidden");
        for _ in 0..2 {
            assert_eq!(world.post(&admin, &format!("/api/sync/devices/{}/revoke", phone.id), Value::Null).await.status, 204);
        }
        // Whoever found it is signed in no longer, and the phone itself learns that it has to be wiped.
        for path in ["/api/session", "/api/cases", "/api/sync/devices"] {
            world.get(&phone.who, path).await.refused(401, "not_signed_in");
        }
        let state = format!("/api/sync/devices/{}/state", phone.id);
        world.get(&Session::none(), &state).await.refused(410, "device_revoked");
        let gone = world.open(&state, None).await;
        assert_eq!(gone.headers()["clear-site-data"], "\"cookies\"", "a second person's outbox stays");
        phone.who = world.as_("worker1").await;
        let report = phone.report("路灯不亮", GRID_1);
        world.post(&phone.who, "/api/sync/push", json!({ "commands": [report] })).await.refused(410, "device_revoked");
        world.get(&phone.who, &format!("/api/sync/pull?device={}", phone.id)).await.refused(410, "device_revoked");
        world.post(&phone.who, "/api/sync/unlock", json!({ "device_id": phone.id })).await.refused(410, "device_revoked");
        assert!(world.get(&phone.who, "/api/sync/devices").await.ok()["items"][0]["revoked_at"].is_string());
        let again = Phone::of(&world, phone.who.clone()).await;
        assert_eq!(world.get(&Session::none(), &format!("/api/sync/devices/{}/state", again.id)).await.status, 204);
        assert_ne!(again.id, phone.id);
        assert_eq!(n_cases(&world, &phone.who).await, 0);
    }

    async fn a_phone_holds_what_its_owner_sees_and_nothing_of_the_next_grid(t: TestDb) {
        let world = World::new(t).await;
        for (text, area) in [("甲一", GRID_1), ("甲二", GRID_1), ("乙一", GRID_2)] {
            world.post(&Session::none(), "/api/cases", json!({ "text": format!("{text}路灯不亮"), "area_code": area, "category": "street_light", "phone": "19900000001", "name": "李女士" })).await.ok();
            world.clock.advance_ms(5);
        }
        let (one, two) = (Phone::of(&world, world.as_("worker1").await).await, Phone::of(&world, world.as_("worker2").await).await);
        world.post(&one.who, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "note": "正常" })).await.ok();
        let (mut held, mut beside) = (Held::default(), Held::default());
        held.pull(&world, &one).await;
        beside.pull(&world, &two).await;
        assert_eq!(held.texts(), ["甲一路灯不亮", "甲二路灯不亮"]);
        assert_eq!(beside.texts(), ["乙一路灯不亮"]);
        assert_eq!((held.of("visit").len(), beside.of("visit").len()), (1, 0));
        let case = held.of("case")[0];
        assert!(!case["actions"].as_array().unwrap().is_empty(), "{case}");
        for action in case["actions"].as_array().unwrap() {
            if let Some(form) = action["form"].as_str() {
                assert!(held.rows.contains_key(&("form".to_owned(), form.to_owned())), "the form of {action} is there");
            }
        }
        assert!(held.of("playbook")[0]["categories"].as_array().unwrap().len() > 3);
        assert_eq!(held.of("area").iter().map(|area| area["area"]["code"].as_str().unwrap()).collect::<Vec<_>>(), [GRID_1]);
        assert_eq!(held.of("area")[0]["people"][0]["name"], "李春梅");
        let all = serde_json::to_string(&held.rows.values().collect::<Vec<_>>()).unwrap();
        assert!(!all.contains("19900000001") && !all.contains("199****") && !all.contains("李女士"), "no reporter on a phone");
        let nothing = one.page(&world, held.cursor.as_deref()).await;
        assert_eq!((&nothing["upserts"], &nothing["removals"], &nothing["has_more"]), (&json!([]), &json!([]), &json!(false)));
    }

    async fn a_phone_learns_what_changed_and_takes_off_what_is_closed(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let id = id_of(&world, &phone.who, &code).await;
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        let before = held.of("case")[0]["row"]["version"].clone();
        world.act(&phone.who, &code, "comment", json!({ "text": "看过了" })).await.ok();
        held.pull(&world, &phone).await;
        assert!(held.of("case")[0]["row"]["version"].as_i64() > before.as_i64());
        let view = world.get(&phone.who, &format!("/api/cases/{id}")).await.ok();
        if view["actions"].as_array().unwrap().iter().any(|action| action["verb"] == "accept") {
            world.act(&phone.who, &code, "accept", json!({})).await.ok();
        }
        world.act(&phone.who, &code, "take", json!({})).await.ok();
        world.act(&phone.who, &code, "settle", json!({ "reply": reply() })).await.ok();
        let head = world.as_("head").await;
        world.act(&head, &code, "verify", json!({})).await.ok();
        until_read(&world).await;
        let told = phone.page(&world, held.cursor.as_deref()).await;
        assert_eq!(told["removals"], json!([{ "kind": "case", "id": id }]));
        // The answer was lost: asked again from where it was, it is told again.
        assert_eq!(held.pull(&world, &phone).await, [json!({ "kind": "case", "id": id })]);
        assert!(held.of("case").is_empty());
        assert!(held.pull(&world, &phone).await.is_empty(), "told and done");
    }

    async fn a_grant_that_ended_takes_its_rows_off_and_another_brings_its_own(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        world.post(&Session::none(), "/api/cases", json!({ "text": "乙一路灯不亮", "area_code": GRID_2, "category": "street_light" })).await.ok();
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        world.post(&phone.who, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1, "note": "正常" })).await.ok();
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        let scope = phone.page(&world, held.cursor.as_deref()).await["scope_version"].clone();
        let admin = world.as_("admin").await;
        let worker = world.get(&admin, "/api/accounts").await.ok()["items"].as_array().unwrap().iter().find(|account| account["name"] == "worker1").unwrap().clone();
        let account = worker["id"].as_str().unwrap();
        world.post(&admin, &format!("/api/accounts/{account}/grants"), json!({ "role": "grid_worker", "area_code": GRID_2 })).await.ok();
        let grant = worker["grants"][0]["id"].as_str().unwrap();
        world.send(Method::DELETE, &format!("/api/accounts/{account}/grants/{grant}"), admin.0.as_deref(), &[], Vec::new()).await;
        let page = phone.page(&world, held.cursor.as_deref()).await;
        assert_ne!(page["scope_version"], scope);
        let kinds: Vec<&str> = page["removals"].as_array().unwrap().iter().map(|removal| removal["kind"].as_str().unwrap()).collect();
        let mut once = kinds.clone();
        once.dedup();
        assert_eq!(once, ["area", "case", "duty", "visit"], "{}", page["removals"]);
        assert_eq!(kinds.iter().filter(|kind| **kind != "duty").count(), 3);
        held.pull(&world, &phone).await;
        assert_eq!((held.texts(), held.of("visit").len()), (vec!["乙一路灯不亮".to_owned()], 0));
        assert_eq!(held.of("area").iter().map(|area| area["area"]["code"].as_str().unwrap()).collect::<Vec<_>>(), [GRID_2]);
    }

    async fn a_first_sync_comes_in_pages_and_misses_nothing_that_happens_meanwhile(t: TestDb) {
        let world = World::new(t).await;
        let mut sent = Vec::new();
        for n in 0..12 {
            let text = format!("第{n:02}盏路灯不亮");
            world.post(&Session::none(), "/api/cases", json!({ "text": text, "area_code": GRID_1, "category": "street_light" })).await.ok();
            sent.push(text);
            world.clock.advance_ms(5);
        }
        let phone = Phone::of(&world, world.as_("head").await).await;
        let mut held = Held::default();
        let mut cursor: Option<String> = None;
        for step in 0.. {
            let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = world.get(&phone.who, &format!("/api/sync/pull?device={}&limit=3{after}", phone.id)).await.ok();
            for row in page["upserts"].as_array().unwrap() {
                held.rows.insert((row["kind"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()), row["body"].clone());
            }
            cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
            if step == 2 {
                world.post(&Session::none(), "/api/cases", json!({ "text": "半路来的", "area_code": GRID_1, "category": "street_light" })).await.ok();
                sent.push("半路来的".to_owned());
                until_read(&world).await;
            }
            assert!(step < 60, "it comes to an end");
            if page["has_more"] != true {
                assert!(step > 3, "in pages");
                break;
            }
        }
        sent.sort();
        assert_eq!(held.texts(), sent);
        assert_eq!(held.of("area").len(), 3, "a community with its grids: {COMMUNITY}");
    }

    async fn one_odd_row_is_left_out_and_the_rest_is_sent(t: TestDb) {
        let world = World::new(t).await;
        let odd = world.report_lamp().await;
        world.post(&Session::none(), "/api/cases", json!({ "text": "好的一件", "area_code": GRID_1, "category": "street_light" })).await.ok();
        world.app.db.write(move |tx| tx.bookkeep(|writer| writer.exec("UPDATE cases SET weight = 'feather' WHERE code = $1", &linli_db::params![odd]))).await.map_err(|error: StoreError| error).unwrap();
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        let page = phone.page(&world, None).await;
        assert_eq!(page["n_skipped"], 1);
        let mut held = Held::default();
        held.pull(&world, &phone).await;
        assert_eq!(held.texts(), ["好的一件"]);
    }

    async fn a_cursor_that_cannot_be_read_begins_anew(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        let phone = Phone::of(&world, world.as_("worker1").await).await;
        for cursor in ["nonsense", "1.2.3", "1.9999.9999.0000.0.changes.-.0.0"] {
            let page = phone.page(&world, Some(cursor)).await;
            assert!(page["upserts"].as_array().unwrap().iter().any(|row| row["kind"] == "case"), "{cursor}");
        }
    }

    async fn outcomes_are_kept_for_90_days(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let report = phone.report("路灯不亮", GRID_1);
        let outcome = phone.push_one(&world, &report).await;
        world.clock.advance_ms(89 * 86_400_000);
        linli_server::housekeeping::once(&world.app).await.unwrap();
        phone.who = world.as_("worker1").await;
        assert_eq!(phone.push_one(&world, &report).await, outcome);
        world.clock.advance_ms(2 * 86_400_000);
        linli_server::housekeeping::once(&world.app).await.unwrap();
        let n = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM sync_command", &[])).await.unwrap();
        assert_eq!(n, 0);
    }

    async fn an_account_enrols_ten_phones_and_no_more(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.hire("busy", Role::GridWorker, GRID_1, None).await;
        world.post(&worker, "/api/sync/devices", json!({ "name": " " })).await.refused(422, "invalid");
        for _ in 0..10 {
            Phone::of(&world, worker.clone()).await;
        }
        world.post(&worker, "/api/sync/devices", json!({ "name": "第十一部" })).await.refused(422, "invalid");
        let first = world.get(&worker, "/api/sync/devices").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(world.post(&worker, &format!("/api/sync/devices/{first}/revoke"), Value::Null).await.status, 204);
        Phone::of(&world, worker).await;
    }
}

pub fn due_on(held: &Held) -> Vec<(String, String)> {
    let mut due: Vec<(String, String)> = held
        .of("duty")
        .iter()
        .map(|body| (body["duty_id"].as_str().unwrap().to_owned(), body["state"].as_str().unwrap().to_owned()))
        .collect();
    due.sort();
    due
}
