-- Whose turn it is, where what the last look saw knows it better than the kind of the task (request_open_task).
ALTER TABLE challenge ADD COLUMN ours text[];
COMMENT ON COLUMN challenge.ours IS 'Of what seen tells of, those identifiers that wait for this CA alone: what proves them was found, and other points of view could not be asked.';
GRANT SELECT (ours) ON challenge TO chancery_scheduler, chancery_cli;
GRANT UPDATE (ours) ON challenge TO chancery_validation;

ALTER TABLE caa_check ADD COLUMN ours boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN caa_check.ours IS 'unconfirmed for want of other points of view that say anything: nobody but this CA can mend it.';

COMMENT ON COLUMN task_kind.owner IS 'Who must do it, as long as no look has seen who is to move next: request_open_task() says that.';

-- However much a stranger's server says, and whoever writes it, a row has an end: where it is made less is kept (evidence of
-- 0024 was bounded; what follows was not). One CHECK for a table (docs/adr/0040-checks-of-busy-tables.md).
ALTER TABLE caa_check ADD CONSTRAINT caa_check_size
    CHECK (pg_column_size(evidence) <= 65536 AND pg_column_size(corroboration) <= 65536 AND pg_column_size(methods) <= 16384
           AND pg_column_size(iodef) <= 4096 AND octet_length(detail) <= 16384 AND octet_length(domain) <= 1024) NOT VALID;
ALTER TABLE caa_report ADD CONSTRAINT caa_report_size
    CHECK (octet_length(domain) <= 1024 AND octet_length(reason) <= 4096) NOT VALID;
ALTER TABLE validation ADD CONSTRAINT validation_size
    CHECK (pg_column_size(corroboration) <= 65536 AND pg_column_size(dns_names) <= 262144 AND octet_length(identifier) <= 253
           AND octet_length(method) <= 64 AND octet_length(br_method) <= 64 AND octet_length(csr_sha256) <= 32) NOT VALID;
ALTER TABLE challenge ADD CONSTRAINT challenge_size
    CHECK (pg_column_size(seen) <= 65536 AND pg_column_size(ours) <= 262144 AND octet_length(identifier) <= 253
           AND octet_length(method) <= 64 AND octet_length(rule_scope) <= 64 AND octet_length(random_value) <= 1024) NOT VALID;
ALTER TABLE delivery_attempt ADD CONSTRAINT delivery_attempt_size
    CHECK (octet_length(cause) <= 4096 AND octet_length(reason) <= 4096 AND octet_length(event_name) <= 64
           AND pg_column_size(data) <= 1048576) NOT VALID;
ALTER TABLE email_invitation ADD CONSTRAINT email_invitation_size CHECK (octet_length(reason) <= 4096) NOT VALID;
ALTER TABLE email_token ADD CONSTRAINT email_token_size CHECK (octet_length(domain) <= 253 AND octet_length(address) <= 320) NOT VALID;
ALTER TABLE job_dead ADD CONSTRAINT job_dead_size
    CHECK (octet_length(story) <= 16384 AND octet_length(lane) <= 64 AND octet_length(idem_key) <= 1024
           AND octet_length(traceparent) <= 256) NOT VALID;

-- What a demonstration is was said twice: by the ceremony of the organization, and here of all bytes of the certificate. It is
-- the organization; the trigger of db/functions/authority.sql reads it from the bytes.
ALTER TABLE authority ALTER COLUMN demonstration DROP EXPRESSION;
COMMENT ON COLUMN authority.demonstration IS 'The organization in its certificate says "do not trust": names below it need to be proved, but not to be confirmed by other points of view. Made of der by a trigger, whatever is written.';
