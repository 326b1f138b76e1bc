//! Every test of the server in one program: each program links the whole of linli once more, 125 MB and seconds of the
//! linker that nobody needs.

#![expect(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod access;
mod areas_map;
mod bad_input;
mod banners;
mod care;
mod cli;
mod compound;
mod contact;
mod delivery;
mod demo;
mod desk_work;
mod duties;
mod entries;
mod examples;
mod facilities;
mod fresh;
mod hot_spots;
mod hotline;
mod hotline_api;
mod hotline_import;
mod imports;
mod indicators;
mod inspections;
mod kill;
mod ledgers;
mod lists;
mod notices;
mod open311_conformance;
mod open311_exchange;
mod open311_quirks;
mod open311_world;
mod opinions;
mod origin;
mod people;
mod plain;
mod problems;
mod promise;
mod receivers;
mod registry;
mod registry_import;
mod rehearse;
mod search;
mod similar;
mod story;
mod sync;
mod sync_after;
mod sync_duties;
mod sync_limits;
mod sync_photos;
mod sync_protocol;
mod sync_records;
mod unattended;
mod versions;
mod visits;
mod work_orders;
mod world;
