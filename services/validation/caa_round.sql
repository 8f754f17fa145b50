-- caa_open: CaaIds -> OpenCaa*
-- Names whose CAA records are to be looked at now. None: all of it was, or nobody waits for it any more.
SELECT r.id AS request_id, r.order_id, r.account_id, r.created_at AS poll_from,
       ARRAY(SELECT l.dns_name FROM caa_left(r.id, :now) l) AS names,
       caa_rules(r.rule_scope, :now) AS rules, quorum_rules(r.rule_scope, :now) AS quorum,
       EXISTS (SELECT FROM authority h WHERE h.id = r.ca_id AND h.demonstration) AS alone
  FROM request r
 WHERE r.id = ANY (:ids);

-- caa_round: CaaRound* -> RoundAdvanced*
-- The end of a round. Everything follows from the job's row, held by the lease it was claimed with. What was seen is
-- stored, but not what has been the same for less than a day and lets nothing be issued; what that leaves is asked
-- anew. Nothing: the job goes, and the request takes its next step. Something: it is put back, since records are
-- changed by people. A challenge is locked before a job by everybody.
WITH input AS MATERIALIZED (
    SELECT i.job_id, i.job_epoch, i.request_id, i.now, i.next_at, i.failed
      FROM unnest(:job_id, :job_epoch, :request_id, :now, :next_at, :failed)
        AS i (job_id, job_epoch, request_id, now, next_at, failed)
), seen AS MATERIALIZED (
    SELECT s.request_id, s.name, s.checked_at, s.ttl, s.result, s.methods, s.domain, s.detail, s.evidence, s.iodef,
           s.corroboration, s.ours IS TRUE AS ours
      FROM unnest(:checks.request_id, :checks.name, :checks.checked_at, :checks.ttl, :checks.result, :checks.methods,
                  :checks.domain, :checks.detail, :checks.evidence, :checks.iodef, :checks.corroboration, :checks.ours)
        AS s (request_id, name, checked_at, ttl, result, methods, domain, detail, evidence, iodef, corroboration, ours)
), first AS MATERIALIZED (
    SELECT challenge_hold(array_agg(request_id)) AS challenges FROM input
), held AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.job_id, i.job_epoch, i.request_id, i.now, i.next_at, i.failed, r.account_id, j.traceparent
      FROM first f
      JOIN input i ON f.challenges IS NOT NULL
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND j.subject = i.request_id
      JOIN request r ON r.id = i.request_id
     ORDER BY j.subject
       FOR UPDATE OF j
), stored AS (
    INSERT INTO caa_check (account_id, name, checked_at, ttl, result, methods, domain, detail, evidence, iodef, corroboration, ours)
    SELECT h.account_id, s.name, s.checked_at, s.ttl, s.result, s.methods::text[], s.domain, s.detail, s.evidence::jsonb,
           s.iodef::text[], s.corroboration::jsonb, s.ours
      FROM seen s
      JOIN held h ON h.request_id = s.request_id
     WHERE s.result IN ('permitted', 'unheard')
        OR (SELECT (k.result, k.detail, k.ours) IS NOT DISTINCT FROM (s.result, s.detail, s.ours) AND k.checked_at > s.checked_at - interval '1 day'
              FROM caa_check k
             WHERE k.account_id = h.account_id AND k.name = s.name
             ORDER BY k.checked_at DESC
             LIMIT 1) IS NOT TRUE
    RETURNING id
), known AS MATERIALIZED (
    SELECT h.* FROM held h CROSS JOIN (SELECT count(*) FROM stored) s
), decided AS MATERIALIZED (
    SELECT k.*, EXISTS (SELECT FROM caa_left(k.request_id, k.now)) AS open FROM known k
), ended AS MATERIALIZED (
    DELETE FROM job j
     USING decided d
     WHERE j.id = d.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = d.job_epoch AND NOT d.open
    RETURNING d.request_id, d.now, d.traceparent
), again AS (
    UPDATE job j
       SET run_at = d.next_at, attempt = CASE WHEN d.failed THEN least(j.attempt + 1, 6) ELSE 0 END, deaths = 0, alone = false,
           lease_owner = NULL, lease_until = NULL -- lease_until
      FROM decided d
     WHERE j.id = d.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = d.job_epoch AND d.open
), advanced AS MATERIALIZED (
    SELECT e.request_id, n.job_id, n.lane
      FROM (SELECT x.request_id, x.now, x.traceparent FROM ended x ORDER BY x.request_id) e
      CROSS JOIN LATERAL request_advance(ARRAY[e.request_id], e.now, e.traceparent) n
)
SELECT d.job_epoch, d.open AS waiting, a.job_id, a.lane
  FROM decided d
  LEFT JOIN LATERAL (SELECT n.job_id, n.lane FROM advanced n WHERE n.request_id = d.request_id ORDER BY n.lane DESC LIMIT 1) a ON true;
