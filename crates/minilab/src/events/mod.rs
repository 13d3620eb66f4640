//! Events: what happened, as rows written in the transaction of what happened.
//!
//! An event holds ids and facts, and neither file names nor addresses nor places. Whoever reads them (the audit
//! log does) reads these rows; nothing is written for a reader alone. An event is numbered once it is
//! committed, under a lock: who has seen a number never finds a smaller one later.

mod config;
mod kind;
pub mod sql;
mod watchers;

use serde_json::{Value, json};
use uuid::Uuid;

pub use config::EventsConfig;
pub use kind::EventKind;
pub use watchers::Watchers;

use crate::db::{Conn, Db};
use crate::http::request_id;
use crate::ids::{AccountId, ImageId};
use crate::{execute, fetch_all, fetch_one, fetch_optional};

/// Rows numbered, or removed, in one transaction.
const STRETCH: i64 = 1000;

/// Actor, who changes something by hand, and when.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The nil id is whoever has a shell on the machine of the lab.
    pub account: AccountId,
    pub request_id: Option<String>,
    pub now_ms: i64,
}

impl Actor {
    pub fn new(account: AccountId, now_ms: i64) -> Self {
        Self { account, request_id: request_id::current(), now_ms }
    }

    /// Whoever has a shell; no account of the lab.
    pub fn shell(now_ms: i64) -> Self {
        Self { account: AccountId::nil(), request_id: None, now_ms }
    }
}

/// Event, one thing that happened.
#[derive(Clone, Debug)]
pub struct Event {
    kind: EventKind,
    at_ms: i64,
    account: Option<AccountId>,
    image: Option<ImageId>,
    actor: Option<Actor>,
    subject: Option<String>,
    data: Value,
}

impl Event {
    /// Something that happened by itself, or as its owner asked.
    pub fn new(kind: EventKind, at_ms: i64) -> Self {
        let (account, image, actor, subject) = (None, None, None, None);
        Self { kind, at_ms, account, image, actor, subject, data: json!({}) }
    }

    /// Something that an admin changed: it stands in the audit log.
    pub fn by(actor: &Actor, kind: EventKind) -> Self {
        Self { actor: Some(actor.clone()), ..Self::new(kind, actor.now_ms) }
    }

    /// Whose it is, or which account was changed.
    #[must_use]
    pub fn of(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    #[must_use]
    pub fn image(self, image: ImageId) -> Self {
        Self { image: Some(image), ..self }
    }

    /// The name of a tier or a preset, or the id of what has neither an account nor an image.
    #[must_use]
    pub fn subject(self, subject: &(impl ToString + ?Sized)) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }

    /// What is now, or what it was that is gone; never a secret.
    #[must_use]
    pub fn data(self, data: Value) -> Self {
        Self { data, ..self }
    }
}

/// Writes an event, in the transaction of what happened.
pub async fn record(tx: &mut Conn, event: &Event) -> sqlx::Result<()> {
    let actor = event.actor.as_ref();
    execute!(
        tx,
        sql::INSERT,
        Uuid::now_v7(),
        event.at_ms,
        event.kind.as_str(),
        event.account,
        event.image,
        actor.map(|actor| actor.account),
        actor.and_then(|actor| actor.request_id.as_deref()),
        event.subject.as_deref(),
        event.data.to_string(),
    )
    .map(|_| ())
}

/// Blanks what names an account that is deleted: its events keep their ids and their time.
pub async fn blank(tx: &mut Conn, account: AccountId) -> sqlx::Result<()> {
    execute!(tx, sql::BLANK, account).map(|_| ())
}

/// Stored event, as readers get it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct StoredEvent {
    pub seq: i64,
    pub id: Uuid,
    pub at_ms: i64,
    pub kind: String,
    pub account_id: Option<AccountId>,
    pub image_id: Option<ImageId>,
    pub data: String,
    /// An admin changed something: it stands in the audit log.
    pub is_by_hand: bool,
}

/// The events behind a number, oldest first, at most `limit`. Those that were just committed are among them.
pub async fn after(db: &Db, seq: i64, limit: i64) -> sqlx::Result<Vec<StoredEvent>> {
    publish(db).await?;
    fetch_all!(&mut db.read().await?, StoredEvent, sql::SELECT_AFTER, seq, limit)
}

/// The same of an account, that nobody did by hand to it.
pub async fn after_of(
    db: &Db,
    account: AccountId,
    seq: i64,
    limit: i64,
) -> sqlx::Result<Vec<StoredEvent>> {
    publish(db).await?;
    fetch_all!(&mut db.read().await?, StoredEvent, sql::SELECT_AFTER_OF, account, seq, limit)
}

/// The number of the newest event, of those that were just committed, too.
pub async fn newest(db: &Db) -> sqlx::Result<i64> {
    publish(db).await?;
    let (newest,) = fetch_one!(&mut db.read().await?, (i64,), sql::SELECT_LAST)?;
    Ok(newest)
}

/// Numbers what is committed and has no number yet.
pub async fn publish(db: &Db) -> sqlx::Result<()> {
    while fetch_optional!(&mut db.read().await?, (Uuid,), sql::SELECT_UNPUBLISHED)?.is_some() {
        db.write((), |tx, ()| {
            Box::pin(async move {
                // Whoever numbers next waits here for our commit, and then sees our numbers.
                let (last,) = fetch_one!(tx, (i64,), sql::LOCK_LAST)?;
                let numbered = execute!(tx, sql::NUMBER, last, STRETCH)?;
                execute!(tx, sql::SET_LAST, last + numbered as i64)
            })
        })
        .await?;
    }
    Ok(())
}

/// Removes events that are older than they are kept.
pub async fn prune(db: &Db, config: &EventsConfig, now_ms: i64) -> sqlx::Result<()> {
    for (sql, days) in [(sql::PRUNE, config.kept_days), (sql::PRUNE_AUDIT, config.audit_kept_days)]
    {
        let before_ms = (now_ms - i64::from(days) * 86_400_000).max(0) as u64;
        let first = uuid::Builder::from_unix_timestamp_millis(before_ms, &[0; 10]).into_uuid();
        let stretch = move || {
            db.write((sql, first), |tx, &(sql, first)| {
                Box::pin(async move { execute!(tx, sql, first, STRETCH) })
            })
        };
        while stretch().await? == STRETCH as u64 {}
    }
    Ok(())
}
