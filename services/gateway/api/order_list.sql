-- order_filters: lines
-- The filters of order lists, of `orders o`. A line with a mark at its end is there only if it is asked
-- for (store/pick.h).
AND o.id = ANY (:id)  --? id
AND o.id >= :id_from  --? id_from
AND o.id < :id_to  --? id_to
AND o.status = ANY (:status)  --? status
AND o.id IN (SELECT u.order_id FROM order_unsettled(:account_id) u WHERE u.state = 'open')  --? open
AND o.id IN (SELECT u.order_id FROM order_unsettled(:account_id) u WHERE u.state <> 'issued')  --? apart
AND o.product_name_id = ANY (:product_name_id)  --? product_name_id
AND o.product_name_id = ANY (:product_type)  --? product_type
AND o.user_id = ANY (:user_id)  --? user_id
AND o.container_id = ANY (:container_id)  --? container_id
AND o.created_at >= :date_created_from  --? date_created_from
AND o.created_at < :date_created_to  --? date_created_to
AND o.id IN (SELECT c.order_id FROM certificate c WHERE c.account_id = :account_id  --? valid_till
                AND c.not_after >= :valid_till_from  --? valid_till_from
                AND c.not_after < :valid_till_to  --? valid_till_to
             )  --? valid_till
AND o.id IN (SELECT n.order_id FROM order_name n  --? common_name
              WHERE n.account_id = :account_id AND n.position = 0 AND n.fqdn = ANY (:common_name))  --? common_name
AND strpos(o.common_name, :common_name_part) > 0  --? common_name_part
AND o.id IN (SELECT n.order_id FROM order_name n  --? domain_name
              WHERE n.account_id = :account_id AND n.fqdn = ANY (:domain_name))  --? domain_name
AND o.id IN (SELECT n.order_id FROM order_name n  --? domain_name_part
              WHERE n.account_id = :account_id AND strpos(n.fqdn, :domain_name_part) > 0)  --? domain_name_part
AND EXISTS (SELECT FROM order_renewal x  --? is_renewed
             WHERE x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = :account_id) = :is_renewed  --? is_renewed
AND coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) = :disable_renewal_notifications  --? disable_renewal_notifications
AND EXISTS (SELECT FROM (SELECT u.email FROM user_account u WHERE u.id = o.user_id AND u.account_id = :account_id  --? email
              UNION ALL  --? email
              SELECT o.options -> 'technical_contact' ->> 'email'  --? email
              UNION ALL  --? email
              SELECT jsonb_array_elements_text(o.options -> 'additional_emails')) AS e (email)  --? email
             WHERE lower(e.email) = ANY (:email))  --? email
AND EXISTS (SELECT FROM (SELECT u.email FROM user_account u WHERE u.id = o.user_id AND u.account_id = :account_id  --? email_part
              UNION ALL  --? email_part
              SELECT o.options -> 'technical_contact' ->> 'email'  --? email_part
              UNION ALL  --? email_part
              SELECT jsonb_array_elements_text(o.options -> 'additional_emails')) AS e (email)  --? email_part
             WHERE strpos(lower(e.email), :email_part) > 0)  --? email_part
AND o.id IN (SELECT c.order_id FROM certificate c  --? certificate_id
              WHERE c.account_id = :account_id AND c.id = ANY (:certificate_id))  --? certificate_id
AND o.id IN (SELECT c.order_id FROM unnest(:serial_number) s (serial)  --? serial_number
               JOIN issuance x ON x.serial = decode(s.serial, 'hex') AND x.account_id = :account_id  --? serial_number
               JOIN certificate c ON c.id = x.id AND c.account_id = :account_id)  --? serial_number
AND o.id IN (SELECT n.order_id FROM order_name n WHERE n.account_id = :account_id AND n.fqdn = ANY (:search)  --? search
             UNION ALL  --? search
             SELECT a.id FROM orders a WHERE a.account_id = :account_id AND a.alternative_order_id = ANY (:search)  --? search
             UNION ALL  --? search
             SELECT s.id::bigint FROM unnest(:search) s (id) WHERE s.id ~ '^[0-9]{1,18}$')  --? search
AND (strpos(lower(o.alternative_order_id), :search_part) > 0 OR strpos(o.id::text, :search_part) > 0  --? search_part
     OR o.id IN (SELECT n.order_id FROM order_name n  --? search_part
                  WHERE n.account_id = :account_id AND strpos(n.fqdn, :search_part) > 0))  --? search_part
AND false  --? none

-- order_count: OrderQuery -> ListTotal
SELECT count(*) AS total, pg_current_snapshot()::text AS seen
  FROM orders o
 WHERE o.account_id = :account_id
   --+ order_filters
;

-- order_total: OrderQuery -> ListTotal
-- How many orders there are, or how many have one of the statuses in which nearly all are: what the
-- scheduler has counted, and what came since, without the few that have another.
SELECT coalesce((SELECT t.total FROM order_tally t WHERE t.account_id = :account_id), 0)
       + (SELECT count(*)
            FROM orders o
           WHERE o.account_id = :account_id
             AND (o.created_at, o.id)
                 > (coalesce((SELECT t.until_at FROM order_tally t WHERE t.account_id = :account_id), '-infinity'),
                    coalesce((SELECT t.until_id FROM order_tally t WHERE t.account_id = :account_id), 0)))
       - (SELECT count(*)  --? status
            FROM orders o  --? status
           WHERE o.account_id = :account_id AND o.status <> ALL (:status)  --? status
             AND o.id IN (SELECT u.order_id FROM order_unsettled(:account_id) u WHERE u.state <> 'issued'))  --? status
       AS total, pg_current_snapshot()::text AS seen;

-- order_list: OrderQuery -> ListedOrder*
SELECT o.id, o.status, x.id IS NOT NULL AS is_renewed, o.created_at AS date_created,
       (o.options -> 'order_validity' ->> 'years')::int AS validity_years,
       o.options -> 'order_validity' AS order_validity, o.valid_till AS order_valid_till,
       coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) AS disable_renewal_notifications,
       CASE WHEN (o.options -> 'order_validity' ->> 'years')::int > 1 THEN true END AS is_multi_year_plan,
       o.product_name_id, o.product_name_id AS "product.name_id", o.alternative_order_id,
       k.id AS "container.id", k.name AS "container.name", CASE WHEN k.id IS NOT NULL THEN true END AS "container.is_active",
       c.id AS "certificate.id", upper(encode(c.serial, 'hex')) AS "certificate.serial_number",
       o.common_name AS "certificate.common_name", n.fqdns AS "certificate.dns_names",
       c.not_before AS "certificate.valid_from", c.not_after AS "certificate.valid_till",
       floor(extract(epoch FROM c.not_after - :now) / 86400)::bigint AS "certificate.days_remaining",
       o.options -> 'cert_validity' AS "certificate.cert_validity", o.signature_hash AS "certificate.signature_hash",
       cardinality(n.fqdns) AS number_of_sans,
       0 AS duplicates_count, false AS has_duplicates, 0 AS reissues_count, false AS has_reissues
  FROM (SELECT p.id, row_number() OVER () AS place
          FROM (SELECT o.id
                  FROM orders o
                 WHERE o.account_id = :account_id
                   AND (o.created_at, o.id) > (:after_at, :after_id)  --? after
                   AND (o.created_at < :settled OR o.xid IS NULL OR pg_visible_in_snapshot(o.xid, :seen::text::pg_snapshot))
                   --+ order_filters
                 ORDER BY
                       o.id,  --> by_id
                       o.id DESC,  --> by_id_desc
                       o.status,  --> by_status
                       o.status DESC,  --> by_status_desc
                       o.common_name,  --> by_common_name
                       o.common_name DESC,  --> by_common_name_desc
                       o.product_name_id,  --> by_product_name_id
                       o.product_name_id DESC,  --> by_product_name_id_desc
                       o.user_id,  --> by_user_id
                       o.user_id DESC,  --> by_user_id_desc
                       o.container_id,  --> by_container_id
                       o.container_id DESC NULLS LAST,  --> by_container_id_desc
                       o.valid_till,  --> by_order_valid_till
                       o.valid_till DESC,  --> by_order_valid_till_desc
                       (SELECT max(c.not_after) FROM certificate c WHERE c.order_id = o.id AND c.account_id = :account_id),  --> by_valid_till
                       (SELECT max(c.not_after) FROM certificate c WHERE c.order_id = o.id AND c.account_id = :account_id) DESC NULLS LAST,  --> by_valid_till_desc
                       o.created_at,  --> by_date_created
                       o.created_at DESC, o.id DESC,  --> by_date_created_desc
                       o.created_at, o.id
                 LIMIT :limit OFFSET :offset) AS p) AS page
  JOIN orders o ON o.id = page.id AND o.account_id = :account_id
  LEFT JOIN container k ON k.id = o.container_id AND k.account_id = o.account_id
  LEFT JOIN order_renewal x ON x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = o.account_id
  LEFT JOIN LATERAL (SELECT c.id, c.serial, c.not_before, c.not_after
                       FROM certificate c
                      WHERE c.order_id = o.id AND c.account_id = o.account_id
                      ORDER BY c.id DESC
                      LIMIT 1) AS c ON true
  CROSS JOIN LATERAL (SELECT array_agg(n.fqdn ORDER BY n.position) AS fqdns FROM order_name n WHERE n.order_id = o.id) AS n
 ORDER BY page.place;

-- order_status_changes: StatusChangesQuery -> CountedOrder*
-- status_at has no index, since it changes with every order. But what changed in time either is new,
-- or is known to be apart from those that were issued at once and stay so.
SELECT o.id AS "order.order_id", o.status AS "order.status",
       (SELECT max(c.id) FROM certificate c WHERE c.order_id = o.id AND c.account_id = o.account_id) AS "order.certificate_id",
       count(*) OVER () AS total
  FROM orders o
 WHERE o.account_id = :account_id AND o.status_at >= :from AND o.status_at <= :to
   AND o.id IN (SELECT n.id FROM orders n WHERE n.account_id = :account_id AND n.created_at >= :from::timestamptz - interval '15 minutes'
                UNION ALL
                SELECT u.order_id FROM order_unsettled(:account_id) u WHERE u.state = 'open' OR u.changed_at >= :from)
 ORDER BY o.status_at, o.id
 LIMIT :limit OFFSET :offset;

-- orders_alternative: AlternativeRequest -> CountedOrder*
SELECT o.id AS "order.order_id", o.status AS "order.status",
       (SELECT max(c.id) FROM certificate c WHERE c.order_id = o.id AND c.account_id = o.account_id) AS "order.certificate_id",
       count(*) OVER () AS total
  FROM orders o
 WHERE o.account_id = :account_id AND o.alternative_order_id = :alternative_order_id
 ORDER BY o.created_at, o.id
 LIMIT :limit OFFSET :offset;
