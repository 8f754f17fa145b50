/* Searches among three real logs that behave as they are told. */
#include "ct_rig.h"

#include <pthread.h>
#include <string.h>

#define ADDRESS "127.9.31.1"
#define QUICK   milliseconds(50)

enum { ACCOUNT = 900 };

static struct ct_submitter *submitter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ended;

static void note(struct ct_search *s)
{
    (void)s;
    pthread_mutex_lock(&lock);
    ended++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void submitter_start(struct duration slow, bool loopback)
{
    struct fault f = { 0 };

    submitter = ct_submitter_start(
        &(struct ct_submitter_options){
            .guard = { .loopback = loopback }, .ca_file = shared.ca_file, .slow = slow },
        &f);
    if (!submitter)
        fail_msg("%s", f.detail);
}

static void submitter_stop(void)
{
    ct_submitter_stop(submitter);
    submitter = NULL;
}

/* Two timestamps of two operators, by any of the logs. */
static struct ct_search search_of(struct duration patience)
{
    struct ct_search s = { .submitter = submitter,
                           .arena = &arena,
                           .need = { .scts = 2, .operators = 2 },
                           .account_id = ACCOUNT,
                           .deadline = tick_after(patience),
                           .done = note };
    struct bytes chain[] = { poisoned, root };
    struct certificate c, above;
    struct fault f = { 0 };

    assert_true(certificate_read(poisoned, &c, &f, "") && certificate_read(root, &above, &f, "") &&
                precertificate_logged(c.tbs, &arena, &s.tbs, &f));
    s.issuer_spki = above.spki;
    s.body = ct_body(&arena, chain, 2);
    for (int i = 0; i < PEERS; i++)
        ct_search_add(&s, &logs[i]);
    return s;
}

static void search_begin(struct ct_search *s)
{
    ended = 0;
    ct_search_start(s);
}

static void search_run(struct ct_search *s)
{
    search_begin(s);
    await_under(&lock, &changed, ended == 1);
}

static void assert_standings(const struct ct_search *s, enum ct_standing oak, enum ct_standing fig,
                             enum ct_standing elm)
{
    assert_int_equal(s->logs[OAK].standing, oak);
    assert_int_equal(s->logs[FIG].standing, fig);
    assert_int_equal(s->logs[ELM].standing, elm);
}

static void assert_said(const struct ct_search *s, int log, const char *words)
{
    if (!strstr(s->logs[log].said, words))
        fail_msg("%s: no \"%s\" in \"%s\"", peer_names[log], words, s->logs[log].said);
}

static int64_t asked(int log)
{
    return ct_peer_number(&peers[log], "asked");
}

/* The logs, as OpenSSL knows them (CTLOG_STORE_load_file(3)). */
static CTLOG_STORE *store_open(void)
{
    CTLOG_STORE *store = CTLOG_STORE_new();
    char path[128];
    FILE *out;

    snprintf(path, sizeof path, "%s/store.cnf", shared.folder);
    out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "enabled_logs = oak,fig,elm\n");
    for (int i = 0; i < PEERS; i++)
        fprintf(out, "[%s]\ndescription = %s\nkey = %s\n", peer_names[i], peer_names[i],
                base64_write(&arena, peers[i].key));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(CTLOG_STORE_load_file(store, path), 1);
    return store;
}

/* OpenSSL judges what came. */
static void assert_promise(const struct ct_candidate *c)
{
    const unsigned char *at = poisoned.data, *sct_at = c->sct.data;
    CT_POLICY_EVAL_CTX *context = CT_POLICY_EVAL_CTX_new();
    CTLOG_STORE *store = store_open();
    SCT *sct = o2i_SCT(NULL, &sct_at, c->sct.size);
    AUTO(X509) cert = d2i_X509(NULL, &at, (long)poisoned.size);

    assert_non_null(sct);
    SCT_set_log_entry_type(sct, CT_LOG_ENTRY_TYPE_PRECERT);
    CT_POLICY_EVAL_CTX_set1_cert(context, cert);
    CT_POLICY_EVAL_CTX_set1_issuer(context, issuer);
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(context, store);
    CT_POLICY_EVAL_CTX_set_time(context, (uint64_t)clock_now().us / 1000 + 1000);
    assert_int_equal(SCT_validate(sct, context), 1);
    assert_int_equal(SCT_get_validation_status(sct), SCT_VALIDATION_STATUS_VALID);
    assert_int_equal(SCT_get_timestamp(sct), (uint64_t)c->at.us / 1000);
    SCT_free(sct);
    CT_POLICY_EVAL_CTX_free(context);
    CTLOG_STORE_free(store);
}

/* ---- */

static void two_are_asked_and_the_third_is_not(void **state)
{
    struct ct_search s = search_of(patience());
    int64_t before = asked(ELM);

    (void)state;
    search_run(&s);
    assert_true(s.enough);
    assert_standings(&s, CT_HAS_PROMISED, CT_HAS_PROMISED, CT_UNASKED);
    assert_promise(&s.logs[OAK]);
    assert_promise(&s.logs[FIG]);
    assert_int_equal(asked(ELM), before);
    assert_true(ct_peer_number(&peers[OAK], "entries") > 0);
}

static void what_is_there_already_is_not_asked_for(void **state)
{
    struct ct_search s = search_of(patience());

    (void)state;
    s.logs[FIG].standing = CT_HAS_PROMISED;
    search_run(&s);
    assert_true(s.enough);
    assert_standings(&s, CT_HAS_PROMISED, CT_HAS_PROMISED, CT_UNASKED);
    assert_int_equal(s.logs[FIG].sct.size, 0);
    s = search_of(patience());
    s.logs[FIG].standing = s.logs[ELM].standing = CT_HAS_PROMISED;
    search_run(&s);
    assert_true(s.enough);
    assert_int_equal(s.logs[OAK].standing, CT_UNASKED);
}

static void operators_are_to_differ(void **state)
{
    struct ct_search s = search_of(patience());

    (void)state;
    logs[FIG].operator_name = logs[OAK].operator_name;
    search_run(&s);
    logs[FIG].operator_name = "Beta";
    assert_true(s.enough);
    assert_standings(&s, CT_HAS_PROMISED, CT_UNASKED, CT_HAS_PROMISED);
}

/* ---- logs that do wrong: another serves, and it is told what was wrong */

// clang-format off
static const struct wrong {
    const char *manner, *words;
} wrongs[] = {
    { "status/503", "it answers 503" },
    { "status/400", "it answers 400" },
    { "status/302", "it answers 302" },
    { "limited/120", "it answers 429" },
    { "wrong",   "no timestamp of it: timestamp" },
    { "foreign", "no timestamp of it: timestamp" },
    { "future",  "lies in the future" },
    { "garbage", "no timestamp of it" },
    { "huge",    "longer than any timestamp" },
};
// clang-format on

static void another_serves(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        struct ct_search s = search_of(patience());

        assert_true(ct_peer_behave(&peers[OAK], wrongs[i].manner));
        search_run(&s);
        assert_true(s.enough);
        assert_standings(&s, CT_FAILED, CT_HAS_PROMISED, CT_HAS_PROMISED);
        assert_said(&s, OAK, wrongs[i].words);
        submitter_stop(); /* forgets how it fared */
        submitter_start(patience(), true);
    }
}

static void nobody_is_there(void **state)
{
    struct ct_search s = search_of(patience());
    struct ct_peer gone = peers[OAK];

    (void)state;
    ct_peer_stop(&peers[OAK]);
    search_run(&s);
    assert_true(s.enough);
    assert_said(&s, OAK, "onnect");
    assert_true(ct_peer_start(&peers[OAK], &shared, &arena, "oak", &(struct fault){ 0 }));
    assert_memory_equal(gone.id, peers[OAK].id, SHA256_SIZE); /* it has kept its key */
    logs[OAK] = log_of(OAK);
}

static void all_are_down(void **state)
{
    struct ct_search s = search_of(patience());
    int64_t before;

    (void)state;
    logs_behave("status/500");
    search_run(&s);
    assert_false(s.enough);
    assert_standings(&s, CT_FAILED, CT_FAILED, CT_FAILED);
    before = asked(OAK);
    logs_behave("good");
    s = search_of(patience());
    search_run(&s);
    assert_false(s.enough);
    assert_int_equal(asked(OAK), before);
    assert_said(&s, OAK, "left alone until ");
    assert_said(&s, OAK, ": it answers 500");
    do { /* after a second they are asked again, by one at a time */
        s = search_of(patience());
        search_run(&s);
        patience_nap();
    } while (!s.enough);
}

static void what_a_log_wishes_is_heeded(void **state)
{
    struct ct_failure why = { 0 };
    struct ct_asked one;
    struct ct_search s = search_of(patience());
    struct instant least = instant_add(clock_now(), seconds(3000));

    (void)state;
    assert_true(ct_peer_behave(&peers[OAK], "limited/3000"));
    search_run(&s);
    assert_true(s.enough);
    assert_false(ct_health_ask(&one, &logs[OAK], true, &why));
    assert_true(!instant_before(why.rests_till, least));
    assert_true(instant_before(why.rests_till, instant_add(least, patience())));
}

/* ---- slow ones */

static void who_is_slow_is_not_waited_for(void **state)
{
    struct ct_search s;

    (void)state;
    submitter_stop();
    submitter_start(QUICK, true);
    assert_true(ct_peer_behave(&peers[OAK], "held"));
    s = search_of(patience());
    search_run(&s);
    assert_true(s.enough);
    assert_standings(&s, CT_ASKED_LONG, CT_HAS_PROMISED, CT_HAS_PROMISED);
    assert_said(&s, OAK, "does not answer in time");
}

/* It counts when it comes all the same. */
static void who_is_slow_may_still_promise(void **state)
{
    struct ct_search s;

    (void)state;
    submitter_stop();
    submitter_start(QUICK, true);
    assert_true(ct_peer_behave(&peers[OAK], "slow/200"));
    assert_true(ct_peer_behave(&peers[ELM], "status/500"));
    s = search_of(patience());
    search_run(&s);
    assert_true(s.enough);
    assert_int_equal(s.logs[OAK].standing, CT_HAS_PROMISED);
    assert_int_equal(s.logs[FIG].standing, CT_HAS_PROMISED);
    assert_int_not_equal(s.logs[ELM].standing, CT_UNASKED);
}

static void is_slow_once(int log)
{
    struct ct_failure why;
    struct ct_asked one;

    assert_true(ct_health_ask(&one, &logs[log], true, &why));
    ct_health_slow(&one);
    ct_health_ended(&one, CT_PROMISED, "", seconds(3), (struct instant){ 0 });
}

/* Three times slow: it is asked where there is no other. */
static void who_is_always_slow_is_the_last_resort(void **state)
{
    struct ct_search s = search_of(patience());
    int64_t before = asked(OAK);

    (void)state;
    for (int i = 0; i < 3; i++)
        is_slow_once(OAK);
    search_run(&s);
    assert_standings(&s, CT_LEFT_ALONE, CT_HAS_PROMISED, CT_HAS_PROMISED);
    assert_said(&s, OAK, ": it does not answer in time");
    assert_int_equal(asked(OAK), before);
    assert_true(ct_peer_behave(&peers[FIG], "status/500"));
    s = search_of(patience());
    search_run(&s);
    assert_true(s.enough);
    assert_standings(&s, CT_HAS_PROMISED, CT_FAILED, CT_HAS_PROMISED);
}

static void the_deadline_is_kept(void **state)
{
    struct ct_search s = search_of(seconds(2));

    (void)state;
    logs_behave("held");
    search_run(&s);
    assert_false(s.enough);
    assert_int_equal(tick_left(s.deadline).us, 0);
    assert_standings(&s, CT_FAILED, CT_FAILED, CT_UNASKED);
}

static void a_stop_ends_it(void **state)
{
    struct ct_search s = search_of(patience());

    (void)state;
    logs_behave("held");
    search_begin(&s);
    await_that(ct_peer_number(&peers[FIG], "held") > 0);
    ct_submitter_cut(submitter);
    await_under(&lock, &changed, ended == 1);
    assert_false(s.enough);
    s = search_of(patience());
    search_run(&s);
    assert_false(s.enough);
}

static void addresses_are_guarded(void **state)
{
    struct ct_search s;

    (void)state;
    submitter_stop();
    submitter_start(patience(), false);
    s = search_of(patience());
    search_run(&s);
    assert_false(s.enough);
    assert_standings(&s, CT_FAILED, CT_FAILED, CT_FAILED);
}

static int before_each(void **state)
{
    (void)state;
    logs_behave("good");
    submitter_start(patience(), true);
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    submitter_stop();
    logs_behave("good"); /* nobody is held */
    return 0;
}

static int world_begin(void **state)
{
    (void)state;
    return logs_start(ADDRESS);
}

static int world_end(void **state)
{
    (void)state;
    return logs_stop();
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, before_each, after_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(two_are_asked_and_the_third_is_not),
        CASE(what_is_there_already_is_not_asked_for),
        CASE(operators_are_to_differ),
        CASE(another_serves),
        CASE(nobody_is_there),
        CASE(all_are_down),
        CASE(what_a_log_wishes_is_heeded),
        CASE(who_is_slow_is_not_waited_for),
        CASE(who_is_slow_may_still_promise),
        CASE(who_is_always_slow_is_the_last_resort),
        CASE(the_deadline_is_kept),
        CASE(a_stop_ends_it),
        CASE(addresses_are_guarded),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
