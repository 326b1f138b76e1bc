//! A running linli on a fresh database: a small city, one person of every role, a clock that stands until moved.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use linli_civic::app::{App, SiteConfig};
use linli_db::{Config, StoreError, params};
use linli_kernel::{AccountId, AreaCode, GrantId, IdSource, ManualClock, Role, Timestamp};
use linli_server::open::{self, Options};
use linli_server::serve;
use linli_testkit::TestDb;

pub const PASSWORD: &str = "test-password-1";
pub const GRID_1: &str = "610502005007001";
pub const GRID_2: &str = "610502005007002";
pub const COMMUNITY: &str = "610502005007";
pub const OTHER_COMMUNITY: &str = "610502005008";
pub const STREET: &str = "610502005000";
pub const COUNTY: &str = "610502000000";

/// Code, official name, short name.
pub type Place = (&'static str, &'static str, &'static str);
/// Sign-in name, display name, role, area, unit.
pub type Post = (&'static str, &'static str, Role, &'static str, Option<&'static str>);

const AREAS: &[Place] = &[
    ("610500000000", "渭南市", "渭南市"),
    (COUNTY, "临渭区", "临渭区"),
    (STREET, "向阳街道", "向阳街道"),
    (COMMUNITY, "红旗社区居委会", "红旗社区"),
    (GRID_1, "第一网格", "第一网格"),
    (GRID_2, "第二网格", "第二网格"),
    (OTHER_COMMUNITY, "金水社区居委会", "金水社区"),
    ("610502005008001", "第一网格", "第一网格"),
    ("610524000000", "合阳县", "合阳县"),
    ("610524001000", "城关街道", "城关街道"),
    ("610524001020", "南苑社区居委会", "南苑社区"),
];

pub const PEOPLE: &[Post] = &[
    ("worker1", "李春梅", Role::GridWorker, GRID_1, None),
    ("worker2", "王建国", Role::GridWorker, GRID_2, None),
    ("head", "赵小兰", Role::GridHead, COMMUNITY, None),
    ("clerk", "张敏", Role::CommunityClerk, COMMUNITY, None),
    ("clerk2", "刘洋", Role::CommunityClerk, COMMUNITY, None),
    ("other_clerk", "孙丽", Role::CommunityClerk, OTHER_COMMUNITY, None),
    ("dispatcher", "陈刚", Role::StreetDispatcher, STREET, None),
    ("urban", "周强", Role::DepartmentClerk, COUNTY, Some("urban_management")),
    ("hotline", "吴静", Role::HotlineClerk, COUNTY, None),
    ("leader", "郑伟", Role::CountyLeader, COUNTY, None),
    ("auditor", "冯涛", Role::Auditor, COUNTY, None),
    ("admin", "许可", Role::Administrator, COUNTY, None),
    ("far_admin", "何平", Role::Administrator, "610524000000", None),
];

/// The world of a test.
pub struct World {
    pub app: App,
    pub clock: ManualClock,
    service: Router,
    test_db: TestDb,
}

/// What a route answered.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub body: Value,
    pub bytes: Vec<u8>,
    pub cookie: Option<String>,
    pub kind: String,
}

impl Answered {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status.as_u16(), self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(self.kind.starts_with("application/problem+json"), "{}", self.kind);
        self.body
    }
}

/// A Monday morning at nine, Beijing time, with a holiday ahead.
pub fn monday() -> Timestamp {
    "2026-09-28T09:00:00+08:00".parse().unwrap()
}

impl World {
    pub async fn new(test_db: TestDb) -> Self {
        Self::with_playbook(test_db, "base").await
    }

    pub async fn with_playbook(test_db: TestDb, playbook: &str) -> Self {
        Self::somewhere(test_db, playbook, AREAS, PEOPLE).await
    }

    /// Another place with its own people.
    pub async fn somewhere(test_db: TestDb, playbook: &str, areas: &'static [Place], people: &'static [Post]) -> Self {
        let clock = ManualClock::at(monday());
        let app = Self::open_app(&test_db, &clock, playbook).await;
        fill(&app, areas, people).await;
        app.reload_areas().await.unwrap();
        let service = serve::service(&app);
        Self { app, clock, service, test_db }
    }

    /// The same database with another server on it: the first is gone as if it had been killed.
    pub async fn reopened(self) -> Self {
        let Self { app, clock, service, test_db } = self;
        let playbook = app.playbooks.current().id.clone();
        drop((app, service));
        let app = Self::open_app(&test_db, &clock, &playbook).await;
        let service = serve::service(&app);
        Self { app, clock, service, test_db }
    }

    async fn open_app(test_db: &TestDb, clock: &ManualClock, playbook: &str) -> App {
        let url = match &test_db.config {
            Config::Sqlite { .. } => None,
            Config::Postgres { url } => Some(url.clone()),
        };
        let site = SiteConfig {
            public_url: "http://localhost:8080".to_owned(),
            demo: false,
            tile_url: None,
            phone: "12345".to_owned(),
        };
        let mut options = Options::new(test_db.folder().to_owned(), url, site);
        options.clock = Arc::new(clock.clone());
        options.ids = Arc::new(IdSource::random());
        options.playbook = Some(playbook.to_owned());
        open::open_app(&options).await.unwrap()
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        cookie: Option<&str>,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.service.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = response.status();
        let text = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let cookie = text(header::SET_COOKIE).split(';').next().filter(|cookie| !cookie.is_empty()).map(str::to_owned);
        let kind = text(header::CONTENT_TYPE);
        if kind.starts_with("text/event-stream") {
            return Answered { status, body: Value::Null, bytes: Vec::new(), cookie, kind };
        }
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Answered { status, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes, cookie, kind }
    }

    /// The response itself, for streams.
    pub async fn open(&self, path: &str, cookie: Option<&str>) -> axum::response::Response {
        let mut request = Request::builder().uri(path);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    pub async fn get(&self, who: &Session, path: &str) -> Answered {
        self.send(Method::GET, path, who.0.as_deref(), &[], Vec::new()).await
    }

    /// Changes what is at `path`.
    pub async fn patch(&self, who: &Session, path: &str, body: Value) -> Answered {
        let headers = [("content-type", "application/json")];
        self.send(Method::PATCH, path, who.0.as_deref(), &headers, body.to_string().into_bytes()).await
    }

    pub async fn post(&self, who: &Session, path: &str, body: Value) -> Answered {
        self.send(
            Method::POST,
            path,
            who.0.as_deref(),
            &[("content-type", "application/json")],
            body.to_string().into_bytes(),
        )
        .await
    }

    pub async fn post_with_key(&self, who: &Session, path: &str, key: &str, body: Value) -> Answered {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(Method::POST, path, who.0.as_deref(), &headers, body.to_string().into_bytes()).await
    }

    pub async fn as_(&self, name: &str) -> Session {
        let answered = self.post(&Session::none(), "/api/session", json!({ "name": name, "password": PASSWORD })).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
        Session(answered.cookie)
    }

    /// Reports a broken lamp in grid 1; the public code.
    pub async fn report_lamp(&self) -> String {
        let body = json!({ "text": "3号楼前的路灯不亮，晚上看不清路", "area_code": GRID_1, "category": "street_light", "phone": "19900000001" });
        let reported = self.post(&Session::none(), "/api/cases", body).await;
        assert_eq!(reported.status, StatusCode::CREATED, "{}", reported.body);
        reported.body["code"].as_str().unwrap().to_owned()
    }

    /// Takes an action as staff, on the present version.
    pub async fn act(&self, who: &Session, code: &str, verb: &str, fields: Value) -> Answered {
        let version = self.get(who, &format!("/api/cases/{code}")).await.body["version"].clone();
        self.post(who, &format!("/api/cases/{code}/actions/{verb}"), json!({ "version": version, "fields": fields }))
            .await
    }

    /// Takes an action as whoever holds the public code, on the present version.
    pub async fn act_publicly(&self, code: &str, verb: &str, fields: Value) -> Answered {
        let nobody = Session::none();
        let version = self.get(&nobody, &format!("/api/public/cases/{code}")).await.body["version"].clone();
        self.post(
            &nobody,
            &format!("/api/public/cases/{code}/actions/{verb}"),
            json!({ "version": version, "fields": fields }),
        )
        .await
    }

    /// Moves the clock to a moment of Beijing time and lets everything that is due happen.
    pub async fn wait_until(&self, at: &str) {
        self.clock.set(format!("{at}+08:00").parse().unwrap());
        linli_civic::cases::sweep::fire_due(&self.app).await.unwrap();
    }

    /// Gives somebody new a post; who then signs in by that name.
    pub async fn hire(
        &self,
        name: &'static str,
        role: Role,
        area: &'static str,
        unit: Option<&'static str>,
    ) -> Session {
        let (ids, now) = (Arc::clone(&self.app.ids), self.app.now());
        let hash = quick_hash();
        self.app
            .db
            .write(move |tx| {
                tx.bookkeep(|w| {
                    let id = AccountId::new(ids.uuid(now));
                    w.exec(
                        "INSERT INTO account (id, name, display_name, password_hash, must_change_password, version) VALUES ($1, $2, $3, $4, FALSE, 1)",
                        &params![id, name, name, hash],
                    )?;
                    w.exec(
                        "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at) VALUES ($1, $2, $3, $4, $5, $6)",
                        &params![GrantId::new(ids.uuid(now)), id, role, area, unit, now],
                    )
                })?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        self.as_(name).await
    }

    /// One more post for somebody.
    pub async fn grant(&self, name: &'static str, role: Role, area: &'static str) {
        let (ids, now) = (Arc::clone(&self.app.ids), self.app.now());
        let granted = self.app.db.write(move |tx| {
            let id =
                tx.first("SELECT id FROM account WHERE name = $1", &params![name], |row| row.parse::<AccountId>("id"))?;
            tx.bookkeep(|w| {
                w.exec(
                    "INSERT INTO grant_role (id, account_id, role, area_code, starts_at) VALUES ($1, $2, $3, $4, $5)",
                    &params![GrantId::new(ids.uuid(now)), id, role, area, now],
                )
            })?;
            Ok::<_, StoreError>(())
        });
        granted.await.unwrap();
    }

    pub fn folder(&self) -> &std::path::Path {
        self.test_db.folder()
    }
}

/// Someone's cookie, or nobody's.
#[derive(Clone, Debug)]
pub struct Session(pub Option<String>);

impl Session {
    pub const fn none() -> Self {
        Self(None)
    }
}

/// A four-part reply.
pub fn reply() -> Value {
    json!({ "received": "9月28日9时", "talked_to": "反映人李女士", "done": "更换灯泡并检查线路", "by_when": "当日完成" })
}

async fn fill(app: &App, areas: &'static [Place], people: &'static [Post]) {
    let ids = Arc::clone(&app.ids);
    let now = app.now();
    let hash = quick_hash();
    app.db
        .write(move |tx| {
            tx.bookkeep(|w| {
                for (code, name, short) in areas {
                    let code = AreaCode::parse(code).unwrap();
                    w.exec(
                        "INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES ($1, $2, $3, $4, $5, 1)",
                        &params![code, code.parent(), code.level(), *name, *short],
                    )?;
                }
                for (name, display_name, role, area, unit) in people {
                    let id = AccountId::new(ids.uuid(now));
                    w.exec(
                        "INSERT INTO account (id, name, display_name, password_hash, must_change_password, version) VALUES ($1, $2, $3, $4, FALSE, 1)",
                        &params![id, *name, *display_name, hash],
                    )?;
                    w.exec(
                        "INSERT INTO grant_role (id, account_id, role, area_code, unit_code, starts_at) VALUES ($1, $2, $3, $4, $5, $6)",
                        &params![GrantId::new(ids.uuid(now)), id, *role, *area, *unit, now],
                    )?;
                }
                Ok::<_, StoreError>(())
            })
        })
        .await
        .unwrap();
}

/// One hash for everybody: hashing thirteen times would be most of a test's time.
fn quick_hash() -> String {
    static HASH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    HASH.get_or_init(|| linli_access::password::hash(PASSWORD).unwrap()).clone()
}
