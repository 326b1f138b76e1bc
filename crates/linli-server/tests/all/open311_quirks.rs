//! The twenty habits of the client that most of the world uses (FixMyStreet): a server has to live with each of them.

use crate::open311_world::{KEY, answer, code_of, encode, get, post, published, report, spark, world as open311};
use crate::world::World;
use axum::http::Method;
use linli_testkit::on_both;
use serde_json::json;

/// The text of the case behind a request.
async fn text_of(world: &World, id: &str) -> String {
    let clerk = world.as_("clerk").await;
    let case = world.get(&clerk, &format!("/api/cases/{}", code_of(world, id).await)).await.ok();
    case["full_text"].as_str().unwrap().to_owned()
}

async fn update(world: &World, id: &str, update_id: &str, more: &str) -> crate::world::Answered {
    let form = format!(
        "api_key={KEY}&service_request_id={id}&update_id={update_id}&updated_datetime=2026-09-28T09:00:00%2B08:00&status=OPEN&first_name=李春梅&last_name=-{more}"
    );
    post(world, "servicerequestupdates.xml", &form).await
}

on_both! {
    async fn quirk_01_everything_is_asked_for_in_xml(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        published(&world).await;
        for path in ["services.xml", "services/street_light.xml", "requests.xml", &format!("requests/{id}.xml"), "servicerequestupdates.xml"] {
            let answered = get(&world, path).await;
            assert_eq!(answered.status, 200, "{path}");
            spark(&answered);
        }
    }

    async fn quirk_02_an_address_may_have_two_slashes(t: TestDb) {
        let world = open311(t).await;
        assert_eq!(get(&world, "/services.xml").await.status, 200);
        assert_eq!(get(&world, "//services//street_light.xml").await.status, 200);
        let form = format!("api_key={KEY}&service_code=street_light&address_id=610502005007001&description=灯不亮");
        assert_eq!(post(&world, "/requests.xml", &form).await.status, 201);
    }

    async fn quirk_03_a_jurisdiction_may_be_missing_or_another_and_a_key_comes_in_the_body(t: TestDb) {
        let world = open311(t).await;
        assert_eq!(get(&world, "services.xml?jurisdiction_id=fixmystreet.example").await.status, 200);
        report(&world, "&jurisdiction_id=").await;
        assert_eq!(get(&world, "servicerequestupdates.xml?api_key=").await.status, 200);
        assert_eq!(get(&world, "servicerequestupdates.xml?api_key=unknown").await.status, 200);
    }

    async fn quirk_04_a_place_may_be_a_pair_a_postcode_or_not_pinpointed(t: TestDb) {
        let world = open311(t).await;
        for place in ["lat=34.5&long=109.5", "address_string=714000", "address_id=#NOTPINPOINTED#", "lat=0&long=0"] {
            let form = format!("api_key={KEY}&service_code=street_light&{place}&description=路灯不亮");
            let answered = post(&world, "requests.json", &form).await;
            assert_eq!(answered.status, 201, "{place}: {}", answered.body);
        }
    }

    async fn quirk_05_a_decorated_text_may_be_longer_than_the_specification_says(t: TestDb) {
        let world = open311(t).await;
        let text = format!("title: 路灯\n\ndetail: {}\n\nurl: http://fms.example/1\n\nSubmitted via FixMyStreet\n", "灯".repeat(4_000));
        let form = format!("api_key={KEY}&service_code=street_light&address_id=610502005007001&description={text}");
        let answered = post(&world, "requests.json", &form).await;
        let id = answered.ok()[0]["service_request_id"].as_str().unwrap().to_owned();
        assert!(text_of(&world, &id).await.starts_with("title: 路灯"));
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", code_of(&world, &id).await)).await.ok();
        assert!(case.to_string().contains("Submitted via FixMyStreet"), "the end is kept as a remark");
    }

    async fn quirk_06_names_and_devices_come_as_they_come(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "&deviceid=abc&device_id=def&email=do-not-reply@fms.example&first_name=李春梅&last_name=").await;
        assert_eq!(update(&world, &id, "1", "&description=补充").await.status, 200);
    }

    async fn quirk_07_several_answers_come_in_three_shapes(t: TestDb) {
        let world = open311(t).await;
        for answers in ["attribute[WHEN]=d&attribute[WHEN]=n", "attribute[WHEN][]=d&attribute[WHEN][]=n", "attribute[WHEN]=d&attribute[WHEN][]=n"] {
            let form = format!("api_key={KEY}&service_code=road_surface&address_id=610502005007001&description=井盖松动&{answers}");
            let answered = post(&world, "requests.json", &form).await.ok();
            let text = text_of(&world, answered[0]["service_request_id"].as_str().unwrap()).await;
            assert_eq!(text, "井盖松动\n什么时候发现：白天、夜间", "{answers}");
        }
        let empty = format!("api_key={KEY}&service_code=road_surface&address_id=610502005007001&description=井盖松动&attribute[WHEN]=");
        assert_eq!(post(&world, "requests.json", &empty).await.status, 400);
    }

    async fn quirk_08_attributes_that_nobody_asked_for_are_no_error(t: TestDb) {
        let world = open311(t).await;
        report(&world, "&attribute[uprn]=1&attribute[easting]=2&attribute[northing]=3&attribute[closest_address]=x&attribute[title]=y").await;
    }

    async fn quirk_09_pictures_come_as_parts_or_as_addresses(t: TestDb) {
        let world = open311(t).await;
        let mut png = Vec::new();
        image::DynamicImage::new_rgb8(8, 8).write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let mut body = Vec::new();
        let fields = [("api_key", KEY), ("service_code", "street_light"), ("address_id", "610502005007001"), ("description", "路灯不亮")];
        for (name, value) in fields {
            body.extend_from_slice(format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
        }
        for name in ["photo1", "photo2"] {
            body.extend_from_slice(format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n").as_bytes());
            body.extend_from_slice(&png);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--X--\r\n");
        let kind = [("content-type", "multipart/form-data; boundary=X")];
        let answered = world.send(Method::POST, "/open311/v2/requests.json", None, &kind, body).await;
        let id = answered.ok()[0]["service_request_id"].as_str().unwrap().to_owned();
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", code_of(&world, &id).await)).await.ok();
        assert_eq!(case["attachments"].as_array().unwrap().len(), 2);
        report(&world, "&media_url=http://fms.example/1.jpg&media_url=http://fms.example/2.jpg").await;
        let waiting = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM open311_picture", &[])).await.unwrap();
        assert_eq!(waiting, 2);
    }

    async fn quirk_10_what_is_sent_again_is_the_same_request(t: TestDb) {
        let world = open311(t).await;
        let first = report(&world, "&attribute[fixmystreet_id]=77").await;
        let again = report(&world, "&attribute[fixmystreet_id]=77&title=written again").await;
        assert_eq!(first, again);
        assert_ne!(report(&world, "&attribute[fixmystreet_id]=78").await, first);
        let ext = report(&world, "&service_request_id_ext=77").await;
        assert_eq!(ext, report(&world, "&service_request_id_ext=77").await);
        assert!(!first.is_empty() && first != "0");
        let token = |answered: crate::world::Answered| answered.ok()[0]["token"].as_str().unwrap().to_owned();
        let form = format!("api_key={KEY}&service_code=unsorted&address_id=610502005007001&description=怪声&attribute[fixmystreet_id]=79");
        assert_eq!(token(post(&world, "requests.json", &form).await), token(post(&world, "requests.json", &form).await));
    }

    async fn quirk_11_an_update_is_answered_with_its_number(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        let answered = spark(&update(&world, &id, "55", "&description=还是不亮").await);
        assert_eq!(answered[0]["update_id"], format!("{id}-c55"));
        assert_eq!(spark(&update(&world, &id, "55", "&description=还是不亮").await)[0]["update_id"], format!("{id}-c55"));
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", code_of(&world, &id).await)).await.ok();
        let n = case["timeline"].as_array().unwrap().iter().filter(|entry| entry["text"] == "还是不亮").count();
        assert_eq!(n, 1, "entered once");
    }

    async fn quirk_12_an_update_that_cannot_be_entered_holds_back_no_other(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        answer(&world, &code_of(&world, &id).await).await;
        assert_eq!(update(&world, &id, "1", "&description=谢谢").await.status, 200);
        assert_eq!(update(&world, &id, "2", "").await.status, 200);
        let kept = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM open311_inbound WHERE outcome = 'kept' AND body = '谢谢'", &[]));
        assert_eq!(kept.await.unwrap(), 1);
    }

    async fn quirk_13_errors_are_read_from_the_body(t: TestDb) {
        let world = open311(t).await;
        let answered = update(&world, "R-NOTHING", "1", "&description=x").await;
        assert_eq!(answered.status, 404);
        let errors = spark(&answered);
        assert_eq!(errors[0]["code"], "404");
        assert!(errors[0]["description"].as_str().unwrap().contains("R-NOTHING"));
    }

    async fn quirk_14_every_status_is_one_that_the_client_knows(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        let code = code_of(&world, &id).await;
        answer(&world, &code).await;
        world.act_publicly(&code, "rate", json!({ "stars": 1, "solved": false, "satisfied": false })).await.ok();
        published(&world).await;
        let updates = get(&world, "servicerequestupdates.json").await.ok();
        let words: Vec<&str> = updates.as_array().unwrap().iter().map(|update| update["status"].as_str().unwrap()).collect();
        assert_eq!(words, ["in_progress", "fixed", "open"]);
        let listed = get(&world, &format!("requests/{id}.json")).await.ok();
        assert_eq!(listed[0]["status"], "open");
    }

    async fn quirk_15_polling_by_window_and_by_a_very_long_list_of_ids(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        published(&world).await;
        let mut ids: Vec<String> = (0..4_200).map(|n| format!("R-NONE{n:06}")).collect();
        ids.push(id.clone());
        let list = ids.join(",");
        assert!(list.len() > 54_000 && list.len() < 65_000, "{}", list.len());
        let found = get(&world, &format!("requests.xml?service_request_id={list}")).await;
        assert_eq!(found.status, 200);
        assert_eq!(spark(&found)[0]["service_request_id"], id.as_str());
        let longer = format!("service_request_id={list},{list},{list}");
        assert!(longer.len() > 64 * 1024);
        let found = post(&world, "requests/search.json", &longer).await.ok();
        assert_eq!(found[0]["service_request_id"], id.as_str());
    }

    async fn quirk_16_updates_have_a_stable_number_and_a_time_that_never_goes_back(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        answer(&world, &code_of(&world, &id).await).await;
        published(&world).await;
        let once = get(&world, "servicerequestupdates.json").await.ok();
        let twice = get(&world, "servicerequestupdates.json").await.ok();
        assert_eq!(once, twice);
        let times: Vec<&str> = once.as_array().unwrap().iter().map(|update| update["updated_datetime"].as_str().unwrap()).collect();
        assert!(times.is_sorted());
        let mut numbers: Vec<&str> = once.as_array().unwrap().iter().map(|update| update["update_id"].as_str().unwrap()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), times.len());
    }

    async fn quirk_17_an_update_always_says_something(t: TestDb) {
        let world = open311(t).await;
        let id = report(&world, "").await;
        answer(&world, &code_of(&world, &id).await).await;
        published(&world).await;
        let updates = get(&world, "servicerequestupdates.json").await.ok();
        assert!(updates.as_array().unwrap().iter().all(|update| update["description"].as_str().is_some_and(|text| !text.is_empty())));
    }

    async fn quirk_18_a_fetched_request_has_an_id_a_date_and_a_known_service(t: TestDb) {
        let world = open311(t).await;
        world.report_lamp().await;
        published(&world).await;
        let listed = get(&world, "requests.json").await.ok();
        let services = get(&world, "services.json").await.ok();
        let request = &listed[0];
        assert!(services.as_array().unwrap().iter().any(|service| service["service_code"] == request["service_code"]));
        assert!(request["updated_datetime"].as_str().unwrap().parse::<linli_kernel::Timestamp>().is_ok());
        assert!(!request["service_name"].as_str().unwrap().is_empty());
    }

    async fn quirk_19_the_catalogue_has_every_code_once_and_no_blank_names(t: TestDb) {
        let world = open311(t).await;
        let services = get(&world, "services.json").await.ok();
        let mut codes: Vec<&str> = services.as_array().unwrap().iter().map(|service| service["service_code"].as_str().unwrap()).collect();
        let n = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), n);
        for service in services.as_array().unwrap() {
            let name = service["service_name"].as_str().unwrap();
            assert!(!name.is_empty() && name.trim() == name);
            if service["metadata"] == true {
                let definition = get(&world, &format!("services/{}.json", service["service_code"].as_str().unwrap())).await.ok();
                assert!(!definition["attributes"].as_array().unwrap().is_empty());
            }
        }
    }

    async fn quirk_20_a_picture_may_be_a_data_address_and_none_is_published(t: TestDb) {
        let world = open311(t).await;
        let mut png = Vec::new();
        image::DynamicImage::new_rgb8(8, 8).write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &png).replace('+', "%2B");
        let id = report(&world, &format!("&media_url=data:image/png;base64,{data}")).await;
        published(&world).await;
        let clerk = world.as_("clerk").await;
        let case = world.get(&clerk, &format!("/api/cases/{}", code_of(&world, &id).await)).await.ok();
        assert_eq!(case["attachments"].as_array().unwrap().len(), 1);
        assert_eq!(get(&world, &format!("requests/{id}.json")).await.ok()[0]["media_url"], json!(null));
        assert_eq!(encode("路"), "%E8%B7%AF");
    }
}
