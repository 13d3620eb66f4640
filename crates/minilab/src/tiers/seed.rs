//! The presets and tiers that a new lab starts with. From then on they are rows.

use pixels::{Animation, Fit, OutputFormat, Recipe};

use uuid::Uuid;

use super::write::{put_preset, put_tier};
use super::{Preset, Retention, Rights, Tier, Truncated, sql};
use crate::db::Db;
use crate::{execute, fetch_one};

const MIB: u64 = 1024 * 1024;

pub fn presets() -> Vec<Preset> {
    let inside = |width, height, format| Recipe {
        fit: Fit::Inside,
        width,
        height,
        format,
        ..Recipe::default()
    };
    let eager = |name: &str, recipe| Preset { name: name.into(), version: 1, recipe, eager: true };
    let lazy = |name: &str, recipe| Preset { name: name.into(), version: 1, recipe, eager: false };
    vec![
        eager(
            "thumb",
            Recipe {
                fit: Fit::Cover,
                animation: Animation::First,
                ..inside(Some(100), Some(100), OutputFormat::Jpeg)
            },
        ),
        eager(
            "preview",
            Recipe {
                animation: Animation::First,
                ..inside(Some(100), Some(100), OutputFormat::WebP)
            },
        ),
        eager("h200", inside(None, Some(200), OutputFormat::Source)),
        eager("h400", inside(None, Some(400), OutputFormat::Source)),
        lazy(
            "emoji",
            Recipe {
                fit: Fit::Contain,
                exact: true,
                byte_budget: Some(256 * 1024),
                ..inside(Some(100), Some(100), OutputFormat::Gif)
            },
        ),
        lazy("display", inside(Some(2048), Some(2048), OutputFormat::Source)),
    ]
}

pub fn tiers() -> Vec<Tier> {
    let none = Rights {
        original: false,
        links: false,
        link_secs_min: 300,
        link_secs_max: 30_000,
        upload_links: false,
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let all = names(&["display", "emoji", "h200", "h400", "preview", "thumb"]);
    vec![
        Tier {
            name: "free".into(),
            alias: Some("basic".into()),
            rank: 1,
            images_max: Some(5),
            upload_bytes_max: 10 * MIB,
            retention: Retention::EVERYTHING,
            truncated: Truncated::Accept,
            rights: none.clone(),
            presets: names(&["emoji", "h200", "preview", "thumb"]),
        },
        Tier {
            name: "premium".into(),
            alias: Some("professional".into()),
            rank: 2,
            images_max: Some(100),
            upload_bytes_max: 10 * MIB,
            retention: Retention::EVERYTHING,
            truncated: Truncated::Accept,
            rights: Rights { original: true, ..none.clone() },
            presets: all.clone(),
        },
        Tier {
            name: "business".into(),
            alias: Some("enterprise".into()),
            rank: 3,
            images_max: None,
            upload_bytes_max: 50 * MIB,
            retention: Retention::EVERYTHING,
            truncated: Truncated::Accept,
            rights: Rights { original: true, links: true, upload_links: true, ..none },
            presets: all,
        },
    ]
}

/// Fills a new database. Does nothing once there is a tier.
pub async fn plant(db: &Db) -> sqlx::Result<()> {
    db.write((presets(), tiers()), |tx, (presets, tiers)| {
        Box::pin(async move {
            let (count,) = fetch_one!(tx, (i64,), sql::COUNT_TIERS)?;
            if count > 0 {
                return Ok(());
            }
            // There is nothing yet that older `pixels` made.
            execute!(tx, sql::INSERT_LAB, Uuid::new_v4(), i64::from(pixels::VERSION))?;
            for preset in presets {
                put_preset(tx, preset).await?;
            }
            for tier in tiers {
                put_tier(tx, tier).await?;
            }
            Ok(())
        })
    })
    .await
}
