//! The hotline over the network: signed requests in, news and orders out, against a real receiver.

use std::sync::{Arc, Mutex};

use crate::world::{Answered, GRID_1, Session, World, reply};
use axum::http::{HeaderMap, Method};
use linli_civic::delivery::{self, consume};
use linli_civic::hotline::push;
use linli_civic::hotline::sign::{NONCE, PARTNER, SIGNATURE, Said, TIMESTAMP};
use linli_testkit::{TestDb, on_both};
use serde_json::{Value, json};

const SECRET: &str = "a-secret-that-only-tests-know";

/// A world with a hotline that serves the district and, where one is named, is told at `url`.
async fn world_with(t: TestDb, url: Option<&str>) -> World {
    let folder = t.folder().join("partners");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("city.key"), SECRET).unwrap();
    let urls =
        url.map(|url| format!("changes_url = \"{url}/changes\"\norders_url = \"{url}/orders\"\n")).unwrap_or_default();
    let text = format!(
        "kind = \"hotline\"\nname = \"市12345热线\"\nareas = [\"610502000000\"]\nsecret_file = \"city.key\"\nallow_private = true\n[hotline]\n{urls}[hotline.categories]\n\"城市管理->市政设施\" = \"street_light\"\n"
    );
    std::fs::write(folder.join("city.toml"), text).unwrap();
    World::new(t).await
}

struct Caller<'a> {
    world: &'a World,
    n: std::cell::Cell<u32>,
}

impl<'a> Caller<'a> {
    fn new(world: &'a World) -> Self {
        Self { world, n: std::cell::Cell::new(0) }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answered {
        self.n.set(self.n.get() + 1);
        let nonce = format!("nonce-of-the-test-{:06}", self.n.get());
        let timestamp = (self.world.app.now().ms() / 1_000).to_string();
        self.sent(method, path, body, &timestamp, &nonce, SECRET, "city").await
    }

    async fn sent(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        timestamp: &str,
        nonce: &str,
        secret: &str,
        partner: &str,
    ) -> Answered {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let signature = Said { method: method.as_str(), path, timestamp, nonce, body: &body }.signature(secret);
        let headers = [
            (PARTNER, partner),
            (TIMESTAMP, timestamp),
            (NONCE, nonce),
            (SIGNATURE, signature.as_str()),
            ("content-type", "application/json"),
        ];
        self.world.send(method, path, None, &headers, body).await
    }

    async fn post(&self, path: &str, body: Value) -> Answered {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answered {
        self.call(Method::GET, path, None).await
    }
}

fn order(no: &str) -> Value {
    json!({
        "order_no": no, "caller_name": "李女士", "caller_phone": "19900000031", "said_at": "2026-09-27 09:30:00", "category": "城市管理->市政设施->路灯",
        "content": "3号楼前的路灯不亮", "district": "临渭区", "street": "向阳街道", "community": "红旗社区", "spot": "第一网格3号楼", "limit": "2026-10-09 18:00"
    })
}

/// Lets everything that follows from events happen.
async fn settle_feed(world: &World) {
    let consumer = push::consumer();
    // PostgreSQL holds an event back while any older transaction of its server is open.
    loop {
        while consume::step(&world.app, &consumer).await.unwrap() > 0 {}
        let sql = "SELECT (SELECT COALESCE(MAX(seq), 0) FROM event) - (SELECT COALESCE(MAX(seq), 0) FROM consumer WHERE name = 'hotline') AS n";
        if world.app.db.read(|conn| conn.number(sql, &[])).await.unwrap() == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

on_both! {
    async fn an_order_is_handed_in_once_however_often_it_is_sent(t: TestDb) {
        let world = world_with(t, None).await;
        let city = Caller::new(&world);
        let first = city.post("/api/hotline/orders", order("N1")).await;
        assert_eq!(first.status.as_u16(), 201, "{}", first.body);
        assert_eq!(first.body["outcome"], "new");
        let again = city.post("/api/hotline/orders", order("N1")).await;
        assert_eq!((again.status.as_u16(), &again.body["outcome"], &again.body["case_code"]), (200, &json!("same"), &first.body["case_code"]));
        let mut more = order("N1");
        more["urgency"] = json!("紧急");
        let more = city.post("/api/hotline/orders", more).await.ok();
        assert_eq!((&more["outcome"], &more["case_code"]), (&json!("updated"), &first.body["case_code"]));
        let worker = world.as_("worker1").await;
        let code = first.body["case_code"].as_str().unwrap();
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        // The partner's own table mapped the category.
        assert_eq!((&case["category"], &case["area"]["code"]), (&json!("street_light"), &json!(GRID_1)));
        assert!(case["timeline"].as_array().unwrap().iter().any(|entry| entry["text"].as_str().is_some_and(|text| text.contains("紧急程度改为：紧急"))), "{}", case["timeline"]);
        let state = city.get("/api/hotline/orders/N1").await.ok();
        assert_eq!((&state["direction"], &state["case"]["code"], &state["limit_at"]), (&json!("in"), &json!(code), &json!("2026-10-09T10:00:00.000Z")));
        city.get("/api/hotline/orders/N2").await.refused(404, "not_found");

        let mut wrong = order("N3");
        wrong["caller_phone"] = json!("not a number");
        wrong["content"] = json!("");
        let refused = city.post("/api/hotline/orders", wrong).await.refused(422, "invalid");
        let fields: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["caller_phone", "content"]);
        let mut elsewhere = order("N4");
        elsewhere["district"] = json!("合阳县");
        elsewhere["street"] = json!("城关街道");
        elsewhere["community"] = json!("南苑社区");
        let refused = city.post("/api/hotline/orders", elsewhere).await.refused(422, "invalid");
        assert_eq!(refused["errors"][0]["code"], "outside_hotline");
        let mut unknown_key = order("N5");
        unknown_key["score"] = json!(1);
        city.post("/api/hotline/orders", unknown_key).await.refused(400, "bad_request");
    }

    async fn what_is_not_signed_or_was_signed_before_is_not_believed(t: TestDb) {
        let world = world_with(t, None).await;
        let city = Caller::new(&world);
        let seconds = world.app.now().ms() / 1_000;
        let (now, path) = (seconds.to_string(), "/api/hotline/changes");
        let sent = async |timestamp: &str, nonce: &str, secret: &str, partner: &str| city.sent(Method::GET, path, None, timestamp, nonce, secret, partner).await;
        sent(&now, "0123456789abcdef", SECRET, "city").await.ok();
        let replayed = sent(&now, "0123456789abcdef", SECRET, "city").await.refused(401, "bad_signature");
        assert!(replayed["detail"].as_str().unwrap().contains("used before"));
        sent(&now, "0123456789abcde1", "another secret", "city").await.refused(401, "bad_signature");
        sent(&now, "0123456789abcde2", SECRET, "nobody").await.refused(401, "bad_signature");
        sent(&now, "short", SECRET, "city").await.refused(401, "bad_signature");
        for off in [-301, 301] {
            let refused = sent(&(seconds + off).to_string(), "0123456789abcde3", SECRET, "city").await.refused(401, "bad_signature");
            assert!(refused["detail"].as_str().unwrap().contains("5 minutes"));
        }
        sent(&(seconds - 299).to_string(), "0123456789abcde4", SECRET, "city").await.ok();
        world.send(Method::GET, path, None, &[], Vec::new()).await.refused(401, "bad_signature");
        // Another body, path or method than was signed.
        let signature = Said { method: "POST", path: "/api/hotline/orders", timestamp: &now, nonce: "0123456789abcde5", body: b"{}" }.signature(SECRET);
        let headers = [(PARTNER, "city"), (TIMESTAMP, now.as_str()), (NONCE, "0123456789abcde5"), (SIGNATURE, signature.as_str())];
        world.send(Method::POST, "/api/hotline/orders", None, &headers, order("N1").to_string().into_bytes()).await.refused(401, "bad_signature");
        // A clerk's cookie is no signature.
        let clerk = world.as_("hotline").await;
        world.get(&clerk, path).await.refused(401, "bad_signature");
    }

    async fn the_hotline_follows_urges_adds_and_says_what_the_caller_said(t: TestDb) {
        let world = world_with(t, None).await;
        settle_feed(&world).await;
        let city = Caller::new(&world);
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        let code = city.post("/api/hotline/orders", order("N1")).await.ok()["case_code"].as_str().unwrap().to_owned();
        let tell = async |id: &str, body: Value| {
            let mut body = body;
            body["message_id"] = json!(id);
            city.post("/api/hotline/orders/N1/messages", body).await
        };
        tell("m1", json!({ "kind": "urge", "text": "来电人再次来电" })).await.ok();
        tell("m1", json!({ "kind": "urge", "text": "来电人再次来电" })).await.ok();
        tell("m1", json!({ "kind": "urge", "text": "别的话" })).await.refused(422, "key_reused");
        tell("m2", json!({ "kind": "supplement" })).await.refused(422, "invalid");
        tell("m3", json!({ "kind": "follow_up", "reached": true, "solved": true, "satisfied": true })).await.refused(409, "not_now");
        tell("m4", json!({ "kind": "progress", "text": "x" })).await.refused(409, "not_now");
        let case = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        let urged = case["timeline"].as_array().unwrap().iter().filter(|entry| entry["text"].as_str().is_some_and(|text| text.contains("市12345热线催办"))).count();
        assert_eq!(urged, 1);

        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        // Not verified: neither state nor news tell the reply.
        settle_feed(&world).await;
        let news = city.get("/api/hotline/changes").await.ok();
        let kinds = |news: &Value| news["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(kinds(&news), ["received", "dispatched", "taken"]);
        world.act(&head, &code, "verify", json!({})).await.ok();
        settle_feed(&world).await;
        let next = city.get(&format!("/api/hotline/changes?after={}", news["next"])).await.ok();
        assert_eq!(kinds(&next), ["answered"]);
        assert_eq!(next["items"][0]["reply"]["done"], "更换灯泡并检查线路");
        let state = tell("m5", json!({ "kind": "follow_up", "reached": true, "solved": false, "satisfied": false })).await.ok();
        // Not satisfied: done again, one level higher.
        assert_eq!(state["case"]["phase"], "open");
        settle_feed(&world).await;
        let after = city.get(&format!("/api/hotline/changes?after={}", next["next"])).await.ok();
        assert_eq!(kinds(&after), ["rated", "reopened"]);
        assert_eq!(city.get(&format!("/api/hotline/changes?after={}", after["next"])).await.ok()["items"], json!([]));
    }

    async fn an_order_that_is_withdrawn_or_not_ours_ends(t: TestDb) {
        let world = world_with(t, None).await;
        settle_feed(&world).await;
        let city = Caller::new(&world);
        city.post("/api/hotline/orders", order("N1")).await.ok();
        let state = city.post("/api/hotline/orders/N1/messages", json!({ "message_id": "w", "kind": "withdraw", "text": "来电人说已解决" })).await.ok();
        assert_eq!((&state["state"], &state["case"]["phase"]), (&json!("withdrawn"), &json!("closed")));
        // Closed: a changed matter is a new order.
        let mut changed = order("N1");
        changed["content"] = json!("又不亮了");
        city.post("/api/hotline/orders", changed).await.refused(409, "not_now");

        let code = city.post("/api/hotline/orders", order("N2")).await.ok()["case_code"].as_str().unwrap().to_owned();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "close", json!({ "ground": "not_ours", "text": "该路段属高速公路管理单位" })).await.ok();
        settle_feed(&world).await;
        let news = city.get("/api/hotline/changes").await.ok();
        let last = news["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["kind"], &last["ground"], &last["text"]), (&json!("returned"), &json!("not_ours"), &json!("该路段属高速公路管理单位")));
        assert_eq!(city.get("/api/hotline/orders/N2").await.ok()["state"], "returned");
    }

    async fn a_case_goes_out_and_its_reply_comes_back_for_our_people_to_check(t: TestDb) {
        let receiver = Receiver::start().await;
        let world = world_with(t, Some(&receiver.url)).await;
        push::start(&world.app);
        settle_feed(&world).await;
        let city = Caller::new(&world);
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let code = world.report_lamp().await;
        let path = format!("/api/cases/{code}/transfer");
        world.post(&worker, &path, json!({ "partner": "city", "reason": "属市供热公司" })).await.refused(403, "forbidden");
        world.post(&Session::none(), &path, json!({ "partner": "city", "reason": "属市供热公司" })).await.refused(401, "not_signed_in");
        world.post(&clerk, &path, json!({ "partner": "nobody", "reason": "属市供热公司" })).await.refused(422, "invalid");
        let beside = world.get(&clerk, &format!("/api/cases/{code}/hotline")).await.ok();
        assert_eq!(beside["targets"], json!([{ "id": "city", "name": "市12345热线" }]));
        let handed = world.post(&clerk, &path, json!({ "partner": "city", "reason": "路灯属市路灯管理处" })).await.ok();
        let no = handed["items"][0]["order_no"].as_str().unwrap().to_owned();
        assert_eq!((&handed["items"][0]["direction"], &handed["targets"]), (&json!("out"), &json!([])));
        world.post(&clerk, &path, json!({ "partner": "city", "reason": "再转一次" })).await.refused(409, "already_exists");

        settle_feed(&world).await;
        deliver(&world).await;
        let got = receiver.got();
        let (at, headers, body) = got.iter().find(|(at, _, _)| at == "/orders").unwrap();
        let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        let said = Said { method: "POST", path: at, timestamp: &text(TIMESTAMP), nonce: &text(NONCE), body: body.as_bytes() };
        assert!(said.is_signed(SECRET, &text(SIGNATURE)));
        let sent: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&sent["order_no"], &sent["caller_phone"]), (&json!(no), &json!("19900000001")));

        let tell = async |id: &str, kind: &str, text: &str| city.post(&format!("/api/hotline/orders/{no}/messages"), json!({ "message_id": id, "kind": kind, "text": text })).await;
        tell("p1", "progress", "已派路灯管理处").await.ok();
        let state = tell("p2", "replied", "已更换灯头，当晚恢复照明").await.ok();
        assert_eq!(state["state"], "replied");
        tell("p3", "urge", "x").await.refused(409, "not_now");
        // It is an answer to us, not to the resident: the case stays open until our people have looked.
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["phase"], "open");
        let beside = world.get(&clerk, &format!("/api/cases/{code}/hotline")).await.ok();
        assert_eq!(beside["items"][0]["reply"], "已更换灯头，当晚恢复照明");
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert!(!public.to_string().contains("灯头"));
    }

    async fn news_is_sent_to_a_hotline_that_wants_it_sent(t: TestDb) {
        let receiver = Receiver::start().await;
        let world = world_with(t, Some(&receiver.url)).await;
        push::start(&world.app);
        settle_feed(&world).await;
        let city = Caller::new(&world);
        let code = city.post("/api/hotline/orders", order("N1")).await.ok()["case_code"].as_str().unwrap().to_owned();
        settle_feed(&world).await;
        deliver(&world).await;
        let mut kinds: Vec<String> = receiver.got().iter().filter(|(at, _, _)| at == "/changes").map(|(_, _, body)| {
            let change: Value = serde_json::from_str(body).unwrap();
            assert_eq!((&change["order_no"], &change["case_code"]), (&json!("N1"), &json!(code)));
            change["kind"].as_str().unwrap().to_owned()
        }).collect();
        kinds.dedup();
        assert_eq!(kinds, ["received", "dispatched"]);
    }
}

/// Sends what waits, until nothing is left.
async fn deliver(world: &World) {
    for _ in 0..20 {
        delivery::worker::pump(&world.app).await.unwrap();
        world.clock.advance_ms(1_000);
    }
}

type Got = Arc<Mutex<Vec<(String, HeaderMap, String)>>>;

/// A real receiver of requests.
struct Receiver {
    url: String,
    got: Got,
}

impl Receiver {
    async fn start() -> Self {
        let got: Got = Arc::default();
        let keep = Arc::clone(&got);
        let app = axum::Router::new().fallback(move |uri: axum::http::Uri, headers: HeaderMap, body: String| {
            let keep = Arc::clone(&keep);
            async move {
                keep.lock().unwrap().push((uri.path().to_owned(), headers, body));
                axum::Json(json!({ "order_no": "THEIRS-1" }))
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, got }
    }

    fn got(&self) -> Vec<(String, HeaderMap, String)> {
        self.got.lock().unwrap().clone()
    }
}
