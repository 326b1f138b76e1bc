//! The capabilities of linli, one folder each.
//!
//! ground: [`areas`] [`people`] [`files`] [`playbooks`] [`partners`] [`delivery`] · core: [`cases`] · reading: [`map`] [`audit`] ·
//! shared by all: [`app`] [`http`] [`live`] [`limits`] [`once`] [`say`].

pub mod app;
pub mod areas;
pub mod audit;
pub mod cases;
pub mod delivery;
pub mod files;
pub mod http;
pub mod limits;
pub mod live;
pub mod map;
pub mod once;
pub mod open311;
pub mod partners;
pub mod people;
pub mod plain;
pub mod playbooks;
pub mod qr;
pub mod say;
