-- order_id_block: Nothing -> IdBlock
SELECT nextval('order_block') AS first;

-- request_id_block: Nothing -> IdBlock
SELECT nextval('request_block') AS first;

-- order_place: OrderIntake* -> OrderPlaced*
-- C1: the idempotency gate, and behind it everything that an order is. Who loses at the gate gets
-- no row; of several with one key the first wins. A key that is blocked does not come so far. The lane
-- is a hint taken from the evidence there is; the issuer decides for itself. In lane issue, and in lane caa,
-- which is the time of one look-up, the caller waits for the certificate; the others are answered now. The jobs are those that
-- request_advance() would make.
WITH intake AS MATERIALIZED (
    SELECT i.*, (SELECT true FROM blocked_key b WHERE b.spki_sha256 = i.spki_sha256) IS NOT NULL AS key_blocked,
           (SELECT a.demonstration FROM authority a WHERE a.id = i.ca_id) IS TRUE AS demonstration
      FROM unnest(:order_id, :caller.account_id, :caller.user_id, :caller.api_key_id, :container_id, :product_name_id, :rule_scope, :status,
                  :request_id, :csr, :csr_sha256, :spki_sha256, :key_type, :key_size, :signature_hash, :ca_id, :dcv_method,
                  :dcv_scope, :valid_till, :cert_not_after, :alternative_order_id, :options, :caller.now,
                  :answer_by, :idem_key, :body_sha256, :idem_until, :request_status, :comments, :caller.source, :caller.ip, :caller.traceparent,
                  :profile_option, :renewal_of_order_id, :disable_ct)
        AS i (order_id, account_id, user_id, api_key_id, container_id, product_name_id, rule_scope, status,
              request_id, csr, csr_sha256, spki_sha256, key_type, key_size, signature_hash, ca_id, dcv_method,
              dcv_scope, valid_till, cert_not_after, alternative_order_id, options, now,
              answer_by, idem_key, body_sha256, idem_until, request_status, comments, source, ip, traceparent,
              profile_option, renewal_of_order_id, disable_ct)
), names AS MATERIALIZED (
    SELECT *
      FROM unnest(:names.order_id, :names.position, :names.kind, :names.fqdn, :names.domain)
        AS n (order_id, position, kind, name, domain)
), gate AS (
    INSERT INTO idempotency AS g (account_id, idem_key, body_sha256, order_id, expires_at)
    SELECT DISTINCT ON (account_id, idem_key) account_id, idem_key, body_sha256, order_id, idem_until
      FROM intake
     WHERE NOT key_blocked
     ORDER BY account_id, idem_key, order_id
    ON CONFLICT (account_id, idem_key) DO UPDATE
       SET body_sha256 = excluded.body_sha256, order_id = excluded.order_id, expires_at = excluded.expires_at
     WHERE g.expires_at <= (SELECT min(now) FROM intake)
        OR (SELECT o.status FROM orders o WHERE o.id = g.order_id) IN ('rejected', 'canceled', 'expired')
    RETURNING order_id
), accepted AS MATERIALIZED (
    SELECT i.*, h.lane,
           h.caa,
           CASE WHEN i.dcv_method IS NOT NULL AND (coalesce(h.lane, 'dcv') = 'dcv' OR i.dcv_method = 'email')
                THEN challenge_await(challenge_begin(i.request_id, i.account_id, i.rule_scope, i.dcv_method, i.now),
                                     ARRAY(SELECT n.domain FROM names n WHERE n.order_id = i.order_id)) END AS challenge,
           CASE WHEN i.renewal_of_order_id IS NOT NULL
                THEN order_renewal_begin(i.account_id, i.renewal_of_order_id, i.order_id, i.now) END AS renewal
      FROM intake i
      JOIN gate g ON g.order_id = i.order_id
      CROSS JOIN LATERAL
           (SELECT CASE WHEN i.status = 'needs_approval' THEN NULL WHEN l.dcv THEN 'dcv' WHEN l.caa THEN 'caa' ELSE 'issue' END AS lane,
                   l.dcv AND l.caa AS caa
              FROM (SELECT y.public AND EXISTS (SELECT FROM names n
                                                 WHERE n.order_id = i.order_id
                                                   AND NOT EXISTS (SELECT FROM dcv_evidence(i.account_id, n.name, n.domain, i.rule_scope,
                                                                                            i.csr_sha256, i.now, i.demonstration))) AS dcv,
                           y.public AND EXISTS (SELECT FROM names n
                                                 CROSS JOIN LATERAL caa_standing(i.account_id, n.name, i.rule_scope, i.now, i.demonstration) k
                                                 WHERE n.order_id = i.order_id AND n.kind = 'dns' AND k.valid_until IS NULL) AS caa
                      FROM (SELECT (SELECT a.public FROM authority a WHERE a.id = i.ca_id) IS NOT FALSE AS public) y
                    OFFSET 0) l
            OFFSET 0) h -- once a row, however often it is used
), placed AS (
    INSERT INTO orders (id, account_id, user_id, api_key_id, container_id, product_name_id, status, request_id, valid_till,
                        alternative_order_id, options, disable_ct, created_at, answer_by, status_at)
    SELECT order_id, account_id, user_id, api_key_id, container_id, product_name_id, status, request_id, valid_till,
           alternative_order_id, options::jsonb, coalesce(disable_ct, false), now, CASE WHEN lane IN ('issue', 'caa') THEN answer_by ELSE '-infinity' END, now
      FROM accepted
), requested AS (
    INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, csr, csr_sha256, spki_sha256,
                         key_type, key_size, signature_hash, ca_id, profile_option, dcv_method, dcv_scope, cert_not_after,
                         requester_id, comments, created_at, processed_at)
    SELECT request_id, order_id, account_id, 1, 'new_request', request_status, rule_scope, csr, csr_sha256, spki_sha256,
           key_type, key_size, signature_hash, ca_id, profile_option, dcv_method, dcv_scope, cert_not_after,
           user_id, comments, now, CASE WHEN request_status = 'approved' THEN now END
      FROM accepted
), named AS (
    INSERT INTO request_name (request_id, position, account_id, kind, name, domain)
    SELECT a.request_id, n.position, a.account_id, n.kind, n.name, n.domain
      FROM names n
      JOIN accepted a ON a.order_id = n.order_id
), queued AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT q.lane, q.subject, q.run_at, q.lane || '/' || q.subject, q.traceparent
      FROM (SELECT lane, CASE lane WHEN 'dcv' THEN (challenge).id ELSE request_id END AS subject,
                   now + interval '2 seconds' AS run_at, traceparent
              FROM accepted
             WHERE lane IS NOT NULL
            UNION ALL
            SELECT 'caa', request_id, now + interval '2 seconds', traceparent FROM accepted WHERE lane = 'dcv' AND caa) q
    RETURNING id, subject, lane
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject)
    SELECT now, account_id, user_id, api_key_id, source, ip, 'order placed', 'order/' || order_id
      FROM accepted
)
SELECT a.order_id, q.id AS job_id, a.lane, (a.challenge).random_value, false AS key_blocked,
       CASE WHEN a.dcv_method = 'email'
            THEN (SELECT count(email_choose((a.challenge).id, a.account_id, m.domain, m.address, m.locale, a.now))
                    FROM unnest(:emails.order_id, :emails.domain, :emails.address, :emails.locale)
                         AS m (order_id, domain, address, locale)
                   WHERE m.order_id = a.order_id) END AS emails_chosen
  FROM accepted a
  LEFT JOIN queued q ON q.lane = a.lane
                    AND q.subject = CASE a.lane WHEN 'dcv' THEN (a.challenge).id ELSE a.request_id END
UNION ALL
SELECT i.order_id, NULL, NULL, NULL, true, NULL
  FROM intake i
 WHERE i.key_blocked;

-- order_before: IdempotencyKey* -> OrderBefore*
-- The order that won at the gate.
SELECT k.order_id, g.order_id AS id, g.body_sha256
  FROM unnest(:order_id, :caller.account_id, :idem_key) AS k (order_id, account_id, idem_key)
  JOIN idempotency g ON g.account_id = k.account_id AND g.idem_key = k.idem_key;

-- order_state: OrderId* -> OrderState*
-- The truth about an order, when the issuer's word did not come or said nothing, or when the request
-- for it comes again. Its caller is about to be answered, so what is issued from now on is no part of
-- the answer: answer_by says so, and C3 will tell the webhooks. Where C3 was quicker than this
-- statement's snapshot, `told` is false. An order whose callers have all gone is not written again.
WITH asked AS MATERIALIZED (
    SELECT DISTINCT * FROM unnest(:order_id, :caller.account_id) AS k (order_id, account_id)
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT o.id
      FROM asked k
      JOIN orders o ON o.id = k.order_id AND o.account_id = k.account_id AND o.status <> 'issued' AND o.answer_by <> '-infinity'
     ORDER BY o.id
       FOR NO KEY UPDATE OF o
), told AS (
    UPDATE orders o
       SET answer_by = '-infinity'
      FROM locked l
     WHERE o.id = l.id
    RETURNING o.id
)
SELECT k.order_id, o.status, r.id AS request_id, r.status AS request_status, c.id AS certificate_id, c.der, c.ca_id,
       (SELECT n.name FROM request_name n WHERE n.request_id = r.id AND n.position = 0) AS common_name,
       CASE WHEN o.status IN ('pending', 'needs_approval')
            THEN (SELECT h.random_value
                    FROM challenge h
                   WHERE h.asked_by = 'request' AND h.subject = r.id AND h.method <> 'email') END AS random_value,
       o.status = 'issued' OR o.answer_by = '-infinity' OR t.id IS NOT NULL AS told
  FROM asked k
  JOIN orders o ON o.id = k.order_id AND o.account_id = k.account_id
  JOIN request r ON r.id = o.request_id
  LEFT JOIN certificate c ON c.id = o.certificate_id
  LEFT JOIN told t ON t.id = o.id;

-- order_by_serial: SerialRef -> OrderId?
SELECT c.order_id
  FROM issuance x
  JOIN certificate c ON c.id = x.id
 WHERE x.serial = :serial AND x.account_id = :caller.account_id
 LIMIT 1;

-- order_by_thumbprint: SerialRef -> OrderId?
SELECT order_id FROM certificate WHERE thumbprint = :serial AND account_id = :caller.account_id;

-- order_info: OrderId -> OrderInfo?
-- IS NOT DISTINCT FROM is a check and no way to the rows: without statistics the planner would walk
-- all users and keys of the account. So it would all challenges, if it were not asked for one.
SELECT o.id, o.status, w.id IS NOT NULL AS is_renewal, x.id IS NOT NULL AS is_renewed,
       coalesce(w.renewed_order_id, 0) AS renewed_order_id, x.order_id AS renewal_order_id, o.created_at AS date_created,
       (o.options -> 'order_validity' ->> 'years')::int AS validity_years,
       o.options -> 'order_validity' AS order_validity,
       o.valid_till - interval '1 second' AS order_valid_till,
       CASE WHEN (o.options -> 'order_validity' ->> 'years')::int > 1 THEN true END AS is_multi_year_plan,
       coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) AS disable_renewal_notifications,
       coalesce((o.options ->> 'disable_issuance_email')::boolean, false) AS disable_issuance_email,
       coalesce((o.options ->> 'auto_renew')::int, 0) AS auto_renew,
       coalesce((o.options ->> 'auto_reissue')::int, 0) AS auto_reissue,
       o.disable_ct,
       coalesce(o.options ->> 'payment_method', 'balance') AS payment_method,
       o.options -> 'additional_emails' AS additional_emails,
       o.options ->> 'custom_renewal_message' AS custom_renewal_message,
       o.options -> 'technical_contact' AS technical_contact,
       coalesce(h.dcv_method, r.dcv_method) AS dcv_method,
       CASE WHEN r.dcv_method IS NOT NULL THEN r.dcv_scope END AS certificate_dcv_scope,
       o.alternative_order_id, true AS allow_duplicates,
       CASE WHEN o.status = 'pending' AND h.dcv_method <> 'email' THEN h.random_value END AS dcv_random_value,
       o.product_name_id, o.product_name_id AS "product.name_id",
       k.id AS "container.id", k.name AS "container.name",
       u.id AS "user.id", u.first_name AS "user.first_name", u.last_name AS "user.last_name", u.email AS "user.email",
       p.name AS "api_key.name", CASE WHEN p.id IS NOT NULL THEN 'api_key' END AS "api_key.key_type",
       c.id AS "certificate.id", upper(encode(c.thumbprint, 'hex')) AS "certificate.thumbprint",
       upper(encode(c.serial, 'hex')) AS "certificate.serial_number",
       n.names[1] AS "certificate.common_name",
       o.options -> 'cert_validity' AS "certificate.cert_validity",
       n.names AS "certificate.dns_names",
       o.created_at AS "certificate.date_created", c.issued_at AS "certificate.date_issued",
       c.not_before AS "certificate.valid_from", c.not_after AS "certificate.valid_till",
       floor(extract(epoch FROM c.not_after - :caller.now) / 86400)::bigint AS "certificate.days_remaining",
       encode(r.csr, 'base64') AS "certificate.csr",
       coalesce((o.options ->> 'server_platform_id')::bigint, -1) AS "certificate.server_platform.id",
       r.profile_option AS "certificate.profile_option",
       r.signature_hash AS "certificate.signature_hash", r.key_size AS "certificate.key_size",
       r.ca_id AS "certificate.ca_cert.id",
       u.id AS "certificate.user_id", u.first_name AS "certificate.firstname", u.last_name AS "certificate.lastname",
       n.plain AS purchased_dns_names, n.wildcards AS purchased_wildcard_names,
       (SELECT json_agg(json_build_object('id', q.id, 'date', q.created_at, 'type', q.type, 'status', q.status,
                                          'comments', q.comments) ORDER BY q.sequence)
          FROM request q WHERE q.order_id = o.id) AS requests,
       (SELECT json_agg(json_build_object('id', m.id, 'date_created', m.created_at, 'text', m.text,
                                          'user', json_build_object('id', w.id, 'first_name', w.first_name,
                                                                    'last_name', w.last_name, 'email', w.email))
                        ORDER BY m.id)
          FROM order_note m
          LEFT JOIN user_account w ON w.id = m.user_id AND w.account_id = m.account_id
         WHERE m.order_id = o.id) AS notes
  FROM orders o
  JOIN request r ON r.id = o.request_id
  JOIN user_account u ON u.id = o.user_id AND u.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN container k ON k.id = o.container_id AND k.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN api_key p ON p.id = o.api_key_id AND p.account_id IS NOT DISTINCT FROM o.account_id
  LEFT JOIN certificate c ON c.id = o.certificate_id
  LEFT JOIN LATERAL (SELECT k.method AS dcv_method, k.random_value
                       FROM challenge k
                      WHERE k.asked_by = 'request' AND k.subject = o.request_id
                      LIMIT 1) h ON true
  LEFT JOIN order_renewal w ON w.order_id = o.id AND w.account_id = o.account_id
  LEFT JOIN order_renewal x ON x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = o.account_id
  CROSS JOIN LATERAL (SELECT array_agg(n.name ORDER BY n.position) AS names,
                             count(*) FILTER (WHERE n.name NOT LIKE '*%') AS plain,
                             count(*) FILTER (WHERE n.name LIKE '*%') AS wildcards
                        FROM request_name n
                       WHERE n.request_id = o.request_id) AS n
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;

-- order_info_open: OrderId -> OrderInfo?
-- What order_info says of an order that waits, and of no other. Jobs that were given up are one task,
-- however many they are. Of CAA records, which we look at by ourselves, nothing is told while somebody has something
-- else to do, unless they were found to be in the way.
SELECT o.id, o.status,
       CASE WHEN o.status = 'pending' AND h.method <> 'email'
            THEN h.random_value_at + (SELECT rule_interval(r.value, r.unit)
                                        FROM policy_at(:caller.now, h.rule_scope, 'random.life') r) END
           AS dcv_random_value_expiration_date,
       (SELECT json_agg(json_build_object('kind', t.kind, 'owner', t.owner, 'dns_name', t.dns_name, 'domain', coalesce(t.domain, k.domain),
                                          'since', t.since, 'next_check', coalesce(t.next_check, j.run_at), 'deadline', t.deadline,
                                          'seen', CASE WHEN t.kind = 'caa' THEN k.detail
                                                       WHEN h.checked_at >= h.poll_from AND t.domain IS NOT NULL
                                                       THEN coalesce(h.seen ->> t.domain, h.seen ->> '*') END)
                        ORDER BY t.kind, t.dns_name)
          FROM (SELECT u.*, count(*) FILTER (WHERE u.kind <> 'caa') OVER () AS others
                  FROM (SELECT DISTINCT ON (k.kind, k.dns_name) k.*
                          FROM request_open_task(ARRAY[o.request_id], :caller.now) k
                         ORDER BY k.kind, k.dns_name, k.since) u) t
          LEFT JOIN LATERAL (SELECT c.domain, coalesce(c.detail, 'CAA ' || c.domain || ': validationmethods names none of this order''s method') AS detail
                               FROM caa_check c
                              WHERE c.id = t.check_id) k ON true
          LEFT JOIN job j ON j.idem_key = CASE t.kind WHEN 'caa' THEN 'caa/' WHEN 'transparency' THEN 'ct/' END || o.request_id
         WHERE t.kind <> 'caa' OR t.others = 0 OR t.check_id IS NOT NULL) AS blockers
  FROM orders o
  LEFT JOIN LATERAL (SELECT c.method, c.random_value_at, c.rule_scope, c.poll_from, c.checked_at, c.seen
                       FROM challenge c
                      WHERE c.asked_by = 'request' AND c.subject = o.request_id
                      LIMIT 1) h ON true
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;

-- order_caa_status: OrderId -> OrderInfo?
-- Of each name whose CAA records are looked at, what the newest check has seen.
SELECT o.id, o.status,
       (SELECT json_object_agg(n.dns_name, CASE WHEN n.valid_until IS NOT NULL THEN 'CAA records permit this CA'
                                                ELSE coalesce(k.detail, 'CAA records are about to be checked') END
                               ORDER BY n.dns_name)::text
          FROM request_need(ARRAY[o.request_id], :caller.now) n
          LEFT JOIN LATERAL (SELECT c.detail
                               FROM caa_check c
                              WHERE c.account_id = o.account_id AND c.name = n.dns_name
                              ORDER BY c.checked_at DESC
                              LIMIT 1) k ON true
         WHERE n.kind = 'caa') AS caa_status_message
  FROM orders o
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;

-- order_caa_obstacle: OrderId -> CaaObstacle?
-- One is told of: the first by name, what the customer can mend before what only we can.
SELECT t.dns_name, k.result IN ('forbidden', 'permitted') AS forbidden,
       coalesce(k.detail, 'validationmethods names none of this order''s method') AS detail, t.owner = 'ca' AS ours
  FROM orders o
  CROSS JOIN LATERAL request_open_task(ARRAY[o.request_id], :caller.now) t
  JOIN caa_check k ON k.id = t.check_id
 WHERE o.id = :order_id AND o.account_id = :caller.account_id AND o.status = 'pending'
 ORDER BY t.owner = 'ca', t.dns_name
 LIMIT 1;

-- order_cancel: OrderStatusChange -> ChangeResult?
-- Not while a certificate is being issued: a living attempt freezes the order.
WITH asked AS MATERIALIZED (
    SELECT id, status, frozen, changed FROM order_cancel(:caller.account_id, :order_id, :caller.user_id, :note, :caller.now)
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'order canceled', 'order/' || id,
           jsonb_build_object('note', :note::text)
      FROM asked
     WHERE changed
)
SELECT id AS order_id, status, changed, frozen FROM asked;

-- order_ct_status: CtStatusRequest -> CtStatusSet?
WITH asked AS MATERIALIZED (
    SELECT id, status, frozen, so, changed FROM order_ct_status(:caller.account_id, :order_id, :disable_ct)
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'order ct status changed', 'order/' || id,
           jsonb_build_object('disable_ct', :disable_ct::boolean)
      FROM asked
     WHERE changed
)
SELECT id AS order_id, status, frozen, so FROM asked;
