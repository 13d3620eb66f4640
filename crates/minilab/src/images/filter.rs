//! Which images of a library are listed, and in which order.

use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::searched::{self, CAMERA_CHARACTERS_MAX};
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::code::Code;
use crate::http::extract::Query;
use crate::http::paging::CursorKind;
use crate::ids::UploadLinkId;
use crate::tiers::from_word;
use crate::tiers::words::PictureFormat;

/// Characters of a part of a file's name: as many as a file's name has.
const NAME_CHARACTERS_MAX: usize = 255;

/// What comes first in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest upload.
    #[default]
    Created,
    /// What was taken last, by its camera's clock; what has no such time comes behind all that has one.
    Taken,
}

impl Order {
    /// What the cursors of such a list hold.
    pub fn cursor(self) -> CursorKind {
        match self {
            Self::Created => CursorKind::Id,
            Self::Taken => CursorKind::TimeAndId,
        }
    }
}

/// All that is said must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterQuery {
    /// A part of the camera's model, in any case: `40d` finds `Canon EOS 40D`.
    #[param(max_length = 200)]
    camera: Option<String>,
    /// A word such as `jpeg`.
    #[param(value_type = Option<PictureFormat>)]
    format: Option<String>,
    /// How far it is.
    #[param(value_type = Option<State>)]
    state: Option<String>,
    /// A part of the file's name, in any case.
    #[param(max_length = 255)]
    name: Option<String>,
    /// Whether the place is known it was taken at.
    place: Option<bool>,
    /// Whether a part of the picture is missing.
    truncated: Option<bool>,
    /// Came through this upload link.
    #[param(value_type = Option<Uuid>)]
    link: Option<UploadLinkId>,
    /// Uploaded on this day, UTC, such as `2026-11-28`.
    day: Option<String>,
    /// Taken on this day or later; local time, a day or a moment, such as `2008-05-30`.
    taken_from: Option<String>,
    /// Taken on this day or earlier, such as `2008-05-30T15:56:01`.
    taken_to: Option<String>,
    /// What comes first.
    #[param(value_type = Option<Order>, inline)]
    order: Option<String>,
    /// The old name of `place`.
    has_gps: Option<bool>,
    /// The old name of `link`.
    #[param(value_type = Option<Uuid>)]
    upload_link: Option<UploadLinkId>,
}

/// A text that no field takes makes a filter like any other that makes no sense.
impl FromRequestParts<App> for FilterQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        query.map(|Query(filter)| filter).map_err(|mut problem| {
            if problem.code == Code::BadText {
                problem.code = Code::BadFilter;
            }
            problem
        })
    }
}

fn bad(detail: String) -> Problem {
    Problem::new(Code::BadFilter, detail)
}

impl FilterQuery {
    pub fn filter(mut self, caller: &Caller) -> Result<Filter, Problem> {
        self.place = self.place.or(self.has_gps);
        self.link = self.link.or(self.upload_link);
        let filter =
            Filter { text: self.text(), order: self.order()?, conditions: self.conditions()? };
        if caller.link.is_some() && !filter.is_empty() {
            return Err(bad("what came through a link is listed without a filter".to_owned()));
        }
        Ok(filter)
    }

    fn order(&self) -> Result<Order, Problem> {
        let Some(word) = &self.order else { return Ok(Order::default()) };
        from_word(word).ok_or_else(|| bad(format!("order: {word:?} is neither created nor taken")))
    }

    fn conditions(&self) -> Result<Vec<Condition>, Problem> {
        let mut conditions = Vec::new();
        if let Some(part) = part("camera", self.camera.as_deref(), CAMERA_CHARACTERS_MAX)? {
            conditions.push(Condition::Camera(part));
        }
        if let Some(part) = part("name", self.name.as_deref(), NAME_CHARACTERS_MAX)? {
            conditions.push(Condition::Name(part));
        }
        if let Some(word) = &self.format {
            let format = word.parse::<pixels::Format>();
            let format =
                format.map_err(|_| bad(format!("format: {word:?} is not a format read here")))?;
            conditions.push(Condition::Format(format.to_string()));
        }
        if let Some(word) = &self.state {
            let state = from_word(word).ok_or_else(|| {
                bad(format!("state: {word:?} is none of processing, ready and failed"))
            })?;
            conditions.push(Condition::State(state));
        }
        conditions.extend(self.place.map(Condition::Place));
        conditions.extend(self.truncated.map(Condition::Truncated));
        conditions.extend(self.link.map(Condition::Link));
        if let Some(text) = &self.day {
            let day = searched::span(text).filter(|_| text.len() == 10);
            let (from, to) =
                day.ok_or_else(|| bad(format!("day: {text:?} is no day, such as 2026-11-28")))?;
            conditions.push(Condition::Created { from, to });
        }
        let from = moment("taken_from", self.taken_from.as_deref())?.map(|(start, _)| start);
        let to = moment("taken_to", self.taken_to.as_deref())?.map(|(_, end)| end);
        if from.is_some() || to.is_some() {
            // What has no time is no part of any.
            let from = from.unwrap_or(searched::UNDATED + 1);
            conditions.push(Condition::Taken { from, to: to.unwrap_or(i64::MAX) });
        }
        Ok(conditions)
    }

    /// As the end of a query string; the same for the same question.
    fn text(&self) -> String {
        let word = |is: bool| is.to_string();
        let said = [
            ("camera", self.camera.clone()),
            ("format", self.format.clone()),
            ("state", self.state.clone()),
            ("name", self.name.clone()),
            ("place", self.place.map(word)),
            ("truncated", self.truncated.map(word)),
            ("link", self.link.map(|id| id.to_string())),
            ("day", self.day.clone()),
            ("taken_from", self.taken_from.clone()),
            ("taken_to", self.taken_to.clone()),
            ("order", self.order.clone()),
        ];
        let mut text = String::new();
        for (name, value) in said {
            if let Some(value) = value {
                let value = utf8_percent_encode(&value, NON_ALPHANUMERIC);
                write!(text, "&{name}={value}").expect("a string takes everything");
            }
        }
        text
    }
}

/// A part of a text, as it is compared.
fn part(name: &str, text: Option<&str>, most: usize) -> Result<Option<String>, Problem> {
    match text {
        Some(text) if text.chars().count() > most => {
            Err(bad(format!("{name}: has more than {most} characters")))
        }
        // Everything has it.
        Some("") | None => Ok(None),
        Some(text) => Ok(Some(searched::fold(text))),
    }
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<(i64, i64)>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let span = searched::span(text);
    span.map(Some).ok_or_else(|| {
        bad(format!("{name}: {text:?} is no day, such as 2008-05-30, and no moment"))
    })
}

/// One thing that must hold of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its camera has this part, folded.
    Camera(String),
    /// Its camera is one of these, folded.
    Cameras(Vec<String>),
    /// The name of its file has this part, folded.
    Name(String),
    Format(String),
    State(State),
    Place(bool),
    Truncated(bool),
    Link(UploadLinkId),
    /// Uploaded at `from` or later, before `to`, in milliseconds.
    Created {
        from: i64,
        to: i64,
    },
    /// Taken at `from` or later, before `to`, in milliseconds of local time.
    Taken {
        from: i64,
        to: i64,
    },
}

/// What was asked about, found to make sense.
#[derive(Debug, Default)]
pub struct Filter {
    pub conditions: Vec<Condition>,
    pub order: Order,
    text: String,
}

impl Filter {
    /// Whether it is the whole library, newest first.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.order == Order::Created
    }

    /// As the end of a query string.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_written_as_the_end_of_a_query() {
        let camera = Some("EOS & 40D".to_owned());
        let query = FilterQuery { camera, place: Some(false), ..FilterQuery::default() };
        assert_eq!(query.text(), "&camera=EOS%20%26%2040D&place=false");
        assert!(Filter::default().is_empty());
        assert_eq!(FilterQuery::default().text(), "");
    }
}
