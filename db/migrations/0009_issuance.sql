CREATE SEQUENCE issuance_block START 990016 INCREMENT 64;

CREATE TABLE issuance (
    id             bigint PRIMARY KEY,
    request_id     bigint NOT NULL,
    account_id     bigint NOT NULL,
    ca_id          text NOT NULL,
    serial         bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
    shard          smallint NOT NULL,
    state          text NOT NULL CHECK (state IN ('reserved', 'precert_signed', 'final_reserved', 'issued', 'ghost', 'abandoned')),
    job_id         bigint NOT NULL,
    job_epoch      bigint NOT NULL,
    policy_version bigint NOT NULL,
    profile_sha256 bytea NOT NULL,
    evidence       bigint[] NOT NULL,
    not_before     timestamptz NOT NULL,
    not_after      timestamptz NOT NULL,
    created_at     timestamptz NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE UNIQUE INDEX issuance_one ON issuance (request_id) WHERE state NOT IN ('ghost', 'abandoned');
CREATE UNIQUE INDEX issuance_serial ON issuance (serial, ca_id);
CREATE INDEX issuance_reserved ON issuance (created_at) WHERE state = 'reserved';
COMMENT ON TABLE issuance IS 'Attempts: at most one living one for a request. The id of the one that is issued is the id of the certificate.';
COMMENT ON COLUMN issuance.serial IS 'Begins with time, so that its index grows at its end.';
COMMENT ON COLUMN issuance.shard IS 'Which CRL of its issuer it would be listed in; from the serial, and in the certificate.';
COMMENT ON COLUMN issuance.state IS 'abandoned: was never handed to the token. ghost: may have been signed, by whom cannot be said any more.';
COMMENT ON COLUMN issuance.evidence IS 'The validations that were relied on.';

CREATE TABLE to_sign (
    issuance_id bigint NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('precert', 'final')),
    tbs         bytea NOT NULL,
    tbs_sha256  bytea NOT NULL,
    signature   bytea,
    PRIMARY KEY (issuance_id, kind)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
COMMENT ON TABLE to_sign IS 'The bytes to be signed, stored before they are; the signer signs these and never rebuilds them.';

CREATE TABLE certificate (
    id         bigint PRIMARY KEY,
    order_id   bigint NOT NULL,
    request_id bigint NOT NULL,
    account_id bigint NOT NULL,
    ca_id      text NOT NULL,
    serial     bytea NOT NULL,
    thumbprint bytea NOT NULL CHECK (length(thumbprint) = 20),
    not_before timestamptz NOT NULL,
    not_after  timestamptz NOT NULL,
    issued_at  timestamptz NOT NULL,
    der        bytea NOT NULL
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX certificate_thumbprint ON certificate USING hash (thumbprint);
CREATE UNIQUE INDEX certificate_order ON certificate (order_id, id);
CREATE INDEX certificate_expiry ON certificate (not_after);

-- Serials that are revoked: certificates, and those of attempts and of forgotten signatures, which have
-- no certificate. OCSP and CRLs are made from it.
CREATE TABLE revocation (
    ca_id       text NOT NULL,
    serial      bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
    shard       smallint NOT NULL,
    reason      smallint NOT NULL,
    issuance_id bigint,
    request_id  bigint,
    revoked_at  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id          bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (ca_id, serial)
);
CREATE INDEX revocation_crl ON revocation (ca_id, shard, not_after);
CREATE INDEX revocation_feed ON revocation (xid, id);
COMMENT ON COLUMN revocation.reason IS 'CRLReason (RFC 5280 5.3.1); 0 unspecified.';

CREATE TABLE quarantine (
    serial      bytea NOT NULL CHECK (length(serial) BETWEEN 8 AND 20),
    ca_id       text NOT NULL,
    request_id  bigint NOT NULL,
    issuance_id bigint NOT NULL,
    account_id  bigint,
    names       text,
    signed      boolean NOT NULL,
    tbs_sha256  bytea NOT NULL,
    found_at    timestamptz NOT NULL,
    settled_at  timestamptz,
    changed_at  timestamptz,
    PRIMARY KEY (serial, ca_id)
);
CREATE INDEX quarantine_request ON quarantine (request_id) WHERE settled_at IS NULL;
COMMENT ON TABLE quarantine IS 'Attempts that an issuer''s journal has and this database, restored from a backup, has not, or not as signed. What is signed may be in use: it must be revoked, and the request waits until an operator has seen to it.';
COMMENT ON COLUMN quarantine.names IS 'As the journal has them, like the account: the database may have lost both.';

GRANT USAGE ON SEQUENCE issuance_block TO chancery_issuer;
GRANT SELECT, INSERT ON issuance, to_sign, certificate TO chancery_issuer;
GRANT UPDATE (state) ON issuance TO chancery_issuer;
GRANT UPDATE (signature) ON to_sign TO chancery_issuer;
GRANT SELECT ON certificate TO chancery_gateway, chancery_cli;
GRANT SELECT (id, order_id, request_id, ca_id, der, not_before, not_after) ON certificate TO chancery_notifier;
GRANT SELECT (not_after) ON certificate TO chancery_scheduler;
GRANT SELECT (id, request_id, account_id, state, serial, ca_id) ON issuance TO chancery_gateway;
GRANT SELECT (id, request_id, account_id, ca_id, serial, state, job_id, created_at) ON issuance TO chancery_scheduler;
GRANT SELECT (issuance_id, signature) ON to_sign TO chancery_scheduler;
GRANT SELECT ON issuance TO chancery_cli;
GRANT SELECT (issuance_id, kind, tbs_sha256, signature) ON to_sign TO chancery_cli;
GRANT SELECT (request_id, found_at, settled_at) ON quarantine TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler;
GRANT SELECT, INSERT, UPDATE (settled_at, signed, changed_at) ON quarantine TO chancery_cli;
