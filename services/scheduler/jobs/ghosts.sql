-- ghosts_mark: GhostQuery -> GhostRow*
-- Attempts without a signature on which nobody works any more: their serials are never used again. Their job
-- is gone, for a while; or it lives, and its lease is over. Only the job that reserved one may go on with it;
-- any other of its request makes an attempt anew.
WITH dead AS MATERIALIZED (
    SELECT x.id
      FROM issuance x
     WHERE x.state = 'reserved' AND x.created_at < :before
       AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.signature IS NOT NULL)
       AND NOT EXISTS (SELECT FROM job j WHERE j.id = x.job_id)
     ORDER BY x.created_at
     LIMIT :room
)
SELECT g.issuance_id, g.request_id, g.ca_id, encode(g.serial, 'hex') AS serial
  FROM ghost_mark(ARRAY(SELECT d.id FROM dead d), true, :now) g
UNION ALL
SELECT l.issuance_id, l.request_id, l.ca_id, encode(l.serial, 'hex')
  FROM ghost_lost(:room, :now) l;

-- precertificates_mark: GhostQuery -> GhostRow*
-- Precertificates of which no certificate may be made any more.
SELECT p.issuance_id, p.request_id, p.ca_id, encode(p.serial, 'hex') AS serial
  FROM precertificate_hopeless(:room, :now) p;
