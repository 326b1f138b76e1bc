//! The words that every slice of linli shares: ids, time, areas, roles, actions, changes and refusals.
//!
//! Nothing here reads a clock, a file, a database or the network. A type belongs here when two
//! crates that may not see each other must agree on it.

pub mod actor;
pub mod area;
pub mod calendar;
pub mod change;
pub mod ids;
pub mod masked;
pub mod page;
pub mod problem;
mod schema;
pub mod time;
pub mod words;

pub use actor::Actor;
pub use area::{AreaCode, AreaLevel, BadAreaCode};
pub use calendar::{Amount, Calendar, Due, Workday, WorkingHours};
pub use change::{Change, NewEvent, NewJob, Stream, StreamKind};
pub use ids::{
    AccountId, AttachmentId, CareId, CareRequestId, CaseId, DeadlineId, DeliveryId, DeviceId, EntryId, EventId,
    GatheringId, GrantId, HotSpotId, IdSource, ImportId, InspectionId, JobId, LeaveId, ProposalId, PublicCode,
    RecordId, SessionId, ShiftId, TaskId, VisitId, VisitProblemId,
};
pub use masked::{IdNumber, Phone, RealName};
pub use page::{Cursor, Page};
pub use problem::{FieldProblem, Problem, ProblemCode};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use words::{
    Action, AnswerWord, Approval, CaseKind, Channel, DeadlineKind, DeadlineState, DutyKind, GatheringKind, Phase, Role,
    ShiftKind, TaskAction, TaskKind, TaskState, TimeUnit, UnknownWord, VisitKind, VisitResult, Weight,
};
