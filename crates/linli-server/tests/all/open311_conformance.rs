//! Open311 GeoReport v2: every method of the specification, in both formats, field by field.

use crate::open311_world::{
    KEY, OTHER_KEY, answer, code_of, get, plain, post, published, report, spark, world as open311,
};
use crate::world::Session;
use linli_testkit::on_both;
use serde_json::json;

/// The fields of a request, in the order of the specification.
const REQUEST_FIELDS: [&str; 17] = [
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
];

on_both! {
    async fn every_method_says_the_same_in_both_formats(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        answer(&world, &code_of(&world, &id).await).await;
        published(&world).await;
        let one = format!("requests/{id}");
        for path in ["discovery", "services", "services/road_surface", "requests", &one, "servicerequestupdates"] {
            let xml = get(&world, &format!("{path}.xml")).await;
            let json = get(&world, &format!("{path}.json")).await;
            assert_eq!((xml.status.as_u16(), json.status.as_u16()), (200, 200), "{path}");
            assert_eq!(json.kind, "application/json; charset=utf-8");
            assert_eq!(spark(&xml), plain(&json.body), "{path}");
        }
    }

    async fn discovery_names_both_formats_and_a_changeset(t: TestDb) {
        let world = open311(t).await;
        let said = get(&world, "discovery.json").await.ok();
        assert_eq!(said["jurisdiction_id"], "linwei.example");
        let endpoint = &said["endpoints"][0];
        assert_eq!(endpoint["specification"], "http://wiki.open311.org/GeoReport_v2");
        assert_eq!(endpoint["url"], "http://localhost:8080/open311/v2");
        assert_eq!(endpoint["type"], "production");
        assert_eq!(endpoint["formats"], json!(["text/xml", "application/json"]));
        assert_eq!(said["changeset"], endpoint["changeset"]);
        assert!(said["contact"].is_string() && said["key_service"].is_string());
    }

    async fn services_and_their_questions_are_listed(t: TestDb) {
        let world = open311(t).await;
        let services = get(&world, "services.json").await.ok();
        let lamp = services.as_array().unwrap().iter().find(|service| service["service_code"] == "street_light").unwrap();
        assert_eq!(lamp["service_name"], "路灯照明");
        assert_eq!((&lamp["metadata"], &lamp["type"], &lamp["group"]), (&json!(false), &json!("realtime"), &json!("公共设施")));
        assert!(lamp["keywords"].as_str().unwrap().contains("路灯,"));
        let road = services.as_array().unwrap().iter().find(|service| service["service_code"] == "road_surface").unwrap();
        assert_eq!(road["metadata"], true);
        let definition = get(&world, "services/road_surface.json").await.ok();
        assert_eq!(definition["service_code"], "road_surface");
        let question = &definition["attributes"][0];
        assert_eq!(
            *question,
            json!({ "variable": true, "code": "WHEN", "datatype": "multivaluelist", "required": true, "datatype_description": null,
                "order": "1", "description": "什么时候发现", "values": [{ "key": "d", "name": "白天" }, { "key": "n", "name": "夜间" }] })
        );
        let missing = get(&world, "services/nothing.xml").await;
        assert_eq!((missing.status.as_u16(), spark(&missing)[0]["code"].as_str().map(str::to_owned)), (404, Some("404".to_owned())));
    }

    async fn a_request_shows_what_everybody_may_know_and_nothing_else(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "&first_name=李春梅&phone=19900000009&email=a@b.example&lat=34.5&long=109.5").await;
        published(&world).await;
        let said = get(&world, &format!("requests/{id}.json")).await.ok();
        let request = said[0].as_object().unwrap();
        let mut names: Vec<&str> = request.keys().map(String::as_str).collect();
        let mut wanted = REQUEST_FIELDS.to_vec();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted);
        assert_eq!(request["status"], "open");
        assert_eq!(request["status_notes"], "已受理");
        assert_eq!(request["service_name"], "路灯照明");
        assert_eq!(request["description"], "路灯照明（临渭区向阳街道红旗社区第一网格）");
        assert_eq!(request["address"], "临渭区向阳街道红旗社区第一网格");
        assert_eq!(request["address_id"], "610502005007001");
        assert_eq!(request["requested_datetime"], "2026-09-28T01:00:00Z");
        assert!(request["expected_datetime"].as_str().unwrap().ends_with('Z'));
        assert!(request["service_notice"].as_str().unwrap().starts_with("承诺"));
        let all = get(&world, "requests.xml?extensions=true").await;
        let text = String::from_utf8_lossy(&all.bytes).into_owned();
        for secret in ["李春梅", "19900000009", "501", "a@b.example", &code_of(&world, &id).await] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let own = get(&world, &format!("requests/{id}.json?api_key={KEY}")).await.ok();
        assert!(own[0]["description"].as_str().unwrap().contains("501"));
        assert!(!own.to_string().contains("19900000009"));
        let other = get(&world, &format!("requests/{id}.json?api_key={OTHER_KEY}")).await.ok();
        assert!(!other.to_string().contains("501"));
    }

    async fn a_case_reported_elsewhere_is_listed_and_a_private_or_unsorted_one_is_not(t: TestDb) {
        let world = open311(t).await;
        world.report_lamp().await;
        world.post(&Session::none(), "/api/cases", json!({ "text": "说不清的事", "area_code": crate::world::GRID_1 })).await.ok();
        report(&world, "&non_public=1").await;
        published(&world).await;
        let listed = get(&world, "requests.json").await.ok();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        let with_key = get(&world, &format!("requests.json?api_key={KEY}")).await.ok();
        assert_eq!(with_key.as_array().unwrap().len(), 2, "{with_key}");
    }

    async fn a_report_that_a_person_sorts_first_is_answered_with_a_token(t: TestDb) {
        let world = open311(t).await;
        let form = format!("api_key={KEY}&service_code=unsorted&address_id=610502005007001&description=楼下一直有怪声");
        let answered = spark(&post(&world, "requests.xml", &form).await);
        let token = answered[0]["token"].as_str().unwrap().to_owned();
        assert!(answered[0].get("service_request_id").is_none());
        let waiting = get(&world, &format!("tokens/{token}.json")).await.ok();
        assert_eq!(waiting, json!([{ "token": token }]));
        let code = linli_code(&world).await;
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "accept", json!({ "category": "street_light", "weight": "micro" })).await.ok();
        published(&world).await;
        let found = get(&world, &format!("tokens/{token}.json")).await.ok();
        let id = found[0]["service_request_id"].as_str().unwrap();
        assert_eq!(get(&world, &format!("requests/{id}.xml")).await.status, 200);
        assert_eq!(get(&world, "tokens/T-NOTHING.xml").await.status, 404);
    }

    async fn errors_are_lists_with_the_status_that_the_specification_binds(t: TestDb) {
        let world = open311(t).await;
        let cases = [
            ("service_code=street_light&lat=34.5&long=109.5", 403, 1),
            ("api_key=wrong&service_code=street_light&lat=34.5&long=109.5", 403, 1),
            ("api_key=K&service_code=nothing&lat=34.5&long=109.5", 404, 1),
            ("api_key=K&lat=34.5&long=109.5", 400, 1),
            ("api_key=K&service_code=street_light&lat=north&long=109.5", 400, 1),
            ("api_key=K&service_code=road_surface&lat=north&long=109.5", 400, 2),
            ("api_key=O&service_code=street_light&address_id=610502005007001", 400, 1),
            ("api_key=O&service_code=street_light", 400, 1),
        ];
        for (form, status, n) in cases {
            let form = form.replace("api_key=K", &format!("api_key={KEY}")).replace("api_key=O", &format!("api_key={OTHER_KEY}"));
            let answered = post(&world, "requests.xml", &form).await;
            let errors = spark(&answered);
            assert_eq!((answered.status.as_u16(), errors.as_array().unwrap().len()), (status, n), "{form}: {errors}");
            assert!(errors[0]["description"].as_str().is_some_and(|text| !text.is_empty() && !text.contains("open311_fault")));
        }
        let slowed = post(&world, "requests.json", &format!("api_key={OTHER_KEY}&service_code=street_light")).await;
        assert_eq!((slowed.status.as_u16(), slowed.body[0]["code"].as_str()), (429, Some("429")));
        for (path, status) in [("requests/R-NOTHING.json", 404), ("requests.json?start_date=x", 400), ("nothing.json", 404), ("requests", 404)] {
            assert_eq!(get(&world, path).await.status.as_u16(), status, "{path}");
        }
    }

    async fn requests_are_narrowed_by_every_filter(t: TestDb) {
        let world = open311(t).await;
        let first = report(&world, "").await;
        published(&world).await;
        world.clock.advance_ms(3_600_000);
        let second = report(&world, "").await;
        answer(&world, &code_of(&world, &second).await).await;
        published(&world).await;
        let rows = [
            ("", 2),
            ("status=open", 1),
            ("status=closed", 1),
            ("status=open,closed", 2),
            ("service_code=rubbish", 0),
            ("service_code=rubbish,street_light", 2),
            ("start_date=2026-09-28T09:30:00%2B08:00", 1),
            ("end_date=2026-09-28T09:30:00+08:00", 1),
            ("updated_after=2026-09-28T09:30:00%2B08:00", 1),
            ("updated_before=2026-09-28T09:30:00%2B08:00", 1),
            ("page_size=1", 1),
            ("page_size=1&page=3", 0),
            ("lat=34.5&long=109.5", 0),
            ("bbox=109,34,110,35", 0),
        ];
        for (query, n) in rows {
            let listed = get(&world, &format!("requests.json?{query}")).await.ok();
            assert_eq!(listed.as_array().unwrap().len(), n, "{query}: {listed}");
        }
        let by_id = get(&world, &format!("requests.json?service_request_id={first},{second}&status=closed&start_date=2001-01-01T00:00:00Z")).await.ok();
        assert_eq!(by_id.as_array().unwrap().len(), 2);
        let extended = get(&world, &format!("requests/{second}.json?extensions=true")).await.ok();
        assert_eq!(extended[0]["extended_attributes"]["status"], "fixed");
        let notes = extended[0]["notes"].as_array().unwrap();
        assert_eq!(notes.len(), 2, "{notes:?}");
        let csv = get(&world, "requests.csv").await;
        assert_eq!(csv.kind, "text/csv; charset=utf-8");
        assert_eq!(String::from_utf8_lossy(&csv.bytes).lines().count(), 3);
    }

    async fn an_answer_is_published_without_names_and_numbers(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        answer(&world, &code_of(&world, &id).await).await;
        published(&world).await;
        let request = get(&world, &format!("requests/{id}.json")).await.ok();
        assert_eq!(request[0]["status"], "closed");
        let notes = request[0]["status_notes"].as_str().unwrap();
        assert_eq!(notes, "已答复：更换灯泡，联系电话***。办理时限：当日完成");
        let updates = get(&world, "servicerequestupdates.json").await.ok();
        let last = updates.as_array().unwrap().last().unwrap();
        assert_eq!((last["status"].as_str(), last["service_request_id"].as_str()), (Some("fixed"), Some(id.as_str())));
        assert!(!updates.to_string().contains("李女士"));
    }

    async fn polling_by_windows_loses_nothing(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        let worker = world.as_("worker1").await;
        published(&world).await;
        let mut seen: Vec<String> = Vec::new();
        let mut from = linli_of(&world);
        world.act(&worker, &code_of(&world, &id).await, "take", json!({})).await.ok();
        // Windows follow one another without overlap while the update is on its way to everybody.
        for step in 0..6 {
            if step == 1 {
                while {
                    linli_civic::open311::publish::catch_up(&world.app).await.unwrap();
                    crate::open311_world::behind(&world, "open311").await
                } {}
            }
            world.clock.advance_ms(1_000);
            let to = linli_of(&world);
            let updates = get(&world, &format!("servicerequestupdates.json?start_date={from}&end_date={to}")).await.ok();
            for update in updates.as_array().unwrap() {
                let at = update["updated_datetime"].as_str().unwrap();
                assert!(from.as_str() <= at && at <= to.as_str(), "{from} {at} {to}");
                seen.push(update["update_id"].as_str().unwrap().to_owned());
            }
            from = to;
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }

    async fn anybodys_page_may_read(t: TestDb) {
        let world = open311(t).await;
        let response = world.open("/open311/v2/services.json", None).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
    }
}

fn linli_of(world: &crate::world::World) -> String {
    let now = world.app.now().to_string();
    format!("{}Z", now.split('.').next().unwrap())
}

/// The newest case's code.
async fn linli_code(world: &crate::world::World) -> String {
    let read = world.app.db.read(|conn| {
        conn.first("SELECT code FROM cases ORDER BY row_no DESC LIMIT 1", &[], |row| row.get::<String>("code"))
    });
    read.await.unwrap().unwrap()
}
