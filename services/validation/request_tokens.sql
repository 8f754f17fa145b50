-- auth_key_terms: AuthKeyQuery* -> AuthKeyTerms*
-- Request tokens are a method of TLS.
SELECT q.account_id, k.auth_key_sealed,
       (SELECT (extract(epoch FROM rule_interval(r.value, r.unit)) * 1000000)::bigint
          FROM policy_at(q.now, 'TLS', 'token.life') r) AS token_life_us,
       dcv_web_rules('TLS', q.now) AS web, quorum_rules('TLS', q.now) AS quorum,
       (SELECT h.demonstration FROM authority h WHERE h.id = q.ca_id) IS TRUE AS alone,
       ARRAY(SELECT n.name
               FROM unnest(q.names::text[]) AS n (name)
              CROSS JOIN LATERAL caa_standing(q.account_id, n.name, q.rule_scope, q.now,
                                              (SELECT h.demonstration FROM authority h WHERE h.id = q.ca_id) IS TRUE) s
              WHERE s.valid_until IS NULL
                AND (SELECT a.public FROM authority a WHERE a.id = q.ca_id) IS NOT FALSE) AS caa_names,
       caa_rules(q.rule_scope, q.now) AS caa
  FROM unnest(:account_id, :now, :names, :rule_scope, :ca_id) AS q (account_id, now, names, rule_scope, ca_id)
  LEFT JOIN auth_key k ON k.account_id = q.account_id;

-- look_store: LookFound* -> LookStored*
-- C0: evidence that counts for the request that its tokens were made for, and for no other; and checks of CAA
-- records, which count for each.
WITH stored AS (
    INSERT INTO validation (account_id, kind, identifier, method, br_method, completed_at, evidence, corroboration, csr_sha256,
                            dns_names)
    SELECT account_id, kind, identifier, method, br_method, completed_at, evidence::jsonb, corroboration::jsonb, csr_sha256,
           string_to_array(dns_names, ',')
      FROM unnest(:evidence.account_id, :evidence.kind, :evidence.identifier, :evidence.method, :evidence.br_method,
                  :evidence.completed_at, :evidence.evidence, :evidence.corroboration, :evidence.csr_sha256, :evidence.dns_names)
        AS e (account_id, kind, identifier, method, br_method, completed_at, evidence, corroboration, csr_sha256, dns_names)
), seen AS (
    INSERT INTO caa_check (account_id, name, checked_at, ttl, result, methods, domain, detail, evidence, iodef, corroboration, ours)
    SELECT account_id, name, checked_at, ttl, result, methods::text[], domain, detail, evidence::jsonb, iodef::text[],
           corroboration::jsonb, ours IS TRUE
      FROM unnest(:checks.account_id, :checks.name, :checks.checked_at, :checks.ttl, :checks.result, :checks.methods,
                  :checks.domain, :checks.detail, :checks.evidence, :checks.iodef, :checks.corroboration, :checks.ours)
        AS c (account_id, name, checked_at, ttl, result, methods, domain, detail, evidence, iodef, corroboration, ours)
)
SELECT look_id FROM unnest(:look_id) AS l (look_id);
