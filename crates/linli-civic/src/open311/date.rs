//! Dates of the W3C note: a zone is a must, fractions of a second are not for everybody.

use linli_kernel::Timestamp;

const BEIJING: &str = "+08:00";

/// A moment as we say it: UTC, whole seconds. Clients compare these texts as texts.
#[must_use]
pub fn said(at: Timestamp) -> String {
    whole_second(at).to_jiff().to_string()
}

/// The second that a moment lies in.
#[must_use]
pub fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms() - at.ms().rem_euclid(1_000))
}

/// A moment as others say it: with a zone as they should; without one it is Beijing time; a day alone begins at midnight
/// of Beijing; a `+` that a query string turned into a space is a `+` again.
#[must_use]
pub fn heard(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let mended = match text.rsplit_once(' ') {
        Some((head, zone)) if head.contains('T') && is_zone(zone) => format!("{head}+{zone}"),
        _ => text.to_owned(),
    };
    let attempts = [mended.clone(), format!("{mended}{BEIJING}"), format!("{mended}T00:00:00{BEIJING}")];
    attempts.iter().find_map(|attempt| attempt.parse().ok())
}

fn is_zone(text: &str) -> bool {
    text.len() >= 4 && text.chars().all(|c| c.is_ascii_digit() || c == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_out_in_utc_without_fractions() {
        let at: Timestamp = "2026-09-28T09:00:00.987+08:00".parse().unwrap();
        assert_eq!(said(at), "2026-09-28T01:00:00Z");
    }

    #[test]
    fn dates_come_in_as_people_write_them() {
        let at: Timestamp = "2026-09-28T01:00:00Z".parse().unwrap();
        for text in [
            "2026-09-28T01:00:00Z",
            "2026-09-28T09:00:00+08:00",
            "2026-09-28T09:00:00 08:00",
            "2026-09-28T09:00:00+0800",
            "2026-09-28T01:00:00.000Z",
            "2026-09-28T09:00:00",
            "2026-09-28 09:00:00",
        ] {
            assert_eq!(heard(text), Some(at), "{text}");
        }
        assert_eq!(heard("2026-09-28"), Some("2026-09-28T00:00:00+08:00".parse().unwrap()));
        assert_eq!(heard("yesterday"), None);
        assert_eq!(heard(""), None);
    }
}
