//! A photograph taken sideways comes in, and its prints come out upright, right and well labelled.

use e2e::{Answer, Caller, Engine, Lab, on_both_engines, picture};
use image::{DynamicImage, GenericImageView};
use serde_json::{Value, json};

on_both_engines!(
    a_photo_becomes_prints,
    a_heic_becomes_prints,
    every_orientation_ends_upright,
    lazy_presets_are_made_when_asked_for,
    tiers_see_what_they_paid_for,
);

/// Stored lying, 800 by 600; upright it stands, 600 by 800.
fn sideways_photo() -> Vec<u8> {
    picture::jpeg(&picture::photograph(800, 600), 6)
}

/// Lossy formats differ a little; anything turned, shifted or miscoloured differs much more.
const SIMILAR_DB: f64 = 30.0;

fn a_photo_becomes_prints(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let photo = sideways_photo();

    let answer = ada.upload("holiday.jpg", &photo).expect(201);
    let body = answer.json();
    let item = &body["items"][0];
    let id = item["id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/images/{id}"));
    assert_eq!(body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(item["index"], 0);
    assert_eq!(item["filename"], "holiday.jpg");
    assert_eq!(item["status"], "created");
    expect_image_shape(&item["image"], &id, &photo);
    let states = ["processing", "ready"].map(Value::from);
    assert!(states.contains(&item["image"]["state"]), "{item}");

    let image = ada.ready(&id);
    expect_image_shape(&image, &id, &photo);
    let upright = picture::decode(&photo);
    for (preset, format, width, height) in [
        ("thumb", "jpeg", 100, 100),
        ("preview", "webp", 75, 100),
        ("h200", "jpeg", 150, 200),
        ("h400", "jpeg", 300, 400),
    ] {
        let shown = variant_of(&image, preset);
        assert_eq!(shown["state"], "ready", "{shown}");
        assert_eq!(shown["format"], format, "{shown}");
        assert_eq!((&shown["width"], &shown["height"]), (&json!(width), &json!(height)));
        let print = ada.get(shown["url"].as_str().expect("a URL")).expect(200);
        assert_eq!(print.header("content-type"), format!("image/{format}"));
        assert_eq!(shown["bytes"], print.body.len());
        let expected = match preset {
            "thumb" => picture::covering(&upright, width, height),
            _ => picture::shrunk(&upright, width, height),
        };
        expect_similar(preset, &print, &expected);
    }
    assert_eq!(ada.original(&id).expect(200).body, photo);
    assert_eq!(ada.list()["items"], json!([image]));
    assert_eq!(ada.kept(), json!({ "images": 1, "bytes": photo.len() }));
    lab.close();
}

/// By the library that a child loads before it is sealed.
fn a_heic_becomes_prints(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let heic = include_bytes!("../../../../testdata/formats/synth_quad.heic");
    let answer = ada.upload("phone.heic", heic).expect(201);
    let image = ada.ready(answer.json()["items"][0]["id"].as_str().expect("an id"));
    assert_eq!((&image["format"], &image["metadata"]["make"]), (&json!("heic"), &json!("Synth")));
    let thumb = variant_of(&image, "thumb");
    assert_eq!(thumb["format"], "jpeg");
    let print = ada.get(thumb["url"].as_str().expect("a URL")).expect(200);
    let print = picture::decode(&print.body);
    assert_eq!(print.dimensions(), (64, 96));
    // Green and yellow above red and blue; whether red, green and blue shine there.
    for (at, shines) in [
        ((16, 24), [false, true, false]),
        ((48, 24), [true, true, false]),
        ((16, 72), [true, false, false]),
        ((48, 72), [false, false, true]),
    ] {
        let [red, green, blue, _] = print.get_pixel(at.0, at.1).0;
        assert_eq!([red, green, blue].map(|value| value > 128), shines, "{at:?}");
    }
    let original = image["original_url"].as_str().expect("premium sees originals");
    let original = ada.get(original).expect(200);
    assert_eq!((original.header("content-type"), &original.body[..]), ("image/heic", &heic[..]));
    lab.close();
}

/// The members that clients rely on; there may be more.
#[track_caller]
fn expect_image_shape(image: &Value, id: &str, photo: &[u8]) {
    assert_eq!(image["id"], id);
    assert_eq!(image["filename"], "holiday.jpg");
    assert_eq!(image["format"], "jpeg");
    assert_eq!((&image["width"], &image["height"]), (&json!(600), &json!(800)));
    assert_eq!(image["frames"], 1);
    assert_eq!(image["bytes"], photo.len());
    let created_at = image["created_at"].as_str().expect("a time");
    assert!(created_at.contains('T') && created_at.ends_with('Z'), "{created_at}");
    let original = image["original_url"].as_str().expect("premium sees originals");
    assert!(original.starts_with(&format!("/api/v1/images/{id}/original")), "{original}");
    let metadata = &image["metadata"];
    assert_eq!(metadata["make"], picture::MAKE);
    assert_eq!(metadata["model"], picture::MODEL);
    assert_eq!(metadata["orientation"], 6);
    let members = metadata.as_object().expect("an object");
    for member in ["lens", "taken_at", "exposure", "gps"] {
        assert!(members.contains_key(member), "no {member} in {metadata}");
    }
    for variant in image["variants"].as_array().expect("a list") {
        let members = variant.as_object().expect("an object");
        for member in ["preset", "state", "url", "format", "width", "height", "bytes"] {
            assert!(members.contains_key(member), "no {member} in {variant}");
        }
    }
}

#[track_caller]
fn variant_of<'a>(image: &'a Value, preset: &str) -> &'a Value {
    let variants = image["variants"].as_array().expect("a list");
    let found = variants.iter().find(|variant| variant["preset"] == preset);
    found.unwrap_or_else(|| panic!("no {preset} in {image}"))
}

#[track_caller]
fn expect_similar(what: &str, print: &Answer, expected: &DynamicImage) {
    let print = picture::decode(&print.body);
    assert_eq!(print.dimensions(), expected.dimensions(), "{what}");
    let similarity = picture::similarity(&print, expected);
    assert!(similarity > SIMILAR_DB, "{what}: {similarity:.1} dB");
}

fn every_orientation_ends_upright(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let stored = picture::photograph(320, 240);
    for orientation in 1..=8 {
        let photo = picture::jpeg(&stored, orientation);
        let id = ada.upload_new("turned.jpg", &photo);
        let image = ada.ready(&id);
        let expected = picture::decode(&photo);
        let (width, height) = expected.dimensions();
        assert_eq!((&image["width"], &image["height"]), (&json!(width), &json!(height)));
        let expected = picture::shrunk(&expected, (width * 200 + height / 2) / height, 200);
        expect_similar(
            &format!("orientation {orientation}"),
            &ada.variant(&id, "h200").expect(200),
            &expected,
        );
    }
    lab.close();
}

fn lazy_presets_are_made_when_asked_for(engine: Engine) {
    let lab = Lab::open(engine);
    let ada = lab.account("ada", "premium");
    let photo = sideways_photo();
    let upright = picture::decode(&photo);
    let id = ada.upload_new("holiday.jpg", &photo);
    ada.ready(&id);

    let path = format!("/api/v1/images/{id}/variants/display");
    let at_once = ada.request("GET", &path).header("prefer", "wait=0").send().expect(202);
    assert_eq!(at_once.header("retry-after"), "1");
    assert_eq!(at_once.header("cache-control"), "no-store");
    // Smaller than the box, so it keeps its size.
    expect_similar("display", &ada.get(&path).expect(200), &upright);

    // Many ask at the same time; it is made once, and all see the same.
    let emoji = std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..8).map(|_| scope.spawn(|| ada.variant(&id, "emoji").expect(200))).collect();
        let answers = asking.into_iter().map(|asked| asked.join().expect("an answer"));
        answers.collect::<Vec<_>>()
    });
    assert!(emoji.iter().all(|answer| answer.body == emoji[0].body));
    assert_eq!(emoji[0].header("content-type"), "image/gif");
    expect_emoji(&emoji[0], &upright);
    lab.close();
}

/// 75x100 in the middle of a transparent square; few colours, so it is compared less strictly.
#[track_caller]
fn expect_emoji(emoji: &Answer, upright: &DynamicImage) {
    let emoji = picture::decode(&emoji.body);
    assert_eq!(emoji.dimensions(), (100, 100));
    for edge in [0, 11, 88, 99] {
        assert_eq!(emoji.get_pixel(edge, 50)[3], 0, "column {edge} is clear");
    }
    let middle = emoji.crop_imm(13, 0, 74, 100);
    assert!(middle.to_rgba8().pixels().all(|pixel| pixel[3] == 255));
    let expected = picture::shrunk(upright, 75, 100);
    let best = (0..2).map(|shift| {
        let expected = expected.crop_imm(shift, 0, 74, 100);
        picture::similarity(&middle, &expected)
    });
    let best = best.fold(0.0, f64::max);
    assert!(best > 24.0, "emoji: {best:.1} dB");
}

fn tiers_see_what_they_paid_for(engine: Engine) {
    let lab = Lab::open(engine);
    let [free, premium] = ["free", "premium"].map(|tier| lab.account(tier, tier));
    let photo = sideways_photo();
    let id = free.upload_new("holiday.jpg", &photo);
    let image = free.ready(&id);
    let presets = image["variants"].as_array().expect("a list").iter();
    let presets: Vec<_> = presets.map(|variant| variant["preset"].clone()).collect();
    assert_eq!(presets, ["h200", "preview", "thumb"]);
    assert_eq!(image["original_url"], Value::Null);
    for preset in ["h400", "display"] {
        free.variant(&id, preset).problem(403, "preset_not_in_tier");
    }
    free.variant(&id, "poster").problem(404, "not_found");
    free.original(&id).problem(403, "original_not_in_tier");
    free.variant(&id, "emoji").expect(200);

    // The same picture of somebody else is another image, out of sight.
    premium.image_is_unknown(&id);
    let own = premium.upload_new("mine.jpg", &photo);
    premium.ready(&own);
    assert_ne!(own, id);
    premium.variant(&own, "h400").expect(200);
    free.image_is_unknown(&own);
    lab.close();
}

trait Unknown {
    fn image_is_unknown(&self, id: &str);
}

impl Unknown for Caller {
    /// Foreign and missing look alike, whatever is asked.
    #[track_caller]
    fn image_is_unknown(&self, id: &str) {
        let path = format!("/api/v1/images/{id}");
        for (method, rest) in
            [("GET", ""), ("GET", "/original"), ("GET", "/variants/thumb"), ("DELETE", "")]
        {
            let answer = self.request(method, &format!("{path}{rest}")).send();
            answer.problem(404, "not_found");
        }
    }
}
