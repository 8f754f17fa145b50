-- calendar_keep: JobNew* -> JobId*
INSERT INTO job (lane, subject, run_at, idem_key)
SELECT c.lane, c.subject, c.run_at, c.idem_key
  FROM unnest(:lane, :subject, :run_at, :idem_key) AS c (lane, subject, run_at, idem_key)
 WHERE NOT EXISTS (SELECT FROM job j WHERE j.idem_key = c.idem_key)
ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
RETURNING id;
