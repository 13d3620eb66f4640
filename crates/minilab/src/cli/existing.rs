//! A lab that is there already: commands that read or change one make none, and nothing in its place.

use std::time::Duration;

use anyhow::{bail, ensure};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Config;
use crate::db::Db;
use crate::start;

/// How often `work` looks whether a server has made the lab.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it says that it waits.
const SAY_EVERY: Duration = Duration::from_mins(1);

/// Opens the database of a lab.
pub(super) async fn open_db(config: &Config) -> anyhow::Result<Db> {
    ensure_lab(config).await?;
    Db::open(&config.database, &config.data).await
}

/// Opens a lab with all its files, which must lie where the settings say.
pub(super) async fn open_app(config: Config) -> anyhow::Result<App> {
    ensure_lab(&config).await?;
    let data = config.data.display();
    let has_secrets = config.data.join("secrets").is_dir();
    ensure!(has_secrets, "{data} is not the data directory of this lab: it has no `secrets`");
    let has_files = config.blobs.has_lab(&config.data);
    ensure!(has_files, "the pictures of this lab are neither in {data} nor where `blobs.url` says");
    start::open(config, std::env::current_exe()?).await
}

async fn ensure_lab(config: &Config) -> anyhow::Result<()> {
    if !start::has_lab(config).await? {
        bail!("{}; `minilab serve` makes one", missing(config));
    }
    Ok(())
}

/// Waits until a server has made the lab; false when the process is to stop before.
pub(super) async fn await_lab(config: &Config, stop: &CancellationToken) -> bool {
    let mut last_said = None::<std::time::Instant>;
    loop {
        let reason = match start::has_lab(config).await {
            Ok(true) => return true,
            Ok(false) => missing(config),
            Err(cause) => format!("{cause:#}"),
        };
        if last_said.is_none_or(|last| last.elapsed() >= SAY_EVERY) {
            last_said = Some(std::time::Instant::now());
            tracing::warn!(reason, "waiting for a lab to work in");
        }
        tokio::select! {
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

fn missing(config: &Config) -> String {
    if config.database.url.is_empty() {
        format!("there is no lab in {}", config.data.display())
    } else {
        "there is no lab in the database that database.url names".to_owned()
    }
}
