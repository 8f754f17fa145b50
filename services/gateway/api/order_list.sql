-- order_filters: lines
-- The filters of order lists, of `orders o`. A line with a mark at its end is there only if it is asked
-- for (store/pick.h). Names are those of the request that an order shows; a serial number or an id may
-- be of any of its certificates.
AND o.id = ANY (:id)  --? id
AND o.id >= :id_from  --? id_from
AND o.id < :id_to  --? id_to
AND o.status = ANY (:status)  --? status
AND o.id IN (SELECT u.order_id FROM order_unsettled(:caller.account_id) u WHERE u.state = 'open')  --? open
AND o.id IN (SELECT u.order_id FROM order_unsettled(:caller.account_id) u WHERE u.state <> 'issued')  --? apart
AND o.product_name_id = ANY (:product_name_id)  --? product_name_id
AND o.product_name_id = ANY (:product_type)  --? product_type
AND o.user_id = ANY (:user_id)  --? user_id
AND o.container_id = ANY (:container_id)  --? container_id
AND o.created_at >= :date_created_from  --? date_created_from
AND o.created_at < :date_created_to  --? date_created_to
AND (o.id, o.certificate_id) IN (SELECT c.order_id, c.id FROM certificate c WHERE c.account_id = :caller.account_id  --? valid_till
                AND c.not_after >= :valid_till_from  --? valid_till_from
                AND c.not_after < :valid_till_to  --? valid_till_to
             )  --? valid_till
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? common_name
              WHERE n.account_id = :caller.account_id AND n.position = 0 AND n.name = ANY (:common_name))  --? common_name
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? common_name_part
              WHERE n.account_id = :caller.account_id AND n.position = 0 AND strpos(n.name, :common_name_part) > 0)  --? common_name_part
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? domain_name
              WHERE n.account_id = :caller.account_id AND n.name = ANY (:domain_name))  --? domain_name
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? domain_name_part
              WHERE n.account_id = :caller.account_id AND strpos(n.name, :domain_name_part) > 0)  --? domain_name_part
AND EXISTS (SELECT FROM order_renewal x  --? is_renewed
             WHERE x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = :caller.account_id) = :is_renewed  --? is_renewed
AND coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) = :disable_renewal_notifications  --? disable_renewal_notifications
AND EXISTS (SELECT FROM (SELECT u.email FROM user_account u WHERE u.id = o.user_id AND u.account_id = :caller.account_id  --? email
              UNION ALL  --? email
              SELECT o.options -> 'technical_contact' ->> 'email'  --? email
              UNION ALL  --? email
              SELECT jsonb_array_elements_text(o.options -> 'additional_emails')) AS e (email)  --? email
             WHERE lower(e.email) = ANY (:email))  --? email
AND EXISTS (SELECT FROM (SELECT u.email FROM user_account u WHERE u.id = o.user_id AND u.account_id = :caller.account_id  --? email_part
              UNION ALL  --? email_part
              SELECT o.options -> 'technical_contact' ->> 'email'  --? email_part
              UNION ALL  --? email_part
              SELECT jsonb_array_elements_text(o.options -> 'additional_emails')) AS e (email)  --? email_part
             WHERE strpos(lower(e.email), :email_part) > 0)  --? email_part
AND o.id IN (SELECT c.order_id FROM certificate c  --? certificate_id
              WHERE c.account_id = :caller.account_id AND c.id = ANY (:certificate_id))  --? certificate_id
AND o.id IN (SELECT c.order_id FROM unnest(:serial_number) s (serial)  --? serial_number
               JOIN issuance x ON x.serial = decode(s.serial, 'hex') AND x.account_id = :caller.account_id  --? serial_number
               JOIN certificate c ON c.id = x.id AND c.account_id = :caller.account_id)  --? serial_number
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? search
                              WHERE n.account_id = :caller.account_id AND n.name = ANY (:search)  --? search
                             UNION ALL  --? search
                             SELECT a.id, a.request_id FROM orders a  --? search
                              WHERE a.account_id = :caller.account_id AND a.alternative_order_id = ANY (:search)  --? search
                             UNION ALL  --? search
                             SELECT a.id, a.request_id FROM unnest(:search) s (id)  --? search
                               JOIN orders a ON a.id = s.id::bigint  --? search
                              WHERE s.id ~ '^[0-9]{1,18}$')  --? search
AND (o.id, o.request_id) IN (SELECT r.order_id, r.id FROM request_name n JOIN request r ON r.id = n.request_id  --? search_part
                              WHERE n.account_id = :caller.account_id AND strpos(n.name, :search_part) > 0  --? search_part
                             UNION ALL  --? search_part
                             SELECT a.id, a.request_id FROM orders a  --? search_part
                              WHERE a.account_id = :caller.account_id  --? search_part
                                AND (strpos(lower(a.alternative_order_id), :search_part) > 0 OR strpos(a.id::text, :search_part) > 0))  --? search_part
AND false  --? none

-- order_count: OrderQuery -> ListTotal
SELECT count(*) AS total, pg_current_snapshot()::text AS seen
  FROM orders o
 WHERE o.account_id = :caller.account_id
   --+ order_filters
;

-- order_total: OrderQuery -> ListTotal
-- How many orders there are, or how many have one of the statuses in which nearly all are: what the
-- scheduler has counted, and what came since, without the few that have another.
WITH mark AS MATERIALIZED (
    SELECT coalesce(max(t.until_at), '-infinity') AS at, coalesce(max(t.until_id), 0) AS id, coalesce(max(t.total), 0) AS total
      FROM order_tally t
     WHERE t.account_id = :caller.account_id
)
SELECT m.total
       + (SELECT count(*) FROM orders o WHERE o.account_id = :caller.account_id AND (o.created_at, o.id) > (m.at, m.id))
       - (SELECT count(*)  --? status
            FROM orders o  --? status
           WHERE o.account_id = :caller.account_id AND o.status <> ALL (:status)  --? status
             AND o.id IN (SELECT u.order_id FROM order_unsettled(:caller.account_id) u WHERE u.state <> 'issued'))  --? status
       AS total, pg_current_snapshot()::text AS seen
  FROM mark m;

-- order_total_open: OrderQuery -> ListTotal
-- How many have one of the statuses that orders do not stay in: what is set apart as open, which the index
-- tells, and what came since. All of it is pending but what waits for an approval, which has a request
-- that does.
WITH mark AS MATERIALIZED (
    SELECT coalesce(max(t.until_at), '-infinity') AS at, coalesce(max(t.until_id), 0) AS id
      FROM order_tally t
     WHERE t.account_id = :caller.account_id
), weight AS MATERIALIZED (
    SELECT ('pending' = ANY (:status))::int AS pending, ('needs_approval' = ANY (:status))::int AS approval
)
SELECT CASE WHEN w.pending > 0
            THEN (SELECT count(*)
                    FROM order_apart a
                   WHERE a.account_id = :caller.account_id AND a.state = 'open' AND (a.changed_at, a.order_id) <= (m.at, m.id))
            ELSE 0 END
       + CASE WHEN w.approval <> w.pending
              THEN (w.approval - w.pending)
                   * (SELECT count(*)
                        FROM request r
                        JOIN orders o ON o.id = r.order_id AND o.request_id = r.id AND o.status = 'needs_approval'
                       WHERE r.account_id = :caller.account_id AND r.status = 'pending' AND (o.created_at, o.id) <= (m.at, m.id))
              ELSE 0 END
       + (SELECT count(*)
            FROM orders o
           WHERE o.account_id = :caller.account_id AND (o.created_at, o.id) > (m.at, m.id)
             AND o.status = ANY (:status)  --? status
         )
       AS total, pg_current_snapshot()::text AS seen
  FROM mark m
  CROSS JOIN weight w;

-- order_shown: lines
SELECT o.id, o.status, x.id IS NOT NULL AS is_renewed, o.created_at AS date_created,
       (o.options -> 'order_validity' ->> 'years')::int AS validity_years,
       o.options -> 'order_validity' AS order_validity, o.valid_till - interval '1 second' AS order_valid_till,
       coalesce((o.options ->> 'disable_renewal_notifications')::boolean, false) AS disable_renewal_notifications,
       CASE WHEN (o.options -> 'order_validity' ->> 'years')::int > 1 THEN true END AS is_multi_year_plan,
       o.product_name_id, o.product_name_id AS "product.name_id", o.alternative_order_id,
       k.id AS "container.id", k.name AS "container.name", CASE WHEN k.id IS NOT NULL THEN true END AS "container.is_active",
       c.id AS "certificate.id", upper(encode(c.serial, 'hex')) AS "certificate.serial_number",
       n.names[1] AS "certificate.common_name", n.names AS "certificate.dns_names",
       c.not_before AS "certificate.valid_from", c.not_after AS "certificate.valid_till",
       floor(extract(epoch FROM c.not_after - :caller.now) / 86400)::bigint AS "certificate.days_remaining",
       o.options -> 'cert_validity' AS "certificate.cert_validity", r.signature_hash AS "certificate.signature_hash",
       cardinality(n.names) AS number_of_sans,
       0 AS duplicates_count, false AS has_duplicates, 0 AS reissues_count, false AS has_reissues

-- order_beside: lines
  JOIN orders o ON o.id = page.id AND o.account_id = :caller.account_id
  JOIN request r ON r.id = o.request_id AND r.account_id = o.account_id
  LEFT JOIN container k ON k.id = o.container_id AND k.account_id = o.account_id
  LEFT JOIN order_renewal x ON x.renewed_order_id = o.id AND x.ended_at IS NULL AND x.account_id = o.account_id
  LEFT JOIN certificate c ON c.id = o.certificate_id AND c.account_id = o.account_id
  CROSS JOIN LATERAL (SELECT array_agg(n.name ORDER BY n.position) AS names FROM request_name n WHERE n.request_id = r.id) AS n
 ORDER BY page.place;

-- order_list: OrderQuery -> ListedOrder*
--+ order_shown
  FROM (SELECT p.id, row_number() OVER () AS place
          FROM (SELECT o.id
                  FROM orders o
                 WHERE o.account_id = :caller.account_id
                   AND (o.created_at, o.id) > (:after_at, :after_id)  --? after
                   AND (o.created_at < :settled OR pg_visible_in_snapshot(o.xid, :seen::text::pg_snapshot))
                   --+ order_filters
                 ORDER BY
                       o.id,  --> by_id
                       o.id DESC,  --> by_id_desc
                       o.id,  --> by_order_id
                       o.id DESC,  --> by_order_id_desc
                       o.status,  --> by_status
                       o.status DESC,  --> by_status_desc
                       (SELECT n.name FROM request_name n WHERE n.request_id = o.request_id AND n.position = 0),  --> by_common_name
                       (SELECT n.name FROM request_name n WHERE n.request_id = o.request_id AND n.position = 0) DESC,  --> by_common_name_desc
                       o.product_name_id,  --> by_product_name_id
                       o.product_name_id DESC,  --> by_product_name_id_desc
                       o.user_id,  --> by_user_id
                       o.user_id DESC,  --> by_user_id_desc
                       o.container_id,  --> by_container_id
                       o.container_id DESC NULLS LAST,  --> by_container_id_desc
                       o.valid_till,  --> by_order_valid_till
                       o.valid_till DESC,  --> by_order_valid_till_desc
                       (SELECT c.not_after FROM certificate c WHERE c.id = o.certificate_id),  --> by_valid_till
                       (SELECT c.not_after FROM certificate c WHERE c.id = o.certificate_id) DESC NULLS LAST,  --> by_valid_till_desc
                       o.created_at,  --> by_date_created
                       o.created_at DESC, o.id DESC,  --> by_date_created_desc
                       o.created_at, o.id
                 LIMIT :limit OFFSET :offset) AS p) AS page
--+ order_beside

-- order_list_open: OrderQuery -> ListedOrder*
-- The same for statuses that orders do not stay in, in the order of placing: those that are set apart and
-- then those behind the mark, neither read any further than the page.
--+ order_shown
  FROM (SELECT p.id, row_number() OVER () AS place
          FROM (SELECT w.id
                  FROM ((SELECT o.id, a.changed_at AS placed_at
                           FROM order_apart a
                           JOIN orders o ON o.id = a.order_id
                          WHERE a.account_id = :caller.account_id AND a.state = 'open'
                            AND (a.changed_at, a.order_id)
                                <= (coalesce((SELECT t.until_at FROM order_tally t WHERE t.account_id = :caller.account_id), '-infinity'),
                                    coalesce((SELECT t.until_id FROM order_tally t WHERE t.account_id = :caller.account_id), 0))
                            AND (a.changed_at, a.order_id) > (:after_at, :after_id)  --? after
                            AND o.account_id = :caller.account_id
                            AND (o.created_at < :settled OR pg_visible_in_snapshot(o.xid, :seen::text::pg_snapshot))
                            --+ order_filters
                          ORDER BY a.changed_at, a.order_id
                          LIMIT :offset::bigint + :limit::bigint)
                        UNION ALL
                        (SELECT o.id, o.created_at
                           FROM orders o
                          WHERE o.account_id = :caller.account_id
                            AND (o.created_at, o.id)
                                > (coalesce((SELECT t.until_at FROM order_tally t WHERE t.account_id = :caller.account_id), '-infinity'),
                                   coalesce((SELECT t.until_id FROM order_tally t WHERE t.account_id = :caller.account_id), 0))
                            AND (o.created_at, o.id) > (:after_at, :after_id)  --? after
                            AND (o.created_at < :settled OR pg_visible_in_snapshot(o.xid, :seen::text::pg_snapshot))
                            --+ order_filters
                          ORDER BY o.created_at, o.id
                          LIMIT :offset::bigint + :limit::bigint)) AS w
                 ORDER BY w.placed_at, w.id
                 LIMIT :limit OFFSET :offset) AS p) AS page
--+ order_beside

-- order_status_changes: StatusChangesQuery -> CountedOrder*
-- status_at has no index, since it changes with every order. But what changed in time either is new,
-- or is known to be apart from those that were issued at once and stay so.
SELECT o.id AS "order.order_id", o.status AS "order.status",
       o.certificate_id AS "order.certificate_id",
       count(*) OVER () AS total
  FROM orders o
 WHERE o.account_id = :caller.account_id AND o.status_at >= :from AND o.status_at <= :to
   AND o.id IN (SELECT n.id FROM orders n WHERE n.account_id = :caller.account_id AND n.created_at >= :from::timestamptz - interval '15 minutes'
                UNION ALL
                SELECT u.order_id FROM order_unsettled(:caller.account_id) u WHERE u.state = 'open' OR u.changed_at >= :from)
 ORDER BY
       o.status_at,  --> by_status_last_updated
       o.status_at DESC,  --> by_status_last_updated_desc
       o.id,  --> by_order_id
       o.id DESC,  --> by_order_id_desc
       o.id,  --> by_id
       o.id DESC,  --> by_id_desc
       o.certificate_id,  --> by_certificate_id
       o.certificate_id DESC NULLS LAST,  --> by_certificate_id_desc
       o.status,  --> by_status
       o.status DESC,  --> by_status_desc
       o.created_at,  --> by_date_created
       o.created_at DESC,  --> by_date_created_desc
       o.status_at, o.id
 LIMIT :limit OFFSET :offset;

-- orders_alternative: AlternativeRequest -> CountedOrder*
SELECT o.id AS "order.order_id", o.status AS "order.status",
       o.certificate_id AS "order.certificate_id",
       count(*) OVER () AS total
  FROM orders o
 WHERE o.account_id = :caller.account_id AND o.alternative_order_id = :alternative_order_id
 ORDER BY
       o.created_at,  --> by_date_created
       o.created_at DESC,  --> by_date_created_desc
       o.id,  --> by_order_id
       o.id DESC,  --> by_order_id_desc
       o.id,  --> by_id
       o.id DESC,  --> by_id_desc
       o.certificate_id,  --> by_certificate_id
       o.certificate_id DESC NULLS LAST,  --> by_certificate_id_desc
       o.status,  --> by_status
       o.status DESC,  --> by_status_desc
       o.created_at, o.id
 LIMIT :limit OFFSET :offset;
