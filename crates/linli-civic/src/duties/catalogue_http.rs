//! 职责指导目录: what a grid worker does and what not, by category, with what recurs of it. It says what the work is; nobody is measured by it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::view;
use crate::app::App;
use crate::http::Signed;
use crate::say::Lang;

/// The routes of this file.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_duty_catalogue))
}

/// The duty catalogue of the playbook.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
struct DutyCatalogue {
    /// What the playbook is called.
    playbook_name: String,
    /// In the order of the playbook.
    categories: Vec<CatalogueCategory>,
}

/// One category of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyCatalogueCategory)]
struct CatalogueCategory {
    /// Its code.
    code: String,
    /// What people call it.
    name: String,
    /// What a worker does there, and what not.
    items: Vec<String>,
    /// What recurs of it.
    duties: Vec<CatalogueDuty>,
}

/// Something that recurs.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyCatalogueEntry)]
struct CatalogueDuty {
    /// What people call it.
    name: String,
    /// What is to be done, in a sentence.
    about: Option<String>,
    /// How often, and which rule says so.
    why: String,
    /// Who does it, in words.
    roles: Vec<String>,
}

/// Shows what a grid worker does and what not, by category, and what recurs of it.
#[utoipa::path(get, path = "/api/duties/catalogue", tag = "duties", responses((status = 200, body = DutyCatalogue)), extensions(("x-access" = json!("view_duties"))))]
async fn show_duty_catalogue(State(app): State<App>, Signed(_caller): Signed, lang: Lang) -> Json<DutyCatalogue> {
    let book = app.playbooks.current();
    let of_category = |code: &str| {
        let duties = book.duties.duties.iter().filter(|duty| duty.category.as_deref() == Some(code));
        duties
            .map(|duty| CatalogueDuty {
                name: duty.name.clone(),
                about: duty.about.clone(),
                why: view::why(duty, lang),
                roles: duty.roles.iter().map(|role| lang.word("role", role.as_str())).collect(),
            })
            .collect()
    };
    let categories = book.duties.categories.iter().map(|category| CatalogueCategory {
        code: category.code.clone(),
        name: category.name.clone(),
        items: category.items.clone(),
        duties: of_category(&category.code),
    });
    Json(DutyCatalogue { playbook_name: book.name.clone(), categories: categories.collect() })
}
