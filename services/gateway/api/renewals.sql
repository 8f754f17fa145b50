-- renewal_state: RenewalAsked -> RenewalState?
-- A request that comes again finds its own order behind the gate of C1, not a refusal here.
SELECT o.id AS renewed_order_id, o.valid_till,
       o.status = 'issued' AS issued,
       (SELECT o.valid_till - rule_interval(r.value, r.unit)
          FROM policy_at(:caller.now, q.rule_scope, 'renewal.before') r) AS window_from,
       (SELECT o.valid_till + rule_interval(r.value, r.unit)
          FROM policy_at(:caller.now, q.rule_scope, 'renewal.after') r) AS window_till,
       EXISTS (SELECT FROM order_renewal x
                WHERE x.renewed_order_id = o.id AND x.ended_at IS NULL
                  AND NOT EXISTS (SELECT FROM idempotency g
                                   WHERE g.account_id = :caller.account_id AND g.idem_key = :idem_key
                                     AND g.order_id = x.order_id AND g.expires_at > :caller.now)) AS renewed
  FROM orders o
  JOIN request q ON q.id = o.request_id
 WHERE o.id = :renewed_order_id AND o.account_id = :caller.account_id;

-- renewal_mark: OrderStatusChange -> ChangeResult?
-- The customer says that the order is renewed, by something that is no order here.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.status, o.account_id,
           o.status = 'issued' AND :caller.now >= o.valid_till - rule_interval(r.value, r.unit) AS fit
      FROM orders o
      JOIN request q ON q.id = o.request_id
      LEFT JOIN LATERAL policy_at(:caller.now, q.rule_scope, 'renewal.before') r ON true
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
), marked AS (
    INSERT INTO order_renewal (account_id, renewed_order_id, created_at)
    SELECT account_id, id, :caller.now FROM asked WHERE fit
    ON CONFLICT (renewed_order_id) WHERE ended_at IS NULL DO NOTHING
    RETURNING renewed_order_id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'order marked as renewed', 'order/' || renewed_order_id,
           jsonb_build_object('note', :note::text)
      FROM marked
)
SELECT id AS order_id, status, coalesce(fit, false) AS changed FROM asked;

-- renewal_unmark: OrderStatusChange -> ChangeResult?
-- Only what a customer has marked: a renewal that is an order ends with that order.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.status FROM orders o WHERE o.id = :order_id AND o.account_id = :caller.account_id
), unmarked AS (
    UPDATE order_renewal x
       SET ended_at = :caller.now
      FROM asked o
     WHERE x.renewed_order_id = o.id AND x.account_id = :caller.account_id AND x.ended_at IS NULL AND x.order_id IS NULL
    RETURNING x.renewed_order_id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'order no longer marked as renewed',
           'order/' || renewed_order_id, jsonb_build_object('note', :note::text)
      FROM unmarked
)
SELECT o.id AS order_id, o.status,
       NOT EXISTS (SELECT FROM order_renewal x
                    WHERE x.renewed_order_id = o.id AND x.account_id = :caller.account_id AND x.ended_at IS NULL
                      AND x.order_id IS NOT NULL) AS changed
  FROM asked o;
