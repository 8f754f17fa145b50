-- order_validation: OrderValidationRef -> OrderValidationRow?
-- As order_open_task sees it. Until when an approval counts is dcv_evidence's word.
WITH open AS MATERIALIZED (
    SELECT t.kind, t.dns_name, t.domain
      FROM orders o
      CROSS JOIN LATERAL order_open_task(ARRAY[o.id], :now) t
     WHERE o.id = :order_id AND o.account_id = :account_id
)
SELECT o.id AS "shown.order_id", o.status AS "shown.order_status",
       CASE WHEN o.dcv_method IS NOT NULL THEN o.dcv_scope END AS "shown.order_name_scope", o.dcv_method AS "shown.order_dcv_method",
       (SELECT json_agg(json_build_object(
                   'status', CASE WHEN t.dns_name IS NULL THEN 'approved' ELSE 'unapproved' END,
                   'name_scope', t.domain,
                   'method', o.dcv_method, 'dns_names', json_build_array(n.fqdn), 'base_domain', n.domain,
                   'approval_expiration_date', CASE WHEN t.dns_name IS NULL AND isfinite(e.valid_until)
                                                   THEN e.valid_until END)
                   ORDER BY n.position)
          FROM order_name n
          LEFT JOIN open t ON t.kind = 'dcv' AND t.dns_name = n.fqdn
          CROSS JOIN LATERAL (SELECT max(d.valid_until) AS valid_until
                                FROM dcv_evidence(o.account_id, n.fqdn, n.domain, o.rule_scope, o.csr_sha256, :now) d) e
         WHERE n.order_id = o.id) AS "shown.dns_name_validations",
       CASE WHEN EXISTS (SELECT FROM open t WHERE t.kind = 'quarantine') THEN 'flagged' ELSE 'passed' END
           AS "shown.risk_status",
       o.product_name_id
  FROM orders o
 WHERE o.id = :order_id AND o.account_id = :account_id;
