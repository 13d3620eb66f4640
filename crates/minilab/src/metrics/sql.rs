//! SQL of the metrics: each part has an index, and none looks at more than so many rows ($1).

crate::sql! {
    /// Jobs that are not done, those first that are next; when the oldest of a kind and state came.
    SELECT_JOBS = "SELECT kind, state, COUNT(*), MIN(created_ms) FROM (
            SELECT kind, state, created_ms FROM (SELECT kind, state, created_ms FROM jobs
                WHERE state IN ('pending', 'retry') ORDER BY priority, vtime LIMIT $1) AS waiting
            UNION ALL
            SELECT kind, state, created_ms FROM (SELECT kind, state, created_ms FROM jobs
                WHERE state = 'started' LIMIT $1) AS started
            UNION ALL
            SELECT kind, state, created_ms FROM (SELECT kind, state, created_ms FROM jobs
                WHERE state = 'failed' LIMIT $1) AS failed
        ) AS looked_at GROUP BY kind, state";
}
