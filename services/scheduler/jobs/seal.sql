-- seal_plan: SealWish -> SealPlan
-- Rows at or above the oldest running transaction may still get company; those below are complete.
-- A horizon never cuts through a transaction.
WITH last AS (
    SELECT id, horizon, hash FROM audit_seal ORDER BY id DESC LIMIT 1
), bounds AS (
    SELECT coalesce((SELECT horizon FROM last), '0'::xid8) AS sealed, pg_snapshot_xmin(pg_current_snapshot()) AS safe
), first AS (
    SELECT a.xid
      FROM audit a
     WHERE a.xid >= (SELECT sealed FROM bounds) AND a.xid < (SELECT safe FROM bounds)
     ORDER BY a.xid, a.id
     LIMIT 1
), beyond AS (
    SELECT a.xid
      FROM audit a
     WHERE a.xid >= (SELECT sealed FROM bounds) AND a.xid < (SELECT safe FROM bounds)
     ORDER BY a.xid, a.id
    OFFSET :room
     LIMIT 1
), next AS (
    SELECT a.xid
      FROM audit a
     WHERE a.xid > (SELECT xid FROM beyond) AND a.xid < (SELECT safe FROM bounds)
     ORDER BY a.xid, a.id
     LIMIT 1
)
SELECT coalesce((SELECT id FROM last), 0) + 1 AS id, b.sealed::text AS from_horizon,
       coalesce(CASE WHEN y.xid > f.xid THEN y.xid ELSE (SELECT xid FROM next) END, b.safe)::text AS horizon,
       (SELECT hash FROM last) AS previous, b.safe < b.sealed AS backwards, f.xid IS NULL AS empty
  FROM bounds b
  LEFT JOIN first f ON true
  LEFT JOIN beyond y ON true;

-- seal_page: AuditPage -> AuditLine*
SELECT a.id, a.xid::text AS xid, audit_line(a) AS line
  FROM audit a
 WHERE a.xid >= :from_horizon::text::xid8 AND a.xid < :horizon::text::xid8
   AND (a.xid, a.id) > (:after_xid::text::xid8, :after_id)
 ORDER BY a.xid, a.id
 LIMIT :room;

-- seal_add: AuditSeal -> Nothing
INSERT INTO audit_seal (id, from_horizon, horizon, count, previous, hash, sealed_at)
VALUES (:id, :from_horizon::text::xid8, :horizon::text::xid8, :count, :previous, :hash, :sealed_at);

-- seal_heads: SealAfter -> AuditSeal*
SELECT id, from_horizon::text AS from_horizon, horizon::text AS horizon, count, previous, hash, sealed_at
  FROM audit_seal
 WHERE id >= :id
 ORDER BY id
 LIMIT :room;

-- heads_permit: Nothing -> HeadsPermit
SELECT NOT EXISTS (SELECT FROM audit_seal) AS first,
       (SELECT b.id FROM heads_begin b WHERE b.used_at IS NULL ORDER BY b.id LIMIT 1) AS begin_id;

-- heads_use: HeadsUse -> Nothing
UPDATE heads_begin SET used_at = :now WHERE id = :begin_id;
