//! The ladder: at what scale a picture is decoded for a variant, and over which sizes it is drawn.
//!
//! Both follow from the picture and the variant alone. So the same variant is the same bytes,
//! whatever else is made beside it, and one decoding still serves all that is usually made.

use crate::{Facts, Recipe, geometry::Plan, scale::decoded_size};

/// Heights of the drawings that smaller ones start from. Those of the usual presets, so that these
/// drawings are mostly asked for anyway.
const HEIGHTS: [u32; 2] = [400, 200];

/// The rungs of a picture, the largest first: drawings of the whole of it.
pub(crate) fn rungs(facts: &Facts) -> Vec<Plan> {
    HEIGHTS
        .into_iter()
        .map(|height| rung(height, facts))
        // A rung that is the picture itself saves nothing.
        .filter(|plan| plan.detail() < 1.0)
        .collect()
}

fn rung(height: u32, facts: &Facts) -> Plan {
    Plan::new(&Recipe { height: Some(height), ..Recipe::default() }, facts)
}

/// The detail that a picture is decoded with for a variant: that of the largest rung, or the first
/// of its doubles that is enough. Finer than the source there is nothing.
pub(crate) fn detail(plan: &Plan, facts: &Facts) -> f64 {
    let mut detail = rung(HEIGHTS[0], facts).detail();
    while detail < plan.detail() && detail < 1.0 {
        detail *= 2.0;
    }
    detail.min(1.0)
}

/// Variants that one decoding serves.
pub(crate) struct Group {
    /// What the decoder is asked for.
    pub(crate) detail: f64,
    /// Which plans.
    pub(crate) indices: Vec<usize>,
}

/// Sorts variants by how they are decoded. Mostly all of them are in one group.
pub(crate) fn groups(plans: &[Plan], facts: &Facts) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, plan) in plans.iter().enumerate() {
        let detail = detail(plan, facts);
        let size = decoded_size(facts, detail);
        match groups.iter_mut().find(|group| decoded_size(facts, group.detail) == size) {
            Some(group) => group.indices.push(index),
            None => groups.push(Group { detail, indices: vec![index] }),
        }
    }
    groups
}
