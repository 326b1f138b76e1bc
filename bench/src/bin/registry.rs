//! 100,000 residents with 1 % planted faults through `linli import registry`: refused for a column that is not kept, taken without it,
//! killed in the middle, taken up again, checked, and brought once more.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use linli_bench::small_city;
use linli_testkit::ledger::{self, REFUSED};

#[derive(Parser)]
struct Args {
    /// A PostgreSQL database in place of the embedded one; fresh.
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
    let data = tempfile::tempdir()?;
    tokio::runtime::Runtime::new()?.block_on(small_city(data.path(), args.database_url.as_deref()))?;
    let file = data.path().join("residents.xlsx");
    let begun = Instant::now();
    let planted = ledger::write(&file, args.rows, &["第一网格".to_owned()])?;
    let size = std::fs::metadata(&file)?.len();
    println!(
        "ledger: {} rows, {} bad, {size} bytes, written in {:.1} s",
        planted.n_rows,
        planted.n_bad,
        begun.elapsed().as_secs_f64()
    );

    let (said, refused, memory) = run(&args, data.path(), &file, false, None)?;
    println!("refused for {REFUSED} after {:.1} s; at most {memory} MiB resident", refused.as_secs_f64());
    if !said.is_empty() {
        bail!("a refused column was taken: {said}");
    }
    let (_, first, memory) = run(&args, data.path(), &file, true, Some(args.rows / 2))?;
    println!("killed after {:.1} s at half of the rows; at most {memory} MiB resident", first.as_secs_f64());
    let (said, second, memory) = run(&args, data.path(), &file, true, None)?;
    println!(
        "taken up again and finished in {:.1} s; at most {memory} MiB resident; {:.0} rows/s over both",
        second.as_secs_f64(),
        f64::from(args.rows) / (first + second).as_secs_f64()
    );
    println!("{said}");
    let wanted = format!("新增 {}，修改 0，没有变化 0，跳过 1，未导入 {}", planted.n_good, planted.n_bad);
    if !said.contains(&wanted) {
        bail!("not every row came to what was planted: {wanted}");
    }
    let (said, again, memory) = run(&args, data.path(), &file, true, None)?;
    println!("the same file again: {:.1} s; at most {memory} MiB resident; {said}", again.as_secs_f64());
    Ok(())
}

/// Runs the import, to its end or until it has told of `kill_at` rows; what it said, how long it took, its greatest memory in MiB.
fn run(
    args: &Args,
    data: &Path,
    file: &Path,
    leave_out: bool,
    kill_at: Option<u32>,
) -> anyhow::Result<(String, Duration, u64)> {
    let mut command = Command::new(&args.linli);
    command.args(["import", "registry"]).arg(file).args(["--kind", "residents", "--area", "610502005007"]);
    command.arg("--data").arg(data).env("LINLI_LOG", "error");
    if leave_out {
        command.args(["--leave-out", REFUSED]);
    }
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
