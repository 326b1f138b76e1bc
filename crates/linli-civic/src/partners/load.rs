//! From a folder of files to partners, every fault with its file and line.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, ValueDeserializer};

use linli_kernel::AreaCode;

use super::{Partner, PartnerFault, PartnerKind, Partners, Secret, USUAL_RATE};

/// More than this a second is no polite sender.
const MOST_RATE: u32 = 1_000;

/// A partner's file, but for the table of its kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    kind: toml::Spanned<PartnerKind>,
    name: toml::Spanned<String>,
    #[serde(default)]
    areas: Vec<toml::Spanned<String>>,
    secret_file: Option<toml::Spanned<String>>,
    secret_env: Option<toml::Spanned<String>>,
    #[serde(default = "on")]
    enabled: bool,
    rate: Option<toml::Spanned<u32>>,
    #[serde(default)]
    allow_private: bool,
    open311: Option<toml::Spanned<toml::Table>>,
    hotline: Option<toml::Spanned<toml::Table>>,
    webhook: Option<toml::Spanned<toml::Table>>,
    smtp: Option<toml::Spanned<toml::Table>>,
    sms: Option<toml::Spanned<toml::Table>>,
    robot: Option<toml::Spanned<toml::Table>>,
    web_push: Option<toml::Spanned<toml::Table>>,
}

const fn on() -> bool {
    true
}

impl Partners {
    /// Reads every `*.toml` of the folder; a folder that is not there holds none.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn load(folder: &Path) -> Result<Self, Vec<PartnerFault>> {
        if !folder.exists() {
            return Ok(Self::default());
        }
        let fault = |path: &Path, error: &std::io::Error| PartnerFault {
            file: path.display().to_string(),
            line: 1,
            what: format!("读不了：{error}"),
        };
        let entries = std::fs::read_dir(folder).map_err(|error| vec![fault(folder, &error)])?;
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        paths.sort();
        let (mut partners, mut faults) = (Vec::new(), Vec::new());
        for path in paths {
            match std::fs::read_to_string(&path) {
                Err(error) => faults.push(fault(&path, &error)),
                Ok(text) => match read(&path, text) {
                    Ok(partner) => partners.push(partner),
                    Err(found) => faults.extend(found),
                },
            }
        }
        if faults.is_empty() { Ok(Self(partners)) } else { Err(faults) }
    }
}

impl Partner {
    /// The table of its kind as the slice's own type; give it `deny_unknown_fields`.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, PartnerFault> {
        let parsed = DeTable::parse(&self.text).map_err(|error| at(&self.file, &self.text, &error))?;
        let name = self.kind.table();
        let table = parsed.into_inner().into_iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
        let Some(table) = table else {
            return T::deserialize(toml::Table::new()).map_err(|error| PartnerFault {
                file: self.file.clone(),
                line: 1,
                what: format!("缺少 [{name}]：{}", error.message()),
            });
        };
        T::deserialize(ValueDeserializer::from(table)).map_err(|error| at(&self.file, &self.text, &error))
    }

    /// A fault of this partner's file where `key` stands in it, for what only the slice can check.
    #[must_use]
    pub fn fault(&self, key: &str, what: impl Into<String>) -> PartnerFault {
        let is_it = |line: &str| line.split('=').next().is_some_and(|word| word.trim() == key);
        let line = self.text.lines().position(is_it).map_or(1, |n| n + 1);
        PartnerFault { file: self.file.clone(), line, what: what.into() }
    }
}

fn read(path: &Path, text: String) -> Result<Partner, Vec<PartnerFault>> {
    let file = path.display().to_string();
    let written: Written = toml::from_str(&text).map_err(|error| vec![at(&file, &text, &error)])?;
    let mut faults = Vec::new();
    let mut fault = |span: std::ops::Range<usize>, what: String| {
        faults.push(PartnerFault { file: file.clone(), line: line_at(&text, span.start), what });
    };
    let kind = *written.kind.get_ref();
    let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')) {
        fault(0..0, "文件名只用小写字母、数字、- 和 _：它就是外部系统的编号".to_owned());
    }
    if written.name.get_ref().trim().is_empty() {
        fault(written.name.span(), "name 不能为空：写大家怎么称呼它".to_owned());
    }
    let mut areas = Vec::new();
    for area in &written.areas {
        match AreaCode::parse(area.get_ref()) {
            Ok(code) => areas.push(code),
            Err(_) => fault(area.span(), format!("“{}”不是区域代码", area.get_ref())),
        }
    }
    let rate = written.rate.as_ref().map_or(USUAL_RATE, |rate| *rate.get_ref());
    if let Some(rate) = written.rate.as_ref().filter(|rate| !(1..=MOST_RATE).contains(rate.get_ref())) {
        fault(rate.span(), format!("rate 是每秒最多发送的条数，1 到 {MOST_RATE}"));
    }
    let mut table = toml::Table::new();
    let tables = [
        ("open311", written.open311),
        ("hotline", written.hotline),
        ("webhook", written.webhook),
        ("smtp", written.smtp),
        ("sms", written.sms),
        ("robot", written.robot),
        ("web_push", written.web_push),
    ];
    for (name, found) in tables {
        let Some(found) = found else { continue };
        if name == kind.table() {
            table = found.into_inner();
        } else {
            fault(found.span(), format!("kind = \"{kind}\" 用 [{}]，不用 [{name}]", kind.table()));
        }
    }
    let secret = match (written.secret_file, written.secret_env) {
        (None, None) => None,
        (Some(_), Some(env)) => {
            fault(env.span(), "secret_file 和 secret_env 只写一个".to_owned());
            None
        }
        (Some(name), None) => {
            let beside = path.parent().unwrap_or(path).join(name.get_ref());
            let found = std::fs::read_to_string(&beside).ok().and_then(|text| Secret::new(&text));
            if found.is_none() {
                fault(name.span(), format!("密钥文件 {} 不存在、读不了或是空的", beside.display()));
            }
            found
        }
        (None, Some(name)) => {
            let found = std::env::var(name.get_ref()).ok().and_then(|text| Secret::new(&text));
            if found.is_none() {
                fault(name.span(), format!("环境变量 {} 没有设置", name.get_ref()));
            }
            found
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Partner {
        id,
        kind,
        name: written.name.into_inner(),
        areas,
        secret,
        enabled: written.enabled,
        rate,
        allow_private: written.allow_private,
        table,
        file,
        text,
    })
}

fn at(file: &str, text: &str, error: &toml::de::Error) -> PartnerFault {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    PartnerFault { file: file.to_owned(), line, what: error.message().to_owned() }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
