//! What was done, as duties look at it: one record, whoever wrote it down and wherever. Pure.

use linli_kernel::{AccountId, AreaCode, GatheringKind, RecordId, Timestamp, VisitKind};
use linli_playbook::DutyEvidence;

/// What a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkKind {
    /// A visit, a patrol, an inspection that was noted, a meeting that was noted on the way.
    Visit(VisitKind),
    /// An inspection by its checklist.
    Inspection,
    /// A meeting, a training, a reception.
    Gathering(GatheringKind),
}

/// One record of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// What of.
    pub kind: WorkKind,
    /// Where.
    pub area: AreaCode,
    /// Which dwelling or premises.
    pub record: Option<RecordId>,
    /// Which place, in words or by its code: to tell doors apart.
    pub place: String,
    /// Who was there.
    pub accounts: Vec<AccountId>,
    /// Whether other units were there too.
    pub with_units: bool,
    /// Whether nobody was there to be met: the door was stood at, and the home is still to be visited.
    pub not_met: bool,
    /// Whether something was found and reported.
    pub found: bool,
    /// When it counts.
    pub at: Timestamp,
}

impl Work {
    /// Whether it does for a home or premises of which something is due.
    #[must_use]
    pub fn is_at(&self, record: RecordId) -> bool {
        self.record == Some(record) && !self.not_met
    }

    /// Whether it shows what a duty asks for.
    #[must_use]
    pub const fn shows(&self, evidence: DutyEvidence) -> bool {
        match evidence {
            DutyEvidence::Any => true,
            DutyEvidence::Visit => matches!(self.kind, WorkKind::Visit(VisitKind::Visit)),
            DutyEvidence::Patrol => matches!(self.kind, WorkKind::Visit(VisitKind::Patrol)),
            DutyEvidence::JointPatrol => matches!(self.kind, WorkKind::Visit(VisitKind::Patrol)) && self.with_units,
            DutyEvidence::Inspection => {
                matches!(self.kind, WorkKind::Inspection | WorkKind::Visit(VisitKind::Inspection))
            }
            DutyEvidence::Meeting => {
                matches!(self.kind, WorkKind::Gathering(GatheringKind::Meeting) | WorkKind::Visit(VisitKind::Meeting))
            }
            DutyEvidence::Training => matches!(self.kind, WorkKind::Gathering(GatheringKind::Training)),
            DutyEvidence::Review => matches!(self.kind, WorkKind::Gathering(GatheringKind::Review)),
            DutyEvidence::Commendation => matches!(self.kind, WorkKind::Gathering(GatheringKind::Commendation)),
            DutyEvidence::Reception => matches!(self.kind, WorkKind::Gathering(GatheringKind::Reception)),
            DutyEvidence::Activity => matches!(self.kind, WorkKind::Gathering(GatheringKind::Activity)),
        }
    }

    /// Whether somebody's door was knocked at.
    #[must_use]
    pub const fn is_visit(&self) -> bool {
        matches!(self.kind, WorkKind::Visit(VisitKind::Visit))
    }

    /// Whether people met.
    #[must_use]
    pub const fn is_gathering(&self) -> bool {
        matches!(self.kind, WorkKind::Gathering(_) | WorkKind::Visit(VisitKind::Meeting))
    }
}
