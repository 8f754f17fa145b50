-- roles: scheduler cli

-- figures_lanes: FiguresAsked -> LaneFigures*
-- By the index on lane and run_at. A job that is held has been due and stands among those.
SELECT l.lane, d.due, d.held, w.later,
       coalesce(greatest(extract(epoch FROM :now::timestamptz - d.oldest), 0)::bigint, 0) AS oldest_s,
       (SELECT count(*) FROM (SELECT FROM job_dead x WHERE x.lane = l.lane LIMIT :room) g) AS dead
  FROM unnest(:lanes) AS l (lane)
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE NOT j.held) AS due,
                             count(*) FILTER (WHERE j.held) AS held,
                             min(j.run_at) FILTER (WHERE NOT j.held) AS oldest
                        FROM (SELECT k.run_at,
                                     coalesce(k.lease_until > now(), false) AS held -- lease_until
                                FROM job k
                               WHERE k.lane = l.lane AND k.run_at <= :now
                               ORDER BY k.run_at
                               LIMIT :room) j) d
  CROSS JOIN LATERAL (SELECT count(*) AS later
                        FROM (SELECT FROM job k WHERE k.lane = l.lane AND k.run_at > :now LIMIT :room) j) w;

-- figures_ledger: FiguresAsked -> LedgerFigures
WITH tail AS MATERIALIZED (
    SELECT a.at
      FROM audit a
     WHERE a.xid >= coalesce((SELECT s.horizon FROM audit_seal s ORDER BY s.id DESC LIMIT 1), '0'::xid8)
     ORDER BY a.xid, a.id
     LIMIT :room
)
SELECT (SELECT count(*)
          FROM (SELECT FROM webhook w WHERE w.failing_since IS NOT NULL AND w.status = 'active' LIMIT :room) f)
           AS webhooks_failing,
       (SELECT count(*) FROM (SELECT FROM order_apart o WHERE o.state = 'open' ORDER BY o.order_id LIMIT :room) w)
           AS orders_waiting,
       (SELECT count(*)
          FROM (SELECT FROM job_dead d WHERE d.lane IN ('issue', 'dcv', 'caa', 'ct') ORDER BY d.lane, d.subject LIMIT :room) h) AS held_up,
       (SELECT count(*)
          FROM (SELECT FROM quarantine q WHERE q.settled_at IS NULL ORDER BY q.request_id LIMIT :room) r) AS quarantined,
       coalesce((SELECT greatest(extract(epoch FROM :now::timestamptz - min(o.signed_at)), 0)::bigint
                   FROM (SELECT p.signed_at
                           FROM precertificate p
                           JOIN issuance x ON x.id = p.id AND x.state = 'precert_signed'
                          WHERE p.logged_at IS NULL
                          ORDER BY p.request_id
                          LIMIT :room) o), 0) AS unlogged_s,
       (SELECT count(*) FROM tail) AS unsealed,
       coalesce((SELECT greatest(extract(epoch FROM :now::timestamptz - min(t.at)), 0)::bigint FROM tail t), 0)
           AS unsealed_s;

-- figures_expiry: FiguresAsked -> ExpiryFigures
-- A range of the index on not_after, counted once.
SELECT count(*) FILTER (WHERE c.not_after <= :now::timestamptz + interval '7 days') AS week, count(*) AS month
  FROM (SELECT k.not_after
          FROM certificate k
         WHERE k.not_after > :now AND k.not_after <= :now::timestamptz + interval '30 days'
         ORDER BY k.not_after
         LIMIT :room) c;
