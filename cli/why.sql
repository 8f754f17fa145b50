-- The story of an order: each statement has the chapters of one kind, with the time at which each happened.
-- Another kind is one statement here and one row of `kinds` in cli/why_order.c. Of many names the first few are told of.

-- why_asked: OrderWhy -> OrderChapter*
-- What was asked for, and by whom: the order, and each request after its first. The audit row of the first has the
-- transaction of the order.
SELECT r.created_at AS at, CASE r.sequence WHEN 1 THEN 'placed' ELSE replace(r.type, '_', ' ') END AS chapter,
       concat_ws(' ', coalesce(u.username, 'user ' || r.requester_id), 'with key ' || a.api_key_id || coalesce(' (' || k.name || ')', ''),
                 'from ' || a.ip) AS who,
       concat(o.product_name_id, ' for ', n.names, CASE WHEN n.more > 0 THEN concat(' and ', n.more, ' more name', CASE WHEN n.more > 1 THEN 's' END) END,
              CASE WHEN r.dcv_method IS NOT NULL THEN '; names to be proved by ' || r.dcv_method END,
              '; to be signed by ' || coalesce(y.name, r.ca_id),
              CASE WHEN r.csr IS NULL THEN '; its key is not known yet' ELSE ' with a key of ' || r.key_type || ' ' || r.key_size END,
              '; request ' || r.id) AS text
  FROM orders o
  JOIN request r ON r.order_id = o.id
  LEFT JOIN user_account u ON u.id = r.requester_id
  LEFT JOIN authority y ON y.id = r.ca_id
  LEFT JOIN LATERAL (SELECT d.api_key_id, d.ip
                       FROM audit d
                      WHERE r.sequence = 1 AND d.xid = o.xid AND d.subject = 'order/' || o.id AND d.activity = 'order placed'
                      LIMIT 1) a ON true
  LEFT JOIN api_key k ON k.id = a.api_key_id
  CROSS JOIN LATERAL (SELECT string_agg(m.name, ', ' ORDER BY m.position) FILTER (WHERE m.position < 5) AS names,
                             count(*) FILTER (WHERE m.position >= 5) AS more
                        FROM request_name m
                       WHERE m.request_id = r.id) n
 WHERE o.id = :id AND r.created_at <= :now::timestamptz + interval '1 minute';

-- why_approved: OrderWhy -> OrderChapter*
SELECT r.processed_at AS at, 'approval' AS chapter, coalesce(u.username, 'user ' || r.processor_id) AS who,
       concat('request ', r.id, ' is ', r.status, ': ' || r.processor_comment) AS text
  FROM request r
  LEFT JOIN user_account u ON u.id = r.processor_id
 WHERE r.order_id = :id AND r.processor_id IS NOT NULL AND r.processed_at <= :now::timestamptz + interval '1 minute';

-- why_challenge: OrderWhy -> OrderChapter*
-- The random value is shown to nobody here; its hash stands with what was expected. Each mail has one of its own.
SELECT c.poll_from AS at, 'challenge' AS chapter,
       CASE WHEN c.method = 'email' THEN 'names are to be approved by mail from now on'
            ELSE concat('names are looked for by ', c.method, ' from now on; its random value is of ',
                        to_char(c.random_value_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) END AS text
  FROM request r
  JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
 WHERE r.order_id = :id AND c.poll_from <= :now::timestamptz + interval '1 minute';

-- why_looked: OrderWhy -> OrderChapter*
-- The last looks that found nothing, by domain. What is kept has whole seconds, so that a look seemed to be before its order.
SELECT least(c.checked_at, (SELECT max((p ->> 'at')::timestamptz) + interval '1 second' FROM jsonb_array_elements(l.value) p)) AS at,
       'look' AS chapter,
       'control of ' || l.key || ' was looked for, and not found' AS text, l.value AS evidence
  FROM request r
  JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
 CROSS JOIN LATERAL jsonb_each(c.looked) l
 WHERE r.order_id = :id AND c.checked_at <= :now::timestamptz + interval '1 minute';

-- why_proved: OrderWhy -> OrderChapter*
-- Proofs that it was issued with, those that count for it now, and those of its own challenge. Another's was there
-- before, or came while it waited.
WITH asked AS MATERIALIZED (
    SELECT r.id, r.account_id, r.created_at, r.csr_sha256, r.rule_scope, c.id AS challenge_id
      FROM request r
      LEFT JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
     WHERE r.order_id = :id
), relied AS MATERIALIZED (
    SELECT x.request_id, unnest(x.evidence) AS id FROM issuance x
     WHERE x.request_id IN (SELECT id FROM asked) AND x.state NOT IN ('ghost', 'abandoned')
    UNION
    SELECT n.request_id, n.validation_id FROM request_need(ARRAY(SELECT id FROM asked), :now) n
     WHERE n.kind = 'dcv' AND n.validation_id IS NOT NULL
    UNION
    SELECT a.id, v.id
      FROM asked a
      JOIN request_name m ON m.request_id = a.id
     CROSS JOIN LATERAL proof_place(m.name, m.domain) p
      JOIN validation v ON v.csr_sha256 IS NULL AND v.account_id = a.account_id AND v.identifier = p.identifier
                       AND v.completed_at >= a.created_at - interval '1 minute'
     WHERE v.challenge_id = a.challenge_id
)
SELECT greatest(v.completed_at, min(a.created_at)) AS at,
       CASE WHEN v.challenge_id = ANY (array_agg(a.challenge_id)) OR v.csr_sha256 IS NOT NULL THEN 'proved' ELSE 'reused' END AS chapter,
       concat('control of ', v.identifier, ' was proved by ', v.method, ' (', v.br_method, ')',
              CASE WHEN v.csr_sha256 IS NOT NULL THEN ', by a request token for this request'
                   WHEN v.challenge_id = ANY (array_agg(a.challenge_id)) THEN ''
                   ELSE concat(' on ', to_char(v.completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
                               (SELECT ' for order ' || q.order_id
                                  FROM challenge c JOIN request q ON q.id = c.subject
                                 WHERE c.id = v.challenge_id AND c.asked_by = 'request'), ', and counts for this one') END,
              CASE WHEN v.remotes > 0 THEN concat('; ', v.agreed, ' of ', v.remotes, ' other points of view saw it, too') END,
              '; validation ', v.id) AS text,
       jsonb_build_array(evidence_shown(v.id)) AS evidence
  FROM relied l
  JOIN asked a ON a.id = l.request_id
  JOIN validation v ON v.id = l.id
 GROUP BY v.id;

-- why_caa: OrderWhy -> OrderChapter*
-- What the CAA records of its names said since it was placed: the last ten looks, and who of the other points of view
-- saw it otherwise.
SELECT c.checked_at AS at, 'caa' AS chapter,
       concat('the CAA records ', 'of ' || c.domain || ' ', 'were asked for ', c.name,
              CASE c.result WHEN 'permitted' THEN concat(': they permit it', ', proved by ' || array_to_string(c.methods, ' or '))
                            WHEN 'unconfirmed' THEN CASE WHEN c.remotes > 0 THEN ': they permit it here, and elsewhere not often enough'
                                                         ELSE ': ' || c.detail END
                            ELSE ': ' || c.detail END,
              CASE WHEN c.remotes > 0 THEN concat('; ', c.agreed, ' of ', c.remotes, ' other points of view permit it') END,
              (SELECT string_agg(concat('; perspective-', p.said ->> 'perspective', ': ', p.said ->> 'reason'), '' ORDER BY p.n)
                 FROM jsonb_path_query(c.corroboration, '$.perspectives[*]') WITH ORDINALITY AS p (said, n)
                WHERE p.said -> 'agreed' <> 'true'),
              '; check ', c.id) AS text
  FROM request r
  JOIN request_name m ON m.request_id = r.id
 CROSS JOIN LATERAL (SELECT k.*
                       FROM caa_check k
                      WHERE k.account_id = r.account_id AND k.name = m.name AND k.checked_at >= r.created_at - interval '1 minute'
                      ORDER BY k.checked_at DESC
                      LIMIT 10) c
 WHERE r.order_id = :id
 ORDER BY c.checked_at DESC
 LIMIT 10;

-- why_mailed: OrderWhy -> OrderChapter*
-- What the mail server said is for operators.
WITH asked AS MATERIALIZED (
    SELECT c.id FROM request r JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id WHERE r.order_id = :id
)
SELECT t.created_at AS at, 'mail' AS chapter,
       concat('a mail for ', i.domain, ' was sent to ', i.address,
              '; its link works until ', to_char(t.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) AS text
  FROM asked a
  JOIN email_invitation i ON i.challenge_id = a.id
  JOIN email_token t ON t.address = i.address AND NOT t.unsent AND t.challenge_id = a.id
UNION ALL
SELECT t.used_at, 'approved by mail', concat(i.address, ' has approved ', i.domain)
  FROM asked a
  JOIN email_invitation i ON i.challenge_id = a.id
  JOIN email_token t ON t.address = i.address AND NOT t.unsent AND t.challenge_id = a.id
 WHERE t.used_at IS NOT NULL
UNION ALL
SELECT i.tried_at, 'mail ' || i.state,
       concat('for ', i.domain, ' to ', i.address, ': ', concat_ws(' ', i.response_code, i.reason),
              CASE WHEN i.next_at IS NOT NULL
                   THEN '; tried again ' || to_char(i.next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') END)
  FROM asked a
  JOIN email_invitation i ON i.challenge_id = a.id
 WHERE i.tried_at IS NOT NULL AND i.state IN ('waiting', 'refused', 'failed');

-- why_attempts: OrderWhy -> OrderChapter*
-- What was handed to the token, and what became of it.
SELECT x.created_at AS at, 'attempt' AS chapter,
       concat('attempt ', x.id, ' for request ', x.request_id, ' with serial number ', upper(encode(x.serial, 'hex')),
              ' and policy ', x.policy_version, ': ',
              CASE x.state WHEN 'issued' THEN 'became the certificate'
                           WHEN 'reserved' THEN 'is stored, and not signed yet'
                           WHEN 'precert_signed' THEN 'its precertificate is signed'
                           WHEN 'final_reserved' THEN 'its precertificate is logged, the certificate not signed yet'
                           WHEN 'abandoned' THEN 'was given up before it was signed'
                           WHEN 'ghost' THEN CASE WHEN EXISTS (SELECT FROM precertificate p WHERE p.id = x.id)
                                                  THEN 'its precertificate is signed, and will be no certificate: its serial number is revoked'
                                                  ELSE 'nobody knows whether it was signed: its serial number is revoked' END END,
              (SELECT string_agg('; ' || s.kind || CASE WHEN s.signature IS NULL THEN ' not signed' ELSE ' signed' END, '' ORDER BY s.kind)
                 FROM to_sign s
                WHERE s.issuance_id = x.id)) AS text
  FROM request r
 CROSS JOIN LATERAL (SELECT g.id, g.request_id, g.serial, g.policy_version, g.state, g.created_at
                       FROM issuance g WHERE g.request_id = r.id AND g.state NOT IN ('ghost', 'abandoned')
                     UNION ALL
                     SELECT g.id, g.request_id, g.serial, g.policy_version, g.state, g.created_at
                       FROM issuance g WHERE g.request_id = r.id AND g.state IN ('ghost', 'abandoned')) x
 WHERE r.order_id = :id AND x.created_at <= :now::timestamptz + interval '1 minute';

-- why_logged: OrderWhy -> OrderChapter*
-- What logs of Certificate Transparency have promised. A log that the list of today has not is told by its id.
SELECT p.signed_at AS at, 'precertificate' AS chapter,
       concat('the precertificate with serial number ', upper(encode(p.serial, 'hex')), ' was signed, and is given to logs') AS text
  FROM request r
  JOIN precertificate p ON p.request_id = r.id
 WHERE r.order_id = :id
UNION ALL
SELECT s.received_at, 'logged',
       concat(coalesce(g.name, 'the log ' || encode(s.log_id, 'base64')), ' has promised to publish it; its timestamp is of ',
              to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'))
  FROM request r
  JOIN precertificate p ON p.request_id = r.id
  JOIN sct s ON s.issuance_id = p.id
  LEFT JOIN LATERAL (SELECT concat(l ->> 'description', ' of ' || (o ->> 'name')) AS name
                       FROM policy_active v
                       JOIN policy_document d ON d.version = v.version AND d.kind = 'logs'
                      CROSS JOIN jsonb_path_query(d.document::jsonb, '$.operators[*]') o
                      CROSS JOIN jsonb_path_query(o, '$.*[*]') l
                      WHERE l ->> 'log_id' = encode(s.log_id, 'base64')
                      LIMIT 1) g ON true
 WHERE r.order_id = :id;

-- why_certificates: OrderWhy -> OrderChapter*
SELECT c.issued_at AS at, 'certificate' AS chapter,
       concat('certificate ', c.id, ' with serial number ', upper(encode(c.serial, 'hex')), ' was issued by ', coalesce(y.name, c.ca_id),
              ', valid from ', to_char(c.not_before AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
              ' to ', to_char(c.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')) AS text
  FROM certificate c
  LEFT JOIN authority y ON y.id = c.ca_id
 WHERE c.order_id = :id AND c.issued_at <= :now::timestamptz + interval '1 minute'
UNION ALL
SELECT v.revoked_at, 'revocation',
       concat('serial number ', upper(encode(v.serial, 'hex')), ' was revoked, CRLReason ', v.reason)
  FROM request r
 CROSS JOIN LATERAL (SELECT g.ca_id, g.serial FROM issuance g WHERE g.request_id = r.id AND g.state NOT IN ('ghost', 'abandoned')
                     UNION ALL
                     SELECT g.ca_id, g.serial FROM issuance g WHERE g.request_id = r.id AND g.state IN ('ghost', 'abandoned')) x
  JOIN revocation v ON v.ca_id = x.ca_id AND v.serial = x.serial
 WHERE r.order_id = :id;

-- why_tasks: OrderWhy -> OrderChapter*
-- What the CA had to see to. What it has to see to now is told among what is open.
SELECT q.found_at AS at, 'quarantine' AS chapter,
       concat('an attempt of before a restored backup was found in an issuer''s journal, serial number ', upper(encode(q.serial, 'hex'))) AS text
  FROM request r
  JOIN quarantine q ON q.request_id = r.id
 WHERE r.order_id = :id
UNION ALL
SELECT q.settled_at, 'quarantine', concat('an operator has settled serial number ', upper(encode(q.serial, 'hex')))
  FROM request r
  JOIN quarantine q ON q.request_id = r.id
 WHERE r.order_id = :id AND q.settled_at IS NOT NULL
UNION ALL
SELECT b.since, 'blocked key', 'the key of request ' || r.id || ' is known to others'
  FROM request r
  JOIN blocked_key b ON b.spki_sha256 = r.spki_sha256
 WHERE r.order_id = :id
UNION ALL
SELECT d.buried_at, 'given up', concat('job ', d.id, ' of lane ', d.lane, ' was given up after ', d.attempt, ' attempt', CASE WHEN d.attempt <> 1 THEN 's' END, ': ', d.story)
  FROM request r
  LEFT JOIN challenge c ON c.asked_by = 'request' AND c.subject = r.id
  JOIN job_dead d ON (d.lane IN ('issue', 'caa', 'ct') AND d.subject = r.id) OR (d.lane = 'dcv' AND d.subject = c.id)
 WHERE r.order_id = :id;

-- why_told: OrderWhy -> OrderChapter*
-- Events are kept for a while only.
SELECT e.at, 'event' AS chapter,
       concat(e.name, coalesce((SELECT string_agg(concat('; webhook ', d.webhook_id, CASE d.state
                                                             WHEN 'delivered' THEN ' has taken it'
                                                             WHEN 'failed' THEN ' has not taken it: given up'
                                                             ELSE ' has not taken it yet' END,
                                                         CASE WHEN d.tries > 1 THEN ' after ' || d.tries || ' tries' END), '' ORDER BY d.webhook_id)
                                  FROM delivery d
                                 WHERE d.event_id = e.id), '; nobody subscribes to it')) AS text
  FROM orders o
  JOIN event e ON e.account_id = o.account_id AND e.xid >= o.xid AND e.order_id = o.id
 WHERE o.id = :id;

-- why_audited: OrderWhy -> OrderChapter*
-- What stands in the audit log beside: it has no index by subject, so of an order that is over it is read until some days
-- after its last change (chancery audit list has all). What other chapters tell is left out.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.xid,
           CASE WHEN o.status NOT IN ('pending', 'needs_approval')
                THEN greatest(o.status_at, (SELECT max(r.created_at) FROM request r WHERE r.order_id = o.id)) + interval '3 days' END AS until
      FROM orders o
     WHERE o.id = :id
)
SELECT a.at, 'audit' AS chapter,
       concat_ws(' ', coalesce(u.username, a.operator, replace(a.by_role, 'chancery_', '')), 'from ' || a.ip) AS who,
       concat(a.activity, ', ', a.subject, CASE WHEN a.detail IS NOT NULL THEN ': ' || left(a.detail::text, 400) END) AS text
  FROM asked o
  JOIN audit a ON a.xid >= o.xid
              AND a.xid < coalesce((SELECT min(s.horizon) FROM audit_seal s WHERE s.sealed_at > o.until), '9223372036854775807')
  LEFT JOIN user_account u ON u.id = a.user_id
 WHERE (a.subject = 'order/' || o.id
        OR a.subject IN (SELECT 'request/' || r.id FROM request r WHERE r.order_id = o.id))
   AND a.activity NOT IN ('order placed', 'certificate issued');
