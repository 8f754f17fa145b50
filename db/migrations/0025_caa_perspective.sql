-- What other points of view said of the CAA records of a name (BR 3.2.2.9, 5.4.1). The three counts are made of it by
-- the owner's trigger, whatever is written into them; rows from before have none, and were confirmed by nobody.
ALTER TABLE caa_check
    ADD COLUMN corroboration jsonb,
    ADD COLUMN remotes smallint NOT NULL DEFAULT 0,
    ADD COLUMN agreed smallint NOT NULL DEFAULT 0,
    ADD COLUMN regions smallint NOT NULL DEFAULT 0,
    DROP CONSTRAINT caa_check_result_check,
    ADD CONSTRAINT caa_check_result_check
        CHECK (result IN ('permitted', 'unconfirmed', 'forbidden', 'bogus', 'unheard', 'failed')) NOT VALID;
COMMENT ON COLUMN caa_check.result IS 'unconfirmed: too few other points of view find that it is permitted. unheard: a look-up failed twice, outside our house, and the zone is proven not to be signed. failed: otherwise.';
COMMENT ON COLUMN caa_check.corroboration IS 'The message Corroboration: which remote perspectives were asked, and what each saw. NULL: nobody was asked.';
COMMENT ON COLUMN caa_check.remotes IS 'Of corroboration, by validation_count(): how many different perspectives were asked beside the primary.';
COMMENT ON COLUMN caa_check.agreed IS 'How many of these find that a certificate may be issued.';
COMMENT ON COLUMN caa_check.regions IS 'In how many different RIR service regions those are.';
