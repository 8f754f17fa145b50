/* The change log, on copies of the real policy and as it is in the tree. */
#include "policy_copy_test.h"
#include "policy_source.h"

static const char before[] = "---\ntitle: Shorter\nkind: changed\n";

/* With a change log of our own, of which the cases change a file. */
static int copy(void **state)
{
    policy_copy(state);
    file_put(
        path_of("rules/far.json"),
        "{\"rules\":[{\"id\":\"far\",\"scope\":\"TLS\",\"parameter\":\"dcv.method.3.2.2.4.20\","
        "\"level\":\"X\",\"from\":\"9999-01-01T00:00:00+00:00\",\"statement\":\"x\","
        "\"source\":\"x\"}]}");
    assert_int_equal(mkdir(path_of("changelog"), 0755), 0);
    file_put(path_of("capabilities.json"),
             "{\"capabilities\":[{\"id\":\"feed\",\"from\":\"2023-02-14T00:00:00+00:00\","
             "\"statement\":\"A feed.\"}]}");
    file_put(path_of("changelog/feed.md"), "---\ntitle: A feed\nkind: new\ncapabilities: feed\n"
                                           "areas: Change log\n---\n\nThere is a *feed*.\n");
    return 0;
}

static void entry(const char *text)
{
    file_put(path_of("changelog/shorter.md"), text);
}

/* ---- loading */

static void entries_are_documents_of_the_version(void **state)
{
    (void)state;
    must(load());
    must_say("1 changes\n");
    must_say("no entry of the change log announces rule far, which is still to begin");
    assert_string_equal(
        answer("SELECT document::text FROM policy_document WHERE kind = 'change'"),
        "{\"id\":\"feed\",\"title\":\"A feed\",\"kind\":\"new\",\"capabilities\":[\"feed\"],"
        "\"areas\":[\"Change log\"],\"text\":\"There is a *feed*.\"}");
    assert_int_equal(number("SELECT count(*) FROM policy_document WHERE kind = 'capability'"), 1);
    entry(arena_format(&arena, "%sbegins: far\nareas: TLS\n---\nx\n", before));
    must(load());
    must_say("policy version 2 is in force (new)");
    must_say("2 changes\n");
    assert_null(strstr(output, "rule far"));
}

/* ---- what is refused, by the file's name and line; nothing is stored then */

// clang-format off
static const struct {
    const char *text, *says;
} refused[] = {
    { "begins: tls-validity-46\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:4 names rule tls-validity-46, which is not there" },
    { "areas: TLS\nbegins: tls-validity-47, no-such\n---\nx\n",
      "changelog/shorter.md:5 names rule no-such, which is not there" },
    { "ends: tls-validity-47\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:4 names rule tls-validity-47, which ends on no day" },
    { "begins: random-life\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:4 names rule random-life, which begins on no day" },
    { "capabilities: none\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:4 names capability none, which is not there" },
    { "begins: tls-validity-47, tls-validity-100\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:4 names tls-validity-100, whose day is 2027-03-15, while that of the first is 2029-03-15" },
    { "begins: tls-validity-100\nends: tls-validity-200, tls-validity-100\nareas: TLS\n---\nx\n",
      "changelog/shorter.md:5 names tls-validity-100, whose day is 2029-03-15" },
    { "areas: TLS\n---\nx\n", "changelog/shorter.md:2 announces nothing" },
    { "begins: tls-validity-47\n---\nx\n", "changelog/shorter.md:1 needs areas" },
    { "begins: tls-validity-47\nareas: 0123456789012345678901234567890123456789x\n---\nx\n",
      "changelog/shorter.md:5 is more than 40 letters" },
    { "date: 2029-03-15\nareas: TLS\n---\nx\n", "changelog/shorter.md:4 has an unknown name" },
    { "id: other\nareas: TLS\n---\nx\n", "changelog/shorter.md:4 has an unknown name" },
    { "text: other\nareas: TLS\n---\nx\n", "changelog/shorter.md:4 has an unknown name" },
    { "begins: tls-validity-47\nareas: TLS\n---\n\n\n", "changelog/shorter.md:7 has no text" },
    { "begins: tls-validity-47\nareas: TLS\n", "changelog/shorter.md:5 is the last" },
    { "begins: tls-validity-47\nareas: TLS\n---\n\nx\n\n<b>y</b>\n", "changelog/shorter.md:10 has HTML" },
    { "begins: tls-validity-47\nareas: TLS\n---\nx\n\n# y\n", "changelog/shorter.md:9 has a heading" },
    { "begins: tls-validity-47\nareas: TLS\n---\nx [y](javascript:z)\n", "changelog/shorter.md:7 has a link" },
};
// clang-format on

static void mistakes_are_refused_by_file_and_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        entry(arena_format(&arena, "%s%s", before, refused[i].text));
        must_fail(load(), refused[i].says);
    }
    entry("---\ntitle: x\nkind: funny\nbegins: tls-validity-47\nareas: TLS\n---\nx\n");
    must_fail(load(), "changelog/shorter.md:3 needs the kind");
    entry("---\nkind: new\nbegins: tls-validity-47\nareas: TLS\n---\nx\n");
    must_fail(load(), "changelog/shorter.md:1 has no title");
    entry("title: x\n");
    must_fail(load(), "changelog/shorter.md:1 must be");
    assert_int_equal(number("SELECT count(*) FROM policy_version"), 0);
}

static void names_of_files_are_anchors(void **state)
{
    (void)state;
    assert_int_equal(rename(path_of("changelog/feed.md"), path_of("changelog/Feed 1.md")), 0);
    must_fail(load(), "Feed 1.md has a name");
}

static void a_capability_is_announced(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of("changelog/feed.md")), 0);
    must_fail(load(), "feed is a capability that no entry");
}

/* ---- printed */

static bool changes(const char *at, bool json)
{
    return run_with(changes_command, NULL, json ? WORDS("at", at, "json", "") : WORDS("at", at));
}

static void upcoming_becomes_recent_on_the_very_day(void **state)
{
    (void)state;
    must_fail(changes("2029-03-14", false), "no policy is loaded");
    entry(arena_format(&arena, "%sbegins: tls-validity-47\nareas: TLS, API\n---\nx\n", before));
    must(load());
    must(changes("2029-03-14T23:59:59Z", false));
    must_say("upcoming  2029-03-15  changed  Shorter");
    must_say("recent    2023-02-14  new      A feed");
    must(changes("2029-03-15", false));
    must_say("recent  2029-03-15  changed  Shorter  TLS, API    tls-validity-47  shorter");
    assert_null(strstr(output, "upcoming"));
    must(changes("2023-02-13", true));
    must_say("{\"state\":\"upcoming\",\"date\":\"2023-02-14\",\"kind\":\"new\"");
    must_say("\"text\":\"There is a *feed*.\"");
    must_fail(changes("soon", false), "--at is no date");
}

/* A process keeps what it has read of a version, and each test has a database of its own. */
static void versions_begin_at(int id)
{
    execute(arena_format(&arena, "ALTER TABLE policy_version ALTER COLUMN id RESTART WITH %d", id));
}

/* The first `from` in a file becomes `to`. */
static void an_entry_moves_with_its_rule(void **state)
{
    (void)state;
    versions_begin_at(100);
    entry(arena_format(&arena, "%sbegins: far\nareas: TLS\n---\nx\n", before));
    must(load());
    edit("rules/far.json", "9999-01-01", "2029-04-01");
    must(load());
    must(changes("2029-03-31", false));
    must_say("upcoming  2029-04-01  changed  Shorter");
    /* Of two that began together one goes. */
    entry(arena_format(&arena, "%sbegins: far, tls-validity-47\nareas: TLS\n---\nx\n", before));
    must_fail(load(),
              "changelog/shorter.md:4 names tls-validity-47, whose day is 2029-03-15, while "
              "that of the first is 2029-04-01");
}

static void without_entries_nothing_is_said(void **state)
{
    (void)state;
    versions_begin_at(200);
    assert_int_equal(unlink(path_of("changelog/feed.md")), 0);
    assert_int_equal(rmdir(path_of("changelog")), 0);
    assert_int_equal(unlink(path_of("capabilities.json")), 0);
    must(load());
    must(changes("2029-03-14", false));
    must_say("the policy in force has no change log");
}

/* ---- the tree's */

static void what_is_to_come_is_announced(void **state)
{
    struct policy_source source;
    struct instant day;
    size_t at = 0;
    (void)state;
    assert_true(instant_read("2026-11-22", &day));
    must(policy_source_read(&arena, "policy", &source, &f));
    const Rule *rule = change_unannounced(&source, day, &at);
    if (rule)
        fail_msg("no entry of policy/changelog/ announces rule %s", rule->id);
}

static bool is_announced(const struct policy_source *p, const Rule *rule)
{
    for (size_t i = 0; i < p->change_count; i++)
        for (size_t k = 0; k < p->changes[i]->n_begins; k++)
            if (strcmp(p->changes[i]->begins[k], rule->id) == 0)
                return true;
    return false;
}

/* Also those of before: each changes what customers' servers are asked. */
static void each_step_of_other_points_of_view_is_announced(void **state)
{
    struct policy_source source;
    size_t steps = 0;
    (void)state;
    must(policy_source_read(&arena, "policy", &source, &f));
    for (size_t i = 0; i < source.rule_count; i++) {
        if (strncmp(source.rules[i]->parameter, "mpic.", strlen("mpic.")) != 0)
            continue;
        steps++;
        if (!is_announced(&source, source.rules[i]))
            fail_msg("no entry of policy/changelog/ announces rule %s", source.rules[i]->id);
    }
    assert_true(steps > 5);
}

#define COPY(name) cmocka_unit_test_setup_teardown(name, copy, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPY(entries_are_documents_of_the_version),
        COPY(mistakes_are_refused_by_file_and_line),
        COPY(names_of_files_are_anchors),
        COPY(a_capability_is_announced),
        COPY(upcoming_becomes_recent_on_the_very_day),
        COPY(an_entry_moves_with_its_rule),
        COPY(without_entries_nothing_is_said),
        COPY(what_is_to_come_is_announced),
        COPY(each_step_of_other_points_of_view_is_announced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
