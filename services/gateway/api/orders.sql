-- order_id_block: Nothing -> IdBlock
SELECT nextval('order_block') AS first;

-- order_place: OrderIntake* -> OrderPlaced*
-- C1: the idempotency gate, and behind it everything that an order is. Who loses at the gate gets
-- no row. The lane is a hint taken from the evidence there is; the issuer decides for itself.
-- Only in lane issue does the caller wait for the certificate; the others are answered now.
WITH intake AS MATERIALIZED (
    SELECT *
      FROM unnest(:order_id, :account_id, :user_id, :api_key_id, :container_id, :product_name_id, :rule_scope, :status,
                  :common_name, :csr, :csr_sha256, :key_type, :key_size, :signature_hash, :ca_id, :dcv_method,
                  :dcv_scope, :random_value, :valid_till, :cert_not_after, :alternative_order_id, :options, :now,
                  :answer_by, :idem_key, :body_sha256, :idem_until, :request_status, :comments, :source, :ip, :traceparent,
                  :profile_option, :renewal_of_order_id)
        AS i (order_id, account_id, user_id, api_key_id, container_id, product_name_id, rule_scope, status,
              common_name, csr, csr_sha256, key_type, key_size, signature_hash, ca_id, dcv_method,
              dcv_scope, random_value, valid_till, cert_not_after, alternative_order_id, options, now,
              answer_by, idem_key, body_sha256, idem_until, request_status, comments, source, ip, traceparent,
              profile_option, renewal_of_order_id)
), names AS MATERIALIZED (
    SELECT *
      FROM unnest(:names.order_id, :names.position, :names.account_id, :names.fqdn, :names.domain)
        AS n (order_id, position, account_id, fqdn, domain)
), gate AS (
    INSERT INTO idempotency AS g (account_id, idem_key, body_sha256, order_id, expires_at)
    SELECT account_id, idem_key, body_sha256, order_id, idem_until FROM intake
    ON CONFLICT (account_id, idem_key) DO UPDATE
       SET body_sha256 = excluded.body_sha256, order_id = excluded.order_id, expires_at = excluded.expires_at
     WHERE g.expires_at <= (SELECT min(now) FROM intake)
    RETURNING order_id
), accepted AS MATERIALIZED (
    SELECT i.*,
           CASE WHEN i.status = 'needs_approval' THEN NULL
                WHEN EXISTS (SELECT FROM names n
                              WHERE n.order_id = i.order_id
                                AND NOT EXISTS (SELECT FROM dcv_evidence(i.account_id, n.fqdn, n.domain,
                                                                         i.rule_scope, i.csr_sha256, i.now))) THEN 'dcv'
                ELSE 'issue' END AS lane,
           CASE WHEN i.renewal_of_order_id IS NOT NULL
                THEN order_renewal_begin(i.account_id, i.renewal_of_order_id, i.order_id, i.now) END AS renewal,
           CASE WHEN i.dcv_method = 'email'
                THEN (SELECT count(order_email_choose(m.order_id, m.account_id, m.domain, m.address, m.locale, m.now))
                        FROM unnest(:emails.order_id, :emails.account_id, :emails.domain, :emails.address, :emails.locale,
                                    :emails.now) AS m (order_id, account_id, domain, address, locale, now)
                       WHERE m.order_id = i.order_id) END AS mailed
      FROM intake i
      JOIN gate g ON g.order_id = i.order_id
), placed AS (
    INSERT INTO orders (id, account_id, user_id, api_key_id, container_id, product_name_id, rule_scope, status,
                        common_name, csr, csr_sha256, key_type, key_size, signature_hash, ca_id, dcv_method, dcv_scope,
                        random_value, random_value_at, poll_from, valid_till, cert_not_after, alternative_order_id,
                        options, created_at, answer_by, status_at, profile_option)
    SELECT order_id, account_id, user_id, api_key_id, container_id, product_name_id, rule_scope, status,
           common_name, csr, csr_sha256, key_type, key_size, signature_hash, ca_id, dcv_method, dcv_scope,
           random_value, now, now, valid_till, cert_not_after, alternative_order_id,
           options::jsonb, now, CASE WHEN lane = 'issue' THEN answer_by ELSE '-infinity' END, now, profile_option
      FROM accepted
), named AS (
    INSERT INTO order_name (order_id, position, account_id, fqdn, domain)
    SELECT n.order_id, n.position, n.account_id, n.fqdn, n.domain
      FROM names n
      JOIN accepted a ON a.order_id = n.order_id
), requested AS (
    INSERT INTO request (order_id, account_id, type, status, requester_id, comments, created_at, processed_at)
    SELECT order_id, account_id, 'new_request', request_status, user_id, comments, now,
           CASE WHEN request_status = 'approved' THEN now END
      FROM accepted
    RETURNING id, order_id
), queued AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT lane, order_id, now + interval '2 seconds', CASE WHEN lane = 'dcv' THEN 'dcv/' || order_id END, traceparent
      FROM accepted
     WHERE lane IS NOT NULL
    UNION ALL
    SELECT 'order_expire', a.order_id, a.now + rule_interval(r.value, r.unit), 'order_expire/' || a.order_id,
           a.traceparent
      FROM accepted a
      CROSS JOIN LATERAL policy_at(a.now, a.rule_scope, 'order.pending') r
     WHERE a.lane IS DISTINCT FROM 'issue'
    RETURNING id, subject, lane
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject)
    SELECT now, account_id, user_id, api_key_id, source, ip, 'order placed', 'order/' || order_id
      FROM accepted
)
SELECT r.order_id, r.id AS request_id, q.id AS job_id, q.lane
  FROM requested r
  LEFT JOIN queued q ON q.subject = r.order_id AND q.lane <> 'order_expire';

-- order_before: IdempotencyKey* -> OrderBefore*
-- The order that won at the gate.
SELECT k.order_id, o.id, o.common_name, g.body_sha256, o.status, r.id AS request_id, r.status AS request_status,
       o.random_value, o.status = 'pending' AND o.dcv_method <> 'email' AS use_random_value,
       c.id AS certificate_id, c.der, o.ca_id
  FROM unnest(:order_id, :account_id, :idem_key) AS k (order_id, account_id, idem_key)
  JOIN idempotency g ON g.account_id = k.account_id AND g.idem_key = k.idem_key
  JOIN orders o ON o.id = g.order_id AND o.account_id = k.account_id
  JOIN request r ON r.order_id = o.id AND r.type = 'new_request'
  LEFT JOIN certificate c ON c.order_id = o.id;

-- order_state: OrderId* -> OrderBefore*
-- The truth about an order, when the issuer's word did not come or said nothing. Its caller is about
-- to be answered, so what is issued from now on is no part of the answer: answer_by says so, and C3
-- will tell the webhooks. Where C3 was quicker than this statement's snapshot, `told` is false.
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(:order_id, :account_id) AS k (order_id, account_id)
), told AS (
    UPDATE orders o
       SET answer_by = '-infinity'
      FROM asked k
     WHERE o.id = k.order_id AND o.account_id = k.account_id AND o.status <> 'issued'
    RETURNING o.id
)
SELECT k.order_id, o.id, o.common_name, o.csr_sha256 AS body_sha256, o.status, r.id AS request_id,
       r.status AS request_status, o.random_value, o.status = 'pending' AND o.dcv_method <> 'email' AS use_random_value,
       c.id AS certificate_id, c.der, o.ca_id, o.status = 'issued' OR t.id IS NOT NULL AS told
  FROM asked k
  JOIN orders o ON o.id = k.order_id AND o.account_id = k.account_id
  JOIN request r ON r.order_id = o.id AND r.type = 'new_request'
  LEFT JOIN certificate c ON c.order_id = o.id
  LEFT JOIN told t ON t.id = o.id;

-- order_by_serial: SerialRef -> OrderId?
SELECT c.order_id
  FROM issuance x
  JOIN certificate c ON c.id = x.id
 WHERE x.serial = :serial AND x.account_id = :account_id
 LIMIT 1;

-- order_by_thumbprint: SerialRef -> OrderId?
SELECT order_id FROM certificate WHERE thumbprint = :serial AND account_id = :account_id;

-- order_info: OrderId -> OrderInfo?
-- IS NOT DISTINCT FROM is a check and no way to the rows: without statistics the planner would walk
-- all users and keys of the account.
SELECT o.id, o.status, w.id IS NOT NULL AS is_renewal, x.id IS NOT NULL AS is_renewed,
       coalesce(w.renewed_order_id, 0) AS renewed_order_id, x.order_id AS renewal_order_id, o.created_at AS date_created,
       (o.options -> 'order_validity' ->> 'years')::int AS validity_years,
       o.options -> 'order_validity' AS order_validity,
       o.valid_till AS order_valid_till,
       CASE WHEN (o.options -> 'order_validity' ->> 'years')::int > 1 THEN true END AS is_multi_year_plan,
       coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) AS disable_renewal_notifications,
       coalesce((o.options ->> 'disable_issuance_email')::boolean, false) AS disable_issuance_email,
       coalesce((o.options ->> 'auto_renew')::int, 0) AS auto_renew,
       coalesce((o.options ->> 'auto_reissue')::int, 0) AS auto_reissue,
       coalesce((o.options ->> 'disable_ct')::boolean, false) AS disable_ct,
       coalesce(o.options ->> 'payment_method', 'balance') AS payment_method,
       o.options -> 'additional_emails' AS additional_emails,
       o.options ->> 'custom_renewal_message' AS custom_renewal_message,
       o.options -> 'technical_contact' AS technical_contact,
       o.dcv_method, CASE WHEN o.dcv_method IS NOT NULL THEN o.dcv_scope END AS certificate_dcv_scope,
       o.alternative_order_id, true AS allow_duplicates,
       CASE WHEN o.status = 'pending' AND o.dcv_method <> 'email' THEN o.random_value END AS dcv_random_value,
       o.product_name_id, o.product_name_id AS "product.name_id",
       k.id AS "container.id", k.name AS "container.name",
       u.id AS "user.id", u.first_name AS "user.first_name", u.last_name AS "user.last_name", u.email AS "user.email",
       p.name AS "api_key.name", CASE WHEN p.id IS NOT NULL THEN 'api_key' END AS "api_key.key_type",
       c.id AS "certificate.id", upper(encode(c.thumbprint, 'hex')) AS "certificate.thumbprint",
       upper(encode(c.serial, 'hex')) AS "certificate.serial_number",
       o.common_name AS "certificate.common_name",
       o.options -> 'cert_validity' AS "certificate.cert_validity",
       n.fqdns AS "certificate.dns_names",
       o.created_at AS "certificate.date_created", c.issued_at AS "certificate.date_issued",
       c.not_before AS "certificate.valid_from", c.not_after AS "certificate.valid_till",
       floor(extract(epoch FROM c.not_after - :now) / 86400)::bigint AS "certificate.days_remaining",
       encode(o.csr, 'base64') AS "certificate.csr",
       coalesce((o.options ->> 'server_platform_id')::bigint, -1) AS "certificate.server_platform.id",
       o.profile_option AS "certificate.profile_option",
       o.signature_hash AS "certificate.signature_hash", o.key_size AS "certificate.key_size",
       o.ca_id AS "certificate.ca_cert.id",
       u.id AS "certificate.user_id", u.first_name AS "certificate.firstname", u.last_name AS "certificate.lastname",
       n.plain AS purchased_dns_names, n.wildcards AS purchased_wildcard_names,
       (SELECT json_agg(json_build_object('id', r.id, 'date', r.created_at, 'type', r.type, 'status', r.status,
                                          'comments', r.comments) ORDER BY r.id)
          FROM request r WHERE r.order_id = o.id) AS requests,
       (SELECT json_agg(json_build_object('id', m.id, 'date_created', m.created_at, 'text', m.text,
                                          'user', json_build_object('id', w.id, 'first_name', w.first_name,
                                                                    'last_name', w.last_name, 'email', w.email))
                        ORDER BY m.id)
          FROM order_note m
          LEFT JOIN user_account w ON w.id = m.user_id AND w.account_id = m.account_id
         WHERE m.order_id = o.id) AS notes
  FROM orders o
  JOIN user_account u ON u.id = o.user_id AND u.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN container k ON k.id = o.container_id AND k.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN api_key p ON p.id = o.api_key_id AND p.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN certificate c ON c.order_id = o.id
  LEFT JOIN order_renewal w ON w.order_id = o.id AND w.account_id = o.account_id
  LEFT JOIN order_renewal x ON x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = o.account_id
  CROSS JOIN LATERAL (SELECT array_agg(n.fqdn ORDER BY n.position) AS fqdns,
                             count(*) FILTER (WHERE n.fqdn NOT LIKE '*%') AS plain,
                             count(*) FILTER (WHERE n.fqdn LIKE '*%') AS wildcards
                        FROM order_name n
                       WHERE n.order_id = o.id) AS n
 WHERE o.id = :order_id AND o.account_id = :account_id;

-- order_info_open: OrderId -> OrderInfo?
-- What order_info says of an order that waits, and of no other.
SELECT o.id, o.status,
       CASE WHEN o.status = 'pending' AND o.dcv_method <> 'email'
            THEN o.random_value_at + (SELECT rule_interval(r.value, r.unit)
                                        FROM policy_at(:now, o.rule_scope, 'random.life') r) END
           AS dcv_random_value_expiration_date,
       (SELECT json_agg(json_build_object('kind', t.kind, 'owner', t.owner, 'dns_name', t.dns_name, 'domain', t.domain,
                                          'since', t.since, 'next_check', t.next_check, 'deadline', t.deadline,
                                          'seen', c.seen ->> t.domain)
                        ORDER BY t.kind, t.dns_name)
          FROM order_open_task(ARRAY[o.id], :now) t
          LEFT JOIN order_check c ON c.order_id = o.id AND c.checked_at >= o.poll_from) AS blockers
  FROM orders o
 WHERE o.id = :order_id AND o.account_id = :account_id;

-- order_cancel: OrderStatusChange -> ChangeResult?
-- Not while a certificate is being issued: a living attempt freezes the order.
WITH locked AS MATERIALIZED (
    SELECT o.id, o.status
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :account_id
       FOR UPDATE
), before AS MATERIALIZED (
    SELECT id, status, order_frozen(id) AS frozen FROM locked
), done AS (
    UPDATE orders o
       SET status = 'canceled', status_at = :now, note = :note
      FROM before b
     WHERE o.id = b.id AND b.status IN ('pending', 'needs_approval') AND NOT b.frozen
    RETURNING o.id
), rejected AS (
    UPDATE request r
       SET status = 'rejected', processor_id = :user_id, processor_comment = :note, processed_at = :now
      FROM done d
     WHERE r.order_id = d.id AND r.status = 'pending'
), released AS ( -- the order that it was to renew may be renewed again
    UPDATE order_renewal x SET ended_at = :now FROM done d WHERE x.order_id = d.id AND x.ended_at IS NULL
), freed AS (
    DELETE FROM idempotency g USING done d WHERE g.account_id = :account_id AND g.order_id = d.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'order canceled', 'order/' || id,
           jsonb_build_object('note', :note::text)
      FROM done
)
SELECT b.id AS order_id, b.status, EXISTS (SELECT FROM done) AS changed, b.frozen FROM before b;

-- request_decide: RequestStatusChange -> ChangeResult?
-- Approving sends the order on its way; rejecting ends it and tells the account's webhooks.
WITH locked AS MATERIALIZED (
    SELECT r.id, r.status, o.id AS order_id, o.status AS order_status, o.account_id
      FROM request r
      JOIN orders o ON o.id = r.order_id AND o.account_id = :account_id
     WHERE r.id = :request_id AND r.account_id = :account_id
       FOR UPDATE
), before AS MATERIALIZED (
    SELECT id, status, order_id, order_status, account_id, order_frozen(order_id) AS frozen FROM locked
), ordered AS (
    UPDATE orders o
       SET status = CASE WHEN :status::text = 'approved' THEN 'pending' ELSE 'rejected' END, status_at = :now,
           poll_from = CASE WHEN :status = 'approved' THEN :now ELSE o.poll_from END
      FROM before b
     WHERE o.id = b.order_id AND NOT b.frozen
       AND ((:status = 'approved' AND b.order_status = 'needs_approval' AND b.status = 'pending')
            OR (:status = 'rejected' AND b.order_status IN ('needs_approval', 'pending')))
    RETURNING o.id, o.account_id
), decided AS (
    UPDATE request r
       SET status = :status, processor_id = :user_id, processor_comment = :processor_comment, processed_at = :now
      FROM ordered d
     WHERE r.id = :request_id AND r.order_id = d.id
), released AS ( -- the order that it was to renew may be renewed again
    UPDATE order_renewal x SET ended_at = :now FROM ordered d WHERE x.order_id = d.id AND x.ended_at IS NULL AND :status = 'rejected'
), freed AS (
    DELETE FROM idempotency g USING ordered d WHERE g.account_id = :account_id AND g.order_id = d.id AND :status = 'rejected'
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'issue', id, :now::timestamptz + interval '2 seconds', :traceparent FROM ordered WHERE :status = 'approved'
    RETURNING id, lane, subject
), happened AS (
    INSERT INTO event (account_id, name, order_id, instant, at)
    SELECT account_id, 'order_rejected', id, false, :now FROM ordered WHERE :status = 'rejected'
    RETURNING id, account_id
), told AS (
    INSERT INTO delivery (event_id, webhook_id, account_id, state)
    SELECT h.id, w.id, h.account_id, 'waiting'
      FROM happened h
      JOIN webhook w ON w.account_id = h.account_id AND w.status = 'active' AND 'order_rejected' = ANY (w.events)
     WHERE w.account_id = :account_id
    RETURNING id
), delivering AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'deliver', id, :now::timestamptz + interval '2 seconds', :traceparent FROM told
    RETURNING id, lane
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'request ' || :status, 'request/' || :request_id,
           jsonb_build_object('comment', :processor_comment::text, 'order_id', d.id)
      FROM ordered d
)
SELECT b.order_id, b.status, EXISTS (SELECT FROM ordered) AS changed, b.frozen,
       coalesce((SELECT id FROM queued), (SELECT min(id) FROM delivering)) AS job_id,
       coalesce((SELECT lane FROM queued), (SELECT min(lane) FROM delivering)) AS lane
  FROM before b;

-- order_dcv_method: DcvMethodChange -> OrderDcv?
-- A new method starts the polling cadence again; an expired random value is replaced.
WITH before AS (
    SELECT o.id, o.status, o.dcv_method, o.random_value, o.random_value_at, o.product_name_id,
           rule_interval(r.value, r.unit) AS life
      FROM orders o
      CROSS JOIN LATERAL policy_at(:now, o.rule_scope, 'random.life') r
     WHERE o.id = :order_id AND o.account_id = :account_id
       FOR UPDATE OF o
), done AS (
    UPDATE orders o
       SET dcv_method = :dcv_method, poll_from = :now,
           random_value = CASE WHEN b.random_value_at + b.life > :now THEN b.random_value ELSE :random_value END,
           random_value_at = CASE WHEN b.random_value_at + b.life > :now THEN b.random_value_at ELSE :now END
      FROM before b
     WHERE o.id = b.id AND b.status = 'pending'
    RETURNING o.id, o.dcv_method, o.random_value, o.random_value_at + b.life AS expires_at
), queued AS (
    SELECT dcv_job_restart(id, :now, :traceparent) AS id FROM done
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'dcv method changed', 'order/' || id,
           jsonb_build_object('dcv_method', dcv_method)
      FROM done
)
SELECT b.id AS order_id, b.status, coalesce(d.dcv_method, b.dcv_method) AS dcv_method,
       coalesce(d.random_value, b.random_value) AS random_value,
       coalesce(d.expires_at, b.random_value_at + b.life) AS expires_at,
       (SELECT id FROM queued) AS job_id,
       d.id IS NOT NULL AS changed, b.product_name_id
  FROM before b
  LEFT JOIN done d ON d.id = b.id;

-- order_dcv_value: DcvMethodChange -> OrderDcv?
-- The order's random value; a new one only after the old has expired.
WITH before AS (
    SELECT o.id, o.status, o.dcv_method, o.random_value, o.random_value_at, o.product_name_id,
           rule_interval(r.value, r.unit) AS life
      FROM orders o
      CROSS JOIN LATERAL policy_at(:now, o.rule_scope, 'random.life') r
     WHERE o.id = :order_id AND o.account_id = :account_id
       FOR UPDATE OF o
), done AS (
    UPDATE orders o
       SET random_value = :random_value, random_value_at = :now
      FROM before b
     WHERE o.id = b.id AND b.status = 'pending' AND b.random_value_at + b.life <= :now
    RETURNING o.id, o.random_value, o.random_value_at + b.life AS expires_at
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'random value renewed', 'order/' || id FROM done
)
SELECT b.id AS order_id, b.status, b.dcv_method, coalesce(d.random_value, b.random_value) AS random_value,
       coalesce(d.expires_at, b.random_value_at + b.life) AS expires_at, d.id IS NOT NULL AS changed, b.product_name_id
  FROM before b
  LEFT JOIN done d ON d.id = b.id;

-- order_dcv_job: OrderId -> OrderDcv?
-- The job that will check the order's names next: for a check at once.
SELECT o.id AS order_id, o.status, o.dcv_method, o.random_value, o.random_value_at AS expires_at, j.id AS job_id,
       o.product_name_id,
       (SELECT min(n.fqdn) FROM order_name n WHERE n.order_id = o.id AND n.fqdn LIKE '*%') AS wildcard
  FROM orders o
  LEFT JOIN job j ON j.idem_key = 'dcv/' || o.id
 WHERE o.id = :order_id AND o.account_id = :account_id;

-- order_dcv_wake: OrderId -> JobId?
-- Polling has ended, the customer asks: one more round.
INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
SELECT 'dcv', o.id, :now::timestamptz + interval '2 seconds', 'dcv/' || o.id, :traceparent
  FROM orders o
 WHERE o.id = :order_id AND o.account_id = :account_id AND o.status = 'pending'
ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
RETURNING id;

-- order_dcv_names: OrderId -> DnsNameValidation*
SELECT n.fqdn AS dns_name, CASE WHEN t.dns_name IS NULL THEN 'approved' ELSE 'unapproved' END AS status,
       c.seen ->> t.domain AS seen
  FROM orders o
  JOIN order_name n ON n.order_id = o.id
  LEFT JOIN order_check c ON c.order_id = o.id AND c.checked_at >= o.poll_from
  LEFT JOIN order_open_task(ARRAY[:order_id::bigint], :now) t ON t.kind = 'dcv' AND t.dns_name = n.fqdn
 WHERE o.id = :order_id AND o.account_id = :account_id
 ORDER BY n.position;
