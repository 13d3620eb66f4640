//! SQL of the statistics.

crate::sql! {
    /// The sums of a scope ($1), its formats ($2), its most frequent cameras ($3, with the unknown ones
    /// under no name) and its days ($4) since $5. A camera among the first $6 is, without what is not
    /// folded yet, among the first $6 and as many more as have something that is not.
    SELECT = "WITH pending AS (
            SELECT scope, name, SUM(delta) AS value FROM counter_deltas
            WHERE scope IN ($1, $2, $3, $4) GROUP BY scope, name
        ), few AS (
            SELECT scope, name, value FROM counters WHERE scope = $1
            UNION ALL SELECT scope, name, value FROM counters WHERE scope = $2
            UNION ALL SELECT scope, name, value FROM counters WHERE scope = $4 AND name >= $5
            UNION ALL SELECT scope, name, value FROM counters WHERE scope = $3 AND name = ''
            UNION ALL SELECT scope, name, value FROM pending WHERE scope <> $3 OR name = ''
        ), candidates AS (
            SELECT name FROM (
                SELECT name FROM counters WHERE scope = $3 AND name <> ''
                ORDER BY value DESC, name
                LIMIT $6 + (SELECT COUNT(*) FROM pending WHERE scope = $3)) AS folded
            UNION SELECT name FROM pending WHERE scope = $3 AND name <> ''
        ), cameras AS (
            SELECT $3 AS scope, n.name, COALESCE(p.value, 0) + COALESCE(
                (SELECT c.value FROM counters c WHERE c.scope = $3 AND c.name = n.name), 0) AS value
            FROM candidates n LEFT JOIN pending p ON p.scope = $3 AND p.name = n.name
            ORDER BY value DESC, n.name LIMIT $6
        )
        SELECT scope, name, CAST(SUM(value) AS BIGINT) AS sum FROM (
            SELECT scope, name, value FROM few UNION ALL SELECT scope, name, value FROM cameras
        ) AS everything
        GROUP BY scope, name HAVING SUM(value) > 0 ORDER BY scope, sum DESC, name";
    /// By parts that have an index each; jobs that ended well are counters.
    COUNT_JOBS = "SELECT state, COUNT(*) FROM jobs WHERE state IN ('pending', 'retry') GROUP BY state
        UNION ALL SELECT state, COUNT(*) FROM jobs WHERE state = 'started' GROUP BY state
        UNION ALL SELECT state, COUNT(*) FROM jobs WHERE state = 'failed' GROUP BY state";
    COUNT_JOBS_OF = "SELECT state, COUNT(*) FROM jobs
            WHERE account_id = $1 AND state IN ('pending', 'retry', 'started') GROUP BY state
        UNION ALL SELECT state, COUNT(*) FROM jobs
            WHERE account_id = $1 AND state = 'failed' GROUP BY state";
}
