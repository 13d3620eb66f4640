//! The log's filter, held to what can have an effect: a word that is none silences the log unnoticed.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The crates whose events there are.
const CRATES: [&str; 14] = [
    "minilab",
    "pixels",
    "axum",
    "h2",
    "hyper",
    "hyper_util",
    "moka",
    "object_store",
    "rustls",
    "sqlx",
    "sqlx_postgres",
    "tokio",
    "tower",
    "tower_http",
];

/// What may follow `minilab::`: its modules, and what is logged under a name of its own.
const TARGETS: [&str; 49] = [
    "access",
    "accounts",
    "admin",
    "app",
    "archive",
    "blobs",
    "cache",
    "check",
    "cli",
    "clock",
    "config",
    "counters",
    "cpu",
    "db",
    "dropin",
    "events",
    "feed",
    "gallery",
    "health",
    "http",
    "ids",
    "images",
    "jobs",
    "limits",
    "links",
    "measures",
    "memory",
    "metrics",
    "openapi",
    "private",
    "queue",
    "redact",
    "render_pool",
    "room",
    "router",
    "seldom",
    "shares",
    "sharing",
    "spool",
    "start",
    "stats",
    "text",
    "tiers",
    "ui",
    "upload_links",
    "uploads",
    "variants",
    "waiting",
    "worker",
];

/// What is wrong with a filter, if anything is.
pub(super) fn problem(text: &str) -> Option<String> {
    let form = "it is made of levels (off, error, warn, info, debug, trace) and of targets with a level, \
                such as `info` or `warn,minilab::jobs=debug`";
    let wrong = text.split(',').find_map(|directive| wrong(directive.trim()));
    let wrong = wrong.or_else(|| text.parse::<EnvFilter>().err().map(|error| error.to_string()))?;
    Some(format!("log.filter: {wrong}; {form}"))
}

fn wrong(directive: &str) -> Option<String> {
    let is_level = |word: &str| {
        !word.is_empty()
            && word.parse::<LevelFilter>().is_ok()
            && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    match directive.split_once('=') {
        _ if directive.is_empty() => Some("an empty word stands in it".to_owned()),
        None if is_level(directive) => None,
        None => Some(format!("{directive:?} is no level")),
        Some((_, level)) if !is_level(level) => Some(format!("{level:?} is no level")),
        Some((target, _)) => {
            let mut names = target.split("::");
            let name = names.next().unwrap_or_default();
            let is_own = |module: &str| name != "minilab" || TARGETS.contains(&module);
            let is_known = CRATES.contains(&name) && names.next().is_none_or(is_own);
            (!is_known).then(|| format!("nothing logs as {target:?}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_may_be_named() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let module = name.trim_end_matches(".rs");
            let is_root = matches!(module, "lib" | "main");
            assert!(is_root || TARGETS.contains(&module), "{module}");
        }
        assert!(problem("info,minilab::joobs=debug").is_some_and(|it| it.contains("joobs")));
    }

    #[test]
    fn filters_that_can_have_no_effect_are_refused() {
        for text in
            ["info", "WARN", "off", "info,minilab::access=off", "minilab=trace,sqlx::query=debug"]
        {
            assert_eq!(problem(text), None, "{text}");
        }
        for text in [
            "",
            ",",
            "info,",
            "loud",
            "warn, minilab::jobs=debug",
            "inof",
            "3",
            "minilab",
            "minilab=",
            "minilab=lod",
            "minlab=debug",
            "=debug",
            "info;minilab=debug",
            "info minilab=debug",
            "minilab=debug=info",
        ] {
            assert!(problem(text).is_some_and(|said| said.contains("log.filter")), "{text:?}");
        }
    }
}
