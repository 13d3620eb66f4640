//! House rules that a compiler does not know.

use std::path::{Path, PathBuf};

use minilab::config::Config;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Every Rust file below a folder, with its text.
pub(crate) fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty());
    files
}

#[test]
fn no_file_is_over_500_lines() {
    let files = rust_files(&Path::new(ROOT).join("crates"));
    let lines = |text: &str| text.lines().count();
    let long: Vec<_> = files.iter().filter(|(_, text)| lines(text) > 500).collect();
    assert!(long.is_empty(), "{:?}", long.iter().map(|(path, _)| path).collect::<Vec<_>>());
}

#[test]
fn foundations_know_no_feature_and_features_stand_in_one_line() {
    // Each may use what is to its right; foundations use only each other.
    let line = [
        "dropin",
        "archive",
        "gallery",
        "sharing",
        "admin",
        "feed",
        "queue",
        "stats",
        "upload_links",
        "uploads",
        "images",
        "variants",
        "accounts",
        "links",
        "tiers",
        "jobs",
    ];
    let foundations = [
        "blobs",
        "cache",
        "clock",
        "cpu",
        "render_pool",
        "db",
        "http",
        "limits",
        "measures",
        "memory",
        "private",
        "redact",
        "room",
        "seldom",
        "shares",
        "text",
    ];
    // What the line cannot have: a caller is an extractor of the app, an image shows its variants.
    let known_exceptions =
        [("images", "uploads"), ("variants", "images"), ("variants", "accounts")];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (path, text) in rust_files(&source) {
        let module = path.strip_prefix(&source).unwrap().components().next().unwrap();
        let module = module.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        for (position, feature) in line.iter().enumerate() {
            let uses = text.contains(&format!("crate::{feature}::"))
                || text.contains(&format!("use crate::{feature};"));
            let place = line.iter().position(|name| *name == module);
            let is_backwards = place.is_some_and(|place| position < place);
            let is_exception = known_exceptions.contains(&(module.as_str(), feature));
            if uses && !is_exception && (is_backwards || foundations.contains(&module.as_str())) {
                wrong.push(format!("{} uses {feature}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_example_file_shows_every_setting_with_its_default() {
    let text = std::fs::read_to_string(Path::new(ROOT).join("minilab.example.toml")).unwrap();
    let shown: toml::Table = text.parse().unwrap();
    let defaults = toml::Table::try_from(Config::default()).unwrap();
    assert_eq!(shown, defaults);
    let mut undocumented = Vec::new();
    let mut before = "";
    for line in text.lines() {
        let is_setting = line.contains(" = ") && !line.starts_with('#');
        if is_setting && !before.starts_with('#') {
            undocumented.push(line);
        }
        before = line;
    }
    assert!(undocumented.is_empty(), "without a sentence: {undocumented:?}");
}

#[test]
fn sql_lives_in_sql_files() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let wrong: Vec<_> = rust_files(&source)
        .into_iter()
        .filter(|(path, _)| !path.ends_with("sql.rs") && !path.ends_with("counters.rs"))
        .filter(|(_, text)| {
            ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "]
                .iter()
                .any(|sql| text.contains(sql))
        })
        .map(|(path, _)| path)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
