/* Another point of view, asked as validation asks it, in a world of DNS. */
#include "perspective.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "corroboration.h"
#include "message/field.h"
#include "testing/dns.h"
#include "testing/patience.h"
#include "validation.h"

#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define TOKEN  "202601021030000123456789abcdefghijklmnopqrstuvwxyz0123456789abcd"
#define TARGET "dcv.chancery.example"
#define OURS   "chancery.example"
#define TXT    DCV_METHOD__VALUE__DNS_TXT_TOKEN
#define CNAME  DCV_METHOD__VALUE__DNS_CNAME_TOKEN
#define FILE_  DCV_METHOD__VALUE__HTTP_TOKEN

static struct dns_rig rig;
static struct arena arena;
static struct service_run run;

static const char world[] =
    "_dnsauth.example.com TXT " VALUE "\n"
    "token.example.com TXT key=" TOKEN "\n"
    "_dnsauth.alias.example.com CNAME " VALUE "." TARGET "\n"
    "other.example.com TXT " VALUE "x\n"
    "forged.bogus.example.org TXT " VALUE "\n"
    "forbidden.example.com CAA 0 issue \";\"\n"
    "wild.example.com CAA 0 issuewild \";\"\n"
    "file.example.com CAA 0 issue \"" OURS "; validationmethods=ca-tbr-18\"\n";

/* ---- the process, but for its bus */

static int start(void **state)
{
    const struct config_table tables[] = { { perspective_role.settings, perspective_role.config },
                                           { 0 } };
    struct text bad, unknown;
    struct fault f = { 0 };

    (void)state;
    arena_init(&arena);
    if (!dns_rig_start(&rig, "127.77.66.53", &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    setenv("CHANCERY_DNS_ANCHOR", rig.anchor, 1);
    setenv("CHANCERY_DNS_HINTS", rig.hints, 1);
    setenv("CHANCERY_DNS_LOOPBACK", "yes", 1);
    setenv("CHANCERY_PERSPECTIVE", "fra", 1);
    text_init(&bad, &arena);
    text_init(&unknown, &arena);
    if (!config_load(tables, &arena, &bad, &unknown) || !perspective_role.start(&run, &f)) {
        print_error("%s%s\n", bad.data, f.detail);
        return 1;
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    run.shared.drain = patience();
    perspective_role.drain(&run);
    dns_rig_stop(&rig);
    arena_free(&arena);
    return 0;
}

/* ---- a question */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static bool over;
static const PerspectiveAnswer *answer; /* NULL: the fault says why */
static struct fault fault;

static void call_over(struct call *call, const ProtobufCMessage *out)
{
    pthread_mutex_lock(&lock);
    answer = out ? (const PerspectiveAnswer *)message_copy(&arena, out) : NULL;
    fault = call->fault;
    over = true;
    arena_free(&call->arena);
    free(call);
    pthread_cond_signal(&answered);
    pthread_mutex_unlock(&lock);
}

static void told(const PerspectiveAnswer *out, void *call)
{
    call_answer(&out->base, call);
}

static struct call *call_begin(void)
{
    struct call *call = calloc(1, sizeof *call);

    assert_non_null(call);
    arena_init(&call->arena);
    call->deadline = tick_after(patience());
    call->finish = call_over;
    over = false;
    return call;
}

static void call_await(void)
{
    pthread_mutex_lock(&lock);
    while (!over)
        pthread_cond_wait(&answered, &lock);
    pthread_mutex_unlock(&lock);
}

static void ask(const PerspectiveQuestion *q)
{
    struct call *call = call_begin();

    perspective__look(perspective_role.serves[0],
                      (const PerspectiveQuestion *)message_copy(&call->arena, &q->base), told,
                      call);
    call_await();
}

static void climb(char **names, size_t count, const char *identities)
{
    struct call *call = call_begin();
    CaaRules rules = CAA_RULES__INIT;
    CaaQuestion q = CAA_QUESTION__INIT;

    q.account_id = 900;
    q.names = names;
    q.n_names = count;
    q.rules = identities ? &rules : NULL;
    rules.identities = arena_strdup(&arena, identities);
    rules.parameters = true;
    perspective__climb(perspective_role.serves[0],
                       (const CaaQuestion *)message_copy(&call->arena, &q.base), told, call);
    call_await();
}

static PerspectivePlace *place_of(const char *identifier, const char *value, const char *token)
{
    PerspectivePlace *p = arena_new(&arena, PerspectivePlace);

    perspective_place__init(p);
    p->identifier = arena_strdup(&arena, identifier);
    p->value = arena_strdup(&arena, value);
    p->token = arena_strdup(&arena, token);
    return p;
}

static PerspectiveQuestion question_of(DcvMethod__Value method, const char *identifier,
                                       const char *value, const char *token)
{
    PerspectiveQuestion q = PERSPECTIVE_QUESTION__INIT;

    q.account_id = 900;
    q.method = method;
    q.cname_target = arena_strdup(&arena, TARGET);
    q.places = arena_array(&arena, PerspectivePlace *, PERSPECTIVE_PLACES + 1);
    if (identifier)
        q.places[q.n_places++] = place_of(identifier, value, token);
    return q;
}

/* ---- what it sees */

// clang-format off
static const struct {
    DcvMethod__Value method;
    const char *identifier, *value, *token;
    bool found;
    const char *says;
} cases[] = {
    { TXT, "example.com", VALUE, NULL, true, "_dnsauth.example.com" },
    { TXT, "example.com", VALUE "0", NULL, false, "not with the value" },
    { TXT, "other.example.com", VALUE, NULL, false, "not with the value" },
    { TXT, "none.example.com", VALUE, NULL, false, "TXT _dnsauth.none.example.com: no such name" },
    { TXT, "forged.bogus.example.org", VALUE, NULL, false, "DNSSEC validation failed" },
    /* A token that the primary has found may stand within a word, as it may for the primary. */
    { TXT, "token.example.com", NULL, TOKEN, true, "token.example.com" },
    { TXT, "token.example.com", TOKEN, NULL, false, "not with the value" },
    { TXT, "example.com", NULL, TOKEN, false, "" },
    { CNAME, "alias.example.com", VALUE, NULL, true, "_dnsauth.alias.example.com" },
    { CNAME, "example.com", VALUE, NULL, false, "no such" },
};
// clang-format on

static void it_sees_what_stands_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        PerspectiveQuestion q =
            question_of(cases[i].method, cases[i].identifier, cases[i].value, cases[i].token);

        ask(&q);
        if (!answer) {
            fail_msg("%s: %s %s", cases[i].identifier, fault.field, fault.detail);
            return;
        }
        assert_string_equal(answer->perspective, "fra");
        assert_int_equal(answer->n_sights, 1);
        const PerspectiveSight *s = answer->sights[0];
        const char *said = s->found ? s->proof->name : s->reason;

        assert_string_equal(s->identifier, cases[i].identifier);
        assert_string_equal(s->proof->perspective, "fra");
        if (s->found != cases[i].found || !strstr(said, cases[i].says))
            fail_msg("%s: %d, %s", cases[i].identifier, s->found, said);
    }
}

static void many_are_answered_in_their_order(void **state)
{
    PerspectiveQuestion q = question_of(TXT, NULL, NULL, NULL);

    (void)state;
    for (int i = 0; i < PERSPECTIVE_PLACES; i++)
        q.places[q.n_places++] =
            i % 2 ? place_of("example.com", VALUE, NULL)
                  : place_of(arena_format(&arena, "n%d.example.com", i), VALUE, NULL);
    ask(&q);
    assert_non_null(answer);
    assert_int_equal(answer->n_sights, PERSPECTIVE_PLACES);
    for (size_t i = 0; i < answer->n_sights; i++) {
        assert_string_equal(answer->sights[i]->identifier, q.places[i]->identifier);
        assert_int_equal(answer->sights[i]->found, i % 2);
    }
}

/* Three orders of 250 names of one account at a time, which is more than is looked at at once. */
enum { ORDERS = 3, NAMES = 250 };
static int answers, answers_good;

static void one_over(struct call *call, const ProtobufCMessage *out)
{
    pthread_mutex_lock(&lock);
    answers++;
    answers_good += out != NULL;
    if (!out)
        fault = call->fault;
    pthread_cond_signal(&answered);
    pthread_mutex_unlock(&lock);
    arena_free(&call->arena);
    free(call);
}

static int ask_order(int order)
{
    int asked = 0;

    for (int first = 0; first < NAMES; first += PERSPECTIVE_PLACES, asked++) {
        PerspectiveQuestion q = question_of(TXT, NULL, NULL, NULL);
        struct call *call = call_begin();

        for (int i = first; i < NAMES && i < first + PERSPECTIVE_PLACES; i++)
            q.places[q.n_places++] =
                place_of(arena_format(&arena, "n%d.o%d.example.com", i, order), VALUE, NULL);
        call->finish = one_over;
        perspective__look(perspective_role.serves[0],
                          (const PerspectiveQuestion *)message_copy(&call->arena, &q.base), told,
                          call);
    }
    return asked;
}

static void big_orders_are_all_answered(void **state)
{
    int asked = 0;

    (void)state;
    for (int i = 0; i < ORDERS; i++)
        asked += ask_order(i);
    pthread_mutex_lock(&lock);
    while (answers < asked)
        pthread_cond_wait(&answered, &lock);
    pthread_mutex_unlock(&lock);
    if (answers_good != asked)
        fail_msg("%d of %d were refused: %s", asked - answers_good, asked, fault.detail);
}

/* ---- what it does not look at */

// clang-format off
static const struct {
    DcvMethod__Value method;
    const char *identifier, *value, *token, *field;
} wrong[] = {
    { TXT, NULL, NULL, NULL, "places" },
    { TXT, "", VALUE, NULL, "places[0].identifier" },
    { TXT, "example.com/x", VALUE, NULL, "places[0].identifier" },
    { TXT, "Example.com", VALUE, NULL, "places[0].identifier" },
    { TXT, "*.example.com", VALUE, NULL, "places[0].identifier" },
    { TXT, "example.com", NULL, NULL, "places[0].value" },
    { TXT, "example.com", VALUE, TOKEN, "places[0].value" },
    { TXT, "example.com", "short", NULL, "places[0].value" },
    { TXT, "example.com", NULL, "short", "places[0].value" },
    { TXT, "example.com", "short", TOKEN, "places[0].value" },
    { DCV_METHOD__VALUE__EMAIL, "example.com", VALUE, NULL, "method" },
    { FILE_, "example.com", VALUE, NULL, "web" },
};
// clang-format on

static void what_makes_no_sense_is_refused(void **state)
{
    PerspectiveQuestion many = question_of(TXT, NULL, NULL, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        PerspectiveQuestion q =
            question_of(wrong[i].method, wrong[i].identifier, wrong[i].value, wrong[i].token);

        ask(&q);
        assert_null(answer);
        assert_string_equal(fault.field, wrong[i].field);
    }
    while (many.n_places <= PERSPECTIVE_PLACES)
        many.places[many.n_places++] = place_of("example.com", VALUE, NULL);
    ask(&many);
    assert_null(answer);
    assert_string_equal(fault.field, "places");
}

/* ---- CAA records */

// clang-format off
static const struct {
    const char *name, *result, *methods, *says;
} climbs[] = {
    { "none.example.com",          "permitted", NULL, NULL },
    { "www.forbidden.example.com", "forbidden", NULL, "CAA forbidden.example.com: 0 issue \";\": issue does not name this CA" },
    { "wild.example.com",          "permitted", NULL, NULL },
    { "*.wild.example.com",        "forbidden", NULL, "issuewild does not name this CA" },
    { "file.example.com",          "permitted", "{ca-tbr-18}", NULL },
    { "www.bogus.example.org",     "bogus",     NULL, "DNSSEC validation failed" },
    { "www.refused.example.net",   "failed",    NULL, "no name server of the zone gave a usable answer" },
    { "www.lame.org",              "unheard",   NULL, "no name server of the zone gave a usable answer" },
};
// clang-format on

enum { CLIMBS = sizeof climbs / sizeof *climbs };

/* All in one question, answered in its order. */
static void it_climbs_from_where_it_stands(void **state)
{
    char *names[CLIMBS];

    (void)state;
    for (int i = 0; i < CLIMBS; i++)
        names[i] = arena_strdup(&arena, climbs[i].name);
    climb(names, CLIMBS, OURS);
    if (!answer) {
        fail_msg("%s %s", fault.field, fault.detail);
        return;
    }
    assert_string_equal(answer->perspective, "fra");
    assert_int_equal(answer->n_sights, CLIMBS);
    for (int i = 0; i < CLIMBS; i++) {
        const PerspectiveSight *s = answer->sights[i];
        const char *methods = s->caa->methods ? s->caa->methods : "";

        assert_string_equal(s->identifier, climbs[i].name);
        assert_string_equal(s->caa->result, climbs[i].result);
        assert_string_equal(methods, climbs[i].methods ? climbs[i].methods : "");
        assert_string_equal(s->caa->proof->perspective, "fra");
        assert_true(s->found && s->caa->proof->n_looks > 0);
        if (climbs[i].says && !strstr(s->reason, climbs[i].says))
            fail_msg("%s: %s", climbs[i].name, s->reason);
        assert_true(climbs[i].says || !s->reason);
    }
}

/* Of records that permit more methods than can be told others may rely on the first, each whole. */
static void of_many_methods_the_first_are_told(void **state)
{
    char name[] = "many.example.com", *names[] = { name };
    struct fault f = { 0 };
    struct text t;

    (void)state;
    text_init(&t, &arena);
    text_add(&t, "0 issue \"" OURS "; validationmethods=m");
    for (int i = 0; i < 200; i++)
        text_format(&t, ",method%d", i);
    text_add(&t, "\"");
    assert_true(dns_rig_set(&rig, name, "CAA", t.data, &f));
    climb(names, 1, OURS);
    assert_non_null(answer);
    const char *methods = answer->sights[0]->caa->methods;
    assert_true(strncmp(methods, "{m,method0,", 11) == 0);
    assert_in_range(strlen(methods), 900, 1002);
    assert_true(strncmp(strrchr(methods, ',') + 1, "method", 6) == 0);
    assert_null(strstr(methods, ",}"));
}

static void what_is_no_climb_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "*.",
        "*",
        "Example.com",
        "example.com/x",
        "*.*.example.com",
        ".example.com",
        "example.com.",
        "a..example.com",
    };
    char *names[PERSPECTIVE_PLACES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        names[0] = arena_strdup(&arena, "example.com");
        names[1] = arena_strdup(&arena, bad[i]);
        climb(names, 2, OURS);
        assert_null(answer);
        assert_string_equal(fault.field, "names[1]");
    }
    climb(names, 0, OURS);
    assert_string_equal(fault.field, "names");
    for (int i = 0; i <= PERSPECTIVE_PLACES; i++)
        names[i] = arena_strdup(&arena, "example.com");
    climb(names, PERSPECTIVE_PLACES + 1, OURS);
    assert_string_equal(fault.field, "names");
    climb(names, 1, "");
    assert_string_equal(fault.field, "rules.identities");
    climb(names, 1, NULL);
    assert_string_equal(fault.field, "rules.identities");
    assert_null(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sees_what_stands_there),
        cmocka_unit_test(many_are_answered_in_their_order),
        cmocka_unit_test(big_orders_are_all_answered),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(it_climbs_from_where_it_stands),
        cmocka_unit_test(of_many_methods_the_first_are_told),
        cmocka_unit_test(what_is_no_climb_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
