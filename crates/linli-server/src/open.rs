//! From a folder (and perhaps a database URL) to a running application.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use anyhow::{Context, bail};

use linli_access::Vault;
use linli_civic::app::{App, Parts, SiteConfig};
use linli_civic::areas::tree::AreaTree;
use linli_civic::cases::paper::PaperNumbers;
use linli_civic::delivery::Channels;
use linli_civic::delivery::consume::Consumer;
use linli_civic::files::Files;
use linli_civic::hotline::{self, Inbox};
use linli_civic::http::AccessTable;
use linli_civic::indicators::Basis;
use linli_civic::limits::Limits;
use linli_civic::live::{Listeners, Live};
use linli_civic::open311::Endpoint;
use linli_civic::origin::Proxies;
use linli_civic::partners::{PartnerFault, Partners};
use linli_civic::people::Posts;
use linli_civic::playbooks::Shelf;
use linli_civic::sheets::Folder;
use linli_db::{Applied, Config, Db, StoreError, params};
use linli_kernel::{Calendar, Clock, IdSource, SystemClock};
use linli_playbook::{Loaded, Sources};

/// The playbooks that ship.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../playbooks"]
#[include = "*.toml"]
#[include = "*.docx"]
struct Shipped;

/// The holidays that ship: npm chinese-days 1.5.7, MIT.
const CALENDAR: &str = include_str!("../../../data/calendar/chinese-days.json");

/// Where the data is and how it is opened.
#[derive(Clone)]
pub struct Options {
    /// The folder of the database, the photos and the keys.
    pub data: PathBuf,
    /// A PostgreSQL server in place of the embedded database.
    pub database_url: Option<String>,
    /// What the operator says of the instance.
    pub site: SiteConfig,
    /// The playbook for new cases; the one set before, or `base`, when none is named.
    pub playbook: Option<String>,
    /// The folder of the other systems' files; `DATA/partners` when none is named.
    pub partners: Option<PathBuf>,
    /// Reports, photos and answers that one address may send in a minute.
    pub per_minute: u32,
    /// Proxies besides this machine whose word is taken about where a request comes from.
    pub proxies: Vec<ipnet::IpNet>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<IdSource>,
}

impl Options {
    /// With the machine's clock and the usual limits.
    #[must_use]
    pub fn new(data: PathBuf, database_url: Option<String>, site: SiteConfig) -> Self {
        Self {
            data,
            database_url,
            site,
            playbook: None,
            partners: None,
            per_minute: 120,
            proxies: Vec::new(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(IdSource::random()),
        }
    }

    /// The folder of the other systems' files.
    #[must_use]
    pub fn partners_folder(&self) -> PathBuf {
        self.partners.clone().unwrap_or_else(|| self.data.join("partners"))
    }

    /// Which database these options mean.
    #[must_use]
    pub fn config(&self) -> Config {
        match &self.database_url {
            Some(url) => Config::Postgres { url: url.clone() },
            None => Config::Sqlite { path: self.data.join("linli.db") },
        }
    }
}

/// Opens the database alone: for commands that need no application.
///
/// # Errors
/// When the folder or the database cannot be opened.
pub fn open_db(options: &Options) -> anyhow::Result<(Db, Applied)> {
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("cannot make the folder {}", options.data.display()))?;
    Db::open(options.config(), Arc::clone(&options.ids)).context("cannot open the database")
}

/// Opens everything.
///
/// # Errors
/// When a part cannot be opened, with what was being done.
pub async fn open_app(options: &Options) -> anyhow::Result<App> {
    let partners = load_partners(&options.partners_folder())?;
    let open311 = Endpoint::open(&options.data, &partners)?;
    let opened = options.clone();
    let (db, _) = tokio::task::spawn_blocking(move || open_db(&opened)).await??;
    let vault = Vault::new(&secret(&options.data)?);
    check_key(&db, &vault).await?;
    let calendar = calendar(&options.data)?;
    let id = match &options.playbook {
        Some(id) => id.clone(),
        None => setting(&db, "playbook").await?.unwrap_or_else(|| "base".to_owned()),
    };
    let loaded = load_playbook(&options.data, &id)?;
    if !loaded.is_usable() {
        let findings: Vec<String> = loaded.findings.iter().map(ToString::to_string).collect();
        bail!("the playbook {id} has errors:\n{}", findings.join("\n"));
    }
    let shelf = Shelf::new(loaded).with_drafts(playbook_sources(None)?, options.data.join("playbooks"));
    let areas = db.read(AreaTree::load).await?;
    let amended = db.read(linli_civic::cases::entries::current).await?;
    let (now, current) = (options.clock.now(), shelf.current());
    db.write(move |tx| {
        Shelf::keep(&current, tx, now)?;
        let id = current.id.clone();
        tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO setting (name, value) VALUES ('playbook', $1) ON CONFLICT (name) DO UPDATE SET value = $1",
                &params![id],
            )
        })?;
        Ok::<_, StoreError>(())
    })
    .await?;
    let app = App::new(Parts {
        db,
        clock: Arc::clone(&options.clock),
        ids: Arc::clone(&options.ids),
        vault,
        files: Files::new(options.data.join("files")),
        hotline: Inbox::new(options.data.join("imports")),
        registry: Folder::new(options.data.join("ledgers")),
        calendar,
        indicators: Arc::new(Basis::of(&shelf.current())),
        playbooks: shelf,
        paper: PaperNumbers::default(),
        live: Live::default(),
        posts: Posts::default(),
        listeners: Listeners::default(),
        proxies: Proxies::default().and(options.proxies.iter().copied()),
        partners,
        channels: channels(),
        limits: Limits::new(options.per_minute),
        reading: Limits::new(options.per_minute.saturating_mul(10)),
        open311,
        site: options.site.clone(),
        access: AccessTable::from_document(&crate::routes::document())?,
        slow: Arc::new(tokio::sync::Semaphore::new(2)),
        reloading: tokio::sync::Mutex::new(()),
        areas: RwLock::new(Arc::new(areas)),
        amended: RwLock::new(Arc::new(amended)),
    });
    linli_civic::notices::channels::register(&app.channels);
    linli_civic::webhooks::register(&app.channels);
    Ok(app)
}

/// What follows from every event: each reads the feed by itself.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(linli_civic::notices::consumer::Notifier), Arc::new(linli_civic::webhooks::Hooks)]
}

/// The database knows the key that sealed its phone numbers by a fingerprint: with another key they would be lost in silence.
async fn check_key(db: &Db, vault: &Vault) -> anyhow::Result<()> {
    let print = vault.index("setting.key_print", "linli");
    match setting(db, "key_print").await? {
        Some(known) if known == print => Ok(()),
        Some(_) => bail!(
            "the key in keys/data.key is not the one that this database was sealed with: put the right file back (from the backup, or from the node that made it)"
        ),
        None => {
            db.write(move |tx| {
                tx.bookkeep(|writer| {
                    writer.exec(
                        "INSERT INTO setting (name, value) VALUES ('key_print', $1) ON CONFLICT (name) DO NOTHING",
                        &params![print],
                    )
                })
            })
            .await?;
            Ok(())
        }
    }
}

/// A setting of the instance.
///
/// # Errors
/// The database's.
pub async fn setting(db: &Db, name: &'static str) -> Result<Option<String>, StoreError> {
    db.read(move |conn| conn.first("SELECT value FROM setting WHERE name = $1", &params![name], |row| row.get("value")))
        .await
}

/// Sets a setting of the instance.
///
/// # Errors
/// The database's.
pub async fn set(db: &Db, name: &'static str, value: &'static str) -> Result<(), StoreError> {
    let set = db.write(move |tx| {
        tx.bookkeep(|writer| {
            writer.exec(
                "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
                &params![name, value],
            )
        })
    });
    set.await.map(drop)
}

/// Every playbook that ships, with the operator's own (`DATA/playbooks`) in their place.
///
/// # Errors
/// When the operator's folder cannot be read.
pub fn playbook_sources(data: Option<&Path>) -> anyhow::Result<Sources> {
    let shipped = || Shipped::iter().filter_map(|path| Some((path.to_string(), Shipped::get(&path)?.data)));
    let (documents, texts): (Vec<_>, Vec<_>) = shipped().partition(|(path, _)| path.ends_with(".docx"));
    let texts = texts.into_iter().map(|(path, data)| (path, String::from_utf8_lossy(&data).into_owned()));
    let documents = documents.into_iter().map(|(path, data)| (path, data.into_owned()));
    let shipped = Sources::from_files(texts).with_documents(documents);
    match data.map(|data| data.join("playbooks")).filter(|folder| folder.is_dir()) {
        Some(folder) => Ok(shipped.and(Sources::from_dir(&folder)?)),
        None => Ok(shipped),
    }
}

/// The ways by which something leaves the house.
fn channels() -> Channels {
    let channels = Channels::default();
    channels.add(Arc::new(linli_civic::open311::client::send::Open311Channel));
    channels
}

/// Reads the other systems' files.
///
/// # Errors
/// Every fault of every file: a server that half knows whom it talks to does not start.
pub fn load_partners(folder: &Path) -> anyhow::Result<Partners> {
    let said = |faults: Vec<PartnerFault>| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("外部系统文件有错误：\n{}", said.join("\n"))
    };
    let partners = Partners::load(folder).map_err(said)?;
    hotline::partner::check(&partners).map_err(said)?;
    let faults = partner_faults(&partners);
    if faults.is_empty() { Ok(partners) } else { Err(said(faults)) }
}

/// What is wrong with the tables that belong to the slices.
#[must_use]
pub fn partner_faults(partners: &Partners) -> Vec<PartnerFault> {
    let mut faults = linli_civic::notices::channels::faults(partners);
    faults.extend(linli_civic::webhooks::faults(partners));
    faults
}

/// Loads and checks a playbook.
///
/// # Errors
/// When there is none of that name.
pub fn load_playbook(data: &Path, id: &str) -> anyhow::Result<Loaded> {
    Ok(checked(linli_playbook::load(&playbook_sources(Some(data))?, id)?))
}

/// With what is wrong with its documents: what they can be filled with is known to the slices.
#[must_use]
pub fn checked(mut loaded: Loaded) -> Loaded {
    loaded.findings.extend(linli_civic::cases::work_order_check::findings(&loaded.documents));
    loaded.findings.sort_by(|a, b| (a.severity, &a.file, a.line, a.code).cmp(&(b.severity, &b.file, b.line, b.code)));
    loaded
}

/// The shipped calendar, with the operator's own (`DATA/calendar.json`) over it, year by year.
///
/// # Errors
/// When the operator's file is no calendar.
pub fn calendar(data: &Path) -> anyhow::Result<Calendar> {
    let shipped = Calendar::from_json(CALENDAR).context("the shipped calendar")?;
    let own = data.join("calendar.json");
    if !own.exists() {
        return Ok(shipped);
    }
    let text = std::fs::read_to_string(&own).with_context(|| format!("cannot read {}", own.display()))?;
    Ok(shipped.replaced_by(Calendar::from_json(&text).with_context(|| format!("{} is no calendar", own.display()))?))
}

/// The instance's secret, made at the first start; whoever loses it loses every phone number.
///
/// # Errors
/// When the file cannot be read or made, or holds no key.
pub fn secret(data: &Path) -> anyhow::Result<[u8; 32]> {
    let folder = data.join("keys");
    let path = folder.join("data.key");
    if path.exists() {
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let bytes = hex::decode(text.trim()).with_context(|| format!("{} holds no key", path.display()))?;
        return bytes.try_into().map_err(|_| anyhow::anyhow!("{} holds no key of 32 bytes", path.display()));
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness for a key: {error}"))?;
    write_private(&path, &hex::encode(key)).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}
