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
        /// 包抓责任人: answers for one residential compound besides its grid, and is posted there by name and phone.
        CompoundLead = "compound_lead",
        /// 连心员: keeps in touch with the residents of a compound; posted there by name and phone.
        LinkPerson = "link_person",
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
        /// 催办
        Urge = "urge",
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
        /// 申请延期
        AskExtension = "ask_extension",
        /// 同意延期
        GrantExtension = "grant_extension",
        /// 不同意延期
        RefuseExtension = "refuse_extension",
        /// 申请挂账
        AskSuspension = "ask_suspension",
        /// 同意挂账
        Suspend = "suspend",
        /// 不同意挂账
        RefuseSuspension = "refuse_suspension",
        /// 恢复办理
        Resume = "resume",
        /// 督办
        Supervise = "supervise",
        /// 提出异议
        Object = "object",
        /// 裁定
        Rule = "rule",
        /// 并单
        Merge = "merge",
        /// 拆单
        Unmerge = "unmerge",
        /// 随主单答复
        Follow = "follow",
        /// 回访
        FollowUp = "follow_up",
        /// 申请剔除
        AskExclusion = "ask_exclusion",
        /// 同意剔除
        Exclude = "exclude",
        /// 不同意剔除
        RefuseExclusion = "refuse_exclusion",
        /// 请协办
        CallHelp = "call_help",
        /// 吹哨
        Whistle = "whistle",
        /// 交外部单位
        HandOut = "hand_out",
        /// 成立专班
        OpenForce = "open_force",
        /// 专班任务
        AssignTask = "assign_task",
        /// 会议纪要
        Minute = "minute",
        /// 撤销专班
        CloseForce = "close_force",
        /// 分办
        Split = "split",
        /// 公开范围
        SetPrivacy = "set_privacy",
        /// 请人调解: neighbours whom both sides trust, a mediation room.
        Mediate = "mediate",
        /// 调解结果: agreed or not.
        Conclude = "conclude",
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
            Self::Urge => "urged",
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
            Self::AskExtension => "extension_asked",
            Self::GrantExtension => "extension_granted",
            Self::RefuseExtension => "extension_refused",
            Self::AskSuspension => "suspension_asked",
            Self::Suspend => "suspended",
            Self::RefuseSuspension => "suspension_refused",
            Self::Resume => "resumed",
            Self::Supervise => "supervised",
            Self::Object => "objected",
            Self::Rule => "ruled",
            Self::Merge => "merged",
            Self::Unmerge => "unmerged",
            Self::Follow => "followed",
            Self::FollowUp => "followed_up",
            Self::AskExclusion => "exclusion_asked",
            Self::Exclude => "excluded",
            Self::RefuseExclusion => "exclusion_refused",
            Self::CallHelp => "help_called",
            Self::Whistle => "whistled",
            Self::HandOut => "handed_out",
            Self::OpenForce => "force_opened",
            Self::AssignTask => "task_assigned",
            Self::Minute => "minuted",
            Self::CloseForce => "force_closed",
            Self::Split => "split",
            Self::SetPrivacy => "privacy_set",
            Self::Mediate => "mediation_begun",
            Self::Conclude => "mediation_concluded",
        }
    }
}

words! {
    /// 审批事项: what is asked of the level above and granted or refused there.
    Approval {
        /// 延期
        Extension = "extension",
        /// 挂账
        Suspension = "suspension",
        /// 剔除: left out of the figures, for a coded reason. Source: 国办函〔2025〕66号 第八条.
        Exclusion = "exclusion",
    }
}

words! {
    /// 任务种类: work on a case beside its seat, each with its own clocks.
    TaskKind {
        /// 协办
        Help = "help",
        /// 吹哨报到
        Whistle = "whistle",
        /// 外部单位: reached by a one-time link.
        External = "external",
        /// 专班任务
        Force = "force",
    }
}

words! {
    /// 任务状态
    TaskState {
        /// 待签收
        Called = "called",
        /// 已签收
        Signed = "signed",
        /// 已办结
        Done = "done",
        /// 已说明不属职责
        Declined = "declined",
        /// 已撤销
        Cancelled = "cancelled",
    }
}

impl TaskState {
    /// Whether somebody still owes it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Called | Self::Signed)
    }
}

words! {
    /// 任务动作
    TaskAction {
        /// 签收
        Sign = "sign",
        /// 联系属地
        Contact = "contact",
        /// 到场报到
        Arrive = "arrive",
        /// 办结反馈
        Finish = "finish",
        /// 说明不属职责
        Decline = "decline",
        /// 撤销
        Cancel = "cancel",
        /// 评价报到单位
        Rate = "rate",
        /// 评价吹哨质量
        RateCall = "rate_call",
    }
}

impl TaskAction {
    /// The event that it leaves in the history of the case.
    #[must_use]
    pub const fn event(self) -> &'static str {
        match self {
            Self::Sign => "task_signed",
            Self::Contact => "task_contacted",
            Self::Arrive => "task_arrived",
            Self::Finish => "task_finished",
            Self::Decline => "task_declined",
            Self::Cancel => "task_cancelled",
            Self::Rate => "task_rated",
            Self::RateCall => "task_call_rated",
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
        /// 未诉先办: opened by staff because the same matter keeps coming.
        Proactive = "proactive",
        /// 分办: split off another case.
        Split = "split",
    }
}

words! {
    /// 走访种类
    VisitKind {
        /// 入户走访
        Visit = "visit",
        /// 日常巡查
        Patrol = "patrol",
        /// 专项检查
        Inspection = "inspection",
        /// 会议议事
        Meeting = "meeting",
    }
}

words! {
    /// 会议种类: what people met for.
    GatheringKind {
        /// 例会
        Meeting = "meeting",
        /// 培训
        Training = "training",
        /// 评议
        Review = "review",
        /// 表扬
        Commendation = "commendation",
        /// 接待
        Reception = "reception",
        /// 活动、演练
        Activity = "activity",
    }
}

words! {
    /// 排班种类
    ShiftKind {
        /// 驿站值守
        Station = "station",
        /// 联合巡查
        Patrol = "patrol",
        /// 接待日
        Reception = "reception",
        /// 节假日、夜间值守
        Watch = "watch",
    }
}

words! {
    /// 检查结果 of one item.
    AnswerWord {
        /// 合格
        Fine = "ok",
        /// 有隐患
        Finding = "finding",
        /// 不涉及
        NotApplicable = "not_applicable",
    }
}

words! {
    /// 走访结果
    VisitResult {
        /// 未发现问题
        Clear = "clear",
        /// 发现问题
        Finding = "finding",
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
        /// 审批
        Approve = "approve",
        /// 裁定
        Rule = "rule",
        /// 挂账复核
        Review = "review",
        /// 回访
        FollowUp = "follow_up",
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
