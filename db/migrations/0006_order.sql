-- Ids are leased in blocks of 64, so that a whole order can be written by one statement.
CREATE SEQUENCE order_block START 700032 INCREMENT 64;

-- The business: what was bought, by whom, until when. What is to be signed is a request's.
CREATE TABLE orders (
    id                   bigint PRIMARY KEY,
    account_id           bigint NOT NULL,
    user_id              bigint NOT NULL,
    api_key_id           bigint,
    container_id         bigint,
    product_name_id      text NOT NULL,
    status               text NOT NULL CHECK (status IN ('pending', 'needs_approval', 'issued', 'rejected', 'canceled', 'expired')),
    request_id           bigint NOT NULL,
    certificate_id       bigint,
    valid_till           timestamptz NOT NULL,
    alternative_order_id text,
    options              jsonb,
    note                 text,
    created_at           timestamptz NOT NULL,
    answer_by            timestamptz NOT NULL,
    status_at            timestamptz NOT NULL,
    xid                  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (status <> 'issued' OR certificate_id IS NOT NULL)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX orders_created ON orders (account_id, created_at, id);
CREATE INDEX orders_alternative ON orders (account_id, alternative_order_id) WHERE alternative_order_id IS NOT NULL;
COMMENT ON COLUMN orders.request_id IS 'The request that the API shows of it: its newest.';
COMMENT ON COLUMN orders.certificate_id IS 'The certificate that the API shows of it: its newest.';
COMMENT ON COLUMN orders.answer_by IS 'Until when the caller of its newest request waits: a certificate committed before is an immediate issue. -infinity: nobody waits (any more), whatever the clocks say.';
COMMENT ON COLUMN orders.xid IS 'The transaction that placed the order: a list that is read page by page shows those that its first page saw, and chancery audit facts finds its row of the audit log by it. The first means something only for a quarter of an hour, and the second is copied with it, so a copy of the rows in another cluster does no harm.';

CREATE TABLE idempotency (
    account_id  bigint NOT NULL,
    idem_key    bytea NOT NULL,
    body_sha256 bytea NOT NULL,
    order_id    bigint NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, idem_key)
);
COMMENT ON COLUMN idempotency.idem_key IS 'SHA-256 of an Idempotency-Key header or of the request''s fingerprint.';
COMMENT ON COLUMN idempotency.expires_at IS 'Or when its order is rejected, canceled or expired: the gate judges.';

CREATE TABLE order_note (
    id         bigint GENERATED ALWAYS AS IDENTITY (START 7001) PRIMARY KEY,
    order_id   bigint NOT NULL,
    account_id bigint NOT NULL,
    user_id    bigint NOT NULL,
    text       text NOT NULL CHECK (length(text) BETWEEN 1 AND 1024),
    created_at timestamptz NOT NULL
);
CREATE INDEX order_note_order ON order_note (order_id, id);
COMMENT ON TABLE order_note IS 'What people of the account write down about an order; never changed.';

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

-- How many orders an account has, as far as counted by the scheduler.
CREATE TABLE order_tally (
    account_id bigint PRIMARY KEY REFERENCES account,
    until_at   timestamptz NOT NULL,
    until_id   bigint NOT NULL,
    total      bigint NOT NULL
);
COMMENT ON TABLE order_tally IS 'Of the orders up to (until_at, until_id), in order of (created_at, id), all are counted. None is placed there any more: the mark stays behind by more than a call can take.';

-- Nearly all orders are issued soon and stay so. The others, as far as counted: who asks for orders
-- that are not issued looks among these and those after the mark, and not at every order.
CREATE TABLE order_apart (
    order_id   bigint PRIMARY KEY,
    account_id bigint NOT NULL,
    state      text NOT NULL CHECK (state IN ('open', 'issued', 'ended')),
    changed_at timestamptz NOT NULL
);
CREATE INDEX order_apart_state ON order_apart (account_id, state, changed_at, order_id);
CREATE INDEX order_apart_open ON order_apart (order_id) WHERE state = 'open';
COMMENT ON TABLE order_apart IS 'Orders that were not issued when the mark of order_tally passed them, or have left that status since. The scheduler lets expire what is `open` for too long.';
COMMENT ON COLUMN order_apart.changed_at IS 'Of what is open: when it was placed, whatever became of it since.';

GRANT USAGE ON SEQUENCE order_block TO chancery_gateway;
GRANT SELECT, INSERT ON orders, idempotency, order_note TO chancery_gateway;
-- Its contacts may be changed. No other service reads what is in the options, so nothing that a
-- certificate depends on is.
GRANT UPDATE (answer_by, options) ON orders TO chancery_gateway;
GRANT UPDATE (body_sha256, order_id, expires_at) ON idempotency TO chancery_gateway;
GRANT SELECT, INSERT, UPDATE (ended_at) ON order_renewal TO chancery_gateway;
GRANT SELECT ON order_tally, order_apart TO chancery_gateway, chancery_scheduler, chancery_cli;
GRANT SELECT (id, account_id, status, product_name_id, request_id) ON orders TO chancery_validation;
GRANT SELECT (id, account_id, status, product_name_id, request_id, valid_till, created_at, answer_by) ON orders TO chancery_issuer;
GRANT UPDATE (status, status_at, certificate_id) ON orders TO chancery_issuer;
GRANT SELECT (id, account_id, status, product_name_id, request_id) ON orders TO chancery_notifier;
GRANT SELECT (id, account_id, status, request_id, valid_till, created_at, status_at) ON orders TO chancery_scheduler;
GRANT SELECT (id, account_id, user_id, status, status_at, request_id, certificate_id, product_name_id, alternative_order_id,
              valid_till, created_at, xid) ON orders TO chancery_cli;
GRANT SELECT (account_id, idem_key, order_id, expires_at), DELETE ON idempotency TO chancery_scheduler;
GRANT INSERT, UPDATE (until_at, until_id, total) ON order_tally TO chancery_scheduler;
GRANT INSERT, UPDATE (state, changed_at) ON order_apart TO chancery_scheduler;

-- An order becomes issued by the issuer and by nobody else; every other change of its status is a
-- function of the owner (db/functions/order.sql).
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody_read ON orders FOR SELECT USING (true);
CREATE POLICY gateway_place ON orders FOR INSERT TO chancery_gateway WITH CHECK (status IN ('pending', 'needs_approval'));
CREATE POLICY gateway_note ON orders FOR UPDATE TO chancery_gateway USING (true);
CREATE POLICY issuer_issue ON orders FOR UPDATE TO chancery_issuer USING (true) WITH CHECK (status = 'issued');
