-- key_block: KeyBlock -> BlockedKey?
-- None when it is blocked already: its first reason stays. Its audit row comes with it (audit_decision).
INSERT INTO blocked_key (spki_sha256, reason, since) VALUES (:spki_sha256, :reason, :since)
ON CONFLICT (spki_sha256) DO NOTHING
RETURNING spki_sha256, reason, since;

-- key_blocked: KeyBlock -> BlockedKey?
SELECT spki_sha256, reason, since FROM blocked_key WHERE spki_sha256 = :spki_sha256;

-- key_uses: KeyBlock -> KeyCertificate*
-- Certificates of that key that are valid on that instant, and precertificates that are neither certificates nor revoked:
-- one walk of the table, see its comment.
SELECT r.order_id, c.id AS certificate_id, NULL AS precertificate, c.not_after
  FROM request r
  JOIN certificate c ON c.request_id = r.id
 WHERE r.spki_sha256 = :spki_sha256 AND c.not_after > :since
UNION ALL
SELECT r.order_id, NULL, upper(encode(x.serial, 'hex')), x.not_after
  FROM request r
  JOIN issuance x ON x.request_id = r.id AND x.state IN ('precert_signed', 'final_reserved')
 WHERE r.spki_sha256 = :spki_sha256 AND x.not_after > :since
 ORDER BY certificate_id, precertificate;

-- keys_blocked: BlockedKeyFilter -> BlockedKey*
SELECT spki_sha256, reason, since FROM blocked_key ORDER BY since DESC, spki_sha256 LIMIT :limit;
