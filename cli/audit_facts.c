/* chancery audit facts: from each certificate to the log and back. The chain proves that no row of the
 * log was changed; this proves that what stands in the tables is what the log says, and that nothing
 * stands there of which it says nothing. With the journals of the issuers, from certificate to journal,
 * too: `chancery quarantine` goes the other way.
 *
 * The log has no index by what a row is about. So it is walked once, from its first page to its last, and
 * what it proves is remembered by number (ids.h); then the tables are walked and held against that.
 */
#include <inttypes.h>
#include <string.h>

#include "audit.pb-c.h"
#include "cli/audit_facts.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "ids.h"
#include "journals.h"
#include "message/convert.h"

enum { FINDINGS_SHOWN = 20, ROWS_A_PAGE = 1000, PROGRESS_SECONDS = 10 };

/* Numbers grow with time, but not strictly: so much earlier does a walk begin. */
enum { SLACK_DAYS = 1 };

/* What was committed while the log was read may stand behind a page that had been read already. */
enum { RECENT_SECONDS = 60 };

enum fact {
    ANNOUNCED,
    ORDERED,
    THERE,
    ATTEMPTED,
    PROVED,
    AS_STORED,
    BY_VALIDATION,
    POLICY,
    GHOSTS,
    PRE_ANNOUNCED,
    PRE_THERE,
    PRE_BOUND,
    SIGNED,
    PRE_SIGNED,
    FACTS
};

// clang-format off
static const char *const facts_text[FACTS] = {
    [ANNOUNCED]     = "each certificate was announced, byte for byte",
    [ORDERED]       = "each certificate belongs to an order that was placed",
    [THERE]         = "each certificate that was announced is there",
    [ATTEMPTED]     = "each certificate has its attempt",
    [PROVED]        = "each public name had evidence",
    [AS_STORED]     = "all evidence is as it was stored",
    [BY_VALIDATION] = "all evidence was stored by validation",
    [POLICY]        = "each policy that was used was loaded as it is",
    [GHOSTS]        = "nothing that was given up is signed",
    [PRE_ANNOUNCED] = "each precertificate was announced, byte for byte",
    [PRE_THERE]     = "each precertificate that was announced is there",
    [PRE_BOUND]     = "each precertificate has its certificate, is under way or is revoked",
    [SIGNED]        = "each certificate since the journals begin is in one of them",
    [PRE_SIGNED]    = "each precertificate since the journals begin is in one of them",
};
// clang-format on

struct facts {
    struct command_run *run;
    bool some; /* --since */
    struct instant since, recent;
    struct ids announced, precertified, placed, stored; /* what the log proves */
    struct ids policies;                                /* that were looked at */
    struct {
        int count;
        struct ids signed_, precerts; /* attempts */
        struct instant begin,
            own_begin; /* the youngest one's first line; that of the one being read */
    } journals;
    struct {
        int64_t count;
        struct text shown;
    } found[FACTS];
    struct tick progress;
};

/* ---- findings */

static void __attribute__((format(printf, 3, 4)))
find(struct facts *v, enum fact fact, const char *fmt, ...)
{
    char line[512];
    va_list args;
    if (++v->found[fact].count > FINDINGS_SHOWN)
        return;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    text_format(&v->found[fact].shown, "       %s\n", line);
}

static bool find_all(struct facts *v, struct arena *a, enum fact fact, const struct sql *sql,
                     const ProtobufCMessage *in, struct fault *f)
{
    struct rows rows;
    if (!store_all(v->run->store, a, sql, in, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const FactFinding *found = (const FactFinding *)rows.items[i];
        find(v, fact, "%s: %s", found->subject, found->detail);
    }
    return true;
}

static int64_t findings_print(const struct facts *v)
{
    int64_t all = 0;
    for (int i = 0; i < FACTS; i++) {
        int64_t count = v->found[i].count;
        const struct ids *signatures = i == SIGNED       ? &v->journals.signed_
                                       : i == PRE_SIGNED ? &v->journals.precerts
                                                         : NULL;
        if (signatures && !v->journals.count)
            continue;
        fprintf(v->run->out, "%-4s %s", count ? "NO" : "yes", facts_text[i]);
        if (signatures)
            fprintf(v->run->out, " (%zu signatures)", signatures->count);
        fprintf(v->run->out, "\n%s", v->found[i].shown.data);
        if (count > FINDINGS_SHOWN)
            fprintf(v->run->out, "       (the first %d of %" PRId64 ")\n", FINDINGS_SHOWN, count);
        all += count;
    }
    return all;
}

/* ---- the log */

// clang-format off
static const struct activity {
    const char *name;
    size_t proved;    /* what it proves is remembered there, in struct facts */
    enum fact there;  /* what it says stands, or this does not hold; FACTS: nothing */
    const char *what, *done;
} activities[] = {
    { "order placed",          offsetof(struct facts, placed),       FACTS,     NULL, NULL },
    { "certificate issued",    offsetof(struct facts, announced),    THERE,     "certificate", "issued" },
    { "precertificate signed", offsetof(struct facts, precertified), PRE_THERE, "precertificate", "signed" },
    { "domain validated",      offsetof(struct facts, stored),       FACTS,     NULL, NULL },
};
// clang-format on

static const struct activity *activity_find(const char *name)
{
    size_t i = 0;
    while (strcmp(activities[i].name, name) != 0)
        i++;
    return &activities[i];
}

static void log_fact(struct facts *v, const LogFact *row)
{
    const struct activity *a = activity_find(row->activity);
    if (row->proves)
        ids_add((struct ids *)((char *)v + a->proved), row->about);
    if (a->what && !row->same)
        find(v, a->there, "%s: %s %s was %s and is not there with those bytes", row->subject,
             a->what, row->number, a->done);
    if (a->proved == offsetof(struct facts, stored) &&
        strcmp(row->by_role, "chancery_validation") != 0)
        find(v, BY_VALIDATION, "%s: evidence was stored by %s", row->subject, row->by_role);
}

static bool log_check(struct facts *v, struct arena *a, const FactsRange *range, struct fault *f)
{
    struct rows rows;
    if (!store_all(v->run->store, a, &sql_facts_log, &range->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        log_fact(v, (const LogFact *)rows.items[i]);
    return true;
}

/* ---- the tables */

/* Too young for what was read of log and journals; what has a time to come is not. */
static bool is_recent(const struct facts *v, const Instant *at)
{
    return !instant_before(instant_value(at), v->recent) &&
           instant_before(instant_value(at), clock_now());
}

static void certificate_check(struct facts *v, const FactCertificate *c)
{
    if (is_recent(v, c->issued_at))
        return;
    if (!ids_have(&v->announced, c->id))
        find(v, ANNOUNCED,
             "certificate/%" PRId64 ": no audit row says that it was issued with these bytes",
             c->id);
    if (v->journals.count && !instant_before(instant_value(c->begun_at), v->journals.begin) &&
        !ids_have(&v->journals.signed_, c->id))
        find(v, SIGNED, "certificate/%" PRId64 ": no journal has a signature of it", c->id);
}

static void precertificate_check(struct facts *v, const FactPrecertificate *p)
{
    if (is_recent(v, p->signed_at))
        return;
    if (!ids_have(&v->precertified, p->id))
        find(v, PRE_ANNOUNCED,
             "precertificate/%" PRId64 ": no audit row says that it was signed with these bytes",
             p->id);
    if (v->journals.count && !instant_before(instant_value(p->begun_at), v->journals.begin) &&
        !ids_have(&v->journals.precerts, p->id))
        find(v, PRE_SIGNED, "precertificate/%" PRId64 ": no journal has a signature of it", p->id);
}

static bool precertificates_check(struct facts *v, struct arena *a, const FactsRange *range,
                                  struct fault *f)
{
    struct rows rows;
    if (!store_all(v->run->store, a, &sql_facts_precertificates, &range->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        precertificate_check(v, (const FactPrecertificate *)rows.items[i]);
    return find_all(v, a, PRE_BOUND, &sql_facts_loose_precertificates, &range->base, f);
}

/* Those of older orders, whose rows were not read, are looked up one by one. */
static bool certificates_check(struct facts *v, struct arena *a, const FactsRange *range,
                               struct fault *f)
{
    FactIds older = FACT_IDS__INIT;
    struct rows rows;
    if (!store_all(v->run->store, a, &sql_facts_certificates, &range->base, &rows, f))
        return false;
    older.ids = arena_array(a, int64_t, rows.count + 1);
    for (size_t i = 0; i < rows.count; i++) {
        const FactCertificate *c = (const FactCertificate *)rows.items[i];
        certificate_check(v, c);
        if (!ids_have(&v->placed, c->order_id))
            older.ids[older.n_ids++] = c->id;
    }
    return (!older.n_ids || find_all(v, a, ORDERED, &sql_facts_unordered, &older.base, f)) &&
           find_all(v, a, ATTEMPTED, &sql_facts_without_attempt, &range->base, f) &&
           find_all(v, a, PROVED, &sql_facts_unproved, &range->base, f);
}

static bool evidence_check(struct facts *v, struct arena *a, const FactsRange *range,
                           struct fault *f)
{
    struct rows rows;
    if (!store_all(v->run->store, a, &sql_facts_evidence, &range->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const FactPlace *row = (const FactPlace *)rows.items[i];
        if (!ids_have(&v->stored, row->id) && !is_recent(v, row->at))
            find(v, AS_STORED, "validation/%" PRId64 ": no audit row has the hash of its evidence",
                 row->id);
    }
    return true;
}

static bool policy_check(struct facts *v, struct arena *a, const FactPolicy *p, struct fault *f)
{
    FactFinding out = FACT_FINDING__INIT;
    bool found = false;
    if (ids_have(&v->policies, p->version))
        return true;
    ids_add(&v->policies, p->version);
    if (!store_maybe(v->run->store, a, &sql_facts_policy, &p->base, &out.base, &found, f))
        return false;
    if (found)
        find(v, POLICY, "%s: %s", out.subject, out.detail);
    return true;
}

static bool attempts_check(struct facts *v, struct arena *a, const FactsRange *range,
                           struct fault *f)
{
    struct rows rows;
    if (!find_all(v, a, GHOSTS, &sql_facts_signed_ghosts, &range->base, f) ||
        !store_all(v->run->store, a, &sql_facts_policies, &range->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        if (!policy_check(v, a, (const FactPolicy *)rows.items[i], f))
            return false;
    return true;
}

/* ---- walks */

// clang-format off
static const struct walk {
    const char *what;
    const struct sql *page; /* where one ends */
    bool (*check)(struct facts *v, struct arena *a, const FactsRange *range, struct fault *f);
} walks[] = {
    { "audit log",    &sql_facts_log_page,         log_check }, /* first: the others ask what it proves */
    { "certificates", &sql_facts_certificate_page, certificates_check },
    { "precertificates", &sql_facts_precertificate_page, precertificates_check },
    { "evidence",     &sql_facts_evidence_page,    evidence_check },
    { "attempts",     &sql_facts_attempt_page,     attempts_check },
};
// clang-format on

static bool page_find(struct facts *v, struct arena *a, const struct walk *w, int64_t after,
                      int64_t room, FactPlace *out, bool *found, struct fault *f)
{
    FactsPage in = FACTS_PAGE__INIT;
    in.after = after;
    in.room = room;
    return store_maybe(v->run->store, a, w->page, &in.base, &out->base, found, f);
}

/* Whether the first row behind a number is as young as asked for. */
static bool is_late(struct facts *v, const struct walk *w, int64_t after, bool *late,
                    struct fault *f)
{
    struct instant since = instant_add(v->since, (struct duration){ -days(SLACK_DAYS).us });
    FactPlace place = FACT_PLACE__INIT;
    struct arena a;
    bool found = false;
    arena_init(&a);
    bool ok = page_find(v, &a, w, after, 1, &place, &found, f);
    *late = !found || !instant_before(instant_value(place.at), since);
    arena_free(&a);
    return ok;
}

/* The number behind which the walk begins, by halves. */
static bool start_find(struct facts *v, const struct walk *w, int64_t *after, struct fault *f)
{
    int64_t low = -1, high = INT64_MAX - 1;
    while (v->some && low < high) {
        int64_t middle = low + (high - low) / 2;
        bool late;
        if (!is_late(v, w, middle, &late, f))
            return false;
        if (late)
            high = middle;
        else
            low = middle + 1;
    }
    *after = v->some ? low : INT64_MIN;
    return true;
}

static void progress_tell(struct facts *v, const struct walk *w, int64_t pages, const Instant *at)
{
    char day[INSTANT_TEXT_SIZE];
    if (tick_left(v->progress).us > 0)
        return;
    v->progress = tick_after(seconds(PROGRESS_SECONDS));
    fprintf(stderr, "%s: %" PRId64 " rows, up to %s\n", w->what, pages * ROWS_A_PAGE,
            instant_text(instant_value(at), day));
}

static bool page_walk(struct facts *v, struct arena *a, const struct walk *w, FactsRange *range,
                      int64_t pages, bool *more, struct fault *f)
{
    FactPlace place = FACT_PLACE__INIT;
    if (!page_find(v, a, w, range->after, ROWS_A_PAGE, &place, more, f))
        return false;
    if (!*more)
        return true;
    range->last = place.id;
    if (!w->check(v, a, range, f))
        return false;
    range->after = place.id;
    progress_tell(v, w, pages, place.at);
    return true;
}

static bool walk_run(struct facts *v, const struct walk *w, struct fault *f)
{
    FactsRange range = FACTS_RANGE__INIT;
    bool more = true, ok = start_find(v, w, &range.after, f);
    range.since = instant_message(&v->run->arena, v->since);
    for (int64_t pages = 1; ok && more; pages++) {
        struct arena a;
        arena_init(&a);
        ok = page_walk(v, &a, w, &range, pages, &more, f);
        arena_free(&a);
    }
    return ok;
}

/* ---- the journals */

/* "signature US ISSUANCE ...", or of a precertificate; other lines only say when the journal begins. */
static bool line_take(void *data, char *line, struct fault *f)
{
    (void)f;
    struct facts *v = data;
    int64_t us, id;
    char *rest = line;
    const char *word = strsep(&rest, " ");
    struct ids *signed_ = strcmp(word, "signature") == 0           ? &v->journals.signed_
                          : strcmp(word, "precert_signature") == 0 ? &v->journals.precerts
                                                                   : NULL;
    const char *when = strsep(&rest, " "), *which = strsep(&rest, " ");
    if (!when || !int64_read(when, &us))
        return true;
    if (!v->journals.own_begin.us)
        v->journals.own_begin = (struct instant){ us };
    if (signed_ && which && int64_read(which, &id))
        ids_add(signed_, id);
    return true;
}

/* Who signed a certificate is not known: they are compared since the last of the journals begins. */
static bool journals_read(struct facts *v, struct fault *f)
{
    const struct command_run *r = v->run;
    for (size_t i = 0; i < r->option_count; i++) {
        if (strcmp(r->options[i].name, "journal") != 0)
            continue;
        v->journals.count++;
        v->journals.own_begin = (struct instant){ 0 };
        if (!journal_lines(&v->run->arena, r->options[i].value, line_take, v, f))
            return false;
        if (instant_before(v->journals.begin, v->journals.own_begin))
            v->journals.begin = v->journals.own_begin;
    }
    return true;
}

/* ---- */

static bool since_read(struct facts *v, struct fault *f)
{
    const char *since = command_option(v->run, "since");
    v->some = since;
    return !since || instant_read(since, &v->since) ||
           fault_set(f, FAULT_INVALID, "--since", "must be a date, as 2027-03-15");
}

static bool facts_check(struct facts *v, struct fault *f)
{
    if (!since_read(v, f) || !journals_read(v, f) || !command_store(v->run, f))
        return false;
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
        if (!walk_run(v, &walks[i], f))
            return false;
    return true;
}

static void facts_free(struct facts *v)
{
    ids_free(&v->announced);
    ids_free(&v->precertified);
    ids_free(&v->placed);
    ids_free(&v->stored);
    ids_free(&v->policies);
    ids_free(&v->journals.signed_);
    ids_free(&v->journals.precerts);
}

bool audit_facts_command(struct command_run *r, struct fault *f)
{
    struct facts v = { .run = r, .progress = tick_after(seconds(PROGRESS_SECONDS)) };
    v.recent = instant_add(clock_now(), seconds(-RECENT_SECONDS));
    for (int i = 0; i < FACTS; i++)
        text_init(&v.found[i].shown, &r->arena);
    bool ok = facts_check(&v, f);
    int64_t findings = ok ? findings_print(&v) : 0;
    if (ok)
        fprintf(r->out, findings ? "%" PRId64 " FINDINGS\n" : "what stands is what the log says\n",
                findings);
    r->status = findings > 0;
    facts_free(&v);
    return ok;
}
