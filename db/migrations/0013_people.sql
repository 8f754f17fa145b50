-- People, their keys and divisions, as the API shows and changes them.
ALTER TABLE account
    ADD COLUMN type text NOT NULL DEFAULT 'retail' CHECK (type IN ('retail', 'enterprise', 'reseller'));

ALTER TABLE container
    ADD COLUMN public_id   uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN description text CHECK (length(description) <= 1024),
    ADD COLUMN parent_id   bigint,
    ADD COLUMN template_id int NOT NULL DEFAULT 5,
    ADD COLUMN is_active   boolean NOT NULL DEFAULT true,
    ADD FOREIGN KEY (account_id, parent_id) REFERENCES container (account_id, id);
COMMENT ON COLUMN container.parent_id IS 'NULL: the account''s own division, which all others are below.';
COMMENT ON COLUMN container.template_id IS 'A container template of policy/roles.json.';

ALTER TABLE user_account
    DROP CONSTRAINT user_account_username_key,
    DROP CONSTRAINT user_account_status_check,
    ADD CONSTRAINT user_account_status_check CHECK (status IN ('active', 'inactive', 'deleted')),
    ADD COLUMN job_title             text CHECK (length(job_title) <= 64),
    ADD COLUMN telephone             text CHECK (length(telephone) <= 32),
    ADD COLUMN container_id          bigint,
    ADD COLUMN is_api_only           boolean NOT NULL DEFAULT false,
    ADD COLUMN is_saml_sso_only      boolean NOT NULL DEFAULT false,
    ADD COLUMN restricted_to_role_id int NOT NULL DEFAULT 0,
    ADD FOREIGN KEY (account_id, container_id) REFERENCES container (account_id, id);
COMMENT ON COLUMN user_account.status IS 'Who is deleted stays as a row: orders and the audit log name it.';
COMMENT ON COLUMN user_account.container_id IS 'NULL: the account''s own division.';
COMMENT ON COLUMN user_account.is_api_only IS 'A service user: it has keys and never signs in.';
COMMENT ON COLUMN user_account.restricted_to_role_id IS 'No key of this user may have more than this key role of policy/roles.json.';
-- Names that differ in case only would be taken for each other; that of a deleted user is free.
CREATE UNIQUE INDEX user_account_username ON user_account (lower(username)) WHERE status <> 'deleted';

ALTER TABLE api_key ADD COLUMN last_used_at timestamptz;
CREATE INDEX api_key_user ON api_key (account_id, user_id, id);
CREATE INDEX api_key_account ON api_key (account_id, id);
COMMENT ON COLUMN api_key.last_used_at IS 'Written in batches, some seconds late: no request updates it.';

GRANT INSERT (account_id, username, first_name, last_name, email, job_title, telephone, container_id, role_id, status,
              is_api_only, is_saml_sso_only, restricted_to_role_id, created_at) ON user_account TO chancery_gateway;
GRANT UPDATE (username, first_name, last_name, email, job_title, telephone, container_id, role_id, status,
              is_saml_sso_only) ON user_account TO chancery_gateway;
GRANT INSERT (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at) ON api_key TO chancery_gateway;
GRANT UPDATE (name, restricted_to_role_id, status, last_used_at) ON api_key TO chancery_gateway;
GRANT INSERT (account_id, name, description, parent_id, template_id, created_at) ON container TO chancery_gateway;
GRANT UPDATE (name, description, is_active) ON container TO chancery_gateway;
