/* Rules about CRLs and OCSP responses on their days: what their checks let pass then is measured with ones that
 * are made for it. */
#include "tests/calendar.h"

#include "ledger/policy.h"
#include "lint_rules.h"
#include "pki/der.h"
#include "testing/database.h"

enum { NONE = -1, MOST = 400 };

#define SHA256_ECDSA DER_BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
#define REASON       DER_BYTES("\x55\x1d\x15")
#define INVALIDITY   DER_BYTES("\x55\x1d\x18")

static struct arena arena;
static struct database *database;
static struct script *admin;

/* What a CRL or a response is to say. */
struct sample {
    struct instant from;
    int64_t life; /* seconds */
    int reason;   /* of the one entry; NONE */
    bool invalidity, by_name;
};

/* ---- a CRL */

static void extension_add(struct text *t, struct bytes oid, unsigned tag, struct bytes value)
{
    size_t list = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, oid);
    size_t inside = der_begin(t, DER_OCTET_STRING);
    der_add(t, tag, value);
    der_end(t, inside);
    der_end(t, list);
}

static void entry_add(struct text *t, const struct sample *s)
{
    size_t entries = der_begin(t, DER_SEQUENCE), entry = der_begin(t, DER_SEQUENCE);
    der_add_small(t, 16);
    der_add_time(t, s->from);
    if (s->reason != NONE || s->invalidity) {
        const uint8_t code = (uint8_t)s->reason;
        size_t list = der_begin(t, DER_SEQUENCE);
        if (s->reason != NONE)
            extension_add(t, REASON, DER_ENUMERATED, (struct bytes){ &code, 1 });
        if (s->invalidity)
            extension_add(t, INVALIDITY, DER_GENERALIZED_TIME, BYTES_OF("20200101000000Z"));
        der_end(t, list);
    }
    der_end(t, entry);
    der_end(t, entries);
}

static struct bytes crl_of(const struct sample *s)
{
    struct text t;
    text_init(&t, &arena);
    size_t tbs = der_begin(&t, DER_SEQUENCE);
    der_add_small(&t, 1);
    der_add_raw(&t, SHA256_ECDSA);
    der_end(&t, der_begin(&t, DER_SEQUENCE));
    der_add_time(&t, s->from);
    der_add_time(&t, instant_add(s->from, seconds(s->life)));
    entry_add(&t, s);
    der_end(&t, tbs);
    return der_written(&t);
}

/* ---- an OCSP response: good, and valid for as long, both ends included */

static void single_add(struct text *t, const struct sample *s)
{
    size_t list = der_begin(t, DER_SEQUENCE), one = der_begin(t, DER_SEQUENCE),
           id = der_begin(t, DER_SEQUENCE);
    der_add_raw(t, DER_BYTES("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a"));
    der_add(t, DER_OCTET_STRING, BYTES_OF("name"));
    der_add(t, DER_OCTET_STRING, BYTES_OF("key"));
    der_add_small(t, 16);
    der_end(t, id);
    der_add(t, DER_CONTEXT(0), (struct bytes){ NULL, 0 });
    der_add_generalized_time(t, s->from);
    size_t next = der_begin(t, DER_CONTEXT_OF(0));
    der_add_generalized_time(t, instant_add(s->from, seconds(s->life - 1)));
    der_end(t, next);
    der_end(t, one);
    der_end(t, list);
}

static struct bytes ocsp_of(const struct sample *s)
{
    struct text t;
    text_init(&t, &arena);
    size_t data = der_begin(&t, DER_SEQUENCE);
    size_t who = der_begin(&t, DER_CONTEXT_OF(s->by_name ? 1 : 2));
    if (s->by_name)
        der_end(&t, der_begin(&t, DER_SEQUENCE));
    else
        der_add(&t, DER_OCTET_STRING, BYTES_OF("key"));
    der_end(&t, who);
    der_add_generalized_time(&t, s->from);
    single_add(&t, s);
    der_end(&t, data);
    return der_written(&t);
}

/* ---- what a check says of it */

enum verdict { NOT_RUN, HOLDS, FAILS };

struct question {
    const char *lint;
    enum verdict verdict;
};

static void tell(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    struct question *q = data;
    (void)advice;
    if (strcmp(lint->name, q->lint) == 0)
        q->verdict = why ? FAILS : HOLDS;
}

/* The version of the policy that is in force in the test. */
static struct policy_source source_now(void)
{
    const struct policy *policy = NULL;
    struct policy_source out = { 0 };
    struct fault f = { 0 };
    if (!policy_version_get(calendar.world, &policy, &f)) {
        fail_msg("%s", f.detail);
        return out;
    }
    out.rules = arena_array(&arena, const Rule *, policy->rule_count + 1);
    for (; out.rule_count < policy->rule_count; out.rule_count++)
        out.rules[out.rule_count] = policy->rules[out.rule_count];
    return out;
}

static enum verdict asked(const Rule *r, const char *lint, const struct sample *s)
{
    const struct status_issuer issuer = { .key_id = BYTES_OF(lint) };
    const struct policy_source source = source_now();
    bool ocsp = strncmp(lint, "ocsp", 4) == 0, ca = strcmp(r->scope, "CA") == 0;
    struct status_input in = {
        .issuer = &issuer, .now = s->from, .url = "http://a/", .issued = true
    };
    struct question q = { lint, NOT_RUN };
    struct fault f = { 0 };
    in.der = ocsp ? ocsp_of(s) : crl_of(s);
    in.kind =
        ocsp ? (ca ? STATUS_OCSP_CA : STATUS_OCSP_LEAF) : (ca ? STATUS_CRL_CA : STATUS_CRL_LEAF);
    if (!lint_status_rules(&arena, &source, r->scope, s->from, &in, &f) ||
        !status_each(&in, tell, &q, &f))
        fail_msg("%s: %s %s", r->id, f.field, f.detail);
    return q.verdict;
}

/* ---- how long: in the unit of the rule */

static const char *life(const Rule *r, struct instant at, const char *lint, bool least)
{
    int64_t unit = *r->unit == 'd' ? 86400 : 3600;
    int best = 0;
    for (int n = 1; n <= MOST; n++) {
        const struct sample s = { .from = at, .life = n * unit, .reason = 1 };
        enum verdict verdict = asked(r, lint, &s);
        if (verdict == NOT_RUN)
            return "";
        if (verdict == HOLDS && (!least || !best))
            best = n;
    }
    return arena_format(&arena, "%d", best);
}

static const char *crl_life(const Rule *r, struct instant at)
{
    return life(r, at, "crl_life_max", false);
}

static const char *ocsp_least(const Rule *r, struct instant at)
{
    return life(r, at, "ocsp_life_min", true);
}

static const char *ocsp_most(const Rule *r, struct instant at)
{
    return life(r, at, "ocsp_life_max", false);
}

/* ---- what must be, and what must not */

static const char *refused(const Rule *r, const char *lint, const struct sample *s,
                           const char *word)
{
    return asked(r, lint, s) == FAILS ? word : "";
}

static const char *idp(const Rule *r, struct instant at)
{
    return refused(r, "crl_idp_present", &(struct sample){ at, 3600, 1, false, false }, "1");
}

static const char *reason(const Rule *r, struct instant at)
{
    return refused(r, "crl_reasons_present", &(struct sample){ at, 3600, NONE, false, false }, "1");
}

static const char *reason_of(const Rule *r, struct instant at)
{
    int code = (int)strtol(strrchr(r->parameter, '.') + 1, NULL, 10);
    return refused(r, "crl_reasons_allowed", &(struct sample){ at, 3600, code, false, false },
                   "prohibited");
}

static const char *invalidity_date(const Rule *r, struct instant at)
{
    return refused(r, "crl_no_invalidity_date", &(struct sample){ at, 3600, 1, true, false },
                   "prohibited");
}

static const char *light(const Rule *r, struct instant at)
{
    return refused(r, "ocsp_responder_by_key", &(struct sample){ at, 3600, 1, false, true }, "1");
}

static const struct calendar_probe probes[] = {
    { "crl.life.max", crl_life, "3" },
    { "crl.idp", idp, NULL },
    { "revocation.reason", reason, NULL },
    { "revocation.reason.", reason_of, NULL },
    { "revocation.invalidity_date", invalidity_date, NULL },
    { "ocsp.life.min", ocsp_least, "3" },
    { "ocsp.life.max", ocsp_most, "3" },
    { "ocsp.light", light, NULL },
    { 0 },
};

int main(void)
{
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return 1;
    store_set_mine(store_new(&(struct store_options){ .url = { database_url(database, "cli") },
                                                      .timeout = seconds(30),
                                                      .application = "lint_calendar_test" }));
    calendar_open(&arena, admin);
    int failed = calendar_tests("cli/lint_calendar_test.c", probes);
    struct store *mine = store_mine();
    store_set_mine(NULL);
    store_free(mine);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
