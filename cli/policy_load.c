/* chancery policy load: one immutable version from the files, in force at once. */
#include <string.h>

#include "cli/policy.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "policy_source.h"

static PolicyDocument *document_of(struct arena *a, char *name, const ProtobufCMessage *m)
{
    PolicyDocument *d = arena_new(a, PolicyDocument);
    policy_document__init(d);
    d->name = name;
    d->document = policy_text(a, m);
    d->has_sha256 = true;
    d->sha256.data = arena_alloc(a, SHA256_SIZE);
    d->sha256.len = SHA256_SIZE;
    digest_sha256(BYTES_OF(d->document), d->sha256.data);
    return d;
}

static void load_fill(PolicyLoad *in, struct arena *a, struct policy_source *p)
{
    in->sha256 = (ProtobufCBinaryData){ sizeof p->sha256, p->sha256 };
    in->rules = arena_array(a, Rule *, p->rule_count + 1);
    for (; in->n_rules < p->rule_count; in->n_rules++)
        in->rules[in->n_rules] = arena_copy(a, p->rules[in->n_rules], sizeof(Rule));
    in->products = arena_array(a, PolicyDocument *, p->product_count + 1);
    for (size_t i = 0; i < p->product_count; i++)
        in->products[in->n_products++] =
            document_of(a, p->products[i]->name_id, &p->products[i]->base);
    in->profiles = arena_array(a, PolicyDocument *, p->profile_count + 1);
    for (size_t i = 0; i < p->profile_count; i++)
        in->profiles[in->n_profiles++] =
            document_of(a, p->profiles[i]->name, &p->profiles[i]->base);
}

bool policy_load_command(struct command_run *r, struct fault *f)
{
    struct policy_source source;
    PolicyLoad in = POLICY_LOAD__INIT;
    PolicyVersion out = POLICY_VERSION__INIT;
    Instant now = INSTANT__INIT;
    bool known = false;
    if (!policy_source_read(&r->arena, r->words[0] ? r->words[0] : "policy", &source, f) ||
        !command_store(r, f))
        return false;
    now.us = clock_now().us;
    in.now = &now;
    load_fill(&in, &r->arena, &source);
    if (!store_maybe(r->store, &r->arena, &sql_policy_activate, &in.base, &out.base, &known, f) ||
        (!known && !store_one(r->store, &r->arena, &sql_policy_load, &in.base, &out.base, f)))
        return false;
    fprintf(r->out, "policy version %lld is in force (%s): %zu rules, %zu products, %zu profiles\n",
            (long long)out.version, known ? "loaded before" : "new", source.rule_count,
            source.product_count, source.profile_count);
    return true;
}
