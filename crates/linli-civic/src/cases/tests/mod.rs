//! Tests of the decisions on cases: a small city in memory, and what holds for every walk through it.

pub(crate) mod city;
pub(crate) mod forms;
mod invariants;
mod regressions;
mod versions;
pub(crate) mod walk;
