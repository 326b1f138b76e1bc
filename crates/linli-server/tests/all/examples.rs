//! The examples of the API's document are what a resident's client really sends and gets: the story behind them is told here
//! over HTTP, and each request and answer has the shape that the example shows.
//!
//! After a change of a public route: `LINLI_EXAMPLES=write cargo nextest run -p linli-server --test examples`, then `cargo xtask gen`.

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::opinions;
use crate::world::{GRID_1, Session, World, reply};
use linli_server::{examples, routes};
use linli_testkit::{TestDb, on_both};

/// Everything that a resident can do without an account, by operation.
const RESIDENT: &[&str] = &[
    "show_site",
    "list_categories",
    "list_public_areas",
    "search_areas",
    "show_place",
    "preview_routing",
    "find_similar",
    "send_photo",
    "report_case",
    "show_public_case",
    "act_on_public_case",
    "show_reporter_notice",
    "choose_reporter_notice",
    "show_public_facility",
    "list_public_opinions",
];

/// What was sent and answered, step by step.
#[derive(Default)]
struct Story(Map<String, Value>);

impl Story {
    fn note(&mut self, operation: &str, step: &str, request: Option<&Value>, response: &Value) {
        let steps = self.0.entry(operation).or_insert_with(|| json!({}));
        let mut told = json!({ "response": response });
        if let Some(request) = request {
            told["request"] = request.clone();
        }
        steps[step] = told;
    }

    async fn get(&mut self, world: &World, operation: &str, step: &str, path: &str) -> Value {
        let answer = world.get(&Session::none(), path).await.ok();
        self.note(operation, step, None, &answer);
        answer
    }

    async fn post(&mut self, world: &World, operation: &str, step: &str, path: &str, body: Value) -> Value {
        let answer = world.post(&Session::none(), path, body.clone()).await.ok();
        self.note(operation, step, Some(&body), &answer);
        answer
    }

    async fn act(&mut self, world: &World, code: &str, verb: &str, fields: Value) {
        let version = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok()["version"].clone();
        let path = format!("/api/public/cases/{code}/actions/{verb}");
        self.post(world, "act_on_public_case", verb, &path, json!({ "version": version, "fields": fields })).await;
    }
}

/// A lamp is reported, asked about, mended and rated.
async fn told(t: TestDb) -> Story {
    let world = World::new(t).await;
    let mut story = Story::default();
    let clerk = world.as_("clerk").await;
    let building = json!({ "name": "3号楼", "kind": "building", "point": null });
    let place = world.post(&clerk, &format!("/api/areas/{GRID_1}/places"), building).await.ok();
    let place = place["code"].as_str().unwrap().to_owned();

    story.get(&world, "show_site", "site", "/api/site").await;
    story.get(&world, "list_categories", "categories", "/api/categories").await;
    story.get(&world, "list_public_areas", "top", "/api/public/areas").await;
    story.get(&world, "search_areas", "by_name", "/api/areas/search?q=%E7%BA%A2%E6%97%97").await;
    story.get(&world, "show_place", "building", &format!("/api/places/{place}")).await;

    let text = "3号楼前的路灯不亮，晚上看不清路";
    let asked = json!({ "place": place, "category": "street_light", "text": text });
    story.post(&world, "preview_routing", "by_qr_code", "/api/routing", asked.clone()).await;
    world.report_lamp().await;
    story.post(&world, "find_similar", "by_qr_code", "/api/similar", asked).await;
    let photo = world.send(Method::POST, "/api/attachments", None, &[("content-type", "image/png")], png()).await.ok();
    story.note("send_photo", "photo", None, &photo);

    let report = json!({ "text": text, "place": place, "category": "street_light", "phone": "19900000001", "attachments": [photo["id"]] });
    let reported = story.post(&world, "report_case", "lamp", "/api/cases", report).await;
    let code = reported["code"].as_str().unwrap().to_owned();
    let page = format!("/api/public/cases/{code}");
    story.get(&world, "show_reporter_notice", "choices", &format!("{page}/notice")).await;
    let none = json!({ "way": "none" });
    let body = none.to_string().into_bytes();
    let json_kind = [("content-type", "application/json")];
    let chosen = world.send(Method::PUT, &format!("{page}/notice"), None, &json_kind, body).await.ok();
    story.note("choose_reporter_notice", "none", Some(&none), &chosen);
    story.act(&world, &code, "comment", json!({ "text": "灯杆上的编号是 0371" })).await;

    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "take", json!({})).await.ok();
    world.act(&worker, &code, "ask", json!({ "question": "是3号楼东侧还是西侧的灯？" })).await.ok();
    story.get(&world, "show_public_case", "asked", &page).await;
    story.act(&world, &code, "answer", json!({ "text": "东侧，靠近垃圾房" })).await;
    world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
    world.act(&clerk, &code, "verify", json!({})).await.ok();
    story.get(&world, "show_public_case", "answered", &page).await;
    story
        .act(&world, &code, "rate", json!({ "stars": 5, "solved": true, "satisfied": true, "text": "当天就修好了" }))
        .await;

    let fields = json!({ "facility_kind": "lift", "name": "12号楼电梯", "address": "红旗小区12号楼" });
    let lift =
        world.post(&clerk, "/api/registry/facilities", json!({ "area_code": GRID_1, "fields": fields })).await.ok();
    let lift = format!("/api/facilities/{}/code", lift["id"].as_str().unwrap());
    let sign = world.post(&clerk, &lift, Value::Null).await.ok()["code"].as_str().unwrap().to_owned();
    let stuck = json!({ "text": "电梯门关不上", "place": sign, "category": "other" });
    world.post(&Session::none(), "/api/cases", stuck).await.ok();
    story.get(&world, "show_public_facility", "reported", &format!("/api/public/facilities/{sign}")).await;

    let proposed = json!({ "text": "希望在3号楼旁边加一处充电棚", "area_code": GRID_1, "category": "suggestion" });
    let proposed = world.post(&Session::none(), "/api/cases", proposed).await.ok();
    let code = proposed["code"].as_str().unwrap().to_owned();
    let id = opinions::answered(&world, &code).await;
    let said = json!({ "summary": "在3号楼旁边加一处充电棚", "outcome": "planned", "answer": "已和物业看过现场，列入明年改造计划。" });
    let path = format!("/api/opinions/{id}");
    world.send(Method::PUT, &path, clerk.0.as_deref(), &json_kind, said.to_string().into_bytes()).await.ok();
    story.get(&world, "list_public_opinions", "newest", "/api/public/opinions?area=610502005007").await;
    story
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_luma8(8, 8).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

/// What may be told apart of a value without knowing it: kinds and keys; of a list its first entry.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map_or(Value::Null, |first| json!([shape(first)])),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), shape(value))).collect()),
    }
}

/// Where two shapes differ; what is null on either side may be anything.
fn differ(at: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            keys.flat_map(|key| match (one.get(key), other.get(key)) {
                (Some(one), Some(other)) => differ(&format!("{at}.{key}"), one, other),
                _ => vec![format!("{at}.{key} is on one side only")],
            })
            .collect()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.iter().zip(other).flat_map(|(one, other)| differ(&format!("{at}[]"), one, other)).collect()
        }
        (one, other) if one == other => Vec::new(),
        (one, other) => vec![format!("{at} is {one} here and {other} there")],
    }
}

on_both! {
    async fn every_example_is_what_the_routes_take_and_answer(t: TestDb) {
        let story = Value::Object(told(t).await.0);
        if std::env::var("LINLI_EXAMPLES").is_ok_and(|how| how == "write") {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/api/resident_examples.json");
            std::fs::write(path, serde_json::to_string_pretty(&story).unwrap() + "\n").unwrap();
            return;
        }
        let kept: Value = serde_json::from_str(examples::STORY).unwrap();
        assert_eq!(differ("story", &shape(&kept), &shape(&story)), Vec::<String>::new());
    }
}

#[test]
fn the_document_has_an_example_of_everything_that_a_resident_can_do() {
    let document = routes::document();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|methods| methods.as_object().unwrap().values());
    for operation in operations.filter(|operation| RESIDENT.iter().any(|id| operation["operationId"] == *id)) {
        let id = operation["operationId"].as_str().unwrap();
        let responses = operation["responses"].as_object().unwrap();
        let (_, good) = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        assert!(good["content"]["application/json"]["examples"].is_object(), "{id} shows no answer");
        let body = &operation["requestBody"]["content"]["application/json"];
        assert!(body.is_null() || body["examples"].is_object(), "{id} shows no request");
    }
}
