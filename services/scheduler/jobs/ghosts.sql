-- ghosts_mark: GhostQuery -> GhostRow*
-- Attempts without a signature on which nobody works any more: their serials are never used again.
-- Only the job that reserved one may go on with it; any other of its order makes an attempt anew.
WITH dead AS (
    SELECT x.id
      FROM issuance x
     WHERE x.state = 'reserved' AND x.created_at < :before
       AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.signature IS NOT NULL)
       AND NOT EXISTS (SELECT FROM job j WHERE j.id = x.job_id)
     ORDER BY x.created_at
     LIMIT :room
       FOR UPDATE SKIP LOCKED
), gone AS (
    UPDATE issuance x
       SET state = 'ghost'
      FROM dead d
     WHERE x.id = d.id
    RETURNING x.id, x.order_id, x.account_id, x.ca_id, x.serial
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT :now, account_id, 'system', 'serial abandoned', 'order/' || order_id,
           jsonb_build_object('ca_id', ca_id, 'serial', encode(serial, 'hex'))
      FROM gone
)
SELECT id AS issuance_id, order_id, ca_id, encode(serial, 'hex') AS serial FROM gone;
