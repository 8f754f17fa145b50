-- delivery_read: DeliveryIds -> Delivery*
-- What is to be told, to whom, and whether that still stands. The chain goes with TLS certificates
-- only, and an immediate issue has a switch of its own.
SELECT d.id, d.account_id, d.webhook_id, d.tries, w.endpoint, w.secret_sealed, w.secret_before_sealed, w.secret_before_until,
       w.status AS webhook_status, w.failing_since,
       e.name AS event, e.id AS event_id,
       json_build_object('order_id', e.order_id, 'certificate_id', e.certificate_id) AS data,
       c.der, c.ca_id, n.name AS common_name
  FROM delivery d
  JOIN event e ON e.id = d.event_id
  LEFT JOIN webhook w ON w.id = d.webhook_id
  LEFT JOIN (certificate c
             JOIN request r ON r.id = c.request_id AND r.rule_scope IN ('TLS', 'PRIV')
             JOIN request_name n ON n.request_id = r.id AND n.position = 0)
         ON c.id = e.certificate_id AND c.order_id = e.order_id AND r.account_id = e.account_id
        AND e.name = 'certificate_issued' AND CASE WHEN e.instant THEN w.instant_chain ELSE w.chain END
 WHERE d.id = ANY (:ids);

-- delivery_words: DeliveryIds -> DeliveryWords*
-- For messages that people read.
SELECT d.id, n.name AS common_name, coalesce(p.document ->> 'name', o.product_name_id) AS product_name,
       c.not_before AS valid_from, c.not_after AS valid_till
  FROM delivery d
  JOIN event e ON e.id = d.event_id
  JOIN orders o ON o.id = e.order_id AND o.account_id = e.account_id
  LEFT JOIN policy_active a ON a.one
  LEFT JOIN policy_document p ON p.version = a.version AND p.kind = 'product' AND p.name = o.product_name_id
  LEFT JOIN certificate c ON c.id = e.certificate_id AND c.order_id = o.id
  LEFT JOIN request_name n ON n.request_id = coalesce(c.request_id, o.request_id) AND n.position = 0
 WHERE d.id = ANY (:ids);

-- delivery_attempted: DeliveryAttempt* -> Delivered*
-- Everything follows from the job, which is deleted or put off by the holder of its lease: who has
-- lost it has no effect. A webhook's row changes only when it begins or ends to fail, or fails for
-- so long that somebody must be told, or wants no more; what was read before must still be so.
--
-- What waits because of an outage is known by its key. The first success after one of a minute or more
-- wakes it, oldest first and a few each second. What an endpoint refuses for its own sake waits its time:
-- it would only use up its tries.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:delivery_id, :job_id, :job_epoch, :ok, :tried, :endpoint, :response_code, :cause, :reason, :sent_at,
                  :received_at, :next_at, :now, :failing_since, :warnings, :disable, :gone, :outage)
        AS i (delivery_id, job_id, job_epoch, ok, tried, endpoint, response_code, cause, reason, sent_at,
              received_at, next_at, now, failing_since, warnings, disable, gone, outage)
), ended AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND i.next_at IS NULL
    RETURNING j.id
), again AS (
    UPDATE job j
       SET run_at = i.next_at, attempt = 0, deaths = 0, alone = false, lease_owner = NULL, lease_until = NULL, -- lease_until
           idem_key = CASE WHEN i.outage THEN 'deliver/' || i.delivery_id END
      FROM input i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND i.next_at IS NOT NULL
    RETURNING j.id
), held AS MATERIALIZED (
    SELECT i.*, d.webhook_id, d.account_id, e.name, e.order_id, e.certificate_id
      FROM input i
      JOIN delivery d ON d.id = i.delivery_id
      JOIN event e ON e.id = d.event_id
     WHERE i.job_id IN (SELECT id FROM ended UNION ALL SELECT id FROM again)
), logged AS (
    INSERT INTO delivery_attempt (delivery_id, webhook_id, account_id, event_name, data, ok, response_code, cause, reason,
                                  sent_at, received_at)
    SELECT delivery_id, webhook_id, account_id, name,
           jsonb_strip_nulls(jsonb_build_object('order_id', order_id, 'certificate_id', certificate_id)),
           ok, response_code, cause, reason, sent_at, received_at
      FROM held
), settled AS (
    UPDATE delivery d
       SET state = CASE WHEN h.ok THEN 'delivered' WHEN h.next_at IS NULL THEN 'failed' ELSE 'waiting' END,
           tries = CASE WHEN h.ok THEN d.tries ELSE d.tries + 1 END,
           failed_at = CASE WHEN NOT h.ok AND h.next_at IS NULL THEN h.now END
      FROM held h
     WHERE d.id = h.delivery_id
), heard AS MATERIALIZED (
    SELECT DISTINCT ON (webhook_id) webhook_id, endpoint, ok, sent_at, now, failing_since, warnings, disable,
           coalesce(gone, false) AS gone, min(failing_since) OVER (PARTITION BY webhook_id) AS began
      FROM held
     WHERE tried
     ORDER BY webhook_id, ok DESC, gone DESC NULLS LAST, failing_since DESC, sent_at
), turned AS (
    UPDATE webhook w
       SET failing_since = CASE WHEN h.ok THEN NULL ELSE coalesce(w.failing_since, h.sent_at) END,
           warnings = CASE WHEN h.ok OR w.failing_since IS NULL THEN 0 ELSE coalesce(h.warnings, w.warnings) END,
           status = CASE WHEN h.gone OR h.disable AND w.failing_since IS NOT NULL THEN 'inactive' ELSE w.status END
      FROM heard h
     WHERE w.id = h.webhook_id AND w.endpoint = h.endpoint
       AND CASE WHEN h.ok THEN w.failing_since IS NOT NULL
                WHEN h.gone THEN w.status = 'active'
                WHEN w.failing_since IS NULL THEN true
                ELSE w.status = 'active' AND w.failing_since = h.failing_since
                     AND (h.disable OR h.warnings > w.warnings) END
    RETURNING w.id, w.account_id, w.failing_since, w.warnings, h.now, h.ok, h.gone, h.began,
              NOT h.ok AND (h.disable OR h.gone) AND w.status = 'inactive' AS disabled
), waking AS MATERIALIZED (
    SELECT q.id, t.now + row_number() OVER (PARTITION BY t.id ORDER BY q.delivery_id) * interval '40 milliseconds' AS run_at
      FROM turned t
     CROSS JOIN LATERAL (SELECT j.id, d.id AS delivery_id
                           FROM delivery d
                           JOIN job j ON j.idem_key = 'deliver/' || d.id
                          WHERE d.webhook_id = t.id AND d.state = 'waiting' AND d.tries > 0
                            AND j.run_at > t.now AND j.id NOT IN (SELECT job_id FROM input)
                          ORDER BY d.id
                          LIMIT 2000
                            FOR UPDATE OF j SKIP LOCKED) q
     WHERE t.ok AND t.began <= t.now - interval '1 minute'
), woken AS (
    UPDATE job j SET run_at = k.run_at FROM waking k WHERE j.id = k.id AND j.run_at > k.run_at
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT now, account_id, 'system', CASE WHEN disabled THEN 'webhook disabled' ELSE 'webhook failing' END, 'webhook/' || id,
           jsonb_strip_nulls(jsonb_build_object('failing_since', failing_since, 'warnings', warnings,
                                                'gone', CASE WHEN gone THEN true END))
      FROM turned
     WHERE disabled OR warnings > 0
)
SELECT h.delivery_id, t.disabled FROM held h LEFT JOIN turned t ON t.id = h.webhook_id;

-- delivery_back: JobAgain* -> JobId*
-- It was not tried: nothing of it counts.
UPDATE job j
   SET run_at = b.run_at, lease_owner = NULL, lease_until = NULL -- lease_until
  FROM unnest(:id, :epoch, :run_at) AS b (id, epoch, run_at)
 WHERE j.id = b.id AND j.id = ANY (:id) AND j.lease_epoch = b.epoch
RETURNING j.id;

-- webhook_logged: WebhookLog* -> Nothing
INSERT INTO delivery_attempt (webhook_id, account_id, event_name, ok, response_code, cause, reason, sent_at, received_at)
SELECT * FROM unnest(:webhook_id, :account_id, :event, :ok, :response_code, :cause, :reason, :sent_at, :received_at);
