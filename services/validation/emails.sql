-- email_round: EmailRound -> EmailRounded?
-- The dcv job of a challenge by mail: nothing is looked for, so the job only sees to it that everybody
-- who can approve what is open has been asked since the method was chosen. Where the customer has chosen
-- nobody for a domain, all five addresses are asked (BR 3.2.2.4.4). The job goes; it is put back when the
-- method has changed meanwhile. Locked are, as by everybody, a challenge before its job, and a mail's job
-- before its invitation.
WITH asked AS MATERIALIZED (
    SELECT c.id, c.account_id, c.asked_by, c.subject, c.rule_scope, c.poll_from,
           c.method = 'email' AND c.poll_from = :poll_from AS same
      FROM challenge c
     WHERE c.id = :challenge_id
       FOR NO KEY UPDATE
), held AS MATERIALIZED (
    SELECT j.id AS job_id, j.traceparent, a.*
      FROM asked a
      JOIN job j ON j.id = :job_id AND j.lease_epoch = :job_epoch AND j.subject = a.id
       FOR UPDATE OF j
), open AS MATERIALIZED (
    SELECT l.identifier FROM held h CROSS JOIN LATERAL challenge_left(h.id, :now) l
), decided AS MATERIALIZED (
    SELECT h.*, EXISTS (SELECT FROM open) AS open,
           h.same AND NOT method_prohibited('3.2.2.4.4', h.rule_scope, :now) AS asks,
           EXISTS (SELECT FROM open) AND NOT h.same AS again
      FROM held h
), ended AS (
    DELETE FROM job j
     USING decided d
     WHERE j.id = d.job_id AND j.lease_epoch = :job_epoch AND NOT d.again
    RETURNING d.asked_by, d.subject, d.open, j.traceparent
), again AS (
    UPDATE job j
       SET run_at = :now, attempt = 0, deaths = 0, alone = false, lease_owner = NULL, lease_until = NULL -- lease_until
      FROM decided d
     WHERE j.id = d.job_id AND j.lease_epoch = :job_epoch AND d.again
), usual AS (
    INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, poll_from, state, created_at)
    SELECT d.id, d.account_id, o.identifier, l.part, d.poll_from, 'waiting', :now
      FROM decided d
      CROSS JOIN open o
      CROSS JOIN email_local_part l
     WHERE d.asks
       AND NOT EXISTS (SELECT FROM email_invitation i
                        WHERE i.challenge_id = d.id AND name_within(o.identifier, i.domain))
    ON CONFLICT (challenge_id, domain, local_part) DO NOTHING
    RETURNING id, tried_at
), chosen AS MATERIALIZED (
    SELECT i.id, i.tried_at
      FROM decided d
      JOIN email_invitation i ON i.challenge_id = d.id AND i.poll_from IS DISTINCT FROM d.poll_from
     WHERE d.asks AND EXISTS (SELECT FROM open o WHERE name_within(o.identifier, i.domain))
), mailing AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'mail', m.id, greatest(:now::timestamptz + interval '2 seconds', m.tried_at + email_pause()), 'mail/' || m.id,
           d.traceparent
      FROM (SELECT id, tried_at FROM usual UNION ALL SELECT id, tried_at FROM chosen) m
      CROSS JOIN decided d
     ORDER BY m.id
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id, run_at
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.id
      FROM (SELECT count(*) FROM mailing) m
      CROSS JOIN email_invitation i
     WHERE i.id IN (SELECT id FROM chosen)
     ORDER BY i.id
       FOR NO KEY UPDATE OF i
), waiting AS (
    UPDATE email_invitation i
       SET poll_from = d.poll_from, state = 'waiting'
      FROM decided d
      CROSS JOIN locked l
     WHERE i.id = l.id
), checked AS (
    UPDATE challenge c
       SET checked_at = :now, next_at = NULL, seen = NULL
      FROM decided d
     WHERE c.id = d.id AND NOT d.again
), advanced AS MATERIALIZED (
    SELECT n.job_id, n.lane
      FROM ended e
      CROSS JOIN LATERAL request_advance(ARRAY[e.subject], :now, e.traceparent) n
     WHERE e.asked_by = 'request' AND NOT e.open
), over AS MATERIALIZED (
    SELECT challenge_settle(ARRAY(SELECT d.id FROM decided d CROSS JOIN ended e WHERE NOT e.open)) AS challenges
)
SELECT d.id AS challenge_id, d.again AS waiting, a.job_id, a.lane,
       (SELECT array_agg(id) FROM mailing WHERE run_at <= :now::timestamptz + interval '2 seconds') AS mail_job_ids
  FROM decided d
  JOIN over v ON v.challenges IS NOT NULL
  LEFT JOIN advanced a ON true;

-- email_look: EmailQuery* -> ApprovalPage*
-- What the token of a mail stands for; no row: there is no such token.
SELECT i.query_id, o.id AS order_id, t.domain, t.address, c.account_id,
       (SELECT k.name FROM account k WHERE k.id = c.account_id) AS account,
       (SELECT d.document ->> 'name'
          FROM policy_active a
          JOIN policy_document d ON d.version = a.version
         WHERE d.kind = 'product' AND d.name = o.product_name_id) AS product,
       coalesce((SELECT array_agg(n.name ORDER BY n.position)
                   FROM request_name n
                  WHERE n.request_id = r.id AND name_within(n.domain, t.domain)),
                ARRAY[c.identifier]) AS dns_names,
       CASE WHEN t.used_at IS NOT NULL THEN 'used'
            WHEN t.expires_at <= i.now THEN 'expired'
            WHEN c.method = 'email' AND c.poll_from = t.poll_from AND t.created_at <= i.now + interval '1 minute'
                 AND NOT method_prohibited('3.2.2.4.4', c.rule_scope, i.now)
                 AND EXISTS (SELECT FROM challenge_left(c.id, i.now) l WHERE name_within(l.identifier, t.domain))
            THEN 'open' ELSE 'gone' END AS state
  FROM unnest(:query_id, :token_sha256, :now) AS i (query_id, token_sha256, now)
  JOIN email_token t ON t.token_sha256 = i.token_sha256
  JOIN challenge c ON c.id = t.challenge_id
  LEFT JOIN request r ON r.id = c.subject AND c.asked_by = 'request'
  LEFT JOIN orders o ON o.id = r.order_id;

-- email_approve: EmailQuery* -> EmailApproved*
-- Somebody who reads one of the domain's constructed addresses approves. The token is used up, what has
-- been proved is stored: the domain, and what lies below it of the request, where names are proved; and
-- the request takes the step that this leaves. Approvals of one challenge wait for each other. Locked
-- are, as by everybody, challenges before invitations and these before jobs, each in the order of ids.
WITH input AS MATERIALIZED (
    SELECT DISTINCT ON (i.token_sha256) *
      FROM unnest(:query_id, :token_sha256, :now, :ip, :traceparent) AS i (query_id, token_sha256, now, ip, traceparent)
), asked AS MATERIALIZED (
    SELECT c.id, c.account_id, c.asked_by, c.subject, c.rule_scope, c.method, c.poll_from
      FROM challenge c
     WHERE c.id IN (SELECT t.challenge_id FROM input i JOIN email_token t ON t.token_sha256 = i.token_sha256)
     ORDER BY c.id
       FOR NO KEY UPDATE
), good AS MATERIALIZED (
    SELECT i.query_id, i.now, i.ip, i.traceparent, i.token_sha256, a.account_id, a.asked_by, a.subject
      FROM input i
      JOIN email_token t ON t.token_sha256 = i.token_sha256
      JOIN asked a ON a.id = t.challenge_id
     WHERE t.used_at IS NULL AND t.expires_at > i.now AND t.created_at <= i.now + interval '1 minute'
       AND a.method = 'email' AND a.poll_from = t.poll_from
       AND NOT method_prohibited('3.2.2.4.4', a.rule_scope, i.now)
       AND EXISTS (SELECT FROM challenge_left(a.id, i.now) l WHERE name_within(l.identifier, t.domain))
), used AS (
    UPDATE email_token t
       SET used_at = g.now
      FROM good g
     WHERE t.token_sha256 = g.token_sha256 AND t.used_at IS NULL
    RETURNING g.query_id, g.now, g.ip, g.traceparent, g.account_id, g.asked_by, g.subject, t.token_sha256, t.challenge_id,
              t.domain, t.address, t.created_at
), proved AS MATERIALIZED (
    SELECT u.query_id, u.domain FROM used u
    UNION
    SELECT u.query_id, n.domain
      FROM used u
      JOIN request_name n ON u.asked_by = 'request' AND n.request_id = u.subject AND name_within(n.domain, u.domain)
), stored AS (
    INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence, challenge_id, dns_names)
    SELECT u.account_id, p.domain, 'email', '3.2.2.4.4', u.now,
           jsonb_strip_nulls(jsonb_build_object('authorization_domain', u.domain, 'address', u.address,
               'mailed_at', u.created_at, 'approved_at', u.now, 'approved_from', u.ip,
               'random_value_sha256', encode(u.token_sha256, 'hex'))),
           u.challenge_id,
           coalesce((SELECT array_agg(n.name ORDER BY n.position)
                       FROM request_name n
                      WHERE u.asked_by = 'request' AND n.request_id = u.subject AND name_within(n.name, p.domain)),
                    ARRAY[p.domain])
      FROM used u
      JOIN proved p ON p.query_id = u.query_id
    RETURNING id
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.id
      FROM email_invitation i
     WHERE i.challenge_id IN (SELECT challenge_id FROM used)
       AND EXISTS (SELECT FROM used u WHERE u.challenge_id = i.challenge_id AND name_within(i.domain, u.domain))
     ORDER BY i.id
       FOR NO KEY UPDATE
), settled AS (
    UPDATE email_invitation i SET state = 'approved' FROM locked l WHERE i.id = l.id RETURNING i.id
), known AS MATERIALIZED (
    SELECT u.subject, min(u.now) AS now, min(u.traceparent) AS traceparent
      FROM used u
      CROSS JOIN (SELECT count(*) FROM stored) s
      CROSS JOIN (SELECT count(*) FROM settled) t
     WHERE u.asked_by = 'request'
     GROUP BY u.subject
     ORDER BY u.subject
), advanced AS MATERIALIZED (
    SELECT k.subject, n.job_id, n.lane
      FROM known k
      CROSS JOIN LATERAL request_advance(ARRAY[k.subject], k.now, k.traceparent) n
), over AS MATERIALIZED (
    SELECT challenge_settle(ARRAY(SELECT u.challenge_id
                                    FROM known k
                                    JOIN used u ON u.asked_by = 'request' AND u.subject = k.subject
                                   WHERE NOT EXISTS (SELECT FROM challenge_left(u.challenge_id, k.now)))) AS challenges
)
SELECT u.query_id, r.order_id, u.domain, a.job_id, a.lane
  FROM used u
  JOIN over v ON v.challenges IS NOT NULL
  LEFT JOIN request r ON r.id = u.subject AND u.asked_by = 'request'
  LEFT JOIN advanced a ON a.subject = u.subject AND u.asked_by = 'request';
