//! `minilab check`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Settings, existing, log, runtime, say};
use crate::check::{differences, repair, whose};

#[derive(Args)]
pub(super) struct Check {
    /// Read and hash every stored byte
    #[arg(long)]
    deep: bool,
    /// Mend what can be mended; orphan files only when they are over an hour old
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    settings: Settings,
}

const GRACE: Duration = Duration::from_hours(1);

pub(super) fn run(check: Check) -> anyhow::Result<ExitCode> {
    let config = check.settings.load(|_| {})?;
    let _log = log::start(&config)?;
    runtime()?.block_on(async {
        let app = existing::open_app(config).await?;
        let found = differences(&app, check.deep).await?;
        for difference in &found {
            let whose = whose(&mut app.db.read().await?, difference).await?;
            let whose = whose.map(|whose| format!("; {whose}")).unwrap_or_default();
            if check.repair {
                let mended = repair(&app, difference, GRACE).await?;
                say::result(format_args!("{difference}{whose}; {mended}"))?;
            } else {
                say::result(format_args!("{difference}{whose}"))?;
            }
        }
        app.db.close().await;
        if found.is_empty() {
            say::result("no difference")?;
            return Ok(ExitCode::SUCCESS);
        }
        let root = app.config.blobs.root(&app.config.data);
        say::aside(format_args!("paths are below {}", root.display()));
        say::result(format_args!("{} differences", found.len()))?;
        Ok(ExitCode::FAILURE)
    })
}
