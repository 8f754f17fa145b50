-- tally_step: TallyStep -> TalliedStep?
-- Counts the orders of some accounts further, and sets those apart that are not issued, or were only
-- after a while. None at the end of the accounts. The mark stays behind :until, since when nothing
-- older is placed any more. Whoever finds that it was moved meanwhile has counted for nothing.
WITH page AS MATERIALIZED (
    SELECT a.id AS account_id FROM account a WHERE a.id > :account_id ORDER BY a.id LIMIT :accounts
), marked AS MATERIALIZED (
    SELECT p.account_id, coalesce(t.until_at, '-infinity') AS until_at, coalesce(t.until_id, 0) AS until_id
      FROM page p
      LEFT JOIN order_tally t ON t.account_id = p.account_id
), due AS MATERIALIZED (
    SELECT m.account_id, o.id, o.status, o.created_at, o.status_at
      FROM marked m
     CROSS JOIN LATERAL (SELECT o.id, o.status, o.created_at, o.status_at
                           FROM orders o
                          WHERE o.account_id = m.account_id AND (o.created_at, o.id) > (m.until_at, m.until_id)
                            AND o.created_at < :until
                          ORDER BY o.created_at, o.id
                          LIMIT :orders) AS o
), counted AS (
    SELECT DISTINCT ON (account_id) account_id, created_at, id, count(*) OVER (PARTITION BY account_id) AS orders
      FROM due
     ORDER BY account_id, created_at DESC, id DESC
), tallied AS (
    INSERT INTO order_tally AS t (account_id, until_at, until_id, total)
    SELECT account_id, created_at, id, orders FROM counted
    ON CONFLICT (account_id) DO UPDATE
       SET until_at = excluded.until_at, until_id = excluded.until_id, total = t.total + excluded.total
     WHERE (t.until_at, t.until_id) = (SELECT m.until_at, m.until_id FROM marked m WHERE m.account_id = t.account_id)
), apart AS (
    INSERT INTO order_apart (order_id, account_id, state, changed_at)
    SELECT id, account_id, order_state(status), CASE WHEN order_state(status) = 'open' THEN created_at ELSE status_at END
      FROM due
     WHERE status <> 'issued' OR status_at > created_at + interval '15 minutes'
     ORDER BY id -- in the order of all who set several apart
    ON CONFLICT (order_id) DO NOTHING
)
SELECT max(p.account_id) AS account_id, coalesce((SELECT max(orders) FROM counted), 0) AS most
  FROM page p
HAVING count(*) > 0;

-- tally_settle: SettleStep -> SettledStep?
-- Looks again at what was open. An order that goes on meanwhile has a later change than the one seen
-- here, and stays as it is; whoever has it in hand sets it apart himself and is not waited for.
WITH page AS MATERIALIZED (
    SELECT a.order_id FROM order_apart a WHERE a.state = 'open' AND a.order_id > :order_id ORDER BY a.order_id LIMIT :room
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT a.order_id, o.status, o.status_at
      FROM page p
      JOIN orders o ON o.id = p.order_id
      JOIN order_apart a ON a.order_id = p.order_id
     WHERE a.state = 'open' AND order_state(o.status) <> 'open' AND a.changed_at <= o.status_at
     ORDER BY a.order_id
       FOR UPDATE OF a SKIP LOCKED
), settled AS (
    UPDATE order_apart a
       SET state = order_state(l.status), changed_at = l.status_at
      FROM locked l
     WHERE a.order_id = l.order_id
    RETURNING a.order_id
)
SELECT max(order_id) AS order_id, (SELECT count(*) FROM settled) AS settled FROM page HAVING count(*) > 0;
