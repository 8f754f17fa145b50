-- What a look has seen. However much a stranger's server says, a row has an end, whoever writes it.
ALTER TABLE validation
    ADD COLUMN dns_names text[],
    ADD CONSTRAINT validation_evidence_size CHECK (pg_column_size(evidence) <= 65536) NOT VALID;
COMMENT ON COLUMN validation.dns_names IS 'The names that it was looked for, as they stand in the request; they lie within the identifier. NULL: stored by a release of before.';
ALTER TABLE challenge
    ADD COLUMN looked jsonb,
    ADD CONSTRAINT challenge_looked_size CHECK (pg_column_size(looked) <= 65536) NOT VALID;
COMMENT ON COLUMN challenge.looked IS 'By identifier, what the last looks that did not find it have seen: lists of DcvProof. Kept when all is proved at last.';
GRANT UPDATE (looked) ON challenge TO chancery_validation;

-- chancery why: the story of an order. No secret is in it: not the random value, nor the hash that would be the
-- key of an approval.
GRANT SELECT (looked) ON challenge TO chancery_cli;
GRANT SELECT (id, challenge_id, domain, address, state, response_code, reason, created_at, tried_at, next_at) ON email_invitation TO chancery_cli;
GRANT SELECT (challenge_id, address, created_at, expires_at, used_at, unsent) ON email_token TO chancery_cli;
GRANT SELECT (id, account_id, name, order_id, certificate_id, at, xid) ON event TO chancery_cli;
GRANT SELECT (event_id) ON delivery TO chancery_cli;
GRANT SELECT (ca_id, serial, reason, issuance_id, revoked_at) ON revocation TO chancery_cli;
