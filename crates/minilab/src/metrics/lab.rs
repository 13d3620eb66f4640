//! What the database says of the lab: sums that are kept, and the jobs that are not done.

use prometheus_client::encoding::DescriptorEncoder;

use super::sql;
use super::text::{Encoded, counter, gauge, gauges};
use crate::app::App;
use crate::counters::{self, CounterScope};
use crate::fetch_all;

/// Jobs looked at, so that a scrape costs the same beside a queue of millions. More are counted as so many.
const JOBS_MAX: i64 = 10_000;

pub(super) struct Lab {
    /// Kind, state, how many, when the oldest came.
    jobs: Vec<(String, String, i64, i64)>,
    now_ms: i64,
    images: i64,
    bytes: i64,
    stored_bytes: i64,
    variant_bytes: i64,
    succeeded: i64,
    cancelled: i64,
}

impl Lab {
    pub(super) async fn read(app: &App) -> anyhow::Result<Self> {
        let mut conn = app.db.read().await?;
        let jobs = fetch_all!(&mut conn, (String, String, i64, i64), sql::SELECT_JOBS, JOBS_MAX)?;
        let mut sums = [0; 6];
        for (sum, name) in sums.iter_mut().zip([
            counters::IMAGES,
            counters::BYTES,
            counters::STORED_BYTES,
            counters::VARIANT_BYTES,
            counters::JOBS_SUCCEEDED,
            counters::JOBS_CANCELLED,
        ]) {
            *sum = counters::read(&mut conn, CounterScope::Lab, name).await?;
        }
        let [images, bytes, stored_bytes, variant_bytes, succeeded, cancelled] = sums;
        let now_ms = app.clock.now_ms();
        Ok(Self { jobs, now_ms, images, bytes, stored_bytes, variant_bytes, succeeded, cancelled })
    }

    pub(super) fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> Encoded {
        let jobs = self.jobs.iter().map(|(kind, state, count, _)| {
            ([("kind", &**kind), ("state", &**state)], *count as f64)
        });
        gauges(encoder, "minilab_jobs", "Jobs that wait, are at work or failed for good", jobs)?;
        let is_waiting = |state: &str| matches!(state, "pending" | "retry");
        let oldest = self.jobs.iter().filter(|(_, state, ..)| is_waiting(state));
        let oldest_ms = oldest.map(|(.., created_ms)| *created_ms).min().unwrap_or(self.now_ms);
        let age = (self.now_ms - oldest_ms).max(0) as f64 / 1000.0;
        let help = "How long the oldest waiting job has waited; 0 when none waits";
        gauge(encoder, "minilab_jobs_oldest_waiting_seconds", help, age)?;
        for (name, help, sum) in [
            ("minilab_lab_jobs_succeeded", "Jobs of the lab that ended well", self.succeeded),
            ("minilab_lab_jobs_cancelled", "Jobs of the lab that were cancelled", self.cancelled),
        ] {
            counter(encoder, name, help, sum as f64)?;
        }
        for (name, help, sum) in [
            ("minilab_lab_images", "Images of the lab", self.images),
            ("minilab_lab_original_bytes", "Bytes of the originals, as uploaded", self.bytes),
            ("minilab_lab_stored_bytes", "Bytes of the distinct originals", self.stored_bytes),
            ("minilab_lab_variant_bytes", "Bytes of the variants", self.variant_bytes),
        ] {
            gauge(encoder, name, help, sum as f64)?;
        }
        Ok(())
    }
}
