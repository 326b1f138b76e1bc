//! The work order as a file for a word processor. Masked like the page; with the number only for a purpose that is written down,
//! and always with who took it out and when.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::Caller;
use linli_kernel::{AreaLevel, ProblemCode};

use super::contact::{self, ReadContact, ReporterContact};
use super::http::view;
use super::store::Named;
use super::view::CaseView;
use super::work_order::{self, Printing, TEMPLATE};
use crate::app::App;
use crate::docx;
use crate::http::{Answer, Body, Path, Refused, Signed};
use crate::qr::qr_png;
use crate::say::Lang;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_work_order, show_work_order_with_contact))
}

/// The work order of a case as a .docx, the reporter's number masked.
#[utoipa::path(get, path = "/api/cases/{id}/work-order.docx", tag = "cases", params(("id" = String, Path, description = "Id or public code")),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("view_case"))))]
async fn show_work_order(State(app): State<App>, Signed(caller): Signed, Path(named): Path<Named>) -> Answer<Response> {
    let case = view(&app, named, caller.clone(), Lang::ZhCn).await?;
    document(&app, &caller, case, None).await
}

/// The same with the reporter's name and number. The look is recorded with its purpose.
#[utoipa::path(post, path = "/api/cases/{id}/work-order.docx", tag = "cases", params(("id" = String, Path, description = "Id or public code")), request_body = ReadContact,
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", body = Vec<u8>), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("read_contact"))))]
async fn show_work_order_with_contact(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(named): Path<Named>,
    Body(body): Body<ReadContact>,
) -> Answer<Response> {
    let purpose = contact::purpose(&body.purpose)?;
    let case = view(&app, named.clone(), caller.clone(), Lang::ZhCn).await?;
    let revealed = {
        let (app, caller) = (app.clone(), caller.clone());
        let db = app.db.clone();
        db.write(move |tx| contact::reveal(&app, tx, &named, &caller, &purpose)).await?
    };
    document(&app, &caller, case, Some(revealed)).await
}

async fn document(app: &App, caller: &Caller, case: CaseView, contact: Option<ReporterContact>) -> Answer<Response> {
    // A way of working of its own, that extends nothing, may have no template.
    let template = app.playbooks.document(TEMPLATE).ok_or(ProblemCode::NotFound)?;
    let printing = Printing {
        office: Lang::ZhCn.text("site.name"),
        county: app.areas().name(&case.row.area.code.at(AreaLevel::County)),
        by: printed_by(app, caller),
        at: app.now(),
        qr: qr_png(&case.follow_url)?,
    };
    let name = case.row.paper_no.clone();
    let filled = app.slowly(move || {
        let values = work_order::values(&case, contact.as_ref(), printing);
        docx::fill_in(&template, &values)
    });
    let bytes = filled.await?.map_err(|bad| {
        // It was checked at the start.
        tracing::error!(error = %bad, "the template of the work order cannot be filled");
        Refused::from(ProblemCode::Internal)
    })?;
    Ok(file(&name, bytes))
}

/// 张敏（红旗社区工作人员）
fn printed_by(app: &App, caller: &Caller) -> String {
    let post = caller.grants.first().map(|grant| {
        super::reader::joined(&app.areas().name(&grant.area), &Lang::ZhCn.word("role", grant.role.as_str()))
    });
    match post {
        Some(post) => format!("{}（{post}）", caller.display_name),
        None => caller.display_name.clone(),
    }
}

fn file(paper_no: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(DOCX));
    // Digits and dashes only: the county's, the year's and the number's.
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{paper_no}.docx\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
