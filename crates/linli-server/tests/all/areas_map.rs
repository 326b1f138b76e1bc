//! Areas, printed codes, outlines and the wall, through the real router, on both databases.

use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, GRID_1, GRID_2, OTHER_COMMUNITY, STREET, Session, World, reply};
use linli_civic::areas::Point;
use linli_civic::areas::geometry::{Shape, Vertex};
use linli_db::{StoreError, params};
use linli_testkit::on_both;

const OTHER_COUNTY: &str = "610524000000";

impl World {
    /// Draws a rectangle as the outline of each area.
    async fn draw(&self, outlines: &'static [(&'static str, [f64; 4])]) {
        let now = self.app.now();
        self.app
            .db
            .write(move |tx| {
                tx.bookkeep(|writer| {
                    for (code, [west, south, east, north]) in outlines {
                        let corners = [(west, south), (east, south), (east, north), (west, north)];
                        let ring = corners.map(|(lon, lat)| Vertex::of(Point::new(*lon, *lat)).unwrap()).to_vec();
                        let wkb = Shape::from_rings(vec![vec![ring]]).unwrap().to_wkb();
                        writer.exec(
                            "INSERT INTO area_boundary (area_code, valid_from, source_crs, wkb) VALUES ($1, $2, 'wgs84', $3)",
                            &params![*code, now, wkb],
                        )?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .unwrap();
        self.app.reload_areas().await.unwrap();
    }

    async fn draw_community(&self) {
        self.draw(&[
            (COMMUNITY, [109.49, 34.48, 109.51, 34.49]),
            (GRID_1, [109.49, 34.48, 109.50, 34.49]),
            (GRID_2, [109.50, 34.48, 109.51, 34.49]),
        ])
        .await;
    }
}

fn field_of(problem: &Value) -> (&str, &str) {
    (problem["errors"][0]["field"].as_str().unwrap(), problem["errors"][0]["code"].as_str().unwrap())
}

fn figure<'a>(wall: &'a Value, key: &str) -> Option<&'a Value> {
    wall["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key).map(|figure| &figure["value"])
}

on_both! {
    async fn areas_are_listed_with_what_the_caller_may_count_there(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        let clerk = world.as_("clerk").await;
        let grids = world.get(&clerk, &format!("/api/areas?parent={COMMUNITY}")).await.ok();
        let counted = |rows: &Value| rows["items"].as_array().unwrap().iter().map(|row| (row["code"].as_str().unwrap().to_owned(), row["n_open"].as_i64().unwrap(), row["n_late"].as_i64().unwrap())).collect::<Vec<_>>();
        assert_eq!(counted(&grids), [(GRID_1.to_owned(), 1, 0), (GRID_2.to_owned(), 0, 0)]);
        let top = world.get(&clerk, "/api/areas").await.ok();
        assert_eq!(counted(&top), [(COMMUNITY.to_owned(), 1, 0)]);
        assert_eq!((&top["items"][0]["n_children"], &top["items"][0]["full_name"]), (&json!(2), &json!("临渭区向阳街道红旗社区")));
        // Above their own area a caller sees the way down to it and no neighbour.
        let above = world.get(&clerk, &format!("/api/areas?parent={STREET}")).await.ok();
        assert_eq!(counted(&above), [(COMMUNITY.to_owned(), 1, 0)]);
        world.get(&clerk, &format!("/api/areas?parent={OTHER_COMMUNITY}")).await.refused(404, "not_found");
        world.get(&clerk, &format!("/api/areas?parent={OTHER_COUNTY}")).await.refused(404, "not_found");
        world.get(&Session::none(), "/api/areas").await.refused(401, "not_signed_in");

        world.clock.set("2026-11-30T09:00:00+08:00".parse().unwrap());
        let clerk = world.as_("clerk").await;
        let grids = world.get(&clerk, &format!("/api/areas?parent={COMMUNITY}")).await.ok();
        assert_eq!(counted(&grids), [(GRID_1.to_owned(), 1, 1), (GRID_2.to_owned(), 0, 0)]);
    }

    async fn an_area_shows_who_answers_there_to_those_whose_area_it_is(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let area = world.get(&clerk, &format!("/api/areas/{COMMUNITY}")).await.ok();
        let codes: Vec<&str> = area["ancestors"].as_array().unwrap().iter().map(|above| above["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["610500000000", COUNTY, STREET]);
        let people: Vec<(&str, &str)> = area["people"].as_array().unwrap().iter().map(|one| (one["name"].as_str().unwrap(), one["role"].as_str().unwrap())).collect();
        assert_eq!(people.len(), 3);
        assert!(people.contains(&("赵小兰", "grid_head")) && people.contains(&("张敏", "community_clerk")));
        world.get(&world.as_("other_clerk").await, &format!("/api/areas/{COMMUNITY}")).await.refused(404, "not_found");
        world.get(&clerk, "/api/areas/610502005099").await.refused(404, "not_found");
        world.get(&clerk, "/api/areas/not-a-code").await.refused(404, "not_found");
    }

    async fn an_area_is_changed_on_the_version_that_was_seen(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let path = format!("/api/areas/{GRID_1}");
        let before = world.get(&clerk, &path).await.ok();
        let edit = json!({ "name": "幸福里网格", "profile": { "households": 310, "residents": 820, "merchants": null }, "version": before["version"] });
        let after = world.patch(&clerk, &path, edit.clone()).await.ok();
        assert_eq!((&after["name"], &after["profile"]["residents"], &after["profile"]["merchants"]), (&json!("幸福里网格"), &json!(820), &Value::Null));
        // The name is everywhere at once.
        assert_eq!(world.get(&Session::none(), "/api/areas/search?q=%E5%B9%B8%E7%A6%8F%E9%87%8C").await.ok()["items"][0]["code"], GRID_1);
        let conflict = world.patch(&clerk, &path, edit).await.refused(409, "version_conflict");
        assert_eq!(conflict["current"]["version"], after["version"]);
        let kept = world.patch(&clerk, &path, json!({ "name": "第一网格" })).await.ok();
        assert_eq!(kept["profile"]["households"], 310);
        let refused = world.patch(&clerk, &path, json!({ "name": " " })).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("name", "required"));
        world.patch(&world.as_("other_clerk").await, &path, json!({ "name": "别的" })).await.refused(404, "not_found");
        world.patch(&world.as_("far_admin").await, &path, json!({ "name": "别的" })).await.refused(404, "not_found");
        world.patch(&world.as_("dispatcher").await, &path, json!({ "name": "别的" })).await.refused(403, "forbidden");
    }

    async fn a_grid_is_added_with_the_next_number_or_the_one_wished_for(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let grid = |name: &str| json!({ "parent": COMMUNITY, "name": name });
        let added = world.post_with_key(&clerk, "/api/areas", "grid-1", grid("第三网格")).await.ok();
        assert_eq!((&added["code"], &added["level"]), (&json!("610502005007003"), &json!("grid")));
        let again = world.post_with_key(&clerk, "/api/areas", "grid-1", grid("第三网格")).await.ok();
        assert_eq!(again["code"], added["code"]);
        world.post(&clerk, "/api/areas", grid("第三网格")).await.refused(409, "already_exists");
        let wished = world.post(&clerk, "/api/areas", json!({ "parent": COMMUNITY, "name": "商圈网格", "suffix": "101" })).await.ok();
        assert_eq!(wished["code"], "610502005007101");
        world.post(&clerk, "/api/areas", json!({ "parent": COMMUNITY, "name": "另一网格", "suffix": "101" })).await.refused(409, "already_exists");
        let micro = world.post(&clerk, "/api/areas", json!({ "parent": GRID_1, "name": "3号楼" })).await.ok();
        assert_eq!((&micro["code"], &micro["level"]), (&json!("610502005007001001"), &json!("micro_grid")));
        let refused = world.post(&clerk, "/api/areas", json!({ "parent": COMMUNITY, "name": "再一网格", "suffix": "12" })).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("suffix", "bad_suffix"));
        let admin = world.as_("admin").await;
        let refused = world.post(&admin, "/api/areas", json!({ "parent": STREET, "name": "新社区" })).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("parent", "not_numbered"));
        world.post(&world.as_("other_clerk").await, "/api/areas", grid("第九网格")).await.refused(404, "not_found");
        world.post(&world.as_("worker1").await, "/api/areas", grid("第九网格")).await.refused(403, "forbidden");
        // Someone can be placed there at once.
        world.post(&admin, "/api/accounts", json!({ "name": "worker3", "display_name": "高原", "role": "grid_worker", "area_code": "610502005007003" })).await.ok();
    }

    async fn a_printed_code_opens_its_place_with_the_worker_to_turn_to(t: TestDb) {
        let world = World::new(t).await;
        world.draw_community().await;
        let clerk = world.as_("clerk").await;
        let places = format!("/api/areas/{GRID_1}/places");
        let body = json!({ "name": "红旗小区3号楼", "kind": "building", "point": { "lon": 109.495, "lat": 34.485 } });
        let place = world.post_with_key(&clerk, &places, "place-1", body.clone()).await.ok();
        assert_eq!(world.post_with_key(&clerk, &places, "place-1", body.clone()).await.ok()["code"], place["code"]);
        let code = place["code"].as_str().unwrap();
        let nobody = Session::none();
        let shown = world.get(&nobody, &format!("/api/places/{}", code.to_lowercase())).await.ok();
        assert_eq!((&shown["name"], &shown["worker"]["name"], &shown["area"]["code"]), (&json!("红旗小区3号楼"), &json!("李春梅"), &json!(GRID_1)));
        let qr = world.get(&nobody, &format!("/api/places/{code}/qr.svg")).await;
        assert_eq!((qr.status.as_u16(), qr.kind.as_str()), (200, "image/svg+xml"));
        assert!(String::from_utf8(qr.bytes).unwrap().contains("<svg"));
        let reported = world.post(&nobody, "/api/cases", json!({ "text": "楼道灯不亮了", "place": code })).await.ok();
        assert_eq!(reported["case"]["area"]["code"], GRID_1);
        assert_eq!(world.get(&clerk, &format!("/api/areas/{GRID_1}")).await.ok()["places"][0]["code"], code);

        let elsewhere = json!({ "name": "4号楼", "kind": "building", "point": { "lon": 109.505, "lat": 34.485 } });
        let refused = world.post(&clerk, &places, elsewhere).await.refused(422, "invalid");
        assert_eq!(field_of(&refused), ("point", "bad_point"));
        world.post(&clerk, &places, json!({ "name": "", "kind": "building" })).await.refused(422, "invalid");
        world.post(&world.as_("worker1").await, &places, body.clone()).await.refused(403, "forbidden");
        world.post(&world.as_("other_clerk").await, &places, body).await.refused(404, "not_found");
        world.get(&nobody, "/api/places/NOSUCHCODE").await.refused(404, "not_found");
        world.get(&nobody, "/api/places/NOSUCHCODE/qr.svg").await.refused(404, "not_found");
    }

    async fn outlines_and_names_are_public(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        world.get(&nobody, &format!("/api/areas/{GRID_1}/boundary")).await.refused(404, "not_found");
        world.draw_community().await;
        let outline = world.get(&nobody, &format!("/api/areas/{GRID_1}/boundary")).await.ok();
        let ring = outline["geometry"]["coordinates"][0].as_array().unwrap();
        assert_eq!((&outline["type"], &outline["geometry"]["type"], ring.len()), (&json!("Feature"), &json!("Polygon"), 5));
        assert_eq!(ring.first(), ring.last());
        let found = world.get(&nobody, "/api/areas/search?q=%E7%BA%A2%E6%97%97%E7%A4%BE%E5%8C%BA").await.ok();
        assert_eq!(found["items"][0]["code"], COMMUNITY);
        assert!(found["items"][0].get("n_open").is_none());
        assert_eq!(world.get(&nobody, "/api/areas/search?q=%20").await.ok()["items"], json!([]));
        let below = world.get(&nobody, &format!("/api/public/areas?parent={COMMUNITY}")).await.ok();
        assert!(below["items"].as_array().unwrap().iter().any(|area| area["code"] == GRID_1 && area.get("n_open").is_none()));
        world.get(&nobody, "/api/public/areas?parent=999999999999").await.refused(404, "not_found");
        let drawn = world.get(&nobody, &format!("/api/areas/{COMMUNITY}/outlines")).await.ok();
        assert!(drawn["features"].as_array().unwrap().iter().any(|feature| feature["properties"]["code"] == GRID_1));
        let itself = world.get(&nobody, &format!("/api/areas/{GRID_1}/outlines")).await.ok();
        assert_eq!(itself["features"][0]["properties"]["code"], GRID_1);
    }

    async fn the_wall_counts_matters_of_the_day_and_lists_what_is_late(t: TestDb) {
        let world = World::new(t).await;
        world.draw_community().await;
        let done = world.report_lamp().await;
        let worker1 = world.as_("worker1").await;
        world.act(&worker1, &done, "take", json!({})).await.ok();
        world.act(&worker1, &done, "settle", json!({ "reply": reply() })).await.ok();
        world.act(&world.as_("clerk").await, &done, "verify", json!({})).await.ok();
        let open = world.report_lamp().await;
        let leader = world.as_("leader").await;
        let wall = world.get(&leader, "/api/wall").await.ok();
        assert_eq!((&wall["area"]["code"], &wall["ancestors"], &wall["children"][0]["code"]), (&json!(COUNTY), &json!([]), &json!(STREET)));
        let told = ["open", "late", "reported_today", "settled_today", "within_grid"].map(|key| figure(&wall, key).cloned());
        assert_eq!(told, [Some(json!(1)), Some(json!(0)), Some(json!(2)), Some(json!(1)), Some(json!(100))]);
        assert_eq!((&wall["children"][0]["n_open"], &wall["late"]), (&json!(1), &json!([])));

        // At midnight of Beijing the day's figures begin again.
        world.clock.set("2026-09-29T00:00:01+08:00".parse().unwrap());
        let leader = world.as_("leader").await;
        let wall = world.get(&leader, &format!("/api/wall?area={COMMUNITY}")).await.ok();
        let told = ["open", "reported_today", "settled_today", "within_grid"].map(|key| figure(&wall, key).cloned());
        assert_eq!(told, [Some(json!(1)), Some(json!(0)), Some(json!(0)), Some(json!(100))]);
        let properties: Vec<(&str, i64)> = wall["features"]["features"].as_array().unwrap().iter().map(|feature| (feature["properties"]["code"].as_str().unwrap(), feature["properties"]["n_open"].as_i64().unwrap())).collect();
        assert_eq!(properties, [(GRID_1, 1), (GRID_2, 0)]);

        // Months later nothing was settled lately, and the case is late.
        world.clock.set("2026-12-15T09:00:00+08:00".parse().unwrap());
        let leader = world.as_("leader").await;
        let wall = world.get(&leader, "/api/wall").await.ok();
        assert_eq!((figure(&wall, "late"), figure(&wall, "within_grid")), (Some(&json!(1)), None));
        assert_eq!((&wall["late"][0]["code"], &wall["late"][0]["due_state"]), (&json!(open), &json!("late")));
        assert_eq!(wall["children"][0]["n_late"], 1);
        assert!(!wall.to_string().contains("1990000"));
    }

    async fn the_wall_of_a_grid_shows_its_own_outline_and_its_open_cases(t: TestDb) {
        let world = World::new(t).await;
        world.draw_community().await;
        let body = json!({ "text": "井盖松动，车压上去响", "point": { "lon": 109.495, "lat": 34.485 } });
        let code = world.post(&Session::none(), "/api/cases", body).await.ok()["code"].clone();
        world.report_lamp().await;
        let head = world.as_("head").await;
        let wall = world.get(&head, &format!("/api/wall?area={GRID_1}")).await.ok();
        assert_eq!((&wall["children"], &wall["features"]["features"][0]["properties"]["code"]), (&json!([]), &json!(GRID_1)));
        let cases = wall["cases"].as_array().unwrap();
        assert_eq!((cases.len(), &cases[0]["code"]), (1, &code));
        assert_eq!(wall["ancestors"].as_array().unwrap().len(), 1);
        assert_eq!(world.get(&head, "/api/wall").await.ok()["cases"], json!([]));
    }

    async fn the_wall_of_others_is_not_shown(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        world.get(&clerk, "/api/wall").await.ok();
        for area in [STREET, OTHER_COMMUNITY, OTHER_COUNTY, "610502005099"] {
            world.get(&clerk, &format!("/api/wall?area={area}")).await.refused(404, "not_found");
        }
        world.get(&world.as_("worker1").await, "/api/wall").await.refused(403, "forbidden");
        world.get(&world.as_("admin").await, "/api/wall").await.refused(403, "forbidden");
        world.get(&Session::none(), "/api/wall").await.refused(401, "not_signed_in");
    }
}

/// The faces are written against these names.
#[test]
fn the_document_names_what_the_faces_read() {
    let document = linli_server::routes::document();
    let fields = |name: &str| {
        let properties = document["components"]["schemas"][name]["properties"].as_object();
        properties.map(|fields| fields.keys().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default()
    };
    let names = ["Account", "AccountCreated", "NewPassword", "Grant", "AreaRow", "AreaPerson", "Place", "Profile"];
    insta::assert_debug_snapshot!(names.map(|name| (name, fields(name))));
    let names = ["AreaView", "WallView", "WallArea", "WallFigure", "ReadLogEntry"];
    insta::assert_debug_snapshot!(names.map(|name| (name, fields(name))));
}
