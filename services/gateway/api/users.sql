-- user_list: UserFilter -> UserRow*
-- One of them with :only_id. Who is deleted is not there any more. Lines with a mark at their end are
-- there only if they are asked for (store/pick.h).
SELECT u.id AS "user.id", u.username AS "user.username", u.account_id AS "user.account_id",
       u.first_name AS "user.first_name", u.last_name AS "user.last_name", u.email AS "user.email",
       u.job_title AS "user.job_title", u.telephone AS "user.telephone", u.status AS "user.status",
       c.id AS "user.container.id", c.public_id::text AS "user.container.public_id", c.name AS "user.container.name",
       coalesce(c.parent_id, 0) AS "user.container.parent_id", c.template_id AS "user.container.template_id",
       false AS "user.container.has_logo", c.is_active AS "user.container.is_active",
       CASE WHEN u.is_api_only THEN 'service' ELSE 'standard' END AS "user.type",
       false AS "user.has_container_assignments", u.is_api_only AS "user.is_api_only",
       u.is_saml_sso_only AS "user.is_saml_sso_only", u.role_id, u.restricted_to_role_id, a.type AS account_type,
       count(*) OVER () AS total
  FROM user_account u
  JOIN account a ON a.id = u.account_id
  JOIN container c ON c.account_id = u.account_id
   AND c.id = coalesce(u.container_id, (SELECT min(r.id) FROM container r WHERE r.account_id = :caller.account_id))
 WHERE u.account_id = :caller.account_id AND u.status <> 'deleted'
   AND u.id BETWEEN coalesce(:only_id, 0) AND coalesce(:only_id, 9223372036854775807)
   AND (:container_id IS NULL OR c.id = :container_id)
   AND (:filters.username IS NULL OR lower(u.username) = lower(:filters.username))
   AND (:filters.first_name IS NULL OR u.first_name = :filters.first_name)
   AND (:filters.last_name IS NULL OR u.last_name = :filters.last_name)
   AND (:filters.email IS NULL OR lower(u.email) = lower(:filters.email))
   AND (:filters.status IS NULL OR u.status = :filters.status)
   AND (:filters.search IS NULL
        OR CASE WHEN left(:filters.search, 1) = '%'
                THEN position(lower(substr(:filters.search, 2))
                              IN lower(concat_ws(' ', u.username, u.first_name, u.last_name, u.email))) > 0
                ELSE lower(:filters.search) IN (lower(u.username), lower(u.first_name), lower(u.last_name), lower(u.email))
           END)
 ORDER BY
       u.id,  --> by_id
       u.id DESC,  --> by_id_desc
       u.username,  --> by_username
       u.username DESC,  --> by_username_desc
       u.first_name,  --> by_first_name
       u.first_name DESC,  --> by_first_name_desc
       u.last_name,  --> by_last_name
       u.last_name DESC,  --> by_last_name_desc
       u.email,  --> by_email
       u.email DESC,  --> by_email_desc
       u.job_title,  --> by_job_title
       u.job_title DESC NULLS LAST,  --> by_job_title_desc
       u.telephone,  --> by_telephone
       u.telephone DESC NULLS LAST,  --> by_telephone_desc
       u.status,  --> by_status
       u.status DESC,  --> by_status_desc
       c.id,  --> by_container_id
       c.id DESC,  --> by_container_id_desc
       u.is_api_only,  --> by_type
       u.is_api_only DESC,  --> by_type_desc
       u.role_id,  --> by_role_id
       u.role_id DESC,  --> by_role_id_desc
       u.id
OFFSET :offset LIMIT :limit;

-- user_name_free: UserName -> UserNameState
-- User names are one list for all accounts: people sign in with them.
SELECT NOT EXISTS (SELECT FROM user_account u WHERE lower(u.username) = lower(:username) AND u.status <> 'deleted') AS available;

-- user_add: UserChange -> UserAdded
-- With the first key of a service user. Nobody is added where the division is not the account's or
-- the username is taken.
WITH home AS MATERIALIZED (
    SELECT c.id
      FROM container c
     WHERE c.account_id = :caller.account_id AND c.is_active
       AND c.id = coalesce(:container_id, (SELECT min(r.id) FROM container r WHERE r.account_id = :caller.account_id))
), added AS (
    INSERT INTO user_account (account_id, username, first_name, last_name, email, job_title, telephone, container_id,
                              role_id, status, is_api_only, is_saml_sso_only, restricted_to_role_id, created_at)
    SELECT :caller.account_id, :username, :first_name, :last_name, :email, :job_title, :telephone, h.id, :role_id, 'active',
           coalesce(:is_api_only, false), coalesce(:is_saml_sso_only, false), coalesce(:restricted_to_role_id, 0), :caller.now
      FROM home h
    ON CONFLICT (lower(username)) WHERE status <> 'deleted' DO NOTHING
    RETURNING id, username, role_id, is_api_only, restricted_to_role_id
), keyed AS (
    INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at)
    SELECT :caller.account_id, a.id, :first_name, :key_hash, a.restricted_to_role_id, 'active', :caller.now
      FROM added a
     WHERE :key_hash IS NOT NULL
    RETURNING id, user_id, name, restricted_to_role_id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'user created', 'user/' || id,
           jsonb_build_object('username', username, 'role_id', role_id, 'is_api_only', is_api_only,
                              'restricted_to_role_id', restricted_to_role_id)
      FROM added
    UNION ALL
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'API key created', 'key/' || id,
           jsonb_build_object('user_id', user_id, 'name', name, 'role_id', restricted_to_role_id)
      FROM keyed
)
SELECT (SELECT id FROM added) AS id, EXISTS (SELECT FROM home) AS has_container;

-- user_change: UserChange -> PersonChanged?
-- What is absent stays; unchanged where the division is not the account's.
WITH before AS MATERIALIZED (
    SELECT u.id
      FROM user_account u
     WHERE u.id = :of_user_id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
), changed AS (
    UPDATE user_account u
       SET username = coalesce(:username, u.username),
           first_name = coalesce(:first_name, u.first_name),
           last_name = coalesce(:last_name, u.last_name),
           email = coalesce(:email, u.email),
           job_title = coalesce(:job_title, u.job_title),
           telephone = coalesce(:telephone, u.telephone),
           container_id = coalesce(:container_id, u.container_id),
           is_saml_sso_only = coalesce(:is_saml_sso_only, u.is_saml_sso_only)
      FROM before b
     WHERE u.id = b.id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
       AND (:container_id IS NULL
            OR EXISTS (SELECT FROM container c
                        WHERE c.id = :container_id AND c.account_id = :caller.account_id AND c.is_active))
    RETURNING u.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'user changed', 'user/' || id,
           jsonb_strip_nulls(jsonb_build_object(
               'username', :username::text, 'first_name', :first_name::text, 'last_name', :last_name::text,
               'email', :email::text, 'job_title', :job_title::text, 'telephone', :telephone::text,
               'container_id', :container_id::bigint, 'is_saml_sso_only', :is_saml_sso_only::boolean))
      FROM changed
)
SELECT b.id, EXISTS (SELECT FROM changed) AS changed FROM before b;

-- user_set_role: UserChange -> PersonChanged?
-- An account keeps an administrator (role 1) who is a person. Whoever would take away one of two
-- waits here for who takes away the other.
WITH keepers AS MATERIALIZED (
    SELECT u.id
      FROM user_account u
     WHERE u.account_id = :caller.account_id AND u.role_id = 1 AND u.status = 'active' AND NOT u.is_api_only
     ORDER BY u.id
       FOR NO KEY UPDATE
), before AS MATERIALIZED (
    SELECT u.id, u.role_id
      FROM user_account u
     WHERE u.id = :of_user_id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
), changed AS (
    UPDATE user_account u
       SET role_id = :role_id
      FROM before b
     WHERE u.id = b.id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
       AND (:role_id = 1 OR NOT EXISTS (SELECT FROM keepers k WHERE k.id = u.id)
            OR EXISTS (SELECT FROM keepers k WHERE k.id <> u.id))
    RETURNING u.id, b.role_id AS old_role_id, u.role_id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'user role changed', 'user/' || id,
           jsonb_build_object('from', old_role_id, 'to', role_id)
      FROM changed
)
SELECT b.id, EXISTS (SELECT FROM changed) AS changed FROM before b;

-- user_delete: UserChange -> PersonChanged?
-- With its keys. An account keeps an administrator who is a person.
WITH keepers AS MATERIALIZED (
    SELECT u.id
      FROM user_account u
     WHERE u.account_id = :caller.account_id AND u.role_id = 1 AND u.status = 'active' AND NOT u.is_api_only
     ORDER BY u.id
       FOR NO KEY UPDATE
), before AS MATERIALIZED (
    SELECT u.id
      FROM user_account u
     WHERE u.id = :of_user_id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
), deleted AS (
    UPDATE user_account u
       SET status = 'deleted'
      FROM before b
     WHERE u.id = b.id AND u.account_id = :caller.account_id AND u.status <> 'deleted'
       AND (NOT EXISTS (SELECT FROM keepers k WHERE k.id = u.id)
            OR EXISTS (SELECT FROM keepers k WHERE k.id <> u.id))
    RETURNING u.id, u.username
), revoked AS (
    UPDATE api_key k
       SET status = 'revoked'
      FROM deleted d
     WHERE k.user_id = d.id AND k.account_id = :caller.account_id AND k.status = 'active'
    RETURNING k.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'user deleted', 'user/' || id,
           jsonb_build_object('username', username, 'keys', (SELECT coalesce(json_agg(r.id ORDER BY r.id), '[]') FROM revoked r))
      FROM deleted
)
SELECT b.id, EXISTS (SELECT FROM deleted) AS changed FROM before b;
