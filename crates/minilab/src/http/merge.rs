//! Changes that come as a part of a JSON object, and all that is wrong with them at once.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::Problem;
use super::code::Code;
use super::words::plain;

/// A member of a change: left out, or said, be it null. Goes with `#[serde(default)]`.
#[derive(Clone, Copy, Debug, Default)]
pub enum Said<T> {
    #[default]
    Nothing,
    Value(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Value)
    }
}

impl<T> Said<T> {
    /// What is so from now on.
    pub fn or(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => before,
            Self::Value(value) => value,
        }
    }
}

/// What is wrong with one member.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MemberProblem {
    pub field: String,
    pub detail: String,
}

impl MemberProblem {
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { field: field.to_owned(), detail: detail.into() }
    }
}

/// `base` with the members of `changes` in place of its own, as RFC 7396 merges objects. Each member
/// is tried alone, so that each mistake is found and named.
pub fn merge<T: Serialize + DeserializeOwned>(
    base: &T,
    changes: &Map<String, Value>,
) -> (T, Vec<MemberProblem>) {
    let mut merged = serde_json::to_value(base).expect("plain values");
    let mut wrong = Vec::new();
    for (name, change) in changes {
        let mut candidate = merged.clone();
        let members = candidate.as_object_mut().expect("a struct is an object");
        match (members.get_mut(name), change) {
            (None, _) => {
                wrong.push(MemberProblem::new(name, "there is no such member"));
                continue;
            }
            (Some(Value::Object(inner)), Value::Object(changes)) => {
                inner.extend(changes.clone());
            }
            // A list would be taken for its members in their order.
            (Some(Value::Object(_)), _) => {
                wrong.push(MemberProblem::new(name, "is not an object"));
                continue;
            }
            (Some(member), _) => *member = change.clone(),
        }
        match serde_json::from_value::<T>(candidate.clone()) {
            Ok(_) => merged = candidate,
            Err(error) => wrong.push(MemberProblem::new(name, plain(&error.to_string()))),
        }
    }
    (serde_json::from_value(merged).expect("tried member by member"), wrong)
}

/// 422 with all that is wrong, if anything is.
pub fn refuse(wrong: &[MemberProblem]) -> Result<(), Problem> {
    if wrong.is_empty() {
        return Ok(());
    }
    let said = wrong.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.detail));
    let detail = said.collect::<Vec<_>>().join("; ");
    Err(Problem::new(Code::Invalid, detail).with("problems", json!(wrong)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Frame {
        width: Option<u32>,
        colour: Colour,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Colour {
        red: u8,
        blue: u8,
    }

    #[test]
    fn members_are_replaced_and_all_mistakes_are_named() {
        let base = Frame { width: Some(3), colour: Colour { red: 1, blue: 2 } };
        let merged = |changes: Value| merge(&base, changes.as_object().unwrap());
        let (frame, wrong) = merged(json!({"width": null, "colour": {"red": 9}}));
        assert_eq!(frame, Frame { width: None, colour: Colour { red: 9, blue: 2 } });
        assert!(wrong.is_empty());
        let (frame, wrong) =
            merged(json!({"width": "x", "height": 1, "colour": {"green": 1, "red": 300}}));
        assert_eq!(frame, base);
        let fields = wrong.iter().map(|wrong| &*wrong.field).collect::<Vec<_>>();
        assert_eq!(fields, ["colour", "height", "width"]);
        let problem = refuse(&wrong).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code), (422, Code::Invalid));
    }
}
