//! What images are found by: text whose case does not matter, and the moment they were taken.

use jiff::civil::{Date, DateTime};
use unicode_normalization::UnicodeNormalization as _;

/// A model is counted and found by so many of its characters: the index holds no more.
pub const CAMERA_CHARACTERS_MAX: usize = 200;
/// When an image was taken of which nobody knows: before all others.
pub const UNDATED: i64 = i64::MIN;

/// Text as it is compared: in small letters, and in one spelling of those with marks.
pub fn fold(text: &str) -> String {
    // By way of the capitals: a sigma is one wherever it stands, and a sharp s is two.
    text.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// The camera of a model, as it is compared.
pub fn camera(model: &str) -> String {
    fold(&model.chars().take(CAMERA_CHARACTERS_MAX).collect::<String>())
}

/// Milliseconds of local time since 1970, of what the metadata say, such as `2008-05-30T15:56:01+02:00`.
pub fn taken_ms(text: Option<&str>) -> i64 {
    let moment = text.and_then(|text| local(text).parse::<DateTime>().ok());
    moment.map_or(UNDATED, ms_of)
}

/// The text without the offset behind its time, if there is one.
fn local(text: &str) -> &str {
    let (day, time) = text.split_at(text.find('T').unwrap_or(text.len()));
    let end = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    &text[..day.len() + end]
}

/// The first moment of a day or a second, and the first one behind it: of `2008-05-30`, or of
/// `2008-05-30T15:56:01`.
pub fn span(text: &str) -> Option<(i64, i64)> {
    const SECOND: i64 = 1000;
    // Written in one way only, so that the same question is the same text.
    match text.len() {
        10 => {
            let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text)?;
            let start = ms_of(day.to_datetime(jiff::civil::Time::midnight()));
            Some((start, start + 86_400 * SECOND))
        }
        19 => {
            let moment =
                text.parse::<DateTime>().ok().filter(|moment| moment.to_string() == text)?;
            let start = ms_of(moment);
            Some((start, start + SECOND))
        }
        _ => None,
    }
}

fn ms_of(moment: DateTime) -> i64 {
    // Years that no clock of ours reaches have moments, too.
    moment.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_spelling_do_not_matter() {
        for (one, other) in [
            ("EOS 40D", "eos 40d"),
            ("ÄRGER.jpg", "ärger.JPG"),
            // One letter, or a letter and its mark.
            ("Caf\u{E9}", "CAFE\u{301}"),
            ("\u{212A}", "k"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "ΟΔΟΣ"),
            ("STRASSE", "straße"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_eq!(fold(&fold("İstanbul")), fold("İstanbul"));
        assert_eq!(camera(&"M".repeat(300)), "m".repeat(200));
    }

    #[test]
    fn offsets_and_fractions_do_not_move_a_local_time() {
        let second = 1_212_162_961_000;
        for (text, ms) in [
            ("2008-05-30T15:56:01", second),
            ("2008-05-30T15:56:01+02:00", second),
            ("2008-05-30T15:56:01-08:00", second),
            ("2008-05-30T15:56:01Z", second),
            ("2008-05-30T15:56:01.25+02:00", second + 250),
            ("2008-05-30", second - 57_361_000),
            ("1969-12-31T23:59:59", -1000),
            ("9999-12-31T23:59:59", 253_402_300_799_000),
            ("never", UNDATED),
            ("2008-05-30T99", UNDATED),
        ] {
            assert_eq!(taken_ms(Some(text)), ms, "{text}");
        }
        assert_eq!(taken_ms(None), UNDATED);
    }

    #[test]
    fn days_and_moments_are_told_from_other_text() {
        for (text, span_secs) in [
            ("2008-05-30", Some(86_400)),
            ("2008-05-30T15:56:01", Some(1)),
            ("9999-12-31", Some(86_400)),
            ("2008-02-30", None),
            ("2008-05-30 15:56:01", None),
            ("2008-05-30T25:56:01", None),
            ("2008-05-30T15:56+01", None),
            ("2008-05-30T155601.5", None),
            ("2008-05-30t15:56:01", None),
            ("2008-5-3", None),
            ("yesterday!", None),
            ("", None),
        ] {
            let secs = span(text).map(|(start, end)| (end - start) / 1000);
            assert_eq!(secs, span_secs, "{text}");
        }
    }
}
