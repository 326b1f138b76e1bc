//! 100,000 work orders of the hotline with 1 % planted faults through `linli import hotline`: killed in the middle, taken up again, checked.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use linli_civic::areas::tree::AreaTree;
use linli_db::{Config, Db};
use linli_kernel::{AreaLevel, IdSource};
use linli_testkit::hotline::{self, Spot};

#[derive(Parser)]
struct Args {
    /// A folder with areas: the demo's, or one with imported divisions. Orders are added to it.
    #[arg(long)]
    data: PathBuf,
    /// A PostgreSQL server in place of the embedded database; it needs the areas too.
    #[arg(long)]
    database_url: Option<String>,
    /// The binary.
    #[arg(long, default_value = "target/release/linli")]
    linli: PathBuf,
    /// Rows.
    #[arg(long, default_value_t = 100_000)]
    rows: u32,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let spots = runtime.block_on(spots(&args))?;
    let file = args.data.join("hotline-bench.xlsx");
    let begun = Instant::now();
    let planted = hotline::write(&file, args.rows, &spots)?;
    let size = std::fs::metadata(&file)?.len();
    println!(
        "sheet: {} rows, {} bad, {} bytes, written in {:.1} s",
        planted.n_rows,
        planted.bad.len(),
        size,
        begun.elapsed().as_secs_f64()
    );

    let (_, first, memory) = run(&args, &file, Some(args.rows / 2))?;
    println!("killed after {:.1} s at half of the rows; at most {memory} MiB resident", first.as_secs_f64());
    let (said, second, memory) = run(&args, &file, None)?;
    println!(
        "taken up again and finished in {:.1} s; at most {memory} MiB resident; {:.0} rows/s over both",
        second.as_secs_f64(),
        f64::from(args.rows) / (first + second).as_secs_f64()
    );
    println!("{said}");
    let wanted = format!("新增 {}，更新 0，没有变化 0，跳过 1，未导入 {}", planted.n_good, planted.bad.len());
    if !said.contains(&wanted) {
        bail!("not every row came to what was planted: {wanted}");
    }
    let (said, again, _) = run(&args, &file, None)?;
    println!("the same file again: {:.1} s; {said}", again.as_secs_f64());
    Ok(())
}

async fn spots(args: &Args) -> anyhow::Result<Vec<Spot>> {
    let config = match &args.database_url {
        Some(url) => Config::Postgres { url: url.clone() },
        None => Config::Sqlite { path: args.data.join("linli.db") },
    };
    let db = tokio::task::spawn_blocking(move || Db::open(config, Arc::new(IdSource::random()))).await??.0;
    let tree = db.read(AreaTree::load).await?;
    let mut spots: Vec<Spot> = tree
        .iter()
        .filter(|area| area.code.level() == AreaLevel::Community)
        .map(|area| Spot {
            district: tree.name(&area.code.at(AreaLevel::County)),
            street: tree.name(&area.code.at(AreaLevel::Street)),
            community: area.short_name.clone(),
        })
        .collect();
    spots.sort_by(|a, b| (&a.district, &a.street, &a.community).cmp(&(&b.district, &b.street, &b.community)));
    if spots.is_empty() {
        bail!("no communities: load the demo or import divisions first");
    }
    Ok(spots)
}

/// Runs the import, to its end or until it has told of `kill_at` rows; what it said, how long it took, its greatest memory in MiB.
fn run(args: &Args, file: &Path, kill_at: Option<u32>) -> anyhow::Result<(String, Duration, u64)> {
    let mut command = Command::new(&args.linli);
    command.args(["import", "hotline"]).arg(file).arg("--data").arg(&args.data).env("LINLI_LOG", "error");
    if let Some(url) = &args.database_url {
        command.args(["--database-url", url]);
    }
    let begun = Instant::now();
    let mut child =
        command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().context("the binary does not start")?;
    let lines = BufReader::new(child.stderr.take().context("no progress")?).lines();
    let mut memory = 0;
    for line in lines.map_while(Result::ok) {
        memory = memory.max(peak(&child));
        let done =
            line.split_once("已处理 ").and_then(|(_, rest)| rest.split('/').next()).and_then(|n| n.parse::<u32>().ok());
        if kill_at.is_some_and(|at| done.is_some_and(|done| done >= at)) {
            child.kill()?;
            break;
        }
    }
    let output = child.wait_with_output()?;
    Ok((String::from_utf8_lossy(&output.stdout).trim().to_owned(), begun.elapsed(), memory))
}

fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}
