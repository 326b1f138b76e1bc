//! Texts as people type them and as systems export them, made even. Pure.

use linli_kernel::Phone;

/// Full-width letters, digits and marks as their plain form; NUL and other control characters, byte order marks and
/// zero-width characters removed; line ends as `\n`; no space at either end.
#[must_use]
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' => out.push('\n'),
            '\t' | '\u{a0}' | '\u{3000}' => out.push(' '),
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// Full-width ASCII (１２３，ＡＢＣ，：) as plain ASCII.
#[must_use]
pub fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xFEE0).and_then(char::from_u32).unwrap_or(c),
            c => c,
        })
        .collect()
}

/// A name without the spaces in it and in its plain form: how headers and place names are compared.
#[must_use]
pub fn key(text: &str) -> String {
    half_width(text).chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase()
}

/// What stands in the column of the phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// A number.
    By(Phone),
    /// Nobody wants to be called, or nobody knows.
    Nobody,
    /// No number at all.
    Unreadable,
}

/// Words that stand where there is no number.
const NO_NUMBER: &[&str] =
    &["无", "不详", "未知", "保密", "匿名", "隐藏", "空", "暂无", "未留", "/", "-", "--", "—", "null", "0"];

/// Reads a phone number as exports write it: with spaces, as a number (19900000001.0, 1.99E+10 written out), several with a
/// slash between (the first counts), with a country code, or a word that says there is none.
#[must_use]
pub fn phone(raw: &str) -> Called {
    let plain = key(raw);
    if plain.is_empty() || NO_NUMBER.contains(&plain.as_str()) {
        return Called::Nobody;
    }
    let first = plain.split(['/', '、', ',', ';', '\\', '|']).find(|part| !part.is_empty()).unwrap_or_default();
    let first = first.strip_suffix(".0").unwrap_or(first);
    let written_out = scientific(first);
    let first = written_out.as_deref().unwrap_or(first);
    let first = first.strip_prefix("+86").or_else(|| first.strip_prefix("0086")).unwrap_or(first);
    let first = first.trim_start_matches('\'');
    Phone::parse(first).map_or(Called::Unreadable, Called::By)
}

/// `1.9900000001E+10` as `19900000001`; nothing when digits were lost (`1.99E+10` names no one).
fn scientific(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: usize = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = whole.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit());
    (all_digits && whole.len() == 1 && fraction.len() == exponent).then(|| format!("{whole}{fraction}"))
}

/// A number of a sheet as people read it: whole numbers without a point.
#[must_use]
pub fn number(value: f64) -> String {
    let text = format!("{value}");
    if text.contains(['e', 'E']) { format!("{value:.0}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(raw: &str) -> Option<String> {
        match phone(raw) {
            Called::By(phone) => Some(phone.reveal().to_owned()),
            Called::Nobody => Some(String::new()),
            Called::Unreadable => None,
        }
    }

    #[test]
    fn a_text_loses_what_nobody_typed() {
        assert_eq!(text("\u{feff}路灯\0不亮\r\n晚上\t看不清\u{3000}"), "路灯不亮\n晚上 看不清");
        assert_eq!(key(" 工 单 编 号 "), "工单编号");
        assert_eq!(half_width("１９９－ＡＢ："), "199-AB:");
    }

    #[test]
    fn a_phone_number_is_read_as_exports_write_it() {
        for raw in [
            "19900000001",
            "199 0000 0001",
            "１９９００００００１".trim_end(),
            "19900000001.0",
            "1.9900000001E+10",
            "+86 199-0000-0001",
            "19900000001/19900000002",
            "'19900000001",
        ] {
            let wanted = if raw.starts_with('１') { "1990000001" } else { "19900000001" };
            assert_eq!(called(raw).as_deref(), Some(wanted), "{raw}");
        }
        for nobody in ["", "  ", "无", "保密", "/", "不详"] {
            assert_eq!(called(nobody).as_deref(), Some(""), "{nobody}");
        }
        // Digits that Excel threw away cannot be guessed.
        for unreadable in ["1.99E+10", "call me", "123"] {
            assert_eq!(called(unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn a_number_of_a_sheet_is_written_out() {
        assert_eq!(number(19_900_000_001.0), "19900000001");
        assert_eq!(number(3.5), "3.5");
        assert_eq!(number(1e21), "1000000000000000000000");
    }
}
