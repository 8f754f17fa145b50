-- challenge_open: ChallengeIds -> OpenChallenge*
-- What is to be looked for now: authorization domain names, and the names for which each may be proved. None:
-- all of it is proved, or nobody waits for it any more. A value of a time to come would live for ever: it proves
-- nothing, whoever wrote it.
SELECT c.id AS challenge_id, c.account_id, c.method, c.random_value, c.poll_from,
       CASE WHEN c.random_value_at <= :now::timestamptz + interval '1 minute'
            THEN c.random_value_at + (SELECT rule_interval(r.value, r.unit)
                                        FROM policy_at(:now, c.rule_scope, 'random.life') r)
       END AS random_value_until,
       (SELECT r.value FROM policy_at(:now, c.rule_scope, 'dcv.poll') r) AS cadence,
       CASE WHEN method_transport(c.method) = 'web' THEN dcv_web_rules(c.rule_scope, :now) END AS web,
       quorum_rules(c.rule_scope, :now) AS quorum,
       EXISTS (SELECT FROM request r
                 JOIN authority h ON h.id = r.ca_id AND h.demonstration
                WHERE c.asked_by = 'request' AND r.id = c.subject) AS alone,
       (SELECT json_agg(json_build_object('domain', l.identifier, 'fqdns', to_json(l.dns_names)) ORDER BY l.identifier)
          FROM challenge_left(c.id, :now) l) AS places
  FROM challenge c
 WHERE c.id = ANY (:ids);

-- dcv_round: DcvRound* -> RoundAdvanced*
-- The end of a round. Everything follows from the job's row, held by the lease it was claimed with. What
-- was found is stored, and what that leaves is asked anew. Nothing: the job goes, and a request takes its
-- next step. Something: it is put back, or goes as well when polling has ended; then it is the customer
-- who must do something. A challenge is locked before its job by everybody; one that began anew
-- meanwhile is looked for at once.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:job_id, :job_epoch, :challenge_id, :now, :next_at, :seen, :poll_from, :failed, :looked, :ours)
        AS i (job_id, job_epoch, challenge_id, now, next_at, seen, poll_from, failed, looked, ours)
), found AS MATERIALIZED (
    SELECT *
      FROM unnest(:evidence.challenge_id, :evidence.kind, :evidence.identifier, :evidence.method, :evidence.br_method,
                  :evidence.completed_at, :evidence.evidence, :evidence.corroboration, :evidence.dns_names)
        AS e (challenge_id, kind, identifier, method, br_method, completed_at, evidence, corroboration, dns_names)
), asked AS MATERIALIZED (
    SELECT c.id, c.account_id, c.asked_by, c.subject, c.poll_from
      FROM challenge c
     WHERE c.id IN (SELECT challenge_id FROM input)
     ORDER BY c.id
       FOR NO KEY UPDATE
), held AS MATERIALIZED (
    SELECT i.job_id, i.job_epoch, i.challenge_id, i.now, i.seen, i.looked, i.ours, i.failed, a.account_id, a.asked_by, a.subject,
           CASE WHEN a.poll_from = i.poll_from THEN i.next_at ELSE i.now END AS next_at
      FROM input i
      JOIN asked a ON a.id = i.challenge_id
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch AND j.subject = i.challenge_id
     ORDER BY j.id
       FOR UPDATE OF j
), stored AS (
    INSERT INTO validation (account_id, kind, identifier, method, br_method, completed_at, evidence, corroboration,
                            challenge_id, dns_names)
    SELECT h.account_id, e.kind, e.identifier, e.method, e.br_method, e.completed_at, e.evidence::jsonb, e.corroboration::jsonb,
           h.challenge_id, string_to_array(e.dns_names, ',')
      FROM found e
      JOIN held h ON h.challenge_id = e.challenge_id
    RETURNING id
), known AS MATERIALIZED (
    SELECT h.* FROM held h CROSS JOIN (SELECT count(*) FROM stored) s
), decided AS MATERIALIZED (
    SELECT k.*, EXISTS (SELECT FROM challenge_left(k.challenge_id, k.now)) AS open FROM known k
), ended AS (
    DELETE FROM job j
     USING decided d
     WHERE j.id = d.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = d.job_epoch AND NOT (d.open AND d.next_at IS NOT NULL)
    RETURNING d.challenge_id, d.asked_by, d.subject, d.open, d.now, j.traceparent
), again AS (
    UPDATE job j
       SET run_at = d.next_at, attempt = CASE WHEN d.failed THEN least(j.attempt + 1, 6) ELSE 0 END, deaths = 0, alone = false,
           lease_owner = NULL, lease_until = NULL -- lease_until
      FROM decided d
     WHERE j.id = d.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = d.job_epoch AND d.open AND d.next_at IS NOT NULL
), checked AS (
    UPDATE challenge c
       SET checked_at = d.now, next_at = CASE WHEN d.open THEN d.next_at END, seen = CASE WHEN d.open THEN d.seen::jsonb END,
           ours = CASE WHEN d.open THEN string_to_array(d.ours, ',') END, looked = coalesce(d.looked::jsonb, c.looked)
      FROM decided d
     WHERE c.id = d.challenge_id
), proved AS MATERIALIZED (
    SELECT e.* FROM ended e WHERE e.asked_by = 'request' AND NOT e.open ORDER BY e.subject
), advanced AS MATERIALIZED (
    SELECT p.challenge_id, n.job_id, n.lane
      FROM proved p
      CROSS JOIN LATERAL request_advance(ARRAY[p.subject], p.now, p.traceparent) n
), over AS MATERIALIZED (
    SELECT challenge_settle(array_agg(p.challenge_id)) AS challenges FROM proved p
)
SELECT d.job_epoch, d.open AND d.next_at IS NOT NULL AS waiting, a.job_id, a.lane, r.order_id
  FROM decided d
  JOIN over v ON v.challenges IS NOT NULL
  LEFT JOIN request r ON r.id = d.subject AND d.asked_by = 'request'
  LEFT JOIN advanced a ON a.challenge_id = d.challenge_id;
