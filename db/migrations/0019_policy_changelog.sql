-- The change log of a policy is loaded and signed with it: entries, and the capabilities that have their days.
ALTER TABLE policy_document DROP CONSTRAINT policy_document_kind_check,
    ADD CONSTRAINT policy_document_kind_check CHECK (kind IN ('product', 'profile', 'capability', 'change'));
