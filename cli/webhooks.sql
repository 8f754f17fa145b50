-- webhook_rows: WebhooksWanted -> WebhookListed*
-- Why it fails is looked for only where it does: that was tried of late.
SELECT w.id, w.account_id, w.status, w.failing_since, split_part(w.endpoint, '/', 3) AS host,
       (SELECT count(*)
          FROM (SELECT d.id FROM delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.tries > 0 LIMIT 10000) counted)
           AS waiting,
       CASE WHEN w.failing_since IS NOT NULL
            THEN (SELECT a.reason
                    FROM delivery_attempt a
                   WHERE a.account_id = w.account_id AND a.webhook_id = w.id AND NOT a.ok
                   ORDER BY a.id DESC
                   LIMIT 1) END AS reason
  FROM webhook w
 WHERE (:account_id::bigint IS NULL OR w.account_id = :account_id)
   AND (NOT :failing::boolean OR w.failing_since IS NOT NULL)
 ORDER BY w.id DESC
 LIMIT :limit;

-- webhook_shown: WebhookAsked -> WebhookShown?
SELECT w.id, w.account_id, a.name AS account, w.status, w.verified, w.endpoint, array_to_string(w.events, ', ') AS events,
       w.instant, w.created_at, w.failing_since, w.warnings,
       (SELECT count(*)
          FROM (SELECT d.id FROM delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.tries > 0 LIMIT 10000) counted)
           AS waiting,
       (SELECT count(*) FROM (SELECT d.id FROM delivery d WHERE d.webhook_id = w.id AND d.failed_at IS NOT NULL LIMIT 10000) counted)
           AS given_up
  FROM webhook w
  JOIN account a ON a.id = w.account_id
 WHERE w.id = :id;

-- webhook_log_lines: WebhookLogWanted -> WebhookLogLine*
SELECT a.sent_at, a.event_name, (a.data ->> 'order_id')::bigint AS order_id, a.ok, a.response_code,
       (extract(epoch FROM a.received_at - a.sent_at) * 1000)::bigint AS ms, CASE WHEN NOT a.ok THEN a.reason END AS reason
  FROM delivery_attempt a
 WHERE a.account_id = :account_id AND a.webhook_id = :id
 ORDER BY a.id DESC
 LIMIT :limit;
