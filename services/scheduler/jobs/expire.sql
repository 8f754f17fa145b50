-- expire_page: WaitingStep -> WaitingOrder*
-- The orders that wait, as far as they were set apart: which are over is order_over()'s to say. One is idle
-- when nothing is left to do, or what is left is the next look for a proof or for CAA records, or logs that are to be asked,
-- and no job does it. A job that was given up counts as something to do.
WITH page AS MATERIALIZED (
    SELECT a.order_id FROM order_apart a WHERE a.state = 'open' AND a.order_id > :order_id ORDER BY a.order_id LIMIT :room
), waiting AS MATERIALIZED (
    SELECT p.order_id, r.id AS request_id, o.status, order_over(o.id, :now) AS over,
           c.id AS challenge_id, c.method <> 'email' AND (c.checked_at IS NULL OR c.next_at IS NOT NULL) AS looked_for
      FROM page p
      JOIN orders o ON o.id = p.order_id AND o.status IN ('pending', 'needs_approval')
      JOIN request r ON r.id = o.request_id
      LEFT JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
)
SELECT p.order_id, coalesce(w.request_id, 0) AS request_id, coalesce(w.over, false) AS over,
       coalesce(w.status = 'pending'
                AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key = 'issue/' || w.request_id)
                AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key = 'dcv/' || w.challenge_id)
                AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key = 'caa/' || w.request_id)
                AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key = 'ct/' || w.request_id)
                AND (SELECT coalesce(bool_and(t.kind IN ('caa', 'transparency') OR (t.kind = 'dcv' AND coalesce(w.looked_for, false))), true)
                       FROM request_open_task(ARRAY[w.request_id], :now) t), false) AS idle
  FROM page p
  LEFT JOIN waiting w ON w.order_id = p.order_id
 ORDER BY p.order_id;

-- expire_orders: OrdersExpired -> ExpiredOrder*
-- But those for which a certificate is under way, and those that have ended meanwhile.
SELECT e.id AS order_id FROM order_expire(:order_ids, :now) e;

-- expire_advance: RequestsIdle -> RequestStep*
SELECT request_id, lane FROM request_advance(:request_ids, :now, NULL);
