/* The change log as it comes through the door. */
#include "api/change_log.h"

#include "api/change_texts.h"
#include "http_toy.h"
#include "ledger/policy.h"
#include "store/script.h"
#include "testing/database.h"

static struct database *database;
static struct script *admin;
static struct store_options options;
static struct arena arena;
static struct http *door;

static const struct route_family families[] = {
    { .base = CHANGE_LOG_PATH, .tables = change_log_tables, .dress = change_log_dress },
    { 0 },
};

/* `kind` and `name` with a document, in a version that is in force. */
static void load(const char *documents)
{
    struct fault f = { 0 };
    const char *sql = arena_format(
        &arena,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) SELECT "
        "sha256(count(*)::text::bytea), '2023-01-01' FROM policy_version;"
        "INSERT INTO policy_document (version, kind, name, document, sha256)"
        " SELECT v.id, d.kind, d.name, d.document::json, sha256(convert_to(d.document, 'UTF8'))"
        "   FROM (SELECT max(id) AS id FROM policy_version) v,"
        "        (VALUES %s) AS d (kind, name, document);"
        "INSERT INTO policy_active AS a SELECT true, max(id), '2023-01-01' FROM policy_version"
        "    ON CONFLICT (one) DO UPDATE SET version = excluded.version; COMMIT",
        documents);
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

#define CAPABILITY(id, from)                                                                       \
    "('capability', '" id "', '{\"id\":\"" id "\",\"from\":\"" from                                \
    "T00:00:00+00:00\",\"statement\":\"x\"}')"
#define ENTRY(id, capability)                                                                      \
    "('change', '" id "', '{\"id\":\"" id "\",\"title\":\"About " id                               \
    "\",\"kind\":\"new\",\"capabilities\":[\"" capability                                          \
    "\"],\"areas\":[\"API\"],\"text\":\"Some *text*.\"}')"

static int begin(void **state)
{
    struct fault f = { 0 };
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    options = (struct store_options){ .url = { database_url(database, "gateway") },
                                      .prepare = true,
                                      .timeout = patience(),
                                      .application = "change_log_test" };
    struct http_options o = toy_options();
    o.doors[0] = (struct http_door){ "127.0.0.1:0", families, NULL };
    door = toy_start(o);
    return 0;
}

static int end(void **state)
{
    (void)state;
    toy_stop(door);
    change_log_close();
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

static const char *get(const char *line, const char *headers)
{
    return exchange(door, &arena, line, headers, NULL);
}

static bool says(const char *answer, const char *text)
{
    return strstr(answer, text) != NULL;
}

static void must_have(const char *answer, const char *text)
{
    if (!says(answer, text))
        fail_msg("%s is not in %s", text, answer);
}

/* ---- in this order */

static void before_a_policy_there_is_nothing_to_say(void **state)
{
    (void)state;
    const char *answer = get("GET /changelog", "");
    assert_int_equal(status_of(answer), 503);
    must_have(answer, "\r\nCache-Control: no-store\r\n");
    must_have(answer, "{\"errors\":[{\"code\":");
    assert_int_equal(status_of(get("GET /changelog/rss.xml", "If-None-Match: *\r\n")), 503);
}

static void it_is_served_in_three_forms(void **state)
{
    (void)state;
    load(CAPABILITY("c", "2023-02-14") "," ENTRY("past", "c") "," CAPABILITY(
        "d", "9999-01-01") "," ENTRY("far", "d"));
    change_log_open(&options, "https://ca.example");
    await_that(status_of(get("GET /changelog", "")) == 200);

    const char *page = get("GET /changelog", "");
    must_have(page, "\r\nContent-Type: text/html; charset=utf-8\r\n");
    must_have(page, "\r\nCache-Control: public, max-age=300\r\n");
    must_have(page, "\r\nContent-Language: en\r\n");
    must_have(page, "\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-");
    must_have(page, "\r\nX-Content-Type-Options: nosniff\r\n");
    must_have(page, "\r\nLast-Modified: ");
    must_have(page, "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Change log\" "
                    "href=\"https://ca.example/changelog/rss.xml\">");
    must_have(page, "<article id=\"far\">");
    assert_int_equal(status_of(get("GET /changelog/", "")), 200);

    const char *feed = get("GET /changelog/rss.xml", "");
    must_have(feed, "\r\nContent-Type: application/rss+xml; charset=utf-8\r\n");
    must_have(feed, "<title>Upcoming, 1 January 9999: About far</title>");
    must_have(feed, "<pubDate>Sun, 01 Jan 2023 00:00:00 GMT</pubDate>");

    const char *list = get("GET /changelog/changes.json", "");
    must_have(list, "\r\nContent-Type: application/json\r\n");
    must_have(list, "\r\n\r\n{\"changes\":[{\"id\":\"far\",\"title\":\"About far\",\"state\":"
                    "\"upcoming\",\"effective\":\"9999-01-01T00:00:00+00:00\",\"published\":"
                    "\"2023-01-01T00:00:00+00:00\",\"kind\":\"new\",\"areas\":[\"API\"],"
                    "\"announces\":[\"d\"],\"text\":\"Some *text*.\"},{\"id\":\"past\"");
    assert_int_equal(status_of(get("GET /changelog/other", "")), 404);
    assert_int_equal(status_of(get("POST /changelog", "")), 405);
}

static void who_has_it_is_told_so(void **state)
{
    static const char *const lines[] = { "/changelog", "/changelog/rss.xml",
                                         "/changelog/changes.json" };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *line = arena_format(&arena, "GET %s", lines[i]);
        const char *head = get(arena_format(&arena, "HEAD %s", lines[i]), "");
        const char *etag = strstr(head, "\r\nETag: \"");
        assert_int_equal(status_of(head), 200);
        assert_string_equal(body_of(head), "");
        assert_non_null(etag);
        const char *same =
            arena_format(&arena, "If-None-Match: %.*s\r\n", (int)strcspn(etag + 8, "\r"), etag + 8);
        const char *answer = get(line, same);
        assert_int_equal(status_of(answer), 304);
        assert_string_equal(body_of(answer), "");
        must_have(answer, "\r\nCache-Control: public, max-age=300\r\n");
        assert_int_equal(
            status_of(get(line, "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT\r\n")), 304);
        assert_int_equal(status_of(get(line, "If-None-Match: \"of old\"\r\n")), 200);
    }
}

static void another_policy_is_shown(void **state)
{
    (void)state;
    const char *before = strstr(get("HEAD /changelog", ""), "\r\nETag: ");
    load(CAPABILITY("c", "2023-02-14") "," ENTRY("other", "c"));
    await_that(says(get("GET /changelog", ""), "<article id=\"other\">"));
    assert_false(says(get("GET /changelog", ""), "<article id=\"far\">"));
    assert_memory_not_equal(strstr(get("HEAD /changelog", ""), "\r\nETag: "), before, 40);
}

static void what_has_no_day_is_left_out(void **state)
{
    (void)state;
    load(ENTRY("lost", "nothing") "," CAPABILITY("c", "2023-02-14") "," ENTRY("found", "c"));
    await_that(says(get("GET /changelog", ""), "<article id=\"found\">"));
    assert_false(says(get("GET /changelog", ""), "lost"));
}

static void run(const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* Whoever is no superuser has no connection any more, and gets none. */
static void database_away(void)
{
    struct fault f = { 0 };
    run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database()); "
        "END $$");
    run("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = "
        "current_database() AND usename = 'chancery_gateway'");
    assert_null(script_open((struct secret){ database_url(database, "gateway") }, &f));
}

static void database_back(void)
{
    run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database()); "
        "END $$");
}

static bool policy_is_known(void)
{
    const struct policy *policy;
    struct fault f = { 0 };
    return policy_now(&policy, &f);
}

/* It has asked the database once at the least when this returns, since what this process knew has an end. */
static void look_again(void)
{
    struct store *store = store_new(&options);
    store_set_mine(store);
    await_that(!policy_is_known());
    store_set_mine(NULL);
    store_free(store);
    change_log_close();
    change_log_open(&options, "https://ca.example");
    change_log_close();
}

/* What the database does not say now is as it was: for a process that has asked before, and until it is back. */
static void it_stays_while_the_database_is_away(void **state)
{
    (void)state;
    database_away();
    load(CAPABILITY("c", "2023-02-14") "," ENTRY("newer", "c"));
    look_again();
    assert_int_equal(status_of(get("GET /changelog", "")), 200);
    assert_true(says(get("GET /changelog", ""), "<article id=\"found\">"));
    assert_false(says(get("GET /changelog", ""), "newer"));
    database_back();
    change_log_open(&options, "https://ca.example");
    await_that(says(get("GET /changelog", ""), "<article id=\"newer\">"));
    run("DELETE FROM policy_active"); /* nor where it says nothing */
    look_again();
    assert_true(says(get("GET /changelog", ""), "<article id=\"newer\">"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_a_policy_there_is_nothing_to_say),
        cmocka_unit_test(it_is_served_in_three_forms),
        cmocka_unit_test(who_has_it_is_told_so),
        cmocka_unit_test(another_policy_is_shown),
        cmocka_unit_test(what_has_no_day_is_left_out),
        cmocka_unit_test(it_stays_while_the_database_is_away),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
