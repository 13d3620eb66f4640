//! `/api/v1/presets`: recipes by name, as rows.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use pixels::{Animation, Fit, OutputFormat, Recipe};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{begin, check_name, in_use};
use crate::accounts::Admin;
use crate::app::App;
use crate::db::Conn;
use crate::events::{self, Actor, Event, EventKind};
use crate::http::code::Code;
use crate::http::extract::{Json, Path};
use crate::http::merge::{MemberProblem, merge, refuse};
use crate::http::problem::{Problem, ProblemResponse, TxError};
use crate::links::ORIGINAL;
use crate::tiers::catalogue::{parse_colour, write_colour};
use crate::tiers::words;
use crate::tiers::write::put_preset;
use crate::tiers::{Catalogue, Preset, sql};
use crate::variants::refine;
use crate::{execute, fetch_optional};

const SIDE_MAX: u32 = 16_384;
const BYTE_BUDGET_MIN: u64 = 1024;

/// A preset as admins see and change it. Members it does not know are refused by `merge`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Preset)]
pub struct PresetView {
    #[schema(pattern = "^[a-z0-9_-]{1,64}$", example = "banner")]
    name: String,
    #[schema(value_type = words::Fit)]
    fit: Fit,
    #[schema(minimum = 1, maximum = 16384)]
    width: Option<u32>,
    #[schema(minimum = 1, maximum = 16384)]
    height: Option<u32>,
    /// Pad to the full box.
    exact: bool,
    /// Make small pictures larger.
    enlarge: bool,
    #[schema(value_type = words::OutputFormat)]
    format: OutputFormat,
    #[schema(minimum = 1, maximum = 100)]
    quality: u8,
    #[schema(value_type = words::Animation)]
    animation: Animation,
    /// Behind what is transparent, where the format cannot be.
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    background: String,
    /// Bytes that the result may have at most.
    #[schema(minimum = 1024)]
    byte_budget: Option<u64>,
    /// Made at upload; else when it is asked for.
    eager: bool,
}

/// A preset and how often it was changed.
#[derive(Serialize, ToSchema)]
#[schema(as = VersionedPreset)]
pub struct VersionedView {
    version: i64,
    #[serde(flatten)]
    preset: PresetView,
}

/// Members of a preset; those that are left out stay, or are as usual in a new one.
#[derive(ToSchema)]
#[schema(as = PresetChange)]
#[expect(dead_code, reason = "describes what is merged")]
pub struct PresetChange {
    name: Option<String>,
    fit: Option<words::Fit>,
    width: Option<u32>,
    height: Option<u32>,
    exact: Option<bool>,
    enlarge: Option<bool>,
    format: Option<words::OutputFormat>,
    quality: Option<u8>,
    animation: Option<words::Animation>,
    background: Option<String>,
    byte_budget: Option<u64>,
    eager: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Presets)]
pub struct PresetsView {
    items: Vec<VersionedView>,
}

impl From<&Preset> for PresetView {
    fn from(preset: &Preset) -> Self {
        let recipe = &preset.recipe;
        Self {
            name: preset.name.clone(),
            fit: recipe.fit,
            width: recipe.width,
            height: recipe.height,
            exact: recipe.exact,
            enlarge: recipe.enlarge,
            format: recipe.format,
            quality: recipe.quality,
            animation: recipe.animation,
            background: write_colour(recipe.background),
            byte_budget: recipe.byte_budget,
            eager: preset.eager,
        }
    }
}

impl From<&Preset> for VersionedView {
    fn from(preset: &Preset) -> Self {
        Self { version: preset.version, preset: preset.into() }
    }
}

impl PresetView {
    /// What a new preset is where nothing is said.
    fn usual() -> Self {
        let preset =
            Preset { name: String::new(), version: 0, recipe: Recipe::default(), eager: false };
        Self::from(&preset)
    }

    fn into_preset(self, version: i64) -> Preset {
        let recipe = Recipe {
            fit: self.fit,
            width: self.width,
            height: self.height,
            exact: self.exact,
            enlarge: self.enlarge,
            format: self.format,
            quality: self.quality,
            animation: self.animation,
            background: parse_colour(&self.background).unwrap_or([255; 3]),
            byte_budget: self.byte_budget,
        };
        Preset { name: self.name, version, recipe, eager: self.eager }
    }

    fn wrongs(&self) -> Vec<MemberProblem> {
        let mut wrong = Vec::new();
        wrong.extend(check_name("name", &self.name));
        if self.name == ORIGINAL {
            wrong
                .push(MemberProblem::new("name", "\"original\" is what it is called that came in"));
        }
        for (field, side) in [("width", self.width), ("height", self.height)] {
            if side.is_some_and(|side| !(1..=SIDE_MAX).contains(&side)) {
                wrong.push(MemberProblem::new(field, format!("must be from 1 to {SIDE_MAX}")));
            }
        }
        let sides = [self.width, self.height].into_iter().flatten().count();
        if sides == 0 {
            wrong.push(MemberProblem::new("width", "width, height or both are needed"));
        } else if sides == 1 && (self.fit != Fit::Inside || self.exact) {
            let detail = "with one side only, fit is \"inside\" and exact is false";
            wrong.push(MemberProblem::new("fit", detail));
        }
        if !(1..=100).contains(&self.quality) {
            wrong.push(MemberProblem::new("quality", "must be from 1 to 100"));
        }
        if parse_colour(&self.background).is_none() {
            wrong.push(MemberProblem::new("background", "is of the form #rrggbb"));
        }
        if self.byte_budget.is_some_and(|bytes| !(BYTE_BUDGET_MIN..=1 << 40).contains(&bytes)) {
            wrong.push(MemberProblem::new("byte_budget", format!("starts at {BYTE_BUDGET_MIN}")));
        }
        wrong
    }
}

fn unknown(name: &str) -> Problem {
    let mut problem = Problem::not_found("preset");
    problem.detail = format!("there is no preset {name:?}");
    problem
}

/// List presets
#[utoipa::path(get, path = "/api/v1/presets", tag = "admin",
    responses((status = 200, body = PresetsView)))]
pub async fn list_presets(
    State(app): State<App>,
    _: Admin,
) -> Result<Answer<PresetsView>, Problem> {
    let catalogue = Catalogue::load(&mut app.db.read().await?).await?;
    let items = catalogue.presets.values().map(VersionedView::from).collect();
    Ok(Answer(PresetsView { items }))
}

/// Show a preset
#[utoipa::path(get, path = "/api/v1/presets/{name}", tag = "admin",
    params(("name" = String, Path)),
    responses((status = 200, body = VersionedView)))]
pub async fn show_preset(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<Answer<VersionedView>, Problem> {
    let catalogue = Catalogue::load(&mut app.db.read().await?).await?;
    Ok(Answer(catalogue.presets.get(&name).ok_or_else(|| unknown(&name))?.into()))
}

/// Make a preset
///
/// Tiers that are to have it are changed at `/api/v1/tiers`.
#[utoipa::path(post, path = "/api/v1/presets", tag = "admin", request_body = PresetChange,
    responses(
        (status = 201, body = VersionedView),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn create_preset(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(members): Json<Map<String, Value>>,
) -> Result<(StatusCode, Answer<VersionedView>), Problem> {
    let args = (None, members, Actor::new(caller.account.id, app.clock.now_ms()));
    let made = app.db.write(args, |tx, args| Box::pin(put(tx, args))).await?;
    Ok((StatusCode::CREATED, Answer(made)))
}

/// Change a preset
///
/// Only what is named. Its version rises; old variants are served until the new ones are made, in the
/// background.
#[utoipa::path(patch, path = "/api/v1/presets/{name}", tag = "admin",
    params(("name" = String, Path)), request_body = PresetChange,
    responses(
        (status = 200, body = VersionedView),
    ))]
pub async fn change_preset(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
    Json(members): Json<Map<String, Value>>,
) -> Result<Answer<VersionedView>, Problem> {
    let args = (Some(name), members, Actor::new(caller.account.id, app.clock.now_ms()));
    let changed = app.db.write(args, |tx, args| Box::pin(put(tx, args))).await?;
    Ok(Answer(changed))
}

/// The preset to change, if there is one; what is said of it; who says so.
type PutPreset = (Option<String>, Map<String, Value>, Actor);

async fn put(tx: &mut Conn, (known, members, actor): &PutPreset) -> Result<VersionedView, TxError> {
    let catalogue = begin(tx).await?;
    let known = match known {
        None => None,
        Some(name) => Some(catalogue.presets.get(name).ok_or_else(|| unknown(name))?),
    };
    let base = known.map_or_else(PresetView::usual, PresetView::from);
    let (view, mut wrong) = merge(&base, members);
    if known.is_some() && view.name != base.name {
        wrong.push(MemberProblem::new("name", "of a preset stays what it is"));
    }
    wrong.extend(view.wrongs());
    refuse(&wrong)?;
    if known.is_none() && catalogue.presets.contains_key(&view.name) {
        let detail = format!("there is a preset {:?} already", view.name);
        return Err(Problem::new(Code::NameTaken, detail).into());
    }
    let version = next_version(tx, &view, known).await?;
    let preset = view.into_preset(version);
    put_preset(tx, &preset).await?;
    if known.is_some() && view_of(known) != Some(PresetView::from(&preset)) {
        refine::start(tx, None, actor.now_ms).await?;
    }
    let kind = if known.is_some() { EventKind::PresetChanged } else { EventKind::PresetCreated };
    let view = VersionedView::from(&preset);
    let event = Event::by(actor, kind).subject(&preset.name).data(json!(view));
    events::record(tx, &event).await?;
    Ok(view)
}

fn view_of(preset: Option<&Preset>) -> Option<PresetView> {
    preset.map(PresetView::from)
}

/// What is made stays the same if only `eager` changed. A name that comes back starts behind its last
/// version: bytes of the old ones may still lie there.
async fn next_version(
    tx: &mut Conn,
    view: &PresetView,
    known: Option<&Preset>,
) -> sqlx::Result<i64> {
    if let Some(known) = known
        && view.clone().into_preset(known.version).recipe == known.recipe
    {
        return Ok(known.version);
    }
    let last = fetch_optional!(tx, (i64,), sql::SELECT_PRESET_VERSION, &view.name)?;
    Ok(last.map_or(0, |(version,)| version) + 1)
}

/// Delete a preset
///
/// Refused while a tier has it; the answer says which.
#[utoipa::path(delete, path = "/api/v1/presets/{name}", tag = "admin",
    params(("name" = String, Path)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn delete_preset(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let args = (name, Actor::new(caller.account.id, app.clock.now_ms()));
    app.db
        .write(args, |tx, (name, actor)| {
            Box::pin(async move {
                let catalogue = begin(tx).await?;
                let preset = catalogue.presets.get(name).ok_or_else(|| unknown(name))?;
                let users = catalogue.tiers.values().filter(|tier| tier.may_see(name));
                let users = users.map(|tier| tier.name.clone()).collect::<Vec<_>>();
                if !users.is_empty() {
                    return Err(in_use("preset", name, &users, users.len() as i64).into());
                }
                execute!(tx, sql::DELETE_PRESET, name)?;
                let was = json!(VersionedView::from(preset));
                let event =
                    Event::by(actor, EventKind::PresetDeleted).subject(name).data(json!(was));
                events::record(tx, &event).await?;
                Ok::<_, TxError>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
