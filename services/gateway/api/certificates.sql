-- certificate_get: CertificateRef -> CertificateBytes?
SELECT c.id, c.order_id, c.ca_id, c.der, n.name AS common_name, c.issued_at,
       (o.options ->> 'server_platform_id')::bigint AS platform_id
  FROM certificate c
  JOIN orders o ON o.id = c.order_id AND o.account_id = c.account_id
  JOIN request_name n ON n.request_id = c.request_id AND n.position = 0
 WHERE c.id = :certificate_id AND c.account_id = :caller.account_id;

-- certificate_of_order: OrderCertificateRef -> CertificateBytes?
-- The one that the order shows.
SELECT c.id, c.order_id, c.ca_id, c.der, n.name AS common_name, c.issued_at,
       (o.options ->> 'server_platform_id')::bigint AS platform_id
  FROM orders o
  JOIN certificate c ON c.id = o.certificate_id AND c.account_id = o.account_id
  JOIN request_name n ON n.request_id = c.request_id AND n.position = 0
 WHERE o.id = :order_id AND o.account_id = :caller.account_id;
