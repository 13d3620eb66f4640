//! Bodies that `/docs` offers to send: what an operation needs, and nothing that it does not.
//!
//! Without them Swagger UI fills in every member, and whoever tries out a change changes everything.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::{Content, RefOr, Schema};

const SCHEMAS: &str = "#/components/schemas/";

/// The body to try an operation with, if it is JSON.
pub(super) fn of(content: &Content, schemas: &BTreeMap<String, RefOr<Schema>>) -> Option<Value> {
    let schema = serde_json::to_value(content.schema.as_ref()?).expect("plain values");
    let schema = resolve(&schema, schemas);
    (schema["type"] == "object").then(|| fill(&schema, schemas))
}

/// The schema that stands behind a reference.
fn resolve(schema: &Value, schemas: &BTreeMap<String, RefOr<Schema>>) -> Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix(SCHEMAS));
    match name.and_then(|name| schemas.get(name)) {
        Some(found) => serde_json::to_value(found).expect("plain values"),
        None => schema.clone(),
    }
}

/// What the schema says of itself, or else the least that it allows.
fn fill(schema: &Value, schemas: &BTreeMap<String, RefOr<Schema>>) -> Value {
    let schema = resolve(schema, schemas);
    if let Some(example) = schema.get("example").or_else(|| schema["examples"].get(0)) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let member = |name: &Value| {
                let name = name.as_str()?;
                Some((name.to_owned(), fill(&schema["properties"][name], schemas)))
            };
            Value::Object(required.filter_map(member).collect::<Map<_, _>>())
        }
        Some("array") if schema.get("minItems").is_some() => {
            json!([fill(&schema["items"], schemas)])
        }
        Some("array") => json!([]),
        Some("boolean") => json!(false),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        // Nobody's: trying it out finds nothing, and changes nothing.
        _ if schema["format"] == "uuid" => json!(uuid::Uuid::nil()),
        _ => json!("..."),
    }
}
