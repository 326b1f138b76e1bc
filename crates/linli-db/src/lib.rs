//! The only door to the database.
//!
//! * [`Db`] runs closures on database threads: `db.read(|c| …)`, `db.write(|tx| …)`.
//! * A write sees [`Tx`], which can read and [`Tx::commit`] a [`linli_kernel::Change`]: events, state and
//!   jobs in one transaction. Nothing else writes facts. What is not a fact (a session's last sign of
//!   life, a consumed job) goes through [`Tx::bookkeep`].
//! * Everything that follows from a change reads [`feed`].
//! * `dialect.rs` is the only file that knows which database is behind the door.
//!
//! Deliberately absent: an ORM, repository traits, asynchronous database code.

mod commit;
mod conn;
mod db;
mod dialect;
mod error;
pub mod feed;
pub mod idempotency;
pub mod jobs;
mod migrate;
pub mod roots;
mod value;
pub mod verify;

pub use commit::{Store, Writer};
pub use conn::{Conn, Tx};
pub use db::{AsStoreError, Config, Db};
pub use dialect::Dialect;
pub use error::StoreError;
pub use migrate::{Applied, LATEST};
pub use value::{Bind, Row, Val, padded, placeholders, value_rows};
