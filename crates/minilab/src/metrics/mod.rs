//! `GET /metrics`: what this process did and what the lab holds, for Prometheus.
//!
//! Labels have few values each: never a path, a name or an id.

mod lab;
mod process;
pub mod sql;
mod text;

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::accounts::Admin;
use crate::app::App;
use crate::check::scrub::COUNTS;
use crate::http::Problem;
use crate::limits::Limit;
use crate::measures::{self, UploadOutcome};
use text::{Encoded, counters, gauge, gauges, histograms};

/// Numbers of this process
///
/// As Prometheus reads them. For admins: give the scraper a key as its bearer token.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "OpenMetrics text.", body = String,
        content_type = "application/openmetrics-text")))]
pub async fn show_metrics(State(app): State<App>, _: Admin) -> Result<Response, Problem> {
    app.cache.settle().await;
    let lab = lab::Lab::read(&app).await?;
    let process = process::Process::read(&app.config).await?;
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Everything { app, lab, process }));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(anyhow::Error::from)?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

/// All that is shown, as it is at one moment.
struct Everything {
    app: App,
    lab: lab::Lab,
    process: process::Process,
}

impl std::fmt::Debug for Everything {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Everything")
    }
}

impl Collector for Everything {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Encoded {
        let encoder = &mut encoder;
        let version = [([("version", env!("CARGO_PKG_VERSION"))], 1.0)];
        gauges(encoder, "minilab_build_info", "Which build this is", version)?;
        requests(encoder)?;
        jobs(encoder)?;
        resources(encoder, &self.app)?;
        cache(encoder, &self.app)?;
        let limits = Limit::ALL.iter().map(|limit| ([("limit", limit.name())], limit.times()));
        counters(encoder, "minilab_limit_reached", "Times that somebody was turned away", limits)?;
        scrub(encoder)?;
        self.lab.encode(encoder)?;
        self.process.encode(encoder)
    }
}

fn requests(encoder: &mut DescriptorEncoder<'_>) -> Encoded {
    let help = "From the end of a request's headers to the beginning of its answer";
    histograms(encoder, "minilab_http_request_duration_seconds", help, |show| {
        measures::each_request(|[route, method, status], times| {
            show(&[("route", route), ("method", method), ("status", status)], &times)
        })
    })?;
    let uploads = UploadOutcome::ALL
        .map(|outcome| ([("outcome", outcome.word())], measures::uploads(outcome)));
    counters(encoder, "minilab_uploads", "Files that came in", uploads)?;
    let bytes = measures::UPLOADED_BYTES.load(Ordering::Relaxed);
    let help = "Bytes of files that came in whole";
    counters(encoder, "minilab_uploaded_bytes", help, [([("", ""); 0], bytes)])
}

fn jobs(encoder: &mut DescriptorEncoder<'_>) -> Encoded {
    let help = "Tries of jobs in this process, by how they ended";
    histograms(encoder, "minilab_job_duration_seconds", help, |show| {
        measures::JOBS
            .each(|[kind, outcome], times| show(&[("kind", kind), ("outcome", outcome)], &times))
    })?;
    let causes = measures::causes();
    let causes = causes
        .iter()
        .map(|([kind, code], count)| ([("kind", &**kind), ("cause", &**code)], *count));
    counters(encoder, "minilab_job_failures", "Tries of jobs that failed, by stable code", causes)?;
    let help =
        "Renderings, waiting for a child and for memory included, by the format of the original";
    histograms(encoder, "minilab_render_duration_seconds", help, |show| {
        measures::RENDERS.each(|[format], times| show(&[("format", format)], &times))
    })
}

/// What is in use of what there is.
fn resources(encoder: &mut DescriptorEncoder<'_>, app: &App) -> Encoded {
    let (used, most) = app.render_pool.memory_mib();
    let help = "Memory that renderings under way are expected to take";
    gauge(encoder, "minilab_render_memory_used_bytes", help, (used << 20) as f64)?;
    gauge(encoder, "minilab_render_memory_limit_bytes", "The most of it", (most << 20) as f64)?;
    let open = app.connections.open() as f64;
    gauge(encoder, "minilab_connections", "Connections that are open now", open)?;
    let most = app.connections.most() as f64;
    gauge(encoder, "minilab_connections_limit", "The most of them", most)?;
    let (busy, children) = app.render_pool.children();
    gauge(encoder, "minilab_render_children_busy", "Renderings under way", busy as f64)?;
    gauge(encoder, "minilab_render_children_limit", "The most of them", children as f64)?;
    let (open, idle, most) = app.db.connections();
    let (open, idle, most) = (f64::from(open), idle as f64, f64::from(most));
    let states = [([("state", "used")], open - idle), ([("state", "idle")], idle)];
    gauges(encoder, "minilab_database_connections", "Connections of the pool", states)?;
    gauge(encoder, "minilab_database_connections_limit", "The most of them", most)?;
    let waiters = app.config.variants.waiters_max - app.waiters.free();
    gauge(encoder, "minilab_variant_waiters", "Requests that wait for a variant", waiters as f64)
}

/// What the reading over of stored files found.
fn scrub(encoder: &mut DescriptorEncoder<'_>) -> Encoded {
    let files = COUNTS.files.load(Ordering::Relaxed);
    let help = "Stored files that were read over";
    counters(encoder, "minilab_scrubbed_files", help, [([("", ""); 0], files)])?;
    let damaged = [
        ([("kind", "original")], COUNTS.damaged_originals.load(Ordering::Relaxed)),
        ([("kind", "variant")], COUNTS.damaged_variants.load(Ordering::Relaxed)),
    ];
    counters(encoder, "minilab_damaged_files", "Stored files found lost or changed", damaged)
}

fn cache(encoder: &mut DescriptorEncoder<'_>, app: &App) -> Encoded {
    let counts = app.cache.counts();
    for (name, help, count) in [
        ("minilab_cache_hits", "Looks that found what they looked for", &counts.hits),
        ("minilab_cache_misses", "Looks that found nothing", &counts.misses),
        ("minilab_cache_evictions", "Entries that made room for others", &counts.evictions),
    ] {
        counters(encoder, name, help, [([("", ""); 0], count.load(Ordering::Relaxed))])?;
    }
    gauge(encoder, "minilab_cache_bytes", "Memory that entries take now", app.cache.bytes() as i64)
}
