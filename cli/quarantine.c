/* chancery quarantine: after a restored backup, what an issuer's journal has and the database has not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/quarantine.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "issuance.pb-c.h"
#include "job.pb-c.h"
#include "message/convert.h"
#include "table.h"

enum { BATCH = 1000, LINE_SIZE = 4096 };

struct reading {
    struct command_run *run;
    struct arena arena; /* of one batch */
    JournalAttempt **batch;
    size_t count;
    int64_t *late; /* attempts of earlier batches whose signature came now */
    size_t late_count;
    struct table table; /* of what was not known */
    int64_t lines, found;
    struct instant now;
};

/* ---- lines */

static bool number_read(char **rest, int64_t *out)
{
    const char *word = strsep(rest, " ");
    return word && int64_read(word, out);
}

static bool hex_word(struct arena *a, char **rest, ProtobufCBinaryData *out)
{
    struct bytes b;
    const char *word = strsep(rest, " ");
    if (!word || !hex_read(a, word, &b))
        return false;
    *out = bytes_message(a, b);
    return true;
}

/* "intent US ISSUANCE ORDER CA SERIAL TBS_SHA256", its first word gone. */
static JournalAttempt *intent_read(struct reading *r, char *rest)
{
    struct arena *a = &r->arena;
    JournalAttempt *at = arena_new(a, JournalAttempt);
    int64_t us;
    journal_attempt__init(at);
    if (!number_read(&rest, &us) || !number_read(&rest, &at->issuance_id) ||
        !number_read(&rest, &at->order_id))
        return NULL;
    at->ca_id = arena_strdup(a, strsep(&rest, " "));
    at->now = instant_message(a, r->now);
    return at->ca_id && hex_word(a, &rest, &at->serial) && hex_word(a, &rest, &at->tbs_sha256) &&
                   !rest
               ? at
               : NULL;
}

/* A signature stands behind its intent: in the same batch, or in one that has been sent already. */
static bool signature_read(struct reading *r, char *rest)
{
    int64_t us, issuance_id;
    if (!number_read(&rest, &us) || !number_read(&rest, &issuance_id))
        return false;
    for (size_t i = r->count; i-- > 0;) {
        if (r->batch[i]->issuance_id == issuance_id) {
            r->batch[i]->signed_ = true;
            return true;
        }
    }
    r->late[r->late_count++] = issuance_id;
    return true;
}

/* ---- batches */

static bool batch_flush(struct reading *r, struct fault *f)
{
    struct rows rows = { 0 };
    struct arena *kept = &r->run->arena;
    const ProtobufCMessage **in = arena_array(&r->arena, const ProtobufCMessage *, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        in[i] = &r->batch[i]->base;
    if (r->count &&
        !store_set(r->run->store, &r->arena, &sql_quarantine_add, in, r->count, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const QuarantineRow *q = (const QuarantineRow *)rows.items[i];
        TABLE_ROW(&r->table, arena_format(kept, "%lld", (long long)q->order_id),
                  arena_strdup(kept, q->ca_id), arena_strdup(kept, q->serial),
                  q->signed_ ? "signed: revoke it" : "not signed as far as known");
    }
    r->found += (int64_t)rows.count;
    r->count = r->late_count = 0;
    arena_free(&r->arena);
    return true;
}

/* The last line of a crashed issuer may be cut: it is passed over, and said. */
static bool line_read(struct reading *r, char *line, struct fault *f)
{
    char *rest = line;
    line[strcspn(line, "\n")] = '\0';
    const char *word = strsep(&rest, " ");
    r->lines++;
    if (strcmp(word, "intent") == 0 && rest) {
        if (r->count == BATCH && !batch_flush(r, f))
            return false;
        JournalAttempt *at = intent_read(r, rest);
        if (at) {
            r->batch[r->count++] = at;
            return true;
        }
    } else if (strcmp(word, "signature") == 0 && rest) {
        if (r->late_count == BATCH && !batch_flush(r, f))
            return false;
        if (signature_read(r, rest))
            return true;
    }
    fprintf(stderr, "line %lld is no line of a journal and is passed over\n", (long long)r->lines);
    return true;
}

static bool file_read(struct reading *r, const char *path, struct fault *f)
{
    static char line[LINE_SIZE];
    FILE *file = fopen(path, "re");
    if (!file)
        return fault_set(f, FAULT_INVALID, path, "%s", strerrorname_np(errno));
    bool ok = true;
    while (ok && fgets(line, sizeof line, file))
        ok = line_read(r, line, f);
    fclose(file);
    return ok && batch_flush(r, f);
}

bool quarantine_command(struct command_run *run, struct fault *f)
{
    struct reading r = { .run = run, .now = clock_now() };
    struct text out;
    if (!run->words[0])
        return fault_set(f, FAULT_REQUIRED, "JOURNAL", "the file of CHANCERY_JOURNAL of an issuer");
    if (!command_store(run, f))
        return false;
    arena_init(&r.arena);
    r.batch = arena_array(&run->arena, JournalAttempt *, BATCH);
    r.late = arena_array(&run->arena, int64_t, BATCH);
    table_init(&r.table, &run->arena, 4);
    TABLE_ROW(&r.table, "ORDER", "CA", "SERIAL", "STATE");
    bool ok = file_read(&r, run->words[0], f);
    arena_free(&r.arena);
    if (!ok)
        return false;
    text_init(&out, &run->arena);
    table_write(&r.table, 0, &out);
    fputs(r.found ? out.data : "", run->out);
    fprintf(run->out, "%lld lines read, %lld attempts that the database did not know\n",
            (long long)r.lines, (long long)r.found);
    if (r.found)
        fputs(
            "Their orders wait. Revoke what is signed, then: chancery quarantine settle ORDER_ID\n",
            run->out);
    return true;
}

bool quarantine_settle_command(struct command_run *r, struct fault *f)
{
    QuarantineSettle in = QUARANTINE_SETTLE__INIT;
    struct rows rows;
    if (!r->words[0] || !int64_read(r->words[0], &in.order_id))
        return fault_set(f, FAULT_INVALID, "ORDER_ID", "must be the number of an order");
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_quarantine_settle, &in.base, &rows, f))
        return false;
    if (rows.count == 0)
        return fault_set(f, FAULT_NOT_FOUND, "ORDER_ID",
                         "no attempt of order %lld is in quarantine", (long long)in.order_id);
    fprintf(r->out, "%zu attempts settled; the order goes on at its next check\n", rows.count);
    return true;
}
