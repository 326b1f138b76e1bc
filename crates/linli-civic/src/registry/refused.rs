//! 不收的列: what the registry refuses to keep, by the words of a header. Pure.
//!
//! A person's political standing, faith, ethnic group and health serve no purpose here; lists of people under control belong to
//! the systems that the law gives them to, and linli keeps no copy (DESIGN §9). A refused column is named with its reason; the
//! file is taken when its bringer says to leave the column out, and then it is never stored.

use crate::sheets::clean::key;

/// Why a column is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 政治面貌
    Political,
    /// 宗教信仰
    Faith,
    /// 民族
    EthnicGroup,
    /// 重点人员, 社区矫正, 吸毒, 信访, …
    ControlList,
    /// 积分, 信用, 风险等级, …
    Rating,
    /// 人脸, 指纹, …
    Biometric,
    /// 健康, 残疾, …: the care registry asks for what help needs, with the person's consent.
    Health,
    /// 低保, 独居, 困境儿童, …: who is entitled to help is entered in care, on a basis and until a day, and labels nobody in a ledger.
    Care,
}

impl Reason {
    /// The stable code, as a field problem says it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Political => "refused_political",
            Self::Faith => "refused_faith",
            Self::EthnicGroup => "refused_ethnic_group",
            Self::ControlList => "refused_control_list",
            Self::Rating => "refused_rating",
            Self::Biometric => "refused_biometric",
            Self::Health => "refused_health",
            Self::Care => "refused_care",
        }
    }
}

const WORDS: &[(Reason, &[&str])] = &[
    (
        Reason::ControlList,
        &[
            "重点人",
            "重点类别",
            "重点对象",
            "重点关注",
            "重点管控",
            "管控",
            "列管",
            "社区矫正",
            "矫正",
            "刑满",
            "释放",
            "刑释",
            "吸毒",
            "戒毒",
            "涉毒",
            "前科",
            "犯罪",
            "违法",
            "信访",
            "上访",
            "缠访",
            "涉邪",
            "邪教",
            "稳控",
            "维稳",
            "在逃",
            "精神障碍",
            "精神病",
            "肇事",
            "黑名单",
        ],
    ),
    (Reason::Political, &["政治面貌", "政治身份", "政治态度", "党员", "党派", "入党"]),
    (Reason::Faith, &["宗教", "信仰"]),
    (Reason::EthnicGroup, &["民族", "族别"]),
    (
        Reason::Rating,
        &["积分", "信用分", "信用等级", "失信", "风险等级", "风险等次", "评分", "得分", "红黄绿", "等级评定"],
    ),
    (Reason::Biometric, &["人脸", "指纹", "虹膜", "声纹", "照片"]),
    (Reason::Health, &["健康", "疾病", "病史", "残疾", "艾滋", "传染", "孕", "血型"]),
    (
        Reason::Care,
        &[
            "低保",
            "特困",
            "困境",
            "留守",
            "孤儿",
            "孤寡",
            "空巢",
            "独居",
            "失独",
            "失能",
            "优抚",
            "特殊群体",
            "特殊人群",
            "关爱对象",
            "帮扶对象",
        ],
    ),
];

/// Why a header is refused; `None` when it is not.
#[must_use]
pub fn why(header: &str) -> Option<Reason> {
    let header = key(header);
    WORDS.iter().find(|(_, words)| words.iter().any(|word| header.contains(word))).map(|(reason, _)| *reason)
}

/// Whether the words above a table say that it is a list of people under control.
#[must_use]
pub fn is_control_list(title: &str) -> bool {
    why(title) == Some(Reason::ControlList)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_no_purpose_is_refused_by_any_of_its_names() {
        for (header, reason) in [
            ("政治面貌", Reason::Political),
            ("是否 党员（必填）", Reason::Political),
            ("宗教信仰", Reason::Faith),
            ("民族", Reason::EthnicGroup),
            ("是否重点人员", Reason::ControlList),
            ("重点类别", Reason::ControlList),
            ("社区矫正对象", Reason::ControlList),
            ("信用等级", Reason::Rating),
            ("人脸照片", Reason::Biometric),
            ("健康状况", Reason::Health),
            ("是否低保户", Reason::Care),
            ("特殊群体类别", Reason::Care),
            ("独居老人", Reason::Care),
        ] {
            assert_eq!(why(header), Some(reason), "{header}");
        }
        for header in ["姓名", "联系电话", "是否重点场所", "门牌地址", "与户主关系", "出生日期", "企业名称", "从业人数"]
        {
            assert_eq!(why(header), None, "{header}");
        }
    }
}
