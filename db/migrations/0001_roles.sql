-- One role a service, created without a password: `chancery migrate` sets those it is given.
-- Roles belong to the cluster, so they may be there already.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['gateway', 'validation', 'issuer', 'notifier', 'scheduler', 'cli'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_' || role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', 'chancery_' || role);
        END IF;
        EXECUTE format('ALTER ROLE %I SET timezone = ''UTC''', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET statement_timeout = ''10s''', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET lock_timeout = ''3s''', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''30s''', 'chancery_' || role);
        -- A statement has one plan, made once and by way of the indexes: one that was made while a
        -- table was empty must serve when it is full.
        EXECUTE format('ALTER ROLE %I SET plan_cache_mode = ''force_generic_plan''', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET enable_seqscan = off', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET enable_bitmapscan = off', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET enable_hashjoin = off', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET enable_mergejoin = off', 'chancery_' || role);
        EXECUTE format('ALTER ROLE %I SET jit = off', 'chancery_' || role);
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT SELECT ON schema_migration
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
