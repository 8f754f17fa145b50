#include "search.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "testing/dns.h"
#include "testing/patience.h"

#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define TARGET "dcv.chancery.example"
#define TXT    DCV_METHOD__VALUE__DNS_TXT_TOKEN
#define CNAME  DCV_METHOD__VALUE__DNS_CNAME_TOKEN
#define FILE_  DCV_METHOD__VALUE__HTTP_TOKEN

enum { NAMES_MOST = 4 };

static struct dns_rig rig;
static struct arena arena;
static struct prober prober = { .perspective = "primary", .cname_target = TARGET };

// clang-format off
static const char world[] =
    "example.com TXT v=spf1 -all\n"
    "_dnsauth.top.example.com TXT " VALUE "\n"
    "shop.top.example.com TXT " VALUE "\n"
    "shop.example.com TXT " VALUE "\n"
    "_dnsauth.blog.example.com TXT " VALUE "\n"
    "_dnsauth.mid.example.com TXT " VALUE "\n"
    "wild.example.com TXT " VALUE "\n"
    "www.moved.example.com CNAME shop.example.com\n"
    "_dnsauth.alias.example.com CNAME " VALUE "." TARGET "\n"
    "_" VALUE ".other.example.com CNAME " TARGET "\n"
    "*.any.example.com CNAME " TARGET "\n"
    "forged.bogus.example.org TXT " VALUE "\n"
    "example.net TXT " VALUE "\n"
    "h.i.j.k.example.org TXT " VALUE "\n"
    "b.c.d.e.f.g.h.deep.example.org TXT " VALUE "\n"
    "i.far.example.org TXT " VALUE "\n";

static const struct {
    DcvMethod__Value method;
    const char *domain, *names[NAMES_MOST];
    bool found;
    const char *proofs; /* where something was found */
    const char *says;   /* in the first proof, else in the reason */
} cases[] = {
    /* Where the domain has it nothing else is looked at. */
    { TXT, "top.example.com", { "shop.top.example.com" }, true, "top.example.com", "" },
    { TXT, "example.com", { "shop.example.com" }, true, "shop.example.com", "\"name\":\"shop.example.com\"" },
    { TXT, "example.com", { "blog.example.com" }, true, "blog.example.com", "\"name\":\"_dnsauth.blog.example.com\"" },
    { TXT, "example.com", { "shop.example.com", "blog.example.com" }, true, "shop.example.com blog.example.com", "" },
    /* Between the two, and for what lies below. */
    { TXT, "example.com", { "a.b.mid.example.com" }, true, "mid.example.com", "_dnsauth.mid" },
    { TXT, "example.com", { "x.mid.example.com", "y.mid.example.com" }, true, "mid.example.com", "" },
    { TXT, "example.com", { "*.wild.example.com" }, true, "wild.example.com", "" },
    /* No name speaks for its neighbour, none for what lies above. */
    { TXT, "example.com", { "shop.example.com", "no.example.com" }, false, "shop.example.com", "" },
    { TXT, "example.com", { "shop.example.com", "example.com" }, false, "shop.example.com", "" },
    { TXT, "example.com", { "example.com" }, false, "", "TXT example.com: 1 record, but not with the value" },
    { TXT, "example.com", { "no.example.com" }, false, "", "TXT _dnsauth.no.example.com: no such name" },
    { TXT, "example.com", { "*.example.com" }, false, "", "TXT example.com" },
    { TXT, "mid.example.com", { NULL }, true, "mid.example.com", "" },
    { TXT, "no.example.com", { NULL }, false, "", "no such name" },
    /* What does not count at the domain does not count below. */
    { TXT, "example.com", { "www.moved.example.com" }, false, "", "is a CNAME to shop.example.com" },
    { TXT, "example.org", { "forged.bogus.example.org" }, false, "", "DNSSEC validation failed" },
    { CNAME, "example.com", { "alias.example.com" }, true, "alias.example.com", "\"type\":\"CNAME\"" },
    { CNAME, "example.com", { "other.example.com" }, true, "other.example.com", "\"name\":\"_" VALUE ".other.example.com\"" },
    { CNAME, "example.com", { "any.example.com" }, false, "", "wildcard record" },
    /* Eight places of a name, the lowest first. */
    { TXT, "example.org", { "a.b.c.d.e.f.g.h.deep.example.org" }, true, "b.c.d.e.f.g.h.deep.example.org", "" },
    { TXT, "example.org", { "a.b.c.d.e.f.g.h.i.j.k.example.org" }, true, "h.i.j.k.example.org", "" },
    { TXT, "example.org", { "a.b.c.d.e.f.g.h.i.far.example.org" }, false, "", "" },
};
// clang-format on

/* ---- one search at a time */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const struct probe_wanted wanted = { .text = VALUE };
static struct search_domain domain;
static struct search whole;
static struct corroboration_terms others; /* nobody, but where a test says so */
static int over;

static void note(struct search *s)
{
    assert_ptr_equal(s, &whole);
    pthread_mutex_lock(&lock);
    over++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static LookName *place_of(const char *name, const char *const *names)
{
    LookName *place = arena_new(&arena, LookName);

    look_name__init(place);
    place->domain = arena_strdup(&arena, name);
    place->fqdns = arena_array(&arena, char *, NAMES_MOST);
    for (; place->n_fqdns < NAMES_MOST && names[place->n_fqdns]; place->n_fqdns++)
        place->fqdns[place->n_fqdns] = arena_strdup(&arena, names[place->n_fqdns]);
    return place;
}

static const struct search_domain *search(DcvMethod__Value method, const char *name,
                                          const char *const *names, struct duration patience)
{
    over = 0;
    domain = (struct search_domain){ .place = place_of(name, names), .wanted = &wanted };
    whole = (struct search){ .prober = &prober,
                             .arena = &arena,
                             .request = { .method = probe_method(method),
                                          .deadline = tick_after(patience) },
                             .domains = &domain,
                             .count = 1,
                             .others = others,
                             .done = note };
    search_start(&whole);
    pthread_mutex_lock(&lock);
    while (!over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    assert_int_equal(search_proofs(&domain, 1), domain.proof_count);
    return &domain;
}

static const char *proofs_of(const struct search_domain *r)
{
    struct text t;

    text_init(&t, &arena);
    for (size_t i = 0; i < r->proof_count; i++)
        text_format(&t, "%s%s", i ? " " : "", r->proofs[i].identifier);
    return t.data;
}

static int set_up(void **state)
{
    struct resolver_options options = { .cache = seconds(5), .most = 512, .loopback = true };
    struct fault f = { 0 };

    (void)state;
    arena_init(&arena);
    if (!dns_rig_start(&rig, "127.77.31.53", &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    options.anchor = rig.anchor;
    options.hints = rig.hints;
    gate_open();
    prober.resolver = resolver_start(&options, &f);
    return prober.resolver ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_stop(prober.resolver);
    dns_rig_stop(&rig);
    arena_free(&arena);
    return 0;
}

/* ---- what it finds */

static void each_place_speaks_for_itself_and_below(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct search_domain *r =
            search(cases[i].method, cases[i].domain, cases[i].names, patience());
        const char *said = r->proof_count ? r->proofs[0].proof : r->reason;

        if (r->found != cases[i].found || strcmp(proofs_of(r), cases[i].proofs) != 0 ||
            !strstr(said, cases[i].says))
            fail_msg("%s: '%s' | %s | %s", cases[i].names[0], proofs_of(r), r->reason, said);
        assert_true(r->found == (*r->reason == '\0'));
        assert_false(r->found && whole.failed);
    }
}

/* Nobody answers for the name below: whoever looked there would wait. */
static void nothing_is_looked_at_below_what_is_proved(void **state)
{
    static const char *const names[] = { "www.silent.example.net", NULL };
    struct tick late = tick_after(seconds(PATIENCE_S / 2));

    (void)state;
    assert_true(search(TXT, "example.net", names, patience())->found);
    assert_true(tick_left(late).us > 0);
}

/* Whoever is silent has used up the time. */
static void silence_is_no_reason_to_look_below(void **state)
{
    static const char *const names[] = { "a.www.silent.example.net", NULL };
    const struct search_domain *r;

    (void)state;
    r = search(TXT, "www.silent.example.net", names, milliseconds(300));
    assert_true(whole.failed);
    assert_null(strstr(r->reason, "a.www.silent"));
}

/* BR 3.2.2.4.18: a file speaks for the very name. */
/* Whose time was taken by others is told that it was ours. */
static void what_was_not_asked_for_is_ours(void **state)
{
    static const char *const none[NAMES_MOST + 1] = { NULL };

    (void)state;
    const struct search_domain *d = search(TXT, "no.example.com", none, seconds(0));
    assert_true(!d->found && d->ours);
    assert_non_null(strstr(d->reason, "took all the time of the check"));
    d = search(TXT, "no.example.com", none, seconds(5));
    assert_true(!d->found && !d->ours);
}

static void a_method_of_the_very_name_is_looked_for_nowhere_else(void **state)
{
    static const char *const names[] = { "www.no.example.com", NULL };
    struct fetch_options options = { .resolver = prober.resolver, .loopback = true, .most = 4 };
    struct fault f = { 0 };
    const struct search_domain *r;

    (void)state;
    prober.fetcher = fetcher_start(&options, &f);
    assert_non_null(prober.fetcher);
    r = search(FILE_, "no.example.com", names, patience());
    assert_false(r->found);
    assert_null(strstr(r->reason, "www.no"));
    fetcher_cut(prober.fetcher);
    fetcher_stop(prober.fetcher);
}

/* ---- what others see of it */

static DcvProof *proof_by(const char *perspective)
{
    DcvProof *p = arena_new(&arena, DcvProof);

    dcv_proof__init(p);
    p->at = arena_new(&arena, Instant);
    instant__init(p->at);
    p->perspective = arena_strdup(&arena, perspective);
    return p;
}

static PerspectiveSight *sight_of(const PerspectivePlace *place, const char *hidden)
{
    PerspectiveSight *s = arena_new(&arena, PerspectiveSight);

    perspective_sight__init(s);
    s->identifier = place->identifier;
    s->found = strcmp(place->value, VALUE) == 0 && strcmp(place->identifier, hidden) != 0;
    s->proof = proof_by("fra");
    return s;
}

static struct duration waited_for; /* how long it has, at the most */

/* It sees the value everywhere but at shop.example.com. */
static void half_blind(ProtobufCService *service, unsigned method, const ProtobufCMessage *in,
                       ProtobufCClosure closure, void *data)
{
    const PerspectiveQuestion *q = (const PerspectiveQuestion *)in;
    PerspectiveAnswer answer = PERSPECTIVE_ANSWER__INIT;

    (void)service, (void)method;
    waited_for = tick_left(((const struct bus_call *)data)->deadline);
    answer.perspective = (char[]){ "fra" };
    answer.sights = arena_array(&arena, PerspectiveSight *, q->n_places);
    for (; answer.n_sights < q->n_places; answer.n_sights++)
        answer.sights[answer.n_sights] = sight_of(q->places[answer.n_sights], "shop.example.com");
    closure(&answer.base, data);
}

static ProtobufCService *client_of(void *context, const struct perspective *p)
{
    static ProtobufCService client = { .descriptor = &perspective__descriptor,
                                       .invoke = half_blind };

    (void)context, (void)p;
    return &client;
}

/* Of two places that are proved one is confirmed: its name is, the domain is not. */
static void what_others_do_not_see_is_not_found(void **state)
{
    static const char *const both[] = { "shop.example.com", "blog.example.com", NULL };
    QuorumRules rules = { .base = PROTOBUF_C_MESSAGE_INIT(&quorum_rules__descriptor),
                          .remotes = 1,
                          .blocks = true };
    struct perspectives all = { .client = client_of };
    const struct search_domain *r;
    struct fault f;

    (void)state;
    assert_true(perspectives_read("fra=RIPE,50.11,8.68", &all, &f));
    others = (struct corroboration_terms){ .rules = &rules, .perspectives = &all };
    r = search(TXT, "example.com", both, patience());
    assert_false(r->found);
    assert_string_equal(proofs_of(r), "blog.example.com");
    assert_non_null(strstr(r->proofs[0].corroboration, "\"quorum\":\"1/1\""));
    assert_non_null(strstr(r->reason, "0 of 1 other points of view"));
    assert_non_null(strstr(r->looked, "\"perspective\":\"primary\""));
    assert_non_null(strstr(r->looked, "\"perspective\":\"fra\""));
    assert_false(whole.failed); /* it has looked: there is nothing to be tried again soon */
    assert_true(search(TXT, "example.com", both + 1, patience())->found);
    assert_in_range(waited_for.us, 1,
                    seconds(PATIENCE_S / 2).us); /* nobody waits for it as for the world */
    others = (struct corroboration_terms){ 0 };
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_speaks_for_itself_and_below),
        cmocka_unit_test(nothing_is_looked_at_below_what_is_proved),
        cmocka_unit_test(silence_is_no_reason_to_look_below),
        cmocka_unit_test(what_was_not_asked_for_is_ours),
        cmocka_unit_test(a_method_of_the_very_name_is_looked_for_nowhere_else),
        cmocka_unit_test(what_others_do_not_see_is_not_found),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
