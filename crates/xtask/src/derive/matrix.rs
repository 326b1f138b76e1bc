//! docs/access-matrix.md: who may do what, in the words of a clerk.

use std::fmt::Write;

use anyhow::{Context, Result};
use linli_access::Act;
use linli_access::matrix::{Reach, reach};
use linli_civic::http::{AccessTable, Need};
use linli_civic::say::Lang;
use linli_kernel::{Approval, Role};
use linli_playbook::{ActionDef, Assignee, Compare, Counter, Effect, Flow, Guard, Playbook, Relation, Who};
use serde_json::Value;

/// The playbooks whose flows are shown.
const PLAYBOOKS: &[&str] = &["base", "weinan", "shaanqi"];

const HEAD: &str = "\
# 权限表

<!-- 由 `cargo xtask gen` 按程序生成，请勿手改；改了权限，这里跟着变，审阅时一看便知。 -->

这张表回答三个问题：**谁能做什么**（一）、**一件事走到某一步谁能办**（二）、**每个接口对谁开放**（三）。
没有写在表里的，一律不允许。括号里是程序中的名称。

几条总的规矩：

- 岗位是在**某个区域**上的：在红旗社区任职，只看得到红旗社区和下面的网格，看不到隔壁社区。
- “本单位”指部门经办人只看得到派给本部门的事项，不因为区域大就什么都能看。
- 居民不需要账号，也不在表一里：凭事项的查询码（公开码）跟进自己的那一件事。
- 系统管理员管人、管区域，**看不到任何事项和联系方式**；审计员只看不办。
- 查看反映人电话要写明用途，每一次都留下记录，审计员可以查。
";

/// The whole page.
///
/// # Errors
/// When a shipped playbook cannot be loaded or a route declares no access.
pub fn markdown(document: &Value) -> Result<String> {
    let mut page = HEAD.to_owned();
    acts(&mut page)?;
    flows(&mut page)?;
    routes(&mut page, document)?;
    Ok(page)
}

const fn act_name(act: Act) -> &'static str {
    match act {
        Act::ViewCase => "看事项（列表、详情、照片、地图、实时消息）",
        Act::WorkOnCase => "办事项（能做哪一步看表二）",
        Act::ReadContact => "看反映人电话（写明用途，留记录）",
        Act::ReportOnBehalf => "替居民登记",
        Act::ViewAreas => "看区域、在岗人员和件数",
        Act::AdministerAreas => "改区域名称、底数、边界、二维码位置",
        Act::ViewPeople => "看账号和岗位",
        Act::AdministerPeople => "建账号、停用、解锁、定岗位",
        Act::ViewPlaybook => "看工作法和检查结果",
        Act::ViewWall => "看一图",
        Act::ViewBoard => "看指标看板（部门只看本单位的）",
        Act::ReadAudit => "查谁看过谁的联系方式",
        Act::ViewDeliveries => "看出站记录（发给外部系统的，到没到、为什么）",
        Act::ManageDeliveries => "重发或放弃未送达的",
        Act::ReadNoticeLog => "查通知记录（按哪条规则通知了谁，或为什么没有）",
        Act::AdministerBanners => "发布和撤下公告横幅",
        Act::ImportOrders => "导入热线工单，设列名和分类对应",
        Act::ExportOrders => "导出热线工单和办理结果（写明理由，留记录）",
        Act::TransferOut => "把不属本单位的诉求转给热线",
        Act::RecordVisit => "记走访、巡查、检查、会议",
        Act::ViewVisits => "看走访记录（记录会写到住户家里的事，只到派人上门的这几级）",
        Act::DecideVisitProblems => "走访中反复记到的问题，立件或说明不办",
        Act::PublishOpinions => "公开意见建议和采纳情况",
        Act::ViewRegistry => "看底数（房屋、住户、场所、企业；姓名隐去）",
        Act::ViewRegistryFigures => "看底数的完整度和核实情况（只有数字）",
        Act::EditRegistry => "登记、修改、核实、归档底数",
        Act::DecideProposals => "两人改了同一项时定夺",
        Act::ImportRegistry => "导入底数台账，整批撤销",
        Act::KeepLedgers => "保管上级要的报表，自动填写",
        Act::ApproveExport => "同意他人导出姓名、电话、身份证号",
        Act::ReadRegistryPrivate => "看底数中的姓名、电话、证件号（写明用途，留记录，本人可查）",
        Act::ViewCare => "看关爱走访（只看到谁家该走访了，看不到原因）",
        Act::ReadCare => "看关爱登记的内容（只限负责、结对、提供这类帮助的人；写明用途，留记录，本人可查）",
        Act::KeepCare => "登记、复核、结对、暂停、退出关爱，核对身份后给本人查看码",
        Act::ViewCareFigures => "看一老一小人数（五人以上才显示）",
        Act::MovePlaybook => "把在办事项换到工作法的另一个版本（写明理由，留记录）",
        Act::ViewDuties => "看本区域的职责任务、排班、谁请假",
        Act::ArrangeDuties => "排班、登记请假、管走访清单、看哪里要帮忙",
        Act::RehearsePlaybook => "用以往事项试演工作法草案（看不到任何人写的内容）",
    }
}

const fn relation_name(relation: Relation) -> &'static str {
    match relation {
        Relation::Seat => "现在负责的区域或单位的人",
        Relation::Handler => "接了单、正在办的人",
        Relation::NotHandler => "没有办过这件事的人（本级或上级）",
        Relation::Above => "上一级的人",
        Relation::Place => "事发地所在辖区的人",
        Relation::NotUnit => "没有参与办理的单位的人",
        Relation::Helper => "被请来协办、报到的人，专班成员",
        Relation::Reporter => "反映人（凭查询码）",
        Relation::System => "系统（到期自动）",
        Relation::Anyone => "任何人",
    }
}

fn role_name(role: Role) -> String {
    Lang::ZhCn.word("role", role.as_str())
}

fn acts(page: &mut String) -> Result<()> {
    let staff: Vec<Role> = Role::ALL.iter().copied().filter(|role| *role != Role::Resident).collect();
    writeln!(page, "\n## 一、谁能做什么\n\n✓ 本区域及下级；单 = 只限派给本单位的；空白 = 不允许。\n")?;
    row(
        page,
        std::iter::once("".to_owned()).chain(staff.iter().map(|role| format!("{} (`{role}`)", role_name(*role)))),
    )?;
    row(page, std::iter::once("---".to_owned()).chain(staff.iter().map(|_| ":-:".to_owned())))?;
    for act in Act::ALL {
        let cells = staff.iter().map(|role| match reach(*role, *act) {
            Some(Reach::Area) => "✓".to_owned(),
            Some(Reach::Unit) => "单".to_owned(),
            None => String::new(),
        });
        row(page, std::iter::once(format!("{} (`{}`)", act_name(*act), act.as_str())).chain(cells))?;
    }
    Ok(())
}

fn flows(page: &mut String) -> Result<()> {
    writeln!(page, "\n## 二、一件事走到某一步，谁能办\n")?;
    writeln!(
        page,
        "办哪一步由工作法里的流程定。下面先列每一步，再按岗位汇总：● 该岗位符合条件时可以做，空白 = 该岗位做不了。"
    )?;
    writeln!(page, "冒号前是人与这件事的关系，冒号后是岗位：两样都要对得上；没有写岗位的，有这层关系就行。")?;
    let mut shown: Vec<Playbook> = Vec::new();
    for id in PLAYBOOKS {
        let sources = linli_server::open::playbook_sources(None)?;
        let book = linli_playbook::load(&sources, id).with_context(|| format!("playbooks/{id}"))?.playbook;
        writeln!(page, "\n### {} (`{id}`)", book.name)?;
        for flow in &book.flows {
            match shown.iter().find(|other| other.flow(flow.kind) == Some(flow)) {
                Some(same) => writeln!(page, "\n{}：与“{}”(`{}`) 相同。", flow.name, same.name, same.id)?,
                None => show_flow(page, &book, flow)?,
            }
        }
        shown.push(book);
    }
    Ok(())
}

fn show_flow(page: &mut String, book: &Playbook, flow: &Flow) -> Result<()> {
    let stage = |id: &str| flow.stage(id).map_or_else(|| id.to_owned(), |stage| stage.name.clone());
    writeln!(page, "\n#### {} (`{}`)\n", flow.name, flow.kind)?;
    row(page, ["做什么", "在哪一步", "到哪一步", "谁", "什么情况下"].map(str::to_owned))?;
    row(page, ["---"; 5].map(str::to_owned))?;
    for def in &flow.actions {
        let from = if def.from.is_empty() {
            "新事项".to_owned()
        } else {
            def.from.iter().map(|id| stage(id)).collect::<Vec<_>>().join("、")
        };
        let to = def.to.as_deref().map_or_else(|| "不变".to_owned(), stage);
        row(page, [format!("{} (`{}`)", def.name, def.verb), from, to, who_text(def), when_text(book, def)])?;
    }
    let doers: Vec<Role> = Role::ALL
        .iter()
        .copied()
        .filter(|role| *role == Role::Resident || reach(*role, Act::WorkOnCase).is_some())
        .collect();
    writeln!(page)?;
    row(page, std::iter::once("按岗位汇总".to_owned()).chain(doers.iter().map(|role| role_name(*role))))?;
    row(page, std::iter::once("---".to_owned()).chain(doers.iter().map(|_| ":-:".to_owned())))?;
    for verb in linli_kernel::Action::ALL {
        let defs: Vec<&ActionDef> = flow.actions.iter().filter(|def| def.verb == *verb).collect();
        if defs.is_empty() {
            continue;
        }
        let may = |role: Role| defs.iter().flat_map(|def| &def.who).any(|who| fits(flow, who, role));
        let cells = doers.iter().map(|role| if may(*role) { "●".to_owned() } else { String::new() });
        row(page, std::iter::once(format!("{} (`{verb}`)", Lang::ZhCn.word("action", verb.as_str()))).chain(cells))?;
    }
    Ok(())
}

/// Who may take an action, relation by relation.
fn who_text(def: &ActionDef) -> String {
    let mut parts: Vec<(Relation, Vec<String>)> = Vec::new();
    for who in &def.who {
        let at = parts.iter().position(|(relation, _)| *relation == who.relation);
        let at = at.unwrap_or_else(|| {
            parts.push((who.relation, Vec::new()));
            parts.len() - 1
        });
        if let Some((_, roles)) = parts.get_mut(at) {
            roles.extend(who.role.map(role_name));
        }
    }
    let texts = parts.into_iter().map(|(relation, roles)| match roles.as_slice() {
        [] => relation_name(relation).to_owned(),
        roles => format!("{}：{}", relation_name(relation), roles.join("、")),
    });
    texts.collect::<Vec<_>>().join("；")
}

/// What else must hold.
fn when_text(book: &Playbook, def: &ActionDef) -> String {
    let levels: Vec<String> = def.seat_levels.iter().map(|level| Lang::ZhCn.word("level", level.as_str())).collect();
    let levels = (!levels.is_empty()).then(|| format!("事情在{}一级", levels.join("、")));
    let guards = def.guards.iter().map(|guard| guard_text(book, def, guard));
    levels.into_iter().chain(guards).collect::<Vec<_>>().join("，")
}

fn guard_text(book: &Playbook, def: &ActionDef, guard: &Guard) -> String {
    match guard {
        Guard::Routed => "按分类和位置找到了负责的人".to_owned(),
        Guard::Unrouted => "没有选分类，或没找到负责的人".to_owned(),
        Guard::BelowTop => "还没到最高一级".to_owned(),
        Guard::AtTop => "已到最高一级".to_owned(),
        Guard::ReopenLeft => format!("重办不满{}次", book.settings.reopen_limit),
        Guard::ReopenSpent => format!("已重办{}次", book.settings.reopen_limit),
        Guard::WithinWindow => format!("答复后{}天内", book.settings.reopen_window_days),
        Guard::Count { what, compare, n } => {
            let what = match what {
                Counter::SentBack => "退单",
                Counter::Reopened => "重办",
                Counter::Late => "逾期",
                Counter::Extended => "延期",
                Counter::Unreached => "回访未联系上",
                Counter::ExclusionAsked => "申请剔除",
                Counter::Called => "请来的单位",
                Counter::CallsLate => "请来的单位没按时报到",
            };
            match compare {
                Compare::Below => format!("{what}不满{n}次"),
                Compare::AtLeast => format!("{what}满{n}次"),
            }
        }
        Guard::OnTime => "办理时限还没到".to_owned(),
        Guard::NothingPending => "没有待批的申请".to_owned(),
        Guard::Pending(Approval::Extension) => "有延期申请待批".to_owned(),
        Guard::Pending(Approval::Suspension) => "有挂账申请待批".to_owned(),
        Guard::Pending(Approval::Exclusion) => "有剔除申请待批".to_owned(),
        Guard::MaySendBack => "本单位没有退过，且在退单期限内".to_owned(),
        Guard::SentBackBefore => "本单位退过一次又派了回来".to_owned(),
        Guard::NotRuled => "没有裁定过".to_owned(),
        Guard::TasksDone => "请来的单位都办完了".to_owned(),
        Guard::ChildrenDone => "分办的都办完了".to_owned(),
        Guard::ForceOpen => "有专班".to_owned(),
        Guard::NoForce => "没有专班".to_owned(),
        Guard::NoFollowers => "没有并入它的事项".to_owned(),
        Guard::Counted => "还计入考核".to_owned(),
        Guard::Field { name, is } => {
            let label =
                def.form.iter().find(|field| field.name == *name).map_or(name.as_str(), |field| field.label.as_str());
            format!("“{label}”答{}", if *is { "是" } else { "否" })
        }
    }
}

fn fits(flow: &Flow, who: &Who, role: Role) -> bool {
    match (who.relation, who.role) {
        (Relation::System, _) => false,
        (Relation::Anyone, _) => true,
        (Relation::Reporter, _) => role == Role::Resident,
        (_, Some(named)) => named == role,
        (Relation::Handler, None) => becomes_handler(flow, role),
        (_, None) => role != Role::Resident,
    }
}

/// Whether a role can come to hold a case: by an action that assigns it to whoever takes it.
fn becomes_handler(flow: &Flow, role: Role) -> bool {
    let takes = flow.actions.iter().filter(|def| def.effects.contains(&Effect::Assign(Assignee::Actor)));
    takes.flat_map(|def| &def.who).any(|who| who.relation != Relation::Handler && fits(flow, who, role))
}

fn routes(page: &mut String, document: &Value) -> Result<()> {
    writeln!(page, "\n## 三、每个接口对谁开放\n")?;
    writeln!(page, "没有声明权限的接口，服务器拒绝启动。表里写的是“至少要有”的权限；区域和关系再由表一、表二收窄。\n")?;
    row(page, ["接口", "做什么", "对谁开放"].map(str::to_owned))?;
    row(page, ["---"; 3].map(str::to_owned))?;
    for (path, method, need) in AccessTable::from_document(document)?.rows() {
        let operation = document.pointer(&format!(
            "/paths/{}/{}",
            path.replace('~', "~0").replace('/', "~1"),
            method.to_lowercase()
        ));
        let summary =
            operation.and_then(|operation| operation.get("summary")).and_then(Value::as_str).unwrap_or_default();
        let need = match need {
            Need::Public => "所有人".to_owned(),
            Need::SignedIn => "登录的人".to_owned(),
            Need::May(act) => {
                let name = act_name(act).split('（').next().unwrap_or_default();
                format!("可以“{name}”的人 (`{}`)", act.as_str())
            }
        };
        row(page, [format!("`{method} {path}`"), summary.to_owned(), need])?;
    }
    Ok(())
}

fn row(page: &mut String, cells: impl IntoIterator<Item = String>) -> Result<()> {
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    Ok(writeln!(page, "| {} |", cells.join(" | "))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_table_says() {
        let page = markdown(&linli_server::routes::document()).unwrap();
        let audit = page.lines().find(|line| line.contains("`read_audit`")).unwrap();
        assert_eq!(audit.matches('✓').count(), 1, "only an auditor: {audit}");
        assert!(page.contains("`POST /api/cases` |"), "every route is listed");
        assert!(page.contains("| 所有人 |"));
    }

    #[test]
    fn a_resident_answers_rates_and_never_dispatches() {
        let sources = linli_server::open::playbook_sources(None).unwrap();
        let book = linli_playbook::load(&sources, "base").unwrap().playbook;
        let flow = book.flow(linli_kernel::CaseKind::Request).unwrap();
        let who = |role, relation| Who { role, relation };
        assert!(fits(flow, &who(None, Relation::Reporter), Role::Resident));
        assert!(!fits(flow, &who(None, Relation::Seat), Role::Resident));
        assert!(!fits(flow, &who(Some(Role::GridHead), Relation::Seat), Role::GridWorker));
        assert!(!fits(flow, &who(None, Relation::System), Role::GridHead));
        assert!(fits(flow, &who(None, Relation::Handler), Role::GridWorker));
        assert!(!fits(flow, &who(None, Relation::Handler), Role::HotlineClerk), "a hotline clerk never takes a case");
    }
}
