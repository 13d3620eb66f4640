//! A database of an older version, brought up to date: what it has is counted from then on.

use std::path::{Path, PathBuf};

use minilab::config::Config;
use minilab::tiers::seed;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{Lab, Server};

mod rows {
    minilab::sql! {
        COUNTED = "SELECT COUNT(*) FROM counters WHERE scope LIKE 'account:%/%'";
        DISCARDED = "SELECT COUNT(*) FROM blobs WHERE discarded";
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_was_before_upload_links_is_counted_on_sqlite() {
    what_there_was_is_counted(Server::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_was_before_upload_links_is_counted_on_postgres() {
    what_there_was_is_counted(Server::Postgres).await;
}

/// The first three migrations, in a folder of their own.
fn first_three(server: Server, folder: &Path) {
    let engine = if server == Server::Sqlite { "sqlite" } else { "postgres" };
    let all = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    for entry in std::fs::read_dir(all).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name < "0004" {
            std::fs::copy(&path, folder.join(name)).unwrap();
        }
    }
}

fn uuid(number: u32) -> Uuid {
    Uuid::from_u128((0x018f << 112) + u128::from(number))
}

/// Writes SQL as one engine has it.
struct Filling {
    server: Server,
    sql: String,
}

impl Filling {
    fn id(&self, number: u32) -> String {
        match self.server {
            Server::Sqlite => format!("x'{}'", uuid(number).simple()),
            Server::Postgres => format!("'{}'", uuid(number)),
        }
    }

    fn hash(&self, number: u32) -> String {
        let hex = format!("{number:02x}").repeat(32);
        if self.server == Server::Sqlite { format!("x'{hex}'") } else { format!("'\\x{hex}'") }
    }

    fn insert(&mut self, table: &str, columns: &str, values: &[String]) {
        let columns = if columns.is_empty() { String::new() } else { format!("({columns})") };
        let line = format!("INSERT INTO {table} {columns} VALUES ({});\n", values.join(", "));
        self.sql.push_str(&line);
    }

    fn accounts(&mut self) {
        for tier in seed::tiers() {
            let rest = "NULL, 2, NULL, 1000000, TRUE, TRUE, 300, 30000, TRUE, TRUE, TRUE, FALSE";
            self.insert("tiers", "", &[format!("'{}'", tier.name), rest.to_owned()]);
        }
        let lab = self.id(99);
        self.insert("lab", "id, pixels_version", &[lab, "1000".to_owned()]);
        for (number, name) in [(1, "ada"), (2, "bob")] {
            let values = [self.id(number), format!("'{name}', 'premium', FALSE, FALSE, 1")];
            self.insert("accounts", "id, name, tier, is_admin, suspended, created_ms", &values);
        }
    }

    fn blobs(&mut self) {
        for (number, format, model, is_doomed) in [
            (11, "jpeg", "'X-T5'".to_owned(), false),
            (12, "jpeg", format!("'{}'", "m".repeat(300)), false),
            (13, "png", "NULL".to_owned(), false),
            (14, "bmp", "'changes'".to_owned(), false),
            (15, "gif", "NULL".to_owned(), true),
        ] {
            let columns = "id, hash, generation, bytes, doomed, format, width, height, frames,
                orientation, has_alpha, decode_bytes, model, created_ms";
            let values = [
                self.id(number),
                self.hash(number),
                self.id(number + 50),
                format!("{number}00, {is_doomed}, '{format}', 9, 9, 1, 1, FALSE, 1, {model}, 1"),
            ];
            self.insert("blobs", columns, &values);
        }
    }

    fn images(&mut self, now_ms: i64) {
        const DAY_MS: i64 = 24 * 3_600_000;
        for (number, account, blob, days) in
            [(21, 1, 11, 0), (22, 1, 12, 1), (23, 1, 13, 40), (24, 2, 11, 1), (25, 2, 14, 0)]
        {
            let columns =
                "id, account_id, scope_id, blob_id, filename, state, created_ms, ready_ms";
            let account = self.id(account);
            let rest = format!("'a', 'ready', {}, 1", now_ms - days * DAY_MS);
            let values = [self.id(number), account.clone(), account, self.id(blob), rest];
            self.insert("images", columns, &values);
        }
    }

    /// What the version of then counted.
    fn counters(&mut self) {
        let account = |number| format!("account:{}", uuid(number).simple());
        for (table, column, scope, name, value) in [
            ("counters", "value", account(1), "images", 2),
            ("counter_deltas", "delta", account(1), "images", 1),
            ("counters", "value", account(1), "bytes", 3600),
            ("counters", "value", account(1), "changes", 9),
            ("counter_deltas", "delta", account(2), "images", 2),
            ("counter_deltas", "delta", account(2), "bytes", 2500),
            ("counters", "value", "lab".to_owned(), "stored_bytes", 4000),
            ("counter_deltas", "delta", "lab".to_owned(), "stored_bytes", 1000),
        ] {
            let values = [format!("'{scope}', '{name}', {value}")];
            self.insert(table, &format!("scope, name, {column}"), &values);
        }
    }

    fn jobs(&mut self, now_ms: i64) {
        let columns = "id, kind, payload, blob_id, state, priority, vtime, attempts, run_at_ms,
            lease, created_ms, finished_ms";
        let done = "1, 1, 1, 1, 1, 1, 1";
        for (number, state) in
            [(31, "succeeded"), (32, "succeeded"), (33, "cancelled"), (34, "failed")]
        {
            let job = format!("'sweep', '{{\"kind\":\"sweep\"}}', NULL, '{state}', {done}");
            let values = [self.id(number), job];
            self.insert("jobs", columns, &values);
        }
        let payload = format!("{{\"kind\":\"delete_blob\",\"blob\":\"{}\"}}", uuid(15));
        let values = [
            self.id(35),
            format!("'delete_blob', '{payload}'"),
            self.id(15),
            format!("'pending', 1, 1, 1, {now_ms} + 86400000, 1, 1, NULL"),
        ];
        self.insert("jobs", columns, &values);
    }
}

/// Two accounts with five images of four blobs.
async fn prepare(server: Server, config: &Config) {
    let folder = tempfile::tempdir().unwrap();
    first_three(server, folder.path());
    let migrator = Migrator::new(folder.path()).await.unwrap();
    let now_ms = minilab::clock::Clock::default().now_ms();
    let mut filling = Filling { server, sql: String::new() };
    filling.accounts();
    filling.blobs();
    filling.images(now_ms);
    filling.counters();
    filling.jobs(now_ms);
    let sql = sqlx::raw_sql(AssertSqlSafe(filling.sql));
    let blobs = config.data.join("blobs");
    std::fs::create_dir_all(&blobs).unwrap();
    std::fs::write(blobs.join(minilab::blobs::LAB_FILE), uuid(99).to_string()).unwrap();
    if server == Server::Sqlite {
        let path = config.data.join("minilab.db");
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut conn = options.connect().await.unwrap();
        migrator.run(&mut conn).await.unwrap();
        conn.execute(sql).await.unwrap();
        conn.close().await.unwrap();
    } else {
        let mut conn = PgConnection::connect(&config.database.url).await.unwrap();
        migrator.run(&mut conn).await.unwrap();
        conn.execute(sql).await.unwrap();
        conn.close().await.unwrap();
    }
}

async fn what_there_was_is_counted(server: Server) {
    let lab = Lab::upon(server, |_| {}, async |config| prepare(server, config).await).await;
    // The files of the blobs are not there, and nothing else is wrong.
    let found = lab.differences().await;
    let (files, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|line| line.contains("the file is missing"));
    assert_eq!((files.len(), others), (4, Vec::new()));
    assert_eq!((lab.number(rows::COUNTED).await, lab.number(rows::DISCARDED).await), (14, 0));

    let root = lab.admin("root").await;
    let stats = lab.get(&root, "/api/v1/stats").await.json();
    for (name, value) in [
        ("images", 5),
        ("unknown_cameras", 1),
        ("other_cameras", 0),
        ("bytes_uploaded", 1100 + 1200 + 1300 + 1100 + 1400),
        ("bytes_stored", 5000),
        ("bytes_saved", 1100),
    ] {
        assert_eq!(stats[name], value, "{name}");
    }
    let pairs = |what: &str, name: &str| {
        let pairs = stats[what].as_array().unwrap().iter();
        pairs.map(|one| json!([one[name], one["count"]])).collect::<Value>()
    };
    assert_eq!(pairs("formats", "format"), json!([["jpeg", 3], ["bmp", 1], ["png", 1]]));
    let long = "m".repeat(200);
    assert_eq!(pairs("cameras", "model"), json!([["X-T5", 2], ["changes", 1], [long, 1]]));
    let days = stats["days"].as_array().unwrap();
    assert_eq!((&days[29]["count"], &days[28]["count"]), (&json!(2), &json!(2)));
    let jobs = &stats["jobs"];
    assert_eq!(
        (&jobs["succeeded"], &jobs["cancelled"], &jobs["failed"], &jobs["pending"]),
        (&json!(2), &json!(1), &json!(1), &json!(1))
    );
    let tier = lab.get(&root, "/api/v1/tiers/premium").await.json();
    let everything = json!({"original": true, "location": true, "delete_after": null});
    assert_eq!(tier["keeping"], everything);
}
