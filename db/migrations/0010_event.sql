CREATE TABLE webhook (
    id               bigint GENERATED ALWAYS AS IDENTITY (START 1234) PRIMARY KEY,
    account_id       bigint NOT NULL REFERENCES account,
    endpoint         text NOT NULL CHECK (length(endpoint) <= 2048),
    secret_sealed    bytea,
    events           text[] NOT NULL,
    status           text NOT NULL CHECK (status IN ('pending', 'active', 'inactive')),
    instant          boolean NOT NULL,
    chain            boolean NOT NULL,
    instant_chain    boolean NOT NULL,
    frequency        bigint[] NOT NULL,
    challenge_sha256 bytea,
    challenge_until  timestamptz,
    verified         boolean NOT NULL DEFAULT false,
    failing_since    timestamptz,
    warnings         int NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL
);
CREATE INDEX webhook_account ON webhook (account_id);
COMMENT ON COLUMN webhook.verified IS 'The endpoint has shown a challenge token; a changed endpoint must show one again.';
COMMENT ON COLUMN webhook.failing_since IS 'The first failure after the last success; NULL while it works.';
COMMENT ON COLUMN webhook.warnings IS 'How many were given since failing_since.';
COMMENT ON COLUMN webhook.instant IS 'Also tell of certificates that were issued in the answer to the order.';

CREATE TABLE event (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id     bigint NOT NULL,
    name           text NOT NULL,
    order_id       bigint,
    certificate_id bigint,
    instant        boolean NOT NULL,
    at             timestamptz NOT NULL
);
COMMENT ON TABLE event IS 'What became true, written in the transaction that made it true.';

CREATE TABLE delivery (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   bigint NOT NULL,
    webhook_id bigint NOT NULL,
    account_id bigint NOT NULL,
    state      text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    UNIQUE (event_id, webhook_id)
);

CREATE TABLE delivery_attempt (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id   bigint,
    webhook_id    bigint NOT NULL,
    account_id    bigint NOT NULL,
    event_name    text NOT NULL,
    data          jsonb,
    ok            boolean NOT NULL,
    response_code int,
    reason        text,
    sent_at       timestamptz NOT NULL,
    received_at   timestamptz
);
CREATE INDEX delivery_attempt_account ON delivery_attempt (account_id, id DESC);
COMMENT ON COLUMN delivery_attempt.delivery_id IS 'NULL for tests and challenges, which belong to no event.';
COMMENT ON COLUMN delivery_attempt.webhook_id IS '0 for the test of an endpoint that is no webhook yet.';
COMMENT ON COLUMN delivery_attempt.reason IS 'For operators: it may name addresses.';

GRANT SELECT, INSERT, DELETE ON webhook TO chancery_gateway;
GRANT UPDATE (endpoint, secret_sealed, events, status, instant, chain, instant_chain, frequency, challenge_sha256,
              challenge_until, verified, failing_since) ON webhook TO chancery_gateway;
GRANT SELECT (id, account_id, endpoint, secret_sealed, status, chain, instant_chain, failing_since, warnings),
      UPDATE (status, failing_since, warnings) ON webhook TO chancery_notifier;
GRANT SELECT (id, account_id, events, status, instant) ON webhook TO chancery_issuer;
GRANT INSERT ON event, delivery TO chancery_gateway, chancery_issuer;
GRANT SELECT (id, account_id, order_id, instant, at) ON event TO chancery_gateway, chancery_issuer;
GRANT SELECT (id, event_id, webhook_id) ON delivery TO chancery_gateway, chancery_issuer;
GRANT SELECT ON event, delivery, delivery_attempt TO chancery_notifier;
GRANT SELECT ON delivery_attempt TO chancery_gateway;
GRANT UPDATE (state) ON delivery TO chancery_notifier;
GRANT INSERT ON delivery_attempt TO chancery_notifier;
