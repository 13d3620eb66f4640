//! Puts an upright drawing on its canvas: background under transparency, padding around.

use crate::{Format, Recipe, geometry::Plan, orient::Upright, picture::Picture};

/// The finished picture of a variant in the given format.
pub(crate) fn onto_canvas(
    drawing: Upright,
    plan: &Plan,
    recipe: &Recipe,
    format: Format,
) -> Picture {
    let picture = drawing.into_picture();
    if format.supports_alpha() {
        return pad(picture, plan.canvas, [0; 4]);
    }
    let [red, green, blue] = recipe.background;
    pad(flatten(picture, recipe.background), plan.canvas, [red, green, blue, 255])
}

/// Lays the picture over a plain background.
fn flatten(picture: Picture, background: [u8; 3]) -> Picture {
    if !picture.has_alpha {
        return picture;
    }
    let mut data = Vec::with_capacity(picture.data.len() / 4 * 3);
    for pixel in picture.data.chunks_exact(4) {
        let alpha = u32::from(pixel[3]);
        for (sample, under) in pixel.iter().zip(background) {
            let sum = u32::from(*sample) * alpha + u32::from(under) * (255 - alpha);
            data.push(((sum + 127) / 255) as u8);
        }
    }
    Picture { has_alpha: false, data, ..picture }
}

/// Centres the picture on a canvas that is at least as large.
fn pad(picture: Picture, canvas: (u32, u32), fill: [u8; 4]) -> Picture {
    if canvas == (picture.width, picture.height) {
        return picture;
    }
    let picture = if fill[3] < 255 { picture.with_alpha() } else { picture };
    let channels = picture.channels();
    let (width, height) = (canvas.0 as usize, canvas.1 as usize);
    let left = (width - picture.width as usize) / 2;
    let top = (height - picture.height as usize) / 2;
    let mut data = fill[..channels].repeat(width * height);
    let row_bytes = picture.width as usize * channels;
    for (y, row) in picture.data.chunks_exact(row_bytes).enumerate() {
        let start = ((top + y) * width + left) * channels;
        data[start..start + row_bytes].copy_from_slice(row);
    }
    Picture { width: canvas.0, height: canvas.1, data, ..picture }
}
