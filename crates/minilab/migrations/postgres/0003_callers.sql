-- Everything that proves who calls is `mlX_<id>_<secret>`, with only a hash of the secret kept: API keys,
-- cookies of browsers, access and refresh tokens. What one sign-in made is one family.
ALTER TABLE api_keys RENAME TO credentials;
ALTER TABLE credentials ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'key';
ALTER TABLE credentials ADD COLUMN family_id UUID;
ALTER TABLE credentials ADD COLUMN name TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN scopes TEXT COLLATE "C" NOT NULL DEFAULT 'read write admin';
ALTER TABLE credentials ADD COLUMN expires_ms BIGINT;
ALTER TABLE credentials ADD COLUMN last_used_ms BIGINT;
-- A refresh token is good for one use.
ALTER TABLE credentials ADD COLUMN spent_ms BIGINT;
CREATE INDEX credentials_family ON credentials (family_id) WHERE family_id IS NOT NULL;
CREATE INDEX credentials_expires ON credentials (expires_ms) WHERE expires_ms IS NOT NULL;

ALTER TABLE accounts ADD COLUMN password_hash TEXT COLLATE "C";

-- Links to make the first admin with.
CREATE TABLE setups (
    id           UUID PRIMARY KEY,
    secret_hash  BYTEA NOT NULL,
    expires_ms   BIGINT NOT NULL
);

-- Raised by every change of a tier or a preset. The key that temporary links are sealed with has a name,
-- so that a machine with another lab's secrets is found out.
ALTER TABLE lab ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE lab ADD COLUMN seal_key TEXT COLLATE "C";
-- Variants of all images were looked at since `pixels` had this version.
ALTER TABLE lab ADD COLUMN pixels_version BIGINT NOT NULL DEFAULT 0;

-- The last version of every preset there ever was: a name that comes back starts behind it.
CREATE TABLE preset_versions (
    name     TEXT COLLATE "C" PRIMARY KEY,
    version  BIGINT NOT NULL
);
INSERT INTO preset_versions (name, version) SELECT name, version FROM presets;

-- What an image's owner has of its variants. Counted per account.
ALTER TABLE images ADD COLUMN variant_bytes BIGINT NOT NULL DEFAULT 0;

-- Temporary links. Rows outlive the image: `dead_ms` is what every process's deny list is made from.
-- A handed link was made by the service for one of its answers; owners do not see those.
CREATE TABLE links (
    id             UUID PRIMARY KEY,
    account_id     UUID NOT NULL,
    image_id       UUID NOT NULL,
    variant        TEXT COLLATE "C" NOT NULL,
    keep_location  BOOLEAN NOT NULL,
    handed         BOOLEAN NOT NULL,
    created_ms     BIGINT NOT NULL,
    expires_ms     BIGINT NOT NULL,
    dead_ms        BIGINT
);
CREATE INDEX links_image ON links (image_id, id);
CREATE INDEX links_account ON links (account_id);
CREATE INDEX links_dead ON links (dead_ms) WHERE dead_ms IS NOT NULL;
CREATE INDEX links_expires ON links (expires_ms);

-- The curated collection.
CREATE TABLE gallery (
    id          UUID PRIMARY KEY,
    image_id    UUID NOT NULL UNIQUE REFERENCES images (id),
    title       TEXT COLLATE "C" NOT NULL,
    rank        BIGINT NOT NULL,
    active      BOOLEAN NOT NULL,
    position    BIGINT NOT NULL,
    tags        TEXT COLLATE "C" NOT NULL,
    created_ms  BIGINT NOT NULL
);
CREATE INDEX gallery_order ON gallery (position, id) WHERE active;

-- What admins changed.
CREATE TABLE audit (
    id          UUID PRIMARY KEY,
    at_ms       BIGINT NOT NULL,
    account     TEXT COLLATE "C" NOT NULL,
    request_id  TEXT COLLATE "C",
    action      TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    detail      TEXT COLLATE "C" NOT NULL
);
