/* Rules that an intake enforces, on their days. */
#include "api/placed_test.h"

#include "api/examination.h"
#include "api/renewals.h"
#include "api/renewals.sql.h"
#include "pki/csr_make.h"
#include "pki/dcv_method.h"
#include "pki/der.h"
#include "renewal.pb-c.h"
#include "tests/calendar.h"

/* ---- one step of an intake, at an instant and in the policy in force */

struct asked {
    struct call call;
    struct examination examination;
    OrderRequest in;
    CertificateRequest certificate;
    OrderIntake row;
    struct intake out;
};

static const Product *product_of(const struct policy *policy, const char *scope, bool with_options)
{
    for (size_t i = 0; i < policy->product_count; i++) {
        const Product *p = policy->products[i];
        const struct policy_profile *profile =
            p->profile ? policy_profile_find(policy, p->profile) : NULL;
        if (strcmp(p->rule_scope, scope) == 0 && profile && !p->wildcard_required &&
            (!with_options || profile->profile->n_options > 0))
            return p;
    }
    return NULL;
}

static void ask_begin(struct asked *q, const Rule *r, struct instant at)
{
    const struct policy *policy = NULL;
    struct fault f = { 0 };
    if (!policy_version_get(calendar.world, &policy, &f))
        fail_msg("%s", f.detail);
    memset(q, 0, sizeof *q);
    arena_init(&q->call.arena);
    order_request__init(&q->in);
    certificate_request__init(&q->certificate);
    order_intake__init(&q->row);
    q->in.certificate = &q->certificate;
    q->out = (struct intake){ .row = &q->row, .product = product_of(policy, r->scope, false) };
    assert_non_null(q->out.product);
    q->examination = (struct examination){
        .call = &q->call, .in = &q->in, .policy = policy, .now = at, .out = &q->out, .row = &q->row
    };
}

static const char *key_of(const Rule *r)
{
    return parameter_key(parameter_find(r->parameter), r->parameter);
}

/* ---- probes */

static char *sha1_request;

static void sha1_request_make(void)
{
    static const char ecdsa_sha1[] = "\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01";
    struct evp_pkey_st *key = csr_make_key("P-256");
    struct bytes info = csr_make_info(&arena, csr_make_spki(&arena, key), NULL, 0);
    struct bytes der = csr_make_signed(&arena, key, info, DER_BYTES(ecdsa_sha1), "SHA1", -1);
    sha1_request = base64_write(&arena, der);
    csr_make_key_free(key);
}

static const char *csr_sha1(const Rule *r, struct instant at)
{
    struct asked q;
    ask_begin(&q, r, at);
    q.certificate.csr = sha1_request;
    bool taken = intake_csr(&q.examination);
    arena_free(&q.call.arena);
    return taken ? "1" : "";
}

/* Who is refused by a rule is told what it says. */
static const char *profile_option(const Rule *r, struct instant at)
{
    struct asked q;
    ask_begin(&q, r, at);
    q.certificate.profile_option = arena_strdup(&q.call.arena, key_of(r));
    bool taken = intake_profile_option(&q.examination);
    const struct fault *f = &q.call.fault;
    bool ruled = !taken && strcmp(f->detail, r->statement) == 0;
    const char *out = !ruled ? "" : f->code == FAULT_PROFILE_OPTION ? "invalid" : "not_allowed";
    arena_free(&q.call.arena);
    return out;
}

/* An order that ends so many days from then, of that scope. */
static RenewalState *renewal_of(struct arena *a, const Rule *r, struct instant at)
{
    static long long last = 900000;
    RenewalAsked in = RENEWAL_ASKED__INIT;
    RenewalState *out = arena_new(a, RenewalState);
    struct fault f = { 0 };
    bool found = false;
    char text[INSTANT_TEXT_SIZE];
    long long id = last++;
    run_sql(arena_format(
        a,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
        " certificate_id, valid_till, created_at, answer_by, status_at)"
        " VALUES (%lld, %d, 1, 'p', 'issued', %lld, 1, '%s', now(), now(), now());"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
        " signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (%lld, %lld, %d, 1,"
        " 'new_request', 'approved', '%s', 'sha256', 'x', 'fqdn', 1, now())",
        id, ACCOUNT, id, instant_text(at, text), id, id, ACCOUNT, r->scope));
    renewal_state__init(out);
    in.renewed_order_id = id;
    in.idem_key = hash("renewal");
    if (!store_maybe_by(store_mine(), a, &sql_renewal_state, caller_at(at), &in.base, &out->base,
                        &found, &f) ||
        !found)
        fail_msg("%s", f.detail);
    return out;
}

static const char *days_between(const Instant *from, const Instant *to)
{
    return from && to ? arena_format(&arena, "%lld", (long long)((to->us - from->us) / days(1).us))
                      : "";
}

static const char *renewal_before(const Rule *r, struct instant at)
{
    const RenewalState *o = renewal_of(&arena, r, at);
    return days_between(o->window_from, o->valid_till);
}

static const char *renewal_after(const Rule *r, struct instant at)
{
    const RenewalState *o = renewal_of(&arena, r, at);
    return days_between(o->valid_till, o->window_till);
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "csr.sha1",        csr_sha1,       NULL },
    { "profile_option.", profile_option, NULL },
    { "renewal.before",  renewal_before, "3" },
    { "renewal.after",   renewal_after,  "3" },
    { 0 },
};
// clang-format on

/* ---- what can be ordered: a method is refused from the day on which nothing counts by it */

static bool method_taken(const Rule *r, DcvMethod__Value method, struct instant at)
{
    struct asked q;
    ask_begin(&q, r, at);
    q.in.has_dcv_method = true;
    q.in.dcv_method = method;
    intake_dcv(&q.examination);
    bool banned = strstr(q.call.fault.detail, "may not be used any more") != NULL;
    arena_free(&q.call.arena);
    return !banned;
}

static void methods_end_with_their_rules(void **state)
{
    static const DcvMethod__Value sold[] = { DCV_METHOD__VALUE__EMAIL,
                                             DCV_METHOD__VALUE__DNS_TXT_TOKEN,
                                             DCV_METHOD__VALUE__DNS_CNAME_TOKEN,
                                             DCV_METHOD__VALUE__HTTP_TOKEN };
    size_t asked = 0;
    (void)state;
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        for (size_t j = 0; j < sizeof sold / sizeof *sold; j++) {
            const char *own = arena_format(&arena, "dcv.method.%s", dcv_method(sold[j])->section);
            if (strcmp(r->parameter, own) != 0)
                continue;
            struct instant last = { r->from ? r->from->us - 1 : 0 };
            struct instant day = { r->until ? r->until->us - 1 : last.us + 1 };
            assert_true(!r->from || method_taken(r, sold[j], last));
            assert_false(method_taken(r, sold[j], day));
            assert_true(!r->until || method_taken(r, sold[j], (struct instant){ day.us + 1 }));
            asked++;
        }
    }
    assert_true(asked > 0);
}

/* ---- at midnight: the day from which an order is counted is that on which its rest is counted */

static const Rule *rule_named(const char *parameter)
{
    for (size_t i = 0; i < calendar.count; i++)
        if (strcmp(calendar.rules[i]->parameter, parameter) == 0)
            return calendar.rules[i];
    fail();
    return NULL;
}

static void what_is_left_is_counted_from_the_same_day(void **state)
{
    struct call call = { .actor = { .account_id = ACCOUNT } };
    OrderRequest in = ORDER_REQUEST__INIT;
    Validity year = VALIDITY__INIT;
    OrderIntake row = ORDER_INTAKE__INIT;
    struct instant today = instant_day(clock_now()), yesterday = { today.us - 1 };
    struct instant end = instant_add(today, days(10)), till = instant_add(today, days(365));
    (void)state;
    arena_init(&call.arena);
    year.has_years = true;
    year.years = 1;
    in.order_validity = &year;
    row.has_renewal_of_order_id = true;
    row.renewal_of_order_id =
        renewal_of(&arena, rule_named("renewal.before"), end)->renewed_order_id;
    row.idem_key = hash("midnight");
    row.valid_till = instant_message(&arena, till);
    if (!renewal_accept(&call, &in, yesterday, &row))
        fail_msg("%s", call.fault.detail);
    assert_int_equal(row.valid_till->us - till.us,
                     days(10).us); /* from yesterday; nine from today */
    arena_free(&call.arena);
}

int main(void)
{
    const struct CMUnitTest methods[] = {
        cmocka_unit_test(methods_end_with_their_rules),
        cmocka_unit_test(what_is_left_is_counted_from_the_same_day),
    };
    if (world_start(NULL))
        return 1;
    calendar_open(&arena, admin);
    sha1_request_make();
    int failed = calendar_tests("services/gateway/api/calendar_test.c", probes) +
                 cmocka_run_group_tests(methods, NULL, NULL);
    world_stop(NULL);
    return failed;
}
