//! Drawing planes of luma and chroma: from one JPEG to the next without a detour over RGB.

use crate::{
    Error,
    colour::Converter,
    decode::Planes,
    geometry::Plan,
    picture::{Picture, Raster},
    resize::{Base, draw_all},
};

/// Luma at full size, blue and red difference at half of it; sides of luma are even.
pub(crate) struct Subsampled {
    /// What is shown of them.
    pub(crate) size: (u32, u32),
    pub(crate) planes: [Raster; 3],
}

/// A drawing, as stored in the file (not upright).
pub(crate) enum Drawing {
    Picture(Picture),
    Planes(Subsampled),
}

/// What is to be drawn.
#[derive(Clone, Copy)]
pub(crate) struct Drawn<'a> {
    pub(crate) plans: &'a [Plan],
    pub(crate) rungs: &'a [Plan],
    /// Whether planes are good enough, one for each plan.
    pub(crate) as_planes: &'a [bool],
    /// Whether planes of this picture ever are, whatever is made of it.
    pub(crate) can_be_planes: bool,
}

/// Draws every plan; as planes where that is good enough and the colours are those of JFIF, as sRGB
/// elsewhere.
pub(crate) fn draw_planes(
    planes: Planes,
    converter: &Converter,
    source: (u32, u32),
    Drawn { plans, rungs, as_planes, can_be_planes }: Drawn<'_>,
) -> Result<Vec<Drawing>, Error> {
    let can_be_planes = can_be_planes && converter.is_identity();
    let as_planes = |index: usize| as_planes[index] && can_be_planes;
    let chroma_plans: Vec<Plan> = (0..plans.len())
        .map(|index| if as_planes(index) { halved(&plans[index]) } else { plans[index] })
        .collect();
    // The rungs of the picture, not of what is made of it this time.
    let chroma_rungs: Vec<Plan> =
        rungs.iter().map(|rung| if can_be_planes { halved(rung) } else { *rung }).collect();
    let [luma, blue, red] = planes.rasters;
    let draw = |raster, scale, plans: &[Plan], rungs: &[Plan]| {
        draw_all(&Base::new(raster, scale, source)?, plans, rungs)
    };
    let luma = draw(luma, planes.scales[0], plans, rungs)?;
    let blue = draw(blue, planes.scales[1], &chroma_plans, &chroma_rungs)?;
    let red = draw(red, planes.scales[2], &chroma_plans, &chroma_rungs)?;
    let drawn = luma.into_iter().zip(blue).zip(red).enumerate();
    let drawings = drawn.map(|(index, ((luma, blue), red))| {
        let size = (luma.width, luma.height);
        if as_planes(index) {
            return Drawing::Planes(Subsampled { size, planes: [evened(luma), blue, red] });
        }
        let data = converter.convert(rgb(&luma.data, &blue.data, &red.data));
        Drawing::Picture(Picture { width: size.0, height: size.1, has_alpha: false, data })
    });
    Ok(drawings.collect())
}

/// The plan of a plane at half the size. An odd side is halved up: its last sample stands for a
/// column or a row that is not shown.
fn halved(plan: &Plan) -> Plan {
    let (width, height) = plan.scaled;
    let half = (width.div_ceil(2), height.div_ceil(2));
    let part = |half: u32, side: u32| f64::from(2 * half) / f64::from(side);
    let crop = (plan.crop.0 * part(half.0, width), plan.crop.1 * part(half.1, height));
    Plan { crop, scaled: half, ..*plan }
}

/// Repeats the last column and the last row where there is no even number of them.
fn evened(plane: Raster) -> Raster {
    let (width, height) = (plane.width.next_multiple_of(2), plane.height.next_multiple_of(2));
    if (width, height) == (plane.width, plane.height) {
        return plane;
    }
    let mut data = Vec::with_capacity(width as usize * height as usize);
    for row in plane.data.chunks_exact(plane.width as usize) {
        data.extend_from_slice(row);
        data.resize(data.len().next_multiple_of(width as usize), row[row.len() - 1]);
    }
    if plane.height < height {
        data.extend_from_within(data.len() - width as usize..);
    }
    Raster { width, height, data, ..plane }
}

/// The colours of JFIF as RGB, by the constants of ITU-T T.871 in 16 bits.
fn rgb(luma: &[u8], blue: &[u8], red: &[u8]) -> Vec<u8> {
    const HALF: i32 = 1 << 15;
    let mut data = Vec::with_capacity(luma.len() * 3);
    for ((luma, blue), red) in luma.iter().zip(blue).zip(red) {
        let luma = (i32::from(*luma) << 16) + HALF;
        let (blue, red) = (i32::from(*blue) - 128, i32::from(*red) - 128);
        let sample = |value: i32| (value >> 16).clamp(0, 255) as u8;
        data.extend_from_slice(&[
            sample(luma + 91_881 * red),
            sample(luma - 22_554 * blue - 46_802 * red),
            sample(luma + 116_130 * blue),
        ]);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::{evened, rgb};
    use crate::picture::{Layout, Raster};

    #[test]
    fn colours_are_those_of_the_standard() {
        for (ycc, expected) in [
            ([76, 85, 255], [254, 0, 0]),
            ([150, 44, 21], [0, 255, 1]),
            ([29, 255, 107], [0, 0, 254]),
            ([128, 128, 128], [128, 128, 128]),
            ([255, 0, 0], [76, 255, 28]),
        ] {
            let [luma, blue, red] = ycc;
            assert_eq!(rgb(&[luma], &[blue], &[red]), expected, "{ycc:?}");
        }
    }

    #[test]
    fn odd_sides_repeat_their_end() {
        let plane = |width, height, data: &[u8]| {
            evened(Raster { width, height, layout: Layout::Gray, data: data.to_vec() })
        };
        let odd = plane(3, 1, &[1, 2, 3]);
        assert_eq!((odd.width, odd.height, odd.data), (4, 2, vec![1, 2, 3, 3, 1, 2, 3, 3]));
        let even = plane(2, 2, &[1, 2, 3, 4]);
        assert_eq!((even.width, even.height, even.data), (2, 2, vec![1, 2, 3, 4]));
    }
}
