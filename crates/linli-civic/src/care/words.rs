//! The closed lists of care: how an entry stands, why it rests or ends, who consented and how. Pure.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $type:ident ($schema:ident) { $($(#[$own:meta])* $name:ident = $word:literal),+ $(,)? })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = $schema)]
        pub enum $type { $($(#[$own])* $name),+ }

        impl $type {
            /// The stable identifier.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word),+ } }
            /// From the word in the database.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> { match word { $($word => Some(Self::$name),)+ _ => None } }
        }
    )+ };
}

words! {
    /// 登记状态
    State (CareState) {
        /// 正常
        Active = "active",
        /// 暂停: in hospital, away.
        Muted = "muted",
        /// 本人提出不要上门
        Objected = "objected",
    }
    /// 暂停原因
    Mute (CareMute) {
        /// 住院
        InHospital = "in_hospital",
        /// 外出、搬走
        MovedAway = "moved_away",
        /// 去世
        Deceased = "deceased",
    }
    /// 谁: whoever consented, whoever came to the counter.
    Whose (CareWhose) {
        /// 本人
        Person = "person",
        /// 监护人
        Guardian = "guardian",
    }
    /// 怎样同意的
    ConsentHow (CareConsentHow) {
        /// 书面签字
        Written = "written",
        /// 当面口头，有人在场
        Spoken = "spoken",
        /// 电话
        Phone = "phone",
    }
    /// 退出原因
    EndReason (CareEndReason) {
        /// 本人退出
        Left = "left",
        /// 不再需要
        NoLongerNeeded = "no_longer_needed",
        /// 去世
        Deceased = "deceased",
        /// 误登
        Mistake = "mistake",
        /// 到期
        Expired = "expired",
    }
    /// 服务进展
    ServiceStep (CareServiceStep) {
        /// 可以提供
        Offered = "offered",
        /// 本人需要，待安排
        Wanted = "wanted",
        /// 已安排
        Arranged = "arranged",
        /// 本人不要
        Declined = "declined",
        /// 已完成
        Done = "done",
    }
    /// 走访结果
    Met (CareMet) {
        /// 见到了
        Done = "done",
        /// 没有见到人
        NotHome = "not_home",
        /// 本人说以后不要来
        AskedNotToCome = "asked_not_to_come",
        /// 通了电话，没有上门
        Called = "called",
    }
}
