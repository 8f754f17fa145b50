CREATE TABLE account (
    id         bigint GENERATED ALWAYS AS IDENTITY (START 900) PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    type       text NOT NULL DEFAULT 'retail' CHECK (type IN ('retail', 'enterprise', 'reseller')),
    status     text NOT NULL CHECK (status IN ('active', 'suspended')),
    dcv_scope  text NOT NULL CHECK (dcv_scope IN ('base_domain', 'fqdn')),
    created_at timestamptz NOT NULL
);
COMMENT ON COLUMN account.dcv_scope IS 'Default of certificate_dcv_scope for its orders.';

CREATE TABLE container (
    id          bigint GENERATED ALWAYS AS IDENTITY (START 5001) PRIMARY KEY,
    account_id  bigint NOT NULL REFERENCES account,
    public_id   uuid NOT NULL DEFAULT gen_random_uuid(),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    description text CHECK (length(description) <= 1024),
    parent_id   bigint,
    template_id int NOT NULL DEFAULT 5,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, parent_id) REFERENCES container (account_id, id)
);
COMMENT ON COLUMN container.parent_id IS 'NULL: the account''s own division, which all others are below.';
COMMENT ON COLUMN container.template_id IS 'A container template of policy/roles.json.';

CREATE TABLE user_account (
    id                    bigint GENERATED ALWAYS AS IDENTITY (START 3001) PRIMARY KEY,
    account_id            bigint NOT NULL REFERENCES account,
    username              text NOT NULL CHECK (username ~ '^[A-Za-z0-9@_+.-]{1,128}$'),
    first_name            text NOT NULL CHECK (length(first_name) <= 128),
    last_name             text NOT NULL CHECK (length(last_name) <= 128),
    email                 text NOT NULL CHECK (length(email) <= 255),
    job_title             text CHECK (length(job_title) <= 64),
    telephone             text CHECK (length(telephone) <= 32),
    container_id          bigint,
    role_id               int NOT NULL,
    status                text NOT NULL CHECK (status IN ('active', 'inactive', 'deleted')),
    is_api_only           boolean NOT NULL DEFAULT false,
    is_saml_sso_only      boolean NOT NULL DEFAULT false,
    restricted_to_role_id int NOT NULL DEFAULT 0,
    created_at            timestamptz NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, container_id) REFERENCES container (account_id, id)
);
-- Names that differ in case only would be taken for each other; that of a deleted user is free.
CREATE UNIQUE INDEX user_account_username ON user_account (lower(username)) WHERE status <> 'deleted';
COMMENT ON COLUMN user_account.role_id IS 'An id of policy/roles.json.';
COMMENT ON COLUMN user_account.status IS 'Who is deleted stays as a row: orders and the audit log name it.';
COMMENT ON COLUMN user_account.container_id IS 'NULL: the account''s own division.';
COMMENT ON COLUMN user_account.is_api_only IS 'A service user: it has keys and never signs in.';
COMMENT ON COLUMN user_account.restricted_to_role_id IS 'No key of this user may have more than this key role of policy/roles.json.';

CREATE TABLE api_key (
    id                    bigint GENERATED ALWAYS AS IDENTITY (START 61) PRIMARY KEY,
    account_id            bigint NOT NULL,
    user_id               bigint NOT NULL,
    name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    key_hash              bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    restricted_to_role_id int NOT NULL,
    status                text NOT NULL CHECK (status IN ('active', 'revoked')),
    created_at            timestamptz NOT NULL,
    last_used_at          timestamptz,
    FOREIGN KEY (account_id, user_id) REFERENCES user_account (account_id, id)
);
CREATE INDEX api_key_user ON api_key (account_id, user_id, id);
CREATE INDEX api_key_account ON api_key (account_id, id);
COMMENT ON COLUMN api_key.key_hash IS 'SHA-256 of the key as shown once; the key itself is stored nowhere.';
COMMENT ON COLUMN api_key.last_used_at IS 'Written in batches, some seconds late: no request updates it.';

CREATE TABLE auth_key (
    account_id      bigint PRIMARY KEY REFERENCES account,
    auth_key_id     text NOT NULL UNIQUE,
    auth_key_sealed bytea NOT NULL,
    created_at      timestamptz NOT NULL
);
COMMENT ON COLUMN auth_key.auth_key_sealed IS 'AES-256-GCM under the sealing key, which is a file of gateway and validation.';

GRANT SELECT ON account, container, user_account, api_key, auth_key TO chancery_gateway;
GRANT INSERT ON auth_key TO chancery_gateway;
GRANT INSERT (account_id, username, first_name, last_name, email, job_title, telephone, container_id, role_id, status,
              is_api_only, is_saml_sso_only, restricted_to_role_id, created_at) ON user_account TO chancery_gateway;
GRANT UPDATE (username, first_name, last_name, email, job_title, telephone, container_id, role_id, status,
              is_saml_sso_only) ON user_account TO chancery_gateway;
GRANT INSERT (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at) ON api_key TO chancery_gateway;
GRANT UPDATE (name, restricted_to_role_id, status, last_used_at) ON api_key TO chancery_gateway;
GRANT INSERT (account_id, name, description, parent_id, template_id, created_at) ON container TO chancery_gateway;
GRANT UPDATE (name, description, is_active) ON container TO chancery_gateway;
GRANT SELECT ON auth_key TO chancery_validation;
GRANT SELECT (id) ON account TO chancery_scheduler;
GRANT SELECT (id, name) ON account TO chancery_validation, chancery_notifier;
GRANT SELECT, INSERT ON account, container, user_account TO chancery_cli;
GRANT SELECT (id, account_id, user_id, name, restricted_to_role_id, status, created_at, last_used_at),
      INSERT (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at), UPDATE (status) ON api_key TO chancery_cli;
