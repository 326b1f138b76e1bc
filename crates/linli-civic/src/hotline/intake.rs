//! A file comes in: what it is, which of its sheets hold orders, what their columns are.

use std::collections::BTreeMap;

use linli_db::StoreError;
use linli_kernel::{AccountId, AreaCode, ImportId};

use super::category::path_key;
use super::columns::Mapping;
use super::import_store::{Import, ImportState};
use super::partner::Hotline;
use super::plan;
use super::store::{self, Decided};
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::sheets::folder;
use crate::sheets::sheet::SheetFault;

/// Most characters of a file's name that are kept.
const MAX_NAME: usize = 120;

/// Who brought a file.
#[derive(Clone, Debug)]
pub struct Bringer {
    /// The account; nobody from the command line.
    pub account: Option<AccountId>,
    /// Where its orders may lie; empty for everywhere.
    pub areas: Vec<AreaCode>,
}

/// Makes an import of the file that stands at its place. A file that cannot be read is removed.
///
/// # Errors
/// The database's; inside, what is wrong with the file.
pub async fn bring(
    app: &App,
    id: ImportId,
    hotline: &Hotline,
    bringer: Bringer,
    file_name: &str,
) -> Answer<Result<Import, SheetFault>> {
    let partner = hotline.id.clone();
    let chosen = app.db.read(move |conn| store::chosen_columns(conn, &partner).map_err(Refused::from)).await?;
    let path = app.hotline.files.path(id);
    let looked = app.slowly(move || {
        let (sha256, size) = folder::digest(&path)?;
        let sheets = plan::analyse(&path, &chosen)?;
        Ok::<_, SheetFault>((sha256, size, sheets))
    });
    let (sha256, size, sheets) = match looked.await? {
        Ok(looked) => looked,
        Err(fault) => {
            app.hotline.files.remove(id);
            return Ok(Err(fault));
        }
    };
    let import = Import {
        id,
        partner: hotline.id.clone(),
        account: bringer.account,
        areas: bringer.areas,
        file_name: file_name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
        sha256,
        size_bytes: i64::try_from(size).unwrap_or(i64::MAX),
        state: ImportState::Uploaded,
        n_rows: sheets.iter().map(|sheet| i64::from(sheet.n_rows)).sum(),
        sheets,
        with_history: false,
        owner: None,
        alive_at: None,
        fault: None,
        created_at: app.now(),
        started_at: None,
        finished_at: None,
    };
    save(app, &import).await?;
    Ok(Ok(import))
}

/// Writes an import.
///
/// # Errors
/// The database's.
pub async fn save(app: &App, import: &Import) -> Result<(), StoreError> {
    let import = import.clone();
    app.db.write(move |tx| import.save(tx)).await
}

/// Begins an import.
///
/// # Errors
/// The database's.
pub async fn start(app: &App, import: &Import) -> Result<Import, StoreError> {
    let mut import = import.clone();
    import.state = ImportState::Running;
    import.n_rows = import.sheets.iter().filter(|sheet| sheet.chosen).map(|sheet| i64::from(sheet.n_rows)).sum();
    save(app, &import).await?;
    app.hotline.files.ring();
    Ok(import)
}

/// What a person decided about a file.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Headers, as they are compared, and what they are.
    pub columns: Mapping,
    /// Sheets that are left out.
    pub left_out: Vec<u32>,
    /// Whether finished orders are entered.
    pub with_history: bool,
}

/// Reads the columns anew by what was decided, and remembers it for the partner.
///
/// # Errors
/// The database's; inside, what is wrong with the file.
pub async fn choose(
    app: &App,
    import: &Import,
    choice: Choice,
    account: Option<AccountId>,
) -> Answer<Result<Import, SheetFault>> {
    let (partner, at, decided) = (import.partner.clone(), app.now(), choice.columns.clone());
    let chosen = app.db.write(move |tx| {
        for (theirs, ours) in &decided {
            Decided {
                partner: &partner,
                kind: "column",
                theirs,
                ours: ours.map(super::columns::Column::as_str),
                account,
                at,
            }
            .remember(tx)?;
        }
        store::chosen_columns(tx, &partner).map_err(Refused::from)
    });
    let chosen = chosen.await?;
    let path = app.hotline.files.path(import.id);
    let mut sheets = match app.slowly(move || plan::analyse(&path, &chosen)).await? {
        Ok(sheets) => sheets,
        Err(fault) => return Ok(Err(fault)),
    };
    for sheet in &mut sheets {
        sheet.chosen = !choice.left_out.contains(&sheet.sheet);
    }
    let mut import = import.clone();
    import.n_rows = sheets.iter().filter(|sheet| sheet.chosen).map(|sheet| i64::from(sheet.n_rows)).sum();
    import.sheets = sheets;
    import.with_history = choice.with_history;
    save(app, &import).await?;
    Ok(Ok(import))
}

/// Remembers which of our categories a partner's words mean.
///
/// # Errors
/// The database's.
pub async fn decide_categories(
    app: &App,
    partner: &str,
    categories: BTreeMap<String, Option<String>>,
    account: AccountId,
) -> Answer<()> {
    let (partner, at) = (partner.to_owned(), app.now());
    app.db
        .write(move |tx| {
            for (theirs, ours) in &categories {
                let theirs = path_key(theirs);
                Decided {
                    partner: &partner,
                    kind: "category",
                    theirs: &theirs,
                    ours: ours.as_deref(),
                    account: Some(account),
                    at,
                }
                .remember(tx)?;
            }
            Ok::<_, Refused>(())
        })
        .await
}
