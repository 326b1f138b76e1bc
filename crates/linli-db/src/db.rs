//! Database threads: one writer with group commit on SQLite, a few on PostgreSQL, a handful of readers.
//!
//! A write job runs inside a transaction that other jobs share (up to 256 of them, a savepoint each): one
//! fsync for all. A job that is refused or fails is undone alone. Nobody is told that a job is done
//! before the transaction is committed. A job may be run again (PostgreSQL: deadlock, another
//! transaction first), so it must not consume what it captured.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::{oneshot, watch};

use linli_kernel::IdSource;

use crate::conn::{Conn, Tx};
use crate::error::StoreError;
use crate::migrate::{self, Applied};

const QUEUE: usize = 8_192;
const SQLITE_GROUP: usize = 256;
const POSTGRES_GROUP: usize = 64;
const RUNS_AT_MOST: u32 = 6;

/// Which database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Config {
    /// A file beside the data.
    Sqlite {
        /// The file.
        path: PathBuf,
    },
    /// A server.
    Postgres {
        /// `postgres://user@host/name` or `host=… user=… dbname=…`.
        url: String,
    },
}

/// The database, shared by everyone; cloning it is cheap.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    writes: Sender<Box<dyn WriteJob>>,
    reads: Sender<ReadJob>,
    committed: watch::Receiver<u64>,
    config: Config,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

type ReadJob = Box<dyn FnOnce(Result<&mut Conn, StoreError>) -> Health + Send>;

/// Whether a connection can be used again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Good,
    Lost,
}

impl Db {
    /// Opens the database, brings it to the latest migration and starts the threads.
    ///
    /// # Errors
    /// `Open` or the database's own error when it cannot be reached; `Newer` when a newer linli wrote it.
    pub fn open(config: Config, ids: Arc<IdSource>) -> Result<(Self, Applied), StoreError> {
        // On its own thread: the PostgreSQL client may not be opened inside an async runtime.
        let first = config.clone();
        let (conn, applied) = on_thread(move || {
            let mut conn = Conn::open(&first, false)?;
            let applied = migrate::migrate(&mut conn)?;
            Ok((conn, applied))
        })?;
        let (writes, write_queue) = bounded(QUEUE);
        let (reads, read_queue) = bounded(QUEUE);
        let (tell, committed) = watch::channel(0);
        let tell = Arc::new(tell);
        let (n_writers, n_readers, group) = match config {
            Config::Sqlite { .. } => (1, 3, SQLITE_GROUP),
            Config::Postgres { .. } => (2, 4, POSTGRES_GROUP),
        };
        let mut threads = Vec::new();
        let mut first = Some(conn);
        for i in 0..n_writers {
            let writer = WriterThread {
                config: config.clone(),
                queue: write_queue.clone(),
                ids: Arc::clone(&ids),
                tell: Arc::clone(&tell),
                group,
                conn: first.take(),
            };
            threads.push(spawn(format!("db-write-{i}"), move || writer.run())?);
        }
        for i in 0..n_readers {
            let (config, queue) = (config.clone(), read_queue.clone());
            threads.push(spawn(format!("db-read-{i}"), move || read_all(&config, &queue))?);
        }
        let inner = Inner { writes, reads, committed, config, threads: std::sync::Mutex::new(threads) };
        Ok((Self { inner: Arc::new(inner) }, applied))
    }

    /// Runs `read` on a reading connection.
    ///
    /// # Errors
    /// `Busy` when too many jobs wait; else what `read` says.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |conn| {
            let mut health = Health::Good;
            let out = match conn {
                Ok(conn) => catch_unwind(AssertUnwindSafe(|| read(conn)))
                    .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(&*panic)).into())),
                Err(error) => Err(error.into()),
            };
            if out.as_ref().err().and_then(AsStoreError::as_store_error).is_some_and(StoreError::is_lost_connection) {
                health = Health::Lost;
            }
            // The asker may have gone away; then nobody wants the answer.
            drop(reply.send(out));
            health
        });
        self.inner.reads.try_send(job).map_err(|error| E::from(full_or_closed(&error)))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Runs `write` inside a transaction; what it returns is given back only after the commit. An `Err`
    /// undoes everything that it wrote.
    ///
    /// # Errors
    /// `Busy` when too many jobs wait; `NotCommitted`; else what `write` says.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + AsStoreError + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(TypedJob { write, out: None, reply });
        self.inner.writes.try_send(job).map_err(|error| E::from(full_or_closed(&error)))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Wakes after every commit that wrote events.
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.inner.committed.clone()
    }

    /// Which database this is.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// Jobs that wait for a writer and for a reader.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.inner.writes.len(), self.inner.reads.len())
    }

    /// Copies a SQLite database to `path` while it is in use.
    ///
    /// # Errors
    /// `Open` for PostgreSQL, which has its own tools; else the database's.
    pub async fn backup_to(&self, path: PathBuf) -> Result<(), StoreError> {
        self.read(move |conn| conn.backup_to(&path)).await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let (closed_writes, _) = bounded(0);
        let (closed_reads, _) = bounded(0);
        self.writes = closed_writes;
        self.reads = closed_reads;
        let threads = self.threads.get_mut().map(std::mem::take).unwrap_or_default();
        for thread in threads {
            // Joined so that every acknowledged commit is on disk and the files are closed; a thread never joins itself.
            if thread.thread().id() != std::thread::current().id() {
                drop(thread.join());
            }
        }
    }
}

/// Lets the writer see whether a job's error is the database's and worth another run.
pub trait AsStoreError {
    /// The database's error inside, if that is what it is.
    fn as_store_error(&self) -> Option<&StoreError>;
}

impl AsStoreError for StoreError {
    fn as_store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// How a job's run ended.
enum Ran {
    /// Keep what it wrote.
    Keep { events: bool },
    /// Undo what it wrote; its answer is a refusal or a fault.
    Undo,
    /// Undo, and run it again in a transaction of its own.
    Again,
    /// The connection is gone.
    Lost,
}

trait WriteJob: Send {
    fn run(&mut self, conn: &mut Conn, ids: &IdSource) -> Ran;
    fn is_abandoned(&self) -> bool;
    fn answer(self: Box<Self>);
    fn fail(self: Box<Self>, error: StoreError);
}

struct TypedJob<F, T, E> {
    write: F,
    out: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> WriteJob for TypedJob<F, T, E>
where
    T: Send,
    E: From<StoreError> + AsStoreError + Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, conn: &mut Conn, ids: &IdSource) -> Ran {
        let mut tx = Tx::new(conn, ids);
        let write = &mut self.write;
        let out = catch_unwind(AssertUnwindSafe(|| write(&mut tx)))
            .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(&*panic)).into()));
        let ran = match &out {
            Ok(_) => Ran::Keep { events: tx.wrote_events() },
            Err(error) => match error.as_store_error() {
                Some(error) if error.is_lost_connection() => Ran::Lost,
                Some(error) if error.is_transient() => Ran::Again,
                _ => Ran::Undo,
            },
        };
        self.out = Some(out);
        ran
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn answer(self: Box<Self>) {
        let out = self.out.unwrap_or_else(|| Err(StoreError::Closed.into()));
        drop(self.reply.send(out));
    }

    fn fail(self: Box<Self>, error: StoreError) {
        drop(self.reply.send(Err(error.into())));
    }
}

const SET: &str = "SAVEPOINT job";
const RELEASE: &str = "RELEASE SAVEPOINT job";
const UNDO: &str = "ROLLBACK TO SAVEPOINT job";
const RELEASE_AND_SET: &str = "RELEASE SAVEPOINT job; SAVEPOINT job";
// Released first: the commit of a transaction that a swallowed fault has broken would quietly undo all of it.
const RELEASE_AND_COMMIT: &str = "RELEASE SAVEPOINT job; COMMIT";

/// The jobs that one transaction holds.
#[derive(Default)]
struct Batch {
    kept: Vec<Box<dyn WriteJob>>,
    refused: Vec<Box<dyn WriteJob>>,
    again: Vec<Box<dyn WriteJob>>,
    wrote_events: bool,
    /// Whether the savepoint that is set holds what the last kept job wrote.
    is_kept_last: bool,
}

/// How the savepoint of a job was closed.
enum Closed {
    /// What the job wrote is part of the transaction.
    Released,
    /// It is undone, and the savepoint is still set.
    Undone,
}

impl Batch {
    /// Runs `sql`, which releases the savepoint of the last kept job. A job that swallowed a fault of the database cannot be
    /// released: it is undone and run again alone.
    fn close_last(&mut self, conn: &mut Conn, sql: &str) -> Result<Closed, StoreError> {
        self.is_kept_last = false;
        let Err(error) = conn.batch(sql) else { return Ok(Closed::Released) };
        if error.is_lost_connection() || conn.batch(UNDO).is_err() {
            return Err(error);
        }
        self.again.extend(self.kept.pop());
        Ok(Closed::Undone)
    }

    fn fail_with(self, job: Box<dyn WriteJob>, why: &str) {
        for job in self.kept.into_iter().chain(self.refused).chain(self.again).chain([job]) {
            job.fail(StoreError::NotCommitted(why.to_owned()));
        }
    }
}

struct WriterThread {
    config: Config,
    queue: Receiver<Box<dyn WriteJob>>,
    ids: Arc<IdSource>,
    tell: Arc<watch::Sender<u64>>,
    group: usize,
    conn: Option<Conn>,
}

impl WriterThread {
    fn run(mut self) {
        while let Ok(first) = self.queue.recv() {
            let mut batch = vec![first];
            let mut conn = match self.conn.take().map_or_else(|| Conn::open(&self.config, false), Ok) {
                Ok(conn) => conn,
                Err(error) => {
                    tracing::error!(%error, "cannot reach the database");
                    // Everyone who waits is told at once: whoever is told can try again, whoever waits only hangs.
                    batch.extend(self.queue.try_iter());
                    batch.drain(..).for_each(|job| job.fail(StoreError::Busy));
                    std::thread::sleep(Duration::from_millis(200));
                    continue;
                }
            };
            if self.run_batch(&mut conn, batch) == Health::Good {
                self.conn = Some(conn);
            }
        }
    }

    /// Runs `first` and whatever else is waiting in one transaction, each under a savepoint. Between two jobs there is one way
    /// to the server: the savepoint of the one is released and that of the next set together.
    fn run_batch(&self, conn: &mut Conn, first: Vec<Box<dyn WriteJob>>) -> Health {
        if let Err(error) = conn.batch(&format!("{}; {SET}", conn.dialect().begin_write())) {
            let health = if error.is_lost_connection() { Health::Lost } else { Health::Good };
            drop(conn.batch("ROLLBACK"));
            first.into_iter().for_each(|job| job.fail(StoreError::NotCommitted(error.to_string())));
            return health;
        }
        let mut batch = Batch::default();
        let mut n_run = 0;
        let mut next = first.into_iter().next();
        while let Some(mut job) = next.take() {
            if job.is_abandoned() {
                // Whoever asked has gone, and may be asking again: doing it now could do it twice.
                next = self.queue.try_recv().ok();
                continue;
            }
            n_run += 1;
            let fresh = if batch.is_kept_last { batch.close_last(conn, RELEASE_AND_SET) } else { Ok(Closed::Undone) };
            let ran = fresh.and_then(|_| self.run_under_savepoint(conn, &mut *job));
            match ran {
                Ok(Ran::Keep { events }) => {
                    batch.wrote_events |= events;
                    batch.is_kept_last = true;
                    batch.kept.push(job);
                }
                Ok(Ran::Undo) => batch.refused.push(job),
                Ok(Ran::Again) => batch.again.push(job),
                Ok(Ran::Lost) | Err(_) => {
                    batch.fail_with(job, "the connection was lost");
                    return Health::Lost;
                }
            }
            if n_run < self.group {
                next = self.queue.try_recv().ok();
            }
        }
        self.end(conn, batch)
    }

    /// Commits what the jobs of a batch wrote and answers them.
    fn end(&self, conn: &mut Conn, mut batch: Batch) -> Health {
        let closed = if batch.is_kept_last { batch.close_last(conn, RELEASE_AND_COMMIT) } else { Ok(Closed::Undone) };
        let committed = match closed {
            Ok(Closed::Released) => Ok(()),
            Ok(Closed::Undone) if batch.kept.is_empty() => conn.batch("ROLLBACK"),
            Ok(Closed::Undone) => conn.batch(RELEASE_AND_COMMIT),
            Err(error) => Err(error),
        };
        let health = match &committed {
            Ok(()) => Health::Good,
            // A commit whose answer was lost may have happened: say so rather than run it twice.
            Err(error) if error.is_lost_connection() => Health::Lost,
            Err(_) => {
                drop(conn.batch("ROLLBACK"));
                Health::Good
            }
        };
        let Batch { kept, refused, again, wrote_events, .. } = batch;
        if let Err(error) = committed {
            kept.into_iter().for_each(|job| job.fail(StoreError::NotCommitted(error.to_string())));
        } else {
            if wrote_events {
                self.tell.send_modify(|n| *n += 1);
            }
            kept.into_iter().for_each(WriteJob::answer);
        }
        refused.into_iter().for_each(WriteJob::answer);
        let mut health = health;
        for job in again {
            if health == Health::Lost {
                job.fail(StoreError::NotCommitted("the connection was lost".to_owned()));
            } else {
                health = self.run_alone(conn, job);
            }
        }
        health
    }

    /// Runs a job under the savepoint that is set, and undoes it there unless it is kept. `Err` when the transaction is lost.
    fn run_under_savepoint(&self, conn: &mut Conn, job: &mut dyn WriteJob) -> Result<Ran, StoreError> {
        let ran = job.run(conn, &self.ids);
        if !conn.in_transaction() {
            return Ok(Ran::Lost);
        }
        if matches!(ran, Ran::Undo | Ran::Again) {
            // The savepoint stays set for the next job.
            conn.batch(UNDO)?;
        }
        Ok(ran)
    }

    fn run_one(&self, conn: &mut Conn, job: &mut dyn WriteJob) -> Ran {
        if conn.batch(SET).is_err() {
            return Ran::Again;
        }
        let ran = match self.run_under_savepoint(conn, job) {
            Ok(ran) => ran,
            Err(error) if error.is_lost_connection() => Ran::Lost,
            Err(_) => Ran::Again,
        };
        match ran {
            Ran::Keep { .. } => match conn.batch(RELEASE) {
                Ok(()) => ran,
                Err(error) if error.is_lost_connection() => Ran::Lost,
                Err(_) => Ran::Again,
            },
            Ran::Undo | Ran::Again | Ran::Lost => ran,
        }
    }

    /// Runs one job in transactions of its own until it is kept, refused or has been tried often enough.
    fn run_alone(&self, conn: &mut Conn, mut job: Box<dyn WriteJob>) -> Health {
        for run in 1..=RUNS_AT_MOST {
            if run > 1 {
                std::thread::sleep(Duration::from_millis(u64::from(run) * 2));
            }
            if let Err(error) = conn.batch(conn.dialect().begin_write()) {
                let health = if error.is_lost_connection() { Health::Lost } else { Health::Good };
                job.fail(StoreError::NotCommitted(error.to_string()));
                return health;
            }
            // Under a savepoint here too: a job that swallowed a fault of the database must not look committed.
            match self.run_one(conn, &mut *job) {
                Ran::Keep { events } => match conn.batch("COMMIT") {
                    Ok(()) => {
                        if events {
                            self.tell.send_modify(|n| *n += 1);
                        }
                        job.answer();
                        return Health::Good;
                    }
                    Err(error) if error.is_transient() => drop(conn.batch("ROLLBACK")),
                    Err(error) => {
                        let health = if error.is_lost_connection() { Health::Lost } else { Health::Good };
                        drop(conn.batch("ROLLBACK"));
                        job.fail(StoreError::NotCommitted(error.to_string()));
                        return health;
                    }
                },
                Ran::Undo => {
                    drop(conn.batch("ROLLBACK"));
                    job.answer();
                    return Health::Good;
                }
                Ran::Again => drop(conn.batch("ROLLBACK")),
                Ran::Lost => {
                    job.fail(StoreError::NotCommitted("the connection was lost".to_owned()));
                    return Health::Lost;
                }
            }
        }
        job.fail(StoreError::Busy);
        Health::Good
    }
}

fn read_all(config: &Config, queue: &Receiver<ReadJob>) {
    let mut conn: Option<Conn> = None;
    while let Ok(job) = queue.recv() {
        let health = match conn.take().map_or_else(|| Conn::open(config, true), Ok) {
            Ok(mut open) => {
                let health = job(Ok(&mut open));
                conn = Some(open);
                health
            }
            Err(error) => job(Err(error)),
        };
        if health == Health::Lost {
            conn = None;
        }
    }
}

fn full_or_closed<T>(error: &TrySendError<T>) -> StoreError {
    match error {
        TrySendError::Full(_) => StoreError::Busy,
        TrySendError::Disconnected(_) => StoreError::Closed,
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new().name(name).spawn(run).map_err(|error| StoreError::Open(error.to_string()))
}

fn on_thread<T: Send + 'static>(run: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    let thread = std::thread::Builder::new()
        .name("db-open".to_owned())
        .spawn(run)
        .map_err(|error| StoreError::Open(error.to_string()))?;
    thread.join().unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(&*panic))))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a text".to_owned())
}
