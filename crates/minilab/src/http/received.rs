//! What is done once an answer was received: not when it was written, but when the other side has
//! acknowledged all of it and did not break the connection soon after.

use std::time::Duration;

use axum::http::Extensions;
use tokio::net::TcpStream;

/// So long after everything was acknowledged a reader that did not want it would have said so: closing
/// with unread bytes resets a connection.
const SETTLED_AFTER: Duration = Duration::from_secs(10);
/// The same, when the other side has closed in an orderly way.
const CLOSED_AFTER: Duration = Duration::from_secs(1);

/// Left in the extensions of an answer.
#[derive(Clone)]
pub struct OnReceived(std::sync::Arc<dyn Fn() + Send + Sync>);

impl OnReceived {
    pub fn new(then: impl Fn() + Send + Sync + 'static) -> Self {
        Self(std::sync::Arc::new(then))
    }

    pub fn call(&self) {
        (self.0)();
    }

    pub(super) fn take(extensions: &mut Extensions) -> Option<Self> {
        extensions.remove()
    }
}

/// An answer of which every byte was written.
pub(super) struct Receipt {
    then: OnReceived,
    acknowledged: Duration,
}

/// How the other side left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerState {
    Open,
    Closed,
    Broken,
}

impl Receipt {
    pub(super) fn new(then: OnReceived) -> Self {
        Self { then, acknowledged: Duration::ZERO }
    }

    /// Looks again after `elapsed`; false when there is nothing to wait for any more.
    pub(super) fn is_awaited(
        &mut self,
        line: PeerState,
        has_rest: bool,
        elapsed: Duration,
    ) -> bool {
        self.acknowledged = if has_rest { Duration::ZERO } else { self.acknowledged + elapsed };
        let patience = match line {
            PeerState::Broken => return false,
            PeerState::Open => SETTLED_AFTER,
            PeerState::Closed => CLOSED_AFTER,
        };
        if self.acknowledged < patience {
            return true;
        }
        self.then.call();
        false
    }
}

/// Bytes that were written and not acknowledged yet.
#[expect(unsafe_code, reason = "no crate of ours knows this call")]
pub(super) fn unacknowledged(stream: &TcpStream) -> std::io::Result<u32> {
    use std::os::fd::AsRawFd;
    let mut bytes: libc::c_int = 0;
    // SAFETY: the socket is open as long as it is borrowed; the kernel writes one integer.
    let done = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if done == 0 { Ok(bytes as u32) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Looks every second; whether it counts as received, and after which second that is settled.
    fn settled(look: impl Fn(u32) -> (PeerState, bool)) -> (bool, u32) {
        let times = Arc::new(AtomicU32::new(0));
        let counted = times.clone();
        let then = OnReceived::new(move || _ = counted.fetch_add(1, Ordering::Relaxed));
        let mut receipt = Receipt::new(then);
        let settled = (1..=100).find(|&second| {
            let (line, has_rest) = look(second);
            !receipt.is_awaited(line, has_rest, Duration::from_secs(1))
        });
        (times.load(Ordering::Relaxed) == 1, settled.unwrap_or(u32::MAX))
    }

    #[test]
    fn written_is_not_received() {
        for (what, look, expected) in [
            (
                "kept open",
                (|_| (PeerState::Open, false)) as fn(u32) -> (PeerState, bool),
                (true, 10),
            ),
            ("closed in order", |_| (PeerState::Closed, false), (true, 1)),
            (
                "closed in order later",
                |s| (if s < 5 { PeerState::Open } else { PeerState::Closed }, false),
                (true, 5),
            ),
            ("reset at once", |_| (PeerState::Broken, false), (false, 1)),
            (
                "reset later",
                |s| (if s < 9 { PeerState::Open } else { PeerState::Broken }, false),
                (false, 9),
            ),
            ("slowly acknowledged", |s| (PeerState::Open, s < 20), (true, 29)),
            ("never acknowledged", |_| (PeerState::Open, true), (false, u32::MAX)),
        ] {
            assert_eq!(settled(look), expected, "{what}");
        }
    }
}
