/* chancery quarantine: after a restored backup, what an issuer's journal has and the database has not. */
#include <stdlib.h>
#include <string.h>

#include "cli/quarantine.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "issuance.pb-c.h"
#include "job.pb-c.h"
#include "journals.h"
#include "listing.h"
#include "message/convert.h"

enum { BATCH = 1000 };

/* What was signed: a line of a journal says it with its first word. */
enum { PRECERT, FINAL, KINDS };
static char *const kind_words[KINDS] = { (char[]){ "precert" }, (char[]){ "final" } };

struct reading {
    struct command_run *run;
    struct arena arena; /* of one batch */
    JournalAttempt **batch;
    size_t count;
    struct late {
        int64_t *ids; /* attempts of earlier batches whose signature came now */
        size_t count;
    } late[KINDS];
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

/* Whose it is and for which names; older issuers did not write them. */
static bool owner_read(struct arena *a, char *rest, JournalAttempt *at)
{
    if (!rest)
        return true;
    at->has_account_id = true;
    if (!number_read(&rest, &at->account_id))
        return false;
    at->names = rest ? arena_strdup(a, rest) : NULL;
    return true;
}

/* "intent US ISSUANCE REQUEST CA SERIAL TBS_SHA256 ACCOUNT NAMES", its first word gone. */
static JournalAttempt *intent_parse(struct reading *r, char *rest)
{
    struct arena *a = &r->arena;
    JournalAttempt *at = arena_new(a, JournalAttempt);
    int64_t us;
    journal_attempt__init(at);
    if (!number_read(&rest, &us) || !number_read(&rest, &at->issuance_id) ||
        !number_read(&rest, &at->request_id))
        return NULL;
    at->ca_id = arena_strdup(a, strsep(&rest, " "));
    at->now = instant_message(a, r->now);
    return at->ca_id && hex_word(a, &rest, &at->serial) && hex_word(a, &rest, &at->tbs_sha256) &&
                   owner_read(a, rest, at)
               ? at
               : NULL;
}

static bool intent_read(struct reading *r, int kind, char *rest)
{
    JournalAttempt *at = intent_parse(r, rest);
    if (!at)
        return false;
    at->kind = kind_words[kind];
    r->batch[r->count++] = at;
    return true;
}

/* A signature stands behind its intent: in the same batch, or in one that has been sent already. */
static bool signature_read(struct reading *r, int kind, char *rest)
{
    int64_t us, issuance_id;
    if (!number_read(&rest, &us) || !number_read(&rest, &issuance_id))
        return false;
    for (size_t i = r->count; i-- > 0;) {
        if (r->batch[i]->issuance_id == issuance_id && r->batch[i]->kind == kind_words[kind]) {
            r->batch[i]->signed_ = true;
            return true;
        }
    }
    r->late[kind].ids[r->late[kind].count++] = issuance_id;
    return true;
}

/* ---- batches */

static bool intents_add(struct reading *r, struct fault *f)
{
    struct rows rows = { 0 };
    const ProtobufCMessage **in = arena_array(&r->arena, const ProtobufCMessage *, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        in[i] = &r->batch[i]->base;
    if (r->count &&
        !store_set(r->run->store, &r->arena, &sql_quarantine_add, in, r->count, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        r->found += (int64_t)((const IssuanceIds *)rows.items[i])->n_ids;
    return true;
}

static bool signatures_add(struct reading *r, int kind, struct fault *f)
{
    SignedIds in = SIGNED_IDS__INIT;
    IssuanceIds out = ISSUANCE_IDS__INIT;
    in.ids = r->late[kind].ids;
    in.n_ids = r->late[kind].count;
    in.kind = kind_words[kind];
    in.now = instant_message(&r->arena, r->now);
    if (in.n_ids &&
        !store_one(r->run->store, &r->arena, &sql_quarantine_signed, &in.base, &out.base, f))
        return false;
    r->found += (int64_t)out.n_ids;
    return true;
}

static bool batch_flush(struct reading *r, struct fault *f)
{
    bool ok = intents_add(r, f) && signatures_add(r, PRECERT, f) && signatures_add(r, FINAL, f);
    r->count = r->late[PRECERT].count = r->late[FINAL].count = 0;
    arena_free(&r->arena);
    return ok;
}

static const struct {
    const char *word;
    int kind;
    bool (*read)(struct reading *r, int kind, char *rest);
} line_kinds[] = { { "intent", FINAL, intent_read },
                   { "signature", FINAL, signature_read },
                   { "precert_intent", PRECERT, intent_read },
                   { "precert_signature", PRECERT, signature_read } };

static bool is_full(const struct reading *r)
{
    return r->count == BATCH || r->late[PRECERT].count == BATCH || r->late[FINAL].count == BATCH;
}

/* The last line of a crashed issuer may be cut: it is passed over, and said. */
static bool line_read(void *data, char *line, struct fault *f)
{
    struct reading *r = data;
    char *rest = line;
    const char *word = strsep(&rest, " ");
    r->lines++;
    if (is_full(r) && !batch_flush(r, f))
        return false;
    for (size_t i = 0; rest && i < sizeof line_kinds / sizeof *line_kinds; i++)
        if (strcmp(word, line_kinds[i].word) == 0 &&
            line_kinds[i].read(r, line_kinds[i].kind, rest))
            return true;
    fprintf(stderr, "line %lld is no line of a journal and is passed over\n", (long long)r->lines);
    return true;
}

static void row_add(struct table *t, const QuarantineRow *q)
{
    struct arena *a = t->arena;
    TABLE_ROW(t, listing_number(a, q->request_id),
              q->has_order_id ? listing_number(a, q->order_id) : "gone",
              q->has_account_id ? listing_number(a, q->account_id) : NULL, q->ca_id, q->serial,
              q->signed_ ? "signed: revoke it" : "not signed as far as known", q->names);
}

static bool open_show(struct command_run *r, struct fault *f)
{
    Nothing none = NOTHING__INIT;
    struct table table;
    struct rows rows;
    if (!store_all(r->store, &r->arena, &sql_quarantine_open, &none.base, &rows, f))
        return false;
    table_init(&table, &r->arena, 7);
    TABLE_ROW(&table, "REQUEST#", "ORDER#", "ACCOUNT#", "CA", "SERIAL", "STATE", "NAMES");
    for (size_t i = 0; i < rows.count; i++)
        row_add(&table, (const QuarantineRow *)rows.items[i]);
    listing_print(r, &table, "nothing is in quarantine", 0);
    if (rows.count && !command_option(r, "json"))
        fputs("These requests wait. Revoke what is signed, then: chancery quarantine settle "
              "REQUEST_ID\n",
              r->out);
    return true;
}

static bool journal_take(struct command_run *run, struct fault *f)
{
    struct reading r = { .run = run, .now = clock_now() };
    arena_init(&r.arena);
    r.batch = arena_array(&run->arena, JournalAttempt *, BATCH);
    for (int kind = 0; kind < KINDS; kind++)
        r.late[kind].ids = arena_array(&run->arena, int64_t, BATCH);
    bool ok = journal_lines(&run->arena, run->words[0], line_read, &r, f) && batch_flush(&r, f);
    arena_free(&r.arena);
    if (ok && !command_option(run, "json"))
        fprintf(run->out,
                "%lld lines read, %lld attempts that the database did not know, or not as signed\n",
                (long long)r.lines, (long long)r.found);
    return ok;
}

/* Without a journal: what waits. */
bool quarantine_command(struct command_run *r, struct fault *f)
{
    return command_store(r, f) && (!r->words[0] || journal_take(r, f)) && open_show(r, f);
}

bool quarantine_settle_command(struct command_run *r, struct fault *f)
{
    QuarantineSettle in = QUARANTINE_SETTLE__INIT;
    QuarantineSettled out = QUARANTINE_SETTLED__INIT;
    bool found = false;
    if (!int64_read(r->words[0], &in.request_id))
        return fault_set(f, FAULT_INVALID, "REQUEST_ID",
                         "must be the number of a request (chancery quarantine lists them)");
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_quarantine_settle, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, r->words[0],
                         "is no request with an attempt in quarantine (chancery quarantine)");
    fprintf(r->out, "%lld attempts settled; %s\n", (long long)out.attempts,
            !out.known ? "the request is gone: its customer must order again"
            : out.lane ? arena_format(&r->arena, "the request goes on with %s", out.lane)
                       : "the request waits for what else is left to do, or has ended");
    return true;
}
