//! Passwords: argon2id, a few plain rules, a rest after five failures.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

/// Failures in a row after which an account rests.
pub const FAILURES_BEFORE_REST: i64 = 5;
/// How long it rests. Source: GB/T 22239-2019 §8.1.4.1 asks for a limit on failed sign-ins; the figure is ours.
pub const REST_MS: i64 = 30 * 60_000;
/// The fewest characters of a password.
pub const MIN_CHARS: usize = 10;
const MAX_CHARS: usize = 128;

const COMMON: &[&str] = &[
    "1234567890",
    "0123456789",
    "password123",
    "password1234",
    "qwertyuiop",
    "1q2w3e4r5t",
    "a123456789",
    "admin12345",
    "administrator",
    "abcd123456",
    "woaini1314",
    "5201314520",
    "aa12345678",
    "1qaz2wsx3edc",
    "linli12345",
    "wangge12345",
];

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeakPassword {
    /// Fewer than [`MIN_CHARS`] characters.
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// Only digits, or only letters of one case.
    OneKind,
    /// On the list of passwords that everyone tries, or one character repeated.
    Common,
    /// Contains the sign-in name.
    HasName,
}

/// Checks a new password against the rules.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(password: &str, name: &str) -> Result<(), WeakPassword> {
    let n_chars = password.chars().count();
    let lower = password.to_lowercase();
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_digit, char::is_ascii_lowercase, char::is_ascii_uppercase, |c| !c.is_ascii_alphanumeric()];
    let n_kinds = kinds.iter().filter(|kind| password.chars().any(|c| kind(&c))).count();
    if n_chars < MIN_CHARS {
        Err(WeakPassword::TooShort)
    } else if n_chars > MAX_CHARS {
        Err(WeakPassword::TooLong)
    } else if COMMON.contains(&lower.as_str()) || password.chars().all(|c| password.starts_with(c)) {
        Err(WeakPassword::Common)
    } else if n_kinds < 2 {
        Err(WeakPassword::OneKind)
    } else if name.chars().count() >= 4 && lower.contains(&name.to_lowercase()) {
        Err(WeakPassword::HasName)
    } else {
        Ok(())
    }
}

/// The argon2id hash of a password, with its salt and cost. Slow on purpose: call it off the async threads.
///
/// # Errors
/// When the system gives no randomness for the salt.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether `password` is the one that was hashed. Slow on purpose: call it off the async threads.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash that no password has: verifying against it takes as long as a real one, so that a name that does
/// not exist cannot be told from a wrong password by the clock.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password to hand over once: 12 characters without look-alikes.
///
/// # Errors
/// When the system gives no randomness.
pub fn invent() -> Result<String, getrandom::Error> {
    const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyzA";
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random)?;
    let mut password: String =
        random.iter().map(|byte| char::from(ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'k'))).collect();
    // Two kinds for certain, whatever chance gave.
    password.insert(4, '-');
    password.insert(9, '-');
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hashed = hash("correct-horse-9").unwrap();
        assert!(hashed.starts_with("$argon2id$"));
        assert!(verify("correct-horse-9", &hashed));
        assert!(!verify("correct-horse-8", &hashed));
        assert!(!verify("anything", NOBODY));
        assert!(!verify("anything", "not a hash"));
    }

    #[test]
    fn weak_passwords_are_refused_with_the_reason() {
        assert_eq!(check("short1", "zhang"), Err(WeakPassword::TooShort));
        assert_eq!(check(&"长1".repeat(80), "zhang"), Err(WeakPassword::TooLong));
        assert_eq!(check("9999999999", "zhang"), Err(WeakPassword::Common));
        assert_eq!(check("8273645109", "zhang"), Err(WeakPassword::OneKind));
        assert_eq!(check("Linli12345", "zhang"), Err(WeakPassword::Common));
        assert_eq!(check("zhangwei-2026", "zhangwei"), Err(WeakPassword::HasName));
        assert_eq!(check("三只小猪上学堂都很高兴", "zhang"), Err(WeakPassword::OneKind));
        assert_eq!(check("lvcheng-42-deng", "zhang"), Ok(()));
    }

    #[test]
    fn an_invented_password_passes_the_rules() {
        for _ in 0..50 {
            assert_eq!(check(&invent().unwrap(), "zhangwei"), Ok(()));
        }
    }
}
