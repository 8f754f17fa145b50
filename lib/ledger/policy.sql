-- roles: gateway validation issuer notifier scheduler cli

-- policy_current: Nothing -> PolicyVersion?
SELECT v.id AS version, v.loaded_at, encode(v.sha256, 'hex') AS sha256
  FROM policy_active a
  JOIN policy_version v ON v.id = a.version;

-- policy_documents: PolicyVersion -> PolicyDocument*
SELECT version, kind, name, document::text AS document, sha256
  FROM policy_document
 WHERE version = :version
 ORDER BY kind COLLATE "C", name COLLATE "C";

-- policy_rule_at: PolicyAt -> Rule*
SELECT id, scope, parameter, value, unit, level,
       CASE WHEN isfinite(valid_from) THEN valid_from END AS "from", CASE WHEN isfinite(valid_till) THEN valid_till END AS until,
       statement, source, check_name AS "check"
  FROM policy_at(:at, :scope, :parameter);

-- policy_seal: PolicyVersion -> PolicySeal?
SELECT sha256, signature FROM policy_version WHERE id = :version;

-- policy_rules: PolicyVersion -> Rule*
SELECT id, scope, parameter, value, unit, level,
       CASE WHEN isfinite(valid_from) THEN valid_from END AS "from", CASE WHEN isfinite(valid_till) THEN valid_till END AS until,
       statement, source, check_name AS "check"
  FROM policy_rule
 WHERE version = :version
 ORDER BY id COLLATE "C";
