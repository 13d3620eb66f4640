//! Query parameters that nobody reads: a mistake of whoever sent them, and said to be one.

use std::collections::HashMap;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::Problem;
use super::code::Code;

/// The parameters that operations know which refuse others: by route, then by method.
#[derive(Debug, Default)]
pub struct KnownQueries(pub HashMap<String, HashMap<Method, Vec<String>>>);

impl KnownQueries {
    /// Why a request is refused, if its operation is strict and does not know one of its parameters.
    pub(super) fn refusal(&self, request: &Request) -> Option<Problem> {
        let query = request.uri().query().filter(|query| !query.is_empty())?;
        let route = request.extensions().get::<MatchedPath>()?;
        let methods = self.0.get(route.as_str())?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let known = methods.get(method)?;
        let unknown = names(query).find(|name| !known.contains(name))?;
        let detail = match &known[..] {
            [] => format!("there is no query parameter {unknown:?} here, nor any other"),
            _ => {
                format!(
                    "there is no query parameter {unknown:?} here; there are {}",
                    known.join(", ")
                )
            }
        };
        let problem = Problem::new(Code::BadQuery, detail);
        Some(problem.with("parameter", unknown).with("known", known.clone()))
    }
}

/// The names in a query, as forms write them.
fn names(query: &str) -> impl Iterator<Item = String> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name).replace('+', " ");
        percent_decode_str(&name).decode_utf8_lossy().into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_forms_write_them() {
        let names = names("a=1&&b&c%5B%5D=x=y&d+e=%FF").collect::<Vec<_>>();
        assert_eq!(names, ["a", "b", "c[]", "d e"]);
    }
}
