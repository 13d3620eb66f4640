//! File names that strangers chose: made safe when they come in, quoted when they go out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::text;

const NAME_BYTES_MAX: usize = 200;

/// RFC 8187's attr-char, less the letters and digits.
const ATTR_CHAR: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!').remove(b'+');

/// What is left of a name without its path, and without characters that are no text or play tricks with
/// it: see [`text::clean`]. Never empty, never hidden, at most 200 bytes.
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned = text::clean(last);
    // Dots and spaces in one go: behind a space there may be the next dot.
    let bare = cleaned.trim_start_matches(|c: char| c == '.' || c.is_whitespace()).trim_end();
    let kept = shorten(bare);
    if kept.is_empty() { "image".to_owned() } else { kept }
}

/// Cuts the stem and keeps the extension.
fn shorten(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 10 => (stem, format!(".{extension}")),
        _ => (name, String::new()),
    };
    let mut end = NAME_BYTES_MAX - extension.len();
    while !stem.is_char_boundary(end.min(stem.len())) {
        end -= 1;
    }
    // The cut may have come after a space or a joiner.
    format!("{}{extension}", text::clean(&stem[..end.min(stem.len())])).trim_end().to_owned()
}

/// The name without its extension.
pub fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The name with the extension of what the bytes are: whoever saves them opens a picture, whatever the
/// sender called it.
pub fn named_as(name: &str, format: pixels::Format) -> String {
    // Windows takes dots and spaces at the end for nothing.
    let name = name.trim_end_matches(['.', ' ']);
    let stem = match name.rsplit_once('.') {
        Some((_, extension)) if format.has_extension(extension) => return name.to_owned(),
        Some((stem, extension)) if is_extension(extension) => stem.trim_end_matches(['.', ' ']),
        _ => name,
    };
    let stem = if stem.is_empty() { "image" } else { stem };
    shorten(&format!("{stem}.{}", format.extension()))
}

/// A date or a version behind a dot is no extension, nor are words of a title.
fn is_extension(text: &str) -> bool {
    (1..=10).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~+".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A `Content-Disposition` value by RFC 6266: an ASCII name for old clients, the true one beside it.
pub fn content_disposition(kind: Disposition, name: &str) -> String {
    let kind = match kind {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    if ascii == name {
        return format!("{kind}; filename=\"{ascii}\"");
    }
    let exact = utf8_percent_encode(name, ATTR_CHAR);
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Inline,
    Attachment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_path_and_their_tricks() {
        for (given, kept) in [
            ("cat.jpg", "cat.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\cat.jpg", "cat.jpg"),
            ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie: x=1.jpg"),
            ("invoice\u{202E}gpj.exe", "invoicegpj.exe"),
            (".htaccess", "htaccess"),
            ("... .a", "a"),
            ("..", "image"),
            ("", "image"),
            ("  \u{200B} ", "image"),
            ("naïve 猫.png", "naïve 猫.png"),
            ("می\u{200C}خواهم.png", "می\u{200C}خواهم.png"),
            ("👩\u{200D}👧\u{200D}.png", "👩\u{200D}👧.png"),
        ] {
            assert_eq!(safe_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn names_get_the_extension_of_what_the_bytes_are() {
        use pixels::Format::{Jpeg, Png, Tiff};
        for (given, format, named) in [
            ("photo.jpg", Jpeg, "photo.jpg"),
            ("photo.JPEG", Jpeg, "photo.JPEG"),
            ("scan.tiff", Tiff, "scan.tiff"),
            ("evil.exe", Jpeg, "evil.jpg"),
            ("photo.png", Jpeg, "photo.jpg"),
            ("photo.jpg", Png, "photo.png"),
            ("photo", Jpeg, "photo.jpg"),
            ("evil.jpg.exe", Jpeg, "evil.jpg.jpg"),
            ("evil.exe. .", Jpeg, "evil.jpg"),
            ("evil.7z", Jpeg, "evil.jpg"),
            ("2024.05.31", Jpeg, "2024.05.31.jpg"),
            ("St. Moritz", Jpeg, "St. Moritz.jpg"),
            ("cat.h200.webp", Png, "cat.h200.png"),
            ("猫.exe", Png, "猫.png"),
        ] {
            assert_eq!(named_as(given, format), named, "{given}");
        }
        let long = named_as(&"猫".repeat(66), Jpeg);
        assert!(long.len() <= NAME_BYTES_MAX && long.ends_with("猫.jpg"), "{long}");
    }

    #[test]
    fn long_names_keep_their_extension() {
        let kept = safe_name(&format!("{}.jpeg", "猫".repeat(300)));
        assert!(kept.len() <= NAME_BYTES_MAX && kept.ends_with("猫.jpeg"), "{kept}");
        let kept = safe_name(&format!("{} and a word", "a".repeat(NAME_BYTES_MAX - 1)));
        assert_eq!(kept, "a".repeat(NAME_BYTES_MAX - 1));
    }

    #[test]
    fn headers_carry_any_name_safely() {
        for (name, header) in [
            ("cat.jpg", "attachment; filename=\"cat.jpg\""),
            ("a\"b.jpg", "attachment; filename=\"a_b.jpg\"; filename*=UTF-8''a%22b.jpg"),
            ("ä.png", "attachment; filename=\"_.png\"; filename*=UTF-8''%C3%A4.png"),
        ] {
            assert_eq!(content_disposition(Disposition::Attachment, name), header);
        }
    }
}
