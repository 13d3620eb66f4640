//! The command line. `minilab help COMMAND` teaches; results go to stdout, everything else to stderr.

mod account;
mod check;
mod columns;
mod descriptors;
mod existing;
mod jobs;
mod log;
mod metadata;
mod render;
mod say;
mod secrets;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config};
use crate::redact::{redact, redact_setting};
use crate::{memory, private};

/// A photo lab in one binary: pictures in, every size out.
#[derive(Parser)]
#[command(version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and work on jobs
    #[command(after_help = "Example:\n  minilab serve --listen 127.0.0.1:8000 --data ./data")]
    Serve(serve::Serve),
    /// Only work on jobs, beside servers that share the same data
    #[command(after_help = "Examples:\n  minilab work --data ./data\n  \
        minilab work --data ./data --kinds refine,back_fill --slots 2")]
    Work(serve::Work),
    /// Accounts and their keys
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// Render files from the shell, without a server
    #[command(after_help = "Example:\n  minilab render cat.jpg --preset thumb,h200 --out ./prints")]
    Render(render::Render),
    /// Tell what the headers of files say and what cameras wrote, a line of JSON for each; exits 1 when
    /// one is refused
    #[command(after_help = "Examples:\n  \
        minilab metadata cat.jpg dog.png | jq .taken_at\n  \
        minilab metadata photos/* --repeat 20 | tail -1")]
    Metadata(metadata::Metadata),
    /// Compare everything stored with everything counted; exits 1 when they differ
    #[command(after_help = "Example:\n  minilab check --data ./data --deep")]
    Check(check::Check),
    /// Jobs: what waits, what failed and why
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// The settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The keys that temporary links are sealed with
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// A rendering child of the server; of no use in a shell
    #[command(hide = true)]
    Renderer { memory_mib: u64, cpu_secs: u64 },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Check the settings and print those in force
    #[command(after_help = "Example:\n  minilab config check --config minilab.toml")]
    Check(Settings),
}

/// Where the settings come from.
#[derive(Args, Clone, Default)]
pub struct Settings {
    /// Directory of the database, the pictures and the secrets [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A settings file; `minilab.example.toml` shows every setting
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Settings {
    fn load(self, overrides: impl FnOnce(&mut Config)) -> anyhow::Result<Config> {
        let loaded = config::load(self.config.as_deref(), variables(), |config| {
            if let Some(data) = self.data {
                config.data = data;
            }
            overrides(config);
        });
        Ok(loaded?)
    }
}

/// Variables that are not text cannot be settings.
#[expect(clippy::disallowed_methods, reason = "the one place that may read the environment")]
fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Runs the command line; errors are told in words.
pub fn run() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            say::aside(format_args!("minilab: {}", redact(&format!("{error:#}"))));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    // What the shell's own commands write is the caller's, and obeys theirs.
    if !matches!(command, Command::Render(_) | Command::Metadata(_)) {
        private::take_umask();
    }
    match command {
        Command::Serve(serve) => serve::serve(serve),
        Command::Work(work) => serve::work(work),
        Command::Account(command) => account::run(command),
        Command::Render(render) => render::run(&render),
        Command::Metadata(metadata) => metadata::run(&metadata),
        Command::Check(check) => check::run(check),
        Command::Jobs(command) => jobs::run(command),
        Command::Config(ConfigCommand::Check(settings)) => {
            print_settings(&settings.load(|_| {})?)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Secrets(command) => secrets::run(command),
        Command::Renderer { memory_mib, cpu_secs } => {
            crate::render_pool::child::run(memory_mib, cpu_secs)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn print_settings(config: &Config) -> anyhow::Result<()> {
    let mut shown = toml::Value::try_from(config)?;
    hide_secrets(&mut shown);
    say::result(toml::to_string(&shown.try_into::<Config>()?)?.trim_end())
}

/// In every setting, whichever may hold one some day.
fn hide_secrets(value: &mut toml::Value) {
    match value {
        toml::Value::String(text) => *text = redact_setting(text),
        toml::Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| hide_secrets(value)),
        _ => {}
    }
}

/// What a body on its way takes, and more.
const KEPT_BYTES: i32 = 8 * 1024 * 1024;

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    memory::keep(KEPT_BYTES);
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
