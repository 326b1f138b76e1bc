//! 答复: what a reply must not say, and texts to begin from.

use linli_kernel::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Playbook;

/// 答复要求: what is checked before a reply goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplyRules {
    /// Fewest characters of what was done.
    pub min_len: u32,
    /// Phrases that say nothing to a resident.
    pub avoid: Vec<Phrase>,
}

/// A phrase to avoid, and what to say instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phrase {
    /// The words.
    pub phrase: String,
    /// What to say instead.
    pub hint: String,
}

/// 模板: a text to begin from, for one action and, if it says so, one category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Template {
    /// Stable code.
    pub code: String,
    /// What people choose it by.
    pub title: String,
    /// For which action.
    pub verb: Action,
    /// For this category, or all below this first-level one, only.
    pub category: Option<String>,
    /// The text: of the free text, or of what was done in a four-part reply. `{place}`, `{category}`, `{today}`,
    /// `{reported}`, `{promised}` and `{seat}` are filled in.
    pub text: String,
    /// 与谁沟通, in a four-part reply.
    pub talked_to: Option<String>,
    /// 解决时限, in a four-part reply.
    pub by_when: Option<String>,
}

/// What is wrong with a reply before it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyFault {
    /// What was done is told in too few words.
    TooShort {
        /// Fewest characters.
        min: u32,
    },
    /// It uses a phrase that says nothing.
    SaysNothing {
        /// The phrase.
        phrase: String,
        /// What to say instead.
        hint: String,
    },
    /// It holds a phone number or an identity number: a resident's data do not travel in replies.
    PersonalData {
        /// The number, masked.
        masked: String,
    },
}

impl Playbook {
    /// Whether a part of a reply may go out. `is_done` says that it is the part that tells what was done.
    ///
    /// Numbers of 11 digits that begin with 1 and identity numbers are taken for a resident's; a short service number (12345, a
    /// landline) is none.
    #[must_use]
    pub fn reply_fault(&self, text: &str, is_done: bool) -> Option<ReplyFault> {
        let rules = &self.replies;
        let len = u32::try_from(text.trim().chars().count()).unwrap_or(u32::MAX);
        if is_done && len < rules.min_len {
            return Some(ReplyFault::TooShort { min: rules.min_len });
        }
        if let Some(masked) = personal_number(text) {
            return Some(ReplyFault::PersonalData { masked });
        }
        rules
            .avoid
            .iter()
            .find(|avoid| text.contains(&avoid.phrase))
            .map(|avoid| ReplyFault::SaysNothing { phrase: avoid.phrase.clone(), hint: avoid.hint.clone() })
    }

    /// The texts to begin from for an action on a case of `category`; the nearest first.
    #[must_use]
    pub fn templates_for(&self, verb: Action, category: Option<&str>) -> Vec<&Template> {
        let parent = category.and_then(|code| self.category(code)).and_then(|category| category.parent.as_deref());
        let nearness = |template: &Template| match template.category.as_deref() {
            Some(code) if Some(code) == category => Some(0),
            Some(code) if Some(code) == parent => Some(1),
            Some(_) => None,
            None => Some(2),
        };
        let mut found: Vec<(u8, &Template)> = self
            .templates
            .iter()
            .filter(|template| template.verb == verb)
            .filter_map(|template| Some((nearness(template)?, template)))
            .collect();
        found.sort_by_key(|(nearness, _)| *nearness);
        found.into_iter().map(|(_, template)| template).collect()
    }
}

/// The first mobile or identity number in a text, masked.
fn personal_number(text: &str) -> Option<String> {
    // Spaces and dashes inside a number hide nothing.
    let mut digits = String::new();
    for c in text.chars().chain([' ', '，']) {
        match c {
            '0'..='9' => digits.push(c),
            'x' | 'X' if digits.len() == 17 => digits.push('X'),
            ' ' | '-' | '\u{3000}' if !digits.is_empty() && digits.len() < 11 => {}
            _ => {
                if is_personal(&digits) {
                    return Some(masked(&digits));
                }
                digits.clear();
            }
        }
    }
    None
}

fn is_personal(digits: &str) -> bool {
    let mobile =
        digits.len() == 11 && digits.starts_with('1') && !digits.starts_with("10") && !digits.starts_with("12");
    mobile || digits.len() == 18
}

fn masked(digits: &str) -> String {
    let head: String = digits.chars().take(3).collect();
    let tail: String = digits.chars().skip(digits.len().saturating_sub(4)).collect();
    format!("{head}****{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residents_number_is_found_however_it_is_written() {
        for text in ["请联系19900000001", "电话 199 0000 0001。", "199-0000-0001", "身份证610502199001010012"]
        {
            assert!(personal_number(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_service_number_or_a_date_is_nobodys() {
        for text in ["请拨12345", "0913-2930000", "2026年10月9日18:00前", "工单61050220260000012", "共 3 处 11 盏"]
        {
            assert_eq!(personal_number(text), None, "{text}");
        }
    }

    #[test]
    fn the_number_is_shown_masked() {
        assert_eq!(personal_number("19900000001").as_deref(), Some("199****0001"));
    }
}
