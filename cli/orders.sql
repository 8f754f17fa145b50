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
