//! Filter of jobs: one line of words, all of which must hold, read and written here alone for the API, the
//! shell and the pages.
//!
//! `state:failed kind:develop cause:truncated account:ada worker:… image:… since:2h attempts:>3 wait:>1s`

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::jobs::KINDS;
use crate::jobs::pauses::is_name;

/// States a job can be in.
pub const STATES: [&str; 6] = ["pending", "started", "retry", "succeeded", "failed", "cancelled"];
/// Keys of words.
const KEYS: &str = "state, kind, cause, account, worker, image, since, attempts and wait";
const CHARACTERS_MAX: usize = 500;

/// All words must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(pub Vec<Word>);

/// One thing that is asked of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    State(&'static str),
    Kind(&'static str),
    /// A stable code.
    Cause(String),
    /// A name or an id.
    Account(String),
    Worker(String),
    Image(Uuid),
    /// It came within so long.
    Since(Span),
    Attempts(Compared, u32),
    /// How long it waits, or waited until its last try began.
    Wait(Compared, Span),
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    Equal,
    More,
    Less,
}

/// A length of time as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub number: u32,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
}

/// A word that is none, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWord {
    pub word: String,
    pub detail: String,
}

impl Unit {
    pub const ALL: [Self; 5] =
        [Self::Millisecond, Self::Second, Self::Minute, Self::Hour, Self::Day];

    fn word(self) -> &'static str {
        match self {
            Self::Millisecond => "ms",
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
        }
    }

    fn ms(self) -> i64 {
        match self {
            Self::Millisecond => 1,
            Self::Second => 1000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

impl Span {
    pub fn ms(self) -> i64 {
        i64::from(self.number) * self.unit.ms()
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let unit = Unit::ALL.into_iter().find(|known| known.word() == unit)?;
        Some(Self { number: number.parse().ok()?, unit })
    }
}

impl Compared {
    /// How a value is compared, and the value.
    fn split(text: &str) -> (Self, &str) {
        match (text.strip_prefix('>'), text.strip_prefix('<')) {
            (Some(rest), _) => (Self::More, rest),
            (_, Some(rest)) => (Self::Less, rest),
            _ => (Self::Equal, text),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.iter().map(ToString::to_string).collect::<Vec<_>>();
        f.write_str(&words.join(" "))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => write!(f, "state:{state}"),
            Self::Kind(kind) => write!(f, "kind:{kind}"),
            Self::Cause(cause) => write!(f, "cause:{cause}"),
            Self::Account(account) => write!(f, "account:{}", quoted(account)),
            Self::Worker(worker) => write!(f, "worker:{worker}"),
            Self::Image(id) => write!(f, "image:{id}"),
            Self::Since(span) => write!(f, "since:{span}"),
            Self::Attempts(compared, number) => write!(f, "attempts:{compared}{number}"),
            Self::Wait(compared, span) => write!(f, "wait:{compared}{span}"),
        }
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "",
            Self::More => ">",
            Self::Less => "<",
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.word())
    }
}

/// A value with spaces or quotes in it stands between quotes.
fn quoted(value: &str) -> String {
    if value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\')) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

impl FromStr for Filter {
    type Err = BadWord;

    fn from_str(text: &str) -> Result<Self, BadWord> {
        if text.chars().count() > CHARACTERS_MAX {
            let word = text.chars().take(40).collect();
            let detail = format!("a filter has at most {CHARACTERS_MAX} characters");
            return Err(BadWord { word, detail });
        }
        split(text)?
            .iter()
            .map(|(key, value)| parse(key, value))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// The words of a line, each as a key and a value without quotes.
fn split(text: &str) -> Result<Vec<(String, String)>, BadWord> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some((key, value)) = rest[..end].split_once(':') else {
            let detail = format!("is not of the form key:value; keys are {KEYS}");
            return Err(BadWord { word: rest[..end].to_owned(), detail });
        };
        let begin = key.len() + 1;
        if !value.starts_with('"') {
            words.push((key.to_owned(), value.to_owned()));
            rest = rest[end..].trim_start();
            continue;
        }
        let Some((value, used)) = unquote(&rest[begin..]) else {
            let detail = "has a quote that does not end before the word does".to_owned();
            return Err(BadWord { word: rest.to_owned(), detail });
        };
        words.push((key.to_owned(), value));
        rest = rest[begin + used..].trim_start();
    }
    Ok(words)
}

/// What stands between quotes, and the length of it all; nothing if it has no end, or goes on behind it.
fn unquote(text: &str) -> Option<(String, usize)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {
                let end = at + 1;
                let is_end = text[end..].chars().next().is_none_or(char::is_whitespace);
                return is_end.then_some((value, end));
            }
            _ => value.push(c),
        }
    }
    None
}

fn parse(key: &str, value: &str) -> Result<Word, BadWord> {
    let bad = |detail: String| BadWord { word: format!("{key}:{value}"), detail };
    let one_of = |known: &[&'static str]| {
        let found = known.iter().copied().find(|word| *word == value);
        found.ok_or_else(|| bad(format!("{key} is one of {}", known.join(", "))))
    };
    let span = |text: &str, like: &str| {
        let form = || bad(format!("{key} is a number and one of ms, s, m, h, d, such as {like}"));
        Span::parse(text).ok_or_else(form)
    };
    let (compared, number) = Compared::split(value);
    Ok(match key {
        "state" => Word::State(one_of(&STATES)?),
        "kind" => Word::Kind(one_of(&KINDS)?),
        "cause" if is_code(value) => Word::Cause(value.to_owned()),
        "cause" => return Err(bad("cause is a code, such as malformed_image".to_owned())),
        "account" if !value.is_empty() => Word::Account(value.to_owned()),
        "account" => return Err(bad("account is a name or an id".to_owned())),
        "worker" if is_name(value) => Word::Worker(value.to_owned()),
        "worker" => return Err(bad("worker is a name as the list of workers has it".to_owned())),
        "image" => Word::Image(
            Uuid::try_parse(value).map_err(|_| bad("image is the id of an image".to_owned()))?,
        ),
        "since" => Word::Since(span(value, "2h")?),
        "attempts" => {
            let form = "attempts is a number, such as 3, >3 or <3".to_owned();
            let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse().ok().filter(|_| is_plain);
            Word::Attempts(compared, number.ok_or_else(|| bad(form))?)
        }
        "wait" => Word::Wait(compared, span(number, ">1s")?),
        _ => return Err(bad(format!("there is no key {key:?}; keys are {KEYS}"))),
    })
}

/// Whether a text may be a stable code.
fn is_code(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn span() -> impl Strategy<Value = Span> {
        (any::<u32>(), select(&Unit::ALL[..])).prop_map(|(number, unit)| Span { number, unit })
    }

    fn compared() -> impl Strategy<Value = Compared> {
        select(&[Compared::Equal, Compared::More, Compared::Less][..])
    }

    fn word() -> impl Strategy<Value = Word> {
        prop_oneof![
            select(&STATES[..]).prop_map(Word::State),
            select(&KINDS[..]).prop_map(Word::Kind),
            "[a-z0-9_]{1,64}".prop_map(Word::Cause),
            "[^\\s](.{0,20}[^\\s])?".prop_map(Word::Account),
            "[a-zA-Z0-9]{1,64}".prop_map(Word::Worker),
            any::<u128>().prop_map(|id| Word::Image(Uuid::from_u128(id))),
            span().prop_map(Word::Since),
            (compared(), any::<u32>()).prop_map(|(how, number)| Word::Attempts(how, number)),
            (compared(), span()).prop_map(|(how, span)| Word::Wait(how, span)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(words in prop::collection::vec(word(), 0..4)) {
            let filter = Filter(words);
            let text = filter.to_string();
            prop_assume!(text.chars().count() <= CHARACTERS_MAX);
            prop_assert_eq!(text.parse::<Filter>(), Ok(filter.clone()));
            prop_assert_eq!(text.parse::<Filter>().unwrap().to_string(), text);
        }

        #[test]
        fn nothing_that_is_typed_is_too_odd(text in ".{0,60}") {
            if let Ok(filter) = text.parse::<Filter>() {
                prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
            }
        }
    }

    #[test]
    fn a_wrong_word_is_named_with_what_is_allowed() {
        for (text, word, said) in [
            ("state:broken", "state:broken", "pending, started, retry"),
            ("state:failed kind:x", "kind:x", "develop"),
            ("colour:red", "colour:red", KEYS),
            ("failed", "failed", KEYS),
            ("since:2", "since:2", "such as 2h"),
            ("wait:>1y", "wait:>1y", "such as >1s"),
            ("attempts:>-1", "attempts:>-1", "a number"),
            ("attempts:>+1", "attempts:>+1", "a number"),
            ("image:1", "image:1", "id of an image"),
            ("account:\"a b", "account:\"a b", "a quote"),
        ] {
            let bad = text.parse::<Filter>().unwrap_err();
            assert_eq!(bad.word, word);
            assert!(bad.detail.contains(said), "{text}: {}", bad.detail);
        }
    }

    #[test]
    fn names_with_spaces_stand_between_quotes() {
        let filter = "account:\"ada \\\"the\\\" first\"  state:failed".parse::<Filter>().unwrap();
        let name = Word::Account("ada \"the\" first".to_owned());
        assert_eq!(filter, Filter(vec![name, Word::State("failed")]));
    }
}
