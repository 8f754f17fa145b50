CREATE TABLE validation (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   bigint NOT NULL,
    domain       text NOT NULL,
    method       text NOT NULL,
    br_method    text NOT NULL,
    completed_at timestamptz NOT NULL,
    evidence     jsonb NOT NULL,
    csr_sha256   bytea,
    order_id     bigint
);
CREATE INDEX validation_found ON validation (account_id, domain, completed_at DESC);
COMMENT ON TABLE validation IS 'Facts, never changed. Until when one counts is computed by policy for a scope and an instant.';
COMMENT ON COLUMN validation.domain IS 'Authorization domain name: what has been validated (BR 3.2.2.4).';
COMMENT ON COLUMN validation.csr_sha256 IS 'A request token counts only for the request that it was made for.';

CREATE TABLE order_check (
    order_id   bigint PRIMARY KEY,
    checked_at timestamptz NOT NULL,
    next_at    timestamptz,
    seen       jsonb
);
COMMENT ON TABLE order_check IS 'The last round of domain control checks, for people: why names are still open.';

GRANT SELECT, INSERT ON validation TO chancery_validation;
GRANT SELECT, INSERT, UPDATE ON order_check TO chancery_validation;
GRANT SELECT ON validation, order_check TO chancery_gateway, chancery_issuer;
