//! The capabilities of linli, one folder each.
//!
//! ground: [`areas`] [`people`] [`files`] [`playbooks`] [`partners`] [`delivery`] [`banners`] · core: [`cases`] ·
//! then: [`live`] [`notices`] · reading: [`map`] [`audit`] [`rehearsal`] · exchange: [`hotline`] [`open311`] [`webhooks`] ·
//! shared by all: [`app`] [`http`] [`limits`] [`once`] [`origin`] [`say`].

pub mod app;
pub mod areas;
pub mod audit;
pub mod banners;
pub mod cases;
pub mod delivery;
pub mod files;
pub mod hotline;
pub mod http;
pub mod limits;
pub mod live;
pub mod map;
pub mod notices;
pub mod once;
pub mod open311;
pub mod origin;
pub mod partners;
pub mod people;
pub mod plain;
pub mod playbooks;
pub mod qr;
pub mod rehearsal;
pub mod say;
pub mod webhooks;
