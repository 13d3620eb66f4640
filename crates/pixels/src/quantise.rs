//! Chooses palettes: exact when the colours fit, else clusters of a histogram.

use std::collections::HashMap;

/// Bits a channel of the histogram's cells.
const CELL_BITS: u32 = 5;
/// Bits a channel of the table that remembers answers.
const LOOKUP_BITS: u32 = 6;
const UNKNOWN: u16 = u16::MAX;
/// Rounds of moving cluster centres; more change nothing visible.
const ROUNDS: usize = 6;
/// The eye is most sensitive to green, least to blue.
const WEIGHTS: [f32; 3] = [3.0, 4.0, 2.0];

/// Counts colours, of one frame or of many.
pub(crate) struct Histogram {
    cells: Vec<Cell>,
    /// The distinct colours in order of appearance, as long as a palette could hold them.
    exact: Option<HashMap<[u8; 3], u8>>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    count: u64,
    sums: [u64; 3],
}

/// A colour and how many pixels have about that colour.
#[derive(Clone, Copy)]
struct Point {
    colour: [f32; 3],
    weight: f32,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { cells: vec![Cell::default(); 1 << (3 * CELL_BITS)], exact: Some(HashMap::new()) }
    }

    /// Counts the pixels of straight RGBA that GIF would show.
    pub(crate) fn add(&mut self, rgba: &[u8]) {
        let mut last = None;
        for pixel in rgba.chunks_exact(4).filter(|pixel| is_opaque(pixel)) {
            let colour = [pixel[0], pixel[1], pixel[2]];
            let cell = &mut self.cells[cell_index(colour, CELL_BITS)];
            cell.count += 1;
            for (sum, sample) in cell.sums.iter_mut().zip(colour) {
                *sum += u64::from(sample);
            }
            if last != Some(colour) {
                self.note_exact(colour);
                last = Some(colour);
            }
        }
    }

    fn note_exact(&mut self, colour: [u8; 3]) {
        if let Some(exact) = &mut self.exact {
            let next = exact.len();
            if next < 256 {
                exact.entry(colour).or_insert(next as u8);
            } else if !exact.contains_key(&colour) {
                self.exact = None;
            }
        }
    }

    /// The best palette of at most `most` colours (1 to 256).
    pub(crate) fn palette(&self, most: usize) -> Palette {
        if let Some(exact) = self.exact.as_ref().filter(|exact| exact.len() <= most) {
            let mut colours = vec![[0; 3]; exact.len().max(1)];
            for (colour, index) in exact {
                colours[usize::from(*index)] = *colour;
            }
            return Palette::new(colours, Some(exact.clone()));
        }
        let points: Vec<Point> =
            self.cells.iter().filter(|cell| cell.count > 0).map(point).collect();
        let centres = refine(&points, split(&points, most));
        let colours = centres
            .iter()
            .map(|centre| centre.map(|sample| sample.round().clamp(0.0, 255.0) as u8));
        Palette::new(colours.collect(), None)
    }
}

fn point(cell: &Cell) -> Point {
    let count = cell.count as f32;
    Point { colour: cell.sums.map(|sum| sum as f32 / count), weight: count }
}

fn cell_index(colour: [u8; 3], bits: u32) -> usize {
    colour.iter().fold(0, |index, sample| index << bits | usize::from(*sample) >> (8 - bits))
}

/// Whether GIF, which knows no half-transparency, shows the pixel.
pub(crate) fn is_opaque(pixel: &[u8]) -> bool {
    pixel[3] >= 128
}

/// A box of points and how much its colours differ.
struct Group {
    points: Vec<Point>,
    mean: [f32; 3],
    /// The channel that differs most, and the weighted squared difference over all points.
    axis: usize,
    spread: f32,
}

impl Group {
    fn new(points: Vec<Point>) -> Self {
        let weight: f32 = points.iter().map(|point| point.weight).sum::<f32>().max(1.0);
        let mut mean = [0.0; 3];
        for point in &points {
            for (mean, sample) in mean.iter_mut().zip(point.colour) {
                *mean += sample * point.weight / weight;
            }
        }
        let mut spread = [0.0; 3];
        for point in &points {
            for channel in 0..3 {
                let difference = point.colour[channel] - mean[channel];
                spread[channel] += WEIGHTS[channel] * difference * difference * point.weight;
            }
        }
        let axis = (0..3).max_by(|a, b| spread[*a].total_cmp(&spread[*b])).unwrap_or(0);
        Self { points, mean, axis, spread: spread.iter().sum() }
    }
}

/// Cuts the group that differs most in two until there are `most`.
fn split(points: &[Point], most: usize) -> Vec<[f32; 3]> {
    let mut groups = vec![Group::new(points.to_vec())];
    while groups.len() < most {
        let widest =
            (0..groups.len()).max_by(|a, b| groups[*a].spread.total_cmp(&groups[*b].spread));
        let Some(index) = widest.filter(|index| groups[*index].points.len() > 1) else { break };
        let Group { points, mean, axis, .. } = groups.swap_remove(index);
        let (low, high): (Vec<Point>, Vec<Point>) =
            points.into_iter().partition(|point| point.colour[axis] <= mean[axis]);
        if low.is_empty() || high.is_empty() {
            // All the same but for rounding: nothing is left to tell apart.
            let mut group = Group::new(if low.is_empty() { high } else { low });
            group.spread = 0.0;
            groups.push(group);
            if groups.iter().all(|group| group.spread == 0.0) {
                break;
            }
            continue;
        }
        groups.push(Group::new(low));
        groups.push(Group::new(high));
    }
    groups.into_iter().map(|group| group.mean).collect()
}

/// Moves every centre to the middle of the points that are nearest to it.
fn refine(points: &[Point], mut centres: Vec<[f32; 3]>) -> Vec<[f32; 3]> {
    for _ in 0..ROUNDS {
        let finder = Finder::new(&centres);
        let mut sums = vec![([0.0_f32; 3], 0.0_f32); centres.len()];
        for point in points {
            let (sum, weight) = &mut sums[finder.nearest(point.colour)];
            for (sum, sample) in sum.iter_mut().zip(point.colour) {
                *sum += sample * point.weight;
            }
            *weight += point.weight;
        }
        for (centre, (sum, weight)) in centres.iter_mut().zip(sums) {
            if weight > 0.0 {
                *centre = sum.map(|sum| sum / weight);
            }
        }
    }
    centres
}

/// Finds the nearest of up to 256 centres. All distances are computed, side by side: that is
/// faster than any search that branches.
struct Finder([[f32; 256]; 3]);

impl Finder {
    fn new(centres: &[[f32; 3]]) -> Self {
        // Places that are not used lie far from every colour.
        let mut channels = [[1e9; 256]; 3];
        for (index, centre) in centres.iter().take(256).enumerate() {
            for (channel, sample) in channels.iter_mut().zip(centre) {
                channel[index] = *sample;
            }
        }
        Self(channels)
    }

    fn nearest(&self, colour: [f32; 3]) -> usize {
        let mut distances = [0.0_f32; 256];
        for ((channel, sample), weight) in self.0.iter().zip(colour).zip(WEIGHTS) {
            for (distance, centre) in distances.iter_mut().zip(channel) {
                let difference = centre - sample;
                *distance += weight * difference * difference;
            }
        }
        let least =
            distances.iter().fold(f32::MAX, |least, at| if *at < least { *at } else { least });
        distances.iter().position(|distance| *distance <= least).unwrap_or(0)
    }
}

/// A palette that finds the index of a colour.
pub(crate) struct Palette {
    colours: Vec<[u8; 3]>,
    finder: Finder,
    exact: Option<HashMap<[u8; 3], u8>>,
    lookup: Vec<u16>,
}

impl Palette {
    fn new(colours: Vec<[u8; 3]>, exact: Option<HashMap<[u8; 3], u8>>) -> Self {
        let centres: Vec<_> = colours.iter().map(|colour| colour.map(f32::from)).collect();
        let finder = Finder::new(&centres);
        let lookup = vec![UNKNOWN; 1 << (3 * LOOKUP_BITS)];
        Self { colours, finder, exact, lookup }
    }

    pub(crate) fn colours(&self) -> &[[u8; 3]] {
        &self.colours
    }

    /// The index of the nearest colour.
    pub(crate) fn index(&mut self, colour: [u8; 3]) -> u8 {
        let slot = &mut self.lookup[cell_index(colour, LOOKUP_BITS)];
        if let Some(exact) = &self.exact {
            // The table remembers the last colour of each cell, which saves most look-ups.
            if *slot != UNKNOWN && self.colours[usize::from(*slot)] == colour {
                return *slot as u8;
            }
            if let Some(index) = exact.get(&colour) {
                *slot = u16::from(*index);
                return *index;
            }
        }
        if *slot == UNKNOWN || self.exact.is_some() {
            *slot = self.finder.nearest(colour.map(f32::from)) as u16;
        }
        *slot as u8
    }
}
