//! Why a file is not taken.

use axum::http::StatusCode;

use crate::http::Problem;

/// The sender's fault, each with what helps.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    #[error("the file is larger than the {max} bytes that the tier allows")]
    TooLarge { max: u64 },
    #[error("the file is empty")]
    Empty,
    #[error(transparent)]
    Picture(#[from] pixels::Error),
    #[error("{used} of {limit} images are kept; delete some first, or move to a larger tier")]
    QuotaReached { used: i64, limit: i64 },
    #[error("this account is suspended")]
    Suspended,
    #[error("one request may bring at most {max} files")]
    TooManyFiles { max: usize },
    #[error("there is no file in the request")]
    NoFile,
    #[error("the request body is broken: {0}")]
    BrokenBody(String),
    #[error(
        "the bytes came too slowly: nothing for {secs} s, or less than {rate_min} bytes a second"
    )]
    TooSlow { secs: u64, rate_min: u64 },
}

/// What can end an upload.
#[derive(Debug)]
pub enum Stop {
    Refused(Refused),
    Failed(anyhow::Error),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(cause: anyhow::Error) -> Self {
        Self::Failed(cause)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(cause: sqlx::Error) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Refused(refused) => refused.into(),
            Stop::Failed(cause) => Self::internal(&cause),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = refused.to_string();
        match refused {
            Refused::TooLarge { max } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail).with("limit", max)
            }
            Refused::Empty => Self::unprocessable("empty_file", detail),
            Refused::Picture(error) => picture_problem(&error, detail),
            Refused::QuotaReached { used, limit } => {
                Self::forbidden("quota_reached", detail).with("used", used).with("limit", limit)
            }
            Refused::Suspended => Self::forbidden("suspended", detail),
            Refused::TooManyFiles { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many_files", detail)
            }
            Refused::NoFile => Self::unprocessable("no_file", detail),
            Refused::BrokenBody(_) => Self::bad_request("broken_body", detail),
            Refused::TooSlow { .. } => Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", detail),
        }
    }
}

fn picture_problem(error: &pixels::Error, detail: String) -> Problem {
    let status = match error {
        pixels::Error::Unsupported { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        pixels::Error::NotAnImage { .. }
        | pixels::Error::Malformed { .. }
        | pixels::Error::OverLimit { .. }
        | pixels::Error::Encode { .. }
        | pixels::Error::OverByteBudget { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Problem::new(status, error.code(), detail)
}
