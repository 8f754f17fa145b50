CREATE OR REPLACE FUNCTION order_state(status text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN status = 'issued' THEN 'issued'
                WHEN status IN ('rejected', 'canceled', 'expired', 'revoked') THEN 'ended'
                ELSE 'open' END
$$;

-- An order that leaves a status in which it could have stayed, or is old enough for the mark to have
-- passed it: of those that are set apart as open none is anything else, so that they are counted there.
-- For all others nothing is done here; the scheduler finds them when the mark passes. It stays behind by a
-- quarter of an hour, and the clocks of two hosts may differ by a minute.
CREATE OR REPLACE FUNCTION order_set_apart() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.order_apart AS a (order_id, account_id, state, changed_at)
    VALUES (NEW.id, NEW.account_id, public.order_state(NEW.status), NEW.status_at)
    ON CONFLICT (order_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER orders_apart AFTER UPDATE OF status ON orders
    FOR EACH ROW WHEN (NEW.status <> OLD.status
                       AND (OLD.status NOT IN ('pending', 'needs_approval')
                            OR (NEW.status NOT IN ('pending', 'needs_approval')
                                AND NEW.status_at > OLD.created_at + interval '14 minutes')))
    EXECUTE FUNCTION order_set_apart();

-- Gateways of before 0030 say in the options what has a column now, and the issuer reads that.
CREATE OR REPLACE FUNCTION order_unlogged() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.disable_ct := NEW.disable_ct OR coalesce((NEW.options ->> 'disable_ct')::boolean, false);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER orders_unlogged BEFORE INSERT ON orders
    FOR EACH ROW WHEN (NEW.options ? 'disable_ct') EXECUTE FUNCTION order_unlogged();

-- The orders of an account that may be other than issued, with the time of their last change where
-- it is known. An order may come twice.
CREATE OR REPLACE FUNCTION order_unsettled(of_account bigint)
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

-- Nearly no order is a renewal, so C1 calls this where one is and has no table of renewals in its
-- plan. order_renewal_one refuses the second.
CREATE OR REPLACE FUNCTION order_renewal_begin(of_account bigint, renewed bigint, renewal bigint, at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    INSERT INTO order_renewal (account_id, renewed_order_id, order_id, created_at)
    VALUES (of_account, renewed, renewal, at)
    RETURNING id
$$;

-- What may be done with a waiting order, once it is locked: the order before its request, always, and after
-- challenges and jobs (challenge_hold). Not while a certificate is under way. Nobody but the owner calls it.
CREATE OR REPLACE FUNCTION order_lock(order_ids bigint[])
RETURNS TABLE (id bigint, account_id bigint, request_id bigint, status text, frozen boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH locked AS MATERIALIZED (
        SELECT o.id, o.account_id, o.request_id, o.status FROM orders o WHERE o.id = ANY (order_ids) ORDER BY o.id FOR UPDATE
    )
    SELECT l.id, l.account_id, l.request_id, l.status, request_frozen(l.request_id) FROM locked l;
END $$;

-- Orders that come to their end without a certificate. Gives each with the status that it was found in,
-- and whether it is this call that has ended it.
CREATE OR REPLACE FUNCTION order_end(order_ids bigint[], new_status text, processor bigint, comment text, at timestamptz)
RETURNS TABLE (id bigint, account_id bigint, status text, frozen boolean, changed boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH locked AS MATERIALIZED (
        SELECT * FROM order_lock(order_ids)
    ), done AS (
        UPDATE orders o
           SET status = new_status, status_at = at, note = coalesce(comment, o.note)
          FROM locked l
         WHERE o.id = l.id AND l.status IN ('pending', 'needs_approval') AND NOT l.frozen
        RETURNING o.id, o.request_id
    ), settled AS ( -- what is rejected is the request, approved before or not
        UPDATE request r
           SET status = new_status, processor_id = coalesce(processor, r.processor_id),
               processor_comment = coalesce(comment, r.processor_comment), processed_at = at
          FROM done d
         WHERE r.id = d.request_id AND (r.status = 'pending' OR new_status = 'rejected')
    ), released AS ( -- the order that it was to renew may be renewed again
        UPDATE order_renewal x SET ended_at = at FROM done d WHERE x.order_id = d.id AND x.ended_at IS NULL
    ), unasked AS ( -- who holds a challenge may wait for an order: its round does it then
        DELETE FROM challenge_domain d
         USING (SELECT w.challenge_id, w.domain
                  FROM done e
                  JOIN challenge c ON c.asked_by = 'request' AND c.subject = e.request_id
                  JOIN challenge_domain w ON w.challenge_id = c.id
                   FOR UPDATE OF w SKIP LOCKED) gone
         WHERE d.challenge_id = gone.challenge_id AND d.domain = gone.domain
    )
    SELECT l.id, l.account_id, l.status, l.frozen, EXISTS (SELECT FROM done d WHERE d.id = l.id) FROM locked l;
END $$;

CREATE OR REPLACE FUNCTION order_cancel(of_account bigint, of_order bigint, canceler bigint, comment text, at timestamptz)
RETURNS TABLE (id bigint, account_id bigint, status text, frozen boolean, changed boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.id, e.account_id, e.status, e.frozen, e.changed
      FROM public.orders o
      CROSS JOIN LATERAL public.order_end(ARRAY[o.id], 'canceled', canceler, comment, at) e
     WHERE o.id = of_order AND o.account_id = of_account
$$;

CREATE OR REPLACE FUNCTION order_reject(of_account bigint, of_order bigint, rejecter bigint, comment text, at timestamptz)
RETURNS TABLE (id bigint, account_id bigint, status text, frozen boolean, changed boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT e.id, e.account_id, e.status, e.frozen, e.changed
      FROM public.orders o
      CROSS JOIN LATERAL public.order_end(ARRAY[o.id], 'rejected', rejecter, comment, at) e
     WHERE o.id = of_order AND o.account_id = of_account
$$;

-- Whether the certificates that an order gets from now on are logged. One that is under way is logged or not already.
CREATE OR REPLACE FUNCTION order_ct_status(of_account bigint, of_order bigint, disable boolean)
RETURNS TABLE (id bigint, status text, frozen boolean, so boolean, changed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH locked AS MATERIALIZED (
        SELECT o.id, o.request_id, o.status, o.disable_ct
          FROM orders o WHERE o.id = of_order AND o.account_id = of_account FOR UPDATE
    ), found AS MATERIALIZED (
        SELECT l.*, request_frozen(l.request_id) AS frozen FROM locked l
    ), done AS (
        UPDATE orders o
           SET disable_ct = disable
          FROM found f
         WHERE o.id = f.id AND f.disable_ct <> disable AND f.status IN ('pending', 'needs_approval', 'issued') AND NOT f.frozen
        RETURNING o.id
    )
    SELECT f.id, f.status, f.frozen, f.disable_ct = disable OR d.id IS NOT NULL, d.id IS NOT NULL
      FROM found f
      LEFT JOIN done d ON true;
END $$;

-- Has an order come to its end by itself? It has when policy lets it wait no longer, or when a certificate
-- for it would end before it begins. Nothing that it depends on is ever changed.
CREATE OR REPLACE FUNCTION order_over(of_order bigint, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(least(o.created_at + (SELECT min(rule_interval(w.value, w.unit))
                                                    FROM policy_at(at, r.rule_scope, 'order.pending') w),
                                  o.valid_till, r.cert_not_after) <= at, false)
              FROM orders o
              JOIN request r ON r.id = o.request_id
             WHERE o.id = of_order);
END $$;

-- Whoever calls: only what is over at that instant ends, with its audit row. The instant is business time,
-- and the caller's word; it stands in both rows.
CREATE OR REPLACE FUNCTION order_expire(order_ids bigint[], at timestamptz)
RETURNS TABLE (id bigint, account_id bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH gone AS MATERIALIZED (
        SELECT e.id, e.account_id
          FROM order_end(ARRAY(SELECT k FROM unnest(order_ids) k WHERE order_over(k, at)), 'expired', NULL, NULL, at) e
         WHERE e.changed
    ), audited AS (
        INSERT INTO audit (at, account_id, source, activity, subject)
        SELECT at, g.account_id, 'system', 'order expired', 'order/' || g.id FROM gone g
    )
    SELECT g.id, g.account_id FROM gone g;
END $$;

-- An approval sends the order on its way; the next step is request_advance()'s. The request that the
-- order shows, by somebody who is not NULL.
CREATE OR REPLACE FUNCTION order_approve(of_account bigint, of_order bigint, approver bigint, comment text, at timestamptz)
RETURNS TABLE (id bigint, request_id bigint, status text, changed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM challenge_hold(ARRAY(SELECT k.request_id FROM orders k WHERE k.id = of_order AND k.account_id = of_account));
    RETURN QUERY
    WITH locked AS MATERIALIZED (
        SELECT * FROM order_lock(ARRAY(SELECT k.id FROM orders k WHERE k.id = of_order AND k.account_id = of_account))
    ), approved AS (
        UPDATE orders o
           SET status = 'pending', status_at = at
          FROM locked l
         WHERE o.id = l.id AND l.status = 'needs_approval' AND approver IS NOT NULL
        RETURNING o.id, o.request_id
    ), decided AS (
        UPDATE request r
           SET status = 'approved', processor_id = approver, processor_comment = comment, processed_at = at
          FROM approved a
         WHERE r.id = a.request_id AND r.status = 'pending'
    ), begun AS ( -- the cadence counts from here
        UPDATE challenge c SET poll_from = at FROM approved a WHERE c.asked_by = 'request' AND c.subject = a.request_id
    )
    SELECT l.id, l.request_id, l.status, EXISTS (SELECT FROM approved) FROM locked l;
END $$;

GRANT EXECUTE ON FUNCTION order_state TO chancery_gateway, chancery_scheduler;
GRANT EXECUTE ON FUNCTION order_unsettled TO chancery_gateway, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION order_renewal_begin, order_cancel, order_reject, order_approve, order_ct_status TO chancery_gateway;
GRANT EXECUTE ON FUNCTION order_over TO chancery_scheduler;
GRANT EXECUTE ON FUNCTION order_expire TO chancery_scheduler, chancery_issuer;
