-- report_read: CaaReportIds -> CaaReport*
SELECT p.id, p.account_id, p.url, p.domain, c.name AS dns_name, c.detail, c.checked_at,
       (SELECT r.value FROM policy_at(:now, 'TLS', 'caa.identities') r) AS identities
  FROM caa_report p
  JOIN caa_check c ON c.id = p.check_id
 WHERE p.id = ANY (:ids) AND p.state = 'waiting';

-- report_attempted: CaaReportAttempt* -> CaaReportNoted*
-- Everything follows from the job, which is deleted or put off by the holder of its lease.
WITH input AS MATERIALIZED (
    SELECT i.job_id, i.job_epoch, i.report_id, i.state, i.response_code, i.reason, i.now, i.next_at, i.tried
      FROM unnest(:job_id, :job_epoch, :report_id, :state, :response_code, :reason, :now, :next_at, :tried)
        AS i (job_id, job_epoch, report_id, state, response_code, reason, now, next_at, tried)
), held AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.job_id, i.report_id, i.state, i.response_code, i.reason, i.now, i.next_at, i.tried
      FROM input i
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
     ORDER BY j.subject
       FOR UPDATE OF j
), ended AS (
    DELETE FROM job j USING held h WHERE j.id = h.job_id AND j.id = ANY (:job_id) AND h.next_at IS NULL
), again AS (
    UPDATE job j
       SET run_at = h.next_at, lease_owner = NULL, lease_until = NULL, -- lease_until
           attempt = j.attempt + h.tried::int, deaths = 0, alone = false
      FROM held h
     WHERE j.id = h.job_id AND j.id = ANY (:job_id) AND h.next_at IS NOT NULL
), noted AS (
    UPDATE caa_report p
       SET state = h.state, response_code = h.response_code, reason = h.reason, tried_at = h.now
      FROM held h
     WHERE p.id = h.report_id AND h.tried
    RETURNING p.id, p.account_id, p.domain, p.url, p.state, p.response_code, h.now
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT n.now, n.account_id, 'system', CASE WHEN n.state = 'sent' THEN 'caa report sent' ELSE 'caa report not sent' END,
           'caa_report/' || n.id,
           jsonb_strip_nulls(jsonb_build_object('domain', n.domain, 'url', n.url, 'response_code', n.response_code))
      FROM noted n
     WHERE n.state <> 'waiting'
)
SELECT h.job_id, h.next_at IS NOT NULL AS waiting FROM held h;
