/* Nothing waits: the AuthKey is read by the committer, the names are probed on the prober's
 * thread, what was found is committed, and only then the caller is answered. */
#include "request_tokens.h"

#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
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
    AuthKeyQuery query;
    LookFound found;
    struct commit commit;
};

/* ---- the end */

static void fail(struct token_search *t)
{
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
    return r;
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
             LOG_INT("found", t->found.n_evidence));
    log_context("", 0);
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

/* On the prober's thread, or the bus's. */
static void searched(struct search *s)
{
    struct token_search *t = s->context;
    static atomic_int_least64_t last_id;
    struct arena *a = &t->call->arena;
    TEST_POINT("validation.look.probed");
    look_found__init(&t->found);
    t->found.look_id = ++last_id;
    t->found.now = instant_of(a, clock_now());
    t->found.evidence = arena_array(a, Evidence *, search_proofs(s->domains, s->count));
    for (size_t i = 0; i < t->in->n_names; i++)
        evidence_add(t, &t->names[i]);
    if (t->found.n_evidence > 0)
        commit(t, &sql_look_store, &t->found.base, "look_id", stored);
    else
        answer(t);
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

static void tokens_ask(struct token_search *t)
{
    if (!gate_ask_begin()) {
        fault_set(&t->call->fault, FAULT_UNAVAILABLE, NULL, "validation is stopping");
        fail(t);
        return;
    }
    tokens_search(t);
    gate_ask_end();
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
        tokens_ask(t);
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
    t->query.ca_id = in->ca_id;
    t->query.now = instant_of(&call->arena, clock_now());
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
