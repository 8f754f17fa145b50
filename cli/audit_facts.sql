-- facts_log_page: FactsPage -> FactPlace?
-- Each table is walked in pages by number: this one and the next four say where a page ends, and of when its
-- last row is.
SELECT id, at
  FROM (SELECT id, at FROM audit WHERE id > :after ORDER BY id LIMIT :room) AS page
 ORDER BY id DESC
 LIMIT 1;

-- facts_certificate_page: FactsPage -> FactPlace?
SELECT id, at
  FROM (SELECT id, issued_at AS at FROM certificate WHERE id > :after ORDER BY id LIMIT :room) AS page
 ORDER BY id DESC
 LIMIT 1;

-- facts_precertificate_page: FactsPage -> FactPlace?
SELECT id, at
  FROM (SELECT id, signed_at AS at FROM precertificate WHERE id > :after ORDER BY id LIMIT :room) AS page
 ORDER BY id DESC
 LIMIT 1;

-- facts_evidence_page: FactsPage -> FactPlace?
SELECT id, at
  FROM (SELECT id, completed_at AS at FROM validation WHERE id > :after ORDER BY id LIMIT :room) AS page
 ORDER BY id DESC
 LIMIT 1;

-- facts_attempt_page: FactsPage -> FactPlace?
SELECT id, at
  FROM (SELECT id, created_at AS at FROM issuance WHERE id > :after ORDER BY id LIMIT :room) AS page
 ORDER BY id DESC
 LIMIT 1;

-- facts_log: FactsRange -> LogFact*
-- What the log says was placed, issued and validated; whether that is there with the same bytes; and whether the
-- row is one that proves it.
WITH page AS MATERIALIZED (
    SELECT a.id, a.activity, a.subject, a.detail, a.by_role,
           CASE a.activity WHEN 'certificate issued' THEN a.detail ->> 'certificate_id'
                           WHEN 'precertificate signed' THEN a.detail ->> 'issuance_id'
                           WHEN 'order placed' THEN substr(a.subject, length('order/') + 1)
                           ELSE substr(a.subject, length('validation/') + 1) END AS number
      FROM audit a
     WHERE a.id > :after AND a.id <= :last AND a.at >= :since
       AND a.activity IN ('order placed', 'certificate issued', 'precertificate signed', 'domain validated')
), numbered AS MATERIALIZED (
    SELECT activity, subject, detail, by_role, id, number,
           CASE WHEN number ~ '^[0-9]{1,18}$' THEN number::bigint END AS about FROM page
), seen AS (
    SELECT n.id, n.activity, n.subject, n.detail, n.by_role, n.number, n.about, coalesce(c.order_id, r.order_id) AS order_id,
           v.identifier, v.br_method, v.evidence,
           CASE n.activity WHEN 'certificate issued' THEN encode(sha256(c.der), 'hex') = n.detail ->> 'der_sha256'
                           WHEN 'precertificate signed' THEN encode(sha256(p.der), 'hex') = n.detail ->> 'der_sha256'
                           WHEN 'order placed' THEN n.subject = 'order/' || n.about
                           ELSE encode(sha256(convert_to(v.evidence::text, 'UTF8')), 'hex') = n.detail ->> 'evidence'
                                AND encode(sha256(convert_to(v.corroboration::text, 'UTF8')), 'hex')
                                    IS NOT DISTINCT FROM n.detail ->> 'corroboration'
                                AND concat_ws('/', v.remotes, v.agreed, v.regions)
                                    = concat_ws('/', coalesce(n.detail ->> 'remotes', '0'), coalesce(n.detail ->> 'agreed', '0'),
                                                     coalesce(n.detail ->> 'regions', '0'))
           END AS same
      FROM numbered n
      LEFT JOIN certificate c ON n.activity = 'certificate issued' AND c.id = n.about
      LEFT JOIN precertificate p ON n.activity = 'precertificate signed' AND p.id = n.about
      LEFT JOIN request r ON r.id = p.request_id
      LEFT JOIN validation v ON n.activity = 'domain validated' AND v.id = n.about
)
SELECT activity, about, coalesce(number, '?') AS number, coalesce(subject, '?') AS subject, by_role::text AS by_role,
       coalesce(same, false) AS same,
       coalesce(same AND CASE activity
                         WHEN 'certificate issued' THEN subject = 'order/' || order_id AND by_role = 'chancery_issuer'
                         WHEN 'precertificate signed' THEN subject = 'order/' || order_id AND by_role = 'chancery_issuer'
                         WHEN 'domain validated' THEN subject = 'validation/' || about AND detail ->> 'identifier' = identifier
                                                      AND detail ->> 'br_method' = br_method
                         ELSE true END, false) AS proves
  FROM seen
 ORDER BY id;

-- facts_certificates: FactsRange -> FactCertificate*
-- `begun_at`: no signature of it is older.
SELECT c.id, c.order_id, c.issued_at, coalesce(x.created_at, c.issued_at) AS begun_at
  FROM certificate c
  LEFT JOIN issuance x ON x.id = c.id
 WHERE c.id > :after AND c.id <= :last AND c.issued_at >= :since
 ORDER BY c.id;

-- facts_unordered: FactIds -> FactFinding*
-- Of these certificates, those of orders that nobody has placed, as far as the log knows. The row is of the
-- transaction that placed the order, whenever that was.
SELECT 'certificate/' || c.id AS subject, 'no audit row says that order ' || c.order_id || ' was placed' AS detail
  FROM certificate c
 WHERE c.id = ANY (:ids)
   AND NOT EXISTS (SELECT FROM orders o
                     JOIN audit a ON a.xid = o.xid AND a.activity = 'order placed' AND a.subject = 'order/' || o.id
                    WHERE o.id = c.order_id)
 ORDER BY c.id;

-- facts_unproved: FactsRange -> FactFinding*
-- Certificates below a public authority with a name for which none of the evidence stands that was relied on.
SELECT 'certificate/' || c.id AS subject, n.name || ' has none of the evidence that was relied on' AS detail
  FROM certificate c
  JOIN issuance x ON x.id = c.id
  JOIN authority h ON h.id = c.ca_id AND h.public
  JOIN request_name n ON n.request_id = c.request_id
 WHERE c.id > :after AND c.id <= :last AND c.issued_at >= :since
   AND NOT EXISTS (SELECT FROM validation v
                    WHERE v.id = ANY (x.evidence) AND v.account_id = c.account_id
                      AND v.identifier IN (SELECT p.identifier FROM proof_place(n.name, n.domain) p))
 ORDER BY c.id, n.position;

-- facts_without_attempt: FactsRange -> FactFinding*
SELECT 'certificate/' || c.id AS subject, 'no issued attempt has its serial, its authority and its request' AS detail
  FROM certificate c
  LEFT JOIN issuance x ON x.id = c.id AND x.state = 'issued' AND x.serial = c.serial AND x.ca_id = c.ca_id
                      AND x.request_id = c.request_id
 WHERE c.id > :after AND c.id <= :last AND c.issued_at >= :since AND x.id IS NULL
 ORDER BY c.id;

-- facts_precertificates: FactsRange -> FactPrecertificate*
-- `begun_at`: no signature of it is older.
SELECT p.id, p.signed_at, coalesce(x.created_at, p.signed_at) AS begun_at
  FROM precertificate p
  LEFT JOIN issuance x ON x.id = p.id
 WHERE p.id > :after AND p.id <= :last AND p.signed_at >= :since
 ORDER BY p.id;

-- facts_loose_precertificates: FactsRange -> FactFinding*
-- Those that are not what everybody may take them for: a certificate's, or on the way to one, or revoked.
SELECT 'precertificate/' || p.id AS subject,
       'serial ' || encode(p.serial, 'hex') || ' of ' || p.ca_id || ' has no certificate, is not under way and not revoked' AS detail
  FROM precertificate p
 WHERE p.id > :after AND p.id <= :last AND p.signed_at >= :since
   AND NOT EXISTS (SELECT FROM issuance x
                    WHERE x.id = p.id AND x.serial = p.serial AND x.ca_id = p.ca_id AND x.request_id = p.request_id
                      AND (x.state IN ('precert_signed', 'final_reserved')
                           OR (x.state = 'issued' AND EXISTS (SELECT FROM certificate c
                                                               WHERE c.id = p.id AND c.serial = p.serial AND c.ca_id = p.ca_id
                                                                 AND c.request_id = p.request_id))
                           OR (x.state = 'ghost' AND EXISTS (SELECT FROM revocation v WHERE v.ca_id = p.ca_id AND v.serial = p.serial))))
 ORDER BY p.id;

-- facts_evidence: FactsRange -> FactPlace*
SELECT v.id, v.completed_at AS at
  FROM validation v
 WHERE v.id > :after AND v.id <= :last AND v.completed_at >= :since
 ORDER BY v.id;

-- facts_signed_ghosts: FactsRange -> FactFinding*
-- Serials that were given up, of which a signature came in all the same: somebody may have the certificate. Of a
-- precertificate that was given up it is known; facts_loose_precertificates has those.
SELECT 'issuance/' || x.id AS subject, 'was given up and is signed: serial ' || encode(x.serial, 'hex') || ' of ' || x.ca_id AS detail
  FROM issuance x
  JOIN to_sign t ON t.issuance_id = x.id
 WHERE x.id > :after AND x.id <= :last AND x.created_at >= :since
   AND x.state IN ('ghost', 'abandoned') AND t.signature IS NOT NULL
   AND NOT (t.kind = 'precert' AND EXISTS (SELECT FROM precertificate p WHERE p.id = x.id))
 ORDER BY x.id;

-- facts_policies: FactsRange -> FactPolicy*
-- The policy versions of some attempts, and of each version one of them.
SELECT x.policy_version AS version, min(x.id) AS issuance_id
  FROM issuance x
 WHERE x.id > :after AND x.id <= :last AND x.created_at >= :since
 GROUP BY x.policy_version;

-- facts_policy: FactPolicy -> FactFinding?
-- When the log does not say that this version was loaded, with this hash.
SELECT 'issuance/' || :issuance_id::bigint AS subject, 'policy version ' || :version::bigint || ' is not in the log as it is' AS detail
 WHERE NOT EXISTS (SELECT FROM policy_version p
                     JOIN audit a ON a.activity = 'policy loaded' AND a.subject = 'policy_version/' || p.id
                                 AND substr(a.detail ->> 'sha256', 3) = encode(p.sha256, 'hex')
                    WHERE p.id = :version::bigint);
