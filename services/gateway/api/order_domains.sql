-- order_dcv: OrderId -> OrderDcv?
SELECT o.id AS order_id, o.status, coalesce(h.method, r.dcv_method) AS dcv_method, h.random_value,
       h.random_value_at + (SELECT rule_interval(p.value, p.unit)
                              FROM policy_at(:caller.now, h.rule_scope, 'random.life') p) AS expires_at,
       o.product_name_id,
       (SELECT min(n.name) FROM request_name n WHERE n.request_id = r.id AND n.name LIKE '*%') AS wildcard
  FROM orders o
  JOIN request r ON r.id = o.request_id
  LEFT JOIN LATERAL (SELECT c.method, c.random_value, c.random_value_at, c.rule_scope
                       FROM challenge c
                      WHERE c.asked_by = 'request' AND c.subject = r.id
                      LIMIT 1) h ON true
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;

-- order_dcv_method: DcvMethodChange -> OrderDcv?
-- A new method starts the polling cadence again, with a round of its own if names are still to be
-- proved; an expired random value is replaced. The order is not locked: the challenge is, and
-- request_advance() asks once more whether the order waits.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.status, o.request_id
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
), begun AS MATERIALIZED (
    SELECT (challenge_begin(r.id, r.account_id, r.rule_scope, :dcv_method, :caller.now)).subject
      FROM asked a
      JOIN request r ON r.id = a.request_id
     WHERE a.status = 'pending'
), changed AS MATERIALIZED (
    SELECT h.id, h.subject, h.method, h.random_value, h.random_value_at, h.rule_scope
      FROM begun b
      CROSS JOIN LATERAL challenge_change(b.subject, :caller.account_id, :dcv_method, :caller.now) h
), advanced AS MATERIALIZED (
    SELECT h.id, v.job_id, v.lane
      FROM changed h
      CROSS JOIN LATERAL request_advance(ARRAY[h.subject], :caller.now, :caller.traceparent) v
), queued AS MATERIALIZED (
    SELECT CASE lane WHEN 'dcv' THEN challenge_restart(id, :caller.now, :caller.traceparent) ELSE job_id END AS job_id, lane
      FROM advanced
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'dcv method changed', 'order/' || :order_id,
           jsonb_build_object('dcv_method', method)
      FROM changed
)
SELECT a.id AS order_id, a.status, h.method AS dcv_method, h.random_value,
       h.random_value_at + (SELECT rule_interval(p.value, p.unit)
                              FROM policy_at(:caller.now, h.rule_scope, 'random.life') p) AS expires_at,
       q.job_id, q.lane, h.id IS NOT NULL AS changed
  FROM asked a
  LEFT JOIN changed h ON true
  LEFT JOIN LATERAL (SELECT q.job_id, q.lane FROM queued q ORDER BY q.lane = 'dcv' DESC, q.job_id LIMIT 1) q ON true;

-- order_dcv_value: DcvMethodChange -> OrderDcv?
-- The random value by which the order's names are proved; a new one only after the old has expired.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.status, o.request_id
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
), begun AS MATERIALIZED (
    SELECT (challenge_begin(r.id, r.account_id, r.rule_scope, r.dcv_method, :caller.now)).subject
      FROM asked a
      JOIN request r ON r.id = a.request_id
     WHERE a.status = 'pending'
), current AS MATERIALIZED (
    SELECT h.method, h.random_value, h.random_value_at, h.rule_scope,
           h.random_value_at = :caller.now AS changed
      FROM begun b
      CROSS JOIN LATERAL challenge_change(b.subject, :caller.account_id, NULL, :caller.now) h
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'random value renewed', 'order/' || :order_id
      FROM current
     WHERE changed
)
SELECT a.id AS order_id, a.status, h.method AS dcv_method, h.random_value,
       h.random_value_at + (SELECT rule_interval(p.value, p.unit)
                              FROM policy_at(:caller.now, h.rule_scope, 'random.life') p) AS expires_at,
       coalesce(h.changed, false) AS changed
  FROM asked a
  LEFT JOIN current h ON true;

-- order_dcv_advance: OrderId -> OrderDcv?
-- The job that takes an order that waits a step further, to be run at once: the customer asks, so a job
-- that rests after a round does, too.
SELECT o.id AS order_id, o.status, coalesce(v.job_id, j.id) AS job_id, v.lane
  FROM orders o
  CROSS JOIN LATERAL request_advance(ARRAY[o.request_id], :caller.now, :caller.traceparent) v
  LEFT JOIN LATERAL (SELECT c.id
                       FROM challenge c
                      WHERE c.asked_by = 'request' AND c.subject = o.request_id
                      LIMIT 1) h ON true
  LEFT JOIN job j ON j.idem_key = v.lane || '/' || CASE v.lane WHEN 'dcv' THEN h.id ELSE o.request_id END
 WHERE o.id = :order_id AND o.account_id = :caller.account_id AND o.status = 'pending'
 ORDER BY v.lane = 'dcv' DESC, 3
 LIMIT 1;

-- order_dcv_names: OrderId -> DnsNameValidation*
-- An order that is issued had all of them proved, however long ago. Of many names that were not found, "*"
-- stands for those that are not told of by themselves.
WITH asked AS MATERIALIZED (
    SELECT id, request_id, status FROM orders WHERE id = :order_id AND account_id = :caller.account_id
), open AS MATERIALIZED (
    SELECT t.dns_name, t.domain, t.owner
      FROM asked o
      CROSS JOIN LATERAL request_open_task(ARRAY[o.request_id], :caller.now) t
     WHERE t.kind = 'dcv' AND o.status <> 'issued'
)
SELECT n.name AS dns_name, CASE WHEN t.dns_name IS NULL THEN 'approved' ELSE 'unapproved' END AS status,
       coalesce(h.seen ->> t.domain, CASE WHEN t.domain IS NOT NULL THEN h.seen ->> '*' END) AS seen,
       t.owner
  FROM asked o
  JOIN request_name n ON n.request_id = o.request_id
  LEFT JOIN LATERAL (SELECT CASE WHEN c.checked_at >= c.poll_from THEN c.seen END AS seen
                       FROM challenge c
                      WHERE c.asked_by = 'request' AND c.subject = o.request_id
                      LIMIT 1) h ON true
  LEFT JOIN open t ON t.dns_name = n.name
 ORDER BY n.position;
