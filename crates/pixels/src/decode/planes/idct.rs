//! Inverse DCTs of few points. The low frequencies of a block are the frequencies of a smaller
//! one: transformed with fewer points they give the block at a smaller size.

use super::block::Block;

/// √2 cos π/8 and √2 sin π/8.
const COSINE: f32 = 1.306_563;
const SINE: f32 = 0.541_196_1;
/// The transform's own factor.
const SCALE: f32 = 0.125;
/// What samples are stored less than they are.
const MIDDLE: f32 = 128.0;

/// Four numbers that are worked on together: the compiler makes one instruction of it.
type Lanes = [f32; 4];

/// Writes `N` rows of `N` samples, each row `stride` after the one before.
#[inline]
pub(super) fn transform<const N: usize>(block: &Block, into: &mut [u8], stride: usize) {
    match N {
        4 => four(block, into, stride),
        2 => two(block, into, stride),
        _ => into[0] = sample(block[0] as f32),
    }
}

/// The same for a block of which only the first coefficient is not 0.
#[inline]
pub(super) fn fill<const N: usize>(block: &Block, into: &mut [u8], stride: usize) {
    let sample = sample(block[0] as f32);
    for row in into.chunks_mut(stride).take(N) {
        row[..N].fill(sample);
    }
}

/// Added to a small number, this leaves it rounded in the lowest bits: 1.5 times 2^23.
const ROUND: f32 = 12_582_912.0;

#[expect(clippy::inline_always, reason = "as below")]
#[inline(always)]
fn sample(value: f32) -> u8 {
    ((value * SCALE + MIDDLE).clamp(0.0, 255.0) + ROUND).to_bits() as u8
}

fn two(block: &Block, into: &mut [u8], stride: usize) {
    let [a, b, c, d] = [block[0] as f32, block[1] as f32, block[2] as f32, block[3] as f32];
    let rows = [[a + c + b + d, a + c - b - d], [a - c + b - d, a - c - b + d]];
    for (row, into) in rows.into_iter().zip(into.chunks_mut(stride)) {
        into[0] = sample(row[0]);
        into[1] = sample(row[1]);
    }
}

#[inline]
fn four(block: &Block, into: &mut [u8], stride: usize) {
    let mut frequencies = [[0.0; 4]; 4];
    for row in 0..4 {
        for column in 0..4 {
            frequencies[row][column] = block[row * 4 + column] as f32;
        }
    }
    let samples = transposed(line(transposed(line(frequencies))));
    for (row, into) in samples.into_iter().zip(into.chunks_mut(stride)) {
        let mut found = [0; 4];
        for lane in 0..4 {
            found[lane] = sample(row[lane]);
        }
        into[..4].copy_from_slice(&found);
    }
}

/// Four samples, times √8, of four frequencies.
#[expect(clippy::inline_always, reason = "its arrays become registers only where it is used")]
#[inline(always)]
fn line(frequencies: [Lanes; 4]) -> [Lanes; 4] {
    let mut samples = [[0.0; 4]; 4];
    for lane in 0..4 {
        let (f0, f1) = (frequencies[0][lane], frequencies[1][lane]);
        let (f2, f3) = (frequencies[2][lane], frequencies[3][lane]);
        let (sum, difference) = (f0 + f2, f0 - f2);
        let (outer, inner) = (COSINE * f1 + SINE * f3, SINE * f1 - COSINE * f3);
        samples[0][lane] = sum + outer;
        samples[1][lane] = difference + inner;
        samples[2][lane] = difference - inner;
        samples[3][lane] = sum - outer;
    }
    samples
}

#[expect(clippy::inline_always, reason = "as above")]
#[inline(always)]
fn transposed(rows: [Lanes; 4]) -> [Lanes; 4] {
    let mut columns = [[0.0; 4]; 4];
    for row in 0..4 {
        for column in 0..4 {
            columns[column][row] = rows[row][column];
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::{super::block::Block, transform};

    /// The sum as the textbook has it.
    fn exact<const N: usize>(block: &Block, x: usize, y: usize) -> f64 {
        let factor = |frequency: usize, at: usize| {
            let weight = if frequency == 0 { (1.0 / 8.0_f64).sqrt() } else { 0.5 };
            weight * ((2 * at + 1) as f64 * frequency as f64 * PI / (2 * N) as f64).cos()
        };
        let terms = (0..N * N)
            .map(|index| f64::from(block[index]) * factor(index % N, x) * factor(index / N, y));
        (terms.sum::<f64>() + 128.0).clamp(0.0, 255.0)
    }

    fn check<const N: usize>() {
        let mut state = 1_u32;
        for round in 0..2_000 {
            let mut block = [0; 32];
            for value in block.iter_mut().take(N * N) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // Among them larger ones than any sound file has.
                let most = if round % 4 == 0 { 60_001 } else { 301 };
                *value = (state >> 16) as i32 % most - most / 2;
            }
            let mut into = [0; 16];
            transform::<N>(&block, &mut into, N);
            for (index, found) in into.iter().take(N * N).enumerate() {
                let exact = exact::<N>(&block, index % N, index / N);
                assert!((f64::from(*found) - exact).abs() < 0.51, "{found} for {exact}");
            }
        }
    }

    #[test]
    fn few_points_give_what_the_sum_of_cosines_gives() {
        check::<1>();
        check::<2>();
        check::<4>();
    }
}
