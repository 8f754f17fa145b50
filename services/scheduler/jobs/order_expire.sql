-- order_expire: OrderExpiry* -> OrderExpired*
-- Everything follows from the deletion of the job. While a certificate is under way the job stays
-- and gives no row; an order that has come to its end otherwise takes only its job along.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:job_id, :epoch, :order_id, :now) AS i (job_id, epoch, order_id, now)
), locked AS MATERIALIZED (
    SELECT o.id, o.status IN ('pending', 'needs_approval') AS open
      FROM orders o
     WHERE o.id IN (SELECT order_id FROM input)
     ORDER BY o.id
       FOR UPDATE
), judged AS MATERIALIZED (
    SELECT id, open, open AND order_frozen(id) AS frozen FROM locked
), finished AS (
    DELETE FROM job j
     USING input i
      LEFT JOIN judged o ON o.id = i.order_id
     WHERE j.id = i.job_id AND j.lease_epoch = i.epoch AND o.frozen IS NOT TRUE
    RETURNING i.job_id, i.order_id, i.now, coalesce(o.open, false) AS open
), expired AS (
    UPDATE orders o
       SET status = 'expired', status_at = d.now
      FROM finished d
     WHERE o.id = d.order_id AND d.open
    RETURNING o.id, o.account_id, d.now
), rejected AS (
    UPDATE request r
       SET status = 'rejected', processed_at = e.now
      FROM expired e
     WHERE r.order_id = e.id AND r.status = 'pending'
), released AS ( -- the order that it was to renew may be renewed again
    UPDATE order_renewal x SET ended_at = d.now FROM expired d WHERE x.order_id = d.id AND x.ended_at IS NULL
), freed AS (
    DELETE FROM idempotency g USING expired e WHERE g.account_id = e.account_id AND g.order_id = e.id
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject)
    SELECT now, account_id, 'system', 'order expired', 'order/' || id FROM expired
)
SELECT job_id, order_id, open AS expired FROM finished;
