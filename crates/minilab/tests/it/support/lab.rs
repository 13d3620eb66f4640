//! The service in this process: real database, real files, no socket.

use std::path::PathBuf;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::{Router, body};
use minilab::accounts::create::{NewAccount, create};
use minilab::app::App;
use minilab::config::Config;
use minilab::http::received::OnReceived;
use minilab::{router, start, worker};
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    Sqlite,
    Postgres,
}

pub(crate) struct Lab {
    pub(crate) app: App,
    router: Router,
    /// Removed with the lab.
    _data: Option<TempDir>,
    /// Dropped with the lab.
    database: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The stable code of a problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("TEST_POSTGRES_URL names the PostgreSQL server for tests; `make test` starts one")
}

impl Lab {
    pub(crate) async fn open(server: Server) -> Self {
        Self::with(server, |_| {}).await
    }

    pub(crate) async fn with(server: Server, change: impl FnOnce(&mut Config)) -> Self {
        Self::upon(server, change, async |_| {}).await
    }

    /// Opened upon what `prepare` makes of the empty data directory and the empty database.
    pub(crate) async fn upon(
        server: Server,
        change: impl FnOnce(&mut Config),
        prepare: impl AsyncFnOnce(&Config),
    ) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config { data: data.path().to_owned(), ..Config::default() };
        let mut database = None;
        if server == Server::Postgres {
            let name = format!("t_{}", Uuid::now_v7().simple());
            let mut conn = PgConnection::connect(&server_url()).await.unwrap();
            let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
            conn.execute(create).await.unwrap();
            let (before, _) = server_url().rsplit_once('/').map(own).unwrap();
            config.database.url = format!("{before}/{name}");
            database = Some(name);
        }
        change(&mut config);
        prepare(&config).await;
        let app = start::open(config, binary()).await.unwrap();
        Self { router: router::router(app.clone()), app, _data: Some(data), database }
    }

    /// Another process of the same lab, which must outlive it.
    pub(crate) async fn beside(&self) -> Self {
        self.beside_with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn beside_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        change(&mut config);
        let app = start::open(config, binary()).await.unwrap();
        Self { router: router::router(app.clone()), app, _data: None, database: None }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.app.config.data.clone()
    }

    /// An account's key.
    pub(crate) async fn account(&self, name: &str, tier: &str) -> String {
        self.any_account(name, tier, false).await
    }

    /// An admin's key.
    pub(crate) async fn admin(&self, name: &str) -> String {
        self.any_account(name, "business", true).await
    }

    async fn any_account(&self, name: &str, tier: &str, is_admin: bool) -> String {
        let now_ms = self.app.clock.now_ms();
        let (name, tier) = (name.to_owned(), tier.to_owned());
        let new = NewAccount { name, tier, is_admin, password_hash: None, now_ms };
        create(&self.app.db, new).await.unwrap().reveal()
    }

    /// An answer whose body nobody has read.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (mut parts, body) = self.respond(request).await.into_parts();
        let body = body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        // There is no connection: whoever read all of it has received it.
        if let Some(on_received) = parts.extensions.remove::<OnReceived>() {
            on_received.call();
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn call(&self, key: &str, method: &str, path: &str) -> Answer {
        self.send(request(key, method, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, key: &str, path: &str) -> Answer {
        self.call(key, "GET", path).await
    }

    /// Sends JSON.
    pub(crate) async fn json(&self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let request = request(key, method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// Uploads a raw body.
    pub(crate) async fn upload(&self, key: &str, name: &str, bytes: Vec<u8>) -> Answer {
        let path = format!("/api/v1/images?filename={name}");
        self.send(request(key, "POST", &path).body(Body::from(bytes)).unwrap()).await
    }

    /// Uploads and returns the image's id.
    pub(crate) async fn upload_ok(&self, key: &str, name: &str, bytes: Vec<u8>) -> String {
        let answer = self.upload(key, name, bytes).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json());
        answer.json()["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Carries out every job that is due.
    pub(crate) async fn run_jobs(&self) {
        worker::run_due(&self.app).await.unwrap();
    }

    /// Everything that `minilab check` would report.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let found = minilab::check::differences(&self.app, true).await.unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    /// Paths of all stored pictures.
    pub(crate) fn stored(&self) -> Vec<String> {
        let root = self.data().join("blobs");
        let mut folders = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
        found.retain(|path| path != minilab::blobs::LAB_FILE);
        found.sort();
        found
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let Some(name) = self.database.take() else {
            return;
        };
        // A runtime of its own: this one may be on its way out.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let mut conn = PgConnection::connect(&server_url()).await.unwrap();
                let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
                conn.execute(drop).await.unwrap();
            });
        });
        let dropped = dropping.join();
        assert!(std::thread::panicking() || dropped.is_ok(), "could not drop a test's database");
    }
}

pub(crate) fn request(key: &str, method: &str, path: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    if key.is_empty() {
        return request;
    }
    request.header(header::AUTHORIZATION, format!("Bearer {key}"))
}

fn own((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

/// The built binary, for the children of the render pool.
fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_minilab"))
}
