//! `minilab serve` and `minilab work`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Settings, descriptors, existing, log, runtime, say};
use crate::app::App;
use crate::config::{Config, LogFormat};
use crate::jobs::KINDS;
use crate::worker::Plan;
use crate::{accounts, check, feed, http, router, start, worker};

#[derive(Args)]
pub(super) struct Serve {
    /// Address and port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Leave the jobs to `minilab work` processes
    #[arg(long)]
    no_workers: bool,
    #[command(flatten)]
    settings: Settings,
}

pub(super) fn serve(args: Serve) -> anyhow::Result<ExitCode> {
    let mut config = args.settings.load(|config| {
        if let Some(listen) = args.listen {
            config.listen = listen;
        }
    })?;
    let _log = log::start(&config)?;
    descriptors::share_out(&mut config);
    runtime()?.block_on(async {
        let listener = TcpListener::bind(&config.listen)
            .await
            .with_context(|| format!("listening on {}", config.listen))?;
        // Port 0 asks for any free one; absolute URLs carry the one that was given.
        config.listen = listener.local_addr()?.to_string();
        let app = open(config, stop_on_signal()?).await?;
        let hands =
            (!args.no_workers).then(|| crate::spawn(worker::run(app.clone(), Plan::all("serve"))));
        let (address, data) = (listener.local_addr()?, app.config.data.display());
        tracing::info!(url = format!("http://{address}"), %data, "serving");
        if let Some(url) = accounts::setup::link(&app).await? {
            let command = format!("minilab account add NAME --tier business --admin --data {data}");
            invite(&app, &url, &command);
        }
        let watch = crate::spawn(start::watch_links(app.clone()));
        let tidy = crate::spawn(start::tidy_sign_ins(app.clone()));
        let tell = crate::spawn(feed::run(app.clone()));
        let examine = crate::spawn(check::scrub::examine(app.clone()));
        http::server::serve(
            listener,
            router::router(app.clone()),
            app.connections.clone(),
            app.stop.clone(),
        )
        .await;
        watch.await.context("the watch over links died")?;
        tidy.await.context("the memory of sign-ins died")?;
        tell.await.context("the look for new events died")?;
        examine.await.context("the look at damaged files died")?;
        close(app, hands).await
    })
}

/// Tells whoever started an empty lab how to get in: on lines of their own that nobody overlooks, or as
/// a line of the log where programs read it.
fn invite(app: &App, url: &str, command: &str) {
    if app.config.log.format == LogFormat::Json {
        tracing::warn!(
            url,
            command,
            "there is no admin yet: within an hour this link, or at any time this command, makes the \
             first admin"
        );
        return;
    }
    let line = "=".repeat(url.len() + 4);
    say::aside(format_args!(
        "\n{line}\n  There is no admin yet. Open this link within an hour to become the first one:\n\n  \
         {url}\n\n  Or make one here, at any time:\n\n  {command}\n{line}\n"
    ));
}

#[derive(Args)]
pub(super) struct Work {
    /// Kinds of jobs, with commas between [default: every kind]
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = KINDS)]
    kinds: Vec<String>,
    /// Jobs in hand at once [default: what keeps the rendering processes busy]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    slots: Option<u16>,
    #[command(flatten)]
    settings: Settings,
}

pub(super) fn work(args: Work) -> anyhow::Result<ExitCode> {
    let mut plan = Plan { slots: args.slots.map(usize::from), ..Plan::all("work") };
    if !args.kinds.is_empty() {
        plan.kinds.retain(|kind| args.kinds.iter().any(|wanted| wanted == kind));
    }
    let mut config = args.settings.load(|_| {})?;
    let _log = log::start(&config)?;
    descriptors::share_out(&mut config);
    runtime()?.block_on(async {
        let stop = stop_on_signal()?;
        if !existing::await_lab(&config, &stop).await {
            return Ok(ExitCode::SUCCESS);
        }
        let app = open(config, stop).await?;
        tracing::info!(workers = app.config.worker_count(), "working");
        let hands = crate::spawn(worker::run(app.clone(), plan));
        app.stop.cancelled().await;
        close(app, Some(hands)).await
    })
}

async fn open(config: Config, stop: CancellationToken) -> anyhow::Result<App> {
    // This very binary, even when a newer one has taken its name.
    let app = start::open(config, PathBuf::from("/proc/self/exe")).await?;
    let of_app = app.stop.clone();
    crate::spawn(async move {
        stop.cancelled().await;
        of_app.cancel();
    });
    Ok(app)
}

async fn close(app: App, hands: Option<tokio::task::JoinHandle<()>>) -> anyhow::Result<ExitCode> {
    if let Some(hands) = hands {
        hands.await.context("a worker died")?;
    }
    app.db.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The first SIGTERM or SIGINT asks to stop; the second one stops.
fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    crate::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("stopping; once more to stop at once");
        asked.cancel();
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        std::process::exit(1);
    });
    Ok(stop)
}
