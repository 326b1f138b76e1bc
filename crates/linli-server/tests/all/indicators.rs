//! Figures through the real router, on both databases: what a case counts for, who sees it, and that every number opens its cases.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx};
use serde_json::{Value, json};

use crate::world::{COMMUNITY, COUNTY, GRID_1, GRID_2, OTHER_COMMUNITY, STREET, Session, World, reply};
use linli_civic::indicators::consumer::{self, Step, Workers};
use linli_civic::indicators::{Basis, check, store};
use linli_db::{StoreError, params};
use linli_kernel::{AreaCode, Role};
use linli_testkit::on_both;

const URBAN: &str = "610502000000/urban_management";

/// Lets the consumer read everything, and holds what it keeps against what all events come to.
async fn counted(world: &World) {
    // What other tests are just writing to the same server holds back the end of the feed for a moment.
    loop {
        consumer::catch_up(&world.app).await.unwrap();
        if world.app.db.read(store::lag).await.unwrap().events_behind == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    let basis = Arc::clone(&world.app.indicators);
    let checked = world.app.db.read(move |conn| check::check(conn, &basis)).await.unwrap();
    assert!(checked.faults.is_empty(), "{checked:?}");
}

async fn board(world: &World, who: &str, query: &str) -> Value {
    counted(world).await;
    let who = world.as_(who).await;
    world.get(&who, &format!("/api/indicators/board?{query}")).await.ok()
}

fn item<'a>(board: &'a Value, id: &str) -> &'a Value {
    board["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap()
}

/// Above the line, below it, left out.
fn now(board: &Value, id: &str) -> (i64, i64, i64) {
    let figure = &item(board, id)["now"];
    let n = |key: &str| figure[key].as_i64().unwrap();
    (n("num"), n("den"), n("n_left_out"))
}

async fn cases(world: &World, who: &str, path: &str) -> Value {
    let who = world.as_(who).await;
    world.get(&who, &format!("/api/indicators/{path}")).await.ok()
}

fn codes(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["case"]["code"].as_str().unwrap()).collect()
}

fn seat(area: &str, unit: Option<&str>) -> Value {
    json!({ "area_code": area, "unit_code": unit })
}

/// Taken, settled and verified at the grid.
async fn mended(world: &World) -> String {
    let code = world.report_lamp().await;
    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "take", json!({})).await.ok();
    world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
    let clerk = world.as_("clerk").await;
    world.act(&clerk, &code, "verify", json!({})).await.ok();
    code
}

on_both! {
    async fn the_loop_of_a_case_gives_each_figure_what_it_is_due(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let before = board(&world, "clerk", "").await;
        assert_eq!(before["scope"]["area"]["code"], COMMUNITY);
        assert_eq!((now(&before, "reported"), now(&before, "closed"), now(&before, "on_time")), ((1, 1, 0), (0, 0, 0), (0, 0, 0)));
        assert_eq!(item(&before, "on_time")["now"]["value"], Value::Null);
        // One case in hand and two grid workers; the one grid has one of each.
        assert_eq!((item(&before, "in_hand")["now"]["value"].as_f64(), item(&before, "in_hand")["largest"].as_f64()), (Some(0.5), Some(1.0)));

        world.wait_until("2026-09-28T10:00:00").await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.wait_until("2026-09-28T15:00:00").await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        world.wait_until("2026-09-28T16:00:00").await;
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        world.act_publicly(&code, "rate", json!({ "stars": 5, "solved": true, "satisfied": true })).await.ok();
        for area in [GRID_1, COMMUNITY, STREET, COUNTY] {
            let board = board(&world, "leader", &format!("area={area}")).await;
            for id in ["reported", "closed", "on_time", "signed_in_time", "promise_kept", "days_to_settle", "solved", "satisfied", "within_grid", "within_county"] {
                assert_eq!(now(&board, id), (1, 1, 0), "{area} {id}");
            }
            assert_eq!((now(&board, "reopened"), now(&board, "sent_back"), now(&board, "whistle_rate")), ((0, 1, 0), (0, 1, 0), (0, 1, 0)));
            assert_eq!(item(&board, "in_hand")["now"]["num"], 0);
            assert_eq!(item(&board, "whistle_rate")["healthy"], "below");
            // Seven hours, to within an eighth.
            let hours = item(&board, "days_to_settle")["now"]["value"].as_f64().unwrap() / 3_600_000.0;
            assert!((hours - 7.0).abs() < 0.9, "{hours}");
        }
        let far = board(&world, "leader", &format!("area={GRID_2}")).await;
        assert_eq!(now(&far, "reported"), (0, 0, 0));
        let page = cases(&world, "clerk", "satisfied/cases?part=met").await;
        assert_eq!((codes(&page), page["items"][0]["day"].as_str(), page["items"][0]["part"].as_str()), (vec![code.as_str()], Some("2026-09-28"), Some("met")));
        assert!(codes(&cases(&world, "clerk", "satisfied/cases?part=missed").await).is_empty());
    }

    async fn what_happens_later_corrects_earlier_days(t: TestDb) {
        let world = World::new(t).await;
        let code = mended(&world).await;
        world.wait_until("2026-09-29T09:30:00").await;
        world.act_publicly(&code, "rate", json!({ "stars": 1, "solved": false, "satisfied": false })).await.ok();
        let monday = board(&world, "clerk", "from=2026-09-28&to=2026-09-28").await;
        assert_eq!((now(&monday, "reopened"), now(&monday, "within_grid")), ((1, 1, 0), (0, 0, 0)));
        let tuesday = board(&world, "clerk", "from=2026-09-29&to=2026-09-29").await;
        assert_eq!((now(&tuesday, "satisfied"), now(&tuesday, "reopened")), ((0, 1, 0), (0, 0, 0)));
        // Against the day before: then nothing was asked.
        assert_eq!(item(&tuesday, "satisfied")["before"]["value"], Value::Null);
        assert_eq!(item(&tuesday, "on_time")["before"]["value"], 1.0);
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "take", json!({})).await.ok();
        world.act(&clerk, &code, "settle", json!({ "reply": reply() })).await.ok();
        let clerk2 = world.as_("clerk2").await;
        world.act(&clerk2, &code, "verify", json!({})).await.ok();
        let both = board(&world, "clerk", "from=2026-09-28&to=2026-09-29").await;
        assert_eq!((now(&both, "reopened"), now(&both, "within_grid"), now(&both, "within_community")), ((1, 2, 0), (0, 1, 0), (1, 1, 0)));
        let course = item(&both, "reopened")["course"].as_array().unwrap();
        let points: Vec<_> = course.iter().map(|point| (point["day"].as_str().unwrap(), point["num"].as_i64().unwrap(), point["den"].as_i64().unwrap())).collect();
        assert_eq!(points, [("2026-09-28", 1, 1), ("2026-09-29", 0, 1)]);
    }

    async fn an_exclusion_takes_a_case_out_of_the_shares_and_keeps_it_on_the_list(t: TestDb) {
        let world = World::new(t).await;
        let code = mended(&world).await;
        let worker = world.as_("worker1").await;
        let before = board(&world, "clerk", "").await;
        assert_eq!(now(&before, "on_time"), (1, 1, 0));
        world.act(&worker, &code, "ask_exclusion", json!({ "ground": "beyond_power", "reason": "属省管道路" })).await.ok();
        let asked = board(&world, "clerk", "").await;
        assert_eq!(now(&asked, "on_time"), (1, 1, 0));
        let leader = world.as_("leader").await;
        world.act(&leader, &code, "exclude", json!({ "text": "属实" })).await.ok();
        let after = board(&world, "clerk", "").await;
        assert_eq!((now(&after, "on_time"), now(&after, "reported")), ((0, 0, 1), (1, 1, 0)));
        assert!(codes(&cases(&world, "clerk", "on_time/cases").await).is_empty());
        let left_out = cases(&world, "clerk", "on_time/cases?part=left_out").await;
        assert_eq!((codes(&left_out), left_out["items"][0]["part"].as_str()), (vec![code.as_str()], Some("left_out")));
    }

    async fn a_department_sees_its_own_figures_and_nobody_elses(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "escalate", json!({ "reason": "要部门看" })).await.ok();
        let clerk = world.as_("clerk").await;
        let to_urban = json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" });
        world.act(&clerk, &code, "dispatch", to_urban).await.ok();
        let own = board(&world, "urban", "").await;
        assert_eq!((own["scope"]["unit"]["key"].as_str(), now(&own, "sent_back")), (Some(URBAN), (0, 1, 0)));
        assert_eq!(own["like"], Value::Null);
        assert_eq!(codes(&cases(&world, "urban", "sent_back/cases").await), [code.as_str()]);
        let urban = world.as_("urban").await;
        world.get(&urban, &format!("/api/indicators/board?unit={URBAN}")).await.ok();
        for hidden in [format!("area={COUNTY}"), format!("area={COMMUNITY}"), "unit=610502000000/housing".to_owned(), "unit=610524000000/urban_management".to_owned()] {
            world.get(&urban, &format!("/api/indicators/board?{hidden}")).await.refused(404, "not_found");
            world.get(&urban, &format!("/api/indicators/reported/cases?{hidden}")).await.refused(404, "not_found");
            world.get(&urban, &format!("/api/indicators/board.xlsx?{hidden}")).await.refused(404, "not_found");
        }
        world.get(&urban, "/api/indicators/sent_back/areas").await.refused(422, "invalid");
        world.get(&urban, &format!("/api/indicators/sent_back/units?area={COUNTY}")).await.refused(404, "not_found");
        // It sends the case back and may not open it any more: it still counts, and that is said.
        let gone = world.act(&urban, &code, "send_back", json!({ "ground": "not_our_duty", "text": "小区内的灯由物业负责" })).await.ok();
        assert_eq!(gone["gone"], true, "{gone}");
        let own = board(&world, "urban", "").await;
        assert_eq!(now(&own, "sent_back"), (1, 1, 0));
        let page = cases(&world, "urban", "sent_back/cases?part=met").await;
        assert_eq!((codes(&page).len(), page["n_hidden"].as_i64()), (0, Some(1)));
        let whole = cases(&world, "leader", &format!("sent_back/cases?part=met&unit={URBAN}")).await;
        assert_eq!((codes(&whole), whole["n_hidden"].as_i64()), (vec![code.as_str()], Some(0)));
    }

    async fn a_board_is_shown_to_those_whose_area_it_is(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        world.get(&nobody, "/api/indicators/board").await.refused(401, "not_signed_in");
        for path in ["/api/indicators", "/api/indicators/board", "/api/indicators/board.xlsx", "/api/indicators/reported/areas", "/api/indicators/reported/units", "/api/indicators/reported/cases"] {
            for name in ["worker1", "admin"] {
                let who = world.as_(name).await;
                world.get(&who, path).await.refused(403, "forbidden");
            }
            let clerk = world.as_("clerk").await;
            assert_eq!(world.get(&clerk, path).await.status, 200, "{path}");
            if path != "/api/indicators" {
                for foreign in [OTHER_COMMUNITY, STREET, "610524001020", "610599000000"] {
                    world.get(&clerk, &format!("{path}?area={foreign}")).await.refused(404, "not_found");
                }
            }
        }
        for (name, area) in [("head", GRID_2), ("dispatcher", OTHER_COMMUNITY), ("hotline", COUNTY), ("leader", STREET), ("auditor", GRID_1)] {
            let who = world.as_(name).await;
            world.get(&who, &format!("/api/indicators/board?area={area}")).await.ok();
        }
    }

    async fn each_number_opens_its_cases_page_by_page(t: TestDb) {
        let world = World::new(t).await;
        let mut reported = Vec::new();
        for _ in 0..7 {
            reported.push(world.report_lamp().await);
            world.clock.advance_ms(1_000);
        }
        counted(&world).await;
        let mut shown: Vec<String> = Vec::new();
        let mut next = String::new();
        loop {
            let page = cases(&world, "leader", &format!("reported/cases?area={COMMUNITY}&limit=3{next}")).await;
            shown.extend(codes(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["next"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        // The newest first, each once.
        reported.reverse();
        assert_eq!(shown, reported);
        let page = cases(&world, "leader", &format!("reported/cases?area={COMMUNITY}&from=2026-09-01&to=2026-09-27")).await;
        assert!(codes(&page).is_empty());
        let open = cases(&world, "leader", &format!("in_hand/cases?area={COMMUNITY}&limit=200")).await;
        assert_eq!((codes(&open).len(), &open["items"][0]["day"]), (7, &Value::Null));
    }

    async fn what_makes_no_sense_is_named(t: TestDb) {
        let world = World::new(t).await;
        let clerk = world.as_("clerk").await;
        let field = |problem: Value| problem["errors"][0]["field"].as_str().unwrap().to_owned();
        for (query, expected) in [
            ("from=yesterday", "from"),
            ("to=2026-02-30", "to"),
            ("from=2026-09-02&to=2026-09-01", "to"),
            ("from=2019-01-01", "from"),
            ("area=610502005007&unit=610502000000/urban_management", "unit"),
            ("unit=urban_management", "unit"),
        ] {
            for path in ["board", "board.xlsx", "on_time/cases"] {
                let refused = world.get(&clerk, &format!("/api/indicators/{path}?{query}")).await.refused(422, "invalid");
                assert_eq!(field(refused), expected, "{path} {query}");
            }
        }
        let refused = world.get(&clerk, "/api/indicators/on_time/cases?cursor=somewhere").await.refused(422, "invalid");
        assert_eq!(field(refused), "cursor");
        world.get(&clerk, "/api/indicators/on_time/cases?part=half").await.refused(400, "bad_request");
        world.get(&clerk, "/api/indicators/board?area=6105").await.refused(400, "bad_request");
        for path in ["areas", "units", "cases"] {
            world.get(&clerk, &format!("/api/indicators/happiness/{path}")).await.refused(404, "not_found");
        }
    }

    async fn areas_stand_in_the_order_of_their_codes_and_units_too_unless_a_playbook_says_otherwise(t: TestDb) {
        let world = World::new(t).await;
        for _ in 0..2 {
            mended(&world).await;
        }
        let leader = world.as_("leader").await;
        counted(&world).await;
        let below = world.get(&leader, &format!("/api/indicators/reported/areas?area={STREET}")).await.ok();
        let rows: Vec<_> = below["items"].as_array().unwrap().iter().map(|row| (row["area"]["code"].as_str().unwrap(), row["figure"]["num"].as_i64().unwrap())).collect();
        assert_eq!(rows, [(COMMUNITY, 2), (OTHER_COMMUNITY, 0)]);
        assert_eq!((below["whole"]["num"].as_i64(), below["indicator"]["name"].as_str()), (Some(2), Some("登记事项")));
        let units = format!("/api/indicators/sent_back/units?area={COUNTY}");
        let listed = world.get(&leader, &units).await.ok();
        assert_eq!((listed["is_by_value"].as_bool(), listed["items"][0]["unit"]["key"].as_str().is_some()), (Some(false), true));
        world.get(&leader, &format!("{units}&order=value")).await.refused(422, "invalid");
        world.get(&leader, &format!("/api/indicators/reported/areas?area={STREET}&order=value")).await.ok();
        assert_eq!(world.get(&leader, "/api/indicators").await.ok()["may_rank_units"], false);
    }

    async fn departments_are_listed_by_their_figures_where_a_playbook_says_so(t: TestDb) {
        let folder = t.folder().join("playbooks/ranks");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("playbook.toml"), "id = 'ranks'\nname = '排部门'\nextends = 'base'\n[settings]\nrank_departments = true\n").unwrap();
        let world = World::with_playbook(t, "ranks").await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "escalate", json!({ "reason": "要部门看" })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "dispatch", json!({ "seat": seat(COUNTY, Some("urban_management")), "reason": "归城管" })).await.ok();
        counted(&world).await;
        let leader = world.as_("leader").await;
        let listed = world.get(&leader, &format!("/api/indicators/sent_back/units?area={COUNTY}&order=value")).await.ok();
        assert_eq!((listed["is_by_value"].as_bool(), listed["items"][0]["unit"]["key"].as_str()), (Some(true), Some(URBAN)));
        // Areas are not, by any word.
        let areas = world.get(&leader, &format!("/api/indicators/reported/areas?area={STREET}&order=value")).await.ok();
        assert_eq!((areas["items"][0]["area"]["code"].as_str(), areas["items"][1]["area"]["code"].as_str()), (Some(COMMUNITY), Some(OTHER_COMMUNITY)));
    }

    async fn a_place_is_compared_with_the_middle_half_of_its_likes(t: TestDb) {
        let world = World::new(t).await;
        let board_of = |board: &Value| item(board, "reported")["like"].clone();
        world.report_lamp().await;
        // One other community is no company.
        let alone = board(&world, "clerk", "").await;
        assert_eq!((board_of(&alone), alone["like"]["n"].as_i64()), (Value::Null, Some(1)));
        let more: Vec<String> = (9..13).map(|n| format!("610502005{n:03}")).collect();
        let codes = more.clone();
        world.app.db.write(move |tx| {
            tx.bookkeep(|w| {
                for code in &codes {
                    let code = AreaCode::parse(code).unwrap();
                    w.exec("INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES ($1, $2, $3, $4, $4, 1)", &params![code, code.parent(), code.level(), code.to_string()])?;
                }
                Ok::<_, StoreError>(())
            })
        }).await.unwrap();
        world.app.reload_areas().await.unwrap();
        for (n, code) in (1..).zip(&more) {
            for _ in 0..n {
                let body = json!({ "text": "路灯不亮，晚上看不清路", "area_code": code, "category": "street_light" });
                assert_eq!(world.post(&Session::none(), "/api/cases", body).await.status, 201);
            }
        }
        let board = board(&world, "clerk", "").await;
        assert_eq!((board["like"]["n"].as_i64(), board["like"]["within"]["code"].as_str()), (Some(5), Some(COUNTY)));
        // The others have none, one, two, three and four.
        let like = board_of(&board);
        assert_eq!((like["n"].as_i64(), like["p25"].as_f64(), like["median"].as_f64(), like["p75"].as_f64(), like["place"].as_str()), (Some(5), Some(1.0), Some(2.0), Some(3.0), Some("inside")));
        // Of a share only those have a value that have something below the line.
        assert_eq!(item(&board, "satisfied")["like"], Value::Null);
    }

    async fn a_board_as_a_spreadsheet_opens_and_names_nobody(t: TestDb) {
        let world = World::new(t).await;
        mended(&world).await;
        counted(&world).await;
        let dispatcher = world.as_("dispatcher").await;
        let answered = world.get(&dispatcher, &format!("/api/indicators/board.xlsx?area={STREET}")).await;
        assert_eq!(answered.status, 200);
        assert!(answered.kind.contains("spreadsheetml"), "{}", answered.kind);
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(answered.bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["指标", "下级区域"]);
        let figures = book.worksheet_range("指标").unwrap();
        let rows: Vec<Vec<String>> = figures.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(rows[0][..2], ["范围", "临渭区向阳街道"]);
        assert!(rows[3][1].starts_with("基础工作法 "), "{:?}", rows[3]);
        let on_time = figures.rows().find(|row| row[1] == Data::String("按时办结率".to_owned())).unwrap();
        assert_eq!((&on_time[2], &on_time[4], &on_time[5]), (&Data::Float(1.0), &Data::Float(1.0), &Data::Float(1.0)));
        assert!(on_time[15].to_string().contains("超时"), "{}", on_time[15]);
        // Nothing below the line is an empty cell, not a zero.
        let satisfied = figures.rows().find(|row| row[1] == Data::String("满意率".to_owned())).unwrap();
        assert_eq!(satisfied[2], Data::Empty);
        let below = book.worksheet_range("下级区域").unwrap();
        let names: Vec<String> = below.rows().skip(6).map(|row| row[0].to_string()).collect();
        assert_eq!(names, ["红旗社区", "金水社区"]);
        let everything = rows.concat().join(" ");
        for nobody in ["李春梅", "19900000001", "3号楼"] {
            assert!(!everything.contains(nobody), "{nobody}");
        }
    }

    async fn the_lag_is_told_and_other_definitions_count_everything_again(t: TestDb) {
        let world = World::new(t).await;
        counted(&world).await;
        mended(&world).await;
        let clerk = world.as_("clerk").await;
        world.clock.advance_ms(60_000);
        let behind = world.get(&clerk, "/api/indicators/board").await.ok();
        assert!(behind["lag"]["events_behind"].as_i64().unwrap() >= 5, "{}", behind["lag"]);
        assert_eq!((behind["lag"]["behind_ms"].as_i64(), behind["lag"]["is_anew"].as_bool()), (Some(60_000), Some(false)));
        assert_eq!(now(&behind, "reported"), (0, 0, 0));
        let told = board(&world, "clerk", "").await;
        assert_eq!((told["lag"]["events_behind"].as_i64(), told["lag"]["behind_ms"].as_i64()), (Some(0), Some(0)));
        assert_eq!(now(&told, "reported"), (1, 1, 0));

        // A node with other definitions begins anew; this one leaves it to it.
        let mut other = (*world.app.playbooks.current()).clone();
        other.indicators.retain(|indicator| indicator.id == "closed" || indicator.id == "on_time");
        let other = Arc::new(Basis::of(&other));
        consumer::claim(&world.app, &other).await.unwrap();
        let mut workers = Workers::default();
        assert_eq!(consumer::step(&world.app, &world.app.indicators, &mut workers).await.unwrap(), Step::NotOurs);
        while world.app.db.read(store::lag).await.unwrap().events_behind > 0 {
            consumer::step(&world.app, &other, &mut workers).await.unwrap();
        }
        let basis = Arc::clone(&other);
        let checked = world.app.db.read(move |conn| check::check(conn, &basis)).await.unwrap();
        assert_eq!((checked.n_cases, checked.faults), (1, Vec::<String>::new()));
        // And back.
        let again = board(&world, "clerk", "").await;
        assert_eq!((now(&again, "reported"), now(&again, "on_time")), ((1, 1, 0), (1, 1, 0)));
    }

    async fn whoever_was_whistled_for_and_came_in_time_is_counted_by_their_unit(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let urgent = json!({ "whistle": "urgent", "seats": [seat(COUNTY, Some("urban_management"))], "text": "电线落地，请马上到场" });
        let case = world.act(&worker, &code, "whistle", urgent).await.ok();
        let task = case["tasks"][0]["id"].as_str().unwrap().to_owned();
        let urban = world.as_("urban").await;
        for (verb, at) in [("sign", "2026-09-28T09:05:00"), ("arrive", "2026-09-28T09:20:00")] {
            world.wait_until(at).await;
            world.post(&urban, &format!("/api/cases/{code}/tasks/{task}/actions/{verb}"), json!({ "version": 1, "fields": {} })).await.ok();
        }
        let own = board(&world, "urban", "").await;
        assert_eq!(now(&own, "arrived_in_time"), (1, 1, 0));
        let whole = board(&world, "leader", "").await;
        assert_eq!((now(&whole, "arrived_in_time"), now(&whole, "whistle_rate")), ((1, 1, 0), (1, 1, 0)));
        assert_eq!(item(&whole, "whistle_rate")["healthy"], "above");
    }

    async fn a_load_counts_the_workers_of_today(t: TestDb) {
        let world = World::new(t).await;
        world.report_lamp().await;
        world.report_lamp().await;
        let before = board(&world, "clerk", "").await;
        let load = |board: &Value| (item(board, "in_hand")["now"]["value"].as_f64(), item(board, "in_hand")["now"]["den"].as_i64(), item(board, "in_hand")["largest"].as_f64());
        assert_eq!(load(&before), (Some(1.0), Some(2), Some(2.0)));
        world.hire("worker3", Role::GridWorker, GRID_1, None).await;
        world.clock.advance_ms(16 * 60_000);
        let after = board(&world, "clerk", "").await;
        assert_eq!(load(&after), (Some(2.0 / 3.0), Some(3), Some(1.0)));
        // Nobody's name, no grid's name.
        let told = item(&after, "in_hand").to_string();
        assert!(!told.contains("李春梅") && !told.contains(GRID_1), "{told}");
    }

    async fn what_is_private_counts_where_it_is_answered_and_opens_there(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "escalate", json!({ "reason": "涉及隐私" })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &code, "set_privacy", json!({ "private": true, "reason": "家庭纠纷" })).await.ok();
        let grid = board(&world, "clerk", &format!("area={GRID_1}")).await;
        assert_eq!(now(&grid, "reported"), (0, 0, 0));
        let community = board(&world, "clerk", "").await;
        assert_eq!(now(&community, "reported"), (1, 1, 0));
        let page = cases(&world, "clerk", "reported/cases").await;
        assert_eq!((codes(&page), page["n_hidden"].as_i64()), (vec![code.as_str()], Some(0)));
    }
}

// ── Step by step and all at once, in the database ───────────────────────────────────────────────────────────

/// Chance that is the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const HAPPENS: &[&str] = &[
    "accepted",
    "dispatched",
    "taken",
    "handed_on",
    "escalated",
    "sent_back",
    "ruled",
    "settled",
    "verified",
    "rated",
    "reopened",
    "closed",
    "merged",
    "unmerged",
    "followed",
    "followed_up",
    "suspended",
    "resumed",
    "excluded",
    "deadline_breached",
    "task_called",
    "task_arrived",
    "privacy_set",
    "commented",
];

fn any_said(chance: &mut Chance, kind: &str) -> Value {
    let seats = [
        seat(GRID_1, None),
        seat(GRID_2, None),
        seat(COMMUNITY, Some("property")),
        seat(STREET, None),
        seat(COUNTY, Some("urban_management")),
    ];
    let clock = *chance.one_of(&["sign", "handle", "reply", "arrive"]);
    let started = format!("2026-09-2{}T01:00:00Z", chance.below(9));
    let task = kind
        .starts_with("task_")
        .then(|| json!({ "id": "t", "kind": "whistle", "area_code": COUNTY, "unit_code": "urban_management" }));
    let met = if chance.below(3) == 0 {
        json!([{ "deadline": clock, "started": started, "late": chance.below(2) == 0 }])
    } else {
        json!([])
    };
    json!({
        "phase": chance.one_of(&[Value::Null, json!("open"), json!("waiting"), json!("settled"), json!("closed")]), "seat": chance.one_of(&seats),
        "weight": chance.one_of(&["micro", "general", "major"]), "reached": chance.below(2) == 0, "solved": chance.below(2) == 0,
        "satisfied": chance.below(2) == 0, "upheld": chance.below(2) == 0, "ground": chance.one_of(&["court", "withdrawn"]), "task": task,
        "deadline": clock, "started": started, "met": met,
    })
}

on_both! {
    /// Whatever happens to cases, in whatever order, read in whatever pieces, while it is counted anew in between: what is kept is what
    /// the whole feed comes to.
    async fn figures_recomputed_from_the_feed_equal_the_rollups(t: TestDb) {
        let world = World::new(t).await;
        let mut chance = Chance(20_260_928);
        let mut histories: Vec<(String, i64)> = (0..30).map(|_| (linli_kernel::CaseId::new(world.app.ids.uuid(world.app.now())).to_string(), 0)).collect();
        let mut workers = Workers::default();
        consumer::claim(&world.app, &world.app.indicators).await.unwrap();
        for round in 0..40 {
            let mut rows = Vec::new();
            for _ in 0..chance.below(25) {
                world.clock.advance_ms(i64::try_from(chance.below(9_000_000)).unwrap());
                let which = usize::try_from(chance.below(30)).unwrap();
                let (case, n) = &mut histories[which];
                *n += 1;
                let kind = if *n == 1 { "reported" } else { chance.one_of(HAPPENS) };
                let mut said = any_said(&mut chance, kind);
                if *n == 1 {
                    said["channel"] = json!("qr");
                    said["category"] = json!("street_light");
                }
                let area = *chance.one_of(&[GRID_1, GRID_1, GRID_2, COMMUNITY]);
                rows.push((case.clone(), *n, kind, world.app.now(), area, said.to_string()));
            }
            world.app.db.write(move |tx| {
                tx.bookkeep(|w| {
                    for (case, n, kind, at, area, said) in &rows {
                        w.exec(
                            "INSERT INTO event (stream_kind, stream_id, n, kind, at, actor_kind, area_code, payload, prev_hash, hash) VALUES ('case', $1, $2, $3, $4, 'system', $5, $6, $7, $7)",
                            &params![*case, *n, *kind, *at, *area, *said, vec![0_u8; 32]],
                        )?;
                    }
                    Ok::<_, StoreError>(())
                })
            }).await.unwrap();
            if round == 25 {
                consumer::begin_anew(&world.app, &world.app.indicators).await.unwrap();
            }
            if chance.below(2) == 0 {
                consumer::step(&world.app, &world.app.indicators, &mut workers).await.unwrap();
            }
        }
        counted(&world).await;
        // It is held against something.
        let n = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM indicator_fact", &[])).await.map_err(|error: StoreError| error).unwrap();
        assert!(n > 300, "{n}");
        let broken = world.app.db.write(|tx| {
            tx.bookkeep(|w| w.exec("UPDATE indicator_fact SET met = 0, missed = 1 WHERE subject = 'report'", &[]))
        });
        broken.await.map_err(|error: StoreError| error).unwrap();
        let basis = Arc::clone(&world.app.indicators);
        let checked = world.app.db.read(move |conn| check::check(conn, &basis)).await.unwrap();
        assert!(!checked.faults.is_empty());
    }
}
