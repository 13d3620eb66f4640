//! Code, the stable word of an error, with its status and its meaning: one table for what is answered,
//! for the description of the API and for its list in the documents.

use axum::http::StatusCode;
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($name:ident = $text:literal, $status:ident, $meaning:literal;)+) => {
        /// Code of an error. Words are never changed or used again for something else; new ones may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word as it is answered and stored.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The status it is answered with, where an answer does not choose another.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// What it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.iter().map(|code| code.as_str());
        let said =
            "Stable word of an error. New ones may come: treat one you do not know by its status.";
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
        RefOr::T(schema.description(Some(said)).into())
    }
}

impl ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
}

codes! {
    Unauthorized = "unauthorized", UNAUTHORIZED, "There is no key, session or token, or it is not valid any more.";
    WrongPassword = "wrong_password", UNAUTHORIZED, "The name or the password is wrong.";
    OutOfScope = "out_of_scope", FORBIDDEN, "The key does not have the scope that this needs.";
    NotAdmin = "not_admin", FORBIDDEN, "Only admins may do this.";
    Suspended = "suspended", FORBIDDEN, "The account is suspended.";
    Anonymous = "anonymous", FORBIDDEN, "Callers without an account may not do this, and their account stays as it is (then 422).";
    UploadLinkOnly = "upload_link_only", FORBIDDEN, "The holder of an upload link may not do this.";
    NotAnUploadLink = "not_an_upload_link", FORBIDDEN, "Only the holder of an upload link may do this.";
    CrossSite = "cross_site", FORBIDDEN, "A page of another site sent this request.";
    UnknownHost = "unknown_host", BAD_REQUEST, "The service is not known under this host; the setting `hosts` names those it answers to.";
    TwoHosts = "two_hosts", BAD_REQUEST, "The request names more than one host.";
    NotFound = "not_found", NOT_FOUND, "There is no such thing, or it is somebody else's.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The address does not know the method.";
    BrokenJson = "broken_json", BAD_REQUEST, "The body is not JSON.";
    BrokenBody = "broken_body", BAD_REQUEST, "The body ended early or cannot be taken apart.";
    NotJson = "not_json", UNSUPPORTED_MEDIA_TYPE, "The `Content-Type` of the body is not JSON.";
    BadBody = "bad_body", UNPROCESSABLE_ENTITY, "The body is not what this operation reads; `detail` names the member.";
    BadText = "bad_text", UNPROCESSABLE_ENTITY, "A text holds characters that no field takes.";
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "Members have wrong values; `problems` lists them all.";
    BadQuery = "bad_query", UNPROCESSABLE_ENTITY, "A query parameter is unknown or has a wrong value.";
    BadFilter = "bad_filter", UNPROCESSABLE_ENTITY, "A filter has a word or a value that it cannot have.";
    BadPage = "bad_page", UNPROCESSABLE_ENTITY, "The cursor or the limit of a list is not valid.";
    BadIds = "bad_ids", UNPROCESSABLE_ENTITY, "There are no ids, or too many.";
    BadRange = "bad_range", RANGE_NOT_SATISFIABLE, "The range lies outside of the bytes there are.";
    BadName = "bad_name", UNPROCESSABLE_ENTITY, "The name cannot be taken.";
    BadDeleteAfter = "bad_delete_after", UNPROCESSABLE_ENTITY, "`delete_after` is no duration or moment that can be meant.";
    BadExpiry = "bad_expiry", UNPROCESSABLE_ENTITY, "A link cannot end then.";
    BadIdempotencyKey = "bad_idempotency_key", UNPROCESSABLE_ENTITY, "The `Idempotency-Key` is empty, too long, or holds characters it cannot hold.";
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The `Idempotency-Key` was used for another request.";
    RequestInFlight = "request_in_flight", CONFLICT, "A request with this `Idempotency-Key` is under way.";
    NameTaken = "name_taken", CONFLICT, "The name is taken.";
    UnknownTier = "unknown_tier", UNPROCESSABLE_ENTITY, "There is no tier of that name.";
    InUse = "in_use", CONFLICT, "It is used; `used_by` says by what.";
    LastAdmin = "last_admin", CONFLICT, "It is the last admin.";
    AccountNotEmpty = "account_not_empty", CONFLICT, "The account has images or upload links.";
    WeakPassword = "weak_password", UNPROCESSABLE_ENTITY, "The password is too short, too long or too common.";
    NoTokens = "no_tokens", UNPROCESSABLE_ENTITY, "What the request showed is not an access token.";
    SetupOver = "setup_over", GONE, "The first admin was made, or the set-up link has ended.";
    TooManyKeys = "too_many_keys", FORBIDDEN, "The account has as many keys as it may.";
    TooManyLinks = "too_many_links", FORBIDDEN, "The account has as many open links as it may.";
    QuotaReached = "quota_reached", FORBIDDEN, "The library is full.";
    PresetNotInTier = "preset_not_in_tier", FORBIDDEN, "The account's tier does not have the preset.";
    OriginalNotInTier = "original_not_in_tier", FORBIDDEN, "The account's tier does not hand out originals.";
    LinksNotInTier = "links_not_in_tier", FORBIDDEN, "The account's tier has no temporary links.";
    UploadLinksNotInTier = "upload_links_not_in_tier", FORBIDDEN, "The account's tier has no upload links.";
    UnsupportedFormat = "unsupported_format", UNSUPPORTED_MEDIA_TYPE, "The format of the picture is known, and not supported.";
    NotAnImage = "not_an_image", UNPROCESSABLE_ENTITY, "The file is no picture.";
    MalformedImage = "malformed_image", UNPROCESSABLE_ENTITY, "The picture is broken.";
    Truncated = "truncated", UNPROCESSABLE_ENTITY, "The picture is cut off.";
    OverLimit = "over_limit", UNPROCESSABLE_ENTITY, "The picture has more pixels, frames or notes than are allowed.";
    OverByteBudget = "over_byte_budget", UNPROCESSABLE_ENTITY, "A variant cannot be made as small as its preset says.";
    EncodeFailed = "encode_failed", UNPROCESSABLE_ENTITY, "A variant could not be written in its format.";
    EmptyFile = "empty_file", UNPROCESSABLE_ENTITY, "The file has no bytes.";
    NoFile = "no_file", UNPROCESSABLE_ENTITY, "There is no file in the request.";
    AllRejected = "all_rejected", UNPROCESSABLE_ENTITY, "Every file was refused; `items` says why.";
    FormatNotInLink = "format_not_in_link", UNSUPPORTED_MEDIA_TYPE, "The upload link does not take this format.";
    TooLarge = "too_large", PAYLOAD_TOO_LARGE, "The file or the body has more bytes than are allowed.";
    BatchTooLarge = "batch_too_large", PAYLOAD_TOO_LARGE, "The request brings more bytes than one may.";
    TooManyFiles = "too_many_files", PAYLOAD_TOO_LARGE, "The request brings more files than one may.";
    TooManyInputs = "too_many_inputs", PAYLOAD_TOO_LARGE, "The form has too many inputs beside its files.";
    InputsTooLarge = "inputs_too_large", PAYLOAD_TOO_LARGE, "The form has too many bytes beside its files.";
    TooSlow = "too_slow", REQUEST_TIMEOUT, "The body came too slowly.";
    UploadLinkFull = "upload_link_full", FORBIDDEN, "The upload link takes no more pictures, or not one of this size.";
    UploadLinkClosed = "upload_link_closed", GONE, "The upload link is closed: its maker cannot take pictures.";
    UploadLinkExpired = "upload_link_expired", GONE, "The upload link has ended.";
    UploadLinkRevoked = "upload_link_revoked", GONE, "The upload link was revoked; it cannot be changed either (then 409).";
    ImageFailed = "image_failed", UNPROCESSABLE_ENTITY, "The image could not be developed; `cause` says why.";
    VariantFailed = "variant_failed", UNPROCESSABLE_ENTITY, "The variant could not be made.";
    NotMadeYet = "not_made_yet", CONFLICT, "The variant is not made yet; come again.";
    LocationStays = "location_stays", UNPROCESSABLE_ENTITY, "The place cannot be taken out of this original; say `keep_location` to share it as it is.";
    OriginalDiscarded = "original_discarded", GONE, "The tier does not keep originals.";
    OriginalLost = "original_lost", GONE, "The stored original is missing; uploading the same file puts it back.";
    OriginalDamaged = "original_damaged", INTERNAL_SERVER_ERROR, "The stored original is damaged; uploading the same file puts it back.";
    VariantLost = "variant_lost", GONE, "The variant was lost, and there is no original to make it from again.";
    ForgedLink = "forged_link", FORBIDDEN, "The link was not made here, or was changed.";
    LinkExpired = "link_expired", GONE, "The link has ended.";
    LinkRevoked = "link_revoked", GONE, "The link was revoked.";
    InGallery = "in_gallery", CONFLICT, "The image is in the gallery already.";
    RankTooLow = "rank_too_low", FORBIDDEN, "The gallery shows this to higher tiers.";
    TooManyTries = "too_many_tries", TOO_MANY_REQUESTS, "Too many tries to sign in.";
    TooManySignIns = "too_many_sign_ins", TOO_MANY_REQUESTS, "Too many are signing in at this moment.";
    TooManyListings = "too_many_listings", TOO_MANY_REQUESTS, "Too many lists at once, of this account or of all (then 503).";
    TooManyWaiting = "too_many_waiting", TOO_MANY_REQUESTS, "Too many wait for pictures, of this account or in all (then 503).";
    TooManyStreams = "too_many_streams", TOO_MANY_REQUESTS, "Too many streams of events are open, of this account or of all (then 503).";
    TooManyZips = "too_many_zips", TOO_MANY_REQUESTS, "Too many zip files are being downloaded, by this account or by all (then 503).";
    Busy = "busy", SERVICE_UNAVAILABLE, "Too much is being sent at this moment.";
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "The service is starting or stopping.";
    DatabaseAway = "database_away", SERVICE_UNAVAILABLE, "The database does not answer for a moment.";
    TooSlowQuery = "too_slow_query", SERVICE_UNAVAILABLE, "This takes too long now.";
    DiskFull = "disk_full", INSUFFICIENT_STORAGE, "There is no room on the disk.";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "Something went wrong here; the log has it under the request id.";
}
