//! `minilab secrets`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Settings, existing, log, runtime};
use crate::links;

#[derive(Subcommand)]
pub(super) enum SecretsCommand {
    /// Make a new key for temporary links; servers take it up within a second
    #[command(after_help = "Links that were made with the last key live on until they expire; \
        those of the key before it are dead at once. Machines that share a database share the \
        folder `secrets` as well: copy it to the others afterwards.\n\n\
        Example:\n  minilab secrets rotate --data ./data")]
    Rotate(Settings),
}

pub(super) fn run(command: SecretsCommand) -> anyhow::Result<ExitCode> {
    let SecretsCommand::Rotate(settings) = command;
    let config = settings.load(|_| {})?;
    let _log = log::start(&config)?;
    runtime()?.block_on(async {
        let db = existing::open_db(&config).await?;
        let rotated = links::rotate(&db, &config.data.join("secrets")).await;
        db.close().await;
        rotated.map(|()| ExitCode::SUCCESS)
    })
}
