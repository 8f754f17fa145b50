-- email_round: EmailRound -> EmailRounded?
-- The dcv job of an order that is proved by mail: nothing is looked for, so the job only sees to it
-- that everybody who can approve what is open has been asked since the method was chosen. Where the
-- customer has chosen nobody for a domain, all five addresses are asked (BR 3.2.2.4.4). The job goes;
-- it is put back when the method has changed meanwhile, or while only we have something left to do.
WITH held AS MATERIALIZED (
    SELECT j.id, j.traceparent, o.id AS order_id, o.account_id, o.rule_scope, o.poll_from,
           o.status = 'pending' AS pending, o.dcv_method = 'email' AND o.poll_from = :poll_from AS same
      FROM job j
      JOIN orders o ON o.id = j.subject
     WHERE j.id = :job_id AND j.lease_epoch = :job_epoch AND o.id = :order_id
), open AS MATERIALIZED (
    SELECT DISTINCT t.kind, t.domain
      FROM held h
      CROSS JOIN LATERAL order_open_task(ARRAY[h.order_id], :now) t
     WHERE h.pending AND h.same
), decided AS MATERIALIZED (
    SELECT h.id, h.traceparent, h.order_id, h.account_id, h.poll_from,
           h.pending AND h.same AND NOT EXISTS (SELECT FROM open) AS complete,
           h.pending AND h.same AND NOT email_prohibited(h.rule_scope, :now) AS asks,
           CASE WHEN NOT h.pending THEN NULL
                WHEN NOT h.same THEN :now
                WHEN EXISTS (SELECT FROM open) AND NOT EXISTS (SELECT FROM open WHERE kind = 'dcv')
                THEN :now::timestamptz + interval '1 hour' END AS again_at
      FROM held h
), ended AS (
    DELETE FROM job j
     USING decided d
     WHERE j.id = d.id AND j.lease_epoch = :job_epoch AND d.again_at IS NULL
    RETURNING j.id
), again AS (
    UPDATE job j
       SET run_at = d.again_at, attempt = 0, lease_owner = NULL, lease_until = NULL -- lease_until
      FROM decided d
     WHERE j.id = d.id AND j.lease_epoch = :job_epoch AND d.again_at IS NOT NULL
    RETURNING j.id
), usual AS (
    INSERT INTO email_invitation (order_id, account_id, domain, address, poll_from, state, created_at)
    SELECT d.order_id, d.account_id, t.domain, l.part || '@' || t.domain, d.poll_from, 'waiting', :now
      FROM decided d
      JOIN open t ON t.kind = 'dcv'
      CROSS JOIN unnest(email_local_parts()) AS l (part)
     WHERE d.asks AND d.again_at IS NULL
       AND NOT EXISTS (SELECT FROM email_invitation i
                        WHERE i.order_id = d.order_id AND name_within(t.domain, i.domain))
    ON CONFLICT (order_id, domain, address) DO NOTHING
    RETURNING id, tried_at
), chosen AS (
    UPDATE email_invitation i
       SET poll_from = d.poll_from, state = 'waiting'
      FROM decided d
     WHERE d.asks AND d.again_at IS NULL AND i.order_id = d.order_id AND i.poll_from IS DISTINCT FROM d.poll_from
       AND EXISTS (SELECT FROM open t WHERE t.kind = 'dcv' AND name_within(t.domain, i.domain))
    RETURNING i.id, i.tried_at
), mailing AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'mail', m.id, greatest(:now::timestamptz + interval '2 seconds', m.tried_at + email_pause()), 'mail/' || m.id,
           d.traceparent
      FROM (SELECT id, tried_at FROM usual UNION ALL SELECT id, tried_at FROM chosen) m
      CROSS JOIN decided d
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id, run_at
), issuing AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'issue', order_id, :now::timestamptz + interval '2 seconds', traceparent FROM decided WHERE complete
    RETURNING id
), checked AS (
    INSERT INTO order_check AS c (order_id, checked_at)
    SELECT order_id, :now FROM decided WHERE again_at IS NULL
    ON CONFLICT (order_id) DO UPDATE SET checked_at = excluded.checked_at, next_at = NULL, seen = NULL
)
SELECT d.order_id, d.again_at IS NOT NULL AS waiting, (SELECT id FROM issuing) AS issue_job_id,
       (SELECT array_agg(id) FROM mailing WHERE run_at <= :now::timestamptz + interval '2 seconds') AS mail_job_ids
  FROM decided d
 WHERE EXISTS (SELECT FROM ended) OR EXISTS (SELECT FROM again);

-- email_look: EmailQuery* -> ApprovalPage*
-- What the token of a mail stands for; no row: there is no such token.
SELECT i.query_id, t.order_id, t.domain, t.address,
       (SELECT d.document ->> 'name'
          FROM policy_active a
          JOIN policy_document d ON d.version = a.version
         WHERE d.kind = 'product' AND d.name = o.product_name_id) AS product,
       (SELECT array_agg(n.fqdn ORDER BY n.position)
          FROM order_name n
         WHERE n.order_id = t.order_id AND name_within(n.domain, t.domain)) AS dns_names,
       CASE WHEN t.used_at IS NOT NULL THEN 'used'
            WHEN t.expires_at <= i.now THEN 'expired'
            WHEN o.status = 'pending' AND o.dcv_method = 'email' AND o.poll_from = t.poll_from
                 AND NOT email_prohibited(o.rule_scope, i.now)
                 AND EXISTS (SELECT FROM order_open_task(ARRAY[o.id], i.now) k
                              WHERE k.kind = 'dcv' AND name_within(k.domain, t.domain))
            THEN 'open' ELSE 'gone' END AS state
  FROM unnest(:query_id, :token_sha256, :now) AS i (query_id, token_sha256, now)
  JOIN email_token t ON t.token_sha256 = i.token_sha256
  JOIN orders o ON o.id = t.order_id;

-- email_approve: EmailQuery* -> EmailApproved*
-- Somebody who reads one of the domain's constructed addresses approves. The token is used up, what
-- has been proved is stored: the domain, and what lies below it of the order, where names are proved.
-- The issuer is asked in any case. Two approvals of one order at the same moment do not see each
-- other; he sees both, and sends the order back when something is left to do.
WITH good AS MATERIALIZED (
    SELECT DISTINCT ON (t.token_sha256) i.query_id, i.now, i.ip, i.traceparent, t.token_sha256
      FROM unnest(:query_id, :token_sha256, :now, :ip, :traceparent) AS i (query_id, token_sha256, now, ip, traceparent)
      JOIN email_token t ON t.token_sha256 = i.token_sha256
      JOIN orders o ON o.id = t.order_id
     WHERE t.used_at IS NULL AND t.expires_at > i.now
       AND o.status = 'pending' AND o.dcv_method = 'email' AND o.poll_from = t.poll_from
       AND NOT email_prohibited(o.rule_scope, i.now)
       AND EXISTS (SELECT FROM order_open_task(ARRAY[o.id], i.now) k
                    WHERE k.kind = 'dcv' AND name_within(k.domain, t.domain))
), used AS (
    UPDATE email_token t
       SET used_at = g.now
      FROM good g
     WHERE t.token_sha256 = g.token_sha256 AND t.used_at IS NULL
    RETURNING g.query_id, g.now, g.ip, g.traceparent, t.token_sha256, t.order_id, t.account_id, t.domain, t.address, t.created_at
), proved AS MATERIALIZED (
    SELECT u.query_id, u.domain FROM used u
    UNION
    SELECT u.query_id, n.domain
      FROM used u
      JOIN order_name n ON n.order_id = u.order_id AND name_within(n.domain, u.domain)
), stored AS (
    INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence, order_id)
    SELECT u.account_id, p.domain, 'email', '3.2.2.4.4', u.now,
           jsonb_strip_nulls(jsonb_build_object('authorization_domain', u.domain, 'address', u.address,
               'mailed_at', u.created_at, 'approved_at', u.now, 'approved_from', u.ip,
               'random_value_sha256', encode(u.token_sha256, 'hex'))),
           u.order_id
      FROM used u
      JOIN proved p ON p.query_id = u.query_id
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.id
      FROM email_invitation i
     WHERE i.order_id IN (SELECT order_id FROM used)
       AND EXISTS (SELECT FROM used u WHERE u.order_id = i.order_id AND name_within(i.domain, u.domain))
     ORDER BY i.id
       FOR UPDATE
), settled AS (
    UPDATE email_invitation i SET state = 'approved' FROM locked l WHERE i.id = l.id
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'issue', order_id, min(now) + interval '2 seconds', min(traceparent) FROM used GROUP BY order_id
    RETURNING id, subject
), audited AS (
    INSERT INTO audit (at, account_id, source, ip, activity, subject, detail)
    SELECT u.now, u.account_id, 'system', u.ip, 'domain validated', 'order/' || u.order_id,
           jsonb_build_object('domain', p.domain, 'method', 'email', 'br_method', '3.2.2.4.4',
                              'authorization_domain', u.domain, 'address', u.address)
      FROM used u
      JOIN proved p ON p.query_id = u.query_id
)
SELECT u.query_id, u.order_id, u.domain, q.id AS job_id
  FROM used u
  JOIN queued q ON q.subject = u.order_id;
