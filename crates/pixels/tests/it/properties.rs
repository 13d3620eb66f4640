//! Properties that hold for any picture, any recipe and any bytes.

use std::{fs, io::Cursor, path::PathBuf, sync::OnceLock};

use pixels::{Error, Fit, Format, Limits, OutputFormat, Recipe, probe, render};
use proptest::prelude::*;

use crate::support::{Image, no_stumble, testdata};

fn any_fit() -> impl Strategy<Value = Fit> {
    prop_oneof![Just(Fit::Inside), Just(Fit::Cover), Just(Fit::Contain), Just(Fit::Stretch)]
}

fn any_format() -> impl Strategy<Value = OutputFormat> {
    prop_oneof![
        Just(OutputFormat::Jpeg),
        Just(OutputFormat::Png),
        Just(OutputFormat::Gif),
        Just(OutputFormat::WebP),
    ]
}

prop_compose! {
    fn any_recipe()(
        fit in any_fit(),
        format in any_format(),
        width in prop::option::of(1_u32..150),
        height in prop::option::of(1_u32..150),
        exact in any::<bool>(),
        enlarge in any::<bool>(),
    ) -> Recipe {
        Recipe { fit, width, height, exact, enlarge, format, ..Recipe::default() }
    }
}

/// Small files of every format, sound and broken.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut paths: Vec<PathBuf> = ["animated", "formats", "orientation", "hostile/malformed"]
            .iter()
            .flat_map(|folder| fs::read_dir(testdata().join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let files = paths.into_iter().map(|path| fs::read(path).unwrap());
        files.filter(|bytes| (1..12_000).contains(&bytes.len())).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_output_leaves_its_box(
        source in (1_u32..200, 1_u32..200),
        recipe in any_recipe(),
    ) {
        let png = Image::gradient(source.0, source.1).png();
        let made = render(&png, std::slice::from_ref(&recipe), &Limits::default()).unwrap().remove(0);
        // Enlarged, a line of pixels can be longer than WebP has room for.
        if let Err(Error::Encode { format: Format::WebP, .. }) = &made {
            prop_assert!(recipe.enlarge && recipe.format == OutputFormat::WebP, "{made:?}");
            return Ok(());
        }
        let made = made.unwrap();
        prop_assert!(made.width >= 1 && made.height >= 1);
        if let Some(width) = recipe.width {
            prop_assert!(made.width <= width);
            prop_assert!(!recipe.exact || made.width == width);
        }
        if let Some(height) = recipe.height {
            prop_assert!(made.height <= height);
            prop_assert!(!recipe.exact || made.height == height);
        }
        if !recipe.enlarge && !recipe.exact {
            prop_assert!(made.width <= source.0 && made.height <= source.1);
        }
        let facts = probe(Cursor::new(&made.bytes), &Limits::default()).unwrap();
        prop_assert_eq!((facts.width, facts.height), (made.width, made.height));
    }

    #[test]
    fn recipes_survive_json(recipe in any_recipe()) {
        let text = serde_json::to_string(&recipe).unwrap();
        prop_assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe);
    }

    #[test]
    fn mutated_files_never_stumble(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let limits = Limits { pixels: 4_000_000, drawn_pixels: 8_000_000, frames: 50, ..Limits::default() };
        let facts = probe(Cursor::new(&bytes), &limits);
        prop_assert!(no_stumble(&facts), "{facts:?}");
        if let Ok(facts) = facts {
            let _ = pixels::metadata(Cursor::new(&bytes), &facts);
            let recipe = Recipe { width: Some(16), ..Recipe::default() };
            let made = render(&bytes, &[recipe], &limits);
            prop_assert!(no_stumble(&made), "{:?}", made.err());
        }
    }
}
