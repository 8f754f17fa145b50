/* chancery reseal: what the sealing key of before has sealed is sealed with the new one, so that the old key can
 * go. A batch is one statement: whenever this ends, what is done is done, and the next run finds the rest. A
 * row counts as it was read: what its owner sets meanwhile is sealed with the new key already, and stays. */
#include <string.h>

#include "cli/reseal.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"
#include "pki/seal.h"
#include "seal.pb-c.h"
#include "testing/point.h"

enum { BATCH = 500, BATCH_MAX = 10000 };

static const char *auth_key_aad(struct arena *a, int64_t id)
{
    return arena_format(a, AUTH_KEY_AAD, (long long)id);
}

static const char *webhook_aad(struct arena *a, int64_t id)
{
    return arena_format(a, WEBHOOK_SECRET_AAD, (long long)id);
}

// clang-format off
static const struct kind {
    const char *what;
    const struct sql *read, *put;
    const char *(*aad)(struct arena *a, int64_t id);
} kinds[] = {
    { "AuthKeys",                    &sql_reseal_auth_keys,       &sql_reseal_auth_keys_put,       auth_key_aad },
    { "secrets of webhooks",         &sql_reseal_webhooks,        &sql_reseal_webhooks_put,        webhook_aad },
    { "earlier secrets of webhooks", &sql_reseal_webhooks_before, &sql_reseal_webhooks_before_put, webhook_aad },
};
// clang-format on

struct reseal {
    struct command_run *r;
    const struct seal_key *key;
    struct bytes prefix;
    int64_t batch, done, lost;
};

/* What no key opens is named and left as it is: the others are sealed anew all the same. */
static bool row_seal(struct reseal *s, struct arena *a, const struct kind *k, const SealedRow *row,
                     SealedAnew *out)
{
    struct fault why = { 0 };
    struct bytes plain, aad = BYTES_OF(k->aad(a, row->id));
    sealed_anew__init(out);
    if (!unseal(a, s->key, aad, bytes_value(row->sealed), &plain, &why)) {
        fprintf(s->r->out, "%s, of %lld: %s\n", k->what, (long long)row->id, why.detail);
        s->lost++;
        return false;
    }
    out->id = row->id;
    out->sealed = row->sealed;
    out->anew = bytes_message(a, seal(a, s->key, aad, plain));
    return true;
}

static bool batch_put(struct reseal *s, struct arena *a, const struct kind *k,
                      const struct rows *rows, struct fault *f)
{
    const ProtobufCMessage **in = arena_array(a, const ProtobufCMessage *, rows->count);
    struct rows put = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        SealedAnew *anew = arena_new(a, SealedAnew);
        if (row_seal(s, a, k, (const SealedRow *)rows->items[i], anew))
            in[count++] = &anew->base;
    }
    if (count > 0 && !store_set(s->r->store, a, k->put, in, count, &put, f))
        return false;
    s->done += (int64_t)put.count;
    TEST_POINT("cli.reseal.batch");
    return true;
}

/* In an arena of its own, so that all of it takes no more memory than a batch. */
static bool batch_take(struct reseal *s, const struct kind *k, int64_t *after, bool *more,
                       struct fault *f)
{
    struct arena a;
    struct rows rows = { 0 };
    SealedWanted in = SEALED_WANTED__INIT;
    arena_init(&a);
    in.prefix = bytes_message(&a, s->prefix);
    in.after = *after;
    in.limit = s->batch;
    bool ok = store_all(s->r->store, &a, k->read, &in.base, &rows, f) &&
              (rows.count == 0 || batch_put(s, &a, k, &rows, f));
    *more = rows.count > 0;
    if (*more)
        *after = ((const SealedRow *)rows.items[rows.count - 1])->id;
    arena_free(&a);
    return ok;
}

static bool kind_take(struct reseal *s, const struct kind *k, struct fault *f)
{
    int64_t after = 0, before = s->done;
    bool more = true;
    while (more) {
        if (!batch_take(s, k, &after, &more, f))
            return false;
        if (more) {
            fprintf(s->r->out, "%s: %lld sealed anew\n", k->what, (long long)(s->done - before));
            fflush(s->r->out);
        }
    }
    return true;
}

/* Of the beginning as well: each batch stays, also of a run that never ends. */
static bool note(struct reseal *s, const struct sql *sql, int64_t count, struct fault *f)
{
    ResealNote in = RESEAL_NOTE__INIT;
    in.key = hex_lower(&s->r->arena, (struct bytes){ s->prefix.data + 1, s->prefix.size - 1 });
    in.count = count;
    in.now = instant_message(&s->r->arena, clock_now());
    return count == 0 || store_run(s->r->store, &s->r->arena, sql, &in.base, NULL, f);
}

/* A gateway that has not been restarted since goes on sealing with the key of before. */
static bool others_count(struct reseal *s, int64_t *out, struct fault *f)
{
    Nothing none = NOTHING__INIT;
    struct rows rows = { 0 };
    *out = 0;
    if (!store_all(s->r->store, &s->r->arena, &sql_sealed_counts, &none.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const SealedCount *c = (const SealedCount *)rows.items[i];
        if (!bytes_equal(bytes_value(c->prefix), s->prefix))
            *out += c->auth_keys + c->webhook_secrets;
    }
    return true;
}

static void ended_tell(struct reseal *s, int64_t others)
{
    FILE *out = s->r->out;
    fprintf(out, "%lld secrets sealed anew\n", (long long)s->done);
    if (others == 0)
        fprintf(out, "nothing is under another key: the one of before can go\n");
    if (s->lost > 0)
        fprintf(out, "%lld cannot be opened: their owners must set them again\n",
                (long long)s->lost);
    if (others > s->lost)
        fprintf(out,
                "%lld were set meanwhile under another key: give the new one to all gateways, "
                "restart them, and run this again\n",
                (long long)(others - s->lost));
    s->r->status = others > 0;
}

static bool all_take(struct reseal *s, struct fault *f)
{
    int64_t others = 0;
    if (!others_count(s, &others, f) || !note(s, &sql_reseal_begun, others, f))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!kind_take(s, &kinds[i], f))
            return false;
    if (!note(s, &sql_reseal_ended, s->done, f) || !others_count(s, &others, f))
        return false;
    ended_tell(s, others);
    return true;
}

bool reseal_command(struct command_run *r, struct fault *f)
{
    struct reseal s = { .r = r, .batch = BATCH };
    protobuf_c_boolean given;
    if (!listing_id(r, "batch", &given, &s.batch, f))
        return false;
    if (given && (s.batch < 1 || s.batch > BATCH_MAX))
        return fault_set(f, FAULT_INVALID, "--batch", "must be from 1 to %d", BATCH_MAX);
    struct seal_key *key = seal_key_load(r->words[0], f);
    if (!key)
        return false;
    s.key = key;
    s.prefix = seal_prefix(&r->arena, key);
    bool ok = command_store(r, f) && all_take(&s, f);
    seal_key_free(key);
    return ok;
}
