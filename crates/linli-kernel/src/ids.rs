//! Typed ids. A UUIDv7 carries its time, so the newest of a list is found by the primary key.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes the id that the caller made (see [`IdSource`]).
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The plain UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid { self.0 }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }
    )+ };
}

ids! {
    /// 账号
    AccountId,
    /// 附件
    AttachmentId,
    /// 事项
    CaseId,
    /// 时限
    DeadlineId,
    /// 出站记录
    DeliveryId,
    /// 历史记录
    EventId,
    /// 授权
    GrantId,
    /// 工单导入
    ImportId,
    /// 后台任务
    JobId,
    /// 会话
    SessionId,
    /// 任务
    TaskId,
    /// 热点
    HotSpotId,
    /// 权责清单条目
    EntryId,
    /// 走访记录
    VisitId,
    /// 设备
    DeviceId,
    /// 底数记录
    RecordId,
    /// 待定的改动
    ProposalId,
    /// 关爱登记
    CareId,
    /// 本人的要求
    CareRequestId,
    /// 会议、培训、接待的记录
    GatheringId,
    /// 排班
    ShiftId,
    /// 请假
    LeaveId,
    /// 检查记录
    InspectionId,
    /// 走访问题
    VisitProblemId,
}

/// Makes ids from the caller's clock and the system's randomness, or from a seed where a story
/// must be the same on every machine.
#[derive(Debug)]
pub struct IdSource {
    seed: Option<AtomicU64>,
}

impl IdSource {
    /// Ids with system randomness.
    #[must_use]
    pub const fn random() -> Self {
        Self { seed: None }
    }

    /// The same ids on every run; for tests and demo data only.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self { seed: Some(AtomicU64::new(seed)) }
    }

    /// A UUIDv7 at `at`.
    #[must_use]
    pub fn uuid(&self, at: Timestamp) -> Uuid {
        let ms = u64::try_from(at.ms()).unwrap_or(0);
        let mut random = [0_u8; 10];
        self.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid()
    }

    /// A fresh public code.
    #[must_use]
    pub fn public_code(&self) -> PublicCode {
        let mut random = [0_u8; 10];
        self.fill(&mut random);
        let mut code = String::with_capacity(10);
        for byte in random {
            let index = usize::from(byte % 32);
            code.push(char::from(PublicCode::ALPHABET.get(index).copied().unwrap_or(b'2')));
        }
        PublicCode(code)
    }

    /// Fills `bytes` with randomness.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.seed {
            Some(seed) => {
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(seed.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed));
                    for (slot, byte) in chunk.iter_mut().zip(word.to_le_bytes()) {
                        *slot = byte;
                    }
                }
            }
            None => {
                // The system's source fails only on a machine that cannot run us; an id of zeros would collide loudly.
                if getrandom::fill(bytes).is_err() {
                    bytes.fill(0);
                }
            }
        }
    }
}

fn split_mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 一案一码: the code by which a resident follows a case. 10 characters of a 32-letter alphabet
/// without look-alikes (50 bits): unguessable at the rate that the server answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PublicCode(String);

impl PublicCode {
    const ALPHABET: &'static [u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

    /// Reads a code as a person types it: any case, with spaces or hyphens, O for 0 and I for 1 refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: String =
            text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        let good = code.len() == 10 && code.bytes().all(|byte| Self::ALPHABET.contains(&byte));
        good.then_some(Self(code))
    }

    /// The ten characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PublicCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let ids = IdSource::random();
        let early = CaseId::new(ids.uuid(Timestamp::from_ms(1_000)));
        let late = CaseId::new(ids.uuid(Timestamp::from_ms(2_000)));
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn a_seeded_source_tells_the_same_story_twice() {
        let one = IdSource::seeded(7);
        let two = IdSource::seeded(7);
        assert_eq!(one.public_code(), two.public_code());
        assert_eq!(one.uuid(Timestamp::from_ms(9)), two.uuid(Timestamp::from_ms(9)));
        assert_ne!(one.public_code(), one.public_code());
    }

    #[test]
    fn a_public_code_is_read_as_people_type_it() {
        let code = IdSource::seeded(1).public_code();
        let typed = format!(" {} - {} ", code.as_str()[..5].to_lowercase(), &code.as_str()[5..]);
        assert_eq!(PublicCode::parse(&typed), Some(code));
        assert_eq!(PublicCode::parse("short"), None);
        assert_eq!(PublicCode::parse("O123456789"), None);
    }
}
