-- policy_activate: PolicyLoad -> PolicyVersion?
-- The version of this hash by this key, if it was ever loaded, is in force from now on: after a change of
-- keys the same rules are a version of their own. Who writes these rows has
-- written their audit rows, too (audit_decision).
WITH known AS (
    SELECT id, loaded_at, sha256 FROM policy_version WHERE sha256 = :sha256 AND signature = :signature
), active AS (
    INSERT INTO policy_active AS a (one, version, activated_at)
    SELECT true, id, :now FROM known
    ON CONFLICT (one) DO UPDATE SET version = excluded.version, activated_at = excluded.activated_at
     WHERE a.version <> excluded.version
)
SELECT id AS version, loaded_at, encode(sha256, 'hex') AS sha256 FROM known;

-- policy_begin: PolicyLoad -> PolicyVersion
INSERT INTO policy_version (sha256, signature, loaded_at) VALUES (:sha256, :signature, :now)
RETURNING id AS version, loaded_at, encode(sha256, 'hex') AS sha256;

-- policy_fill: PolicyLoad -> Nothing
-- In the transaction of policy_begin: afterwards nothing is added to a version.
WITH ruled AS (
    INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source,
                             check_name)
    SELECT :version, r.id, r.scope, r.parameter, r.value, r.unit, r.level, coalesce(r.valid_from, '-infinity'),
           coalesce(r.valid_till, 'infinity'), r.statement, r.source, r.check_name
      FROM unnest(:rules.id, :rules.scope, :rules.parameter, :rules.value, :rules.unit, :rules.level, :rules.from,
                  :rules.until, :rules.statement, :rules.source, :rules.check)
        AS r (id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source, check_name)
)
INSERT INTO policy_document (version, kind, name, document, sha256)
SELECT :version, d.kind, d.name, d.document::json, d.sha256
  FROM unnest(:documents.kind, :documents.name, :documents.document, :documents.sha256)
    AS d (kind, name, document, sha256);

-- policy_in_force: PolicyAt -> Rule*
-- Each parameter of the active version, asked for the instant.
SELECT r.id, r.scope, r.parameter, r.value, r.unit, r.level,
       CASE WHEN isfinite(r.valid_from) THEN r.valid_from END AS "from",
       CASE WHEN isfinite(r.valid_till) THEN r.valid_till END AS until, r.statement, r.source, r.check_name AS "check"
  FROM (SELECT DISTINCT p.scope, p.parameter
          FROM policy_active a
          JOIN policy_rule p ON p.version = a.version
         WHERE :scope::text IS NULL OR p.scope = :scope) AS asked
  CROSS JOIN LATERAL policy_at(:at, asked.scope, asked.parameter) r
 ORDER BY r.scope, r.parameter, r.id;
