-- What the rules of a day let a web server do with us, as the message WebRules.
CREATE OR REPLACE FUNCTION dcv_web_rules(of_scope text, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('statuses',  (SELECT r.value FROM policy_at(at, of_scope, 'dcv.redirect.status') r),
                             'ports',     (SELECT r.value FROM policy_at(at, of_scope, 'dcv.web.ports') r),
                             'redirects', (SELECT r.value FROM policy_at(at, of_scope, 'dcv.redirect.most') r),
                             'bytes',     (SELECT r.value FROM policy_at(at, of_scope, 'dcv.web.bytes') r))
$$;

-- Both as they stand in request_name: A-labels, lower case.
CREATE OR REPLACE FUNCTION name_within(name text, ancestor text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT name = ancestor OR right(name, length(ancestor) + 1) = '.' || ancestor
$$;

-- Where control over a name may be proved: at its authorization domain name, else at the name itself or
-- between the two. BR 2.2.9 lets labels be pruned from the left as far as one likes, and what is found lower
-- speaks for the names below that place only. Of a name with many labels the first eight places count, as
-- in services/validation/search.c. One SELECT, so that no call is left.
CREATE OR REPLACE FUNCTION proof_place(of_name text, of_domain text) RETURNS TABLE (identifier text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT of_domain
    UNION ALL
    SELECT array_to_string(b.labels[i:], '.') || '.' || of_domain
      FROM (SELECT l.labels, 1 + (l.labels[1] = '*')::int AS first
              FROM (SELECT string_to_array(nullif(left(of_name, -1 - length(of_domain)), ''), '.') AS labels) l) b
      CROSS JOIN generate_series(b.first, least(cardinality(b.labels), b.first + 7)) i
$$;

-- The names that a name lies within, itself among them: of these, one may be where it is proved.
CREATE OR REPLACE FUNCTION name_ancestor(of_name text) RETURNS TABLE (domain text)
LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_string(l.labels[i:], '.')
      FROM (SELECT string_to_array(of_name, '.') AS labels) l
      CROSS JOIN generate_series(1 + (l.labels[1] = '*')::int, cardinality(l.labels)) i
$$;

-- May a method prove anything on that day? One SELECT, so that no call is left.
CREATE OR REPLACE FUNCTION method_prohibited(of_br_method text, of_scope text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.' || of_br_method) r WHERE r.level = 'X')
$$;

-- The counts of what other points of view saw, made anew of what is stored: no writer says them. One that is
-- named twice is one, and the primary is none of them. Of validations, and of checks of CAA records.
CREATE OR REPLACE FUNCTION validation_count() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT count(DISTINCT p.seen ->> 'perspective'),
           count(DISTINCT p.seen ->> 'perspective') FILTER (WHERE p.seen -> 'agreed' = 'true'),
           count(DISTINCT p.seen ->> 'region') FILTER (WHERE p.seen -> 'agreed' = 'true')
      INTO NEW.remotes, NEW.agreed, NEW.regions
      FROM jsonb_path_query(NEW.corroboration, '$.perspectives[*]') AS p (seen)
     WHERE p.seen ->> 'perspective' IS DISTINCT FROM NEW.evidence ->> 'perspective';
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER validation_count BEFORE INSERT ON validation
    FOR EACH ROW EXECUTE FUNCTION validation_count();
CREATE OR REPLACE TRIGGER caa_check_count BEFORE INSERT ON caa_check
    FOR EACH ROW EXECUTE FUNCTION validation_count();

-- What the rules of a day demand of other points of view, as the message QuorumRules. NULL: nothing.
CREATE OR REPLACE FUNCTION quorum_rules(of_scope text, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('exempt',       (SELECT x.value FROM policy_at(at, of_scope, 'mpic.exempt') x),
                             'remotes',      r.value::int,
                             'blocks',       r.level = 'M',
                             'regions',      (SELECT x.value::int FROM policy_at(at, of_scope, 'mpic.rirs') x),
                             'misses_2_5',   (SELECT x.value::int FROM policy_at(at, of_scope, 'mpic.misses_2_5') x),
                             'misses_6plus', (SELECT x.value::int FROM policy_at(at, of_scope, 'mpic.misses_6plus') x),
                             'apart_km',     (SELECT x.value::int FROM policy_at(at, of_scope, 'mpic.distance') x))
      FROM policy_at(at, of_scope, 'mpic.remotes') r
$$;

-- Does a validation (or a check of CAA records, whose section is 4.2.2.1) lack what the rules of its day demanded of
-- other points of view: so many remote perspectives asked, in so many regions those who agree, and not more than so
-- many who did not (BR 3.2.2.9)? services/validation/quorum.c decides the same, and by distances, before it is stored. A
-- method that no rule exempts needs them. By a row of policy_day; `place` is that of the day on which it was seen among
-- its quorum_days. One expression, so that no call is left.
CREATE OR REPLACE FUNCTION day_quorum_missed(p policy_day, place int, of_br_method text, of_remotes int, of_agreed int, of_regions int)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p.quorum_remotes[place] IS NOT NULL
       AND (of_remotes < p.quorum_remotes[place]
            OR of_remotes - of_agreed > CASE WHEN of_remotes < 6 THEN p.quorum_misses_2_5[place] ELSE p.quorum_misses_6plus[place] END
            OR of_regions < p.quorum_regions[place]) IS TRUE
       AND position(' ' || of_br_method || ' ' IN p.quorum_exempt[place]) = 0
$$;

-- The same, a row where it lacks them, for who asks of one instant.
CREATE OR REPLACE FUNCTION quorum_missed(of_scope text, of_br_method text, of_remotes int, of_agreed int, of_regions int,
                                         at timestamptz) RETURNS TABLE (remotes int)
LANGUAGE sql STABLE AS $$
    SELECT p.quorum_remotes[width_bucket(at, p.quorum_days)]
      FROM policy_day_at(at, of_scope) p
     WHERE day_quorum_missed(p, width_bucket(at, p.quorum_days), of_br_method, of_remotes, of_agreed, of_regions)
$$;

-- Until when the rules of its method let a validation count that was completed then, by a row of policy_day; `place` is
-- that of its section there. No place: they do not say. One expression, so that no call is left.
DROP FUNCTION IF EXISTS method_until(text, timestamptz, text, timestamptz); -- of before 0029
CREATE OR REPLACE FUNCTION day_method_end(p policy_day, place int, completed_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT coalesce(least(completed_at + p.lives[place], p.ends[place]), 'infinity')
$$;

-- Evidence that counts at an instant, and until when: of each place where a name may have been proved, the
-- authorization domain name before those below it, the account's newest, and the newest that was made for
-- this very CSR. Who only asks whether there is any, or takes the first, does not pay for what is behind it.
--
-- An account's validation serves when its age is within rule reuse.dcv of that day, and within reuse.dcv of its
-- method where there is one, and while no rule prohibits the method, whenever it was used; a request token only
-- for the CSR it was made for. By a method whose rule dcv.exact is in force (a file on a web server, say: BR
-- 3.2.2.4.18) it speaks for the very name it was found at, for no name below and for no wildcard. What too few
-- other points of view have confirmed does not count, by the rules of the day on which it was found; `alone`, for
-- a demonstration: it does. A rule counts only until its own last day, and what begins later ends what is now.
-- Clocks of two hosts may differ by a minute. One SELECT that the planner takes apart, so it calls nothing that it
-- cannot.
DROP FUNCTION IF EXISTS dcv_evidence(bigint, text, text, text, bytea, timestamptz); -- of before 0023; its callers need no more
DROP FUNCTION IF EXISTS dcv_evidence(bigint, text, text, text, bytea, timestamptz, boolean); -- of before 0029: it had no br_method
CREATE FUNCTION dcv_evidence(of_account bigint, of_name text, of_domain text, of_scope text, of_csr bytea, at timestamptz,
                             alone boolean DEFAULT false)
RETURNS TABLE (validation_id bigint, valid_until timestamptz, br_method text)
LANGUAGE sql STABLE AS $$
    SELECT f.id, least(f.completed_at + p.reuse, p.reuse_till, f.until), f.br_method
      FROM policy_day_at(at, of_scope) p
      CROSS JOIN LATERAL proof_place(of_name, of_domain) AS place
      CROSS JOIN LATERAL
           ((SELECT v.id, v.completed_at, v.br_method, m.until
               FROM validation v
              CROSS JOIN LATERAL (SELECT day_method_end(p, array_position(p.sections, v.br_method), v.completed_at) AS until) m
              WHERE v.csr_sha256 IS NULL AND v.account_id = of_account AND v.identifier = place.identifier
                AND v.completed_at > at - p.reuse
                AND v.completed_at <= at + interval '1 minute'
                AND m.until > at
                AND (place.identifier = of_name OR v.br_method <> ALL (p.exact))
                AND (alone OR NOT day_quorum_missed(p, width_bucket(v.completed_at, p.quorum_days), v.br_method, v.remotes, v.agreed,
                                                    v.regions))
              ORDER BY v.completed_at DESC
              LIMIT 1)
            UNION ALL
            (SELECT v.id, v.completed_at, v.br_method, m.until
               FROM validation v
              CROSS JOIN LATERAL (SELECT day_method_end(p, array_position(p.sections, v.br_method), v.completed_at) AS until) m
              WHERE v.csr_sha256 = of_csr AND v.csr_sha256 IS NOT NULL
                AND v.account_id = of_account AND v.identifier = place.identifier
                AND v.completed_at > at - p.reuse
                AND v.completed_at <= at + interval '1 minute'
                AND m.until > at
                AND (place.identifier = of_name OR v.br_method <> ALL (p.exact))
                AND (alone OR NOT day_quorum_missed(p, width_bucket(v.completed_at, p.quorum_days), v.br_method, v.remotes, v.agreed,
                                                    v.regions))
              ORDER BY v.completed_at DESC
              LIMIT 1)) f
$$;

-- What proved something, for people: the message DcvProof. It decides nothing. A release of before, and a mail, have
-- not said all that must be there.
CREATE OR REPLACE FUNCTION evidence_shown(of_validation bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('at', v.completed_at, 'perspective', v.method, 'domain', v.identifier, 'method', v.br_method) || v.evidence
      FROM validation v
     WHERE v.id = of_validation
$$;

-- For people who look ahead: how many of the validations that there are count until the day and do not count
-- on it, by the rules of dcv_evidence(): those that lie between what was the oldest that counted, by each
-- method, and what is. Those that too few have confirmed count where there is a public demonstration, and nowhere else.
-- Of one section, or of all that may be used on the day. One walk for the methods there are, one to count; the rules of
-- mpic are asked once for all that have the same counts and lie between the same two changes of them.
CREATE OR REPLACE FUNCTION proof_lost(of_section text, of_scope text, day timestamptz)
RETURNS TABLE (validations bigint, accounts bigint)
LANGUAGE sql STABLE AS $$
    WITH moment AS (
        SELECT m.br_method, t.on_day, t.at, rule_interval(r.value, r.unit) AS life
          FROM (SELECT DISTINCT v.br_method FROM validation v WHERE of_section IS NULL OR v.br_method = of_section) m
          CROSS JOIN (VALUES (false, day - interval '1 microsecond'), (true, day)) AS t (on_day, at)
          LEFT JOIN LATERAL policy_at(t.at, of_scope, 'reuse.dcv') r ON true
    ), oldest AS (
        SELECT m.br_method, m.on_day,
               CASE WHEN m.life IS NULL OR method_prohibited(m.br_method, of_scope, m.at) THEN 'infinity'
                    ELSE m.at - least(m.life, (SELECT rule_interval(o.value, o.unit)
                                                 FROM policy_at(m.at, of_scope, 'reuse.dcv.' || m.br_method) o)) END AS completed_at
          FROM moment m
    ), lost AS MATERIALIZED (
        SELECT v.account_id, v.br_method, v.remotes, v.agreed, v.regions, v.completed_at,
               width_bucket(v.completed_at, ARRAY(SELECT DISTINCT r.valid_from
                                                    FROM policy_rule r
                                                   WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
                                                     AND r.scope = of_scope AND r.parameter LIKE 'mpic.%'
                                                   UNION
                                                  SELECT r.valid_till
                                                    FROM policy_rule r
                                                   WHERE r.version = (SELECT a.version FROM policy_active a WHERE a.one)
                                                     AND r.scope = of_scope AND r.parameter LIKE 'mpic.%'
                                                   UNION
                                                  SELECT '-infinity'
                                                   ORDER BY 1)) AS phase
          FROM oldest b
          JOIN oldest d ON d.br_method = b.br_method AND d.on_day
          JOIN validation v ON v.br_method = b.br_method AND v.completed_at > b.completed_at AND v.completed_at <= d.completed_at
                           AND v.completed_at < day
         WHERE NOT b.on_day AND b.completed_at < d.completed_at AND (of_section IS NOT NULL OR d.completed_at < 'infinity')
    ), counting AS MATERIALIZED (
        SELECT l.br_method, l.remotes, l.agreed, l.regions, l.phase
          FROM lost l
         GROUP BY l.br_method, l.remotes, l.agreed, l.regions, l.phase
        HAVING EXISTS (SELECT FROM authority a WHERE a.demonstration AND a.public)
            OR NOT EXISTS (SELECT FROM quorum_missed(of_scope, l.br_method, l.remotes, l.agreed, l.regions, min(l.completed_at)))
    )
    SELECT count(*), count(DISTINCT l.account_id)
      FROM lost l
      JOIN counting c ON (c.br_method, c.remotes, c.agreed, c.regions, c.phase) = (l.br_method, l.remotes, l.agreed, l.regions, l.phase)
$$;

-- 32 letters and digits of some 160 random bits.
CREATE OR REPLACE FUNCTION random_value() RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT left(translate(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'base64'),
                          'ABCDEFGHIJKLMNOPQRSTUVWXYZ+/=', 'abcdefghijklmnopqrstuvwxyz09'), 32)
$$;

-- The same, or as much more as rule random.bits of the day asks for: each letter is good for 4 bits and more.
CREATE OR REPLACE FUNCTION random_value_then(of_scope text, at timestamptz) RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT left(string_agg(random_value(), ''), w.length)
      FROM (SELECT greatest(32, (max(r.value::int) + 3) / 4) AS length FROM policy_at(at, of_scope, 'random.bits') r) w
      CROSS JOIN generate_series(1, (w.length + 31) / 32)
     GROUP BY w.length
$$;

-- The challenge by which a request's names are proved; made when there is none yet. C1 and
-- request_advance() call it where there is something to prove.
CREATE OR REPLACE FUNCTION challenge_begin(of_request bigint, of_account bigint, of_scope text, of_method text, at timestamptz)
RETURNS challenge
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    made challenge;
BEGIN
    FOR attempt IN 1 .. 2 LOOP
        SELECT * INTO made FROM challenge c WHERE c.asked_by = 'request' AND c.subject = of_request AND c.account_id = of_account;
        EXIT WHEN FOUND;
        INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, random_value_at, poll_from)
        VALUES (of_account, 'request', of_request, of_scope, of_method, public.random_value_then(of_scope, at), at, at)
        ON CONFLICT (asked_by, subject) DO NOTHING
        RETURNING * INTO made;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN made;
END $$;

-- Where its names may be proved, so that it is found by whoever proves one of them (challenge_peer). NULL
-- stays NULL.
CREATE OR REPLACE FUNCTION challenge_await(of challenge, domains text[]) RETURNS challenge
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO challenge_domain (challenge_id, account_id, domain)
    SELECT c.id, c.account_id, d.domain
      FROM challenge c
      CROSS JOIN (SELECT DISTINCT domain FROM unnest(domains) domain ORDER BY domain) d
     WHERE c.id = of.id AND c.account_id = of.account_id AND c.asked_by = 'request'
    ON CONFLICT DO NOTHING;
    RETURN of;
END $$;

-- Those that wait for nothing any more are not to be found.
CREATE OR REPLACE FUNCTION challenge_settle(challenge_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM challenge_domain d WHERE d.challenge_id = ANY (challenge_ids);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- The other challenges of its account that wait for a domain in which one of its names lies: what proves the
-- name may be what they need.
CREATE OR REPLACE FUNCTION challenge_peer(of_challenge bigint) RETURNS TABLE (challenge_id bigint)
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT d.challenge_id
      FROM challenge x
      CROSS JOIN LATERAL (SELECT n.name FROM request_name n WHERE x.asked_by = 'request' AND n.request_id = x.subject
                          UNION ALL
                          SELECT x.identifier WHERE x.asked_by = 'domain') proved
      CROSS JOIN LATERAL name_ancestor(proved.name) a
      JOIN challenge_domain d ON d.account_id = x.account_id AND d.domain = a.domain AND d.challenge_id <> x.id
     WHERE x.id = of_challenge
$$;

-- Has these looked for now, or a minute after their last look where that asks somebody else's servers.
-- Challenges are locked before jobs, as by everybody.
CREATE OR REPLACE FUNCTION challenge_look(challenge_ids bigint[], at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    due bigint;
BEGIN
    WITH held AS MATERIALIZED (
        SELECT c.id, CASE WHEN c.method = 'email' THEN at
                          ELSE greatest(at, coalesce(c.checked_at + interval '1 minute', at)) END AS run_at
          FROM challenge c
         WHERE c.id = ANY (challenge_ids)
         ORDER BY c.id
           FOR NO KEY UPDATE
    ), put AS (
        INSERT INTO job AS j (lane, subject, run_at, idem_key)
        SELECT 'dcv', h.id, h.run_at, 'dcv/' || h.id FROM (SELECT * FROM held ORDER BY id) h
        ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE SET run_at = least(j.run_at, excluded.run_at)
        RETURNING j.id
    )
    SELECT count(*) INTO due FROM put;
    RETURN due;
END $$;

-- What a challenge has proved at an instant is looked at by those who may need it, `room` of them: how many
-- there were. Not by those who have looked since then (the proof may have been committed a minute later, no
-- more), nor by those who are about to.
CREATE OR REPLACE FUNCTION proof_reuse(of_challenge bigint, proved_at timestamptz, room bigint, at timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN challenge_look(ARRAY(
        SELECT c.id
          FROM challenge_peer(of_challenge) p
          JOIN challenge c ON c.id = p.challenge_id
         WHERE (c.checked_at IS NULL OR c.checked_at < proved_at + interval '1 minute')
           AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key = 'dcv/' || c.id AND j.run_at <= at + interval '1 minute')
         ORDER BY c.id
         LIMIT room), at);
END $$;

-- Whoever stores evidence, and however: others of the account are told, in a step of its own, since they may
-- be many and since only then it is seen by everybody. A step that is under way begins again. What a request
-- token proves serves only requests for the same CSR, so these are looked up at once, and so is what nobody
-- has asked for.
CREATE OR REPLACE FUNCTION validation_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    waiting bigint[];
BEGIN
    INSERT INTO job AS j (lane, subject, run_at, idem_key)
    SELECT 'reuse', v.challenge_id, max(v.completed_at), 'reuse/' || v.challenge_id
      FROM fresh v
     WHERE v.challenge_id IS NOT NULL
     GROUP BY v.challenge_id
     ORDER BY v.challenge_id
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE
       SET run_at = excluded.run_at, attempt = 0, lease_epoch = nextval('lease_epoch'),
           lease_owner = NULL, lease_until = NULL; -- lease_until
    SELECT array_agg(d.challenge_id) INTO waiting
      FROM fresh v
      CROSS JOIN LATERAL name_ancestor(v.identifier) a
      JOIN challenge_domain d ON d.account_id = v.account_id AND d.domain = a.domain
      JOIN challenge c ON c.id = d.challenge_id
      JOIN request r ON r.id = c.subject
     WHERE v.challenge_id IS NULL AND c.asked_by = 'request' AND (v.csr_sha256 IS NULL OR r.csr_sha256 = v.csr_sha256);
    IF waiting IS NOT NULL THEN
        PERFORM challenge_look(waiting, (SELECT max(v.completed_at) FROM fresh v));
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER validation_told AFTER INSERT ON validation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION validation_told();

-- A release of before does not say which names it has looked for, and runs beside this one for a while: those of the
-- request that lie within what was validated.
CREATE OR REPLACE FUNCTION validation_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.dns_names := coalesce((SELECT array_agg(n.name ORDER BY n.position)
                                 FROM challenge c
                                 JOIN request_name n ON n.request_id = c.subject
                                WHERE c.id = NEW.challenge_id AND c.asked_by = 'request' AND name_within(n.name, NEW.identifier)),
                              ARRAY[NEW.identifier]);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER validation_names BEFORE INSERT ON validation
    FOR EACH ROW WHEN (NEW.dns_names IS NULL AND session_user = 'chancery_validation') EXECUTE FUNCTION validation_names();

-- What a rule of the day wants to be known of a proof, it is stored with or not at all; `told` is whether it is.
-- Rule dnssec.primary: what was found by a look-up says whether DNSSEC proves it (BR 4.2.2.2). Rule dnssec.fail:
-- what cannot be right was not found. Rule dcv.audit: the audit row, which is made of this one, has the names that were
-- asked for beside the authorization domain name (BR 5.4.1).
CREATE OR REPLACE FUNCTION evidence_wanted(of_method text, evidence jsonb, dns_names text[])
RETURNS TABLE (parameter text, told boolean)
LANGUAGE sql IMMUTABLE AS $$
    SELECT 'dnssec.primary', jsonb_typeof(evidence -> 'dnssec_secure') IS NOT DISTINCT FROM 'boolean'
     WHERE method_transport(of_method) IN ('dns', 'web')
    UNION ALL
    SELECT 'dnssec.fail', NOT jsonb_path_exists(evidence, '$.looks[*] ? (@.outcome == "found" && @.dnssec == "bogus")')
     WHERE method_transport(of_method) IN ('dns', 'web')
    UNION ALL
    SELECT 'dcv.audit', cardinality(dns_names) > 0 IS TRUE
$$;

CREATE OR REPLACE FUNCTION validation_wall() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    SELECT w.parameter INTO missing
      FROM fresh v
      LEFT JOIN challenge c ON c.id = v.challenge_id
      CROSS JOIN LATERAL evidence_wanted(v.method, v.evidence, v.dns_names) w
     WHERE NOT w.told AND EXISTS (SELECT FROM policy_at(v.completed_at, coalesce(c.rule_scope, 'TLS'), w.parameter))
     LIMIT 1;
    IF FOUND THEN
        RAISE insufficient_privilege USING MESSAGE = 'evidence does not tell what rule ' || missing || ' wants to be known';
    END IF;
    RETURN NULL;
END $$;
-- An administrator of the database is his own witness.
CREATE OR REPLACE TRIGGER validation_wall AFTER INSERT ON validation
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT WHEN (session_user = 'chancery_validation')
    EXECUTE FUNCTION validation_wall();

-- The order in which everybody locks: challenges by their ids, jobs by their subjects, orders by their ids.
-- Each may be left out, and none is locked after one that comes later: the round that ends one lane, the
-- issuer that ends the other, the customer and the calendar would wait for each other. Whoever ends or puts
-- jobs of requests begins here. (An order that waits for an approval has no job that goes on with it: its
-- lane begins with the approval.) plpgsql, so that its plan is kept: it is called up to four times a certificate.
CREATE OR REPLACE FUNCTION challenge_hold(request_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT count(*)
              FROM (SELECT FROM challenge c
                     WHERE c.asked_by = 'request' AND c.subject = ANY (request_ids)
                     ORDER BY c.id
                       FOR NO KEY UPDATE) held);
END $$;

-- What is to be looked for still: of a request, while its order waits, the authorization domain names of its
-- open names, each with these; else the identifier, until it has been proved since it was asked for.
-- VOLATILE: who has just stored evidence in the same statement asks what that leaves.
CREATE OR REPLACE FUNCTION challenge_left(of_challenge bigint, at timestamptz)
RETURNS TABLE (identifier text, dns_names text[])
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT n.domain, array_agg(n.dns_name ORDER BY n.dns_name)
      FROM challenge c
      JOIN request r ON r.id = c.subject
      JOIN orders o ON o.id = r.order_id AND o.request_id = r.id AND o.status = 'pending'
      CROSS JOIN LATERAL request_need(ARRAY[r.id], at) n
     WHERE c.id = of_challenge AND c.asked_by = 'request' AND n.kind = 'dcv' AND n.valid_until IS NULL
     GROUP BY n.domain
    UNION ALL
    SELECT c.identifier, '{}'::text[]
      FROM challenge c
     WHERE c.id = of_challenge AND c.asked_by = 'domain'
       AND NOT EXISTS (SELECT FROM validation v
                        WHERE v.csr_sha256 IS NULL AND v.account_id = c.account_id AND v.identifier = c.identifier
                          AND v.completed_at >= c.poll_from
                          AND NOT EXISTS (SELECT FROM quorum_missed(c.rule_scope, v.br_method, v.remotes, v.agreed, v.regions,
                                                                    v.completed_at)));
END $$;

-- A customer's change: another method, from which the cadence counts anew, or none (NULL), only a value
-- that lives. A value is replaced when it has expired (rule random.life) or its day is still to come, and
-- never else: there would be several that prove the same. So it is judged after the challenge is locked.
CREATE OR REPLACE FUNCTION challenge_change(of_request bigint, of_account bigint, new_method text, at timestamptz)
RETURNS challenge
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed challenge;
BEGIN
    PERFORM FROM challenge c
      WHERE c.asked_by = 'request' AND c.subject = of_request AND c.account_id = of_account
        FOR NO KEY UPDATE;
    UPDATE challenge c
       SET method = coalesce(new_method, c.method),
           poll_from = CASE WHEN new_method IS NULL THEN c.poll_from ELSE at END,
           random_value = CASE WHEN lives THEN c.random_value ELSE public.random_value_then(c.rule_scope, at) END,
           random_value_at = CASE WHEN lives THEN c.random_value_at ELSE at END
      FROM (SELECT k.id, coalesce(k.random_value_at + rule_interval(r.value, r.unit) > at
                                  AND k.random_value_at <= at + interval '1 minute', false) AS lives
              FROM challenge k
              LEFT JOIN LATERAL policy_at(at, k.rule_scope, 'random.life') r ON true
             WHERE k.asked_by = 'request' AND k.subject = of_request AND k.account_id = of_account) known
     WHERE c.id = known.id
    RETURNING c.* INTO changed;
    RETURN changed;
END $$;

-- A new method begins with a round of its own. The round of the old one may be under way, and may be
-- about to delete its job or to put it back by the old cadence: the job is taken away from whoever holds
-- it, by a new epoch, so that his end finds no row. It waits for a deletion that is not committed yet.
CREATE OR REPLACE FUNCTION challenge_restart(of_challenge bigint, at timestamptz, trace text) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO public.job AS j (lane, subject, run_at, idem_key, traceparent)
    VALUES ('dcv', of_challenge, at + interval '2 seconds', 'dcv/' || of_challenge, trace)
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE
       SET run_at = excluded.run_at, attempt = 0, lease_epoch = nextval('public.lease_epoch'),
           lease_owner = NULL, lease_until = NULL, -- lease_until
           traceparent = excluded.traceparent
    RETURNING j.id
$$;

-- Nearly no order is proved by mail, so C1 calls this where one is and has no table of mails in its plan.
CREATE OR REPLACE FUNCTION email_choose(of_challenge bigint, of_account bigint, of_domain text, of_address text, of_locale text,
                                        at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, locale, state, created_at)
    VALUES (of_challenge, of_account, of_domain, split_part(of_address, '@', 1), of_locale, 'chosen', at)
    ON CONFLICT (challenge_id, domain, local_part) DO NOTHING
    RETURNING id
$$;

-- How long an address is left alone after a mail, however often the customer asks for another or changes
-- the method to and fro: whoever reads it has not asked for any.
CREATE OR REPLACE FUNCTION email_pause() RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT interval '1 minute'
$$;

-- Until when a mail has to wait; NULL: it may go. Whoever places orders for a stranger's name has the
-- stranger written to, so an address has its limit over all accounts (rule email.per_address), and so has
-- an account over all addresses (email.per_account). Without a rule there is no limit. A rate is kept when
-- the last but `most` of the mails is old enough.
CREATE OR REPLACE FUNCTION email_wait(of_account bigint, of_address text, of_scope text, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT max(w.until)
      FROM (SELECT (SELECT t.created_at
                      FROM email_token t
                     WHERE t.address = of_address AND NOT t.unsent
                     ORDER BY t.created_at DESC
                    OFFSET r.most - 1 LIMIT 1) + r.during AS until
              FROM policy_at(at, of_scope, 'email.per_address') p
             CROSS JOIN LATERAL rule_rates(p.value) r
             UNION ALL
            SELECT (SELECT t.created_at
                      FROM email_token t
                     WHERE t.account_id = of_account AND NOT t.unsent
                     ORDER BY t.created_at DESC
                    OFFSET r.most - 1 LIMIT 1) + r.during
              FROM policy_at(at, of_scope, 'email.per_account') p
             CROSS JOIN LATERAL rule_rates(p.value) r) w
     WHERE w.until > at
$$;

-- The hash of a value that is about to be mailed: only by the holder of the mail's job, only for an
-- invitation that still stands, and with nothing of the row said by him but the hash. None is added when
-- the mail has to wait. Two that count the mails of one address or account do so one after the other.
CREATE OR REPLACE FUNCTION email_token_add(of_job bigint, of_epoch bigint, of_hash bytea, at timestamptz)
RETURNS TABLE (expires_at timestamptz, poll_from timestamptz, wait_until timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    mail record;
BEGIN
    SELECT i.id AS invitation_id, c.id AS challenge_id, c.account_id, i.domain, i.address, c.poll_from, c.rule_scope,
           at + rule_interval(r.value, r.unit) AS expires_at
      INTO mail
      FROM job j
      JOIN email_invitation i ON i.id = j.subject AND i.state NOT IN ('chosen', 'approved')
      JOIN challenge c ON c.id = i.challenge_id AND c.method = 'email' AND c.account_id = i.account_id
      CROSS JOIN LATERAL policy_at(at, c.rule_scope, 'random.life') r
     WHERE j.id = of_job AND j.lane = 'mail' AND j.lease_epoch = of_epoch AND j.lease_until > now(); -- lease_until
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('email_token ' || mail.account_id, 0));
    PERFORM pg_advisory_xact_lock(hashtextextended('email_token ' || mail.address, 0));
    wait_until := email_wait(mail.account_id, mail.address, mail.rule_scope, at);
    expires_at := mail.expires_at;
    poll_from := mail.poll_from;
    IF wait_until IS NULL THEN
        INSERT INTO email_token (token_sha256, invitation_id, challenge_id, account_id, domain, address, poll_from,
                                 created_at, expires_at)
        VALUES (of_hash, mail.invitation_id, mail.challenge_id, mail.account_id, mail.domain, mail.address, mail.poll_from,
                at, mail.expires_at);
    ELSE -- for the customer, who asks why nothing comes
        UPDATE email_invitation SET put_off_until = wait_until WHERE id = mail.invitation_id;
    END IF;
    RETURN NEXT;
END $$;

GRANT EXECUTE ON FUNCTION dcv_evidence, day_method_end, quorum_missed, day_quorum_missed
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION proof_place TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION evidence_shown TO chancery_gateway, chancery_cli;
GRANT EXECUTE ON FUNCTION name_within, method_prohibited TO chancery_gateway, chancery_validation, chancery_notifier;
GRANT EXECUTE ON FUNCTION method_prohibited TO chancery_cli;
GRANT EXECUTE ON FUNCTION email_pause TO chancery_gateway, chancery_validation;
GRANT EXECUTE ON FUNCTION dcv_web_rules, quorum_rules TO chancery_validation;
GRANT EXECUTE ON FUNCTION proof_lost TO chancery_cli;
GRANT EXECUTE ON FUNCTION challenge_hold TO chancery_validation, chancery_issuer;
GRANT EXECUTE ON FUNCTION challenge_left, challenge_settle, proof_reuse TO chancery_validation;
GRANT EXECUTE ON FUNCTION challenge_await, challenge_begin, challenge_change, challenge_restart, email_choose TO chancery_gateway;
GRANT EXECUTE ON FUNCTION email_token_add TO chancery_notifier;
