-- mail_read: MailIds -> Mail*
-- What is to be asked, of whom, and whether that still stands.
SELECT i.id, i.order_id, i.domain, i.address, i.locale,
       i.state <> 'approved' AND o.status = 'pending' AND o.dcv_method = 'email'
           AND NOT email_prohibited(o.rule_scope, :now) AS wanted,
       (SELECT d.document ->> 'name'
          FROM policy_active a
          JOIN policy_document d ON d.version = a.version
         WHERE d.kind = 'product' AND d.name = o.product_name_id) AS product,
       (SELECT array_agg(n.fqdn ORDER BY n.position)
          FROM order_name n
         WHERE n.order_id = i.order_id AND name_within(n.domain, i.domain)) AS dns_names
  FROM email_invitation i
  JOIN orders o ON o.id = i.order_id
 WHERE i.id = ANY (:ids);

-- mail_token: MailToken -> MailTerms?
-- The hash of the random value that is about to be mailed, by the holder of the job's lease only.
WITH terms AS MATERIALIZED (
    SELECT i.id, i.order_id, i.account_id, i.domain, i.address, o.poll_from,
           :now::timestamptz + rule_interval(r.value, r.unit) AS expires_at
      FROM job j
      JOIN email_invitation i ON i.id = j.subject
      JOIN orders o ON o.id = i.order_id
      CROSS JOIN LATERAL policy_at(:now, o.rule_scope, 'random.life') r
     WHERE j.id = :job_id AND j.lease_epoch = :job_epoch AND o.status = 'pending' AND o.dcv_method = 'email'
), stored AS (
    INSERT INTO email_token (token_sha256, invitation_id, order_id, account_id, domain, address, poll_from,
                             created_at, expires_at)
    SELECT :token_sha256, id, order_id, account_id, domain, address, poll_from, :now, expires_at FROM terms
)
SELECT expires_at, poll_from FROM terms;

-- mail_attempted: MailAttempt* -> MailNoted*
-- Everything follows from the job, which is deleted or put off by the holder of its lease. Where the
-- method was chosen again while the mail was on its way, its value is void: another one goes out now.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:invitation_id, :job_id, :job_epoch, :state, :response_code, :reason, :now, :next_at, :poll_from)
        AS i (invitation_id, job_id, job_epoch, state, response_code, reason, now, next_at, poll_from)
), void AS MATERIALIZED (
    SELECT i.job_id
      FROM input i
      JOIN email_invitation e ON e.id = i.invitation_id
      JOIN orders o ON o.id = e.order_id
     WHERE i.state = 'sent' AND e.state <> 'approved'
       AND o.status = 'pending' AND o.dcv_method = 'email' AND o.poll_from <> i.poll_from
), ended AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.lease_epoch = i.job_epoch AND i.next_at IS NULL
       AND i.job_id NOT IN (SELECT job_id FROM void)
    RETURNING j.id
), again AS (
    UPDATE job j
       SET run_at = coalesce(i.next_at, i.now), lease_owner = NULL, lease_until = NULL -- lease_until
      FROM input i
     WHERE j.id = i.job_id AND j.lease_epoch = i.job_epoch
       AND (i.next_at IS NOT NULL OR i.job_id IN (SELECT job_id FROM void))
    RETURNING j.id
), held AS MATERIALIZED (
    SELECT i.invitation_id, i.job_id, CASE WHEN v.job_id IS NULL THEN i.state ELSE 'waiting' END AS state, i.response_code,
           i.reason, i.now, i.next_at, i.state AS told
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
    RETURNING e.order_id, e.account_id, e.domain, e.address, h.told AS state, h.response_code, h.now
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT now, account_id, 'system', CASE WHEN state = 'sent' THEN 'approval mail sent' ELSE 'approval mail not sent' END,
           'order/' || order_id,
           jsonb_strip_nulls(jsonb_build_object('domain', domain, 'address', address, 'response_code', response_code))
      FROM noted
     WHERE state <> 'waiting'
)
SELECT job_id, state = 'waiting' AS waiting FROM held;

-- mail_back: JobAgain* -> JobId*
-- It was not tried, so this claim does not count.
UPDATE job j
   SET run_at = b.run_at, attempt = greatest(j.attempt - 1, 0), lease_owner = NULL, lease_until = NULL -- lease_until
  FROM unnest(:id, :epoch, :run_at) AS b (id, epoch, run_at)
 WHERE j.id = b.id AND j.lease_epoch = b.epoch
RETURNING j.id;
