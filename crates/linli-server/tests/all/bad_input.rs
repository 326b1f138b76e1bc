//! Bad input gets a clear answer, and nothing is lost.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{GRID_1, Session, World};
use linli_testkit::on_both;

fn fields(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
}

on_both! {
    async fn every_wrong_field_of_a_report_is_named_with_a_chinese_sentence(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        for (body, expected) in [
            (json!({ "text": "" }), vec![("text", "required"), ("point", "no_place")]),
            (json!({ "text": "坏".repeat(2_001), "area_code": GRID_1 }), vec![("text", "too_long")]),
            (json!({ "text": "路灯", "area_code": "12" }), vec![("area_code", "bad_code")]),
            (json!({ "text": "路灯", "area_code": "610599000000" }), vec![("area_code", "unknown")]),
            (json!({ "text": "路灯", "area_code": GRID_1, "phone": "电话" }), vec![("phone", "bad_phone")]),
            (json!({ "text": "路灯", "point": { "lon": 34.5, "lat": 109.5 } }), vec![("point", "bad_point")]),
            (json!({ "text": "路灯", "area_code": GRID_1, "category": "no_such" }), vec![("category", "unknown")]),
            (json!({ "text": "路灯", "place": "NOSUCH" }), vec![("place", "unknown")]),
            (json!({ "text": "路灯", "address": "第一网格" }), vec![("address", "ambiguous")]),
        ] {
            let problem = world.post(&nobody, "/api/cases", body).await.refused(422, "invalid");
            let expected: Vec<(String, String)> = expected.into_iter().map(|(field, code)| (field.to_owned(), code.to_owned())).collect();
            assert_eq!(fields(&problem), expected);
            for error in problem["errors"].as_array().unwrap() {
                let said = error["message"].as_str().unwrap();
                assert!(said.chars().any(|c| ('一'..='龥').contains(&c)) && !said.contains("field_problem"), "{said}");
            }
        }
        world.post(&nobody, "/api/cases", json!({ "text": "路灯", "point": { "lon": 120.0, "lat": 30.0 } })).await.refused(422, "outside_area");
        world.send(Method::POST, "/api/cases", None, &[], b"{ not json".to_vec()).await.refused(400, "bad_request");
        world.send(Method::POST, "/api/cases", None, &[], vec![b'x'; 300 * 1024]).await.refused(413, "too_large");
        let n = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM cases", &[])).await.unwrap();
        assert_eq!(n, 0);
    }

    async fn a_problem_is_said_in_the_readers_language(t: TestDb) {
        let world = World::new(t).await;
        let mut titles = Vec::new();
        for lang in ["zh-CN", "zh-TW", "en"] {
            let answered = world.send(Method::GET, "/api/public/cases/2222222222", None, &[("accept-language", lang)], Vec::new()).await;
            titles.push(answered.refused(404, "not_found")["title"].as_str().unwrap().to_owned());
        }
        titles.dedup();
        assert_eq!(titles.len(), 3, "{titles:?}");
    }

    async fn a_nul_byte_and_an_emoji_do_no_harm(t: TestDb) {
        let world = World::new(t).await;
        let body = json!({ "text": "路灯\u{0}不亮🏮", "area_code": GRID_1 });
        let reported = world.post(&Session::none(), "/api/cases", body).await.ok();
        assert_eq!(reported["case"]["text"], "路灯不亮🏮");
    }

    async fn what_is_no_photo_is_refused_and_a_photo_of_another_cannot_be_taken(t: TestDb) {
        let world = World::new(t).await;
        world.send(Method::POST, "/api/attachments", None, &[("content-type", "image/png")], b"<script>".to_vec()).await.refused(415, "not_an_image");
        world.send(Method::POST, "/api/attachments", None, &[("content-type", "image/png")], vec![0; 11 * 1024 * 1024]).await.refused(413, "too_large");
        let mut png = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_luma8(8, 8).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let worker = world.as_("worker1").await;
        let photo = world.send(Method::POST, "/api/attachments", worker.0.as_deref(), &[], png.into_inner()).await.ok();
        let body = json!({ "text": "路灯不亮", "area_code": GRID_1, "attachments": [photo["id"]] });
        let problem = world.post(&Session::none(), "/api/cases", body).await.refused(422, "invalid");
        assert_eq!(fields(&problem)[0].0, "attachments");
    }
}
