-- order_open: OrderIds -> OpenOrder*
-- What is looked for on behalf of these orders: one name for each authorization domain name.
SELECT o.id AS order_id, o.account_id, o.status, o.dcv_method, o.random_value, o.poll_from,
       o.random_value_at + (SELECT rule_interval(r.value, r.unit)
                              FROM policy_at(:now, o.rule_scope, 'random.life') r) AS random_value_until,
       (SELECT r.value FROM policy_at(:now, o.rule_scope, 'dcv.poll') r) AS cadence,
       CASE WHEN o.dcv_method = 'http-token' THEN dcv_web_rules(o.rule_scope, :now) END AS web,
       (SELECT json_agg(json_build_object('order_id', o.id, 'fqdn', n.fqdn, 'domain', n.domain) ORDER BY n.domain)
          FROM (SELECT t.domain, min(t.dns_name) AS fqdn
                  FROM order_open_task(ARRAY[o.id], :now) t
                 WHERE t.kind = 'dcv'
                 GROUP BY t.domain) n) AS names
  FROM orders o
 WHERE o.id = ANY (:ids);

-- dcv_round: DcvRound* -> DcvAdvanced*
-- The end of a round. Everything follows from the job's row, held by the lease it was claimed with:
-- it goes when nothing is left to do (or polling has ended, or the order), else it is put back.
-- What this round has found is not visible to order_open_task yet, so its domains count here.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:job_id, :job_epoch, :order_id, :now, :next_at, :seen, :poll_from, :failed)
        AS i (job_id, job_epoch, order_id, now, next_at, seen, poll_from, failed)
), found AS MATERIALIZED (
    SELECT *
      FROM unnest(:evidence.order_id, :evidence.account_id, :evidence.domain, :evidence.method, :evidence.br_method,
                  :evidence.completed_at, :evidence.evidence)
        AS e (order_id, account_id, domain, method, br_method, completed_at, evidence)
), decided AS MATERIALIZED (
    SELECT i.job_id, i.job_epoch, i.order_id, i.now, i.seen, i.failed, o.status = 'pending' AS pending,
           CASE WHEN o.poll_from = i.poll_from THEN i.next_at ELSE i.now END AS next_at,
           EXISTS (SELECT FROM order_open_task(ARRAY[i.order_id], i.now) t
                    WHERE t.kind <> 'dcv'
                       OR NOT EXISTS (SELECT FROM found e WHERE e.order_id = i.order_id AND e.domain = t.domain)) AS open
      FROM input i
      JOIN orders o ON o.id = i.order_id
), ended AS (
    DELETE FROM job j
     USING decided d
     WHERE j.id = d.job_id AND j.lease_epoch = d.job_epoch
       AND NOT (d.pending AND d.open AND d.next_at IS NOT NULL)
    RETURNING d.job_epoch, d.order_id, d.now, j.traceparent, d.pending AND NOT d.open AS complete
), again AS (
    UPDATE job j
       SET run_at = d.next_at, attempt = CASE WHEN d.failed THEN least(j.attempt, 6) ELSE 0 END,
           lease_owner = NULL, lease_until = NULL -- lease_until
      FROM decided d
     WHERE j.id = d.job_id AND j.lease_epoch = d.job_epoch
       AND d.pending AND d.open AND d.next_at IS NOT NULL
    RETURNING d.job_epoch, d.order_id, d.next_at
), held AS MATERIALIZED (
    SELECT job_epoch, order_id, NULL::timestamptz AS next_at, false AS waiting FROM ended
    UNION ALL
    SELECT job_epoch, order_id, next_at, true FROM again
), stored AS (
    INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence, order_id)
    SELECT e.account_id, e.domain, e.method, e.br_method, e.completed_at, e.evidence::jsonb, e.order_id
      FROM found e
      JOIN held h ON h.order_id = e.order_id
), checked AS (
    INSERT INTO order_check AS c (order_id, checked_at, next_at, seen)
    SELECT h.order_id, d.now, h.next_at, d.seen::jsonb
      FROM held h
      JOIN decided d ON d.job_epoch = h.job_epoch
    ON CONFLICT (order_id) DO UPDATE
       SET checked_at = excluded.checked_at, next_at = excluded.next_at, seen = excluded.seen
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'issue', order_id, now + interval '2 seconds', traceparent FROM ended WHERE complete
    RETURNING id, subject
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT e.completed_at, e.account_id, 'system', 'domain validated', 'order/' || e.order_id,
           jsonb_build_object('domain', e.domain, 'method', e.method, 'br_method', e.br_method)
      FROM found e
      JOIN held h ON h.order_id = e.order_id
)
SELECT h.order_id, h.job_epoch, h.waiting, q.id AS job_id
  FROM held h
  LEFT JOIN queued q ON q.subject = h.order_id;
