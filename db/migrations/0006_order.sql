-- Ids are leased in blocks of 64, so that a whole order can be written by one statement.
CREATE SEQUENCE order_block START 700032 INCREMENT 64;
CREATE SEQUENCE request_id START 555001;

CREATE TABLE orders (
    id                   bigint PRIMARY KEY,
    account_id           bigint NOT NULL,
    user_id              bigint NOT NULL,
    api_key_id           bigint,
    container_id         bigint,
    product_name_id      text NOT NULL,
    rule_scope           text NOT NULL,
    status               text NOT NULL CHECK (status IN ('pending', 'needs_approval', 'issued', 'rejected', 'canceled', 'expired')),
    common_name          text NOT NULL CHECK (length(common_name) <= 253),
    csr                  bytea NOT NULL,
    csr_sha256           bytea NOT NULL CHECK (csr_sha256 = sha256(csr)),
    key_type             text NOT NULL,
    key_size             int NOT NULL,
    signature_hash       text NOT NULL,
    ca_id                text NOT NULL,
    dcv_method           text NOT NULL,
    dcv_scope            text NOT NULL CHECK (dcv_scope IN ('base_domain', 'fqdn')),
    random_value         text NOT NULL,
    random_value_at      timestamptz NOT NULL,
    poll_from            timestamptz NOT NULL,
    valid_till           timestamptz NOT NULL,
    cert_not_after       timestamptz,
    alternative_order_id text,
    options              jsonb,
    created_at           timestamptz NOT NULL,
    answer_by            timestamptz NOT NULL,
    status_at            timestamptz NOT NULL,
    note                 text
) WITH (fillfactor = 50);
CREATE INDEX orders_account ON orders (account_id, id);
COMMENT ON COLUMN orders.answer_by IS 'Until when the caller of the order waits: a certificate committed before is an immediate issue. -infinity: nobody waits (any more), whatever the clocks say.';
COMMENT ON COLUMN orders.poll_from IS 'Where the polling cadence counts from: the order, or the last change of method.';

CREATE TABLE order_name (
    order_id   bigint NOT NULL,
    position   int NOT NULL,
    account_id bigint NOT NULL,
    fqdn       text NOT NULL CHECK (length(fqdn) <= 253),
    domain     text NOT NULL,
    PRIMARY KEY (order_id, position),
    CHECK (fqdn = domain OR right(fqdn, length(domain) + 1) = '.' || domain)
);
COMMENT ON COLUMN order_name.domain IS 'Authorization domain name (BR 1.6.1): where control over fqdn is proved. fqdn lies within it, whoever writes the row.';

CREATE TABLE request (
    id                bigint NOT NULL DEFAULT nextval('request_id') PRIMARY KEY,
    order_id          bigint NOT NULL,
    account_id        bigint NOT NULL,
    type              text NOT NULL CHECK (type IN ('new_request')),
    status            text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    requester_id      bigint NOT NULL,
    comments          text,
    processor_id      bigint,
    processor_comment text,
    created_at        timestamptz NOT NULL,
    processed_at      timestamptz
);
CREATE INDEX request_order ON request (order_id);

CREATE TABLE idempotency (
    account_id  bigint NOT NULL,
    idem_key    bytea NOT NULL,
    body_sha256 bytea NOT NULL,
    order_id    bigint NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, idem_key)
);
COMMENT ON COLUMN idempotency.idem_key IS 'SHA-256 of an Idempotency-Key header or of the request''s fingerprint.';

GRANT USAGE ON SEQUENCE order_block, request_id TO chancery_gateway;
GRANT SELECT, INSERT ON orders, order_name, request, idempotency TO chancery_gateway;
GRANT UPDATE (status, status_at, note, dcv_method, random_value, random_value_at, poll_from, answer_by) ON orders TO chancery_gateway;
GRANT UPDATE (status, processor_id, processor_comment, processed_at) ON request TO chancery_gateway;
GRANT UPDATE (body_sha256, order_id, expires_at), DELETE ON idempotency TO chancery_gateway;
GRANT SELECT ON order_name TO chancery_validation, chancery_issuer;
GRANT SELECT (id, account_id, status, rule_scope, csr_sha256, dcv_method, random_value, random_value_at, poll_from, created_at)
    ON orders TO chancery_validation;
GRANT SELECT (id, account_id, status, product_name_id, rule_scope, common_name, csr, csr_sha256, signature_hash, ca_id,
              random_value_at, poll_from, valid_till, cert_not_after, created_at, answer_by) ON orders TO chancery_issuer;
GRANT SELECT (id, account_id, status) ON orders TO chancery_scheduler;
GRANT SELECT (id, common_name, rule_scope) ON orders TO chancery_notifier;
GRANT UPDATE (status, status_at) ON orders TO chancery_issuer, chancery_scheduler;
GRANT SELECT (account_id, idem_key, order_id, expires_at), DELETE ON idempotency TO chancery_scheduler;
GRANT SELECT (order_id, status), UPDATE (status, processed_at) ON request TO chancery_scheduler;
