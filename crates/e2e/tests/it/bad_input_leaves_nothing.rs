//! What is refused is refused with a reason, and leaves nothing behind.

use e2e::{Caller, Engine, Form, Lab, on_both_engines, picture, send_raw};
use serde_json::{Value, json};

on_both_engines!(
    bad_input_leaves_nothing,
    a_broken_upload_is_refused_as_a_whole,
    too_much_is_refused_before_it_has_all_come,
    whoever_sends_too_much_hears_why,
    a_batch_tells_of_each_file,
    a_picture_that_cannot_be_decoded_ends_failed,
);

const MIB: usize = 1024 * 1024;

fn photoshop() -> Vec<u8> {
    let mut bytes = b"8BPS\0\x01".to_vec();
    bytes.extend([0; 200]);
    bytes
}

/// No row, no count, no file.
#[track_caller]
fn expect_nothing_kept(lab: &Lab, account: &Caller) {
    assert_eq!(account.kept(), json!({ "images": 0, "bytes": 0 }));
    let listed = account.list();
    assert_eq!(listed["items"], json!([]));
    assert_eq!((&listed["total"], &listed["next_cursor"]), (&json!(0), &Value::Null));
    lab.expect_nothing_spooled();
    assert!(lab.blobs().is_empty(), "{:?}", lab.blobs());
}

fn bad_input_leaves_nothing(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let png = picture::small(1);
    let jpeg = picture::jpeg(&picture::photograph(64, 48), 1);
    let svg =
        br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>"#;
    for (what, bytes, status, code) in [
        ("text", b"Dear diary, today I took no picture.".to_vec(), 422, "not_an_image"),
        ("a program", b"\x7fELF\x02\x01\x01 and so on".to_vec(), 422, "not_an_image"),
        ("zeros", vec![0; 5000], 422, "not_an_image"),
        ("one byte", vec![0xFF], 422, "not_an_image"),
        ("nothing", Vec::new(), 422, "empty_file"),
        ("the start of a PNG", png[..20].to_vec(), 422, "malformed_image"),
        ("the start of a JPEG", jpeg[..40].to_vec(), 422, "malformed_image"),
        ("an SVG", svg.to_vec(), 415, "unsupported_format"),
        ("a Photoshop file", photoshop(), 415, "unsupported_format"),
        (
            "the start of a HEIC",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(),
            422,
            "malformed_image",
        ),
        ("a bomb", picture::png_claiming(30_000, 30_000), 422, "over_limit"),
        ("no pixels", picture::png_claiming(0, 10), 422, "malformed_image"),
    ] {
        eprintln!("{what}, as a form and as a body");
        let problem = ada.upload("bad.jpg", &bytes).problem(status, code);
        let item = &problem["items"][0];
        assert_eq!((&item["index"], &item["status"]), (&json!(0), &json!("rejected")));
        assert_eq!((&item["filename"], &item["error"]["code"]), (&json!("bad.jpg"), &json!(code)));
        assert_eq!(item["error"]["detail"], problem["detail"]);

        let sending = ada.request("POST", "/api/v1/images?filename=bad.jpg");
        // The type that a sender claims decides nothing.
        let answer = sending.header("content-type", "image/jpeg").send_body(&bytes);
        answer.problem(status, code);
    }
    expect_nothing_kept(&lab, &ada);
    lab.close();
}

fn a_broken_upload_is_refused_as_a_whole(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let png = picture::small(1);
    let send = |content_type: &str, body: &[u8]| {
        let sending = ada.request("POST", "/api/v1/images");
        sending.header("content-type", content_type).send_body(body)
    };
    let form = Form::content_type();
    let cut = Form::new().file("file", "cut.png", &png).cut_off();
    send(&form, &cut[..cut.len() - 30]).problem(400, "broken_body");
    send(&form, b"no boundary anywhere").problem(400, "broken_body");
    send("multipart/form-data", &Form::new().finish()).problem(400, "broken_body");
    send(&form, &Form::new().finish()).problem(422, "no_file");
    send(&form, &Form::new().text("title", "a cat").finish()).problem(422, "no_file");
    expect_nothing_kept(&lab, &ada);

    // Any field name will do, and inputs that are no files are passed over.
    let form = Form::new().text("title", "a cat").file("whatever", "cat.png", &png);
    let answer = ada.post_form("/api/v1/images", form).expect(201);
    assert_eq!(answer.json()["items"][0]["filename"], "cat.png");
    let sent_bare = ada.request("POST", "/api/v1/images").send_body(&picture::small(2)).expect(201);
    for answer in [answer, sent_bare] {
        ada.ready(answer.json()["items"][0]["id"].as_str().expect("an id"));
    }
    lab.close();
}

fn too_much_is_refused_before_it_has_all_come(engine: Engine) {
    let lab = Lab::open(engine);
    let bob = lab.account("bob", "free");
    let head = |length: &str| {
        format!(
            "POST /api/v1/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
             Connection: close\r\n{length}\r\n\r\n",
            bob.key()
        )
    };
    // The length alone is enough: not a byte of the body is sent, whether leave was asked or not.
    let length = format!("Content-Length: {}", 10 * MIB + 1);
    for announced in [head(&length), head(&format!("{length}\r\nExpect: 100-continue"))] {
        let answer = send_raw(&bob.address(), announced.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("too_large"), "{answer}");
    }

    // Without a length the bytes are counted.
    let mut counted = head("Transfer-Encoding: chunked").into_bytes();
    for _ in 0..11 {
        counted.extend(format!("{MIB:x}\r\n").bytes());
        counted.extend(std::iter::repeat_n(0x42, MIB));
        counted.extend(b"\r\n");
    }
    counted.extend(b"0\r\n\r\n");
    let answer = send_raw(&bob.address(), &counted);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    // A file of a form is counted too.
    let too_much = vec![0x42; 10 * MIB + 1];
    bob.upload("much.jpg", &too_much).problem(413, "too_large");

    // Exactly the limit is not too much; it is no picture.
    bob.upload("full.jpg", &vec![0x42; 10 * MIB]).problem(422, "not_an_image");
    expect_nothing_kept(&lab, &bob);

    // The limit is the tier's.
    let firm = lab.account("firm", "business");
    firm.upload("more.jpg", &vec![0x42; 11 * MIB]).problem(422, "not_an_image");
    lab.close();
}

/// Most programs send all they have before they listen.
fn whoever_sends_too_much_hears_why(engine: Engine) {
    let lab = Lab::open(engine);
    let bob = lab.account("bob", "free");
    for mib in [11, 40] {
        let sending = bob.request("POST", "/api/v1/images?filename=much.jpg");
        let answer = sending.try_send_body(&vec![0x42; mib * MIB]);
        let answer = answer.unwrap_or_else(|| panic!("{mib} MiB: no answer could be read"));
        assert_eq!(answer.problem(413, "too_large")["limit"], 10 * MIB);
    }
    expect_nothing_kept(&lab, &bob);
    lab.close();
}

fn a_batch_tells_of_each_file(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let good = picture::small(1);
    let form = Form::new().file("a", "good.png", &good).file("b", "again.png", &good).file(
        "c",
        "bad.png",
        b"not a picture",
    );
    let body = ada.post_form("/api/v1/images", form.clone()).expect(201).json();
    let items = body["items"].as_array().expect("a list");
    let told = items.iter().map(|item| [&item["index"], &item["filename"], &item["status"]]);
    let told: Vec<_> = told.map(|members| json!(members)).collect();
    assert_eq!(
        told,
        [
            json!([0, "good.png", "created"]),
            json!([1, "again.png", "duplicate"]),
            json!([2, "bad.png", "rejected"]),
        ]
    );
    assert_eq!(items[0]["id"], items[1]["id"]);
    assert_eq!(items[0]["image"]["filename"], items[1]["image"]["filename"]);
    assert_eq!(items[2]["error"]["code"], "not_an_image");
    assert!(items[2]["id"].is_null());
    assert_eq!(ada.kept(), json!({ "images": 1, "bytes": good.len() }));

    // The second time nothing is new.
    let body = ada.post_form("/api/v1/images", form).expect(200).json();
    let statuses: Vec<_> = (0..3).map(|index| &body["items"][index]["status"]).collect();
    assert_eq!(statuses, ["duplicate", "duplicate", "rejected"]);

    // Nothing good at all: the cause they share, or that they share none.
    let bad = Form::new().file("a", "1", b"no picture");
    let alike = bad.clone().file("b", "2", b"none either");
    ada.post_form("/api/v1/images", alike).problem(422, "not_an_image");
    let mixed = ada.post_form("/api/v1/images", bad.file("b", "2", &photoshop()));
    let problem = mixed.problem(422, "all_rejected");
    let codes: Vec<_> = (0..2).map(|index| &problem["items"][index]["error"]["code"]).collect();
    assert_eq!(codes, ["not_an_image", "unsupported_format"]);
    ada.ready(items[0]["id"].as_str().expect("an id"));
    lab.close();
}

/// Its header is fine; that it is broken shows only when a worker decodes it.
fn a_picture_that_cannot_be_decoded_ends_failed(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let mut png = picture::png(&picture::photograph(200, 150));
    let middle = png.len() / 2;
    png[middle..middle + 64].fill(0xA5);
    let id = ada.upload_new("scratched.png", &png);
    let image = ada.settled(&id);
    assert_eq!(image["state"], "failed");
    assert_eq!(image["error"]["code"], "malformed_image");
    assert!(image["error"]["detail"].as_str().is_some_and(|text| text.len() > 5), "{image}");
    for preset in ["thumb", "display"] {
        let problem = ada.variant(&id, preset).problem(422, "image_failed");
        assert_eq!(problem["cause"], "malformed_image");
    }
    assert_eq!(ada.original(&id).expect(200).body, png);
    assert_eq!(ada.usage()["images"], 1);
    ada.delete(&format!("/api/v1/images/{id}")).expect(204);
    lab.expect_nothing_stored();
    expect_nothing_kept(&lab, &ada);
    lab.close();
}
