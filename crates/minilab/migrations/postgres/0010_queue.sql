-- What is known of a job, beside what is to be done: why its last try failed, and how many processes ended
-- with it in hand.
ALTER TABLE jobs ADD COLUMN cause TEXT COLLATE "C";
ALTER TABLE jobs ADD COLUMN kills BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET cause = split_part(error, ': ', 1) WHERE state = 'failed' AND error LIKE '%: %';

-- Whoever looks for what is rare finds it; what ended well is found by walking back from the newest.
CREATE INDEX jobs_unsucceeded ON jobs (state, id) WHERE state <> 'succeeded';
CREATE INDEX jobs_cause ON jobs (cause, id) WHERE cause IS NOT NULL;
CREATE INDEX jobs_account ON jobs (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX jobs_held ON jobs (worker) WHERE state = 'started';
DROP INDEX jobs_finished;
CREATE INDEX jobs_finished ON jobs (finished_ms) WHERE state IN ('succeeded', 'cancelled');

-- One row for each try that ended. The one under way is the row of its job.
CREATE TABLE attempts (
    job_id      UUID NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    lease       BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    worker      TEXT COLLATE "C" NOT NULL,
    waited_ms   BIGINT NOT NULL,
    claimed_ms  BIGINT NOT NULL,
    ended_ms    BIGINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    cause       TEXT COLLATE "C",
    detail      TEXT COLLATE "C",
    words       TEXT COLLATE "C",
    stages      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job_id, lease)
);

-- Who wants what a job makes, each from when they asked: `tries_before` were made for others. The id is the
-- job's for its asker, and tells nothing of others.
CREATE TABLE askers (
    id            UUID PRIMARY KEY,
    job_id        UUID NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    account_id    UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    image_id      UUID NOT NULL,
    asked_ms      BIGINT NOT NULL,
    tries_before  BIGINT NOT NULL,
    cancelled_ms  BIGINT,
    UNIQUE (job_id, account_id, image_id)
);
CREATE INDEX askers_account ON askers (account_id, id);
CREATE INDEX askers_image ON askers (image_id, id);

-- What is not to be done for now: 'all', a kind of job, 'account:ID' or 'worker:NAME'.
CREATE TABLE pauses (
    subject     TEXT COLLATE "C" PRIMARY KEY,
    reason      TEXT COLLATE "C" NOT NULL,
    until_ms    BIGINT,
    actor_id    UUID NOT NULL,
    created_ms  BIGINT NOT NULL
);

-- Processes that work on jobs. One that is not seen for two leases has gone.
CREATE TABLE workers (
    name        TEXT COLLATE "C" PRIMARY KEY,
    host        TEXT COLLATE "C" NOT NULL,
    pid         BIGINT NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    role        TEXT COLLATE "C" NOT NULL,
    kinds       TEXT COLLATE "C" NOT NULL,
    slots       BIGINT NOT NULL,
    doing       TEXT COLLATE "C" NOT NULL,
    started_ms  BIGINT NOT NULL,
    seen_ms     BIGINT NOT NULL,
    stopped_ms  BIGINT
);

-- What people had done to many jobs at once, and how far it has got.
CREATE TABLE actions (
    id           UUID PRIMARY KEY,
    account_id   UUID NOT NULL,
    verb         TEXT COLLATE "C" NOT NULL,
    selection    TEXT COLLATE "C" NOT NULL,
    is_admin     BOOLEAN NOT NULL,
    counted      BIGINT NOT NULL,
    done         BIGINT NOT NULL,
    after_id     UUID NOT NULL,
    created_ms   BIGINT NOT NULL,
    ended_ms     BIGINT
);
CREATE INDEX actions_account ON actions (account_id, id);

-- What one account reads of the feed.
CREATE INDEX events_account ON events (account_id, seq) WHERE actor_id IS NULL AND seq IS NOT NULL;
