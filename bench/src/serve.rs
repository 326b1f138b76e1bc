//! The real binary in a process of its own, and a client that costs little beside what is measured.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running server; it ends with this.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Server {
    /// Starts the release binary on a data folder and perhaps a PostgreSQL database.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(linli: &Path, data: &Path, url: Option<&str>) -> anyhow::Result<Self> {
        let mut command = Command::new(linli);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--playbook", "base", "--data"])
            .arg(data)
            .env("LINLI_LOG", "linli=info,linli_server=info,linli_server::serve=warn");
        if let Some(url) = url {
            command.args(["--database-url", url]);
        }
        let mut child =
            command.stderr(Stdio::piped()).spawn().with_context(|| format!("cannot start {}", linli.display()))?;
        let mut lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let start = line.find("127.0.0.1:")?;
            Some(line.get(start..)?.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).next()?.to_owned())
        });
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Self { address: address.context("the server did not say where it listens")?, child })
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The cookie that was set, if one was.
    pub cookie: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("status {}", self.status))
    }
}

/// One keep-alive connection.
pub struct Client {
    address: String,
    cookie: Option<String>,
    stream: Option<TcpStream>,
}

impl Client {
    /// Of nobody.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), cookie: None, stream: None }
    }

    /// Signs in.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> anyhow::Result<()> {
        let body = serde_json::json!({ "name": name, "password": password }).to_string();
        let answer = self.send("POST", "/api/session", &[], &body).await?;
        if answer.status != 200 {
            bail!("{name} cannot sign in: {}", String::from_utf8_lossy(&answer.body));
        }
        self.cookie = answer.cookie;
        Ok(())
    }

    /// Asks for something.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.send("GET", path, &[], "").await
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("Cookie: {cookie}\r\n"));
        }
        if !body.is_empty() {
            request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address).await?;
                stream.set_nodelay(true)?;
                self.stream.insert(stream)
            }
        };
        stream.write_all(request.as_bytes()).await?;
        read_answer(stream).await
    }
}

async fn read_answer(stream: &mut TcpStream) -> anyhow::Result<Answer> {
    let mut answer = Vec::with_capacity(8_192);
    let head = loop {
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("the server closed the connection");
        }
        if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let text = String::from_utf8_lossy(answer.get(..head).unwrap_or_default()).into_owned();
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let length: usize = field("content-length").and_then(|n| n.parse().ok()).context("no length")?;
    while answer.len() < head + length {
        if stream.read_buf(&mut answer).await? == 0 {
            bail!("the answer was cut short");
        }
    }
    let cookie = field("set-cookie").and_then(|cookie| cookie.split(';').next().map(str::to_owned));
    Ok(Answer { status, cookie, body: answer.get(head..head + length).unwrap_or_default().to_vec() })
}

/// A fresh database on a PostgreSQL server.
///
/// # Errors
/// When `psql` cannot make it.
pub fn fresh_database(server: &str, name: &str) -> anyhow::Result<String> {
    psql(server, &format!("CREATE DATABASE {name}"))?;
    Ok(server.replace("dbname=postgres", &format!("dbname={name}")))
}

/// Runs a statement by `psql`.
///
/// # Errors
/// When it fails.
pub fn psql(url: &str, sql: &str) -> anyhow::Result<()> {
    let done = Command::new("psql").args([url, "-qc", sql]).status().context("psql")?;
    if !done.success() {
        bail!("psql could not do: {sql}");
    }
    Ok(())
}
