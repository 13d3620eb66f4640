//! `/api/v1/tiers`: what accounts may do, as rows.

use std::collections::BTreeSet;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
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
use crate::links::{self, LIFE_SECS_MAX};
use crate::tiers::retention;
use crate::tiers::write::put_tier;
use crate::tiers::{Catalogue, Retention, Rights, Tier, Truncated, sql};
use crate::variants::refine;
use crate::{execute, fetch_all, fetch_one};

const UPLOAD_BYTES_MAX: i64 = 1 << 40;

/// A tier as admins see and change it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Tier)]
pub struct TierView {
    #[schema(pattern = "^[a-z0-9_-]{1,64}$", example = "studio")]
    name: String,
    /// Another name it is known by.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    alias: Option<String>,
    /// Gallery items up to this rank are open.
    #[schema(minimum = 0, maximum = 1000)]
    rank: i64,
    /// How many images are kept; nothing is no limit.
    #[schema(minimum = 0)]
    images_max: Option<i64>,
    /// Bytes of one file.
    #[schema(minimum = 1, maximum = 1_099_511_627_776_i64)]
    upload_bytes_max: i64,
    /// What may be asked for, and is made at upload where the preset is eager.
    presets: Vec<String>,
    #[serde(rename = "keeping")]
    retention: Retention,
    /// What becomes of a picture of which a part is missing, a tenth at most.
    truncated: Truncated,
    rights: Rights,
}

/// Members of a tier; those that are left out stay, or are modest in a new one.
#[derive(ToSchema)]
#[schema(as = TierChange)]
#[expect(dead_code, reason = "describes what is merged")]
pub struct TierChange {
    name: Option<String>,
    alias: Option<String>,
    rank: Option<i64>,
    images_max: Option<i64>,
    upload_bytes_max: Option<i64>,
    presets: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    #[serde(rename = "keeping")]
    retention: Option<Retention>,
    truncated: Option<Truncated>,
    #[schema(value_type = Option<Object>)]
    rights: Option<Rights>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Tiers)]
pub struct TiersView {
    /// Lowest rank first.
    items: Vec<TierView>,
}

impl From<&Tier> for TierView {
    fn from(tier: &Tier) -> Self {
        let Tier { name, alias, rank, images_max, upload_bytes_max, retention, .. } = tier.clone();
        let Tier { truncated, rights, presets, .. } = tier.clone();
        Self {
            name,
            alias,
            rank,
            images_max,
            upload_bytes_max: upload_bytes_max as i64,
            presets,
            retention,
            truncated,
            rights,
        }
    }
}

impl TierView {
    /// What a new tier is where nothing is said.
    fn modest() -> Self {
        Self {
            name: String::new(),
            alias: None,
            rank: 1,
            images_max: Some(5),
            upload_bytes_max: 10 << 20,
            presets: Vec::new(),
            retention: Retention::EVERYTHING,
            truncated: Truncated::Accept,
            rights: Rights {
                original: false,
                links: false,
                link_secs_min: 300,
                link_secs_max: 30_000,
                upload_links: false,
            },
        }
    }

    fn into_tier(self) -> Tier {
        let Self { name, alias, rank, images_max, upload_bytes_max, .. } = self;
        let Self { mut presets, retention, truncated, rights, .. } = self;
        presets.sort();
        let upload_bytes_max = upload_bytes_max as u64;
        Tier {
            name,
            alias,
            rank,
            images_max,
            upload_bytes_max,
            retention,
            truncated,
            rights,
            presets,
        }
    }

    /// Everything that is wrong with it, beside the others of the catalogue.
    fn wrongs(&self, catalogue: &Catalogue) -> Vec<MemberProblem> {
        let mut wrong = Vec::new();
        wrong.extend(check_name("name", &self.name));
        if let Some(alias) = &self.alias {
            wrong.extend(check_name("alias", alias));
        }
        let others = catalogue.tiers.values().filter(|tier| tier.name != self.name);
        let taken = others.flat_map(|tier| [Some(&tier.name), tier.alias.as_ref()]).flatten();
        for taken in taken {
            if *taken == self.name {
                wrong.push(MemberProblem::new(
                    "name",
                    format!("{taken:?} is taken by another tier"),
                ));
            }
            if self.alias.as_ref() == Some(taken) {
                wrong.push(MemberProblem::new(
                    "alias",
                    format!("{taken:?} is taken by another tier"),
                ));
            }
        }
        let mut within = |field: &str, value: i64, least: i64, most: i64| {
            if !(least..=most).contains(&value) {
                wrong.push(MemberProblem::new(field, format!("must be from {least} to {most}")));
            }
        };
        within("rank", self.rank, 0, 1000);
        within("images_max", self.images_max.unwrap_or(0), 0, i64::MAX);
        within("upload_bytes_max", self.upload_bytes_max, 1, UPLOAD_BYTES_MAX);
        let (least, most) = (self.rights.link_secs_min, self.rights.link_secs_max);
        within("rights.link_secs_min", least, 1, LIFE_SECS_MAX);
        within("rights.link_secs_max", most, least.max(1), LIFE_SECS_MAX);
        if let Some(after) = self.retention.delete_after.filter(|after| !after.is_valid()) {
            let detail = format!("{:?} {}", after.word(), retention::WRONG);
            wrong.push(MemberProblem::new("keeping.delete_after", detail));
        }
        let mut seen = BTreeSet::new();
        for preset in &self.presets {
            if !catalogue.presets.contains_key(preset) {
                wrong.push(MemberProblem::new("presets", format!("there is no preset {preset:?}")));
            }
            if !seen.insert(preset) {
                wrong.push(MemberProblem::new("presets", format!("{preset:?} is there twice")));
            }
        }
        wrong
    }
}

fn unknown(name: &str) -> Problem {
    let mut problem = Problem::not_found("tier");
    problem.detail = format!("there is no tier {name:?}");
    problem
}

/// List tiers
#[utoipa::path(get, path = "/api/v1/tiers", tag = "admin",
    responses((status = 200, body = TiersView)))]
pub async fn list_tiers(State(app): State<App>, _: Admin) -> Result<Answer<TiersView>, Problem> {
    let catalogue = Catalogue::load(&mut app.db.read().await?).await?;
    let mut items = catalogue.tiers.values().map(TierView::from).collect::<Vec<_>>();
    items.sort_by_key(|tier| tier.rank);
    Ok(Answer(TiersView { items }))
}

/// Show a tier
///
/// By its name or its alias.
#[utoipa::path(get, path = "/api/v1/tiers/{name}", tag = "admin", params(("name" = String, Path)),
    responses((status = 200, body = TierView)))]
pub async fn show_tier(
    State(app): State<App>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<Answer<TierView>, Problem> {
    let catalogue = Catalogue::load(&mut app.db.read().await?).await?;
    Ok(Answer(catalogue.tier(&name).ok_or_else(|| unknown(&name))?.into()))
}

/// Make a tier
#[utoipa::path(post, path = "/api/v1/tiers", tag = "admin", request_body = TierChange,
    responses(
        (status = 201, body = TierView),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn create_tier(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(members): Json<Map<String, Value>>,
) -> Result<(StatusCode, Answer<TierView>), Problem> {
    let args = (None, members, Actor::new(caller.account.id, app.clock.now_ms()));
    let made = app.db.write(args, |tx, args| Box::pin(put(tx, args))).await?;
    Ok((StatusCode::CREATED, Answer(made)))
}

/// Change a tier
///
/// Only what is named. It holds everywhere within a second; images get what the tier has new in the
/// background, and links that it does not allow any more die.
#[utoipa::path(patch, path = "/api/v1/tiers/{name}", tag = "admin", params(("name" = String, Path)),
    request_body = TierChange,
    responses(
        (status = 200, body = TierView),
    ))]
pub async fn change_tier(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
    Json(members): Json<Map<String, Value>>,
) -> Result<Answer<TierView>, Problem> {
    let args = (Some(name), members, Actor::new(caller.account.id, app.clock.now_ms()));
    let changed = app.db.write(args, |tx, args| Box::pin(put(tx, args))).await?;
    Ok(Answer(changed))
}

/// The tier to change, if there is one; what is said of it; who says so.
type PutTier = (Option<String>, Map<String, Value>, Actor);

async fn put(tx: &mut Conn, (known, members, actor): &PutTier) -> Result<TierView, TxError> {
    let catalogue = begin(tx).await?;
    let base = match known {
        None => TierView::modest(),
        Some(name) => catalogue.tier(name).ok_or_else(|| unknown(name))?.into(),
    };
    let (mut view, mut wrong) = merge(&base, members);
    if known.is_some() && view.name != base.name {
        wrong.push(MemberProblem::new("name", "of a tier stays what it is"));
        // Under another name its own alias would look taken.
        view.name.clone_from(&base.name);
    }
    wrong.extend(view.wrongs(&catalogue));
    refuse(&wrong)?;
    if known.is_none() && catalogue.tiers.contains_key(&view.name) {
        let detail = format!("there is a tier {:?} already", view.name);
        return Err(Problem::new(Code::NameTaken, detail).into());
    }
    put_tier(tx, &view.clone().into_tier()).await?;
    links::kill_unentitled(tx, actor.now_ms).await?;
    if known.is_some() && view.presets != base.presets {
        refine::start(tx, None, actor.now_ms).await?;
    }
    let kind = if known.is_some() { EventKind::TierChanged } else { EventKind::TierCreated };
    let event = Event::by(actor, kind).subject(&view.name).data(json!(view));
    events::record(tx, &event).await?;
    Ok(view)
}

/// Delete a tier
///
/// Refused while an account is in it; the answer says who.
#[utoipa::path(delete, path = "/api/v1/tiers/{name}", tag = "admin",
    params(("name" = String, Path)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, response = ProblemResponse),
    ))]
pub async fn delete_tier(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let args = (name, Actor::new(caller.account.id, app.clock.now_ms()));
    app.db
        .write(args, |tx, (name, actor)| {
            Box::pin(async move {
                let catalogue = begin(tx).await?;
                let tier = catalogue.tier(name).ok_or_else(|| unknown(name))?;
                let name = &*tier.name;
                let (count,) = fetch_one!(tx, (i64,), sql::COUNT_ACCOUNTS_OF, name)?;
                if count > 0 {
                    let users = fetch_all!(tx, (String,), sql::SELECT_ACCOUNTS_OF, name)?;
                    let users = users.into_iter().map(|(user,)| user).collect::<Vec<_>>();
                    return Err(in_use("tier", name, &users, count).into());
                }
                execute!(tx, sql::DELETE_TIER, name)?;
                let was = json!(TierView::from(tier));
                let event = Event::by(actor, EventKind::TierDeleted).subject(name).data(json!(was));
                events::record(tx, &event).await?;
                Ok::<_, TxError>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
