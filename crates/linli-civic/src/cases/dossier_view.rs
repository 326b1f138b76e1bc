//! What a case keeps besides its stage, as staff see it; and texts to begin from.

use linli_access::{Act, Caller, Decision, decide};
use linli_kernel::Phase;
use linli_playbook::{Standing, Template};

use super::reader::{Reader, Shown};
use super::view::{CaseLink, ForceView, JoinedCase, PendingView, TemplateView};

/// Characters of another case's text.
const SHORT: usize = 40;

impl Reader<'_> {
    pub(super) fn pending(&self, shown: &Shown) -> Option<PendingView> {
        let pending = shown.case.dossier.pending.as_ref()?;
        Some(PendingView {
            what: pending.what,
            name: self.lang.word("approval", pending.what.as_str()),
            by: pending.by.and_then(|by| shown.people.get(&by)).map(|person| person.name.clone()),
            at: pending.at,
            days: pending.days,
            until: pending.until,
            reason: pending.reason.clone(),
        })
    }

    pub(super) fn force(&self, shown: &Shown) -> Option<ForceView> {
        let force = shown.case.dossier.force.as_ref()?;
        let name = |id| shown.people.get(id).map(|person| person.name.clone());
        Some(ForceView {
            name: force.name.clone(),
            lead: force.lead.as_ref().and_then(name),
            members: force.members.iter().filter_map(name).collect(),
            opened_at: force.opened_at,
            closed_at: force.closed_at,
        })
    }

    /// The cases that belong to this one; of those that the reader may not see, only that they are there.
    pub(super) fn links(&self, shown: &Shown, caller: &Caller) -> Vec<CaseLink> {
        let link = |other: &super::relatives::Relative| {
            let may_see = matches!(decide(caller, Act::ViewCase, &other.keys), Decision::Allowed(_));
            let stage = shown.book.stage(other.kind, &other.stage);
            CaseLink {
                relation: other.relation.to_owned(),
                id: may_see.then_some(other.id),
                paper_no: other.paper_no.clone(),
                text: may_see.then(|| super::report::short(&other.body, SHORT)),
                stage_name: stage.map_or_else(|| other.stage.clone(), |stage| stage.name.clone()),
                phase: other.phase,
            }
        };
        shown.relatives.iter().map(link).collect()
    }

    /// The case that this one goes along with, for whoever holds the public code of this one.
    pub(super) fn joined(&self, shown: &Shown) -> Option<JoinedCase> {
        let master = shown.relatives.iter().find(|other| other.relation == "master" && !other.is_private)?;
        let stage = shown.book.stage(master.kind, &master.stage);
        let stage_name = stage.map_or_else(|| master.stage.clone(), |stage| stage.public_name.clone());
        Some(JoinedCase { stage_name, phase: master.phase }).filter(|_| shown.case.phase == Phase::Waiting)
    }

    /// Texts to begin from, for the actions that are offered.
    pub(super) fn templates(&self, shown: &Shown, standing: &Standing) -> Vec<TemplateView> {
        let case = &shown.case;
        let offered = case.offers(&shown.book, standing, self.now);
        let verbs = offered.iter().map(|def| def.verb);
        let found = verbs.flat_map(|verb| shown.book.templates_for(verb, case.category.as_deref()));
        found.map(|template| self.template(shown, template)).collect()
    }

    fn template(&self, shown: &Shown, template: &Template) -> TemplateView {
        let case = &shown.case;
        let day = |at: linli_kernel::Timestamp| self.day(Some(at.ms()));
        let category = case.category.as_deref().and_then(|code| shown.book.category(code));
        let values = [
            ("{place}", case.place_text.clone()),
            ("{category}", category.map_or_else(String::new, |category| category.name.clone())),
            ("{today}", day(self.now)),
            ("{reported}", day(case.reported_at)),
            ("{promised}", case.promise().map_or_else(String::new, |promise| day(promise.due_at))),
            ("{seat}", self.seat_name(&shown.book, &case.seat)),
        ];
        let fill = |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
        let is_reply = template.verb == linli_kernel::Action::Settle;
        TemplateView {
            verb: template.verb,
            title: template.title.clone(),
            text: fill(&template.text),
            talked_to: template.talked_to.as_deref().map(fill),
            by_when: template.by_when.as_deref().map(fill),
            received: is_reply.then(|| day(case.reported_at)),
        }
    }
}
