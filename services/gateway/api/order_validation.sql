-- order_validation: OrderValidationRef -> OrderValidationRow?
-- As request_open_task sees it. Until when an approval counts is dcv_evidence's word.
WITH open AS MATERIALIZED (
    SELECT t.kind, t.dns_name, t.domain
      FROM orders o
      CROSS JOIN LATERAL request_open_task(ARRAY[o.request_id], :caller.now) t
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
)
SELECT o.id AS "shown.order_id", o.status AS "shown.order_status",
       CASE WHEN r.dcv_method IS NOT NULL THEN r.dcv_scope END AS "shown.order_name_scope", m.method AS "shown.order_dcv_method",
       (SELECT json_agg(json_build_object(
                   'status', CASE WHEN t.dns_name IS NULL THEN 'approved' ELSE 'unapproved' END,
                   'name_scope', t.domain,
                   'dns_names', json_build_array(n.name), 'base_domain', n.domain,
                   'approval_expiration_date', CASE WHEN t.dns_name IS NULL THEN e.valid_until END,
                   'evidence', CASE WHEN NOT coalesce(:include_evidence::boolean, false) THEN NULL
                                    WHEN t.dns_name IS NOT NULL THEN looked.seen -> t.domain
                                    WHEN e.validation_id IS NOT NULL THEN jsonb_build_array(evidence_shown(e.validation_id)) END)
                   ORDER BY n.position)
          FROM request_name n
          LEFT JOIN open t ON t.kind = 'dcv' AND t.dns_name = n.name
          LEFT JOIN LATERAL (SELECT d.valid_until, d.validation_id
                               FROM dcv_evidence(r.account_id, n.name, n.domain, r.rule_scope, r.csr_sha256, :caller.now,
                                                 (SELECT h.demonstration FROM authority h WHERE h.id = r.ca_id) IS TRUE) d
                              ORDER BY d.valid_until DESC
                              LIMIT 1) e ON true
         WHERE n.request_id = r.id) AS "shown.dns_name_validations",
       CASE WHEN EXISTS (SELECT FROM open t WHERE t.kind = 'quarantine') THEN 'flagged' ELSE 'passed' END
           AS "shown.risk_status",
       o.product_name_id
  FROM orders o
  JOIN request r ON r.id = o.request_id
  LEFT JOIN LATERAL (SELECT h.looked AS seen
                       FROM challenge h
                      WHERE h.asked_by = 'request' AND h.subject = r.id AND h.checked_at >= h.poll_from) looked ON true
  CROSS JOIN LATERAL (SELECT coalesce((SELECT h.method FROM challenge h WHERE h.asked_by = 'request' AND h.subject = r.id),
                                      r.dcv_method) AS method) m
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;
