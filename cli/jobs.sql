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
