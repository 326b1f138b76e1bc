//! A linli with Open311 clients, and what they send.

use axum::http::Method;
use linli_civic::open311::publish;
use linli_testkit::TestDb;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;

use crate::world::{Answered, World};

pub const KEY: &str = "key-of-the-app-7";
pub const OTHER_KEY: &str = "key-of-the-other-8";
pub const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// A linli whose partners are `app` and `other`, with questions for road surfaces.
pub async fn world(test_db: TestDb) -> World {
    let folder = test_db.folder().join("partners");
    std::fs::create_dir_all(&folder).unwrap();
    let client = |name: &str, more: &str| {
        format!("kind = \"open311_client\"\nname = \"{name}\"\nsecret_file = \"{name}.key\"\n{more}")
    };
    std::fs::write(
        folder.join("app.toml"),
        client("app", "[open311]\ndefault_area = \"610502005007\"\nper_minute = 100000\n"),
    )
    .unwrap();
    std::fs::write(folder.join("app.key"), KEY).unwrap();
    std::fs::write(
        folder.join("other.toml"),
        client("other", "areas = [\"610502005008\"]\n[open311]\nper_minute = 2\n"),
    )
    .unwrap();
    std::fs::write(folder.join("other.key"), OTHER_KEY).unwrap();
    std::fs::write(
        test_db.folder().join("open311.toml"),
        "jurisdiction = \"linwei.example\"\n[[attribute]]\nservice = \"road_surface\"\ncode = \"WHEN\"\ndescription = \"什么时候发现\"\nrequired = true\ndatatype = \"multivaluelist\"\nvalues = [{ key = \"d\", name = \"白天\" }, { key = \"n\", name = \"夜间\" }]\n",
    )
    .unwrap();
    World::new(test_db).await
}

pub async fn get(world: &World, path: &str) -> Answered {
    world.send(Method::GET, &format!("/open311/v2/{path}"), None, &[], Vec::new()).await
}

pub async fn post(world: &World, path: &str, form: &str) -> Answered {
    let body = encode(form);
    world.send(Method::POST, &format!("/open311/v2/{path}"), None, &[("content-type", FORM)], body.into_bytes()).await
}

/// `a=b&c=d`, written plainly, as a browser would send it.
pub fn encode(form: &str) -> String {
    form.chars()
        .flat_map(|c| {
            let mut buffer = [0; 4];
            let text = c.encode_utf8(&mut buffer).to_owned();
            if c.is_ascii() && c != ' ' && c != '\n' && c != '#' {
                text.chars().collect::<Vec<_>>()
            } else {
                text.bytes().flat_map(|byte| format!("%{byte:02X}").chars().collect::<Vec<_>>()).collect()
            }
        })
        .collect()
}

/// Reports a lamp through `app`; the request's id.
pub async fn report(world: &World, more: &str) -> String {
    let form = format!(
        "api_key={KEY}&service_code=street_light&address_id=610502005007001&description=3号楼2单元501门口路灯不亮{more}"
    );
    let answered = post(world, "requests.json", &form).await;
    assert_eq!(answered.status, 201, "{}", answered.body);
    answered.body[0]["service_request_id"].as_str().unwrap_or_else(|| panic!("{}", answered.body)).to_owned()
}

/// Publishes what happened and moves on to when everybody can read it.
pub async fn published(world: &World) {
    // On PostgreSQL other tests' transactions hold the feed back for a moment.
    while {
        publish::catch_up(&world.app).await.unwrap();
        behind(world, "open311").await
    } {}
    world.clock.advance_ms(3_000);
}

/// Whether a consumer has events left to read.
pub async fn behind(world: &World, consumer: &'static str) -> bool {
    let sql = "SELECT COUNT(*) AS n FROM event e, consumer c WHERE c.name = $1 AND (e.tx_id, e.seq) > (c.tx_id, c.seq)";
    world.app.db.read(move |conn| conn.number(sql, &linli_db::params![consumer])).await.unwrap() > 0
}

/// Brings a reported case to its verified answer.
pub async fn answer(world: &World, code: &str) {
    let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
    world.act(&worker, code, "take", serde_json::json!({})).await.ok();
    let reply = serde_json::json!({ "received": "9月28日9时", "talked_to": "反映人李女士", "done": "更换灯泡，联系电话09130000001", "by_when": "当日完成" });
    world.act(&worker, code, "settle", serde_json::json!({ "reply": reply })).await.ok();
    world.act(&clerk, code, "verify", serde_json::json!({})).await.ok();
}

/// The public code behind a request's id, as only the house knows it.
pub async fn code_of(world: &World, id: &str) -> String {
    let id = id.to_owned();
    world
        .app
        .db
        .read(move |conn| {
            conn.first(
                "SELECT c.code FROM cases c JOIN open311_request r ON r.case_id = c.id WHERE r.id = $1",
                &linli_db::params![id],
                |row| row.get::<String>("code"),
            )
        })
        .await
        .unwrap()
        .unwrap()
}

/// XML as JSON by the Spark convention, and that it is what the specification asks for: a declaration, no attributes.
pub fn spark(answered: &Answered) -> Value {
    assert_eq!(answered.kind, "text/xml; charset=utf-8");
    let text = std::str::from_utf8(&answered.bytes).unwrap();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{text}");
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, String, Vec<(String, Value)>)> = vec![(String::new(), String::new(), Vec::new())];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                assert_eq!(start.attributes().count(), 0, "no attributes");
                open.push((start.local_name().as_ref().to_owned(), String::new(), Vec::new()));
            }
            Event::Empty(start) => {
                open.last_mut().unwrap().2.push((start.local_name().as_ref().to_owned(), Value::Null));
            }
            Event::Text(part) => open.last_mut().unwrap().1.push_str(&part),
            Event::GeneralRef(name) => {
                let text = quick_xml::escape::resolve_predefined_entity(&name).unwrap();
                open.last_mut().unwrap().1.push_str(text);
            }
            Event::End(_) => {
                let (name, text, children) = open.pop().unwrap();
                let containers = [
                    "services",
                    "service_requests",
                    "service_request_updates",
                    "errors",
                    "attributes",
                    "values",
                    "endpoints",
                    "formats",
                    "notes",
                ];
                let value = if containers.contains(&name.as_str()) {
                    Value::Array(children.into_iter().map(|(_, value)| value).collect())
                } else if children.is_empty() {
                    Value::String(text)
                } else {
                    Value::Object(children.into_iter().collect())
                };
                open.last_mut().unwrap().2.push((name, value));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().unwrap().2.pop().unwrap().1
}

/// JSON with every number and flag as text, to compare with what XML says. An empty list is an empty element in XML.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        Value::Bool(flag) => Value::String(flag.to_string()),
        Value::Number(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}
