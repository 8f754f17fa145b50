-- calendar_keep: CadenceWish* -> CadenceKept*
-- A cadence that is not there, or lies further ahead than it ever puts itself, is due now: the clock of
-- whoever put it there was wrong.
WITH wish AS MATERIALIZED (
    SELECT * FROM unnest(:lane, :idem_key, :now, :latest) AS c (lane, idem_key, now, latest)
), late AS (
    UPDATE job j
       SET run_at = w.now
      FROM wish w
     WHERE j.idem_key = w.idem_key AND j.run_at > w.latest
       AND (j.lease_until IS NULL OR j.lease_until < now()) -- lease_until
    RETURNING j.id
), put AS (
    INSERT INTO job (lane, subject, run_at, idem_key)
    SELECT w.lane, 0, w.now, w.idem_key
      FROM wish w
     WHERE NOT EXISTS (SELECT FROM job j WHERE j.idem_key = w.idem_key)
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id
)
SELECT id, true AS late FROM late
UNION ALL
SELECT id, false FROM put;
