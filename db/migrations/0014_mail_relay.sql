-- Whether mails are sent is known to the notifier alone, and whoever orders has to be told before.
CREATE TABLE mail_relay (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    is_there boolean NOT NULL,
    said_at  timestamptz NOT NULL
);
COMMENT ON TABLE mail_relay IS 'Whether the notifier that was started last has a relay for mails. No row: none has said so yet.';

ALTER TABLE email_invitation ADD COLUMN put_off_until timestamptz;
COMMENT ON COLUMN email_invitation.put_off_until IS 'Its mail does not go before: its address or its account has had as many as policy lets it have.';

GRANT SELECT ON mail_relay TO chancery_gateway, chancery_notifier, chancery_cli;
GRANT INSERT, UPDATE (is_there, said_at) ON mail_relay TO chancery_notifier;
GRANT SELECT (put_off_until) ON email_invitation TO chancery_gateway;
