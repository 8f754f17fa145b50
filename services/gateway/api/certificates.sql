-- certificate_get: CertificateRef -> CertificateBytes?
SELECT c.id, c.order_id, c.ca_id, c.der, o.common_name, c.issued_at,
       (o.options ->> 'server_platform_id')::bigint AS platform_id
  FROM certificate c
  JOIN orders o ON o.id = c.order_id
 WHERE c.id = :certificate_id AND c.account_id = :account_id;

-- certificate_of_order: OrderCertificateRef -> CertificateBytes?
SELECT c.id, c.order_id, c.ca_id, c.der, o.common_name, c.issued_at,
       (o.options ->> 'server_platform_id')::bigint AS platform_id
  FROM certificate c
  JOIN orders o ON o.id = c.order_id
 WHERE c.order_id = :order_id AND c.account_id = :account_id
 ORDER BY c.id DESC
 LIMIT 1;
