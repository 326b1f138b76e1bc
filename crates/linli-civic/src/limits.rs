//! How often one address may ask without signing in: enough for a family behind one router, too little to flood a hall.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use linli_kernel::{Problem, ProblemCode, Timestamp};

use crate::http::{Origin, Refused};

const ADDRESSES_KEPT: usize = 50_000;

/// A bucket for each address that fills again with time.
#[derive(Debug)]
pub struct Limits {
    per_minute: u32,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left_ms: i64,
    at: Timestamp,
}

impl Limits {
    /// At most `per_minute` requests a minute from one address.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.max(1), buckets: Mutex::new(HashMap::new()) }
    }

    /// Counts one request from `origin`.
    ///
    /// # Errors
    /// `TooMany` with the seconds to wait.
    pub fn take(&self, origin: Origin, now: Timestamp) -> Result<(), Refused> {
        let Some(address) = origin.0.map(subscriber) else { return Ok(()) };
        let cost = 60_000 / i64::from(self.per_minute);
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_KEPT {
            buckets.retain(|_, bucket| now.since(bucket.at) < 60_000);
            if buckets.len() >= ADDRESSES_KEPT {
                // A flood from everywhere: forget, rather than grow and search for ever.
                buckets.clear();
            }
        }
        let bucket = buckets.entry(address).or_insert(Bucket { left_ms: 60_000, at: now });
        bucket.left_ms = (bucket.left_ms + now.since(bucket.at).max(0)).min(60_000);
        bucket.at = now;
        if bucket.left_ms < cost {
            let seconds = (cost - bucket.left_ms) / 1_000 + 1;
            return Err(Problem::new(ProblemCode::TooMany).with("seconds", seconds.to_string()).into());
        }
        bucket.left_ms -= cost;
        Ok(())
    }
}

/// Whoever has an IPv6 line has 2^64 addresses of it.
pub(crate) fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_slowed_and_recovers_and_others_are_not_touched() {
        let limits = Limits::new(2);
        let one = Origin(Some(IpAddr::from([10, 0, 0, 1])));
        let other = Origin(Some(IpAddr::from([10, 0, 0, 2])));
        let start = Timestamp::from_ms(0);
        assert!(limits.take(one, start).is_ok());
        assert!(limits.take(one, start).is_ok());
        assert!(limits.take(one, start).is_err());
        assert!(limits.take(other, start).is_ok());
        assert!(limits.take(one, start.plus_ms(30_000)).is_ok());
        assert!(limits.take(Origin(None), start).is_ok());
    }
}
