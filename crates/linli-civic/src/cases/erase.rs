//! 到期删除: what people wrote and who they are goes when its retention ends; what happened stays, and its chain still verifies.

use linli_db::{Store, StoreError, Writer, params};
use linli_kernel::{Actor, CaseId, Change, Phase, Problem, ProblemCode, Timestamp};
use serde_json::json;

use super::model::Case;

/// A case without its texts.
#[derive(Debug)]
pub struct Erased {
    id: CaseId,
    version: u32,
}

impl Case {
    /// Erases what was said, answered and noted of a closed case, and who reported it, with the words by which it was found.
    ///
    /// # Errors
    /// `NotNow` while it is not closed.
    pub fn erase_texts(mut self, actor: Actor, at: Timestamp) -> Result<Change<Erased>, Problem> {
        if self.phase != Phase::Closed {
            return Err(ProblemCode::NotNow.into());
        }
        let event = self.tell("texts_erased", json!({}), None, at, actor);
        Ok(Change::new(Erased { id: self.id, version: self.version }, event))
    }
}

impl Store for Erased {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let id = params![self.id];
        writer.exec_one(
            "UPDATE cases SET version = $2, body = '', place_text = '', lon = NULL, lat = NULL, reporter_phone_sealed = NULL, reporter_phone_index = NULL, \
             reporter_name_sealed = NULL, reply = NULL, question = NULL, rating = NULL, dossier = NULL WHERE id = $1 AND version < $2",
            &params![self.id, self.version],
        )?;
        writer.exec(
            "UPDATE case_task SET body = '', result = NULL, rating = NULL, call_rating = NULL WHERE case_id = $1",
            &id,
        )?;
        writer.exec("DELETE FROM event_text WHERE stream_kind = 'case' AND stream_id = $1", &id)?;
        writer.exec(
            "INSERT INTO case_fresh (row_no, afresh) SELECT row_no, TRUE FROM cases WHERE id = $1 ON CONFLICT (row_no) DO UPDATE SET afresh = TRUE",
            &id,
        )?;
        Ok(())
    }
}
