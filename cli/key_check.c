/* chancery key check: would a request be refused for its key, and why? */
#include "pki/key.h"

#include "commands.h"
#include "files.h"
#include "pki/spki.h"
#include "pki/weak_keys.h"
#include "share.h"

static void checks_print(struct command_run *r, const struct key *key)
{
    for (const struct key_check *c = key_checks; c->name; c++) {
        struct fault why = { .code = FAULT_NONE };
        if (c->holds(key, &why, ""))
            continue;
        fprintf(r->out, "refused (%s): it %s\n", c->section, why.detail);
        r->status = 1;
    }
}

/* What would not be found is said. */
static void passed_print(struct command_run *r, const struct key *key)
{
    const char *covers = weak_keys_cover(key);
    fprintf(r->out, "%s of %d bits: no check refuses it\n", key_type_name(key->type), key->bits);
    if (covers)
        fprintf(r->out, "looked for among the weak keys of %s\n", covers);
    else
        fprintf(r->out, "there is no list of weak keys of this kind\n");
}

/* Without a database: whether it is blocked says `key blocked list`. */
bool key_check_command(struct command_run *r, struct fault *f)
{
    struct bytes spki;
    struct key key;
    char *text;
    weak_keys_folder(share_folder(&r->arena, "policy/weak-keys", "policy/weak-keys"));
    if (!weak_keys_ready(f) || !file_read(&r->arena, r->words[0], &text, f) ||
        !spki_of(&r->arena, text, &spki, f, r->words[0]) || !key_read(spki, &key, f, r->words[0]))
        return false;
    checks_print(r, &key);
    if (r->status == 0)
        passed_print(r, &key);
    return true;
}
