//! Whatever a file is called, its name harms no header, no path and no reader.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Answer, Caller, Engine, Form, Settings, corpus_folder, picture};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

#[test]
fn file_names_are_safe() {
    let lab = Settings::on(Engine::Sqlite).arg("--no-workers").open();
    let firm = lab.account("firm", "business");
    let mut number = 0;
    let mut picture = || {
        number += 1;
        picture::small(number)
    };
    for name in names() {
        let text = String::from_utf8_lossy(&name);
        println!("{text:?}");
        let as_browsers = Form::new().file("file", &text, &picture());
        let upload = firm.post_form("/api/v1/images", as_browsers);
        expect_safe(&firm, &name, &upload);

        let query = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        let path = format!("/api/v1/images?filename={query}");
        let upload = firm.request("POST", &path).send_body(&picture());
        expect_safe(&firm, &name, &upload);

        let form = Form::new().file_named_raw("file", &backslashed(&name), &picture());
        let upload = firm.post_form("/api/v1/images", form);
        // A line break ends the header, and what is left of it is no picture.
        let is_torn = text.contains('\n') && upload.status == 422;
        if is_torn {
            upload.problem(422, "not_an_image");
        } else {
            expect_safe(&firm, &name, &upload);
        }
    }
    let names_on_disk = e2e::files_below(&lab.data());
    assert!(names_on_disk.iter().all(|path| !path.to_string_lossy().contains("cat")));
    lab.close();
}

/// Ours, and those of the corpus where there is one.
fn names() -> Vec<Vec<u8>> {
    let ours = [
        "cat.jpg",
        "",
        "..",
        "../../cat.jpg",
        "C:\\cat\\cat.jpg",
        "a\"; filename=\"cat.exe",
        "a\r\nSet-Cookie: cat=1\r\n\r\n<html>.jpg",
        "cat\0.jpg",
        "cat\u{202E}gpj.exe",
        "\u{FEFF}\u{200B}cat\u{2066}.jpg",
        "猫 à la carte 🐈.jpg",
        "cat%22%0d%0a.jpg",
        ".htcat",
    ];
    let mut names: Vec<_> = ours.iter().map(|name| name.as_bytes().to_vec()).collect();
    let list = corpus_folder().join("hostile/filenames/filenames.jsonl");
    let lines = std::fs::read_to_string(list).unwrap_or_default();
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        names.push(match (line["name"].as_str(), line["raw_b64"].as_str()) {
            (Some(name), _) => name.as_bytes().to_vec(),
            (None, Some(raw)) => STANDARD.decode(raw).expect("base64"),
            (None, None) => panic!("no name in {line}"),
        });
    }
    names
}

/// As some programs write it: quotes and backslashes behind a backslash, all else as it is.
fn backslashed(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in name {
        if matches!(byte, b'"' | b'\\') {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    escaped
}

/// Taken under a safe name, or refused as a request that nobody can read.
#[track_caller]
fn expect_safe(account: &Caller, given: &[u8], upload: &Answer) {
    let given = String::from_utf8_lossy(given);
    assert!(upload.header("set-cookie").is_empty(), "{given:?}");
    if upload.status == 400 {
        upload.problem(400, "broken_body");
        return;
    }
    assert_eq!(upload.status, 201, "{given:?}: {upload}");
    let body = upload.json();
    let kept = body["items"][0]["filename"].as_str().expect("a name");
    assert!((1..=255).contains(&kept.len()), "{given:?} became {kept:?}");
    let is_harmless = |c: char| !c.is_control() && !matches!(c, '/' | '\\') && !is_deceptive(c);
    assert!(kept.chars().all(is_harmless), "{given:?} became {kept:?}");
    assert!(!kept.starts_with('.') && kept.trim() == kept, "{given:?} became {kept:?}");

    let id = body["items"][0]["id"].as_str().expect("an id");
    let original = account.original(id).expect(200);
    assert!(original.header("set-cookie").is_empty(), "{given:?}");
    assert_eq!(original.header("content-type"), "image/png");
    expect_disposition(original.header("content-disposition"), kept);
}

/// Turns the direction of text, or cannot be seen.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// `inline; filename="ascii"`, and `filename*=UTF-8''...` when ASCII cannot say it.
#[track_caller]
fn expect_disposition(header: &str, kept: &str) {
    let rest = header.strip_prefix("inline; filename=\"").unwrap_or_else(|| panic!("{header}"));
    let (plain, rest) = rest.split_once('"').unwrap_or_else(|| panic!("{header}"));
    let is_plain = |c: char| c == ' ' || c.is_ascii_graphic() && !matches!(c, '\\' | '/' | '%');
    assert!(plain.chars().all(is_plain), "{header}");
    if rest.is_empty() {
        expect_named(plain, kept);
        return;
    }
    let exact = rest.strip_prefix("; filename*=UTF-8''").unwrap_or_else(|| panic!("{header}"));
    let is_token = |c: char| c.is_ascii_alphanumeric() || "%-._~!+".contains(c);
    assert!(exact.chars().all(is_token), "{header}");
    let exact = percent_decode_str(exact).decode_utf8().expect("UTF-8");
    expect_named(&exact, kept);
}

/// The name as it is kept, with the extension of what the bytes are.
#[track_caller]
fn expect_named(name: &str, kept: &str) {
    let end = name.len().saturating_sub(".png".len());
    let (stem, extension) = name.split_at_checked(end).expect("the end is ASCII");
    assert!(extension.eq_ignore_ascii_case(".png"), "{kept:?} is handed out as {name:?}");
    let is_kept = !stem.is_empty() && (kept.starts_with(stem) || stem == "image");
    assert!(is_kept, "{kept:?} is handed out as {name:?}");
}
