-- What other points of view saw when a name was proved (BR 3.2.2.9, 5.4.1). The three counts are made of it by the
-- owner's trigger, whatever is written into them; rows from before have none, and were confirmed by nobody.
ALTER TABLE validation ADD COLUMN corroboration jsonb,
                       ADD COLUMN remotes smallint NOT NULL DEFAULT 0,
                       ADD COLUMN agreed smallint NOT NULL DEFAULT 0,
                       ADD COLUMN regions smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN validation.corroboration IS 'The message Corroboration: which remote perspectives were asked, and what each saw. NULL: nobody was asked.';
COMMENT ON COLUMN validation.remotes IS 'Of corroboration, by validation_count(): how many different perspectives were asked beside the primary.';
COMMENT ON COLUMN validation.agreed IS 'How many of these agreed.';
COMMENT ON COLUMN validation.regions IS 'In how many different RIR service regions those are.';

-- Whoever relies on a certificate can read that nobody should. Nothing else makes a demonstration of an authority,
-- and nothing takes it away: these are its own bytes (docs/adr/0058-a-demonstration-says-so-in-its-certificate.md).
ALTER TABLE authority ADD COLUMN demonstration boolean NOT NULL
    GENERATED ALWAYS AS (position('do not trust' IN lower(encode(der, 'escape'))) > 0) STORED;
COMMENT ON COLUMN authority.demonstration IS 'Its certificate says "do not trust": names below it need to be proved, but not to be confirmed by other points of view.';
GRANT SELECT (demonstration) ON authority TO chancery_validation, chancery_scheduler;
