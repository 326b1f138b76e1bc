//! How a resident wants to be told of their case; whoever holds its code decides.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_kernel::{Problem, ProblemCode, PublicCode};

use super::choice::{self, ReporterChoice, ReporterWay};
use super::model::{is_email, masked_email};
use crate::app::App;
use crate::cases::http::PHONE_FIELD;
use crate::cases::store::{self as cases, Named};
use crate::http::{Answer, Body, Origin, Path, Refused};
use crate::partners::PartnerKind;

/// The routes for residents.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_reporter_notice, choose_reporter_notice))
}

/// How a resident is told of their case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReporterNotice {
    /// `none`, `sms` or `email`.
    way: ReporterWay,
    /// Ways that can be chosen here for this case; SMS only where a phone number was given.
    possible: Vec<ReporterWay>,
    /// The phone number that was given, masked.
    phone_masked: Option<String>,
    /// The address that was given, masked.
    email_masked: Option<String>,
}

/// Shows how the resident of a case is told of news.
#[utoipa::path(get, path = "/api/public/cases/{code}/notice", tag = "public", params(("code" = String, Path)),
    responses((status = 200, body = ReporterNotice), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_reporter_notice(
    State(app): State<App>,
    origin: Origin,
    Path(code): Path<String>,
) -> Answer<Json<ReporterNotice>> {
    app.reading.take(origin, app.now())?;
    Ok(Json(view(&app, &code).await?))
}

async fn view(app: &App, code: &str) -> Answer<ReporterNotice> {
    let code = PublicCode::parse(code).ok_or(ProblemCode::NotFound)?;
    let with = app.clone();
    let read = app.db.read(move |conn| {
        let case = cases::load(conn, &Named::Code(code))?.ok_or(ProblemCode::NotFound)?;
        let choice = choice::of_reporter(conn, &with.vault, case.id)?;
        let phone = case.reporter.phone_sealed.as_deref();
        let phone = phone.and_then(|sealed| with.vault.open_phone(PHONE_FIELD, sealed).ok());
        let has = |kind| with.partners.of(kind).any(|partner| partner.covers(&case.area));
        let mut possible = vec![ReporterWay::None];
        if phone.is_some() && has(PartnerKind::Sms) {
            possible.push(ReporterWay::Sms);
        }
        if has(PartnerKind::Smtp) {
            possible.push(ReporterWay::Email);
        }
        Ok::<_, Refused>(ReporterNotice {
            way: choice.way,
            possible,
            phone_masked: phone.map(|phone| phone.masked()),
            email_masked: choice.email.as_deref().map(masked_email),
        })
    });
    read.await
}

/// A resident's choice.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"way": "sms"}))]
pub struct ChooseNotice {
    /// `none`, `sms` or `email`.
    way: ReporterWay,
    /// Where to write them, for `email`.
    #[serde(default)]
    email: Option<String>,
}

/// Chooses how the resident of a case is told of news. Nothing is sent without it.
#[utoipa::path(put, path = "/api/public/cases/{code}/notice", tag = "public", params(("code" = String, Path)), request_body = ChooseNotice,
    responses((status = 200, body = ReporterNotice), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn choose_reporter_notice(
    State(app): State<App>,
    origin: Origin,
    Path(code): Path<String>,
    Body(body): Body<ChooseNotice>,
) -> Answer<Json<ReporterNotice>> {
    app.limits.take(origin, app.now())?;
    let now = view(&app, &code).await?;
    if !now.possible.contains(&body.way) {
        return Err(Problem::field("way", "unknown").into());
    }
    let email = body.email.as_deref().map(str::trim).filter(|_| body.way == ReporterWay::Email);
    match (body.way, email) {
        (ReporterWay::Email, None) => return Err(Problem::field("email", "required").into()),
        (ReporterWay::Email, Some(email)) if !is_email(email) => return Err(Problem::field("email", "email").into()),
        _ => {}
    }
    let choice = ReporterChoice { way: body.way, email: email.map(str::to_owned) };
    let parsed = PublicCode::parse(&code).ok_or(ProblemCode::NotFound)?;
    let (with, at) = (app.clone(), app.now());
    let write = app.db.write(move |tx| {
        let case = cases::load(tx, &Named::Code(parsed.clone()))?.ok_or(ProblemCode::NotFound)?;
        choice::keep_reporter(tx, &with.vault, case.id, &choice, at).map_err(Refused::from)
    });
    write.await?;
    Ok(Json(view(&app, &code).await?))
}
