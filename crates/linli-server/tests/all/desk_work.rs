//! What people who sit at the desk all day do: many cases at once, calls, call-backs, the work order as a file.

use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, GRID_1, OTHER_COMMUNITY, Session, World, reply};
use linli_testkit::{TestDb, on_both};

/// A matter without a category: it waits for somebody to accept it.
async fn report(world: &World, area: &str, text: &str) -> String {
    let reported = world.post(&Session::none(), "/api/cases", json!({ "text": text, "area_code": area })).await.ok();
    reported["code"].as_str().unwrap().to_owned()
}

/// A case as the bulk command names it.
async fn item(world: &World, who: &Session, code: &str) -> Value {
    let case = world.get(who, &format!("/api/cases/{code}")).await.ok();
    json!({ "id": case["id"], "version": case["version"] })
}

fn results(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["result"].as_str().unwrap()).collect()
}

fn seat(area: &str, unit: Option<&str>) -> Value {
    json!({ "area_code": area, "unit_code": unit })
}

fn bulk(verb: &str, items: &[Value], fields: Value) -> Value {
    json!({ "verb": verb, "items": items, "fields": fields })
}

/// The texts of a document, part by part.
fn document(bytes: &[u8]) -> std::collections::BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = |name: String| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_name(&name).unwrap(), &mut bytes).unwrap();
        (name, String::from_utf8_lossy(&bytes).into_owned())
    };
    names.into_iter().map(read).collect()
}

fn dispatch() -> Value {
    json!({ "seat": seat(GRID_1, None), "reason": "先到现场看看" })
}

on_both! {
    async fn each_of_several_goes_or_says_why_it_did_not(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let mut items = Vec::new();
        for text in ["长椅坏了一条腿", "花坛边缺了两块砖", "宣传栏玻璃碎了"] {
            items.push(item(&world, &clerk, &report(&world, GRID_1, text).await).await);
        }
        // Somebody else is first at the second; the third is of another community.
        world.act(&world.as_("clerk2").await, items[1]["id"].as_str().unwrap(), "dispatch", dispatch()).await.ok();
        let foreign = item(&world, &world.as_("other_clerk").await, &report(&world, OTHER_COMMUNITY, "别处的事情").await).await;
        items.insert(2, foreign.clone());
        let answer = world.post(&clerk, "/api/cases/bulk", bulk("dispatch", &items, dispatch())).await.ok();
        assert_eq!((results(&answer), answer["n_done"].as_i64()), (vec!["done", "conflict", "refused", "done"], Some(2)));
        assert!(answer["items"][1]["sentence"].as_str().unwrap().contains("刘洋"), "{answer}");
        assert_eq!(answer["items"][2]["code"], "not_found");
        for (n, stage) in [(0, "dispatched"), (3, "dispatched")] {
            let path = format!("/api/cases/{}", items[n]["id"].as_str().unwrap());
            assert_eq!(world.get(&clerk, &path).await.ok()["stage"], stage);
        }
        // The case next door was not touched, not even read.
        let other = world.get(&world.as_("other_clerk").await, &format!("/api/cases/{}", foreign["id"].as_str().unwrap())).await.ok();
        assert_eq!(other["version"], foreign["version"]);
    }

    async fn the_same_request_again_does_nothing_twice_and_finishes_what_was_left(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let mut items = Vec::new();
        for text in ["长椅坏了一条腿", "花坛边缺了两块砖"] {
            items.push(item(&world, &clerk, &report(&world, GRID_1, text).await).await);
        }
        // A first try reached one of them only.
        let half = bulk("comment", &items[..1], json!({ "text": "今天统一去看" }));
        world.post_with_key(&clerk, "/api/cases/bulk", "bulk-1", half).await.ok();
        let whole = bulk("comment", &items, json!({ "text": "今天统一去看" }));
        for _ in 0..2 {
            let answer = world.post_with_key(&clerk, "/api/cases/bulk", "bulk-1", whole.clone()).await.ok();
            assert_eq!(results(&answer), ["done", "done"]);
        }
        for item in &items {
            let case = world.get(&clerk, &format!("/api/cases/{}", item["id"].as_str().unwrap())).await.ok();
            let notes = case["timeline"].as_array().unwrap().iter().filter(|entry| entry["type"] == "commented").count();
            assert_eq!(notes, 1, "{case}");
        }
        let other = bulk("comment", &items, json!({ "text": "换一句话" }));
        let answer = world.post_with_key(&clerk, "/api/cases/bulk", "bulk-1", other).await.ok();
        assert_eq!((results(&answer), answer["items"][0]["code"].as_str()), (vec!["refused", "refused"], Some("key_reused")));
    }

    async fn several_is_at_most_two_hundred_each_once_and_only_what_may_be_done_for_many(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let one = item(&world, &clerk, &report(&world, GRID_1, "长椅坏了一条腿").await).await;
        let fields = json!({ "text": "今天统一去看" });
        let field = |refused: Value| refused["errors"][0]["code"].as_str().unwrap().to_owned();
        let many: Vec<Value> = (0..201).map(|n| json!({ "id": format!("0199a1b2-0000-7000-8000-{n:012}"), "version": 1 })).collect();
        let post = async |body: Value| world.post(&clerk, "/api/cases/bulk", body).await;
        assert_eq!(field(post(bulk("comment", &many, fields.clone())).await.refused(422, "invalid")), "too_many");
        assert_eq!(field(post(bulk("comment", &[], fields.clone())).await.refused(422, "invalid")), "required");
        assert_eq!(field(post(bulk("comment", &[one.clone(), one.clone()], fields.clone())).await.refused(422, "invalid")), "twice");
        // An answer is written for one resident.
        assert_eq!(field(post(bulk("settle", std::slice::from_ref(&one), json!({ "reply": reply() }))).await.refused(422, "invalid")), "one_by_one");
        for name in ["auditor", "admin"] {
            let who = world.as_(name).await;
            world.post(&who, "/api/cases/bulk", bulk("comment", std::slice::from_ref(&one), fields.clone())).await.refused(403, "forbidden");
        }
        world.post(&Session::none(), "/api/cases/bulk", bulk("comment", &[one], fields)).await.refused(401, "not_signed_in");
    }

    async fn what_is_offered_for_several_is_what_each_of_them_offers(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let (waiting, lamp) = (report(&world, GRID_1, "长椅坏了一条腿").await, world.report_lamp().await);
        let mut ids = vec![item(&world, &clerk, &waiting).await["id"].clone(), item(&world, &clerk, &lamp).await["id"].clone()];
        let offers = world.post(&clerk, "/api/cases/bulk/offers", json!({ "ids": ids })).await.ok();
        let named: Vec<(&str, &str)> = offers["actions"].as_array().unwrap().iter().map(|offer| (offer["verb"].as_str().unwrap(), offer["name"].as_str().unwrap())).collect();
        // Accepting is for the one that waits alone; what the one calls 派单 is 改派 for the other.
        assert!(named.contains(&("dispatch", "派单/改派")) && named.iter().all(|(verb, _)| *verb != "accept"), "{named:?}");
        let seats = world.post(&clerk, "/api/cases/bulk/seats", json!({ "ids": ids })).await.ok();
        let grid = seats["items"].as_array().unwrap().iter().find(|seat| seat["area"]["code"] == GRID_1 && seat["unit"].is_null()).unwrap();
        assert_eq!(grid["blocked"], Value::Null, "one of them is there already, the other can go: {seats}");
        // Whom they do not see counts for nothing.
        let foreign = report(&world, OTHER_COMMUNITY, "别处的事情").await;
        ids.push(item(&world, &world.as_("other_clerk").await, &foreign).await["id"].clone());
        let again = world.post(&clerk, "/api/cases/bulk/offers", json!({ "ids": ids })).await.ok();
        assert_eq!((again["n_seen"].as_i64(), &again["actions"]), (Some(2), &offers["actions"]));
    }

    async fn several_are_accepted_each_under_its_own_category(t: TestDb) {
        let world = World::new(t).await;
        let (clerk, worker) = (world.as_("clerk").await, world.as_("worker1").await);
        let lamp = world.report_lamp().await;
        let ground = json!({ "ground": "unclear", "text": "位置说不清" });
        world.act(&worker, &lamp, "send_back", ground).await.ok();
        let unsorted = report(&world, GRID_1, "说不清是什么事").await;
        let items = [item(&world, &clerk, &lamp).await, item(&world, &clerk, &unsorted).await];
        let answer = world.post(&clerk, "/api/cases/bulk", bulk("accept", &items, json!({}))).await.ok();
        assert_eq!(results(&answer), ["done", "refused"], "{answer}");
        assert_eq!(answer["items"][1]["errors"][0]["field"], "fields.category");
        let accepted = world.get(&clerk, &format!("/api/cases/{lamp}")).await.ok();
        assert_eq!((accepted["category"].as_str(), accepted["stage"].as_str()), (Some("street_light"), Some("dispatched")));
    }

    async fn what_was_done_and_took_the_case_away_is_told_as_done_once_and_again(t: TestDb) {
        let world = World::new(t).await;
        let (code, urban) = (world.report_lamp().await, world.as_("urban").await);
        let leader = world.as_("leader").await;
        let to_urban = json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" });
        world.act(&leader, &code, "dispatch", to_urban).await.ok();
        let seen = item(&world, &urban, &code).await;
        let path = format!("/api/cases/{code}/actions/send_back");
        let body = json!({ "version": seen["version"], "fields": { "ground": "not_our_duty", "text": "小区里的灯由物业管" } });
        for _ in 0..2 {
            let answer = world.post_with_key(&urban, &path, "back-1", body.clone()).await.ok();
            assert_eq!((&answer["done"], &answer["gone"]), (&json!(true), &json!(true)));
        }
        // As another intention it meets nothing: nothing was done, and that is what it says.
        world.post_with_key(&urban, &path, "back-2", body).await.refused(404, "not_found");
        let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        assert_eq!(case["timeline"].as_array().unwrap().iter().filter(|entry| entry["type"] == "sent_back").count(), 1);
    }

    async fn who_sends_several_back_and_sees_them_no_more_is_told_so(t: TestDb) {
        let world = World::new(t).await;
        let (code, urban) = (world.report_lamp().await, world.as_("urban").await);
        let leader = world.as_("leader").await;
        world.act(&leader, &code, "dispatch", json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" })).await.ok();
        let items = [item(&world, &urban, &code).await];
        let answer = world.post(&urban, "/api/cases/bulk", bulk("send_back", &items, json!({ "ground": "not_our_duty", "text": "由物业管" }))).await.ok();
        assert_eq!((results(&answer), &answer["items"][0]["gone"]), (vec!["done"], &json!(true)));
    }

    async fn an_urge_is_noted_moves_no_clock_and_holds_nobody_up(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let (worker, hotline) = (world.as_("worker1").await, world.as_("hotline").await);
        let before = world.get(&worker, &format!("/api/cases/{code}")).await.ok();
        world.act(&hotline, &code, "urge", json!({ "text": "天黑了还是不亮，孩子放学看不清路", "public": true })).await.ok();
        // The worker saw the version before: what is only noted makes no decision stale.
        let taken = world.post(&worker, &format!("/api/cases/{code}/actions/take"), json!({ "version": before["version"] })).await.ok();
        assert_eq!((&taken["stage"], &taken["promised_at"]), (&json!("handling"), &before["promised_at"]));
        let urged = taken["timeline"].as_array().unwrap().iter().find(|entry| entry["type"] == "urged").unwrap().clone();
        assert!(urged["sentence"].as_str().unwrap().contains("催办"), "{urged}");
        let public = world.get(&Session::none(), &format!("/api/public/cases/{code}")).await.ok();
        assert!(public["timeline"].to_string().contains("孩子放学看不清路"), "{public}");
        let stranger = world.as_("worker2").await;
        let urge = json!({ "version": 1, "fields": { "text": "别的网格" } });
        world.post(&stranger, &format!("/api/cases/{code}/actions/urge"), urge).await.refused(404, "not_found");
        world.act(&world.as_("auditor").await, &code, "urge", json!({ "text": "看看" })).await.refused(403, "forbidden");
    }

    async fn while_a_caller_speaks_what_is_known_of_the_matter_is_found(t: TestDb) {
        let world = World::new(t).await;
        let (lamp, hotline) = (world.report_lamp().await, world.as_("hotline").await);
        report(&world, GRID_1, "健身器材的螺丝松了").await;
        // The caller names the community only.
        let said = json!({ "text": "3号楼前面那盏路灯不亮", "category": "street_light", "area_code": COMMUNITY });
        let around = world.post(&hotline, "/api/calls/around", said.clone()).await.ok();
        let alike = &around["alike"][0];
        assert_eq!((alike["case"]["code"].as_str(), alike["n_callers"].as_i64()), (Some(lamp.as_str()), Some(1)), "{around}");
        assert_eq!(around["near"].as_array().unwrap().len(), 1, "what is alike is not near as well: {around}");
        // Followed by its token, the caller is answered with it.
        let mut body = said.clone();
        body["same_as"] = alike["token"].clone();
        body["channel"] = json!("hotline");
        let second = world.post(&hotline, "/api/cases", body).await.ok();
        assert_eq!(second["case"]["phase"], "waiting");
        let links = world.get(&hotline, &format!("/api/cases/{lamp}")).await.ok()["links"].clone();
        assert_eq!(links[0]["relation"], "follower");
        // Of what lies elsewhere a clerk learns nothing.
        let other = world.as_("other_clerk").await;
        let hidden = world.post(&other, "/api/calls/around", said.clone()).await.ok();
        assert_eq!((&hidden["alike"], &hidden["near"]), (&json!([]), &json!([])));
        world.post(&Session::none(), "/api/calls/around", said.clone()).await.refused(401, "not_signed_in");
        world.post(&world.as_("leader").await, "/api/calls/around", said).await.refused(403, "forbidden");
    }

    async fn an_address_is_completed_only_where_the_caller_may_register(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        for name in ["红旗小区13号楼", "红旗小区3号楼", "红旗小区3号楼100%单元"] {
            let body = json!({ "name": name, "kind": "building" });
            world.post(&clerk, &format!("/api/areas/{GRID_1}/places"), body).await.ok();
        }
        let names = |found: &Value| found["items"].as_array().unwrap().iter().map(|choice| choice["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let hotline = world.as_("hotline").await;
        let found = world.post(&hotline, "/api/addresses", json!({ "q": "红旗社区3号楼" })).await.ok();
        assert_eq!(names(&found), ["红旗小区3号楼", "红旗小区3号楼100%单元", "红旗小区13号楼", "红旗社区"], "{found}");
        assert_eq!(found["items"][0]["area"]["code"], GRID_1);
        // A sign that means something to a database means nothing here.
        assert_eq!(names(&world.post(&hotline, "/api/addresses", json!({ "q": "0%单" })).await.ok()), ["红旗小区3号楼100%单元"]);
        assert_eq!(names(&world.post(&hotline, "/api/addresses", json!({ "q": "%" })).await.ok()), ["红旗小区3号楼100%单元"]);
        let other = world.as_("other_clerk").await;
        assert_eq!(world.post(&other, "/api/addresses", json!({ "q": "红旗社区3号楼" })).await.ok()["items"], json!([]));
        world.post(&world.as_("auditor").await, "/api/addresses", json!({ "q": "红旗" })).await.refused(403, "forbidden");
    }

    async fn the_call_list_says_whom_to_call_how_often_it_was_tried_and_who_may(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        let (clerk, hotline) = (world.as_("clerk").await, world.as_("hotline").await);
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        // Whether it is drawn is a matter of chance: tried once, it is on the list in any case.
        let unreached = json!({ "reached": false, "solved": false, "satisfied": false, "text": "无人接听" });
        world.act(&hotline, &code, "follow_up", unreached).await.ok();
        let list = world.get(&hotline, "/api/callbacks").await.ok();
        let row = &list["items"][0];
        assert_eq!((row["case"]["code"].as_str(), row["n_unreached"].as_i64()), (Some(code.as_str()), Some(1)), "{list}");
        assert_eq!((&row["phone_masked"], &row["may_follow_up"]), (&json!("199****0001"), &json!(true)));
        assert!(!list.to_string().contains("19900000001"), "{list}");
        let own = world.get(&worker, "/api/callbacks").await.ok();
        assert_eq!(own["items"][0]["may_follow_up"], json!(false), "the unit that handled it does not ask how it was: {own}");
        assert_eq!(world.get(&world.as_("other_clerk").await, "/api/callbacks").await.ok()["items"], json!([]));
        world.get(&world.as_("leader").await, "/api/callbacks").await.refused(403, "forbidden");
        let said = json!({ "reached": true, "solved": true, "satisfied": true, "text": "现在亮了" });
        world.act(&hotline, &code, "follow_up", said).await.ok();
        assert_eq!(world.get(&hotline, "/api/callbacks").await.ok()["items"], json!([]));
    }

    async fn a_work_order_is_a_file_that_says_everything_but_the_number_and_who_took_it_out(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        let path = format!("/api/cases/{code}/work-order.docx");
        let file = world.get(&clerk, &path).await;
        assert_eq!((file.status.as_u16(), file.kind.as_str()), (200, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"));
        let parts = document(&file.bytes);
        let (text, foot) = (&parts["word/document.xml"], &parts["word/footer1.xml"]);
        assert!(!text.contains("{{") && !foot.contains("{{"), "{text}");
        for said in [code.as_str(), "199****0001", "3号楼前的路灯不亮，晚上看不清路", "更换灯泡并检查线路", "红旗社区第一网格", "李春梅"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("19900000001") && !text.contains("居民评价"), "not rated yet: {text}");
        assert!(foot.contains("张敏（红旗社区工作人员） 于 2026年9月28日 09:00 打印"), "{foot}");
        // The picture of its code stands where the template has its own.
        let shipped = include_bytes!("../../../../playbooks/base/templates/work-order.docx");
        assert_ne!(parts["word/media/qr.png"], document(shipped)["word/media/qr.png"]);
        // Leaders call nobody; who does not see the case gets nothing.
        let led = document(&world.get(&world.as_("leader").await, &path).await.bytes);
        assert!(led["word/document.xml"].contains("仅办理人可见") && !led["word/document.xml"].contains("199****"), "{led:?}");
        world.get(&world.as_("other_clerk").await, &path).await.refused(404, "not_found");
        world.get(&world.as_("admin").await, &path).await.refused(403, "forbidden");
        world.get(&Session::none(), &path).await.refused(401, "not_signed_in");
    }

    async fn the_number_is_in_the_file_only_for_a_purpose_that_is_written_down(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let clerk = world.as_("clerk").await;
        let path = format!("/api/cases/{code}/work-order.docx");
        world.post(&clerk, &path, json!({ "purpose": " " })).await.refused(422, "invalid");
        world.post(&world.as_("leader").await, &path, json!({ "purpose": "归档" })).await.refused(403, "forbidden");
        world.post(&world.as_("other_clerk").await, &path, json!({ "purpose": "归档" })).await.refused(404, "not_found");
        let public = format!("/api/public/cases/{code}");
        assert_eq!(world.get(&Session::none(), &public).await.ok()["contact_looks"], json!([]));
        let file = world.post(&clerk, &path, json!({ "purpose": "交维修队上门联系" })).await;
        assert!(document(&file.bytes)["word/document.xml"].contains("19900000001"));
        let looks = world.get(&Session::none(), &public).await.ok()["contact_looks"].clone();
        assert_eq!((looks.as_array().unwrap().len(), &looks[0]["purpose"]), (1, &json!("交维修队上门联系")));
    }
}

/// A template as a word processor leaves it: the placeholders cut in pieces.
fn own_template(placeholder: &str) -> Vec<u8> {
    let run = |text: &str| format!("<w:r><w:t>{text}</w:t></w:r>");
    let body: String =
        ["本区工单 {", "{paper", "_no}", "} 打印 {{printed_by}}{{printed_at}} ", placeholder].map(run).concat();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    out.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
    let document = format!("<w:document><w:body><w:p>{body}</w:p></w:body></w:document>");
    std::io::Write::write_all(&mut out, document.as_bytes()).unwrap();
    out.finish().unwrap().into_inner()
}

fn own_playbook(t: &TestDb, template: &[u8]) {
    let folder = t.folder().join("playbooks/own");
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    let head = "id = \"own\"\nname = \"本区工作法\"\nextends = \"base\"\n";
    std::fs::write(folder.join("playbook.toml"), head).unwrap();
    std::fs::write(folder.join("templates/work-order.docx"), template).unwrap();
}

on_both! {
    async fn a_place_brings_its_own_template(t: TestDb) {
        own_playbook(&t, &own_template(""));
        let world = World::with_playbook(t, "own").await;
        let code = world.report_lamp().await;
        let clerk = world.as_("clerk").await;
        let paper_no = world.get(&clerk, &format!("/api/cases/{code}")).await.ok()["paper_no"].as_str().unwrap().to_owned();
        let file = world.get(&clerk, &format!("/api/cases/{code}/work-order.docx")).await;
        let text = document(&file.bytes)["word/document.xml"].clone();
        assert!(text.contains(&format!("本区工单 {paper_no}")) && text.contains("张敏"), "{text}");
    }
}

#[test]
fn a_template_that_nothing_could_fill_is_found_before_it_is_used() {
    let t = TestDb::new(linli_testkit::Backend::Sqlite);
    own_playbook(&t, &own_template("{{reporter_phone}}"));
    let loaded = linli_server::open::load_playbook(t.folder(), "own").unwrap();
    assert!(!loaded.is_usable());
    let found: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
    assert!(
        found[0].starts_with(
            "own/templates/work-order.docx:1: 错误[unknown_placeholder] 没有“{{reporter_phone}}”这个占位符"
        ),
        "{found:?}"
    );
    own_playbook(&t, b"no document");
    let loaded = linli_server::open::load_playbook(t.folder(), "own").unwrap();
    assert_eq!(loaded.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["bad_document"]);
    for id in ["base", "weinan"] {
        let shipped = linli_server::open::load_playbook(std::path::Path::new("nowhere"), id).unwrap();
        assert!(shipped.documents.contains_key("work-order.docx") && shipped.is_usable(), "{id}");
    }
}
