//! Any text as a file name: kept harmless, and quoted so that a header says exactly that name.

#![no_main]

use std::convert::Infallible;

use futures_util::{FutureExt, stream};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use minilab_fuzz::disposition::{Disposition, content_disposition, safe_name, stem};
use percent_encoding::percent_decode_str;

fuzz_target!(|bytes: &[u8]| {
    check(&String::from_utf8_lossy(bytes));
    if let Some(raw) = name_in_form(bytes) {
        check(&raw);
    }
});

fn check(raw: &str) {
    let name = safe_name(raw);
    check_name(&name);
    assert_eq!(safe_name(&name), name, "a safe name is safe already");
    assert!(name.starts_with(stem(&name)), "{name:?}");
    // Names that were never made safe must not break out of a header either.
    for name in [name.as_str(), raw] {
        check_header(Disposition::Inline, "inline", name);
        check_header(Disposition::Attachment, "attachment", name);
    }
}

/// What the reader of forms takes for the name, when these bytes stand in a part's header.
fn name_in_form(bytes: &[u8]) -> Option<String> {
    let before: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"";
    let body = [before, bytes, b"\"\r\n\r\n\r\n--x--\r\n".as_slice()].concat();
    let mut form = multer::Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), "x");
    let field = form.next_field().now_or_never()?.ok()??;
    field.file_name().map(str::to_owned)
}

fn check_name(name: &str) {
    assert!((1..=200).contains(&name.len()), "{} bytes", name.len());
    assert!(!name.starts_with('.'), "hidden: {name:?}");
    assert_eq!(name, name.trim(), "space around it");
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{202E}' | '\u{2066}');
    assert!(!name.contains(bad), "{name:?}");
}

/// Reads the header as RFC 6266 says a client does.
fn check_header(kind: Disposition, word: &str, name: &str) {
    let header = content_disposition(kind, name);
    HeaderValue::from_str(&header).expect("a header can carry it");
    assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header:?}");
    let rest = header.strip_prefix(word).and_then(|rest| rest.strip_prefix("; filename=\""));
    let (plain, rest) = rest.and_then(|rest| rest.split_once('"')).expect("a quoted name");
    assert!(!plain.contains('\\'), "{header:?}");
    if rest.is_empty() {
        assert_eq!(plain, name, "{header:?}");
        return;
    }
    let exact = rest.strip_prefix("; filename*=UTF-8''").expect("the exact name and nothing else");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&byte);
    assert!(exact.bytes().all(plain), "{header:?}");
    assert_eq!(percent_decode_str(exact).decode_utf8().expect("UTF-8"), name, "{header:?}");
}
