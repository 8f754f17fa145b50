-- Attempts that came to nothing: there are few, and issuance_one has the others.
CREATE INDEX CONCURRENTLY issuance_given_up ON issuance (request_id) WHERE state IN ('ghost', 'abandoned');
