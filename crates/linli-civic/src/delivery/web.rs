//! HTTP to the outside: by name or address, over TLS with what this machine trusts, never to ourselves or our neighbours by
//! mistake, never where a redirect leads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::model::Outcome;
use crate::partners::Partner;

const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);
/// More of an answer is not read. Unit: bytes.
const MOST_ANSWER: u64 = 8 * 1024 * 1024;

static PUBLIC_ONLY: LazyLock<ureq::Agent> = LazyLock::new(|| agent(Reach::PublicOnly));
static ANYWHERE: LazyLock<ureq::Agent> = LazyLock::new(|| agent(Reach::Anywhere));

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only those of the public internet.
    PublicOnly,
    /// Private and loopback ones too: the partner's file says so.
    Anywhere,
}

impl From<&Partner> for Reach {
    fn from(partner: &Partner) -> Self {
        if partner.allow_private { Self::Anywhere } else { Self::PublicOnly }
    }
}

/// A request to the outside.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
}

impl Call {
    /// A request with a JSON body.
    #[must_use]
    pub fn json(method: &'static str, url: impl Into<String>, body: &serde_json::Value) -> Self {
        Self::new(method, url)
            .header("content-type", "application/json; charset=utf-8")
            .body(body.to_string().into_bytes())
    }

    /// A request without a body.
    #[must_use]
    pub fn new(method: &'static str, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With another header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// At most 8 MB.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// The address is private, loopback or otherwise not of the public internet.
    #[error("地址属于内网或本机，外部系统文件里没有写 allow_private = true")]
    Private,
    /// The address or a header cannot be used.
    #[error("网址或请求头无效：{0}")]
    Unusable(String),
    /// Nobody answered, or not in time.
    #[error("连接不上：{0}")]
    Unreachable(String),
}

/// Calls and waits for the whole answer. It blocks: call it from a channel or another thread that may.
///
/// # Errors
/// Why nothing came back. An answer of any status is an answer.
pub fn call(reach: Reach, call: &Call) -> Result<Answered, CallFault> {
    let mut request = ureq::http::Request::builder().method(call.method).uri(&call.url);
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let request = request.body(call.body.clone()).map_err(|error| CallFault::Unusable(error.to_string()))?;
    if !matches!(request.uri().scheme_str(), Some("http" | "https")) {
        return Err(CallFault::Unusable("只能是 http 或 https".to_owned()));
    }
    let agent = match reach {
        Reach::PublicOnly => &PUBLIC_ONLY,
        Reach::Anywhere => &ANYWHERE,
    };
    let mut response = agent.run(request).map_err(|error| fault(&error))?;
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let body = response.body_mut().with_config().limit(MOST_ANSWER).read_to_vec().map_err(|error| fault(&error))?;
    Ok(Answered { status: response.status().as_u16(), headers, body })
}

fn fault(error: &ureq::Error) -> CallFault {
    match error {
        ureq::Error::BadUri(what) => CallFault::Unusable(what.clone()),
        ureq::Error::Io(inner) if inner.to_string() == PRIVATE => CallFault::Private,
        // The address may hold a token; the kind of fault tells enough.
        ureq::Error::HostNotFound => CallFault::Unreachable("找不到这个主机名".to_owned()),
        ureq::Error::Timeout(_) => CallFault::Unreachable("超时".to_owned()),
        other => CallFault::Unreachable(other.to_string()),
    }
}

impl Answered {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it says yes.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The first characters of the body, for the log.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(self.body.get(..2_000).unwrap_or(&self.body)).into_owned();
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
    }

    /// What the status means for a delivery: this content will never be taken (a dead letter), or not just now. What may be
    /// a fault of our settings (a wrong key, a wrong address) waits, so that mending it sends everything.
    #[must_use]
    pub fn outcome(&self, receipt: Option<String>) -> Outcome {
        let why = || format!("对方答复 {}：{}", self.status, self.excerpt());
        match self.status {
            200..=299 => Outcome::Sent { receipt },
            400 | 409 | 410 | 413 | 414 | 415 | 422 => Outcome::Refused { why: why() },
            300..=399 => Outcome::Retry {
                why: format!("对方要求转到别处（{}），不跟随", self.status), after_ms: None
            },
            _ => Outcome::Retry { why: why(), after_ms: self.retry_after_ms() },
        }
    }

    /// `Retry-After` in seconds, at most a day.
    fn retry_after_ms(&self) -> Option<i64> {
        let seconds: i64 = self.header("retry-after")?.trim().parse().ok()?;
        Some(seconds.clamp(0, 86_400) * 1_000)
    }
}

impl From<CallFault> for Outcome {
    fn from(fault: CallFault) -> Self {
        let why = fault.to_string();
        match fault {
            CallFault::Private | CallFault::Unusable(_) => Self::Refused { why },
            CallFault::Unreachable(_) => Self::Retry { why, after_ms: None },
        }
    }
}

fn agent(reach: Reach) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_global(Some(WHOLE))
        .proxy(None)
        .user_agent(concat!("linli/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(trusted()).build())
        .build();
    ureq::Agent::with_parts(config, DefaultConnector::default(), Guarded { reach, inner: DefaultResolver::default() })
}

/// What this machine trusts: a city's own authority is installed there.
fn trusted() -> RootCerts {
    let found = rustls_native_certs::load_native_certs();
    let certs: Vec<Certificate<'static>> =
        found.certs.iter().map(|cert| Certificate::from_der(cert.as_ref()).to_owned()).collect();
    RootCerts::Specific(Arc::new(certs))
}

const PRIVATE: &str = "private address";

/// Resolves names and refuses what they lead to, so that a name cannot be pointed elsewhere between check and call.
#[derive(Debug)]
struct Guarded {
    reach: Reach,
    inner: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        if self.reach == Reach::PublicOnly && found.iter().any(|address| !is_public(address.ip())) {
            return Err(ureq::Error::Io(std::io::Error::other(PRIVATE)));
        }
        Ok(found)
    }
}

/// Whether an address is of the public internet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || shared
        || protocol
        || benchmark
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Addresses that carry an IPv4 one inside could lead anywhere (NAT64, 6to4, Teredo).
    let carries_v4 = (first == 0x64 && second == 0xff9b) || first == 0x2002 || (first == 0x2001 && second == 0);
    let global = (first & 0xe000) == 0x2000;
    let documentation = first == 0x2001 && second == 0xdb8;
    global && !carries_v4 && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for ip in ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:223.5.5.5"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn a_private_address_is_refused_by_number_and_by_name() {
        for url in ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/", "http://169.254.169.254/latest"] {
            let fault = call(Reach::PublicOnly, &Call::new("GET", url)).unwrap_err();
            assert_eq!(fault, CallFault::Private, "{url}");
        }
        assert!(matches!(Outcome::from(CallFault::Private), Outcome::Refused { .. }));
        let fault = call(Reach::Anywhere, &Call::new("GET", "http://127.0.0.1:9/")).unwrap_err();
        assert!(matches!(fault, CallFault::Unreachable(_)), "{fault:?}");
        let fault = call(Reach::Anywhere, &Call::new("GET", "file:///etc/passwd")).unwrap_err();
        assert!(matches!(fault, CallFault::Unusable(_)), "{fault:?}");
    }

    #[test]
    fn a_status_says_whether_to_try_again() {
        let answered = |status: u16, header: Option<&str>| Answered {
            status,
            headers: header.map(|value| ("retry-after".to_owned(), value.to_owned())).into_iter().collect(),
            body: b"no".to_vec(),
        };
        assert_eq!(answered(202, None).outcome(Some("7".into())), Outcome::Sent { receipt: Some("7".into()) });
        assert!(matches!(answered(422, None).outcome(None), Outcome::Refused { .. }));
        assert!(matches!(answered(302, None).outcome(None), Outcome::Retry { after_ms: None, .. }));
        assert!(matches!(answered(401, None).outcome(None), Outcome::Retry { .. }));
        assert!(matches!(answered(503, Some("120")).outcome(None), Outcome::Retry { after_ms: Some(120_000), .. }));
    }
}
