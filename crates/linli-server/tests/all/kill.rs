//! The real binary, killed in the middle: no acknowledged case is lost, none is doubled, on both databases.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{GRID_1, World};
use linli_db::Config;
use linli_testkit::on_both;

const REPORTERS: usize = 64;
const KILLS: usize = 2;

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(data: &Path, config: &Config) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linli"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).env("LINLI_LOG", "info");
        if let Config::Postgres { url } = config {
            command.args(["--database-url", url]);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let plain = line.replace("\u{1b}[3m", "").replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
            plain.split("address=").nth(1).map(|rest| rest.split_whitespace().next().unwrap().to_owned())
        });
        // Read on, or the server would stand still when the pipe is full.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address: address.unwrap() }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Sends one report; the code that was acknowledged, if an acknowledgement came.
fn report(address: &str, key: &str) -> Option<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .into();
    let body = json!({ "text": format!("路灯不亮 {key}"), "area_code": GRID_1, "category": "street_light" });
    let mut response =
        agent.post(&format!("http://{address}/api/cases")).header("Idempotency-Key", key).send_json(&body).ok()?;
    if response.status().as_u16() != 201 {
        return None;
    }
    let answer: Value = response.body_mut().read_json().ok()?;
    Some(answer["code"].as_str()?.to_owned())
}

on_both! {
    async fn a_kill_loses_no_acknowledged_case_and_doubles_none(t: TestDb) {
        let config = t.config.clone();
        let world = World::new(t).await;
        let data = world.folder().to_owned();
        let acknowledged = tokio::task::spawn_blocking(move || storm(&data, &config)).await.unwrap();
        assert!(acknowledged.len() >= REPORTERS, "{}", acknowledged.len());

        let rows = world.app.db.read(|conn| conn.all("SELECT code, body FROM cases", &[], |row| Ok((row.get::<String>("body")?, row.get::<String>("code")?)))).await.unwrap();
        let mut by_text: HashMap<String, Vec<String>> = HashMap::new();
        for (body, code) in rows {
            by_text.entry(body).or_default().push(code);
        }
        for (key, code) in &acknowledged {
            assert_eq!(by_text.get(&format!("路灯不亮 {key}")), Some(&vec![code.clone()]), "{key}");
        }
        assert!(by_text.values().all(|codes| codes.len() == 1));
        assert_eq!(world.app.db.read(linli_db::verify::verify).await.unwrap().broken, None);
    }
}

/// 64 reporters at once, each repeating a report until it is acknowledged, while the server is killed again and again.
fn storm(data: &Path, config: &Config) -> Vec<(String, String)> {
    let mut server = Server::start(data, config);
    let address = Arc::new(std::sync::Mutex::new(server.address.clone()));
    let stop = Arc::new(AtomicBool::new(false));
    let n_acknowledged = Arc::new(AtomicUsize::new(0));
    let reporters: Vec<_> = (0..REPORTERS)
        .map(|who| {
            let (address, stop, n_acknowledged) =
                (Arc::clone(&address), Arc::clone(&stop), Arc::clone(&n_acknowledged));
            std::thread::spawn(move || {
                let mut acknowledged = Vec::new();
                let mut n = 0;
                // Whoever has sent a report repeats it until it is acknowledged, past every kill.
                while !stop.load(Ordering::Relaxed) {
                    let key = format!("{who}-{n}");
                    let at = address.lock().unwrap().clone();
                    match report(&at, &key) {
                        Some(code) => {
                            acknowledged.push((key, code));
                            n_acknowledged.fetch_add(1, Ordering::Relaxed);
                            n += 1;
                        }
                        None => std::thread::yield_now(),
                    }
                }
                acknowledged
            })
        })
        .collect();
    for kill in 1..=KILLS {
        // In the middle of the work, not at a quiet moment: a good number of acknowledgements after each start.
        while n_acknowledged.load(Ordering::Relaxed) < kill * 3 * REPORTERS {
            std::thread::yield_now();
        }
        server.kill();
        server = Server::start(data, config);
        address.lock().unwrap().clone_from(&server.address);
    }
    let before = n_acknowledged.load(Ordering::Relaxed);
    while n_acknowledged.load(Ordering::Relaxed) < before + 2 * REPORTERS {
        std::thread::yield_now();
    }
    stop.store(true, Ordering::Relaxed);
    let acknowledged = reporters.into_iter().flat_map(|reporter| reporter.join().unwrap()).collect();
    server.kill();
    acknowledged
}
