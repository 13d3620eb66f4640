//! Moments as cameras and programs write them: `2008:05:30 15:56:01` and its relatives.
//!
//! Read is whatever can only mean one thing: the year comes first and has four digits, and every
//! number is there down to the minute.

/// What is left to read of a text.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    /// Takes a number of so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let add =
            |sum: u32, byte: &u8| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0'));
        let value = number.iter().try_fold(0, add)?;
        self.0 = rest;
        Some(value)
    }

    /// Takes a number of one or two digits; some cameras write a space for the first.
    fn part(&mut self) -> Option<u32> {
        self.skip(|byte| byte == b' ');
        self.number(2).or_else(|| self.number(1))
    }

    /// Takes one of these bytes.
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        wanted.contains(byte).then(|| self.0 = rest)?;
        Some(*byte)
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let count = self.0.iter().take_while(|byte| is_skipped(**byte)).count();
        self.0 = &self.0[count..];
    }
}

/// A moment as `2008-05-30T15:56:01`, if there is one, and the offset behind it.
pub(crate) fn moment(text: &str) -> Option<(String, Option<String>)> {
    let mut rest = Text(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b":-/.")?;
    let month = rest.part()?;
    rest.one_of(b":-/.")?;
    let day = rest.part()?;
    rest.one_of(b" Tt:")?;
    let hour = rest.part()?;
    rest.one_of(b":.")?;
    let minute = rest.part()?;
    let second = if rest.one_of(b":.").is_some() { rest.part()? } else { 0 };
    if rest.one_of(b".,").is_some() {
        rest.skip(|byte| byte.is_ascii_digit());
    }
    rest.skip(|byte| byte == b' ');
    let offset = match rest.0 {
        [] => None,
        zone => Some(offset(std::str::from_utf8(zone).ok()?)?),
    };
    let exists = year > 0
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let moment = || format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    exists.then(|| (moment(), offset))
}

/// `+02:00` of `+02:00`, `+0200` and `+02`, and `+00:00` of `Z`, `UTC` and `GMT`.
pub(crate) fn offset(text: &str) -> Option<String> {
    let mut rest = Text(text.trim().as_bytes());
    let Some(sign) = rest.one_of(b"+-") else {
        let is_universal = |name: &[u8]| rest.0.eq_ignore_ascii_case(name);
        let names: [&[u8]; 3] = [b"Z", b"UTC", b"GMT"];
        return names.into_iter().any(is_universal).then(|| "+00:00".to_owned());
    };
    let hours = rest.number(2)?;
    rest.one_of(b":");
    let minutes = if rest.0.is_empty() { 0 } else { rest.number(2)? };
    let exists = rest.0.is_empty() && hours <= 14 && minutes < 60;
    exists.then(|| format!("{}{hours:02}:{minutes:02}", char::from(sign)))
}

/// Days of a month; 0 when there is no such month.
fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn what_can_only_mean_one_moment_is_read() {
        for (text, wanted) in [
            ("2008:05:30 15:56:01", "2008-05-30T15:56:01"),
            ("2008-05-30 15:56:01", "2008-05-30T15:56:01"),
            ("2008/05/30 15:56:01", "2008-05-30T15:56:01"),
            ("2008.05.30 15.56.01", "2008-05-30T15:56:01"),
            ("2008:05:30T15:56:01", "2008-05-30T15:56:01"),
            ("2008-05-30T15:56:01.123", "2008-05-30T15:56:01"),
            ("2008-05-30T15:56:01Z", "2008-05-30T15:56:01+00:00"),
            ("2008-05-30T15:56:01.5+02:00", "2008-05-30T15:56:01+02:00"),
            ("2008:05:30 15:56:01-0330", "2008-05-30T15:56:01-03:30"),
            ("2008:05:30 15:56:01 +09", "2008-05-30T15:56:01+09:00"),
            ("2008:05:30 15:56:01  ", "2008-05-30T15:56:01"),
            ("2008: 5: 3  7: 5: 9", "2008-05-03T07:05:09"),
            ("2008:5:3 7:05:09", "2008-05-03T07:05:09"),
            ("2012:02:29 00:00:00", "2012-02-29T00:00:00"),
            ("2008:05:30 15:56", "2008-05-30T15:56:00"),
            ("2008-05-30T15:56Z", "2008-05-30T15:56:00+00:00"),
            ("2008-05-30 15:56 +02:00", "2008-05-30T15:56:00+02:00"),
            ("2008:05:30 15:56:01 UTC", "2008-05-30T15:56:01+00:00"),
            ("2008:05:30 15:56:01GMT", "2008-05-30T15:56:01+00:00"),
            ("2008:05:30 15:56 utc ", "2008-05-30T15:56:00+00:00"),
        ] {
            let read = moment(text).map(|(moment, zone)| moment + &zone.unwrap_or_default());
            assert_eq!(read.as_deref(), Some(wanted), "{text:?}");
        }
    }

    #[test]
    fn what_may_mean_another_is_not() {
        for text in [
            "",
            "    :  :     :  :  ",
            "0000:00:00 00:00:00",
            "30/05/2008 15:56:01",
            "05/30/2008 15:56:01",
            "08:05:30 15:56:01",
            "2008:05:30",
            "2008:05:30 ",
            "2008:05:30 15",
            "2008:05:30 15:",
            "2008:05:30 15:56:",
            "2008:05:30 3:56 PM",
            "2008:05:30 15:56:01 CET",
            "2008:05:30 15:56:01 UTC+2",
            "2008:13:30 15:56:01",
            "2011:02:29 15:56:01",
            "2008:05:30 24:00:00",
            "2008:05:30 15:56:61",
            "2008:05:30 15:56:01 PM",
            "2008:05:30 15:56:01+25:00",
            "2008:05:30 15:56:01 in May",
            "-008:05:30 15:56:01",
        ] {
            assert_eq!(moment(text), None, "{text:?}");
        }
    }
}
