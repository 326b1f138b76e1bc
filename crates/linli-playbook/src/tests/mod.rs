//! Tests over whole playbooks, through what other crates use.

mod duties;
mod engine;
mod faults;
mod forms;
mod loading;
mod lookups;
mod planted;
mod shipped;
mod support;
