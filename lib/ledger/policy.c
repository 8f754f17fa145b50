#include "ledger/policy.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "ledger/log_list.h"
#include "ledger/policy.sql.h"
#include "ledger/policy_digest.h"
#include "message/convert.h"
#include "message/json.h"
#include "pki/ed25519.h"

/* Versions are few; each is kept for ever, so readers need no lock on what they were given. */
struct kept {
    struct policy policy;
    struct arena arena;
    struct kept *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *versions;
static struct {
    int64_t version;
    struct tick until;
} current;

static const struct policy *kept_find(int64_t version)
{
    pthread_mutex_lock(&lock);
    const struct kept *k = versions;
    while (k && k->policy.version != version)
        k = k->next;
    pthread_mutex_unlock(&lock);
    return k ? &k->policy : NULL;
}

static const struct policy *kept_add(struct kept *k)
{
    pthread_mutex_lock(&lock);
    k->next = versions;
    versions = k;
    pthread_mutex_unlock(&lock);
    return &k->policy;
}

/* NULL where this program cannot read it: a release that is rolled out may bring products of which
 * the older programs beside it know nothing. Those do without, and say so. */
static const void *document_read(struct kept *k, const ProtobufCMessageDescriptor *type,
                                 const PolicyDocument *d)
{
    struct fault f = { 0 };
    const void *read = message_from_json(&k->arena, type, d->document, strlen(d->document), &f);
    if (!read)
        log_warn("part of the policy is not for this program", LOG_TEXT("name", d->name),
                 LOG_FAULT(&f));
    return read;
}

/* The arrays of k->policy while they are filled: each has room for all documents. */
struct filling {
    struct kept *kept;
    const Product **products;
    struct policy_profile *profiles;
    const Capability **capabilities;
    struct policy_change *changes;
};

static void product_add(struct filling *in, const PolicyDocument *d)
{
    const Product *read = document_read(in->kept, &product__descriptor, d);
    if (read)
        in->products[in->kept->policy.product_count++] = read;
}

static void profile_add(struct filling *in, const PolicyDocument *d)
{
    struct arena *a = &in->kept->arena;
    const Profile *read = document_read(in->kept, &profile__descriptor, d);
    if (read)
        in->profiles[in->kept->policy.profile_count++] = (struct policy_profile){
            .profile = read,
            .sha256 = { arena_copy(a, d->sha256.data, d->sha256.len), d->sha256.len },
        };
}

static void capability_add(struct filling *in, const PolicyDocument *d)
{
    const Capability *read = document_read(in->kept, &capability__descriptor, d);
    if (read)
        in->capabilities[in->kept->policy.capability_count++] = read;
}

static void change_add(struct filling *in, const PolicyDocument *d)
{
    const ChangeEntry *read = document_read(in->kept, &change_entry__descriptor, d);
    if (read)
        in->changes[in->kept->policy.change_count++] =
            (struct policy_change){ read, instant_value(d->since) };
}

/* There is one; a list that cannot be read is no empty one. */
static void logs_add(struct filling *in, const PolicyDocument *d)
{
    struct policy *p = &in->kept->policy;
    struct fault f = { 0 };
    const LogList *list = document_read(in->kept, &log_list__descriptor, d);
    p->lists_logs = !list || log_list_count(list) > 0;
    if (!list || log_list_read(list, &in->kept->arena, &p->logs, &p->log_count, &f))
        return;
    log_warn("the list of logs is not for this program", LOG_FAULT(&f));
    p->log_count = 0;
}

static const struct {
    const char *kind;
    void (*add)(struct filling *in, const PolicyDocument *d);
} kinds[] = {
    { "product", product_add }, { "profile", profile_add }, { "capability", capability_add },
    { "change", change_add },   { "logs", logs_add },
};

/* A kind that is not in the table is a later release's. */
static void documents_load(struct kept *k, const struct policy_lines *lines)
{
    struct filling in = {
        .kept = k,
        .products = arena_array(&k->arena, const Product *, lines->document_count + 1),
        .profiles = arena_array(&k->arena, struct policy_profile, lines->document_count + 1),
        .capabilities = arena_array(&k->arena, const Capability *, lines->document_count + 1),
        .changes = arena_array(&k->arena, struct policy_change, lines->document_count + 1),
    };
    for (size_t i = 0; i < lines->document_count; i++)
        for (size_t j = 0; j < sizeof kinds / sizeof *kinds; j++)
            if (strcmp(lines->documents[i]->kind, kinds[j].kind) == 0)
                kinds[j].add(&in, lines->documents[i]);
    k->policy.products = in.products;
    k->policy.profiles = in.profiles;
    k->policy.capabilities = in.capabilities;
    k->policy.changes = in.changes;
}

/* ---- is it what was signed? */

static const struct ed25519_key *trusted;

void policy_trust(const struct ed25519_key *key)
{
    trusted = key;
}

/* The rows as they are read give the text whose hash was signed. */
static bool is_signed(const PolicySeal *seal, const struct policy_lines *lines)
{
    uint8_t hash[SHA256_SIZE];
    struct bytes computed = { hash, sizeof hash };
    policy_digest(lines, hash);
    return seal->has_signature && bytes_equal(computed, bytes_value(seal->sha256)) &&
           ed25519_verify(trusted, computed, bytes_value(seal->signature));
}

static bool believe(struct kept *k, const PolicyVersion *version, const struct policy_lines *lines,
                    struct fault *f)
{
    PolicySeal seal = POLICY_SEAL__INIT;
    bool found = false;
    if (!trusted)
        return true;
    if (!store_maybe(store_mine(), &k->arena, &sql_policy_seal, &version->base, &seal.base, &found,
                     f))
        return false;
    return (found && is_signed(&seal, lines)) ||
           fault_set(f, FAULT_UNAVAILABLE, "policy",
                     "version %lld is not what the policy key has signed",
                     (long long)version->version);
}

static bool load(struct kept *k, int64_t version, struct fault *f)
{
    PolicyVersion in = POLICY_VERSION__INIT;
    struct rows documents, rules;
    in.version = k->policy.version = version;
    if (!store_all(store_mine(), &k->arena, &sql_policy_rules, &in.base, &rules, f) ||
        !store_all(store_mine(), &k->arena, &sql_policy_documents, &in.base, &documents, f))
        return false;
    struct policy_lines lines = { .rules = (const Rule *const *)rules.items,
                                  .rule_count = rules.count,
                                  .documents = (const PolicyDocument *const *)documents.items,
                                  .document_count = documents.count };
    if (!believe(k, &in, &lines, f))
        return false;
    k->policy.rules = lines.rules;
    k->policy.rule_count = lines.rule_count;
    documents_load(k, &lines);
    return true;
}

bool policy_version_get(int64_t version, const struct policy **out, struct fault *f)
{
    *out = kept_find(version);
    if (*out)
        return true;
    struct kept *k = calloc(1, sizeof *k);
    arena_init(&k->arena);
    if (load(k, version, f)) {
        *out = kept_add(k);
        return true;
    }
    arena_free(&k->arena);
    free(k);
    return false;
}

static bool current_ask(int64_t *version, struct fault *f)
{
    struct arena a;
    arena_init(&a);
    Nothing none = NOTHING__INIT;
    PolicyVersion out = POLICY_VERSION__INIT;
    bool found = false;
    bool ok = store_maybe(store_mine(), &a, &sql_policy_current, &none.base, &out.base, &found, f);
    *version = out.version;
    arena_free(&a);
    return ok && (found || fault_set(f, FAULT_UNAVAILABLE, NULL,
                                     "no policy is loaded: run chancery policy load"));
}

bool policy_now(const struct policy **out, struct fault *f)
{
    pthread_mutex_lock(&lock);
    int64_t version = tick_left(current.until).us > 0 ? current.version : 0;
    pthread_mutex_unlock(&lock);
    if (!version) {
        if (!current_ask(&version, f))
            return false;
        pthread_mutex_lock(&lock);
        current.version = version;
        current.until = tick_after(seconds(1));
        pthread_mutex_unlock(&lock);
    }
    return policy_version_get(version, out, f);
}

bool policy_rules_at(struct arena *a, struct instant at, const char *scope, const char *parameter,
                     struct rows *out, struct fault *f)
{
    PolicyAt in = POLICY_AT__INIT;
    in.at = instant_message(a, at);
    in.scope = arena_strdup(a, scope);
    in.parameter = arena_strdup(a, parameter);
    return store_all(store_mine(), a, &sql_policy_rule_at, &in.base, out, f);
}

static bool rule_holds(const Rule *r, struct instant then)
{
    return (!r->from || !instant_before(then, instant_value(r->from))) &&
           (!r->until || instant_before(then, instant_value(r->until)));
}

const Rule *policy_next(const struct policy *p, const char *scope, const char *beginning,
                        struct instant then, size_t *at)
{
    size_t length = strlen(beginning);
    while (*at < p->rule_count) {
        const Rule *r = p->rules[(*at)++];
        if (strncmp(r->parameter, beginning, length) == 0 && strcmp(r->scope, scope) == 0 &&
            rule_holds(r, then))
            return r;
    }
    return NULL;
}

/* Rules of one scope and parameter follow each other, so one holds at the most. */
const Rule *policy_rule_then(const struct policy *p, const char *scope, const char *parameter,
                             struct instant then)
{
    const Rule *r;
    for (size_t at = 0; (r = policy_next(p, scope, parameter, then, &at)) != NULL;)
        if (strcmp(r->parameter, parameter) == 0)
            return r;
    return NULL;
}

static bool forbids(const Rule *r)
{
    return strcmp(r->level, "X") == 0;
}

bool policy_uses(const struct policy *p, const char *scope, const char *parameter,
                 struct instant then)
{
    const Rule *r = policy_rule_then(p, scope, parameter, then);
    return r && !forbids(r) && r->value && strcmp(r->value, "1") == 0;
}

bool policy_forbids(const struct policy *p, const char *scope, const char *parameter,
                    struct instant then)
{
    const Rule *r = policy_rule_then(p, scope, parameter, then);
    return r && forbids(r);
}

const Product *policy_product(const struct policy *p, const char *name_id)
{
    for (size_t i = 0; i < p->product_count; i++)
        if (strcmp(p->products[i]->name_id, name_id) == 0)
            return p->products[i];
    return NULL;
}

const struct policy_profile *policy_profile_find(const struct policy *p, const char *name)
{
    for (size_t i = 0; i < p->profile_count; i++)
        if (strcmp(p->profiles[i].profile->name, name) == 0)
            return &p->profiles[i];
    return NULL;
}
