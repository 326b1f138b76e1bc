//! Nobody reaches what is not theirs: every route without a session, and grid A against grid B by every way there is.

use axum::http::Method;
use futures_util::StreamExt;
use serde_json::json;

use crate::world::{GRID_2, Session, World};
use linli_civic::http::{AccessTable, Need};
use linli_testkit::on_both;

/// A path with something in every place.
fn filled(path: &str) -> String {
    path.replace("{id}", "019a5f0e-7c3a-7000-8000-000000000001")
        .replace("{grant_id}", "019a5f0e-7c3a-7000-8000-000000000002")
        .replace("{verb}", "take")
        .replace("{code}", "610502005007")
}

#[test]
fn every_route_declares_its_access() {
    let table = AccessTable::from_document(&linli_server::routes::document()).unwrap();
    assert!(table.rows().len() > 20);
}

#[test]
fn a_route_without_declared_access_does_not_start() {
    let mut document = linli_server::routes::document();
    let operation = document["paths"]["/api/inbox"]["get"].as_object_mut().unwrap();
    operation.remove("x-access");
    let undeclared = AccessTable::from_document(&document).unwrap_err();
    assert_eq!((undeclared.method.as_str(), undeclared.path.as_str()), ("GET", "/api/inbox"));
}

on_both! {
    async fn every_route_refuses_whoever_is_not_signed_in(t: TestDb) {
        let world = World::new(t).await;
        for (path, method, need) in AccessTable::from_document(&linli_server::routes::document()).unwrap().rows() {
            let method: Method = method.parse().unwrap();
            for cookie in [None, Some("linli_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
                let answered = world.send(method.clone(), &filled(&path), cookie, &[], b"{}".to_vec()).await;
                match need {
                    // Other systems sign what they send: they are not asked to sign in.
                    Need::Public => assert_ne!(answered.body["code"], "not_signed_in", "{method} {path}"),
                    Need::SignedIn | Need::May(_) => assert_eq!(answered.status.as_u16(), 401, "{method} {path} {}", answered.body),
                }
            }
        }
    }

    async fn every_act_that_a_role_lacks_is_refused_on_every_route(t: TestDb) {
        let world = World::new(t).await;
        for name in ["worker1", "auditor", "admin"] {
            let session = world.as_(name).await;
            let me = world.get(&session, "/api/session").await.ok();
            let may: Vec<&str> = me["may"].as_array().unwrap().iter().map(|act| act.as_str().unwrap()).collect();
            for (path, method, need) in AccessTable::from_document(&linli_server::routes::document()).unwrap().rows() {
                let Need::May(act) = need else { continue };
                if may.contains(&act.as_str()) {
                    continue;
                }
                let answered = world.send(method.parse().unwrap(), &filled(&path), session.0.as_deref(), &[], b"{}".to_vec()).await;
                answered.refused(403, "forbidden");
            }
        }
    }

    async fn a_worker_of_grid_a_cannot_reach_grid_b_by_any_way(t: TestDb) {
        let world = World::new(t).await;
        let photo = world.send(Method::POST, "/api/attachments", None, &[("content-type", "image/png")], png()).await.ok();
        let body = json!({ "text": "第二网格的路灯不亮", "area_code": GRID_2, "category": "street_light", "attachments": [photo["id"]] });
        let reported = world.post(&Session::none(), "/api/cases", body).await.ok();
        let code = reported["code"].as_str().unwrap();
        let photo_of_case = reported["case"]["attachments"][0]["id"].as_str().unwrap().to_owned();
        let owner = world.as_("worker2").await;
        let stranger = world.as_("worker1").await;
        let id = world.get(&owner, &format!("/api/cases/{code}")).await.ok()["id"].as_str().unwrap().to_owned();

        for list in ["/api/cases", "/api/cases?box=to_sign", "/api/cases?box=all_open", "/api/search?q=路灯不亮", "/api/cases?box=late"] {
            let path = list.replace("路灯不亮", "%E8%B7%AF%E7%81%AF%E4%B8%8D%E4%BA%AE");
            assert_eq!(world.get(&stranger, &path).await.ok()["items"].as_array().unwrap().len(), 0, "{list}");
        }
        let found = world.get(&owner, "/api/search?q=%E8%B7%AF%E7%81%AF%E4%B8%8D%E4%BA%AE").await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(world.get(&stranger, &format!("/api/cases?area={GRID_2}")).await.ok()["items"].as_array().unwrap().len(), 0);
        assert_eq!(world.get(&stranger, &format!("/api/search?q={code}")).await.ok()["items"].as_array().unwrap().len(), 0);
        let n_open = |inbox: &serde_json::Value| inbox["boxes"].as_array().unwrap().iter().map(|found| found["n"].as_i64().unwrap()).sum::<i64>();
        assert_eq!(n_open(&world.get(&stranger, "/api/inbox").await.ok()), 0);
        assert!(n_open(&world.get(&owner, "/api/inbox").await.ok()) > 0);

        for named in [code, &id] {
            world.get(&stranger, &format!("/api/cases/{named}")).await.refused(404, "not_found");
            world.get(&stranger, &format!("/api/cases/{named}/seats")).await.refused(404, "not_found");
            world.post(&stranger, &format!("/api/cases/{named}/contact"), json!({ "purpose": "联系反映人" })).await.refused(404, "not_found");
            world.post(&stranger, &format!("/api/cases/{named}/actions/take"), json!({ "version": 2, "fields": {} })).await.refused(404, "not_found");
        }
        world.get(&stranger, &format!("/api/wall?area={GRID_2}")).await.refused(403, "forbidden");
        let head = world.as_("head").await;
        world.get(&head, "/api/wall?area=610502005008").await.refused(404, "not_found");
        assert_eq!(world.get(&head, &format!("/api/wall?area={GRID_2}")).await.ok()["area"]["code"], GRID_2);
        world.get(&stranger, &format!("/api/attachments/{photo_of_case}")).await.refused(404, "not_found");
        world.get(&Session::none(), &format!("/api/attachments/{photo_of_case}")).await.refused(404, "not_found");
        world.get(&Session::none(), &format!("/api/attachments/{photo_of_case}?code=2222222222")).await.refused(404, "not_found");
        assert_eq!(world.get(&owner, &format!("/api/attachments/{photo_of_case}")).await.status.as_u16(), 200);
        assert_eq!(world.get(&Session::none(), &format!("/api/attachments/{photo_of_case}?code={code}")).await.status.as_u16(), 200);
    }

    async fn news_reaches_the_owner_and_not_the_stranger(t: TestDb) {
        let world = World::new(t).await;
        let owner = world.as_("worker2").await;
        let stranger = world.as_("worker1").await;
        let background = tokio::spawn(linli_civic::live::run(world.app.clone()));
        let mut to_owner = world.open("/api/live", owner.0.as_deref()).await.into_body().into_data_stream();
        let mut to_stranger = world.open("/api/live", stranger.0.as_deref()).await.into_body().into_data_stream();
        // The reader of the feed begins at its end; something must be there for it to have begun.
        tokio::time::timeout(std::time::Duration::from_secs(20), async {
            loop {
                let body = json!({ "text": "第二网格的路灯不亮", "area_code": GRID_2, "category": "street_light" });
                world.post(&Session::none(), "/api/cases", body).await.ok();
                if let Ok(Some(Ok(bytes))) = tokio::time::timeout(std::time::Duration::from_millis(500), to_owner.next()).await {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    if text.contains("event: case") {
                        assert!(!text.contains("路灯"), "news carries no content: {text}");
                        break;
                    }
                }
            }
        })
        .await
        .unwrap();
        let heard = tokio::time::timeout(std::time::Duration::from_millis(800), to_stranger.next()).await;
        assert!(heard.is_err(), "{heard:?}");
        background.abort();
    }

    async fn a_look_at_a_phone_number_is_recorded_with_its_purpose(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let path = format!("/api/cases/{code}");
        let masked = world.get(&worker, &path).await.ok();
        assert_eq!(masked["reporter"]["phone_masked"], "199****0001");
        assert!(!masked.to_string().contains("19900000001"));
        world.post(&worker, &format!("{path}/contact"), json!({ "purpose": "" })).await.refused(422, "invalid");
        let contact = world.post(&worker, &format!("{path}/contact"), json!({ "purpose": "约上门时间" })).await.ok();
        assert_eq!(contact["phone"], "19900000001");
        let auditor = world.as_("auditor").await;
        world.post(&auditor, &format!("{path}/contact"), json!({ "purpose": "看看" })).await.refused(403, "forbidden");
        let reads = world.app.db.read(|conn| conn.all("SELECT purpose, field FROM read_log", &[], |row| Ok((row.get::<String>("purpose")?, row.get::<String>("field")?)))).await.unwrap();
        assert_eq!(reads, [("约上门时间".to_owned(), "contact".to_owned())]);
    }

    async fn a_phone_number_lies_nowhere_in_the_clear(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        let rows = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM event WHERE payload LIKE '%19900000001%'", &[])).await.unwrap();
        assert_eq!(rows, 0);
        let sealed = world.app.db.read(|conn| conn.first("SELECT reporter_phone_sealed FROM cases", &[], |row| row.get::<Vec<u8>>("reporter_phone_sealed"))).await.unwrap().unwrap();
        assert!(!sealed.windows(11).any(|part| part == b"19900000001"));
    }

    async fn five_wrong_passwords_rest_the_account_for_half_an_hour(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        for _ in 0..4 {
            world.post(&nobody, "/api/session", json!({ "name": "clerk", "password": "wrong-password-1" })).await.refused(401, "wrong_password");
        }
        world.post(&nobody, "/api/session", json!({ "name": "clerk", "password": "wrong-password-1" })).await.refused(423, "account_locked");
        world.post(&nobody, "/api/session", json!({ "name": "clerk", "password": crate::world::PASSWORD })).await.refused(423, "account_locked");
        world.post(&nobody, "/api/session", json!({ "name": "nobody-of-this-name", "password": "x" })).await.refused(401, "wrong_password");
        world.clock.advance_ms(31 * 60_000);
        world.as_("clerk").await;
    }

    async fn a_session_ends_when_it_rests_and_when_it_is_told_to(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        world.get(&clerk, "/api/session").await.ok();
        world.clock.advance_ms(linli_access::session::IDLE_MS + 1);
        world.get(&clerk, "/api/session").await.refused(401, "not_signed_in");
        let clerk = world.as_("clerk").await;
        world.send(Method::DELETE, "/api/session", clerk.0.as_deref(), &[], Vec::new()).await;
        world.get(&clerk, "/api/session").await.refused(401, "not_signed_in");
    }

    async fn a_command_forged_by_another_site_is_refused(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("worker1").await;
        let code = world.report_lamp().await;
        let path = format!("/api/cases/{code}/actions/escalate");
        let body = json!({ "version": 2, "fields": { "reason": "超出能力" } }).to_string().into_bytes();
        for headers in [vec![("sec-fetch-site", "cross-site")], vec![("sec-fetch-site", "same-site")], vec![("host", "linli.example"), ("origin", "https://evil.example")]] {
            world.send(Method::POST, &path, clerk.0.as_deref(), &headers, body.clone()).await.refused(403, "cross_site");
        }
        let same = [("host", "linli.example"), ("origin", "https://linli.example")];
        assert_ne!(world.send(Method::POST, &path, clerk.0.as_deref(), &same, body).await.status.as_u16(), 403);
    }
}

/// One grey pixel.
fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_luma8(8, 8).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

on_both! {
    async fn what_is_said_inside_the_office_reaches_no_holder_of_the_code(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let clerk = world.as_("clerk").await;
        let public = format!("/api/public/cases/{code}");
        let nobody = Session::none();
        let stale = world.get(&nobody, &public).await.ok()["version"].clone();
        let photo = world.send(Method::POST, "/api/attachments", worker.0.as_deref(), &[], png()).await.ok()["id"].clone();
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "comment", json!({ "text": "居民态度不好，先放放", "photos": [photo] })).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": crate::world::reply() })).await.ok();
        let before = world.get(&nobody, &public).await.ok();
        assert!(!before.to_string().contains("更换灯泡"), "a reply that nobody verified: {before}");
        world.act(&clerk, &code, "reject", json!({ "reason": "没有拍照，糊弄" })).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": crate::world::reply() })).await.ok();
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        let after = world.get(&nobody, &public).await.ok();
        assert!(after.to_string().contains("更换灯泡"));
        for inside in ["先放放", "糊弄", "张敏", photo.as_str().unwrap()] {
            assert!(!after.to_string().contains(inside), "{inside}: {after}");
        }
        let photo = photo.as_str().unwrap();
        world.get(&nobody, &format!("/api/attachments/{photo}?code={code}")).await.refused(404, "not_found");
        // A stale answer is told that things moved on, not who moved them.
        let fields = json!({ "stars": 5, "solved": true, "satisfied": true });
        let refused = world.post(&nobody, &format!("{public}/actions/rate"), json!({ "version": stale, "fields": fields })).await;
        let refused = refused.refused(409, "version_conflict");
        assert!(!refused["detail"].as_str().unwrap().contains("张敏"), "{refused}");
        // Whoever works on the case does not rate it, even by its code.
        let version = after["version"].clone();
        world.post(&worker, &format!("{public}/actions/rate"), json!({ "version": version, "fields": fields })).await.refused(403, "own_work");
    }

    async fn a_comment_makes_nobody_elses_decision_stale(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        let taken = world.act(&worker, &code, "take", json!({})).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "comment", json!({ "text": "请注意安全" })).await.ok();
        let path = format!("/api/cases/{code}/actions/settle");
        world.post(&worker, &path, json!({ "version": taken["version"], "fields": { "reply": crate::world::reply() } })).await.ok();
    }

    async fn the_same_command_at_the_same_time_is_one_success_twice(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        for i in 0..5 {
            let code = world.report_lamp().await;
            let version = world.get(&worker, &format!("/api/cases/{code}")).await.ok()["version"].clone();
            let (path, key) = (format!("/api/cases/{code}/actions/take"), format!("take-{i}"));
            let body = json!({ "version": version, "fields": {} });
            let (one, two) = tokio::join!(world.post_with_key(&worker, &path, &key, body.clone()), world.post_with_key(&worker, &path, &key, body.clone()));
            one.ok();
            two.ok();
        }
    }

    async fn fifty_wrong_passwords_at_once_rest_the_account(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        let wrong = || world.post(&nobody, "/api/session", json!({ "name": "clerk", "password": "wrong-password-1" }));
        let (a, b, c, d, e, f, g, h) = tokio::join!(wrong(), wrong(), wrong(), wrong(), wrong(), wrong(), wrong(), wrong());
        assert!([a, b, c, d, e, f, g, h].iter().all(|answered| matches!(answered.status.as_u16(), 401 | 423)));
        world.post(&nobody, "/api/session", json!({ "name": "clerk", "password": crate::world::PASSWORD })).await.refused(423, "account_locked");
    }

    async fn a_seat_that_nobody_holds_or_of_another_county_cannot_be_chosen(t: TestDb) {
        let world = World::new(t).await;
        let reported = world.post(&Session::none(), "/api/cases", json!({ "text": "有点事情想请人来看看", "area_code": GRID_2 })).await.ok();
        let code = reported["code"].as_str().unwrap();
        let clerk = world.as_("clerk").await;
        for area in ["610524001020", "610502005008001"] {
            let fields = json!({ "seat": { "area_code": area }, "reason": "就近" });
            world.act(&clerk, code, "dispatch", fields).await.refused(422, "invalid");
        }
        world.act(&clerk, code, "dispatch", json!({ "seat": { "area_code": GRID_2 }, "reason": "就近" })).await.ok();
    }
}
