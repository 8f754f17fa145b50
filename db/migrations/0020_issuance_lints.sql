-- What was found where the bytes of an attempt were linted. Which lints those were is known from its profile, its
-- policy version and the program. An attempt that a lint refuses is none: its job is given up and says which.
ALTER TABLE issuance ADD COLUMN lints smallint, ADD COLUMN lint_warnings text[];
COMMENT ON COLUMN issuance.lints IS 'How many lints were run on its bytes and hold; NULL: attempts of before.';
COMMENT ON COLUMN issuance.lint_warnings IS 'What is recommended and does not hold, by name; NULL: nothing.';

-- The certificates of authorities are linted before they are signed, by the policy in force.
GRANT SELECT ON policy_version, policy_rule, policy_document, policy_active TO chancery_ceremony;
