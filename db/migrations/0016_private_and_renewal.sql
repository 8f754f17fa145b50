-- Private certificates: their names are not proved, so there is no method and no value to publish.
ALTER TABLE orders ALTER COLUMN dcv_method DROP NOT NULL,
                   ALTER COLUMN random_value DROP NOT NULL,
                   ADD COLUMN profile_option text;
COMMENT ON COLUMN orders.dcv_method IS 'NULL where the product needs no domain control.';
COMMENT ON COLUMN orders.profile_option IS 'A variant of the certificate that the product''s profile knows.';
GRANT SELECT (profile_option) ON orders TO chancery_issuer;

-- As in 0008, and: in a scope whose rules say that names are not proved (dcv.exempt), that says so
-- for every name, until the rule ends. The evidence is asked first, so that who has it pays for
-- nothing else. Still one SELECT that the planner takes apart.
CREATE OR REPLACE FUNCTION dcv_evidence(of_account bigint, of_domain text, of_scope text, of_csr bytea, at timestamptz)
RETURNS TABLE (valid_until timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT e.valid_until
      FROM ((SELECT least(v.completed_at + rule_interval(r.value, r.unit), r.valid_till) AS valid_until
               FROM policy_at(at, of_scope, 'reuse.dcv') r
               JOIN validation v
                 ON v.account_id = of_account AND v.domain = of_domain
                AND v.completed_at > at - rule_interval(r.value, r.unit)
                AND v.completed_at <= at + interval '1 minute'
                AND (v.csr_sha256 IS NULL OR v.csr_sha256 = of_csr)
              WHERE NOT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || split_part(v.br_method, '.', 5)) x
                                 WHERE x.level = 'X')
              ORDER BY v.completed_at DESC
              LIMIT 1)
            UNION ALL
            SELECT x.valid_till FROM policy_at(at, of_scope, 'dcv.exempt') x WHERE x.value = '1') e
     LIMIT 1
$$;

-- Which order renews which.
CREATE TABLE order_renewal (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id       bigint NOT NULL,
    renewed_order_id bigint NOT NULL,
    order_id         bigint,
    created_at       timestamptz NOT NULL,
    ended_at         timestamptz
);
CREATE UNIQUE INDEX order_renewal_one ON order_renewal (renewed_order_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX order_renewal_order ON order_renewal (order_id);
COMMENT ON TABLE order_renewal IS 'At most one living row for an order: it is renewed once.';
COMMENT ON COLUMN order_renewal.order_id IS 'The renewal. NULL: the customer has marked the order as renewed.';
COMMENT ON COLUMN order_renewal.ended_at IS 'The renewal came to nothing or the mark was taken back: the order may be renewed again.';

-- A renewal that is rejected, cancelled or expires before it is issued sets its order free, whoever
-- ends it. An order that gets its certificate meets only the condition.
CREATE FUNCTION order_renewal_end() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_renewal SET ended_at = NEW.status_at WHERE order_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER order_renewal_end AFTER UPDATE OF status ON orders FOR EACH ROW
    WHEN (NEW.status IN ('rejected', 'canceled', 'expired') AND OLD.status IN ('pending', 'needs_approval'))
    EXECUTE FUNCTION order_renewal_end();

GRANT SELECT, INSERT, UPDATE (ended_at) ON order_renewal TO chancery_gateway;
GRANT SELECT (order_id, ended_at), UPDATE (ended_at) ON order_renewal TO chancery_scheduler;
