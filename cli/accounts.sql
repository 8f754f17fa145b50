-- account_create: AccountNew -> AccountCreated
WITH account_made AS (
    INSERT INTO account (name, status, dcv_scope, created_at) VALUES (:name, 'active', 'base_domain', :now)
    RETURNING id, name, created_at
), container_made AS (
    INSERT INTO container (account_id, name, created_at)
    SELECT id, name, created_at FROM account_made
    RETURNING id
), user_made AS (
    INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id, status, created_at)
    SELECT id, :username, :first_name, :last_name, :email, 1, 'active', created_at FROM account_made
    RETURNING id
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT a.created_at, a.id, 'cli', 'account created', 'account/' || a.id,
           jsonb_build_object('name', a.name, 'user_id', u.id, 'username', :username::text)
      FROM account_made a, user_made u
)
SELECT a.id AS account_id, u.id AS user_id, c.id AS container_id FROM account_made a, container_made c, user_made u;

-- key_create: KeyNew -> KeyCreated?
-- None when there is no such active user. Its audit row comes with it (audit_decision).
WITH made AS (
    INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at)
    SELECT u.account_id, u.id, :name, :key_hash, :restricted_to_role_id, 'active', :now
      FROM user_account u
     WHERE u.id = :user_id AND u.status = 'active'
    RETURNING id, account_id, user_id, created_at
)
SELECT id FROM made;
