//! Positions as people and programs write them: with a label (`geo:48.85,2.29`, `lat=48.85`), as
//! degrees with the letter of a hemisphere (`48°51'30"N`), or as a pair with a comma between.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// Fine to a hundred metres: a coarser pair may be anything, a finer one is hardly anything else.
const PAIR: &str = r"(?:^|[^0-9.,+/-])[+-]?(?:90|[0-8]?\d)\.\d{3,},\s*[+-]?(?:180|1[0-7]\d|\d{1,2})\.\d{3,}(?:$|[^0-9.,]|[.,](?:$|\D))";
/// `geo:48,2`, `latitude: 48`, `lng = -2`, `"lon":"2.29"`, `<lat>48`.
const LABELLED: &str = r#"(?:^|[^a-z0-9])(?:geo:|(?:lat(?:itude)?|lon(?:gitude)?|long|lng)["']?\s*[:=>]\s*["']?)\s*[+-]?\d"#;
/// A degree sign (in UTF-8 or Latin-1), with a letter of a hemisphere in front of the figures or
/// behind them, where minutes and seconds may come between.
const DEGREES: &str = r#"(?:^|[^A-Z])[NSEW]\s*\d{1,3}(?:\.\d+)?\s*(?:\xC2?[\xB0\xBA]|deg\b)|\d\s*(?:\xC2?[\xB0\xBA]|deg\b)[\s0-9.,'"\x80-\xBF\xE2]{0,24}[NSEWO](?:$|[^A-Z])"#;
/// Figures with the letters of both hemispheres: `N48.8577 E2.2945`, `48.8577N, 2.2945E`.
const LETTERS: &str = r"(?:^|[^A-Z0-9])[NS]\s?\d{1,2}[.,]\d{2,}\W{0,3}[EWO]\s?\d{1,3}[.,]\d{2}|\d[.,]\d{2,}\s?[NS]\W{0,3}\d{1,3}[.,]\d{2,}\s?[EWO](?:$|[^A-Z])";

/// As receivers write them: `4851.462,N,00217.670,E`; and as addresses of maps do: `17/48.8577/2.2945`.
const PROGRAMS: &str = r"\d{4}\.\d+,[NS],\d{5}\.\d+,[EW]|/[+-]?\d{1,2}\.\d{3,}/[+-]?\d{1,3}\.\d{3}";

static WRITTEN: LazyLock<Regex> =
    LazyLock::new(|| any_of(&[LABELLED, DEGREES, LETTERS, PROGRAMS, PAIR]));
static TOLD: LazyLock<Regex> = LazyLock::new(|| any_of(&[LABELLED, DEGREES, LETTERS, PROGRAMS]));

fn any_of(patterns: &[&str]) -> Regex {
    let pattern = patterns.join("|");
    let built = RegexBuilder::new(&pattern).unicode(false).case_insensitive(true).build();
    built.unwrap_or_else(|error| unreachable!("{error}"))
}

/// Whether a remark in a person's or a program's words holds a position.
pub(super) fn hold_position(text: &[u8]) -> bool {
    WRITTEN.is_match(text)
}

/// Whether properties do: they hold pairs of fine numbers (curves, crops) that are no positions,
/// so only what says so is one.
pub(super) fn tell_position(text: &[u8]) -> bool {
    TOLD.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_found_however_people_write_them() {
        for text in [
            "geo:48.8577,2.2945",
            "see geo:48,2;u=35",
            "lat=48.8577 lon=2.2945",
            "Latitude: 48",
            "{\"lng\": -2.2945}",
            "long='2.2'",
            "taken at 48.8577, 2.2945",
            "48.8577,-122.2945.",
            "-33.8568, 151.2153 (the opera)",
            "48°51'30\"N 2°17'40\"E",
            "48° 51′ 30″ N",
            "N 48° 51.5",
            "48 deg 51' 28\" N",
            "N48.8577 E2.2945",
            "48.8577N, 2.2945E",
            "48,8577 N 2,2945 E",
            "$GPGGA,123519,4851.462,N,00217.670,E,1",
            "https://maps.example/#map=17/48.8577/2.2945",
        ] {
            assert!(hold_position(text.as_bytes()), "{text}");
        }
        assert!(hold_position(b"48\xB051'30\"N"));
    }

    #[test]
    fn what_people_write_besides_stays() {
        for text in [
            "It was 30° outside, and sunny",
            "rotated by 90 degrees",
            "f/2.8, 1/250, ISO 100",
            "v1.234,5",
            "95.1234, 2.2945",
            "10.000,50.000.000 pixels",
            "lateral view: 3",
            "geometry: 4x4",
            "a long exposure of 30 s",
            "translate=3.5",
            "IP 192.168.1.20, 10.0.0.1",
            "N 5 of 10 E",
        ] {
            assert!(!hold_position(text.as_bytes()), "{text}");
        }
        let curve = b"<rdf:li>12.3456, 45.6789</rdf:li>";
        assert!(!tell_position(curve) && hold_position(curve));
    }
}
