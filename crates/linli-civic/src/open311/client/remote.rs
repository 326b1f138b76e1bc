//! The calls. They block: only threads that may make them.

use super::super::element::Element;
use super::Server;
use super::protocol::{self, Made, News, Outgoing, OutgoingUpdate, Pairs, RemoteService, Trouble};
use crate::delivery::Outcome;
use crate::delivery::web::{self, Call, CallFault, Reach};
use linli_kernel::Timestamp;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Nobody answered.
    #[error(transparent)]
    Call(#[from] CallFault),
    /// The answer says no, or says nothing.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<Failed> for Outcome {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Call(fault) => fault.into(),
            // What they find wrong with it stays wrong; a key or a server in trouble can be mended.
            Failed::Trouble(trouble @ Trouble::Refused { .. }) => Self::Refused { why: trouble.to_string() },
            Failed::Trouble(trouble @ (Trouble::Key(_) | Trouble::NoAnswer { .. })) => {
                Self::Retry { why: trouble.to_string(), after_ms: None }
            }
        }
    }
}

impl Server {
    fn key(&self) -> &str {
        self.partner.secret.as_ref().map_or("", |secret| secret.reveal())
    }

    fn get(&self, resource: &str, mut pairs: Pairs, root: &str, item: &str) -> Result<Element, Failed> {
        if let Some(id) = &self.terms.jurisdiction {
            pairs.insert(0, ("jurisdiction_id".to_owned(), id.clone()));
        }
        let query = protocol::encode(&pairs);
        let mark = if query.is_empty() { "" } else { "?" };
        self.ask(&Call::new("GET", format!("{}{mark}{query}", self.terms.address(resource))), root, item)
    }

    fn post(
        &self,
        resource: &str,
        pairs: &[(String, String)],
        key: &str,
        root: &str,
        item: &str,
    ) -> Result<Element, Failed> {
        let call = Call::new("POST", self.terms.address(resource))
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("idempotency-key", key)
            .body(protocol::encode(pairs).into_bytes());
        self.ask(&call, root, item)
    }

    fn ask(&self, call: &Call, root: &str, item: &str) -> Result<Element, Failed> {
        let answered = web::call(Reach::from(&self.partner), call)?;
        Ok(protocol::read(self.terms.format, answered.status, &answered.body, root, item)?)
    }

    /// Hands a request in.
    ///
    /// # Errors
    /// Why it did not arrive; an answer without number or token is no answer.
    pub fn send_request(&self, request: &Outgoing) -> Result<Made, Failed> {
        let form = protocol::request_form(&self.terms, self.key(), request);
        let answer = self.post("requests", &form, &request.reference, "service_requests", "request")?;
        protocol::made(&answer)
            .ok_or_else(|| Trouble::NoAnswer { status: 200, said: "没有编号也没有回执号".to_owned() }.into())
    }

    /// Asks for the number that a token stands for.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn resolve(&self, token: &str) -> Result<Option<String>, Failed> {
        let answer = self.get(&format!("tokens/{token}"), Vec::new(), "service_requests", "request")?;
        Ok(match protocol::made(&answer) {
            Some(Made::Id(id)) => Some(id),
            Some(Made::Token(_)) | None => None,
        })
    }

    /// Sends an update; one that they have already is as good as sent. Their number of it.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub fn send_update(&self, update: &OutgoingUpdate) -> Result<Option<String>, Failed> {
        let form = protocol::update_form(&self.terms, self.key(), update);
        match self.post("servicerequestupdates", &form, &update.update_id, "service_request_updates", "request_update")
        {
            Ok(answer) => Ok(answer.children.first().and_then(|child| child.get("update_id")).map(str::to_owned)),
            Err(Failed::Trouble(Trouble::Refused { said, .. })) if said.to_lowercase().contains("already exists") => {
                Ok(None)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Asks what happened in a window.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn updates(&self, from: Timestamp, to: Timestamp) -> Result<Vec<News>, Failed> {
        let say = |at| self.terms.date_style.say(at);
        let pairs = vec![
            ("api_key".to_owned(), self.key().to_owned()),
            ("start_date".to_owned(), say(from)),
            ("end_date".to_owned(), say(to)),
        ];
        let answer = self.get("servicerequestupdates", pairs, "service_request_updates", "request_update")?;
        Ok(protocol::updates(&answer))
    }

    /// Asks how requests stand.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn states(&self, ids: &[String]) -> Result<Vec<News>, Failed> {
        let mut news = Vec::new();
        for ids in ids.chunks(usize::try_from(self.terms.ids_at_once.max(1)).unwrap_or(1)) {
            let pairs = vec![("service_request_id".to_owned(), ids.join(","))];
            news.extend(protocol::states(&self.get("requests", pairs, "service_requests", "request")?));
        }
        Ok(news)
    }

    /// Reads their services, and what is odd about the list.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn services(&self) -> Result<(Vec<RemoteService>, Vec<String>), Failed> {
        Ok(protocol::services(&self.get("services", Vec::new(), "services", "service")?))
    }

    /// Reads the questions of a service.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn questions(&self, code: &str) -> Result<Vec<(String, String, bool)>, Failed> {
        let answer = self.get(&format!("services/{code}"), Vec::new(), "service_definition", "attribute")?;
        Ok(protocol::questions(&answer))
    }
}
