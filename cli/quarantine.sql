-- quarantine_add: JournalAttempt* -> QuarantineRow*
-- Of the attempts in a journal, those that this database does not know: once, however often it is read.
INSERT INTO quarantine (serial, ca_id, order_id, issuance_id, signed, tbs_sha256, found_at)
SELECT a.serial, a.ca_id, a.order_id, a.issuance_id, a.signed, a.tbs_sha256, a.now
  FROM unnest(:issuance_id, :order_id, :ca_id, :serial, :tbs_sha256, :signed, :now)
    AS a (issuance_id, order_id, ca_id, serial, tbs_sha256, signed, now)
 WHERE NOT EXISTS (SELECT FROM issuance x WHERE x.serial = a.serial AND x.ca_id = a.ca_id)
ON CONFLICT (serial, ca_id) DO NOTHING
RETURNING issuance_id, order_id, ca_id, encode(serial, 'hex') AS serial, signed;

-- quarantine_signed: IssuanceIds -> Nothing
UPDATE quarantine SET signed = true WHERE issuance_id = ANY (:ids) AND NOT signed;

-- quarantine_settle: QuarantineSettle -> JobId*
WITH settled AS (
    UPDATE quarantine SET settled_at = :now WHERE order_id = :order_id AND settled_at IS NULL
    RETURNING order_id, issuance_id, ca_id, serial
), audited AS (
    INSERT INTO audit (at, source, activity, subject, detail)
    SELECT :now, 'cli', 'quarantine settled', 'order/' || order_id,
           jsonb_build_object('ca_id', ca_id, 'serial', encode(serial, 'hex'))
      FROM settled
)
SELECT issuance_id AS id FROM settled;
