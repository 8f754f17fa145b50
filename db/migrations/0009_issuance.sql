CREATE SEQUENCE issuance_block START 990016 INCREMENT 64;

CREATE TABLE issuance (
    id             bigint PRIMARY KEY,
    order_id       bigint NOT NULL,
    sequence       int NOT NULL,
    account_id     bigint NOT NULL,
    ca_id          text NOT NULL,
    serial         bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
    state          text NOT NULL CHECK (state IN ('reserved', 'precert_signed', 'final_reserved', 'issued', 'ghost', 'abandoned')),
    job_id         bigint NOT NULL,
    job_epoch      bigint NOT NULL,
    policy_version bigint NOT NULL,
    profile_sha256 bytea NOT NULL,
    not_before     timestamptz NOT NULL,
    not_after      timestamptz NOT NULL,
    created_at     timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX issuance_one ON issuance (order_id, sequence) WHERE state NOT IN ('ghost', 'abandoned');
CREATE UNIQUE INDEX issuance_serial ON issuance (serial, ca_id);
CREATE INDEX issuance_reserved ON issuance (created_at) WHERE state = 'reserved';
COMMENT ON TABLE issuance IS 'Attempts. The id of the one that is issued is the id of the certificate.';
COMMENT ON COLUMN issuance.sequence IS '1 for the first certificate of an order; at most one living attempt each.';

-- Is a certificate for the order under way? To be asked of an order that is locked. VOLATILE, so
-- that it sees what was committed while its caller waited for the lock.
CREATE FUNCTION order_frozen(asked bigint) RETURNS boolean
LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM issuance x
                    WHERE x.order_id = asked AND x.state IN ('reserved', 'precert_signed', 'final_reserved'))
$$;

CREATE TABLE to_sign (
    issuance_id bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('precert', 'final')),
    tbs         bytea NOT NULL,
    tbs_sha256  bytea NOT NULL,
    signature   bytea,
    PRIMARY KEY (issuance_id, kind)
) WITH (fillfactor = 70);
COMMENT ON TABLE to_sign IS 'The bytes to be signed, stored before they are; the signer signs these and never rebuilds them.';

CREATE TABLE certificate (
    id         bigint PRIMARY KEY,
    order_id   bigint NOT NULL,
    account_id bigint NOT NULL,
    ca_id      text NOT NULL,
    serial     bytea NOT NULL,
    thumbprint bytea NOT NULL CHECK (length(thumbprint) = 20),
    not_before timestamptz NOT NULL,
    not_after  timestamptz NOT NULL,
    issued_at  timestamptz NOT NULL,
    der        bytea NOT NULL
);
CREATE UNIQUE INDEX certificate_thumbprint ON certificate (thumbprint);
CREATE UNIQUE INDEX certificate_order ON certificate (order_id, id);

GRANT USAGE ON SEQUENCE issuance_block TO chancery_issuer;
GRANT SELECT, INSERT ON issuance, to_sign, certificate TO chancery_issuer;
GRANT UPDATE (state) ON issuance TO chancery_issuer;
GRANT UPDATE (signature) ON to_sign TO chancery_issuer;
GRANT SELECT ON certificate TO chancery_gateway;
GRANT SELECT (id, order_id, ca_id, der) ON certificate TO chancery_notifier;
GRANT SELECT (id, order_id, account_id, sequence, state, serial, ca_id) ON issuance TO chancery_gateway;
GRANT SELECT (id, order_id, account_id, ca_id, serial, state, created_at) ON issuance TO chancery_scheduler;
GRANT UPDATE (state) ON issuance TO chancery_scheduler;
GRANT SELECT (issuance_id, signature) ON to_sign TO chancery_scheduler;
GRANT SELECT (serial, ca_id) ON issuance TO chancery_cli; -- quarantine
