//! 对接其他 Open311 平台: cases of ours go there, what they do with them comes back, their services are taken over with care.
//!
//! Everything that is sent goes through `delivery`, under the partner's id; what comes is entered once, by their number of it, as
//! a remark of the partner. It never settles anything here: whoever answers for the case does.

pub mod poll;
mod protocol;
mod remote;
pub mod send;
pub mod store;
pub mod sync;
mod terms;

use linli_kernel::AreaCode;

pub use terms::ServerTerms;

use crate::partners::{Partner, PartnerFault, PartnerKind, Partners};

/// 对接平台: an Open311 server that we call.
#[derive(Clone, Debug)]
pub struct Server {
    /// The partner.
    pub partner: Partner,
    /// How it is spoken to.
    pub terms: ServerTerms,
}

impl Server {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.partner.id
    }

    /// Whether a case goes there by itself.
    #[must_use]
    pub fn wants(&self, category: &str, area: &AreaCode) -> bool {
        self.terms.takes_requests && self.terms.auto.iter().any(|own| own == category) && self.partner.covers(area)
    }
}

/// Every Open311 server that we call.
#[derive(Clone, Debug, Default)]
pub struct Servers(Vec<Server>);

impl Servers {
    /// From the partners of kind `open311_server` that are switched on.
    ///
    /// # Errors
    /// A table that is wrong.
    pub fn of(partners: &Partners) -> Result<Self, PartnerFault> {
        let of = |partner: &Partner| {
            let terms: ServerTerms = partner.parse()?;
            if !terms.url.starts_with("https://") && !terms.url.starts_with("http://") {
                return Err(partner.fault("url", "应为 https:// 开头的网址"));
            }
            if let Some(code) = terms.auto.iter().find(|code| !terms.services.contains_key(*code)) {
                return Err(partner.fault("auto", format!("{code} 在 [open311.services] 里没有对应的服务")));
            }
            Ok(Server { partner: partner.clone(), terms })
        };
        partners.of(PartnerKind::Open311Server).map(of).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Server> {
        self.0.iter()
    }

    /// The one with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Server> {
        self.0.iter().find(|server| server.id() == id)
    }
}
