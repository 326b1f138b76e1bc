//! What the check finds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The playbook cannot be used.
    Error,
    /// The playbook can be used; someone should look.
    Warning,
}

/// 检查结果: one fault of a playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// How grave.
    pub severity: Severity,
    /// Stable code.
    pub code: &'static str,
    /// The file, as `weinan/categories.toml`.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong, in Chinese.
    pub message: String,
    /// How to mend it, in Chinese.
    pub hint: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
        };
        writeln!(f, "{}:{}: {word}[{}] {}", self.file, self.line, self.code, self.message)?;
        write!(f, "    {}", self.hint)
    }
}
