/* chancery status: one page of what the database knows. Whether the services run, their /readyz says. */
#include "cli/reseal.sql.h"
#include "cli/status.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "figures.pb-c.h"
#include "ledger/figures.sql.h"
#include "listing.h"
#include "message/convert.h"
#include "perspective.pb-c.h"
#include "pki/certificate.h"
#include "pki/seal.h"
#include "seal.pb-c.h"

/* Where counting ends: as the scheduler's figures do (lib/service/metrics.def). */
enum { ROOM = 10000, EXPIRY_ROOM = 100000 };

enum { POLICY, AUTHORITIES, PERSPECTIVES, LANES, LINTS, LOGS, SEALED, FIGURES, SECTIONS };
static const struct {
    const char *title, *member, *none;
    bool one; /* row */
} sections[SECTIONS] = {
    [POLICY] = { "POLICY", "policy", "none is in force (chancery policy load)", true },
    [AUTHORITIES] = { "AUTHORITIES", "authorities", "none (chancery-issuer ceremony)", false },
    [PERSPECTIVES] = { "PERSPECTIVES", "perspectives",
                       "none was asked about the names that were looked at last", false },
    [LANES] = { "LANES OF JOBS", "lanes", "none", false },
    [LINTS] = { "REFUSED BY LINTS", "lints", "nothing", false },
    [LOGS] = { "LOGS ASKED IN VAIN", "logs", "none", false },
    [SEALED] = { "SEALED SECRETS", "sealed", "none", false },
    [FIGURES] = { "FIGURES", "figures", "none", true },
};

static char *lanes[] = {
#define LANE(name, service) (char[]){ #name },
#include "ledger/lanes.def"
#undef LANE
};

/* ---- what the database says */

/* Nothing where no product is to be logged. */
static const char *logs_of(struct arena *a, const StatusPolicy *p)
{
    if (!p->transparency)
        return NULL;
    return p->logs > 0 ? arena_format(a, "%lld listed", (long long)p->logs)
                       : "none: certificates are given to no log, and browsers that ask for "
                         "Certificate Transparency will refuse them";
}

static bool policy_fill(struct command_run *r, struct table *t, struct fault *f)
{
    struct arena *a = &r->arena;
    Nothing none = NOTHING__INIT;
    StatusPolicy p = STATUS_POLICY__INIT;
    bool found = false;
    if (!store_maybe(r->store, a, &sql_status_policy, &none.base, &p.base, &found, f))
        return false;
    table_init(t, a, 5);
    TABLE_ROW(t, "VERSION#", "IN FORCE SINCE", "LOADED", "SHA256", "LOGS OF CERTIFICATES");
    if (found)
        TABLE_ROW(t, listing_number(a, p.version), listing_time(a, p.activated_at),
                  listing_time(a, p.loaded_at), p.sha256, logs_of(a, &p));
    return true;
}

static const char *end_of(struct arena *a, ProtobufCBinaryData der)
{
    struct certificate c;
    struct fault f;
    return certificate_read(bytes_value(der), &c, &f, "der")
               ? listing_time(a, instant_message(a, c.not_after))
               : NULL;
}

static bool authorities_fill(struct command_run *r, struct table *t, struct fault *f)
{
    struct arena *a = &r->arena;
    Nothing none = NOTHING__INIT;
    struct rows rows;
    if (!store_all(r->store, a, &sql_status_authorities, &none.base, &rows, f))
        return false;
    table_init(t, a, 6);
    TABLE_ROW(t, "ID", "KEY", "STATE", "STOPPED", "NOT AFTER", "NAME");
    for (size_t i = 0; i < rows.count; i++) {
        const StatusAuthority *y = (const StatusAuthority *)rows.items[i];
        TABLE_ROW(t, y->id, y->key_type,
                  y->may_sign     ? "signs"
                  : y->stopped_at ? "stopped"
                                  : "signs no leaf",
                  listing_time(a, y->stopped_at), end_of(a, y->der), y->name);
    }
    return true;
}

static bool perspectives_fill(struct command_run *r, struct table *t, struct fault *f)
{
    struct arena *a = &r->arena;
    Nothing none = NOTHING__INIT;
    struct rows rows;
    if (!store_all(r->store, a, &sql_status_perspectives, &none.base, &rows, f))
        return false;
    table_init(t, a, 8);
    TABLE_ROW(t, "NAME", "REGION", "ASKED#", "AGREED#", "NOT#", "AGREED LAST", "ASKED LAST",
              "SAID LAST");
    for (size_t i = 0; i < rows.count; i++) {
        const PerspectiveStanding *p = (const PerspectiveStanding *)rows.items[i];
        TABLE_ROW(t, p->perspective, p->region, listing_number(a, p->asked),
                  listing_number(a, p->agreed), listing_number(a, p->asked - p->agreed),
                  listing_time(a, p->agreed_at), listing_time(a, p->asked_at), p->said);
    }
    return true;
}

static bool lanes_fill(struct command_run *r, struct table *t, FiguresAsked *in, struct fault *f)
{
    struct arena *a = &r->arena;
    struct rows rows;
    if (!store_all(r->store, a, &sql_figures_lanes, &in->base, &rows, f))
        return false;
    table_init(t, a, 6);
    TABLE_ROW(t, "LANE", "DUE#", "HELD#", "LATER#", "OLDEST DUE SECONDS#", "GIVEN UP#");
    for (size_t i = 0; i < rows.count; i++) {
        const LaneFigures *l = (const LaneFigures *)rows.items[i];
        TABLE_ROW(t, l->lane, listing_number(a, l->due), listing_number(a, l->held),
                  listing_number(a, l->later), listing_number(a, l->oldest_s),
                  listing_number(a, l->dead));
    }
    return true;
}

/* What the issuer did not have signed: each is mended in the policy or the program, then tried again. */
static bool lints_fill(struct command_run *r, struct table *t, FiguresAsked *in, struct fault *f)
{
    struct arena *a = &r->arena;
    struct rows rows;
    if (!store_all(r->store, a, &sql_status_lints, &in->base, &rows, f))
        return false;
    table_init(t, a, 4);
    TABLE_ROW(t, "LINT", "REQUESTS#", "SINCE", "WHY");
    for (size_t i = 0; i < rows.count; i++) {
        const StatusLint *l = (const StatusLint *)rows.items[i];
        TABLE_ROW(t, l->lint, listing_number(a, l->requests), listing_time(a, l->since), l->why);
    }
    return true;
}

static bool logs_fill(struct command_run *r, struct table *t, FiguresAsked *in, struct fault *f)
{
    struct arena *a = &r->arena;
    struct rows rows;
    if (!store_all(r->store, a, &sql_status_logs, &in->base, &rows, f))
        return false;
    table_init(t, a, 4);
    TABLE_ROW(t, "LOG", "REQUESTS#", "LAST", "SAID");
    for (size_t i = 0; i < rows.count; i++) {
        const StatusLog *l = (const StatusLog *)rows.items[i];
        TABLE_ROW(t, l->log, listing_number(a, l->requests), listing_time(a, l->at), l->said);
    }
    return true;
}

static const char *age_of(const struct seal_key *key, struct bytes prefix)
{
    static const char *const ages[] = {
        [SEAL_UNKNOWN] = "unknown", [SEAL_OLD] = "old", [SEAL_NEW] = "new"
    };
    return key ? ages[seal_age(key, prefix)] : NULL;
}

static bool counts_fill(struct command_run *r, struct table *t, const struct seal_key *key,
                        struct fault *f)
{
    struct arena *a = &r->arena;
    Nothing none = NOTHING__INIT;
    struct rows rows;
    if (!store_all(r->store, a, &sql_sealed_counts, &none.base, &rows, f))
        return false;
    table_init(t, a, 4);
    TABLE_ROW(t, "KEY", "WHICH", "AUTH KEYS#", "WEBHOOK SECRETS#");
    for (size_t i = 0; i < rows.count; i++) {
        const SealedCount *c = (const SealedCount *)rows.items[i];
        struct bytes prefix = bytes_value(c->prefix);
        TABLE_ROW(t, hex_lower(a, (struct bytes){ prefix.data + 1, prefix.size - 1 }),
                  age_of(key, prefix), listing_number(a, c->auth_keys),
                  listing_number(a, c->webhook_secrets));
    }
    return true;
}

/* Which key is the old one is known to who has the file. */
static bool sealed_fill(struct command_run *r, struct table *t, struct fault *f)
{
    struct secret path;
    if (!command_setting(r, "SEAL_KEY", "", "file with the key that seals secrets", &path, f))
        return false;
    struct seal_key *key = *path.text ? seal_key_load(path.text, f) : NULL;
    bool ok = (key || !*path.text) && counts_fill(r, t, key, f);
    seal_key_free(key);
    return ok;
}

static bool figures_fill(struct command_run *r, struct table *t, FiguresAsked *in, struct fault *f)
{
    struct arena *a = &r->arena;
    Nothing none = NOTHING__INIT;
    LedgerFigures l = LEDGER_FIGURES__INIT;
    ExpiryFigures e = EXPIRY_FIGURES__INIT;
    StatusPrecertificates p = STATUS_PRECERTIFICATES__INIT;
    StatusRelay mails = STATUS_RELAY__INIT;
    bool ok = store_one(r->store, a, &sql_figures_ledger, &in->base, &l.base, f), said = false;
    in->room = EXPIRY_ROOM;
    if (!ok || !store_one(r->store, a, &sql_figures_expiry, &in->base, &e.base, f) ||
        !store_one(r->store, a, &sql_status_precertificates, &none.base, &p.base, f) ||
        !store_maybe(r->store, a, &sql_status_relay, &none.base, &mails.base, &said, f))
        return false;
    table_init(t, a, 10);
    TABLE_ROW(t, "ORDERS NOT ISSUED SOON#", "HELD UP BY JOBS GIVEN UP#", "ATTEMPTS IN QUARANTINE#",
              "PRECERTIFICATES OPEN#", "WEBHOOKS FAILING#", "EXPIRE IN 7 DAYS#",
              "EXPIRE IN 30 DAYS#", "AUDIT ROWS UNSEALED#", "OLDEST UNSEALED SECONDS#",
              "RELAY FOR MAILS");
    TABLE_ROW(t, listing_number(a, l.orders_waiting), listing_number(a, l.held_up),
              listing_number(a, l.quarantined), listing_number(a, p.open),
              listing_number(a, l.webhooks_failing), listing_number(a, e.week),
              listing_number(a, e.month), listing_number(a, l.unsealed),
              listing_number(a, l.unsealed_s), said ? mails.relay : NULL);
    return true;
}

/* ---- the page */

static void section_text(int which, const struct table *t, struct text *out)
{
    text_format(out, "%s%s\n", which ? "\n" : "", sections[which].title);
    if (table_rows(t) == 0)
        text_format(out, "%s\n", sections[which].none);
    else if (sections[which].one)
        table_write_lines(t, out);
    else
        table_write(t, 0, out);
}

static void section_json(int which, const struct table *t, struct text *out)
{
    text_format(out, "%s\"%s\":", which ? "," : "{", sections[which].member);
    if (!sections[which].one)
        table_write_json(t, out);
    else if (table_rows(t) == 0)
        text_add(out, "null\n");
    else
        table_write_object(t, out);
}

bool status_command(struct command_run *r, struct fault *f)
{
    bool json = command_option(r, "json") != NULL;
    struct table t[SECTIONS];
    struct text out;
    FiguresAsked in = FIGURES_ASKED__INIT;
    in.now = instant_message(&r->arena, clock_now());
    in.room = ROOM;
    in.lanes = lanes;
    in.n_lanes = sizeof lanes / sizeof *lanes;
    if (!command_store(r, f) || !policy_fill(r, &t[POLICY], f) ||
        !authorities_fill(r, &t[AUTHORITIES], f) || !perspectives_fill(r, &t[PERSPECTIVES], f) ||
        !lanes_fill(r, &t[LANES], &in, f) || !lints_fill(r, &t[LINTS], &in, f) ||
        !logs_fill(r, &t[LOGS], &in, f) || !sealed_fill(r, &t[SEALED], f) ||
        !figures_fill(r, &t[FIGURES], &in, f))
        return false;
    text_init(&out, &r->arena);
    for (int i = 0; i < SECTIONS; i++)
        (json ? section_json : section_text)(i, &t[i], &out);
    fprintf(r->out, "%s%s", out.data, json ? "}\n" : "");
    return true;
}
