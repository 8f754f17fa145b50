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

-- jobs_retry: JobRetry -> JobId*
-- Jobs that were given up run again, now and as if for the first time: one, or all of a lane.
WITH risen AS MATERIALIZED (
    SELECT r.id, r.lane, r.subject
      FROM job_raise(ARRAY(SELECT d.id FROM job_dead d WHERE d.id = :id OR (:id::bigint IS NULL AND d.lane = :lane)), :now) r
), audited AS (
    INSERT INTO audit (at, source, activity, subject, detail)
    SELECT :now, 'cli', 'job tried again', 'job/' || id, jsonb_build_object('lane', lane, 'subject', subject) FROM risen
)
SELECT id FROM risen ORDER BY id;
