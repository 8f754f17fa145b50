-- roles: gateway validation issuer notifier scheduler cli

-- policy_current: Nothing -> PolicyVersion?
SELECT v.id AS version, v.loaded_at, encode(v.sha256, 'hex') AS sha256
  FROM policy_active a
  JOIN policy_version v ON v.id = a.version;

-- policy_documents: PolicyVersion -> PolicyDocument*
SELECT d.version, d.kind, d.name, d.document::text AS document, d.sha256, first.since
  FROM policy_document d
  JOIN (SELECT e.kind, e.name, min(v.loaded_at) AS since
          FROM policy_document e
          JOIN policy_version v ON v.id = e.version
         GROUP BY e.kind, e.name) AS first USING (kind, name)
 WHERE d.version = :version
 ORDER BY d.kind COLLATE "C", d.name COLLATE "C";

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
