//! A fresh database for each test, on SQLite and on PostgreSQL.
//!
//! PostgreSQL tests need `LINLI_TEST_POSTGRES` (see `script/postgres`); without it they fail, so that a run
//! that left out half of the promise is never green.

#![expect(clippy::expect_used, reason = "test support: a broken set-up must stop the test")]

pub mod hotline;
pub mod ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use linli_db::{Config, Db};
use linli_kernel::IdSource;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the throwaway server.
    Postgres,
}

impl Backend {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A fresh, migrated database that is removed when dropped.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// How to open it again.
    pub config: Config,
    folder: tempfile::TempDir,
    dropped_on_postgres: Option<String>,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl TestDb {
    /// Makes one.
    ///
    /// # Panics
    /// When the database cannot be made: the test cannot run.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (config, dropped_on_postgres) = match backend {
            Backend::Sqlite => (Config::Sqlite { path: folder.path().join("linli.db") }, None),
            Backend::Postgres => {
                let (config, name) = new_postgres();
                (config, Some(name))
            }
        };
        let (db, _) = Db::open(config.clone(), Arc::new(IdSource::random())).expect("the database opens");
        Self { db, config, folder, dropped_on_postgres }
    }

    /// A folder for the test's files.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Some(name) = self.dropped_on_postgres.take() {
            on_server(move |client| {
                // WITH (FORCE): the pool of the test may still be closing. Left behind at worst; the server is thrown away.
                drop(client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")));
            });
        }
    }
}

/// Makes an empty database on the throwaway server; its configuration and name.
///
/// # Panics
/// When `LINLI_TEST_POSTGRES` is missing or the server does not answer.
#[must_use]
pub fn new_postgres() -> (Config, String) {
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let create = format!("CREATE DATABASE {name}");
    on_server(move |client| client.batch_execute(&create).expect("a test database is made"));
    let url = server_url().replace("dbname=postgres", &format!("dbname={name}"));
    (Config::Postgres { url }, name)
}

fn server_url() -> String {
    std::env::var("LINLI_TEST_POSTGRES").expect(
        "PostgreSQL tests need LINLI_TEST_POSTGRES: run script/test, or export LINLI_TEST_POSTGRES=\"$(script/postgres start DIR)\"",
    )
}

/// The blocking client may not run inside an async runtime.
fn on_server(run: impl FnOnce(&mut postgres::Client) + Send + 'static) {
    let url = server_url();
    std::thread::spawn(move || {
        let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("the throwaway PostgreSQL answers");
        run(&mut client);
    })
    .join()
    .expect("the throwaway PostgreSQL did as told");
}

/// Declares one test for each database: `on_both! { async fn name(t: TestDb) { … } }`.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;
            async fn check($db: $crate::TestDb) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() { check($crate::TestDb::new($crate::Backend::Sqlite)).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() { check($crate::TestDb::new($crate::Backend::Postgres)).await; }
        }
    )+ };
}
