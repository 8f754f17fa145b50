/* The climb for CAA records, in a world of DNS. */
#include "look/caa.h"
#include "look/resolver_rig.h"

static const char world[] = "forbidden.example.com CAA 0 issue \"other.example\"\n"
                            "a.b.deep.example.com A 127.0.0.1\n"
                            "deep.example.com CAA 0 issue \"deep.example\"\n"
                            "alias.deep.example.com CNAME target.forbidden.example.com\n"
                            "direct.deep.example.com CNAME forbidden.example.com\n"
                            "loop.example.com CNAME pool.example.com\n"
                            "pool.example.com CNAME loop.example.com\n"
                            "broken.example.com CNAME no.refused.example.net\n"
                            "caa.insecure.example.net CAA 0 issue \"plain.example\"\n";

static struct arena arena;

static void done(struct caa_look *l)
{
    (void)l;
    pthread_mutex_lock(&lock);
    answered++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void climb_by(struct caa_look *l, char *const *names, size_t count, struct duration wait)
{
    *l = (struct caa_look){ .resolver = resolver,
                            .arena = &arena,
                            .account_id = 1,
                            .names = names,
                            .count = count,
                            .deadline = tick_after(wait),
                            .done = done };
    caa_look_start(l);
    await_answers(1);
}

static const struct caa_seen *climb(const char *name, struct duration wait)
{
    struct caa_look *l = arena_new(&arena, struct caa_look);
    char **names = arena_array(&arena, char *, 1);

    names[0] = arena_strdup(&arena, name);
    climb_by(l, names, 1, wait);
    return l->seen;
}

static const struct {
    const char *name;
    enum caa_state state;
    const char *at; /* NULL: nowhere */
    size_t climbed;
} cases[] = {
    // clang-format off
    { "forbidden.example.com",          CAA_RECORDS, "forbidden.example.com",    1 },
    { "*.forbidden.example.com",        CAA_RECORDS, "forbidden.example.com",    1 },
    { "x.y.forbidden.example.com",      CAA_RECORDS, "forbidden.example.com",    3 },
    { "a.b.deep.example.com",           CAA_RECORDS, "deep.example.com",         3 },
    { "www.example.com",                CAA_NOTHING, NULL,                       3 },
    { "*.example.com",                  CAA_NOTHING, NULL,                       2 },
    /* What lies above the target of a CNAME is not climbed. */
    { "alias.deep.example.com",         CAA_RECORDS, "deep.example.com",         2 },
    { "direct.deep.example.com",        CAA_RECORDS, "direct.deep.example.com",  1 },
    { "caa.insecure.example.net",       CAA_RECORDS, "caa.insecure.example.net", 1 },
    { "www.insecure.example.net",       CAA_NOTHING, NULL,                       4 },
    { "www.bogus.example.org",          CAA_BOGUS,   "www.bogus.example.org",    1 },
    { "loop.example.com",               CAA_FAILED,  "loop.example.com",         1 },
    { "broken.example.com",             CAA_FAILED,  "broken.example.com",       1 },
    { "www.refused.example.net",        CAA_FAILED,  "www.refused.example.net",  1 },
    { "lame.org",                       CAA_UNHEARD, "lame.org",                 1 },
    { "*.www.lame.org",                 CAA_UNHEARD, "www.lame.org",             1 },
    // clang-format on
};

static void names_are_climbed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct caa_seen *s = climb(cases[i].name, patience());
        const char *at = s->at ? s->at->name : NULL;

        if (s->state != cases[i].state || s->path_count != cases[i].climbed ||
            (at ? !cases[i].at || strcmp(at, cases[i].at) != 0 : cases[i].at != NULL))
            fail_msg("%s: state %d at %s, %zu levels", cases[i].name, (int)s->state,
                     at ? at : "none", s->path_count);
    }
}

static void what_fails_says_why(void **state)
{
    (void)state;
    assert_non_null(
        strstr(climb("x.bogus.example.org", patience())->at->reason, "bogus.example.org"));
    assert_non_null(strstr(climb("loop.example.com", patience())->at->reason, "CNAMEs"));
    assert_non_null(
        strstr(climb("broken.example.com", patience())->at->reason, "no.refused.example.net"));
    const struct caa_seen *s = climb("www.lame.org", patience());
    assert_int_equal(s->at->tries, 2);
    assert_string_equal(s->parent->type, "DS");
    assert_string_equal(s->parent->name, "lame.org");
    assert_int_equal(s->parent->state, RESOLVER_NO_DATA);
    assert_true(s->parent->secure);
}

static void silence_is_tried_twice_and_ends_in_time(void **state)
{
    struct tick begun = tick_now();
    const struct caa_seen *s = climb("www.silent.example.net", milliseconds(600));

    (void)state;
    assert_int_equal(s->state, CAA_FAILED);
    assert_int_equal(s->at->state, RESOLVER_TIMEOUT);
    assert_int_equal(s->at->tries, 2);
    assert_in_range(tick_now().us - begun.us, 300000, 600000 + SLACK_US);
}

/* 150 records do not fit into a datagram. */
static void big_sets_come_over_tcp(void **state)
{
    static char lines[150 * 100];
    struct fault f = { 0 };
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 150; i++)
        n += (size_t)snprintf(lines + n, sizeof lines - n,
                              "big.example.com CAA 0 issue \"ca%d.%030d.example\"\n", i, i);
    assert_true(dns_rig_load(&rig, lines, &f));
    assert_int_equal(climb("www.big.example.com", patience())->at->count, 150);
}

/* One level has one node, whoever lies below it; the others of a silent zone are not asked for, and those of
 * another zone are none the worse. */
static void many_names_share_their_ancestors(void **state)
{
    enum { NAMES = 60 };
    struct caa_look l;
    char *names[NAMES + 2];
    size_t unasked = 0;

    (void)state;
    for (int i = 0; i < NAMES; i++)
        names[i] = arena_format(&arena, "n%d.silent.example.net", i);
    names[NAMES] = arena_strdup(&arena, "www.example.com");
    names[NAMES + 1] = arena_strdup(&arena, "*.forbidden.example.com");
    climb_by(&l, names, NAMES + 2, seconds(2));
    for (int i = 0; i < NAMES; i++) {
        assert_int_equal(l.seen[i].state, CAA_FAILED);
        unasked += l.seen[i].at->state == RESOLVER_UNASKED;
    }
    assert_true(unasked > NAMES / 2);
    assert_int_equal(l.seen[NAMES].state, CAA_NOTHING);
    assert_int_equal(l.seen[NAMES + 1].state, CAA_RECORDS);
    /* names, and silent.example.net example.net net example.com com forbidden.example.com www.example.com */
    assert_in_range(l.node_count, NAMES + 7, NAMES + 8);
}

/* Names with as many levels as there can be: what a look costs grows with the levels, no faster. */
static void deep_names_are_climbed(void **state)
{
    enum { NAMES = 4, LEVELS = 110 };
    char *names[NAMES];
    struct caa_look l;

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        struct text t;

        text_init(&t, &arena);
        for (int k = 0; k < LEVELS; k++)
            text_add(&t, "a.");
        text_format(&t, "n%d.forbidden.example.com", i);
        names[i] = t.data;
    }
    climb_by(&l, names, NAMES, patience());
    for (int i = 0; i < NAMES; i++) {
        if (l.seen[i].state != CAA_RECORDS || l.seen[i].path_count != LEVELS + 2)
            fail_msg("%s: state %d after %zu levels: %s", names[i], (int)l.seen[i].state,
                     l.seen[i].path_count, l.seen[i].at ? l.seen[i].at->reason : "nowhere");
    }
    assert_in_range(l.node_count, NAMES * (LEVELS + 1) + 3, NAMES * (LEVELS + 1) + 5);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return world_start("127.77.62.53", world, 512);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return world_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_climbed),
        cmocka_unit_test(what_fails_says_why),
        cmocka_unit_test(silence_is_tried_twice_and_ends_in_time),
        cmocka_unit_test(big_sets_come_over_tcp),
        cmocka_unit_test(many_names_share_their_ancestors),
        cmocka_unit_test(deep_names_are_climbed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
