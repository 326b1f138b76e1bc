//! The demo city: a small one, told on both databases.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use linli_civic::app::{App, SiteConfig};
use linli_civic::cases::store::{self, Named};
use linli_civic::indicators::day::{Day, Period};
use linli_civic::indicators::{check, consumer, store as store_of_figures};
use linli_civic::say::Lang;
use linli_db::verify::verify;
use linli_db::{Config, Db, StoreError, params};
use linli_kernel::{CaseId, ManualClock, Timestamp};
use linli_server::demo::{self, Size, State};
use linli_server::open::{self, Options};
use linli_server::serve;
use linli_testkit::{Backend, TestDb};

const SIZE: Size = Size { days: 14, cases: 240 };

/// A Tuesday of a year whose holidays nobody has published yet.
fn now() -> Timestamp {
    "2027-01-12T15:30:00+08:00".parse().unwrap()
}

fn options(t: &TestDb) -> Options {
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
    options
}

/// Loads the demo and looks at it from every side; what was told.
async fn told(t: &TestDb) -> Vec<(String, String, String, String)> {
    let options = options(t);
    let loaded = demo::load(&options, now(), SIZE, |_| ()).await.unwrap();
    assert_eq!((loaded.cases, loaded.n_refused), (SIZE.cases, 0));
    assert_eq!(demo::state(&t.db).await.unwrap(), State::Loaded);
    assert!(demo::load(&options, now(), SIZE, |_| ()).await.is_err(), "a demo is loaded once");

    let verified = t.db.read(verify).await.unwrap();
    assert_eq!(verified.broken, None);
    assert!(verified.n_events > 2_000, "{}", verified.n_events);
    every_case_is_found_by_its_keys(&t.db).await;
    time_goes_forward_and_everything_happens(&t.db).await;
    everybody_finds_work(&options).await;
    figures_are_what_the_rows_say(&options).await;
    people_in_care_are_entered_and_some_were_visited(&t.db).await;
    rows(&t.db, "SELECT code, body, stage, paper_no FROM cases ORDER BY code").await
}

async fn rows(db: &Db, sql: &'static str) -> Vec<(String, String, String, String)> {
    let columns = ["code", "body", "stage", "paper_no"];
    db.read(move |conn| {
        conn.all(sql, &[], |row| {
            let [a, b, c, d] = columns;
            Ok::<_, StoreError>((row.get(a)?, row.get(b)?, row.get(c)?, row.get(d)?))
        })
    })
    .await
    .unwrap()
}

async fn every_case_is_found_by_its_keys(db: &Db) {
    db.read(|conn| {
        let ids: Vec<CaseId> = conn.all("SELECT id FROM cases", &[], |row| row.parse("id"))?;
        for id in ids {
            let case = store::load(conn, &Named::Id(id))?.unwrap();
            let keys: BTreeSet<String> = case.keys().iter().map(str::to_owned).collect();
            let listed: Vec<(String, String)> =
                conn.all("SELECT scope_key, phase FROM case_scope WHERE case_id = $1", &params![id], |row| {
                    Ok((row.get("scope_key")?, row.get("phase")?))
                })?;
            assert_eq!(listed.iter().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>(), keys);
            assert!(listed.iter().all(|(_, phase)| phase == case.phase.as_str()));
        }
        Ok::<_, StoreError>(())
    })
    .await
    .unwrap();
}

async fn time_goes_forward_and_everything_happens(db: &Db) {
    let events = db
        .read(|conn| {
            conn.all("SELECT kind, at, actor_kind FROM event ORDER BY seq", &[], |row| {
                Ok::<_, StoreError>((
                    row.get::<String>("kind")?,
                    row.get::<i64>("at")?,
                    row.get::<String>("actor_kind")?,
                ))
            })
        })
        .await
        .unwrap();
    assert!(events.windows(2).all(|pair| pair[0].1 <= pair[1].1), "the story goes back in time");
    assert!(events.last().unwrap().1 <= now().ms());
    let kinds: BTreeSet<&str> = events.iter().map(|(kind, _, _)| kind.as_str()).collect();
    for kind in [
        "reported",
        "accepted",
        "dispatched",
        "taken",
        "commented",
        "asked",
        "answered",
        "settled",
        "verified",
        "rejected",
        "rated",
        "reopened",
        "closed",
        "sent_back",
        "escalated",
        "handed_on",
        "deadline_breached",
    ] {
        assert!(kinds.contains(kind), "nothing was {kind}");
    }
    assert!(events.iter().any(|(kind, _, actor)| kind == "escalated" && actor == "system"));
    let count = |sql: &'static str| db.read(move |conn| conn.number(sql, &[]));
    let of = async |sql: &'static str| count(sql).await.map_err(|error: StoreError| error).unwrap();
    assert!(of("SELECT COUNT(*) AS n FROM event WHERE kind = 'merged'").await > 0);
    assert!(of("SELECT COUNT(*) AS n FROM cases WHERE n_photos > 0").await > 10);
    assert!(of("SELECT COUNT(*) AS n FROM deadline WHERE provisional").await > 0, "2027 is not published");
    assert_eq!(of("SELECT COUNT(DISTINCT weight) AS n FROM cases").await, 4);
    let of_the_straight_way = "SELECT COUNT(DISTINCT stage) AS n FROM cases \
         WHERE stage IN ('received', 'dispatched', 'handling', 'asking', 'verifying', 'answered', 'closed')";
    assert_eq!(of(of_the_straight_way).await, 7, "somebody waits at every stage");
    assert_eq!(
        of("SELECT COUNT(*) AS n FROM event_text WHERE body LIKE '%{n}%' OR body LIKE '%{compound}%' OR body = ''")
            .await,
        0
    );
}

async fn people_in_care_are_entered_and_some_were_visited(db: &Db) {
    let of = async |sql: &'static str| {
        db.read(move |conn| conn.number(sql, &[])).await.map_err(|error: StoreError| error).unwrap()
    };
    assert_eq!(of("SELECT COUNT(*) AS n FROM care_entry").await, 8);
    assert_eq!(of("SELECT COUNT(*) AS n FROM care_entry WHERE state = 'objected'").await, 1);
    assert_eq!(of("SELECT COUNT(*) AS n FROM care_helper").await, 2);
    assert_eq!(of("SELECT COUNT(*) AS n FROM visit WHERE record_id IS NOT NULL AND met").await, 3);
    assert_eq!(of("SELECT COUNT(*) AS n FROM event WHERE stream_kind = 'care' AND payload LIKE '%elder%'").await, 0);
}

/// The boxes that must not be empty when somebody looks around.
const BOXES: &[(&str, &[&str])] = &[
    ("wangge", &["to_sign", "mine", "waiting", "soon", "late", "closed"]),
    ("wanggezhang", &["to_sign", "mine", "to_verify"]),
    ("shequ", &["to_accept", "to_sign", "mine", "to_verify", "sent_back", "waiting", "soon", "late"]),
    ("jiedao", &["to_accept", "to_sign", "mine", "to_verify", "sent_back", "late"]),
    ("chengguan", &["to_sign", "mine", "waiting", "late"]),
    ("wuye", &["to_sign", "mine", "waiting", "late"]),
    ("rexian", &["to_verify", "all_open"]),
    ("quzhang", &["to_sign", "mine", "to_verify"]),
    ("nanyuan", &["to_accept", "to_sign", "mine", "to_verify"]),
];

async fn everybody_finds_work(options: &Options) {
    let app = open::open_app(options).await.unwrap();
    let accounts = demo::accounts(&app, Lang::ZhCn).await.unwrap();
    assert_eq!(accounts.len(), 11);
    let service = serve::service(&app);
    for (name, boxes) in BOXES {
        let account = accounts.iter().find(|account| account.name == *name).unwrap();
        let body = json!({ "name": account.name, "password": account.password });
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/session")
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        assert!(response.status().is_success(), "{name}: {}", response.status());
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let request = Request::builder().uri("/api/inbox").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let inbox: Value = serde_json::from_slice(&bytes).unwrap();
        for key in *boxes {
            let own = inbox["boxes"].as_array().unwrap().iter().find(|own| own["key"] == *key).unwrap();
            assert!(own["n"].as_i64().unwrap() > 0, "{name} finds nothing in {key}: {inbox}");
        }
    }
}

/// A figure and what the last state of the cases says of it, asked in another way: above the line, below it.
const FIGURES: &[(&str, &str, &str)] = &[
    (
        "reported",
        "SELECT COUNT(*) AS n FROM cases WHERE channel <> 'split'",
        "SELECT COUNT(*) AS n FROM cases WHERE channel <> 'split'",
    ),
    (
        "closed",
        "SELECT COUNT(*) AS n FROM cases WHERE phase = 'closed'",
        "SELECT COUNT(*) AS n FROM cases WHERE phase = 'closed'",
    ),
    (
        "on_time",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'handle' AND d.task_id IS NULL AND c.excluded IS NULL AND d.state = 'met' AND d.breached_at IS NULL",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'handle' AND d.task_id IS NULL AND c.excluded IS NULL AND (d.state = 'met' OR d.breached_at IS NOT NULL)",
    ),
    (
        "signed_in_time",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'sign' AND d.task_id IS NULL AND c.excluded IS NULL AND d.state = 'met' AND d.breached_at IS NULL",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'sign' AND d.task_id IS NULL AND c.excluded IS NULL AND (d.state = 'met' OR d.breached_at IS NOT NULL)",
    ),
    (
        "promise_kept",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'reply' AND d.task_id IS NULL AND c.excluded IS NULL AND d.state = 'met' AND d.breached_at IS NULL",
        "SELECT COUNT(*) AS n FROM deadline d JOIN cases c ON c.id = d.case_id WHERE d.kind = 'reply' AND d.task_id IS NULL AND c.excluded IS NULL AND (d.state = 'met' OR d.breached_at IS NOT NULL)",
    ),
    (
        "satisfied",
        "SELECT COUNT(*) AS n FROM event e JOIN cases c ON c.id = e.stream_id WHERE c.excluded IS NULL AND (e.kind = 'rated' OR (e.kind = 'followed_up' AND e.payload LIKE '%\"reached\":true%')) AND e.payload LIKE '%\"satisfied\":true%'",
        "SELECT COUNT(*) AS n FROM event e JOIN cases c ON c.id = e.stream_id WHERE c.excluded IS NULL AND (e.kind = 'rated' OR (e.kind = 'followed_up' AND e.payload LIKE '%\"reached\":true%'))",
    ),
];

async fn figures_are_what_the_rows_say(options: &Options) {
    let app = open::open_app(options).await.unwrap();
    while app.db.read(store_of_figures::lag).await.unwrap().events_behind > 0 {
        consumer::catch_up(&app).await.unwrap();
    }
    let basis = Arc::clone(&app.indicators);
    let checked = app.db.read(move |conn| check::check(conn, &basis)).await.unwrap();
    // Besides those of the plan: what inspections found, and what was broken in public.
    let n_cases = usize::try_from(number(&app, "SELECT COUNT(*) AS n FROM cases").await).unwrap();
    assert!(n_cases >= SIZE.cases, "{n_cases}");
    assert_eq!((checked.n_cases, checked.faults), (n_cases, Vec::new()));
    let today = Day::of(now());
    let whole = Period { from: today.plus(-200), to: today };
    let cities: Vec<String> = app.areas().cities().iter().map(ToString::to_string).collect();
    let sums = app.db.read(move |conn| store_of_figures::sums(conn, &cities, &whole)).await.unwrap();
    for (id, above, below) in FIGURES {
        let (slot, _) = app.indicators.find(id).unwrap();
        let told = sums.values().map(|sums| (sums.of(slot).num, sums.of(slot).den));
        let told = told.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        assert_eq!(told, (number(&app, above).await, number(&app, below).await), "{id}");
        assert!(told.0 > 0, "{id}");
    }
}

async fn number(app: &App, sql: &'static str) -> i64 {
    app.db.read(move |conn| conn.number(sql, &[])).await.map_err(|error: StoreError| error).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_story_is_told_on_both_databases_and_a_changed_word_is_found() {
    let (sqlite, postgres) = (TestDb::new(Backend::Sqlite), TestDb::new(Backend::Postgres));
    let first = told(&sqlite).await;
    let second = told(&postgres).await;
    assert!(first.len() >= SIZE.cases, "{}", first.len());
    assert!(first == second, "the same moment tells another story on another database");

    let (id, paper_no, n) = sqlite
        .db
        .write(|tx| {
            let (id, paper_no) = tx
                .first("SELECT id, paper_no FROM cases WHERE version > 3 ORDER BY id LIMIT 1", &[], |row| {
                    Ok((row.get::<String>("id")?, row.get::<String>("paper_no")?))
                })?
                .unwrap();
            tx.bookkeep(|writer| {
                let sql = "UPDATE event SET payload = '{}' WHERE stream_kind = 'case' AND stream_id = $1 AND n = 2";
                writer.exec(sql, &params![id])
            })?;
            Ok::<_, StoreError>((id, paper_no, 2))
        })
        .await
        .unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_linli"))
        .args(["verify", "--data"])
        .arg(sqlite.folder())
        .env_remove("LINLI_DATABASE_URL")
        .output()
        .unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(said.contains(&paper_no) && said.contains(&format!("第 {n} 条")), "{id}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_is_not_loaded_over_somebody_elses_data() {
    let t = TestDb::new(Backend::Sqlite);
    t.db.write(|tx| {
        tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO area (code, level, name, short_name, version) VALUES ('610500000000', 'city', '渭南市', '渭南市', 1)",
                &[],
            )
        })
        .map_err(|error: StoreError| error)
    })
    .await
    .unwrap();
    assert_eq!(demo::state(&t.db).await.unwrap(), State::NotDemo);
    let refused = demo::load(&options(&t), now(), SIZE, |_| ()).await.unwrap_err();
    assert_eq!(refused.to_string(), "the database is not empty");
}
