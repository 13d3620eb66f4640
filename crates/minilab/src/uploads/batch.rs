//! All files of a request: stored, or only compared with those of an earlier one.

use std::time::Duration;

use axum::extract::Request;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::files::{Files, Part};
use super::flow::Pace;
use super::receive::{Allowed, Received, receive};
use super::refused::Refused;
use super::store::{Stored, store};
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;

/// What became of one file of a request.
pub struct Item<T = Stored> {
    pub filename: String,
    /// BLAKE3 of the bytes, if all of them came in and begin like a picture.
    pub hash: Option<[u8; 32]>,
    pub outcome: Result<T, Problem>,
}

/// How a request may bring files.
pub struct Batch {
    pub files_max: usize,
    /// The name of a file that is the whole body.
    pub name_of_raw: Option<String>,
    /// The form's input that holds a title, if it is wanted.
    pub title_input: Option<&'static str>,
}

/// What a request brought.
pub struct Brought<T = Stored> {
    pub items: Vec<Item<T>>,
    pub title: Option<String>,
}

impl Batch {
    /// Takes in every file of the request. One bad file does not spoil the others.
    pub async fn store(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
    ) -> Result<Brought, Problem> {
        let keep = |filename, received| {
            // In a task of its own: a sender who hangs up now must not leave bytes without a row.
            let (app, account) = (app.clone(), caller.account.clone());
            let stored =
                crate::spawn(async move { store(&app, &account, filename, received).await });
            async move { Ok(stored.await.map_err(|died| Problem::internal(&died.into()))??) }
                .boxed()
        };
        self.each(app, caller, request, keep).await
    }

    /// Receives the files and keeps nothing.
    pub async fn compare(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
    ) -> Result<Brought<()>, Problem> {
        self.each(app, caller, request, |_, _| async { Ok(()) }.boxed()).await
    }

    async fn each<T>(
        self,
        app: &App,
        caller: &Caller,
        request: Request,
        keep: impl Fn(String, Received) -> BoxFuture<'static, Result<T, Problem>>,
    ) -> Result<Brought<T>, Problem> {
        let pace = Pace {
            idle: Duration::from_secs(app.config.uploads.idle_secs),
            rate_min: app.config.uploads.rate_min,
        };
        let mut files = Files::open(request, self.name_of_raw, pace).await?;
        let (mut items, mut title) = (Vec::new(), None);
        loop {
            let mut file = match files.next().await {
                Ok(Some(file)) if file.is_file => file,
                Ok(Some(input)) if self.title_input == Some(&*input.input) => {
                    title = Some(input.text().await?);
                    continue;
                }
                Ok(Some(_)) => continue,
                Ok(None) => break,
                Err(problem) if items.is_empty() => return Err(problem),
                // What was stored before the body broke off is stored, and said so.
                Err(problem) => {
                    let filename = String::new();
                    items.push(Item { filename, hash: None, outcome: Err(problem) });
                    break;
                }
            };
            let filename = std::mem::take(&mut file.name);
            if items.len() == self.files_max {
                let outcome = Err(Refused::TooManyFiles { max: self.files_max }.into());
                items.push(Item { filename, hash: None, outcome });
                break;
            }
            let (hash, outcome) = match take(app, caller, &mut file).await {
                Ok(received) => (Some(received.hash), keep(filename.clone(), received).await),
                Err(problem) => (None, Err(problem)),
            };
            let is_refused = outcome.is_err();
            items.push(Item { filename, hash, outcome });
            if is_refused && !file.skip().await {
                break;
            }
        }
        files.let_go();
        if items.is_empty() { Err(Refused::NoFile.into()) } else { Ok(Brought { items, title }) }
    }
}

async fn take(app: &App, caller: &Caller, file: &mut Part<'_>) -> Result<Received, Problem> {
    let bytes_max = caller.tier().upload_bytes_max;
    // A length that is said and too large need not be waited for.
    if file.said_bytes.is_some_and(|said| said > bytes_max) {
        return Err(Refused::TooLarge { max: bytes_max }.into());
    }
    let limits = pixels::Limits { bytes: bytes_max, ..app.config.pictures };
    Ok(receive(&app.spool, file, Allowed { bytes_max, limits }).await?)
}
