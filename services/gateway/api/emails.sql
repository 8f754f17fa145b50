-- email_order: OrderId -> EmailOrder?
SELECT o.id AS order_id, o.status, o.dcv_method, email_prohibited(o.rule_scope, :now) AS prohibited,
       (SELECT json_agg(json_build_object('order_id', n.order_id, 'position', n.position, 'fqdn', n.fqdn, 'domain', n.domain,
                                          'account_id', n.account_id) ORDER BY n.position)
          FROM order_name n WHERE n.order_id = o.id) AS names
  FROM orders o
 WHERE o.id = :order_id AND o.account_id = :account_id;

-- email_verdict: EmailRule -> EmailVerdict
SELECT email_prohibited(:scope, :now) AS prohibited;

-- email_resend: EmailResend -> JobId*
-- The mails that are asked for once more, each with a random value of its own; what was mailed before
-- stays good until it expires. For a domain without an address: who was asked before, else all five.
-- Nothing is mailed for what is proved already. The jobs have a name of their own: a mail that is just
-- on its way is no answer to this request, one that was asked for again and waits is. Who was mailed a
-- moment ago is left alone for a while: such a job is put off, and nobody is told of it.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.account_id, o.poll_from
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :account_id AND o.status = 'pending' AND o.dcv_method = 'email'
), open AS MATERIALIZED (
    SELECT DISTINCT t.domain
      FROM asked a
      CROSS JOIN LATERAL order_open_task(ARRAY[a.id], :now) t
     WHERE t.kind = 'dcv'
), wished AS MATERIALIZED (
    SELECT DISTINCT domain, nullif(address, '') AS address
      FROM unnest(:domains::text[], :addresses::text[]) AS w (domain, address)
), known AS MATERIALIZED (
    SELECT i.domain, i.address FROM email_invitation i JOIN asked a ON a.id = i.order_id AND a.account_id = i.account_id
), wanted AS MATERIALIZED (
    SELECT domain, address FROM wished WHERE address IS NOT NULL
    UNION
    SELECT k.domain, k.address
      FROM known k
     WHERE NOT EXISTS (SELECT FROM wished) OR k.domain IN (SELECT domain FROM wished WHERE address IS NULL)
    UNION
    SELECT w.domain, l.part || '@' || w.domain
      FROM wished w
      CROSS JOIN unnest(email_local_parts()) AS l (part)
     WHERE w.address IS NULL AND w.domain NOT IN (SELECT domain FROM known)
), invited AS (
    INSERT INTO email_invitation AS i (order_id, account_id, domain, address, locale, poll_from, state, created_at)
    SELECT a.id, a.account_id, w.domain, w.address, :locale, a.poll_from, 'waiting', :now
      FROM asked a
      CROSS JOIN wanted w
     WHERE EXISTS (SELECT FROM open t WHERE name_within(t.domain, w.domain))
    ON CONFLICT (order_id, domain, address) DO UPDATE
       SET locale = coalesce(excluded.locale, i.locale), poll_from = excluded.poll_from, state = 'waiting',
           response_code = NULL, next_at = NULL
    RETURNING i.id, i.order_id, i.address, coalesce(i.tried_at + email_pause(), '-infinity') AS rested_at
), queued AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'mail', id, greatest(:now::timestamptz + interval '2 seconds', rested_at), 'mail/' || id || '/again', :traceparent
      FROM invited
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id, subject
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'approval mails asked for', 'order/' || order_id,
           jsonb_build_object('addresses', jsonb_agg(address))
      FROM invited
     GROUP BY order_id
)
SELECT q.id FROM queued q JOIN invited i ON i.id = q.subject WHERE i.rested_at <= :now
UNION
SELECT j.id FROM job j JOIN invited i ON j.idem_key = 'mail/' || i.id || '/again' WHERE i.rested_at <= :now;

-- email_invitations: OrderId -> EmailInvitation*
-- For people: who was asked, and what came of it.
SELECT i.id, i.domain, i.address, i.state, i.response_code
  FROM email_invitation i
 WHERE i.order_id = :order_id AND i.account_id = :account_id
 ORDER BY i.domain, i.address;
