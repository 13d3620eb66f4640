//! Kind of an event, and the word it is stored as.

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Kind of an event. Words are never changed; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $name,)+
        }

        impl EventKind {
            /// The word in the row and in what readers are told.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

kinds! {
    /// All variants that an image was to have from the beginning are made.
    ImageReady = "image.ready",
    /// It cannot be developed; `code` says why.
    ImageFailed = "image.failed",
    /// Its owner, or an admin with the account, deleted it.
    ImageDeleted = "image.deleted",
    /// Its time was over, or it was downloaded and was to go then.
    ImageExpired = "image.expired",
    LinkCreated = "link.create",
    LinkRevoked = "link.revoke",
    UploadLinkCreated = "upload_link.create",
    /// Its label, bounds or end; or its token (`"token":true`).
    UploadLinkChanged = "upload_link.change",
    UploadLinkRevoked = "upload_link.revoke",
    AccountCreated = "account.create",
    AccountChanged = "account.change",
    /// A key was made for it from the shell.
    AccountKeyMade = "account.key",
    /// It is suspended, and its images are being deleted.
    AccountDeletionBegun = "account.delete_begin",
    AccountDeleted = "account.delete",
    TierCreated = "tier.create",
    TierChanged = "tier.change",
    TierDeleted = "tier.delete",
    PresetCreated = "preset.create",
    PresetChanged = "preset.change",
    PresetDeleted = "preset.delete",
    GalleryItemCreated = "gallery.create",
    GalleryItemChanged = "gallery.change",
    GalleryItemDeleted = "gallery.delete",
    /// An admin had jobs tried again; `selection` says which, `count` how many.
    JobsRetried = "jobs.retry",
    JobsCancelled = "jobs.cancel",
    JobsPaused = "jobs.pause",
    JobsResumed = "jobs.resume",
}
