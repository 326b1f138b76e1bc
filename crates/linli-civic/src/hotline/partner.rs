//! 热线: who the other side is and what was agreed with it.

use std::collections::BTreeMap;

use linli_kernel::AreaCode;

use crate::app::App;

/// A hotline.
#[derive(Clone, Debug)]
pub struct Hotline {
    /// Its id: the name of its file.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Areas whose orders it may send and see; empty means all.
    pub areas: Vec<AreaCode>,
    /// Its categories as ours.
    pub categories: BTreeMap<String, String>,
}

/// The hotline of files that somebody uploads where none was set up.
const UNNAMED: &str = "hotline";

/// Every hotline that was set up, or the one that files come from where none was.
#[must_use]
pub fn all(_app: &App) -> Vec<Hotline> {
    vec![Hotline {
        id: UNNAMED.to_owned(),
        name: "12345热线".to_owned(),
        areas: Vec::new(),
        categories: BTreeMap::new(),
    }]
}

/// The hotline `id`; the only one there is when none is named.
#[must_use]
pub fn find(app: &App, id: Option<&str>) -> Option<Hotline> {
    let mut all = all(app);
    match id {
        Some(id) => all.into_iter().find(|hotline| hotline.id == id),
        None if all.len() == 1 => all.pop(),
        None => None,
    }
}

impl Hotline {
    /// Whether orders of `area` are this hotline's.
    #[must_use]
    pub fn serves(&self, area: &AreaCode) -> bool {
        self.areas.is_empty() || self.areas.iter().any(|own| own.contains(area))
    }
}
