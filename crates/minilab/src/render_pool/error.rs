//! Why a picture was not rendered, and what comes back when it was.

use pixels::Rendered;

/// Why there is no answer about a picture.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The picture cannot be rendered.
    #[error(transparent)]
    Picture(#[from] pixels::Error),
    /// The child was killed because it took too long.
    #[error("rendering took more than {0} s")]
    TimedOut(u64),
    /// The child died: out of memory, out of CPU time, or by a fault in a decoder.
    #[error("the rendering process died ({0})")]
    Crashed(String),
    /// Not the picture's fault.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// One result for each recipe.
pub(super) type RenderOutcomes = Vec<Result<Rendered, pixels::Error>>;
