//! Forgetting jobs that ended long ago, and what was rolled up of them.

use super::{JobsConfig, rollup, sql, workers};
use crate::db::Db;
use crate::execute;

/// Rows removed in one transaction.
const STRETCH: i64 = 1000;
const DAY_MS: i64 = 86_400_000;

/// Removes what is older than it is kept. Failed jobs stay, up to a cap.
pub async fn prune(db: &Db, config: &JobsConfig, now_ms: i64) -> sqlx::Result<()> {
    let before_ms = now_ms - i64::from(config.kept_days) * DAY_MS;
    let stretch = || {
        db.write(before_ms, |tx, before_ms| {
            Box::pin(async move { execute!(tx, sql::DELETE_FINISHED, *before_ms, STRETCH) })
        })
    };
    while stretch().await? == STRETCH as u64 {}
    db.write((i64::from(config.failed_max), now_ms), |tx, &(failed_max, now_ms)| {
        Box::pin(async move {
            execute!(tx, sql::DELETE_FAILED_OVER, failed_max)?;
            execute!(tx, sql::DELETE_ACTIONS, now_ms - 30 * DAY_MS)?;
            execute!(tx, sql::DELETE_PAUSES, now_ms)?;
            workers::prune(tx, now_ms).await?;
            rollup::prune(tx, now_ms).await
        })
    })
    .await
}
