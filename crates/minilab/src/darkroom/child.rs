//! The child's side: takes an order and a picture, answers with variants, until the socket closes.

use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use anyhow::{Context, ensure};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use pixels::Format;

use super::wire::{Answer, FRAME_BYTES_MAX, Made};
use super::{Order, sandbox};

/// Works until standard input ends. Nothing is read before the sandbox is closed.
pub fn run(memory_mib: u64) -> anyhow::Result<()> {
    // Afterwards no file can be opened, nor a library. Its absence is told to whoever needs it.
    let _ = Format::Heic.decodable();
    sandbox::enter(memory_mib * 1024 * 1024)?;
    // Without the buffer of `stdin`: what is read ahead loses the file that comes beside it.
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("opening the socket")?;
    let mut input = File::from(input);
    let mut output = std::io::stdout().lock();
    // The parent waits for a word that the sandbox is closed.
    output.write_all(b"!").and_then(|()| output.flush()).context("saying that it is ready")?;
    while let Some((order, file)) = receive(&mut input)? {
        let order: Order = serde_json::from_slice(&order).context("reading an order")?;
        sandbox::grant_cpu(order.cpu_secs)?;
        let picture = read(file, order.limits.bytes)?;
        let rendered = pixels::render(&picture, &order.recipes, &order.limits);
        // The picture may be large, and the pipe slow.
        drop(picture);
        answer(&mut output, rendered)?;
    }
    Ok(())
}

fn answer(
    output: &mut impl Write,
    rendered: Result<Vec<Result<pixels::Rendered, pixels::Error>>, pixels::Error>,
) -> anyhow::Result<()> {
    let header: Answer = rendered.as_ref().map_err(Clone::clone).map(|variants| {
        let made = |variant: &Result<_, _>| variant.as_ref().map(Made::from).map_err(Clone::clone);
        variants.iter().map(made).collect()
    });
    let header = serde_json::to_vec(&header).context("writing an answer")?;
    output.write_all(&(header.len() as u32).to_le_bytes())?;
    output.write_all(&header)?;
    for variant in rendered.into_iter().flatten().flatten() {
        output.write_all(&variant.bytes)?;
    }
    output.flush().context("answering")
}

/// The next order and its picture; nothing at the end of the input.
fn receive(input: &mut File) -> anyhow::Result<Option<(Vec<u8>, File)>> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(&mut length)];
    let got = recvmsg(&*input, into, &mut beside, RecvFlags::CMSG_CLOEXEC);
    let got = got.context("reading the socket")?.bytes;
    if got == 0 {
        return Ok(None);
    }
    let files = beside.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    let file = files.flatten().next().context("an order without a picture")?;
    input.read_exact(&mut length[got..]).context("reading the socket")?;
    let length = u32::from_le_bytes(length);
    ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes");
    let mut order = vec![0; length as usize];
    input.read_exact(&mut order).context("reading an order")?;
    Ok(Some((order, file.into())))
}

/// The whole picture, in memory that is reserved once.
fn read(picture: File, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(bytes_max as usize);
    picture.take(bytes_max + 1).read_to_end(&mut bytes).context("reading the picture")?;
    ensure!(bytes.len() as u64 <= bytes_max, "the picture is too long");
    Ok(bytes)
}
