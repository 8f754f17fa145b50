-- roles: validation issuer notifier scheduler

-- job_due: JobClaim -> JobId*
-- What a poller may take: due by the caller's clock and not leased.
SELECT id
  FROM job
 WHERE lane = :lane AND run_at <= :now
   AND (lease_until IS NULL OR lease_until < now()) -- lease_until
 ORDER BY run_at
 LIMIT :room;

-- job_claim: JobClaim -> Job*
-- By id, whatever run_at says. Who is locked or leased by somebody else drops out.
-- The lane is looked at last, so that the rows are found by their ids and not by their lane.
WITH free AS MATERIALIZED (
    SELECT id, lane
      FROM job
     WHERE id = ANY (:ids)
       AND (lease_until IS NULL OR lease_until < now()) -- lease_until
       FOR UPDATE SKIP LOCKED
)
UPDATE job j
   SET lease_owner = :owner,
       lease_epoch = nextval('lease_epoch'),
       lease_until = now() + :lease_ms * interval '1 millisecond', -- lease_until
       attempt = j.attempt + 1
  FROM free f
 WHERE j.id = f.id AND f.lane = :lane
RETURNING j.id, j.lane, j.subject, j.payload::text AS payload, j.run_at, j.attempt, j.lease_epoch AS epoch, j.traceparent;

-- job_end: JobEnd* -> JobId*
DELETE FROM job j
 USING unnest(:id, :epoch) AS e (id, epoch)
 WHERE j.id = e.id AND j.lease_epoch = e.epoch
RETURNING j.id;

-- job_again: JobAgain* -> JobId*
UPDATE job j
   SET run_at = a.run_at, lease_owner = NULL, lease_until = NULL, -- lease_until
       attempt = CASE WHEN a.fresh THEN 0 ELSE least(j.attempt, a.attempt_most) END,
       payload = coalesce(a.payload::jsonb, j.payload)
  FROM unnest(:id, :epoch, :run_at, :fresh, :payload, :attempt_most)
    AS a (id, epoch, run_at, fresh, payload, attempt_most)
 WHERE j.id = a.id AND j.lease_epoch = a.epoch
RETURNING j.id;

-- job_bury: JobEnd* -> JobId*
WITH gone AS (
    DELETE FROM job j
     USING unnest(:id, :epoch, :story, :now) AS e (id, epoch, story, now)
     WHERE j.id = e.id AND j.lease_epoch = e.epoch
    RETURNING j.id, j.lane, j.subject, j.payload, j.run_at, j.attempt, j.traceparent, e.story, e.now
), buried AS (
    INSERT INTO job_dead (id, lane, subject, payload, run_at, attempt, traceparent, story, buried_at)
    SELECT id, lane, subject, payload, run_at, attempt, traceparent, coalesce(story, 'no story'), now FROM gone
)
SELECT id FROM gone;

-- job_put: JobNew -> JobId?
-- None when a living job has the key already.
INSERT INTO job (lane, subject, payload, run_at, idem_key, traceparent)
VALUES (:lane, :subject, :payload::text::jsonb, :run_at, :idem_key, :traceparent)
ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
RETURNING id;
