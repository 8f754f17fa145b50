/* chancery key block, key blocked list: keys whose private half others have (BR 6.1.1.3 (4)). */
#include <string.h>

#include "certificate.pb-c.h"
#include "cli/blocked.sql.h"
#include "commands.h"
#include "files.h"
#include "listing.h"
#include "message/convert.h"
#include "pki/spki.h"

enum { REASON_MAX = 1024 };

/* 64 hexadecimal digits are a hash, also with colons, as openssl prints it; anything else is a file. */
static bool hash_read(struct arena *a, const char *word, uint8_t out[SHA256_SIZE])
{
    struct text digits;
    struct bytes hash;
    text_init(&digits, a);
    for (; *word; word++)
        if (*word != ':')
            text_add_char(&digits, *word);
    if (digits.length != 2 * SHA256_SIZE || !hex_read(a, digits.data, &hash))
        return false;
    memcpy(out, hash.data, SHA256_SIZE);
    return true;
}

static bool key_named(struct command_run *r, uint8_t out[SHA256_SIZE], struct fault *f)
{
    char *text;
    return hash_read(&r->arena, r->words[0], out) ||
           (file_read(&r->arena, r->words[0], &text, f) && /* no secret: others know the key */
            spki_sha256_of(&r->arena, text, out, f, r->words[0]));
}

static bool block_read(struct command_run *r, KeyBlock *in, struct fault *f)
{
    const char *reason = command_option(r, "reason");
    uint8_t hash[SHA256_SIZE];
    if (!reason || !*reason || strlen(reason) > REASON_MAX)
        return fault_set(f, FAULT_REQUIRED, "--reason",
                         "must say in 1 to %d characters how it is known", REASON_MAX);
    if (!key_named(r, hash, f))
        return false;
    in->spki_sha256 = bytes_message(&r->arena, (struct bytes){ hash, sizeof hash });
    in->reason = arena_strdup(&r->arena, reason);
    in->since = instant_message(&r->arena, clock_now());
    return true;
}

/* BR 4.9.1.1: 24 hours from the report. */
static bool uses_show(struct command_run *r, const KeyBlock *in, struct fault *f)
{
    struct rows rows;
    if (!store_all(r->store, &r->arena, &sql_key_uses, &in->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const KeyCertificate *use = (const KeyCertificate *)rows.items[i];
        char when[INSTANT_TEXT_SIZE];
        if (use->precertificate)
            fprintf(r->out,
                    "precertificate %s of order %lld has no certificate: it is revoked by itself "
                    "within minutes\n",
                    use->precertificate, (long long)use->order_id);
        else
            fprintf(r->out, "certificate %lld of order %lld is valid until %s: revoke it\n",
                    (long long)use->certificate_id, (long long)use->order_id,
                    instant_text(instant_value(use->not_after), when));
    }
    return true;
}

bool key_block_command(struct command_run *r, struct fault *f)
{
    KeyBlock in = KEY_BLOCK__INIT;
    BlockedKey out = BLOCKED_KEY__INIT;
    bool fresh = false;
    if (!block_read(r, &in, f) || !command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_key_block, &in.base, &out.base, &fresh, f))
        return false;
    fprintf(r->out, "%s %s\n", hex_lower(&r->arena, bytes_value(in.spki_sha256)),
            fresh ? "is certified no more" : "was blocked already");
    return uses_show(r, &in, f);
}

bool key_blocked_command(struct command_run *r, struct fault *f)
{
    BlockedKeyFilter in = BLOCKED_KEY_FILTER__INIT;
    struct table table;
    struct rows rows;
    if (!listing_limit(r, &in.limit, f) || !command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_keys_blocked, &in.base, &rows, f))
        return false;
    table_init(&table, &r->arena, 3);
    TABLE_ROW(&table, "SHA-256 OF THE KEY", "SINCE", "REASON");
    for (size_t i = 0; i < rows.count; i++) {
        const BlockedKey *k = (const BlockedKey *)rows.items[i];
        TABLE_ROW(&table, hex_lower(&r->arena, bytes_value(k->spki_sha256)),
                  listing_time(&r->arena, k->since), k->reason);
    }
    listing_print(r, &table, "no key is blocked", in.limit);
    return true;
}
