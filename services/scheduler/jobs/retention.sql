-- retention_events: RetentionStep -> RetentionSwept
-- The oldest stand first by id. What was delivered goes with its event.
WITH page AS MATERIALIZED (
    SELECT id, at FROM event ORDER BY id LIMIT :room
), gone AS (
    DELETE FROM event e USING page p WHERE e.id = p.id AND p.at < :before RETURNING e.id
), told AS (
    DELETE FROM delivery d USING gone g WHERE d.event_id = g.id
)
SELECT count(*) AS swept FROM gone;

-- retention_attempts: RetentionStep -> RetentionSwept
WITH page AS MATERIALIZED (
    SELECT id, sent_at FROM delivery_attempt ORDER BY id LIMIT :room
), gone AS (
    DELETE FROM delivery_attempt a USING page p WHERE a.id = p.id AND p.sent_at < :before RETURNING a.id
)
SELECT count(*) AS swept FROM gone;
