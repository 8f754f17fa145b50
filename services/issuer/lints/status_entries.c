/* The entries of a CRL, RFC 5280 5.1.2.6 and 5.3. */
#include <stdlib.h>
#include <string.h>

#include "lints/status_case.h"

/* Each entry in turn. */
static bool each(struct status_case *c,
                 bool (*holds)(struct status_case *, const struct crl_entry *))
{
    struct der walk = c->crl.entries;
    struct crl_entry entry;

    while (c->crl.has_entries && crl_next(&walk, &entry))
        if (!holds(c, &entry))
            return false;
    return true;
}

static bool has_good_serial(struct status_case *c, const struct crl_entry *e)
{
    return status_serial_formed(c, e->serial, "an entry");
}

static bool serials(struct status_case *c)
{
    return each(c, has_good_serial);
}

/* As numbers; both are of minimal length. */
static int compare(struct bytes a, struct bytes b)
{
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return memcmp(a.data, b.data, a.size);
}

/* So that a list can be searched and compared with another; the same twice is serials_unique()'s. */
static bool serials_sorted(struct status_case *c)
{
    struct der walk = c->crl.entries;
    struct crl_entry before = { 0 }, entry;

    for (size_t i = 1; c->crl.has_entries && crl_next(&walk, &entry); i++, before = entry)
        if (before.serial.size > 0 && compare(before.serial, entry.serial) > 0)
            return status_miss(c, "entry %zu has a smaller serial number than that before it", i);
    return true;
}

static int by_serial(const void *a, const void *b)
{
    return compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static struct bytes *serials_of(const struct crl *crl, size_t *count)
{
    struct der walk = crl->entries;
    struct crl_entry entry;
    struct bytes *out;

    for (*count = 0; crl->has_entries && crl_next(&walk, &entry);)
        ++*count;
    out = calloc(*count + 1, sizeof *out);
    walk = crl->entries;
    for (size_t i = 0; i < *count && crl_next(&walk, &entry); i++)
        out[i] = entry.serial;
    return out;
}

static bool serials_unique(struct status_case *c)
{
    size_t count;
    struct bytes *all = serials_of(&c->crl, &count);
    bool twice = false;

    qsort(all, count, sizeof *all, by_serial);
    for (size_t i = 1; i < count && !twice; i++)
        twice = bytes_equal(all[i - 1], all[i]);
    free(all);
    return !twice || status_miss(c, "a serial number stands there twice");
}

static bool is_encoded_right(struct status_case *c, const struct crl_entry *e)
{
    return status_time_fits(&e->revoked) ||
           status_miss(c, "a revocationDate: UTCTime through 2049, GeneralizedTime later");
}

static bool revoked_encoding(struct status_case *c)
{
    return each(c, is_encoded_right);
}

static bool is_past(struct status_case *c, const struct crl_entry *e)
{
    return !instant_before(c->crl.this_update.at, e->revoked.at) ||
           status_miss(c, "a revocationDate lies after thisUpdate");
}

static bool revoked_past(struct status_case *c)
{
    return each(c, is_past);
}

static bool has_no_critical(struct status_case *c, const struct crl_entry *e)
{
    struct der walk = e->extensions.list;
    struct status_extension x;

    while (e->extensions.present && status_extension_next(&walk, &x))
        if (x.critical)
            return status_miss(c, "an entry has a critical extension");
    return true;
}

static bool extensions_not_critical(struct status_case *c)
{
    return each(c, has_no_critical);
}

/* certificateIssuer is for indirect CRLs alone. */
static bool has_known(struct status_case *c, const struct crl_entry *e)
{
    struct der walk = e->extensions.list;
    struct status_extension x;

    while (e->extensions.present && status_extension_next(&walk, &x))
        if (!bytes_equal(x.oid, STATUS_OID_REASON) &&
            !bytes_equal(x.oid, STATUS_OID_INVALIDITY_DATE))
            return status_miss(c, "an entry has an extension that is none of an entry");
    return true;
}

static bool extensions_known(struct status_case *c)
{
    return each(c, has_known);
}

static bool has_each_once(struct status_case *c, const struct crl_entry *e)
{
    struct der walk = e->extensions.list, rest;
    struct status_extension x, y;

    while (e->extensions.present && status_extension_next(&walk, &x))
        for (rest = walk; status_extension_next(&rest, &y);)
            if (bytes_equal(x.oid, y.oid))
                return status_miss(c, "an entry has an extension twice");
    return true;
}

static bool extensions_unique(struct status_case *c)
{
    return each(c, has_each_once);
}

/* ---- reasons */

/* The content of its ENUMERATED; false where it has none, `formed` tells whether it is one. */
static bool reason_of(const struct crl_entry *e, struct bytes *content, bool *formed)
{
    struct status_extension x;

    if (!status_extension_find(&e->extensions, STATUS_OID_REASON, &x))
        return false;
    struct der all = der_open(x.value);
    *formed = der_take(&all, DER_ENUMERATED, content) && der_done(&all);
    return true;
}

static bool has_good_reason(struct status_case *c, const struct crl_entry *e)
{
    struct bytes content;
    bool formed;

    if (!reason_of(e, &content, &formed))
        return true;
    return formed ? status_reason_formed(c, content) : status_miss(c, "a reasonCode is malformed");
}

static bool reasons(struct status_case *c)
{
    return each(c, has_good_reason);
}

static bool has_allowed_reason(struct status_case *c, const struct crl_entry *e)
{
    struct bytes content;
    bool formed;

    return !reason_of(e, &content, &formed) || !formed || content.size != 1 ||
           !status_forbids(c, "revocation.reason.", content.data[0]) ||
           status_miss(c, "reasonCode %u is prohibited", content.data[0]);
}

static bool reasons_allowed(struct status_case *c)
{
    return each(c, has_allowed_reason);
}

static bool has_reason(struct status_case *c, const struct crl_entry *e)
{
    struct bytes content;
    bool formed;

    return reason_of(e, &content, &formed) || status_miss(c, "an entry has no reasonCode");
}

static bool reasons_present(struct status_case *c)
{
    return each(c, has_reason);
}

static bool has_no_invalidity_date(struct status_case *c, const struct crl_entry *e)
{
    struct status_extension x;

    return !status_extension_find(&e->extensions, STATUS_OID_INVALIDITY_DATE, &x) ||
           status_miss(c, "an entry has an invalidityDate");
}

static bool no_invalidity_date(struct status_case *c)
{
    return each(c, has_no_invalidity_date);
}

// clang-format off
const struct status_lint status_entry_lints[] = {
    { "crl_serials",                 "RFC 5280 5.1.2.6", STATUS_CRL, NULL, serials },
    { "crl_serials_sorted",          "practice of this CA", STATUS_CRL, NULL, serials_sorted },
    { "crl_serials_unique",          "RFC 5280 5.1.2.6", STATUS_CRL, NULL, serials_unique },
    { "crl_revoked_encoding",        "RFC 5280 5.1.2.6", STATUS_CRL, NULL, revoked_encoding },
    { "crl_revoked_past",            "RFC 5280 5.1.2.6", STATUS_CRL, NULL, revoked_past },
    { "crl_entry_not_critical",      "BR 7.2.2",         STATUS_CRL, NULL, extensions_not_critical },
    { "crl_entry_extensions_known",  "BR 7.2.2",         STATUS_CRL, NULL, extensions_known },
    { "crl_entry_extensions_unique", "RFC 5280 4.2",     STATUS_CRL, NULL, extensions_unique },
    { "crl_reasons",                 "RFC 5280 5.3.1",   STATUS_CRL, NULL, reasons },
    { "crl_reasons_allowed",         "BR 7.2.2",         STATUS_CRL, "revocation.reason.", reasons_allowed },
    { "crl_reasons_present",         "BR 7.2.2",         STATUS_CRL_CA, "revocation.reason", reasons_present },
    { "crl_no_invalidity_date",      "BR 7.2.2",         STATUS_CRL, "revocation.invalidity_date", no_invalidity_date },
    { 0 },
};
// clang-format on
