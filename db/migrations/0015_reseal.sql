-- Whoever holds the sealing key seals anew what the key of before has sealed: it opens nothing that he could
-- not open anyhow.
GRANT SELECT (account_id, auth_key_sealed), UPDATE (auth_key_sealed) ON auth_key TO chancery_cli;
GRANT SELECT (secret_sealed, secret_before_sealed), UPDATE (secret_sealed, secret_before_sealed) ON webhook TO chancery_cli;
