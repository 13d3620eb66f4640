//! Steps that many stories take.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header;
use minilab::db::sql::Sql;
use minilab::{fetch_one, worker};
use serde_json::Value;

use super::lab::{Answer, Lab, request};

/// What comes at all comes by then, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

/// Asks again and again, until the answer is yes.
pub(crate) async fn soon(what: &str, ask: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !ask().await {
        assert!(Instant::now() < deadline, "it does not come: {what}");
        tokio::task::yield_now().await;
    }
}

/// A form's input: its name, the name of its file if it is one, its bytes.
pub(crate) type Input<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A worker of this process.
pub(crate) struct Working(tokio::task::JoinHandle<()>, minilab::app::App);

impl Working {
    /// Lets it finish. Nothing of its lab waits for anything from then on.
    pub(crate) async fn stop(self) {
        self.1.stop.cancel();
        self.0.await.unwrap();
    }
}

impl Lab {
    /// Starts a worker, for requests that wait for jobs.
    pub(crate) fn work(&self) -> Working {
        Working(
            minilab::spawn(worker::run(self.app.clone(), worker::Plan::all("serve"))),
            self.app.clone(),
        )
    }

    pub(crate) async fn get_with(&self, key: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut asked = request(key, "GET", path);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        self.send(asked.body(Body::empty()).unwrap()).await
    }

    /// Posts a form of files and other inputs.
    pub(crate) async fn form(&self, key: &str, path: &str, inputs: &[Input<'_>]) -> Answer {
        let mut body = Vec::new();
        for (name, file, bytes) in inputs {
            let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
            let head = format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{file}");
            body.extend(head.bytes().chain(*b"\r\n\r\n"));
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--X--\r\n");
        let sent = request(key, "POST", path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X");
        self.send(sent.body(body.into()).unwrap()).await
    }

    /// Posts what a page's form without files would.
    pub(crate) async fn url_form(&self, key: &str, path: &str, body: &str) -> Answer {
        let sent = request(key, "POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(sent.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Changes something that must be changeable.
    pub(crate) async fn patch(&self, key: &str, path: &str, change: Value) -> Value {
        let changed = self.json(key, "PATCH", path, change).await;
        assert_eq!(changed.status, 200, "{path}: {}", changed.json());
        changed.json()
    }

    /// Where admins change the account of that name.
    pub(crate) async fn account_path(&self, name: &str) -> String {
        let mut conn = self.app.db.read().await.unwrap();
        let account = minilab::accounts::find_by_name(&mut conn, name).await.unwrap().unwrap();
        format!("/api/v1/accounts/{}", account.id)
    }

    /// A new image, with all that is made at upload.
    pub(crate) async fn ready(&self, key: &str, name: &str, bytes: Vec<u8>) -> String {
        let id = self.upload_ok(key, name, bytes).await;
        self.run_jobs().await;
        id
    }

    /// An image as its owner sees it.
    pub(crate) async fn image(&self, key: &str, id: &str) -> Value {
        let shown = self.get(key, &format!("/api/v1/images/{id}")).await;
        assert_eq!(shown.status, 200, "{}", shown.json());
        shown.json()
    }

    /// One number from the database.
    pub(crate) async fn number(&self, sql: Sql) -> i64 {
        let mut conn = self.app.db.read().await.unwrap();
        fetch_one!(&mut conn, (i64,), sql).unwrap().0
    }
}

/// The path of an absolute URL.
pub(crate) fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map(|(_, rest)| rest).unwrap();
    format!("/{}", rest.split_once('/').unwrap().1)
}

/// The ids of a list's items.
pub(crate) fn ids(items: &Value) -> Vec<String> {
    let items = items.as_array().unwrap_or_else(|| panic!("no list: {items}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
