//! Waiting for a variant: made once, however many ask.

use std::time::Duration;

use super::{Variant, latest, make, of_blob, owners, remake, sql};
use crate::app::App;
use crate::http::Problem;
use crate::http::code::Code;
use crate::ids::{AccountId, ImageId};
use crate::images::{self, Image, State};
use crate::jobs::{self, Job};
use crate::tiers::Preset;
use crate::waiting::Waiting;
use crate::{execute, fetch_optional};

/// The variant, if need be after having it made; nothing when it is not there in time.
/// `may_make` is false for HEAD and ranges. Who asks was allowed to see the image.
pub async fn obtain(
    app: &App,
    owner: AccountId,
    id: ImageId,
    preset: &Preset,
    patience: Duration,
    may_make: bool,
) -> Result<Option<Variant>, Problem> {
    let mut waiting = Waiting::new(app, owner, if may_make { patience } else { Duration::ZERO });
    let mut asked = false;
    loop {
        waiting.subscribe();
        let image = images::find(&mut app.db.read().await?, owner, id).await?;
        let image = image.ok_or_else(|| Problem::not_found("image"))?;
        let (blob, version) = (image.blob_id, preset.version);
        let job = Job::MakeVariant { blob, preset: preset.name.clone(), version };
        match find_available(app, &image, preset, &job).await? {
            Availability::Made(variant) => return Ok(Some(variant)),
            Availability::Missing if may_make && !asked => {
                remake::require_original(app, &image).await?;
                asked = ask(app, &image, job).await?;
            }
            Availability::Missing | Availability::Underway => {}
        }
        if !waiting.wait().await {
            return Ok(None);
        }
    }
}

enum Availability {
    Made(Variant),
    /// A job is at it, or will be.
    Underway,
    Missing,
}

async fn find_available(
    app: &App,
    image: &Image,
    preset: &Preset,
    job: &Job,
) -> Result<Availability, Problem> {
    match image.state {
        State::Processing => return Ok(Availability::Underway),
        State::Failed => {
            let detail = image.error_detail.clone().unwrap_or_default();
            return Err(
                Problem::new(Code::ImageFailed, detail).with("cause", image.error_code.clone())
            );
        }
        State::Ready => {}
    }
    let mut conn = app.db.read().await?;
    if !preset.eager {
        // What another owner of the same bytes had made is not there until one asks for it, too:
        // an answer would tell about them.
        let asked =
            fetch_optional!(&mut conn, (String,), sql::SELECT_ASKED, image.id, &preset.name)?;
        if asked.is_none() && image.blob.discarded {
            return Err(images::discarded());
        }
        if asked.is_none() {
            return Ok(Availability::Missing);
        }
    }
    let made = of_blob(&mut conn, image.blob_id).await?;
    if let Some(variant) = latest(&made, image.blob_id, &preset.name) {
        return Ok(Availability::Made(variant.clone()));
    }
    if image.blob.discarded {
        return Err(images::discarded());
    }
    let key = job.unique_key();
    let last = fetch_optional!(&mut conn, (String, Option<String>), jobs::sql::SELECT_BY_KEY, key)?;
    match last {
        Some((state, error)) if state == "failed" => {
            let detail = error.unwrap_or_default();
            let is_lost = [Code::OriginalLost, Code::OriginalDamaged];
            if is_lost.iter().any(|code| detail.starts_with(code.as_str())) {
                // It may have been put back since.
                remake::require_original(app, image).await?;
                return Ok(Availability::Missing);
            }
            Err(Problem::new(Code::VariantFailed, detail))
        }
        Some((state, _)) if jobs::is_live_state(&state) => Ok(Availability::Underway),
        _ => Ok(Availability::Missing),
    }
}

/// Enqueues the job; false while the blob is being refined, which may bring the variant.
pub async fn ask(app: &App, image: &Image, job: Job) -> Result<bool, Problem> {
    let Job::MakeVariant { blob, preset, .. } = &job else { return Ok(false) };
    let refining = jobs::refine_key(*blob);
    let (owner, now_ms) = (image.account_id, app.clock.now_ms());
    let args = (image.id, *blob, preset.clone(), job, refining, owner, now_ms);
    let asked = app
        .db
        .write(args, |tx, (image, blob, preset, job, refining, account, now_ms)| {
            Box::pin(async move {
                // The picture is being deleted: the next look says so.
                if !make::lock(tx, *blob).await? {
                    return Ok(false);
                }
                execute!(tx, sql::INSERT_ASKED, *image, preset)?;
                // It may be there for another owner of the same bytes.
                owners::recount_owners(tx, *blob).await?;
                // A waiting one is held back until ours can be seen: it leaves that variant to us.
                let refining =
                    fetch_optional!(tx, (String,), jobs::sql::LOCK_LIVE_BY_KEY, refining)?;
                if refining.is_some_and(|(state,)| state == "started") {
                    return Ok(false);
                }
                jobs::enqueue_for(tx, job, *account, *image, *now_ms).await?;
                Ok::<_, anyhow::Error>(true)
            })
        })
        .await?;
    Ok(asked)
}
