-- mail_read: MailIds -> Mail*
-- What is to be asked, of whom, and whether that still stands.
SELECT i.id, o.id AS order_id, i.domain, i.address, i.locale, i.account_id,
       (SELECT a.name FROM account a WHERE a.id = i.account_id) AS account,
       i.state NOT IN ('chosen', 'approved') AND o.status = 'pending' AND o.request_id = r.id AND c.method = 'email'
           AND NOT method_prohibited('3.2.2.4.4', c.rule_scope, :now) AS wanted,
       (SELECT d.document ->> 'name'
          FROM policy_active a
          JOIN policy_document d ON d.version = a.version
         WHERE d.kind = 'product' AND d.name = o.product_name_id) AS product,
       (SELECT array_agg(n.name ORDER BY n.position)
          FROM request_name n
         WHERE n.request_id = r.id AND name_within(n.domain, i.domain)) AS dns_names
  FROM email_invitation i
  JOIN challenge c ON c.id = i.challenge_id AND c.account_id = i.account_id AND c.asked_by = 'request'
  JOIN request r ON r.id = c.subject
  JOIN orders o ON o.id = r.order_id
 WHERE i.id = ANY (:ids);

-- mail_token: MailToken -> MailTerms?
-- The hash of the random value that is about to be mailed, by the holder of the job's lease only; or until
-- when the mail has to wait, because its address or its account has had enough of them.
SELECT t.expires_at, t.poll_from, t.wait_until FROM email_token_add(:job_id, :job_epoch, :token_sha256, :now) t;

-- mail_attempted: MailAttempt* -> MailNoted*
-- Everything follows from the job, which is deleted or put off by the holder of its lease. Where the
-- method was chosen again while the mail was on its way, its value is void: another one goes out now.
-- What waits since the relay could not be reached is woken by the first mail that it takes, a few at a
-- time: each that is taken then wakes the next.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:invitation_id, :job_id, :job_epoch, :state, :response_code, :reason, :now, :next_at, :poll_from,
                  :token_sha256)
        AS i (invitation_id, job_id, job_epoch, state, response_code, reason, now, next_at, poll_from, token_sha256)
), void AS MATERIALIZED (
    SELECT i.job_id
      FROM input i
      JOIN email_invitation e ON e.id = i.invitation_id
      JOIN challenge c ON c.id = e.challenge_id
      JOIN request r ON r.id = c.subject AND c.asked_by = 'request'
      JOIN orders o ON o.id = r.order_id AND o.request_id = r.id
     WHERE i.state = 'sent' AND e.state <> 'approved'
       AND o.status = 'pending' AND c.method = 'email' AND c.poll_from <> i.poll_from
), ended AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND i.next_at IS NULL
       AND i.job_id NOT IN (SELECT job_id FROM void)
    RETURNING j.id
), again AS (
    UPDATE job j
       SET run_at = coalesce(i.next_at, i.now), lease_owner = NULL, lease_until = NULL, -- lease_until
           attempt = CASE WHEN i.state = 'sent' THEN 0 ELSE j.attempt + 1 END, deaths = 0, alone = false
      FROM input i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
       AND (i.next_at IS NOT NULL OR i.job_id IN (SELECT job_id FROM void))
    RETURNING j.id
), held AS MATERIALIZED (
    SELECT i.invitation_id, i.job_id, CASE WHEN v.job_id IS NULL THEN i.state ELSE 'waiting' END AS state, i.response_code,
           i.reason, i.now, i.next_at, i.state AS told, i.token_sha256
      FROM input i
      LEFT JOIN void v ON v.job_id = i.job_id
     WHERE i.job_id IN (SELECT id FROM ended UNION ALL SELECT id FROM again)
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT e.id FROM email_invitation e WHERE e.id IN (SELECT invitation_id FROM held) ORDER BY e.id FOR UPDATE
), noted AS (
    UPDATE email_invitation e
       SET state = CASE WHEN e.state = 'approved' THEN e.state ELSE h.state END, response_code = h.response_code,
           reason = h.reason, tried_at = h.now, next_at = h.next_at
      FROM held h
      JOIN locked l ON l.id = h.invitation_id
     WHERE e.id = l.id
    RETURNING e.challenge_id, e.account_id, e.domain, e.address, h.told AS state, h.response_code, h.now
), unsent AS (
    UPDATE email_token t SET unsent = true FROM held h WHERE t.token_sha256 = h.token_sha256 AND h.told <> 'sent'
), waking AS MATERIALIZED (
    SELECT j.id, h.now
      FROM (SELECT max(now) AS now FROM held WHERE told = 'sent') h
     CROSS JOIN LATERAL (SELECT j.id
                           FROM (SELECT k.id, k.subject
                                   FROM job k
                                  WHERE k.lane = 'mail' AND k.run_at > h.now
                                  ORDER BY k.run_at
                                  LIMIT 100) k
                           JOIN email_invitation e ON e.id = k.subject AND e.state = 'waiting' AND e.response_code IS NULL
                                                  AND e.next_at IS NOT NULL
                           JOIN job j ON j.id = k.id AND j.id NOT IN (SELECT job_id FROM input)
                          LIMIT 8
                            FOR UPDATE OF j SKIP LOCKED) j
), woken AS (
    UPDATE job j SET run_at = k.now FROM waking k WHERE j.id = k.id
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT n.now, n.account_id, 'system', CASE WHEN n.state = 'sent' THEN 'approval mail sent' ELSE 'approval mail not sent' END,
           'order/' || r.order_id,
           jsonb_strip_nulls(jsonb_build_object('domain', domain, 'address', address, 'response_code', response_code))
      FROM noted n
      JOIN challenge c ON c.id = n.challenge_id
      JOIN request r ON r.id = c.subject AND c.asked_by = 'request'
     WHERE n.state <> 'waiting'
)
SELECT job_id, state = 'waiting' AS waiting FROM held;

-- mail_back: JobAgain* -> JobId*
-- It was not tried: nothing of it counts.
UPDATE job j
   SET run_at = b.run_at, lease_owner = NULL, lease_until = NULL -- lease_until
  FROM unnest(:id, :epoch, :run_at) AS b (id, epoch, run_at)
 WHERE j.id = b.id AND j.id = ANY (:id) AND j.lease_epoch = b.epoch
RETURNING j.id;
