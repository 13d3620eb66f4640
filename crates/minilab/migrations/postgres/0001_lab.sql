-- Times are milliseconds since 1970 UTC; ids are UUIDv7, so they sort by age.

-- One row: which lab this is. The blobs' folder carries the same id.
CREATE TABLE lab (
    id  UUID PRIMARY KEY
);

CREATE TABLE presets (
    name         TEXT COLLATE "C" PRIMARY KEY,
    version      BIGINT NOT NULL,
    fit          TEXT COLLATE "C" NOT NULL,
    width        BIGINT,
    height       BIGINT,
    exact        BOOLEAN NOT NULL,
    enlarge      BOOLEAN NOT NULL,
    format       TEXT COLLATE "C" NOT NULL,
    quality      BIGINT NOT NULL,
    animation    TEXT COLLATE "C" NOT NULL,
    background   TEXT COLLATE "C" NOT NULL,
    byte_budget  BIGINT,
    eager        BOOLEAN NOT NULL
);

CREATE TABLE tiers (
    name              TEXT COLLATE "C" PRIMARY KEY,
    alias             TEXT COLLATE "C" UNIQUE,
    rank              BIGINT NOT NULL,
    images_max        BIGINT,
    upload_bytes_max  BIGINT NOT NULL,
    original          BOOLEAN NOT NULL,
    links             BOOLEAN NOT NULL,
    link_secs_min     BIGINT NOT NULL,
    link_secs_max     BIGINT NOT NULL,
    webhooks          BOOLEAN NOT NULL,
    upload_links      BOOLEAN NOT NULL,
    emoji             BOOLEAN NOT NULL,
    watermark         BOOLEAN NOT NULL
);

CREATE TABLE tier_presets (
    tier    TEXT COLLATE "C" NOT NULL REFERENCES tiers (name) ON DELETE CASCADE,
    preset  TEXT COLLATE "C" NOT NULL REFERENCES presets (name),
    PRIMARY KEY (tier, preset)
);

CREATE TABLE accounts (
    id          UUID PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL UNIQUE,
    tier        TEXT COLLATE "C" NOT NULL REFERENCES tiers (name),
    is_admin    BOOLEAN NOT NULL,
    suspended   BOOLEAN NOT NULL,
    created_ms  BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id           UUID PRIMARY KEY,
    account_id   UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash  BYTEA NOT NULL,
    created_ms   BIGINT NOT NULL,
    revoked_ms   BIGINT
);
CREATE INDEX api_keys_account ON api_keys (account_id);

-- One row for each physical original. A blob marked for deletion is never revived: the same bytes
-- coming in again get a new row with a new generation.
CREATE TABLE blobs (
    id           UUID PRIMARY KEY,
    hash         BYTEA NOT NULL,
    generation   UUID NOT NULL UNIQUE,
    bytes        BIGINT NOT NULL,
    doomed       BOOLEAN NOT NULL,
    format       TEXT COLLATE "C" NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    frames       BIGINT NOT NULL,
    orientation  BIGINT NOT NULL,
    has_alpha    BOOLEAN NOT NULL,
    decode_bytes BIGINT NOT NULL,
    make         TEXT COLLATE "C",
    model        TEXT COLLATE "C",
    lens         TEXT COLLATE "C",
    taken_at     TEXT COLLATE "C",
    exposure     TEXT COLLATE "C",
    gps_lat      DOUBLE PRECISION,
    gps_lon      DOUBLE PRECISION,
    created_ms   BIGINT NOT NULL
);
CREATE UNIQUE INDEX blobs_live_hash ON blobs (hash) WHERE NOT doomed;

-- scope is what de-duplication looks at: the owner, or the upload link it came through.
CREATE TABLE images (
    id            UUID PRIMARY KEY,
    account_id    UUID NOT NULL REFERENCES accounts (id),
    blob_id       UUID NOT NULL REFERENCES blobs (id),
    scope_id      UUID NOT NULL,
    filename      TEXT COLLATE "C" NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    error_code    TEXT COLLATE "C",
    error_detail  TEXT COLLATE "C",
    created_ms    BIGINT NOT NULL,
    ready_ms      BIGINT,
    UNIQUE (scope_id, blob_id)
);
CREATE INDEX images_account ON images (account_id, id);
CREATE INDEX images_blob ON images (blob_id);

CREATE TABLE variants (
    blob_id         UUID NOT NULL REFERENCES blobs (id),
    preset          TEXT COLLATE "C" NOT NULL,
    version         BIGINT NOT NULL,
    pixels_version  BIGINT NOT NULL,
    format          TEXT COLLATE "C" NOT NULL,
    width           BIGINT NOT NULL,
    height          BIGINT NOT NULL,
    bytes           BIGINT NOT NULL,
    hash            BYTEA NOT NULL,
    created_ms      BIGINT NOT NULL,
    PRIMARY KEY (blob_id, preset, version, pixels_version)
);

-- Who asked for a preset that is not made at upload. Until they did, it is not there for them, even
-- when another owner of the same bytes had it made.
CREATE TABLE asked (
    image_id  UUID NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    preset    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (image_id, preset)
);

-- Each change appends its deltas in its own transaction; housekeeping folds them. What is
-- counted is the sum of both, so no writer ever waits for a hot row.
CREATE TABLE counters (
    scope  TEXT COLLATE "C" NOT NULL,
    name   TEXT COLLATE "C" NOT NULL,
    value  BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE TABLE counter_deltas (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope  TEXT COLLATE "C" NOT NULL,
    name   TEXT COLLATE "C" NOT NULL,
    delta  BIGINT NOT NULL
);
CREATE INDEX counter_deltas_scope ON counter_deltas (scope, name);

CREATE TABLE jobs (
    id              UUID PRIMARY KEY,
    kind            TEXT COLLATE "C" NOT NULL,
    payload         TEXT COLLATE "C" NOT NULL,
    account_id      UUID,
    blob_id         UUID,
    unique_key      TEXT COLLATE "C",
    state           TEXT COLLATE "C" NOT NULL,
    priority        BIGINT NOT NULL,
    vtime           BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    run_at_ms       BIGINT NOT NULL,
    lease           BIGINT NOT NULL,
    lease_until_ms  BIGINT,
    worker          TEXT COLLATE "C",
    error           TEXT COLLATE "C",
    created_ms      BIGINT NOT NULL,
    started_ms      BIGINT,
    finished_ms     BIGINT
);
CREATE UNIQUE INDEX jobs_live_key ON jobs (unique_key)
    WHERE state IN ('pending', 'retry', 'started');
CREATE INDEX jobs_key ON jobs (unique_key);
CREATE INDEX jobs_waiting ON jobs (priority, vtime, id) WHERE state IN ('pending', 'retry');
CREATE INDEX jobs_account_vtime ON jobs (account_id, vtime)
    WHERE state IN ('pending', 'retry', 'started');
CREATE INDEX jobs_leased ON jobs (lease_until_ms) WHERE state = 'started';
CREATE INDEX jobs_blob ON jobs (blob_id) WHERE state IN ('pending', 'retry', 'started');
CREATE INDEX jobs_finished ON jobs (finished_ms) WHERE finished_ms IS NOT NULL;
