//! Which images of a library are listed: by camera, format, date, place and upload link.

use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::counted::CAMERA_CHARACTERS_MAX;
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::extract::Query;
use crate::http::texts::BAD_TEXT;
use crate::tiers::words::PictureFormat;

/// All that is said must hold.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterQuery {
    /// The camera's model, as the metadata has it, such as `Canon EOS 40D`.
    camera: Option<String>,
    /// A word such as `jpeg`.
    #[param(value_type = Option<PictureFormat>)]
    format: Option<String>,
    /// Taken on this day or later; local time, a day or a moment, such as `2008-05-30`.
    taken_from: Option<String>,
    /// Taken on this day or earlier, such as `2008-05-30T15:56:01`.
    taken_to: Option<String>,
    /// Whether the place is known it was taken at.
    has_gps: Option<bool>,
    /// Came through this upload link.
    upload_link: Option<Uuid>,
}

/// A text that no field takes makes a filter like any other that makes no sense.
impl FromRequestParts<App> for FilterQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        query.map(|Query(filter)| filter).map_err(|mut problem| {
            if problem.code == BAD_TEXT {
                problem.code = "bad_filter";
            }
            problem
        })
    }
}

impl FilterQuery {
    pub fn filter(self, caller: &Caller) -> Result<Filter, Problem> {
        let bad = |detail: String| Problem::unprocessable("bad_filter", detail);
        if self.camera.as_ref().is_some_and(|camera| camera.chars().count() > CAMERA_CHARACTERS_MAX)
        {
            return Err(bad(format!("camera: has more than {CAMERA_CHARACTERS_MAX} characters")));
        }
        if let Some(format) = &self.format
            && format.parse::<pixels::Format>().is_err()
        {
            return Err(bad(format!("format: {format:?} is not a format read here")));
        }
        for (name, text) in [("taken_from", &self.taken_from), ("taken_to", &self.taken_to)] {
            if let Some(text) = text.as_ref().filter(|text| !is_moment(text)) {
                let detail =
                    format!("{name}: {text:?} is no day, such as 2008-05-30, and no moment");
                return Err(bad(detail));
            }
        }
        let filter = Filter(self);
        if caller.link.is_some() && !filter.is_empty() {
            return Err(bad("what came through a link is listed without a filter".to_owned()));
        }
        Ok(filter)
    }
}

/// `2008-05-30`, or `2008-05-30T15:56:01`.
fn is_moment(text: &str) -> bool {
    // Written in one way only: times are compared as text.
    match text.len() {
        10 => text.parse::<jiff::civil::Date>().is_ok_and(|day| day.to_string() == text),
        19 => text.parse::<jiff::civil::DateTime>().is_ok_and(|moment| moment.to_string() == text),
        _ => false,
    }
}

/// What was asked about, found to make sense.
#[derive(Debug, Default)]
pub struct Filter(FilterQuery);

impl Filter {
    /// Whether one thing is asked about.
    pub fn is_single(&self) -> bool {
        let FilterQuery { camera, format, has_gps, upload_link, .. } = &self.0;
        let asked = [
            camera.is_some(),
            format.is_some(),
            self.is_by_time(),
            has_gps.is_some(),
            upload_link.is_some(),
        ];
        asked.into_iter().filter(|asked| *asked).count() == 1
    }

    pub fn is_by_time(&self) -> bool {
        self.0.taken_from.is_some() || self.0.taken_to.is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// As the end of a query string; the same for the same question.
    pub fn text(&self) -> String {
        let FilterQuery { camera, format, taken_from, taken_to, has_gps, upload_link } = &self.0;
        let has_gps = has_gps.map(|has| has.to_string());
        let upload_link = upload_link.map(|id| id.to_string());
        let said = [
            ("camera", camera),
            ("format", format),
            ("taken_from", taken_from),
            ("taken_to", taken_to),
            ("has_gps", &has_gps),
            ("upload_link", &upload_link),
        ];
        let mut text = String::new();
        for (name, value) in said {
            if let Some(value) = value {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                write!(text, "&{name}={value}").expect("a string takes everything");
            }
        }
        text
    }

    pub fn camera(&self) -> Option<&str> {
        self.0.camera.as_deref()
    }

    pub fn format(&self) -> Option<&str> {
        self.0.format.as_deref()
    }

    /// The least text of a time that passes.
    pub fn taken_from(&self) -> Option<&str> {
        self.0.taken_from.as_deref()
    }

    /// The greatest text: behind whatever goes on like this, be it hours or an offset.
    pub fn taken_to(&self) -> Option<String> {
        self.0.taken_to.as_ref().map(|text| format!("{text}~"))
    }

    pub fn has_gps(&self) -> Option<bool> {
        self.0.has_gps
    }

    pub fn upload_link(&self) -> Option<Uuid> {
        self.0.upload_link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_told_from_other_text() {
        for (text, is) in [
            ("2008-05-30", true),
            ("2008-05-30T15:56:01", true),
            ("2008-02-30", false),
            ("2008-05-30 15:56:01", false),
            ("2008-05-30T25:56:01", false),
            ("2008-05-30T15:56+01", false),
            ("2008-05-30T155601.5", false),
            ("2008-05-30t15:56:01", false),
            ("2008-5-3", false),
            ("yesterday!", false),
            ("", false),
        ] {
            assert_eq!(is_moment(text), is, "{text}");
        }
    }

    #[test]
    fn a_question_is_written_as_the_end_of_a_query() {
        let camera = Some("EOS & 40D".to_owned());
        let filter = Filter(FilterQuery { camera, has_gps: Some(false), ..FilterQuery::default() });
        assert_eq!(filter.text(), "&camera=EOS%20%26%2040D&has_gps=false");
        assert!(Filter::default().is_empty());
    }
}
