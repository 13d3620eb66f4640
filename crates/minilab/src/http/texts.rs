//! Every text of a body, looked at before any field is.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::code::Code;
use super::problem::Problem;
use crate::text;

/// Why a field takes no such text. The name of a file is made safe, whatever it is.
pub fn flaw(field: &str, value: &str) -> Option<String> {
    if field == "filename" { None } else { text::flaw(value) }
}

/// Refuses a JSON body with a text that no field takes. What is no JSON is somebody else's to refuse.
pub fn check_json(body: &[u8]) -> Result<(), Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    match Texts("the body").deserialize(&mut json) {
        Err(error) if error.is_data() => Err(Problem::new(Code::BadText, error.to_string())),
        _ => Ok(()),
    }
}

/// Looks at all texts below the member of this name, and keeps none.
struct Texts<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let Self(field) = self;
        let refused = |flaw| {
            let field = field.chars().take(40).collect::<String>();
            Err(E::custom(format!("{field:?} {flaw}")))
        };
        flaw(field, value).map_or(Ok(()), refused)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Texts(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            Texts("a member's name").visit_str::<A::Error>(&name)?;
            members.next_value_seed(Texts(&name))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_wherever_it_stands() {
        for body in [
            r#""\u0000""#,
            r#"{"a": "\u0000"}"#,
            r#"{"a": [1, true, null, 1.5, -1, {"b": ["x\u0000"]}]}"#,
            r#"{"a\u0000": 1}"#,
        ] {
            assert_eq!(check_json(body.as_bytes()).unwrap_err().code, Code::BadText, "{body}");
        }
        for body in [r#"{"a": ["\n", "\\u0000"], "filename": "\u0000"}"#, "{", "", "\u{1}"] {
            assert!(check_json(body.as_bytes()).is_ok(), "{body}");
        }
    }
}
