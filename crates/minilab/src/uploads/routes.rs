//! `POST /api/v1/images`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::batch::{Item, receive_all};
use super::store::Stored;
use crate::accounts::Caller;
use crate::app::App;
use crate::http::Problem;
use crate::http::extract::Query;
use crate::images;

/// The name of a file that is sent as a raw body.
#[derive(Debug, Default, Deserialize)]
pub struct NameQuery {
    filename: Option<String>,
}

/// Takes in one or several pictures.
pub async fn create_images(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<NameQuery>,
    request: Request,
) -> Result<Response, Problem> {
    let items =
        receive_all(&app, &caller, app.config.uploads.files_max, query.filename, request).await?;
    answer(&app, &caller, &items).await
}

/// 201 when an image was made, 200 when all were there already, else the error they share.
async fn answer(app: &App, caller: &Caller, items: &[Item]) -> Result<Response, Problem> {
    let mut views = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        views.push(view_item(app, caller, index, item).await?);
    }
    let is = |wanted: fn(&Stored) -> bool| {
        items.iter().any(|item| item.outcome.as_ref().is_ok_and(wanted))
    };
    let status = if is(|stored| matches!(stored, Stored::Created(_))) {
        StatusCode::CREATED
    } else if is(|stored| matches!(stored, Stored::Duplicate(_))) {
        StatusCode::OK
    } else {
        return Err(common_problem(items).with("items", views));
    };
    let location = match items {
        [Item { outcome: Ok(Stored::Created(id) | Stored::Duplicate(id)), .. }] => {
            Some([(header::LOCATION, format!("/api/v1/images/{id}"))])
        }
        _ => None,
    };
    Ok((status, location, Json(json!({ "items": views }))).into_response())
}

async fn view_item(
    app: &App,
    caller: &Caller,
    index: usize,
    item: &Item,
) -> Result<Value, Problem> {
    let mut view = json!({ "index": index, "filename": item.filename });
    match &item.outcome {
        Ok(Stored::Created(id)) => {
            view["status"] = "created".into();
            view["id"] = id.to_string().into();
            view["image"] = view_image(app, caller, *id).await?;
        }
        Ok(Stored::Duplicate(id)) => {
            view["status"] = "duplicate".into();
            view["id"] = id.to_string().into();
            view["image"] = view_image(app, caller, *id).await?;
        }
        Err(problem) => {
            view["status"] = "rejected".into();
            view["error"] = problem.to_item_error();
        }
    }
    Ok(view)
}

/// Nothing when it was deleted in the meantime.
async fn view_image(app: &App, caller: &Caller, id: Uuid) -> Result<Value, Problem> {
    let image = images::find(&mut app.db.read().await?, caller.account.id, id).await?;
    let Some(image) = image else {
        return Ok(Value::Null);
    };
    let view = images::routes::show(app, caller, &image).await?;
    serde_json::to_value(view).map_err(|error| Problem::internal(&error.into()))
}

/// The one problem of all files; 422 when they differ.
fn common_problem(items: &[Item]) -> Problem {
    let mut problems = items.iter().filter_map(|item| item.outcome.as_ref().err());
    let first = problems.next().expect("nothing was stored, so something was refused").clone();
    if problems.all(|problem| problem.code == first.code) {
        return first;
    }
    Problem::unprocessable("all_rejected", "every file was refused; `items` says why")
}
