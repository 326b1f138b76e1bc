//! 热线: who the other side is and what was agreed with it: the `[hotline]` table of its file.

use std::collections::BTreeMap;

use linli_kernel::AreaCode;
use serde::Deserialize;

use crate::app::App;
use crate::partners::{Partner, PartnerFault, PartnerKind, Partners, Secret};

/// What stands in `[hotline]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Where news of its orders is sent; none: it asks for them.
    changes_url: Option<String>,
    /// Where orders are sent that go to it; none: nothing can be handed to it.
    orders_url: Option<String>,
    /// Its categories as ours.
    #[serde(default)]
    categories: BTreeMap<String, String>,
}

/// A hotline.
#[derive(Clone, Debug)]
pub struct Hotline {
    /// Its id: the name of its file.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Areas whose orders it may send and see; empty means all.
    pub areas: Vec<AreaCode>,
    /// What requests are signed with, in both directions.
    pub secret: Option<Secret>,
    /// Where news of its orders is sent.
    pub changes_url: Option<String>,
    /// Where orders are sent that go to it.
    pub orders_url: Option<String>,
    /// Its categories as ours.
    pub categories: BTreeMap<String, String>,
}

/// The hotline of files that somebody uploads where none was set up.
const UNNAMED: &str = "hotline";

/// Every fault of the hotlines' own tables.
///
/// # Errors
/// The faults, each with its place.
pub fn check(partners: &Partners) -> Result<(), Vec<PartnerFault>> {
    let mut faults = Vec::new();
    for partner in partners.all().filter(|partner| partner.kind == PartnerKind::Hotline) {
        match partner.parse::<Table>() {
            Err(fault) => faults.push(fault),
            Ok(table) if partner.secret.is_none() && (table.changes_url.is_some() || table.orders_url.is_some()) => {
                faults.push(partner.fault("kind", "要向热线发送，就要有 secret_file 或 secret_env：请求用它签名"));
            }
            Ok(_) => {}
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn of(partner: &Partner) -> Hotline {
    // Checked when the server started.
    let table: Table = partner.parse().unwrap_or_default();
    Hotline {
        id: partner.id.clone(),
        name: partner.name.clone(),
        areas: partner.areas.clone(),
        secret: partner.secret.clone(),
        changes_url: table.changes_url,
        orders_url: table.orders_url,
        categories: table.categories,
    }
}

/// Every hotline that was set up, or the one that files come from where none was.
#[must_use]
pub fn all(app: &App) -> Vec<Hotline> {
    let all: Vec<Hotline> = app.partners.of(PartnerKind::Hotline).map(of).collect();
    if !all.is_empty() {
        return all;
    }
    let (areas, categories) = Default::default();
    vec![Hotline {
        id: UNNAMED.to_owned(),
        name: "12345热线".to_owned(),
        areas,
        secret: None,
        changes_url: None,
        orders_url: None,
        categories,
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
