//! What is due, where help is needed, who is on duty, through the real router, on both databases.

use serde_json::{Value, json};

use crate::world::{COMMUNITY, GRID_1, GRID_2, OTHER_COMMUNITY, Session, World};
use linli_testkit::on_both;

const DAY_MS: i64 = 86_400_000;

/// State by duty, and by the label of a dwelling or premises where there is one.
async fn due(world: &World, who: &Session) -> Vec<(String, String)> {
    let mine = world.get(who, "/api/duties/mine").await.ok();
    let told = |item: &Value| {
        let label = item["target"]["label"].as_str().map(|label| format!(" {label}")).unwrap_or_default();
        (format!("{}{label}", item["duty_id"].as_str().unwrap()), item["state"].as_str().unwrap().to_owned())
    };
    mine["items"].as_array().unwrap().iter().map(told).collect()
}

async fn state(world: &World, who: &Session, duty: &str) -> Option<String> {
    due(world, who).await.into_iter().find(|(id, _)| id == duty).map(|(_, state)| state)
}

async fn colleague(world: &World, who: &Session, name: &str) -> String {
    let found = world.get(who, "/api/duties/colleagues").await.ok();
    let one = found.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    one["id"].as_str().unwrap().to_owned()
}

async fn dwelling(world: &World, who: &Session, area: &str, room: &str) -> String {
    let fields = json!({ "compound": "幸福小区", "building": "3号楼", "room": room, "dwelling_use": "living", "occupancy": "owner" });
    let made = world.post(who, "/api/registry/dwellings", json!({ "area_code": area, "fields": fields })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

fn meeting(kind: &str, area: &str, attendees: &[String]) -> Value {
    json!({ "kind": kind, "area_code": area, "title": "碰头会", "note": "下周先把楼道清一遍", "attendee_ids": attendees })
}

fn shift(area: &str, accounts: &[String], day: &str) -> Value {
    json!({ "area_code": area, "kind": "station", "title": "暖心驿站", "place_text": "社区门口", "account_ids": accounts,
            "starts_at": format!("{day}T18:00:00+08:00"), "ends_at": format!("{day}T20:00:00+08:00") })
}

on_both! {
    async fn one_patrol_does_for_the_patrol_and_for_the_record_of_the_day(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        assert_eq!(state(&world, &worker, "daily_patrol").await.as_deref(), Some("due"));
        assert_eq!(state(&world, &worker, "daily_record").await.as_deref(), Some("due"));
        let why = world.get(&worker, "/api/duties/mine").await.ok();
        let patrol = why["items"].as_array().unwrap().iter().find(|item| item["duty_id"] == "daily_patrol").unwrap();
        assert!(patrol["why"].as_str().unwrap().starts_with("六个一；每天一次；"), "{patrol}");
        assert_eq!((&patrol["due_at"], &patrol["area"]["code"]), (&json!("2026-09-28T10:00:00.000Z"), &json!(GRID_1)));
        world.post(&worker, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1 })).await.ok();
        assert_eq!(state(&world, &worker, "daily_patrol").await.as_deref(), Some("done"));
        assert_eq!(state(&world, &worker, "daily_record").await.as_deref(), Some("done"));
        assert_eq!(state(&world, &world.as_("worker2").await, "daily_patrol").await.as_deref(), Some("due"), "another grid is another patrol");
        world.clock.advance_ms(DAY_MS);
        assert_eq!(state(&world, &world.as_("worker1").await, "daily_patrol").await.as_deref(), Some("due"), "a new day");
    }

    async fn the_catalogue_says_what_the_work_is_and_what_it_is_not(t: TestDb) {
        let world = World::new(t).await;
        let worker = world.as_("worker1").await;
        let catalogue = world.get(&worker, "/api/duties/catalogue").await.ok();
        let categories = catalogue["categories"].as_array().unwrap();
        assert_eq!(categories.len(), 10);
        let patrol = categories.iter().find(|category| category["code"] == "patrol").unwrap();
        assert!(patrol["items"].as_array().unwrap().iter().any(|item| item.as_str().unwrap().contains("不执法")), "{patrol}");
        assert_eq!((&patrol["duties"][0]["name"], &patrol["duties"][0]["roles"][0]), (&json!("每日一巡"), &json!("网格员")));
        world.get(&world.as_("urban").await, "/api/duties/catalogue").await.refused(403, "forbidden");
    }

    async fn nothing_is_due_on_a_holiday_and_late_is_told_until_the_period_ends(t: TestDb) {
        let world = World::new(t).await;
        world.clock.advance_ms(10 * 3_600_000);
        assert_eq!(state(&world, &world.as_("worker1").await, "daily_patrol").await.as_deref(), Some("late"), "19:00: it still counts");
        // 1 October 2026 is a Thursday, and a holiday.
        world.clock.advance_ms(3 * DAY_MS);
        assert_eq!(state(&world, &world.as_("worker1").await, "daily_patrol").await, None);
        // 10 October is a Saturday that is worked.
        world.clock.advance_ms(9 * DAY_MS - 10 * 3_600_000);
        assert_eq!(state(&world, &world.as_("worker1").await, "daily_patrol").await.as_deref(), Some("due"));
    }

    async fn a_meeting_is_written_down_once_for_everybody_who_was_there(t: TestDb) {
        let world = World::new(t).await;
        let (head, worker, beside) = (world.as_("head").await, world.as_("worker1").await, world.as_("worker2").await);
        let attended = colleague(&world, &head, "李春梅").await;
        let body = meeting("meeting", COMMUNITY, &[attended]);
        let made = world.post_with_key(&head, "/api/gatherings", "m1", body.clone()).await.ok();
        assert_eq!((&made["kind_name"], &made["attendees"].as_array().unwrap().len()), (&json!("例会"), &2));
        let again = world.post_with_key(&head, "/api/gatherings", "m1", body).await.ok();
        assert_eq!(again["id"], made["id"], "sent twice it is one meeting");
        assert_eq!(state(&world, &worker, "weekly_meeting").await.as_deref(), Some("done"));
        assert_eq!(state(&world, &head, "weekly_meeting").await.as_deref(), Some("done"));
        assert_eq!(state(&world, &beside, "weekly_meeting").await.as_deref(), Some("due"));
        assert_eq!(state(&world, &worker, "monthly_training").await.as_deref(), Some("due"), "a meeting is no training");
        assert_eq!(world.get(&world.as_("clerk").await, "/api/gatherings").await.ok()["items"].as_array().unwrap().len(), 1);
        assert!(world.get(&world.as_("other_clerk").await, "/api/gatherings").await.ok()["items"].as_array().unwrap().is_empty());
    }

    async fn a_meeting_elsewhere_or_with_strangers_is_refused(t: TestDb) {
        let world = World::new(t).await;
        let (worker, other) = (world.as_("worker1").await, world.as_("other_clerk").await);
        world.post(&worker, "/api/gatherings", meeting("meeting", GRID_2, &[])).await.refused(403, "forbidden");
        world.post(&worker, "/api/gatherings", meeting("meeting", OTHER_COMMUNITY, &[])).await.refused(403, "forbidden");
        world.post(&world.as_("leader").await, "/api/gatherings", meeting("meeting", COMMUNITY, &[])).await.refused(403, "forbidden");
        let stranger = "019a5f0e-7c3a-7000-8000-000000000001".to_owned();
        world.post(&worker, "/api/gatherings", meeting("meeting", GRID_1, &[stranger])).await.refused(422, "invalid");
        let mut ahead = meeting("training", OTHER_COMMUNITY, &[]);
        ahead["held_at"] = json!("2026-09-29T09:00:00+08:00");
        world.post(&other, "/api/gatherings", ahead).await.refused(422, "invalid");
    }

    async fn residents_see_who_receives_them_where_and_when_and_of_patrols_nothing(t: TestDb) {
        let world = World::new(t).await;
        let head = world.as_("head").await;
        let (spring, away) = (colleague(&world, &head, "李春梅").await, "2026-10-20");
        let mut today = shift(COMMUNITY, std::slice::from_ref(&spring), "2026-09-28");
        today["note"] = json!("钥匙在门卫处");
        let today = world.post(&head, "/api/shifts", today).await.ok();
        world.post(&head, "/api/shifts", shift(GRID_1, std::slice::from_ref(&spring), "2026-09-29")).await.ok();
        world.post(&head, "/api/shifts", shift(COMMUNITY, std::slice::from_ref(&spring), away)).await.ok();
        let mut patrol = shift(COMMUNITY, &[spring], "2026-09-28");
        patrol["kind"] = json!("patrol");
        world.post(&head, "/api/shifts", patrol).await.ok();

        let everybody = Session::none();
        let seen = async |query: &str| world.get(&everybody, &format!("/api/public/shifts{query}")).await.ok()["items"].clone();
        let all = seen("").await;
        assert_eq!(all.as_array().unwrap().len(), 2, "no patrol, and nothing that is weeks ahead: {all}");
        let first = &all[0];
        assert_eq!((&first["title"], &first["who"], &first["is_now"]), (&json!("暖心驿站"), &json!(["李春梅"]), &json!(false)));
        assert!(!first.to_string().contains("钥匙") && first.get("account_ids").is_none(), "{first}");
        assert_eq!(seen(&format!("?area={GRID_2}")).await.as_array().unwrap().len(), 2, "a grid reads of its whole community");
        assert_eq!(seen(&format!("?area={OTHER_COMMUNITY}")).await, json!([]));
        world.get(&everybody, "/api/public/shifts?area=990100000000").await.refused(422, "invalid");
        world.clock.advance_ms(10 * 3_600_000);
        assert_eq!(seen("").await[0]["is_now"], json!(true));
        let id = today[0]["id"].as_str().unwrap();
        world.post(&world.as_("head").await, &format!("/api/shifts/{id}/cancel"), json!({})).await.ok();
        assert_eq!(seen("").await.as_array().unwrap().len(), 1, "what was called off is not told");
    }

    async fn a_visiting_list_is_done_door_by_door_and_never_says_why(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside) = (world.as_("worker1").await, world.as_("worker2").await);
        let (one, two) = (dwelling(&world, &worker, GRID_1, "101室").await, dwelling(&world, &worker, GRID_1, "102室").await);
        for record in [&one, &two] {
            let put = world.post(&worker, "/api/duties/list_visits/list", json!({ "record_id": record, "on": true })).await;
            assert_eq!(put.status, 204, "{}", put.body);
        }
        world.post(&beside, "/api/duties/list_visits/list", json!({ "record_id": one, "on": false })).await.refused(404, "not_found");
        world.post(&worker, "/api/duties/daily_patrol/list", json!({ "record_id": one, "on": true })).await.refused(404, "not_found");
        let listed = |due: Vec<(String, String)>| due.into_iter().filter(|(id, _)| id.starts_with("list_visits")).map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(listed(due(&world, &worker).await), ["list_visits 幸福小区3号楼101室", "list_visits 幸福小区3号楼102室"]);
        assert!(listed(due(&world, &beside).await).is_empty());
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "record_id": one, "met": false })).await.ok();
        assert_eq!(listed(due(&world, &worker).await).len(), 2, "a closed door is no home visited");
        let made = world.post(&worker, "/api/visits", json!({ "kind": "visit", "record_id": one })).await.ok();
        assert_eq!((&made["area"]["code"], &made["place_text"], &made["record_id"]), (&json!(GRID_1), &json!("幸福小区3号楼101室"), &json!(one)));
        assert_eq!(listed(due(&world, &worker).await), ["list_visits 幸福小区3号楼102室"]);
        let mine = world.get(&worker, "/api/duties/mine").await.ok();
        let list = mine["progress"].as_array().unwrap().iter().find(|list| list["duty_id"] == "list_visits").unwrap();
        assert_eq!((&list["n_all"], &list["n_done"]), (&json!(2), &json!(1)));
        world.post(&worker, "/api/duties/list_visits/list", json!({ "record_id": two, "on": false })).await;
        assert!(listed(due(&world, &worker).await).is_empty());
        world.post(&beside, "/api/visits", json!({ "kind": "visit", "record_id": one })).await.refused(422, "invalid");
    }

    async fn a_head_sees_which_homes_of_a_list_are_still_to_be_visited_and_no_name(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside) = (world.as_("worker1").await, world.as_("worker2").await);
        let (one, two) = (dwelling(&world, &worker, GRID_1, "101室").await, dwelling(&world, &worker, GRID_1, "102室").await);
        let three = dwelling(&world, &beside, GRID_2, "201室").await;
        for (who, record) in [(&worker, &one), (&worker, &two), (&beside, &three)] {
            world.post(who, "/api/duties/list_visits/list", json!({ "record_id": record, "on": true })).await;
        }
        world.post(&worker, "/api/visits", json!({ "kind": "visit", "record_id": one })).await.ok();
        let head = world.as_("head").await;
        let found = world.get(&head, "/api/duties/lists").await.ok();
        let list = found["items"].as_array().unwrap().iter().find(|list| list["duty_id"] == "list_visits").unwrap();
        let homes: Vec<(&str, &str)> = list["homes"].as_array().unwrap().iter().map(|home| (home["record_id"].as_str().unwrap(), home["state"].as_str().unwrap())).collect();
        assert_eq!(homes, [(one.as_str(), "done"), (two.as_str(), "due"), (three.as_str(), "due")], "in the order of places");
        assert_eq!((&list["n_open"], &list["from"]), (&json!(2), &json!("2026-09-01")));
        assert!(!list.to_string().contains("李春梅") && !list.to_string().contains("王建国"), "{list}");
        let narrowed = world.get(&head, &format!("/api/duties/lists?area={GRID_2}")).await.ok();
        assert_eq!(narrowed["items"][0]["homes"].as_array().map(Vec::len), Some(1));
        // A new period begins anew.
        world.clock.set("2026-10-09T09:00:00+08:00".parse().unwrap());
        let head = world.as_("head").await;
        assert_eq!(world.get(&head, "/api/duties/lists").await.ok()["items"][0]["n_open"], 3);
        let other = world.as_("other_clerk").await;
        assert_eq!(world.get(&other, "/api/duties/lists").await.ok()["items"][0]["homes"], json!([]));
        for who in ["worker1", "leader", "auditor"] {
            world.get(&world.as_(who).await, "/api/duties/lists").await.refused(403, "forbidden");
        }
    }

    async fn a_head_sees_what_places_lack_and_no_order_of_people(t: TestDb) {
        let world = World::new(t).await;
        let head = world.as_("head").await;
        world.post(&world.as_("worker1").await, "/api/visits", json!({ "kind": "patrol", "area_code": GRID_1 })).await.ok();
        let gaps = world.get(&head, "/api/duties/gaps").await.ok();
        let told: Vec<(String, String, String)> = gaps["items"].as_array().unwrap().iter()
            .map(|gap| (gap["area"]["code"].as_str().unwrap().to_owned(), gap["duty_id"].as_str().unwrap().to_owned(), gap["missing"].as_str().unwrap().to_owned()))
            .collect();
        let areas: Vec<&String> = told.iter().map(|(area, _, _)| area).collect();
        let mut sorted = areas.clone();
        sorted.sort();
        assert_eq!(areas, sorted, "by place");
        assert!(!told.iter().any(|(area, duty, _)| area == GRID_1 && duty == "daily_patrol"));
        assert!(told.contains(&(GRID_2.to_owned(), "daily_patrol".to_owned(), "还差 1 次".to_owned())), "{told:?}");
        assert!(told.contains(&(GRID_2.to_owned(), "daily_record".to_owned(), "还有 1 人没有赶上".to_owned())), "{told:?}");
        let text = gaps.to_string();
        assert!(!text.contains("李春梅") && !text.contains("王建国"), "no name of anybody who did or did not");
        assert_eq!(world.get(&head, &format!("/api/duties/gaps?area={GRID_1}")).await.ok()["items"].as_array().unwrap().iter().filter(|gap| gap["area"]["code"] != GRID_1).count(), 0);
        world.get(&world.as_("worker1").await, "/api/duties/gaps").await.refused(403, "forbidden");
        world.get(&world.as_("leader").await, "/api/duties/gaps").await.refused(403, "forbidden");
        world.get(&world.as_("leader").await, "/api/duties/mine").await.refused(403, "forbidden");
        assert!(world.get(&world.as_("other_clerk").await, "/api/duties/gaps?whole=true").await.ok()["items"].as_array().unwrap().iter().all(|gap| gap["area"]["code"].as_str().unwrap().starts_with(OTHER_COMMUNITY)));
    }

    async fn a_self_check_tells_figures_to_its_person_alone(t: TestDb) {
        let world = World::new(t).await;
        let (worker, head) = (world.as_("worker1").await, world.as_("head").await);
        for place in ["1号楼", "2号楼"] {
            world.post(&worker, "/api/visits", json!({ "kind": "visit", "area_code": GRID_1, "address": place })).await.ok();
        }
        let finding = json!({ "kind": "patrol", "area_code": GRID_1, "finding": { "text": "路灯不亮", "category": "street_light" } });
        world.post(&worker, "/api/visits", finding).await.ok();
        let own = world.get(&worker, "/api/duties/self-check").await.ok();
        let lines: Vec<(Value, Value)> = own["mine"][0]["lines"].as_array().unwrap().iter().map(|line| (line["of"].clone(), line["n"].clone())).collect();
        assert_eq!(lines, [(json!("visits"), json!(2)), (json!("activities"), json!(0)), (json!("reports"), json!(1)), (json!("contacts"), json!(2))]);
        assert!(own["others"].as_array().unwrap().is_empty());
        let seen = world.get(&head, "/api/duties/self-check").await.ok();
        let other = seen["others"].as_array().unwrap().iter().find(|other| other["name"] == "李春梅").unwrap();
        let lines = other["lines"].as_array().unwrap();
        assert!(lines.iter().all(|line| line["n"].is_null()), "yes or no: {other}");
        assert_eq!(lines.iter().map(|line| line["is_there"].as_bool().unwrap()).collect::<Vec<_>>(), [true, false, true, true]);
        assert!(lines[1]["help"].as_str().is_some_and(|help| !help.is_empty()) && lines[0]["help"].is_null());
        let areas: Vec<&str> = seen["others"].as_array().unwrap().iter().map(|other| other["area"]["code"].as_str().unwrap()).collect();
        let mut sorted = areas.clone();
        sorted.sort_unstable();
        assert_eq!(areas, sorted, "by place");
    }

    async fn whoever_is_away_owes_nothing_and_the_stand_in_does_what_the_place_needs(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside, head) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("head").await);
        let (one, two) = (colleague(&world, &head, "李春梅").await, colleague(&world, &head, "王建国").await);
        let body = json!({ "account_id": one, "from": "2026-09-28", "to": "2026-09-29", "stand_in_id": two });
        let leave = world.post(&head, "/api/leaves", body).await;
        assert_eq!(leave.status, 201, "{}", leave.body);
        let mine = world.get(&worker, "/api/duties/mine").await.ok();
        assert!(mine["items"].as_array().unwrap().is_empty());
        assert_eq!((&mine["away_until"], &mine["stand_in_name"]), (&json!("2026-09-29T16:00:00.000Z"), &json!("王建国")));
        let theirs = world.get(&beside, "/api/duties/mine").await.ok();
        let stood_in: Vec<&str> = theirs["items"].as_array().unwrap().iter().filter(|item| item["for_name"] == "李春梅").map(|item| item["duty_id"].as_str().unwrap()).collect();
        assert_eq!(stood_in, ["daily_patrol"], "the place is seen to; nobody sits through another's meeting");
        let gaps = world.get(&head, "/api/duties/gaps").await.ok();
        assert_eq!((&gaps["away"][0]["name"], &gaps["away"][0]["stand_in_name"]), (&json!("李春梅"), &json!("王建国")));
        assert!(!gaps.to_string().contains("reason"), "nobody asks why");
        let id = leave.body["id"].as_str().unwrap();
        world.post(&beside, &format!("/api/leaves/{id}/end"), json!({})).await.refused(404, "not_found");
        assert_eq!(world.post(&worker, &format!("/api/leaves/{id}/end"), json!({})).await.status, 204);
        assert_eq!(state(&world, &worker, "daily_patrol").await.as_deref(), Some("due"));
        world.post(&worker, "/api/leaves", json!({ "account_id": two, "from": "2026-09-28", "to": "2026-09-29" })).await.refused(404, "not_found");
        world.post(&worker, "/api/leaves", json!({ "from": "2026-09-29", "to": "2026-09-28" })).await.refused(422, "invalid");
    }

    async fn news_of_a_seat_goes_to_whoever_stands_in(t: TestDb) {
        let world = World::new(t).await;
        let (worker, beside, head) = (world.as_("worker1").await, world.as_("worker2").await, world.as_("head").await);
        let (one, two) = (colleague(&world, &head, "李春梅").await, colleague(&world, &head, "王建国").await);
        world.post(&head, "/api/leaves", json!({ "account_id": one, "from": "2026-09-28", "to": "2026-09-28", "stand_in_id": two })).await;
        let accounts = std::collections::BTreeSet::from([one.parse().unwrap()]);
        let now = world.app.now();
        let told = world.app.db.read(move |conn| linli_civic::people::leave::present(conn, accounts, now)).await.unwrap();
        assert_eq!(told.into_iter().map(|account| account.to_string()).collect::<Vec<_>>(), [two]);
        drop((worker, beside));
    }

    async fn a_roster_is_set_once_changed_by_one_and_called_off_as_a_whole(t: TestDb) {
        let world = World::new(t).await;
        let head = world.as_("head").await;
        let one = colleague(&world, &head, "李春梅").await;
        let mut body = shift(COMMUNITY, std::slice::from_ref(&one), "2026-09-29");
        body["repeat_weeks"] = json!(3);
        let set = |body: Value| {
            let (world, head) = (&world, &head);
            async move { world.send(axum::http::Method::POST, "/api/shifts", head.0.as_deref(), &[("content-type", "application/json"), ("idempotency-key", "roster-1")], body.to_string().into_bytes()).await.ok() }
        };
        let first = set(body.clone()).await;
        assert_eq!(set(body.clone()).await, first, "sent again it is set once");
        let id = |n: usize| first[n]["id"].as_str().unwrap().to_owned();
        assert!(first.as_array().unwrap().iter().all(|shift| shift["in_series"] == true && shift["version"] == 1));
        let put = |n: usize, version: i64| {
            let mut body = shift(COMMUNITY, std::slice::from_ref(&one), "2026-10-06");
            body["version"] = json!(version);
            let (world, head, path) = (&world, &head, format!("/api/shifts/{}", id(n)));
            async move { world.send(axum::http::Method::PUT, &path, head.0.as_deref(), &[("content-type", "application/json")], body.to_string().into_bytes()).await }
        };
        assert_eq!(put(1, 1).await.ok()["version"], 2);
        put(1, 1).await.refused(409, "version_conflict");
        assert_eq!(world.post(&head, &format!("/api/shifts/{}/cancel?following=true", id(1)), json!({})).await.status, 204);
        let dates = |month: Value| -> Vec<Value> { month["days"].as_array().unwrap().iter().filter(|day| !day["shifts"].as_array().unwrap().is_empty()).map(|day| day["date"].clone()).collect() };
        assert_eq!(dates(world.get(&head, "/api/duties/calendar?month=2026-09").await.ok()), ["2026-09-29"]);
        assert!(dates(world.get(&head, "/api/duties/calendar?month=2026-10").await.ok()).is_empty());
    }

    async fn a_head_sets_the_roster_and_everybody_there_sees_it(t: TestDb) {
        let world = World::new(t).await;
        let (head, worker) = (world.as_("head").await, world.as_("worker1").await);
        let one = colleague(&world, &head, "李春梅").await;
        let mut body = shift(COMMUNITY, std::slice::from_ref(&one), "2026-09-29");
        body["repeat_weeks"] = json!(1);
        let set = world.post(&head, "/api/shifts", body).await;
        assert_eq!((set.status.as_u16(), set.body.as_array().unwrap().len()), (201, 2), "{}", set.body);
        let days = |month: &Value| -> Vec<String> {
            month["days"].as_array().unwrap().iter().filter(|day| !day["shifts"].as_array().unwrap().is_empty()).map(|day| day["date"].as_str().unwrap().to_owned()).collect()
        };
        let september = world.get(&worker, "/api/duties/calendar?month=2026-09").await.ok();
        assert_eq!(days(&september), ["2026-09-29"]);
        let of = |date: &str| september["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap().clone();
        assert_eq!(of("2026-09-29")["shifts"][0]["is_mine"], true);
        assert_eq!(of("2026-09-17")["fixed"][0]["name"], "接待日");
        assert_eq!((&of("2026-09-26")["is_workday"], &of("2026-09-28")["is_workday"]), (&json!(false), &json!(true)));
        let october = world.get(&worker, "/api/duties/calendar?month=2026-10").await.ok();
        assert_eq!(days(&october), ["2026-10-06"]);
        let moved = |date: &str| october["days"].as_array().unwrap().iter().find(|day| day["date"] == date).unwrap()["fixed"].to_string().contains("接待日");
        assert!(!moved("2026-10-17") && moved("2026-10-19"), "the 17th is a Saturday");
        let id = set.body[0]["id"].as_str().unwrap();
        world.post(&worker, &format!("/api/shifts/{id}/cancel"), json!({})).await.refused(403, "forbidden");
        world.post(&world.as_("other_clerk").await, &format!("/api/shifts/{id}/cancel"), json!({})).await.refused(404, "not_found");
        assert_eq!(world.post(&head, &format!("/api/shifts/{id}/cancel"), json!({})).await.status, 204);
        world.post(&head, &format!("/api/shifts/{id}/cancel"), json!({})).await.refused(409, "not_now");
        world.post(&worker, "/api/shifts", shift(COMMUNITY, &[one], "2026-09-30")).await.refused(403, "forbidden");
        world.post(&head, "/api/shifts", shift(COMMUNITY, &[], "2026-09-30")).await.refused(422, "invalid");
    }
}
