//! An image as its owner sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Image, State};
use crate::accounts::Caller;
use crate::clock::rfc3339;
use crate::http::tag::fingerprint;
use crate::ids::{ImageId, UploadLinkId};
use crate::tiers::words::PictureFormat;
use crate::variants::{self, Variant};

/// An image of one's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Image)]
pub struct ImageView {
    #[schema(value_type = Uuid)]
    pub id: ImageId,
    pub filename: String,
    pub state: State,
    /// Why it is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorView>,
    #[schema(value_type = PictureFormat)]
    pub format: String,
    /// Upright, after the orientation.
    pub width: i64,
    pub height: i64,
    /// More than one is an animation.
    pub frames: i64,
    pub bytes: i64,
    /// A part of the picture is missing; its variants show what is there.
    pub truncated: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it goes by itself.
    #[schema(format = DateTime)]
    pub delete_at: Option<String>,
    /// It goes once it was downloaded.
    pub delete_after_download: bool,
    /// The upload link it came through.
    #[schema(value_type = Option<Uuid>)]
    pub upload_link: Option<UploadLinkId>,
    /// Those made at upload; others are made when they are asked for.
    pub variants: Vec<VariantView>,
    /// Nothing where the tier does not include originals, or keeps none.
    pub original_url: Option<String>,
    pub metadata: MetadataView,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImageError)]
pub struct ErrorView {
    pub code: String,
    pub detail: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantView {
    pub preset: String,
    pub state: State,
    pub url: String,
    #[schema(value_type = Option<PictureFormat>)]
    pub format: Option<String>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub bytes: Option<i64>,
}

/// What the camera wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Metadata)]
pub struct MetadataView {
    make: Option<String>,
    model: Option<String>,
    lens: Option<String>,
    /// Local time, with an offset only if the camera wrote one.
    #[schema(example = "2008-05-30T15:56:01")]
    taken_at: Option<String>,
    exposure: Option<ExposureView>,
    /// 1 to 8, as in EXIF; variants are upright.
    #[schema(minimum = 1, maximum = 8)]
    orientation: i64,
    gps: Option<GpsView>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Exposure)]
struct ExposureView {
    seconds: Option<f64>,
    /// F-number.
    aperture: Option<f64>,
    iso: Option<u32>,
    /// Millimetres.
    focal_length: Option<f64>,
}

/// Degrees, north and east positive.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gps)]
struct GpsView {
    lat: f64,
    lon: f64,
}

/// `made` may hold variants of other images too, and of presets beyond the caller's tier.
pub fn view(caller: &Caller, image: &Image, made: &[Variant]) -> ImageView {
    let blob = &image.blob;
    let sideways = blob.orientation >= 5;
    let (width, height) =
        if sideways { (blob.height, blob.width) } else { (blob.width, blob.height) };
    // Whoever holds a link sees neither the original nor where it was taken: others may have brought it.
    let is_owner = caller.link.is_none();
    let has_original = is_owner && caller.tier().rights.original && !blob.discarded;
    let version = caller.tier().retention.location.then(|| fingerprint(&blob.hash));
    let original_url = has_original.then(|| {
        let version = version.map(|version| format!("?v={version}")).unwrap_or_default();
        format!("/api/v1/images/{}/original{version}", image.id)
    });
    ImageView {
        id: image.id,
        filename: image.filename.clone(),
        state: image.state,
        error: image
            .error_code
            .clone()
            .map(|code| ErrorView { code, detail: image.error_detail.clone().unwrap_or_default() }),
        format: blob.format.clone(),
        width,
        height,
        frames: blob.frames,
        bytes: blob.bytes,
        truncated: blob.truncated,
        created_at: rfc3339(image.created_ms),
        delete_at: image.delete_at_ms.map(rfc3339),
        delete_after_download: image.delete_after_download,
        upload_link: image.upload_link(),
        variants: view_variants(caller, image, made),
        original_url,
        metadata: MetadataView {
            make: blob.make.clone(),
            model: blob.model.clone(),
            lens: blob.lens.clone(),
            taken_at: blob.taken_at.clone(),
            exposure: blob.exposure.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            orientation: blob.orientation,
            gps: blob
                .gps_lat
                .zip(blob.gps_lon)
                .filter(|_| is_owner)
                .map(|(lat, lon)| GpsView { lat, lon }),
        },
    }
}

/// The presets made at upload. Those made on demand are left out, and nothing is shown as made
/// before the image is ready: else an answer would tell that somebody else has the same picture.
fn view_variants(caller: &Caller, image: &Image, made: &[Variant]) -> Vec<VariantView> {
    let eager = caller.catalogue.eager_presets(&caller.account.tier);
    let view_one = |name: &str| {
        let variant = variants::latest(made, image.blob_id, name);
        let variant = variant.filter(|_| image.state == State::Ready);
        let url = format!("/api/v1/images/{}/variants/{name}", image.id);
        VariantView {
            preset: name.to_owned(),
            state: match (variant, image.state) {
                (Some(_), _) => State::Ready,
                (None, State::Failed) => State::Failed,
                // There is nothing left to make it from.
                (None, _) if image.blob.discarded => State::Failed,
                (None, _) => State::Processing,
            },
            url: variant.map_or(url.clone(), |v| format!("{url}?v={}", fingerprint(&v.hash))),
            format: variant.map(|v| v.format.clone()),
            width: variant.map(|v| v.width),
            height: variant.map(|v| v.height),
            bytes: variant.map(|v| v.bytes),
        }
    };
    eager.map(|preset| view_one(&preset.name)).collect()
}
