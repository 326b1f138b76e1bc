//! 电子邮件: plain text over a mail server of the operator's.

use std::net::ToSocketAddrs;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};
use serde::Deserialize;

use super::{email_of, later, prepare, refused};
use crate::app::App;
use crate::delivery::web::is_public;
use crate::delivery::{Channel, Delivery, Outcome};
use crate::partners::Partner;

const WAIT: Duration = Duration::from_secs(20);

/// `[smtp]` of a partner's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpTable {
    /// The server.
    pub host: String,
    /// Its port; 465 for `tls`, 587 for `starttls`, 25 for `none` when left out.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: Security,
    /// The name to sign in with; the secret is its password.
    pub user: Option<String>,
    /// From whom, such as `邻里 <linli@example.org>`.
    pub from: String,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after `STARTTLS`; never without.
    #[default]
    Starttls,
    /// None: only for a server in the same room.
    None,
}

/// The channel.
pub struct Smtp;

impl Channel for Smtp {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        send(app, delivery).unwrap_or_else(|outcome| outcome)
    }
}

fn send(app: &App, delivery: &Delivery) -> Result<Outcome, Outcome> {
    let (partner, said) = prepare(app, delivery)?;
    let table: SmtpTable = partner.parse().map_err(|fault| later(fault.to_string()))?;
    let to: Mailbox = email_of(app, delivery)?.parse().map_err(|_| refused("邮箱地址无效"))?;
    let from: Mailbox = table.from.parse().map_err(|_| later("from 不是邮箱地址"))?;
    let port = table.port.unwrap_or(match table.security {
        Security::Tls => 465,
        Security::Starttls => 587,
        Security::None => 25,
    });
    guard(partner, &table.host, port)?;
    let domain = from.email.domain().to_owned();
    let message = Message::builder()
        .from(from)
        .to(to)
        .subject(said.title)
        // The same for every attempt: a mailbox that got it twice shows it once.
        .message_id(Some(format!("<{}@{domain}>", delivery.id)))
        .header(ContentType::TEXT_PLAIN)
        .body(said.said)
        .map_err(|error| refused(&format!("邮件无法编写：{error}")))?;
    let sent = transport(partner, &table, port)?.send(&message);
    Ok(match sent {
        Ok(response) => Outcome::Sent { receipt: response.first_line().map(str::to_owned) },
        Err(error) => fault(&error),
    })
}

fn transport(partner: &Partner, table: &SmtpTable, port: u16) -> Result<SmtpTransport, Outcome> {
    let parameters = || TlsParameters::new(table.host.clone()).map_err(|error| later(format!("TLS 无法使用：{error}")));
    let tls = match table.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::Starttls => Tls::Required(parameters()?),
        Security::None => Tls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(&table.host).port(port).tls(tls).timeout(Some(WAIT));
    if let (Some(user), Some(secret)) = (&table.user, &partner.secret) {
        builder = builder.credentials(Credentials::new(user.clone(), secret.reveal().to_owned()));
    }
    Ok(builder.build())
}

fn guard(partner: &Partner, host: &str, port: u16) -> Result<(), Outcome> {
    let mut found = (host, port).to_socket_addrs().map_err(|_| later("找不到邮件服务器"))?;
    if !partner.allow_private && found.any(|address| !is_public(address.ip())) {
        return Err(refused("地址属于内网或本机，外部系统文件里没有写 allow_private = true"));
    }
    Ok(())
}

/// A mailbox that does not exist will not exist tomorrow; a wrong password will be mended.
fn fault(error: &lettre::transport::smtp::Error) -> Outcome {
    let code = error.status().map(u16::from);
    let why = match code {
        Some(code) => format!("邮件服务器答复 {code}"),
        None => format!("邮件服务器连接不上：{error}"),
    };
    match code {
        Some(500..=529 | 539..=599) => Outcome::Refused { why },
        _ => later(why),
    }
}
