-- issuance_id_block: Nothing -> IdBlock
SELECT nextval('issuance_block') AS first;

-- issuance_claim: IssuanceClaim -> Intent*
-- C2, first half: the lease, the order locked, the request, and what is left to do. The status is that of
-- the locked row; an order that was cancelled in between shows it. A job whose last worker died is claimed
-- alone: only then is it known whose fault that was. In the order of subjects, in which C3 ends the jobs. Of an attempt
-- with a precertificate come the bytes that were stored last.
WITH free AS (
    SELECT id, lane, lease_until IS NOT NULL AS lost -- lease_until
      FROM job
     WHERE id = ANY (:ids)
       AND (lease_until IS NULL OR lease_until < now()) -- lease_until
       AND (cardinality(:ids) = 1 OR (lease_until IS NULL AND NOT alone)) -- lease_until
       FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE job j
       SET lease_owner = :owner,
           lease_epoch = nextval('lease_epoch'),
           lease_until = now() + :lease_ms * interval '1 millisecond', -- lease_until
           deaths = j.deaths + CASE WHEN f.lost AND j.alone THEN 1 ELSE 0 END,
           alone = j.alone OR f.lost
      FROM free f
     WHERE j.id = f.id AND j.id = ANY (:ids) AND f.lane = 'issue'
    RETURNING j.id, j.subject, j.lease_epoch, j.attempt, j.deaths, j.traceparent
), intent AS (
    SELECT r.id, r.status AS request_status, r.csr, r.csr_sha256, r.signature_hash, r.ca_id, r.rule_scope,
           r.cert_not_after, r.profile_option, o.id AS order_id, o.account_id, o.status, o.product_name_id, o.valid_till, o.disable_ct
      FROM request r
      JOIN orders o ON o.id = r.order_id
     WHERE r.id IN (SELECT subject FROM claimed)
     ORDER BY o.id
       FOR UPDATE OF o
)
SELECT c.id AS job_id, c.lease_epoch AS job_epoch, c.attempt, c.deaths, c.traceparent,
       i.id AS request_id, i.order_id, i.account_id, i.status = 'pending' AND i.request_status <> 'rejected' AS waiting,
       i.product_name_id, i.csr, i.signature_hash, i.ca_id, i.valid_till, i.cert_not_after, i.rule_scope, i.profile_option,
       n.open_tasks, n.exempt, n.evidence, n.caa_checks, s.names, s.kinds,
       (SELECT version FROM policy_active WHERE one) AS policy_version,
       (SELECT min(r.value::int) FROM policy_at(:now, i.rule_scope, 'validity.advised') r) AS validity_advised_days,
       m.days AS validity_max_days,
       least(:now::timestamptz + interval '1 hour', n.valid_until, m.valid_till) AS sign_before,
       a.may_sign, a.public, i.disable_ct, x.id AS issuance_id, x.state, t.kind, t.tbs, t.signature,
       CASE WHEN x.state IN ('precert_signed', 'final_reserved')
            THEN (SELECT p.der FROM precertificate p WHERE p.id = x.id) END AS precertificate,
       CASE WHEN x.state = 'precert_signed'
            THEN (SELECT array_agg(s.sct ORDER BY s.at, s.log_id) FROM sct s WHERE s.issuance_id = x.id) END AS scts,
       CASE WHEN x.state = 'precert_signed'
            THEN (SELECT array_agg(s.log_id ORDER BY s.at, s.log_id) FROM sct s WHERE s.issuance_id = x.id) END AS sct_logs
  FROM claimed c
  JOIN intent i ON i.id = c.subject
  LEFT JOIN authority a ON a.id = i.ca_id
  LEFT JOIN issuance x ON x.request_id = i.id AND x.state NOT IN ('ghost', 'abandoned')
  LEFT JOIN to_sign t ON t.issuance_id = x.id AND (t.kind = 'final' OR x.state IN ('reserved', 'precert_signed'))
  CROSS JOIN LATERAL (SELECT array_agg(n.name ORDER BY n.position) AS names, array_agg(n.kind ORDER BY n.position) AS kinds
                        FROM request_name n
                       WHERE n.request_id = i.id) s
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.valid_until IS NULL) AS open_tasks,
                             count(*) FILTER (WHERE d.exempt) AS exempt,
                             min(d.valid_until) AS valid_until,
                             array_agg(DISTINCT d.validation_id) FILTER (WHERE d.validation_id IS NOT NULL AND d.kind = 'dcv') AS evidence,
                             array_agg(DISTINCT d.validation_id) FILTER (WHERE d.validation_id IS NOT NULL AND d.kind = 'caa') AS caa_checks
                        FROM request_need(ARRAY[i.id], :now) d) n
  CROSS JOIN LATERAL (SELECT min(r.value::int) AS days, min(r.valid_till) AS valid_till
                        FROM policy_at(:now, i.rule_scope, 'validity.max') r) m
 ORDER BY c.subject;

-- issuance_ghost: GhostIds -> GhostRow*
-- Serials that are given up: of a dead lease, or of bytes that the token did not sign.
SELECT g.issuance_id, g.request_id, g.ca_id, encode(g.serial, 'hex') AS serial
  FROM ghost_mark(:ids, :handed, :now) g;

-- issuance_reserve: Reservation* -> Reserved*
-- C2, second half: the attempt and the bytes that will be signed.
WITH input AS (
    SELECT *
      FROM unnest(:issuance_id, :request_id, :account_id, :job_id, :job_epoch, :ca_id, :serial, :shard, :not_before, :not_after,
                  :tbs, :tbs_sha256, :policy_version, :profile_sha256, :evidence, :caa_checks, :lints, :lint_warnings, :now, :kind)
        AS i (issuance_id, request_id, account_id, job_id, job_epoch, ca_id, serial, shard, not_before, not_after,
              tbs, tbs_sha256, policy_version, profile_sha256, evidence, caa_checks, lints, lint_warnings, now, kind)
), attempt AS (
    INSERT INTO issuance (id, request_id, account_id, ca_id, serial, shard, state, job_id, job_epoch, policy_version,
                          profile_sha256, evidence, caa_checks, lints, lint_warnings, not_before, not_after, created_at)
    SELECT issuance_id, request_id, account_id, ca_id, serial, shard, 'reserved', job_id, job_epoch, policy_version,
           profile_sha256, evidence::bigint[], caa_checks::bigint[], lints, lint_warnings::text[], not_before, not_after, now
      FROM input
), bytes AS (
    INSERT INTO to_sign (issuance_id, kind, tbs, tbs_sha256)
    SELECT issuance_id, kind, tbs, tbs_sha256 FROM input
)
SELECT issuance_id FROM input;

-- issuance_precertificate: SignedPrecertificate* -> Precertified*
-- P. As C3: the signature is a fact, and the rest follows only from the job's deletion by the holder of its lease. The
-- request goes on with its logs.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:issuance_id, :order_id, :request_id, :job_id, :job_epoch, :signature, :der, :der_sha256, :complete_hours, :now)
        AS i (issuance_id, order_id, request_id, job_id, job_epoch, signature, der, der_sha256, complete_hours, now)
), fact AS (
    UPDATE to_sign t
       SET signature = i.signature
      FROM input i
     WHERE t.issuance_id = i.issuance_id AND t.kind = 'precert' AND t.signature IS NULL
), asked AS MATERIALIZED (
    SELECT challenge_hold(array_agg(request_id)) AS challenges FROM input
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.*
      FROM asked h
      JOIN input i ON h.challenges IS NOT NULL
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
     ORDER BY j.subject
       FOR UPDATE OF j
), finished AS MATERIALIZED (
    DELETE FROM job j
     USING locked i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
    RETURNING i.issuance_id, j.traceparent
), held AS MATERIALIZED ( -- in the order of all who lock several; IS TRUE: each by its number, not all that are reserved
    SELECT x.id, f.traceparent
      FROM finished f
      JOIN issuance x ON x.id = f.issuance_id
     WHERE (x.state = 'reserved') IS TRUE
     ORDER BY x.id
       FOR NO KEY UPDATE OF x
), living AS (
    UPDATE issuance x
       SET state = 'precert_signed'
      FROM held h
     WHERE x.id = h.id
    RETURNING x.id, x.request_id, x.account_id, x.ca_id, x.serial, x.not_before, x.not_after, x.policy_version, x.evidence, x.caa_checks,
              h.traceparent
), signed AS MATERIALIZED (
    SELECT l.*, i.order_id, i.der, i.der_sha256, i.complete_hours, i.now FROM input i JOIN living l ON l.id = i.issuance_id
), stored AS MATERIALIZED (
    INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, complete_before)
    SELECT id, request_id, account_id, ca_id, serial, der, now, least(not_before + complete_hours * interval '1 hour', not_after) FROM signed
    RETURNING id
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT now, account_id, 'system', 'precertificate signed', 'order/' || order_id,
           jsonb_build_object('issuance_id', id, 'request_id', request_id, 'ca_id', ca_id, 'serial', encode(serial, 'hex'),
                              'der_sha256', encode(der_sha256, 'hex'), 'policy_version', policy_version, 'evidence', evidence, 'caa_checks', caa_checks)
      FROM signed
)
SELECT s.id AS issuance_id, a.job_id, a.lane
  FROM signed s
  JOIN stored p ON p.id = s.id
  LEFT JOIN LATERAL (SELECT n.job_id, n.lane
                       FROM request_advance(ARRAY[s.request_id], s.now, s.traceparent) n
                      ORDER BY n.lane DESC
                      LIMIT 1) a ON true;

-- precertificates_after_loss: IssuanceIds -> Precertified*
-- After a connection was lost at P's COMMIT: of which attempts is there a precertificate?
SELECT p.id AS issuance_id FROM precertificate p WHERE p.id = ANY (:ids);

-- issuance_complete: Completion* -> Reserved*
-- S, within C2: the bytes of certificates whose precertificates were logged.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:issuance_id, :tbs, :tbs_sha256) AS i (issuance_id, tbs, tbs_sha256)
), held AS MATERIALIZED ( -- in the order of all who lock several
    SELECT x.id
      FROM input i
      JOIN issuance x ON x.id = i.issuance_id
     WHERE (x.state = 'precert_signed') IS TRUE
     ORDER BY x.id
       FOR NO KEY UPDATE OF x
), complete AS (
    UPDATE issuance x SET state = 'final_reserved' FROM held h WHERE x.id = h.id RETURNING x.id
), bytes AS (
    INSERT INTO to_sign (issuance_id, kind, tbs, tbs_sha256)
    SELECT i.issuance_id, 'final', i.tbs, i.tbs_sha256 FROM input i JOIN complete c ON c.id = i.issuance_id
    RETURNING issuance_id
)
SELECT issuance_id FROM bytes;

-- sct_refuse: TimestampRefused* -> Reserved*
-- Within C2: timestamps that are none, and the precertificates that have too few without them.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:issuance_id, :log_id, :now) AS i (issuance_id, log_id, now)
), held AS MATERIALIZED ( -- in the order of all who lock several
    SELECT p.id FROM precertificate p WHERE p.id IN (SELECT issuance_id FROM input) ORDER BY p.id FOR NO KEY UPDATE
), gone AS (
    DELETE FROM sct s USING input i WHERE s.issuance_id = i.issuance_id AND s.log_id = i.log_id
)
UPDATE precertificate p
   SET logged_at = NULL, refused_at = i.now
  FROM held h
  JOIN (SELECT issuance_id, max(now) AS now FROM input GROUP BY issuance_id) i ON i.issuance_id = h.id
 WHERE p.id = h.id
RETURNING p.id AS issuance_id;

-- precertificate_give_up: GivenUpIds -> GhostRow*
-- Precertificates of which no certificate may be made any more.
SELECT g.issuance_id, g.request_id, g.ca_id, encode(g.serial, 'hex') AS serial
  FROM precertificate_give_up(:ids, :now) g;

-- issuance_finish: SignedCertificate* -> Issued*
-- C3. The signature is a fact and is recorded beside the bytes that it is of, whoever holds the job now; everything else follows
-- only from the job's deletion by the holder of its lease. Jobs are found by the list as well: to the
-- statistics their table is often empty, and who joins would walk all of it.
WITH input AS MATERIALIZED (
    SELECT i.*, 'final'::text AS kind
      FROM unnest(:issuance_id, :order_id, :job_id, :job_epoch, :thumbprint, :signature, :der, :der_sha256, :awaited, :now, :tbs_sha256)
        AS i (issuance_id, order_id, job_id, job_epoch, thumbprint, signature, der, der_sha256, awaited, now, tbs_sha256)
), fact AS (
    UPDATE to_sign t
       SET signature = i.signature
      FROM input i
     WHERE t.issuance_id = i.issuance_id AND t.kind = i.kind AND t.tbs_sha256 = i.tbs_sha256 AND t.signature IS NULL
), finished AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
    RETURNING i.issuance_id, j.traceparent
), held AS MATERIALIZED ( -- in the order of all who lock several; IS TRUE: each by its number, not all that are reserved
    SELECT x.id, f.traceparent
      FROM finished f
      JOIN issuance x ON x.id = f.issuance_id
     WHERE (x.state IN ('reserved', 'final_reserved')) IS TRUE
     ORDER BY x.id
       FOR NO KEY UPDATE OF x
), living AS (
    UPDATE issuance x
       SET state = 'issued'
      FROM held h
     WHERE x.id = h.id
    RETURNING x.id, x.request_id, x.account_id, x.ca_id, x.serial, x.not_before, x.not_after, x.policy_version, x.evidence, x.caa_checks,
              h.traceparent
), issued AS MATERIALIZED (
    SELECT l.*, i.order_id, i.thumbprint, i.der, i.der_sha256, i.awaited, i.now FROM input i JOIN living l ON l.id = i.issuance_id
), stored AS (
    INSERT INTO certificate (id, order_id, request_id, account_id, ca_id, serial, thumbprint, not_before, not_after, issued_at, der)
    SELECT id, order_id, request_id, account_id, ca_id, serial, thumbprint, not_before, not_after, now, der FROM issued
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.id, i.order_id, i.now, i.awaited FROM issued i JOIN orders o ON o.id = i.order_id ORDER BY o.id FOR NO KEY UPDATE OF o
), ordered AS (
    UPDATE orders o
       SET status = 'issued', status_at = i.now, certificate_id = i.id
      FROM locked i
     WHERE o.id = i.order_id
    RETURNING o.id AS order_id, o.account_id, i.id AS issuance_id, i.now, i.awaited AND i.now < o.answer_by AS instant
), happened AS (
    INSERT INTO event (account_id, name, order_id, certificate_id, instant, at)
    SELECT account_id, 'certificate_issued', order_id, issuance_id, instant, now FROM ordered
    RETURNING id, account_id, order_id, instant, at
), told AS (
    INSERT INTO delivery (event_id, webhook_id, account_id, state)
    SELECT h.id, w.id, h.account_id, 'waiting'
      FROM happened h
      JOIN webhook w ON w.account_id = h.account_id AND w.status = 'active'
                    AND 'certificate_issued' = ANY (w.events) AND (w.instant OR NOT h.instant)
    RETURNING id, event_id
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'deliver', t.id, h.at + interval '2 seconds', i.traceparent
      FROM told t
      JOIN happened h ON h.id = t.event_id
      JOIN issued i ON i.order_id = h.order_id
    RETURNING id, subject
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT now, account_id, 'system', 'certificate issued', 'order/' || order_id,
           jsonb_build_object('certificate_id', id, 'request_id', request_id, 'ca_id', ca_id, 'serial', encode(serial, 'hex'),
                              'der_sha256', encode(der_sha256, 'hex'), 'policy_version', policy_version, 'evidence', evidence, 'caa_checks', caa_checks)
      FROM issued
)
SELECT i.id AS issuance_id, i.order_id,
       (SELECT json_agg(q.id)::text
          FROM happened h JOIN told t ON t.event_id = h.id JOIN queued q ON q.subject = t.id
         WHERE h.order_id = i.order_id) AS deliveries
  FROM issued i;

-- issuance_record: SignatureFact -> Reserved?
-- The signature alone, when neither C3 nor P can be reached yet.
UPDATE to_sign SET signature = :signature
 WHERE issuance_id = :issuance_id AND kind = :kind AND tbs_sha256 = :tbs_sha256 AND signature IS NULL
RETURNING issuance_id;

-- issuance_reserved: AttemptLease* -> Reserved*
-- After a connection was lost at C2's COMMIT: did it happen? That the attempt stands so proves nothing where it was there
-- before: another run may have completed it since, with other bytes. The lease is of this transaction alone.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:issuance_id, :job_id, :job_epoch) AS i (issuance_id, job_id, job_epoch)
)
SELECT x.id AS issuance_id
  FROM input i
  JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
  JOIN issuance x ON x.id = i.issuance_id
 WHERE (x.state IN ('reserved', 'final_reserved')) IS TRUE;

-- issuance_after_loss: IssuanceIds -> Issued*
-- After a connection was lost at COMMIT: which attempts became certificates?
SELECT c.id AS issuance_id, c.order_id FROM certificate c WHERE c.id = ANY (:ids);

-- issuance_advance: RequestAdvance* -> RequestAdvanced*
-- Requests whose issue job found open tasks: the job goes, if its lease still holds, and what is left to
-- do becomes the next step.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:job_id, :job_epoch, :request_id, :now) AS i (job_id, job_epoch, request_id, now)
), held AS MATERIALIZED (
    SELECT challenge_hold(array_agg(request_id)) AS challenges FROM input
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.*
      FROM held h
      JOIN input i ON h.challenges IS NOT NULL
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
     ORDER BY j.subject
       FOR UPDATE OF j
), finished AS MATERIALIZED (
    DELETE FROM job j
     USING locked i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
    RETURNING i.request_id, i.job_epoch, i.now, j.traceparent
)
SELECT f.request_id, f.job_epoch, a.job_id, a.lane
  FROM finished f
  LEFT JOIN LATERAL (SELECT n.job_id, n.lane
                       FROM request_advance(ARRAY[f.request_id], f.now, f.traceparent) n
                      ORDER BY n.lane DESC
                      LIMIT 1) a ON true;

-- issuance_expire: RequestAdvance* -> RequestAdvanced*
-- Requests of which no certificate can be made any more, since the end that was asked for has passed: the
-- order ends, with the job. Where it does not, since a certificate is under way after all, the request goes on
-- and is tried again: it would wait for nobody otherwise.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:job_id, :job_epoch, :request_id, :now) AS i (job_id, job_epoch, request_id, now)
), held AS MATERIALIZED (
    SELECT challenge_hold(array_agg(request_id)) AS challenges FROM input
), locked AS MATERIALIZED ( -- in the order of all who lock several
    SELECT i.*
      FROM held h
      JOIN input i ON h.challenges IS NOT NULL
      JOIN job j ON j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
     ORDER BY j.subject
       FOR UPDATE OF j
), finished AS MATERIALIZED (
    DELETE FROM job j
     USING locked i
     WHERE j.id = i.job_id AND j.id = ANY (:job_id) AND j.lease_epoch = i.job_epoch
    RETURNING i.request_id, i.job_epoch, i.now, j.traceparent
), over AS MATERIALIZED (
    SELECT array_agg(r.order_id) AS order_ids, max(f.now) AS now FROM finished f JOIN request r ON r.id = f.request_id
), ended AS MATERIALIZED (
    SELECT array_agg(e.id) AS order_ids FROM over o CROSS JOIN LATERAL order_expire(o.order_ids, o.now) e
), waiting AS MATERIALIZED ( -- of these, request_advance() knows those whose orders have ended meanwhile
    SELECT f.request_id, f.now, f.traceparent
      FROM ended e
      CROSS JOIN finished f
      JOIN request r ON r.id = f.request_id
     WHERE r.order_id <> ALL (coalesce(e.order_ids, '{}'))
     ORDER BY f.request_id
), again AS MATERIALIZED (
    SELECT count(a.request_id) AS requests
      FROM waiting w
      CROSS JOIN LATERAL request_advance(ARRAY[w.request_id], w.now, w.traceparent) a
)
SELECT f.request_id, f.job_epoch
  FROM finished f
  JOIN again a ON a.requests IS NOT NULL;
