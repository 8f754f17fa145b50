-- The only way to ask what holds: the row of one rule on an instant. Each is one descent of
-- policy_rule_asked by all its columns, and the version is read once a statement.
CREATE OR REPLACE FUNCTION policy_at(at timestamptz, asked_scope text, asked_parameter text)
RETURNS SETOF policy_rule
LANGUAGE sql STABLE AS $$
    SELECT r.*
      FROM policy_rule r
     WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
       AND r.scope = asked_scope AND r.parameter = asked_parameter
       AND r.valid_from <= at AND at < r.valid_till
$$;

-- The rows of several rules that hold on an instant or will later, for whoever must know until when
-- something counts.
CREATE OR REPLACE FUNCTION policy_ahead(at timestamptz, asked_scope text, asked_parameters text[])
RETURNS SETOF policy_rule
LANGUAGE sql STABLE AS $$
    SELECT r.*
      FROM policy_rule r
     WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
       AND r.scope = asked_scope AND r.parameter = ANY (asked_parameters)
       AND at < r.valid_till
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

GRANT EXECUTE ON FUNCTION policy_at, policy_ahead, rule_interval
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
