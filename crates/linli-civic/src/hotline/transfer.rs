//! 工单诉求互转: a case of ours whose matter is the hotline's or another city department's goes out as an order; and what the
//! hotline's orders say beside a case.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide};
use linli_db::Tx;
use linli_kernel::{Action, Phase, Problem, ProblemCode, Timestamp};

use super::order::FollowUp;
use super::partner::{self, Hotline};
use super::store::{self, Direction, Kept};
use crate::app::App;
use crate::cases::command::{Command, Who, run_in};
use crate::cases::store::{self as cases, Named};
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::say::Lang;

/// The routes beside a case.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_case_orders)).routes(routes!(transfer_case))
}

/// A hotline's order beside a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineCaseOrder)]
pub struct CaseOrder {
    /// The hotline's name.
    partner_name: String,
    /// 工单编号
    order_no: String,
    /// `in` or `out`.
    direction: String,
    /// How it stands.
    state: String,
    /// 来电时间
    said_at: Option<Timestamp>,
    /// 办理时限 as a moment.
    limit_at: Option<Timestamp>,
    /// 办理时限 as it was written.
    limit_text: Option<String>,
    /// 工单类型
    order_type: Option<String>,
    /// 问题分类
    category_text: Option<String>,
    /// 紧急程度
    urgency: Option<String>,
    /// 工单性质
    host_role: Option<String>,
    /// 标签
    tags: Option<String>,
    /// 办理结果, as the hotline says it.
    outcome: Option<String>,
    /// 回复内容, as the hotline says it.
    reply: Option<String>,
    /// 是否联系
    reached: Option<bool>,
    /// 是否解决
    solved: Option<bool>,
    /// 是否满意
    satisfied: Option<bool>,
}

/// The orders beside a case, and where it could be handed to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineCaseOrders)]
pub struct CaseOrders {
    /// Oldest first.
    items: Vec<CaseOrder>,
    /// Hotlines that the caller may hand it to.
    targets: Vec<Target>,
}

/// A hotline that a case can be handed to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineTarget)]
pub struct Target {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
}

/// Shows the hotline's orders beside a case: number, call, limit, what the caller said of the result.
#[utoipa::path(get, path = "/api/cases/{id}/hotline", tag = "hotline", params(("id" = String, Path, description = "Id or public code")),
    responses((status = 200, body = CaseOrders), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_case"))))]
async fn show_case_orders(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
) -> Answer<Json<CaseOrders>> {
    Ok(Json(orders(&app, &caller, named).await?))
}

async fn orders(app: &App, caller: &Caller, named: Named) -> Answer<CaseOrders> {
    let (db, caller) = (app.db.clone(), caller.clone());
    let found = db.read(move |conn| {
        let case = cases::load(conn, &named)?.ok_or(ProblemCode::NotFound)?;
        if !matches!(decide(&caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) {
            return Err(Refused::from(ProblemCode::NotFound));
        }
        let may_hand_on = matches!(decide(&caller, Act::TransferOut, &case.keys()), Decision::Allowed(_))
            && matches!(case.phase, Phase::Open | Phase::Waiting);
        Ok((store::orders_of(conn, case.id)?, case.area, may_hand_on))
    });
    let (kept, area, may_hand_on) = found.await?;
    let all = partner::all(app);
    let is_out = |hotline: &Hotline| {
        kept.iter()
            .any(|order| order.direction == Direction::Out && order.partner == hotline.id && order.state != "refused")
    };
    let targets = all
        .iter()
        .filter(|hotline| may_hand_on && hotline.orders_url.is_some() && hotline.serves(&area) && !is_out(hotline));
    let targets = targets.map(|hotline| Target { id: hotline.id.clone(), name: hotline.name.clone() }).collect();
    let name = |id: &str| {
        all.iter().find(|hotline| hotline.id == id).map_or_else(|| id.to_owned(), |hotline| hotline.name.clone())
    };
    let items = kept.iter().map(|order| view(order, name(&order.partner))).collect();
    Ok(CaseOrders { items, targets })
}

fn view(order: &Kept, partner_name: String) -> CaseOrder {
    CaseOrder {
        partner_name,
        order_no: order.no.clone(),
        direction: order.direction.as_str().to_owned(),
        state: order.state.clone(),
        said_at: order.said_at,
        limit_at: order.limit_at,
        limit_text: order.limit_said.clone(),
        order_type: order.order_type.clone(),
        category_text: order.category_said.clone(),
        urgency: order.urgency.clone(),
        host_role: order.host_role.clone(),
        tags: order.tags.clone(),
        outcome: order.outcome.clone(),
        reply: order.reply.clone(),
        reached: order.follow_up.reached,
        solved: order.follow_up.solved,
        satisfied: order.follow_up.satisfied,
    }
}

/// A case that is to be handed to a hotline.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TransferCase {
    /// The hotline's id.
    partner: String,
    /// Why it is theirs, 2 to 400 characters.
    #[schema(example = "供热管网属市供热公司，请热线转办")]
    reason: String,
}

/// Hands a case to a hotline whose matter it is. It stays open here: progress comes back into its history, the reply is checked by our own people.
#[utoipa::path(post, path = "/api/cases/{id}/transfer", tag = "hotline", params(("id" = String, Path, description = "Id or public code")), request_body = TransferCase,
    responses((status = 200, body = CaseOrders), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("transfer_out"))))]
async fn transfer_case(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    Body(body): Body<TransferCase>,
) -> Answer<Json<CaseOrders>> {
    let reason = crate::sheets::clean::text(&body.reason);
    if !(2..=400).contains(&reason.chars().count()) {
        return Err(Problem::field("reason", "required").into());
    }
    let hotline = partner::find(&app, Some(&body.partner)).filter(|hotline| hotline.orders_url.is_some());
    let hotline = hotline.ok_or_else(|| Refused::from(Problem::field("partner", "not_an_option")))?;
    let handing = Handing { app: app.clone(), caller: caller.clone(), named: named.clone(), hotline, reason };
    app.db.write(move |tx| handing.out(tx)).await?;
    Ok(Json(orders(&app, &caller, named).await?))
}

struct Handing {
    app: App,
    caller: Caller,
    named: Named,
    hotline: Hotline,
    reason: String,
}

impl Handing {
    fn out(&self, tx: &mut Tx<'_>) -> Answer<()> {
        let case = cases::load_for_change(tx, &self.named)?.ok_or(ProblemCode::NotFound)?;
        match decide(&self.caller, Act::TransferOut, &case.keys()) {
            Decision::Allowed(_) => {}
            Decision::Forbidden => return Err(ProblemCode::Forbidden.into()),
            Decision::Hidden => return Err(ProblemCode::NotFound.into()),
        }
        if !matches!(case.phase, Phase::Open | Phase::Waiting) || !self.hotline.serves(&case.area) {
            return Err(ProblemCode::NotNow.into());
        }
        let now = self.app.now();
        let kept = Kept {
            partner: self.hotline.id.clone(),
            no: case.paper_no.clone(),
            case: case.id,
            direction: Direction::Out,
            digest: String::new(),
            matter_digest: String::new(),
            state: "open".to_owned(),
            said_at: Some(case.reported_at),
            limit_at: None,
            limit_said: None,
            order_type: None,
            category_said: None,
            title: None,
            place_said: None,
            urgency: None,
            host_name: Some(self.hotline.name.clone()),
            host_role: None,
            tags: None,
            outcome: None,
            reply: None,
            finished_at: None,
            follow_up: FollowUp::default(),
            received_at: now,
            changed_at: now,
        };
        match store::order_for_change(tx, &kept.partner, &kept.no)? {
            None if kept.insert(tx)? => {}
            // Refused there before: it may go out again.
            Some(before) if before.state == "refused" => kept.update(tx)?,
            _ => return Err(ProblemCode::AlreadyExists.into()),
        }
        // The event that this leaves is what the reader of the feed sends the order for.
        let text = Lang::ZhCn.say("hotline.sent_out", &[("name", &self.hotline.name), ("reason", &self.reason)]);
        let fields = json!({ "text": text, "public": true });
        let command = Command {
            named: Named::Id(case.id),
            verb: Action::Comment,
            version: case.version,
            fields: fields.as_object().cloned().unwrap_or_default(),
            key: None,
            who: Who::Staff(self.caller.clone()),
        };
        run_in(&self.app, tx, &command)
    }
}
