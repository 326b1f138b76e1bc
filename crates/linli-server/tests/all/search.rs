//! The one search box, over HTTP on both databases: what it understands, what it shows, and what nobody finds. Everything is asked
//! twice, before and after the index has taken the cases in.

use linli_civic::cases::store::{self, Named};
use linli_civic::search::index;
use linli_db::{StoreError, params};
use linli_kernel::{Actor, Role};
use serde_json::{Value, json};

use crate::world::{GRID_1, GRID_2, OTHER_COMMUNITY, Session, World, reply};
use linli_testkit::on_both;

/// Letters of an address as they travel in it.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn search(world: &World, who: &Session, q: &str) -> Value {
    world.get(who, &format!("/api/search?q={}", encoded(q))).await.ok()
}

/// The texts that were found, in order.
async fn texts(world: &World, who: &Session, q: &str) -> Vec<String> {
    let found = search(world, who, q).await;
    found["items"].as_array().unwrap().iter().map(|hit| hit["case"]["text"].as_str().unwrap().to_owned()).collect()
}

/// What was found of the first hit: `said:3号楼的[路灯]不亮`.
async fn why(world: &World, who: &Session, q: &str) -> Vec<String> {
    let found = search(world, who, q).await;
    let said = |part: &Value| {
        let pieces = part["pieces"].as_array().unwrap().iter().map(|piece| {
            let text = piece["text"].as_str().unwrap();
            if piece["hit"] == true { format!("[{text}]") } else { text.to_owned() }
        });
        format!("{}:{}", part["part"].as_str().unwrap(), pieces.collect::<String>())
    };
    found["items"][0]["found"].as_array().unwrap().iter().map(said).collect()
}

async fn report(world: &World, area: &str, text: &str, address: &str) -> String {
    let body = json!({ "text": text, "area_code": area, "address": address, "category": "street_light", "phone": "19900000001" });
    let code = world.post(&Session::none(), "/api/cases", body).await.ok()["code"].as_str().unwrap().to_owned();
    // The next one is newer.
    world.clock.advance_ms(1_000);
    code
}

/// How many of these terms the index holds.
async fn n_terms(world: &World, terms: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM case_term WHERE term IN ({terms})");
    world.app.db.read(move |conn| conn.number(&sql, &[])).await.unwrap()
}

async fn take_in(world: &World) {
    index::catch_up(&world.app.db, 1, 3).await.unwrap();
    let n = world.app.db.read(|conn| conn.number("SELECT COUNT(*) AS n FROM case_fresh", &[])).await.unwrap();
    assert_eq!(n, 0, "everything is taken in");
}

on_both! {
    async fn the_box_understands_numbers_places_pinyin_and_words(t: TestDb) {
        let world = World::new(t).await;
        let lamp = report(&world, GRID_1, "3号楼前的路灯，不亮", "红旗小区3号楼").await;
        report(&world, GRID_2, "垃圾桶满了，路灯杆旁边都是", "红旗小区8号楼").await;
        report(&world, "610502005008001", "WiFi杆歪了", "金水路口路灯下").await;
        let leader = world.as_("leader").await;
        let paper = world.get(&leader, &format!("/api/cases/{lamp}")).await.ok()["paper_no"].as_str().unwrap().to_owned();
        let (id, now) = (lamp.clone(), world.app.now());
        world.app.db.write(move |tx| tx.bookkeep(|w| w.exec(
            "INSERT INTO hotline_order (partner_id, order_no, case_id, direction, digest, matter_digest, state, received_at, changed_at) \
             SELECT 'city', 'WN20260928001', id, 'in', '', '', 'open', $2, $2 FROM cases WHERE code = $1", &params![id, now],
        ))).await.unwrap();

        for round in ["fresh", "taken in"] {
            for number in [lamp.as_str(), &lamp.to_lowercase(), &format!("{} {}", &lamp[..5], &lamp[5..]), &paper, "wn20260928001"] {
                assert_eq!(texts(&world, &leader, number).await, ["3号楼前的路灯，不亮"], "{round} {number}");
            }
            assert_eq!(why(&world, &leader, "WN20260928001").await, ["order_no:[WN20260928001]"], "{round}");
            assert_eq!(why(&world, &leader, &paper).await, [format!("paper_no:[{paper}]")], "{round}");

            // In what was said before in the words for the place; the newest first.
            let lamps = ["垃圾桶满了，路灯杆旁边都是", "3号楼前的路灯，不亮", "WiFi杆歪了"];
            assert_eq!(texts(&world, &leader, "路灯").await, lamps, "{round}");
            assert_eq!(why(&world, &leader, "路灯不亮").await, ["said:3号楼前的[路灯，不亮]"], "{round}");
            assert_eq!(texts(&world, &leader, "路灯 垃圾").await, lamps[..1], "{round}");
            assert_eq!(why(&world, &leader, "ｗｉｆｉ 路灯").await, ["said:[WiFi]杆歪了", "place:金水路口[路灯]下"], "{round}");
            assert_eq!(texts(&world, &leader, "歪").await, lamps[2..], "{round}");
            assert!(texts(&world, &leader, "路灯 井盖").await.is_empty(), "{round}");

            for place in ["红旗社区", "hqsq", "hongqi", "红旗"] {
                assert_eq!(texts(&world, &leader, place).await, lamps[..2], "{round} {place}");
                assert_eq!(texts(&world, &leader, &format!("{place} 不亮")).await, lamps[1..2], "{round} {place}");
            }
            assert_eq!(texts(&world, &leader, "红旗社区垃圾").await, lamps[..1], "{round}");
            assert_eq!(texts(&world, &leader, "临渭区 第一网格 路灯").await, [lamps[2], lamps[1]], "{round}: both of that name");
            let placed = search(&world, &leader, "jinshui 歪了").await;
            assert_eq!((&placed["places"][0]["code"], &placed["items"][0]["case"]["text"]), (&json!(OTHER_COMMUNITY), &json!(lamps[2])), "{round}");
            assert_eq!(why(&world, &leader, "hqsq 不亮").await, ["area:临渭区向阳街道[红旗社区]第一网格", "said:3号楼前的路灯，[不亮]"], "{round}");

            for nothing in ["，。！", "19900000001", "没有这样的事"] {
                assert!(texts(&world, &leader, nothing).await.is_empty(), "{round} {nothing}");
            }
            take_in(&world).await;
        }
        // What is at the place comes before what only speaks of it.
        report(&world, "610524001020", "红旗社区过来的路灯坏了", "").await;
        assert_eq!(texts(&world, &leader, "红旗社区 路灯").await.len(), 2, "another county");
        let found = texts(&world, &leader, "红旗社区").await;
        assert_eq!(found.len(), 2, "{found:?}");

        // Whoever types a number wants the case that bears it; who asks on sees what speaks of it.
        report(&world, GRID_2, &format!("工单{paper}催办第二次"), "").await;
        let first = search(&world, &leader, &paper).await;
        assert_eq!(first["items"].as_array().unwrap().len(), 1);
        let next = format!("/api/search?q={}&cursor={}", encoded(&paper), first["next"].as_str().unwrap());
        let second = world.get(&leader, &next).await.ok();
        assert_eq!(second["items"][0]["case"]["text"], json!(format!("工单{paper}催办第二次")));
        assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    }

    async fn places_are_suggested_by_the_beginning_of_their_pinyin(t: TestDb) {
        let world = World::new(t).await;
        let nobody = Session::none();
        let names = |found: Value| found["items"].as_array().unwrap().iter().map(|area| area["full_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(world.get(&nobody, "/api/areas/search?q=hqs").await.ok())[0], "临渭区向阳街道红旗社区");
        assert_eq!(names(world.get(&nobody, "/api/areas/search?q=nanyuan").await.ok())[0], "合阳县城关街道南苑社区");
        assert_eq!(names(world.get(&nobody, "/api/areas/search?q=hy%20nysq").await.ok()), ["合阳县城关街道南苑社区"]);
        let all = names(world.get(&nobody, &format!("/api/areas/search?q={}", encoded("第一网格"))).await.ok());
        assert_eq!(all, ["临渭区向阳街道红旗社区第一网格", "临渭区向阳街道金水社区第一网格"]);
        let other = world.as_("other_clerk").await;
        let own = names(world.get(&other, "/api/areas/search?q=dywg").await.ok());
        assert_eq!(own[0], "临渭区向阳街道金水社区第一网格", "one's own come first");
    }

    async fn nobody_finds_what_they_may_not_see(t: TestDb) {
        let world = World::new(t).await;
        let own = report(&world, GRID_1, "路灯不亮一", "").await;
        let other = report(&world, GRID_2, "路灯不亮二", "").await;
        for round in ["fresh", "taken in"] {
            for (name, wanted) in [("worker1", vec!["路灯不亮一"]), ("worker2", vec!["路灯不亮二"]), ("clerk", vec!["路灯不亮二", "路灯不亮一"]), ("other_clerk", vec![]), ("urban", vec![])] {
                let who = world.as_(name).await;
                assert_eq!(texts(&world, &who, "路灯").await, wanted, "{round} {name}");
                assert_eq!(texts(&world, &who, "红旗社区 路灯").await, wanted, "{round} {name}");
                assert_eq!(texts(&world, &who, "灯").await, wanted, "{round} {name}");
            }
            let worker = world.as_("worker1").await;
            assert!(texts(&world, &worker, &other).await.is_empty(), "{round}");
            assert!(texts(&world, &worker, "第二网格").await.is_empty(), "{round}");
            assert!(world.get(&worker, &format!("/api/search?q={}&area={GRID_2}", encoded("路灯"))).await.ok()["items"].as_array().unwrap().is_empty(), "{round}");
            take_in(&world).await;
        }
        world.get(&Session::none(), "/api/search?q=x").await.refused(401, "not_signed_in");
        let admin = world.as_("admin").await;
        world.get(&admin, "/api/search?q=x").await.refused(403, "forbidden");

        // A department finds a case while it answers for it, and no longer once it does not.
        let dispatcher = world.as_("dispatcher").await;
        let urban = world.as_("urban").await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &own, "escalate", json!({ "reason": "要城管处理" })).await.ok();
        let clerk = world.as_("clerk").await;
        world.act(&clerk, &own, "escalate", json!({ "reason": "要城管处理" })).await.ok();
        world.act(&dispatcher, &own, "take", json!({})).await.ok();
        let seat = |unit: &str| json!({ "seat": { "area_code": crate::world::COUNTY, "unit_code": unit }, "reason": "职责所在" });
        world.act(&dispatcher, &own, "hand_on", seat("urban_management")).await.ok();
        take_in(&world).await;
        assert_eq!(texts(&world, &urban, "路灯").await, ["路灯不亮一"]);
        assert_eq!(texts(&world, &urban, "红旗社区").await, ["路灯不亮一"]);
        world.act(&urban, &own, "take", json!({})).await.ok();
        let housing = world.hire("housing", Role::DepartmentClerk, crate::world::COUNTY, Some("housing")).await;
        assert!(texts(&world, &housing, "路灯").await.is_empty());
        assert_eq!(world.act(&urban, &own, "hand_on", seat("housing")).await.ok()["gone"], true);
        for round in ["fresh", "taken in"] {
            assert!(texts(&world, &urban, "路灯").await.is_empty(), "{round}");
            assert_eq!(texts(&world, &housing, "路灯").await, ["路灯不亮一"], "{round}");
            take_in(&world).await;
        }
    }

    async fn a_closed_case_is_found_by_what_was_done_and_an_erased_one_by_nothing(t: TestDb) {
        let world = World::new(t).await;
        let code = report(&world, GRID_1, "石榴树断了一枝", "花坛边").await;
        take_in(&world).await;
        let (worker, clerk) = (world.as_("worker1").await, world.as_("clerk").await);
        world.act(&worker, &code, "take", json!({})).await.ok();
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        world.act(&clerk, &code, "verify", json!({})).await.ok();
        let erased = world.app.db.read({
            let code = code.clone();
            move |conn| store::load(conn, &code.parse::<Named>().unwrap())
        }).await.unwrap().unwrap().erase_texts(Actor::System, world.app.now());
        assert!(erased.is_err(), "not while it is open");
        world.act_publicly(&code, "rate", json!({ "stars": 5, "solved": true, "satisfied": true })).await.ok();
        for round in ["fresh", "taken in"] {
            assert_eq!(why(&world, &clerk, "灯泡 花坛").await, ["place:[花坛]边", "reply:更换[灯泡]并检查线路"], "{round}");
            assert!(texts(&world, &clerk, "李女士").await.is_empty(), "{round}: whom it was talked about with is nobody's word");
            assert_eq!(texts(&world, &clerk, "石榴树").await, ["石榴树断了一枝"], "{round}");
            take_in(&world).await;
        }
        assert_eq!(n_terms(&world, "'t石榴', 'w花坛', 'r灯泡', 't枝'").await, 4);

        let now = world.app.now();
        let named: Named = code.parse().unwrap();
        world.app.db.write(move |tx| {
            let case = store::load_for_change(tx, &named)?.unwrap();
            tx.commit(case.erase_texts(Actor::System, now).unwrap()).map(drop)
        }).await.unwrap();
        for round in ["noted", "taken out"] {
            for words in ["石榴树", "花坛", "灯泡", "枝"] {
                assert!(texts(&world, &clerk, words).await.is_empty(), "{round} {words}");
            }
            take_in(&world).await;
        }
        assert_eq!(n_terms(&world, "'t石榴', 'w花坛', 'r灯泡', 't枝'").await, 0, "its words are gone from the index");
        let case = world.get(&clerk, &format!("/api/cases/{code}")).await.ok();
        assert_eq!((&case["text"], &case["reply"]), (&json!(""), &Value::Null), "{case}");
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }

    async fn an_erased_case_leaves_its_neighbours_in_the_index(t: TestDb) {
        let world = World::new(t).await;
        let codes = [report(&world, GRID_1, "路灯不亮甲", "").await, report(&world, GRID_1, "路灯不亮乙", "").await];
        take_in(&world).await;
        let clerk = world.as_("clerk").await;
        world.app.db.write({
            let code = codes[0].clone();
            move |tx| tx.bookkeep(|w| {
                w.exec("UPDATE cases SET body = '' WHERE code = $1", &params![code])?;
                w.exec("INSERT INTO case_fresh (row_no, afresh) SELECT row_no, TRUE FROM cases WHERE code = $1", &params![code])?;
                Ok::<_, StoreError>(())
            })
        }).await.unwrap();
        // However few they are, what was erased does not wait.
        index::catch_up(&world.app.db, 1_000, 10).await.unwrap();
        assert_eq!(texts(&world, &clerk, "路灯不亮").await, ["路灯不亮乙"]);
        assert_eq!(n_terms(&world, "'t甲', 't亮甲'").await, 0);
    }

    async fn pages_go_on_where_they_ended_whatever_comes_in(t: TestDb) {
        let world = World::new(t).await;
        for n in 0..5 {
            report(&world, GRID_1, &format!("路灯不亮{n}"), "").await;
            report(&world, GRID_2, &format!("门口{n}"), &format!("路灯杆{n}")).await;
            if n == 2 {
                take_in(&world).await;
            }
        }
        let clerk = world.as_("clerk").await;
        let mut seen: Vec<String> = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = world.get(&clerk, &format!("/api/search?limit=3&q={}{cursor}", encoded("路灯"))).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|hit| hit["case"]["text"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
            report(&world, GRID_1, "又一盏路灯", "路灯").await;
        }
        let wanted: Vec<String> = (0..5).rev().map(|n| format!("路灯不亮{n}")).chain((0..5).rev().map(|n| format!("门口{n}"))).collect();
        assert_eq!(seen, wanted);
        let again = world.get(&clerk, &format!("/api/search?limit=2&q={}&cursor=nonsense", encoded("路灯"))).await.ok();
        assert_eq!(again["items"].as_array().unwrap().len(), 2);
    }

    async fn a_search_is_narrowed_by_area_category_and_weight(t: TestDb) {
        let world = World::new(t).await;
        report(&world, GRID_1, "路灯不亮一", "").await;
        report(&world, GRID_2, "路灯不亮二", "").await;
        let clerk = world.as_("clerk").await;
        for round in ["fresh", "taken in"] {
            for (filter, n) in [("area=610502005007002", 1), ("category=facilities", 2), ("category=street_light", 2), ("category=noise", 0), ("weight=micro", 2), ("weight=major", 0)] {
                let found = world.get(&clerk, &format!("/api/search?q={}&{filter}", encoded("路灯"))).await.ok();
                assert_eq!(found["items"].as_array().unwrap().len(), n, "{round} {filter}");
                assert_eq!(found["is_whole"], true);
            }
            take_in(&world).await;
        }
    }
}
