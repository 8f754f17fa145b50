-- quarantine_add: JournalAttempt* -> IssuanceIds
-- Of the attempts in a journal, those that this database does not know, or not as signed: of a precertificate or of its
-- certificate. Read again, a row only learns.
WITH input AS MATERIALIZED (
    SELECT *
      FROM unnest(:issuance_id, :request_id, :ca_id, :serial, :tbs_sha256, :signed, :now, :account_id, :names, :kind)
        AS a (issuance_id, request_id, ca_id, serial, tbs_sha256, signed, now, account_id, names, kind)
), missed AS ( -- both have one serial, and what is signed is what matters
    SELECT DISTINCT ON (a.serial, a.ca_id) a.*
      FROM input a
      LEFT JOIN issuance x ON x.serial = a.serial AND x.ca_id = a.ca_id
      LEFT JOIN to_sign t ON t.issuance_id = x.id AND t.kind = a.kind
     WHERE x.id IS NULL OR (a.signed AND t.signature IS NULL)
     ORDER BY a.serial, a.ca_id, a.signed DESC, a.kind
), added AS (
    INSERT INTO quarantine AS q (serial, ca_id, request_id, issuance_id, account_id, names, signed, tbs_sha256, found_at)
    SELECT a.serial, a.ca_id, a.request_id, a.issuance_id, a.account_id, a.names, a.signed, a.tbs_sha256, a.now
      FROM missed a
    ON CONFLICT (serial, ca_id) DO UPDATE SET signed = true, changed_at = excluded.found_at WHERE excluded.signed AND NOT q.signed
    RETURNING issuance_id
)
SELECT array_agg(issuance_id) AS ids FROM added;

-- quarantine_signed: SignedIds -> IssuanceIds
-- Signatures whose intents came before: in quarantine already, or known to the database as unsigned. Bytes that S has
-- not stored are there as the precertificate's.
WITH learnt AS (
    UPDATE quarantine SET signed = true, changed_at = :now WHERE issuance_id = ANY (:ids) AND NOT signed
    RETURNING issuance_id
), added AS (
    INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, found_at)
    SELECT x.serial, x.ca_id, x.request_id, x.id, true, coalesce(t.tbs_sha256, p.tbs_sha256), :now
      FROM issuance x
      LEFT JOIN to_sign t ON t.issuance_id = x.id AND t.kind = :kind
      LEFT JOIN to_sign p ON p.issuance_id = x.id AND p.kind = 'precert'
     WHERE x.id = ANY (:ids) AND t.signature IS NULL AND coalesce(t.tbs_sha256, p.tbs_sha256) IS NOT NULL
    ON CONFLICT (serial, ca_id) DO NOTHING
    RETURNING issuance_id
)
SELECT array_agg(issuance_id) AS ids FROM (SELECT issuance_id FROM learnt UNION SELECT issuance_id FROM added) AS heard;

-- quarantine_open: Nothing -> QuarantineRow*
-- What waits for an operator, with its owner.
SELECT q.request_id, q.issuance_id, q.ca_id, encode(q.serial, 'hex') AS serial, q.signed, r.order_id,
       coalesce(r.account_id, q.account_id) AS account_id,
       coalesce((SELECT string_agg(n.name, ',' ORDER BY n.position) FROM request_name n WHERE n.request_id = r.id), q.names)
           AS names
  FROM quarantine q
  LEFT JOIN request r ON r.id = q.request_id
 WHERE q.settled_at IS NULL
 ORDER BY NOT q.signed, q.request_id, q.issuance_id;

-- quarantine_settle: QuarantineSettle -> QuarantineSettled?
-- The request goes on; of one that the database has lost there is nothing to go on with. A precertificate of which the
-- journal has the certificate becomes no second one: it is given up.
WITH settled AS (
    UPDATE quarantine SET settled_at = :now, changed_at = :now WHERE request_id = :request_id AND settled_at IS NULL
    RETURNING request_id, serial, ca_id, signed
), given_up AS MATERIALIZED (
    SELECT count(*) AS attempts
      FROM precertificate_give_up(ARRAY(SELECT x.id FROM settled s JOIN issuance x ON x.serial = s.serial AND x.ca_id = s.ca_id
                                         WHERE s.signed ORDER BY x.id), :now)
), counted AS MATERIALIZED (
    SELECT s.request_id, count(*) AS attempts FROM settled s JOIN given_up g ON g.attempts IS NOT NULL GROUP BY s.request_id
)
SELECT c.attempts, EXISTS (SELECT FROM request r WHERE r.id = c.request_id) AS known, a.job_id, a.lane
  FROM counted c
  LEFT JOIN LATERAL (SELECT n.job_id, n.lane FROM request_advance(ARRAY[c.request_id], :now, NULL) n ORDER BY n.lane DESC LIMIT 1) a ON true;
