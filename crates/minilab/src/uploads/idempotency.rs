//! `Idempotency-Key`: a request that is sent again gets the answer it got before.
//!
//! The key is taken by a row before the body is read. What identifies the body is its files, by name
//! and content: a client that tries again may choose another boundary.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::batch::UploadItem;
use super::sql;
use crate::accounts::Caller;
use crate::app::App;
use crate::db::{Conn, Db};
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::{AccountId, ImageId};
use crate::{execute, fetch_optional, images};

const HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;
/// Answers are kept for a day.
const KEPT_MS: i64 = 24 * 3600 * 1000;
/// An answer may be forgotten under our hands; more often than this is no accident.
const ROUNDS_MAX: u32 = 3;

/// What the key says about a request.
pub(super) enum Once {
    /// There is no key.
    Any,
    First(KeyReservation),
    Again(Answered),
}

/// The right to answer for a key. Dropped without an answer, it gives the key back.
pub(super) struct KeyReservation {
    app: App,
    account: AccountId,
    key: String,
    is_settled: bool,
}

/// What the first request with the key brought and got.
#[derive(Clone)]
pub(super) struct Answered {
    fingerprint: Vec<u8>,
    status: i64,
    body: String,
}

#[derive(sqlx::FromRow)]
struct AnswerRow {
    fingerprint: Option<Vec<u8>>,
    status: Option<i64>,
    body: Option<String>,
}

/// Takes the key of the request, if it has one.
pub(super) async fn begin(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
) -> Result<Once, Problem> {
    let Some(key) = read_key(headers)? else { return Ok(Once::Any) };
    let account = caller.account.id;
    // Keys of a link's holders are apart: no key that is sent has a space.
    let key = match &caller.link {
        Some(link) => format!("{} {key}", link.id.simple()),
        None => key,
    };
    for _ in 0..ROUNDS_MAX {
        let args = (account, key.clone(), app.spool.process_id.clone(), app.clock.now_ms());
        let taken = app.db.write(args, |tx, (account, key, worker, now_ms)| {
            Box::pin(
                async move { execute!(tx, sql::INSERT_ANSWER, *account, key, worker, *now_ms) },
            )
        });
        if taken.await? == 1 {
            return Ok(Once::First(KeyReservation {
                app: app.clone(),
                account,
                key,
                is_settled: false,
            }));
        }
        let mut conn = app.db.read().await?;
        let row = fetch_optional!(&mut conn, AnswerRow, sql::SELECT_ANSWER, account, &key)?;
        let Some(AnswerRow { fingerprint: Some(fingerprint), status: Some(status), body }) = row
        else {
            break;
        };
        let answered = Answered { fingerprint, status, body: body.unwrap_or_default() };
        if answered.is_true(&mut conn, account).await? {
            return Ok(Once::Again(answered));
        }
        // An image it speaks of was deleted: this request is the first one again.
        drop(conn);
        app.db
            .write((account, key.clone(), answered), |tx, (account, key, answered)| {
                let print = &answered.fingerprint[..];
                Box::pin(async move { execute!(tx, sql::FORGET_ANSWER, *account, key, print) })
            })
            .await?;
    }
    // Under way; or given back this moment, and the next try will have it.
    let detail = "a request with this Idempotency-Key is still under way";
    Err(Problem::new(Code::RequestInFlight, detail).retry_after(1))
}

fn read_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| {
        (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let detail = "Idempotency-Key: 1 to 255 visible ASCII characters, such as a UUID";
    let key = key.ok_or_else(|| Problem::new(Code::BadIdempotencyKey, detail))?;
    Ok(Some(key.to_owned()))
}

impl KeyReservation {
    /// Keeps the answer, unless trying again could bring a better one.
    pub(super) async fn settle(
        mut self,
        items: &[UploadItem],
        status: StatusCode,
        body: &Value,
    ) -> Result<(), Problem> {
        let is_passing = |status: StatusCode| {
            matches!(status, StatusCode::BAD_REQUEST | StatusCode::REQUEST_TIMEOUT)
                || status.is_server_error()
        };
        let mut problems = items.iter().filter_map(|item| item.outcome.as_ref().err());
        if problems.any(|problem| is_passing(problem.status)) {
            return Ok(());
        }
        let args = (
            (self.account, self.key.clone(), self.app.spool.process_id.clone()),
            fingerprint(items),
            i64::from(status.as_u16()),
            body.to_string(),
        );
        self.app
            .db
            .write(args, |tx, ((account, key, worker), fingerprint, status, body)| {
                Box::pin(async move {
                    let print = &fingerprint[..];
                    execute!(tx, sql::SETTLE_ANSWER, *account, key, worker, print, *status, body)
                })
            })
            .await?;
        self.is_settled = true;
        Ok(())
    }
}

impl Drop for KeyReservation {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let (app, account, key) = (self.app.clone(), self.account, std::mem::take(&mut self.key));
        crate::spawn(async move {
            let args = (account, key, app.spool.process_id.clone());
            let given_back = app.db.write(args, |tx, (account, key, worker)| {
                Box::pin(async move { execute!(tx, sql::GIVE_BACK_ANSWER, *account, key, worker) })
            });
            if let Err(error) = given_back.await {
                tracing::warn!(%error, "an idempotency key stays taken until it expires");
            }
        });
    }
}

impl Answered {
    /// Whether every image it speaks of is still there.
    async fn is_true(&self, conn: &mut Conn, account: AccountId) -> Result<bool, Problem> {
        let body: Value = serde_json::from_str(&self.body).map_err(anyhow::Error::from)?;
        let items = body["items"].as_array().map_or(&[][..], Vec::as_slice);
        let ids = items.iter().filter_map(|item| item["id"].as_str()?.parse::<ImageId>().ok());
        for id in ids {
            if images::find(conn, account, id).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The answer of before, if `items` are what it answered.
    pub(super) fn replay<T>(self, items: &[UploadItem<T>]) -> Result<(StatusCode, Value), Problem> {
        if fingerprint(items)[..] != self.fingerprint {
            let detail = "this Idempotency-Key came with other files before; choose a new key";
            return Err(Problem::new(Code::IdempotencyKeyReused, detail));
        }
        let status = u16::try_from(self.status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let status = status.ok_or_else(|| anyhow::anyhow!("stored status {}", self.status))?;
        Ok((status, serde_json::from_str(&self.body).map_err(anyhow::Error::from)?))
    }
}

/// The same for the same files in the same order.
fn fingerprint<T>(items: &[UploadItem<T>]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for UploadItem { filename, hash, outcome } in items {
        hasher.update(&(filename.len() as u64).to_le_bytes()).update(filename.as_bytes());
        let code = match (hash, outcome) {
            (Some(hash), _) => &hash[..],
            (None, Err(problem)) => problem.code.as_str().as_bytes(),
            (None, Ok(_)) => &[],
        };
        hasher.update(&(code.len() as u64).to_le_bytes()).update(code);
    }
    *hasher.finalize().as_bytes()
}

/// Gives back the keys that processes held when they died.
pub async fn take_back(db: &Db, dead: Vec<String>) -> anyhow::Result<()> {
    db.write(dead, |tx, dead| {
        Box::pin(async move {
            for worker in dead {
                execute!(tx, sql::GIVE_BACK_ANSWERS_OF, worker)?;
            }
            anyhow::Ok(())
        })
    })
    .await
}

/// Forgets answers that nobody will ask for again.
pub async fn forget(app: &App) -> anyhow::Result<()> {
    let before_ms = app.clock.now_ms() - KEPT_MS;
    app.db
        .write(before_ms, |tx, before_ms| {
            Box::pin(async move { execute!(tx, sql::DELETE_ANSWERS, *before_ms).map(|_| ()) })
        })
        .await?;
    Ok(())
}
