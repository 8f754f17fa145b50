-- Reading the orders of an account, however many there are: lists are walked by (created_at, id).
DROP INDEX orders_account;
CREATE INDEX orders_created ON orders (account_id, created_at, id);
CREATE INDEX orders_alternative ON orders (account_id, alternative_order_id) WHERE alternative_order_id IS NOT NULL;
CREATE INDEX order_name_fqdn ON order_name (account_id, fqdn);
CREATE INDEX certificate_not_after ON certificate USING brin (not_after);
CREATE INDEX request_pending ON request (account_id, id) WHERE status = 'pending';
COMMENT ON INDEX request_pending IS 'Requests that need no approval, as nearly all, are not in it.';

-- A list is read page by page while orders arrive: each page shows those that the first one saw.
ALTER TABLE orders ADD COLUMN xid xid8;
ALTER TABLE orders ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
COMMENT ON COLUMN orders.xid IS 'The transaction that placed the order; NULL for those older than this column. Means something only for a quarter of an hour, so a copy of the rows in another cluster does no harm.';

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
CREATE INDEX order_apart_state ON order_apart (account_id, state, changed_at);
CREATE INDEX order_apart_open ON order_apart (order_id) WHERE state = 'open';
COMMENT ON TABLE order_apart IS 'Orders that were not issued when the mark of order_tally passed them, or have left that status since. What is `open` may have ended meanwhile; the scheduler looks again.';

CREATE FUNCTION order_state(status text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN status = 'issued' THEN 'issued'
                WHEN status IN ('rejected', 'canceled', 'expired', 'revoked') THEN 'ended'
                ELSE 'open' END
$$;

-- An order that leaves a status in which it could have stayed. Of orders on their way to a
-- certificate nothing is done here: the scheduler finds them when the mark passes, or among the open.
CREATE FUNCTION order_set_apart() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO public.order_apart AS a (order_id, account_id, state, changed_at)
    VALUES (NEW.id, NEW.account_id, public.order_state(NEW.status), NEW.status_at)
    ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_apart AFTER UPDATE OF status ON orders
    FOR EACH ROW WHEN (OLD.status NOT IN ('pending', 'needs_approval') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION order_set_apart();

-- The orders of an account that may be other than issued, with the time of their last change where
-- it is known. An order may come twice.
CREATE FUNCTION order_unsettled(of_account bigint)
RETURNS TABLE (order_id bigint, state text, changed_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT a.order_id, a.state, a.changed_at
      FROM order_apart a
     WHERE a.account_id = of_account
    UNION ALL
    SELECT o.id, 'open', o.created_at
      FROM orders o
     WHERE o.account_id = of_account
       AND (o.created_at, o.id) > (coalesce((SELECT t.until_at FROM order_tally t WHERE t.account_id = of_account), '-infinity'),
                                   coalesce((SELECT t.until_id FROM order_tally t WHERE t.account_id = of_account), 0))
$$;

GRANT SELECT ON order_tally, order_apart TO chancery_gateway, chancery_scheduler;
GRANT INSERT, UPDATE (until_at, until_id, total) ON order_tally TO chancery_scheduler;
GRANT INSERT, UPDATE (state, changed_at) ON order_apart TO chancery_scheduler;
GRANT SELECT (status_at, created_at) ON orders TO chancery_scheduler;
GRANT SELECT (id) ON account TO chancery_scheduler;
