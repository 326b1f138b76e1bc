//! linli as a server: opens the data, puts the routes together, serves the faces.
//!
//! A library beside the binary, so that tests and benchmarks run the real server.

pub mod demo;
pub mod docs_page;
pub mod examples;
pub mod faces;
pub mod housekeeping;
pub mod open;
pub mod ops;
pub mod routes;
pub mod serve;
