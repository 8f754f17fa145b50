-- Whose session may call its entries whose: a CHECK of the table. In plpgsql, so that it is planned once.
CREATE OR REPLACE FUNCTION audit_source_fits(source text, by_role name) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN source = ANY (CASE by_role WHEN 'chancery_gateway' THEN '{api,acme,console,system}'::text[]
                                      WHEN 'chancery_cli' THEN '{cli}'
                                      WHEN 'chancery_ceremony' THEN '{cli}'
                                      WHEN 'chancery_validation' THEN '{system}'
                                      WHEN 'chancery_issuer' THEN '{system}'
                                      WHEN 'chancery_notifier' THEN '{system}'
                                      WHEN 'chancery_scheduler' THEN '{system}'
                                      ELSE '{api,acme,console,system,cli}' END);
END $$;
GRANT EXECUTE ON FUNCTION audit_source_fits
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli, chancery_ceremony;

-- The canonical text of a row, from which sealer and verifier compute.
CREATE OR REPLACE FUNCTION audit_line(a audit) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT json_build_array(a.id, a.xid::text, (extract(epoch FROM a.at) * 1000000)::bigint, a.account_id, a.user_id,
                            a.api_key_id, a.source, a.ip, a.activity, a.subject, a.detail, a.by_role, a.operator)::text
$$;
GRANT EXECUTE ON FUNCTION audit_line TO chancery_scheduler;

-- Rows that decide write their own audit row: no role can write the one without the other. Its arguments
-- stand below; `detail` says what was decided on, by hash where it is long.
CREATE OR REPLACE FUNCTION audit_decision() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    now_row jsonb := to_jsonb(NEW);
    source text := CASE session_user WHEN 'chancery_cli' THEN 'cli' WHEN 'chancery_ceremony' THEN 'cli'
                                     WHEN 'chancery_gateway' THEN 'api' ELSE 'system' END;
BEGIN
    INSERT INTO public.audit (at, account_id, source, activity, subject, detail)
    VALUES ((now_row ->> TG_ARGV[1])::timestamptz, (now_row ->> 'account_id')::bigint, source,
            TG_ARGV[0], coalesce(TG_ARGV[3], TG_TABLE_NAME) || coalesce('/' || (now_row ->> TG_ARGV[2]), ''),
            (SELECT jsonb_object_agg(k.key, CASE WHEN k.key IN ('evidence', 'corroboration', 'der', 'key_hash', 'signature')
                                                 THEN to_jsonb(encode(sha256(CASE WHEN starts_with(k.value #>> '{}', '\x') THEN (k.value #>> '{}')::bytea
                                                                             ELSE convert_to(k.value #>> '{}', 'UTF8') END), 'hex'))
                                                 ELSE k.value END)
               FROM jsonb_each(now_row) k
              WHERE k.value <> 'null' AND k.key NOT IN ('id', 'account_id', 'created_at', 'last_used_at')));
    RETURN NULL;
END $$;

-- What happened, the column that says when, the column that says to what, and what that is called where it is not
-- the table's name.
CREATE OR REPLACE TRIGGER policy_version_audit AFTER INSERT ON policy_version
    FOR EACH ROW EXECUTE FUNCTION audit_decision('policy loaded', 'loaded_at', 'id');
CREATE OR REPLACE TRIGGER policy_active_audit AFTER INSERT OR UPDATE ON policy_active
    FOR EACH ROW EXECUTE FUNCTION audit_decision('policy activated', 'activated_at', 'version');
CREATE OR REPLACE TRIGGER authority_enter_audit AFTER INSERT ON authority
    FOR EACH ROW EXECUTE FUNCTION audit_decision('authority entered', 'created_at', 'id');
CREATE OR REPLACE TRIGGER authority_change_audit AFTER UPDATE ON authority
    FOR EACH ROW EXECUTE FUNCTION audit_decision('authority changed', 'changed_at', 'id');
CREATE OR REPLACE TRIGGER blocked_key_audit AFTER INSERT ON blocked_key
    FOR EACH ROW EXECUTE FUNCTION audit_decision('key blocked', 'since', 'spki_sha256');
CREATE OR REPLACE TRIGGER validation_audit AFTER INSERT ON validation
    FOR EACH ROW EXECUTE FUNCTION audit_decision('domain validated', 'completed_at', 'id');
CREATE OR REPLACE TRIGGER caa_check_audit AFTER INSERT ON caa_check
    FOR EACH ROW EXECUTE FUNCTION audit_decision('caa checked', 'checked_at', 'id');
CREATE OR REPLACE TRIGGER quarantine_enter_audit AFTER INSERT ON quarantine
    FOR EACH ROW EXECUTE FUNCTION audit_decision('quarantined', 'found_at', 'serial');
CREATE OR REPLACE TRIGGER quarantine_settle_audit AFTER UPDATE ON quarantine
    FOR EACH ROW EXECUTE FUNCTION audit_decision('quarantine changed', 'changed_at', 'serial');
CREATE OR REPLACE TRIGGER heads_begin_audit AFTER INSERT ON heads_begin
    FOR EACH ROW EXECUTE FUNCTION audit_decision('audit heads begin anew', 'created_at', 'seal_id');
CREATE OR REPLACE TRIGGER api_key_audit AFTER INSERT ON api_key
    FOR EACH ROW EXECUTE FUNCTION audit_decision('API key created', 'created_at', 'id', 'key');

-- What a key may do, or whether it works, changes with the row that says so, and who did it, in the same
-- transaction, or not at all. An administrator of the database is his own witness.
-- It runs when the statement is over, and sees its rows.
CREATE OR REPLACE FUNCTION audit_key_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    same_role boolean := NEW.restricted_to_role_id = OLD.restricted_to_role_id;
    same_status boolean := NEW.status = OLD.status;
BEGIN
    IF NOT EXISTS (SELECT FROM public.audit a
                    WHERE a.xid = pg_current_xact_id() AND a.account_id = NEW.account_id
                      AND ((a.activity = 'API key changed' AND a.subject = 'key/' || NEW.id
                            AND (same_role OR a.detail ->> 'role_id' = NEW.restricted_to_role_id::text)
                            AND (same_status OR a.detail ->> 'status' = NEW.status))
                           OR (a.activity = 'user deleted' AND a.subject = 'user/' || NEW.user_id
                               AND same_role AND NEW.status = 'revoked' AND a.detail -> 'keys' @> to_jsonb(NEW.id)))) THEN
        RAISE insufficient_privilege USING MESSAGE = 'a key changes without its audit row';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER api_key_change_audit AFTER UPDATE OF restricted_to_role_id, status ON api_key
    FOR EACH ROW WHEN (session_user IN ('chancery_gateway', 'chancery_cli')
                       AND (NEW.restricted_to_role_id <> OLD.restricted_to_role_id OR NEW.status <> OLD.status))
    EXECUTE FUNCTION audit_key_change();
