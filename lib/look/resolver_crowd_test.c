/* Many look-ups at once: each is answered once and in time, and nobody is starved. */
#include "look/resolver_rig.h"

enum { MANY = 500 };

static int set_up(void **state)
{
    (void)state;
    return world_start("127.77.20.53", "txt.example.com TXT hello\n", 512);
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
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
        fire(resolver, &all[i], name, DNS_TXT, patience());
    }
    await_answers(2 * MANY);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "v%d", i);
        assert_string_equal(all[i].first, name);
        assert_true(all[i].secure);
        assert_true(all[MANY + i].state == RESOLVER_TIMEOUT ||
                    all[MANY + i].state == RESOLVER_UNASKED); /* on a slow machine */
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
    fire(narrow, &all[0], "a.silent.example.net", DNS_TXT, seconds(3));
    fire(narrow, &all[1], "txt.example.com", DNS_TXT, milliseconds(200));
    fire(narrow, &all[2], "txt.example.com", DNS_TXT, patience());
    await_answers(3);
    assert_int_equal(all[0].state, RESOLVER_TIMEOUT);
    assert_int_equal(all[1].state, RESOLVER_UNASKED);
    assert_true(all[1].at.us < all[0].at.us);
    assert_int_equal(all[2].state, RESOLVER_FOUND);
    resolver_stop(narrow);
}

/* ---- turns */

static size_t in_state(const struct seen *all, size_t count, enum resolver_state state)
{
    size_t n = 0;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        n += all[i].calls == 1 && all[i].state == state;
    pthread_mutex_unlock(&lock);
    return n;
}

/* Those whose servers do not answer are not back before this is stopped: whatever is answered was not
 * held up by them. */
static void fire_at_the_silent(struct resolver *r, int64_t account, struct seen *all, size_t count)
{
    char name[64];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "t%zu.silent.example.net", i);
        fire_by(r, account, &all[i], name, tick_after(seconds(600)), DNS_TXT);
    }
}

static void one_account_starves_nobody(void **state)
{
    struct resolver *shared = start_sharing(8, 6, 0);
    static struct seen lost[100], good[20];

    (void)state;
    assert_non_null(shared);
    fire_at_the_silent(shared, 1, lost, 100);
    for (size_t i = 0; i < 20; i++)
        fire_by(shared, 2, &good[i], "txt.example.com", tick_after(seconds(600)), DNS_TXT);
    await_answers(20);
    assert_int_equal(in_state(good, 20, RESOLVER_FOUND), 20);
    assert_int_equal(in_state(lost, 100, RESOLVER_STOPPED), 0);
    resolver_stop(shared);
    await_answers(100);
    assert_int_equal(in_state(lost, 100, RESOLVER_STOPPED), 100);
}

/* Nor does one domain the others of its account. */
static void one_domain_starves_no_other(void **state)
{
    struct resolver *shared = start_sharing(8, 0, 6);
    static struct seen lost[50], good[20];

    (void)state;
    assert_non_null(shared);
    fire_at_the_silent(shared, 1, lost, 50);
    for (size_t i = 0; i < 20; i++)
        fire_by(shared, 1, &good[i], "TXT.Example.com", tick_after(seconds(600)), DNS_TXT);
    await_answers(20);
    assert_int_equal(in_state(good, 20, RESOLVER_FOUND), 20);
    resolver_stop(shared);
    await_answers(50);
}

/* What is beyond a share was not asked at all, and says so. */
static void a_share_is_a_number(void **state)
{
    enum { LOST = 30, SHARE = 5 };
    struct resolver *shared = start_sharing(100, SHARE, 0);
    struct tick deadline = tick_after(seconds(3));
    static struct seen lost[LOST];
    char name[64];

    (void)state;
    assert_non_null(shared);
    for (size_t i = 0; i < LOST; i++) {
        snprintf(name, sizeof name, "n%zu.silent.example.net", i);
        fire_by(shared, 7, &lost[i], name, deadline, DNS_TXT);
    }
    await_answers(LOST);
    assert_int_equal(in_state(lost, LOST, RESOLVER_TIMEOUT), SHARE);
    assert_int_equal(in_state(lost, LOST, RESOLVER_UNASKED), LOST - SHARE);
    resolver_stop(shared);
}

/* Our own question is asked however many are under way. */
static void the_first_waits_for_nobody(void **state)
{
    struct resolver *shared = start_sharing(4, 0, 0);
    static struct seen lost[40], own;

    (void)state;
    assert_non_null(shared);
    fire_at_the_silent(shared, 1, lost, 40);
    own = (struct seen){ .ask = { .name = "txt.example.com",
                                  .type = DNS_TXT,
                                  .first = true,
                                  .deadline = tick_after(seconds(600)),
                                  .done = note,
                                  .context = &own } };
    resolver_ask(shared, &own.ask);
    await_answers(1);
    assert_int_equal(own.state, RESOLVER_FOUND);
    resolver_stop(shared);
    await_answers(40);
    assert_int_equal(in_state(lost, 40, RESOLVER_STOPPED), 40);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_fly_at_once),
        cmocka_unit_test(waiting_ends_at_the_deadline_too),
        cmocka_unit_test(one_account_starves_nobody),
        cmocka_unit_test(one_domain_starves_no_other),
        cmocka_unit_test(a_share_is_a_number),
        cmocka_unit_test(the_first_waits_for_nobody),
        cmocka_unit_test(stopping_answers_all),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
