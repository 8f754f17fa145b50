-- request_filters: lines
AND r.status = ANY (:status)  --? status
AND r.status = 'pending'  --? pending

-- request_count: RequestQuery -> ListTotal
SELECT count(*) AS total, pg_current_snapshot()::text AS seen
  FROM request r
  JOIN orders o ON o.id = r.order_id AND o.account_id = :caller.account_id
 WHERE r.account_id = :caller.account_id
   --+ request_filters
;

-- request_list: RequestQuery -> ListedRequest*
-- Lines with a mark at their end are there only if they are asked for (store/pick.h).
SELECT r.id, r.created_at AS date, r.type, r.status,
       u.id AS "requester.id", u.first_name AS "requester.first_name", u.last_name AS "requester.last_name",
       u.email AS "requester.email",
       o.id AS "order.id", n.name AS "order.certificate.common_name",
       k.id AS "order.container.id", k.name AS "order.container.name", o.product_name_id AS "order.product.name_id"
  FROM (SELECT p.id, p.order_id, p.created_at, p.type, p.status, p.requester_id, row_number() OVER () AS place
          FROM (SELECT r.id, r.order_id, r.created_at, r.type, r.status, r.requester_id
                  FROM request r
                  JOIN orders o ON o.id = r.order_id AND o.account_id = :caller.account_id
                 WHERE r.account_id = :caller.account_id
                   AND r.id > :after_id  --? after
                   AND (o.created_at < :settled OR pg_visible_in_snapshot(o.xid, :seen::text::pg_snapshot))
                   --+ request_filters
                 ORDER BY
                       r.id,  --> by_id
                       r.id DESC,  --> by_id_desc
                       r.created_at,  --> by_date
                       r.created_at DESC,  --> by_date_desc
                       r.type,  --> by_type
                       r.type DESC,  --> by_type_desc
                       r.status,  --> by_status
                       r.status DESC,  --> by_status_desc
                       r.requester_id,  --> by_requester_id
                       r.requester_id DESC NULLS LAST,  --> by_requester_id_desc
                       r.order_id,  --> by_order_id
                       r.order_id DESC,  --> by_order_id_desc
                       (SELECT n.name FROM request_name n WHERE n.request_id = r.id AND n.position = 0),  --> by_common_name
                       (SELECT n.name FROM request_name n WHERE n.request_id = r.id AND n.position = 0) DESC NULLS LAST,  --> by_common_name_desc
                       o.container_id,  --> by_container_id
                       o.container_id DESC NULLS LAST,  --> by_container_id_desc
                       o.product_name_id,  --> by_product_name_id
                       o.product_name_id DESC,  --> by_product_name_id_desc
                       r.id
                 LIMIT :limit OFFSET :offset) AS p) AS r
  JOIN orders o ON o.id = r.order_id AND o.account_id = :caller.account_id
  LEFT JOIN request_name n ON n.request_id = r.id AND n.position = 0
  LEFT JOIN user_account u ON u.id = r.requester_id AND u.account_id = :caller.account_id
  LEFT JOIN container k ON k.id = o.container_id AND k.account_id = o.account_id
 ORDER BY r.place;

-- request_get: RequestId -> RequestRow?
SELECT r.id, r.created_at AS date, r.type, r.status, r.order_id, r.comments, r.processor_comment,
       CASE WHEN r.status <> 'pending' THEN r.processed_at END AS date_processed,
       u.id AS "requester.id", u.first_name AS "requester.first_name", u.last_name AS "requester.last_name",
       u.email AS "requester.email",
       p.id AS "processor.id", p.first_name AS "processor.first_name", p.last_name AS "processor.last_name",
       p.email AS "processor.email"
  FROM request r
  LEFT JOIN user_account u ON u.id = r.requester_id AND u.account_id = r.account_id
  LEFT JOIN user_account p ON p.id = r.processor_id AND p.account_id = r.account_id
 WHERE r.id = :request_id AND r.account_id = :caller.account_id;
