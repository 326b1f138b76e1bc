//! Who is told what: the rules of the playbook through real channels to real receivers, on both databases.

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use serde_json::{Value, json};

use crate::receivers::{Http, Mail};
use crate::world::{Answered, GRID_1, Session, World};
use linli_civic::delivery::consume::{self, Consumer};
use linli_civic::delivery::worker;
use linli_civic::notices::digest;
use linli_civic::partners::Secret;
use linli_db::{StoreError, feed, params};
use linli_server::open;
use linli_testkit::{TestDb, on_both};

/// Every receiver, and the partners that stand for them.
struct Outside {
    sms: Http,
    wecom: Http,
    dingtalk: Http,
    hook: Http,
    push: Http,
    mail: Mail,
}

impl Outside {
    fn start(folder: &std::path::Path) -> Self {
        let ok = "{\"errcode\":0}";
        let outside = Self {
            sms: Http::start("{\"code\":0,\"msgid\":\"m-1\"}"),
            wecom: Http::start(ok),
            dingtalk: Http::start(ok),
            hook: Http::start(""),
            push: Http::start(""),
            mail: Mail::start(),
        };
        let partners = folder.join("partners");
        std::fs::create_dir_all(&partners).unwrap();
        let write = |name: &str, text: String| std::fs::write(partners.join(name), text).unwrap();
        let common = "allow_private = true\nrate = 5\n";
        write("sms.key", "sms-secret".to_owned());
        write("wecom.key", "wecom-key".to_owned());
        write("dingtalk.key", "ding-token SECding".to_owned());
        write("hook.key", format!("whsec_{}", STANDARD.encode("hook-secret")));
        write("mail.key", "mail-password".to_owned());
        write(
            "sms.toml",
            format!(
                "kind = \"sms\"\nname = \"短信\"\nsecret_file = \"sms.key\"\n{common}[sms]\nurl = \"{}/send\"\nbody = '{{\"to\":\"{{phone}}\",\"text\":\"【邻里】{{text}}\",\"id\":\"{{id}}\"}}'\nheaders = {{ X-Key = \"k-{{secret}}\" }}\nok = {{ pointer = \"/code\", value = \"0\" }}\nreceipt = \"/msgid\"\n",
                outside.sms.url
            ),
        );
        write(
            "wecom.toml",
            format!(
                "kind = \"robot\"\nname = \"城管局群\"\nsecret_file = \"wecom.key\"\nareas = [\"610502000000\"]\n{common}[robot]\nstyle = \"wecom\"\nurl = \"{}/send\"\nunits = [\"urban_management\"]\n",
                outside.wecom.url
            ),
        );
        write(
            "dingtalk.toml",
            format!(
                "kind = \"robot\"\nname = \"街道群\"\nsecret_file = \"dingtalk.key\"\nareas = [\"610502005000\"]\n{common}[robot]\nstyle = \"dingtalk\"\nurl = \"{}/send\"\n",
                outside.dingtalk.url
            ),
        );
        write(
            "hook.toml",
            format!(
                "kind = \"webhook\"\nname = \"数据平台\"\nsecret_file = \"hook.key\"\nareas = [\"610502000000\"]\n{common}[webhook]\nurl = \"{}/events\"\nevents = [\"reported\", \"taken\", \"settled\"]\n",
                outside.hook.url
            ),
        );
        write(
            "mail.toml",
            format!(
                "kind = \"smtp\"\nname = \"邮件\"\nsecret_file = \"mail.key\"\n{common}[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nuser = \"linli\"\nfrom = \"邻里 <linli@example.org>\"\n",
                outside.mail.port
            ),
        );
        write(
            "push.toml",
            format!(
                "kind = \"web_push\"\nname = \"浏览器推送\"\n{common}[web_push]\ncontact = \"mailto:it@example.org\"\n"
            ),
        );
        outside
    }
}

async fn world(t: TestDb) -> (World, Outside) {
    let outside = Outside::start(t.folder());
    let world = World::new(t).await;
    read_feed(&world).await;
    (world, outside)
}

/// Lets every consumer read what is there. PostgreSQL shows an event only when no older transaction is still writing.
async fn read_feed(world: &World) {
    let consumers: Vec<Arc<dyn Consumer>> = open::consumers();
    // On a busy PostgreSQL older transactions of other tests hold events back: wait for them.
    while !is_whole(world).await {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    for consumer in &consumers {
        while consume::step(&world.app, consumer).await.unwrap() > 0 {}
        consume::step(&world.app, consumer).await.unwrap();
    }
}

async fn is_whole(world: &World) -> bool {
    let read = world.app.db.read(|conn| {
        let all = conn.number("SELECT COUNT(*) AS n FROM event", &[])?;
        let shown = feed::after(conn, feed::Position::default(), 10_000)?.len();
        Ok::<_, StoreError>(usize::try_from(all).unwrap() == shown)
    });
    read.await.unwrap()
}

/// Reads the feed and sends everything that may go within the next `seconds`.
async fn settle(world: &World, seconds: i64) {
    read_feed(world).await;
    worker::pump(&world.app).await.unwrap();
    for _ in 0..seconds * 5 {
        world.clock.advance_ms(200);
        worker::pump(&world.app).await.unwrap();
    }
}

impl World {
    async fn put(&self, who: &Session, path: &str, body: Value) -> Answered {
        self.json(Method::PUT, who, path, body).await
    }

    async fn json(&self, method: Method, who: &Session, path: &str, body: Value) -> Answered {
        let headers = [("content-type", "application/json")];
        self.send(method, path, who.0.as_deref(), &headers, body.to_string().into_bytes()).await
    }

    async fn choose(&self, code: &str, body: Value) -> Answered {
        self.put(&Session::none(), &format!("/api/public/cases/{code}/notice"), body).await
    }
}

on_both! {
    async fn a_resident_is_told_by_sms_only_after_saying_yes_and_no_more_than_the_page_shows(t: TestDb) {
        let (world, outside) = world(t).await;
        let (silent, told) = (world.report_lamp().await, world.report_lamp().await);
        let shown = world.get(&Session::none(), &format!("/api/public/cases/{told}/notice")).await.ok();
        assert_eq!((&shown["way"], &shown["phone_masked"]), (&json!("none"), &json!("199****0001")));
        assert_eq!(shown["possible"], json!(["none", "sms", "email"]));
        read_feed(&world).await;
        world.choose(&told, json!({ "way": "sms" })).await.ok();
        let worker = world.as_("worker1").await;
        let head = world.as_("head").await;
        for code in [&silent, &told] {
            world.act(&worker, code, "take", json!({})).await.ok();
            world.act(&worker, code, "settle", json!({ "reply": crate::world::reply() })).await.ok();
            let verified = world.act(&head, code, "verify", json!({})).await;
            assert!(verified.status.is_success(), "{}", verified.body);
        }
        settle(&world, 3).await;
        let got = outside.sms.got();
        assert_eq!(got.len(), 1, "{got:?}");
        let (request, body) = (&got[0], got[0].json());
        assert_eq!(body["to"], "19900000001");
        let text = body["text"].as_str().unwrap();
        assert!(text.starts_with("【邻里】") && text.contains(&told), "{text}");
        for never in ["3号楼", "路灯不亮，晚上", "李春梅", "更换灯泡", "第一网格"] {
            assert!(!text.contains(never), "{text}");
        }
        assert_eq!(request.header("x-key"), "k-sms-secret");
        let signed = format!("{}.{}", request.header("x-linli-timestamp"), String::from_utf8_lossy(&request.body));
        let mac = hex::encode(Secret::new("sms-secret").unwrap().hmac(signed.as_bytes()));
        assert_eq!(request.header("x-linli-signature"), format!("v1={mac}"));
    }

    async fn whoever_says_no_in_the_meantime_is_not_written_to(t: TestDb) {
        let (world, outside) = world(t).await;
        let code = world.report_lamp().await;
        read_feed(&world).await;
        world.choose(&code, json!({ "way": "sms" })).await.ok();
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": crate::world::reply() })).await.ok();
        world.clock.set("2026-09-28T23:00:00+08:00".parse().unwrap());
        let head = world.as_("head").await;
        world.act(&head, &code, "verify", json!({})).await.ok();
        settle(&world, 2).await;
        assert!(outside.sms.got().is_empty(), "quiet hours");
        world.choose(&code, json!({ "way": "none" })).await.ok();
        world.clock.set("2026-09-29T07:00:01+08:00".parse().unwrap());
        settle(&world, 2).await;
        assert!(outside.sms.got().is_empty(), "{:?}", outside.sms.got());
        let auditor = world.as_("auditor").await;
        let log = world.get(&auditor, &format!("/api/notices/log?case={code}&rule=reporter_answered")).await.ok();
        let way = &log["items"][0]["ways"][0];
        assert_eq!((&way["outcome"], &way["address_masked"]), (&json!("held"), &json!("199****0001")));
        assert_eq!(way["until"], "2026-09-28T23:00:00.000Z");
    }

    async fn a_resident_is_told_by_mail_in_the_morning_when_it_is_night(t: TestDb) {
        let (world, outside) = world(t).await;
        let code = world.report_lamp().await;
        read_feed(&world).await;
        let bad = world.choose(&code, json!({ "way": "email", "email": "no address" })).await.refused(422, "invalid");
        assert_eq!(bad["errors"][0]["field"], "email");
        let chosen = world.choose(&code, json!({ "way": "email", "email": "limei@example.org" })).await.ok();
        assert_eq!(chosen["email_masked"], "l***@example.org");
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.clock.set("2026-09-28T22:30:00+08:00".parse().unwrap());
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "ask", json!({ "question": "哪一盏灯？" })).await.ok();
        settle(&world, 2).await;
        assert!(outside.mail.got().is_empty());
        world.clock.set("2026-09-29T07:00:01+08:00".parse().unwrap());
        settle(&world, 2).await;
        let got = outside.mail.got();
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].contains("RCPT TO:<limei@example.org>") && got[0].contains("Message-ID: <"), "{}", got[0]);
        let body: String = got[0].split("\n\n").last().unwrap().split_whitespace().collect();
        let text = String::from_utf8(STANDARD.decode(&body).unwrap_or_else(|_| body.clone().into_bytes())).unwrap();
        assert!(text.contains(&code) && !text.contains("哪一盏灯"), "{text}");
    }

    async fn a_mailbox_that_does_not_exist_is_a_dead_letter_and_a_mail_server_that_is_busy_is_tried_again(t: TestDb) {
        let (world, outside) = world(t).await;
        for (line, state) in [("550 no such user", "dead"), ("451 later", "waiting")] {
            outside.mail.refuses(Some(line));
            let code = world.report_lamp().await;
            world.choose(&code, json!({ "way": "email", "email": "limei@example.org" })).await.ok();
            let worker = world.as_("worker1").await;
            world.act(&worker, &code, "take", json!({})).await.ok();
            world.act(&worker, &code, "ask", json!({ "question": "哪一盏灯？" })).await.ok();
            settle(&world, 2).await;
            let admin = world.as_("clerk").await;
            let page = world.get(&admin, &format!("/api/deliveries?case={code}&target=mail")).await.ok();
            assert_eq!(page["items"][0]["state"], state, "{page}");
        }
    }

    async fn the_seat_hears_by_the_bell_and_whoever_did_it_does_not(t: TestDb) {
        let (world, _outside) = world(t).await;
        let worker = world.as_("worker1").await;
        let code = world.report_lamp().await;
        read_feed(&world).await;
        read_feed(&world).await;
        let bell = world.get(&worker, "/api/notices").await.ok();
        assert_eq!((&bell["n_unread"], bell["items"].as_array().unwrap().len()), (&json!(1), 1), "{bell}");
        let item = &bell["items"][0];
        assert_eq!((&item["case_code"], &item["unread"]), (&json!(code), &json!(true)));
        assert!(item["title"].as_str().unwrap().contains("路灯"), "{item}");
        let other = world.as_("worker2").await;
        assert_eq!(world.get(&other, "/api/notices").await.ok()["n_unread"], 0);
        // Only one's own can be marked.
        world.post(&other, "/api/notices/read", json!({ "ids": [item["id"]] })).await;
        assert_eq!(world.get(&worker, "/api/notices").await.ok()["n_unread"], 1);
        assert_eq!(world.post(&worker, "/api/notices/read", json!({ "ids": [item["id"]] })).await.status, 204);
        let bell = world.get(&worker, "/api/notices?unread=true").await.ok();
        assert_eq!((&bell["n_unread"], bell["items"].as_array().unwrap().len()), (&json!(0), 0));
        world.get(&Session::none(), "/api/notices").await.refused(401, "not_signed_in");
    }

    async fn the_log_shows_the_rule_and_why_not_and_never_who_opened_what(t: TestDb) {
        let (world, _outside) = world(t).await;
        let code = world.report_lamp().await;
        read_feed(&world).await;
        let auditor = world.as_("auditor").await;
        let log = world.get(&auditor, &format!("/api/notices/log?case={code}")).await.ok();
        let seat = log["items"].as_array().unwrap().iter().find(|entry| entry["rule"] == "seat_new").unwrap().clone();
        assert_eq!((&seat["to_name"], &seat["event"], &seat["reached"]), (&json!("李春梅"), &json!("dispatched"), &json!(true)));
        let outcomes: Vec<_> = seat["ways"].as_array().unwrap().iter().map(|way| way["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["shown", "no_address"], "{seat}");
        assert!(!log.to_string().contains("unread"), "{log}");
        let clerk = world.as_("clerk").await;
        world.get(&clerk, "/api/notices/log").await.refused(403, "forbidden");
        let far = world.as_("far_admin").await;
        world.get(&far, "/api/notices/log").await.refused(403, "forbidden");
    }

    async fn ones_own_choice_of_ways_and_quiet_hours_is_kept(t: TestDb) {
        let (world, _outside) = world(t).await;
        let worker = world.as_("worker1").await;
        let settings = world.get(&worker, "/api/notices/settings").await.ok();
        assert_eq!((&settings["usual_quiet"], &settings["quiet_from"]), (&json!("22:00–07:00"), &Value::Null));
        assert!(settings["push_key"].as_str().unwrap().len() > 80);
        let body = json!({ "off": ["sms", "in_app"], "quiet_from": "20:00", "quiet_to": "08:00", "email": "li@example.org" });
        let settings = world.json(Method::PATCH, &worker, "/api/notices/settings", body).await.ok();
        assert_eq!((&settings["quiet_from"], &settings["quiet_to"]), (&json!("20:00"), &json!("08:00")));
        let sms = settings["ways"].as_array().unwrap().iter().find(|way| way["way"] == "sms").unwrap();
        assert_eq!(sms["on"], false);
        let email = settings["ways"].as_array().unwrap().iter().find(|way| way["way"] == "email").unwrap();
        assert_eq!(email["address_masked"], "l***@example.org");
        let bad = json!({ "quiet_from": "25:00", "quiet_to": "08:00" });
        world.json(Method::PATCH, &worker, "/api/notices/settings", bad).await.refused(422, "invalid");
        // The address lies sealed.
        let stored = world.app.db.read(|conn| {
            conn.first("SELECT email_sealed FROM notice_choice", &[], |row| row.get::<Vec<u8>>("email_sealed"))
        });
        let stored: Result<_, StoreError> = stored.await;
        assert!(!String::from_utf8_lossy(&stored.unwrap().unwrap()).contains("example"));
    }

    async fn a_browser_shows_what_only_it_can_read(t: TestDb) {
        let (world, outside) = world(t).await;
        outside.push.answers(201, "");
        let worker = world.as_("worker1").await;
        let browser = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let point = browser.public_key().to_sec1_point(false).as_bytes().to_vec();
        let auth = [9_u8; 16];
        let endpoint = format!("{}/push/abc", outside.push.url);
        let keys = json!({ "p256dh": URL_SAFE_NO_PAD.encode(&point), "auth": URL_SAFE_NO_PAD.encode(auth) });
        let body = json!({ "endpoint": endpoint, "keys": keys });
        assert_eq!(world.post(&worker, "/api/notices/browsers", body.clone()).await.status, 204);
        let code = world.report_lamp().await;
        settle(&world, 2).await;
        let got = outside.push.got();
        assert_eq!(got.len(), 1);
        assert_eq!((got[0].header("content-encoding"), got[0].header("ttl")), ("aes128gcm", "86400"));
        assert!(got[0].header("authorization").starts_with("vapid t="), "{:?}", got[0]);
        let plain = decrypt(&browser, &point, &auth, &got[0].body);
        let message: Value = serde_json::from_slice(&plain).unwrap();
        assert_eq!(message["case"], code.as_str());
        assert!(message["title"].as_str().unwrap().contains("路灯"), "{message}");
        // A browser that is gone is forgotten.
        outside.push.answers(410, "");
        world.report_lamp().await;
        settle(&world, 2).await;
        let settings = world.get(&worker, "/api/notices/settings").await.ok();
        assert_eq!(settings["ways"][0]["address_masked"], Value::Null);
        // An address of no browser is not taken.
        let bad = json!({ "endpoint": "file:///etc/passwd", "keys": body["keys"] });
        world.post(&worker, "/api/notices/browsers", bad).await.refused(422, "invalid");
    }

    async fn groups_hear_of_larger_matters_through_their_robots(t: TestDb) {
        let (world, outside) = world(t).await;
        let body = json!({ "text": "井盖没了，很危险", "area_code": GRID_1, "category": "street_light", "channel": "hotline", "weight": "larger", "phone": "19900000001" });
        let hotline = world.as_("hotline").await;
        let reported = world.post(&hotline, "/api/cases", body).await.ok();
        let code = reported["code"].as_str().unwrap();
        let dispatcher = world.as_("dispatcher").await;
        let shown = world.get(&dispatcher, &format!("/api/cases/{code}")).await.ok();
        let seat = json!({ "area_code": "610502000000", "unit_code": "urban_management" });
        let done = world.act(&dispatcher, code, "dispatch", json!({ "seat": seat, "reason": "路灯由城管局管" })).await;
        assert!(done.status.is_success(), "{} {}", done.body, shown["actions"]);
        settle(&world, 3).await;
        let got = outside.wecom.got();
        assert_eq!(got.len(), 1, "{got:?}");
        assert!(got[0].line.starts_with("POST /send?key=wecom-key "), "{}", got[0].line);
        let said = got[0].json();
        assert_eq!(said["msgtype"], "text");
        assert!(said["text"]["content"].as_str().unwrap().contains("路灯") && !said.to_string().contains("井盖没了"), "{said}");
    }

    async fn events_go_out_as_signed_cloudevents_in_order(t: TestDb) {
        let (world, outside) = world(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "comment", json!({ "text": "下午去" })).await;
        settle(&world, 3).await;
        let got = outside.hook.got();
        let types: Vec<_> = got.iter().map(|request| request.json()["type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(types, ["cn.linli.case.reported", "cn.linli.case.taken"], "only what the file names");
        let (request, event) = (&got[0], got[0].json());
        assert_eq!((&event["specversion"], &event["subject"]), (&json!("1.0"), &json!(code)));
        assert_eq!(event["data"]["seat"]["area_code"], GRID_1);
        assert!(request.header("content-type").starts_with("application/cloudevents+json"));
        for never in ["19900000001", "晚上看不清路", "text_sha256", "李春梅"] {
            assert!(!event.to_string().contains(never), "{event}");
        }
        let signed = [request.header("webhook-id"), request.header("webhook-timestamp")].join(".");
        let mac = Secret::new("hook-secret").unwrap().hmac(&[signed.as_bytes(), b".", &request.body].concat());
        assert_eq!(request.header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac)));
        assert_eq!(request.header("webhook-id"), event["id"].as_str().unwrap());
    }

    async fn a_hook_that_was_down_for_an_hour_loses_nothing_and_is_not_flooded(t: TestDb) {
        let (world, outside) = world(t).await;
        outside.hook.answers(503, "later");
        let mut codes = Vec::new();
        for _ in 0..30 {
            codes.push(world.report_lamp().await);
            world.clock.advance_ms(2 * 60_000);
            read_feed_once(&world).await;
            worker::pump(&world.app).await.unwrap();
        }
        read_feed(&world).await;
        let tried = outside.hook.got().len();
        assert!(tried <= 16, "one at a time while it is down: {tried}");
        outside.hook.answers(200, "");
        let mut most = 0;
        for _ in 0..(20 * 60) {
            let before = outside.hook.got().len();
            for _ in 0..2 {
                world.clock.advance_ms(500);
                worker::pump(&world.app).await.unwrap();
            }
            most = most.max(outside.hook.got().len() - before);
        }
        assert!(most <= 5, "{most} in a second");
        world.clock.advance_ms(3 * 3_600_000);
        settle(&world, 20).await;
        let got: Vec<_> = outside.hook.got().iter().skip(tried).map(|one| one.json()["subject"].as_str().unwrap().to_owned()).collect();
        for code in &codes {
            assert_eq!(got.iter().filter(|one| *one == code).count(), 1, "{code}");
        }
    }

    async fn collected_news_comes_as_one_mail_in_the_morning(t: TestDb) {
        let (world, outside) = world(t).await;
        let leader = world.as_("leader").await;
        world.json(Method::PATCH, &leader, "/api/notices/settings", json!({ "email": "leader@example.org" })).await.ok();
        let account = world.app.db.read(|conn| conn.first("SELECT id FROM account WHERE name = 'leader'", &[], |row| row.get::<String>("id")));
        let account: Result<Option<String>, StoreError> = account.await;
        let account = account.unwrap().unwrap();
        let now = world.app.now();
        let due = now.plus_ms(60_000);
        let insert = world.app.db.write(move |tx| tx.bookkeep(|w| {
            for n in 0..3 {
                w.exec(
                    "INSERT INTO notice (id, dedup_key, rule, event_kind, to_kind, account_id, title, said, ways, in_app, unread, digest_at, at) VALUES ($1, $1, 'r', 'closed', 'staff', $2, $3, '乙', '[]', FALSE, FALSE, $4, $5)",
                    &params![format!("d{n}"), account, format!("已结案：{n}"), due, now],
                )?;
            }
            Ok::<_, StoreError>(())
        }));
        insert.await.unwrap();
        assert_eq!(digest::send_due(&world.app).await.unwrap(), 0);
        world.clock.advance_ms(60_000);
        assert_eq!(digest::send_due(&world.app).await.unwrap(), 1);
        assert_eq!(digest::send_due(&world.app).await.unwrap(), 0);
        settle(&world, 2).await;
        assert_eq!(outside.mail.got().len(), 1, "{:?}", outside.mail.got());
    }
}

async fn read_feed_once(world: &World) {
    for consumer in open::consumers() {
        consume::step(&world.app, &consumer).await.unwrap();
    }
}

/// RFC 8291 from the browser's side, with its private key.
fn decrypt(browser: &p256::SecretKey, point: &[u8], auth: &[u8], body: &[u8]) -> Vec<u8> {
    let hmac = |key: &[u8], parts: &[&[u8]]| {
        use hmac::{Hmac, Mac};
        let mut mac = <Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    };
    let (salt, theirs, sealed) = (&body[..16], &body[21..86], &body[86..]);
    assert_eq!(body[20], 65);
    let sender = p256::PublicKey::from_sec1_bytes(theirs).unwrap();
    let shared = p256::ecdh::diffie_hellman(browser.to_nonzero_scalar(), sender.as_affine());
    let first = hmac(auth, &[shared.raw_secret_bytes()]);
    let ikm = hmac(&first, &[b"WebPush: info\0", point, theirs, &[1]]);
    let second = hmac(salt, &[&ikm]);
    let key: [u8; 16] = hmac(&second, &[b"Content-Encoding: aes128gcm\0", &[1]])[..16].try_into().unwrap();
    let nonce: [u8; 12] = hmac(&second, &[b"Content-Encoding: nonce\0", &[1]])[..12].try_into().unwrap();
    let mut plain = Aes128Gcm::new(&Key::<Aes128Gcm>::from(key)).decrypt(&Nonce::from(nonce), sealed).unwrap();
    assert_eq!(plain.pop(), Some(2));
    plain
}
