-- Answers to requests with an Idempotency-Key, kept for a day. Without a fingerprint the request is
-- still under way, in the process `worker`.
CREATE TABLE answers (
    account_id   BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    worker       TEXT NOT NULL,
    fingerprint  BLOB,
    status       INTEGER,
    body         TEXT,
    created_ms   INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX answers_created ON answers (created_ms);
