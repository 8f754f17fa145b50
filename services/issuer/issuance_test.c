/* The lane `issue` against a real database and a real token: each test is a way in which an attempt
 * can end, and what the next one makes of it. */
#include "testdata/issuing.h"

/* ---- tests */

static void order_is_issued_for_what_policy_advises(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    assert_int_equal(number("SELECT extract(epoch FROM not_after - not_before) + 1 FROM "
                            "certificate WHERE request_id = {r}"),
                     199 * 86400);
    assert_int_equal(
        number("SELECT count(*) FROM to_sign t JOIN certificate c ON c.id = t.issuance_id WHERE "
               "position(t.tbs IN c.der) = 5 "
               "AND position(t.signature IN c.der) > 0 AND sha256(t.tbs) = t.tbs_sha256"),
        number("SELECT count(*) FROM certificate"));
}

/* What was decided on is in the chain: from the certificate to its bytes, its evidence, its policy. */
static void audit_says_what_was_decided_on(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    assert_int_equal(number("SELECT count(*) FROM audit a JOIN certificate c ON c.request_id = {r}"
                            " JOIN issuance x ON x.id = c.id"
                            " WHERE a.activity = 'certificate issued' AND a.subject = 'order/{o}'"
                            "   AND a.detail ->> 'der_sha256' = encode(sha256(c.der), 'hex')"
                            "   AND (a.detail ->> 'policy_version')::bigint = x.policy_version"
                            "   AND a.detail -> 'evidence' = to_jsonb(x.evidence)"
                            "   AND x.evidence = (SELECT array_agg(id) FROM validation"
                            "                      WHERE identifier = 'example.com')"
                            "   AND a.by_role = 'chancery_issuer'"),
                     1);
}

/* Immediate is what goes out in the answer to the order. Nobody called for a job that was polled:
 * the webhooks must tell of it, however much time there would have been. */
static void only_who_waits_is_told_in_the_answer(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_int_equal(number("SELECT count(*) FROM event WHERE instant AND order_id = {o}"), 1);
    order_new("pending", "example.com");
    execute("UPDATE job SET run_at = now() - interval '1 s' WHERE subject = {r}");
    struct lanes *l = lanes_open(1, milliseconds(20));
    await_that(number(ISSUED) > 0);
    lanes_close(l);
    assert_int_equal(number(ISSUED), 1);
    assert_int_equal(number("SELECT count(*) FROM event WHERE NOT instant AND order_id = {o}"), 1);
}

/* More is due than there is room for: what is claimed makes room for the rest, before the next poll by
 * the clock. */
static void full_lane_goes_on(void **state)
{
    int room = lanes[0].room;
    (void)state;
    int64_t before = order_id;
    for (int i = 0; i < 5; i++) {
        order_new("pending", "example.com");
        execute("UPDATE job SET run_at = now() - interval '1 s' WHERE subject = {r}");
    }
    lanes[0].room = 2;
    struct lanes *l = lanes_open(1, seconds(3600));
    const char *issued =
        arena_format(&memory, "SELECT count(*) FROM orders WHERE status = 'issued' AND id > %lld",
                     (long long)before);
    await_that(number(issued) == 5);
    lanes_close(l);
    lanes[0].room = room;
    assert_int_equal(number(issued), 5);
}

static void customers_own_end_is_kept(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE request SET cert_not_after = created_at + interval '30 days' WHERE id = {r}");
    issue();
    assert_issued_once();
    assert_int_equal(number("SELECT (c.not_after < r.cert_not_after AND c.not_after > "
                            "r.cert_not_after - interval '2 s')::int FROM certificate c JOIN "
                            "request r ON r.id = c.request_id WHERE r.id = {r}"),
                     1);
}

/* An order does not wait for what cannot be made any more. */
static void order_ends_when_its_end_has_passed(void **state)
{
    static const char *const passed[] = {
        "UPDATE request SET cert_not_after = now() - interval '1 s' WHERE id = {r}",
        "UPDATE orders SET valid_till = now() - interval '1 s' WHERE id = {o}",
    };
    (void)state;
    for (int i = 0; i < 2; i++) {
        order_new("pending", "example.com");
        execute(passed[i]);
        issue();
        assert_int_equal(number(ATTEMPTS), 0);
        assert_int_equal(number(JOBS), 0);
        assert_string_equal(text(STATUS), "expired");
        assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'order expired' AND "
                                "subject = 'order/{o}' AND by_role = 'chancery_issuer'"),
                         1);
    }
}

/* Nothing is signed while something is left to do; the request goes on with domain control. */
static void open_task_sends_it_back(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    issue();
    assert_waits_unsigned();
    assert_int_equal(number(JOBS), 0);
    assert_int_equal(
        number("SELECT count(*) FROM job j JOIN challenge c ON j.idem_key = 'dcv/' || c.id"
               " WHERE j.lane = 'dcv' AND j.subject = c.id AND c.subject = {r}"),
        1);
}

/* Looked at just now: the next look is a minute after the last. */
static void evidence_that_does_not_count_is_not_sought_at_once(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    execute("INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, "
            "random_value, random_value_at, poll_from, checked_at) VALUES (1, 'request', {r}, "
            "'TLS', 'dns-txt-token', 'r', now(), now(), now())");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number("SELECT count(*) FROM job j JOIN challenge c ON c.id = j.subject"
                            " WHERE j.lane = 'dcv' AND c.subject = {r}"
                            "   AND j.run_at = c.checked_at + interval '1 minute'"),
                     1);
}

/* Whatever keeps a request from being issued has an owner, and no job runs in vain. */
static void held_requests_wait(void **state)
{
    static const struct {
        const char *kind, *hold, *release;
    } cases[] = {
        { "quarantine",
          "INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
          "found_at) VALUES (decode(md5('{r}'), 'hex'), 'CA', {r}, 1, true, '', now())",
          "UPDATE quarantine SET settled_at = now(), changed_at = now() WHERE request_id = {r}" },
        { "blocked_key", "INSERT INTO blocked_key VALUES (sha256('{o}'), 'reported', now())",
          "DELETE FROM blocked_key" },
        { "held_up",
          "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
          "VALUES (-{r}, 'issue', {r}, now(), 5, 0, 'a test', now())",
          "DELETE FROM job_dead WHERE subject = {r}" },
        { "approval", "UPDATE request SET status = 'pending' WHERE id = {r}",
          "UPDATE request SET status = 'approved' WHERE id = {r}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        order_new("pending", "example.com");
        execute(cases[i].hold);
        issue();
        assert_waits_unsigned();
        assert_int_equal(number(JOBS), 0);
        assert_string_equal(text("SELECT kind FROM request_open_task(ARRAY[{r}::bigint], now())"),
                            cases[i].kind);
        execute(cases[i].release);
        execute("SELECT request_advance(ARRAY[{r}::bigint], now(), NULL)");
        issue();
        assert_issued_once();
    }
}

/* ---- what proves nothing */

static void proof_waits(const char *evidence)
{
    order_new("pending", "example.org");
    execute(evidence);
    issue();
    assert_waits_unsigned();
    execute("DELETE FROM validation WHERE identifier = 'example.org'");
}

#define EVIDENCE                                                                                   \
    "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence, "  \
    "csr_sha256) VALUES "

/* The last order's request comes with a signature of old tools. */
static void sign_with_sha1(void)
{
    static const char ecdsa_sha1[] = "\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01";
    struct evp_pkey_st *key = csr_make_key("P-256");
    struct bytes info = csr_make_info(&memory, csr_make_spki(&memory, key), NULL, 0);
    const char *csr =
        hex_lower(&memory, csr_make_signed(&memory, key, info, DER_BYTES(ecdsa_sha1), "SHA1", -1));
    csr_make_key_free(key);
    execute(arena_format(&memory,
                         "UPDATE request SET csr = '\\x%s', csr_sha256 = sha256('\\x%s')"
                         " WHERE id = {r}",
                         csr, csr));
}

/* The same policy but for that rule, and with these rows more: ", (id, check, value, level)". */
static void policy_instead(const char *rule, const char *more)
{
    execute(arena_format(
        &memory,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('%s'), '2026-01-02');"
        "INSERT INTO policy_rule SELECT v.id, r.id, r.scope, r.parameter, r.value, r.unit, r.level,"
        " r.valid_from, r.valid_till, r.statement, r.source, r.check_name"
        "  FROM policy_rule r, (SELECT max(id) AS id FROM policy_version) v"
        " WHERE r.version = 1 AND r.id <> '%s';"
        "INSERT INTO policy_rule SELECT (SELECT max(id) FROM policy_version), m.id, 'TLS', m.id, "
        "m.value, 'd', m.level,"
        " '-infinity', 'infinity', '', '', m.name FROM (VALUES (NULL, NULL, NULL, NULL)%s) m (id, "
        "name, value, level)"
        " WHERE m.id IS NOT NULL;"
        "INSERT INTO policy_document SELECT (SELECT max(id) FROM policy_version), kind, name,"
        " document, sha256 FROM policy_document WHERE version = 1;"
        "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version); COMMIT",
        arena_format(&memory, "%s %zu", rule, strlen(more)), rule, more));
}

static void policy_without(const char *rule)
{
    policy_instead(rule, "");
}

/* A lint says no: nothing is stored or signed, whoever asks why is told the lint and the reason, and with the policy mended
 * the request goes on. */
static void what_a_lint_refuses_is_a_task_of_the_ca(void **state)
{
    (void)state;
    struct text metrics;
    order_new("pending", "example.com");
    policy_instead("", ", ('less', 'validity_max', '47', 'M')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(number(ATTEMPTS), 0);
    assert_int_equal(number(DEAD), 1);
    assert_string_equal(text("SELECT story FROM job_dead WHERE subject = {r}"),
                        "LINT validity_max the certificate breaks BR 6.3.2: it is valid for longer "
                        "than 47 days");
    assert_string_equal(
        text("SELECT kind || ' ' || owner FROM request_open_task(ARRAY[{r}::bigint], now())"),
        "held_up ca");
    text_init(&metrics, &memory);
    metrics_write(&metrics);
    assert_non_null(
        strstr(metrics.data, "chancery_lints_total{lint=\"validity_max\",outcome=\"error\"} 1"));
    execute("UPDATE policy_active SET version = 1");
    execute("SELECT job_raise(ARRAY(SELECT id FROM job_dead WHERE subject = {r}), now())");
    issue();
    assert_issued_once();
}

/* What is only recommended is stored with the attempt, and how many lints held. */
static void a_warning_is_stored_and_stops_nothing(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    policy_instead("", ", ('place', 'subject_has_place', '1', 'S'), ('state', "
                       "'subject_has_organization', '1', 'S')");
    issue();
    execute("UPDATE policy_active SET version = 1");
    assert_issued_once();
    assert_string_equal(
        text("SELECT array_to_string(lint_warnings, ' ') FROM issuance WHERE request_id = {r}"),
        "subject_has_organization subject_has_place");
    int64_t with = number("SELECT lints FROM issuance WHERE request_id = {r}");
    assert_true(with > 120);
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    assert_int_equal(
        number("SELECT count(*) FROM issuance WHERE request_id = {r} AND lint_warnings IS NULL"),
        1);
    assert_int_equal(number("SELECT lints FROM issuance WHERE request_id = {r}"), with);
}

/* The issuer looks for itself: what was taken while policy said so is not signed when it does not. */
static void a_request_signed_with_sha1_is_certified_while_policy_says_so(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    sign_with_sha1();
    issue();
    assert_issued_once();
    policy_without("csr");
    order_new("pending", "example.com");
    sign_with_sha1();
    issue();
    execute("UPDATE policy_active SET version = 1");
    assert_int_equal(number(ATTEMPTS), 0);
    assert_int_equal(number(DEAD), 1);
    assert_non_null(
        strstr(text("SELECT story FROM job_dead WHERE subject = {r}"), "is signed with SHA-1"));
}

/* One old ingredient makes the validation old: 200 days, and not a second more. */
static void old_validation_does_not_count(void **state)
{
    (void)state;
    proof_waits(EVIDENCE "(1, 'example.org', 'dns-txt-token', '3.2.2.4.7', now() - interval "
                         "'200 days 1 second', '{}', NULL)");
}

static void others_validation_does_not_count(void **state)
{
    (void)state;
    proof_waits(EVIDENCE "(2, 'example.org', 'dns-txt-token', '3.2.2.4.7', now(), '{}', NULL)");
}

static void token_of_another_key_does_not_count(void **state)
{
    (void)state;
    proof_waits(EVIDENCE
                "(1, 'example.org', 'dns-txt-token', '3.2.2.4.7', now(), '{}', sha256('x'))");
}

static void prohibited_method_does_not_count(void **state)
{
    (void)state;
    proof_waits(EVIDENCE "(1, 'example.org', 'email', '3.2.2.4.4', now(), '{}', NULL)");
    /* The same last number in another section is another method. */
    order_new("pending", "example.org");
    execute(EVIDENCE "(1, 'example.org', 'ip', '3.2.2.5.4', now(), '{}', NULL)");
    issue();
    assert_issued_once();
    execute("DELETE FROM validation WHERE identifier = 'example.org'");
}

/* ---- orders that have ended, jobs that come twice */

static void cancelled_order_is_left_alone(void **state)
{
    (void)state;
    order_new("canceled", "example.com");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(number(ATTEMPTS), 0);
    assert_int_equal(number(JOBS), 0);
}

static void second_job_finds_it_issued(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    execute("INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('issue', {r}, now() + "
            "interval '1 hour', 'issue/{r}')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(number(ISSUED), 1);
    assert_int_equal(number(STORED), 1);
}

/* However often the next step is asked for, there is one job. */
static void one_job_however_often_it_is_asked_for(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    for (int i = 0; i < 10; i++)
        execute("SELECT request_advance(ARRAY[{r}::bigint], now(), NULL)");
    assert_int_equal(number(JOBS), 1);
    issue();
    assert_issued_once();
}

/* ---- what an earlier lease has left */

/* What a worker leaves that died after C2: an attempt without signature, a lease that ran out. */
static void attempt_left(void)
{
    execute("INSERT INTO issuance SELECT nextval('issuance_block'), id, account_id, ca_id, "
            "decode(md5(id::text), 'hex'), 0, 'reserved', -77, 7, 1, sha256('x'), '{}', "
            "date_trunc('second', now()), date_trunc('second', now()) + interval '10 days', now() "
            "FROM request WHERE id = {r};"
            "INSERT INTO to_sign SELECT x.id, 'final', '\\x3000', sha256('\\x3000'), NULL FROM "
            "issuance x WHERE request_id = {r};"
            "UPDATE job SET lease_epoch = 7, lease_until = now() - interval '1 s' WHERE subject = "
            "{r}");
}

static void dead_lease_leaves_a_ghost(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    attempt_left();
    issue();
    assert_issued_once();
    assert_int_equal(number(GHOSTS), 1);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'serial abandoned' AND "
                            "subject = 'request/{r}'"),
                     1);
    assert_int_equal(number("SELECT count(*) FROM revocation v JOIN issuance x ON x.serial = "
                            "v.serial AND x.ca_id = v.ca_id WHERE x.request_id = {r} AND x.state = "
                            "'ghost'"),
                     1);
}

/* Its evidence has ended meanwhile: nobody finishes the attempt, and the order is free. */
static void open_request_keeps_no_attempt(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    attempt_left();
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number(GHOSTS), 1);
    assert_string_equal(text("SELECT request_frozen({r})::text"), "false");
}

/* C3 of a batch in which the database refuses one certificate: the others are issued, and the
 * signature of that one is kept, so that the next claim finishes it instead of signing anew. */
static void refused_certificate_falls_out_alone(void **state)
{
    struct fault f = { 0 };
    struct script *blocker = script_open((struct secret){ database_url(database, NULL) }, &f);
    (void)state;
    assert_non_null(blocker);
    order_new("pending", "example.com");
    int64_t first = order_id;
    order_new("pending", "example.com");
    int64_t bad = order_id;
    order_new("pending", "example.com");
    execute(arena_format(&memory,
                         "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;"
                         "CREATE TRIGGER refused BEFORE INSERT ON certificate FOR EACH ROW "
                         "WHEN (new.order_id = %lld) EXECUTE FUNCTION refuse()",
                         (long long)bad));
    /* While the only worker waits for the first order, the other two queue up as one batch. */
    assert_true(
        script_run(blocker,
                   arena_format(&memory, "BEGIN; SELECT FROM orders WHERE id = %lld FOR UPDATE",
                                (long long)first),
                   &f));
    struct lanes *l = lanes_open(1, seconds(60));
    job_call(job_of(first));
    await_that(number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                      "datname = current_database()") > 0);
    job_call(job_of(bad));
    job_call(job_of(order_id));
    assert_true(script_run(blocker, "COMMIT", &f));
    lanes_close(l);
    script_close(blocker);
    assert_int_equal(number(ISSUED), 1);
    order_id = bad;
    request_id = bad + 500000;
    assert_int_equal(number(STORED), 0);
    assert_int_equal(
        number("SELECT count(*) FROM issuance x JOIN to_sign t ON t.issuance_id = x.id "
               "WHERE t.signature IS NOT NULL AND x.state = 'reserved' AND "
               "x.request_id = {r}"),
        1);
    execute("DROP TRIGGER refused ON certificate");
    issue();
    assert_issued_once();
    assert_int_equal(number(GHOSTS), 0);
    order_id += 1;
}

/* Signed by a worker that died before C3: only the effects are missing, and today's policy is not
 * asked again. */
static void signature_of_a_dead_lease_is_used(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    /* The bytes and their signature come from an issue that is then taken back. */
    issue();
    assert_issued_once();
    execute("DELETE FROM certificate WHERE request_id = {r}; DELETE FROM event WHERE order_id = "
            "{o}; UPDATE issuance SET state = 'reserved' WHERE request_id = {r};"
            "UPDATE orders SET status = 'pending' WHERE id = {o};"
            "INSERT INTO job (lane, subject, run_at, lease_epoch, idem_key) VALUES ('issue', {r}, "
            "now() + interval '1 hour', 3, 'issue/{r}');"
            "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('empty'), now());"
            "UPDATE policy_active SET version = 2");
    int64_t before = number("SELECT id FROM issuance WHERE request_id = {r}");
    issue();
    execute("UPDATE policy_active SET version = 1");
    assert_issued_once();
    assert_int_equal(certificate_id, before);
    assert_int_equal(number(GHOSTS), 0);
}

/* ---- what fails */

/* What comes from outside and may pass. */
static const struct {
    const char *spoil, *mend;
} passing[] = {
    { "UPDATE authority SET may_sign = false, changed_at = now()",
      "UPDATE authority SET may_sign = true, changed_at = now()" },
    { "UPDATE orders SET product_name_id = 'gone' WHERE id = {o}",
      "UPDATE orders SET product_name_id = 'ssl_dv_geotrust_flex' WHERE id = {o}" },
};

/* What does not fit this policy or this program waits, however often it is tried. */
static void what_may_fit_later_is_not_buried(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        order_new("pending", "example.com");
        execute(passing[i].spoil);
        execute("UPDATE job SET attempt = 50 WHERE subject = {r}");
        issue();
        assert_waits_unsigned();
        assert_int_equal(number(DEAD), 0);
        execute(passing[i].mend);
        issue();
        assert_issued_once();
    }
}

/* However long that lasts, the order is not held by an attempt that nobody will finish. */
static void what_may_fit_later_keeps_no_attempt(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        order_new("pending", "example.com");
        attempt_left();
        execute(passing[i].spoil);
        issue();
        assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
        assert_int_equal(number(JOBS), 1);
        assert_int_equal(number(GHOSTS), 1);
        assert_string_equal(text("SELECT request_frozen({r})::text"), "false");
        execute(passing[i].mend);
        issue();
        assert_issued_once();
        assert_int_equal(number(GHOSTS), 1);
    }
}

/* While its lease holds, the signature may still come: nobody else touches it. */
static void living_lease_keeps_its_attempt(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    attempt_left();
    execute(passing[0].spoil);
    execute("UPDATE job SET lease_until = now() + interval '1 hour' WHERE subject = {r}");
    issue();
    execute(passing[0].mend);
    assert_int_equal(result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(number(GHOSTS), 0);
    assert_string_equal(text("SELECT request_frozen({r})::text"), "true");
    execute("UPDATE job SET lease_until = now() - interval '1 s' WHERE subject = {r}");
    issue();
    assert_issued_once();
}

/* What will fail the same way for ever is given up at once, and held up for an operator to see. */
static void assert_given_up(void)
{
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(number(STORED), 0);
    assert_int_equal(number(DEAD), 1);
    assert_int_equal(number("SELECT count(*) FROM request_open_task(ARRAY[{r}::bigint], now()) "
                            "WHERE kind = 'held_up' AND owner = 'ca'"),
                     1);
}

static void request_that_kills_its_workers_is_given_up(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE job SET deaths = 2, alone = true, lease_until = now() - interval '1 s' WHERE "
            "subject = {r}");
    assert_given_up();
}

/* Whoever wrote the row: nobody has shown that he holds the key. */
static void request_with_a_broken_signature_is_given_up(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE request SET csr_sha256 = NULL WHERE id = {r};"
            "UPDATE request SET csr = set_byte(csr, length(csr) - 1, get_byte(csr, length(csr) - "
            "1) # 1) WHERE id = {r}");
    assert_given_up();
}

/* No row excuses a name below a public authority, were the function that decides replaced. */
static void exemption_below_a_public_authority_is_refused(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    const char *kept = text("SELECT pg_get_functiondef('request_need'::regproc)");
    const char *from = "a.public IS FALSE AS exempt", *at = strstr(kept, from);
    assert_non_null(at);
    execute(
        arena_format(&memory, "%.*strue AS exempt%s", (int)(at - kept), kept, at + strlen(from)));
    execute(EVIDENCE "(1, 'example.net', 'dns-txt-token', '3.2.2.4.7', now(), '{}', NULL)");
    assert_given_up();
    execute(kept);
    execute("DELETE FROM validation WHERE identifier = 'example.net'");
}

/* What the journal has of the last certificate: its intent before its signature. */
static void journal_has_intent_and_signature(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    const char *all = file_read(journal_path());
    const char *intent = strstr(all, arena_format(&memory, " %lld %lld ", (long long)certificate_id,
                                                  (long long)request_id));
    const char *signature = strstr(
        all, arena_format(&memory, " %lld %s\n", (long long)certificate_id,
                          text(arena_format(
                              &memory,
                              "SELECT encode(t.signature, 'hex') || ' ' || encode(c.der, 'hex') "
                              "FROM to_sign t JOIN certificate c ON c.id = t.issuance_id "
                              "WHERE t.issuance_id = %lld",
                              (long long)certificate_id))));
    assert_non_null(intent);
    assert_non_null(signature);
    assert_true(intent < signature);
    assert_non_null(strstr(intent, " 1 www.example.com,*.example.com\n")); /* account and names */
    assert_non_null(strstr(
        intent,
        text(arena_format(&memory, "SELECT encode(serial, 'hex') FROM certificate WHERE id = %lld",
                          (long long)certificate_id))));
    struct fault f = { 0 };
    assert_true(journal_good(issuer.journal, &f));
    assert_null(journal_open("/nonexistent/journal", &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_issued_for_what_policy_advises),
        cmocka_unit_test(audit_says_what_was_decided_on),
        cmocka_unit_test(only_who_waits_is_told_in_the_answer),
        cmocka_unit_test(full_lane_goes_on),
        cmocka_unit_test(customers_own_end_is_kept),
        cmocka_unit_test(order_ends_when_its_end_has_passed),
        cmocka_unit_test(open_task_sends_it_back),
        cmocka_unit_test(evidence_that_does_not_count_is_not_sought_at_once),
        cmocka_unit_test(held_requests_wait),
        cmocka_unit_test(a_request_signed_with_sha1_is_certified_while_policy_says_so),
        cmocka_unit_test(what_a_lint_refuses_is_a_task_of_the_ca),
        cmocka_unit_test(a_warning_is_stored_and_stops_nothing),
        cmocka_unit_test(old_validation_does_not_count),
        cmocka_unit_test(others_validation_does_not_count),
        cmocka_unit_test(token_of_another_key_does_not_count),
        cmocka_unit_test(prohibited_method_does_not_count),
        cmocka_unit_test(cancelled_order_is_left_alone),
        cmocka_unit_test(second_job_finds_it_issued),
        cmocka_unit_test(one_job_however_often_it_is_asked_for),
        cmocka_unit_test(dead_lease_leaves_a_ghost),
        cmocka_unit_test(open_request_keeps_no_attempt),
        cmocka_unit_test(refused_certificate_falls_out_alone),
        cmocka_unit_test(signature_of_a_dead_lease_is_used),
        cmocka_unit_test(what_may_fit_later_is_not_buried),
        cmocka_unit_test(what_may_fit_later_keeps_no_attempt),
        cmocka_unit_test(living_lease_keeps_its_attempt),
        cmocka_unit_test(request_that_kills_its_workers_is_given_up),
        cmocka_unit_test(request_with_a_broken_signature_is_given_up),
        cmocka_unit_test(exemption_below_a_public_authority_is_refused),
        cmocka_unit_test(journal_has_intent_and_signature),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
