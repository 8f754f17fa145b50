-- sweep_step: SweepStep -> SweptStep?
-- Walks the table once, in order of its key, so that no index on expires_at is needed. None at the
-- end.
WITH page AS MATERIALIZED (
    SELECT account_id, idem_key, expires_at
      FROM idempotency
     WHERE (account_id, idem_key) > (:account_id, :idem_key)
     ORDER BY account_id, idem_key
     LIMIT :room
), swept AS (
    DELETE FROM idempotency g
     USING page p
     WHERE p.expires_at <= :now
       AND g.account_id = p.account_id AND g.idem_key = p.idem_key AND g.expires_at <= :now
    RETURNING g.account_id
)
SELECT account_id, idem_key, (SELECT count(*) FROM swept) AS swept
  FROM page
 ORDER BY account_id DESC, idem_key DESC
 LIMIT 1;
