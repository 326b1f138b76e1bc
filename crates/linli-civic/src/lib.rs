//! The capabilities of linli, one folder each.
//!
//! ground: [`areas`] [`people`] [`files`] [`playbooks`] [`partners`] [`delivery`] [`banners`] [`sheets`] [`docx`] ·
//! core: [`cases`] ·
//! then: [`live`] [`notices`] · field: [`registry`] [`visits`] [`care`] [`inspections`] [`duties`] [`sync`] · reading: [`map`] [`audit`] [`indicators`] [`rehearsal`] ·
//! exchange: [`hotline`] [`open311`] [`webhooks`] · over all: [`search`] ·
//! shared by all: [`app`] [`http`] [`limits`] [`once`] [`origin`] [`say`].

pub mod app;
pub mod areas;
pub mod audit;
pub mod banners;
pub mod care;
pub mod cases;
pub mod delivery;
pub mod docx;
pub mod duties;
pub mod facilities;
pub mod files;
pub mod hotline;
pub mod http;
pub mod imports;
pub mod indicators;
pub mod inspections;
pub mod ledgers;
pub mod limits;
pub mod live;
pub mod map;
pub mod notices;
pub mod office;
pub mod once;
pub mod open311;
pub mod opinions;
pub mod origin;
pub mod partners;
pub mod people;
pub mod plain;
pub mod playbooks;
pub mod qr;
pub mod registry;
pub mod rehearsal;
pub mod say;
pub mod search;
pub mod sheets;
pub mod sync;
pub mod visits;
pub mod webhooks;
