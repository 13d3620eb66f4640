//! Animations: every frame is resized and handed on as it comes; none is kept at full size.

use std::ops::ControlFlow;

use crate::{
    Error, Facts, Format, Recipe,
    colour::Converter,
    decode,
    encode::{AnimationWriter, EncoderSettings, Fidelity, Held, Outline, Written},
    flatten::onto_canvas,
    frame::{AnimationHeader, Delay, Frame, FrameSink},
    geometry::Plan,
    ladder,
    orient::upright,
    picture::{Layout, Picture},
    rendered::Rendered,
    resize::{Base, draw_all},
};

/// Makes the moving variants of an animation in one pass over its frames.
pub(crate) fn animations(
    bytes: &[u8],
    facts: &Facts,
    recipes: &[&Recipe],
) -> Result<Vec<Result<Rendered, Error>>, Error> {
    let plans = recipes.iter().map(|recipe| Plan::new(recipe, facts)).collect();
    let rungs = ladder::rungs(facts);
    let mut animator =
        Animator { facts, recipes, plans, rungs, converter: None, outputs: Vec::new() };
    decode::animation(bytes, facts, &mut animator)?;
    let Animator { plans, outputs, .. } = animator;
    let finished =
        outputs.into_iter().zip(recipes.iter().zip(plans)).map(|(output, (recipe, plan))| {
            let (bytes, frames) = output.and_then(Output::finish)?;
            let format = recipe.output_format(facts);
            let (width, height) = plan.canvas;
            Ok(Rendered { bytes, format, width, height, frames, is_truncated: false })
        });
    Ok(finished.collect())
}

/// Receives the frames and passes them to one writer a recipe.
struct Animator<'a> {
    facts: &'a Facts,
    recipes: &'a [&'a Recipe],
    plans: Vec<Plan>,
    rungs: Vec<Plan>,
    converter: Option<Converter>,
    /// A recipe that failed stays failed and costs nothing more.
    outputs: Vec<Result<Output, Error>>,
}

/// Where the frames of one variant go.
enum Output {
    Stream(AnimationWriter),
    Held(Held),
}

impl Output {
    fn new(recipe: &Recipe, outline: Outline, format: Format) -> Result<Self, Error> {
        let settings = EncoderSettings {
            quality: recipe.quality.clamp(1, 100),
            colours: 256,
            fidelity: Fidelity::Usual,
        };
        match recipe.byte_budget {
            Some(budget) => Ok(Self::Held(Held::new(outline, format, settings, budget))),
            None => AnimationWriter::new(outline, format, settings).map(Self::Stream),
        }
    }

    fn push(mut self, picture: &Picture, delay: Delay) -> Result<Self, Error> {
        match &mut self {
            Self::Stream(writer) => writer.push(&picture.data, delay)?,
            Self::Held(held) => held.push(&picture.data, delay),
        }
        Ok(self)
    }

    fn finish(self) -> Result<Written, Error> {
        match self {
            Self::Stream(writer) => writer.finish(),
            Self::Held(held) => held.finish(),
        }
    }
}

impl FrameSink for Animator<'_> {
    fn open(&mut self, header: AnimationHeader) -> Result<(), Error> {
        self.converter = Some(Converter::new(Layout::Rgba, &header.profile));
        for (recipe, plan) in self.recipes.iter().zip(&self.plans) {
            let outline =
                Outline { size: plan.canvas, frames: self.facts.frames, plays: header.plays };
            self.outputs.push(Output::new(recipe, outline, recipe.output_format(self.facts)));
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<ControlFlow<()>, Error> {
        let data = frame.canvas.to_vec();
        let data = match &self.converter {
            Some(converter) => converter.convert(data),
            None => data,
        };
        let (width, height) = (self.facts.width, self.facts.height);
        let canvas = Picture { width, height, has_alpha: true, data };
        let base = Base::new(canvas.into(), (1.0, 1.0), (width, height))?;
        let drawn = draw_all(&base, &self.plans, &self.rungs)?;
        for (index, picture) in drawn.into_iter().enumerate() {
            let (recipe, plan) = (self.recipes[index], &self.plans[index]);
            let format = recipe.output_format(self.facts);
            let drawing = upright(Picture::from_srgb(picture), self.facts.orientation);
            let picture = onto_canvas(drawing, plan, recipe, format).with_alpha();
            let output =
                std::mem::replace(&mut self.outputs[index], Err(Error::encode(format, "")));
            self.outputs[index] = output.and_then(|output| output.push(&picture, frame.delay));
        }
        Ok(ControlFlow::Continue(()))
    }
}
