-- events_read: EventPosition* -> EventRow*
-- Rows of transactions at or above the oldest running one may still get company in front of them:
-- they are handed out when it has ended. Any number of askers are one statement.
SELECT a.key, e.id, e.xid, e.event, e.data, e.at
  FROM unnest(:key, :caller.account_id, :after_xid, :after_id, :room) AS a (key, account_id, after_xid, after_id, room)
  CROSS JOIN LATERAL (
        SELECT v.id, v.xid::text AS xid, v.name AS event, v.at,
               json_build_object('order_id', v.order_id, 'certificate_id', v.certificate_id) AS data
          FROM event v
         WHERE v.account_id = a.account_id
           AND (v.xid, v.id) > (a.after_xid::xid8, a.after_id)
           AND v.xid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY v.xid, v.id
         LIMIT a.room) e
 ORDER BY a.key, e.xid::xid8, e.id;

-- events_horizon: Nothing -> EventHorizon
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid;
