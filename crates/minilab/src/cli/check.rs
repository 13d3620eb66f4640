//! `minilab check`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Settings, runtime, start_log};
use crate::app::App;
use crate::check::{differences, repair};

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

#[expect(clippy::print_stdout, reason = "the result of the command")]
pub(super) fn run(check: Check) -> anyhow::Result<ExitCode> {
    let config = check.settings.load(|_| {})?;
    start_log(&config)?;
    runtime()?.block_on(async {
        let app = App::open(config, std::env::current_exe()?).await?;
        let found = differences(&app, check.deep).await?;
        for difference in &found {
            if check.repair {
                let mended = repair(&app, difference, GRACE).await?;
                println!("{difference}; mended: {mended:?}");
            } else {
                println!("{difference}");
            }
        }
        app.db.close().await;
        if found.is_empty() {
            println!("no difference");
            return Ok(ExitCode::SUCCESS);
        }
        println!("{} differences", found.len());
        Ok(ExitCode::FAILURE)
    })
}
