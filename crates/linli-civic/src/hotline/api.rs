//! What a hotline does over the network, each request signed ([`super::sign`]): hand an order in, ask how it stands, say more about
//! it, read what happened to its orders. For an order that went to it: say how it goes there.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::idempotency;
use linli_kernel::{Action, FieldProblem, Phase, Problem, ProblemCode, PublicCode, Timestamp};

use super::columns::Column;
use super::errors_sheet::sentence;
use super::import_store::Outcome;
use super::land;
use super::order::{self, Order, RowFault, Source};
use super::partner::Hotline;
use super::plan::Judged;
use super::push::{self, ChangeView};
use super::run::judge_for;
use super::sign::SignedBy;
use super::store::{self, Direction, Kept};
use crate::app::App;
use crate::cases::public::public_view;
use crate::cases::store::{self as cases, Named};
use crate::cases::view::PublicCase;
use crate::http::{Answer, Refused};
use crate::say::Lang;
use crate::sheets::sheet::Cell;

/// The routes that hotlines call.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(hand_in_order))
        .routes(routes!(show_order))
        .routes(routes!(tell_order))
        .routes(routes!(list_changes))
}

/// A work order as a hotline hands it in. Moments are RFC 3339, or Beijing time as 2026-09-28 09:30:00.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = HotlineOrder, example = json!({"order_no": "WN20260928001", "caller_name": "李女士", "caller_phone": "19900000001", "said_at": "2026-09-28 09:30:00", "category": "城市管理->市政设施->路灯",
    "content": "3号楼前的路灯不亮，晚上看不清路", "district": "临渭区", "street": "向阳街道", "community": "红旗社区", "spot": "3号楼", "limit": "5个工作日"}))]
pub struct OrderBody {
    /// 工单编号
    pub order_no: String,
    /// 来电人
    pub caller_name: String,
    /// 来电号码
    pub caller_phone: String,
    /// 来电时间
    pub said_at: String,
    /// 工单类型
    pub order_type: String,
    /// 问题分类: a->b->c
    pub category: String,
    /// 标题
    pub title: String,
    /// 主要内容
    pub content: String,
    /// 被反映区
    pub district: String,
    /// 被反映街乡镇
    pub street: String,
    /// 被反映社区
    pub community: String,
    /// 被反映点位
    pub spot: String,
    /// 紧急程度
    pub urgency: String,
    /// 办理时限: a moment, or 5个工作日
    pub limit: String,
    /// 承办单位
    pub host_unit: String,
    /// 工单性质: 主办, 协办, 转办
    pub host_role: String,
    /// 标签
    pub tags: String,
}

impl Source for OrderBody {
    fn cells(&self, column: Column) -> Vec<Cell> {
        let text = match column {
            Column::OrderNo => &self.order_no,
            Column::CallerName => &self.caller_name,
            Column::CallerPhone => &self.caller_phone,
            Column::SaidAt => &self.said_at,
            Column::OrderType => &self.order_type,
            Column::Category => &self.category,
            Column::Title => &self.title,
            Column::Content => &self.content,
            Column::District => &self.district,
            Column::Street => &self.street,
            Column::Community => &self.community,
            Column::Spot => &self.spot,
            Column::Urgency => &self.urgency,
            Column::Limit => &self.limit,
            Column::HostUnit => &self.host_unit,
            Column::HostRole => &self.host_role,
            Column::Tags => &self.tags,
            Column::Outcome
            | Column::Reply
            | Column::FinishedAt
            | Column::Reached
            | Column::Solved
            | Column::Satisfied => return Vec::new(),
        };
        let clean = crate::sheets::clean::text(text);
        if clean.is_empty() { Vec::new() } else { vec![Cell::Text(clean)] }
    }
}

/// What came of an order that was handed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HandedIn {
    /// 工单编号
    order_no: String,
    /// Our public code: the caller follows the case by it.
    case_code: PublicCode,
    /// Where the caller follows it.
    follow_url: String,
    /// `new`, `same` (sent before, unchanged) or `updated` (what is new was put into the case's history).
    outcome: Outcome,
}

fn parsed<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Answer<T> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::new(ProblemCode::BadRequest).with("detail", error.to_string()).into())
}

fn wrong(faults: &[RowFault]) -> Refused {
    let mut problem = Problem::new(ProblemCode::Invalid);
    for fault in faults {
        let field = match fault.code.as_str() {
            "no_order_no" | "bad_order_no" => "order_no",
            "bad_time" | "future_time" => "said_at",
            "bad_phone" => "caller_phone",
            "no_content" | "content_too_long" => "content",
            _ => "community",
        };
        problem.errors.push(FieldProblem {
            field: field.to_owned(),
            code: fault.code.clone(),
            message: sentence(fault, Lang::ZhCn),
        });
    }
    problem.into()
}

/// Hands an order in. The same number with the same content is answered as before; with a changed content the change is put into the
/// case's history, or refused (409 `not_now`) when the case is closed: such a matter is a new order.
#[utoipa::path(post, path = "/api/hotline/orders", tag = "hotline", request_body = OrderBody,
    responses((status = 201, body = HandedIn), (status = 200, body = HandedIn), (status = 401, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn hand_in_order(State(app): State<App>, signed: SignedBy) -> Answer<(StatusCode, Json<HandedIn>)> {
    let body: OrderBody = parsed(&signed.body)?;
    let no = crate::sheets::clean::text(&body.order_no).replace(char::is_whitespace, "");
    let order = order::order_of(&body, no, app.now()).map_err(|faults| wrong(&faults))?;
    let SignedBy { hotline, .. } = signed;
    let known = refuse_closed(&app, &hotline, &order).await?;
    let judge = judge_for(&app, hotline, Vec::new(), false, HashMap::new()).await?;
    let placed = match judge.place(order) {
        Judged::Order(placed) => placed,
        Judged::Not(_, _, faults) => return Err(wrong(&faults)),
    };
    let no = placed.order.no.clone();
    let landed = land::land(&app, &judge.hotline, placed, None, known).await?;
    let case = landed.case.ok_or(ProblemCode::Internal)?;
    let code = app
        .db
        .read(move |conn| cases::load(conn, &Named::Id(case)).map_err(Refused::from))
        .await?
        .ok_or(ProblemCode::NotFound)?
        .code;
    let status = if landed.outcome == Outcome::New { StatusCode::CREATED } else { StatusCode::OK };
    let follow_url = format!("{}/c/{code}", app.site.public_url.trim_end_matches('/'));
    Ok((status, Json(HandedIn { order_no: no, case_code: code, follow_url, outcome: landed.outcome })))
}

/// Whether the number is known; refuses a changed order whose case is closed.
async fn refuse_closed(app: &App, hotline: &Hotline, order: &Order) -> Answer<bool> {
    let (partner, no, digest) = (hotline.id.clone(), order.no.clone(), order.digest());
    let db = app.db.clone();
    db.read(move |conn| {
        let Some(kept) = store::order(conn, &partner, &no)? else { return Ok(false) };
        let is_closed = cases::load(conn, &Named::Id(kept.case))?.is_some_and(|case| case.phase == Phase::Closed);
        if kept.digest != digest && is_closed { Err(Refused::from(ProblemCode::NotNow)) } else { Ok(true) }
    })
    .await
}

/// How an order stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineOrderState)]
pub struct OrderState {
    /// 工单编号
    order_no: String,
    /// `in`: the hotline's order, which is our case. `out`: our case, which is the hotline's order.
    direction: String,
    /// `open`, `withdrawn`, `finished`; of one that went out also `sent`, `replied`, `refused`.
    state: String,
    /// When it came here or went out.
    received_at: Timestamp,
    /// 办理时限
    limit_at: Option<Timestamp>,
    /// The case as the caller may see it: stage, promise, reply once it was verified, history.
    case: PublicCase,
}

/// Shows how an order stands: the state of the case, the reply once it was verified, and what happened so far.
#[utoipa::path(get, path = "/api/hotline/orders/{no}", tag = "hotline", params(("no" = String, Path)),
    responses((status = 200, body = OrderState), (status = 401, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_order(
    State(app): State<App>,
    axum::extract::Path(no): axum::extract::Path<String>,
    signed: SignedBy,
) -> Answer<Json<OrderState>> {
    Ok(Json(state_of(&app, &signed.hotline, &no).await?))
}

async fn state_of(app: &App, hotline: &Hotline, no: &str) -> Answer<OrderState> {
    let (partner, no) = (hotline.id.clone(), no.to_owned());
    let db = app.db.clone();
    let found = db.read(move |conn| {
        let kept = store::order(conn, &partner, &no)?.ok_or(ProblemCode::NotFound)?;
        let case = cases::load(conn, &Named::Id(kept.case))?.ok_or(ProblemCode::NotFound)?;
        Ok::<_, Refused>((kept, case.code))
    });
    let (kept, code) = found.await?;
    let case = public_view(app, code, Lang::ZhCn).await?;
    Ok(OrderState {
        order_no: kept.no,
        direction: kept.direction.as_str().to_owned(),
        state: kept.state,
        received_at: kept.received_at,
        limit_at: kept.limit_at,
        case,
    })
}

/// What a hotline says about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// 催办
    Urge,
    /// 补充
    Supplement,
    /// 撤单
    Withdraw,
    /// 回访结果
    FollowUp,
    /// An order that went out: how it goes there.
    Progress,
    /// An order that went out: the reply, for our people to check.
    Replied,
    /// An order that went out: not accepted there.
    Refused,
}

/// A message about an order.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HotlineMessage, example = json!({"message_id": "m-20260929-1", "kind": "follow_up", "reached": true, "solved": true, "satisfied": true}))]
pub struct MessageBody {
    /// The hotline's own id of the message: sent again it acts once.
    message_id: String,
    /// What it is.
    kind: Telling,
    /// The words.
    #[serde(default)]
    text: String,
    /// 是否联系, of a follow-up.
    #[serde(default)]
    reached: Option<bool>,
    /// 是否解决
    #[serde(default)]
    solved: Option<bool>,
    /// 是否满意
    #[serde(default)]
    satisfied: Option<bool>,
}

/// Most characters of a message.
const MAX_TEXT: usize = 1_500;

/// Says something about an order: 催办, 补充, 撤单, 回访结果; of an order that went out: progress, the reply, or that it is not accepted.
/// 409 `not_now` when the case cannot take it at its stage.
#[utoipa::path(post, path = "/api/hotline/orders/{no}/messages", tag = "hotline", params(("no" = String, Path)), request_body = MessageBody,
    responses((status = 200, body = OrderState), (status = 401, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn tell_order(
    State(app): State<App>,
    axum::extract::Path(no): axum::extract::Path<String>,
    signed: SignedBy,
) -> Answer<Json<OrderState>> {
    let body: MessageBody = parsed(&signed.body)?;
    let text = crate::sheets::clean::text(&body.text);
    let needs_text = !matches!(body.kind, Telling::FollowUp | Telling::Urge | Telling::Withdraw);
    if (needs_text && text.is_empty()) || text.chars().count() > MAX_TEXT {
        return Err(Problem::field("text", if text.is_empty() { "required" } else { "too_long" })
            .with("max", MAX_TEXT.to_string())
            .into());
    }
    if !(1..=100).contains(&body.message_id.chars().count()) {
        return Err(Problem::field("message_id", "required").into());
    }
    let key = idempotency::Key::new(
        &format!("hotline:{}", signed.hotline.id),
        &body.message_id,
        &[no.as_bytes(), &signed.body],
    );
    let telling = Message { app: app.clone(), hotline: signed.hotline.clone(), no: no.clone(), text, body, key };
    app.db.write(move |tx| telling.take(tx)).await?;
    Ok(Json(state_of(&app, &signed.hotline, &no).await?))
}

struct Message {
    app: App,
    hotline: Hotline,
    no: String,
    text: String,
    body: MessageBody,
    key: idempotency::Key,
}

impl Message {
    fn take(&self, tx: &mut linli_db::Tx<'_>) -> Answer<()> {
        if crate::once::outcome::<bool>(tx, Some(&self.key))?.is_some() {
            return Ok(());
        }
        let now = self.app.now();
        let mut kept = store::order_for_change(tx, &self.hotline.id, &self.no)?.ok_or(ProblemCode::NotFound)?;
        let is_theirs = matches!(self.body.kind, Telling::Progress | Telling::Replied | Telling::Refused);
        if is_theirs != (kept.direction == Direction::Out) {
            return Err(ProblemCode::NotNow.into());
        }
        if !self.act(tx, &mut kept)? {
            return Err(ProblemCode::NotNow.into());
        }
        kept.changed_at = now;
        kept.update(tx)?;
        crate::once::keep(tx, Some(&self.key), &true, now)
    }

    fn act(&self, tx: &mut linli_db::Tx<'_>, kept: &mut Kept) -> Answer<bool> {
        let say = |key: &str| {
            Lang::ZhCn.say(&format!("hotline.{key}"), &[("name", &self.hotline.name), ("text", &self.text)])
        };
        let note =
            |tx: &mut linli_db::Tx<'_>, key: &str| land::note(&self.app, tx, &self.hotline, kept.case, &say(key));
        match self.body.kind {
            Telling::Urge => note(tx, "urged"),
            Telling::Supplement => note(tx, "supplement"),
            Telling::Withdraw => {
                kept.state = "withdrawn".to_owned();
                let text: String = say("withdrawn").chars().take(500).collect();
                land::act(&self.app, tx, &self.hotline, kept.case, Action::Close, json!({ "text": text }))
            }
            Telling::FollowUp => {
                let (reached, solved, satisfied) = (self.body.reached, self.body.solved, self.body.satisfied);
                kept.follow_up = order::FollowUp { reached, solved, satisfied };
                match kept.follow_up.verdict() {
                    Some((solved, satisfied)) => land::rate(&self.app, tx, &self.hotline, kept.case, solved, satisfied),
                    // Nobody answered: kept on the order, and nothing is decided by it.
                    None => Ok(true),
                }
            }
            Telling::Progress => note(tx, "progress"),
            Telling::Replied => {
                kept.state = "replied".to_owned();
                kept.reply = Some(self.text.clone());
                kept.finished_at = Some(self.app.now());
                land::note(&self.app, tx, &self.hotline, kept.case, &say("replied"))
            }
            Telling::Refused => {
                kept.state = "refused".to_owned();
                land::note(&self.app, tx, &self.hotline, kept.case, &say("refused_there"))
            }
        }
    }
}

/// What happened to a hotline's orders.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineChanges)]
pub struct Changes {
    /// Oldest first.
    items: Vec<ChangeView>,
    /// Pass it as `after` next time; the same as was passed when nothing happened.
    next: i64,
}

/// Reads what happened to the hotline's orders after `after` (0 for the beginning), at most 200 at a time: accepted, taken, asked, answered,
/// reopened, closed, returned (退单, with its ground) and so on. Nothing is skipped and nothing comes twice.
#[utoipa::path(get, path = "/api/hotline/changes", tag = "hotline", params(("after" = Option<i64>, Query, description = "`next` of the answer before")),
    responses((status = 200, body = Changes), (status = 401, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn list_changes(
    State(app): State<App>,
    axum::extract::Query(wish): axum::extract::Query<BTreeMap<String, String>>,
    signed: SignedBy,
) -> Answer<Json<Changes>> {
    let after: i64 = match wish.get("after") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Problem::field("after", "wrong_type"))?,
    };
    let partner = signed.hotline.id;
    let items = app.db.read(move |conn| push::changes(conn, &partner, after).map_err(Refused::from)).await?;
    let next = items.last().map_or(after, ChangeView::cursor);
    Ok(Json(Changes { items, next }))
}
