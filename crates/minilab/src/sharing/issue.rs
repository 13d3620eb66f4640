//! Making a link.

use serde_json::json;
use uuid::Uuid;

use crate::accounts::{self, Account, Caller};
use crate::app::App;
use crate::db::Conn;
use crate::events::{self, Event, EventKind};
use crate::http::code::Code;
use crate::http::disposition::stem;
use crate::http::problem::{Problem, TxError};
use crate::http::tag::short_tag;
use crate::ids::{AccountId, ImageId, LinkId};
use crate::images::{self, Image};
use crate::links::{self, ORIGINAL, Payload, Subject};
use crate::tiers::{Catalogue, Tier};
use crate::variants::on_demand::obtain;
use crate::variants::routes::allowed_preset;
use crate::variants::{Variant, location};
use crate::{execute, fetch_one, fetch_optional};

/// Live links of one image; more are of no use to anybody.
const LIVE_MAX: i64 = 1000;

/// A link of ours is handed out again while it lives so long.
const HANDED_LEFT_MS: i64 = 300_000;
/// And it is made for so long.
pub const HANDED_SECS: i64 = 600;

/// What link is wanted.
#[derive(Clone, Debug)]
pub struct LinkWish {
    /// A preset, or `original`.
    pub variant: String,
    pub secs: i64,
    /// Leave the place a picture was taken at in the original.
    pub keep_location: bool,
    /// For an answer of ours: needs no right to make links, and is not listed.
    pub handed: bool,
}

/// A link that was made.
pub struct Issued {
    pub id: LinkId,
    /// Absolute.
    pub url: String,
    pub expires_ms: i64,
}

/// Makes a link to `image`. The caller may see the image; what else must be is checked here.
pub async fn issue(
    app: &App,
    caller: &Caller,
    image: &Image,
    wish: LinkWish,
) -> Result<Issued, Problem> {
    if !wish.handed {
        may_share(caller.tier())?;
        check_life(caller.tier(), wish.secs)?;
    }
    let (subject, bytes, hash, format) = subject(app, caller, image, &wish).await?;
    let filename = match &subject {
        Subject::Variant { preset, .. } if preset != ORIGINAL => {
            format!("{}.{preset}.{}", stem(&image.filename), format.extension())
        }
        _ => image.filename.clone(),
    };
    // What the service hands out by itself, to visitors of the gallery too, takes nothing away.
    let delete_after_download = image.delete_after_download().filter(|_| !wish.handed);
    let LinkRow { id, expires_ms } = place(app, caller, image, wish).await?;
    let payload = Payload {
        link: id,
        expires_ms,
        original: image.blob.original(),
        subject,
        bytes,
        tag: short_tag(&hash),
        format: format.to_string(),
        filename,
        delete_after_download,
    };
    let url = app.url(&format!("/l/{}", app.seal.seal(&payload.to_bytes())));
    Ok(Issued { id, url, expires_ms })
}

/// A link's row, as its token needs it.
#[derive(Clone, Copy, sqlx::FromRow)]
struct LinkRow {
    id: LinkId,
    expires_ms: i64,
}

/// A row for the link: a new one, unless one that was handed out before will do.
async fn place(
    app: &App,
    caller: &Caller,
    image: &Image,
    wish: LinkWish,
) -> Result<LinkRow, Problem> {
    let now_ms = app.clock.now_ms();
    let row = NewLinkRow {
        link: LinkId::new(),
        account: caller.account.id,
        image: image.id,
        expires_ms: now_ms + 1000 * wish.secs,
        wish,
        now_ms,
    };
    // What takes a right away kills its links: one that lives needs no right to be read again.
    if let Some(handed) = handed(&mut app.db.read().await?, &row).await? {
        return Ok(handed);
    }
    Ok(app.db.write(row, |tx, row| Box::pin(insert(tx, row))).await?)
}

async fn handed(conn: &mut Conn, row: &NewLinkRow) -> sqlx::Result<Option<LinkRow>> {
    if !row.wish.handed {
        return Ok(None);
    }
    let (variant, until_ms) = (&*row.wish.variant, row.now_ms + HANDED_LEFT_MS);
    let sql = links::sql::SELECT_HANDED;
    fetch_optional!(conn, LinkRow, sql, row.image, row.account, variant, until_ms)
}

fn may_share(tier: &Tier) -> Result<(), Problem> {
    if tier.rights.links {
        return Ok(());
    }
    let detail = format!("the tier {:?} does not include temporary links", tier.name);
    Err(Problem::new(Code::LinksNotInTier, detail))
}

fn check_life(tier: &Tier, secs: i64) -> Result<(), Problem> {
    let (least, most) = (tier.rights.link_secs_min, tier.rights.link_secs_max);
    if (least..=most).contains(&secs) {
        return Ok(());
    }
    let detail = format!("expires_in: {secs} is not from {least} to {most} seconds");
    Err(Problem::new(Code::BadExpiry, detail).with("minimum", least).with("maximum", most))
}

type SharedBytes = (Subject, u64, Vec<u8>, pixels::Format);

/// The stored bytes that the link shows, made first if need be.
async fn subject(
    app: &App,
    caller: &Caller,
    image: &Image,
    wish: &LinkWish,
) -> Result<SharedBytes, Problem> {
    if wish.variant == ORIGINAL {
        images::routes::may_have_original(caller, image)?;
        let blob = &image.blob;
        if wish.keep_location && caller.tier().retention.location {
            let bytes = blob.bytes as u64;
            return Ok((Subject::Original, bytes, blob.hash.clone(), blob.format()?));
        }
        return match location::without(app, image).await? {
            None => Ok((Subject::Original, blob.bytes as u64, blob.hash.clone(), blob.format()?)),
            Some(variant) => of_variant(variant),
        };
    }
    let preset = allowed_preset(caller, &wish.variant)?;
    let patience = std::time::Duration::from_secs(app.config.variants.wait_secs);
    let variant = obtain(app, image.account_id, image.id, preset, patience, true).await?;
    of_variant(variant.ok_or_else(|| {
        let detail = "the variant is still being made; come again";
        Problem::new(Code::NotMadeYet, detail).retry_after(1)
    })?)
}

fn of_variant(variant: Variant) -> Result<SharedBytes, Problem> {
    let format = crate::variants::routes::parse_format(&variant)?;
    let Variant { preset, version, pixels_version, bytes, hash, .. } = variant;
    Ok((Subject::Variant { preset, version, pixels_version }, bytes as u64, hash, format))
}

#[derive(Clone)]
struct NewLinkRow {
    link: LinkId,
    account: AccountId,
    image: ImageId,
    wish: LinkWish,
    now_ms: i64,
    expires_ms: i64,
}

/// Rights cost, so they are read again here: what kills links locks the same rows, and either sees
/// this one or is seen.
async fn insert(tx: &mut Conn, row: &NewLinkRow) -> Result<LinkRow, TxError> {
    let account = fetch_one!(tx, Account, accounts::sql::LOCK, row.account)?;
    // Of those who ask at once, the first one made it.
    if let Some(handed) = handed(tx, row).await? {
        return Ok(handed);
    }
    let catalogue = Catalogue::load(tx).await?;
    let tier = catalogue.tier(&account.tier).filter(|_| !account.suspended);
    let tier = tier.ok_or_else(|| {
        TxError::Refused(Problem::new(Code::Suspended, "this account is suspended"))
    })?;
    if !row.wish.handed {
        may_share(tier).map_err(TxError::Refused)?;
    }
    let original = fetch_optional!(tx, (bool,), images::sql::LOCK_BLOB_OF, row.image)?;
    if original == Some((true,)) && row.wish.variant == ORIGINAL {
        return Err(TxError::Refused(images::discarded()));
    }
    if fetch_optional!(tx, (Uuid,), images::sql::LOCK_IMAGE, row.image)?.is_none() {
        return Err(TxError::Refused(Problem::not_found("image")));
    }
    let (live,) =
        fetch_one!(tx, (i64,), links::sql::COUNT_LIVE, row.image, row.account, row.now_ms)?;
    if live >= LIVE_MAX && !row.wish.handed {
        let detail = format!("an image has at most {LIVE_MAX} live links; revoke some first");
        let problem = Problem::new(Code::TooManyLinks, detail).with("limit", LIVE_MAX);
        return Err(TxError::Refused(problem));
    }
    execute!(
        tx,
        links::sql::INSERT,
        row.link,
        row.account,
        row.image,
        &*row.wish.variant,
        row.wish.keep_location,
        row.wish.handed,
        row.now_ms,
        row.expires_ms,
    )?;
    if !row.wish.handed {
        let event = Event::new(EventKind::LinkCreated, row.now_ms).of(row.account).image(row.image);
        events::record(tx, &event.data(json!({"link": row.link}))).await?;
    }
    Ok(LinkRow { id: row.link, expires_ms: row.expires_ms })
}
