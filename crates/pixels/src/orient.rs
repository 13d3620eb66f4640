//! Turns a drawing the way a viewer shows it. Only this file makes an [`Upright`].

use crate::picture::Picture;

/// A picture with its orientation applied.
#[derive(Clone, Debug)]
pub(crate) struct Upright(Picture);

impl Upright {
    pub(crate) fn into_picture(self) -> Picture {
        self.0
    }
}

/// Applies an Exif orientation, 1 to 8.
pub(crate) fn upright(picture: Picture, orientation: u8) -> Upright {
    if orientation <= 1 {
        return Upright(picture);
    }
    Upright(if picture.has_alpha {
        turn::<4>(&picture, orientation)
    } else {
        turn::<3>(&picture, orientation)
    })
}

fn turn<const N: usize>(picture: &Picture, orientation: u8) -> Picture {
    let (width, height) = (picture.width as usize, picture.height as usize);
    let (columns, rows) = if orientation >= 5 { (height, width) } else { (width, height) };
    let mut data = Vec::with_capacity(picture.data.len());
    for y in 0..rows {
        for x in 0..columns {
            // Where the pixel shown at (x, y) is stored.
            let (from_x, from_y) = match orientation {
                2 => (width - 1 - x, y),
                3 => (width - 1 - x, height - 1 - y),
                4 => (x, height - 1 - y),
                5 => (y, x),
                6 => (y, height - 1 - x),
                7 => (width - 1 - y, height - 1 - x),
                8 => (width - 1 - y, x),
                _ => (x, y),
            };
            let from = (from_y * width + from_x) * N;
            data.extend_from_slice(&picture.data[from..from + N]);
        }
    }
    Picture { width: columns as u32, height: rows as u32, has_alpha: picture.has_alpha, data }
}
