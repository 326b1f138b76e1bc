//! Drafts tried on what happened, on both databases: over the routes, by the command line, and on ninety days of the demo city.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::world::{GRID_1, Session, World, reply};
use linli_civic::app::SiteConfig;
use linli_civic::areas::tree::AreaTree;
use linli_civic::cases::routing::{Ground, Routed};
use linli_civic::cases::store::{self, Named};
use linli_civic::cases::{Case, Seat};
use linli_civic::people::Tenures;
use linli_civic::rehearsal::view::{Reading, Rehearsal};
use linli_civic::rehearsal::{Stage, Wish, select};
use linli_civic::say::Lang;
use linli_db::{Config, Db, StoreError, feed};
use linli_kernel::{AreaLevel, CaseId, DeadlineKind, ManualClock, Role, Timestamp, Weight};
use linli_playbook::{Host, Playbook};
use linli_server::demo::{self, Size};
use linli_server::open::{self, Options};
use linli_testkit::{Backend, TestDb, on_both};

/// What a draft would change of everything that is in the database.
async fn rehearse(db: &Db, draft: Playbook, until: Timestamp) -> Rehearsal {
    let calendar = open::calendar(Path::new("/nonexistent")).unwrap();
    let areas = db.read(AreaTree::load).await.unwrap();
    let draft = Arc::new(draft);
    let stage = Arc::new(db.read(move |conn| Stage::set(conn, draft, calendar, until)).await.unwrap());
    let own = Arc::clone(&stage);
    let done = db
        .read(move |conn| {
            let ids = select(conn, &Wish { limit: 100_000, ..Wish::default() })?;
            own.rehearse(conn, &ids)
        })
        .await
        .unwrap();
    let mut rehearsal = Rehearsal::of(&stage);
    rehearsal.add(&stage, &done, &Reading { areas: &areas, lang: Lang::ZhCn });
    rehearsal
}

fn shipped(id: &str) -> Playbook {
    open::load_playbook(Path::new("/nonexistent"), id).unwrap().playbook
}

fn moved(rehearsal: &Rehearsal) -> BTreeSet<CaseId> {
    rehearsal.moved.iter().filter_map(|case| case.id).collect()
}

/// Every case as it is, with its first event.
async fn all(db: &Db) -> Vec<(Case, Value, Timestamp)> {
    db.read(|conn| {
        let ids: Vec<CaseId> = conn.all("SELECT id FROM cases ORDER BY id", &[], |row| row.parse("id"))?;
        let mut found = Vec::new();
        for id in ids {
            let case = store::load(conn, &Named::Id(id))?.unwrap();
            let history = feed::history(conn, "case", &id.to_string())?;
            let (first, _) = &history[0];
            found.push((case, serde_json::from_str(&first.payload).unwrap(), first.at));
        }
        Ok::<_, StoreError>(found)
    })
    .await
    .unwrap()
}

/// The rows of every table, so that nothing that was written goes unnoticed.
async fn everything(db: &Db) -> Vec<i64> {
    db.read(|conn| {
        let tables = [
            "event",
            "event_text",
            "cases",
            "case_scope",
            "deadline",
            "case_task",
            "job",
            "playbook_version",
            "setting",
        ];
        tables
            .iter()
            .map(|table| conn.number(&format!("SELECT COUNT(*) AS n FROM {table}"), &[]))
            .collect::<Result<Vec<_>, StoreError>>()
    })
    .await
    .unwrap()
}

/// A loop with a question, an escalation, a helper, a send-back, an extension, a withdrawal.
async fn a_month(world: &World) {
    let worker = world.as_("worker1").await;
    let code = world.report_lamp().await;
    world.act(&worker, &code, "take", json!({})).await.ok();
    world.act(&worker, &code, "ask", json!({ "question": "哪一盏？" })).await.ok();
    world.wait_until("2026-09-29T10:00:00").await;
    world.act_publicly(&code, "answer", json!({ "text": "3号楼前" })).await.ok();
    let worker = world.as_("worker1").await;
    world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
    let clerk = world.as_("clerk").await;
    world.act(&clerk, &code, "verify", json!({})).await.ok();
    world.act_publicly(&code, "rate", json!({ "stars": 1, "solved": false, "satisfied": false })).await.ok();
    let other = world.report_lamp().await;
    world.act(&clerk, &code, "take", json!({})).await.ok();
    world.act(&clerk, &code, "ask_extension", json!({ "days": 2, "reason": "等配件" })).await.ok();
    let dispatcher = world.as_("dispatcher").await;
    world.act(&dispatcher, &code, "grant_extension", json!({})).await.ok();
    let worker = world.as_("worker1").await;
    let seats = json!([{ "area_code": crate::world::COUNTY, "unit_code": "urban_management" }]);
    world.act(&worker, &other, "take", json!({})).await.ok();
    world.act(&worker, &other, "call_help", json!({ "seats": seats, "text": "请看线路" })).await.ok();
    let nowhere = world
        .post(&Session::none(), "/api/cases", json!({ "text": "不知道归谁管的一件事", "area_code": GRID_1 }))
        .await;
    let nowhere = nowhere.ok()["code"].as_str().unwrap().to_owned();
    let clerk = world.as_("clerk").await;
    world.act(&clerk, &nowhere, "accept", json!({ "category": "rubbish", "weight": "micro" })).await.ok();
    let worker = world.as_("worker1").await;
    world.act(&worker, &nowhere, "send_back", json!({ "ground": "not_our_duty", "text": "应由环卫办" })).await.ok();
    world.wait_until("2026-10-20T10:00:00").await;
    world.act_publicly(&nowhere, "close", json!({})).await.ok();
    world.wait_until("2026-10-28T10:00:00").await;
}

on_both! {
    async fn an_unchanged_draft_moves_nothing_and_every_step_is_told_as_it_was(t: TestDb) {
        let world = World::new(t).await;
        a_month(&world).await;
        let before = everything(&world.app.db).await;
        let rehearsal = rehearse(&world.app.db, shipped("base"), world.app.now()).await;
        assert_eq!((rehearsal.n_cases, rehearsal.n_unlike, rehearsal.n_moved), (3, 0, 0), "{rehearsal:#?}");
        assert_eq!(everything(&world.app.db).await, before, "it reads and never writes");
    }

    async fn a_rehearsal_tells_nothing_that_anybody_wrote_and_no_name(t: TestDb) {
        let world = World::new(t).await;
        a_month(&world).await;
        let mut draft = shipped("base");
        draft.version = "draft".to_owned();
        draft.first_seat.micro = AreaLevel::Community;
        let rehearsal = rehearse(&world.app.db, draft, world.app.now()).await;
        assert!(rehearsal.n_moved > 0);
        let said = serde_json::to_string(&rehearsal).unwrap();
        for secret in ["路灯不亮，晚上", "李春梅", "张敏", "1990000", "3号楼前", "更换灯泡", "等配件"] {
            assert!(!said.contains(secret), "{secret} in {said}");
        }
        assert!(said.contains("红旗社区"), "who answers is no secret: {said}");
    }

    async fn a_case_that_was_moved_to_another_version_is_compared_with_the_one_it_began_under(t: TestDb) {
        let world = World::new(t).await;
        let code = world.report_lamp().await;
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "take", json!({})).await.ok();
        let weinan = version_on_shelf(&world, "weinan").await;
        let leader = world.as_("leader").await;
        let case = world.get(&leader, &format!("/api/cases/{code}")).await.ok();
        let body = json!({ "version": case["version"], "playbook": "weinan", "playbook_version": weinan, "reason": "试行" });
        // Weinan has other categories: it does not know this one.
        world.post(&leader, &format!("/api/cases/{code}/playbook"), body).await.refused(422, "invalid");
        let other = another_base(&world).await;
        let body = json!({ "version": case["version"], "playbook": "base", "playbook_version": other, "reason": "时限改短" });
        world.post(&leader, &format!("/api/cases/{code}/playbook"), body).await.ok();
        let worker = world.as_("worker1").await;
        world.act(&worker, &code, "settle", json!({ "reply": reply() })).await.ok();
        let rehearsal = rehearse(&world.app.db, shipped("base"), world.app.now()).await;
        assert_eq!((rehearsal.n_cases, rehearsal.n_unlike), (1, 0));
        // The move itself made the promise earlier; by the version that it began under it would have stayed.
        let what: Vec<&str> = rehearsal.moved[0].changes.iter().map(|change| change.what).collect();
        assert_eq!(what, ["promise"]);
    }
}

/// The base playbook, copied beside the data under another name, with one line changed.
fn a_draft_beside_the_data(world: &World, id: &str, level: &str) {
    let folder = world.folder().join("playbooks").join(id);
    copy_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/base"), &folder);
    let head = folder.join("playbook.toml");
    let text = std::fs::read_to_string(&head).unwrap();
    let text = text.replacen("id = \"base\"", &format!("id = \"{id}\""), 1).replacen(
        "micro = \"grid\"",
        &format!("micro = \"{level}\""),
        1,
    );
    std::fs::write(head, text).unwrap();
}

on_both! {
    async fn the_desk_rehearses_a_draft_page_by_page_for_the_administrator_alone(t: TestDb) {
        let world = World::new(t).await;
        a_month(&world).await;
        a_draft_beside_the_data(&world, "higher", "community");
        a_draft_beside_the_data(&world, "broken", "nowhere");
        let before = everything(&world.app.db).await;
        let admin = world.as_("admin").await;
        let drafts = world.get(&admin, "/api/playbook/drafts").await.ok();
        let found: Vec<(&str, bool)> = drafts["items"].as_array().unwrap().iter()
            .map(|draft| (draft["id"].as_str().unwrap(), draft["is_usable"].as_bool().unwrap())).collect();
        assert_eq!(found, [("broken", false), ("higher", true)]);
        let page = world.get(&admin, "/api/playbook/drafts/higher/rehearsal").await.ok();
        assert_eq!((&page["n_all"], &page["n_cases"], &page["next"]), (&json!(3), &json!(3), &Value::Null));
        let moved = page["moved"].as_array().unwrap();
        assert!(!moved.is_empty() && moved.iter().all(|case| case["id"].is_null()), "an administrator sees no case: {moved:?}");
        assert_eq!(moved[0]["changes"][0]["what"], "first_seat");
        let told = |case: &&Value| case["changes"].as_array().unwrap().iter().any(|change| change["what"] == "first_seat");
        assert_eq!(page["by_what"]["first_seat"], moved.iter().filter(told).count());
        let later = world.get(&admin, "/api/playbook/drafts/higher/rehearsal?since=2026-11-01T00:00:00Z").await.ok();
        assert_eq!(later["n_all"], 0);
        let said = serde_json::to_string(&page).unwrap();
        assert!(!said.contains("路灯不亮") && !said.contains("李春梅"), "{said}");

        world.get(&admin, "/api/playbook/drafts/broken/rehearsal").await.refused(422, "invalid");
        world.get(&admin, "/api/playbook/drafts/base/rehearsal").await.refused(404, "not_found");
        for name in ["worker1", "clerk", "dispatcher", "leader", "auditor"] {
            let who = world.as_(name).await;
            world.get(&who, "/api/playbook/drafts").await.refused(403, "forbidden");
            world.get(&who, "/api/playbook/drafts/higher/rehearsal").await.refused(403, "forbidden");
        }
        // Another county's administrator rehearses another county's cases.
        let far = world.as_("far_admin").await;
        assert_eq!(world.get(&far, "/api/playbook/drafts/higher/rehearsal").await.ok()["n_all"], 0);
        // Who leads the county and keeps its playbook finds the way to the cases.
        let both = world.hire("both", Role::CountyLeader, crate::world::COUNTY, None).await;
        world.grant("both", Role::Administrator, crate::world::COUNTY).await;
        let page = world.get(&both, "/api/playbook/drafts/higher/rehearsal").await.ok();
        assert!(page["moved"].as_array().unwrap().iter().all(|case| case["id"].is_string()));
        assert_eq!(everything(&world.app.db).await, before, "it reads and never writes");
    }
}

/// Puts a version on the shelf, as a server that ran with it did.
async fn version_on_shelf(world: &World, id: &str) -> String {
    keep(world, shipped(id)).await
}

/// The base playbook with half the time for the promise.
async fn another_base(world: &World) -> String {
    let mut book = shipped("base");
    book.version = "0123456789ab".to_owned();
    for rule in book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Reply) {
        rule.amount.n = rule.amount.n.div_ceil(2);
    }
    keep(world, book).await
}

async fn keep(world: &World, book: Playbook) -> String {
    let (version, at, book) = (book.version.clone(), world.app.now(), Arc::new(book));
    world.app.db.write(move |tx| linli_civic::playbooks::Shelf::keep(&book, tx, at)).await.unwrap();
    version
}

// ── The demo city ───────────────────────────────────────────────────────────────────────────────────────────────

fn now() -> Timestamp {
    "2026-10-30T15:30:00+08:00".parse().unwrap()
}

/// Who would have had a new case first, by nothing but the list: no clock, no flow, no history.
fn first_by(book: &Playbook, tenures: &Tenures, told: &Value, case: &Case, at: Timestamp) -> Option<Routed> {
    let category = told["category"].as_str();
    let weight: Weight = told["weight"].as_str().unwrap().parse().unwrap();
    let staffed = |seat: &Seat| tenures.is_held(&seat.key(), at);
    let ground = Ground { book, staffed: &staffed, amended: &[] };
    category.and_then(|category| ground.first_seat(&case.area, Some(category), weight))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_line_moves_exactly_its_cases_of_ninety_days_of_the_demo() {
    let t = TestDb::new(Backend::Sqlite);
    let url = match &t.config {
        Config::Sqlite { .. } => None,
        Config::Postgres { url } => Some(url.clone()),
    };
    let site = SiteConfig {
        public_url: "http://localhost:8080".to_owned(),
        demo: true,
        tile_url: None,
        phone: "12345".to_owned(),
    };
    let mut options = Options::new(t.folder().to_owned(), url, site);
    options.playbook = Some(demo::PLAYBOOK.to_owned());
    options.clock = Arc::new(ManualClock::at(now()));
    let loaded = demo::load(&options, now(), Size { days: 90, cases: 900 }, |_| ()).await.unwrap();
    assert_eq!(loaded.n_refused, 0);

    // What inspections found became cases too, beside those that people reported.
    let n_cases = all(&t.db).await.len();
    assert!(n_cases >= 900, "{n_cases}");
    let same = rehearse(&t.db, shipped("weinan"), now()).await;
    let told: Vec<String> = same.moved.iter().map(|case| format!("{} {:?}", case.paper_no, case.changes)).collect();
    assert_eq!((same.n_cases, same.n_moved, same.n_unlike), (n_cases, 0, 0), "{told:#?}");

    // 邻里生活 at the community goes to the judicial office of the street, not to the community itself.
    let mut draft = shipped("weinan");
    draft.version = "draft".to_owned();
    let line = draft
        .responsibilities
        .iter_mut()
        .find(|line| line.category == "neighbours" && line.level == AreaLevel::Community);
    line.unwrap().host = Host::Unit("judicial_office".to_owned());
    let changed = rehearse(&t.db, draft.clone(), now()).await;

    let tenures = t.db.read(Tenures::read).await.unwrap();
    let old = shipped("weinan");
    let mut expected = BTreeSet::new();
    for (case, first, at) in all(&t.db).await {
        let (was, would) = (first_by(&old, &tenures, &first, &case, at), first_by(&draft, &tenures, &first, &case, at));
        if was.map(|routed| routed.seat) != would.map(|routed| routed.seat) {
            expected.insert(case.id);
        }
    }
    assert!(expected.len() > 3, "{} cases: too few to prove anything", expected.len());
    let first_seats: BTreeSet<CaseId> = changed
        .moved
        .iter()
        .filter(|case| case.changes.iter().any(|change| change.what == "first_seat"))
        .filter_map(|case| case.id)
        .collect();
    assert_eq!(first_seats, expected);
    // Besides those, only cases of that category that were accepted by hand and routed there then.
    let beside: BTreeSet<CaseId> = moved(&changed).difference(&expected).copied().collect();
    for (case, first, _) in all(&t.db).await.into_iter().filter(|(case, _, _)| beside.contains(&case.id)) {
        let parent =
            case.category.as_deref().and_then(|code| old.category(code)).and_then(|category| category.parent.clone());
        assert!(
            first["category"].is_null() && parent.as_deref() == Some("neighbours"),
            "{} moved without a reason",
            case.paper_no
        );
    }
    by_the_command_line(&t, &expected, n_cases).await;
}

/// The built binary on the same folder: the draft as a folder, its words, its exit codes.
async fn by_the_command_line(t: &TestDb, expected: &BTreeSet<CaseId>, n_cases: usize) {
    let draft = t.folder().join("weinan_draft");
    copy_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/weinan"), &draft);
    let edit = |file: &str, from: &str, to: &str| {
        let path = draft.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    edit("playbook.toml", "id = \"weinan\"", "id = \"weinan_draft\"");
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_linli"))
            .args(["playbook", "rehearse", draft.to_str().unwrap(), "--data", t.folder().to_str().unwrap()])
            .args(args)
            .env("LINLI_LOG", "error")
            .env_remove("LINLI_DATABASE_URL")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, _) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(out.contains(&format!("试演 {n_cases} 件，0 件会不一样")), "{out}");

    edit(
        "responsibilities.toml",
        "{ category = \"neighbours\", level = \"community\", host = \"seat\"",
        "{ category = \"neighbours\", level = \"community\", host = \"judicial_office\"",
    );
    let (code, out, err) = run(&["--json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let told: Value = serde_json::from_str(&out).unwrap();
    let ids: BTreeSet<CaseId> = told["moved"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["changes"][0]["what"] == "first_seat")
        .map(|case| case["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(&ids, expected);
    let (code, out, _) = run(&[]);
    assert_eq!(code, Some(0));
    assert!(out.contains("首派") && out.contains("司法所"), "{out}");
    let (_, out, _) = run(&["--since", "2026-10-29", "--until", "2026-10-29"]);
    assert!(!out.contains(&format!("试演 {n_cases} 件")), "{out}");

    edit("responsibilities.toml", "host = \"judicial_office\"", "host = \"nobody_at_all\"");
    let (code, out, err) = run(&[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("unknown_unit") && err.contains("responsibilities.toml"), "{err}");
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
