-- What is known of a job, beside what is to be done: why its last try failed, and how many processes ended
-- with it in hand.
ALTER TABLE jobs ADD COLUMN cause TEXT;
ALTER TABLE jobs ADD COLUMN kills INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET cause = substr(error, 1, instr(error, ': ') - 1) WHERE state = 'failed' AND error LIKE '%: %';

-- Whoever looks for what is rare finds it; what ended well is found by walking back from the newest.
CREATE INDEX jobs_unsucceeded ON jobs (state, id) WHERE state <> 'succeeded';
CREATE INDEX jobs_cause ON jobs (cause, id) WHERE cause IS NOT NULL;
CREATE INDEX jobs_account ON jobs (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX jobs_held ON jobs (worker) WHERE state = 'started';
DROP INDEX jobs_finished;
CREATE INDEX jobs_finished ON jobs (finished_ms) WHERE state IN ('succeeded', 'cancelled');

-- One row for each try that ended. The one under way is the row of its job.
CREATE TABLE attempts (
    job_id      BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    lease       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    worker      TEXT NOT NULL,
    waited_ms   INTEGER NOT NULL,
    claimed_ms  INTEGER NOT NULL,
    ended_ms    INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    cause       TEXT,
    detail      TEXT,
    words       TEXT,
    stages      TEXT NOT NULL,
    PRIMARY KEY (job_id, lease)
) WITHOUT ROWID;

-- Who wants what a job makes, each from when they asked: `tries_before` were made for others. The id is the
-- job's for its asker, and tells nothing of others.
CREATE TABLE askers (
    id            BLOB PRIMARY KEY,
    job_id        BLOB NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    account_id    BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    image_id      BLOB NOT NULL,
    asked_ms      INTEGER NOT NULL,
    tries_before  INTEGER NOT NULL,
    cancelled_ms  INTEGER,
    UNIQUE (job_id, account_id, image_id)
);
CREATE INDEX askers_account ON askers (account_id, id);
CREATE INDEX askers_image ON askers (image_id, id);

-- What is not to be done for now: 'all', a kind of job, 'account:ID' or 'worker:NAME'.
CREATE TABLE pauses (
    subject     TEXT PRIMARY KEY,
    reason      TEXT NOT NULL,
    until_ms    INTEGER,
    actor_id    BLOB NOT NULL,
    created_ms  INTEGER NOT NULL
);

-- Processes that work on jobs. One that is not seen for two leases has gone.
CREATE TABLE workers (
    name        TEXT PRIMARY KEY,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    version     TEXT NOT NULL,
    role        TEXT NOT NULL,
    kinds       TEXT NOT NULL,
    slots       INTEGER NOT NULL,
    doing       TEXT NOT NULL,
    started_ms  INTEGER NOT NULL,
    seen_ms     INTEGER NOT NULL,
    stopped_ms  INTEGER
);

-- What people had done to many jobs at once, and how far it has got.
CREATE TABLE actions (
    id           BLOB PRIMARY KEY,
    account_id   BLOB NOT NULL,
    verb         TEXT NOT NULL,
    selection    TEXT NOT NULL,
    is_admin     BOOLEAN NOT NULL,
    counted      INTEGER NOT NULL,
    done         INTEGER NOT NULL,
    after_id     BLOB NOT NULL,
    created_ms   INTEGER NOT NULL,
    ended_ms     INTEGER
);
CREATE INDEX actions_account ON actions (account_id, id);

-- What one account reads of the feed.
CREATE INDEX events_account ON events (account_id, seq) WHERE actor_id IS NULL AND seq IS NOT NULL;
