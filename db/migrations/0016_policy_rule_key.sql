-- A rule is asked for by version, scope and parameter, and policy_rule_asked has them. A key that began with
-- the version as well seemed as good to the planner, who then walked all rules of the version.
ALTER TABLE policy_rule DROP CONSTRAINT policy_rule_pkey;
ALTER TABLE policy_rule ADD PRIMARY KEY (id, version);
