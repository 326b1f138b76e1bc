//! A secret that no log line can leak and that is compared in constant time.

use subtle::ConstantTimeEq as _;

/// What a partner proves itself by. `Debug` is masked.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes it, without the line break that editors put at the end of a file; `None` when nothing is left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The plain text. Call it only where something is signed or authenticated.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `said` is the secret; how long this takes tells nothing about where they differ.
    #[must_use]
    pub fn matches(&self, said: &str) -> bool {
        self.0.as_bytes().ct_eq(said.as_bytes()).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
