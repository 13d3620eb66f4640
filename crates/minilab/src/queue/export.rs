//! All jobs of a filter as one file: CSV by RFC 4180 or a line of JSON each, written while it is read.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use utoipa::ToSchema;
use uuid::Uuid;

use super::sql::Asked;
use super::view::{JobView, view};
use crate::app::App;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::disposition::{Disposition, content_disposition};

/// Rows of one chunk.
const STRETCH: i64 = 500;
/// Chunks between whoever writes and whoever reads.
const AHEAD: usize = 2;
const HEAD: &str = "id,kind,state,attempts,created_at,started_at,finished_at,run_at,cause,error,account,image_id,\
                    worker\r\n";

/// What jobs are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Format {
    Json,
    Csv,
    Ndjson,
}

impl Format {
    /// Nothing is a page.
    pub fn parse(word: Option<&str>) -> Result<Option<Self>, Problem> {
        match word {
            None | Some("json") => Ok(None),
            Some("csv") => Ok(Some(Self::Csv)),
            Some("ndjson") => Ok(Some(Self::Ndjson)),
            Some(other) => {
                let detail = format!("format: {other:?} is none of json, csv and ndjson");
                Err(Problem::new(Code::BadQuery, detail))
            }
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::Csv => HEAD,
            Self::Json | Self::Ndjson => "",
        }
    }

    fn line(self, job: &JobView) -> String {
        match self {
            Self::Csv => csv(job),
            Self::Json | Self::Ndjson => {
                serde_json::to_string(job).expect("ids, words and numbers") + "\n"
            }
        }
    }
}

/// The file as an answer. Whoever takes it slowly holds two chunks, and no connection to the database.
pub fn answer(app: App, asked: Asked, format: Format) -> Response {
    let (media_type, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "jobs.csv"),
        Format::Json | Format::Ndjson => ("application/x-ndjson", "jobs.ndjson"),
    };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(Disposition::Attachment, name)),
    ];
    let (out, chunks) = channel(AHEAD);
    crate::spawn(async move {
        if let Err(cause) = write(&app, &asked, format, &out).await
            && !out.is_closed()
        {
            tracing::error!(cause = format!("{cause:#}"), "a list of jobs breaks off");
            // The connection ends without the end of the body: nobody takes it for whole.
            let _ = out.send(Err(cause)).await;
        }
    });
    let next = |mut chunks: Receiver<anyhow::Result<Bytes>>| async {
        chunks.recv().await.map(|chunk| (chunk, chunks))
    };
    (headers, Body::from_stream(stream::unfold(chunks, next))).into_response()
}

async fn write(
    app: &App,
    asked: &Asked,
    format: Format,
    out: &Sender<anyhow::Result<Bytes>>,
) -> anyhow::Result<()> {
    out.send(Ok(format.head().into())).await?;
    let mut before = Uuid::max();
    loop {
        let listed = asked.list(&mut app.db.read().await?, before, STRETCH).await?;
        let lines = listed.rows.iter().map(|row| format.line(&view(row, asked.whose)));
        out.send(Ok(lines.collect::<String>().into())).await?;
        match listed.next {
            Some(next) => before = next,
            None => return Ok(()),
        }
    }
}

fn csv(job: &JobView) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cells = [
        job.id.to_string(),
        job.kind.clone(),
        job.state.clone(),
        job.attempts.to_string(),
        job.created_at.clone(),
        text(&job.started_at),
        text(&job.finished_at),
        text(&job.run_at),
        text(&job.cause),
        text(&job.error),
        job.account.map(|id| id.to_string()).unwrap_or_default(),
        job.image_id.map(|id| id.to_string()).unwrap_or_default(),
        text(&job.worker),
    ];
    cells.map(|cell| csv_cell(&cell)).join(",") + "\r\n"
}

/// A cell that no spreadsheet takes for a formula.
fn csv_cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if is_formula { format!("'{text}") } else { text.to_owned() };
    if is_formula || safe.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", safe.replace('"', "\"\""));
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formulas() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@sum", "\"'@sum\""),
            ("-1", "\"'-1\""),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}
