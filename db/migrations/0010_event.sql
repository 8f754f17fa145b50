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
    created_at       timestamptz NOT NULL,
    secret_before_sealed bytea,
    secret_before_until  timestamptz
);
CREATE INDEX webhook_account ON webhook (account_id);
CREATE INDEX webhook_failing ON webhook (id) WHERE failing_since IS NOT NULL AND status = 'active';
COMMENT ON COLUMN webhook.secret_before_sealed IS 'The secret before this one: until then messages are signed with both, so that a listener may change when it likes.';
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
    at             timestamptz NOT NULL,
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX event_feed ON event (account_id, xid, id);
COMMENT ON TABLE event IS 'What became true, written in the transaction that made it true. Told to those who subscribe, and pulled in an order that every reader sees alike, though ids commit out of order.';
COMMENT ON COLUMN event.xid IS 'The inserting transaction: below the oldest running one, no row can appear any more.';

CREATE TABLE delivery (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   bigint NOT NULL,
    webhook_id bigint NOT NULL,
    account_id bigint NOT NULL,
    state      text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    tries      int NOT NULL DEFAULT 0,
    failed_at  timestamptz,
    UNIQUE (event_id, webhook_id)
);
CREATE INDEX delivery_failed ON delivery (webhook_id, failed_at, id) WHERE failed_at IS NOT NULL;
CREATE INDEX delivery_again ON delivery (webhook_id, id) WHERE state = 'waiting' AND tries > 0;
COMMENT ON COLUMN delivery.tries IS 'Its entries in the log since it was begun (anew): what befell its job otherwise is no failure of the endpoint.';
COMMENT ON COLUMN delivery.failed_at IS 'When it was given up; NULL while it waits, and again after it was sent anew.';

CREATE TABLE delivery_attempt (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id   bigint,
    webhook_id    bigint NOT NULL,
    account_id    bigint NOT NULL,
    event_name    text NOT NULL,
    data          jsonb,
    ok            boolean NOT NULL,
    response_code int,
    cause         text,
    reason        text,
    sent_at       timestamptz NOT NULL,
    received_at   timestamptz
);
CREATE INDEX delivery_attempt_account ON delivery_attempt (account_id, id DESC);
COMMENT ON COLUMN delivery_attempt.delivery_id IS 'NULL for tests and challenges, which belong to no event.';
COMMENT ON COLUMN delivery_attempt.webhook_id IS '0 for the test of an endpoint that is no webhook yet.';
COMMENT ON COLUMN delivery_attempt.cause IS 'Of a failure, for the customer.';
COMMENT ON COLUMN delivery_attempt.reason IS 'For operators: it may name addresses.';

GRANT SELECT, INSERT, DELETE ON webhook TO chancery_gateway;
-- A new webhook gets its number first: its secret is sealed for that.
GRANT USAGE ON SEQUENCE webhook_id_seq TO chancery_gateway;
GRANT UPDATE (endpoint, secret_sealed, secret_before_sealed, secret_before_until, events, status, instant, chain, instant_chain, frequency, challenge_sha256,
              challenge_until, verified, failing_since) ON webhook TO chancery_gateway;
GRANT SELECT (id, account_id, endpoint, secret_sealed, secret_before_sealed, secret_before_until, status, chain, instant_chain,
              failing_since, warnings),
      UPDATE (status, failing_since, warnings) ON webhook TO chancery_notifier;
GRANT SELECT (id, account_id, events, status, instant) ON webhook TO chancery_issuer;
GRANT SELECT (id, status, failing_since) ON webhook TO chancery_scheduler, chancery_cli;
GRANT INSERT ON event, delivery TO chancery_gateway, chancery_issuer;
GRANT SELECT (id, account_id, name, order_id, certificate_id, instant, at, xid) ON event TO chancery_gateway;
GRANT SELECT (id, account_id, order_id, instant, at) ON event TO chancery_issuer;
GRANT SELECT (id, event_id, webhook_id, account_id, state, failed_at), UPDATE (state, failed_at, tries) ON delivery TO chancery_gateway;
GRANT SELECT (id, event_id, webhook_id) ON delivery TO chancery_issuer;
GRANT SELECT ON event, delivery, delivery_attempt TO chancery_notifier;
GRANT SELECT ON delivery_attempt TO chancery_gateway;
GRANT UPDATE (state, failed_at, tries) ON delivery TO chancery_notifier;
GRANT INSERT ON delivery_attempt TO chancery_notifier;
-- What nobody asks for any more is swept.
GRANT SELECT (id, at), DELETE ON event TO chancery_scheduler;
GRANT SELECT (id, event_id), DELETE ON delivery TO chancery_scheduler;
GRANT SELECT (id, sent_at), DELETE ON delivery_attempt TO chancery_scheduler;
