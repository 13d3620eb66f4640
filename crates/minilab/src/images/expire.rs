//! Images that go by themselves: when their time is over, or once they were downloaded.

use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use uuid::Uuid;

use super::{delete, sql};
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::http::received::OnReceived;
use crate::ids::{AccountId, ImageId};
use crate::jobs::{self, Job, JobError, Lease};
use crate::{fetch_all, fetch_optional};

/// Asks for the job if an image is due.
pub async fn ask_if_due(app: &App) -> anyhow::Result<()> {
    let now_ms = app.clock.now_ms();
    let mut conn = app.db.read().await?;
    let due = fetch_optional!(&mut conn, (Uuid,), sql::SELECT_ANY_DUE, now_ms)?;
    drop(conn);
    if due.is_some() {
        app.db
            .write(now_ms, |tx, now_ms| Box::pin(jobs::enqueue(tx, &Job::Expire, None, *now_ms)))
            .await?;
    }
    Ok(())
}

/// The job: deletes what is due, as its owner would.
pub async fn expire(app: &App, lease: &Lease) -> Result<(), JobError> {
    let now_ms = app.clock.now_ms();
    loop {
        let mut conn = app.db.read().await?;
        let due = fetch_all!(&mut conn, (ImageId, AccountId), sql::SELECT_DUE, now_ms)?;
        drop(conn);
        if due.is_empty() {
            break;
        }
        for (image, account) in due {
            delete::delete_if_due(app, account, image, now_ms).await?;
        }
    }
    Ok(jobs::complete_alone(&app.db, &app.clock, lease).await?)
}

/// Lets the image go, if one is named, once the whole of `answer` was received. An answer that breaks off
/// before, a part and a look at the headers are no download.
pub fn after_download(
    app: &App,
    image: Option<ImageId>,
    method: &Method,
    mut answer: Response,
) -> Response {
    if let Some(image) = image
        && method == Method::GET
        && is_whole(&answer)
    {
        let app = app.clone();
        answer.extensions_mut().insert(OnReceived::new(move || {
            crate::spawn(downloaded(app.clone(), image));
        }));
    }
    answer
}

/// Whether all bytes are answered, be it as a range.
fn is_whole(answer: &Response) -> bool {
    let range = answer.headers().get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    match (answer.status(), range.and_then(|range| range.strip_prefix("bytes 0-"))) {
        (StatusCode::OK, _) => true,
        (StatusCode::PARTIAL_CONTENT, Some(rest)) => {
            rest.split_once('/').is_some_and(|(to, all)| {
                to.parse::<u64>()
                    .ok()
                    .zip(all.parse::<u64>().ok())
                    .is_some_and(|(to, all)| to + 1 == all)
            })
        }
        _ => false,
    }
}

/// Notes that the whole of an image was received: it goes some minutes later, if it was to go then. What looks received from here may be lost on the other side yet.
pub async fn downloaded(app: App, image: ImageId) {
    let grace_ms = app.config.images.download_grace_secs as i64 * 1000;
    let args = (image, app.clock.now_ms() + grace_ms);
    let noted = app.db.write(args, |tx, &(image, due_ms)| {
        Box::pin(async move {
            let due = fetch_optional!(tx, (AccountId,), sql::SET_DOWNLOADED, image, due_ms)?;
            if let Some((account,)) = due {
                counters::add(tx, CounterScope::Account(account), counters::CHANGES, 1).await?;
            }
            anyhow::Ok(())
        })
    });
    // If it was not noted, it stays until it is downloaded again.
    if let Err(cause) = noted.await {
        tracing::error!(%image, cause = format!("{cause:#}"), "a download was not noted");
    }
}
