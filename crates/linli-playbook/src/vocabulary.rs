//! Closed lists of words that files and JSON share.

/// Declares an enum whose variants are words of a file, each read and written as that word.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $type:ident { $($(#[$own:meta])* $name:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$own])* $name),+ }

        impl $type {
            /// Every word.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The word used in files and JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word),+ } }
        }

        impl std::str::FromStr for $type {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> { Self::ALL.iter().copied().find(|one| one.as_str() == word).ok_or(()) }
        }
    };
}
pub(crate) use vocabulary;
