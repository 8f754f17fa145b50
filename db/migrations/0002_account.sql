CREATE TABLE account (
    id         bigint GENERATED ALWAYS AS IDENTITY (START 900) PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    status     text NOT NULL CHECK (status IN ('active', 'suspended')),
    dcv_scope  text NOT NULL CHECK (dcv_scope IN ('base_domain', 'fqdn')),
    created_at timestamptz NOT NULL
);
COMMENT ON COLUMN account.dcv_scope IS 'Default of certificate_dcv_scope for its orders.';

CREATE TABLE container (
    id         bigint GENERATED ALWAYS AS IDENTITY (START 5001) PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, id)
);

CREATE TABLE user_account (
    id         bigint GENERATED ALWAYS AS IDENTITY (START 3001) PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account,
    username   text NOT NULL UNIQUE CHECK (username ~ '^[A-Za-z0-9@_+.-]{1,128}$'),
    first_name text NOT NULL CHECK (length(first_name) <= 128),
    last_name  text NOT NULL CHECK (length(last_name) <= 128),
    email      text NOT NULL CHECK (length(email) <= 255),
    role_id    int NOT NULL,
    status     text NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, id)
);
COMMENT ON COLUMN user_account.role_id IS 'An id of policy/roles.json.';

CREATE TABLE api_key (
    id                    bigint GENERATED ALWAYS AS IDENTITY (START 61) PRIMARY KEY,
    account_id            bigint NOT NULL,
    user_id               bigint NOT NULL,
    name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    key_hash              bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    restricted_to_role_id int NOT NULL,
    status                text NOT NULL CHECK (status IN ('active', 'revoked')),
    created_at            timestamptz NOT NULL,
    FOREIGN KEY (account_id, user_id) REFERENCES user_account (account_id, id)
);
COMMENT ON COLUMN api_key.key_hash IS 'SHA-256 of the key as shown once; the key itself is stored nowhere.';

CREATE TABLE auth_key (
    account_id      bigint PRIMARY KEY REFERENCES account,
    auth_key_id     text NOT NULL UNIQUE,
    auth_key_sealed bytea NOT NULL,
    created_at      timestamptz NOT NULL
);
COMMENT ON COLUMN auth_key.auth_key_sealed IS 'AES-256-GCM under the sealing key, which is a file of gateway and validation.';

GRANT SELECT ON account, container, user_account, api_key, auth_key TO chancery_gateway;
GRANT INSERT ON auth_key TO chancery_gateway;
GRANT SELECT ON auth_key TO chancery_validation;
GRANT SELECT, INSERT ON account, container, user_account, api_key TO chancery_cli;
