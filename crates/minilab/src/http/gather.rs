//! Bodies that are read whole: bounded each, and all of them together.
//!
//! A body is copied into one buffer as it comes, so that it takes what its bytes take, however small the pieces
//! are that it comes in.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Problem;
use super::code::Code;
use super::request_id::CURRENT;
use super::words::size;
use crate::limits::Limit;

/// JSON is small: it comes within this time or not at all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of one body.
const BYTES_MAX: usize = 2 << 20;
/// The same of somebody who has shown no key.
const STRANGERS_BYTES_MAX: usize = 64 << 10;
/// What a body has without asking for room; most need no more.
const FREE_BYTES: usize = 64 << 10;
/// Room for what bodies have beyond that, in KiB.
static ROOM: Semaphore = Semaphore::const_new(64 << 10);

/// The whole body, if it comes in time and is not too large: 408 `too_slow`, 413 `too_large`, 400 `broken_body`,
/// 503 `busy` while too many large ones are under way.
pub(super) async fn gather(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let is_known = CURRENT.try_with(|current| current.account.get().is_some()).unwrap_or(false);
    let most = if is_known { BYTES_MAX } else { STRANGERS_BYTES_MAX };
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if said.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    tokio::time::timeout(TIMEOUT, read(body, most)).await.map_err(|_| {
        let detail = format!("the body did not come within {} s", TIMEOUT.as_secs());
        Problem::new(Code::TooSlow, detail)
    })?
}

async fn read(body: Body, most: usize) -> Result<Bytes, Problem> {
    let (mut chunks, mut gathered) = (body.into_data_stream(), BytesMut::new());
    let mut room = RoomShare::default();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Problem::new(Code::BrokenBody, error.to_string()))?;
        let length = gathered.len() + chunk.len();
        if length > most {
            return Err(too_large(most));
        }
        room.hold(length)?;
        gathered.extend_from_slice(&chunk);
    }
    Ok(gathered.freeze())
}

fn too_large(most: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("the body has more than {}", size(most as u64)))
}

/// What one body has of the room for all.
#[derive(Default)]
struct RoomShare {
    kib: usize,
    held: Option<SemaphorePermit<'static>>,
}

impl RoomShare {
    fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        let needed = bytes.saturating_sub(FREE_BYTES).div_ceil(1024);
        if needed <= self.kib {
            return Ok(());
        }
        let more = ROOM.try_acquire_many((needed - self.kib) as u32).map_err(|_| {
            let detail = "too many large bodies are being sent; come again in a few seconds";
            Problem::reached(Limit::Bodies, Code::Busy, detail, 5)
        })?;
        self.kib = needed;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_pieces(count: usize, length: usize) -> Body {
        let piece = Bytes::from(vec![b' '; length]);
        Body::from_stream(futures_util::stream::iter(
            (0..count).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
        ))
    }

    #[tokio::test]
    async fn a_body_is_as_large_as_its_bytes_and_has_an_end() {
        let (all, none) = (HeaderMap::new(), ROOM.available_permits());
        assert_eq!(gather(&all, in_pieces(1000, 1)).await.unwrap().len(), 1000);
        let refused = gather(&all, in_pieces(65, 1024)).await.unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (413, Code::TooLarge));
        assert_eq!(read(in_pieces(2, 1 << 20), BYTES_MAX).await.unwrap().len(), 2 << 20);
        assert_eq!(ROOM.available_permits(), none, "room is given back");
        let mut said = HeaderMap::new();
        said.insert(header::CONTENT_LENGTH, 70_000.into());
        let refused = gather(&said, Body::empty()).await.unwrap_err();
        assert_eq!(refused.code, Code::TooLarge, "before a byte is read");
    }

    #[tokio::test]
    async fn bodies_share_their_room() {
        let mut all = (0..32).map(|_| RoomShare::default()).collect::<Vec<_>>();
        assert!(all.iter_mut().all(|room| room.hold(FREE_BYTES + (2 << 20)).is_ok()));
        let mut late = RoomShare::default();
        assert!(late.hold(FREE_BYTES).is_ok(), "small ones need none");
        assert_eq!(late.hold(FREE_BYTES + 1).unwrap_err().code, Code::Busy);
        all.clear();
        assert!(late.hold(FREE_BYTES + 1).is_ok());
    }
}
