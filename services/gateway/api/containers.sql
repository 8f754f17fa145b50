-- container_list: ContainerFilter -> ContainerRow*
-- One of them with :only_id. Lines with a mark at their end are there only if they are asked for
-- (store/pick.h).
SELECT c.id AS "container.id", c.public_id::text AS "container.public_id", c.name AS "container.name",
       c.description AS "container.description", coalesce(c.parent_id, 0) AS "container.parent_id",
       c.template_id AS "container.template_id", false AS "container.has_logo", c.is_active AS "container.is_active",
       ARRAY[]::text[] AS "container.allowed_domain_names", count(*) OVER () AS total
  FROM container c
 WHERE c.account_id = :caller.account_id
   AND c.id BETWEEN coalesce(:only_id, 0) AND coalesce(:only_id, 9223372036854775807)
   AND (:parent_id IS NULL OR coalesce(c.parent_id, 0) = :parent_id)
 ORDER BY
       c.id,  --> by_id
       c.id DESC,  --> by_id_desc
       c.name,  --> by_name
       c.name DESC,  --> by_name_desc
       c.description,  --> by_description
       c.description DESC NULLS LAST,  --> by_description_desc
       coalesce(c.parent_id, 0),  --> by_parent_id
       coalesce(c.parent_id, 0) DESC,  --> by_parent_id_desc
       c.template_id,  --> by_template_id
       c.template_id DESC,  --> by_template_id_desc
       c.is_active,  --> by_is_active
       c.is_active DESC,  --> by_is_active_desc
       c.id
OFFSET :offset LIMIT :limit;

-- container_add: ContainerChange -> ContainerMade?
-- None below a division that is not the account's or not active.
WITH added AS (
    INSERT INTO container (account_id, name, description, parent_id, template_id, created_at)
    SELECT c.account_id, :name, :description, c.id, :template_id, :caller.now
      FROM container c
     WHERE c.id = :container_id AND c.account_id = :caller.account_id AND c.is_active
    RETURNING id, parent_id, name
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'division created', 'container/' || id,
           jsonb_build_object('name', name, 'parent_id', parent_id)
      FROM added
)
SELECT id FROM added;

-- container_change: ContainerChange -> PersonChanged?
-- What is absent stays. The account's own division stays active.
WITH before AS MATERIALIZED (
    SELECT c.id, c.parent_id FROM container c WHERE c.id = :container_id AND c.account_id = :caller.account_id
), changed AS (
    UPDATE container c
       SET name = coalesce(:name, c.name),
           description = coalesce(:description, c.description),
           is_active = coalesce(:is_active, c.is_active)
      FROM before b
     WHERE c.id = b.id AND c.account_id = :caller.account_id AND (:is_active IS NOT FALSE OR b.parent_id IS NOT NULL)
    RETURNING c.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'division changed', 'container/' || id,
           jsonb_strip_nulls(jsonb_build_object('name', :name::text, 'description', :description::text,
                                                'is_active', :is_active::boolean))
      FROM changed
)
SELECT b.id, EXISTS (SELECT FROM changed) AS changed FROM before b;
