/* chancery policy load: one immutable version from the files, in force at once. */
#include <stdlib.h>
#include <string.h>

#include "cli/policy.sql.h"
#include "cli/status.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "figures.pb-c.h"
#include "ledger/log_list.h"
#include "ledger/policy_digest.h"
#include "message/convert.h"
#include "pki/ed25519.h"
#include "policy_logs.h"
#include "policy_source.h"
#include "share.h"

static void document_add(PolicyLoad *in, struct arena *a, const char *kind, const char *name,
                         const ProtobufCMessage *m)
{
    PolicyDocument *d = in->documents[in->n_documents++] = arena_new(a, PolicyDocument);
    policy_document__init(d);
    d->kind = arena_strdup(a, kind);
    d->name = arena_strdup(a, name);
    d->document = policy_text(a, m);
    d->has_sha256 = true;
    d->sha256.data = arena_alloc(a, SHA256_SIZE);
    d->sha256.len = SHA256_SIZE;
    digest_sha256(BYTES_OF(d->document), d->sha256.data);
}

static int by_kind_and_name(const void *a, const void *b)
{
    const PolicyDocument *x = *(PolicyDocument *const *)a, *y = *(PolicyDocument *const *)b;
    int order = strcmp(x->kind, y->kind);
    return order ? order : strcmp(x->name, y->name);
}

static void load_fill(PolicyLoad *in, struct arena *a, const struct policy_source *p)
{
    in->rules = arena_array(a, Rule *, p->rule_count + 1);
    for (; in->n_rules < p->rule_count; in->n_rules++)
        in->rules[in->n_rules] = arena_copy(a, p->rules[in->n_rules], sizeof(Rule));
    in->documents = arena_array(a, PolicyDocument *,
                                p->product_count + p->profile_count + p->capability_count +
                                    p->change_count + 2);
    for (size_t i = 0; i < p->product_count; i++)
        document_add(in, a, "product", p->products[i]->name_id, &p->products[i]->base);
    for (size_t i = 0; i < p->profile_count; i++)
        document_add(in, a, "profile", p->profiles[i]->name, &p->profiles[i]->base);
    for (size_t i = 0; i < p->capability_count; i++)
        document_add(in, a, "capability", p->capabilities[i]->id, &p->capabilities[i]->base);
    for (size_t i = 0; i < p->change_count; i++)
        document_add(in, a, "change", p->changes[i]->id, &p->changes[i]->base);
    if (p->logs)
        document_add(in, a, "logs", "tls", &p->logs->base);
    qsort(in->documents, in->n_documents, sizeof *in->documents, by_kind_and_name);
}

/* The key says that these rules are ours: without it nothing is issued by them. */
static bool load_sign(struct command_run *r, PolicyLoad *in, struct fault *f)
{
    struct secret key;
    struct policy_lines lines = { .rules = (const Rule *const *)in->rules,
                                  .rule_count = in->n_rules,
                                  .documents = (const PolicyDocument *const *)in->documents,
                                  .document_count = in->n_documents };
    in->sha256 = (ProtobufCBinaryData){ SHA256_SIZE, arena_alloc(&r->arena, SHA256_SIZE) };
    in->signature = (ProtobufCBinaryData){ ED25519_SIZE, arena_alloc(&r->arena, ED25519_SIZE) };
    policy_digest(&lines, in->sha256.data);
    return command_setting(r, "POLICY_KEY", NULL,
                           "the key that signs policies (chancery policy-key)", &key, f) &&
           ed25519_sign(key.text, bytes_value(in->sha256), in->signature.data, f);
}

/* Whole or not at all: nothing can be added to a version afterwards. */
static bool load_new(struct command_run *r, PolicyLoad *in, PolicyVersion *out, struct fault *f)
{
    if (!store_begin(r->store, f))
        return false;
    bool ok = store_one(r->store, &r->arena, &sql_policy_begin, &in->base, &out->base, f);
    in->has_version = true;
    in->version = out->version;
    bool known = false;
    ok = ok && store_run(r->store, &r->arena, &sql_policy_fill, &in->base, NULL, f) &&
         store_maybe(r->store, &r->arena, &sql_policy_activate, &in->base, &out->base, &known, f) &&
         store_commit(r->store, f);
    if (!ok)
        store_rollback(r->store);
    return ok;
}

/* No reason to refuse them: the rules are the operator's, and so is whom he tells of them. */
static void unannounced_say(const struct command_run *r, const struct policy_source *p)
{
    size_t at = 0;
    for (const Rule *rule; (rule = change_unannounced(p, clock_now(), &at));)
        fprintf(r->out, "no entry of the change log announces rule %s, which is still to %s\n",
                rule->id,
                rule->from && instant_before(clock_now(), instant_value(rule->from)) ? "begin"
                                                                                     : "end");
}

static void version_say(struct command_run *r, const struct policy_source *p, int64_t version,
                        bool known)
{
    fprintf(r->out,
            "policy version %lld is in force (%s): %zu rules, %zu products, %zu profiles, "
            "%zu changes\n",
            (long long)version, known ? "loaded before" : "new", p->rule_count, p->product_count,
            p->profile_count, p->change_count);
    unannounced_say(r, p);
    policy_logs_say(r, p, clock_now());
}

/* ---- the list of logs */

/* The operator's own, which releases do not bring. */
static bool logs_read(struct command_run *r, struct policy_source *source, struct fault *f)
{
    struct secret path;
    return command_setting(
               r, "LOG_LIST", "",
               "file with a browser's list of logs, in place of logs.json of the policy", &path,
               f) &&
           (!*path.text || policy_source_logs(&r->arena, path.text, source, f));
}

/* A policy as it is shipped lists none: whoever has logged goes on until he says otherwise. */
static bool logs_kept(struct command_run *r, const struct policy_source *source, struct fault *f)
{
    Nothing none = NOTHING__INIT;
    StatusPolicy before = STATUS_POLICY__INIT;
    bool found = false;
    if (command_option(r, "no-logs") || (source->logs && log_list_count(source->logs) > 0))
        return true;
    if (!store_maybe(r->store, &r->arena, &sql_status_policy, &none.base, &before.base, &found, f))
        return false;
    return !found || before.logs == 0 ||
           fault_set(f, FAULT_INVALID, "logs.json",
                     "lists no log, but that of the policy in force lists %lld: name the file with "
                     "your list in CHANCERY_LOG_LIST, or say --no-logs, and certificates are "
                     "logged no more",
                     (long long)before.logs);
}

bool policy_load_command(struct command_run *r, struct fault *f)
{
    struct policy_source source;
    PolicyLoad in = POLICY_LOAD__INIT;
    PolicyVersion out = POLICY_VERSION__INIT;
    bool known = false;
    const char *folder = r->words[0] ? r->words[0] : share_folder(&r->arena, "policy", "policy");
    if (!policy_source_read(&r->arena, folder, &source, f) || !logs_read(r, &source, f) ||
        !command_store(r, f) || !logs_kept(r, &source, f))
        return false;
    in.now = instant_message(&r->arena, clock_now());
    load_fill(&in, &r->arena, &source);
    if (!load_sign(r, &in, f) ||
        !store_maybe(r->store, &r->arena, &sql_policy_activate, &in.base, &out.base, &known, f) ||
        (!known && !load_new(r, &in, &out, f)))
        return false;
    version_say(r, &source, out.version, known);
    return true;
}
