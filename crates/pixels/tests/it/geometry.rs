//! Sizes and crops: every fit against pictures of many shapes.

use pixels::{Fit, OutputFormat, Recipe};

use crate::support::{Image, distance, look, mean_distance, rendered};

fn boxed(fit: Fit, width: impl Into<Option<u32>>, height: impl Into<Option<u32>>) -> Recipe {
    Recipe {
        fit,
        width: width.into(),
        height: height.into(),
        format: OutputFormat::Png,
        ..Recipe::default()
    }
}

fn exact(mut recipe: Recipe) -> Recipe {
    recipe.exact = true;
    recipe
}

fn enlarged(mut recipe: Recipe) -> Recipe {
    recipe.enlarge = true;
    recipe
}

/// A picture of one size, a recipe, the size that must come out.
fn check(source: (u32, u32), recipe: &Recipe, expected: (u32, u32)) {
    let made = rendered(&Image::gradient(source.0, source.1).png(), recipe);
    assert_eq!((made.width, made.height), expected, "{source:?} {recipe:?}");
    let seen = look(&made.bytes, &Recipe::default());
    assert_eq!((seen.width, seen.height), expected, "{source:?} {recipe:?}: the file itself");
}

#[test]
fn inside_keeps_the_proportions_and_never_enlarges() {
    let inside = |width, height| boxed(Fit::Inside, width, height);
    check((400, 300), &inside(100, 100), (100, 75));
    check((300, 400), &inside(100, 100), (75, 100));
    check((403, 302), &boxed(Fit::Inside, None, 200), (267, 200));
    check((400, 300), &boxed(Fit::Inside, 100, None), (100, 75));
    check((40, 30), &inside(100, 100), (40, 30));
    check((40, 30), &enlarged(inside(100, 100)), (100, 75));
    check((1, 1000), &inside(100, 100), (1, 100));
    check((1000, 1), &inside(100, 100), (100, 1));
    check((3000, 2), &inside(100, 100), (100, 1));
    check((40, 30), &boxed(Fit::Inside, None, None), (40, 30));
}

#[test]
fn cover_fills_the_box_or_crops_what_there_is() {
    let cover = |width, height| boxed(Fit::Cover, width, height);
    check((400, 300), &cover(100, 100), (100, 100));
    check((300, 400), &cover(100, 50), (100, 50));
    check((50, 400), &cover(100, 100), (50, 100));
    check((400, 50), &cover(100, 100), (100, 50));
    check((50, 60), &cover(100, 100), (50, 60));
    check((50, 400), &enlarged(cover(100, 100)), (100, 100));
    check((1, 1000), &cover(100, 100), (1, 100));
    check((1000, 3), &cover(100, 100), (100, 3));
    check((50, 400), &exact(cover(100, 100)), (100, 100));
    check((400, 300), &boxed(Fit::Cover, 100, None), (100, 75));
}

#[test]
fn contain_pads_to_the_box_when_exact() {
    let contain = |width, height| boxed(Fit::Contain, width, height);
    check((400, 300), &contain(100, 100), (100, 75));
    check((400, 300), &exact(contain(100, 100)), (100, 100));
    check((40, 30), &exact(contain(100, 100)), (100, 100));
    check((1, 1000), &exact(contain(100, 100)), (100, 100));
    check((400, 300), &exact(boxed(Fit::Contain, None, 100)), (133, 100));
}

#[test]
fn stretch_ignores_the_proportions() {
    let stretch = |width, height| boxed(Fit::Stretch, width, height);
    check((400, 300), &stretch(100, 100), (100, 100));
    check((40, 300), &stretch(100, 100), (40, 100));
    check((40, 30), &enlarged(stretch(100, 100)), (100, 100));
}

#[test]
fn cover_shows_the_middle() {
    // Three bands: the outer ones must be cut off.
    let bands = Image::new(300, 100, |x, _| match x / 100 {
        0 => [255, 0, 0, 255],
        1 => [0, 255, 0, 255],
        _ => [0, 0, 255, 255],
    });
    let seen = look(&bands.png(), &boxed(Fit::Cover, 50, 50));
    for (x, y) in [(2, 25), (25, 25), (47, 25)] {
        assert!(distance(seen.at(x, y), [0, 255, 0, 255]) <= 2, "at {x},{y}: {:?}", seen.at(x, y));
    }
}

#[test]
fn padding_is_transparent_where_the_format_can_and_background_where_it_cannot() {
    let source = Image::new(40, 20, |_, _| [200, 10, 10, 255]).png();
    let recipe = exact(boxed(Fit::Contain, 60, 60));
    let seen = look(&source, &recipe);
    assert_eq!(seen.at(30, 2), [0, 0, 0, 0]);
    assert_eq!(seen.at(30, 30), [200, 10, 10, 255]);
    assert_eq!(seen.at(4, 30), [0, 0, 0, 0]);
    let blue = Recipe { format: OutputFormat::Jpeg, background: [0, 0, 255], ..recipe };
    let seen = look(&rendered(&source, &blue).bytes, &Recipe::default());
    let [red, green, blue, alpha] = seen.at(30, 2);
    assert!(red < 10 && green < 10 && blue > 245 && alpha == 255, "{:?}", seen.at(30, 2));
}

#[test]
fn small_outputs_made_beside_large_ones_look_like_those_made_alone() {
    let source = Image::gradient(1_203, 907).png();
    let recipes: Vec<Recipe> =
        [400, 200, 100].iter().map(|side| boxed(Fit::Inside, None, *side)).collect();
    let limits = pixels::Limits::default();
    let together = pixels::render(&source, &recipes, &limits).unwrap();
    for (recipe, result) in recipes.iter().zip(together) {
        let together = look(&result.unwrap().bytes, &Recipe::default());
        let alone = look(&source, recipe);
        assert!(mean_distance(&together, &alone) < 0.6, "{recipe:?}");
    }
}
