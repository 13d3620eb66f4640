-- Times are milliseconds since 1970 UTC; ids are UUIDv7, so they sort by age.

-- One row: which lab this is. The blobs' folder carries the same id.
CREATE TABLE lab (
    id  BLOB PRIMARY KEY
);

CREATE TABLE presets (
    name         TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    fit          TEXT NOT NULL,
    width        INTEGER,
    height       INTEGER,
    exact        BOOLEAN NOT NULL,
    enlarge      BOOLEAN NOT NULL,
    format       TEXT NOT NULL,
    quality      INTEGER NOT NULL,
    animation    TEXT NOT NULL,
    background   TEXT NOT NULL,
    byte_budget  INTEGER,
    eager        BOOLEAN NOT NULL
);

CREATE TABLE tiers (
    name              TEXT PRIMARY KEY,
    alias             TEXT UNIQUE,
    rank              INTEGER NOT NULL,
    images_max        INTEGER,
    upload_bytes_max  INTEGER NOT NULL,
    original          BOOLEAN NOT NULL,
    links             BOOLEAN NOT NULL,
    link_secs_min     INTEGER NOT NULL,
    link_secs_max     INTEGER NOT NULL,
    webhooks          BOOLEAN NOT NULL,
    upload_links      BOOLEAN NOT NULL,
    emoji             BOOLEAN NOT NULL,
    watermark         BOOLEAN NOT NULL
);

CREATE TABLE tier_presets (
    tier    TEXT NOT NULL REFERENCES tiers (name) ON DELETE CASCADE,
    preset  TEXT NOT NULL REFERENCES presets (name),
    PRIMARY KEY (tier, preset)
);

CREATE TABLE accounts (
    id          BLOB PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    tier        TEXT NOT NULL REFERENCES tiers (name),
    is_admin    BOOLEAN NOT NULL,
    suspended   BOOLEAN NOT NULL,
    created_ms  INTEGER NOT NULL
);

CREATE TABLE api_keys (
    id           BLOB PRIMARY KEY,
    account_id   BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    secret_hash  BLOB NOT NULL,
    created_ms   INTEGER NOT NULL,
    revoked_ms   INTEGER
);
CREATE INDEX api_keys_account ON api_keys (account_id);

-- One row for each physical original. A blob marked for deletion is never revived: the same bytes
-- coming in again get a new row with a new generation.
CREATE TABLE blobs (
    id           BLOB PRIMARY KEY,
    hash         BLOB NOT NULL,
    generation   BLOB NOT NULL UNIQUE,
    bytes        INTEGER NOT NULL,
    doomed       BOOLEAN NOT NULL,
    format       TEXT NOT NULL,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    frames       INTEGER NOT NULL,
    orientation  INTEGER NOT NULL,
    has_alpha    BOOLEAN NOT NULL,
    decode_bytes INTEGER NOT NULL,
    make         TEXT,
    model        TEXT,
    lens         TEXT,
    taken_at     TEXT,
    exposure     TEXT,
    gps_lat      REAL,
    gps_lon      REAL,
    created_ms   INTEGER NOT NULL
);
CREATE UNIQUE INDEX blobs_live_hash ON blobs (hash) WHERE NOT doomed;

-- scope is what de-duplication looks at: the owner, or the upload link it came through.
CREATE TABLE images (
    id            BLOB PRIMARY KEY,
    account_id    BLOB NOT NULL REFERENCES accounts (id),
    blob_id       BLOB NOT NULL REFERENCES blobs (id),
    scope_id      BLOB NOT NULL,
    filename      TEXT NOT NULL,
    state         TEXT NOT NULL,
    error_code    TEXT,
    error_detail  TEXT,
    created_ms    INTEGER NOT NULL,
    ready_ms      INTEGER,
    UNIQUE (scope_id, blob_id)
);
CREATE INDEX images_account ON images (account_id, id);
CREATE INDEX images_blob ON images (blob_id);

CREATE TABLE variants (
    blob_id         BLOB NOT NULL REFERENCES blobs (id),
    preset          TEXT NOT NULL,
    version         INTEGER NOT NULL,
    pixels_version  INTEGER NOT NULL,
    format          TEXT NOT NULL,
    width           INTEGER NOT NULL,
    height          INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    hash            BLOB NOT NULL,
    created_ms      INTEGER NOT NULL,
    PRIMARY KEY (blob_id, preset, version, pixels_version)
);

-- Who asked for a preset that is not made at upload. Until they did, it is not there for them, even
-- when another owner of the same bytes had it made.
CREATE TABLE asked (
    image_id  BLOB NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    preset    TEXT NOT NULL,
    PRIMARY KEY (image_id, preset)
);

-- Each change appends its deltas in its own transaction; housekeeping folds them. What is
-- counted is the sum of both, so no writer ever waits for a hot row.
CREATE TABLE counters (
    scope  TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE TABLE counter_deltas (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    scope  TEXT NOT NULL,
    name   TEXT NOT NULL,
    delta  INTEGER NOT NULL
);
CREATE INDEX counter_deltas_scope ON counter_deltas (scope, name);

CREATE TABLE jobs (
    id              BLOB PRIMARY KEY,
    kind            TEXT NOT NULL,
    payload         TEXT NOT NULL,
    account_id      BLOB,
    blob_id         BLOB,
    unique_key      TEXT,
    state           TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    vtime           INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    run_at_ms       INTEGER NOT NULL,
    lease           INTEGER NOT NULL,
    lease_until_ms  INTEGER,
    worker          TEXT,
    error           TEXT,
    created_ms      INTEGER NOT NULL,
    started_ms      INTEGER,
    finished_ms     INTEGER
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
