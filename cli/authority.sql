-- authority_stop: AuthorityChange -> AuthorityRow?
-- None when there is no such authority that signs. Its audit row comes with it (audit_decision).
UPDATE authority SET may_sign = false, stopped_at = :now, changed_at = :now WHERE id = :id AND may_sign
RETURNING id, name, key_type, public, may_sign;

-- authority_start: AuthorityChange -> AuthorityRow?
-- Only one that was stopped: a root signs no leaf, whatever is asked.
UPDATE authority SET may_sign = true, stopped_at = NULL, changed_at = :now WHERE id = :id AND NOT may_sign AND stopped_at IS NOT NULL
RETURNING id, name, key_type, public, may_sign;

-- authority_rows: Nothing -> AuthorityRow*
SELECT id, name, key_type, public, may_sign, stopped_at FROM authority ORDER BY created_at, id;
