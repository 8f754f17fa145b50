-- email_order: OrderId -> EmailOrder?
SELECT o.id AS order_id, o.status, coalesce(c.method, r.dcv_method) AS dcv_method,
       method_prohibited('3.2.2.4.4', r.rule_scope, :caller.now) AS prohibited,
       EXISTS (SELECT FROM mail_relay m WHERE NOT m.is_there) AS no_relay,
       (SELECT json_agg(json_build_object('order_id', o.id, 'position', n.position, 'fqdn', n.name, 'domain', n.domain)
                          ORDER BY n.position)
          FROM request_name n WHERE n.request_id = r.id) AS names
  FROM orders o
  JOIN request r ON r.id = o.request_id
  LEFT JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;

-- email_verdict: EmailRule -> EmailVerdict
SELECT method_prohibited('3.2.2.4.4', :scope, :caller.now) AS prohibited,
       EXISTS (SELECT FROM mail_relay m WHERE NOT m.is_there) AS no_relay;

-- email_resend: EmailResend -> JobId*
-- The mails that are asked for once more, each with a random value of its own; what was mailed before
-- stays good until it expires. For a domain without an address: who was asked before, else all five.
-- Nothing is mailed for what is proved already. The jobs have a name of their own: a mail that is just
-- on its way is no answer to this request, one that was asked for again and waits is. Who was mailed a
-- moment ago is left alone for a while: such a job is put off, and nobody is told of it.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.account_id, o.request_id, c.id AS challenge_id, c.poll_from
      FROM orders o
      JOIN challenge c ON c.asked_by = 'request' AND c.subject = o.request_id AND c.account_id = o.account_id
     WHERE o.id = :order_id AND o.account_id = :caller.account_id AND o.status = 'pending' AND c.method = 'email'
), open AS MATERIALIZED (
    SELECT DISTINCT t.domain
      FROM asked a
      CROSS JOIN LATERAL request_open_task(ARRAY[a.request_id], :caller.now) t
     WHERE t.kind = 'dcv'
), wished AS MATERIALIZED (
    SELECT DISTINCT domain, nullif(split_part(address, '@', 1), '') AS local_part
      FROM unnest(:domains::text[], :addresses::text[]) AS w (domain, address)
), known AS MATERIALIZED (
    SELECT i.domain, i.local_part
      FROM email_invitation i
      JOIN asked a ON a.challenge_id = i.challenge_id AND a.account_id = i.account_id
), wanted AS MATERIALIZED (
    SELECT domain, local_part FROM wished WHERE local_part IS NOT NULL
    UNION
    SELECT k.domain, k.local_part
      FROM known k
     WHERE NOT EXISTS (SELECT FROM wished) OR k.domain IN (SELECT domain FROM wished WHERE local_part IS NULL)
    UNION
    SELECT w.domain, l.part
      FROM wished w
      CROSS JOIN email_local_part l
     WHERE w.local_part IS NULL AND w.domain NOT IN (SELECT domain FROM known)
), invited AS (
    INSERT INTO email_invitation AS i (challenge_id, account_id, domain, local_part, locale, poll_from, state, created_at)
    SELECT a.challenge_id, a.account_id, w.domain, w.local_part, :locale, a.poll_from, 'waiting', :caller.now
      FROM asked a
      CROSS JOIN wanted w
     WHERE EXISTS (SELECT FROM open t WHERE name_within(t.domain, w.domain))
    ON CONFLICT (challenge_id, domain, local_part) DO UPDATE
       SET locale = coalesce(excluded.locale, i.locale), poll_from = excluded.poll_from, state = 'waiting',
           response_code = NULL, next_at = NULL
    RETURNING i.id, i.address, coalesce(i.tried_at + email_pause(), '-infinity') AS rested_at
), queued AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'mail', id, greatest(:caller.now::timestamptz + interval '2 seconds', rested_at), 'mail/' || id || '/again', :caller.traceparent
      FROM invited
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id, subject
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'approval mails asked for', 'order/' || a.id,
           jsonb_build_object('addresses', jsonb_agg(i.address))
      FROM asked a
      CROSS JOIN invited i
     GROUP BY a.id
)
SELECT q.id FROM queued q JOIN invited i ON i.id = q.subject WHERE i.rested_at <= :caller.now
UNION
SELECT j.id FROM job j JOIN invited i ON j.idem_key = 'mail/' || i.id || '/again' WHERE i.rested_at <= :caller.now;

-- email_invitations: OrderId -> EmailInvitation*
-- For people: who was asked, and what came of it. A mail that waits for its next attempt has not been
-- taken by anybody; without a relay none will be.
SELECT i.id, i.domain, i.address,
       CASE WHEN i.state NOT IN ('chosen', 'waiting') THEN i.state
            WHEN EXISTS (SELECT FROM mail_relay m WHERE NOT m.is_there) THEN 'unsent'
            WHEN i.state = 'waiting' AND i.put_off_until > :caller.now THEN 'put_off'
            WHEN i.state = 'waiting' AND i.next_at IS NOT NULL THEN 'delayed'
            ELSE i.state END AS state,
       i.response_code, i.put_off_until AS until
  FROM orders o
  JOIN challenge c ON c.asked_by = 'request' AND c.subject = o.request_id
  JOIN email_invitation i ON i.challenge_id = c.id AND i.account_id = o.account_id
 WHERE o.id = :order_id AND o.account_id = :caller.account_id
 ORDER BY i.domain, i.address;
