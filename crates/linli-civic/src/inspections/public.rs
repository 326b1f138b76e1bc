//! 场所码 as anybody sees it: when the premises were looked at last, and how many hazards are open. Not which, and no name of a person.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_kernel::{ProblemCode, PublicCode, Timestamp};

use super::store;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Origin, Path, Refused};

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_premises))
}

/// Premises as anybody sees them.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PublicPremises)]
pub struct PublicPremises {
    /// What people call them.
    name: String,
    /// Where.
    area: AreaRef,
    /// When they were looked at last.
    last_at: Option<Timestamp>,
    /// Hazards that are not put right.
    n_open: u32,
    /// By when the next of them is to be put right.
    due_at: Option<Timestamp>,
}

/// Shows what anybody may know of the premises with this printed code.
#[utoipa::path(get, path = "/api/public/premises/{code}", tag = "public", params(("code" = String, Path)),
    responses((status = 200, body = PublicPremises), (status = 404, body = crate::http::ProblemBody), (status = 429, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("public"))))]
async fn show_premises(
    State(app): State<App>,
    origin: Origin,
    Path(code): Path<String>,
) -> Answer<Json<PublicPremises>> {
    app.reading.take(origin, app.now())?;
    // Whoever types a printed code may use small letters and spaces.
    let code = PublicCode::parse(&code).map_or(code, |code| code.to_string());
    let found = app.db.read(move |conn| store::by_code(conn, &code).map_err(Refused::from)).await?;
    let looked = found.ok_or(ProblemCode::NotFound)?;
    Ok(Json(PublicPremises {
        area: app.areas().reference(&looked.area),
        name: looked.name,
        last_at: looked.last_at,
        n_open: looked.n_open,
        due_at: looked.due_at,
    }))
}
