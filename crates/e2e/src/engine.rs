//! The two databases that every story is told on.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use uuid::Uuid;

use crate::variable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The default: a file in the data directory.
    Sqlite,
    /// The server that `TEST_POSTGRES_URL` names.
    Postgres,
}

/// A database of one story alone; gone when this is dropped.
pub struct Database {
    /// Nothing for SQLite: then it lies in the data directory.
    server: Option<(PgConnectOptions, String)>,
}

impl Database {
    pub fn create(engine: Engine) -> Self {
        if engine == Engine::Sqlite {
            return Self { server: None };
        }
        let url = variable("TEST_POSTGRES_URL")
            .expect("TEST_POSTGRES_URL: the address of a PostgreSQL server for tests");
        let server = PgConnectOptions::from_str(&url).expect("TEST_POSTGRES_URL is a URL");
        let name = format!("t_{}", Uuid::now_v7().simple());
        run(&server, format!("CREATE DATABASE {name}")).expect("making a database");
        Self { server: Some((server, name)) }
    }

    /// What `MINILAB__DATABASE__URL` has to be, if anything.
    pub fn url(&self) -> Option<String> {
        let (server, name) = self.server.as_ref()?;
        // In the clear: a story reads from a trace what is sent.
        let options = server.clone().database(name).ssl_mode(PgSslMode::Disable);
        Some(options.to_url_lossy().to_string())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            let dropped = run(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            if let Err(error) = dropped {
                eprintln!("could not drop {name}: {error}");
            }
        }
    }
}

fn run(server: &PgConnectOptions, statement: String) -> sqlx::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut conn = PgConnection::connect_with(server).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut conn).await?;
        conn.close().await
    })
}
