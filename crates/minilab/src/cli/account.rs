//! `minilab account`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Settings, runtime, start_log};
use crate::accounts::create::{NewAccount, create};
use crate::clock::Clock;
use crate::db::Db;
use crate::tiers::seed;

#[derive(Subcommand)]
pub(super) enum AccountCommand {
    /// Make an account and print its first API key, and nothing else, on stdout
    #[command(after_help = "The key is shown once; only a hash of it is kept.\n\n\
        Example:\n  KEY=$(minilab account add ada --tier premium --data ./data)\n  \
        curl -H \"Authorization: Bearer $KEY\" -F file=@cat.jpg \
        http://127.0.0.1:8000/api/v1/images")]
    Add {
        /// 1 to 64 visible characters
        name: String,
        /// free, premium, business, or a tier of your own
        #[arg(long)]
        tier: String,
        /// May also manage tiers, presets and other accounts
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
pub(super) fn run(command: AccountCommand) -> anyhow::Result<ExitCode> {
    let AccountCommand::Add { name, tier, admin, settings } = command;
    let config = settings.load(|_| {})?;
    start_log(&config)?;
    runtime()?.block_on(async {
        std::fs::create_dir_all(&config.data)?;
        let db = Db::open(&config.database, &config.data).await?;
        seed::plant(&db).await?;
        let now_ms = Clock::default().now_ms();
        let new = NewAccount { name, tier, is_admin: admin, password_hash: None, now_ms };
        let key = create(&db, new).await;
        db.close().await;
        println!("{}", key?.reveal());
        Ok(ExitCode::SUCCESS)
    })
}
