//! Receives a body, hashes it and answers, at the address that is its argument. It does nothing else:
//! the benchmarks hold an upload of bytes that are known already against it.

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use futures_util::StreamExt;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).context("usage: receive ADDRESS")?;
    let listener = TcpListener::bind(address).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let router = Router::new().route("/", post(receive).get(|| async { "ready" }));
    Ok(axum::serve(listener, router).await?)
}

async fn receive(body: Body) -> Result<String, StatusCode> {
    let mut hasher = blake3::Hasher::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        hasher.update(&chunk.map_err(|_| StatusCode::BAD_REQUEST)?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}
