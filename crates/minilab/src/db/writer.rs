//! The one connection that writes to SQLite, with group commit.
//!
//! Waiting bodies run one after the other, each under its own savepoint, and share one COMMIT: the
//! price of a durable write (an fsync) is paid once for all who wait. Nobody is answered before it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::full::is_full_database;
use super::reserve::Reserve;
use super::{Changes, Conn, Undecided};

/// How many bodies may share one commit, and how many may wait for their turn.
const GROUP_MAX: usize = 128;
const WAITING_MAX: usize = 1024;
/// How long after the reserve was given up it is taken again.
const REFILL: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct SqliteWriter {
    waiting: mpsc::Sender<Box<dyn Write>>,
    /// Cancelled when no more is to be written.
    stop: CancellationToken,
    /// Cancelled when the connection is closed.
    closed: CancellationToken,
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
    outcome: Option<Result<(T, Changes), E>>,
    reply: oneshot::Sender<Result<(T, Changes), E>>,
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
            let changes = conn.take_changes();
            let outcome = outcome.unwrap_or_else(|_| Err(failed("a write panicked").into()));
            self.outcome = Some(outcome.map(|value| (value, changes)));
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
    error: sqlx::Error,
    /// The COMMIT was under way: some of it may be on the disk.
    is_undecided: bool,
}

impl Failure {
    /// Of a COMMIT. One for which there was no room did not happen.
    fn of_commit(error: sqlx::Error) -> Self {
        let is_undecided = !is_full_database(&error);
        Self { error, is_undecided }
    }

    fn is_full(&self) -> bool {
        is_full_database(&self.error)
    }

    /// The same for each write of the group.
    fn error(&self) -> sqlx::Error {
        let why = self.error.to_string();
        if self.is_full() {
            return std::io::Error::new(std::io::ErrorKind::StorageFull, why).into();
        }
        let error = failed(&why);
        if self.is_undecided { Undecided(error).into() } else { error }
    }
}

/// Before a COMMIT nothing is on the disk.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self { error, is_undecided: false }
    }
}

fn failed(why: &str) -> sqlx::Error {
    sqlx::Error::Protocol(why.to_owned())
}

impl SqliteWriter {
    /// Starts the writer task; it ends when it is closed, or when the last handle is dropped.
    pub(super) fn start(conn: SqliteConnection, reserve: Reserve) -> Self {
        let (waiting, inbox) = mpsc::channel(WAITING_MAX);
        let (stop, closed) = (CancellationToken::new(), CancellationToken::new());
        let ended = closed.clone().drop_guard();
        let serving = serve(
            Conn::SqliteWriter { conn, changes: Changes::default() },
            inbox,
            stop.clone(),
            reserve,
        );
        crate::spawn(async move {
            let _ended = ended;
            if let Err(error) = serving.await {
                tracing::warn!(%error, "the database was not closed cleanly");
            }
        });
        Self { waiting, stop, closed }
    }

    /// What `body` returns, and what it changed.
    pub(super) async fn write<A, T, E, F>(&self, args: A, body: F) -> Result<(T, Changes), E>
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

    /// Answers the writes sent before, and closes the connection: the last one of all processes leaves
    /// one file behind.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.closed.cancelled().await;
    }
}

async fn serve(
    mut conn: Conn,
    mut inbox: mpsc::Receiver<Box<dyn Write>>,
    stop: CancellationToken,
    reserve: Reserve,
) -> sqlx::Result<()> {
    let reserve = Arc::new(reserve);
    let mut given_up = None::<Instant>;
    while let Some(first) = next(&mut inbox, &stop).await {
        let mut group = Vec::with_capacity(8);
        let mut failure = commit_group(&mut conn, first, &mut inbox, &mut group).await.err();
        if failure.is_some() {
            let _ = command(&mut conn, "ROLLBACK").await;
            let held = reserve.clone();
            let is_full = crate::cpu::run(move || Ok(held.give_up_if_full())).await;
            let is_decided = failure.as_ref().is_some_and(|failure| !failure.is_undecided);
            if is_decided && is_full.is_ok_and(|is_full| is_full) {
                given_up = Some(Instant::now());
                // What the log holds is moved out of it, so that it begins anew instead of growing.
                let _ = command(&mut conn, "PRAGMA wal_checkpoint(PASSIVE)").await;
                failure = commit_again(&mut conn, &mut group).await.err();
            }
        }
        match &failure {
            Some(failure) if failure.is_full() => {
                let error = &failure.error;
                tracing::warn!(%error, "a group of writes found no room and was undone");
            }
            Some(Failure { error, .. }) => {
                tracing::error!(%error, "a group of writes failed and was undone");
            }
            None => {}
        }
        for write in group {
            write.answer(failure.as_ref());
        }
        if given_up.is_some_and(|when| when.elapsed() > REFILL) {
            let held = reserve.clone();
            let filled = crate::cpu::run(move || Ok(held.fill())).await;
            // As long as there is none, it is tried again.
            given_up = filled.is_ok_and(|filled| !filled).then(Instant::now);
        }
    }
    // Where others still read, the log stays, empty if they let it be: the last of them removes it.
    let _ = command(&mut conn, "PRAGMA busy_timeout = 1000").await;
    let moved = command(&mut conn, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    let Conn::SqliteWriter { conn, .. } = conn else { return Err(failed("not the writer")) };
    conn.close().await.and(moved)
}

/// The next write; after the end was asked for, those that came before it.
async fn next(
    inbox: &mut mpsc::Receiver<Box<dyn Write>>,
    stop: &CancellationToken,
) -> Option<Box<dyn Write>> {
    tokio::select! {
        write = inbox.recv() => write,
        () = stop.cancelled(), if !inbox.is_closed() => {
            inbox.close();
            inbox.recv().await
        }
    }
}

/// Runs `first` and whoever waits behind it, moving each into `group`, and commits them together.
async fn commit_group(
    conn: &mut Conn,
    first: Box<dyn Write>,
    inbox: &mut mpsc::Receiver<Box<dyn Write>>,
    group: &mut Vec<Box<dyn Write>>,
) -> Result<(), Failure> {
    let mut next = Some(first);
    command(conn, "BEGIN IMMEDIATE").await.inspect_err(|_| group.extend(next.take()))?;
    while let Some(mut write) = next {
        let ran = run_under_savepoint(conn, write.as_mut()).await;
        group.push(write);
        ran?;
        next = if group.len() < GROUP_MAX { inbox.try_recv().ok() } else { None };
    }
    command(conn, "COMMIT").await.map_err(Failure::of_commit)
}

/// Runs and commits a group once more, after it was undone.
async fn commit_again(conn: &mut Conn, group: &mut [Box<dyn Write>]) -> Result<(), Failure> {
    command(conn, "BEGIN IMMEDIATE").await?;
    for write in group {
        if let Err(error) = run_under_savepoint(conn, write.as_mut()).await {
            let _ = command(conn, "ROLLBACK").await;
            return Err(error.into());
        }
    }
    let committed = command(conn, "COMMIT").await;
    if committed.is_err() {
        let _ = command(conn, "ROLLBACK").await;
    }
    committed.map_err(Failure::of_commit)
}

async fn run_under_savepoint(conn: &mut Conn, write: &mut dyn Write) -> sqlx::Result<()> {
    command(conn, "SAVEPOINT body").await?;
    if !write.run(conn).await {
        command(conn, "ROLLBACK TO body").await?;
    }
    command(conn, "RELEASE body").await
}

async fn command(conn: &mut Conn, text: &'static str) -> sqlx::Result<()> {
    let Conn::SqliteWriter { conn, .. } = conn else {
        return Err(failed("not the writer"));
    };
    sqlx::query(text).execute(conn).await.map(|_| ())
}
