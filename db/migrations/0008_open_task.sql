-- Until when the evidence for one domain counts at an instant; NULL when there is none that does.
-- An account's validation serves an order when its age is within rule reuse.dcv, its method is not
-- prohibited on that day, and a request token was made for this very CSR.
CREATE FUNCTION dcv_valid_until(of_account bigint, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT max(v.completed_at) + policy_interval(at, of_scope, 'reuse.dcv')
      FROM validation v
     WHERE v.account_id = of_account AND v.domain = of_domain
       AND v.completed_at <= at
       AND v.completed_at > at - policy_interval(at, of_scope, 'reuse.dcv')
       AND (v.csr_sha256 IS NULL OR v.csr_sha256 = of_csr)
       AND NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || split_part(v.br_method, '.', 5)) r
                        WHERE r.level = 'X')
$$;

-- What is left to do, for each order: the one function that decides. The API shows it, the next
-- step is taken from it, and the issuer signs only where it gives nothing.
CREATE FUNCTION order_open_task(order_ids bigint[], at timestamptz)
RETURNS TABLE (order_id bigint, kind text, owner text, dns_name text, domain text,
               since timestamptz, next_check timestamptz, deadline timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT o.id, 'approval', 'customer', NULL::text, NULL::text, o.created_at, NULL::timestamptz, NULL::timestamptz
      FROM orders o
     WHERE o.id = ANY (order_ids) AND o.status = 'needs_approval'
    UNION ALL
    SELECT n.order_id, 'dcv', 'customer', n.fqdn, n.domain, o.poll_from,
           (SELECT c.next_at FROM order_check c WHERE c.order_id = o.id),
           o.random_value_at + policy_interval(at, o.rule_scope, 'random.life')
      FROM orders o
      JOIN order_name n ON n.order_id = o.id
     WHERE o.id = ANY (order_ids)
       AND dcv_valid_until(o.account_id, n.domain, o.rule_scope, o.csr_sha256, at) IS NULL
$$;

-- Until when all evidence of an order counts, NULL when some is missing.
CREATE FUNCTION order_evidence_until(of_order bigint, at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT min(dcv_valid_until(o.account_id, n.domain, o.rule_scope, o.csr_sha256, at))
      FROM orders o
      JOIN order_name n ON n.order_id = o.id
     WHERE o.id = of_order
$$;
