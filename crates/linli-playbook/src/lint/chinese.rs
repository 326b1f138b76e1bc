//! What the findings call the words of the glossary.

use linli_kernel::{AreaLevel, DeadlineKind, Weight};

/// 市 … 微网格, with the word that the file uses.
pub(crate) const fn level(level: AreaLevel) -> &'static str {
    match level {
        AreaLevel::City => "市（city）",
        AreaLevel::County => "县区（county）",
        AreaLevel::Street => "街道（street）",
        AreaLevel::Community => "社区（community）",
        AreaLevel::Grid => "网格（grid）",
        AreaLevel::MicroGrid => "微网格（micro_grid）",
    }
}

/// 签收 … 评价, with the word that the file uses.
pub(crate) const fn deadline(kind: DeadlineKind) -> &'static str {
    match kind {
        DeadlineKind::Sign => "签收（sign）",
        DeadlineKind::Contact => "联系（contact）",
        DeadlineKind::Arrive => "到场（arrive）",
        DeadlineKind::Handle => "办理（handle）",
        DeadlineKind::Reply => "答复（reply）",
        DeadlineKind::Verify => "核查（verify）",
        DeadlineKind::Rate => "评价（rate）",
        DeadlineKind::Approve => "审批（approve）",
        DeadlineKind::Rule => "裁定（rule）",
        DeadlineKind::Review => "挂账复核（review）",
        DeadlineKind::FollowUp => "回访（follow_up）",
    }
}

/// 微小 … 重大, with the word that the file uses.
pub(crate) const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Micro => "微小（micro）",
        Weight::General => "一般（general）",
        Weight::Larger => "较大（larger）",
        Weight::Major => "重大（major）",
    }
}
