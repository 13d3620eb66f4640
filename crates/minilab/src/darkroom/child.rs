//! The child's side: reads an order and a picture, answers with variants, until the pipe closes.

use std::io::{ErrorKind, Read, Write};

use anyhow::{Context, ensure};

use super::wire::{Answer, FRAME_BYTES_MAX, Made};
use super::{Order, sandbox};

/// Works until standard input ends. Nothing is read before the sandbox is closed.
pub fn run(memory_mib: u64) -> anyhow::Result<()> {
    sandbox::enter(memory_mib * 1024 * 1024)?;
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    // The parent waits for a word that the sandbox is closed.
    output.write_all(b"!").and_then(|()| output.flush()).context("saying that it is ready")?;
    while let Some(header) = read_frame(&mut input)? {
        let order: Order = serde_json::from_slice(&header).context("reading an order")?;
        sandbox::grant_cpu(order.cpu_secs)?;
        let picture = read_picture(&mut input, order.limits.bytes)?;
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

/// The next frame; nothing at the end of the input.
fn read_frame(input: &mut impl Read) -> anyhow::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read.context("reading the pipe")?,
    }
    let length = u32::from_le_bytes(length);
    ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes");
    let mut frame = vec![0; length as usize];
    input.read_exact(&mut frame).context("reading a frame")?;
    Ok(Some(frame))
}

/// All frames up to the empty one.
fn read_picture(input: &mut impl Read, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut picture = Vec::new();
    loop {
        let mut length = [0; 4];
        input.read_exact(&mut length).context("reading the picture")?;
        let length = u32::from_le_bytes(length);
        if length == 0 {
            return Ok(picture);
        }
        ensure!(picture.len() as u64 + u64::from(length) <= bytes_max, "the picture is too long");
        let start = picture.len();
        picture.resize(start + length as usize, 0);
        input.read_exact(&mut picture[start..]).context("reading the picture")?;
    }
}
