-- audit_verify_seals: SealAfter -> AuditSeal*
SELECT id, from_horizon::text AS from_horizon, horizon::text AS horizon, count, previous, hash, sealed_at
  FROM audit_seal
 WHERE id > :id
 ORDER BY id
 LIMIT :room;

-- audit_verify_page: AuditPage -> AuditLine*
-- The text is written out here: who could change audit_line() would deceive its callers.
SELECT a.id, a.xid::text AS xid,
       json_build_array(a.id, a.xid::text, (extract(epoch FROM a.at) * 1000000)::bigint, a.account_id, a.user_id,
                        a.api_key_id, a.source, a.ip, a.activity, a.subject, a.detail, a.by_role, a.operator)::text AS line
  FROM audit a
 WHERE a.xid >= :from_horizon::text::xid8 AND a.xid < :horizon::text::xid8
   AND (a.xid, a.id) > (:after_xid::text::xid8, :after_id)
 ORDER BY a.xid, a.id
 LIMIT :room;

-- audit_verify_tail: AuditHorizon -> UnsealedTail
SELECT count(*) AS count, min(at) AS oldest FROM audit WHERE xid >= :horizon::text::xid8;

-- heads_begin: HeadsBegin -> HeadsBegun?
-- None before the first seal. The audit row is the table's own.
INSERT INTO heads_begin (seal_id, created_at)
SELECT s.id, :now FROM audit_seal s ORDER BY s.id DESC LIMIT 1
RETURNING seal_id;
