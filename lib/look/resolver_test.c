/* What look-ups say, one at a time. */
#include "look/resolver_rig.h"

static const char world[] = "txt.example.com TXT hello\n"
                            "alias.example.com CNAME txt.example.com\n"
                            "far.example.com CNAME there.insecure.example.net\n"
                            "lost.example.com CNAME nowhere.example.net\n"
                            "trap.example.com CNAME txt.bogus.example.org\n"
                            "loop.example.com CNAME pool.example.com\n"
                            "pool.example.com CNAME loop.example.com\n"
                            "there.insecure.example.net TXT there\n"
                            "txt.bogus.example.org TXT forged\n"
                            "caa.example.org CAA 0 issue \"chancery.example\"\n";

static int set_up(void **state)
{
    (void)state;
    return world_start("127.77.21.53", world, 512);
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

static const struct {
    const char *name;
    int type;
    enum resolver_state state;
    bool secure;
    const char *first, *canonical;
} cases[] = {
    // clang-format off
    { "txt.example.com",            DNS_TXT,   RESOLVER_FOUND,   true,  "hello", "txt.example.com" },
    { "TXT.Example.COM",            DNS_TXT,   RESOLVER_FOUND,   true,  "hello", NULL },
    { "alias.example.com",          DNS_TXT,   RESOLVER_FOUND,   true,  "hello", "txt.example.com" },
    { "alias.example.com",          DNS_CNAME, RESOLVER_FOUND,   true,  NULL,    "alias.example.com" },
    { "far.example.com",            DNS_TXT,   RESOLVER_FOUND,   false, "there", "there.insecure.example.net" },
    { "there.insecure.example.net", DNS_TXT,   RESOLVER_FOUND,   false, "there", NULL },
    { "caa.example.org",            DNS_CAA,   RESOLVER_FOUND,   true,  NULL,    NULL },
    { "txt.example.com",            DNS_CAA,   RESOLVER_NO_DATA, true,  NULL,    NULL },
    { "nowhere.example.com",        DNS_TXT,   RESOLVER_NO_NAME, true,  NULL,    NULL },
    { "lost.example.com",           DNS_TXT,   RESOLVER_NO_NAME, true,  NULL,    NULL },
    { "no.insecure.example.net",    DNS_TXT,   RESOLVER_NO_NAME, false, NULL,    NULL },
    { "txt.bogus.example.org",      DNS_TXT,   RESOLVER_BOGUS,   false, NULL,    NULL },
    { "no.bogus.example.org",       DNS_TXT,   RESOLVER_BOGUS,   false, NULL,    NULL },
    { "trap.example.com",           DNS_TXT,   RESOLVER_BOGUS,   false, NULL,    NULL },
    { "loop.example.com",           DNS_TXT,   RESOLVER_FAILED,  false, NULL,    NULL },
    { "www.refused.example.net",    DNS_TXT,   RESOLVER_FAILED,  false, NULL,    NULL },
    { "a..b",                       DNS_TXT,   RESOLVER_FAILED,  false, NULL,    NULL },
    // clang-format on
};

static void every_state_is_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen s = look(cases[i].name, cases[i].type, patience());

        if (s.state != cases[i].state || s.secure != cases[i].secure)
            fail_msg("%s: state %d secure %d %s", cases[i].name, s.state, s.secure, s.reason);
        assert_int_equal(s.calls, 1);
        assert_true((s.count > 0) == (s.state == RESOLVER_FOUND));
        if (cases[i].first)
            assert_string_equal(s.first, cases[i].first);
        if (cases[i].canonical)
            assert_string_equal(s.canonical, cases[i].canonical);
    }
}

static void bogus_says_why(void **state)
{
    struct seen s = look("txt.bogus.example.org", DNS_TXT, patience());

    (void)state;
    assert_non_null(strstr(s.reason, "bogus.example.org"));
}

/* The library says so in its log alone: other words of another version show here. */
static void who_answered_is_known(void **state)
{
    static const struct {
        const char *name, *server;
    } asked[] = {
        { "txt.example.com", "127.77.21.53" },         { "TXT.example.com", "127.77.21.53" },
        { "nowhere.example.com", "127.77.21.53" },     { "txt.bogus.example.org", "127.77.21.53" },
        { "who.refused.example.net", "127.77.21.55" }, { "www.silent.example.net", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        bool silent = !*asked[i].server;
        struct seen s = look(asked[i].name, DNS_TXT, silent ? milliseconds(300) : patience());

        assert_string_equal(s.server, asked[i].server);
        assert_true(s.ttl <= 1); /* what the rig's resolver keeps an answer for */
    }
}

static void silence_ends_at_the_deadline(void **state)
{
    struct tick begun = tick_now();
    struct seen s = look("www.silent.example.net", DNS_TXT, milliseconds(300));

    (void)state;
    assert_int_equal(s.state, RESOLVER_TIMEOUT);
    assert_in_range(s.at.us - begun.us, 300000, 300000 + SLACK_US);
}

static void what_is_past_its_deadline_is_not_asked(void **state)
{
    struct seen s = look("txt.example.com", DNS_TXT, seconds(0));

    (void)state;
    assert_int_equal(s.state, RESOLVER_UNASKED);
    assert_int_equal(s.calls, 1);
}

/* 200 records of 250 bytes do not fit into a datagram. */
static void big_sets_come_whole(void **state)
{
    static char lines[200 * 300];
    struct fault f = { 0 };
    size_t n = 0;
    struct seen s;

    (void)state;
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(lines + n, sizeof lines - n, "big.example.com TXT %0250d\n", i);
    assert_true(dns_rig_load(&rig, lines, &f));
    s = look("big.example.com", DNS_TXT, patience());
    assert_int_equal(s.state, RESOLVER_FOUND);
    assert_int_equal(s.count, 200);
    assert_int_equal(s.bytes, 200 * 251);
}

enum { ZONE_TTL_S = 60 }; /* of tools/dns-rig */

/* Asks until the text is seen, which is long before the zone's own time is over. */
static void await_text(const char *name, const char *text)
{
    struct tick end = tick_after(seconds(ZONE_TTL_S / 2));

    await_that(strcmp(look(name, DNS_TXT, patience()).first, text) == 0);
    assert_true(tick_left(end).us > 0);
}

static void a_record_that_appears_is_seen_soon(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(look("_dnsauth.example.com", DNS_TXT, patience()).state, RESOLVER_NO_NAME);
    assert_true(dns_rig_set_txt(&rig, "_dnsauth.example.com", "here", &f));
    await_text("_dnsauth.example.com", "here");
}

static void a_record_that_changes_is_seen_soon(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_true(dns_rig_set_txt(&rig, "moving.example.com", "before", &f));
    await_text("moving.example.com", "before");
    assert_true(dns_rig_set_txt(&rig, "moving.example.com", "after", &f));
    await_text("moving.example.com", "after");
}

/* Who asks again from inside an answer gets an answer. */
static struct seen second;

static void ask_again(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    (void)answer;
    fire(ask->resolver, &second, "txt.example.com", DNS_TXT, patience());
}

static void an_answer_may_ask_again(void **state)
{
    static struct resolver_ask first = { .name = "alias.example.com", .type = DNS_TXT };

    (void)state;
    first.deadline = tick_after(patience());
    first.done = ask_again;
    resolver_ask(resolver, &first);
    await_answers(1);
    assert_string_equal(second.first, "hello");
}

static void no_start_without_an_anchor(void **state)
{
    struct resolver_options options = { .anchor = "/dev/null", .cache = seconds(5), .most = 10 };
    struct fault f = { 0 };

    (void)state;
    assert_null(resolver_start(&options, &f));
    assert_non_null(strstr(f.detail, "no DS or DNSKEY"));
    options.anchor = "/nowhere/root.key";
    assert_null(resolver_start(&options, &f));
    assert_non_null(strstr(f.detail, "/nowhere/root.key"));
}

/* The walls: the same world is out of reach where loopback is not allowed. */
static void loopback_is_not_asked_by_default(void **state)
{
    struct resolver_options options = {
        .anchor = rig.anchor, .hints = rig.hints, .cache = seconds(5), .most = 10
    };
    struct fault f = { 0 };
    struct resolver *walled = resolver_start(&options, &f);
    static struct seen s;

    (void)state;
    assert_non_null(walled);
    fire(walled, &s, "txt.example.com", DNS_TXT, seconds(1));
    await_answers(1);
    assert_int_not_equal(s.state, RESOLVER_FOUND);
    resolver_stop(walled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_is_told_apart),
        cmocka_unit_test(bogus_says_why),
        cmocka_unit_test(who_answered_is_known),
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(what_is_past_its_deadline_is_not_asked),
        cmocka_unit_test(big_sets_come_whole),
        cmocka_unit_test(a_record_that_appears_is_seen_soon),
        cmocka_unit_test(a_record_that_changes_is_seen_soon),
        cmocka_unit_test(an_answer_may_ask_again),
        cmocka_unit_test(no_start_without_an_anchor),
        cmocka_unit_test(loopback_is_not_asked_by_default),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
