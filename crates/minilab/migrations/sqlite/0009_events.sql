-- What happened. The audit log is the rows with an actor; the nil actor is the shell. `seq` is given after the commit.
CREATE TABLE events (
    id          BLOB PRIMARY KEY,
    seq         INTEGER,
    at_ms       INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    account_id  BLOB,
    image_id    BLOB,
    actor_id    BLOB,
    request_id  TEXT,
    subject     TEXT,
    data        TEXT NOT NULL
);
CREATE UNIQUE INDEX events_seq ON events (seq) WHERE seq IS NOT NULL;
CREATE INDEX events_fresh ON events (id) WHERE seq IS NULL;
CREATE INDEX events_audit ON events (id) WHERE actor_id IS NOT NULL;
ALTER TABLE lab ADD COLUMN event_seq INTEGER NOT NULL DEFAULT 0;

DROP TABLE audit;
