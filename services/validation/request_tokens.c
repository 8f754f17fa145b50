/* Nothing waits: the AuthKey is read by the committer, the names are probed on the prober's
 * thread, and CAA records looked at on the resolver's meanwhile; what was found is committed, and only then
 * the caller is answered. */
#include "request_tokens.h"

#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "caa_search.h"
#include "evidence.h"
#include "gate.h"
#include "message/field.h"
#include "pki/digest.h"
#include "request_tokens.sql.h"
#include "search.h"
#include "testing/point.h"
#include "validation.h"

enum { COMMIT_MARGIN_MS = 750 };

/* Lives in the call's arena; one thread at a time has it. */
struct token_search {
    struct call *call;
    const LookRequest *in;
    LookAnswer_Closure answer;
    const struct dcv_method *method;
    struct probe_wanted wanted;
    struct web_rules web;
    struct corroboration_terms others;
    struct search search;
    struct search_domain *names;
    struct caa_search caa;
    atomic_int under_way; /* of the two */
    AuthKeyQuery query;
    LookFound found;
    struct commit commit;
};

/* ---- the end */

static void fail(struct token_search *t)
{
    caa_search_free(&t->caa);
    call_fail(t->call);
    gate_leave();
}

static LookResult *result_of(struct arena *a, const struct search_domain *name)
{
    LookResult *r = arena_new(a, LookResult);
    look_result__init(r);
    r->domain = arena_strdup(a, name->place->domain);
    r->found = name->found;
    if (!r->found)
        r->reason = arena_strdup(a, name->reason);
    r->has_ours = true;
    r->ours = name->ours;
    return r;
}

static bool is_obstacle(const CaaCheck *check)
{
    return strcmp(check->result, "permitted") != 0 && strcmp(check->result, "unheard") != 0;
}

static void obstacles_add(struct token_search *t, LookAnswer *out)
{
    struct arena *a = &t->call->arena;
    out->obstacles = arena_array(a, LookObstacle *, t->caa.count);
    for (size_t i = 0; i < t->caa.count; i++) {
        const CaaCheck *check = t->caa.checks[i];
        if (!is_obstacle(check))
            continue;
        LookObstacle *o = arena_new(a, LookObstacle);
        look_obstacle__init(o);
        o->name = arena_strdup(a, check->name);
        o->forbidden = strcmp(check->result, "forbidden") == 0;
        o->detail = arena_strdup(a, check->detail);
        o->has_ours = true;
        o->ours = check->ours;
        out->obstacles[out->n_obstacles++] = o;
    }
}

static void answer(struct token_search *t)
{
    struct arena *a = &t->call->arena;
    LookAnswer out = LOOK_ANSWER__INIT;
    out.results = arena_array(a, LookResult *, t->in->n_names);
    for (size_t i = 0; i < t->in->n_names; i++)
        out.results[out.n_results++] = result_of(a, &t->names[i]);
    log_context(t->call->traceparent, 0);
    log_info("names looked at for request tokens", LOG_INT("names", t->in->n_names),
             LOG_INT("found", t->found.n_evidence), LOG_INT("caa", t->found.n_checks));
    log_context("", 0);
    obstacles_add(t, &out);
    caa_search_free(&t->caa);
    t->answer(&out, t->call);
    gate_leave();
}

static void commit(struct token_search *t, const struct sql *sql, const ProtobufCMessage *in,
                   const char *key,
                   void (*done)(struct commit *c, const struct rows *rows, const struct fault *f))
{
    t->commit = (struct commit){ .sql = sql, .in = in, .key = key, .done = done, .context = t };
    if (!committer_put(validation.committer, &t->commit, &t->call->fault))
        fail(t);
}

/* ---- what was found */

static void stored(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct token_search *t = c->context;
    (void)rows;
    TEST_POINT("validation.look.committed");
    if (!f) {
        answer(t);
        return;
    }
    t->call->fault = *f;
    fail(t);
}

static void evidence_add(struct token_search *t, const struct search_domain *from)
{
    for (size_t i = 0; i < from->proof_count; i++) {
        Evidence *e = evidence_of(&t->call->arena, t->method, from, &from->proofs[i]);
        e->has_account_id = true;
        e->account_id = t->in->account_id;
        e->has_csr_sha256 = true;
        e->csr_sha256 = t->in->csr_sha256;
        t->found.evidence[t->found.n_evidence++] = e;
    }
}

/* On the thread of whichever of the two ended last. */
static void found(struct token_search *t)
{
    static atomic_int_least64_t last_id;
    struct arena *a = &t->call->arena;
    TEST_POINT("validation.look.probed");
    look_found__init(&t->found);
    t->found.look_id = ++last_id;
    t->found.now = instant_of(a, clock_now());
    t->found.evidence = arena_array(a, Evidence *, search_proofs(t->names, t->in->n_names));
    for (size_t i = 0; i < t->in->n_names; i++)
        evidence_add(t, &t->names[i]);
    t->found.checks = t->caa.checks;
    t->found.n_checks = t->caa.count;
    if (t->found.n_evidence > 0 || t->found.n_checks > 0)
        commit(t, &sql_look_store, &t->found.base, "look_id", stored);
    else
        answer(t);
}

static void part_over(struct token_search *t)
{
    if (atomic_fetch_sub(&t->under_way, 1) == 1)
        found(t);
}

static void searched(struct search *s)
{
    part_over(s->context);
}

static void caa_searched(struct caa_search *s)
{
    part_over(s->context);
}

/* ---- probes */

/* The call may be over, and its memory gone, when this returns. */
static void tokens_search(struct token_search *t)
{
    t->search = (struct search){ .prober = &validation.prober,
                                 .arena = &t->call->arena,
                                 .request = { .account_id = t->in->account_id,
                                              .method = t->method,
                                              .web = t->web,
                                              .deadline = validation_deadline(
                                                  t->call, milliseconds(COMMIT_MARGIN_MS)) },
                                 .domains = t->names,
                                 .count = t->in->n_names,
                                 .others = t->others,
                                 .done = searched,
                                 .context = t };
    search_start(&t->search);
}

/* CAA records are looked at beside, by the same deadline. Where the rules are not whole the lane says so. */
static void caa_ask(struct token_search *t, const AuthKeyTerms *terms)
{
    t->caa.others = t->others;
    t->caa.done = caa_searched;
    t->caa.context = t;
    if (terms->n_caa_names == 0 ||
        !caa_search_start(&t->caa, t->in->account_id, terms->caa_names, terms->n_caa_names,
                          terms->caa, validation_deadline(t->call, milliseconds(COMMIT_MARGIN_MS))))
        part_over(t);
}

static void tokens_ask(struct token_search *t, const AuthKeyTerms *terms)
{
    if (!gate_ask_begin()) {
        fault_set(&t->call->fault, FAULT_UNAVAILABLE, NULL, "validation is stopping");
        fail(t);
        return;
    }
    atomic_init(&t->under_way,
                3); /* this function is one of them, so that none ends it all before */
    caa_ask(t, terms);
    tokens_search(t);
    gate_ask_end();
    part_over(t);
}

/* ---- the AuthKey */

/* The terms go with the statement that has read them. */
static void others_read(struct token_search *t, const AuthKeyTerms *terms)
{
    struct arena *a = &t->call->arena;

    t->others.alone = terms->alone;
    t->others.perspectives = &validation.perspectives;
    if (terms->quorum)
        t->others.rules = (const QuorumRules *)message_copy(a, &terms->quorum->base);
    if (terms->web)
        t->others.web = (const WebRules *)message_copy(a, &terms->web->base);
}

static bool terms_read(struct token_search *t, const AuthKeyTerms *terms)
{
    struct arena *a = &t->call->arena;
    struct fault *f = &t->call->fault;
    const char *aad = arena_format(a, AUTH_KEY_AAD, (long long)t->in->account_id);
    struct bytes key;
    if (!terms->has_auth_key_sealed)
        return fault_set(f, FAULT_AUTH_KEY_MISSING, NULL, "the account has no AuthKey: create one");
    if (!terms->has_token_life_us)
        return fault_set(f, FAULT_INTERNAL, "token.life", "no rule says how long tokens live");
    if (t->method->transport == DCV_WEB && !web_rules_read(terms->web, &t->web))
        return fault_set(f, FAULT_INTERNAL, "dcv.web", "no rules say how files are looked for");
    if (!unseal(a, validation.seal, BYTES_OF(aad),
                (struct bytes){ terms->auth_key_sealed.data, terms->auth_key_sealed.len }, &key, f))
        return false;
    t->wanted.auth_key.text = (const char *)key.data;
    t->wanted.token_life.us = terms->token_life_us;
    others_read(t, terms);
    return true;
}

static void terms_come(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct token_search *t = c->context;
    if (f)
        t->call->fault = *f;
    if (!f && terms_read(t, (const AuthKeyTerms *)rows->items[0]))
        tokens_ask(t, (const AuthKeyTerms *)rows->items[0]);
    else
        fail(t);
}

/* ---- the call */

/* Evidence is bound to the hash: it must be that of the request that the tokens are checked with.
 */
static bool acceptable(const LookRequest *in, const struct dcv_method *method, struct fault *f)
{
    uint8_t hash[SHA256_SIZE];
    if (!method || !method->request_token)
        return fault_set(f, FAULT_DCV_METHOD, "dcv_method", "takes no request tokens");
    if (in->n_names == 0)
        return fault_set(f, FAULT_REQUIRED, "names", "is required");
    digest_sha256((struct bytes){ in->csr.data, in->csr.len }, hash);
    return (in->csr_sha256.len == sizeof hash &&
            memcmp(in->csr_sha256.data, hash, sizeof hash) == 0) ||
           fault_set(f, FAULT_INVALID, "csr_sha256", "is not the hash of the request");
}

/* "{a.example,*.b.example}": letters, digits, dots, hyphens and '*' alone. */
static char *names_text(struct arena *a, const LookRequest *in)
{
    struct text t;
    text_init(&t, a);
    text_add_char(&t, '{');
    for (size_t i = 0; i < in->n_names; i++)
        for (size_t k = 0; k < in->names[i]->n_fqdns; k++)
            text_format(&t, "%s%s", t.length > 1 ? "," : "", in->names[i]->fqdns[k]);
    text_add_char(&t, '}');
    return t.data;
}

static void tokens_begin(struct call *call, const LookRequest *in, const struct dcv_method *method,
                         LookAnswer_Closure closure)
{
    struct token_search *t = arena_new(&call->arena, struct token_search);
    *t = (struct token_search){ .call = call, .in = in, .answer = closure, .method = method };
    t->wanted.csr = (struct bytes){ in->csr.data, in->csr.len };
    t->names = arena_array(&call->arena, struct search_domain, in->n_names);
    for (size_t i = 0; i < in->n_names; i++)
        t->names[i] = (struct search_domain){ .place = in->names[i], .wanted = &t->wanted };
    auth_key_query__init(&t->query);
    t->query.account_id = in->account_id;
    t->query.now = instant_of(&call->arena, clock_now());
    t->query.names = names_text(&call->arena, in);
    t->query.rule_scope = arena_strdup(&call->arena, in->rule_scope ? in->rule_scope : "");
    t->query.ca_id = arena_strdup(&call->arena, in->ca_id ? in->ca_id : "");
    commit(t, &sql_auth_key_terms, &t->query.base, "account_id", terms_come);
}

static void probes_look(Probes_Service *self, const LookRequest *in, LookAnswer_Closure closure,
                        void *data)
{
    struct call *call = data;
    const struct dcv_method *method = probe_method(in->dcv_method);
    (void)self;
    if (!acceptable(in, method, &call->fault)) {
        call_fail(call);
    } else if (!gate_enter()) {
        fault_set(&call->fault, FAULT_UNAVAILABLE, NULL, "validation is stopping");
        call_fail(call);
    } else {
        tokens_begin(call, in, method, closure);
    }
}

Probes_Service probes_service = PROBES__INIT(probes_);
