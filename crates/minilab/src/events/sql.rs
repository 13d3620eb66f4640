//! SQL of events. The audit log is those with an actor.

crate::sql! {
    INSERT = "INSERT INTO events (id, at_ms, kind, account_id, image_id, actor_id, request_id, subject, data)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    BLANK = "UPDATE events SET data = '{}' WHERE account_id = $1 AND actor_id IS NOT NULL";
    SELECT_AFTER = "SELECT seq, id, at_ms, kind, account_id, image_id, data,
            actor_id IS NOT NULL AS is_by_hand
        FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
    SELECT_AFTER_OF = "SELECT seq, id, at_ms, kind, account_id, image_id, data, FALSE AS is_by_hand
        FROM events WHERE account_id = $1 AND seq > $2 AND actor_id IS NULL ORDER BY seq LIMIT $3";
    SELECT_LAST = "SELECT event_seq FROM lab";
    SELECT_UNPUBLISHED = "SELECT id FROM events WHERE seq IS NULL LIMIT 1";
    LOCK_LAST = locking "SELECT event_seq FROM lab";
    NUMBER = "UPDATE events SET seq = $1 + fresh.place FROM (
            SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place
            FROM events WHERE seq IS NULL ORDER BY id LIMIT $2) AS fresh
        WHERE events.id = fresh.id";
    SET_LAST = "UPDATE lab SET event_seq = $1";
    /// Ids begin with their time.
    PRUNE = "DELETE FROM events WHERE id IN (SELECT id FROM events
        WHERE id < $1 AND actor_id IS NULL ORDER BY id LIMIT $2)";
    PRUNE_AUDIT = "DELETE FROM events WHERE id IN (SELECT id FROM events
        WHERE id < $1 AND actor_id IS NOT NULL ORDER BY id LIMIT $2)";
    /// The audit log, newest first. Names are those of today; who is deleted has none.
    SELECT_AUDIT = "SELECT e.id, e.at_ms, e.kind, e.request_id, e.data, e.actor_id, actor.name AS actor,
            COALESCE(e.subject, changed.name) AS subject
        FROM events e
            LEFT JOIN accounts actor ON actor.id = e.actor_id
            LEFT JOIN accounts changed ON changed.id = e.account_id
        WHERE e.actor_id IS NOT NULL AND e.id < $1 ORDER BY e.id DESC LIMIT $2 OFFSET $3";
}
