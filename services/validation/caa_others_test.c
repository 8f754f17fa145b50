/* What other points of view say of CAA records: rounds that ask them, and which checks count on which day. */
#include <stdatomic.h>

#include "fixture_test.h"

#define FIVE                                                                                       \
    "fra=RIPE,50.11,8.68 iad=ARIN,38.95,-77.45 sin=APNIC,1.35,103.82 gru=LACNIC,-23.55,-46.63 "    \
    "jnb=AFRINIC,-26.2,28.04"

static const char world[] =
    "ours.example.com CAA 0 issue \"chancery.example\"\n"
    "method.example.com CAA 0 issue \"chancery.example; validationmethods=dns-01,ca-tbr-7\"\n"
    "forbidden.example.com CAA 0 issue \";\"\n";

// clang-format off
static const char policy[] =
    "INSERT INTO policy_version (sha256, loaded_at) SELECT sha256(max(id)::text::bytea), '2020-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source)"
    " SELECT (SELECT max(id) FROM policy_version), id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source"
    "   FROM policy_rule WHERE version = (SELECT version FROM policy_active) UNION ALL"
    " SELECT (SELECT max(id) FROM policy_version), p || f, 'TLS', p, v, u, l, f::timestamptz, t::timestamptz, 's', 's'"
    "   FROM (VALUES ('caa.check', '1', NULL, 'M', '-infinity', 'infinity'), ('caa.window', '8', 'h', 'M', '-infinity', 'infinity'),"
    "                ('caa.unheard', '1', NULL, 'S', '-infinity', 'infinity'), ('caa.parameters', '1', NULL, 'S', '-infinity', 'infinity'),"
    "                ('caa.identities', 'chancery.example', NULL, 'M', '-infinity', 'infinity'),"
    "                ('caa.poll', '1m/15m 5m/1h', NULL, 'S', '-infinity', 'infinity'),"
    "                ('mpic.remotes', '2', NULL, 'S', '2025-03-15', '2025-09-15'), ('mpic.remotes', '2', NULL, 'M', '2025-09-15', '2026-03-15'),"
    "                ('mpic.remotes', '4', NULL, 'M', '2026-03-15', 'infinity'), ('mpic.rirs', '2', NULL, 'M', '2026-03-15', 'infinity'),"
    "                ('mpic.exempt', '3.2.2.4.7 3.2.2.4.4', NULL, 'M', '2025-03-15', 'infinity'),"
    "                ('mpic.misses_2_5', '1', NULL, 'M', '2025-03-15', 'infinity')) AS r (p, v, u, l, f, t);"
    "INSERT INTO policy_version (sha256, loaded_at) SELECT sha256(max(id)::text::bytea), '2020-01-02' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source)"
    " SELECT version + 1, id, scope, parameter, value, unit, level, '-infinity', 'infinity', statement, source"
    "   FROM policy_rule WHERE version = (SELECT max(id) - 1 FROM policy_version)"
    "    AND valid_from <= '2026-12-01' AND '2026-12-01' < valid_till;"
    "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version)";

/* That in which each rule has its days; the other has those of one day on all. */
static const char dated_policy[] = "UPDATE policy_active SET version = (SELECT max(id) - 1 FROM policy_version)";
// clang-format on

/* ---- perspectives that say what a test wants */

/* A letter for each, as in corroboration_test: P permits, m by dns-01 alone, u cannot hear, n forbids, b says that DNSSEC
 * failed, x was too busy to look, d gives no answer, s none before the deadline. */
static const char *moods;
static atomic_int questions;

static void sight_fill(struct arena *a, PerspectiveSight *s, char mood)
{
    static const char letters[] = "Pmunb";
    static const char *const results[] = { "permitted", "permitted", "unheard", "forbidden",
                                           "bogus" };
    const char *at = strchr(letters, mood);

    s->found = at != NULL;
    s->reason = mood == 'P' || mood == 'm' ? NULL : arena_format(a, "CAA example.com: %c", mood);
    if (!at)
        return;
    s->caa = arena_new(a, CaaSight);
    caa_sight__init(s->caa);
    s->caa->result = arena_strdup(a, results[at - letters]);
    s->caa->methods = mood == 'm' ? arena_strdup(a, "{dns-01}") : NULL;
    s->caa->proof = arena_new(a, CaaProof);
    caa_proof__init(s->caa->proof);
    s->caa->proof->at = instant_of(a, clock_now());
    s->caa->proof->perspective = arena_strdup(a, "its own");
    s->caa->proof->records = arena_strdup(a, "0 issue \"seen there\"");
}

struct fake {
    ProtobufCService base;
    const struct perspective *is;
    char mood;
};
static struct fake fakes[PERSPECTIVES_MAX];

struct telling {
    const struct fake *fake;
    const CaaQuestion *question;
    PerspectiveAnswer_Closure told;
    struct bus_call *call;
};

static void refuse(const struct telling *t, const char *why)
{
    fault_set(&t->call->fault, FAULT_TIMEOUT, NULL, "%s", why);
    t->told(NULL, t->call);
}

static void say(const struct telling *t)
{
    PerspectiveAnswer out = PERSPECTIVE_ANSWER__INIT;
    struct arena a;

    arena_init(&a);
    out.perspective = arena_strdup(&a, t->fake->is->id);
    out.sights = arena_array(&a, PerspectiveSight *, t->question->n_names);
    for (size_t i = 0; i < t->question->n_names; i++) {
        PerspectiveSight *s = arena_new(&a, PerspectiveSight);

        perspective_sight__init(s);
        s->identifier = arena_strdup(&a, t->question->names[i]);
        sight_fill(&a, s, t->fake->mood);
        out.sights[out.n_sights++] = s;
    }
    t->told(&out, t->call);
    arena_free(&a);
}

/* As the bus does: on a thread of its own, and by the call's deadline. */
static void *tell(void *context)
{
    struct telling *t = context;
    struct duration left = tick_left(t->call->deadline);

    if (t->fake->mood == 's')
        await_that(tick_left(t->call->deadline).us == 0);
    if (t->fake->mood == 's' || t->fake->mood == 'd')
        refuse(t, left.us <= seconds(5).us ? "no answer in time" : "had far too much time");
    else
        say(t);
    free(t);
    return NULL;
}

static void fake_invoke(ProtobufCService *service, unsigned method, const ProtobufCMessage *in,
                        ProtobufCClosure told, void *data)
{
    struct telling *t = malloc(sizeof *t);
    pthread_t thread;

    assert_non_null(t);
    assert_string_equal(perspective__descriptor.methods[method].name, "Climb");
    questions++;
    *t = (struct telling){ (const struct fake *)service, (const CaaQuestion *)in,
                           (PerspectiveAnswer_Closure)told, data };
    assert_int_equal(pthread_create(&thread, NULL, tell, t), 0);
    assert_int_equal(pthread_detach(thread), 0);
}

static ProtobufCService *fake_of(void *context, const struct perspective *p)
{
    size_t i = (size_t)(p - validation.perspectives.all);

    (void)context;
    fakes[i] =
        (struct fake){ .base = { .descriptor = &perspective__descriptor, .invoke = fake_invoke },
                       .is = p,
                       .mood = moods[i] };
    return &fakes[i].base;
}

/* ---- rounds */

/* A request whose names are all proved, and its caa job. */
static long long proved_for(const char *name)
{
    long long id = request_put(&usual, name);

    run_sql(arena_format(
        &arena,
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
        " VALUES (900, '%s', 'dns-txt-token', '3.2.2.4.7', now(), '{}');"
        "INSERT INTO job (lane, subject, run_at, idem_key, traceparent)"
        " VALUES ('caa', %lld, now() + interval '1 hour', 'caa/%lld', 'trace')",
        name, id, id));
    return id;
}

// clang-format off
static const struct {
    const char *name, *moods, *result;
    const char *owner;  /* of what is left to do; "-": nothing is */
    const char *quorum; /* "-": nobody is asked */
    const char *says;
} cases[] = {
    { "a.example.com",      "PPPPP", "permitted",    "-",        "5/5", NULL },
    { "ours.example.com",   "PPPPn", "permitted",    "-",        "4/5", NULL },
    { "b.example.com",      "PPPuu", "permitted",    "-",        "5/5", NULL }, /* what is permission here is one there */
    { "c.example.com",      "nPPnP", "unconfirmed",  "customer", "3/5", "permitted here, but 3 of 5 other points of view permit it in 3 regions, "
                                                           "which are too few: fra: CAA example.com: n; gru: CAA example.com: n" },
    { "d.example.com",      "PPbxP", "unconfirmed",  "ca",       "3/5", "sin: CAA example.com: b; gru: CAA example.com: x" },
    { "e.example.com",      "PPdPP", "permitted",    "-",        "4/5", NULL },
    { "f.example.com",      "PPdnP", "unconfirmed",  "ca",       "3/5", "sin: gave no answer: no answer in time" },
    { "g.example.com",      "PPPsP", "permitted",    "-",        "4/5", NULL },
    { "www.lame.org",       "PPPPn", "unheard",      "-",        "4/5", NULL },
    { "x.www.lame.org",     "PPPnn", "unconfirmed",  "customer", "3/5", "permitted here" },
    /* By the same methods, or by more. */
    { "h.example.com",      "PPPmm", "unconfirmed",  "customer", "3/5", "gru: permits it for validation by {dns-01} alone" },
    { "method.example.com", "PPPmP", "permitted",    "-",        "4/5", NULL },
    { "forbidden.example.com", "PPPPP", "forbidden",  "customer", "-", "does not name this CA" },
};
// clang-format on

static const char *newest(const char *column, const char *name)
{
    return ask("SELECT %s FROM caa_check WHERE name = '%s' ORDER BY id DESC LIMIT 1", column, name);
}

/* Who is to move next: until they were looked at we are. */
#define OWNER "SELECT owner FROM request_open_task(ARRAY[%lld], now())"

/* What was stored of the case's name. */
static void assert_stored(size_t i)
{
    const char *name = cases[i].name;
    const char *quorum = newest("corroboration ->> 'quorum'", name);
    const char *detail = newest("detail", name);

    assert_string_equal(newest("result", name), cases[i].result);
    if (strcmp(quorum ? quorum : "-", cases[i].quorum) != 0)
        fail_msg("%s: %s", name, quorum ? quorum : "nobody was asked");
    assert_int_equal(questions, quorum ? 5 : 0);
    if (cases[i].says && (!detail || !strstr(detail, cases[i].says)))
        fail_msg("%s: %s", name, detail ? detail : "no detail");
}

static bool is_good(const char *result)
{
    return strcmp(result, "permitted") == 0 || strcmp(result, "unheard") == 0;
}

static void a_round_asks_all_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long long id = proved_for(cases[i].name);

        moods = cases[i].moods;
        questions = 0;
        assert_sql("ca", OWNER, id);
        const JobOutcome *o = lane_run("caa", id);
        assert_sql(cases[i].owner, OWNER, id);
        assert_stored(i);
        assert_int_equal(o->result, is_good(cases[i].result) ? JOB_OUTCOME__RESULT__DONE
                                                             : JOB_OUTCOME__RESULT__WAITING);
    }
}

/* Of those who agree what they have seen, of those who do not their looks as well. */
static void what_each_said_is_kept(void **state)
{
    (void)state;
    assert_sql("5 4 4", "SELECT concat_ws(' ', remotes, agreed, regions) FROM caa_check"
                        " WHERE name = 'ours.example.com'");
    assert_sql(
        "jnb AFRINIC false CAA example.com: n",
        "SELECT concat_ws(' ', p ->> 'perspective', p ->> 'region', p ->> 'agreed', p ->> "
        "'reason') FROM caa_check c, jsonb_array_elements(c.corroboration -> "
        "'perspectives') p WHERE c.name = 'ours.example.com' AND p ->> 'reason' IS NOT NULL");
    assert_sql("0 issue \"seen there\"",
               "SELECT corroboration #>> '{perspectives,0,climb,records}' FROM caa_check"
               " WHERE name = 'ours.example.com'");
    assert_sql("t", "SELECT methods IS NULL FROM caa_check WHERE name = 'h.example.com'");
}

/* The next look asks all of them again, soon where one could not say. */
static void who_disagreed_is_asked_again(void **state)
{
    long long id = proved_for("again.example.com");

    (void)state;
    moods = "nnPPP";
    assert_int_equal(lane_run("caa", id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("0", "SELECT attempt FROM job WHERE idem_key = 'caa/%lld'", id);
    moods = "ddPPP";
    assert_int_equal(lane_run("caa", id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("1", "SELECT attempt FROM job WHERE idem_key = 'caa/%lld'", id);
    moods = "PPPPP";
    questions = 0;
    assert_true(lane_run("caa", id)->has_next_job_id);
    assert_int_equal(questions, 5);
}

/* Where there are none a CA waits, and a demonstration does not. */
static void without_perspectives_nothing_is_confirmed(void **state)
{
    struct perspectives all = validation.perspectives;
    long long id = proved_for("alone.example.com");

    (void)state;
    validation.perspectives.count = 0;
    assert_int_equal(lane_run("caa", id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(newest("detail", "alone.example.com"),
                        "permitted here, but 4 other points of view of this CA must permit it as "
                        "well, and 0 can be asked: the fault is ours");
    assert_sql("ca", OWNER, id);
    run_sql(arena_format(
        &arena,
        "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
        " VALUES ('DDDDDDDDDDDDDDDD', 'Q', 'q', 'ec', "
        "'\\x302430220201013000300030003017311530130603"
        "55040a130c646f206e6f74207472757374', true, true, now());"
        "UPDATE request SET ca_id = 'DDDDDDDDDDDDDDDD' WHERE id = %lld",
        id));
    assert_true(lane_run("caa", id)->has_next_job_id);
    assert_string_equal(newest("result", "alone.example.com"), "permitted");
    validation.perspectives = all;
}

/* ---- which checks count */

/* `seen`: a letter for each perspective that is stored: R, A, P agree, of RIPE, ARIN and APNIC; in lower case they do
 * not. Two of one letter are two perspectives. */
// clang-format off
static const struct {
    const char *day, *seen;
    bool alone, counts;
} counted[] = {
    { "2025-03-14 12:00", "",      false, true  },
    { "2025-06-01 12:00", "",      false, true  },  /* it should, and nothing hangs on it */
    { "2025-09-14 23:59", "ra",    false, true  },
    { "2025-09-15 00:00", "",      false, false },
    { "2025-09-15 00:00", "",      true,  true  },
    { "2025-09-15 00:00", "R",     false, false },
    { "2025-09-15 00:00", "RR",    false, true  },
    { "2025-09-15 00:00", "Ra",    false, true  },
    { "2026-03-14 23:59", "RR",    false, true  },
    { "2026-03-15 00:00", "RRRR",  false, false },
    { "2026-03-15 00:00", "RRR",   true,  true  },
    { "2026-03-15 00:00", "RAP",   false, false },
    { "2026-03-15 00:00", "RAPr",  false, true  },
    { "2026-03-15 00:00", "RApr",  false, false },
    { "2026-12-15 00:00", "RAPRA", false, true  },
};
// clang-format on

static const char *corroboration_of(const char *seen)
{
    static const char *const regions[] = { ['R' - 'A'] = "RIPE",
                                           ['A' - 'A'] = "ARIN",
                                           ['P' - 'A'] = "APNIC" };
    struct text t;

    text_init(&t, &arena);
    for (size_t i = 0; seen[i]; i++)
        text_format(&t, "%s{\"perspective\":\"p%zu\",\"region\":\"%s\",\"agreed\":%s}",
                    i ? "," : "", i, regions[(seen[i] & ~0x20) - 'A'],
                    seen[i] & 0x20 ? "false" : "true");
    return t.length ? t.data : "";
}

/* Whatever is written into its counts, and whatever its result says. */
static void checks_count_by_the_rules_of_their_day(void **state)
{
    (void)state;
    run_sql(dated_policy);
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        run_sql(arena_format(&arena,
                             "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, "
                             "evidence, corroboration, remotes, agreed, regions) VALUES (900, "
                             "'day%zu.example.com', '%s+00', 0, 'permitted', "
                             "'{\"perspective\":\"test\"}', '{\"perspectives\":[%s]}', 9, 9, 9)",
                             i, counted[i].day, corroboration_of(counted[i].seen)));
        const char *counts =
            ask("SELECT valid_until IS NOT NULL FROM caa_standing(900, 'day%zu.example.com', "
                "'TLS', '%s+00'::timestamptz + interval '1 h', %s)",
                i, counted[i].day, counted[i].alone ? "true" : "false");
        if ((*counts == 't') != counted[i].counts)
            fail_msg("%s, \"%s\"%s: %s", counted[i].day, counted[i].seen,
                     counted[i].alone ? ", alone" : "", counts);
    }
    assert_sql("{0,0,0}", "SELECT ARRAY[remotes, agreed, regions] FROM caa_check"
                          " WHERE name = 'day0.example.com'");
}

/* What was not confirmed counts for nobody, a demonstration either. */
static void unconfirmed_counts_nowhere(void **state)
{
    (void)state;
    assert_sql("t", "SELECT valid_until IS NULL FROM caa_standing(900, 'c.example.com', 'TLS', "
                    "now(), true)");
}

static int set_up(void **state)
{
    struct fault f = { 0 };

    (void)state;
    if (world_start("127.77.67.53") != 0 || !dns_rig_load(&rig, world, &f))
        return 1;
    run_sql(policy);
    parts_start(seconds(10));
    if (!perspectives_read(FIVE, &validation.perspectives, &f))
        return 1;
    validation.perspectives.primary = (struct place){ 64.13, -21.94 };
    validation.perspectives.client = fake_of;
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
        cmocka_unit_test(a_round_asks_all_of_them),
        cmocka_unit_test(what_each_said_is_kept),
        cmocka_unit_test(who_disagreed_is_asked_again),
        cmocka_unit_test(without_perspectives_nothing_is_confirmed),
        cmocka_unit_test(checks_count_by_the_rules_of_their_day),
        cmocka_unit_test(unconfirmed_counts_nowhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
