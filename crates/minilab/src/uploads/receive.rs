//! One file: counted, hashed and buffered as it arrives; then it is looked at.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use pixels::{Facts, Limits, Metadata};

use super::buffer::{BufferedFile, UploadBuffer};
use super::error::UploadError;
use crate::cpu;
use crate::http::problem::TxError;
use crate::room::Room;
use crate::spool::Spool;

/// A file that is complete.
pub(super) struct Received {
    /// Not on the disk yet: bytes that are stored already need not be.
    pub buffered: BufferedFile,
    /// BLAKE3.
    pub hash: [u8; 32],
    pub bytes: u64,
}

/// A file that looks like a picture.
pub(super) struct Picture {
    pub buffered: BufferedFile,
    pub facts: Facts,
    pub metadata: Metadata,
}

/// What a file may be.
pub(super) struct Allowed {
    pub bytes_max: u64,
    /// What is said of more.
    pub too_large: UploadError,
    /// Where it is to lie: it may fill up while the bytes come.
    pub room: Room,
}

/// Takes in one file. Over the limit it stops where the limit is; nothing is kept of a refused one.
pub(super) async fn receive(
    spool: &Arc<Spool>,
    mut body: impl Stream<Item = Result<Bytes, TxError>> + Unpin,
    allowed: Allowed,
) -> Result<Received, TxError> {
    let mut buffer = UploadBuffer::new(spool);
    let mut bytes = 0_u64;
    while let Some(chunk) = body.next().await.transpose()? {
        bytes += chunk.len() as u64;
        if bytes > allowed.bytes_max {
            return Err(allowed.too_large.into());
        }
        allowed.room.check(0)?;
        buffer.push(chunk).await?;
    }
    if bytes == 0 {
        return Err(UploadError::Empty.into());
    }
    let (buffered, hash) = buffer.finish().await?;
    Ok(Received { buffered, hash, bytes })
}

/// Reads the header, and the camera's notes. No pixel is decoded.
pub(super) async fn inspect(buffered: BufferedFile, limits: Limits) -> Result<Picture, TxError> {
    cpu::run(move || {
        let probed = pixels::probe(buffered.open()?, &limits);
        let facts = match probed.and_then(|facts| facts.format.decodable().map(|()| facts)) {
            Ok(facts) => facts,
            Err(error) => return Ok(Err(UploadError::Picture(error).into())),
        };
        let metadata = pixels::metadata(buffered.open()?, &facts);
        Ok(Ok(Picture { buffered, facts, metadata }))
    })
    .await?
}
