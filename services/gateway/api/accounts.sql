-- account_settings: Nothing -> AccountSettings?
SELECT a.id, a.name, a.dcv_scope, EXISTS (SELECT FROM auth_key k WHERE k.account_id = a.id) AS has_auth_key,
       (SELECT min(c.id) FROM container c WHERE c.account_id = a.id) AS container_id
  FROM account a
 WHERE a.id = :caller.account_id;

-- account_info: Nothing -> AccountInfo
-- Nobody is called by telephone, nothing was migrated, the language of all texts is English, and there are
-- no pictures of people. What the house has not (a plan of support, a balance, a country, an organization of
-- the account's own, certificate transparency) is not shown rather than made up.
SELECT a.id, (SELECT min(c.id) FROM container c WHERE c.account_id = a.id) AS root_container_id,
       a.type AS cert_central_type, a.id AS billing_account_id, a.name AS billing_account_name,
       EXISTS (SELECT FROM auth_key k WHERE k.account_id = a.id) AS has_auth_key, a.dcv_scope AS certificate_dcv_scope,
       false AS make_renewal_calls, false AS express_install_enabled, false AS display_rep, false AS migrated,
       1 AS language_id, 0 AS rep_photo_id, 0 AS client_mgr_photo_id
  FROM account a
 WHERE a.id = :caller.account_id;

-- auth_key_get: Nothing -> AuthKeyRow?
SELECT auth_key_id, auth_key_sealed FROM auth_key WHERE account_id = :caller.account_id;

-- auth_key_add: AuthKeyNew -> AuthKeyRow?
-- None when the account has one already.
WITH added AS (
    INSERT INTO auth_key (account_id, auth_key_id, auth_key_sealed, created_at)
    VALUES (:caller.account_id, :auth_key_id, :auth_key_sealed, :caller.now)
    ON CONFLICT (account_id) DO NOTHING
    RETURNING auth_key_id, auth_key_sealed
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'auth key created', 'account/' || :caller.account_id
      FROM added
)
SELECT auth_key_id, auth_key_sealed FROM added;
