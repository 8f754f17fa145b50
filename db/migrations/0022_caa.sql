-- What was seen of the CAA records of a name (RFC 8659), and what it meant for this CA and this account.
CREATE TABLE caa_check (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL,
    name       text NOT NULL CHECK (length(name) <= 253),
    checked_at timestamptz NOT NULL,
    ttl        int NOT NULL CHECK (ttl >= 0),
    result     text NOT NULL CHECK (result IN ('permitted', 'forbidden', 'bogus', 'unheard', 'failed')),
    methods    text[] CHECK (methods IS NULL OR (result = 'permitted' AND cardinality(methods) > 0)),
    domain     text,
    detail     text CHECK ((detail IS NULL) = (result = 'permitted')),
    iodef      text[],
    evidence   jsonb NOT NULL
);
CREATE INDEX caa_check_found ON caa_check (account_id, name, checked_at DESC);
COMMENT ON TABLE caa_check IS 'Facts, never changed and never deleted (BR 5.4.3). Until when one counts is computed by policy for a scope and an instant.';
COMMENT ON COLUMN caa_check.name IS 'As it stands in the request: a wildcard has other records that count.';
COMMENT ON COLUMN caa_check.ttl IS 'Seconds, of the records that decided; 0 where there are none.';
COMMENT ON COLUMN caa_check.result IS 'unheard: a look-up failed twice, outside our house, and the zone is proven not to be signed. failed: otherwise.';
COMMENT ON COLUMN caa_check.methods IS 'Labels of RFC 8657 that the records permit validation by; NULL: by any method.';
COMMENT ON COLUMN caa_check.domain IS 'Where the records stand that decided, or the look-up that failed.';
COMMENT ON COLUMN caa_check.detail IS 'For people: why nothing can be issued.';
COMMENT ON COLUMN caa_check.iodef IS 'Whom the records ask to tell of what they forbid (RFC 8659 4.4): mailto: and https:.';

-- Who is told of what CAA records have forbidden.
CREATE TABLE caa_report (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_id      bigint NOT NULL,
    account_id    bigint NOT NULL,
    domain        text NOT NULL,
    url           text NOT NULL CHECK (length(url) <= 1024),
    day           date NOT NULL,
    state         text NOT NULL CHECK (state IN ('waiting', 'sent', 'refused', 'failed')),
    response_code int,
    reason        text,
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    UNIQUE (domain, url, day)
);
CREATE INDEX caa_report_url ON caa_report (url, created_at);
CREATE INDEX caa_report_account ON caa_report (account_id, created_at);
COMMENT ON TABLE caa_report IS 'One a day for each domain and address, whoever asks for certificates and how often: nobody has others written to as he likes.';
COMMENT ON COLUMN caa_report.account_id IS 'Whose order it was first; it is told to nobody.';

GRANT SELECT, INSERT ON caa_check TO chancery_validation;
GRANT SELECT ON caa_check TO chancery_gateway, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT SELECT (id, name, detail, checked_at) ON caa_check TO chancery_notifier;
GRANT SELECT, UPDATE (state, response_code, reason, tried_at) ON caa_report TO chancery_notifier;

INSERT INTO task_kind (kind, owner, lane) VALUES ('caa', 'ca', 'caa');

ALTER TABLE issuance ADD COLUMN caa_checks bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN issuance.caa_checks IS 'The checks of CAA records that were relied on.';

-- Last, since it waits for whoever uses the queue, and nobody uses it until this ends.
COMMENT ON COLUMN job.subject IS 'The id of what it is about: a request (issue, caa), a challenge (dcv, reuse), a delivery, an invitation (mail), a caa_report (report).';
ALTER POLICY gateway_put ON job WITH CHECK (lane IN ('issue', 'dcv', 'caa', 'mail', 'deliver'));
ALTER POLICY validation_own ON job USING ((lane IN ('dcv', 'caa', 'reuse')) IS TRUE);
ALTER POLICY validation_end ON job USING ((lane IN ('dcv', 'caa', 'reuse')) IS TRUE);
ALTER POLICY validation_bury ON job_dead WITH CHECK (lane IN ('dcv', 'caa', 'reuse'));
ALTER POLICY notifier_own ON job USING ((lane IN ('deliver', 'mail', 'report')) IS TRUE)
    WITH CHECK (lane IN ('deliver', 'mail', 'report'));
ALTER POLICY notifier_bury ON job_dead WITH CHECK (lane IN ('deliver', 'mail', 'report'));
ALTER POLICY scheduler_own ON job USING (lane NOT IN ('issue', 'dcv', 'caa', 'reuse', 'deliver', 'mail', 'report'))
    WITH CHECK (lane NOT IN ('issue', 'dcv', 'caa', 'reuse', 'deliver', 'mail', 'report'));
ALTER POLICY scheduler_bury ON job_dead WITH CHECK (lane NOT IN ('issue', 'dcv', 'caa', 'reuse', 'deliver', 'mail', 'report'));
