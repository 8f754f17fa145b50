/* chancery key check: would a request be refused for its key, and why? */
#include "pki/key.h"

#include "certificate.pb-c.h"
#include "cli/blocked.sql.h"
#include "commands.h"
#include "files.h"
#include "message/convert.h"
#include "pki/digest.h"
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

/* ---- keys that are blocked */

static bool blocked_print(struct command_run *r, struct bytes spki, struct fault *f)
{
    KeyBlock in = KEY_BLOCK__INIT;
    BlockedKey out = BLOCKED_KEY__INIT;
    uint8_t hash[SHA256_SIZE];
    char since[INSTANT_TEXT_SIZE];
    bool found = false;
    digest_sha256(spki, hash);
    in.spki_sha256 = bytes_message(&r->arena, (struct bytes){ hash, sizeof hash });
    if (!store_maybe(r->store, &r->arena, &sql_key_blocked, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fprintf(r->out, "it is not blocked\n") > 0;
    fprintf(r->out, "refused (BR 6.1.1.3 (4)): it is blocked since %s: %s\n",
            instant_text(instant_value(out.since), since), out.reason);
    r->status = 1;
    return true;
}

/* A folder of lists is enough for the checks; which keys are blocked only a database knows. */
static bool blocked_ask(struct command_run *r, struct bytes spki, struct fault *f)
{
    struct secret url;
    if (!command_setting(r, "DATABASE_URL", "", "the database", &url, f))
        return false;
    if (*url.text)
        return command_store(r, f) && blocked_print(r, spki, f);
    fprintf(r->out, "not asked: whether it is blocked (CHANCERY_DATABASE_URL names no database)\n");
    return true;
}

/* ---- the command */

static bool lists_ready(struct command_run *r, struct fault *f)
{
    weak_keys_folder(share_folder(&r->arena, "policy/weak-keys", "policy/weak-keys"));
    if (weak_keys_ready(f))
        return true;
    const char *why = arena_format(&r->arena, "%s %s", f->field, f->detail);
    return fault_set(f, FAULT_UNAVAILABLE, NULL,
                     "%s (neither installed with this program nor here)", why);
}

bool key_check_command(struct command_run *r, struct fault *f)
{
    struct bytes spki;
    struct key key;
    char *text;
    if (!lists_ready(r, f) || !file_read(&r->arena, r->words[0], &text, f) ||
        !spki_of(&r->arena, text, &spki, f, r->words[0]) || !key_read(spki, &key, f, r->words[0]))
        return false;
    checks_print(r, &key);
    if (r->status == 0)
        passed_print(r, &key);
    return blocked_ask(r, spki, f);
}
