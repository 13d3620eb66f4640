//! `minilab metadata`: a line of JSON a file, for programs; and how long it took, for people.

use std::path::Path;

use e2e::run_alone;
use serde_json::{Value, json};

const PHOTO: &str = "photos/metadata-extractor-images__Issue_508.jpg";

fn testdata(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    folder.join(path).to_str().expect("UTF-8").to_owned()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn each_file_is_a_line_of_json_and_one_refused_makes_the_exit_code() {
    let paths = [PHOTO, "hostile/polyglots/html_named.jpg", "orientation/synth_quad_6.png"];
    let [photo, html, turned] = paths.map(testdata);
    let told = run_alone(&["metadata", &photo, &html, &turned], &[]);
    assert_eq!(told.status.code(), Some(1), "{told:?}");
    let lines = lines(&told.stdout);
    assert_eq!(lines.len(), 3, "{told:?}");
    for (name, wanted) in [
        ("path", json!(photo)),
        ("format", json!("jpeg")),
        ("make", json!("Apple")),
        ("model", json!("iPhone XR")),
    ] {
        assert_eq!(lines[0][name], wanted, "{name}");
    }
    assert!((lines[0]["gps"]["lat"].as_f64().expect("a place") - 43.859_469).abs() < 1e-5);
    assert_eq!(
        lines[1],
        json!({"path": html, "refused": "not an image: starts like an HTML page"})
    );
    // Upright: the file says 64 wide and 96 high, and to be turned.
    let size = [&lines[2]["width"], &lines[2]["height"], &lines[2]["orientation"]];
    assert_eq!(size, [&json!(96), &json!(64), &json!(6)]);
    assert_eq!(lines[2]["gps"], Value::Null);
    assert_eq!(told.stderr, "");
}

#[test]
fn repeated_looks_end_with_what_one_takes() {
    let photo = testdata(PHOTO);
    let told = run_alone(&["metadata", &photo, "--repeat", "5"], &[]);
    assert!(told.status.success(), "{told:?}");
    let last = told.stdout.lines().last().expect("a last line");
    let words: Vec<&str> = last.split(' ').collect();
    let [time, "ms", "a", "picture,", bytes, "bytes", "read"] = words[..] else {
        panic!("{last}");
    };
    assert!(time.parse::<f64>().expect("a number") < 1_000.0, "{last}");
    assert!((1_000..200_000).contains(&bytes.parse::<u64>().expect("a number")), "{last}");
    let never = run_alone(&["metadata", &photo, "--repeat", "0"], &[]);
    assert_eq!(never.status.code(), Some(1), "{never:?}");
    assert!(never.stderr.contains("--repeat"), "{never:?}");
}
