//! What the description says of many operations alike, by rules: handlers list only what is special.

use std::collections::HashMap;

use axum::http::Method;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{OpenApi, Ref, RefOr, Response};

use super::examples;
use crate::http::query::KnownQueries;

const FORM: &str = "multipart/form-data";
/// Generators of clients know these media types, and for ours they make no code. The first of each
/// pair is what is answered.
const ALSO_AS: [(&str, &str); 4] = [
    ("image/*", "application/octet-stream"),
    ("image/jpeg", "application/octet-stream"),
    ("application/zip", "application/octet-stream"),
    ("application/openmetrics-text", "text/plain"),
];

/// Completes the document: statuses that follow from how an operation is called, descriptions of
/// answers, and bodies to try it with.
pub fn complete(document: &mut OpenApi) {
    let schemas = document.components.as_ref().map(|known| known.schemas.clone());
    let schemas = schemas.unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for status in statuses(path, operation) {
                let problem = RefOr::Ref(Ref::from_response_name("Problem"));
                operation.responses.responses.entry(status.to_owned()).or_insert(problem);
            }
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response {
                    describe(status, response);
                }
            }
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                for (media_type, content) in &mut body.content {
                    if let (true, RefOr::T(content)) = (media_type != FORM, content) {
                        content.example = examples::of(content, &schemas);
                    }
                }
            }
        }
    }
}

/// How an operation fails, by how it is called.
fn statuses(path: &str, operation: &Operation) -> Vec<&'static str> {
    let mut statuses = vec!["default"];
    if operation.security.is_none() {
        statuses.extend(["401", "403"]);
    }
    if path.contains('{') {
        statuses.push("404");
    }
    if let Some(RefOr::T(body)) = &operation.request_body {
        statuses.extend(["400", "408", "415", "422"]);
        if body.content.contains_key(FORM) {
            statuses.push("413");
        }
    }
    if is_strict(path, operation) || names_of_query(operation).next().is_some() {
        statuses.push("422");
    }
    if answers_picture(operation) {
        statuses.push("416");
    }
    statuses
}

/// Every answer has words, and a media type that generators know.
fn describe(status: &str, response: &mut Response) {
    if response.description.is_empty() {
        let words = if status == "201" { "It was made: this is it." } else { "This is it." };
        words.clone_into(&mut response.description);
    }
    for (media_type, known) in ALSO_AS {
        if let Some(content) = response.content.get(media_type).cloned() {
            response.content.insert(known.to_owned(), content);
        }
    }
}

/// The query parameters that operations know which refuse others: the JSON routes of the API proper.
/// Pages, links, pictures and older services' routes ignore what they do not know.
pub fn known_queries(document: &OpenApi) -> KnownQueries {
    let mut known = HashMap::<_, HashMap<_, _>>::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ] {
            let Some(operation) = operation.as_ref().filter(|one| is_strict(path, one)) else {
                continue;
            };
            let names = names_of_query(operation).map(str::to_owned).collect::<Vec<_>>();
            known.entry(path.clone()).or_default().insert(method, names);
        }
    }
    KnownQueries(known)
}

fn is_strict(path: &str, operation: &Operation) -> bool {
    let is_drop_in = operation.tags.iter().flatten().any(|tag: &String| tag.ends_with("drop-in"));
    path.starts_with("/api/v1/") && !is_drop_in && !answers_picture(operation)
}

fn names_of_query(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Query, .. }) => Some(&**name),
        _ => None,
    })
}

fn answers_picture(operation: &Operation) -> bool {
    operation.responses.responses.values().any(|response| match response {
        RefOr::T(response) => response.content.keys().any(|name| name.starts_with("image/")),
        RefOr::Ref(_) => false,
    })
}
