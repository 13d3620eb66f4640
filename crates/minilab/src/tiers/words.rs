//! The words of the pixels as the description of the API lists them: closed sets, so that clients know all.

use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident as $of:ty { $($word:ident),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, ToSchema)]
            #[schema(rename_all = "lowercase")]
            pub enum $name { $($word),+ }

            impl From<$of> for $name {
                fn from(word: $of) -> Self {
                    // Exhaustive: a word more does not compile until it is listed.
                    match word { $(<$of>::$word => Self::$word),+ }
                }
            }
        )+
    };
}

words! {
    /// A format that is read here.
    PictureFormat as pixels::Format { Jpeg, Png, Gif, WebP, Avif, Heic, Bmp, Tiff, Ico }
    /// A format that is written; `source` stays what came in, where that can be.
    OutputFormat as pixels::OutputFormat { Source, Jpeg, Png, Gif, WebP, Avif }
    /// How a picture meets the box.
    Fit as pixels::Fit { Inside, Cover, Contain, Stretch }
    /// What becomes of an animation.
    Animation as pixels::Animation { Keep, First }
}
