//! The same variant is the same bytes, whatever else is made beside it.

use std::{fs, sync::OnceLock};

use pixels::{Animation, Fit, Limits, OutputFormat, Recipe, Rendered, render};
use proptest::{prelude::*, sample::Index};

use crate::{
    corpus::{corpus, rows},
    support::no_stumble,
};

/// Presets of every class: small ones, large ones, cut, padded, stretched and enlarged.
fn presets() -> Vec<Recipe> {
    let boxed = |fit, width, height, format| Recipe {
        fit,
        width,
        height,
        format,
        animation: Animation::First,
        ..Recipe::default()
    };
    let inside = |width, height, format| boxed(Fit::Inside, width, height, format);
    let (jpeg, webp, source) = (OutputFormat::Jpeg, OutputFormat::WebP, OutputFormat::Source);
    vec![
        boxed(Fit::Cover, Some(100), Some(100), jpeg),
        inside(Some(100), Some(100), webp),
        inside(None, Some(200), source),
        inside(None, Some(400), source),
        inside(None, Some(400), webp),
        inside(Some(2_048), Some(2_048), jpeg),
        inside(None, Some(550), jpeg),
        inside(None, Some(900), jpeg),
        boxed(Fit::Stretch, Some(30), Some(320), jpeg),
        boxed(Fit::Cover, Some(333), Some(77), webp),
        Recipe { exact: true, ..boxed(Fit::Contain, Some(150), Some(150), jpeg) },
        Recipe { enlarge: true, ..inside(None, Some(410), jpeg) },
        Recipe { animation: Animation::Keep, ..inside(None, Some(60), OutputFormat::Gif) },
        Recipe { animation: Animation::Keep, ..inside(None, Some(40), webp) },
    ]
}

/// Pictures that are neither too many nor too large to be rendered over and over.
fn pictures() -> &'static [(String, Vec<u8>)] {
    static PICTURES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    PICTURES.get_or_init(|| {
        let corpus = corpus();
        let rows = rows(&corpus);
        let read = |path: &str| fs::read(corpus.join(path)).unwrap();
        let wanted = rows.iter().filter(|row| row.expected == "accept");
        let all = wanted.map(|row| (row.path.clone(), read(&row.path)));
        all.filter(|(_, bytes)| bytes.len() < 700_000).collect()
    })
}

fn made(bytes: &[u8], recipes: &[Recipe]) -> Vec<Option<Rendered>> {
    // What is too much for one process is refused together that would be made alone.
    let limits = Limits { decode_bytes: 4 << 30, ..Limits::default() };
    let made = render(bytes, recipes, &limits);
    assert!(no_stumble(&made));
    made.map_or_else(
        |_| vec![None; recipes.len()],
        |made| made.into_iter().map(Result::ok).collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_variant_is_the_same_bytes_alone_and_beside_others(
        picture in any::<Index>(),
        chosen in prop::collection::vec(any::<Index>(), 2..7),
    ) {
        let (path, bytes) = picture.get(pictures());
        let presets = presets();
        let recipes: Vec<Recipe> =
            chosen.iter().map(|index| index.get(&presets).clone()).collect();
        let together = made(bytes, &recipes);
        for (recipe, beside) in recipes.iter().zip(together) {
            let alone = made(bytes, std::slice::from_ref(recipe)).remove(0);
            prop_assert!(alone == beside, "{path}: {recipe:?}");
        }
    }
}

/// The usual four of a photo, in any order and in every selection.
#[test]
fn the_usual_prints_of_a_photo_are_the_same_in_every_selection() {
    let photos = ["photos/metadata-extractor-images__Issue_508.jpg", "formats/image__cat.jpg"];
    let usual = &presets()[..4];
    for path in photos {
        let bytes = crate::support::file(path);
        let all = made(&bytes, usual);
        assert!(all.iter().all(Option::is_some), "{path}");
        for selection in 1..1_usize << usual.len() {
            let indices: Vec<usize> =
                (0..usual.len()).rev().filter(|index| selection >> index & 1 == 1).collect();
            let recipes: Vec<Recipe> = indices.iter().map(|index| usual[*index].clone()).collect();
            for (index, print) in indices.iter().zip(made(&bytes, &recipes)) {
                assert!(print == all[*index], "{path}: preset {index} of selection {selection:b}");
            }
        }
    }
}
