//! The demo city.

use linli_civic::app::App;
use linli_civic::http::Answer;
use linli_civic::say::Lang;

use crate::ops::DemoAccount;

/// The accounts of the demo, one for each role, for its sign-in page.
///
/// # Errors
/// The database's.
pub async fn accounts(_app: &App, _lang: Lang) -> Answer<Vec<DemoAccount>> {
    Ok(Vec::new())
}
