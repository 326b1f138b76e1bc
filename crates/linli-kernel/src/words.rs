//! Closed vocabularies of the glossary: each word has one identifier in code, column, JSON and UI key.

/// Declares an enum whose variants are words of the glossary with one stable identifier each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable identifier used in columns, JSON and UI keys.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        // By hand: the derive does not see a rename that a macro filled in.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> { std::borrow::Cow::Borrowed(stringify!($name)) }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err($crate::words::UnknownWord { what: stringify!($name), word: word.to_owned() }) }
            }
        }
    };
}
pub(crate) use words;

/// A text that is none of the words of its vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a {what}")]
pub struct UnknownWord {
    /// The vocabulary that was expected.
    pub what: &'static str,
    /// The text that was found.
    pub word: String,
}

words! {
    /// 角色: what an account may be at an area. The access matrix says what each may do.
    Role {
        /// 居民: needs no account; stands for whoever holds a case's public code.
        Resident = "resident",
        /// 网格员
        GridWorker = "grid_worker",
        /// 网格长
        GridHead = "grid_head",
        /// 社区工作人员
        CommunityClerk = "community_clerk",
        /// 街道派单员
        StreetDispatcher = "street_dispatcher",
        /// 部门经办人
        DepartmentClerk = "department_clerk",
        /// 12345 热线话务员
        HotlineClerk = "hotline_clerk",
        /// 县区领导
        CountyLeader = "county_leader",
        /// 审计员: reads what was done and who looked at what, changes nothing.
        Auditor = "auditor",
        /// 系统管理员: people, areas and settings; no access to a resident's contact.
        Administrator = "administrator",
    }
}

words! {
    /// 阶段大类: the typed summary of a stage that everything outside the flow relies on.
    Phase {
        /// Someone must act and a deadline runs.
        Open = "open",
        /// The resident was asked; the clock of the handler is paused.
        Waiting = "waiting",
        /// Answered; the resident may rate or have it reopened.
        Settled = "settled",
        /// 已结案
        Closed = "closed",
    }
}

words! {
    /// 事项轻重: decides the first seat (four-level response, 四级响应).
    Weight {
        /// 微小 → 网格
        Micro = "micro",
        /// 一般 → 社区
        General = "general",
        /// 较大 → 街道
        Larger = "larger",
        /// 重大 → 县区
        Major = "major",
    }
}

words! {
    /// 动作: the verbs that a flow may use. A playbook arranges them; it cannot invent one.
    Action {
        /// 登记
        Report = "report",
        /// 受理
        Accept = "accept",
        /// 派单
        Dispatch = "dispatch",
        /// 接单 (签收)
        Take = "take",
        /// 跟进记录
        Comment = "comment",
        /// 向居民提问
        Ask = "ask",
        /// 居民补充
        Answer = "answer",
        /// 办结
        Settle = "settle",
        /// 核查通过
        Verify = "verify",
        /// 核查不通过
        Reject = "reject",
        /// 评价
        Rate = "rate",
        /// 重办
        Reopen = "reopen",
        /// 结案
        Close = "close",
        /// 退单
        SendBack = "send_back",
        /// 上报
        Escalate = "escalate",
        /// 转办
        HandOn = "hand_on",
    }
}

impl Action {
    /// The past-tense name of the event that this verb leaves in the history.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Report => "reported",
            Self::Accept => "accepted",
            Self::Dispatch => "dispatched",
            Self::Take => "taken",
            Self::Comment => "commented",
            Self::Ask => "asked",
            Self::Answer => "answered",
            Self::Settle => "settled",
            Self::Verify => "verified",
            Self::Reject => "rejected",
            Self::Rate => "rated",
            Self::Reopen => "reopened",
            Self::Close => "closed",
            Self::SendBack => "sent_back",
            Self::Escalate => "escalated",
            Self::HandOn => "handed_on",
        }
    }
}

words! {
    /// 事项类型
    CaseKind {
        /// 诉求 / 工单
        Request = "request",
        /// 矛盾纠纷
        Dispute = "dispute",
        /// 隐患
        Hazard = "hazard",
        /// 群众点单
        Service = "service",
        /// 微心愿
        Wish = "wish",
        /// 议题
        Topic = "topic",
    }
}

words! {
    /// 来源渠道
    Channel {
        /// 居民端网页
        Web = "web",
        /// 楼栋二维码
        Qr = "qr",
        /// 走访巡查
        Visit = "visit",
        /// 社区窗口
        Counter = "counter",
        /// 电话
        Phone = "phone",
        /// 12345 热线
        Hotline = "hotline",
        /// 其他系统
        Api = "api",
    }
}

words! {
    /// 时限种类
    DeadlineKind {
        /// 签收
        Sign = "sign",
        /// 联系居民
        Contact = "contact",
        /// 到场
        Arrive = "arrive",
        /// 办理
        Handle = "handle",
        /// 答复
        Reply = "reply",
        /// 核查
        Verify = "verify",
        /// 评价
        Rate = "rate",
    }
}

words! {
    /// 时限状态
    DeadlineState {
        /// The clock runs.
        Running = "running",
        /// The clock stands, because the resident was asked.
        Paused = "paused",
        /// Done in time or late; see `breached_at`.
        Met = "met",
        /// Due and not done; still owed.
        Breached = "breached",
        /// No longer owed.
        Cancelled = "cancelled",
    }
}

words! {
    /// 时限单位
    TimeUnit {
        /// 分钟
        Minutes = "minutes",
        /// 小时
        Hours = "hours",
        /// 工作时
        WorkingHours = "working_hours",
        /// 自然日
        Days = "days",
        /// 工作日
        WorkingDays = "working_days",
    }
}

words! {
    /// 履职性质 of an entry of the responsibility list. Source: 乡镇（街道）履行职责事项清单 (2024–2025).
    DutyKind {
        /// 基本履职
        Basic = "basic",
        /// 配合履职: a department hosts, the place helps.
        Cooperating = "cooperating",
        /// 上级收回: may not be dispatched down to the place.
        TakenBack = "taken_back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>(), Ok(*role));
        }
        for action in Action::ALL {
            assert_eq!(action.as_str().parse::<Action>(), Ok(*action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
    }

    #[test]
    fn an_unknown_word_says_what_was_expected() {
        assert_eq!("mayor".parse::<Role>().unwrap_err().to_string(), "\"mayor\" is not a Role");
    }
}
