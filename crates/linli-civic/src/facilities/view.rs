//! Facilities as pages show them.

use linli_kernel::{CaseId, Phase, RecordId, Timestamp};
use serde::Serialize;

use super::store::{About, Facility};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::registry::Kind;
use crate::registry::view::in_words;
use crate::say::Lang;

/// 公共设施 with how it stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Facility)]
pub struct FacilityView {
    /// Which, in the registry.
    #[schema(value_type = String)]
    id: RecordId,
    /// Where.
    area: AreaRef,
    /// What kind, by its word.
    kind: String,
    /// What kind, in words.
    kind_name: String,
    /// What people call it.
    name: String,
    /// Where it stands.
    address: String,
    /// Who keeps it in order.
    keeper: Option<String>,
    /// Whether it is out of use.
    is_stopped: bool,
    /// Its printed code.
    code: Option<String>,
    /// Cases about it that are not settled.
    n_open: u32,
    /// Since when the oldest of them waits.
    open_since: Option<Timestamp>,
    /// Cases about it ever.
    n_reported: u32,
    /// When the last of them was settled.
    mended_at: Option<Timestamp>,
    /// Its version in the registry.
    version: i64,
}

/// A facility.
#[must_use]
pub fn facility(app: &App, found: Facility, lang: Lang) -> FacilityView {
    FacilityView {
        id: found.record,
        area: app.areas().reference(&found.area),
        kind_name: kind_name(&found.kind, lang),
        kind: found.kind,
        name: found.name,
        address: found.address,
        keeper: found.keeper,
        is_stopped: found.is_stopped,
        code: found.code,
        n_open: found.n_open,
        open_since: found.open_since,
        n_reported: found.n_reported,
        mended_at: found.mended_at,
        version: found.version,
    }
}

/// What a kind of facility is called.
#[must_use]
pub fn kind_name(word: &str, lang: Lang) -> String {
    Kind::Facility.field("facility_kind").map(|field| in_words(field, word, lang)).unwrap_or_default()
}

/// A case about a facility.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FacilityCase)]
pub struct AboutView {
    /// Which.
    #[schema(value_type = String)]
    case_id: CaseId,
    /// Its number for paper.
    paper_no: String,
    /// What was said.
    text: String,
    /// The stage, in words.
    stage_name: String,
    /// Its summary.
    phase: Phase,
    /// When it was said.
    reported_at: Timestamp,
    /// When it was closed.
    closed_at: Option<Timestamp>,
}

/// A case, with the name of its stage.
#[must_use]
pub fn about(found: About, stage_name: Option<String>) -> AboutView {
    AboutView {
        case_id: found.case,
        paper_no: found.paper_no,
        text: found.body,
        stage_name: stage_name.unwrap_or(found.stage),
        phase: found.phase,
        reported_at: found.reported_at,
        closed_at: found.closed_at,
    }
}
