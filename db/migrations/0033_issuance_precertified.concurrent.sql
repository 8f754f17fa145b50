-- Attempts whose precertificate binds and whose certificate is not there yet: the calendar looks for those of which it never will.
CREATE INDEX CONCURRENTLY issuance_precertified ON issuance (id) WHERE state IN ('precert_signed', 'final_reserved');
