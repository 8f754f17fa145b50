-- roles: gateway validation issuer notifier scheduler

-- write_probe: WriteProbe -> Nothing
-- Is rolled back.
INSERT INTO write_probe (filler) VALUES (:filler);
