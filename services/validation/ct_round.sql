-- ct_open: CtIds -> OpenPrecertificate*
-- Precertificates that wait for timestamps, with the certificates that lead to their root. What is too old for a
-- certificate is published no more; the calendar gives it up.
SELECT p.request_id, r.order_id, r.account_id, p.id AS issuance_id, r.rule_scope, p.der, p.signed_at,
       (WITH RECURSIVE above AS (
            SELECT h.der, h.parent_id, 0 AS step FROM authority h WHERE h.id = p.ca_id
            UNION ALL
            SELECT h.der, h.parent_id, a.step + 1 FROM above a JOIN authority h ON h.id = a.parent_id WHERE a.step < 8)
        SELECT json_agg(encode(a.der, 'base64') ORDER BY a.step) FROM above a) AS issuers,
       (SELECT json_agg(encode(s.sct, 'base64') ORDER BY s.received_at, s.log_id) FROM sct s WHERE s.issuance_id = p.id) AS scts
  FROM precertificate p
  JOIN request r ON r.id = p.request_id
 WHERE p.request_id = ANY (:ids) AND p.logged_at IS NULL AND p.complete_before > :now
   AND EXISTS (SELECT FROM issuance x WHERE x.id = p.id AND x.state = 'precert_signed'); -- it may have been given up

-- ct_round: CtRound* -> CtAdvanced*
-- The end of a round. Everything follows from the job's row, held by the lease it was claimed with. What logs have promised
-- is stored whether it is enough or not. Enough: the precertificate is logged, the job goes, and the request takes its
-- next step. Else it is put back. A challenge is locked before a job by everybody.
WITH input AS MATERIALIZED (
    SELECT i.job_id, i.job_epoch, i.request_id, i.issuance_id, i.enough, i.next_at, i.now, i.looked
      FROM unnest(:job_id, :job_epoch, :request_id, :issuance_id, :enough, :next_at, :now, :looked)
        AS i (job_id, job_epoch, request_id, issuance_id, enough, next_at, now, looked)
), seen AS MATERIALIZED (
    SELECT s.issuance_id, s.log_id, s.at, s.sct, s.received_at
      FROM unnest(:timestamps.issuance_id, :timestamps.log_id, :timestamps.at, :timestamps.sct, :timestamps.received_at)
        AS s (issuance_id, log_id, at, sct, received_at)
), first AS MATERIALIZED (
    SELECT challenge_hold(array_agg(request_id)) AS challenges FROM input
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.job_id, i.job_epoch, i.request_id, i.issuance_id, i.enough, i.next_at, i.now, i.looked, j.traceparent
      FROM first f
      JOIN input i ON f.challenges IS NOT NULL
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND j.subject = i.request_id
     ORDER BY j.subject
       FOR UPDATE OF j
), stored AS (
    INSERT INTO sct (issuance_id, log_id, at, sct, received_at)
    SELECT s.issuance_id, s.log_id, s.at, s.sct, s.received_at
      FROM seen s
      JOIN locked l ON l.issuance_id = s.issuance_id
     ORDER BY s.issuance_id, s.log_id
        ON CONFLICT (issuance_id, log_id) DO NOTHING
    RETURNING issuance_id
), known AS MATERIALIZED (
    SELECT l.* FROM locked l CROSS JOIN (SELECT count(*) FROM stored) s
), held AS MATERIALIZED ( -- in the order of all who lock several
    SELECT p.id, k.job_id, k.job_epoch, k.request_id, k.enough, k.next_at, k.now, k.looked, k.traceparent
      FROM known k
      JOIN precertificate p ON p.id = k.issuance_id
     WHERE p.logged_at IS NULL
     ORDER BY p.id
       FOR NO KEY UPDATE OF p
), logged AS MATERIALIZED (
    UPDATE precertificate p
       SET logged_at = CASE WHEN h.enough THEN h.now END, looked = coalesce(h.looked::jsonb, p.looked)
      FROM held h
     WHERE p.id = h.id
    RETURNING h.job_id, h.job_epoch, h.request_id, h.enough, h.next_at, h.now, h.traceparent
), ended AS MATERIALIZED (
    DELETE FROM job j
     USING logged l
     WHERE j.id = l.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = l.job_epoch AND l.enough
    RETURNING l.request_id, l.now, l.traceparent
), again AS (
    UPDATE job j
       SET run_at = l.next_at, attempt = least(j.attempt + 1, 6), deaths = 0, alone = false,
           lease_owner = NULL, lease_until = NULL -- lease_until
      FROM logged l
     WHERE j.id = l.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = l.job_epoch AND NOT l.enough
), advanced AS MATERIALIZED (
    SELECT e.request_id, n.job_id, n.lane
      FROM (SELECT x.request_id, x.now, x.traceparent FROM ended x ORDER BY x.request_id) e
      CROSS JOIN LATERAL request_advance(ARRAY[e.request_id], e.now, e.traceparent) n
)
SELECT l.request_id, l.job_epoch, NOT l.enough AS waiting, a.job_id, a.lane
  FROM logged l
  LEFT JOIN LATERAL (SELECT n.job_id, n.lane FROM advanced n WHERE n.request_id = l.request_id ORDER BY n.lane DESC LIMIT 1) a ON true;
