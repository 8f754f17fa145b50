CREATE SEQUENCE request_block START 555008 INCREMENT 64;

-- The unit of issuance: what is to be signed. Never updated on the way to a certificate: it is open while
-- its order waits for it and no issuance of it is issued.
CREATE TABLE request (
    id                bigint PRIMARY KEY,
    order_id          bigint NOT NULL,
    account_id        bigint NOT NULL,
    sequence          int NOT NULL,
    type              text NOT NULL CHECK (type IN ('new_request', 'reissue', 'duplicate', 'revoke')),
    status            text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'canceled', 'expired')),
    rule_scope        text NOT NULL,
    csr               bytea,
    csr_sha256        bytea CHECK (csr_sha256 = sha256(csr)),
    spki_sha256       bytea CHECK (length(spki_sha256) = 32),
    key_type          text,
    key_size          int,
    signature_hash    text NOT NULL,
    ca_id             text NOT NULL,
    profile_option    text,
    dcv_method        text,
    dcv_scope         text NOT NULL CHECK (dcv_scope IN ('base_domain', 'fqdn')),
    cert_not_after    timestamptz,
    requester_id      bigint NOT NULL,
    comments          text,
    processor_id      bigint,
    processor_comment text,
    created_at        timestamptz NOT NULL,
    processed_at      timestamptz,
    UNIQUE (order_id, sequence)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX request_pending ON request (account_id, id) WHERE status = 'pending';
COMMENT ON INDEX request_pending IS 'Requests that need no approval, as nearly all, are not in it.';
COMMENT ON COLUMN request.sequence IS '1 for the request that the order was placed with.';
COMMENT ON COLUMN request.spki_sha256 IS 'When a key is compromised: which requests, hence certificates, have it. Nobody asks that daily, and BR 4.9.1.1 leaves 24 hours, so no order pays for an index: it is one walk of the table.';
COMMENT ON COLUMN request.csr IS 'DER. NULL while there is none: a request may be proved before its key is known.';
COMMENT ON COLUMN request.profile_option IS 'A variant of the certificate that the product''s profile knows.';
COMMENT ON COLUMN request.dcv_method IS 'What was asked for; once it has a challenge, that one''s counts. NULL where names are not proved.';
COMMENT ON COLUMN request.cert_not_after IS 'The end that the customer asked for; exclusive.';

CREATE TABLE request_name (
    request_id bigint NOT NULL,
    position   int NOT NULL,
    account_id bigint NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('dns', 'ip', 'email')),
    name       text NOT NULL CHECK (length(name) <= 253),
    domain     text NOT NULL,
    PRIMARY KEY (request_id, position),
    CHECK (name = domain OR right(name, length(domain) + 1) = '.' || domain)
);
CREATE INDEX request_name_name ON request_name (account_id, name);
COMMENT ON COLUMN request_name.position IS '0 is the common name.';
COMMENT ON COLUMN request_name.kind IS 'Which GeneralName of the subject alternative name it becomes (RFC 5280 4.2.1.6).';
COMMENT ON COLUMN request_name.domain IS 'Authorization domain name (BR 1.6.1): where control over it is proved. The name lies within it, whoever writes the row.';

-- What can be left to do before a request is issued: who must do it, and the lane in which we go on
-- with it; none where only somebody outside can.
CREATE TABLE task_kind (
    kind  text PRIMARY KEY,
    owner text NOT NULL CHECK (owner IN ('customer', 'ca')),
    lane  text
);
INSERT INTO task_kind (kind, owner, lane) VALUES
    ('approval',    'customer', NULL),
    ('dcv',         'customer', 'dcv'),
    ('blocked_key', 'customer', NULL),
    ('quarantine',  'ca',       NULL),
    ('held_up',     'ca',       NULL);

GRANT USAGE ON SEQUENCE request_block TO chancery_gateway;
GRANT SELECT, INSERT ON request, request_name TO chancery_gateway;
GRANT SELECT ON request, request_name, task_kind TO chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT SELECT ON task_kind TO chancery_gateway;
GRANT SELECT (id, order_id, account_id, rule_scope, status) ON request TO chancery_notifier;
GRANT SELECT ON request_name TO chancery_notifier;
