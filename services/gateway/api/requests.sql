-- request_approve: RequestStatusChange -> ChangeResult?
-- Sends the order on its way.
WITH asked AS MATERIALIZED (
    SELECT a.id, a.request_id, a.status, a.changed
      FROM request r
      JOIN orders o ON o.id = r.order_id AND o.request_id = r.id
      CROSS JOIN LATERAL order_approve(:caller.account_id, o.id, :caller.user_id, :processor_comment, :caller.now) a
     WHERE r.id = :request_id AND r.account_id = :caller.account_id
), queued AS MATERIALIZED (
    SELECT v.job_id, v.lane
      FROM asked a
      CROSS JOIN LATERAL request_advance(ARRAY[a.request_id], :caller.now, :caller.traceparent) v
     WHERE a.changed
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'request approved', 'request/' || request_id,
           jsonb_build_object('comment', :processor_comment::text, 'order_id', id)
      FROM asked
     WHERE changed
)
SELECT a.id AS order_id, a.status, a.changed, q.job_id, q.lane
  FROM asked a
  LEFT JOIN LATERAL (SELECT q.job_id, q.lane FROM queued q ORDER BY q.job_id LIMIT 1) q ON true;

-- request_reject: RequestStatusChange -> ChangeResult?
-- Ends the order and tells the account's webhooks. Not while a certificate is being issued.
WITH asked AS MATERIALIZED (
    SELECT a.id, a.account_id, a.status, a.frozen, a.changed
      FROM request r
      JOIN orders o ON o.id = r.order_id AND o.request_id = r.id
      CROSS JOIN LATERAL order_reject(:caller.account_id, o.id, :caller.user_id, :processor_comment, :caller.now) a
     WHERE r.id = :request_id AND r.account_id = :caller.account_id
), happened AS (
    INSERT INTO event (account_id, name, order_id, instant, at)
    SELECT account_id, 'order_rejected', id, false, :caller.now FROM asked WHERE changed
    RETURNING id, account_id
), told AS (
    INSERT INTO delivery (event_id, webhook_id, account_id, state)
    SELECT h.id, w.id, h.account_id, 'waiting'
      FROM happened h
      JOIN webhook w ON w.account_id = h.account_id AND w.status = 'active' AND 'order_rejected' = ANY (w.events)
     WHERE w.account_id = :caller.account_id
    RETURNING id
), delivering AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'deliver', id, :caller.now::timestamptz + interval '2 seconds', :caller.traceparent FROM told
    RETURNING id, lane
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'request rejected', 'request/' || :request_id,
           jsonb_build_object('comment', :processor_comment::text, 'order_id', id)
      FROM asked
     WHERE changed
)
SELECT a.id AS order_id, a.status, a.changed, a.frozen, d.id AS job_id, d.lane
  FROM asked a
  LEFT JOIN LATERAL (SELECT d.id, d.lane FROM delivering d ORDER BY d.id LIMIT 1) d ON true;
