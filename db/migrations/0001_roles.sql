-- One role a service, created without a password: `chancery migrate` sets those it is given. The ceremony
-- has one of its own: no running service may enter an authority. Roles belong to the cluster, so they may
-- be there already.
DO $$
DECLARE
    role text;
    setting text;
BEGIN
    FOREACH role IN ARRAY ARRAY['gateway', 'validation', 'issuer', 'notifier', 'scheduler', 'cli', 'ceremony'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_' || role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', 'chancery_' || role);
        END IF;
        -- A statement has one plan, made once and by way of the indexes: one that was made while a
        -- table was empty must serve when it is full.
        FOREACH setting IN ARRAY ARRAY['timezone = ''UTC''', 'statement_timeout = ''10s''', 'lock_timeout = ''3s''',
                                       'idle_in_transaction_session_timeout = ''30s''',
                                       'plan_cache_mode = ''force_generic_plan''', 'enable_seqscan = off',
                                       'enable_bitmapscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off',
                                       'jit = off'] LOOP
            EXECUTE format('ALTER ROLE %I SET ', 'chancery_' || role) || setting;
        END LOOP;
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli,
       chancery_ceremony;
GRANT SELECT ON schema_migration
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli,
       chancery_ceremony;

-- Disk that nobody counts: temporary tables and large objects. Where the owner is no superuser, the
-- second is no more than a warning, and for whoever is.
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea) FROM PUBLIC;

-- A function is for those it is granted to, never for everybody.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
