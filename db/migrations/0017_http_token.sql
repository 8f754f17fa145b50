-- Evidence by a method whose rule dcv.exact.N is in force (a file on a web server, say: BR 3.2.2.4.18)
-- speaks for the very name it was found at: for no name below and for no wildcard. So whoever asks
-- says the name itself as well as the authorization domain name that the order's scope gives it, and
-- evidence at either serves. A scope whose rules say that names are not proved (dcv.exempt) needs none.
-- Still one SELECT that the planner takes apart.
CREATE FUNCTION dcv_evidence(of_account bigint, of_fqdn text, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS TABLE (valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT e.valid_until
      FROM ((SELECT least(v.completed_at + rule_interval(r.value, r.unit), r.valid_till) AS valid_until
               FROM policy_at(at, of_scope, 'reuse.dcv') r
               JOIN validation v
                 ON v.account_id = of_account AND v.domain IN (of_domain, of_fqdn)
                AND v.completed_at > at - rule_interval(r.value, r.unit)
                AND v.completed_at <= at + interval '1 minute'
                AND (v.csr_sha256 IS NULL OR v.csr_sha256 = of_csr)
              WHERE NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || split_part(v.br_method, '.', 5)) x
                                 WHERE x.level = 'X')
                AND (v.domain = of_fqdn
                     OR NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.exact.' || split_part(v.br_method, '.', 5))))
              ORDER BY v.completed_at DESC
              LIMIT 1)
            UNION ALL
            SELECT x.valid_till FROM policy_at(at, of_scope, 'dcv.exempt') x WHERE x.value = '1') e
     LIMIT 1
$$;

-- The programs before this one do not say the name: for them such evidence is none.
CREATE OR REPLACE FUNCTION dcv_evidence(of_account bigint, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS TABLE (valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT e.valid_until
      FROM dcv_evidence(of_account, NULL, of_domain, of_scope, of_csr, at) e
$$;

-- As in 0008, but for where a name is proved: by a file at the name itself, else by the order's scope.
CREATE OR REPLACE FUNCTION order_open_task(order_ids bigint[], at timestamptz)
RETURNS TABLE (order_id bigint, kind text, owner text, dns_name text, domain text,
               since timestamptz, next_check timestamptz, deadline timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT o.id, 'approval', 'customer', NULL::text, NULL::text, o.created_at, NULL::timestamptz, NULL::timestamptz
      FROM orders o
     WHERE o.id = ANY (order_ids) AND o.status = 'needs_approval'
    UNION ALL
    SELECT q.order_id, 'quarantine', 'ca', NULL, NULL, q.found_at, NULL, NULL
      FROM quarantine q
     WHERE q.order_id = ANY (order_ids) AND q.settled_at IS NULL
    UNION ALL
    SELECT n.order_id, 'dcv', 'customer', n.fqdn, CASE WHEN o.dcv_method LIKE 'http-%' THEN n.fqdn ELSE n.domain END,
           o.poll_from,
           (SELECT c.next_at FROM order_check c WHERE c.order_id = o.id),
           o.random_value_at + (SELECT rule_interval(r.value, r.unit) FROM policy_at(at, o.rule_scope, 'random.life') r)
      FROM orders o
      JOIN order_name n ON n.order_id = o.id
     WHERE o.id = ANY (order_ids)
       AND NOT EXISTS (SELECT FROM dcv_evidence(o.account_id, n.fqdn, n.domain, o.rule_scope, o.csr_sha256, at))
$$;

-- What the rules of a day let a web server do with us, as the message WebRules.
CREATE FUNCTION dcv_web_rules(of_scope text, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('statuses',  (SELECT r.value FROM policy_at(at, of_scope, 'dcv.redirect.status') r),
                             'ports',     (SELECT r.value FROM policy_at(at, of_scope, 'dcv.web.ports') r),
                             'redirects', (SELECT r.value FROM policy_at(at, of_scope, 'dcv.redirect.most') r),
                             'bytes',     (SELECT r.value FROM policy_at(at, of_scope, 'dcv.web.bytes') r))
$$;

GRANT SELECT (dcv_method) ON orders TO chancery_issuer;
