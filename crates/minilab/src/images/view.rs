//! An image as its owner sees it.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Image, State};
use crate::accounts::Caller;
use crate::clock::rfc3339;
use crate::http::bytes::fingerprint;
use crate::variants::{self, Variant};

#[derive(Debug, Serialize)]
pub struct ImageView {
    pub id: String,
    pub filename: String,
    pub state: State,
    /// Why it is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorView>,
    pub format: String,
    /// Upright, after the orientation.
    pub width: i64,
    pub height: i64,
    pub frames: i64,
    pub bytes: i64,
    pub created_at: String,
    pub variants: Vec<VariantView>,
    pub original_url: Option<String>,
    pub metadata: MetadataView,
}

#[derive(Debug, Serialize)]
pub struct ErrorView {
    pub code: String,
    pub detail: String,
}

#[derive(Debug, Serialize)]
pub struct VariantView {
    pub preset: String,
    pub state: State,
    pub url: String,
    pub format: Option<String>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub bytes: Option<i64>,
}

#[derive(Debug, Serialize)]
pub struct MetadataView {
    make: Option<String>,
    model: Option<String>,
    lens: Option<String>,
    taken_at: Option<String>,
    exposure: Option<Box<RawValue>>,
    orientation: i64,
    gps: Option<GpsView>,
}

#[derive(Debug, Serialize)]
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
    let original_url = caller
        .tier()
        .rights
        .original
        .then(|| format!("/api/v1/images/{}/original?v={}", image.id, fingerprint(&blob.hash)));
    ImageView {
        id: image.id.to_string(),
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
        created_at: rfc3339(image.created_ms),
        variants: view_variants(caller, image, made),
        original_url,
        metadata: MetadataView {
            make: blob.make.clone(),
            model: blob.model.clone(),
            lens: blob.lens.clone(),
            taken_at: blob.taken_at.clone(),
            exposure: blob.exposure.clone().and_then(|text| RawValue::from_string(text).ok()),
            orientation: blob.orientation,
            gps: blob.gps_lat.zip(blob.gps_lon).map(|(lat, lon)| GpsView { lat, lon }),
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
            state: variant.map_or(
                if image.state == State::Failed { State::Failed } else { State::Processing },
                |_| State::Ready,
            ),
            url: variant.map_or(url.clone(), |v| format!("{url}?v={}", fingerprint(&v.hash))),
            format: variant.map(|v| v.format.clone()),
            width: variant.map(|v| v.width),
            height: variant.map(|v| v.height),
            bytes: variant.map(|v| v.bytes),
        }
    };
    eager.map(|preset| view_one(&preset.name)).collect()
}
