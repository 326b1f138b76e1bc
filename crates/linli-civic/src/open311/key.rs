//! Who may write: clients with a key. A key is compared in constant time and never logged.

use std::collections::HashMap;
use std::sync::Mutex;

use linli_kernel::{AreaCode, Timestamp};
use serde::Deserialize;

use super::fault::Fault;
use crate::areas::Crs;
use crate::partners::{Partner, PartnerFault, PartnerKind, Partners, Secret};

/// 接入方: another system that hands reports in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The name of its file.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where its reports may lie; everywhere when empty.
    pub areas: Vec<AreaCode>,
    /// What it may do.
    pub terms: ClientTerms,
}

/// The table `[open311]` of a partner of kind `open311_client`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct ClientTerms {
    /// May it hand reports in?
    pub report: bool,
    /// May it send updates of its own reports?
    pub update: bool,
    /// Services that it may use; all when empty.
    pub services: Vec<String>,
    /// Where a report lies whose address means nothing to us. Without it such a report is refused.
    pub default_area: Option<String>,
    /// Requests with its key a minute.
    pub per_minute: u32,
    /// In which coordinates it gives points; Chinese map widgets give `gcj02` or `bd09`.
    #[serde(deserialize_with = "crs_word")]
    pub crs: Crs,
}

fn crs_word<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Crs, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl Default for ClientTerms {
    fn default() -> Self {
        Self { report: true, update: true, services: Vec::new(), default_area: None, per_minute: 120, crs: Crs::Wgs84 }
    }
}

/// Everybody who has a key.
#[derive(Debug, Default)]
pub struct Clients(Vec<(Client, Secret)>);

impl Clients {
    /// From the partners of kind `open311_client` that are switched on.
    ///
    /// # Errors
    /// A table that is wrong, or a file without a secret.
    pub fn of(partners: &Partners) -> Result<Self, PartnerFault> {
        let of = |partner: &Partner| {
            let terms: ClientTerms = partner.parse()?;
            if terms.default_area.as_deref().is_some_and(|code| AreaCode::parse(code).is_err()) {
                return Err(partner.fault("default_area", "不是区划代码"));
            }
            let Some(secret) = partner.secret.clone() else {
                return Err(partner.fault("kind", "open311_client 须写明 secret_file 或 secret_env"));
            };
            let client =
                Client { id: partner.id.clone(), name: partner.name.clone(), areas: partner.areas.clone(), terms };
            Ok((client, secret))
        };
        partners.of(PartnerKind::Open311Client).map(of).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Whose key this is. Every key is compared, so that the time says nothing.
    #[must_use]
    pub fn client_of(&self, key: &str) -> Option<&Client> {
        self.0.iter().fold(None, |found, (client, secret)| if secret.matches(key) { Some(client) } else { found })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.0.iter().map(|(client, _)| client)
    }
}

impl Client {
    /// Whether a report may lie at `area`.
    #[must_use]
    pub fn covers(&self, area: &AreaCode) -> bool {
        self.areas.is_empty() || self.areas.iter().any(|own| own.contains(area))
    }

    /// Whether it may use the service.
    #[must_use]
    pub fn may_use(&self, service: &str) -> bool {
        self.terms.services.is_empty() || self.terms.services.iter().any(|own| own == service)
    }
}

/// A bucket for each client that fills again with time.
#[derive(Debug, Default)]
pub struct Rates(Mutex<HashMap<String, (i64, Timestamp)>>);

impl Rates {
    /// Counts one request of a client.
    ///
    /// # Errors
    /// 429 when it asks more often than agreed.
    pub fn take(&self, client: &Client, now: Timestamp) -> Result<(), Fault> {
        const FULL_MS: i64 = 60_000;
        let cost = FULL_MS / i64::from(client.terms.per_minute.max(1));
        let mut buckets = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (left, at) = buckets.entry(client.id.clone()).or_insert((FULL_MS, now));
        *left = (*left + now.since(*at).max(0)).min(FULL_MS);
        *at = now;
        if *left < cost {
            return Err(Fault { status: 429, about: "api_key", key: "too_many", value: String::new(), said: None });
        }
        *left -= cost;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(per_minute: u32) -> Client {
        Client {
            id: "app".to_owned(),
            name: "随手拍".to_owned(),
            areas: vec![AreaCode::parse("610502005007").unwrap()],
            terms: ClientTerms { per_minute, services: vec!["street_light".to_owned()], ..ClientTerms::default() },
        }
    }

    #[test]
    fn a_client_stays_within_its_areas_and_services() {
        let client = client(1);
        assert!(client.covers(&AreaCode::parse("610502005007001").unwrap()));
        assert!(!client.covers(&AreaCode::parse("610502005008").unwrap()));
        assert!(client.may_use("street_light") && !client.may_use("rubbish"));
    }

    #[test]
    fn a_client_that_asks_too_often_waits() {
        let (rates, client, start) = (Rates::default(), client(2), Timestamp::from_ms(0));
        assert!(rates.take(&client, start).is_ok() && rates.take(&client, start).is_ok());
        assert_eq!(rates.take(&client, start).unwrap_err().status, 429);
        assert!(rates.take(&client, start.plus_ms(30_000)).is_ok());
    }
}
