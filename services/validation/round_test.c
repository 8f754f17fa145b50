/* A round that is for nobody: what is looked for, and how it ends, without a database. */
#include "round.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "share.h"
#include "testing/dns.h"
#include "testing/patience.h"

#define ONE   "one3456789abcdefghijklmnopqrstuv"
#define OTHER "other56789abcdefghijklmnopqrstuv"
#define TXT   DCV_METHOD__VALUE__DNS_TXT_TOKEN

enum { NAMES = 24, ACCOUNT = 7 };

static struct dns_rig rig;
static struct arena arena;
static struct prober prober = { .perspective = "primary", .cname_target = "dcv.chancery.example" };

static const char world[] = "one.example.com TXT " ONE "\n"
                            "other.example.com TXT " OTHER "\n"
                            "_dnsauth.old.example.com TXT " ONE "\n";

/* ---- a round that tells what came of it */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int over, put_off;
static struct search_domain names[NAMES];

static void end(const struct round *r, int *count)
{
    assert_ptr_equal(r->context, names);
    gate_leave();
    pthread_mutex_lock(&lock);
    ++*count;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void note_over(struct round *r)
{
    end(r, &over);
}

static void note_put_off(struct round *r, struct duration pause)
{
    assert_in_range(pause.us, seconds(3).us, seconds(8).us);
    end(r, &put_off);
}

static const struct round_ending of_test = { .over = note_over, .put_off = note_put_off };

static struct probe_wanted wanted(const char *text, struct duration life)
{
    return (struct probe_wanted){ .text = text, .until = instant_add(clock_now(), life) };
}

static void name_put(size_t i, const char *domain, const struct probe_wanted *w)
{
    LookName *place = arena_new(&arena, LookName);

    look_name__init(place);
    place->domain = arena_strdup(&arena, domain);
    names[i] = (struct search_domain){ .place = place, .wanted = w };
}

/* Over the first names, to its end. */
static struct round run(DcvMethod__Value method, size_t count)
{
    struct round r = { .ending = &of_test,
                       .context = names,
                       .prober = &prober,
                       .arena = &arena,
                       .account_id = ACCOUNT,
                       .method = probe_method(method),
                       .names = names,
                       .count = count,
                       .deadline = tick_after(patience()) };

    over = put_off = 0;
    assert_true(gate_enter());
    round_begin(&r);
    pthread_mutex_lock(&lock);
    while (over + put_off == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    assert_int_equal(over + put_off, 1);
    return r;
}

static const struct search_domain *of(const char *domain)
{
    for (size_t i = 0; i < NAMES && names[i].place; i++)
        if (strcmp(names[i].place->domain, domain) == 0)
            return &names[i];
    fail_msg("%s is not there any more", domain);
    return NULL;
}

static int set_up(void **state)
{
    struct resolver_options options = { .cache = seconds(5), .most = 512, .loopback = true };
    struct fault f = { 0 };

    (void)state;
    arena_init(&arena);
    if (!dns_rig_start(&rig, "127.77.36.53", &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    options.anchor = rig.anchor;
    options.hints = rig.hints;
    share_open();
    gate_open();
    prober.resolver = resolver_start(&options, &f);
    return prober.resolver ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_stop(prober.resolver);
    share_close();
    dns_rig_stop(&rig);
    arena_free(&arena);
    return 0;
}

/* ---- what it does */

/* What proves one name proves no other, though both are looked for at once. */
static void each_name_has_its_own_proof(void **state)
{
    struct probe_wanted one = wanted(ONE, days(1)), other = wanted(OTHER, days(1));

    (void)state;
    name_put(0, "one.example.com", &one);
    name_put(1, "other.example.com", &other);
    assert_null(round_seen(&(struct round){ .arena = &arena }));
    struct round r = run(TXT, 2);
    assert_int_equal(over, 1);
    assert_true(of("one.example.com")->found && of("other.example.com")->found);
    assert_null(round_seen(&r));
    name_put(0, "one.example.com", &other);
    name_put(1, "other.example.com", &one);
    r = run(TXT, 2);
    assert_int_equal(search_proofs(names, 2), 0);
    assert_false(r.failed);
    assert_non_null(strstr(round_seen(&r), "\"other.example.com\":\"TXT _dnsauth"));
}

static void what_has_expired_is_not_looked_for(void **state)
{
    struct probe_wanted lives = wanted(ONE, days(1)), old = wanted(ONE, seconds(-1)), never = { 0 };

    (void)state;
    name_put(0, "old.example.com", &old);
    name_put(1, "never.example.com", &never);
    name_put(2, "one.example.com", &lives);
    struct round r = run(TXT, 3);
    assert_true(of("one.example.com")->found);
    assert_int_equal(search_proofs(names, 3), 1);
    assert_non_null(strstr(of("old.example.com")->reason, "has expired (20"));
    assert_non_null(strstr(of("never.example.com")->reason, "has expired (before)"));
    assert_int_equal(r.search.count, 1);
    name_put(0, "old.example.com", &old);
    run(TXT, 1);
    assert_int_equal(over, 1);
    assert_false(names[0].found);
}

static void what_is_asked_of_people_is_not_looked_for(void **state)
{
    struct probe_wanted one = wanted(ONE, days(1));

    (void)state;
    name_put(0, "one.example.com", &one);
    run(DCV_METHOD__VALUE__EMAIL, 1);
    assert_int_equal(over, 1);
    assert_string_equal(names[0].reason, "names are not looked for by this method: choose another");
    run(DCV_METHOD__VALUE__HTTP_TOKEN, 1);
    assert_string_equal(names[0].reason, "files cannot be looked for now: the fault is ours");
}

static void no_names_are_over_at_once(void **state)
{
    (void)state;
    run(TXT, 0);
    assert_int_equal(over, 1);
}

static void who_has_his_share_comes_back(void **state)
{
    struct probe_wanted one = wanted(ONE, days(1));
    struct turns_item rest = { 0 };

    (void)state;
    name_put(0, "one.example.com", &one);
    assert_true(share_take(&rest, ACCOUNT, ROUNDS_SHARE));
    run(TXT, 1);
    assert_int_equal(put_off, 1);
    assert_null(names[0].reason);
    share_give(&rest);
    run(TXT, 1);
    assert_true(over == 1 && names[0].found);
    assert_true(share_take(&rest, ACCOUNT, ROUNDS_SHARE)); /* what the round had is back */
    share_give(&rest);
}

static void of_many_names_some_are_told_of(void **state)
{
    struct probe_wanted one = wanted(ONE, days(1));

    (void)state;
    for (size_t i = 0; i < NAMES; i++)
        name_put(i, arena_format(&arena, "n%zu.example.com", i), &one);
    struct round r = run(TXT, NAMES);
    assert_non_null(strstr(round_seen(&r), ",\"*\":\"not found, like 23 other names: why is told"
                                           " of 20 at a time\"}"));
}

/* The last, since nothing is asked after it. */
static void a_round_that_may_not_ask_has_failed(void **state)
{
    struct probe_wanted one = wanted(ONE, days(1));

    (void)state;
    name_put(0, "one.example.com", &one);
    gate_cut();
    assert_true(run(TXT, 1).failed);
    assert_string_equal(names[0].reason, "the check was interrupted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_has_its_own_proof),
        cmocka_unit_test(what_has_expired_is_not_looked_for),
        cmocka_unit_test(what_is_asked_of_people_is_not_looked_for),
        cmocka_unit_test(no_names_are_over_at_once),
        cmocka_unit_test(who_has_his_share_comes_back),
        cmocka_unit_test(of_many_names_some_are_told_of),
        cmocka_unit_test(a_round_that_may_not_ask_has_failed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
