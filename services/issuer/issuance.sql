-- issuance_id_block: Nothing -> IdBlock
SELECT nextval('issuance_block') AS first;

-- issuance_claim: IssuanceClaim -> Intent*
-- C2, first half: the lease, the order locked, the intent, and what is left to do. The status is
-- that of the locked row; an order that was cancelled in between shows it.
WITH free AS (
    SELECT id, lane, payload
      FROM job
     WHERE id = ANY (:ids)
       AND (lease_until IS NULL OR lease_until < now()) -- lease_until
       FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE job j
       SET lease_owner = :owner,
           lease_epoch = nextval('lease_epoch'),
           lease_until = now() + :lease_ms * interval '1 millisecond', -- lease_until
           attempt = j.attempt + 1,
           payload = NULL
      FROM free f
     WHERE j.id = f.id AND f.lane = 'issue'
    RETURNING j.id, j.subject, j.lease_epoch, j.attempt, j.traceparent, (f.payload ->> 'resume')::bigint AS resume
), intent AS (
    SELECT o.id, o.account_id, o.status, o.product_name_id, o.common_name, o.csr, o.csr_sha256, o.signature_hash, o.ca_id,
           o.rule_scope, o.valid_till, o.cert_not_after, o.profile_option
      FROM orders o
     WHERE o.id IN (SELECT subject FROM claimed)
     ORDER BY o.id
       FOR UPDATE
)
SELECT c.id AS job_id, c.lease_epoch AS job_epoch, c.attempt, c.traceparent,
       o.id AS order_id, o.account_id, o.status, o.product_name_id, o.common_name, o.csr, o.signature_hash, o.ca_id,
       o.valid_till, o.cert_not_after, o.rule_scope, o.profile_option,
       n.open_tasks,
       (SELECT array_agg(n.fqdn ORDER BY n.position) FROM order_name n WHERE n.order_id = o.id) AS names,
       (SELECT version FROM policy_active WHERE one) AS policy_version,
       (SELECT min(r.value::int) FROM policy_at(:now, o.rule_scope, 'validity.advised') r) AS validity_advised_days,
       m.days AS validity_max_days,
       least(:now::timestamptz + interval '1 hour', n.valid_until, m.valid_till) AS sign_before,
       a.may_sign,
       x.id AS issuance_id, x.ca_id AS issuance_ca_id, x.serial AS issuance_serial,
       x.not_before AS issuance_not_before, x.not_after AS issuance_not_after, c.resume = x.id AS resume, t.tbs, t.signature,
       CASE WHEN x.id IS NOT NULL
            THEN EXISTS (SELECT FROM job h
                          WHERE h.id = x.job_id AND h.id <> c.id AND h.lease_epoch = x.job_epoch AND h.lease_until > now()) -- lease_until
            END AS held
  FROM claimed c
  JOIN intent o ON o.id = c.subject
  LEFT JOIN authority a ON a.id = o.ca_id
  LEFT JOIN issuance x ON x.order_id = o.id AND x.sequence = 1 AND x.state NOT IN ('ghost', 'abandoned')
  LEFT JOIN to_sign t ON t.issuance_id = x.id AND t.kind = 'final'
  CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.valid_until IS NULL) AS open_tasks, min(d.valid_until) AS valid_until
                        FROM order_need(ARRAY[o.id], :now) d) n
  CROSS JOIN LATERAL (SELECT min(r.value::int) AS days, min(r.valid_till) AS valid_till
                        FROM policy_at(:now, o.rule_scope, 'validity.max') r) m;

-- issuance_ghost: GhostIds -> GhostRow*
-- A dead lease left a serial without a signature: never reused, listed.
WITH gone AS (
    UPDATE issuance SET state = 'ghost' WHERE id = ANY (:ids) AND state = 'reserved'
    RETURNING id, order_id, account_id, ca_id, serial
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT :now, account_id, 'system', 'serial abandoned', 'order/' || order_id,
           jsonb_build_object('ca_id', ca_id, 'serial', encode(serial, 'hex'))
      FROM gone
)
SELECT id AS issuance_id, order_id, ca_id, encode(serial, 'hex') AS serial FROM gone;

-- issuance_reserve: Reservation* -> Reserved*
-- C2, second half: the attempt and the bytes that will be signed.
WITH input AS (
    SELECT *
      FROM unnest(:issuance_id, :order_id, :account_id, :job_id, :job_epoch, :ca_id, :serial, :not_before, :not_after,
                  :tbs, :tbs_sha256, :policy_version, :profile_sha256, :now)
        AS i (issuance_id, order_id, account_id, job_id, job_epoch, ca_id, serial, not_before, not_after,
              tbs, tbs_sha256, policy_version, profile_sha256, now)
), attempt AS (
    INSERT INTO issuance (id, order_id, sequence, account_id, ca_id, serial, state, job_id, job_epoch, policy_version,
                          profile_sha256, not_before, not_after, created_at)
    SELECT issuance_id, order_id, 1, account_id, ca_id, serial, 'reserved', job_id, job_epoch, policy_version,
           profile_sha256, not_before, not_after, now
      FROM input
), bytes AS (
    INSERT INTO to_sign (issuance_id, kind, tbs, tbs_sha256)
    SELECT issuance_id, 'final', tbs, tbs_sha256 FROM input
)
SELECT issuance_id FROM input;

-- issuance_finish: SignedCertificate* -> Issued*
-- C3. The signature is a fact and is recorded whoever holds the job now; everything else follows
-- only from the job's deletion by the holder of its lease.
WITH input AS MATERIALIZED (
    SELECT i.*, 'final'::text AS kind
      FROM unnest(:issuance_id, :order_id, :account_id, :job_id, :job_epoch, :ca_id, :serial, :thumbprint,
                  :not_before, :not_after, :signature, :der, :awaited, :now)
        AS i (issuance_id, order_id, account_id, job_id, job_epoch, ca_id, serial, thumbprint,
              not_before, not_after, signature, der, awaited, now)
), fact AS (
    UPDATE to_sign t
       SET signature = i.signature
      FROM input i
     WHERE t.issuance_id = i.issuance_id AND t.kind = i.kind AND t.signature IS NULL
), finished AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.lease_epoch = i.job_epoch
    RETURNING i.issuance_id, j.traceparent
), living AS (
    UPDATE issuance x
       SET state = 'issued'
      FROM finished f
     WHERE x.id = f.issuance_id AND x.state = 'reserved'
    RETURNING x.id, f.traceparent
), issued AS MATERIALIZED (
    SELECT i.*, l.traceparent FROM input i JOIN living l ON l.id = i.issuance_id
), stored AS (
    INSERT INTO certificate (id, order_id, account_id, ca_id, serial, thumbprint, not_before, not_after, issued_at, der)
    SELECT issuance_id, order_id, account_id, ca_id, serial, thumbprint, not_before, not_after, now, der FROM issued
), ordered AS (
    UPDATE orders o
       SET status = 'issued', status_at = i.now
      FROM issued i
     WHERE o.id = i.order_id
    RETURNING o.id AS order_id, o.account_id, i.issuance_id, i.now, i.awaited AND i.now < o.answer_by AS instant
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
           jsonb_build_object('certificate_id', issuance_id, 'ca_id', ca_id, 'serial', encode(serial, 'hex'))
      FROM issued
)
SELECT i.issuance_id, i.order_id,
       (SELECT json_agg(q.id)::text
          FROM happened h JOIN told t ON t.event_id = h.id JOIN queued q ON q.subject = t.id
         WHERE h.order_id = i.order_id) AS deliveries
  FROM issued i;

-- issuance_record: SignatureFact -> Reserved?
-- The signature alone, when C3 cannot be reached yet.
UPDATE to_sign SET signature = :signature
 WHERE issuance_id = :issuance_id AND kind = 'final' AND signature IS NULL
RETURNING issuance_id;

-- issuance_reserved: IssuanceIds -> Reserved*
-- After a connection was lost at C2's COMMIT: did it happen?
SELECT id AS issuance_id FROM issuance WHERE id = ANY (:ids) AND state = 'reserved';

-- issuance_after_loss: IssuanceIds -> Issued*
-- After a connection was lost at COMMIT: which attempts became certificates?
SELECT c.id AS issuance_id, c.order_id FROM certificate c WHERE c.id = ANY (:ids);

-- issuance_advance: OrderAdvance* -> DcvAdvanced*
-- Orders whose issue job found open tasks: what is left to do becomes the next step, and the job
-- goes, if its lease still holds. An order that was looked at just now comes back after a minute
-- and without a hint: evidence that does not count here would be sought again and again.
WITH input AS MATERIALIZED (
    SELECT * FROM unnest(:job_id, :job_epoch, :order_id, :now) AS i (job_id, job_epoch, order_id, now)
), finished AS (
    DELETE FROM job j
     USING input i
     WHERE j.id = i.job_id AND j.lease_epoch = i.job_epoch
    RETURNING i.order_id, i.job_epoch, i.now, j.traceparent
), open AS MATERIALIZED (
    SELECT f.order_id, f.now, f.traceparent, o.rule_scope,
           greatest(f.now + interval '2 seconds', c.checked_at + interval '1 minute') AS run_at
      FROM finished f
      JOIN orders o ON o.id = f.order_id
      LEFT JOIN order_check c ON c.order_id = f.order_id
     WHERE o.status = 'pending'
), queued AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'dcv', order_id, run_at, 'dcv/' || order_id, traceparent FROM open
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
    RETURNING id, subject, run_at
), expiring AS (
    INSERT INTO job (lane, subject, run_at, idem_key, traceparent)
    SELECT 'order_expire', o.order_id, o.now + rule_interval(r.value, r.unit), 'order_expire/' || o.order_id,
           o.traceparent
      FROM open o
      CROSS JOIN LATERAL policy_at(o.now, o.rule_scope, 'order.pending') r
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO NOTHING
)
SELECT f.order_id, f.job_epoch, q.id AS job_id
  FROM finished f
  LEFT JOIN queued q ON q.subject = f.order_id AND q.run_at = f.now + interval '2 seconds';

-- authority_add: Authority -> AuthorityRef?
INSERT INTO authority (id, name, key_label, key_type, parent_id, der, may_sign, created_at)
SELECT :id, :name, :key_label, :key_type, :parent_id, :der, :may_sign, :created_at
ON CONFLICT (key_label) DO NOTHING
RETURNING id;
