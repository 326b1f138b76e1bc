//! 人员: accounts, who is what where, signing in.
//!
//! Rules
//! - A role is held at an area, for a time; departments' people hold it for their unit.
//! - Five wrong passwords in a row, and the account rests for 30 minutes; a right one clears the count.
//! - A password that someone else chose is changed at the first sign-in.
//! - An administrator gives posts inside their own areas only, never to themself, and only where the role fits the area's level.
//! - An account is changed as a whole (name, phone, disabled, password) only by whoever administers every area it has a post in.
//! - No area loses its last administrator. A post that ends stays in the history.
//! - Grid workers and heads are posted in public with name and phone; nobody else's phone is.
//!
//! What it deliberately does not do: it keeps no hours, no whereabouts, no count of sign-ins.

pub mod cookie;
pub mod duty;
pub mod http;
pub mod leave;
pub mod model;
pub mod posts;
pub mod session_http;
pub mod store;
pub mod tenure;
pub mod view;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

pub use duty::{OnDuty, Person, Staffed};
pub use posts::Posts;
pub use tenure::Tenures;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    session_http::routes().merge(http::routes())
}
