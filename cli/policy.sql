-- policy_activate: PolicyLoad -> PolicyVersion?
-- The version of this hash, if it was ever loaded, is in force from now on.
WITH known AS (
    SELECT id, loaded_at, sha256 FROM policy_version WHERE sha256 = :sha256
), active AS (
    INSERT INTO policy_active AS a (one, version)
    SELECT true, id FROM known
    ON CONFLICT (one) DO UPDATE SET version = excluded.version WHERE a.version <> excluded.version
    RETURNING version
), audited AS (
    INSERT INTO audit (at, source, activity, subject)
    SELECT :now, 'cli', 'policy activated', 'policy/' || version FROM active
)
SELECT id AS version, loaded_at, encode(sha256, 'hex') AS sha256 FROM known;

-- policy_load: PolicyLoad -> PolicyVersion
WITH loaded AS (
    INSERT INTO policy_version (sha256, loaded_at) VALUES (:sha256, :now)
    RETURNING id, loaded_at, sha256
), ruled AS (
    INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source,
                             check_name)
    SELECT l.id, r.id, r.scope, r.parameter, r.value, r.unit, r.level, coalesce(r.valid_from, '-infinity'),
           coalesce(r.valid_till, 'infinity'), r.statement, r.source, r.check_name
      FROM loaded l
      CROSS JOIN unnest(:rules.id, :rules.scope, :rules.parameter, :rules.value, :rules.unit, :rules.level, :rules.from,
                        :rules.until, :rules.statement, :rules.source, :rules.check)
        AS r (id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source, check_name)
), sold AS (
    INSERT INTO policy_document (version, kind, name, document, sha256)
    SELECT l.id, 'product', d.name, d.document::jsonb, d.sha256
      FROM loaded l
      CROSS JOIN unnest(:products.name, :products.document, :products.sha256) AS d (name, document, sha256)
), shaped AS (
    INSERT INTO policy_document (version, kind, name, document, sha256)
    SELECT l.id, 'profile', d.name, d.document::jsonb, d.sha256
      FROM loaded l
      CROSS JOIN unnest(:profiles.name, :profiles.document, :profiles.sha256) AS d (name, document, sha256)
), active AS (
    INSERT INTO policy_active AS a (one, version)
    SELECT true, id FROM loaded
    ON CONFLICT (one) DO UPDATE SET version = excluded.version
), audited AS (
    INSERT INTO audit (at, source, activity, subject, detail)
    SELECT :now, 'cli', 'policy loaded', 'policy/' || id, jsonb_build_object('sha256', encode(sha256, 'hex')) FROM loaded
)
SELECT id AS version, loaded_at, encode(sha256, 'hex') AS sha256 FROM loaded;

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
