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

-- policy_product_document: RuleAsked -> PolicyDocument?
SELECT d.version, d.kind, d.name, d.document::text AS document
  FROM policy_active a
  JOIN policy_document d ON d.version = a.version AND d.kind = 'product'
 WHERE d.name = :id;

-- policy_profile_document: RuleAsked -> PolicyDocument?
SELECT d.version, d.kind, d.name, d.document::text AS document
  FROM policy_active a
  JOIN policy_document d ON d.version = a.version AND d.kind = 'profile'
 WHERE d.name = :id;

-- policy_logs_document: RuleAsked -> PolicyDocument?
SELECT d.version, d.kind, d.name, d.document::text AS document
  FROM policy_active a
  JOIN policy_document d ON d.version = a.version AND d.kind = 'logs'
 WHERE d.name = :id;

-- policy_changes: PolicyBetween -> PolicyChange*
-- Rules of a scope that give the same, by a check or without, follow each other.
WITH asked AS MATERIALIZED (
    SELECT DISTINCT p.scope, p.parameter
      FROM policy_active a
      JOIN policy_rule p ON p.version = a.version
     WHERE :scope::text IS NULL OR p.scope = :scope
), before AS (
    SELECT r.* FROM asked k CROSS JOIN LATERAL policy_at(:at, k.scope, k.parameter) r
), after AS (
    SELECT r.* FROM asked k CROSS JOIN LATERAL policy_at(:until, k.scope, k.parameter) r
)
SELECT coalesce(y.scope, x.scope) AS scope, coalesce(y.parameter, x.parameter) AS parameter,
       y.id, y.value, y.unit, y.level, x.id AS before_id, x.value AS before_value, x.unit AS before_unit,
       x.level AS before_level, coalesce(y.valid_from, x.valid_till) AS day, coalesce(y.statement, x.statement) AS statement
  FROM before x
  FULL JOIN after y ON y.scope = x.scope AND y.parameter = x.parameter AND y.check_name IS NOT DISTINCT FROM x.check_name
 WHERE x.id IS DISTINCT FROM y.id
 ORDER BY coalesce(y.valid_from, x.valid_till), 1, 2;

-- policy_rule_named: RuleAsked -> Rule?
SELECT r.id, r.scope, r.parameter, r.value, r.unit, r.level,
       CASE WHEN isfinite(r.valid_from) THEN r.valid_from END AS "from",
       CASE WHEN isfinite(r.valid_till) THEN r.valid_till END AS until, r.statement, r.source, r.check_name AS "check"
  FROM policy_active a
  JOIN policy_rule r ON r.version = a.version
 WHERE r.id = :id;

-- reach_validations: RuleReach -> RuleReached
SELECT p.validations AS count, p.accounts FROM proof_lost(:section, :scope, :day) p;

-- reach_certificates: RuleReach -> RuleReached
-- Of the scope's authorities, alive on the day, and longer than one may be that is issued then.
WITH signer AS MATERIALIZED (
    SELECT DISTINCT a.id
      FROM policy_active v
      JOIN policy_document d ON d.version = v.version AND d.kind = 'product' AND d.document ->> 'rule_scope' = :scope
      CROSS JOIN LATERAL json_array_elements_text(d.document -> 'authorities') k
      JOIN authority a ON a.key_label = k
), most AS MATERIALIZED (
    SELECT min(r.value::int) AS days FROM policy_at(:day, :scope, 'validity.max') r
), long AS (
    SELECT c.account_id
      FROM certificate c
     WHERE c.not_after > greatest(:day::timestamptz, :now) AND c.ca_id IN (SELECT id FROM signer)
       AND c.not_after - c.not_before >= (SELECT days FROM most) * interval '24 hours'
)
SELECT count(*), count(DISTINCT account_id) AS accounts, (SELECT days FROM most) AS limit_days FROM long;

-- reach_orders: RuleReach -> RuleReached
-- Those that wait, of the scope: few have a status but issued, and those are set apart.
WITH unsettled AS MATERIALIZED (
    SELECT DISTINCT u.order_id FROM account a CROSS JOIN LATERAL order_unsettled(a.id) u WHERE u.state <> 'issued'
), waiting AS MATERIALIZED (
    SELECT o.account_id, r.profile_option,
           coalesce((SELECT c.method FROM challenge c WHERE c.asked_by = 'request' AND c.subject = r.id), r.dcv_method) AS method
      FROM unsettled w
      JOIN orders o ON o.id = w.order_id AND o.status IN ('pending', 'needs_approval')
      JOIN request r ON r.id = o.request_id AND r.rule_scope = :scope
)
SELECT count(*), count(DISTINCT w.account_id) AS accounts
  FROM waiting w
 WHERE (cardinality(:methods::text[]) = 0 OR w.method = ANY (:methods))
   AND (:option::text IS NULL OR w.profile_option = :option);
