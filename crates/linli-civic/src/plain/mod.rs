//! 简版: reporting and following without a script, for old phones and slow links.
//!
//! Rules
//! - The same write path and the same rules as the API: this is another way to fill in the same report.
//! - One page to report, one to follow; no script, no picture, no font to load: a few kilobytes.
//! - Sent twice (the back button, an impatient thumb), a report is made once: the page carries the key of its intention.
//!
//! What it deliberately does not do: photos, maps, staff.

mod html;
pub mod http;
