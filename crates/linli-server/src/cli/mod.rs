//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

mod backup;
mod demo;
mod doctor;
mod hotline;
mod import;
mod indicators;
mod move_cases;
mod out;
mod partner;
mod playbook;
mod registry;
mod rehearse;
mod user;
mod verify;

use linli_civic::app::SiteConfig;
use linli_db::{Applied, Db};
use linli_server::demo as demo_data;
use linli_server::open::{self, Options};
use linli_server::serve;

/// linli 邻里: grid-based community governance.
#[derive(Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the four faces and the API.
    Serve(ServeOnlyArgs),
    /// Loads the demo city into an empty folder, if it is not there yet, and serves it.
    Demo(demo::DemoArgs),
    /// Brings the database to this program's schema, and says what was done.
    Migrate(DataArgs),
    /// Imports areas or boundaries.
    #[command(subcommand)]
    Import(import::Import),
    /// Checks playbooks (工作法), tries them on past cases, moves cases between their versions.
    #[command(subcommand)]
    Playbook(playbook::Playbook),
    /// Checks every history: names the first record that was changed. Ends with 1 when one was.
    Verify(DataArgs),
    /// Looks at the instance and says what to do. Ends with 1 when something is wrong.
    Doctor(DataArgs),
    /// Makes accounts.
    #[command(subcommand)]
    User(user::User),
    /// Works with other systems.
    #[command(subcommand)]
    Partner(partner::Partner),
    Backup(backup::BackupArgs),
    /// Counts the figures again, or checks them.
    #[command(subcommand)]
    Indicators(indicators::Indicators),
    /// Prints the API's document (OpenAPI 3.1).
    Openapi,
}

/// Where the data is.
#[derive(Args, Clone)]
struct DataArgs {
    /// The folder of the database, the photos and the keys.
    #[arg(long, env = "LINLI_DATA", default_value = "linli-data")]
    data: PathBuf,
    /// A PostgreSQL server in place of the embedded database.
    #[arg(long, env = "LINLI_DATABASE_URL")]
    database_url: Option<String>,
    /// The folder of the other systems' files; DATA/partners when none is named.
    #[arg(long, env = "LINLI_PARTNERS")]
    partners: Option<PathBuf>,
}

#[derive(Args, Clone)]
struct ServeArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The address to listen on.
    #[arg(long, env = "LINLI_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The address that residents open; QR codes and links begin with it.
    #[arg(long, env = "LINLI_PUBLIC_URL")]
    public_url: Option<String>,
    /// Where the base map's tiles come from; none is needed.
    #[arg(long, env = "LINLI_TILE_URL")]
    tile_url: Option<String>,
    /// The number that residents can call.
    #[arg(long, env = "LINLI_PHONE", default_value = "12345")]
    phone: String,
    /// The playbook for new cases; the one set before when none is named.
    #[arg(long, env = "LINLI_PLAYBOOK")]
    playbook: Option<String>,
    /// Reports, photos and answers that one address may send in a minute.
    #[arg(long, default_value_t = 120)]
    per_minute: u32,
    /// A proxy in front of linli, as a network (10.1.2.3/32): its word is taken about where a request comes from. This machine's
    /// is always taken. Given again for each.
    #[arg(long = "trusted-proxy", env = "LINLI_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<ipnet::IpNet>,
}

/// A network, or one address.
fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let one = text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    text.parse().or(one).map_err(|_| format!("{text:?} is no network such as 10.1.0.0/16"))
}

/// Options of `serve` alone.
#[derive(Args, Clone)]
struct ServeOnlyArgs {
    #[command(flatten)]
    serve: ServeArgs,
    /// Serves a folder that holds the demo: its passwords are public.
    #[arg(long)]
    allow_demo_data: bool,
}

impl DataArgs {
    /// Opens the database alone.
    async fn open(&self) -> anyhow::Result<Db> {
        Ok(self.open_and_migrate().await?.0)
    }

    async fn open_and_migrate(&self) -> anyhow::Result<(Db, Applied)> {
        let site = SiteConfig { public_url: String::new(), demo: false, tile_url: None, phone: String::new() };
        let options = Options::new(self.data.clone(), self.database_url.clone(), site);
        tokio::task::spawn_blocking(move || open::open_db(&options)).await?
    }
}

impl ServeArgs {
    fn options(&self, demo: bool) -> Options {
        let public_url = self.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", self.listen.port()));
        let site = SiteConfig { public_url, demo, tile_url: self.tile_url.clone(), phone: self.phone.clone() };
        let mut options = Options::new(self.data.data.clone(), self.data.database_url.clone(), site);
        options.playbook.clone_from(&self.playbook);
        options.per_minute = self.per_minute;
        options.proxies.clone_from(&self.trusted_proxies);
        options.partners.clone_from(&self.data.partners);
        options
    }
}

impl Cli {
    /// Runs the command; prints what went wrong, with its causes.
    pub fn run(self) -> ExitCode {
        logging();
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return failed(&error.into()),
        };
        match runtime.block_on(self.dispatch()) {
            Ok(code) => code,
            Err(error) => failed(&error),
        }
    }

    async fn dispatch(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve_city(&args).await,
            Command::Demo(args) => demo::run(&args).await,
            Command::Migrate(data) => migrate(&data).await,
            Command::Import(import) => import::run(&import).await,
            Command::Playbook(command) => playbook::run(&command).await,
            Command::Verify(data) => verify::run(&data).await,
            Command::Doctor(data) => doctor::run(&data).await,
            Command::User(command) => user::run(&command).await,
            Command::Partner(command) => partner::run(&command).await,
            Command::Backup(args) => backup::run(&args).await,
            Command::Indicators(command) => indicators::run(&command).await,
            Command::Openapi => {
                out::say(&serde_json::to_string_pretty(&linli_server::routes::document())?);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn serve_city(args: &ServeOnlyArgs) -> anyhow::Result<ExitCode> {
    if !args.allow_demo_data && demo_data::state(&args.serve.data.open().await?).await?.is_demo() {
        anyhow::bail!(
            "{} 里是演示数据，它的账号和密码是公开的。请用 linli demo 启动；确要这样运行，加上 --allow-demo-data。",
            args.serve.data.data.display()
        );
    }
    let app = open::open_app(&args.serve.options(false)).await?;
    serve::serve(app, args.serve.listen, |address| tracing::info!(%address, "linli serves")).await?;
    Ok(ExitCode::SUCCESS)
}

async fn migrate(data: &DataArgs) -> anyhow::Result<ExitCode> {
    let (_, applied) = data.open_and_migrate().await?;
    out::say(&if applied.names.is_empty() {
        "数据库已是最新结构，无须改动。".to_owned()
    } else {
        format!("已更新数据库结构：{}。", applied.names.join("、"))
    });
    Ok(ExitCode::SUCCESS)
}

fn logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("LINLI_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,linli_server=info,linli_civic=info,linli_server::serve=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("LINLI_LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.json().init()
    } else {
        logs.init()
    }
}

#[expect(clippy::print_stderr, reason = "the command line speaks to its user")]
fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("linli: {error:#}");
    ExitCode::FAILURE
}
