#include "ceremony_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ceremony.h"
#include "ceremony.sql.h"
#include "common.pb-c.h"
#include "ledger/authority.h"
#include "message/convert.h"
#include "message/json.h"
#include "order.pb-c.h"
#include "pki/digest.h"

enum { SCRIPT_MAX = 64 * 1024 };

static Ceremony *script_read(struct arena *a, const char *path, struct fault *f)
{
    FILE *file = fopen(path, "re");
    char *text = arena_alloc(a, SCRIPT_MAX);
    size_t n = file ? fread(text, 1, SCRIPT_MAX, file) : 0;
    if (file)
        fclose(file);
    if (n == 0 || n == SCRIPT_MAX) {
        fault_set(f, FAULT_INVALID, path, "cannot be read, is empty or is too large");
        return NULL;
    }
    return (Ceremony *)message_from_json(a, &ceremony__descriptor, text, n, f);
}

/* One that is there already must be the very same: orders and chains go by its id. */
static bool is_same(const Authority *a, struct fault *f)
{
    const Authority *known = authority_find_label(a->key_label);
    return (known && strcmp(known->id, a->id) == 0) ||
           fault_set(
               f, FAULT_CONFLICT, a->key_label,
               "has certificate %s in the database and %s in the folder: put the former there, "
               "and never publish the other",
               known ? known->id : "none", a->id);
}

/* What those compare who are to trust it. */
static void root_tell(struct service_run *run, const Authority *a)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256((struct bytes){ a->der.data, a->der.len }, hash);
    printf("         SHA-256 %s\n", hex_upper(&run->arena, (struct bytes){ hash, sizeof hash }));
}

static bool authority_enter(struct service_run *run, Authority *a, struct fault *f)
{
    AuthorityRef entered = AUTHORITY_REF__INIT;
    bool is_new = false;
    if (!store_maybe(store_mine(), &run->arena, &sql_authority_add, &a->base, &entered.base,
                     &is_new, f) ||
        !(is_new || is_same(a, f)))
        return false;
    printf("%-8s %s  %s%s\n", is_new ? "entered" : "known", a->id, a->name,
           a->may_sign ? "" : "  (root: signs no leaf)");
    if (!a->parent_id)
        root_tell(run, a);
    return true;
}

static bool authorities_enter(struct service_run *run, Authority **all, size_t count,
                              struct instant now, struct fault *f)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        all[i]->created_at = instant_message(&run->arena, now);
        ok = authority_enter(run, all[i], f);
    }
    return ok;
}

static bool hold(struct service_run *run, struct token *token, const struct ceremony_names *names,
                 char **argv, struct fault *f)
{
    Ceremony *script = script_read(&run->arena, argv[1], f);
    struct ceremony c = { .script = script,
                          .status = names->status,
                          .folder = argv[2],
                          .operator= getenv("USER") ? getenv("USER") : "operator",
                          .now = clock_now() };
    Authority **all = NULL;
    size_t count = 0;
    return script && ceremony_name(script, names, &run->arena, f) && policy_now(&c.policy, f) &&
           token_connect(token, tick_after(seconds(10)), f) &&
           ceremony_hold(token, &c, &run->arena, &all, &count, f) &&
           authorities_enter(run, all, count, c.now, f);
}

int ceremony_command(struct service_run *run, const struct token_options *options,
                     const struct ceremony_names *names, int argc, char **argv)
{
    struct fault f = { 0 };
    if (argc != 3) {
        fprintf(stderr, "usage: chancery-issuer ceremony SCRIPT.json FOLDER\n");
        return 2;
    }
    struct token *token = token_open(options);
    struct store *store = store_new(&run->store);
    store_set_mine(store);
    bool ok = hold(run, token, names, argv, &f);
    store_set_mine(NULL);
    store_free(store);
    token_close(token);
    if (geteuid() == 0)
        fprintf(stderr,
                "ceremony: held as root, so what the token's library keeps in files belongs to "
                "root: give it to the issuer's account, or it finds no key\n");
    if (!ok)
        fprintf(stderr, "ceremony: %s %s\n", f.field, f.detail);
    return ok ? 0 : 1;
}
