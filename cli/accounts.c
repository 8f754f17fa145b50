/* chancery account create, chancery key create. */
#include <string.h>

#include "account.pb-c.h"
#include "base/mail_address.h"
#include "base/utf8.h"
#include "cli/accounts.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "files.h"
#include "ledger/api_key.h"
#include "message/json.h"
#include "role.pb-c.h"
#include "share.h"

static char *option_text(struct command_run *r, const char *name, const char *fallback)
{
    const char *value = command_option(r, name);
    return arena_strdup(&r->arena, value ? value : fallback);
}

static bool username_good(const char *text)
{
    return text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@-_+.")] ==
           '\0';
}

static bool anything(const char *text)
{
    (void)text;
    return true;
}

/* As the API takes them of its clients. */
enum { NAME, USERNAME, EMAIL, FIRST_NAME, LAST_NAME };
static const struct {
    const char *field;
    size_t most; /* characters */
    bool needed;
    bool (*good)(const char *text);
    const char *says;
} texts[] = {
    [NAME] = { "NAME", 128, true, anything },
    [USERNAME] = { "--username", 128, true, username_good, "takes letters, digits and @ - _ + ." },
    [EMAIL] = { "--email", 255, true, mail_address_valid, "must be an email address" },
    [FIRST_NAME] = { "--first-name", 128, false, anything },
    [LAST_NAME] = { "--last-name", 128, false, anything },
};

static bool text_good(int which, const char *text, struct fault *f)
{
    const char *field = texts[which].field;
    size_t characters = 0;
    for (const char *c = text; *c; c++) {
        characters += (*c & 0xC0) != 0x80;
        if (utf8_control(c) >= 0)
            return fault_set(f, FAULT_INVALID, field, "has a control character");
    }
    if (characters > texts[which].most)
        return fault_set(f, FAULT_INVALID, field, "is longer than %zu characters",
                         texts[which].most);
    if (texts[which].needed && !text[strspn(text, " ")])
        return fault_set(f, FAULT_REQUIRED, field, "is required");
    return texts[which].good(text) ||
           fault_set(f, FAULT_INVALID, field, "%s, not \"%s\"", texts[which].says, text);
}

static bool account_good(const AccountNew *in, struct fault *f)
{
    return text_good(NAME, in->name, f) && text_good(USERNAME, in->username, f) &&
           text_good(EMAIL, in->email, f) && text_good(FIRST_NAME, in->first_name, f) &&
           text_good(LAST_NAME, in->last_name, f);
}

static bool username_taken(const char *username, struct fault *f)
{
    return f->code == FAULT_CONFLICT && *f->field
               ? fault_set(f, FAULT_CONFLICT, "--username", "%s is taken: choose another", username)
               : false;
}

bool account_create_command(struct command_run *r, struct fault *f)
{
    Instant now = INSTANT__INIT;
    AccountNew in = ACCOUNT_NEW__INIT;
    AccountCreated out = ACCOUNT_CREATED__INIT;
    if (!command_option(r, "username") || !command_option(r, "email"))
        return fault_set(f, FAULT_REQUIRED, NULL,
                         "--username and --email must be given: they are the administrator's");
    now.us = clock_now().us;
    in.now = &now;
    in.name = arena_strdup(&r->arena, r->words[0]);
    in.username = option_text(r, "username", "");
    in.email = option_text(r, "email", "");
    in.first_name = option_text(r, "first-name", in.username);
    in.last_name = option_text(r, "last-name", "");
    if (!account_good(&in, f) || !command_store(r, f))
        return false;
    if (!store_one(r->store, &r->arena, &sql_account_create, &in.base, &out.base, f))
        return username_taken(in.username, f);
    fprintf(r->out, "account_id %lld\ncontainer_id %lld\nuser_id %lld\n", (long long)out.account_id,
            (long long)out.container_id, (long long)out.user_id);
    return true;
}

static bool id_read(const char *text, const char *what, int64_t *out, struct fault *f)
{
    return (int64_read(text, out) && *out >= 0) ||
           fault_set(f, FAULT_INVALID, what, "must be a number, not \"%s\"", text);
}

static const Roles *roles_read(struct arena *a, struct fault *f)
{
    const char *path = arena_format(a, "%s/roles.json", share_folder(a, "policy", "policy"));
    char *json;
    if (!file_read(a, path, &json, f))
        return NULL;
    const Roles *roles =
        (const Roles *)message_from_json(a, &roles__descriptor, json, strlen(json), f);
    if (!roles)
        fault_set(f, FAULT_INVALID, path, "%s %s", f->field, f->detail);
    return roles;
}

static bool role_unknown(struct arena *a, const Roles *roles, const char *text, struct fault *f)
{
    struct text known;
    text_init(&known, a);
    for (size_t i = 0; i < roles->n_key_roles; i++)
        text_format(&known, "%s%d (%s)", i ? ", " : "", roles->key_roles[i]->id,
                    roles->key_roles[i]->name);
    return fault_set(f, FAULT_INVALID, "--role", "must be one of %s, not \"%s\"", known.data, text);
}

/* One of the key roles that the gateways know; NULL: 0, which restricts nothing. */
static bool role_read(struct arena *a, const char *text, int32_t *out, struct fault *f)
{
    int64_t id = 0;
    size_t i = 0;
    if (!text)
        return true;
    const Roles *roles = roles_read(a, f);
    bool number = roles && int64_read(text, &id);
    while (number && i < roles->n_key_roles && roles->key_roles[i]->id != id)
        i++;
    if (!number || i == roles->n_key_roles)
        return roles && role_unknown(a, roles, text, f);
    *out = roles->key_roles[i]->id;
    return true;
}

bool key_create_command(struct command_run *r, struct fault *f)
{
    char key[API_KEY_LENGTH + 1];
    uint8_t hash[SHA256_SIZE];
    Instant now = INSTANT__INIT;
    KeyNew in = KEY_NEW__INIT;
    KeyCreated out = KEY_CREATED__INIT;
    bool found = false;
    if (!id_read(r->words[0], "USER_ID", &in.user_id, f) || !text_good(NAME, r->words[1], f) ||
        !role_read(&r->arena, command_option(r, "role"), &in.restricted_to_role_id, f) ||
        !command_store(r, f))
        return false;
    api_key_make(key, hash);
    now.us = clock_now().us;
    in.now = &now;
    in.name = arena_strdup(&r->arena, r->words[1]);
    in.key_hash = (ProtobufCBinaryData){ sizeof hash, hash };
    if (!store_maybe(r->store, &r->arena, &sql_key_create, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, r->words[0],
                         "is no active user: chancery account create prints user ids");
    fprintf(r->out, "key_id %lld\nkey %s\n", (long long)out.id, key);
    return true;
}
