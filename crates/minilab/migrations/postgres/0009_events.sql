-- What happened. The audit log is the rows with an actor; the nil actor is the shell. `seq` is given after the commit.
CREATE TABLE events (
    id          UUID PRIMARY KEY,
    seq         BIGINT,
    at_ms       BIGINT NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    account_id  UUID,
    image_id    UUID,
    actor_id    UUID,
    request_id  TEXT COLLATE "C",
    subject     TEXT COLLATE "C",
    data        TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX events_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_fresh ON events (id) WHERE seq IS NULL;
CREATE INDEX events_audit ON events (id) WHERE actor_id IS NOT NULL;
ALTER TABLE lab ADD COLUMN event_seq BIGINT NOT NULL DEFAULT 0;

DROP TABLE audit;
