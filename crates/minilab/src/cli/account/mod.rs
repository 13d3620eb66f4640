//! `minilab account`.

mod list;
mod password;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Settings, existing, log, runtime, say};
use crate::accounts::create::{NewAccount, create};
use crate::accounts::keys::{self, NewCredential};
use crate::accounts::scopes::Scope;
use crate::accounts::{ANONYMOUS, Account, Key, Kind, Scopes, find_by_name};
use crate::admin::accounts::{AccountChange, change_now, hash_if_strong};
use crate::admin::delete_account::delete_account;
use crate::clock::{Clock, rfc3339};
use crate::config::Config;
use crate::db::Db;
use crate::events::{self, Actor, Event, EventKind};
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::problem::TxError;
use crate::tiers::{from_word, to_word};

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
    /// List the accounts, oldest first, with what they have
    List(Settings),
    /// Set the password of an account; it is asked for, or read as a line from stdin
    #[command(after_help = "Whoever is signed in with the old one is signed out.\n\n\
        Example:\n  minilab account password ada --data ./data < new-password")]
    Password(ExistingAccount),
    /// Make another API key of an account and print it, and nothing else, on stdout
    #[command(after_help = "Example:\n  \
        minilab account key ada --expires 48h --scope read --data ./data")]
    Key(KeyOptions),
    /// Refuse an account everywhere within a second, with its keys, sessions and links
    Suspend(ExistingAccount),
    /// Let an account in again; its temporary links stay dead
    Unsuspend(ExistingAccount),
    /// Delete an account
    #[command(
        after_help = "Example:\n  minilab account delete ada --with-everything --data ./data"
    )]
    Delete {
        /// Also its images, with their variants and links, and its upload links; without this an account
        /// that has any is left as it is
        #[arg(long)]
        with_everything: bool,
        #[command(flatten)]
        named: ExistingAccount,
    },
}

/// An account that is there.
#[derive(Args)]
pub(super) struct ExistingAccount {
    /// The name of the account
    name: String,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Args)]
pub(super) struct KeyOptions {
    /// When it ends, such as 30m, 48h or 90d; never when left out
    #[arg(long, value_name = "TIME", value_parser = parse_life)]
    expires: Option<Duration>,
    /// What it may be used for, separated by commas; everything when left out
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', value_parser = parse_scope)]
    scope: Vec<Scope>,
    /// What it is called in lists, up to 64 characters
    #[arg(long, value_name = "TEXT", default_value = "shell", value_parser = parse_label)]
    label: String,
    #[command(flatten)]
    named: ExistingAccount,
}

pub(super) fn run(command: AccountCommand) -> anyhow::Result<ExitCode> {
    match command {
        AccountCommand::Add { name, tier, admin, settings } => {
            let new =
                NewAccount { name, tier, is_admin: admin, password_hash: None, now_ms: now() };
            on_db(settings, async |db| {
                say::result(create(db, new).await?.reveal())?;
                Ok(())
            })
        }
        AccountCommand::List(settings) => on_db(settings, async |db| {
            say::result(list::table(db).await?)?;
            Ok(())
        }),
        AccountCommand::Password(ExistingAccount { name, settings }) => {
            let config = settings.load(|_| {})?;
            let password = password::read(&name)?;
            with_db(&config, async |db| {
                let account = find(db, &name).await?;
                let hash = hash_if_strong(Some(password), &name).await.map_err(told)?;
                change(db, &account, AccountChange::default(), hash).await
            })
        }
        AccountCommand::Key(new) => {
            let ExistingAccount { name, settings } = new.named;
            on_db(settings, async |db| {
                let account = find(db, &name).await?;
                let key = make_key(db, account, new.label, &new.scope, new.expires).await?;
                say::result(key.reveal())?;
                Ok(())
            })
        }
        AccountCommand::Suspend(named) => suspend(named, true),
        AccountCommand::Unsuspend(named) => suspend(named, false),
        AccountCommand::Delete { with_everything, named } => delete(named, with_everything),
    }
}

/// Does something with the database of a lab that is there.
fn on_db(
    settings: Settings,
    work: impl AsyncFnOnce(&Db) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    with_db(&settings.load(|_| {})?, work)
}

fn with_db(
    config: &Config,
    work: impl AsyncFnOnce(&Db) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let _log = log::start(config)?;
    runtime()?.block_on(async {
        let db = existing::open_db(config).await?;
        let worked = work(&db).await;
        db.close().await;
        worked.map(|()| ExitCode::SUCCESS)
    })
}

fn suspend(
    ExistingAccount { name, settings }: ExistingAccount,
    suspended: bool,
) -> anyhow::Result<ExitCode> {
    on_db(settings, async |db| {
        let account = find(db, &name).await?;
        change(db, &account, AccountChange::suspension(suspended), None).await
    })
}

fn delete(
    ExistingAccount { name, settings }: ExistingAccount,
    with_everything: bool,
) -> anyhow::Result<ExitCode> {
    let config = settings.load(|_| {})?;
    let _log = log::start(&config)?;
    runtime()?.block_on(async {
        let app = existing::open_app(config).await?;
        let deleted = async {
            let account = find(&app.db, &name).await?;
            let deleted = delete_account(&app, account.id, with_everything, Actor::shell(now()));
            deleted.await.map_err(|problem| match problem.code {
                Code::AccountNotEmpty => {
                    told(problem).context("--with-everything deletes all of it")
                }
                _ => told(problem),
            })
        };
        let deleted = deleted.await;
        app.db.close().await;
        deleted.map(|()| ExitCode::SUCCESS)
    })
}

async fn find(db: &Db, name: &str) -> anyhow::Result<Account> {
    let found = find_by_name(&mut db.read().await?, name).await?;
    found.with_context(|| format!("there is no account named {name:?}"))
}

async fn change(
    db: &Db,
    account: &Account,
    change: AccountChange,
    password_hash: Option<String>,
) -> anyhow::Result<()> {
    let actor = Actor::shell(now());
    change_now(db, (account.id, change, password_hash, actor)).await.map_err(told)
}

async fn make_key(
    db: &Db,
    account: Account,
    label: String,
    scopes: &[Scope],
    life: Option<Duration>,
) -> anyhow::Result<Key> {
    if account.name == ANONYMOUS {
        bail!("{ANONYMOUS:?} is for callers without a key");
    }
    let now_ms = now();
    let key = Key::random(Kind::Api);
    let new = NewCredential {
        key: key.clone(),
        account: account.id,
        name: label,
        scopes: if scopes.is_empty() { Scopes::ALL } else { Scopes::of(scopes) },
        now_ms,
        expires_ms: life.map(|life| now_ms + life.as_millis() as i64),
    };
    let args = (new, Actor::shell(now_ms));
    let made = db.write(args, |tx, (new, actor)| {
        Box::pin(async move {
            keys::insert(tx, new).await?;
            let expires_at = new.expires_ms.map(rfc3339);
            let detail = json!({"scopes": new.scopes.list(), "expires_at": expires_at});
            let event = Event::by(actor, EventKind::AccountKeyMade).of(new.account).data(detail);
            events::record(tx, &event).await?;
            Ok::<_, TxError>(())
        })
    });
    made.await.map_err(|stop| told(stop.into()))?;
    Ok(key)
}

/// What the API would answer, as an error of the command line. What is our fault is in the log above.
fn told(problem: Problem) -> anyhow::Error {
    anyhow!(problem.detail)
}

fn now() -> i64 {
    Clock::default().now_ms()
}

fn parse_life(text: &str) -> Result<Duration, String> {
    let form = || "is a number with s, m, h, d or w behind it, such as 48h".to_owned();
    let unit_at = text.char_indices().next_back().map_or(0, |(at, _)| at);
    let (number, unit) = text.split_at(unit_at);
    let unit_secs: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        "w" => 7 * 24 * 3600,
        _ => return Err(form()),
    };
    let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|_| is_plain).ok_or_else(form)?;
    let secs = number.saturating_mul(unit_secs);
    if !(1..=keys::LIFE_SECS_MAX as u64).contains(&secs) {
        return Err(format!("must be from 1s to {}d", keys::LIFE_SECS_MAX / (24 * 3600)));
    }
    Ok(Duration::from_secs(secs))
}

fn parse_scope(word: &str) -> Result<Scope, String> {
    let known = || Scopes::ALL.list().into_iter().map(to_word).collect::<Vec<_>>().join(", ");
    from_word(word).ok_or_else(|| format!("there is no such scope; there are {}", known()))
}

fn parse_label(text: &str) -> Result<String, String> {
    keys::label_flaw(text).map_or_else(|| Ok(text.to_owned()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_a_unit() {
        for (text, secs) in [("1s", 1), ("90m", 5400), ("48h", 172_800), ("7d", 604_800)] {
            assert_eq!(parse_life(text), Ok(Duration::from_secs(secs)));
        }
        assert_eq!(parse_life("2w"), parse_life("14d"));
        for text in ["", "h", "48", "0h", "-1h", "+1h", "1.5h", "4 h", "48H", "48hh", "4000000000d"]
        {
            assert!(parse_life(text).is_err(), "{text}");
        }
        assert!(parse_life("1€").is_err());
    }
}
