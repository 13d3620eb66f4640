//! What a reader of JSON or of a query found wrong, said to people who know no Rust; and sizes.

/// A number of bytes, as people read it: 10485760 is "10 MiB".
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let unit = UNITS.iter().find(|(_, unit)| bytes >= *unit);
    match unit {
        None => format!("{bytes} bytes"),
        Some((name, unit)) if bytes.is_multiple_of(*unit) => format!("{} {name}", bytes / unit),
        Some((name, unit)) => format!("{:.1} {name}", bytes as f64 / *unit as f64),
    }
}

/// Says what serde found wrong in plain words. What it does not know it says as it is.
pub fn plain(error: &str) -> String {
    if let Some(name) = error.strip_prefix("missing field ") {
        return format!("{name} is missing");
    }
    if let Some(rest) = error.strip_prefix("unknown field ") {
        let (name, known) = rest.split_once(", ").unwrap_or((rest, ""));
        let known = known.trim_start_matches("expected ").trim_start_matches("one of ");
        return match known {
            "" | "there are no fields" => format!("there is no member {name}"),
            _ => format!("there is no member {name}; there are {known}"),
        };
    }
    if let Some(rest) = error.strip_prefix("unknown variant ") {
        let (given, known) = rest.split_once(", expected ").unwrap_or((rest, ""));
        return format!("{given} is none of {}", known.trim_start_matches("one of "));
    }
    if let Some(name) = error.strip_prefix("duplicate field ") {
        return format!("{name} is said more than once");
    }
    if error.starts_with("UUID parsing failed") {
        return "is no id".to_owned();
    }
    if error == "provided string was not `true` or `false`" {
        return "is neither true nor false".to_owned();
    }
    if let Some((_, place)) = error.split_once(" at line ") {
        let is_cut = error.starts_with("EOF while parsing");
        let what = if is_cut { "the JSON ends too early, at" } else { "this is no JSON at" };
        return format!("{what} line {place}");
    }
    match error.split_once(", expected ") {
        Some((found, expected)) => format!("is {}, not {}", found_words(found), wanted(expected)),
        None => error.to_owned(),
    }
}

/// What was found: after `invalid type: `, `invalid value: `, or `invalid length `.
fn found_words(found: &str) -> String {
    let Some((_, found)) = found.split_once(": ") else {
        return if found.starts_with("invalid length") { "a list" } else { found }.to_owned();
    };
    match found.split_once(' ').unwrap_or((found, "")) {
        ("sequence", _) => "a list".to_owned(),
        ("map", _) => "an object".to_owned(),
        ("null", _) => "null".to_owned(),
        ("integer" | "boolean", value) => value.trim_matches('`').to_owned(),
        ("floating", value) => value.trim_start_matches("point ").trim_matches('`').to_owned(),
        ("string", value) => value.to_owned(),
        _ => found.to_owned(),
    }
}

fn wanted(expected: &str) -> String {
    match expected {
        "i64" | "i32" | "i16" | "i8" => "a whole number".to_owned(),
        "u64" | "u32" | "u16" | "usize" => "a whole number from 0".to_owned(),
        "u8" => "a whole number from 0 to 255".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ => expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_needs_to_know_rust() {
        for (error, said) in [
            (
                "invalid length 0, expected struct Rights with 3 elements",
                "is a list, not an object",
            ),
            ("invalid type: sequence, expected struct Rights", "is a list, not an object"),
            ("invalid type: integer `5`, expected a string", "is 5, not a string"),
            ("invalid type: string \"x\", expected i64", "is \"x\", not a whole number"),
            ("invalid value: integer `-1`, expected u64", "is -1, not a whole number from 0"),
            (
                "invalid value: integer `300`, expected u8",
                "is 300, not a whole number from 0 to 255",
            ),
            ("invalid type: floating point `1.5`, expected i64", "is 1.5, not a whole number"),
            ("invalid type: null, expected a boolean", "is null, not true or false"),
            ("missing field `name`", "`name` is missing"),
            ("unknown field `a`, expected `b`", "there is no member `a`; there are `b`"),
            (
                "unknown field `a`, expected one of `b`, `c`",
                "there is no member `a`; there are `b`, `c`",
            ),
            ("unknown variant `a`, expected `b` or `c`", "`a` is none of `b` or `c`"),
            ("unknown variant `a`, expected one of `b`, `c`", "`a` is none of `b`, `c`"),
            ("duplicate field `camera`", "`camera` is said more than once"),
            ("UUID parsing failed: invalid character: found `o` at 1", "is no id"),
            ("provided string was not `true` or `false`", "is neither true nor false"),
            (
                "EOF while parsing an object at line 1 column 1",
                "the JSON ends too early, at line 1 column 1",
            ),
            ("expected value at line 1 column 1", "this is no JSON at line 1 column 1"),
            (
                "neither \"download\" nor a number of seconds",
                "neither \"download\" nor a number of seconds",
            ),
        ] {
            assert_eq!(plain(error), said, "{error}");
        }
    }

    #[test]
    fn sizes_are_said_in_powers_of_1024() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (10 << 20, "10 MiB"),
            (3 << 19, "1.5 MiB"),
            (1 << 30, "1 GiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}
