//! Personal data has a type whose `Debug` and `Display` are masked, so that a log line cannot leak it.

use std::fmt;

macro_rules! masked {
    ($(#[$doc:meta])* $name:ident, $mask:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The plain text. Call it only where the value is encrypted or shown to someone allowed to see it.
            #[must_use]
            pub fn reveal(&self) -> &str { &self.0 }
            /// The masked text that may be shown in lists.
            #[must_use]
            pub fn masked(&self) -> String { let mask: fn(&str) -> String = $mask; mask(&self.0) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.masked()) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.masked()) }
        }
    };
}

masked! {
    /// 电话号码: digits with an optional leading +. Shown as 199****0001.
    Phone, |text| keep(text, 3, 4)
}
masked! {
    /// 证件号码. Shown as 6105**********0011.
    IdNumber, |text| keep(text, 4, 4)
}
masked! {
    /// 姓名. Shown as 李**.
    RealName, |text| keep(text, 1, 0)
}

fn keep(text: &str, head: usize, tail: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= head + tail {
        return "*".repeat(chars.len());
    }
    let last = chars.len() - tail;
    chars.iter().enumerate().map(|(i, c)| if i < head || i >= last { *c } else { '*' }).collect()
}

/// Why a text is not a phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a phone number has 5 to 20 digits, with an optional area code in front")]
pub struct BadPhone;

impl Phone {
    /// Reads a number as people write it: full-width digits, spaces, hyphens and brackets are accepted.
    ///
    /// # Errors
    /// `BadPhone` unless 5 to 20 digits remain (12345 and 0913-2930000 are phone numbers too).
    pub fn parse(text: &str) -> Result<Self, BadPhone> {
        let mut digits = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '０'..='９' => digits.extend(u32::from(c).checked_sub(0xFF10).and_then(|d| char::from_digit(d, 10))),
                '+' if digits.is_empty() => digits.push('+'),
                ' ' | '-' | '(' | ')' | '（' | '）' | '\u{3000}' | '－' => {}
                _ => return Err(BadPhone),
            }
        }
        let n_digits = digits.trim_start_matches('+').len();
        if (5..=20).contains(&n_digits) { Ok(Self(digits)) } else { Err(BadPhone) }
    }
}

impl RealName {
    /// A name of 1 to 50 characters, trimmed; `None` when empty or longer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim();
        (1..=50).contains(&name.chars().count()).then(|| Self(name.to_owned()))
    }
}

impl IdNumber {
    /// A Chinese identity number of 18 characters whose check digit is right (GB 11643-1999).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let number = text.trim().to_ascii_uppercase();
        let mut sum = 0;
        let mut chars = number.chars();
        for weight in WEIGHTS {
            sum += chars.next()?.to_digit(10)? * weight;
        }
        let check = "10X98765432".chars().nth(usize::try_from(sum % 11).ok()?)?;
        (chars.next() == Some(check) && chars.next().is_none()).then_some(Self(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_read_as_written_and_shown_masked() {
        let phone = Phone::parse("１９９ 0000-0001").unwrap();
        assert_eq!(phone.reveal(), "19900000001");
        assert_eq!(format!("{phone:?} {phone}"), "199****0001 199****0001");
        assert_eq!(Phone::parse("12345").unwrap().masked(), "*****");
        for bad in ["", "123", "call me", "123456789012345678901"] {
            assert_eq!(Phone::parse(bad), Err(BadPhone), "{bad}");
        }
    }

    #[test]
    fn an_id_number_needs_its_check_digit() {
        // The example of GB 11643-1999.
        assert!(IdNumber::parse("11010519491231002X").is_some());
        assert!(IdNumber::parse("110105194912310021").is_none());
    }

    #[test]
    fn a_name_keeps_its_first_character() {
        assert_eq!(RealName::parse(" 李晓梅 ").unwrap().masked(), "李**");
        assert!(RealName::parse("  ").is_none());
    }
}
