-- roles: validation issuer notifier scheduler

-- job_due: JobClaim -> JobDue*
-- What a poller may take: due by the caller's clock and not leased. Whose last worker died is taken alone.
SELECT id, alone OR lease_until IS NOT NULL AS alone -- lease_until
  FROM job
 WHERE lane = :lane AND run_at <= :now
   AND (lease_until IS NULL OR lease_until < now()) -- lease_until
 ORDER BY run_at
 LIMIT :room;

-- job_claim: JobClaim -> Job*
-- By id, whatever run_at says. Who is locked or leased by somebody else drops out, and from among several
-- whoever must be alone: only then is it known whose fault the death of a worker was. The lane is looked
-- at last, so that the rows are found by their ids and not by their lane.
WITH free AS MATERIALIZED (
    SELECT id, lane, lease_until IS NOT NULL AS lost -- lease_until
      FROM job
     WHERE id = ANY (:ids)
       AND (lease_until IS NULL OR lease_until < now()) -- lease_until
       AND (cardinality(:ids) = 1 OR (lease_until IS NULL AND NOT alone)) -- lease_until
       FOR UPDATE SKIP LOCKED
)
UPDATE job j
   SET lease_owner = :owner,
       lease_epoch = nextval('lease_epoch'),
       lease_until = now() + :lease_ms * interval '1 millisecond', -- lease_until
       deaths = j.deaths + CASE WHEN f.lost AND j.alone THEN 1 ELSE 0 END,
       alone = j.alone OR f.lost
  FROM free f
 WHERE j.id = f.id AND j.id = ANY (:ids) AND f.lane = :lane
RETURNING j.id, j.lane, j.subject, j.run_at, j.attempt, j.deaths, j.lease_epoch AS epoch, j.traceparent;

-- job_end: JobEnd* -> JobId*
-- By the list as well: to the statistics this table is often empty, and who joins would walk all of it.
DELETE FROM job j
 USING unnest(:id, :epoch) AS e (id, epoch)
 WHERE j.id = e.id AND j.id = ANY (:id) AND j.lease_epoch = e.epoch
RETURNING j.id;

-- job_again: JobAgain* -> JobId*
UPDATE job j
   SET run_at = a.run_at, lease_owner = NULL, lease_until = NULL, -- lease_until
       attempt = CASE WHEN a.fresh THEN 0
                      WHEN a.failed THEN least(j.attempt + 1, a.attempt_most)
                      ELSE j.attempt END,
       deaths = CASE WHEN a.fresh THEN 0 ELSE j.deaths END,
       alone = j.alone AND NOT a.fresh
  FROM unnest(:id, :epoch, :run_at, :fresh, :failed, :attempt_most)
    AS a (id, epoch, run_at, fresh, failed, attempt_most)
 WHERE j.id = a.id AND j.id = ANY (:id) AND j.lease_epoch = a.epoch
RETURNING j.id;

-- job_bury: JobEnd* -> JobId*
WITH gone AS (
    DELETE FROM job j
     USING unnest(:id, :epoch, :story, :failed, :now) AS e (id, epoch, story, failed, now)
     WHERE j.id = e.id AND j.id = ANY (:id) AND j.lease_epoch = e.epoch
    RETURNING j.id, j.lane, j.subject, j.run_at, j.attempt, j.deaths, j.idem_key, j.traceparent, e.story, e.failed, e.now
), buried AS (
    INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, idem_key, traceparent, story, buried_at)
    SELECT id, lane, subject, run_at, attempt + CASE WHEN failed THEN 1 ELSE 0 END, deaths, idem_key, traceparent,
           coalesce(story, 'no story'), now
      FROM gone
)
SELECT id FROM gone;

-- job_outlived: JobEnd* -> JobId*
-- Whose lease ran out in his hands, and who comes back all the same, was late and did not die: the death that was counted
-- for him is taken back.
UPDATE job j
   SET deaths = j.deaths - 1
  FROM unnest(:id, :epoch) AS e (id, epoch)
 WHERE j.id = e.id AND j.id = ANY (:id) AND j.lease_epoch > e.epoch AND j.deaths > 0
RETURNING j.id;

-- job_wake: JobWake -> JobId*
-- What they waited for is there again: jobs of a lane that have failed are due now. Those that have
-- not failed keep their time.
UPDATE job j
   SET run_at = :now
  FROM (SELECT k.id
          FROM job k
         WHERE k.lane = :lane AND k.run_at > :now AND k.run_at <= :before AND k.attempt > 0
           AND k.lease_until IS NULL -- lease_until
         ORDER BY k.run_at
         LIMIT :room
           FOR UPDATE SKIP LOCKED) w
 WHERE j.id = w.id
RETURNING j.id;

-- job_release: JobRelease -> JobId*
-- A process that ends gives back what it still holds: not lost, and nobody's death.
UPDATE job j
   SET lease_owner = NULL, lease_until = NULL -- lease_until
  FROM (SELECT k.id
          FROM job k
         WHERE k.lane = ANY (:lanes) AND k.run_at <= :before AND k.lease_owner = :owner
           AND k.lease_until > now() -- lease_until
           FOR UPDATE SKIP LOCKED) w
 WHERE j.id = w.id
RETURNING j.id;
