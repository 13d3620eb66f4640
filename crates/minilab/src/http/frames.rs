//! Frames of HTTP/2 as they come in, as far as it matters here: whether a stream is reset. Once an answer is
//! written nobody else tells.

const HEAD_BYTES: usize = 9;
const RST_STREAM: u8 = 3;

/// Walks over frames; what came so far may end anywhere in one.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: Vec<u8>,
    /// Of the frame whose head came in.
    left: usize,
}

impl Frames {
    /// Whether a stream is reset in what comes next.
    pub(super) fn have_reset(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_reset = false;
        while !bytes.is_empty() {
            let wanted = if self.left > 0 { self.left } else { HEAD_BYTES - self.head.len() };
            let (these, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.left > 0 {
                self.left -= these.len();
                continue;
            }
            self.head.extend(these);
            if let [one, two, three, kind, ..] = self.head[..]
                && self.head.len() == HEAD_BYTES
            {
                self.left = usize::from(one) << 16 | usize::from(two) << 8 | usize::from(three);
                is_reset |= kind == RST_STREAM;
                self.head.clear();
            }
        }
        is_reset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_seen_however_the_bytes_come() {
        let ping = [&[0, 0, 8, 6, 0, 0, 0, 0, 0][..], &[3; 8]].concat();
        let empty = [0, 0, 0, 4, 1, 0, 0, 0, 0].to_vec();
        let reset = [&[0, 0, 4, 3, 0, 0, 0, 0, 1][..], &[0, 0, 0, 8]].concat();
        for (what, frames, expected) in [
            ("others", [&ping[..], &empty, &ping].concat(), false),
            ("a reset", [&ping[..], &empty, &reset, &ping].concat(), true),
        ] {
            for size in 1..frames.len() {
                let mut seen = Frames::default();
                let mut pieces = frames.chunks(size);
                let found = pieces.any(|piece| seen.have_reset(piece));
                assert_eq!(found, expected, "{what} in pieces of {size}");
            }
        }
    }
}
