//! Variants that newer ones took the place of, and those of presets that are gone.

use std::time::Duration;

use uuid::Uuid;

use super::{make, owners, sql};
use crate::app::App;
use crate::blobs::{BlobKey, Original};
use crate::counters::{self, CounterScope};
use crate::ids::BlobId;
use crate::links::LIFE_SECS_MAX;
use crate::{execute, fetch_all};

/// Old bytes stay as long as a link that names them can live.
const KEPT: Duration = Duration::from_secs(LIFE_SECS_MAX as u64);

/// Hash and generation of the original; preset, version and version of `pixels`; bytes; the blob.
type Old = (Vec<u8>, Uuid, String, i64, i64, i64, BlobId);

/// Removes what nobody can ask for any more, some at a time.
pub async fn prune(app: &App) -> anyhow::Result<()> {
    let before_ms = app.clock.now_ms() - KEPT.as_millis() as i64;
    let old = fetch_all!(&mut app.db.read().await?, Old, sql::SELECT_OLD, before_ms)?;
    for (hash, generation, preset, version, pixels_version, bytes, blob) in old {
        let original = Original { hash, generation };
        let key =
            BlobKey::Variant { original: &original, preset: &preset, version, pixels_version };
        // The file goes first: a row without one is found by the check, and mended.
        app.blobs.remove_path(&key.path()).await?;
        let args = (blob, preset, version, pixels_version, bytes);
        app.db
            .write(args, |tx, (blob, preset, version, pixels_version, bytes)| {
                Box::pin(async move {
                    if !make::lock(tx, *blob).await? {
                        return Ok::<_, sqlx::Error>(());
                    }
                    if execute!(tx, sql::DELETE, *blob, &**preset, *version, *pixels_version)? == 1
                    {
                        counters::add(tx, CounterScope::Lab, counters::VARIANT_BYTES, -bytes)
                            .await?;
                    }
                    owners::recount_owners(tx, *blob).await
                })
            })
            .await?;
    }
    Ok(())
}
