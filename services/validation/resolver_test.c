#include "resolver.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing/dns.h"

enum { MANY = 500, SLACK_US = 400000 };

static struct dns_rig rig;
static struct resolver *resolver;

/* What one look-up gave, copied. */
struct seen {
    struct resolver_ask ask;
    enum resolver_state state;
    bool secure;
    size_t count, bytes;
    char first[256], canonical[256], reason[256];
    struct tick at;
    int calls;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t answered;

static void copy(char out[256], const char *text)
{
    snprintf(out, 256, "%s", text ? text : "");
}

static void note(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct seen *s = ask->context;

    pthread_mutex_lock(&lock);
    s->state = answer->state;
    s->secure = answer->secure;
    s->count = answer->count;
    for (size_t i = 0; i < answer->count; i++)
        s->bytes += answer->records[i].size;
    if (answer->count && answer->records[0].size > 1)
        snprintf(s->first, sizeof s->first, "%.*s", (int)answer->records[0].size - 1,
                 (const char *)answer->records[0].data + 1);
    copy(s->canonical, answer->canonical);
    copy(s->reason, answer->reason);
    s->at = tick_now();
    s->calls++;
    answered++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void fire(struct resolver *r, struct seen *s, const char *name, int type,
                 struct duration wait)
{
    *s = (struct seen){ .ask = { .type = type, .done = note, .context = s } };
    snprintf(s->ask.name, sizeof s->ask.name, "%s", name);
    s->ask.deadline = tick_after(wait);
    resolver_ask(r, &s->ask);
}

static void await_answers(size_t count)
{
    pthread_mutex_lock(&lock);
    while (answered < count)
        pthread_cond_wait(&changed, &lock);
    answered = 0;
    pthread_mutex_unlock(&lock);
}

static struct seen look(const char *name, int type, struct duration wait)
{
    static struct seen s;

    fire(resolver, &s, name, type, wait);
    await_answers(1);
    return s;
}

static struct resolver *start(int most)
{
    struct resolver_options options = { .anchor = rig.anchor,
                                        .hints = rig.hints,
                                        .cache = seconds(1),
                                        .most = most,
                                        .loopback = true };
    struct fault f = { 0 };
    struct resolver *r = resolver_start(&options, &f);

    if (!r)
        print_error("%s\n", f.detail);
    return r;
}

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
    struct fault f = { 0 };

    (void)state;
    if (!dns_rig_start(&rig, "127.77.21.53", &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    resolver = start(512);
    return resolver ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_stop(resolver);
    dns_rig_stop(&rig);
    return 0;
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
        struct seen s = look(cases[i].name, cases[i].type, seconds(10));

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
    struct seen s = look("txt.bogus.example.org", DNS_TXT, seconds(10));

    (void)state;
    assert_non_null(strstr(s.reason, "bogus.example.org"));
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
    assert_int_equal(s.state, RESOLVER_TIMEOUT);
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
    s = look("big.example.com", DNS_TXT, seconds(10));
    assert_int_equal(s.state, RESOLVER_FOUND);
    assert_int_equal(s.count, 200);
    assert_int_equal(s.bytes, 200 * 251);
}

/* Asks until the text is seen, or for `most`. */
static bool seen_within(const char *name, const char *text, struct duration most)
{
    struct tick end = tick_after(most);

    while (tick_left(end).us > 0)
        if (!strcmp(look(name, DNS_TXT, seconds(5)).first, text))
            return true;
    return false;
}

static void a_record_that_appears_is_seen_soon(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(look("_dnsauth.example.com", DNS_TXT, seconds(5)).state, RESOLVER_NO_NAME);
    assert_true(dns_rig_set_txt(&rig, "_dnsauth.example.com", "here", &f));
    assert_true(seen_within("_dnsauth.example.com", "here", milliseconds(2200)));
}

static void a_record_that_changes_is_seen_soon(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_true(dns_rig_set_txt(&rig, "moving.example.com", "before", &f));
    assert_true(seen_within("moving.example.com", "before", seconds(2)));
    assert_true(dns_rig_set_txt(&rig, "moving.example.com", "after", &f));
    assert_true(seen_within("moving.example.com", "after", milliseconds(2500)));
}

/* Half of them to a server that never answers: they must not hold up the others. */
static void hundreds_fly_at_once(void **state)
{
    static char lines[MANY * 64];
    static struct seen all[2 * MANY];
    struct fault f = { 0 };
    size_t n = 0;
    char name[64];

    (void)state;
    for (int i = 0; i < MANY; i++)
        n += (size_t)snprintf(lines + n, sizeof lines - n, "h%d.example.org TXT v%d\n", i, i);
    assert_true(dns_rig_load(&rig, lines, &f));
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "h%d.silent.example.net", i);
        fire(resolver, &all[MANY + i], name, DNS_TXT, milliseconds(1500));
        snprintf(name, sizeof name, "h%d.example.org", i);
        fire(resolver, &all[i], name, DNS_TXT, seconds(20));
    }
    await_answers(2 * MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "v%d", i);
        assert_string_equal(all[i].first, name);
        assert_true(all[i].secure);
        assert_int_equal(all[MANY + i].state, RESOLVER_TIMEOUT);
        assert_true(all[MANY + i].at.us - all[MANY + i].ask.deadline.us < SLACK_US);
        assert_int_equal(all[i].calls + all[MANY + i].calls, 2);
    }
}

/* With room for one only, those that wait are answered at their deadline all the same. */
static void waiting_ends_at_the_deadline_too(void **state)
{
    struct resolver *narrow = start(1);
    static struct seen all[3];

    (void)state;
    assert_non_null(narrow);
    fire(narrow, &all[0], "a.silent.example.net", DNS_TXT, milliseconds(600));
    fire(narrow, &all[1], "txt.example.com", DNS_TXT, milliseconds(200));
    fire(narrow, &all[2], "txt.example.com", DNS_TXT, seconds(10));
    await_answers(3);
    assert_int_equal(all[0].state, RESOLVER_TIMEOUT);
    assert_int_equal(all[1].state, RESOLVER_TIMEOUT);
    assert_true(all[1].at.us < all[0].at.us);
    assert_int_equal(all[2].state, RESOLVER_FOUND);
    resolver_stop(narrow);
}

static void stopping_answers_all(void **state)
{
    struct resolver *doomed = start(20);
    static struct seen all[100];
    size_t stopped = 0;
    char name[64];

    (void)state;
    assert_non_null(doomed);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "s%d.%s", i, i % 2 ? "silent.example.net" : "example.com");
        fire(doomed, &all[i], name, DNS_TXT, seconds(60));
    }
    resolver_stop(doomed);
    await_answers(100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(all[i].calls, 1);
        stopped += all[i].state == RESOLVER_STOPPED;
    }
    assert_true(stopped >= 50);
}

/* Who asks again from inside an answer gets an answer. */
static struct seen second;

static void ask_again(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    (void)answer;
    fire(ask->resolver, &second, "txt.example.com", DNS_TXT, seconds(5));
}

static void an_answer_may_ask_again(void **state)
{
    static struct resolver_ask first = { .name = "alias.example.com", .type = DNS_TXT };

    (void)state;
    first.deadline = tick_after(seconds(5));
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
        cmocka_unit_test(silence_ends_at_the_deadline),
        cmocka_unit_test(what_is_past_its_deadline_is_not_asked),
        cmocka_unit_test(big_sets_come_whole),
        cmocka_unit_test(a_record_that_appears_is_seen_soon),
        cmocka_unit_test(a_record_that_changes_is_seen_soon),
        cmocka_unit_test(hundreds_fly_at_once),
        cmocka_unit_test(waiting_ends_at_the_deadline_too),
        cmocka_unit_test(stopping_answers_all),
        cmocka_unit_test(an_answer_may_ask_again),
        cmocka_unit_test(no_start_without_an_anchor),
        cmocka_unit_test(loopback_is_not_asked_by_default),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
