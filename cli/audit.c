/* chancery audit verify: reads every seal and every row again and computes the chain anew. Only the
 * text of a seal is the sealer's (ledger/chain.h); it never holds more than one page of rows.
 * chancery audit heads begin: the copy of the heads is lost, and may begin anew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.pb-c.h"
#include "cli/audit.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "heads.h"
#include "ledger/chain.h"
#include "message/convert.h"

enum { SEALS_A_PAGE = 200, ROWS_A_PAGE = 1000 };

struct verify {
    struct command_run *run;
    struct heads *heads; /* NULL: not asked for */
    struct digest *digest;
    /* What the seal before was. */
    int64_t id;
    char horizon[24];
    uint8_t hash[SHA256_SIZE];
    /* What was found. */
    int64_t rows, findings, uncopied;
};

static void __attribute__((format(printf, 3, 4)))
find(struct verify *v, int64_t seal, const char *fmt, ...)
{
    va_list args;
    fprintf(v->run->out, "%sseal %lld: ", v->findings++ ? "" : "FIRST DIFFERENCE  ",
            (long long)seal);
    va_start(args, fmt);
    vfprintf(v->run->out, fmt, args);
    va_end(args);
    fputc('\n', v->run->out);
}

/* ---- the rows of one seal */

/* `after` keeps the page's place: a row is gone with its page. */
static bool page_read(struct verify *v, AuditPage *page, char after[24], size_t *count,
                      struct arena *a, struct fault *f)
{
    struct rows rows = { 0 };
    if (!store_all(v->run->store, a, &sql_audit_verify_page, &page->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const AuditLine *row = (const AuditLine *)rows.items[i];
        chain_row(v->digest, row);
        snprintf(after, 24, "%s", row->xid);
        page->after_id = row->id;
    }
    *count = rows.count;
    return true;
}

static bool rows_digest(struct verify *v, const AuditSeal *seal, int64_t *count,
                        uint8_t hash[SHA256_SIZE], struct fault *f)
{
    AuditPage page = AUDIT_PAGE__INIT;
    char after[24];
    size_t read = ROWS_A_PAGE;
    bool ok = true;
    snprintf(after, sizeof after, "%s", seal->from_horizon);
    page.from_horizon = seal->from_horizon;
    page.after_xid = after;
    page.horizon = seal->horizon;
    page.after_id = INT64_MIN;
    page.room = ROWS_A_PAGE;
    if (seal->previous.len == SHA256_SIZE)
        chain_begin(v->digest, seal->previous.data);
    for (*count = 0; ok && read == ROWS_A_PAGE; *count += (int64_t)read) {
        struct arena a;
        arena_init(&a);
        ok = page_read(v, &page, after, &read, &a, f);
        arena_free(&a);
    }
    chain_end(v->digest, seal, hash);
    return ok;
}

/* ---- one seal */

static bool same_hash(const ProtobufCBinaryData *stored, const uint8_t hash[SHA256_SIZE])
{
    return stored->len == SHA256_SIZE && memcmp(stored->data, hash, SHA256_SIZE) == 0;
}

static void check_place(struct verify *v, const AuditSeal *seal)
{
    if (seal->id != v->id + 1)
        find(v, seal->id, "the seals from %lld to %lld are gone", (long long)v->id + 1,
             (long long)seal->id - 1);
    if (strcmp(seal->from_horizon, v->horizon) != 0)
        find(v, seal->id, "begins at transaction %s, the seal before ended at %s",
             seal->from_horizon, v->horizon);
    if (!same_hash(&seal->previous, v->hash))
        find(v, seal->id, "does not continue the seal before");
}

static bool check_rows(struct verify *v, const AuditSeal *seal, struct fault *f)
{
    uint8_t hash[SHA256_SIZE];
    int64_t count;
    if (!rows_digest(v, seal, &count, hash, f))
        return false;
    v->rows += count;
    if (count < seal->count)
        find(v, seal->id, "%lld of %lld rows are missing", (long long)(seal->count - count),
             (long long)seal->count);
    else if (count > seal->count)
        find(v, seal->id, "%lld rows were added to %lld", (long long)(count - seal->count),
             (long long)seal->count);
    else if (!same_hash(&seal->hash, hash))
        find(v, seal->id, "a row was edited, or the seal itself (transactions %s to %s, %lld rows)",
             seal->from_horizon, seal->horizon, (long long)count);
    return true;
}

/* The chain can be computed anew by whoever owns the database; its copy elsewhere cannot. */
static void check_head(struct verify *v, const AuditSeal *seal)
{
    struct head head;
    if (!v->heads)
        return;
    while (heads_peek(v->heads, &head) && head.id < seal->id) {
        find(v, head.id, "is in the copy of the heads, but no longer in the database");
        heads_next(v->heads);
    }
    if (!heads_peek(v->heads, &head)) {
        v->uncopied++;
        return;
    }
    if (head.id > seal->id) {
        find(v, seal->id, "is missing in the copy of the heads, which goes on");
        return;
    }
    if (!same_hash(&seal->hash, head.hash))
        find(v, seal->id, "differs from the copy of its head");
    heads_next(v->heads);
}

static bool seal_check(struct verify *v, const AuditSeal *seal, struct fault *f)
{
    check_place(v, seal);
    check_head(v, seal);
    if (!check_rows(v, seal, f))
        return false;
    v->id = seal->id;
    snprintf(v->horizon, sizeof v->horizon, "%s", seal->horizon);
    if (seal->hash.len == SHA256_SIZE)
        memcpy(v->hash, seal->hash.data, SHA256_SIZE);
    return true;
}

/* ---- all of them */

static bool seals_page(struct verify *v, struct arena *a, bool *more, struct fault *f)
{
    SealAfter in = SEAL_AFTER__INIT;
    struct rows rows;
    in.id = v->id;
    in.room = SEALS_A_PAGE;
    if (!store_all(v->run->store, a, &sql_audit_verify_seals, &in.base, &rows, f))
        return false;
    *more = rows.count == SEALS_A_PAGE;
    for (size_t i = 0; i < rows.count; i++)
        if (!seal_check(v, (const AuditSeal *)rows.items[i], f))
            return false;
    return true;
}

static bool seals_read(struct verify *v, struct fault *f)
{
    bool ok = true, more = true;
    while (ok && more) {
        struct arena a;
        arena_init(&a);
        ok = seals_page(v, &a, &more, f);
        arena_free(&a);
    }
    return ok;
}

/* A head is copied after its seal was committed: one that is left over may be younger than our last
 * look at the seals, and is gone only when another look does not find its seal either. */
static bool seals_check(struct verify *v, struct fault *f)
{
    struct head head;
    int64_t seen;
    bool ok;
    do {
        seen = v->id;
        ok = seals_read(v, f);
    } while (ok && v->id > seen && v->heads && heads_peek(v->heads, &head));
    for (; ok && v->heads && heads_peek(v->heads, &head); heads_next(v->heads))
        find(v, head.id, "is in the copy of the heads, but no longer in the database");
    return ok && (!v->heads || heads_good(v->heads, f));
}

static bool tail_print(struct verify *v, struct fault *f)
{
    AuditHorizon in = AUDIT_HORIZON__INIT;
    UnsealedTail tail = UNSEALED_TAIL__INIT;
    char since[INSTANT_TEXT_SIZE];
    in.horizon = v->horizon;
    if (!store_one(v->run->store, &v->run->arena, &sql_audit_verify_tail, &in.base, &tail.base, f))
        return false;
    fprintf(v->run->out, "%lld seals over %lld rows; %lld rows not sealed yet", (long long)v->id,
            (long long)v->rows, (long long)tail.count);
    if (tail.oldest)
        fprintf(v->run->out, ", the oldest of %s",
                instant_text((struct instant){ tail.oldest->us }, since));
    if (v->uncopied)
        fprintf(v->run->out, "; the newest %lld heads are not copied yet", (long long)v->uncopied);
    fprintf(v->run->out, "\n%s\n",
            v->findings ? "THE AUDIT LOG WAS CHANGED" : "the audit log is as it was sealed");
    return true;
}

bool audit_verify_command(struct command_run *r, struct fault *f)
{
    const char *path = command_option(r, "heads");
    struct verify v = { .run = r, .horizon = "0" };
    if (!command_store(r, f) || (path && !(v.heads = heads_open(path, f))))
        return false;
    v.digest = digest_new();
    bool ok = seals_check(&v, f) && tail_print(&v, f);
    digest_free(v.digest);
    heads_close(v.heads);
    r->status = v.findings > 0;
    return ok;
}

bool heads_begin_command(struct command_run *r, struct fault *f)
{
    HeadsBegin in = HEADS_BEGIN__INIT;
    HeadsBegun begun = HEADS_BEGUN__INIT;
    bool found = false;
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_heads_begin, &in.base, &begun.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, "seal",
                         "nothing is sealed yet: the copy begins by itself");
    fprintf(
        r->out,
        "an empty file of heads is filled again, from seal 1 to %lld and on; it is worth what the "
        "database is\n",
        (long long)begun.seal_id);
    return true;
}
