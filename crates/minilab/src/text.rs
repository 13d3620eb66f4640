//! Text from outside: what no field takes, what a name and a label may hold, what is left of a file's name.

/// Bytes of one text of a request. No field is so long; each says itself what it takes.
pub const BYTES_MAX: usize = 4096;
/// Characters of an account's name.
pub const NAME_CHARS_MAX: usize = 64;

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
/// Asks for the coloured form of the emoji before it.
const COLOURED: char = '\u{FE0F}';

/// Why no field at all takes a text: PostgreSQL has no NUL, and nobody reads pages of it.
pub fn flaw(text: &str) -> Option<String> {
    if text.contains('\0') {
        return Some("has a NUL character in it".to_owned());
    }
    (text.len() > BYTES_MAX).then(|| format!("is longer than {BYTES_MAX} bytes"))
}

/// Whether accounts may be called so: 1 to 64 characters that can be seen, or single spaces inside.
pub fn is_name(text: &str) -> bool {
    let is_good = |c: char| c == ' ' || !(c.is_control() || c.is_whitespace() || is_hidden(c));
    (1..=NAME_CHARS_MAX).contains(&text.chars().count())
        && text.chars().all(is_good)
        && text.trim() == text
        && !text.contains("  ")
}

/// Why a text is no line for people to read, such as a label or a title.
pub fn line_flaw(text: &str, chars_max: usize) -> Option<String> {
    let is_good = text.chars().count() <= chars_max && clean(text) == text;
    (!is_good).then(|| {
        format!(
            "is at most {chars_max} characters, on one line, with none that cannot be seen or turns \
             the direction of text"
        )
    })
}

/// The text without control characters and hidden ones. Joiners stay between letters or emoji, where
/// they are part of the spelling.
pub fn clean(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let before = kept.chars().next_back();
        let stays = match c {
            JOINER | NON_JOINER => {
                before.is_some_and(is_joined) && rest.peek().is_some_and(|next| is_joined(*next))
            }
            COLOURED => before.is_some_and(is_emoji),
            c => !c.is_control() && !is_hidden(c),
        };
        if stays {
            kept.push(c);
        }
    }
    kept
}

/// What cannot be seen or turns the direction of text: Unicode's default ignorables and format
/// characters, separators of lines, letters that are blank, and what is no character.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{0600}'..='\u{0605}' | '\u{061C}' | '\u{06DD}' | '\u{070F}'
        | '\u{0890}'..='\u{0891}' | '\u{08E2}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FDD0}'..='\u{FDEF}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{110BD}' | '\u{110CD}' | '\u{13430}'..='\u{1345F}' | '\u{16FE4}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
        // The last two of every plane.
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// Letters, their marks and emoji: what joiners stand between.
fn is_joined(c: char) -> bool {
    let is_punctuation = matches!(c,
        '\u{2000}'..='\u{206F}' | '\u{3000}'..='\u{303F}' | '\u{FE10}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF0F}');
    c == COLOURED
        || c.is_alphabetic() && !is_hidden(c)
        || c >= '\u{300}' && !is_punctuation && !is_hidden(c)
}

fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{00A9}' | '\u{00AE}' | '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
        | '\u{2194}'..='\u{21AA}' | '\u{231A}'..='\u{23FF}' | '\u{24C2}'
        | '\u{25AA}'..='\u{25FE}' | '\u{2600}'..='\u{27BF}' | '\u{2934}'..='\u{2935}'
        | '\u{2B05}'..='\u{2B55}' | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_seen_as_they_are() {
        let long = "猫".repeat(64);
        for name in ["a", "ada", "12345", "Ada Lovelace", "ada@example.org", "猫", "🐈", &long] {
            assert!(is_name(name), "{name:?}");
        }
        for name in [
            "",
            " ",
            " ada",
            "ada ",
            "a  b",
            "a\tb",
            "a\nb",
            "a\0b",
            "a\u{A0}b",
            "a\u{2003}b",
            "a\u{AD}b",
            "a\u{200B}b",
            "a\u{200C}b",
            "a\u{200D}b",
            "a\u{202E}b",
            "a\u{2066}b",
            "a\u{FEFF}b",
            "\u{3164}",
            "a\u{1160}",
            "\u{2800}",
            "a\u{FE0F}",
            "a\u{E0041}",
            "a\u{E01EF}",
            "a\u{180E}b",
            "a\u{85}b",
            "a\u{7F}",
            "a\u{FFFF}",
            "a\u{10FFFE}",
            &format!("{long}猫"),
        ] {
            assert!(!is_name(name), "{name:?}");
        }
    }

    #[test]
    fn joiners_stay_where_they_spell_and_go_where_they_hide() {
        for (given, kept) in [
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("क\u{94D}\u{200D}ष", "क\u{94D}\u{200D}ष"),
            ("👩\u{200D}👧", "👩\u{200D}👧"),
            ("❤\u{FE0F}\u{200D}🔥", "❤\u{FE0F}\u{200D}🔥"),
            ("🏴\u{E0067}\u{E007F}", "🏴"),
            ("\u{200D}a", "a"),
            ("a\u{200D}", "a"),
            ("a\u{200D}.b", "a.b"),
            ("a \u{200C}b", "a b"),
            ("a\u{200D}\u{200D}b", "a\u{200D}b"),
            ("a\u{FE0F}b", "ab"),
            ("❤\u{FE0F}\u{FE0F}", "❤\u{FE0F}"),
            ("a\u{AD}\u{200B}\u{E0020}\u{3164}b", "ab"),
            ("a\r\n\0b", "ab"),
        ] {
            assert_eq!(clean(given), kept, "{given:?}");
            assert_eq!(clean(kept), kept, "{given:?}");
            assert_eq!(line_flaw(given, 20).is_none(), given == kept, "{given:?}");
        }
        assert!(line_flaw(&"猫".repeat(20), 20).is_none());
        assert!(line_flaw(&"猫".repeat(21), 20).is_some());
    }

    #[test]
    fn no_field_takes_a_nul_or_a_novel() {
        assert_eq!(flaw("any\ttext"), None);
        assert!(flaw("a\0").is_some());
        assert!(flaw(&"a".repeat(BYTES_MAX)).is_none());
        assert!(flaw(&"a".repeat(BYTES_MAX + 1)).is_some());
    }
}
