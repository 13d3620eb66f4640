//! The one connection that writes to SQLite, with group commit.
//!
//! Waiting bodies run one after the other, each under its own savepoint, and share one COMMIT: the
//! price of a durable write (an fsync) is paid once for all who wait. Nobody is answered before it.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::{Conn, Undecided};

/// How many bodies may share one commit, and how many may wait for their turn.
const GROUP_MAX: usize = 128;
const WAITING_MAX: usize = 1024;

#[derive(Clone)]
pub struct Writer {
    waiting: mpsc::Sender<Box<dyn Write>>,
}

/// A body with its types erased, so that bodies of every kind queue together.
trait Write: Send {
    /// Runs the body; true keeps what it wrote.
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, bool>;
    /// Answers the caller, after the commit that `failure` speaks of.
    fn answer(self: Box<Self>, failure: Option<&Failure>);
}

struct Pending<A, T, E, F> {
    args: A,
    body: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<A, T, E, F> Write for Pending<A, T, E, F>
where
    A: Send + Sync,
    T: Send,
    E: From<sqlx::Error> + Send,
    F: for<'a> Fn(&'a mut Conn, &'a A) -> BoxFuture<'a, Result<T, E>> + Send + Sync,
{
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            // A body that panics must not take the only writer with it.
            let outcome = AssertUnwindSafe((self.body)(conn, &self.args)).catch_unwind().await;
            self.outcome = Some(outcome.unwrap_or_else(|_| Err(failed("a write panicked").into())));
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, failure: Option<&Failure>) {
        let outcome = match (self.outcome, failure) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (_, Some(failure)) => Err(failure.error().into()),
            (None, None) => Err(failed("the write did not run").into()),
        };
        // The caller may have gone; what it asked for is committed all the same.
        let _ = self.reply.send(outcome);
    }
}

/// Why nothing of a group may have been committed.
struct Failure {
    why: String,
    /// The COMMIT was under way: some of it may be on the disk.
    is_undecided: bool,
}

impl Failure {
    fn error(&self) -> sqlx::Error {
        let error = failed(&self.why);
        if self.is_undecided { Undecided(error).into() } else { error }
    }
}

fn failed(why: &str) -> sqlx::Error {
    sqlx::Error::Protocol(why.to_owned())
}

impl Writer {
    /// Starts the writer task; it ends when the last handle is dropped or closed.
    pub fn start(conn: SqliteConnection) -> Self {
        let (waiting, inbox) = mpsc::channel(WAITING_MAX);
        crate::spawn(serve(Conn::SqliteWriter(conn), inbox));
        Self { waiting }
    }

    pub async fn write<A, T, E, F>(&self, args: A, body: F) -> Result<T, E>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
        F: for<'a> Fn(&'a mut Conn, &'a A) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let pending = Pending { args, body, outcome: None, reply };
        if self.waiting.send(Box::new(pending)).await.is_err() {
            return Err(sqlx::Error::PoolClosed.into());
        }
        answer
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::from(Undecided(sqlx::Error::PoolClosed)).into()))
    }

    /// Waits until all writes sent before are answered.
    pub async fn close(&self) {
        let flushed: sqlx::Result<()> =
            self.write((), |_, ()| Box::pin(std::future::ready(Ok(())))).await;
        if let Err(error) = flushed {
            tracing::warn!(%error, "the last commit failed");
        }
    }
}

async fn serve(mut conn: Conn, mut inbox: mpsc::Receiver<Box<dyn Write>>) {
    while let Some(first) = inbox.recv().await {
        let mut group = Vec::with_capacity(8);
        let failure = match run_group(&mut conn, first, &mut inbox, &mut group).await {
            Err(error) => Some((error, false)),
            Ok(()) => {
                let committed = command(&mut conn, "COMMIT").await;
                committed.err().map(|error| {
                    let is_undecided = !is_full(&error);
                    (error, is_undecided)
                })
            }
        };
        if let Some((error, _)) = &failure {
            tracing::error!(%error, "a group of writes failed and was undone");
            let _ = command(&mut conn, "ROLLBACK").await;
        }
        let failure =
            failure.map(|(error, is_undecided)| Failure { why: error.to_string(), is_undecided });
        for write in group {
            write.answer(failure.as_ref());
        }
    }
}

/// A COMMIT for which there was no room did not happen: SQLITE_FULL.
fn is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("13")
}

/// Runs `first` and whoever waits behind it, moving each into `group`; they are to be committed together.
async fn run_group(
    conn: &mut Conn,
    first: Box<dyn Write>,
    inbox: &mut mpsc::Receiver<Box<dyn Write>>,
    group: &mut Vec<Box<dyn Write>>,
) -> sqlx::Result<()> {
    let mut next = Some(first);
    command(conn, "BEGIN IMMEDIATE").await.inspect_err(|_| group.extend(next.take()))?;
    while let Some(mut write) = next {
        let ran = run_under_savepoint(conn, write.as_mut()).await;
        group.push(write);
        ran?;
        next = if group.len() < GROUP_MAX { inbox.try_recv().ok() } else { None };
    }
    Ok(())
}

async fn run_under_savepoint(conn: &mut Conn, write: &mut dyn Write) -> sqlx::Result<()> {
    command(conn, "SAVEPOINT body").await?;
    if !write.run(conn).await {
        command(conn, "ROLLBACK TO body").await?;
    }
    command(conn, "RELEASE body").await
}

async fn command(conn: &mut Conn, text: &'static str) -> sqlx::Result<()> {
    let Conn::SqliteWriter(conn) = conn else {
        return Err(failed("not the writer"));
    };
    sqlx::query(text).execute(conn).await.map(|_| ())
}
