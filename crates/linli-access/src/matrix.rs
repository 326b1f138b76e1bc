//! Role × act, as one table. What is not in the table is denied.

use linli_kernel::Role;
use serde::{Deserialize, Serialize};

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What a route does, named by itself; the table says who may.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Act { $($(#[$doc])* $name),+ }

        impl Act {
            /// Every act.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The stable identifier.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $word),+ } }
        }

        impl std::str::FromStr for Act {
            type Err = ();
            fn from_str(word: &str) -> Result<Self, ()> { match word { $($word => Ok(Self::$name),)+ _ => Err(()) } }
        }
    };
}

acts! {
    /// See a case of the area: list, page, photos, live news, map.
    ViewCase = "view_case",
    /// Move a case along its flow; the flow narrows which action.
    WorkOnCase = "work_on_case",
    /// See the reporter's phone number; logged with its purpose.
    ReadContact = "read_contact",
    /// Register a case that was said by phone, at the counter or on a visit.
    ReportOnBehalf = "report_on_behalf",
    /// See areas, who answers there, and the counts.
    ViewAreas = "view_areas",
    /// Change names, figures, boundaries and places of areas.
    AdministerAreas = "administer_areas",
    /// See accounts and their grants.
    ViewPeople = "view_people",
    /// Make, disable and unlock accounts; give and end grants.
    AdministerPeople = "administer_people",
    /// See the playbook and what its check finds.
    ViewPlaybook = "view_playbook",
    /// See the map and figures.
    ViewWall = "view_wall",
    /// See the figures of an area, or of one's own unit.
    ViewBoard = "view_board",
    /// See who read whose contact.
    ReadAudit = "read_audit",
    /// See what goes to other systems, whether it arrived and why not.
    ViewDeliveries = "view_deliveries",
    /// Send again what did not arrive, or give it up.
    ManageDeliveries = "manage_deliveries",
    /// See who was told what by which rule, or why not.
    ReadNoticeLog = "read_notice_log",
    /// Put lines above the pages of an area, and take them down.
    AdministerBanners = "administer_banners",
    /// Bring in work orders of the hotline from a file, and map its words.
    ImportOrders = "import_orders",
    /// Take work orders with their results out as a file.
    ExportOrders = "export_orders",
    /// Hand a case to the hotline whose matter it is.
    TransferOut = "transfer_out",
    /// Note visits, patrols, inspections and meetings in the area.
    RecordVisit = "record_visit",
    /// Read such notes of the area.
    ViewVisits = "view_visits",
    /// Decide what follows from what visits keep coming upon: a case, or nothing and why.
    DecideVisitProblems = "decide_visit_problems",
    /// Tell everybody what residents proposed and what came of it, and take it back.
    PublishOpinions = "publish_opinions",
    /// See dwellings, households, residents (names masked), premises and firms of the area.
    ViewRegistry = "view_registry",
    /// See how complete and how fresh the registry of the area is: counts and shares only.
    ViewRegistryFigures = "view_registry_figures",
    /// Enter, change, confirm and archive records of the registry.
    EditRegistry = "edit_registry",
    /// Decide between two values that met in one field.
    DecideProposals = "decide_proposals",
    /// Bring in records from an office's own workbook, and take a whole import back.
    ImportRegistry = "import_registry",
    /// See a name, a phone number or an ID number of the registry; logged with its purpose, which the person can read.
    ReadRegistryPrivate = "read_registry_private",
    /// See what is due in the area, who is on duty when, who is away.
    ViewDuties = "view_duties",
    /// Set who is on duty when, note who is away, keep the visiting lists, see where help is needed.
    ArrangeDuties = "arrange_duties",
    /// Keep the workbooks that superiors ask for, and have them filled from the record.
    KeepLedgers = "keep_ledgers",
    /// Let somebody else take names, phone numbers or ID numbers out in a file.
    ApproveExport = "approve_export",
    /// Move a running case to another version of the playbook.
    MovePlaybook = "move_playbook",
    /// See that somebody in care is due for a visit; never why.
    ViewCare = "view_care",
    /// Read what is sealed of an entry of care, where one owns it, is paired, or gives its help; logged with its purpose.
    ReadCare = "read_care",
    /// Enter people into care, review, pair, mute, end; let a person look at what is held of them.
    KeepCare = "keep_care",
    /// See how many old and young people are entitled to help: counts of five and more.
    ViewCareFigures = "view_care_figures",
    /// Try a draft of a playbook on past cases.
    RehearsePlaybook = "rehearse_playbook",
}

/// How far an allowed act reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The granted area and everything below it.
    Area,
    /// What the grant's unit answers for.
    Unit,
}

use Reach::{Area, Unit};
use Role::{
    Administrator, Auditor, CommunityClerk, CompoundLead, CountyLeader, DepartmentClerk, GridHead, GridWorker,
    HotlineClerk, LinkPerson, StreetDispatcher,
};

/// The whole table: who may do what, how far. Residents act by a case's public code and stand outside it.
pub const MATRIX: &[(Act, &[(Role, Reach)])] = &[
    (
        Act::ViewCase,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CompoundLead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Unit),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
        ],
    ),
    (
        Act::WorkOnCase,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Unit),
            (HotlineClerk, Area),
            (CountyLeader, Area),
        ],
    ),
    (
        Act::ReadContact,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Unit),
            (HotlineClerk, Area),
        ],
    ),
    (
        Act::ReportOnBehalf,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CompoundLead, Area),
            (LinkPerson, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (HotlineClerk, Area),
        ],
    ),
    (
        Act::ViewAreas,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CompoundLead, Area),
            (LinkPerson, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Area),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
            (Administrator, Area),
        ],
    ),
    (Act::AdministerAreas, &[(CommunityClerk, Area), (Administrator, Area)]),
    (
        Act::ViewPeople,
        &[
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (CountyLeader, Area),
            (Auditor, Area),
            (Administrator, Area),
        ],
    ),
    (Act::AdministerPeople, &[(Administrator, Area)]),
    (
        Act::ViewPlaybook,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CompoundLead, Area),
            (LinkPerson, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Area),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
            (Administrator, Area),
        ],
    ),
    (
        Act::ViewWall,
        &[
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
        ],
    ),
    (
        Act::ViewBoard,
        &[
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (DepartmentClerk, Unit),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
        ],
    ),
    (Act::ReadAudit, &[(Auditor, Area)]),
    (
        Act::ViewDeliveries,
        &[
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (HotlineClerk, Area),
            (CountyLeader, Area),
            (Auditor, Area),
            (Administrator, Area),
        ],
    ),
    (Act::ManageDeliveries, &[(HotlineClerk, Area), (Administrator, Area)]),
    (Act::ReadNoticeLog, &[(Auditor, Area)]),
    (Act::AdministerBanners, &[(CommunityClerk, Area), (StreetDispatcher, Area), (Administrator, Area)]),
    (Act::ImportOrders, &[(CommunityClerk, Area), (StreetDispatcher, Area), (HotlineClerk, Area)]),
    (
        Act::ExportOrders,
        &[(CommunityClerk, Area), (StreetDispatcher, Area), (HotlineClerk, Area), (CountyLeader, Area)],
    ),
    (Act::TransferOut, &[(CommunityClerk, Area), (StreetDispatcher, Area), (HotlineClerk, Area), (CountyLeader, Area)]),
    (Act::RecordVisit, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    // A note of a visit tells of somebody's home: no further up than those who send people there.
    (Act::ViewVisits, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    // Whoever heads the place decides, never whoever wrote the notes.
    (Act::DecideVisitProblems, &[(GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    (Act::PublishOpinions, &[(CommunityClerk, Area), (StreetDispatcher, Area)]),
    // Those who go from door to door, and the offices that keep the ledgers. Nobody above them needs single records.
    (Act::ViewRegistry, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    (
        Act::ViewRegistryFigures,
        &[
            (GridWorker, Area),
            (GridHead, Area),
            (CommunityClerk, Area),
            (StreetDispatcher, Area),
            (CountyLeader, Area),
            (Auditor, Area),
        ],
    ),
    (Act::EditRegistry, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area)]),
    (Act::DecideProposals, &[(GridHead, Area), (CommunityClerk, Area)]),
    // A street brings in the ledgers of its communities; it does not look behind the mask.
    (Act::ImportRegistry, &[(CommunityClerk, Area), (StreetDispatcher, Area)]),
    (Act::ReadRegistryPrivate, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area)]),
    (Act::ViewDuties, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    // Where help is needed is for those who can give it; nobody further up looks at single posts.
    (Act::ArrangeDuties, &[(GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    (Act::KeepLedgers, &[(CommunityClerk, Area), (StreetDispatcher, Area)]),
    // Two people, never one: the slice refuses whoever asked.
    (Act::ApproveExport, &[(GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area)]),
    // Whoever handles a case never rewrites the rules that it goes by: only the top, which answers for the way of working.
    (Act::MovePlaybook, &[(CountyLeader, Area)]),
    // Those who go there, who send them, and the unit that answers for the entry. Nobody above them needs single people.
    (Act::ViewCare, &[(GridWorker, Area), (GridHead, Area), (CommunityClerk, Area), (DepartmentClerk, Unit)]),
    // Narrowed once more by relation and category (`care/need.rs`): a grid head is told “visit due” and nothing else.
    (Act::ReadCare, &[(GridWorker, Area), (CommunityClerk, Area), (DepartmentClerk, Unit)]),
    (Act::KeepCare, &[(CommunityClerk, Area), (DepartmentClerk, Unit)]),
    (
        Act::ViewCareFigures,
        &[(GridHead, Area), (CommunityClerk, Area), (StreetDispatcher, Area), (CountyLeader, Area), (Auditor, Area)],
    ),
    // It tells nothing that anybody wrote: whoever keeps the playbook need not see a case for it.
    (Act::RehearsePlaybook, &[(Administrator, Area)]),
];

/// How far `role` may do `act`; `None` when it may not.
#[must_use]
pub fn reach(role: Role, act: Act) -> Option<Reach> {
    let (_, rows) = MATRIX.iter().find(|(listed, _)| *listed == act)?;
    rows.iter().find(|(listed, _)| *listed == role).map(|(_, reach)| *reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_is_in_the_table_once() {
        for act in Act::ALL {
            assert_eq!(MATRIX.iter().filter(|(listed, _)| listed == act).count(), 1, "{act:?}");
            assert_eq!(act.as_str().parse(), Ok(*act));
        }
    }

    #[test]
    fn an_auditor_reads_and_never_works() {
        assert!(reach(Role::Auditor, Act::ReadAudit).is_some());
        assert_eq!(reach(Role::Auditor, Act::WorkOnCase), None);
        assert_eq!(reach(Role::Auditor, Act::ReadContact), None);
    }

    #[test]
    fn an_administrator_sees_no_case_and_no_contact() {
        assert_eq!(reach(Role::Administrator, Act::ViewCase), None);
        assert_eq!(reach(Role::Administrator, Act::ReadContact), None);
    }

    #[test]
    fn a_resident_stands_outside_the_table() {
        assert!(Act::ALL.iter().all(|act| reach(Role::Resident, *act).is_none()));
    }
}
