//! The clean aperture: the part of a coded picture that is shown.

/// A part of a picture as it is coded, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crop {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) size: (u32, u32),
}

impl Crop {
    /// Reads a `clap` property of a picture of this size: width, height and how far the middle of
    /// what is shown lies from the middle of the picture, each as a fraction. One that makes no
    /// sense, or reaches over the edge, counts as none.
    pub(super) fn of(property: [u8; 32], (width, height): (u32, u32)) -> Option<Self> {
        let (words, _) = property.as_chunks::<4>();
        let word = |index: usize| u32::from_be_bytes(words[index]);
        let shown = |index: usize| Fraction::new(i64::from(word(index)), word(index + 1));
        let offset = |index: usize| Fraction::new(i64::from(word(index) as i32), word(index + 1));
        let (left, width) = span(shown(0)?, offset(4)?, width)?;
        let (top, height) = span(shown(2)?, offset(6)?, height)?;
        Some(Self { left, top, size: (width, height) })
    }
}

/// A fraction with a denominator that is not negative.
#[derive(Clone, Copy)]
struct Fraction {
    numerator: i64,
    denominator: i64,
}

impl Fraction {
    fn new(numerator: i64, denominator: u32) -> Option<Self> {
        (denominator > 0).then_some(Self { numerator, denominator: i64::from(denominator) })
    }
}

/// Start and length of a side; pixels that are only partly shown are not.
fn span(shown: Fraction, offset: Fraction, side: u32) -> Option<(u32, u32)> {
    let length = u32::try_from(shown.numerator / shown.denominator).ok()?;
    // (side - shown) / 2 + offset, in halves of the product of both denominators.
    let (numerator, denominator) = (i128::from(shown.numerator), i128::from(shown.denominator));
    let (moved, parts) = (i128::from(offset.numerator), i128::from(offset.denominator));
    let whole = 2 * denominator * parts;
    let start = (i128::from(side) * denominator - numerator) * parts + 2 * moved * denominator;
    let start = u32::try_from(start.div_euclid(whole)).ok()?;
    let is_inside = length > 0 && start.checked_add(length).is_some_and(|end| end <= side);
    is_inside.then_some((start, length))
}

#[cfg(test)]
mod tests {
    use super::Crop;

    fn crop(numbers: [i32; 8], size: (u32, u32)) -> Option<Crop> {
        let mut property = [0; 32];
        for (bytes, number) in property.chunks_exact_mut(4).zip(numbers) {
            bytes.copy_from_slice(&number.to_be_bytes());
        }
        Crop::of(property, size)
    }

    #[test]
    fn an_aperture_lies_where_the_standard_says() {
        let cut = |left, top, size| Some(Crop { left, top, size });
        // As libheif and avifenc write them: the upper left corner of a padded picture.
        assert_eq!(crop([101, 1, 75, 1, -1, 2, -1, 2], (102, 76)), cut(0, 0, (101, 75)));
        assert_eq!(crop([13, 1, 9, 1, -51, 2, -55, 2], (64, 64)), cut(0, 0, (13, 9)));
        assert_eq!(crop([60, 1, 40, 1, 0, 1, 0, 1], (100, 80)), cut(20, 20, (60, 40)));
        assert_eq!(crop([120, 2, 40, 1, 10, 1, -10, 1], (100, 80)), cut(30, 10, (60, 40)));
        assert_eq!(crop([100, 1, 80, 1, 0, 1, 0, 1], (100, 80)), cut(0, 0, (100, 80)));
    }

    #[test]
    fn an_aperture_of_nonsense_is_none() {
        assert_eq!(crop([0, 1, 40, 1, 0, 1, 0, 1], (100, 80)), None, "empty");
        assert_eq!(crop([60, 0, 40, 1, 0, 1, 0, 1], (100, 80)), None, "divided by nothing");
        assert_eq!(crop([60, 1, 40, 1, 30, 1, 0, 1], (100, 80)), None, "over the right edge");
        assert_eq!(crop([60, 1, 40, 1, -21, 1, 0, 1], (100, 80)), None, "over the left edge");
        assert_eq!(crop([-1, 1, 40, 1, 0, 1, 0, 1], (100, 80)), None, "immense");
        assert_eq!(crop([i32::MAX, 1, 40, i32::MAX, i32::MIN, 1, 0, 1], (100, 80)), None);
    }
}
