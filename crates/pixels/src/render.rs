//! The pipeline: from bytes and recipes to variants.

use std::io::Cursor;

use crate::{
    Error, Facts, Format, Limits, Recipe,
    animate::animations,
    colour::{self, Converter},
    decode,
    encode::{self, EncoderSettings, Fidelity, still_within},
    error::Over,
    flatten::onto_canvas,
    geometry::Plan,
    guard::guarded,
    ladder::{self, Group},
    orient::upright,
    picture::{Layout, Picture},
    planar::{Drawing, Drawn, draw_planes},
    probe,
    rendered::Rendered,
    resize::{Base, draw_all},
    sniff::sniff,
};

/// Decodes the picture once and makes a variant for each recipe, in the order of the recipes.
///
/// The outer error says that the picture could not be decoded, an inner one that this recipe
/// could not be made.
pub fn render(
    bytes: &[u8],
    recipes: &[Recipe],
    limits: &Limits,
) -> Result<Vec<Result<Rendered, Error>>, Error> {
    let work = || {
        let facts = probe::read(Cursor::new(bytes), limits)?;
        let mut results: Vec<Option<Result<Rendered, Error>>> =
            recipes.iter().map(|recipe| refusal(recipe, &facts, limits).map(Err)).collect();
        let possible: Vec<Recipe> = recipes
            .iter()
            .zip(&results)
            .filter(|(_, refused)| refused.is_none())
            .map(|(recipe, _)| recipe.clone())
            .collect();
        allow_memory(&possible, &facts, limits)?;
        let wanted = |results: &[Option<_>], animated| -> Vec<usize> {
            let is_wanted = |index: &usize| {
                results[*index].is_none() && recipes[*index].is_animated(&facts) == animated
            };
            (0..recipes.len()).filter(is_wanted).collect()
        };
        let (moving, still) = (wanted(&results, true), wanted(&results, false));
        for (indices, make) in [(moving, animations as Make), (still, stills as Make)] {
            let recipes: Vec<&Recipe> = indices.iter().map(|index| &recipes[*index]).collect();
            if recipes.is_empty() {
                continue;
            }
            for (index, result) in indices.into_iter().zip(make(bytes, &facts, &recipes)?) {
                results[index] = Some(result);
            }
        }
        Ok(results.into_iter().flatten().collect())
    };
    guarded(work, |detail| match sniff(bytes) {
        Ok(format) => Error::malformed(format, detail),
        Err(error) => error,
    })
}

type Make = fn(&[u8], &Facts, &[&Recipe]) -> Result<Vec<Result<Rendered, Error>>, Error>;

/// Why a recipe cannot be made of a picture, as far as that is known beforehand.
fn refusal(recipe: &Recipe, facts: &Facts, limits: &Limits) -> Option<Error> {
    allow_memory(std::slice::from_ref(recipe), facts, limits).err()
}

fn allow_memory(recipes: &[Recipe], facts: &Facts, limits: &Limits) -> Result<(), Error> {
    let found = facts.render_bytes(recipes);
    if found > limits.decode_bytes {
        return Err(Over::DecodeBytes { found, most: limits.decode_bytes }.into());
    }
    Ok(())
}

/// Makes the still variants.
fn stills(
    bytes: &[u8],
    facts: &Facts,
    recipes: &[&Recipe],
) -> Result<Vec<Result<Rendered, Error>>, Error> {
    let plans: Vec<Plan> = recipes.iter().map(|recipe| Plan::new(recipe, facts)).collect();
    let mut made: Vec<Option<Result<Rendered, Error>>> = recipes.iter().map(|_| None).collect();
    let fidelity = Fidelity::of(bytes, facts, &plans);
    for Group { detail, indices } in ladder::groups(&plans, facts) {
        let recipes: Vec<&Recipe> = indices.iter().map(|index| recipes[*index]).collect();
        let plans: Vec<Plan> = indices.iter().map(|index| plans[*index]).collect();
        let (drawn, is_truncated) = draw(bytes, facts, detail, &recipes, &plans)?;
        for (position, drawing) in drawn.into_iter().enumerate() {
            let (recipe, plan) = (recipes[position], &plans[position]);
            let print = finish(drawing, recipe, plan, facts, fidelity);
            made[indices[position]] = Some(print.map(|print| Rendered { is_truncated, ..print }));
        }
    }
    Ok(made.into_iter().flatten().collect())
}

/// Decodes once and draws every plan; says whether a part of the picture is missing.
fn draw(
    bytes: &[u8],
    facts: &Facts,
    detail: f64,
    recipes: &[&Recipe],
    plans: &[Plan],
) -> Result<(Vec<Drawing>, bool), Error> {
    let rungs = ladder::rungs(facts);
    let source = (facts.width, facts.height);
    if let Some((planes, profile)) = decode::planes(bytes, facts, detail) {
        let converter = Converter::new(Layout::Rgb, &profile);
        let is_plain = |(recipe, plan): (&&Recipe, &Plan)| {
            recipe.output_format(facts) == Format::Jpeg && plan.canvas == plan.scaled
        };
        let as_planes: Vec<bool> = recipes.iter().zip(plans).map(is_plain).collect();
        // Planes go from the decoder to the encoder as they are, so nobody turns them.
        let can_be_planes = facts.orientation <= 1;
        let drawn = Drawn { plans, rungs: &rungs, as_planes: &as_planes, can_be_planes };
        // That decoder takes whole pictures only.
        return Ok((draw_planes(planes, &converter, source, drawn)?, false));
    }
    let (decoded, is_truncated) = decode::still(bytes, facts, detail)?;
    let picture = colour::to_srgb(decoded.raster, &decoded.profile);
    let base = Base::new(picture.into(), decoded.scale, source)?;
    let drawn = draw_all(&base, plans, &rungs)?;
    let drawn = drawn.into_iter().map(|raster| Drawing::Picture(Picture::from_srgb(raster)));
    Ok((drawn.collect(), is_truncated))
}

/// Turns, pads and encodes a drawing.
fn finish(
    drawing: Drawing,
    recipe: &Recipe,
    plan: &Plan,
    facts: &Facts,
    fidelity: Fidelity,
) -> Result<Rendered, Error> {
    let format = recipe.output_format(facts);
    // What is scaled down has more chroma in the source than it can show.
    let fidelity = if plan.is_scaled_down() { Fidelity::Usual } else { fidelity };
    let settings =
        EncoderSettings { quality: recipe.quality.clamp(1, 100), colours: 256, fidelity };
    let (bytes, (width, height)) = match drawing {
        Drawing::Planes(planes) => {
            let encode = |settings| encode::planes(&planes, settings);
            (still_within(encode, format, settings, recipe.byte_budget)?, planes.size)
        }
        Drawing::Picture(picture) => {
            let drawing = upright(picture, facts.orientation);
            let picture = onto_canvas(drawing, plan, recipe, format);
            let encode = |settings| encode::still(&picture, format, settings);
            let bytes = still_within(encode, format, settings, recipe.byte_budget)?;
            (bytes, (picture.width, picture.height))
        }
    };
    Ok(Rendered { bytes, format, width, height, frames: 1, is_truncated: false })
}
