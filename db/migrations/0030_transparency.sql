-- Certificate Transparency (RFC 6962): precertificates, and what logs have promised of them.
CREATE TABLE precertificate (
    id         bigint PRIMARY KEY,
    request_id bigint NOT NULL,
    account_id bigint NOT NULL,
    ca_id      text NOT NULL,
    serial     bytea NOT NULL,
    der        bytea NOT NULL,
    signed_at  timestamptz NOT NULL,
    complete_before timestamptz NOT NULL,
    logged_at  timestamptz,
    refused_at timestamptz,
    looked     jsonb
);
CREATE INDEX precertificate_open ON precertificate (request_id) WHERE logged_at IS NULL;
COMMENT ON TABLE precertificate IS 'What binds as the certificate itself does (BR 7.1.2.9, RFC 6962 3.1): its serial is assigned, for OCSP and CRLs, whether or not the certificate follows.';
COMMENT ON COLUMN precertificate.id IS 'Of the attempt, and of the certificate.';
COMMENT ON COLUMN precertificate.complete_before IS 'From then on no certificate may be made of it (BR 7.1.2.7): it is given up.';
COMMENT ON COLUMN precertificate.logged_at IS 'When validation had as many timestamps as the rules of that day ask for. The issuer does not take its word: it verifies each.';
COMMENT ON COLUMN precertificate.refused_at IS 'When the issuer has last found that they are not enough after all: for a minute no log is asked again.';
COMMENT ON COLUMN precertificate.looked IS 'What the logs that were asked last and have not promised said: [{"log_id", "log", "operator", "at", "detail"}].';

CREATE TABLE sct (
    issuance_id bigint NOT NULL,
    log_id      bytea NOT NULL CHECK (length(log_id) = 32),
    at          timestamptz NOT NULL,
    sct         bytea NOT NULL CHECK (length(sct) BETWEEN 47 AND 1024),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (issuance_id, log_id)
);
COMMENT ON TABLE sct IS 'Signed certificate timestamps of precertificates; a fact each. What turns out to be none is deleted by the issuer.';
COMMENT ON COLUMN sct.sct IS 'SignedCertificateTimestamp as it is serialized in the certificate (RFC 6962 3.2).';
COMMENT ON COLUMN sct.at IS 'As the log says it.';

INSERT INTO task_kind (kind, owner, lane) VALUES ('transparency', 'ca', 'ct');

GRANT SELECT, INSERT ON precertificate TO chancery_issuer;
GRANT UPDATE (logged_at) ON precertificate TO chancery_issuer, chancery_validation;
GRANT UPDATE (refused_at) ON precertificate TO chancery_issuer;
GRANT UPDATE (looked) ON precertificate TO chancery_validation;
GRANT SELECT ON precertificate TO chancery_gateway, chancery_validation, chancery_scheduler, chancery_cli;
GRANT SELECT, INSERT ON sct TO chancery_validation;
GRANT SELECT (der, parent_id) ON authority TO chancery_validation;
GRANT SELECT, DELETE ON sct TO chancery_issuer;
GRANT SELECT ON sct TO chancery_gateway, chancery_cli;
GRANT SELECT (id, request_id, state) ON issuance TO chancery_validation;

-- Behind all that waits for nobody, since it waits for whoever uses orders, and nobody uses them until this ends.
ALTER TABLE orders ADD COLUMN disable_ct boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN orders.disable_ct IS 'Its certificates go to no log, and browsers that ask for it will refuse them.';
GRANT SELECT (disable_ct) ON orders TO chancery_issuer;

-- Gateways of before say it in the options only, and they place orders before the functions are loaded: the trigger is
-- there with the column. It stands in db/functions/order.sql from then on.
CREATE FUNCTION order_unlogged() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.disable_ct := NEW.disable_ct OR coalesce((NEW.options ->> 'disable_ct')::boolean, false);
    RETURN NEW;
END $$;
CREATE TRIGGER orders_unlogged BEFORE INSERT ON orders
    FOR EACH ROW WHEN (NEW.options ? 'disable_ct') EXECUTE FUNCTION order_unlogged();

-- After orders, as whoever reads both does.
ALTER TABLE policy_document DROP CONSTRAINT policy_document_kind_check,
    ADD CONSTRAINT policy_document_kind_check CHECK (kind IN ('product', 'profile', 'capability', 'change', 'logs'));
