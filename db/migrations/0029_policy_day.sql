-- What the rules say of evidence from one day on which any of them changes to the next, in the columns in which it is
-- asked for. Each name of each request asks: by policy_at() that took a look for each rule.
CREATE TABLE policy_day (
    version             bigint NOT NULL REFERENCES policy_version ON DELETE CASCADE,
    valid_till          timestamptz NOT NULL,
    valid_from          timestamptz NOT NULL CHECK (valid_from < valid_till),
    reuse               interval,
    reuse_till          timestamptz,
    caa_window          interval,
    caa_till            timestamptz,
    caa_check           boolean NOT NULL,
    caa_unheard         boolean NOT NULL,
    scope               text NOT NULL,
    exact               text[] NOT NULL,
    sections            text[] NOT NULL,
    lives               interval[] NOT NULL,
    ends                timestamptz[] NOT NULL,
    quorum_days         timestamptz[] NOT NULL,
    quorum_remotes      int[] NOT NULL,
    quorum_regions      int[] NOT NULL,
    quorum_misses_2_5   int[] NOT NULL,
    quorum_misses_6plus int[] NOT NULL,
    quorum_exempt       text[] NOT NULL,
    PRIMARY KEY (version, scope, valid_till)
);
COMMENT ON TABLE policy_day IS 'Made of policy_rule by policy_day_make(), whenever rules are written: it says nothing of its own.';
COMMENT ON COLUMN policy_day.valid_till IS 'Exclusive; from valid_from until then no rule begins or ends that is in it.';
COMMENT ON COLUMN policy_day.reuse IS 'reuse.dcv, and reuse_till, until when that rule itself is in force.';
COMMENT ON COLUMN policy_day.caa_window IS 'caa.window, and caa_till, until when that rule itself is in force. NULL: there is none.';
COMMENT ON COLUMN policy_day.exact IS 'Sections whose rule dcv.exact is in force.';
COMMENT ON COLUMN policy_day.sections IS 'Those of which a rule dcv.method or reuse.dcv of their own is or will be in force; lives and ends are beside them.';
COMMENT ON COLUMN policy_day.lives IS 'For how long a validation counts by reuse.dcv of its section; NULL: it does not say.';
COMMENT ON COLUMN policy_day.ends IS 'Until when the rules of its section let it count, however young it is: when one in force ends, when one begins that is not yet, when it was prohibited.';
COMMENT ON COLUMN policy_day.quorum_days IS 'Of all days, since what was seen is judged by the rules of its own: on which of them rules mpic change, the first -infinity. The others are beside it.';
COMMENT ON COLUMN policy_day.quorum_remotes IS 'mpic.remotes where it is mandatory. NULL: none are demanded.';
COMMENT ON COLUMN policy_day.quorum_regions IS 'mpic.rirs.';
COMMENT ON COLUMN policy_day.quorum_misses_2_5 IS 'mpic.misses_2_5, as quorum_misses_6plus; 0 without a rule.';
COMMENT ON COLUMN policy_day.quorum_exempt IS 'mpic.exempt, with a blank before and behind each section.';
GRANT SELECT ON policy_day TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
