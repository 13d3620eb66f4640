//! Why a picture was not rendered, and what comes back when it was.

use std::fmt;

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
    Crashed(Death),
    /// Not the picture's fault.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Death, how a child ended that was not asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    pub how: String,
    /// What it wrote last to its standard error: for operators.
    pub words: Option<String>,
}

impl From<std::io::Error> for Death {
    fn from(error: std::io::Error) -> Self {
        Self { how: error.to_string(), words: None }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

/// One result for each recipe.
pub(super) type RenderOutcomes = Vec<Result<Rendered, pixels::Error>>;
