//! SQL of the queue.

crate::sql! {
    /// Where the queue stands, or one step after the account's last live job.
    NEXT_VTIME = "SELECT MAX(vtime) FROM (
            SELECT COALESCE((SELECT vtime FROM jobs
                WHERE state IN ('pending', 'retry') AND priority = $1
                ORDER BY priority, vtime LIMIT 1), 0) AS vtime
            UNION ALL
            SELECT COALESCE((SELECT vtime + 1 FROM jobs
                WHERE state IN ('pending', 'retry', 'started') AND account_id = $2
                ORDER BY vtime DESC LIMIT 1), 0) AS vtime
        ) AS candidates";
    INSERT = "INSERT INTO jobs (id, kind, payload, account_id, blob_id, unique_key, state, priority,
            vtime, attempts, run_at_ms, lease, created_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, 0, $9, 0, $9)
        ON CONFLICT (unique_key) WHERE state IN ('pending', 'retry', 'started') DO NOTHING"
        changes Work;
    /// $2 are the ids, one after the other, of accounts whose jobs have to wait.
    IS_WAITING = sqlite "SELECT run_at_ms FROM jobs
        WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
            AND (account_id IS NULL OR instr($2, account_id) = 0)
        LIMIT 1"
    postgres "SELECT run_at_ms FROM jobs
        WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
            AND (account_id IS NULL OR position(uuid_send(account_id) IN $2) = 0)
        LIMIT 1";
    /// $4 as in `IS_WAITING`.
    CLAIM = sqlite "UPDATE jobs SET state = 'started', attempts = attempts + 1, lease = lease + 1,
            lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND (account_id IS NULL OR instr($4, account_id) = 0)
            ORDER BY priority, vtime, id LIMIT 1)
        RETURNING id, payload, account_id, lease, attempts"
    postgres "UPDATE jobs SET state = 'started', attempts = attempts + 1, lease = lease + 1,
            lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND (account_id IS NULL OR position(uuid_send(account_id) IN $4) = 0)
            ORDER BY priority, vtime, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, payload, account_id, lease, attempts";
    /// The same two, of work that makes room: nothing that writes pictures.
    IS_FREEING_WAITING = "SELECT run_at_ms FROM jobs WHERE state IN ('pending', 'retry')
            AND run_at_ms <= $1 AND kind NOT IN ('develop', 'make_variant', 'refine', 'back_fill')
        LIMIT 1";
    CLAIM_FREEING = sqlite "UPDATE jobs SET state = 'started', attempts = attempts + 1,
            lease = lease + 1, lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND kind NOT IN ('develop', 'make_variant', 'refine', 'back_fill')
            ORDER BY priority, vtime, id LIMIT 1)
        RETURNING id, payload, account_id, lease, attempts"
    postgres "UPDATE jobs SET state = 'started', attempts = attempts + 1,
            lease = lease + 1, lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND kind NOT IN ('develop', 'make_variant', 'refine', 'back_fill')
            ORDER BY priority, vtime, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, payload, account_id, lease, attempts";
    RENEW = "UPDATE jobs SET lease_until_ms = $3 WHERE id = $1 AND lease = $2 AND state = 'started'";
    IS_EXPIRED = "SELECT lease FROM jobs WHERE state = 'started' AND lease_until_ms < $1 LIMIT 1";
    REAP = "UPDATE jobs SET state = 'retry', run_at_ms = $1, error = 'the worker went away'
        WHERE state = 'started' AND lease_until_ms < $1"
        changes Work;
    TAKE_BACK = "UPDATE jobs SET state = 'retry', run_at_ms = $2, error = 'the worker died'
        WHERE state = 'started' AND worker = $1"
        changes Work;
    COMPLETE = "UPDATE jobs SET state = 'succeeded', finished_ms = $3, error = NULL
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    RETRY = "UPDATE jobs SET state = 'retry', error = $3, run_at_ms = $4
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    FAIL = "UPDATE jobs SET state = 'failed', error = $3, finished_ms = $4
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    RELEASE = "UPDATE jobs SET state = 'pending', attempts = attempts - 1
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Work;
    /// Later, as if it had not been claimed.
    POSTPONE = "UPDATE jobs SET state = 'retry', attempts = attempts - 1, run_at_ms = $3
        WHERE id = $1 AND lease = $2 AND state = 'started'";
    /// Work on a blob that is to go is pointless; started work finds out when it commits.
    CANCEL_WAITING = "UPDATE jobs SET state = 'cancelled', finished_ms = $2
        WHERE blob_id = $1 AND state IN ('pending', 'retry') AND kind <> 'delete_blob'
        RETURNING account_id"
        changes Ended;
    COUNT_STARTED = "SELECT COUNT(*) FROM jobs
        WHERE blob_id = $1 AND state = 'started' AND kind <> 'delete_blob'";
    /// Who holds it keeps a waiting job from being claimed.
    LOCK_LIVE_BY_KEY = locking "SELECT state FROM jobs
        WHERE unique_key = $1 AND state IN ('pending', 'retry', 'started')";
    SELECT_BY_KEY = "SELECT state, error FROM jobs WHERE unique_key = $1 ORDER BY id DESC LIMIT 1";
    /// Failed work on what is gone: no image shows the blob any more. That a blob could not be deleted stays
    /// until it is. The original of a discarded blob is named by the job's key.
    DELETE_FAILED_OF_GONE = sqlite "DELETE FROM jobs WHERE state = 'failed' AND (
            (blob_id IS NOT NULL AND kind <> 'delete_blob'
                AND NOT EXISTS (SELECT 1 FROM images i WHERE i.blob_id = jobs.blob_id))
            OR (kind = 'delete_blob' AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = jobs.blob_id))
            OR (kind = 'discard' AND NOT EXISTS (SELECT 1 FROM images i
                WHERE i.blob_id = unhex(substr(jobs.unique_key, 9)))))"
    postgres "DELETE FROM jobs WHERE state = 'failed' AND (
            (blob_id IS NOT NULL AND kind <> 'delete_blob'
                AND NOT EXISTS (SELECT 1 FROM images i WHERE i.blob_id = jobs.blob_id))
            OR (kind = 'delete_blob' AND NOT EXISTS (SELECT 1 FROM blobs b WHERE b.id = jobs.blob_id))
            OR (kind = 'discard' AND NOT EXISTS (SELECT 1 FROM images i
                WHERE i.blob_id = CASE WHEN jobs.kind = 'discard'
                    THEN CAST(substr(jobs.unique_key, 9) AS UUID) END)))";
    /// Failed work that is about no image.
    DELETE_FAILED_OF_NONE = "DELETE FROM jobs WHERE state = 'failed' AND finished_ms < $1
        AND kind IN ('back_fill', 'expire', 'sweep')";
    DELETE_FINISHED = "DELETE FROM jobs WHERE finished_ms < $1 AND state <> 'failed'";
}
