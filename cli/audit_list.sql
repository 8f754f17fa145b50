-- audit_rows: AuditWanted -> AuditRow*
-- The newest first, by the order of the chain. What was sealed a day before it began is older than what is
-- wanted, whatever the clocks say; a subject has no index, since every order would pay for it. That a key was created
-- stands under api_key/N in rows of before.
SELECT a.id, a.at, a.activity, a.subject, a.source, a.account_id, a.user_id, a.api_key_id, a.operator, a.ip, a.detail::text AS detail
  FROM audit a
 WHERE (:subject::text IS NULL OR a.subject IN (:subject, regexp_replace(:subject, '^key/', 'api_key/')))
   AND (:since::timestamptz IS NULL OR a.at >= :since)
   AND a.xid >= coalesce((SELECT s.horizon
                            FROM audit_seal s
                           WHERE s.sealed_at < :since::timestamptz - interval '1 day'
                           ORDER BY s.id DESC
                           LIMIT 1), '0'::xid8)
 ORDER BY a.xid DESC, a.id DESC
 LIMIT :limit;
