//! Every route of every slice, and the document that describes them.

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use linli_civic::app::App;
use linli_civic::{
    areas, audit, banners, care, cases, delivery, duties, facilities, files, hotline, imports, indicators, inspections,
    ledgers, live, map, notices, open311, opinions, people, plain, playbooks, registry, rehearsal, search, sync,
    visits,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "linli 邻里",
        description = "Grid-based community governance: what residents report, who answers, by when, and how it was settled. \
            Errors are RFC 9457 problems with stable codes. Send an Idempotency-Key with every command; sent again, it acts once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "public", description = "What anybody may do: report, and follow their own case by its code"),
        (name = "session", description = "Signing in"),
        (name = "cases", description = "What staff do with cases"),
        (name = "areas", description = "Areas, boundaries, printed QR codes"),
        (name = "people", description = "Accounts and who is what where"),
        (name = "playbook", description = "The way of working"),
        (name = "map", description = "The picture of it all"),
        (name = "indicators", description = "Figures of what was done: in words, by area and day, with the cases behind each"),
        (name = "files", description = "Photos"),
        (name = "open311", description = "Open311 GeoReport v2 with the request-updates extension; see docs/open311.md"),
        (name = "exchange", description = "What goes to other systems, and how it stands"),
        (name = "notices", description = "Who is told what, and how one wants to be told"),
        (name = "ledgers", description = "Workbooks that superiors ask for, filled from the record"),
        (name = "registry", description = "Dwellings, households, residents, premises and firms, and the ledgers they come from"),
        (name = "hotline", description = "Work orders of the city's 12345 hotline: in, out, and what became of them"),
        (name = "visits", description = "What was seen on visits, patrols, inspections and at meetings"),
        (name = "care", description = "Who is entitled to care: on which basis, until when; who learns what of it, and who looked"),
        (name = "opinions", description = "What residents proposed, and what came of it, told to everybody"),
        (name = "facilities", description = "What stands in public, what is reported there, and what was mended"),
        (name = "inspections", description = "Premises looked at by a checklist, and what was found put right"),
        (name = "duties", description = "What is due and by when, who is on duty, who is away, who met"),
        (name = "sync", description = "Phones that go on working with no network; see docs/sync.md"),
        (name = "live", description = "News for open pages"),
        (name = "site", description = "What this instance is called, and how it is")
    )
)]
struct Document;

fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(cases::public::routes())
        .merge(cases::http::routes())
        .merge(cases::task_http::routes())
        .merge(cases::similar_http::routes())
        .merge(cases::version_http::routes())
        .merge(cases::hot_spots_http::routes())
        .merge(cases::entries_http::routes())
        .merge(people::routes())
        .merge(areas::http::routes())
        .merge(playbooks::http::routes())
        .merge(rehearsal::http::routes())
        .merge(files::http::routes())
        .merge(live::http::routes())
        .merge(map::http::routes())
        .merge(indicators::http::routes())
        .merge(audit::http::routes())
        .merge(plain::http::routes())
        .merge(open311::http::routes())
        .merge(open311::desk::routes())
        .merge(delivery::http::routes())
        .merge(notices::http::routes())
        .merge(banners::http::routes())
        .merge(hotline::routes())
        .merge(search::http::routes())
        .merge(visits::http::routes())
        .merge(care::routes())
        .merge(inspections::routes())
        .merge(facilities::routes())
        .merge(opinions::routes())
        .merge(duties::routes())
        .merge(sync::http::routes())
        .merge(registry::routes())
        .merge(ledgers::routes())
        .merge(imports::routes())
        .merge(crate::ops::routes())
}

/// The routes, without layers.
pub fn router() -> Router<App> {
    all().split_for_parts().0
}

/// The OpenAPI 3.1 document.
#[must_use]
pub fn document() -> serde_json::Value {
    let mut document = serde_json::to_value(all().split_for_parts().1).unwrap_or_default();
    if let Some(info) = document.get_mut("info").and_then(|info| info.as_object_mut()) {
        info.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    }
    crate::examples::put_into(&mut document);
    document
}
