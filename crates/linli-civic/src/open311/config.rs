//! What an operator says of the Open311 endpoint: `DATA/open311.toml`. None is fine: everything has a default.

use std::path::Path;

use serde::Deserialize;

/// The endpoint as its operator describes it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Open311Config {
    /// The `jurisdiction_id`; the host of the public address, without `www`, when none is named.
    pub jurisdiction: Option<String>,
    /// Whom to write to, in words; shown by the discovery.
    pub contact: Option<String>,
    /// Where to ask for a key; shown by the discovery.
    pub key_service: Option<String>,
    /// A test endpoint: the discovery says `test`.
    pub test: bool,
    /// Further questions of services, beyond what the playbook asks.
    #[serde(rename = "attribute")]
    pub attributes: Vec<Attribute>,
}

/// A question of a service (GeoReport `attribute`).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// The category's code.
    pub service: String,
    /// Its own code, unique within the service.
    pub code: String,
    /// What is asked, or the text that is shown.
    pub description: String,
    /// The type of the answer.
    #[serde(default)]
    pub datatype: Datatype,
    /// Whether a report waits for it.
    #[serde(default)]
    pub required: bool,
    /// A text to be read only: no answer.
    #[serde(default)]
    pub notice: bool,
    /// Help for whoever answers.
    #[serde(default)]
    pub help: String,
    /// What to choose from, for the two list types.
    #[serde(default)]
    pub values: Vec<Choice>,
}

/// One answer to choose.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is sent.
    pub key: String,
    /// What people read.
    pub name: String,
}

/// The type of an answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Datatype {
    /// One line.
    #[default]
    String,
    /// A number.
    Number,
    /// A moment, ISO 8601.
    Datetime,
    /// Several lines.
    Text,
    /// One of `values`.
    SingleValueList,
    /// Some of `values`.
    MultiValueList,
}

impl Datatype {
    /// The word of the specification.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Datetime => "datetime",
            Self::Text => "text",
            Self::SingleValueList => "singlevaluelist",
            Self::MultiValueList => "multivaluelist",
        }
    }
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// It cannot be read.
    #[error("the Open311 settings cannot be read")]
    Read(#[from] std::io::Error),
    /// It is not what it should be; the message has the line.
    #[error("the Open311 settings are wrong: {0}")]
    Toml(#[from] toml::de::Error),
    /// A question is asked twice, or a list has nothing to choose from.
    #[error("the Open311 settings are wrong: attribute {0} of {1}: {2}")]
    Attribute(String, String, &'static str),
}

impl Open311Config {
    /// Reads `DATA/open311.toml`, if there is one.
    ///
    /// # Errors
    /// When it is there and wrong.
    pub fn load(data: &Path) -> Result<Self, BadConfig> {
        let path = data.join("open311.toml");
        if path.exists() { Self::parse(&std::fs::read_to_string(path)?) } else { Ok(Self::default()) }
    }

    /// Reads the text of the file.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn parse(text: &str) -> Result<Self, BadConfig> {
        let config: Self = toml::from_str(text)?;
        for (i, attribute) in config.attributes.iter().enumerate() {
            let wrong = |what| Err(BadConfig::Attribute(attribute.code.clone(), attribute.service.clone(), what));
            let is_list = matches!(attribute.datatype, Datatype::SingleValueList | Datatype::MultiValueList);
            if is_list == attribute.values.is_empty() {
                return wrong("a list type has values, and only a list type");
            }
            let twice = |other: &Attribute| other.service == attribute.service && other.code == attribute.code;
            if config.attributes.iter().skip(i + 1).any(twice) {
                return wrong("asked twice");
            }
        }
        Ok(config)
    }

    /// The jurisdiction, for an instance at `public_url`.
    #[must_use]
    pub fn jurisdiction(&self, public_url: &str) -> String {
        if let Some(named) = &self.jurisdiction {
            return named.clone();
        }
        let host = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        host.strip_prefix("www.").unwrap_or(host).to_owned()
    }

    /// The questions of a service, in their order.
    pub fn questions<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.attributes.iter().filter(move |attribute| attribute.service == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default_and_the_jurisdiction_is_the_root_of_the_address() {
        let config = Open311Config::parse("").unwrap();
        assert_eq!(config, Open311Config::default());
        assert_eq!(config.jurisdiction("https://www.linli.example:8443/x"), "linli.example");
        let named = Open311Config::parse("jurisdiction = \"linwei.gov.cn\"").unwrap();
        assert_eq!(named.jurisdiction("https://linli.example"), "linwei.gov.cn");
    }

    #[test]
    fn a_wrong_file_says_where() {
        assert!(Open311Config::parse("jurisdictoin = \"x\"").unwrap_err().to_string().contains("line 1"));
        let no_values =
            "[[attribute]]\nservice = \"a\"\ncode = \"b\"\ndescription = \"c\"\ndatatype = \"singlevaluelist\"";
        assert!(Open311Config::parse(no_values).unwrap_err().to_string().contains("values"));
        let one = "[[attribute]]\nservice = \"a\"\ncode = \"b\"\ndescription = \"c\"\n";
        assert!(Open311Config::parse(&format!("{one}{one}")).unwrap_err().to_string().contains("twice"));
    }
}
