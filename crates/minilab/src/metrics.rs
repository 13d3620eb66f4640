//! `GET /metrics`: what happened in this process, for Prometheus.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::accounts::Admin;
use crate::app::App;
use crate::cache::Cache;
use crate::http::problem::{Problem, Refusal};
use crate::limits::Limit;

/// Reads the cache's counts when somebody asks.
struct OfCache(Cache);

impl std::fmt::Debug for OfCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfCache")
    }
}

impl Collector for OfCache {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = self.0.counts();
        for (name, help, count) in [
            ("minilab_cache_hits", "Looks that found what they looked for", &counts.hits),
            ("minilab_cache_misses", "Looks that found nothing", &counts.misses),
            ("minilab_cache_evictions", "Entries that made room for others", &counts.evictions),
        ] {
            let counter = ConstCounter::new(count.load(Ordering::Relaxed));
            counter.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                counter.metric_type(),
            )?)?;
        }
        let bytes = ConstGauge::new(self.0.bytes() as i64);
        let (name, help) = ("minilab_cache_bytes", "Memory that entries take now");
        bytes.encode(encoder.encode_descriptor(name, help, None, bytes.metric_type())?)
    }
}

/// How often somebody was turned away at each limit.
#[derive(Debug)]
struct OfLimits;

impl Collector for OfLimits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (name, help) = ("minilab_limit_reached", "Times that somebody was turned away");
        let mut limits = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for limit in Limit::ALL {
            let labels = [("limit", limit.name())];
            ConstCounter::new(limit.times()).encode(limits.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Numbers of this process
///
/// As Prometheus reads them. For admins: give the scraper a key as its bearer token.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "OpenMetrics text.", body = String,
        content_type = "application/openmetrics-text"), (status = 403, response = Refusal)))]
pub async fn show_metrics(State(app): State<App>, _: Admin) -> Result<Response, Problem> {
    app.cache.settle().await;
    let mut registry = Registry::default();
    registry.register_collector(Box::new(OfCache(app.cache.clone())));
    registry.register_collector(Box::new(OfLimits));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(anyhow::Error::from)?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}
