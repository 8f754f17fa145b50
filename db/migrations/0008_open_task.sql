-- Until when the evidence for one domain counts, asked at an instant; no row where there is none.
-- An account's validation serves when its age is within rule reuse.dcv of that day, its method is not
-- prohibited on that day, and a request token was made for this very CSR. A rule counts only until
-- its own last day. Clocks of two hosts may differ by a minute.
-- One SELECT, so that the planner takes it apart and no call is left.
CREATE FUNCTION dcv_evidence(of_account bigint, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS TABLE (valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT least(v.completed_at + rule_interval(r.value, r.unit), r.valid_till)
      FROM policy_at(at, of_scope, 'reuse.dcv') r
      JOIN validation v
        ON v.account_id = of_account AND v.domain = of_domain
       AND v.completed_at > at - rule_interval(r.value, r.unit)
       AND v.completed_at <= at + interval '1 minute'
       AND (v.csr_sha256 IS NULL OR v.csr_sha256 = of_csr)
     WHERE NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || split_part(v.br_method, '.', 5)) x
                        WHERE x.level = 'X')
     ORDER BY v.completed_at DESC
     LIMIT 1
$$;

CREATE TABLE quarantine (
    serial      bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
    ca_id       text NOT NULL,
    order_id    bigint NOT NULL,
    issuance_id bigint NOT NULL,
    signed      boolean NOT NULL,
    tbs_sha256  bytea NOT NULL,
    found_at    timestamptz NOT NULL,
    settled_at  timestamptz,
    PRIMARY KEY (serial, ca_id)
);
CREATE INDEX quarantine_order ON quarantine (order_id) WHERE settled_at IS NULL;
COMMENT ON TABLE quarantine IS 'Attempts that an issuer''s journal has and this database, restored from a backup, has not. What is signed may be in use: it must be revoked, and the order waits until an operator has seen to it.';

GRANT SELECT (order_id, found_at, settled_at) ON quarantine TO chancery_gateway, chancery_validation, chancery_issuer;
GRANT SELECT, INSERT, UPDATE (settled_at, signed) ON quarantine TO chancery_cli;

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
    SELECT q.order_id, 'quarantine', 'ca', NULL, NULL, q.found_at, NULL, NULL
      FROM quarantine q
     WHERE q.order_id = ANY (order_ids) AND q.settled_at IS NULL
    UNION ALL
    SELECT n.order_id, 'dcv', 'customer', n.fqdn, n.domain, o.poll_from,
           (SELECT c.next_at FROM order_check c WHERE c.order_id = o.id),
           o.random_value_at + (SELECT rule_interval(r.value, r.unit) FROM policy_at(at, o.rule_scope, 'random.life') r)
      FROM orders o
      JOIN order_name n ON n.order_id = o.id
     WHERE o.id = ANY (order_ids)
       AND NOT EXISTS (SELECT FROM dcv_evidence(o.account_id, n.domain, o.rule_scope, o.csr_sha256, at))
$$;
