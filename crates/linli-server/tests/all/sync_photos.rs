//! Photos come after the records that they belong to, in parts, over networks that break off: over HTTP on both databases.

use axum::http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::sync::Phone;
use crate::world::{Answered, GRID_1, Session, World};
use linli_testkit::on_both;

/// A photo and the digest of its bytes.
fn photo(shade: u8) -> (Vec<u8>, String) {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::GrayImage::from_pixel(40, 30, image::Luma([shade]));
    image::DynamicImage::ImageLuma8(picture).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let bytes = bytes.into_inner();
    let sent = hex::encode(Sha256::digest(&bytes));
    (bytes, sent)
}

async fn send(world: &World, who: &Session, (sent, size): (&str, usize), at: usize, part: &[u8]) -> Answered {
    let path = format!("/api/attachments/parts/{sent}?at={at}&size={size}");
    world
        .send(Method::PUT, &path, who.0.as_deref(), &[("content-type", "application/octet-stream")], part.to_vec())
        .await
}

async fn n_awaited(world: &World) -> i64 {
    world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM attachment WHERE sha256 = ''", &[])).await.unwrap()
}

fn n_photos(seen: &Value) -> usize {
    seen["attachments"].as_array().unwrap().len()
}

on_both! {
    async fn a_photo_is_named_by_what_was_sent_and_a_missing_one_holds_nothing_up(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (bytes, sent) = photo(1);
        world.send(Method::POST, "/api/attachments", phone.who.0.as_deref(), &[("content-type", "image/png")], bytes).await.ok();
        let missing = "0".repeat(64);
        let visit = phone.command("visit.record", json!({ "attachments": [sent, missing], "payload": { "kind": "visit", "area_code": GRID_1, "attachments": [sent, missing] } }));
        let outcome = phone.push_one(&world, &visit).await;
        assert_eq!((&outcome["status"], &outcome["missing_attachments"]), (&json!("applied"), &json!([missing])), "{outcome}");
        let seen = world.get(&phone.who, &format!("/api/visits/{}", outcome["entity"]["id"].as_str().unwrap())).await.ok();
        assert_eq!(n_photos(&seen), 1);
    }

    async fn a_photo_that_comes_later_in_parts_finds_the_visit_and_the_case_that_named_it(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (bytes, sent) = photo(10);
        let finding = phone.command("visit.finding", json!({ "attachments": [sent], "payload": { "kind": "patrol", "area_code": GRID_1, "attachments": [sent], "finding": { "text": "路灯不亮", "category": "street_light" } } }));
        let outcome = phone.push_one(&world, &finding).await;
        assert_eq!((&outcome["status"], &outcome["missing_attachments"]), (&json!("applied"), &json!([sent])), "{outcome}");
        let visit = format!("/api/visits/{}", outcome["entity"]["id"].as_str().unwrap());
        let case = format!("/api/cases/{}", outcome["entity"]["case_id"].as_str().unwrap());
        assert_eq!((n_photos(&world.get(&phone.who, &visit).await.ok()), n_photos(&world.get(&phone.who, &case).await.ok())), (0, 0), "nothing is shown that is not here");

        let (size, half) = (bytes.len(), bytes.len() / 2);
        let first = send(&world, &phone.who, (&sent, size), 0, &bytes[..half]).await.ok();
        assert_eq!(first, json!({ "received": half, "is_whole": false, "n_placed": 0 }));
        // The answer was lost; and another start of the app asks how far it came.
        assert_eq!(send(&world, &phone.who, (&sent, size), 0, &bytes[..half]).await.ok()["received"], half);
        assert_eq!(world.get(&phone.who, &format!("/api/attachments/parts/{sent}")).await.ok()["received"], half);
        let last = send(&world, &phone.who, (&sent, size), half, &bytes[half..]).await.ok();
        assert_eq!(last, json!({ "received": size, "is_whole": true, "n_placed": 1 }));
        // That answer was lost: it is not sent again.
        assert_eq!(world.get(&phone.who, &format!("/api/attachments/parts/{sent}")).await.ok()["n_placed"], 1);

        let seen = world.get(&phone.who, &visit).await.ok();
        assert_eq!((n_photos(&seen), &seen["attachments"][0]["width"]), (1, &json!(40)));
        let shown = world.get(&phone.who, &case).await.ok();
        assert_eq!(n_photos(&shown), 1);
        let url = shown["attachments"][0]["url"].as_str().unwrap();
        assert_eq!(world.get(&world.as_("clerk").await, url).await.status, 200);
        assert_eq!(n_awaited(&world).await, 0);
    }

    async fn one_photo_of_two_records_comes_once_and_stands_in_both(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (bytes, sent) = photo(20);
        let mut paths = Vec::new();
        for note in ["一楼", "二楼"] {
            let visit = phone.command("visit.record", json!({ "attachments": [sent, sent], "payload": { "kind": "patrol", "area_code": GRID_1, "note": note, "attachments": [sent] } }));
            let outcome = phone.push_one(&world, &visit).await;
            assert_eq!(outcome["status"], "applied", "{outcome}");
            paths.push(format!("/api/visits/{}", outcome["entity"]["id"].as_str().unwrap()));
        }
        send(&world, &phone.who, (&sent, bytes.len()), 0, &bytes).await.ok();
        for path in paths {
            assert_eq!(n_photos(&world.get(&phone.who, &path).await.ok()), 1);
        }
    }

    async fn the_same_photo_for_a_later_record_stands_there_too(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (bytes, sent) = photo(25);
        for (nth, note) in ["一楼", "二楼"].into_iter().enumerate() {
            let visit = phone.command("visit.record", json!({ "attachments": [sent], "payload": { "kind": "patrol", "area_code": GRID_1, "note": note, "attachments": [sent] } }));
            let outcome = phone.push_one(&world, &visit).await;
            let sent = send(&world, &phone.who, (&sent, bytes.len()), 0, &bytes).await.ok();
            assert_eq!(sent["n_placed"], nth + 1);
            let path = format!("/api/visits/{}", outcome["entity"]["id"].as_str().unwrap());
            assert_eq!(n_photos(&world.get(&phone.who, &path).await.ok()), 1, "{note}");
        }
        assert_eq!(n_awaited(&world).await, 0);
    }

    async fn a_photo_that_comes_before_its_record_waits_for_it(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let (bytes, sent) = photo(30);
        send(&world, &phone.who, (&sent, bytes.len()), 0, &bytes).await.ok();
        let visit = phone.command("visit.record", json!({ "attachments": [sent], "payload": { "kind": "patrol", "area_code": GRID_1, "attachments": [sent] } }));
        let outcome = phone.push_one(&world, &visit).await;
        assert!(outcome.get("missing_attachments").is_none_or(|missing| missing == &json!([])), "{outcome}");
        assert_eq!(n_photos(&world.get(&phone.who, &format!("/api/visits/{}", outcome["entity"]["id"].as_str().unwrap())).await.ok()), 1);
    }

    async fn a_refused_record_awaits_nothing(t: TestDb) {
        let world = World::new(t).await;
        let mut phone = Phone::of(&world, world.as_("worker1").await).await;
        let sent = "a".repeat(64);
        let strange = phone.command("visit.record", json!({ "attachments": [sent], "payload": { "kind": "patrol", "area_code": crate::world::GRID_2, "attachments": [sent] } }));
        assert_eq!(phone.push_one(&world, &strange).await["status"], "rejected");
        assert_eq!(n_awaited(&world).await, 0);
    }

    async fn parts_that_make_no_photo_are_refused(t: TestDb) {
        let world = World::new(t).await;
        let (one, two) = (world.as_("worker1").await, world.as_("worker2").await);
        let (bytes, sent) = photo(40);
        let size = bytes.len();
        send(&world, &Session::none(), (&sent, size), 0, &bytes).await.refused(401, "not_signed_in");
        send(&world, &one, ("..%2F..%2Fetc", size), 0, &bytes).await.refused(404, "not_found");
        send(&world, &one, (&sent, size), 5, &vec![0; size]).await.refused(413, "too_large");
        send(&world, &one, (&sent, 11 * 1024 * 1024), 0, &bytes).await.refused(413, "too_large");
        send(&world, &one, (&sent, size), 0, &bytes[..9]).await.ok();
        assert_eq!(world.get(&two, &format!("/api/attachments/parts/{sent}")).await.ok()["received"], 0, "each sends their own");
        send(&world, &one, (&sent, size), 9, &vec![7; size - 9]).await.refused(422, "invalid");
        let text = b"<script>";
        let digest = hex::encode(Sha256::digest(text));
        send(&world, &one, (&digest, text.len()), 0, text).await.refused(415, "not_an_image");
    }
}
