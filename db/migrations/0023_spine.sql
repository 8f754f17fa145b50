-- What the way from an order to its certificate pays for what came after it.

-- As before, without the join: each rule is one descent of policy_rule_asked by all its columns, and
-- the version is read once a statement, not once a rule.
CREATE OR REPLACE FUNCTION policy_at(at timestamptz, asked_scope text, asked_parameter text)
RETURNS SETOF policy_rule
LANGUAGE sql STABLE AS $$
    SELECT r.*
      FROM policy_rule r
     WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
       AND r.scope = asked_scope AND r.parameter = asked_parameter
       AND r.valid_from <= at AND at < r.valid_till
$$;

-- Until when evidence counts: a row for each place that has some, the authorization domain name before
-- the name itself, and for the exemption. Of each place the newest that counts, by the index. Who only
-- asks whether there is any, or takes the first, does not pay for the places behind it. Still one
-- SELECT that the planner takes apart.
CREATE OR REPLACE FUNCTION dcv_evidence(of_account bigint, of_fqdn text, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS TABLE (valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT f.valid_until
      FROM (VALUES (of_domain), (nullif(of_fqdn, of_domain))) AS place (domain)
      CROSS JOIN LATERAL
           (SELECT least(v.completed_at + rule_interval(r.value, r.unit), r.valid_till) AS valid_until
              FROM policy_at(at, of_scope, 'reuse.dcv') r
              JOIN validation v
                ON v.account_id = of_account AND v.domain = place.domain
               AND v.completed_at > at - rule_interval(r.value, r.unit)
               AND v.completed_at <= at + interval '1 minute'
               AND (v.csr_sha256 IS NULL OR v.csr_sha256 = of_csr)
             WHERE NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || split_part(v.br_method, '.', 5)) x
                                WHERE x.level = 'X')
               AND (v.domain = of_fqdn
                    OR NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.exact.' || split_part(v.br_method, '.', 5))))
             ORDER BY v.completed_at DESC
             LIMIT 1) f
    UNION ALL
    SELECT x.valid_till FROM policy_at(at, of_scope, 'dcv.exempt') x WHERE x.value = '1'
$$;

-- What an order needs: the one function that decides. What is there counts until valid_until; what
-- is still to be done has none, and says who must do it. The issuer takes both from it at once, so
-- that evidence is sought once for each name.
CREATE FUNCTION order_need(order_ids bigint[], at timestamptz)
RETURNS TABLE (order_id bigint, kind text, owner text, dns_name text, domain text,
               since timestamptz, next_check timestamptz, deadline timestamptz, valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT o.id, 'approval', 'customer', NULL::text, NULL::text, o.created_at, NULL::timestamptz, NULL::timestamptz,
           NULL::timestamptz
      FROM orders o
     WHERE o.id = ANY (order_ids) AND o.status = 'needs_approval'
    UNION ALL
    SELECT q.order_id, 'quarantine', 'ca', NULL, NULL, q.found_at, NULL, NULL, NULL
      FROM quarantine q
     WHERE q.order_id = ANY (order_ids) AND q.settled_at IS NULL
    UNION ALL
    SELECT n.order_id, 'dcv', 'customer', n.fqdn, CASE WHEN o.dcv_method LIKE 'http-%' THEN n.fqdn ELSE n.domain END,
           o.poll_from,
           (SELECT c.next_at FROM order_check c WHERE c.order_id = o.id),
           o.random_value_at + (SELECT rule_interval(r.value, r.unit) FROM policy_at(at, o.rule_scope, 'random.life') r),
           e.valid_until
      FROM orders o
      JOIN order_name n ON n.order_id = o.id
      LEFT JOIN LATERAL (SELECT d.valid_until
                           FROM dcv_evidence(o.account_id, n.fqdn, n.domain, o.rule_scope, o.csr_sha256, at) d
                          LIMIT 1) e ON true
     WHERE o.id = ANY (order_ids)
$$;

-- What is left to do, for each order. The API shows it and the next step is taken from it.
CREATE OR REPLACE FUNCTION order_open_task(order_ids bigint[], at timestamptz)
RETURNS TABLE (order_id bigint, kind text, owner text, dns_name text, domain text,
               since timestamptz, next_check timestamptz, deadline timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT n.order_id, n.kind, n.owner, n.dns_name, n.domain, n.since, n.next_check, n.deadline
      FROM order_need(order_ids, at) n
     WHERE n.valid_until IS NULL
$$;

-- Nearly no order is a renewal, so C1 calls this where one is and has no table of renewals in its
-- plan. order_renewal_one refuses the second.
CREATE FUNCTION order_renewal_begin(of_account bigint, renewed bigint, renewal bigint, at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    INSERT INTO order_renewal (account_id, renewed_order_id, order_id, created_at)
    VALUES (of_account, renewed, renewal, at)
    RETURNING id
$$;

-- The same for addresses that were chosen with the order.
CREATE FUNCTION order_email_choose(of_order bigint, of_account bigint, of_domain text, of_address text, of_locale text,
                                   at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    INSERT INTO email_invitation (order_id, account_id, domain, address, locale, state, created_at)
    VALUES (of_order, of_account, of_domain, of_address, of_locale, 'chosen', at)
    ON CONFLICT (order_id, domain, address) DO NOTHING
    RETURNING id
$$;

-- A condition of a trigger is read and compiled for each statement that may meet it, and C3 changes
-- the status of every order. Who ends an order says so himself: the statements that cancel, reject
-- and expire. Programs that place no renewals need not.
DROP TRIGGER order_renewal_end ON orders;
DROP FUNCTION order_renewal_end();
