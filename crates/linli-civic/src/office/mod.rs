//! 办公文件: what .docx and .xlsx have in common: a zip of parts, most of them XML.
//!
//! Rules
//! - A file that a person made is read whole, within bounds of size and depth.
//! - Everything that is not changed on purpose is written back as it was.
//!
//! What it deliberately does not do: it knows neither words nor cells; what a part means is said by whoever asks.

pub mod links;
pub mod package;
pub mod xml;

pub use links::{Link, links};
pub use package::{BadFile, Part, pack, roots, unpack};
pub use xml::{Element, Node};
