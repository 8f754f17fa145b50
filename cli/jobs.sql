-- jobs_waiting: JobFilter -> JobRow*
SELECT id, lane, subject, run_at, attempt, lease_owner,
       coalesce(lease_until > now(), false) AS leased -- lease_until
  FROM job
 WHERE :lane::text IS NULL OR lane = :lane
 ORDER BY run_at, id
 LIMIT :limit;

-- jobs_dead: JobFilter -> JobRow*
SELECT id, lane, subject, run_at, attempt, story
  FROM job_dead
 WHERE :lane::text IS NULL OR lane = :lane
 ORDER BY id DESC
 LIMIT :limit;

-- job_retry: JobRetry -> JobId?
-- A job that was given up runs again, now and as if for the first time.
WITH risen AS (
    DELETE FROM job_dead WHERE id = :id RETURNING id, lane, subject, payload, traceparent
), queued AS (
    INSERT INTO job (id, lane, subject, payload, run_at, traceparent)
    SELECT id, lane, subject, payload, :now, traceparent FROM risen
    RETURNING id
), audited AS (
    INSERT INTO audit (at, source, activity, subject, detail)
    SELECT :now, 'cli', 'job tried again', 'job/' || id, jsonb_build_object('lane', lane, 'subject', subject) FROM risen
)
SELECT id FROM queued;
