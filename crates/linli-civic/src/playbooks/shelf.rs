//! The playbooks in memory, read from the database when a case needs an old one.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use serde_json::json;

use linli_db::{Conn, Store, StoreError, Tx, Writer, params};
use linli_kernel::{Actor, Change, NewEvent, Stream, StreamKind, Timestamp};
use linli_playbook::{Documents, Finding, LoadError, Loaded, Playbook, Sources};

/// Playbooks by id and version.
#[derive(Debug)]
pub struct Shelf {
    current: Arc<Playbook>,
    findings: Vec<Finding>,
    documents: Documents,
    /// Those that ship, which drafts may extend.
    shipped: Sources,
    /// The operator's own folder of playbooks.
    own: Option<PathBuf>,
    older: RwLock<HashMap<(String, String), Arc<Playbook>>>,
}

/// A version on the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnShelf {
    /// The playbook's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What people call it.
    pub name: String,
    /// When it was put there.
    pub loaded_at: Timestamp,
}

/// A playbook that is put on the shelf.
struct Version(Arc<Playbook>, Timestamp);

impl Store for Version {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let body = serde_json::to_string(&*self.0)?;
        writer.exec(
            "INSERT INTO playbook_version (id, version, name, body, loaded_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id, version) DO NOTHING",
            &params![self.0.id, self.0.version, self.0.name, body, self.1],
        )?;
        Ok(())
    }
}

impl Shelf {
    /// With a playbook for new cases, its documents and what its check found.
    #[must_use]
    pub fn new(current: Loaded) -> Self {
        let Loaded { playbook, findings, documents } = current;
        Self {
            current: Arc::new(playbook),
            findings,
            documents,
            shipped: Sources::default(),
            own: None,
            older: RwLock::new(HashMap::new()),
        }
    }

    /// The same shelf, with the playbooks that ship and the operator's own folder, where drafts lie.
    #[must_use]
    pub fn with_drafts(mut self, shipped: Sources, own: PathBuf) -> Self {
        self.shipped = shipped;
        self.own = Some(own);
        self
    }

    /// The drafts: what lies in the operator's folder, by id, and everything that they may extend.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn drafts(&self) -> Result<(Sources, Vec<String>), LoadError> {
        let Some(folder) = self.own.as_deref().filter(|folder| folder.is_dir()) else {
            return Ok((self.shipped.clone(), Vec::new()));
        };
        let own = Sources::from_dir(folder)?;
        let ids = own.ids();
        Ok((self.shipped.clone().and(own), ids))
    }

    /// A template of the current playbook: how the house writes today.
    #[must_use]
    pub fn document(&self, name: &str) -> Option<Arc<[u8]>> {
        self.documents.get(name).map(|document| Arc::clone(&document.bytes))
    }

    /// The playbook of new cases.
    #[must_use]
    pub fn current(&self) -> Arc<Playbook> {
        Arc::clone(&self.current)
    }

    /// What the check of the current playbook found.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Stores the current version, once, so that cases can be pinned to it.
    ///
    /// # Errors
    /// The database's.
    pub fn keep(current: &Arc<Playbook>, tx: &mut Tx<'_>, at: Timestamp) -> Result<(), StoreError> {
        let stored = tx.number(
            "SELECT COUNT(*) AS n FROM playbook_version WHERE id = $1 AND version = $2",
            &params![current.id, current.version],
        )?;
        if stored > 0 {
            return Ok(());
        }
        let event = NewEvent {
            stream: Stream::new(StreamKind::Playbook, current.id.clone()),
            kind: "playbook_loaded",
            at,
            actor: Actor::System,
            payload: json!({ "version": current.version }),
            text: None,
            area: None,
            unit: None,
        };
        tx.commit(Change::new(Version(Arc::clone(current), at), event))?;
        Ok(())
    }

    /// Every version that cases can be pinned to, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub fn versions(conn: &mut Conn) -> Result<Vec<OnShelf>, StoreError> {
        let sql = "SELECT id, version, name, loaded_at FROM playbook_version ORDER BY loaded_at DESC, id, version";
        conn.all(sql, &[], |row| {
            Ok(OnShelf {
                id: row.get("id")?,
                version: row.get("version")?,
                name: row.get("name")?,
                loaded_at: row.at("loaded_at")?,
            })
        })
    }

    /// A version as it was stored; `None` where it never was.
    ///
    /// # Errors
    /// The database's.
    pub fn stored(conn: &mut Conn, id: &str, version: &str) -> Result<Option<Playbook>, StoreError> {
        conn.first("SELECT body FROM playbook_version WHERE id = $1 AND version = $2", &params![id, version], |row| {
            row.json::<Playbook>("body")
        })
    }

    /// The playbook that a case is pinned to.
    ///
    /// # Errors
    /// `Inconsistent` when it is nowhere: a case cannot be interpreted by another one.
    pub fn pinned(&self, conn: &mut Conn, id: &str, version: &str) -> Result<Arc<Playbook>, StoreError> {
        self.find(conn, id, version)?.ok_or_else(|| StoreError::Inconsistent {
            table: "playbook_version",
            row: format!("{id} {version}"),
            what: "a case is pinned to it and it is gone".to_owned(),
        })
    }

    /// A version that cases can be pinned to.
    ///
    /// # Errors
    /// The database's.
    pub fn find(&self, conn: &mut Conn, id: &str, version: &str) -> Result<Option<Arc<Playbook>>, StoreError> {
        if self.current.id == id && self.current.version == version {
            return Ok(Some(self.current()));
        }
        let key = (id.to_owned(), version.to_owned());
        let known = self.older.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&key).cloned();
        if let Some(playbook) = known {
            return Ok(Some(playbook));
        }
        let Some(playbook) = Self::stored(conn, id, version)?.map(Arc::new) else { return Ok(None) };
        self.older.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(key, Arc::clone(&playbook));
        Ok(Some(playbook))
    }
}
