-- The only way to ask what holds: the row of one rule on an instant. Each is one descent of
-- policy_rule_asked by all its columns, and the version is read once a statement. (Of evidence the answers to all its
-- questions stand in one row: policy_day_at().)
DROP FUNCTION IF EXISTS policy_ahead(timestamptz, text, text[]); -- of before 0029
CREATE OR REPLACE FUNCTION policy_at(at timestamptz, asked_scope text, asked_parameter text)
RETURNS SETOF policy_rule
LANGUAGE sql STABLE AS $$
    SELECT r.*
      FROM policy_rule r
     WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
       AND r.scope = asked_scope AND r.parameter = asked_parameter
       AND r.valid_from <= at AND at < r.valid_till
$$;

-- A length of time that a rule gives. Units: d (of 24 hours), h, min, s.
CREATE OR REPLACE FUNCTION rule_interval(value text, unit text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT value::int * CASE unit WHEN 'd' THEN interval '24 hours'
                                  WHEN 'h' THEN interval '1 hour'
                                  WHEN 'min' THEN interval '1 minute'
                                  WHEN 's' THEN interval '1 second' END
$$;

-- "5/1h 20/1d": 5 within any hour, and 20 within any day.
CREATE OR REPLACE FUNCTION rule_rates(value text) RETURNS TABLE (most int, during interval)
LANGUAGE sql STABLE AS $$
    SELECT split_part(r, '/', 1)::int, split_part(r, '/', 2)::interval FROM unnest(string_to_array(value, ' ')) AS r
$$;

-- A version is whole when it becomes visible, and stays what it was then.
CREATE OR REPLACE FUNCTION policy_is_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.policy_version v WHERE v.id = NEW.version AND v.xid = pg_current_xact_id()) THEN
        RAISE insufficient_privilege USING MESSAGE = format('policy version %s is whole', NEW.version);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER policy_rule_whole BEFORE INSERT OR UPDATE ON policy_rule
    FOR EACH ROW EXECUTE FUNCTION policy_is_whole();
CREATE OR REPLACE TRIGGER policy_document_whole BEFORE INSERT OR UPDATE ON policy_document
    FOR EACH ROW EXECUTE FUNCTION policy_is_whole();

-- What policy_day has of some versions, made anew: one row for each stretch of days on which nothing changes, of each
-- scope. Each column is what policy_at() gives on each of these days.
CREATE OR REPLACE FUNCTION policy_day_make(of_versions bigint[]) RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM policy_day d WHERE d.version = ANY (of_versions);
    WITH rule AS MATERIALIZED (
        SELECT r.version, r.scope, r.parameter, r.value, r.unit, r.level, r.valid_from, r.valid_till, r.parameter LIKE 'mpic.%' AS quorum,
               substring(r.parameter FROM '^(?:dcv\.method|reuse\.dcv)\.(.+)') AS section
          FROM policy_rule r
         WHERE r.version = ANY (of_versions)
           AND r.parameter ~ '^(reuse\.dcv(\..*)?|dcv\.(method|exact)\..*|mpic\..*|caa\.(check|window|unheard))$'
    ), day AS MATERIALIZED (
        SELECT r.version, r.scope, d.day, bool_or(r.quorum OR d.day = '-infinity') AS quorum
          FROM rule r
          CROSS JOIN LATERAL (VALUES ('-infinity'), (r.valid_from), (r.valid_till)) d (day)
         WHERE d.day < 'infinity'
         GROUP BY r.version, r.scope, d.day
    ), quorum AS (
        SELECT d.version, d.scope, array_agg(d.day ORDER BY d.day) AS days, array_agg(o.remotes ORDER BY d.day) AS remotes,
               array_agg(o.regions ORDER BY d.day) AS regions, array_agg(coalesce(o.misses_2_5, 0) ORDER BY d.day) AS misses_2_5,
               array_agg(coalesce(o.misses_6plus, 0) ORDER BY d.day) AS misses_6plus,
               array_agg(coalesce(' ' || o.exempt || ' ', '') ORDER BY d.day) AS exempt
          FROM day d
          CROSS JOIN LATERAL
               (SELECT max(r.value::int) FILTER (WHERE r.parameter = 'mpic.remotes' AND r.level = 'M') AS remotes,
                       max(r.value::int) FILTER (WHERE r.parameter = 'mpic.rirs') AS regions,
                       min(r.value::int) FILTER (WHERE r.parameter = 'mpic.misses_2_5') AS misses_2_5,
                       min(r.value::int) FILTER (WHERE r.parameter = 'mpic.misses_6plus') AS misses_6plus,
                       min(r.value) FILTER (WHERE r.parameter = 'mpic.exempt') AS exempt
                  FROM rule r
                 WHERE r.version = d.version AND r.scope = d.scope AND r.valid_from <= d.day AND d.day < r.valid_till) o
         WHERE d.quorum
         GROUP BY d.version, d.scope
    ), made AS (
        INSERT INTO policy_day (version, scope, valid_from, valid_till, reuse, reuse_till, caa_check, caa_unheard, caa_window, caa_till,
                                exact, sections, lives, ends, quorum_days, quorum_remotes, quorum_regions, quorum_misses_2_5,
                                quorum_misses_6plus, quorum_exempt)
        SELECT s.version, s.scope, s.day, s.until, o.reuse, o.reuse_till, o.caa_check, o.caa_unheard, o.caa_window, o.caa_till,
               coalesce(o.exact, '{}'), coalesce(m.sections, '{}'), coalesce(m.lives, '{}'), coalesce(m.ends, '{}'),
               q.days, q.remotes, q.regions, q.misses_2_5, q.misses_6plus, q.exempt
          FROM (SELECT d.*, lead(d.day, 1, 'infinity') OVER (PARTITION BY d.version, d.scope ORDER BY d.day) AS until FROM day d) s
          JOIN quorum q ON q.version = s.version AND q.scope = s.scope
          CROSS JOIN LATERAL
               (SELECT min(rule_interval(r.value, r.unit)) FILTER (WHERE r.parameter = 'reuse.dcv') AS reuse,
                       min(r.valid_till) FILTER (WHERE r.parameter = 'reuse.dcv') AS reuse_till,
                       count(*) FILTER (WHERE r.parameter = 'caa.check') > 0 AS caa_check,
                       count(*) FILTER (WHERE r.parameter = 'caa.unheard') > 0 AS caa_unheard,
                       min(rule_interval(r.value, r.unit)) FILTER (WHERE r.parameter = 'caa.window') AS caa_window,
                       min(r.valid_till) FILTER (WHERE r.parameter = 'caa.window') AS caa_till,
                       array_agg(substr(r.parameter, 11)) FILTER (WHERE r.parameter LIKE 'dcv.exact.%') AS exact
                  FROM rule r
                 WHERE r.version = s.version AND r.scope = s.scope AND r.valid_from <= s.day AND s.day < r.valid_till) o
          CROSS JOIN LATERAL
               (SELECT array_agg(x.section ORDER BY x.section) AS sections, array_agg(x.life ORDER BY x.section) AS lives,
                       array_agg(x.until ORDER BY x.section) AS ends
                  FROM (SELECT r.section,
                               min(CASE WHEN r.level <> 'X' AND r.valid_from <= s.day THEN rule_interval(r.value, r.unit) END) AS life,
                               min(CASE WHEN r.level <> 'X' AND r.valid_from <= s.day THEN r.valid_till ELSE r.valid_from END) AS until
                          FROM rule r
                         WHERE r.version = s.version AND r.scope = s.scope AND s.day < r.valid_till AND r.section IS NOT NULL
                         GROUP BY r.section) x) m
        RETURNING version
    )
    SELECT count(*) FROM made
$$;

CREATE OR REPLACE FUNCTION policy_day_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM policy_day_make(ARRAY(SELECT DISTINCT r.version FROM written r));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER policy_day_insert AFTER INSERT ON policy_rule
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION policy_day_told();
CREATE OR REPLACE TRIGGER policy_day_update AFTER UPDATE ON policy_rule
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION policy_day_told();
CREATE OR REPLACE TRIGGER policy_day_delete AFTER DELETE ON policy_rule
    REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION policy_day_told();

-- Those from before. A migration that gives it a column, or this file another meaning, empties it.
SELECT policy_day_make(ARRAY(SELECT v.id FROM policy_version v WHERE NOT EXISTS (SELECT FROM policy_day d WHERE d.version = v.id)));

-- What the rules say of evidence on an instant: one descent of its key to the first stretch that ends later.
CREATE OR REPLACE FUNCTION policy_day_at(at timestamptz, asked_scope text) RETURNS SETOF policy_day
LANGUAGE sql STABLE AS $$
    SELECT d.*
      FROM policy_day d
     WHERE d.version = (SELECT a.version FROM policy_active a WHERE a.one)
       AND d.scope = asked_scope AND at < d.valid_till AND d.valid_from <= at
$$;

GRANT EXECUTE ON FUNCTION policy_at, rule_interval
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION policy_day_at TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
