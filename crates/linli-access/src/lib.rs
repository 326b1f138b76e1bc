//! Who is calling, and what they may do where.
//!
//! * [`matrix`]: role × act as one table that a clerk can read (`docs/access-matrix.md` is its snapshot).
//! * [`scope`]: the one rule. A case lists the keys it can be reached by; a caller holds keys per act; the
//!   act is allowed when they meet. The same keys are the filter of every list, so that a decision and a
//!   list cannot disagree.
//! * [`password`], [`session`]: signing in. * [`vault`]: encryption of personal data. * [`read_log`]: who looked.
//!
//! Deliberately absent: a policy language, roles in sessions, "super users" who see everything.

pub mod caller;
pub mod matrix;
pub mod password;
pub mod read_log;
pub mod scope;
pub mod session;
pub mod vault;

pub use caller::{Caller, Grant};
pub use matrix::Act;
pub use scope::{Decision, Keys, Scope, decide, scope};
pub use vault::Vault;
