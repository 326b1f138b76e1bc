//! Real receivers: an HTTP server and a mail server on sockets of this machine, that can be down.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// An HTTP server that answers all alike.
#[derive(Clone)]
pub struct Http {
    pub url: String,
    got: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Http {
    pub fn start(body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let http = Self { url, got: Arc::default(), answer: Arc::new(Mutex::new((200, body.to_owned()))) };
        let server = http.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        http
    }

    pub fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    pub fn got(&self) -> Vec<Request> {
        self.got.lock().unwrap().clone()
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let mut headers = Vec::new();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim().split_once(':') else { break };
                headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let mut body = vec![0; length.and_then(|(_, n)| n.parse().ok()).unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            self.got.lock().unwrap().push(Request { line: line.trim().to_owned(), headers, body });
            let (status, body) = self.answer.lock().unwrap().clone();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// A mail server: enough of RFC 5321 that a real client sends to it.
#[derive(Clone)]
pub struct Mail {
    pub port: u16,
    got: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<Option<&'static str>>>,
}

impl Mail {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mail = Self { port: listener.local_addr().unwrap().port(), got: Arc::default(), refuses: Arc::default() };
        let server = mail.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        mail
    }

    /// Answers every recipient with this line.
    pub fn refuses(&self, line: Option<&'static str>) {
        *self.refuses.lock().unwrap() = line;
    }

    /// Envelope and message of every mail.
    pub fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }

    fn serve(&self, stream: TcpStream) {
        let mut out = stream.try_clone().unwrap();
        let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).is_ok();
        if !say("220 test ESMTP") {
            return;
        }
        let (mut mail, mut in_data) = (String::new(), false);
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if in_data {
                if line == "." {
                    in_data = false;
                    self.got.lock().unwrap().push(std::mem::take(&mut mail));
                    say("250 queued as 1");
                } else {
                    mail.push_str(&line);
                    mail.push('\n');
                }
                continue;
            }
            let verb = line.get(..4).unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "EHLO" => drop(say("250-test\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8")),
                "AUTH" => drop(say("235 welcome")),
                "MAIL" | "RCPT" => {
                    let refused = self.refuses.lock().unwrap().filter(|_| verb == "RCPT");
                    mail.push_str(&line);
                    mail.push('\n');
                    say(refused.unwrap_or("250 fine"));
                }
                "DATA" => {
                    in_data = true;
                    say("354 go on");
                }
                "QUIT" => {
                    say("221 bye");
                    return;
                }
                _ => drop(say("250 fine")),
            }
        }
    }
}
