-- Answers to requests with an Idempotency-Key, kept for a day. Without a fingerprint the request is
-- still under way, in the process `worker`.
CREATE TABLE answers (
    account_id   UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key          TEXT COLLATE "C" NOT NULL,
    worker       TEXT COLLATE "C" NOT NULL,
    fingerprint  BYTEA,
    status       BIGINT,
    body         TEXT,
    created_ms   BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX answers_created ON answers (created_ms);
