//! 关爱: who is entitled to care, on which basis, for how long, and what that means. An entitlement to help, never a label.

use linli_kernel::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::types::Host;
use crate::vocabulary::vocabulary;

/// 关爱规则
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CareRules {
    /// Help that a plan may hold besides visits.
    pub services: Vec<CareService>,
    /// What is done, by ability.
    pub plans: Vec<CarePlan>,
    /// Services that go together, offered by age.
    #[serde(default)]
    pub packages: Vec<CarePackage>,
    /// Who is entitled.
    pub categories: Vec<CareCategory>,
}

impl CareRules {
    /// The category with this code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&CareCategory> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// The plan with this code.
    #[must_use]
    pub fn plan(&self, code: &str) -> Option<&CarePlan> {
        self.plans.iter().find(|plan| plan.code == code)
    }

    /// The service with this code.
    #[must_use]
    pub fn service(&self, code: &str) -> Option<&CareService> {
        self.services.iter().find(|service| service.code == code)
    }

    /// The package with this code.
    #[must_use]
    pub fn package(&self, code: &str) -> Option<&CarePackage> {
        self.packages.iter().find(|package| package.code == code)
    }
}

/// 关爱服务
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CareService {
    /// Stable code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Who gives it, in words.
    pub by: Option<String>,
    /// Given again every so many days; once without it.
    pub every_days: Option<u32>,
    /// Whether it goes on once it began: nobody notes each time.
    #[serde(default)]
    pub standing: bool,
    /// Whether whoever is paired gives it: it is on their phone when it is due, and noted there.
    #[serde(default)]
    pub by_helper: bool,
}

/// 服务套餐: services that go together, from the first years to the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarePackage {
    /// Stable code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// For whom, in a sentence.
    pub about: String,
    /// For old people or for children.
    pub life: CareLife,
    /// From this age. Unit: years.
    pub from_age: Option<u32>,
    /// To this age, inclusive. Unit: years.
    pub to_age: Option<u32>,
    /// Codes of services.
    pub services: Vec<String>,
}

impl CarePackage {
    /// Whether it is for somebody of this age; one whose age is not known is offered every package of their time of life.
    #[must_use]
    pub fn fits(&self, life: Option<CareLife>, age: Option<i64>) -> bool {
        let old_enough = |from: u32| age.is_none_or(|age| age >= i64::from(from));
        let young_enough = |to: u32| age.is_none_or(|age| age <= i64::from(to));
        life == Some(self.life) && self.from_age.is_none_or(old_enough) && self.to_age.is_none_or(young_enough)
    }
}

/// 关爱计划: which visits at which rhythm and which services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarePlan {
    /// Stable code.
    pub code: String,
    /// For whom: self-caring, living alone, …
    pub name: String,
    /// A visit every so many days; none without it.
    pub visit_days: Option<u32>,
    /// Codes of services.
    pub services: Vec<String>,
}

/// 关爱类别
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CareCategory {
    /// Stable code.
    pub code: String,
    /// What those who give the help and the person read.
    pub name: String,
    /// Which help it entitles to, told to the person.
    pub about: String,
    /// On which basis somebody may be entered.
    pub bases: Vec<CareBasis>,
    /// The statutory list that [`CareBasis::List`] refers to, and who keeps it.
    pub list: Option<String>,
    /// Who answers for an entry: the community, or a unit.
    #[schema(value_type = String)]
    pub owner: Host,
    /// A person looks at an entry again after at most so many months.
    pub review_months: u32,
    /// An entry ends by itself after so many months unless it is extended.
    pub expires_months: u32,
    /// Codes of plans that fit.
    pub plans: Vec<String>,
    /// Who may read why, where they work. Whoever is paired may always.
    pub seen_by: Vec<Role>,
    /// Whether it is counted as old or young in the view 一老一小.
    pub life: Option<CareLife>,
}

vocabulary! {
    /// 登记依据
    CareBasis {
        /// 法定名册: a list that a law or a rule has an authority keep, by which somebody is entitled.
        List = "list",
        /// 本人或监护人同意
        Consent = "consent",
    }
}

vocabulary! {
    /// 一老一小
    CareLife {
        /// 老人
        Old = "old",
        /// 儿童
        Young = "young",
    }
}

/// The longest time until a person looks at an entry again. Unit: months.
pub(crate) const MOST_REVIEW_MONTHS: u32 = 12;
/// The longest time that an entry lasts without being extended. Unit: months.
pub(crate) const MOST_EXPIRES_MONTHS: u32 = 36;
/// Roles that may be let know why: those who give the help. Whoever leads, audits or administers helps nobody by knowing it.
pub(crate) const HELPING_ROLES: &[Role] = &[Role::GridWorker, Role::CommunityClerk, Role::DepartmentClerk];
