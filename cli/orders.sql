-- order_found: OrderAsked -> OrderFound?
-- By its number, or by the serial number of an attempt for it: a certificate or not. The number goes first.
WITH named AS MATERIALIZED (
    SELECT :id::bigint AS id, 1 AS place
    UNION ALL
    SELECT r.order_id, 2 FROM issuance x JOIN request r ON r.id = x.request_id WHERE x.serial = :serial::bytea
)
SELECT o.id, o.status, o.status_at, o.account_id, a.name AS account, u.username, o.product_name_id, o.alternative_order_id,
       o.created_at, o.valid_till, o.request_id, r.type AS request_type, r.status AS request_status,
       (SELECT string_agg(n.name, ', ' ORDER BY n.position) FROM request_name n WHERE n.request_id = r.id) AS names,
       coalesce((SELECT c.method FROM challenge c WHERE c.asked_by = 'request' AND c.subject = r.id), r.dcv_method) AS dcv_method,
       r.key_type, y.name AS authority, c.id AS certificate_id, upper(encode(c.serial, 'hex')) AS serial, c.issued_at,
       c.not_after, (SELECT array_to_string(x.lint_warnings, ', ') FROM issuance x WHERE x.id = c.id) AS lint_warnings
  FROM named d
  JOIN orders o ON o.id = d.id
  JOIN account a ON a.id = o.account_id
  JOIN request r ON r.id = o.request_id
  LEFT JOIN user_account u ON u.id = o.user_id
  LEFT JOIN authority y ON y.id = r.ca_id
  LEFT JOIN certificate c ON c.id = o.certificate_id
 ORDER BY d.place
 LIMIT 1;

-- orders_newest: OrdersWanted -> OrderListed*
-- By the index of each account; nearly all orders are issued, so that a status is found soon.
SELECT o.id, o.account_id, o.status, o.product_name_id, o.created_at, c.not_after,
       (SELECT string_agg(n.name, ', ' ORDER BY n.position) FROM request_name n WHERE n.request_id = o.request_id) AS names
  FROM account a
  CROSS JOIN LATERAL (SELECT k.id, k.account_id, k.status, k.product_name_id, k.created_at, k.request_id, k.certificate_id
                        FROM orders k
                       WHERE k.account_id = a.id AND (:status::text IS NULL OR k.status = :status)
                       ORDER BY k.created_at DESC, k.id DESC
                       LIMIT :limit) o
  LEFT JOIN certificate c ON c.id = o.certificate_id
 WHERE :account_id::bigint IS NULL OR a.id = :account_id
 ORDER BY o.created_at DESC, o.id DESC
 LIMIT :limit;

-- orders_unsettled: OrdersWanted -> OrderListed*
-- Of a status that few have: among those that are set apart, and those that are not counted yet.
SELECT o.id, o.account_id, o.status, o.product_name_id, o.created_at, c.not_after,
       (SELECT string_agg(n.name, ', ' ORDER BY n.position) FROM request_name n WHERE n.request_id = o.request_id) AS names
  FROM (SELECT DISTINCT u.order_id
          FROM account a
          CROSS JOIN LATERAL order_unsettled(a.id) u
         WHERE (:account_id::bigint IS NULL OR a.id = :account_id) AND u.state <> 'issued') w
  JOIN orders o ON o.id = w.order_id
  LEFT JOIN certificate c ON c.id = o.certificate_id
 WHERE o.status = :status
 ORDER BY o.created_at DESC, o.id DESC
 LIMIT :limit;

-- order_waits: OrderWhy -> OrderWait*
-- What an order waits for: what is left to do, with its owner, an authority that signs nothing, and the jobs
-- that carry it or were given up. Of one that waits for nothing, what its certificates wait for: a key that is known to others,
-- or an attempt in quarantine.
WITH asked AS MATERIALIZED (
    SELECT o.request_id, r.ca_id, coalesce(c.method, r.dcv_method) AS method, ARRAY['issue/' || r.id, 'caa/' || r.id, 'ct/' || r.id] AS request_keys, 'dcv/' || c.id AS dcv_key, c.id AS challenge_id,
           CASE WHEN c.checked_at >= c.poll_from THEN c.seen END AS seen
      FROM orders o
      JOIN request r ON r.id = o.request_id
      LEFT JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
     WHERE o.id = :id AND o.status IN ('pending', 'needs_approval')
)
SELECT 1 AS place, t.kind, t.owner, t.dns_name AS name, t.since, t.next_check AS next_at, t.deadline,
       CASE t.kind WHEN 'caa' THEN coalesce(q.detail, 'CAA ' || q.domain || ': validationmethods names none of this order''s method')
                   WHEN 'transparency' THEN l.detail
                   ELSE coalesce(a.seen ->> t.domain, CASE WHEN t.domain IS NOT NULL THEN a.seen ->> '*' END) END AS detail,
       CASE WHEN t.kind = 'dcv' THEN a.method END AS method
  FROM asked a
  CROSS JOIN LATERAL (SELECT u.*, count(*) FILTER (WHERE u.kind <> 'caa') OVER () AS others
                        FROM (SELECT DISTINCT ON (k.kind, k.dns_name) k.*
                                FROM request_open_task(ARRAY[a.request_id], :now) k
                               ORDER BY k.kind, k.dns_name, k.since) u) t
  LEFT JOIN caa_check q ON q.id = t.check_id
  LEFT JOIN LATERAL (SELECT string_agg(concat(l ->> 'log', ' of ' || (l ->> 'operator'), ': ', l ->> 'detail'), '; ') AS detail
                       FROM precertificate p
                      CROSS JOIN jsonb_array_elements(p.looked) l
                      WHERE t.kind = 'transparency' AND p.request_id = a.request_id AND p.logged_at IS NULL) l ON true
 WHERE t.kind <> 'caa' OR t.others = 0 OR t.check_id IS NOT NULL
UNION ALL
SELECT 2, 'authority', 'ca', y.name, y.stopped_at, NULL, NULL, 'it signs nothing: chancery authority', NULL
  FROM asked a
  JOIN authority y ON y.id = a.ca_id
 WHERE NOT y.may_sign
UNION ALL
SELECT 3, 'job', 'ca', j.lane || ' ' || j.id, NULL, j.run_at, NULL,
       concat_ws(', ', CASE WHEN j.attempt = 1 THEN 'failed once' WHEN j.attempt > 1 THEN 'failed ' || j.attempt || ' times' END,
                 CASE WHEN j.lease_until > now() -- lease_until
                      THEN 'held by ' || j.lease_owner END), NULL
  FROM asked a
  JOIN job j ON j.idem_key = ANY (a.request_keys) OR j.idem_key = a.dcv_key
UNION ALL
SELECT 4, 'job given up', 'ca', d.lane || ' ' || d.id, d.buried_at, NULL, NULL, d.story, NULL
  FROM asked a
  JOIN job_dead d ON (d.lane IN ('issue', 'caa', 'ct') AND d.subject = a.request_id) OR (d.lane = 'dcv' AND d.subject = a.challenge_id)
UNION ALL
SELECT 5, 'certificate', 'ca', upper(encode(c.serial, 'hex')), b.since, NULL, NULL,
       'its key is known to others (' || b.reason || '): BR 4.9.1.1 wants it revoked within 24 hours', NULL
  FROM request r
  JOIN blocked_key b ON b.spki_sha256 = r.spki_sha256
  JOIN certificate c ON c.request_id = r.id AND c.not_after > :now
 WHERE r.order_id = :id AND NOT EXISTS (SELECT FROM revocation v WHERE v.ca_id = c.ca_id AND v.serial = c.serial)
UNION ALL
SELECT 5, 'precertificate', 'ca', upper(encode(x.serial, 'hex')), b.since, NULL, NULL,
       'its key is known to others (' || b.reason || '): its serial number is to be revoked within 24 hours (BR 4.9.1.1)', NULL
  FROM request r
  JOIN blocked_key b ON b.spki_sha256 = r.spki_sha256
  JOIN issuance x ON x.request_id = r.id AND x.state IN ('precert_signed', 'final_reserved')
 WHERE r.order_id = :id
UNION ALL
SELECT 6, 'quarantine', 'ca', upper(encode(q.serial, 'hex')), q.found_at, NULL, NULL, NULL, NULL
  FROM request r
  JOIN orders o ON o.id = r.order_id
  JOIN quarantine q ON q.request_id = r.id AND q.settled_at IS NULL
 WHERE r.order_id = :id AND NOT (o.request_id = r.id AND o.status IN ('pending', 'needs_approval'))
 ORDER BY place, kind, name;
