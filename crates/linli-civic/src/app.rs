//! What every request can reach: the database, the clock, the areas in memory, the playbooks, the files.

use std::sync::{Arc, RwLock};

use linli_access::Vault;
use linli_db::Db;
use linli_kernel::{AreaCode, Calendar, Clock, IdSource, ProblemCode, Timestamp};

use crate::areas::tree::AreaTree;
use crate::cases::paper::PaperNumbers;
use crate::cases::routing::Amended;
use crate::delivery::Channels;
use crate::files::Files;
use crate::hotline::Inbox;
use crate::http::{AccessTable, Answer, Refused};
use crate::indicators::Basis;
use crate::limits::Limits;
use crate::live::{Listeners, Live};
use crate::open311::Endpoint;
use crate::origin::Proxies;
use crate::partners::Partners;
use crate::people::Posts;
use crate::playbooks::Shelf;
use crate::sheets::Folder;

/// The application; cloning it is cheap.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the application is made of.
pub struct Parts {
    /// The door to the database.
    pub db: Db,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<IdSource>,
    /// Seals personal data.
    pub vault: Vault,
    /// Photos on disk.
    pub files: Files,
    /// Files of work orders that were uploaded.
    pub hotline: Inbox,
    /// Rows of ledgers that were brought.
    pub registry: Folder,
    /// Holidays and make-up workdays.
    pub calendar: Calendar,
    /// The playbooks that cases are pinned to, and the one that new cases get.
    pub playbooks: Shelf,
    /// What is counted of cases.
    pub indicators: Arc<Basis>,
    /// Numbers for paper.
    pub paper: PaperNumbers,
    /// News for open pages.
    pub live: Live,
    /// How many pages listen.
    pub listeners: Listeners,
    /// The proxies whose word is taken.
    pub proxies: Proxies,
    /// Who answers where, for reports.
    pub posts: Posts,
    /// The other systems that this instance exchanges with.
    pub partners: Partners,
    /// The ways by which something leaves the house.
    pub channels: Channels,
    /// How often one address may report, send photos, answer or sign in.
    pub limits: Limits,
    /// How often one address may look things up; apart, so that looking never stops anyone from reporting.
    pub reading: Limits,
    /// Room for slow work off the async threads (pictures, password hashes): two at a time, so that a crowd of
    /// them can take neither the memory nor every core.
    pub slow: Arc<tokio::sync::Semaphore>,
    /// One reload of the areas at a time, so that an older tree never replaces a newer one.
    pub reloading: tokio::sync::Mutex<()>,
    /// The Open311 endpoint: how it describes itself, who may write.
    pub open311: Endpoint,
    /// What this instance is called.
    pub site: SiteConfig,
    /// Every route's declared access.
    pub access: AccessTable,
    /// The areas, replaced as a whole when one changes.
    pub areas: RwLock<Arc<AreaTree>>,
    /// What rulings added to the responsibility list, replaced as a whole when a line changes.
    pub amended: RwLock<Arc<Vec<Amended>>>,
}

/// What an operator says of an instance.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// The address that residents open; QR codes and links begin with it.
    pub public_url: String,
    /// Whether this is the demo: its accounts and passwords are shown.
    pub demo: bool,
    /// Where the base map's tiles come from; none is needed.
    pub tile_url: Option<String>,
    /// The number that residents can call.
    pub phone: String,
}

impl App {
    /// From its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Runs slow work off the async threads, when there is room for it.
    ///
    /// # Errors
    /// `Internal` when the work panics.
    pub async fn slowly<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
        let room = Arc::clone(&self.slow).acquire_owned().await.map_err(|_| Refused::from(ProblemCode::Internal))?;
        let done = tokio::task::spawn_blocking(move || {
            let out = work();
            drop(room);
            out
        });
        done.await.map_err(|_| ProblemCode::Internal.into())
    }

    /// The areas as they stand.
    #[must_use]
    pub fn areas(&self) -> Arc<AreaTree> {
        // A poisoned lock still holds a whole tree: it is only ever replaced.
        self.0.areas.read().map_or_else(|poisoned| Arc::clone(&poisoned.into_inner()), |tree| Arc::clone(&tree))
    }

    /// What rulings added to the responsibility list.
    #[must_use]
    pub fn amended(&self) -> Arc<Vec<Amended>> {
        self.0.amended.read().map_or_else(|poisoned| Arc::clone(&poisoned.into_inner()), |lines| Arc::clone(&lines))
    }

    /// Reads those lines again, after one changed here or on another node.
    ///
    /// # Errors
    /// The database's.
    pub async fn reload_amended(&self) -> Result<(), linli_db::StoreError> {
        let lines = Arc::new(self.db.read(crate::cases::entries::current).await?);
        match self.0.amended.write() {
            Ok(mut slot) => *slot = lines,
            Err(poisoned) => *poisoned.into_inner() = lines,
        }
        Ok(())
    }

    /// Reads one area again, after it was changed or made here or on another node.
    ///
    /// # Errors
    /// The database's.
    pub async fn reload_area(&self, code: AreaCode) -> Result<(), linli_db::StoreError> {
        let _one = self.reloading.lock().await;
        let Some(area) = self.db.read(move |conn| AreaTree::read_one(conn, &code)).await? else { return Ok(()) };
        let known = self.areas();
        if known.get(&code).is_none_or(|known| known.version != area.version || known.short_name != area.short_name) {
            self.put_areas(Arc::new(known.with(area)));
        }
        Ok(())
    }

    /// Reads the areas again, after one changed here or on another node.
    ///
    /// # Errors
    /// The database's.
    pub async fn reload_areas(&self) -> Result<(), linli_db::StoreError> {
        let _one = self.reloading.lock().await;
        self.put_areas(Arc::new(self.db.read(AreaTree::load).await?));
        Ok(())
    }

    fn put_areas(&self, tree: Arc<AreaTree>) {
        match self.0.areas.write() {
            Ok(mut slot) => *slot = tree,
            Err(poisoned) => *poisoned.into_inner() = tree,
        }
    }
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
