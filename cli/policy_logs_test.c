/* The list of logs of a policy: loaded as a browser wrote it, said in words, believed by services. */
#include "policy_copy_test.h"

#include "ledger/log_list_rig.h"
#include "policy_logs.h"
#include "testing/patience.h"

static void list(const char *operators)
{
    file_put(path_of("logs.json"), list_of(operators));
}

static const char *usable(const char *from, const char *till)
{
    return arena_format(&arena,
                        ",\"state\":{\"usable\":{\"timestamp\":\"2018-01-01T00:00:00Z\"}},"
                        "\"temporal_interval\":{\"start_inclusive\":\"%sT00:00:00Z\","
                        "\"end_exclusive\":\"%sT00:00:00Z\"}",
                        from, till);
}

static const char *new_log(const char *name, const char *from, const char *till)
{
    return log_of(name, new_key("P-256"), usable(from, till));
}

/* Of two operators, and one that is asked no more. */
static const char *enough(void)
{
    return arena_format(
        &arena, "%s,%s",
        operator_of("G", new_log("argon", "2000-01-01", "2100-01-01"),
                    new_log("tiles", "2000-01-01", "2100-01-01")),
        operator_of("C", new_log("nimbus", "2000-01-01", "2100-01-01"),
                    log_of("old", new_key("P-256"), state_of("retired", "2018-01-01T00:00:00Z"))));
}

/* ---- loading */

static const char nothing[] = "logs.json lists no log: certificates are given to none";

static void a_list_of_none_is_said(void **state)
{
    (void)state;
    file_put(path_of("logs.json"), file_get("policy/logs.json"));
    must(load());
    must_say(nothing);
    assert_string_equal(answer("SELECT concat_ws(' ', kind, name, document) FROM policy_document "
                               "WHERE kind = 'logs'"),
                        "logs tls {\"operators\":[]}");
    assert_int_equal(unlink(path_of("logs.json")), 0);
    must(load());
    must_say(nothing);
    assert_int_equal(number("SELECT count(*) FROM policy_document d JOIN policy_active a USING "
                            "(version) WHERE d.kind = 'logs'"),
                     0);
}

static void a_browser_s_list_is_taken_as_it_is(void **state)
{
    const char *text;
    (void)state;
    list(enough());
    must(load());
    must_say("policy version 1 is in force (new)");
    must_say("of 4 logs that are listed 3 can be asked now, of 2 operators\n");
    assert_null(strstr(output, "too few"));
    text = answer("SELECT document::text FROM policy_document WHERE kind = 'logs'");
    assert_non_null(strstr(text, "\"log_list_timestamp\":\"2024-10-05T01:35:01+00:00\""));
    assert_null(strstr(text, "email"));
    edit("logs.json", "\"email\":[\"ct@G\"]", "\"email\" : [ ], \"more\": {}");
    must(load());
    must_say("policy version 1 is in force (loaded before)");
    edit("logs.json", "\"usable\"", "\"readonly\"");
    must(load());
    must_say("policy version 2 is in force (new)");
    must_say("of 4 logs that are listed 2 can be asked now, of 2 operators\n");
}

/* A release brings no list. */
static void whoever_logs_goes_on(void **state)
{
    (void)state;
    list(enough());
    must(load());
    list("");
    must_fail(load(), "lists no log, but that of the policy in force lists 4");
    file_put(path_of("mine.json"), list_of(enough()));
    setenv("CHANCERY_LOG_LIST", path_of("mine.json"), 1);
    must(load());
    must_say("of 4 logs that are listed 3 can be asked now");
    setenv("CHANCERY_LOG_LIST", path_of("nobody's.json"), 1);
    must_fail(load(), "nobody's.json");
    unsetenv("CHANCERY_LOG_LIST");
    must_fail(load(), "name the file with your list in CHANCERY_LOG_LIST, or say --no-logs");
    must(run_with(policy_load_command, WORDS(folder), WORDS("no-logs", "")));
    must_say(nothing);
    must(load());
}

/* ---- services read what was signed */

static const struct policy *as_issuers_have_it(void)
{
    const struct policy *p = NULL;
    if (!policy_now(&p, &f))
        fail_msg("%s", f.detail);
    return p;
}

static struct ed25519_key *sign_with_a_known_key(void)
{
    char *private_pem, *public_pem;
    ed25519_make(&arena, &private_pem, &public_pem);
    setenv("CHANCERY_POLICY_KEY", private_pem, 1);
    file_put(path_of("policy.pub"), public_pem);
    return ed25519_load(path_of("policy.pub"), &f);
}

static void services_believe_the_list_that_was_loaded(void **state)
{
    struct store_options options = { .url = { database_url(database, "issuer") },
                                     .timeout = patience(),
                                     .application = "policy_logs_test" };
    struct ed25519_key *trusted = sign_with_a_known_key();
    struct store *store = store_new(&options);
    const struct ct_log *logs[4];
    (void)state;
    policy_trust(trusted);
    store_set_mine(store);
    list(enough());
    must(load());
    const struct policy *p = as_issuers_have_it();
    assert_true(p->lists_logs);
    assert_int_equal(p->log_count, 4);
    assert_int_equal(ct_logs(p, day("2026-06-01"), day("2026-01-01"), logs, 4), 3);
    assert_string_equal(logs[2]->url, "https://nimbus.example/log/");
    assert_ptr_equal(ct_log_find(p, logs[2]->id), logs[2]);
    policy_trust(NULL);
    store_set_mine(NULL);
    store_free(store);
    ed25519_free(trusted);
}

/* ---- what is refused: nothing is stored then */

static void a_bad_list_is_refused_by_operator_and_log(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        { "argon.example", "nimbus.example:x", "operator G, log argon: its url" },
        { "https://nimbus", "http://nimbus",
          "operator C, log nimbus: its url must begin with https://" },
        { "\"log_id\":\"", "\"log_id\":\"AAAA", "operator G, log argon: its log_id is not" },
        { "\"key\":\"", "\"key\":\"?", "operators[0].logs[0].key" },
        { "\"end_exclusive\":\"2100", "\"end_exclusive\":\"1999",
          "operator G, log argon: its temporal_interval ends before it begins" },
        { "\"end_exclusive\":\"2100-01", "\"end_exclusive\":\"2100-13",
          "operators[0].logs[0].temporal_interval.end_exclusive" },
        { "\"usable\"", "\"usabel\"", "operator G, log argon: its state must be one of those" },
        { "\"name\":\"C\"", "\"name\":\"\"", "operator 2 has no name" },
        { "\"operators\":[", "\"operators\":[7,", "operators[0]" },
        { "\"operators\":[", "\"operators\":[", "" }, /* with the last brace cut off */
    };
    (void)state;
    list(enough());
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *before = file_get(path_of("logs.json"));
        edit("logs.json", rows[i].from, rows[i].to);
        if (!*rows[i].says)
            file_put(path_of("logs.json"), arena_strndup(&arena, before, strlen(before) - 1));
        must_fail(load(), rows[i].says);
        assert_string_equal(f.field, path_of("logs.json"));
        file_put(path_of("logs.json"), before);
    }
    assert_int_equal(number("SELECT count(*) FROM policy_version"), 0);
    must(load());
}

static void a_log_that_is_there_twice_is_refused(void **state)
{
    const char *log = new_log("argon", "2000-01-01", "2100-01-01");
    (void)state;
    list(arena_format(&arena, "%s,%s", operator_of("G", log, ""), operator_of("C", "", log)));
    must_fail(load(), "operator C, log argon: is in the list already");
}

/* ---- what is said of one that is good, but not good enough */

static const char *said_on(const char *when)
{
    struct command_run r = { 0 };
    struct policy_source source;
    char *text = NULL;
    size_t size = 0;
    arena_init(&r.arena);
    r.out = open_memstream(&text, &size);
    assert_non_null(r.out);
    must(policy_source_read(&r.arena, folder, &source, &f));
    policy_logs_say(&r, &source, day(when));
    fclose(r.out);
    const char *out = arena_strdup(&arena, text);
    free(text);
    arena_free(&r.arena);
    return out;
}

static void must_say_on(const char *when, const char *says)
{
    const char *said = said_on(when);
    if (strcmp(said, says) != 0)
        fail_msg("on %s: %s", when, said);
}

#define TOO_FEW(day)                                                                               \
    "too few logs can be asked about certificates of scope TLS that end on " day                   \
    ": their orders will wait (docs/guide/transparency.md)\n"

/* Shards end, and a certificate of 199 days needs one more timestamp. */
static void certificates_that_will_wait_are_said(void **state)
{
    (void)state;
    list(arena_format(
        &arena, "%s,%s",
        operator_of("G",
                    arena_format(&arena, "%s,%s", new_log("g1", "2026-01-01", "2026-07-01"),
                                 new_log("g2", "2026-07-01", "2027-01-01")),
                    new_log("g3", "2026-01-01", "2027-01-01")),
        operator_of("C", "", new_log("c", "2026-01-01", "2026-12-01"))));
    must_say_on("2026-03-20", "of 4 logs that are listed 4 can be asked now, of 2 operators\n");
    must_say_on(
        "2026-05-20",
        "of 4 logs that are listed 4 can be asked now, of 2 operators\n" TOO_FEW("2026-12-01"));
    must_say_on(
        "2026-12-15",
        "of 4 logs that are listed 2 can be asked now, of 1 operators\n" TOO_FEW("2026-12-15"));
    must_say_on(
        "2017-03-20",
        "of 4 logs that are listed 0 can be asked now, of 0 operators\n" TOO_FEW("2017-03-20"));
}

/* A certificate of 180 days ends a second before they are over, and needs two timestamps. */
static void two_logs_are_enough_for_180_days(void **state)
{
    (void)state;
    list(arena_format(&arena, "%s,%s",
                      operator_of("G", new_log("g", "2000-01-01", "2100-01-01"), ""),
                      operator_of("C", new_log("c", "2000-01-01", "2100-01-01"), "")));
    must_say_on(
        "2026-01-01T12:00:00Z",
        "of 2 logs that are listed 2 can be asked now, of 2 operators\n" TOO_FEW("2026-07-01"));
}

/* The issuer looks at no more of them, nor does validation. */
static void one_behind_too_many_logs_does_not_help(void **state)
{
    struct text many;
    (void)state;
    for (int room = CT_LOGS_MAX - 1; room <= CT_LOGS_MAX; room++) {
        text_init(&many, &arena);
        for (int i = 0; i < room; i++)
            text_format(&many, "%s%s", i ? "," : "",
                        new_log(arena_format(&arena, "g%d", i), "2000-01-01", "2100-01-01"));
        list(arena_format(&arena, "%s,%s", operator_of("G", many.data, ""),
                          operator_of("C", new_log("c", "2000-01-01", "2100-01-01"), "")));
        must_say_on(
            "2026-03-20",
            arena_format(&arena,
                         "of %d logs that are listed %d can be asked now, of 2 operators\n%s",
                         room + 1, room + 1, room < CT_LOGS_MAX ? "" : TOO_FEW("2026-03-20")));
    }
}

/* Before Apple asked for one of RFC 6962, static logs alone were enough. */
static void static_logs_alone_are_too_few(void **state)
{
    (void)state;
    list(arena_format(&arena, "%s,%s,%s",
                      operator_of("G", "", new_log("g", "2000-01-01", "2100-01-01")),
                      operator_of("C", "", new_log("c", "2000-01-01", "2100-01-01")),
                      operator_of("L", "", new_log("l", "2000-01-01", "2100-01-01"))));
    must_say_on("2025-04-20", "of 3 logs that are listed 3 can be asked now, of 3 operators\n");
    must_say_on(
        "2025-04-21",
        "of 3 logs that are listed 3 can be asked now, of 3 operators\n" TOO_FEW("2025-04-21"));
}

/* ---- asking */

static void a_product_s_logs_are_shown(void **state)
{
    (void)state;
    list(enough());
    must(load());
    must(run_with(policy_at_command, WORDS("2026-03-15"), WORDS("product", "ssl_dv_geotrust")));
    must_say("transparency                  yes");
    must_say("Logs that are asked then about what ends later");
    must_say("https://nimbus.example/log/");
    must_say("ct-scts-short: ct.scts.le180 2");
    assert_null(strstr(output, "old.example"));
    must(run_with(policy_at_command, WORDS("2026-03-15"),
                  WORDS("product", "ssl_dv_geotrust", "json", "")));
    must_say("\"log\":\"argon\"");
    must(run_with(policy_at_command, WORDS("2026-03-15"), WORDS("product", "private_ssl_flex")));
    assert_null(strstr(output, "Logs that are asked"));
}

static void a_policy_without_list_has_no_logs_to_show(void **state)
{
    (void)state;
    must(load());
    must(run_with(policy_at_command, WORDS("2026-03-15"), WORDS("product", "ssl_dv_geotrust")));
    must_say("Logs that are asked then about what ends later\n    none\n");
}

#define COPY(name) cmocka_unit_test_setup_teardown(name, policy_copy, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPY(a_list_of_none_is_said),
        COPY(a_browser_s_list_is_taken_as_it_is),
        COPY(whoever_logs_goes_on),
        COPY(services_believe_the_list_that_was_loaded),
        COPY(a_bad_list_is_refused_by_operator_and_log),
        COPY(a_log_that_is_there_twice_is_refused),
        COPY(certificates_that_will_wait_are_said),
        COPY(two_logs_are_enough_for_180_days),
        COPY(one_behind_too_many_logs_does_not_help),
        COPY(static_logs_alone_are_too_few),
        COPY(a_product_s_logs_are_shown),
        COPY(a_policy_without_list_has_no_logs_to_show),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
