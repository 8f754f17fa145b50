-- signer_rules: PolicyAt -> Rule*
-- The rules in force that a check applies, of all scopes.
SELECT r.id, r.scope, r.parameter, r.value, r.unit, r.level, r.statement, r.source, r.check_name AS "check"
  FROM policy_active a
  JOIN policy_rule r ON r.version = a.version
 WHERE a.one AND r.check_name IS NOT NULL AND r.valid_from <= :at AND :at < r.valid_till;
