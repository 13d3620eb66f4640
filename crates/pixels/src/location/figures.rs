//! Positions in figures, as ISO 6709 writes them: `+48.8577+002.2945/`, or in degrees, minutes and
//! seconds, with or without a height.

/// Degrees at most.
const LATITUDE_MAX: u32 = 90;
const LONGITUDE_MAX: u32 = 180;
/// Behind a point: as many digits tell a place to a hundred metres, however the rest is written.
const FINE_DIGITS: usize = 3;

/// Whether a text holds a position in figures.
pub(super) fn hold_position(text: &[u8]) -> bool {
    let starts = memchr::memchr2_iter(b'+', b'-', text);
    // The second number of a sum is no latitude.
    let is_first = |at: &usize| *at == 0 || !matches!(text[at - 1], b'0'..=b'9' | b'.');
    starts.filter(is_first).any(|at| is_position(&text[at..]))
}

/// Whether a text begins with a position.
fn is_position(text: &[u8]) -> bool {
    let Some((latitude, rest)) = number(text) else { return false };
    let Some((longitude, rest)) = number(rest) else { return false };
    let both = [latitude, longitude];
    let fits = latitude.fits(2, LATITUDE_MAX) && longitude.fits(3, LONGITUDE_MAX);
    let is_fine = both.iter().all(|number| number.fraction >= FINE_DIGITS);
    let has_points = both.iter().all(|number| number.fraction > 0);
    let has_minutes = latitude.digits.len() > 2;
    let is_padded = matches!(latitude.digits.len(), 2 | 4 | 6)
        && longitude.digits.len() == latitude.digits.len() + 1;
    fits && (is_fine || (is_padded && (has_points || (has_minutes && ends(rest)))))
}

/// A number with its sign: the digits in front of the point, and how many are behind it.
#[derive(Clone, Copy)]
struct Number<'a> {
    digits: &'a [u8],
    fraction: usize,
}

impl Number<'_> {
    /// Whether the degrees, the first digits when minutes follow, are not too many.
    fn fits(self, degree_digits: usize, most: u32) -> bool {
        let degrees = self.digits.get(..degree_digits).unwrap_or(self.digits);
        degrees.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')) <= most
    }
}

/// The number that a text begins with, and what follows it.
fn number(text: &[u8]) -> Option<(Number<'_>, &[u8])> {
    let (b'+' | b'-', rest) = text.split_first()? else { return None };
    let (digits, rest) = run(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(behind) => run(behind),
        None => (&rest[..0], rest),
    };
    let is_number = (1..=7).contains(&digits.len());
    is_number.then_some((Number { digits, fraction: fraction.len() }, rest))
}

/// The digits that a text begins with, and what follows them.
fn run(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// Whether the end of a position follows, behind a height and the name of how it is measured.
fn ends(rest: &[u8]) -> bool {
    let rest = number(rest).map_or(rest, |(_, rest)| rest);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let named =
        if rest.starts_with(b"CRS") { rest.iter().position(|it| !is_name(it)) } else { None };
    rest[named.unwrap_or(0)..].starts_with(b"/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_found_however_they_are_written() {
        for text in [
            &b"+48.8577+002.2945/"[..],
            b"taken at +48.8577+002.2945 by me",
            b"xyz+48.8577+002.295+035.1CRSWGS_84/",
            b"-33.86-151.21/",
            b"+4851.46+00217.67/",
            b"+485129.6+0021740.2/",
            b"+4851+00217/",
            b"+4851+00217+35CRSWGS_84/",
            b"+48.8577+2.2945",
        ] {
            assert!(hold_position(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn other_figures_are_no_positions() {
        for text in [
            &b"+49-123-4567"[..],
            b"+1.5+2.5",
            b"0+48.8577+002.2945",
            b"2021-03-04-05",
            b"+95.1234+002.2945/",
            b"+48.8577+202.2945/",
            b"f/2.8 1/250 +0.33 EV",
            b"+4851+00217",
            b"+abc/def+12/+",
        ] {
            assert!(!hold_position(text), "{}", text.escape_ascii());
        }
    }
}
