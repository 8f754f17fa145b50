/* Who is asked, what is made of what they say, and what is kept of it. */
#include "corroboration.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "testing/patience.h"

#define VALUE "0123456789abcdefghijklmnopqrstuv"
#define FIVE                                                                                       \
    "fra=RIPE,50.11,8.68 iad=ARIN,38.95,-77.45 sin=APNIC,1.35,103.82 gru=LACNIC,-23.55,-46.63 "    \
    "jnb=AFRINIC,-26.2,28.04"

static struct arena arena;
static struct perspectives all;

/* ---- perspectives that say what a test wants */

/* A letter for each: A sees it, n does not, d gives no answer, l says that it is another, o has answered about
 * something else, f about fewer, b says more than can be kept. Lower case: it does not agree. */
static const char *moods;
static int questions;
static size_t most_places;
static bool elsewhere; /* each answers on a thread of its own */

struct fake {
    ProtobufCService base;
    char mood;
    const char *id;
};
static struct fake fakes[PERSPECTIVES_MAX];

static DcvProof *proof_of(struct arena *a, char mood)
{
    static const char *const looks[] = { "TXT", "example.com", "found" };
    DcvProof *p = arena_new(a, DcvProof);
    enum { MUCH = 40000 };

    dcv_proof__init(p);
    p->at = arena_new(a, Instant);
    instant__init(p->at);
    p->perspective = arena_strdup(a, "its own");
    p->record = arena_alloc(a, MUCH + 1);
    memset(p->record, 'x', mood == 'b' ? MUCH : mood == 'B' ? MUCH / 2 : 3);
    p->looks = arena_new(a, DcvLook *);
    p->looks[0] = arena_new(a, DcvLook);
    dcv_look__init(p->looks[0]);
    p->looks[0]->type = arena_strdup(a, looks[0]);
    p->looks[0]->name = arena_strdup(a, looks[1]);
    p->looks[0]->outcome = arena_strdup(a, looks[2]);
    p->n_looks = 1;
    return p;
}

static PerspectiveSight *sight_of(struct arena *a, const struct fake *fake, const char *identifier)
{
    PerspectiveSight *s = arena_new(a, PerspectiveSight);

    perspective_sight__init(s);
    s->identifier = arena_strdup(a, fake->mood == 'o' ? "other.example" : identifier);
    s->found = fake->mood != 'n';
    s->proof = proof_of(a, fake->mood);
    if (!s->found)
        s->reason = arena_strdup(a, "TXT _dnsauth.example.com: no such name");
    return s;
}

static PerspectiveAnswer *answer_of(struct arena *a, const struct fake *fake,
                                    const PerspectiveQuestion *q)
{
    PerspectiveAnswer *out = arena_new(a, PerspectiveAnswer);

    perspective_answer__init(out);
    out->perspective = arena_strdup(a, fake->mood == 'l' ? "fra" : fake->id);
    out->sights = arena_array(a, PerspectiveSight *, q->n_places);
    for (size_t i = fake->mood == 'f'; i < q->n_places; i++)
        out->sights[out->n_sights++] = sight_of(a, fake, q->places[i]->identifier);
    return out;
}

struct telling {
    const struct fake *fake;
    const PerspectiveQuestion *question;
    ProtobufCClosure closure;
    struct bus_call *call;
};

static void *tell(void *context)
{
    struct telling *t = context;
    struct arena a;

    arena_init(&a);
    if (t->fake->mood == 'd') {
        fault_set(&t->call->fault, FAULT_TIMEOUT, NULL, "no answer in time");
        t->closure(NULL, t->call);
    } else {
        t->closure(&answer_of(&a, t->fake, t->question)->base, t->call);
    }
    arena_free(&a);
    free(t);
    return NULL;
}

static void fake_invoke(ProtobufCService *service, unsigned method, const ProtobufCMessage *in,
                        ProtobufCClosure closure, void *data)
{
    struct telling *t = malloc(sizeof *t);
    const PerspectiveQuestion *q = (const PerspectiveQuestion *)in;
    pthread_t thread;

    assert_non_null(t);
    assert_int_equal(method, 0);
    questions++;
    most_places = q->n_places > most_places ? q->n_places : most_places;
    *t = (struct telling){ (const struct fake *)service, q, closure, data };
    if (!elsewhere) {
        tell(t);
        return;
    }
    assert_int_equal(pthread_create(&thread, NULL, tell, t), 0);
    assert_int_equal(pthread_detach(thread), 0);
}

static ProtobufCService *fake_of(void *context, const struct perspective *p)
{
    size_t i = (size_t)(p - all.all);

    (void)context;
    fakes[i] =
        (struct fake){ .base = { .descriptor = &perspective__descriptor, .invoke = fake_invoke },
                       .mood = moods[i],
                       .id = p->id };
    return &fakes[i].base;
}

/* ---- one at a time */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool over;

static void note(struct corroboration *c)
{
    (void)c;
    pthread_mutex_lock(&lock);
    over = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static QuorumRules rules_of(int remotes)
{
    static char exempt[] = "3.2.2.4.18";

    return (QuorumRules){ .base = PROTOBUF_C_MESSAGE_INIT(&quorum_rules__descriptor),
                          .exempt = exempt,
                          .remotes = remotes,
                          .blocks = true,
                          .has_regions = true,
                          .regions = 2,
                          .has_misses_2_5 = true,
                          .misses_2_5 = 1,
                          .has_apart_km = true,
                          .apart_km = 500 };
}

static struct corroboration whole;

static void corroborate(const struct corroboration_terms *terms, DcvMethod__Value method,
                        struct corroboration_name *names, size_t count)
{
    over = false;
    questions = 0;
    most_places = 0;
    whole = (struct corroboration){ .kind = &corroboration_look,
                                    .terms = *terms,
                                    .arena = &arena,
                                    .account_id = 900,
                                    .method = dcv_method(method),
                                    .cname_target = "dcv.chancery.example",
                                    .deadline = tick_after(patience()),
                                    .names = names,
                                    .count = count,
                                    .done = note };
    corroboration_start(&whole);
    pthread_mutex_lock(&lock);
    while (!over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static struct corroboration_name one_name(const struct corroboration_terms *terms)
{
    struct corroboration_name n = { .identifier = "example.com", .value = VALUE };

    corroborate(terms, DCV_METHOD__VALUE__DNS_TXT_TOKEN, &n, 1);
    return n;
}

static void set_up(const char *setting)
{
    struct fault f = { 0 };

    if (!perspectives_read(setting, &all, &f))
        fail_msg("%s", f.detail);
    all.primary = (struct place){ 64.13, -21.94 };
    all.client = fake_of;
}

/* ---- what they say */

// clang-format off
static const struct {
    const char *moods;
    bool confirmed, failed;
    const char *evidence, *says;
} cases[] = {
    { "AAAAA", true,  false, "\"quorum\":\"5/5\"", NULL },
    { "AAAAn", true,  false, "\"perspective\":\"jnb\",\"region\":\"AFRINIC\",\"place\":\"-26.2000,28.0400\",\"agreed\":false,"
                             "\"reason\":\"TXT _dnsauth.example.com: no such name\"", NULL },
    { "AAAnn", false, false, "\"quorum\":\"3/5\"", "3 of 5 other points of view see it in 3 regions, which are too few: "
                             "gru: TXT _dnsauth.example.com: no such name; jnb: TXT" },
    /* One that is dead is one that does not see it. */
    { "dAAAA", true,  false, "\"reason\":\"gave no answer: no answer in time\"", NULL },
    { "dAAAn", false, true,  "\"quorum\":\"3/5\"", "fra: gave no answer: no answer in time" },
    { "ddddd", false, true,  "\"quorum\":\"0/5\"", "0 of 5" },
    /* Who says that it is another stands somewhere else, perhaps. */
    { "AlAAA", true,  false, "\"reason\":\"says that it is fra\"", NULL },
    { "AlAAn", false, true,  "\"quorum\":\"3/5\"", "iad: says that it is fra" },
    { "AAoAn", false, true,  "\"quorum\":\"3/5\"", "sin: has answered something else" },
    { "AAfAn", false, true,  "\"quorum\":\"3/5\"", "sin: has answered something else" },
    { "AAbAn", false, false, "\"quorum\":\"3/5\"", "sin: says more of it than can be kept" },
};
// clang-format on

static void each_says_what_it_sees(void **state)
{
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t at = i / 2;

        elsewhere = i % 2;
        moods = cases[at].moods;
        struct corroboration_name n =
            one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });

        assert_int_equal(questions, 5);
        if (n.confirmed != cases[at].confirmed || n.failed != cases[at].failed ||
            !strstr(n.evidence, cases[at].evidence))
            fail_msg("%s: %s", moods, n.evidence);
        if (cases[at].says && !strstr(n.reason, cases[at].says))
            fail_msg("%s: %s", moods, n.reason);
    }
    elsewhere = false;
}

/* Where they see it is kept of each, and their looks only of those who do not. */
static void evidence_is_kept_in_measure(void **state)
{
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    moods = "AAAAn";
    struct corroboration_name n =
        one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });
    assert_non_null(strstr(n.evidence, "\"primary\":\"64.1300,-21.9400\""));
    assert_non_null(strstr(n.evidence, "\"agreed\":true,\"proof\":{"));
    const char *looks = strstr(n.evidence, "\"looks\"");
    assert_true(looks > strstr(n.evidence, "\"agreed\":false"));
    assert_null(strstr(looks + 1, "\"looks\""));
    assert_true(strlen(n.evidence) < 2000);
}

/* Of a name that too few confirm there is no proof to keep it with. */
static void whoever_does_not_agree_is_named_with_the_reason(void **state)
{
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    moods = "Adndn";
    struct corroboration_name n =
        one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });
    assert_int_equal(n.seen_count, 4);
    for (size_t i = 0; i < n.seen_count; i++) {
        bool silent = i % 2 == 0;
        assert_non_null(
            strstr(n.seen[i], arena_format(&arena, "\"perspective\":\"%s\"", all.all[i + 1].id)));
        assert_non_null(strstr(n.seen[i], silent
                                              ? "\"reason\":\"gave no answer: no answer in time\""
                                              : "no such name\""));
        assert_true(silent == !strstr(n.seen[i], "\"looks\""));
    }
}

/* What all of them have seen may be more than a row of the database takes, though what each has seen is not. */
static void all_together_have_an_end(void **state)
{
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    moods = "BBBBB";
    struct corroboration_name n =
        one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });
    assert_true(n.confirmed);
    assert_in_range(strlen(n.evidence), 40000, 49152); /* as much as there is room for */
    assert_non_null(strstr(n.evidence, "\"perspective\":\"jnb\",\"region\":\"AFRINIC\""));
    assert_non_null(strstr(n.evidence, "\"cut\":true"));
    assert_true(strstr(n.evidence, "\"cut\"") > strstr(n.evidence, "\"perspective\":\"sin\""));
}

/* ---- who is asked */

// clang-format off
static const struct {
    const char *setting;
    int remotes;
    bool blocks, alone;
    int asked;
    bool confirmed;
    const char *says;
} terms[] = {
    { FIVE, 4, true,  false, 5, true,  NULL },
    { FIVE, 5, true,  false, 5, true,  NULL },
    { FIVE, 5, true,  true,  5, true,  NULL },
    { "",   4, true,  false, 0, false, "4 other points of view of this CA must see it as well, and 0 can be asked" },
    { "",   4, true,  true,  0, true,  NULL }, /* a demonstration */
    { "",   2, false, false, 0, true,  NULL }, /* phase 1: it may be issued all the same */
    { "fra=RIPE,50,8 iad=ARIN,38,-77", 4, true, false, 0, false, "and 2 can be asked" },
    { "fra=RIPE,50,8 iad=ARIN,38,-77", 4, true, true, 0, false, "and 2 can be asked" }, /* some are set up: they count */
    { "fra=RIPE,50,8 iad=ARIN,38,-77", 4, false, false, 2, true, NULL },
    { "fra=RIPE,50,8 iad=ARIN,38,-77 zrh=RIPE,47.4,8.5 ams=RIPE,52.4,4.9 rkv=RIPE,64.1,-21.9", 3, true, false, 0, false,
      "and 2 can be asked" }, /* the others are too near to one that is asked, or to the primary */
};
// clang-format on

static void those_who_count_are_asked(void **state)
{
    (void)state;
    moods = "AAAAA";
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        QuorumRules rules = rules_of(terms[i].remotes);

        rules.blocks = terms[i].blocks;
        set_up(terms[i].setting);
        struct corroboration_name n = one_name(&(struct corroboration_terms){
            .rules = &rules, .alone = terms[i].alone, .perspectives = &all });
        assert_int_equal(questions, terms[i].asked);
        assert_int_equal(n.confirmed, terms[i].confirmed);
        assert_int_equal(n.evidence != NULL, terms[i].asked > 0);
        if (terms[i].says && !strstr(n.reason, terms[i].says))
            fail_msg("%zu: %s", i, n.reason);
    }
}

/* Where the rules do not block, what others see is kept and changes nothing. */
static void phase_one_only_notes(void **state)
{
    QuorumRules rules = rules_of(2);

    (void)state;
    set_up(FIVE);
    moods = "nnnnn";
    rules.blocks = false;
    struct corroboration_name n =
        one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });
    assert_true(n.confirmed);
    assert_non_null(strstr(n.evidence, "\"quorum\":\"0/5\""));
}

static void other_methods_and_days_ask_nobody(void **state)
{
    QuorumRules rules = rules_of(4);
    struct corroboration_name n = { .identifier = "example.com", .value = VALUE };
    struct corroboration_terms by_rules = { .rules = &rules, .perspectives = &all };

    (void)state;
    set_up(FIVE);
    moods = "nnnnn";
    corroborate(&by_rules, DCV_METHOD__VALUE__HTTP_TOKEN, &n, 1);
    assert_true(n.confirmed && questions == 0 && !n.evidence);
    by_rules.rules = NULL;
    n.confirmed = false;
    corroborate(&by_rules, DCV_METHOD__VALUE__DNS_TXT_TOKEN, &n, 1);
    assert_true(n.confirmed && questions == 0);
    by_rules.rules = &rules;
    corroborate(&by_rules, DCV_METHOD__VALUE__DNS_TXT_TOKEN, NULL, 0);
    assert_int_equal(questions, 0);
}

/* ---- many names */

static void many_names_are_asked_for_in_parts(void **state)
{
    enum { NAMES = 2 * PERSPECTIVE_PLACES + 1 };
    struct corroboration_name names[NAMES];
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    moods = "AAAAA";
    for (int i = 0; i < NAMES; i++)
        names[i] =
            (struct corroboration_name){ .identifier = arena_format(&arena, "n%d.example", i),
                                         .value = VALUE };
    corroborate(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all },
                DCV_METHOD__VALUE__DNS_TXT_TOKEN, names, NAMES);
    assert_int_equal(questions, 15);
    assert_int_equal(most_places, PERSPECTIVE_PLACES);
    for (int i = 0; i < NAMES; i++)
        assert_true(names[i].confirmed);
}

static void nothing_is_asked_at_the_end(void **state)
{
    QuorumRules rules = rules_of(4);

    (void)state;
    set_up(FIVE);
    moods = "AAAAA";
    gate_cut();
    struct corroboration_name n =
        one_name(&(struct corroboration_terms){ .rules = &rules, .perspectives = &all });
    gate_open();
    assert_true(questions == 0 && !n.confirmed && n.failed);
    assert_string_equal(n.reason, "the check was interrupted");
}

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena);
    gate_open();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_says_what_it_sees),
        cmocka_unit_test(evidence_is_kept_in_measure),
        cmocka_unit_test(whoever_does_not_agree_is_named_with_the_reason),
        cmocka_unit_test(all_together_have_an_end),
        cmocka_unit_test(those_who_count_are_asked),
        cmocka_unit_test(phase_one_only_notes),
        cmocka_unit_test(other_methods_and_days_ask_nobody),
        cmocka_unit_test(many_names_are_asked_for_in_parts),
        cmocka_unit_test(nothing_is_asked_at_the_end),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
