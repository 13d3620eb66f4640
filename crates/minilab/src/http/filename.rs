//! The name of a file as a form says it: `filename*` of RFC 5987 before `filename`, and the encoded words
//! of RFC 2047 that mailers put there.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use encoding_rs::{Encoding, WINDOWS_1252};
use percent_encoding::percent_decode_str;

/// Senders leave the padding out now and then.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Pieces of one name; a name of a file is short.
const PIECES_MAX: usize = 32;

/// The name in a part's `Content-Disposition`, if there is one. It is not made safe.
pub fn of_part(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    // UTF-8 as browsers write it, or else what was before.
    let value = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(value).0.into_owned(),
    };
    let (mut plain, mut extended) = (None, None);
    let parameters = parameters(&value);
    let continued = continued(&parameters);
    for (name, value) in parameters {
        if name.eq_ignore_ascii_case("filename*") {
            extended = extended.or_else(|| decode_extended(&value));
        } else if name.eq_ignore_ascii_case("filename") {
            plain = plain.or(Some(value));
        }
    }
    extended.or(continued).or_else(|| plain.map(|name| decode_words(&name)))
}

/// A name in pieces, as RFC 2231 has it: `filename*0*=UTF-8''na%C3%AF; filename*1="ve.jpg"`.
fn continued(parameters: &[(String, String)]) -> Option<String> {
    let piece = |number: usize| {
        let (encoded, plain) = (format!("filename*{number}*"), format!("filename*{number}"));
        parameters.iter().find_map(|(name, value)| {
            let is_encoded = name.eq_ignore_ascii_case(&encoded);
            (is_encoded || name.eq_ignore_ascii_case(&plain)).then_some((is_encoded, value))
        })
    };
    let (mut charset, mut bytes) = (None, Vec::new());
    for number in 0..PIECES_MAX {
        let Some((is_encoded, value)) = piece(number) else { break };
        let mut value = &value[..];
        if number == 0 && is_encoded {
            let (named, rest) = value.split_once('\'')?;
            (charset, value) = (Some(named), rest.split_once('\'')?.1);
        }
        if is_encoded {
            bytes.extend(percent_decode_str(value));
        } else {
            bytes.extend(value.bytes());
        }
    }
    if bytes.is_empty() { None } else { decode(charset.unwrap_or("UTF-8"), &bytes) }
}

/// Names and values behind the first `;`, quotes taken off.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, behind)) = rest.split_once('=') {
        let (value, behind) = if let Some(quoted) = behind.trim_start().strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, behind) = behind.split_once(';').unwrap_or((behind, ""));
            (value.trim().to_owned(), behind)
        };
        found.push((name.trim_matches([' ', '\t', ';']).to_owned(), value));
        rest = behind;
    }
    found
}

/// What stands before the closing quote, and what behind it. A backslash is part of a path, unless
/// it stands before a quote or another one.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' if matches!(next, Some('"' | '\\')) => {
                value.extend(next);
                chars.next();
            }
            _ => value.push(c),
        }
    }
    (value, "")
}

/// `UTF-8'en'na%C3%AFve.jpg`.
fn decode_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, text) = rest.split_once('\'')?;
    let bytes = percent_decode_str(text).collect::<Vec<_>>();
    decode(charset, &bytes)
}

/// Text with its encoded words, `=?utf-8?B?...?=`, in place. What is none stays as it is.
fn decode_words(text: &str) -> String {
    let mut decoded = String::new();
    // Bytes of neighbours in one charset: a letter may be cut between two words.
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let Some((charset, bytes, behind)) = word(&rest[start + 2..]) else {
            flush(&mut decoded, &mut open);
            decoded.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            continue;
        };
        // Space between two words only keeps them apart.
        if open.is_none() || !rest[..start].trim().is_empty() {
            flush(&mut decoded, &mut open);
            decoded.push_str(&rest[..start]);
        }
        match &mut open {
            Some((known, gathered)) if known.eq_ignore_ascii_case(charset) => {
                gathered.extend(bytes);
            }
            _ => {
                flush(&mut decoded, &mut open);
                open = Some((charset.to_owned(), bytes));
            }
        }
        rest = behind;
    }
    flush(&mut decoded, &mut open);
    decoded + rest
}

fn flush(decoded: &mut String, open: &mut Option<(String, Vec<u8>)>) {
    if let Some((charset, bytes)) = open.take() {
        let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or(WINDOWS_1252);
        decoded.push_str(&encoding.decode_without_bom_handling(&bytes).0);
    }
}

/// One encoded word behind its `=?`: charset, bytes, and what follows.
fn word(text: &str) -> Option<(&str, Vec<u8>, &str)> {
    let (charset, rest) = text.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (content, behind) = rest.split_once("?=")?;
    // A language may stand behind the charset.
    let charset = charset.split_once('*').map_or(charset, |(charset, _)| charset);
    Encoding::for_label(charset.as_bytes())?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(content).or_else(|_| BASE64.decode(content)).ok()?,
        "Q" | "q" => {
            let text = content.replace('%', "%25").replace('=', "%").replace('_', " ");
            percent_decode_str(&text).collect()
        }
        _ => return None,
    };
    Some((charset, bytes, behind))
}

fn decode(charset: &str, bytes: &[u8]) -> Option<String> {
    let encoding = Encoding::for_label(charset.trim().as_bytes())?;
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    (!had_errors).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn name(value: &[u8]) -> Option<String> {
        let value = HeaderValue::from_bytes(value).unwrap();
        of_part(&HeaderMap::from_iter([(header::CONTENT_DISPOSITION, value)]))
    }

    #[test]
    fn names_are_read_as_senders_write_them() {
        for (value, expected) in [
            ("form-data; name=\"f\"; filename=\"cat.jpg\"", "cat.jpg"),
            ("form-data; name=f; filename=cat.jpg", "cat.jpg"),
            ("form-data; filename=\"a;b=c.jpg\"; name=\"f\"", "a;b=c.jpg"),
            ("form-data; filename=\"a\\\"b\\\\c.jpg\"", "a\"b\\c.jpg"),
            ("form-data; filename=\"C:\\pics\\cat.jpg\"", "C:\\pics\\cat.jpg"),
            ("form-data; filename=\"猫.jpg\"", "猫.jpg"),
            (
                "form-data; filename=\"x.jpg\"; filename*=UTF-8''na%C3%AFve%20%E7%8C%AB.jpg",
                "naïve 猫.jpg",
            ),
            ("form-data; filename*=utf-8'en'%e2%82%ac.jpg; filename=\"x.jpg\"", "€.jpg"),
            ("form-data; filename*=ISO-8859-1''%A3.jpg", "£.jpg"),
            ("form-data; FileName*=UTF-8''a.jpg", "a.jpg"),
            ("form-data; filename*0=\"long na\"; filename*1=\"me.jpg\"", "long name.jpg"),
            ("form-data; filename*1=ve.jpg; filename*0*=UTF-8''na%C3%AF", "naïve.jpg"),
            (
                "form-data; filename=x.jpg; filename*0*=ISO-8859-1''%A3; filename*1*=%A3.jpg",
                "££.jpg",
            ),
            // What cannot be read is not worth more than the plain name.
            ("form-data; filename*=UTF-8''%FF.jpg; filename=\"x.jpg\"", "x.jpg"),
            ("form-data; filename*=nonsense; filename=\"x.jpg\"", "x.jpg"),
            ("form-data; filename=\"=?UTF-8?B?bmHDr3ZlLmpwZw==?=\"", "naïve.jpg"),
            ("form-data; filename=\"=?utf-8?b?bmHDr3ZlLmpwZw?=\"", "naïve.jpg"),
            ("form-data; filename=\"=?iso-8859-1?Q?na=EFve_100%.jpg?=\"", "naïve 100%.jpg"),
            ("form-data; filename=\"=?UTF-8?B?44K5?= =?UTF-8?B?44K/?=.jpg\"", "スタ.jpg"),
            ("form-data; filename=\"=?UTF-8?Q?=E2=82?= =?UTF-8?Q?=AC?=.jpg\"", "€.jpg"),
            ("form-data; filename=\"=?no such?B?AA?=.jpg\"", "=?no such?B?AA?=.jpg"),
            ("form-data; filename=\"what=?.jpg\"", "what=?.jpg"),
        ] {
            assert_eq!(name(value.as_bytes()).as_deref(), Some(expected), "{value}");
        }
        assert_eq!(name(b"form-data; filename=\"\xE9t\xE9.jpg\"").as_deref(), Some("été.jpg"));
        for value in
            ["form-data", "form-data; name=\"filename\"", "form-data; name=\"a=b; filename\""]
        {
            assert_eq!(name(value.as_bytes()), None, "{value}");
        }
    }
}
