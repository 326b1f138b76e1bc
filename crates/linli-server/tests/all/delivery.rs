//! The outbox, through the real worker and the real router, on both databases.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::world::{Session, World};
use linli_civic::app::App;
use linli_civic::delivery::consume::{self, Consumer};
use linli_civic::delivery::store::{self, LEASE_MS};
use linli_civic::delivery::web::{self, Call, Reach};
use linli_civic::delivery::{Channel, Delivery, MOST_ATTEMPTS, NewDelivery, Outcome, enqueue, worker};
use linli_db::{StoreError, Tx, feed, params};
use linli_kernel::{CaseId, DeliveryId};
use linli_testkit::on_both;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A receiver that answers as it was told, and remembers what it got.
#[derive(Clone, Default)]
struct Receiver(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    got: Vec<String>,
    tried: Vec<String>,
    down: bool,
    cannot_take: Option<&'static str>,
    answers: VecDeque<Outcome>,
}

impl Channel for Receiver {
    fn name(&self) -> &'static str {
        "test"
    }
    fn deliver(&self, _: &App, delivery: &Delivery) -> Outcome {
        let mut heard = self.0.lock().unwrap();
        heard.tried.push(delivery.about.clone());
        let usual = if heard.down || heard.cannot_take == Some(delivery.about.as_str()) {
            later()
        } else {
            Outcome::Sent { receipt: Some(format!("r-{}", delivery.about)) }
        };
        let outcome = heard.answers.pop_front().unwrap_or(usual);
        if matches!(outcome, Outcome::Sent { .. }) {
            heard.got.push(delivery.about.clone());
        }
        outcome
    }
}

impl Receiver {
    fn got(&self) -> Vec<String> {
        self.0.lock().unwrap().got.clone()
    }
    fn tried(&self) -> usize {
        self.0.lock().unwrap().tried.len()
    }
    fn set_down(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }
    fn will(&self, outcome: Outcome) {
        self.0.lock().unwrap().answers.push_back(outcome);
    }
}

fn later() -> Outcome {
    Outcome::Retry { why: "nobody answers".to_owned(), after_ms: None }
}

fn to(target: &str, about: &str) -> NewDelivery {
    NewDelivery {
        channel: "test",
        target: target.to_owned(),
        case: None,
        about: about.to_owned(),
        payload: json!({ "n": 1 }),
        not_before: None,
        dedup: None,
    }
}

async fn world(t: linli_testkit::TestDb) -> (World, Receiver) {
    let world = World::new(t).await;
    let receiver = Receiver::default();
    world.app.channels.add(Arc::new(receiver.clone()));
    (world, receiver)
}

async fn put(world: &World, new: NewDelivery) -> Option<DeliveryId> {
    let (ids, now) = (Arc::clone(&world.app.ids), world.app.now());
    world.app.db.write(move |tx| enqueue(tx, &ids, new.clone(), now)).await.unwrap()
}

async fn pump(world: &World) -> usize {
    worker::pump(&world.app).await.unwrap()
}

/// Lets `ms` pass in steps as the worker would see them; how many attempts there were.
async fn pass(world: &World, ms: i64, step: i64) -> usize {
    let mut n = 0;
    for _ in 0..ms / step {
        world.clock.advance_ms(step);
        n += pump(world).await;
    }
    n
}

async fn case_of(world: &World, code: &str) -> CaseId {
    let code = code.to_owned();
    let read = world.app.db.read(move |conn| {
        conn.first("SELECT id FROM cases WHERE code = $1", &params![code], |row| row.parse::<CaseId>("id"))
    });
    let found: Result<_, StoreError> = read.await;
    found.unwrap().unwrap()
}

on_both! {
    async fn deliveries_go_in_order_and_no_faster_than_the_targets_pace(t: TestDb) {
        let (world, receiver) = world(t).await;
        for about in ["1", "2", "3", "4", "5", "6"] {
            put(&world, to("city", about)).await;
        }
        assert_eq!(pump(&world).await, 1);
        assert_eq!(pump(&world).await, 0, "the pace is five a second");
        assert_eq!(pass(&world, 800, 100).await, 4);
        assert_eq!(receiver.got(), ["1", "2", "3", "4", "5"]);
    }

    async fn one_target_does_not_hold_up_another(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.0.lock().unwrap().cannot_take = Some("a");
        put(&world, to("a-down", "a")).await;
        put(&world, to("b-up", "b")).await;
        pump(&world).await;
        assert_eq!(receiver.got(), ["b"]);
    }

    async fn a_failed_delivery_is_tried_again_later_each_time_and_comes_first(t: TestDb) {
        let (world, receiver) = world(t).await;
        put(&world, to("city", "1")).await;
        put(&world, to("city", "2")).await;
        receiver.set_down(true);
        assert_eq!(pump(&world).await, 1);
        assert_eq!(pass(&world, 59_000, 1_000).await, 0);
        assert_eq!(pass(&world, 14_000, 1_000).await, 1, "a minute and at most a fifth");
        assert_eq!(pass(&world, 105_000, 1_000).await, 0, "then two");
        receiver.set_down(false);
        pass(&world, 50_000, 1_000).await;
        assert_eq!(receiver.got(), ["1", "2"]);
        assert_eq!(receiver.0.lock().unwrap().tried, ["1", "1", "1", "2"]);
    }

    async fn a_receiver_that_was_down_for_an_hour_loses_nothing_and_is_not_flooded(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.set_down(true);
        for n in 0..60 {
            put(&world, to("city", &n.to_string())).await;
            pass(&world, MINUTE, 5_000).await;
        }
        let probes = receiver.tried();
        assert!((5..=14).contains(&probes), "one at a time, ever more seldom: {probes}");
        receiver.set_down(false);
        let mut waited = 0;
        while receiver.got().is_empty() {
            waited += pass(&world, 1_000, 1_000).await;
            assert!(world.app.now().since(crate::world::monday()) < HOUR + 13 * MINUTE, "found again within minutes");
        }
        assert_eq!(waited, 1);
        for second in 0..12 {
            let before = receiver.got().len();
            pass(&world, 1_000, 50).await;
            let n = receiver.got().len() - before;
            assert!(n <= 5, "{n} in second {second}");
        }
        // What had failed itself waits out its own pause; nothing is lost.
        pass(&world, 2 * HOUR, 10_000).await;
        let mut got = receiver.got();
        got.sort_by_key(|n| n.parse::<u32>().unwrap());
        assert_eq!(got, (0..60).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    async fn what_never_arrives_becomes_a_dead_letter_after_three_days(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.set_down(true);
        put(&world, to("city", "1")).await;
        pump(&world).await;
        pass(&world, 5 * 24 * HOUR, 10 * MINUTE).await;
        assert_eq!(i64::try_from(receiver.tried()).unwrap(), MOST_ATTEMPTS);
        let admin = world.as_("admin").await;
        let page = world.get(&admin, "/api/deliveries?state=dead").await.ok();
        assert_eq!((&page["items"][0]["about"], &page["items"][0]["last_error"]), (&json!("1"), &json!("nobody answers")));
        let metrics = world.get(&Session::none(), "/metrics").await;
        let text = String::from_utf8(metrics.bytes).unwrap();
        assert!(text.contains("linli_deliveries{state=\"dead\"} 1"), "{text}");
    }

    async fn a_refused_delivery_is_dead_at_once_and_its_target_goes_on(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.will(Outcome::Refused { why: "unknown field".to_owned() });
        put(&world, to("city", "bad")).await;
        put(&world, to("city", "good")).await;
        pump(&world).await;
        pass(&world, 400, 200).await;
        assert_eq!(receiver.got(), ["good"]);
        let figures = world.app.db.read(|conn| store::figures(conn, crate::world::monday())).await.unwrap();
        assert_eq!((figures.n_waiting, figures.n_dead), (0, 1));
    }

    async fn a_failing_delivery_holds_back_its_own_case_only(t: TestDb) {
        let (world, receiver) = world(t).await;
        let (one, two) = (case_of(&world, &world.report_lamp().await).await, case_of(&world, &world.report_lamp().await).await);
        put(&world, NewDelivery { case: Some(one), ..to("city", "one-1") }).await;
        put(&world, NewDelivery { case: Some(one), ..to("city", "one-2") }).await;
        put(&world, NewDelivery { case: Some(two), ..to("city", "two-1") }).await;
        receiver.0.lock().unwrap().cannot_take = Some("one-1");
        pump(&world).await;
        pass(&world, 70 * MINUTE, 30_000).await;
        assert_eq!(receiver.got()[0], "two-1", "{:?}", receiver.0.lock().unwrap().tried);
        receiver.0.lock().unwrap().cannot_take = None;
        pass(&world, 4 * HOUR, MINUTE).await;
        assert_eq!(receiver.got(), ["two-1", "one-1", "one-2"]);
    }

    async fn the_receivers_own_word_on_when_is_kept(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.will(Outcome::Retry { why: "429".to_owned(), after_ms: Some(HOUR) });
        put(&world, to("city", "1")).await;
        pump(&world).await;
        assert_eq!(pass(&world, 59 * MINUTE, MINUTE).await, 0);
        assert_eq!(pass(&world, 2 * MINUTE, MINUTE).await, 1);
    }

    async fn a_crash_lets_go_of_the_target_when_its_lease_ends(t: TestDb) {
        let (world, receiver) = world(t).await;
        put(&world, to("city", "1")).await;
        let now = world.app.now();
        let claimed = world.app.db.write(move |tx| store::claim(tx, now, 10)).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(pass(&world, LEASE_MS - 1_000, 1_000).await, 0, "somebody may still be sending");
        assert_eq!(pass(&world, 2_000, 1_000).await, 1);
        assert_eq!(receiver.got(), ["1"]);
        // The one who crashed comes back late: it changes nothing.
        let (late, now) = (claimed[0].clone(), world.app.now());
        world.app.db.write(move |tx| store::finish(tx, &late, &later(), 200, now)).await.unwrap();
        assert_eq!(pass(&world, HOUR, MINUTE).await, 0);
    }

    async fn a_known_key_makes_no_second_delivery(t: TestDb) {
        let (world, receiver) = world(t).await;
        let new = NewDelivery { dedup: Some("event 7 to city".to_owned()), ..to("city", "1") };
        assert!(put(&world, new.clone()).await.is_some());
        assert!(put(&world, new).await.is_none());
        pass(&world, 2_000, 200).await;
        assert_eq!(receiver.got(), ["1"]);
    }

    async fn nothing_goes_before_its_time(t: TestDb) {
        let (world, receiver) = world(t).await;
        put(&world, NewDelivery { not_before: Some(world.app.now().plus_ms(HOUR)), ..to("city", "night") }).await;
        put(&world, to("city", "day")).await;
        pass(&world, 59 * MINUTE, MINUTE).await;
        assert_eq!(receiver.got(), ["day"]);
        pass(&world, 2 * MINUTE, MINUTE).await;
        assert_eq!(receiver.got(), ["day", "night"]);
    }

    async fn a_channel_that_is_not_here_keeps_its_deliveries(t: TestDb) {
        let (world, receiver) = world(t).await;
        put(&world, NewDelivery { channel: "pigeon", ..to("loft", "1") }).await;
        pass(&world, 24 * HOUR, 10 * MINUTE).await;
        let admin = world.as_("admin").await;
        let page = world.get(&admin, "/api/deliveries?target=loft").await.ok();
        assert_eq!((&page["items"][0]["state"], &page["items"][0]["n_attempts"]), (&json!("waiting"), &json!(0)));
        assert_eq!(receiver.tried(), 0);
    }

    async fn a_clerk_sends_again_or_gives_up_by_hand(t: TestDb) {
        let (world, receiver) = world(t).await;
        for about in ["again", "never"] {
            receiver.will(Outcome::Refused { why: "no such order".to_owned() });
            put(&world, to("city", about)).await;
        }
        pass(&world, 1_000, 100).await;
        let hotline = world.as_("hotline").await;
        let page = world.get(&hotline, "/api/deliveries?state=dead").await.ok();
        let id = |n: usize| page["items"][n]["id"].as_str().unwrap().to_owned();
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let (never, again) = (id(0), id(1));
        assert_eq!(world.post(&hotline, &format!("/api/deliveries/{again}/retry"), Value::Null).await.status, 204);
        assert_eq!(world.post(&hotline, &format!("/api/deliveries/{never}/give-up"), Value::Null).await.status, 204);
        pass(&world, 1_000, 100).await;
        assert_eq!(receiver.got(), ["again"]);
        world.post(&hotline, &format!("/api/deliveries/{never}/retry"), Value::Null).await.refused(409, "not_now");
        world.post(&hotline, &format!("/api/deliveries/{again}/give-up"), Value::Null).await.refused(409, "not_now");
        let page = world.get(&hotline, "/api/deliveries?state=withdrawn").await.ok();
        assert_eq!((&page["items"][0]["decided_by"], &page["items"][0]["about"]), (&json!("吴静"), &json!("never")));
        let sent = world.get(&hotline, "/api/deliveries?state=sent").await.ok();
        assert_eq!(sent["items"][0]["receipt"], "r-again");
    }

    async fn everything_dead_of_a_target_goes_out_again_at_one_click(t: TestDb) {
        let (world, receiver) = world(t).await;
        for about in ["1", "2", "3"] {
            receiver.will(Outcome::Refused { why: "key expired".to_owned() });
            put(&world, to("city", about)).await;
        }
        pass(&world, 1_000, 100).await;
        let admin = world.as_("admin").await;
        let targets = world.get(&admin, "/api/deliveries/targets").await.ok();
        assert_eq!((&targets["items"][0]["target"], &targets["items"][0]["n_dead"]), (&json!("city"), &json!(3)));
        assert_eq!(world.post(&admin, "/api/deliveries/targets/city/retry", Value::Null).await.ok()["n"], 3);
        pass(&world, 1_000, 100).await;
        assert_eq!(receiver.got(), ["1", "2", "3"]);
    }

    async fn the_outbox_is_seen_within_ones_own_area_and_managed_by_few(t: TestDb) {
        let (world, receiver) = world(t).await;
        receiver.set_down(true);
        let code = world.report_lamp().await;
        let case = case_of(&world, &code).await;
        let id = put(&world, NewDelivery { case: Some(case), ..to("city", "about the lamp") }).await.unwrap();
        let n = async |who: &str| {
            let session = world.as_(who).await;
            let page = world.get(&session, &format!("/api/deliveries?case={code}")).await.ok();
            page["items"].as_array().unwrap().len()
        };
        assert_eq!((n("clerk").await, n("other_clerk").await, n("far_admin").await), (1, 0, 0));
        let worker = world.as_("worker1").await;
        world.get(&worker, "/api/deliveries").await.refused(403, "forbidden");
        let clerk = world.as_("clerk").await;
        world.post(&clerk, &format!("/api/deliveries/{id}/retry"), Value::Null).await.refused(403, "forbidden");
        let far = world.as_("far_admin").await;
        world.post(&far, &format!("/api/deliveries/{id}/give-up"), Value::Null).await.refused(404, "not_found");
        world.get(&Session::none(), "/api/deliveries").await.refused(401, "not_signed_in");
    }

    async fn a_consumer_takes_every_event_once_and_begins_at_the_end(t: TestDb) {
        let (world, receiver) = world(t).await;
        let before = world.report_lamp().await;
        while !is_whole(&world).await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let consumer: Arc<dyn Consumer> = Arc::new(Teller);
        assert_eq!(settled(&world, &consumer).await, 0, "the past is not told again");
        let code = world.report_lamp().await;
        while !is_whole(&world).await {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let n = settled(&world, &consumer).await;
        assert!(n >= 1, "{n}");
        assert_eq!(settled(&world, &consumer).await, 0);
        pass(&world, 2_000, 200).await;
        let (case, earlier) = (case_of(&world, &code).await.to_string(), case_of(&world, &before).await.to_string());
        let got = receiver.got();
        assert!(got.contains(&format!("{case} reported")) && !got.iter().any(|about| about.starts_with(&earlier)), "{got:?}");
    }
}

/// Whether the feed shows every event: PostgreSQL shows one only when no older transaction of the whole server is still writing.
async fn is_whole(world: &World) -> bool {
    let read = world.app.db.read(|conn| {
        let all = conn.number("SELECT COUNT(*) AS n FROM event", &[])?;
        let shown = feed::after(conn, feed::Position::default(), 10_000)?.len();
        Ok::<_, StoreError>(usize::try_from(all).unwrap() == shown)
    });
    read.await.unwrap()
}

async fn settled(world: &World, consumer: &Arc<dyn Consumer>) -> usize {
    let mut n = 0;
    // The first step of a consumer that never read only notes where it begins.
    for _ in 0..3 {
        n += consume::step(&world.app, consumer).await.unwrap();
    }
    n
}

struct Teller;

impl Consumer for Teller {
    fn name(&self) -> &'static str {
        "teller"
    }
    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &feed::Event) -> Result<(), StoreError> {
        let about = format!("{} {}", event.stream_id, event.kind);
        let dedup = Some(format!("{} {}", event.stream_id, event.n));
        enqueue(tx, &app.ids, NewDelivery { dedup, ..to("city", &about) }, app.now()).map(drop)
    }
}

/// A server that answers every request with `answer`; its address.
fn answering(answer: &'static str) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    format!("http://{address}/")
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let url = answering("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n");
    let answered = web::call(Reach::Anywhere, &Call::json("POST", &url, &json!({}))).unwrap();
    assert_eq!(answered.status, 302);
    assert!(matches!(answered.outcome(None), Outcome::Retry { .. }));
}

#[test]
fn an_answer_is_read_whole_with_its_headers() {
    let url = answering("HTTP/1.1 503 Busy\r\nRetry-After: 120\r\ncontent-length: 5\r\n\r\nlater");
    let answered = web::call(Reach::Anywhere, &Call::new("GET", &url).header("x-test", "1")).unwrap();
    assert_eq!((answered.status, answered.excerpt().as_str()), (503, "later"));
    assert!(matches!(answered.outcome(None), Outcome::Retry { after_ms: Some(120_000), .. }));
}
