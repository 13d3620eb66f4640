//! Typed ids: an id of one kind is never taken for one of another.
//!
//! All are UUIDs: in the database and in JSON they look like any other. New ones are of version 7, so that
//! they sort by age.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::db::Arg;

/// An id that may stand in an address.
pub trait Id: From<Uuid> {
    /// The word for what it names, as callers read it when there is none.
    const NOUN: &'static str;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            IntoParams, sqlx::Type,
        )]
        #[into_params(names("id"), parameter_in = Path)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, later than all before it.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The one that comes before all others and names nothing.
            pub const fn nil() -> Self {
                Self(Uuid::nil())
            }

            /// The id that a UUID is.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The plain UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The form without hyphens.
            pub fn simple(self) -> uuid::fmt::Simple {
                self.0.simple()
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl Id for $name {
            const NOUN: &'static str = $noun;
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<$name> for Arg {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// Account: whoever owns images.
    AccountId = "account";
    /// Image: what an account has.
    ImageId = "image";
    /// Blob: an original and all that is made of it.
    BlobId = "blob";
    /// Temporary link to the bytes of an image.
    LinkId = "link";
    /// Upload link, through which others bring pictures.
    UploadLinkId = "upload link";
    /// Scope: where the same bytes are looked for, an account or an upload link.
    ScopeId = "scope";
    /// Item of the gallery.
    ItemId = "gallery item";
    /// Key of an account, by which programs call.
    KeyId = "key";
    /// Job: a row of the queue.
    JobId = "job";
    /// Action: what somebody wants done to many jobs.
    ActionId = "action";
}

impl From<AccountId> for ScopeId {
    fn from(account: AccountId) -> Self {
        Self(account.0)
    }
}

impl From<UploadLinkId> for ScopeId {
    fn from(link: UploadLinkId) -> Self {
        Self(link.0)
    }
}
