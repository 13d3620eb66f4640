//! The child's side: takes an order and a picture, answers with variants, until the socket closes.

use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use anyhow::{Context, ensure};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use pixels::Format;
use serde::Serialize;

use super::wire::{ChildAnswer, FRAME_BYTES_MAX, Made, Stripped, Variants};
use super::{RenderOrder, Work, sandbox};

/// Works until standard input ends. Nothing is read before the sandbox is closed.
pub fn run(memory_mib: u64, cpu_secs: u64) -> anyhow::Result<()> {
    sandbox::close_what_was_left_open();
    // Without the buffer of `stdin`: what is read ahead loses the file that comes beside it.
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("opening the socket")?;
    let mut input = File::from(input);
    // Afterwards no file can be opened, nor a library. Its absence is told to whoever needs it.
    let _ = Format::Heic.decodable();
    let cpu = sandbox::enter(memory_mib * 1024 * 1024, cpu_secs)?;
    let mut output = std::io::stdout().lock();
    // The parent waits for a word that the sandbox is closed.
    output.write_all(b"!").and_then(|()| output.flush()).context("saying that it is ready")?;
    while let Some((order, file)) = receive(&mut input)? {
        let order: RenderOrder = serde_json::from_slice(&order).context("reading an order")?;
        cpu.grant(order.cpu_secs)?;
        match order.work {
            Work::Render { recipes, limits } => {
                let picture = read(file, limits.bytes)?;
                let rendered = pixels::render(&picture, &recipes, &limits);
                // The picture may be large, and the pipe slow.
                drop(picture);
                let made = |one: &Result<_, _>| one.as_ref().map(Made::from).map_err(Clone::clone);
                let made = |all: &Vec<_>| all.iter().map(made).collect::<Variants>();
                let more = cpu.grant(order.cpu_secs)?;
                say(&mut output, rendered.as_ref().map(made), more)?;
                for variant in rendered.into_iter().flatten().flatten() {
                    output.write_all(&variant.bytes)?;
                }
            }
            Work::StripLocation { bytes } => {
                let picture = read(file, bytes)?;
                let read = *blake3::hash(&picture).as_bytes();
                let stripped = pixels::without_location(picture);
                let about = |bytes: &Vec<u8>| Stripped { bytes: bytes.len() as u64, read };
                let more = cpu.grant(order.cpu_secs)?;
                say(&mut output, stripped.as_ref().map(about), more)?;
                output.write_all(&stripped.unwrap_or_default())?;
            }
        }
        output.flush().context("answering")?;
    }
    Ok(())
}

/// Says what became of a picture, before the bytes; `more` is whether another may come.
fn say<T: Serialize>(
    output: &mut impl Write,
    outcome: Result<T, &pixels::Error>,
    more: bool,
) -> anyhow::Result<()> {
    let outcome = outcome.map_err(Clone::clone);
    let header = serde_json::to_vec(&ChildAnswer { outcome, more }).context("writing an answer")?;
    output.write_all(&(header.len() as u32).to_le_bytes())?;
    Ok(output.write_all(&header)?)
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
