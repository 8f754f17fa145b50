/* Rounds at the CAA records of requests whose names are proved. */
#include "fixture_test.h"

static const char world[] =
    "forbidden.example.com CAA 0 issue \"other.example\"\n"
    "allowed.example.com CAA 0 issue \"chancery.example\"\n"
    "plain.example.com CAA 0 issue \"chancery.example\"\n"
    "plain.example.com CAA 0 issuewild \";\"\n"
    "mine.example.com CAA 0 issue \"chancery.example; accounturi=acct:900@chancery.example\"\n"
    "file.example.com CAA 0 issue \"chancery.example; validationmethods=http-01,ca-tbr-18\"\n"
    "critical.example.com CAA 128 tbs \"x\"\n"
    "told.example.com CAA 0 issue \";\"\n"
    "told.example.com CAA 0 iodef \"mailto:security@told.example.com\"\n"
    "told.example.com CAA 0 iodef \"https://told.example.com/iodef?x=1\"\n"
    "silently.example.com CAA 0 issue \";\"\n"
    "silently.example.com CAA 0 iodef \"http://silently.example.com/\"\n"
    "silently.example.com CAA 0 iodef \"mailto:a@b@c\"\n"
    "silently.example.com CAA 0 iodef \"mailto:x@example.com,mailto:y@example.com\"\n"
    "silently.example.com CAA 0 iodef \"https://example.com/{x}\"\n";

// clang-format off
static const char caa_rules[] =
    "INSERT INTO policy_version (sha256, loaded_at) SELECT sha256(max(id)::text::bytea), '2020-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source)"
    " SELECT (SELECT max(id) FROM policy_version), id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source"
    "   FROM policy_rule WHERE version = (SELECT version FROM policy_active) UNION ALL"
    " SELECT (SELECT max(id) FROM policy_version), p, 'TLS', p, v, u, 'M', '-infinity', 'infinity', 's', 's'"
    "   FROM (VALUES ('caa.check', '1', NULL), ('caa.window', '8', 'h'), ('caa.parameters', '1', NULL), ('caa.unheard', '1', NULL), ('caa.report', '1', NULL), ('email.per_address', '2/1h', NULL),"
    "                ('caa.identities', 'chancery.test chancery.example', NULL), ('caa.poll', '1m/15m 5m/1h', NULL)) AS r (p, v, u);"
    "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version)";
// clang-format on

/* A request whose names are all proved by a record in DNS, and its caa job. */
static long long proved_for(const char *domains)
{
    long long id = request_put(&usual, domains);

    run_sql(arena_format(
        &arena,
        "UPDATE request_name SET domain = regexp_replace(domain, '^\\*\\.', '') WHERE request_id = "
        "%lld;"
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
        " SELECT n.account_id, n.domain, 'dns-txt-token', '3.2.2.4.7', now(), '{}'"
        "   FROM request_name n WHERE n.request_id = %lld;"
        "INSERT INTO job (lane, subject, run_at, idem_key, traceparent)"
        " VALUES ('caa', %lld, now() + interval '1 hour', 'caa/%lld', 'trace')",
        id, id, id, id));
    return id;
}

/* "1 caa, 0 issue": the jobs of a request. */
static const char *jobs_of(long long request)
{
    return ask("SELECT concat_ws(', ', count(*) FILTER (WHERE lane = 'caa') || ' caa',"
               " count(*) FILTER (WHERE lane = 'issue') || ' issue')"
               " FROM job WHERE lane IN ('caa', 'issue') AND subject = %lld",
               request);
}

#define NEWEST(column, name)                                                                       \
    "SELECT " column " FROM caa_check WHERE name = '" name "' ORDER BY id DESC LIMIT 1"

static const struct {
    const char *name, *result, *detail;
} cases[] = {
    // clang-format off
    { "none.example.com",      "permitted", NULL },
    { "allowed.example.com",   "permitted", NULL },
    { "*.allowed.example.com", "permitted", NULL },
    { "plain.example.com",     "permitted", NULL },
    { "mine.example.com",      "permitted", NULL },
    { "*.plain.example.com",   "forbidden", "issuewild does not name this CA" },
    { "www.forbidden.example.com", "forbidden", "CAA forbidden.example.com: 0 issue \"other.example\": issue does not name this CA" },
    { "critical.example.com",  "forbidden", "the tag tbs is critical" },
    { "www.bogus.example.org", "bogus",     "DNSSEC validation failed" },
    { "www.refused.example.net", "failed",  "no name server of the zone gave a usable answer" },
    { "www.lame.org",          "unheard",   "no name server of the zone gave a usable answer" },
    // clang-format on
};

static void what_is_seen_is_stored_and_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long long id = proved_for(cases[i].name);
        const JobOutcome *o = lane_run("caa", id);
        bool good =
            strcmp(cases[i].result, "permitted") == 0 || strcmp(cases[i].result, "unheard") == 0;
        const char *detail =
            ask("SELECT detail FROM caa_check WHERE name = '%s' ORDER BY id DESC LIMIT 1",
                cases[i].name);

        assert_sql(cases[i].result,
                   "SELECT result FROM caa_check WHERE name = '%s' ORDER BY id DESC LIMIT 1",
                   cases[i].name);
        if (cases[i].detail && (!detail || !strstr(detail, cases[i].detail)))
            fail_msg("%s: %s", cases[i].name, detail ? detail : "no detail");
        assert_string_equal(jobs_of(id), good ? "0 caa, 1 issue" : "1 caa, 0 issue");
        assert_int_equal(o->result,
                         good ? JOB_OUTCOME__RESULT__DONE : JOB_OUTCOME__RESULT__WAITING);
        assert_true(!good || strcmp(o->next_lane, "issue") == 0);
    }
}

static void evidence_says_what_was_asked(void **state)
{
    (void)state;
    assert_sql("www.forbidden.example.com no such name, forbidden.example.com found",
               "SELECT string_agg((l ->> 'name') || ' ' || (l ->> 'outcome'), ', ')"
               "  FROM caa_check c, jsonb_array_elements(c.evidence -> 'looks') l"
               " WHERE c.name = 'www.forbidden.example.com'");
    assert_sql("test 0 issue \"other.example\"",
               "SELECT (evidence ->> 'perspective') || ' ' || (evidence ->> 'records')"
               "  FROM caa_check WHERE name = 'www.forbidden.example.com'");
    assert_sql("DS lame.org no such record true",
               "SELECT concat_ws(' ', l ->> 'type', l ->> 'name', l ->> 'outcome', l ->> "
               "'dnssec_secure')"
               "  FROM (SELECT evidence -> 'looks' -> -1 AS l FROM caa_check WHERE name = "
               "'www.lame.org') x");
    assert_sql("forbidden t",
               "SELECT concat_ws(' ', a.detail ->> 'result', length(a.detail ->> 'evidence') = 64)"
               "  FROM audit a JOIN caa_check c ON a.subject = 'caa_check/' || c.id"
               " WHERE a.activity = 'caa checked' AND c.name = 'www.forbidden.example.com'");
}

/* Of a fat zone so much is kept as a row takes, that which decided before all else. */
static void a_fat_zone_is_kept_in_measure(void **state)
{
    struct fault f = { 0 };
    struct text t;

    (void)state;
    text_init(&t, &arena);
    for (int i = 0; i < 200; i++)
        text_format(
            &t, "fat.example.com CAA 0 issue \"ca%d.example; %s\"\n", i,
            "a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_true(dns_rig_load(&rig, t.data, &f));
    lane_run("caa", proved_for("www.fat.example.com"));
    assert_sql("forbidden", NEWEST("result", "www.fat.example.com"));
    assert_sql(
        "t t 200",
        NEWEST("concat_ws(' ', pg_column_size(evidence) < 20000, jsonb_array_length(evidence "
               "#> '{looks,1,records}') BETWEEN 50 AND 100, evidence #> "
               "'{looks,1,record_count}')",
               "www.fat.example.com"));
    assert_sql("f",
               NEWEST("evidence #> '{looks,1}' ? 'record_count'", "www.forbidden.example.com"));
}

/* More records than are read may say anything: nothing is issued, whatever those say that were read. */
static void more_records_than_are_read_permit_nothing(void **state)
{
    static const struct {
        const char *name;
        int records;
        const char *result;
    } sets[] = {
        { "most.example.com", RESOLVER_RECORDS_MAX - 1, "permitted" },
        { "cut.example.com", RESOLVER_RECORDS_MAX, "failed" },
        { "more.example.com", RESOLVER_RECORDS_MAX + 1, "failed" },
    };
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct text t;

        text_init(&t, &arena);
        for (int n = 0; n < sets[i].records; n++)
            text_format(&t, "%s CAA 0 issue \"chancery.example; n=%d\"\n", sets[i].name, n);
        assert_true(dns_rig_load(&rig, t.data, &f));
        lane_run("caa", proved_for(sets[i].name));
        assert_sql(sets[i].result,
                   "SELECT result FROM caa_check WHERE name = '%s' ORDER BY id DESC LIMIT 1",
                   sets[i].name);
    }
    assert_sql("CAA more.example.com: more records than are read",
               NEWEST("detail", "more.example.com"));
    assert_sql("customer", "SELECT owner FROM request_open_task(ARRAY[(SELECT max(request_id) FROM "
                           "request_name WHERE name = 'more.example.com')], now())");
}

static void what_is_forbidden_is_looked_at_again(void **state)
{
    struct fault f = { 0 };
    long long id = proved_for("again.forbidden.example.com");

    (void)state;
    lane_run("caa", id);
    assert_sql("t",
               "SELECT run_at BETWEEN now() + interval '50 s' AND now() + interval '61 s' AND "
               "attempt = 0 FROM job WHERE idem_key = 'caa/%lld'",
               id);
    lane_run("caa", id);
    assert_sql("1", "SELECT count(*) FROM caa_check WHERE name = 'again.forbidden.example.com'");
    assert_true(dns_rig_set(&rig, "again.forbidden.example.com", "CAA",
                            "0 issue \"chancery.example\"", &f));
    await_that(lane_run("caa", id)->has_next_job_id);
    assert_string_equal(jobs_of(id), "0 caa, 1 issue");
}

/* A failure may be over soon, whatever the cadence says. */
static void what_failed_is_tried_soon(void **state)
{
    long long id = proved_for("soon.refused.example.net");

    (void)state;
    lane_run("caa", id);
    assert_sql("t",
               "SELECT run_at < now() + interval '30 s' AND attempt = 1 FROM job"
               " WHERE idem_key = 'caa/%lld'",
               id);
}

/* Within its time a check serves each request of its account, and no other's. */
static void names_are_looked_at_once(void **state)
{
    long long first = proved_for("once.example.com"), again, other;

    (void)state;
    lane_run("caa", first);
    again = proved_for("once.example.com");
    assert_true(lane_run("caa", again)->has_next_job_id);
    assert_sql("1", "SELECT count(*) FROM caa_check WHERE name = 'once.example.com'");
    other = proved_for("once.example.com");
    run_sql(arena_format(&arena,
                         "UPDATE request SET account_id = 901 WHERE id = %lld;"
                         "UPDATE request_name SET account_id = 901 WHERE request_id = %lld;"
                         "INSERT INTO validation (account_id, identifier, method, br_method, "
                         "completed_at, evidence) VALUES (901, 'once.example.com', "
                         "'dns-txt-token', '3.2.2.4.7', now(), '{}')",
                         other, other));
    assert_true(lane_run("caa", other)->has_next_job_id);
    assert_sql("900,901", "SELECT string_agg(account_id::text, ',' ORDER BY account_id)"
                          " FROM caa_check WHERE name = 'once.example.com'");
}

static void an_account_is_told_from_another(void **state)
{
    long long id = proved_for("mine.example.com");

    (void)state;
    run_sql(arena_format(&arena, "UPDATE request SET account_id = 901 WHERE id = %lld", id));
    lane_run("caa", id);
    assert_sql("accounturi names another account",
               "SELECT split_part(detail, '\": ', 2) FROM caa_check"
               " WHERE account_id = 901 AND name = 'mine.example.com'");
}

/* The records let somebody else's method in: it is they that are in the way, until the customer chooses it. */
static void methods_are_heeded(void **state)
{
    long long id = proved_for("file.example.com");

    (void)state;
    lane_run("caa", id);
    assert_string_equal(jobs_of(id), "1 caa, 0 issue");
    assert_sql("{http-01,ca-tbr-18}", NEWEST("methods", "file.example.com"));
    assert_sql("caa customer",
               "SELECT string_agg(kind || ' ' || owner, ',') FROM request_open_task(ARRAY[%lld], "
               "now())",
               id);
    assert_sql("caa ca",
               "SELECT string_agg(kind || ' ' || owner, ',') FROM request_open_task(ARRAY[%lld], "
               "now() + interval '20 hours') WHERE kind = 'caa'",
               id); /* what they said does not count any more */
    run_sql(
        arena_format(&arena, "UPDATE request SET dcv_method = 'http-token' WHERE id = %lld", id));
    assert_sql("dcv", "SELECT string_agg(kind, ',') FROM request_open_task(ARRAY[%lld], now())",
               id);
    run_sql("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
            "evidence) VALUES (900, 'file.example.com', 'http-token', '3.2.2.4.18', now(), '{}')");
    assert_sql("0", "SELECT count(*) FROM request_open_task(ARRAY[%lld], now())", id);
}

/* How old a check may be. */
static void checks_count_for_their_time(void **state)
{
    static const struct {
        const char *age;
        int ttl;
        const char *counts;
    } ages[] = {
        { "7 h 59 min", 60, "t" },
        { "8 h 1 min", 60, "f" },
        { "8 h 1 min", 36000, "t" },
        { "10 h 1 min", 36000, "f" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        run_sql(arena_format(&arena,
                             "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, "
                             "evidence) VALUES (900, 'aged%zu.example.com', now() - interval "
                             "'%s', %d, 'permitted', '{}')",
                             i, ages[i].age, ages[i].ttl));
        assert_sql(ages[i].counts,
                   "SELECT valid_until IS NOT NULL FROM caa_standing(900, 'aged%zu.example.com', "
                   "'TLS', now())",
                   i);
    }
}

/* The newest is what counts, whatever was permitted before. */
static void a_newer_check_takes_an_older_away(void **state)
{
    (void)state;
    run_sql("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, detail, evidence)"
            " VALUES (900, 'turned.example.com', now() - interval '2 h', 0, 'permitted', NULL, "
            "'{}'), (900, 'turned.example.com', now() - interval '1 h', 0, 'forbidden', 'x', "
            "'{}')");
    assert_sql("t", "SELECT valid_until IS NULL FROM caa_standing(900, 'turned.example.com', "
                    "'TLS', now())");
}

/* Once a day for a domain, whoever asks and however often. */
static void whom_records_name_is_told(void **state)
{
    (void)state;
    lane_run("caa", proved_for("told.example.com"));
    lane_run("caa", proved_for("www.told.example.com"));
    assert_sql("https://told.example.com/iodef?x=1,mailto:security@told.example.com",
               "SELECT string_agg(url, ',' ORDER BY url) FROM caa_report WHERE domain = "
               "'told.example.com' AND state = 'waiting' AND account_id = 900");
    assert_sql("2", "SELECT count(*) FROM job j JOIN caa_report p ON j.idem_key = 'report/' || p.id"
                    " WHERE j.lane = 'report' AND p.domain = 'told.example.com'");
    lane_run("caa", proved_for("silently.example.com"));
    assert_sql("t", NEWEST("result = 'forbidden' AND iodef IS NULL", "silently.example.com"));
    assert_sql("0", "SELECT count(*) FROM caa_report WHERE domain = 'silently.example.com'");
}

/* An address gets no more than mails may go there, over all domains. */
static void addresses_have_their_limit(void **state)
{
    (void)state;
    run_sql("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, domain, detail, "
            "iodef, evidence) SELECT 901, 'd' || n || '.example.net', now() + n * interval '1 s', "
            "0, 'forbidden', 'd' || n || '.example.net', 'x', '{mailto:poor@example.org}', '{}' "
            "FROM generate_series(1, 2) n");
    run_sql("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, domain, detail, "
            "iodef, evidence) VALUES (902, 'd3.example.net', now() + interval '3 s', 0, "
            "'forbidden', 'd3.example.net', 'x', '{mailto:poor@example.org}', '{}')");
    assert_sql("d1.example.net,d2.example.net",
               "SELECT string_agg(domain, ',' ORDER BY domain) FROM caa_report WHERE url = "
               "'mailto:poor@example.org'");
}

static void private_names_need_none(void **state)
{
    long long id = request_put(&usual, "inside.example.com");

    (void)state;
    run_sql("INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, "
            "created_at) VALUES ('BBBBBBBBBBBBBBBB', 'Q', 'q', 'ec', '', false, true, now())");
    run_sql(
        arena_format(&arena, "UPDATE request SET ca_id = 'BBBBBBBBBBBBBBBB' WHERE id = %lld", id));
    assert_sql("dcv", "SELECT string_agg(kind, ',') FROM request_need(ARRAY[%lld], now())", id);
}

static int set_up(void **state)
{
    struct fault f = { 0 };

    (void)state;
    if (world_start("127.77.63.53") != 0 || !dns_rig_load(&rig, world, &f))
        return 1;
    run_sql(caa_rules);
    parts_start(seconds(10));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    parts_stop(seconds(10));
    return world_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_seen_is_stored_and_decides),
        cmocka_unit_test(evidence_says_what_was_asked),
        cmocka_unit_test(a_fat_zone_is_kept_in_measure),
        cmocka_unit_test(more_records_than_are_read_permit_nothing),
        cmocka_unit_test(what_is_forbidden_is_looked_at_again),
        cmocka_unit_test(what_failed_is_tried_soon),
        cmocka_unit_test(names_are_looked_at_once),
        cmocka_unit_test(an_account_is_told_from_another),
        cmocka_unit_test(methods_are_heeded),
        cmocka_unit_test(checks_count_for_their_time),
        cmocka_unit_test(a_newer_check_takes_an_older_away),
        cmocka_unit_test(whom_records_name_is_told),
        cmocka_unit_test(addresses_have_their_limit),
        cmocka_unit_test(private_names_need_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
