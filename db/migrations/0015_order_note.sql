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

GRANT SELECT, INSERT ON order_note TO chancery_gateway;

-- Its contacts may be changed. No other service reads what is in there, so nothing that a
-- certificate depends on is.
GRANT UPDATE (options) ON orders TO chancery_gateway;
