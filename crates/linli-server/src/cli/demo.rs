//! `linli demo`: loads the demo city into an empty folder and serves it.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use linli_civic::app::App;
use linli_civic::say::Lang;
use linli_kernel::{Clock as _, SystemClock, Timestamp};
use linli_server::demo::{self, Progress, Size, State};
use linli_server::open::{self, Options};
use linli_server::serve;

use super::ServeArgs;
use super::out::{say, tell};

/// Options of the demo.
#[derive(Args, Clone)]
pub struct DemoArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Days of cases before now; as the demo's texts say when left out.
    #[arg(long, hide = true)]
    days: Option<i64>,
    /// Cases in those days.
    #[arg(long, hide = true)]
    cases: Option<usize>,
    /// The moment at which the story ends; the present when left out.
    #[arg(long, hide = true)]
    now: Option<Timestamp>,
    /// Loads and ends, without serving.
    #[arg(long)]
    load_only: bool,
}

/// Runs it.
///
/// # Errors
/// When the folder holds something else, or the load or the server fails.
pub async fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let started = SystemClock.now();
    let mut options = args.serve.options(true);
    options.playbook = options.playbook.or_else(|| Some(demo::PLAYBOOK.to_owned()));
    match state(&options).await? {
        State::Loaded => {}
        State::Empty => load(&options, args).await?,
        State::HalfLoaded => {
            bail!("上一次演示数据没有装完。请删除 {} 再运行一次（演示数据可以随时重新生成）。", options.data.display())
        }
        State::NotDemo => bail!(
            "{} 里已有正式数据，演示数据不能装进去。请换一个 --data 目录，或用 linli serve 启动。",
            options.data.display()
        ),
    }
    if args.load_only {
        return Ok(ExitCode::SUCCESS);
    }
    let app = open::open_app(&options).await?;
    let welcome = welcome(&app).await?;
    serve::serve(app, args.serve.listen, |address| {
        say(&welcome);
        say(&format!(
            "linli 已在 http://{address} 运行（启动用时 {:.1} 秒），按 Ctrl+C 结束。",
            seconds_since(started)
        ));
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

async fn state(options: &Options) -> anyhow::Result<State> {
    let opened = options.clone();
    let (db, _) = tokio::task::spawn_blocking(move || open::open_db(&opened)).await??;
    Ok(demo::state(&db).await?)
}

async fn load(options: &Options, args: &DemoArgs) -> anyhow::Result<()> {
    let usual = Size::usual()?;
    let size = Size { days: args.days.unwrap_or(usual.days).max(1), cases: args.cases.unwrap_or(usual.cases) };
    let now = args.now.unwrap_or_else(|| SystemClock.now());
    tell(&format!("正在装入演示城市（最近 {} 天，{} 件事项）", size.days, size.cases));
    let started = SystemClock.now();
    let mut line = Line { part: "", began: started, is_terminal: std::io::stderr().is_terminal() };
    let loaded = demo::load(options, now, size, |progress| line.show(&progress)).await?;
    tell(&format!(
        "装入完成：{} 个区域，{} 名工作人员，{} 件事项（{} 次办理，{} 个时限到期），用时 {:.1} 秒。",
        loaded.n_areas,
        loaded.n_people,
        loaded.cases,
        loaded.n_commands,
        loaded.n_deadlines,
        seconds_since(started)
    ));
    if loaded.n_refused > 0 {
        tell(&format!("其中 {} 步未被接受，见日志。", loaded.n_refused));
    }
    Ok(())
}

fn seconds_since(began: Timestamp) -> f64 {
    let ms = SystemClock.now().since(began);
    f64::from(i32::try_from(ms).unwrap_or(i32::MAX)) / 1_000.0
}

/// One line a part, counting while it is worked on.
struct Line {
    part: &'static str,
    began: Timestamp,
    is_terminal: bool,
}

impl Line {
    fn show(&mut self, progress: &Progress) {
        let mut err = std::io::stderr();
        let seconds = seconds_since(self.began);
        // A line that cannot be written is no reason to stop loading.
        let written = match progress {
            Progress::Begin(part) => {
                self.part = part;
                self.began = SystemClock.now();
                if self.is_terminal { write!(err, "  {part} …") } else { Ok(()) }
            }
            Progress::Step { n, of } if self.is_terminal => {
                write!(err, "\r  {} {n}/{of}（{seconds:.1} 秒）", self.part)
            }
            Progress::Step { .. } => Ok(()),
            Progress::Done(n) if self.is_terminal => {
                writeln!(err, "\r\x1b[K  {} {n}，用时 {seconds:.1} 秒", self.part)
            }
            Progress::Done(n) => writeln!(err, "  {} {n}，用时 {seconds:.1} 秒", self.part),
        };
        drop(written.and_then(|()| err.flush()));
    }
}

/// Who can sign in, and which page a printed code opens.
async fn welcome(app: &App) -> anyhow::Result<String> {
    let mut text = String::from("\n演示账号（只在演示模式存在）：\n");
    let accounts = demo::accounts(app, Lang::ZhCn).await?;
    for account in accounts {
        text.push_str(&format!(
            "  {:<12} {}  {}（{}，{}）\n",
            account.name, account.password, account.display_name, account.role_name, account.area_name
        ));
    }
    let url = app.site.public_url.trim_end_matches('/');
    text.push_str(&format!("\n居民端 {url}/　网格员端 {url}/field　工作台 {url}/desk　一图 {url}/wall\n"));
    if let Some((code, name)) = demo::a_building(&app.db).await? {
        text.push_str(&format!("扫一扫{name}的二维码：{url}/?qr={code}\n"));
    }
    Ok(text)
}
