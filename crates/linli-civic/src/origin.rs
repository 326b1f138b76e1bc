//! Where a request comes from: the proxy's word is taken from those proxies alone that the operator names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::app::App;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// What a proxy says of the request that it passes on; from anybody else it is a claim.
const FORWARDED: [&str; 4] = [FORWARDED_FOR, "x-forwarded-host", "x-forwarded-proto", "forwarded"];

/// The proxies in front of this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Default for Proxies {
    /// This machine itself.
    fn default() -> Self {
        Self(vec![IpAddr::from([127, 0, 0, 1]).into(), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST).into()])
    }
}

impl Proxies {
    /// This machine and the networks that the operator names.
    #[must_use]
    pub fn and(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.0.extend(networks);
        self
    }

    /// Whether `address` is a proxy of ours.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        // A peer of an IPv6 socket may be an IPv4 address in disguise.
        let address = address.to_canonical();
        address.is_loopback() || self.0.iter().any(|network| network.contains(&address))
    }

    /// The address behind the proxies: the last in their list that is none of them. `None` for this machine itself without a
    /// proxy's word: a script or a test, which is not limited.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.holds(peer) {
            return Some(peer.to_canonical());
        }
        let said: Vec<IpAddr> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
            .filter_map(|text| text.trim().parse().ok())
            .collect();
        let outside = said.iter().rev().find(|address| !self.holds(**address)).or(said.first());
        outside.map(IpAddr::to_canonical).or_else(|| (!peer.to_canonical().is_loopback()).then_some(peer))
    }
}

/// The address that a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(pub Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(None)))
    }
}

/// Notes where a request comes from, and takes the word of a proxy away from everybody who is none.
pub async fn know_origin(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let origin = peer.and_then(|peer| app.proxies.origin(peer, request.headers()));
    if peer.is_some_and(|peer| !app.proxies.holds(peer)) {
        for name in FORWARDED {
            request.headers_mut().remove(name);
        }
    }
    request.extensions_mut().insert(Origin(origin));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::HeaderName::from_static(FORWARDED_FOR), text.parse().unwrap())])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(Proxies::default().origin(ip("203.0.113.9"), &said("10.0.0.1")), Some(ip("203.0.113.9")));
    }

    #[test]
    fn a_proxy_of_ours_is_believed_and_what_it_was_told_is_not() {
        let ours = Proxies::default().and(["10.1.0.0/16".parse().unwrap()]);
        // The client wrote the first address itself; the two proxies added the others.
        let chain = said("198.51.100.7, 203.0.113.9, 10.1.2.3");
        assert_eq!(ours.origin(ip("10.1.9.9"), &chain), Some(ip("203.0.113.9")));
        assert_eq!(ours.origin(ip("::ffff:10.1.9.9"), &chain), Some(ip("203.0.113.9")));
        // A proxy that says nothing is itself the sender.
        assert_eq!(ours.origin(ip("10.1.9.9"), &HeaderMap::new()), Some(ip("10.1.9.9")));
        assert_eq!(ours.origin(ip("10.2.9.9"), &chain), Some(ip("10.2.9.9")));
    }

    #[test]
    fn this_machine_is_believed_and_without_a_word_not_limited() {
        assert_eq!(Proxies::default().origin(ip("127.0.0.1"), &said("203.0.113.9")), Some(ip("203.0.113.9")));
        assert_eq!(Proxies::default().origin(ip("::1"), &HeaderMap::new()), None);
    }
}
