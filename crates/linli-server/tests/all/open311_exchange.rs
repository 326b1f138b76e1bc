//! Our client against our server, over HTTP on a port, and against a server that is awkward in every way that we know of.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use crate::open311_world::KEY;
use crate::world::{GRID_1, Session, World};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use linli_civic::delivery::{consume, worker};
use linli_civic::open311::client::send::Sender;
use linli_civic::open311::client::{poll, sync};
use linli_civic::open311::publish;
use linli_testkit::{Backend, TestDb, on_both};
use serde_json::json;

/// A linli that calls the server at `address`.
async fn caller(test_db: TestDb, address: SocketAddr, table: &str) -> World {
    let folder = test_db.folder().join("partners");
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!(
        "kind = \"open311_server\"\nname = \"市政平台\"\nsecret_file = \"city.key\"\nallow_private = true\nrate = 1000\n[open311]\nurl = \"http://{address}/open311/v2/\"\n{table}"
    );
    std::fs::write(folder.join("city.toml"), file).unwrap();
    std::fs::write(folder.join("city.key"), KEY).unwrap();
    let world = World::new(test_db).await;
    // The consumer begins at the end of the feed.
    consume(&world).await;
    world
}

async fn consume(world: &World) {
    let sender: Arc<dyn consume::Consumer> = Arc::new(Sender);
    while consume::step(&world.app, &sender).await.unwrap() > 0
        || crate::open311_world::behind(world, "open311_send").await
    {}
    publish::catch_up(&world.app).await.unwrap();
}

/// Lets everything that is to leave leave.
async fn send_all(world: &World) {
    consume(world).await;
    for _ in 0..10 {
        worker::pump(&world.app).await.unwrap();
        world.clock.advance_ms(1_000);
    }
}

async fn listen(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn text(world: &World, sql: &'static str) -> Option<String> {
    world.app.db.read(move |conn| conn.first(sql, &[], |row| row.get::<Option<String>>("t"))).await.unwrap().flatten()
}

/// Everything staff see of a case.
async fn seen(world: &World, code: &str) -> String {
    let clerk = world.as_("clerk").await;
    world.get(&clerk, &format!("/api/cases/{code}")).await.ok().to_string()
}

on_both! {
    async fn a_case_goes_to_another_linli_and_its_answer_comes_back(t: TestDb) {
        let there = crate::open311_world::world(TestDb::new(Backend::Sqlite)).await;
        let address = listen(linli_server::serve::service(&there.app)).await;
        let here = caller(t, address, "auto = [\"street_light\"]\n[open311.services]\nstreet_light = \"street_light\"\n").await;
        let code = here.report_lamp().await;
        send_all(&here).await;
        let number = text(&here, "SELECT remote_id AS t FROM open311_sent").await.expect("a number");
        assert!(number.starts_with("R-"), "{number}");
        assert_eq!(text(&there, "SELECT body AS t FROM cases").await.as_deref(), Some("3号楼前的路灯不亮，晚上看不清路"));
        assert_eq!(text(&there, "SELECT reporter_phone_index AS t FROM cases").await, None, "no contact goes along");
        // What the resident adds goes there too.
        here.act_publicly(&code, "comment", json!({ "text": "又有一盏不亮" })).await.ok();
        send_all(&here).await;
        let theirs = text(&there, "SELECT code AS t FROM cases").await.unwrap();
        assert!(seen(&there, &theirs).await.contains("又有一盏不亮"));
        // They answer; we hear of it, once.
        crate::open311_world::answer(&there, &theirs).await;
        crate::open311_world::published(&there).await;
        here.clock.set(there.app.now());
        assert!(poll::ask(&here.app, "city").await.unwrap().n_news >= 2);
        assert_eq!(poll::ask(&here.app, "city").await.unwrap().n_news, 0);
        let ours = seen(&here, &code).await;
        assert!(ours.contains("更换灯泡") && ours.contains("市政平台"), "{ours}");
        assert_eq!(text(&here, "SELECT status AS t FROM open311_sent").await.as_deref(), Some("fixed"));
        assert!(!ours.contains("\"phase\":\"closed\""), "nothing is settled here by what they say");
    }

    async fn what_came_in_by_open311_or_is_of_another_category_does_not_go_by_itself(t: TestDb) {
        let here = caller(t, "127.0.0.1:9".parse().unwrap(), "auto = [\"street_light\"]\n[open311.services]\nstreet_light = \"1\"\n").await;
        here.post(&Session::none(), "/api/cases", json!({ "text": "垃圾没人清", "area_code": GRID_1, "category": "rubbish" })).await.ok();
        send_all(&here).await;
        assert_eq!(text(&here, "SELECT case_id AS t FROM open311_sent").await, None);
        let clerk = here.as_("clerk").await;
        let code = text(&here, "SELECT code AS t FROM cases").await.unwrap();
        here.post(&clerk, &format!("/api/cases/{code}/open311/city"), json!({})).await.refused(409, "not_now");
        let lamp = here.report_lamp().await;
        let worker = here.as_("other_clerk").await;
        here.post(&worker, &format!("/api/cases/{lamp}/open311/city"), json!({})).await.refused(404, "not_found");
        let sent = here.post(&clerk, &format!("/api/cases/{lamp}/open311/city"), json!({})).await.ok();
        assert_eq!(sent["is_new"], true);
        assert_eq!(here.post(&clerk, &format!("/api/cases/{lamp}/open311/city"), json!({})).await.ok()["is_new"], false);
    }

    async fn an_awkward_server_is_lived_with(t: TestDb) {
        let awkward = Awkward::default();
        let address = listen(Router::new().fallback(odd).with_state(awkward.clone())).await;
        let table = "format = \"json\"\njurisdiction = \"2237\"\nservice_code = \"name\"\ndate_style = \"sql\"\nattribute_style = \"repeated\"\npoll = \"both\"\ntrailing_slash = true\n\
                     auto = [\"street_light\"]\n[open311.services]\nstreet_light = \"路灯 Street lights\"\n[open311.status]\n\"Fixed - Council\" = \"fixed\"\n[open311.attributes]\nsource = [\"linli\", \"grid\"]\n";
        let here = caller(t, address, table).await;
        let code = here.report_lamp().await;
        // The first answer is a page of HTML with status 200: it is tried again.
        send_all(&here).await;
        assert_eq!(text(&here, "SELECT remote_id AS t FROM open311_sent").await, None);
        here.clock.advance_ms(120_000);
        send_all(&here).await;
        assert_eq!(text(&here, "SELECT token AS t FROM open311_sent").await.as_deref(), Some("7"));
        poll::ask(&here.app, "city").await.unwrap();
        assert_eq!(text(&here, "SELECT remote_id AS t FROM open311_sent").await.as_deref(), Some("293944"));
        let asked = awkward.asked.lock().unwrap().join("\n");
        assert!(asked.contains("service_code=%E8%B7%AF%E7%81%AF+Street+lights") && asked.contains("jurisdiction_id=2237"), "{asked}");
        assert!(asked.contains("attribute%5Bsource%5D=linli&attribute%5Bsource%5D=grid") && asked.contains("/requests.json/"), "{asked}");
        assert!(asked.contains("start_date=2026-09-2"), "{asked}");
        let ours = seen(&here, &code).await;
        assert!(ours.contains("已派人") && ours.contains("已答复"), "{ours}");
        // An update that they have already counts as sent.
        here.act_publicly(&code, "comment", json!({ "text": "谢谢" })).await.ok();
        send_all(&here).await;
        let clerk = here.as_("clerk").await;
        let sent = here.get(&clerk, "/api/deliveries?state=sent").await.ok();
        assert_eq!(sent["items"].as_array().unwrap().len(), 2, "{sent}");
    }

    async fn a_catalogue_is_compared_first_and_guarded(t: TestDb) {
        let awkward = Awkward::default();
        let address = listen(Router::new().fallback(odd).with_state(awkward.clone())).await;
        let here = caller(t, address, "format = \"json\"\n[open311.services]\nstreet_light = \"9\"\n").await;
        let dry = sync::sync(&here.app, "city", sync::Mode::DryRun).await.unwrap();
        assert_eq!((dry.added.len(), dry.applied), (3, false));
        assert!(dry.warnings.iter().any(|warning| warning.contains("没有编码")) && dry.warnings.iter().any(|warning| warning.contains("street_light")));
        assert!(sync::sync(&here.app, "city", sync::Mode::Apply).await.unwrap().applied);
        assert_eq!(sync::sync(&here.app, "city", sync::Mode::DryRun).await.unwrap().n_same, 3);
        awkward.asked.lock().unwrap().push("half".to_owned());
        let half = sync::sync(&here.app, "city", sync::Mode::Apply).await.unwrap();
        assert_eq!((half.gone.len(), half.guarded, half.applied), (3, true, false));
        let admin = here.as_("admin").await;
        let shown = here.get(&admin, "/api/open311/partners/city/catalogue").await.ok();
        assert_eq!(shown["guarded"], true);
        let clerk = here.as_("clerk").await;
        here.post(&clerk, "/api/open311/partners/city/catalogue", json!({ "insist": true })).await.refused(403, "forbidden");
        assert_eq!(here.post(&admin, "/api/open311/partners/city/catalogue", json!({ "insist": true })).await.ok()["applied"], true);
        let partners = here.get(&clerk, "/api/open311/partners").await.ok();
        assert_eq!(partners["items"][0]["id"], "city");
    }
}

/// A server that does everything as the real ones do it.
#[derive(Clone, Default)]
struct Awkward {
    asked: Arc<Mutex<Vec<String>>>,
}

async fn odd(State(awkward): State<Awkward>, method: Method, uri: Uri, body: Bytes) -> (StatusCode, String) {
    let path = uri.path().trim_start_matches("/open311/v2/").trim_end_matches('/').to_owned();
    let line = format!("{method} {uri} {}", String::from_utf8_lossy(&body));
    let half = awkward.asked.lock().unwrap().iter().any(|line| line == "half");
    let first =
        !awkward.asked.lock().unwrap().iter().any(|line| line.starts_with("POST") && line.contains("/requests.json"));
    awkward.asked.lock().unwrap().push(line);
    let html = || (StatusCode::OK, "<!DOCTYPE html><html><body>Something went wrong</body></html>".to_owned());
    match (method.as_str(), path.as_str()) {
        ("POST", "requests.json") if first => html(),
        // Wrapped, and with numbers for ids.
        ("POST", "requests.json") => (StatusCode::OK, "{\"service_requests\":[{\"token\":7}]}".to_owned()),
        ("GET", "tokens/7.json") => (StatusCode::OK, "{\"service_requests\":[{\"token\":7,\"service_request_id\":293944}]}".to_owned()),
        ("GET", "servicerequestupdates.json") => (
            StatusCode::OK,
            "{\"service_request_updates\":[{\"update_id\":1,\"service_request_id\":293944,\"status\":\"In Progress\",\"updated_datetime\":\"2026-09-28T09:01:00+08:00\",\"description\":\"已派人\"},\
             {\"update_id\":2,\"service_request_id\":1,\"status\":\"open\",\"updated_datetime\":\"x\",\"description\":\"别人的\"}]}"
                .to_owned(),
        ),
        ("GET", "requests.json") => (
            StatusCode::OK,
            "{\"service_requests\":[{\"service_request_id\":293944,\"status\":\"Fixed - Council\",\"updated_datetime\":\"2026-09-28T10:01:00\",\"agency_responsible\":{\"recipient\":[\"A\"]}}]}".to_owned(),
        ),
        ("POST", "servicerequestupdates.json") => {
            (StatusCode::BAD_REQUEST, "[{\"code\":400,\"description\":\"Update 1 already exists\"}]".to_owned())
        }
        ("GET", "services.json") if half => (StatusCode::OK, "[]".to_owned()),
        ("GET", "services.json") => (
            StatusCode::OK,
            "[{\"service_code\":1,\"service_name\":\"路灯 \",\"metadata\":true},{\"service_code\":\"002\",\"service_name\":\"道路\"},{\"service_code\":\"002\",\"service_name\":\"道路二\"},\
             {\"service_name\":\"没有编码\"},{\"service_code\":\"3\",\"service_name\":\"垃圾\",\"metadata\":\"false\"}]"
                .to_owned(),
        ),
        _ => html(),
    }
}
