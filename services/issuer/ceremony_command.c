#include "ceremony_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony.h"
#include "common.pb-c.h"
#include "issuance.sql.h"
#include "message/convert.h"
#include "message/json.h"
#include "order.pb-c.h"

enum { SCRIPT_MAX = 64 * 1024 };

static const Ceremony *script_read(struct arena *a, const char *path, struct fault *f)
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
    return (const Ceremony *)message_from_json(a, &ceremony__descriptor, text, n, f);
}

static bool authorities_enter(struct service_run *run, Authority **all, size_t count,
                              struct instant now, struct fault *f)
{
    struct store *store = store_new(&run->store);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        AuthorityRef entered = AUTHORITY_REF__INIT;
        bool is_new = false;
        all[i]->created_at = instant_message(&run->arena, now);
        ok = store_maybe(store, &run->arena, &sql_authority_add, &all[i]->base, &entered.base,
                         &is_new, f);
        if (ok)
            printf("%-8s %s  %s%s\n", is_new ? "entered" : "known", all[i]->id, all[i]->name,
                   all[i]->may_sign ? "" : "  (root: signs no leaf)");
    }
    store_free(store);
    return ok;
}

static bool hold(struct service_run *run, struct token *token, const char *status_host, char **argv,
                 struct fault *f)
{
    struct ceremony c = { .script = script_read(&run->arena, argv[1], f),
                          .status = status_host,
                          .folder = argv[2],
                          .operator= getenv("USER") ? getenv("USER") : "operator",
                          .now = clock_now() };
    Authority **all = NULL;
    size_t count = 0;
    return c.script && token_connect(token, tick_after(seconds(10)), f) &&
           ceremony_hold(token, &c, &run->arena, &all, &count, f) &&
           authorities_enter(run, all, count, c.now, f);
}

int ceremony_command(struct service_run *run, const struct token_options *options,
                     const char *status_host, int argc, char **argv)
{
    struct fault f = { 0 };
    if (argc != 3) {
        fprintf(stderr, "usage: chancery-issuer ceremony SCRIPT.json FOLDER\n");
        return 2;
    }
    struct token *token = token_open(options);
    bool ok = hold(run, token, status_host, argv, &f);
    token_close(token);
    if (!ok)
        fprintf(stderr, "ceremony: %s %s\n", f.field, f.detail);
    return ok ? 0 : 1;
}
