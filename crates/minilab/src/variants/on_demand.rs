//! Waiting for a variant: made once, however many ask.

use std::time::Duration;

use axum::http::HeaderMap;
use uuid::Uuid;

use super::{Variant, latest, of_blob, sql};
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::images::{self, Image, State};
use crate::jobs::{self, Job};
use crate::tiers::Preset;
use crate::waiting::Waiting;
use crate::{execute, fetch_optional};

pub const WAIT_SECS_MAX: u64 = 30;

/// How long the caller is ready to wait.
pub fn patience(headers: &HeaderMap, default_secs: u64) -> Duration {
    let wanted = headers.get_all("prefer").iter().find_map(|value| {
        value.to_str().ok()?.split([',', ';']).find_map(|preference| {
            let (name, secs) = preference.split_once('=')?;
            let secs = secs.trim().trim_matches('"').parse::<u64>().ok()?;
            name.trim().eq_ignore_ascii_case("wait").then_some(secs)
        })
    });
    Duration::from_secs(wanted.unwrap_or(default_secs).min(WAIT_SECS_MAX))
}

/// The variant, if need be after having it made; nothing when it is not there in time.
/// `may_make` is false for HEAD and ranges.
pub async fn obtain(
    app: &App,
    caller: &Caller,
    id: Uuid,
    preset: &Preset,
    patience: Duration,
    may_make: bool,
) -> Result<Option<Variant>, Problem> {
    let mut waiting = Waiting::new(app, if may_make { patience } else { Duration::ZERO });
    let mut asked = false;
    loop {
        waiting.ring_me();
        let image = images::routes::find_own(app, caller, id).await?;
        let (blob, version) = (image.blob_id, preset.version);
        let job = Job::MakeVariant { blob, preset: preset.name.clone(), version };
        match look(app, &image, preset, &job).await? {
            Look::Made(variant) => return Ok(Some(variant)),
            Look::Missing if may_make && !asked => {
                ask(app, caller, image.id, job).await?;
                asked = true;
            }
            Look::Missing | Look::Underway => {}
        }
        if !waiting.wait().await {
            return Ok(None);
        }
    }
}

enum Look {
    Made(Variant),
    /// A job is at it, or will be.
    Underway,
    Missing,
}

async fn look(app: &App, image: &Image, preset: &Preset, job: &Job) -> Result<Look, Problem> {
    match image.state {
        State::Processing => return Ok(Look::Underway),
        State::Failed => {
            let detail = image.error_detail.clone().unwrap_or_default();
            return Err(Problem::unprocessable("image_failed", detail)
                .with("cause", image.error_code.clone()));
        }
        State::Ready => {}
    }
    let mut conn = app.db.read().await?;
    if !preset.eager {
        // What another owner of the same bytes had made is not there until one asks for it, too:
        // an answer would tell about them.
        let asked =
            fetch_optional!(&mut conn, (String,), sql::SELECT_ASKED, image.id, &preset.name)?;
        if asked.is_none() {
            return Ok(Look::Missing);
        }
    }
    let made = of_blob(&mut conn, image.blob_id).await?;
    if let Some(variant) = latest(&made, image.blob_id, &preset.name) {
        return Ok(Look::Made(variant.clone()));
    }
    let key = job.unique_key();
    let last = fetch_optional!(&mut conn, (String, Option<String>), jobs::sql::SELECT_BY_KEY, key)?;
    match last {
        Some((state, error)) if state == "failed" => {
            let detail = error.unwrap_or_default();
            Err(Problem::unprocessable("variant_failed", detail))
        }
        Some((state, _)) if matches!(&*state, "pending" | "retry" | "started") => {
            Ok(Look::Underway)
        }
        _ => Ok(Look::Missing),
    }
}

async fn ask(app: &App, caller: &Caller, image: Uuid, job: Job) -> Result<(), Problem> {
    let Job::MakeVariant { preset, .. } = &job else { return Ok(()) };
    let args = (image, preset.clone(), job, caller.account.id, app.clock.now_ms());
    app.db
        .write(args, |tx, (image, preset, job, account, now_ms)| {
            Box::pin(async move {
                execute!(tx, sql::INSERT_ASKED, *image, preset)?;
                jobs::enqueue(tx, job, Some(*account), *now_ms).await
            })
        })
        .await?;
    app.work.ring();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefer_wait_changes_the_patience_within_bounds() {
        for (prefer, secs) in [
            (None, 10),
            (Some("wait=3"), 3),
            (Some("respond-async, wait=5"), 5),
            (Some("wait=0"), 0),
            (Some("wait=99999"), 30),
            (Some("wait=-1"), 10),
            (Some("waiting=3"), 10),
        ] {
            let headers = prefer.map(|value| ("prefer".parse().unwrap(), value.parse().unwrap()));
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(patience(&headers, 10), Duration::from_secs(secs), "{prefer:?}");
        }
    }
}
