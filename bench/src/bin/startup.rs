//! How long the server takes to be ready with the areas of a whole city, and how much memory it holds then.
//!
//! Give it a data folder that was filled with `linli import areas` and `linli import boundaries`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use linli_bench::{cpu_ms, resident_mib};

#[derive(Parser)]
struct Args {
    /// The release binary.
    #[arg(long, default_value = "target/release/linli")]
    linli: PathBuf,
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// A PostgreSQL database in place of SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// How often.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    println!("| round | ready after ms | CPU ms | resident MiB |");
    println!("|---|---|---|---|");
    for round in 1..=args.rounds {
        let port = 18_480 + round;
        let address = format!("127.0.0.1:{port}");
        let started = Instant::now();
        let mut command = Command::new(&args.linli);
        command.args(["serve", "--listen", &address, "--data"]).arg(&args.data).stderr(Stdio::null());
        if let Some(url) = &args.database_url {
            command.args(["--database-url", url]);
        }
        let mut child = command.spawn().context("cannot start the server")?;
        let ready = loop {
            if ready(&address) {
                break started.elapsed();
            }
            if started.elapsed() > Duration::from_secs(60) || child.try_wait()?.is_some() {
                bail!("the server was not ready within a minute");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let (cpu, memory) = (cpu_ms(child.id()), resident_mib(child.id()));
        println!("| {round} | {} | {cpu} | {memory} |", ready.as_millis());
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

fn ready(address: &str) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}
