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
    /// $2 are the ids, one after the other, of accounts whose jobs have to wait; $3 kinds that have to, each
    /// between commas.
    IS_WAITING = sqlite "SELECT run_at_ms FROM jobs
        WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
            AND (account_id IS NULL OR instr($2, account_id) = 0)
            AND instr($3, ',' || kind || ',') = 0
        LIMIT 1"
    postgres "SELECT run_at_ms FROM jobs
        WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
            AND (account_id IS NULL OR least(position(uuid_send(account_id) IN $2), 1) <> 1)
            AND least(position(',' || kind || ',' IN $3), 1) <> 1
        LIMIT 1";
    /// $4 and $5 as $2 and $3 of `IS_WAITING`. PostgreSQL takes `= 0` for rare, and
    /// would sort all that wait.
    CLAIM = sqlite "UPDATE jobs SET state = 'started', attempts = attempts + 1, lease = lease + 1,
            lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND (account_id IS NULL OR instr($4, account_id) = 0)
                AND instr($5, ',' || kind || ',') = 0
            ORDER BY priority, vtime, id LIMIT 1)
        RETURNING id, payload, account_id, lease, attempts, kills, run_at_ms"
    postgres "UPDATE jobs SET state = 'started', attempts = attempts + 1, lease = lease + 1,
            lease_until_ms = $2, started_ms = $1, worker = $3
        WHERE id = (SELECT id FROM jobs
            WHERE state IN ('pending', 'retry') AND run_at_ms <= $1
                AND (account_id IS NULL OR least(position(uuid_send(account_id) IN $4), 1) <> 1)
                AND least(position(',' || kind || ',' IN $5), 1) <> 1
            ORDER BY priority, vtime, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING id, payload, account_id, lease, attempts, kills, run_at_ms";
    RENEW = "UPDATE jobs SET lease_until_ms = $3 WHERE id = $1 AND lease = $2 AND state = 'started'";
    IS_EXPIRED = "SELECT lease FROM jobs WHERE state = 'started' AND lease_until_ms < $1 LIMIT 1";
    /// A job whose worker went away waits the longer the more often that happened: it may be why. `$2` are
    /// milliseconds, doubled each time.
    REAP = "UPDATE jobs SET state = 'retry', error = 'the worker went away', cause = 'worker_lost',
            kills = kills + 1,
            run_at_ms = CASE WHEN kills = 0 THEN $1 ELSE $1 + $2 * (1 << CAST(kills - 1 AS INTEGER)) END
        WHERE state = 'started' AND lease_until_ms < $1
        RETURNING id, kind, lease, attempts, worker, started_ms, run_at_ms"
        changes Work;
    TAKE_BACK = "UPDATE jobs SET state = 'retry', error = 'the worker died', cause = 'worker_lost',
            kills = kills + 1,
            run_at_ms = CASE WHEN kills = 0 THEN $2 ELSE $2 + $3 * (1 << CAST(kills - 1 AS INTEGER)) END
        WHERE state = 'started' AND worker = $1
        RETURNING id, kind, lease, attempts, worker, started_ms, run_at_ms"
        changes Work;
    COMPLETE = "UPDATE jobs SET state = 'succeeded', finished_ms = $3, error = NULL, cause = NULL
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    RETRY = "UPDATE jobs SET state = 'retry', error = $3, cause = $4, run_at_ms = $5
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    FAIL = "UPDATE jobs SET state = 'failed', error = $3, cause = $4, finished_ms = $5
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Ended;
    INSERT_ATTEMPT = "INSERT INTO attempts (job_id, lease, number, worker, waited_ms, claimed_ms, ended_ms, outcome,
            cause, detail, words, stages)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Tries that their holders do not end: a JSON array of them. Their stages went with who held them.
    INSERT_HELD = sqlite "INSERT INTO attempts (job_id, lease, number, worker, waited_ms, claimed_ms, ended_ms, outcome,
            cause, stages)
        SELECT unhex(replace(value ->> 'id', '-', '')), value ->> 'lease', value ->> 'attempts',
            COALESCE(value ->> 'worker', ''),
            MAX(0, COALESCE(value ->> 'started_ms', $2) - (value ->> 'run_at_ms')),
            COALESCE(value ->> 'started_ms', $2), $2, $3, $4, '[]'
        FROM json_each($1)"
    postgres "INSERT INTO attempts (job_id, lease, number, worker, waited_ms, claimed_ms, ended_ms, outcome,
            cause, stages)
        SELECT CAST(h ->> 'id' AS UUID), CAST(h ->> 'lease' AS BIGINT), CAST(h ->> 'attempts' AS BIGINT),
            COALESCE(h ->> 'worker', ''),
            GREATEST(0, COALESCE(CAST(h ->> 'started_ms' AS BIGINT), $2) - CAST(h ->> 'run_at_ms' AS BIGINT)),
            COALESCE(CAST(h ->> 'started_ms' AS BIGINT), $2), $2, $3, $4, '[]'
        FROM jsonb_array_elements(CAST($1 AS JSONB)) AS h";
    SELECT_ATTEMPTS = "SELECT number, worker, waited_ms, claimed_ms, ended_ms, outcome, cause, detail, words, stages
        FROM attempts WHERE job_id = $1 ORDER BY lease";
    /// Whoever asks for work that is under way has nothing to do with what was tried before.
    INSERT_ASKER = sqlite "INSERT INTO askers (id, job_id, account_id, image_id, asked_ms, tries_before)
        SELECT $1, id, $2, $3, $4, CASE WHEN state = 'started' THEN attempts - 1 ELSE attempts END
        FROM jobs WHERE unique_key = $5 AND state IN ('pending', 'retry', 'started')
        ON CONFLICT (job_id, account_id, image_id) DO NOTHING"
    postgres "INSERT INTO askers (id, job_id, account_id, image_id, asked_ms, tries_before)
        SELECT CAST($1 AS UUID), id, CAST($2 AS UUID), CAST($3 AS UUID), CAST($4 AS BIGINT),
            CASE WHEN state = 'started' THEN attempts - 1 ELSE attempts END
        FROM jobs WHERE unique_key = $5 AND state IN ('pending', 'retry', 'started')
        ON CONFLICT (job_id, account_id, image_id) DO NOTHING";
    /// Roll-ups of scopes from $1 up to $2: the step's number, kind, name, sum.
    SELECT_RATES = "SELECT CAST(substr(scope, 8, 10) AS BIGINT) AS at, substr(scope, 19) AS kind, name,
            CAST(SUM(value) AS BIGINT) FROM (
                SELECT scope, name, value FROM counters WHERE scope >= $1 AND scope < $2
                UNION ALL
                SELECT scope, name, delta AS value FROM counter_deltas WHERE scope >= $1 AND scope < $2
            ) AS both_kinds GROUP BY 1, 2, name";
    SELECT_PAUSES = "SELECT subject, reason, until_ms, created_ms FROM pauses
        WHERE until_ms IS NULL OR until_ms > $1 ORDER BY created_ms, subject";
    DELETE_PAUSES = "DELETE FROM pauses WHERE until_ms <= $1";
    DELETE_ACTIONS = "DELETE FROM actions WHERE created_ms < $1";
    BEAT = "INSERT INTO workers (name, host, pid, version, role, kinds, slots, doing, started_ms, seen_ms, stopped_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (name) DO UPDATE SET doing = excluded.doing, seen_ms = excluded.seen_ms";
    STOPPED = "UPDATE workers SET stopped_ms = $2, doing = '[]' WHERE name = $1";
    SELECT_WORKERS = "SELECT name, host, pid, version, role, kinds, slots, doing, started_ms, seen_ms, stopped_ms
        FROM workers ORDER BY started_ms DESC, name LIMIT 1000";
    DELETE_WORKERS = "DELETE FROM workers WHERE seen_ms < $1";
    RELEASE = "UPDATE jobs SET state = 'pending', attempts = attempts - 1
        WHERE id = $1 AND lease = $2 AND state = 'started'"
        changes Work;
    /// Later, as if it had not been claimed.
    POSTPONE = "UPDATE jobs SET state = 'retry', attempts = attempts - 1, run_at_ms = $3
        WHERE id = $1 AND lease = $2 AND state = 'started'";
    /// Work on a blob that is to go is pointless; started work finds out when it commits.
    CANCEL_WAITING = "UPDATE jobs SET state = 'cancelled', finished_ms = $2
        WHERE blob_id = $1 AND state IN ('pending', 'retry') AND kind <> 'delete_blob'
        RETURNING account_id, kind"
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
    /// So many of them.
    DELETE_FINISHED = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
        WHERE state IN ('succeeded', 'cancelled') AND finished_ms < $1 ORDER BY finished_ms LIMIT $2)";
    /// The oldest failed ones, beyond so many.
    DELETE_FAILED_OVER = "DELETE FROM jobs WHERE state = 'failed' AND state <> 'succeeded'
        AND id <= (SELECT id FROM jobs WHERE state = 'failed' AND state <> 'succeeded'
            ORDER BY id DESC LIMIT 1 OFFSET $1)";
}
