#include "look/caa_verdict.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "look/caa_record.h"
#include "look/rdata.h"

enum { SHOWN_RECORDS = 6 };

/* What is learnt from record after record. */
struct hearing {
    struct arena *arena;
    const struct caa_terms *terms;
    const char *tag;     /* the one that counts */
    bool relevant;       /* it is there at all */
    bool ours, any;      /* some record names us; one lets us by any method */
    struct text methods; /* of those that let us by some */
    const char *stop;    /* why nothing can be issued whatever else is there */
    const char *but;     /* why a record that names us does not let us */
};

/* ---- the parameters of RFC 8657 */

static bool account_fits(const struct hearing *h, const struct caa_issue *issue)
{
    for (size_t i = 0; i < h->terms->identity_count; i++) {
        const char *uri = arena_format(h->arena, "acct:%lld@%s", (long long)h->terms->account_id,
                                       h->terms->identities[i]);
        if (bytes_equal(issue->account_uri, BYTES_OF(uri)))
            return true;
    }
    return false;
}

/* Lower case, as the canonical labels are. */
static void label_add(struct text *t, struct bytes label)
{
    if (t->length)
        text_add_char(t, ',');
    for (size_t i = 0; i < label.size; i++)
        text_add_char(t, (char)(label.data[i] >= 'A' && label.data[i] <= 'Z'
                                    ? label.data[i] + ('a' - 'A')
                                    : label.data[i]));
}

/* The list becomes an array of SQL, where this word is none; it is no method's label either. */
static bool is_null(struct bytes label)
{
    return label.size == 4 && strncasecmp((const char *)label.data, "null", 4) == 0;
}

static bool methods_add(struct hearing *h, struct bytes list)
{
    struct bytes label;
    struct text add;

    text_init(&add, h->arena);
    while (list.size && caa_method_next(&list, &label))
        if (!is_null(label))
            label_add(&add, label);
    if (list.size || add.length == 0)
        return false;
    if (h->methods.length)
        text_add_char(&h->methods, ',');
    text_add(&h->methods, add.data);
    return true;
}

/* NULL: it is for whoever asks. */
static const char *account_obstacle(const struct hearing *h, const struct caa_issue *issue)
{
    if (issue->repeated)
        return "a parameter stands there twice";
    if (issue->has_account_uri && !account_fits(h, issue))
        return "accounturi names another account";
    return NULL;
}

static void ours_hear(struct hearing *h, const struct caa_issue *issue)
{
    const char *obstacle = h->terms->parameters ? account_obstacle(h, issue) : NULL;

    if (obstacle)
        h->but = obstacle;
    else if (!h->terms->parameters || !issue->has_methods)
        h->any = true;
    else if (!methods_add(h, issue->methods))
        h->but = "validationmethods names no method";
}

/* ---- records */

/* What has not the form of a value names nobody (RFC 8659 4.2). */
static void issue_hear(struct hearing *h, struct bytes value)
{
    struct caa_issue issue;

    h->relevant = true;
    if (!caa_issue_read(value, &issue))
        return;
    for (size_t i = 0; i < h->terms->identity_count; i++)
        if (caa_issuer_is(issue.issuer, h->terms->identities[i])) {
            h->ours = true;
            ours_hear(h, &issue);
            return;
        }
}

static void record_hear(struct hearing *h, struct bytes rdata)
{
    struct caa_record r;

    if (!caa_record_read(rdata, &r))
        h->stop = "a record is malformed";
    else if (r.critical && !caa_record_understood(&r))
        h->stop = arena_format(h->arena, "the tag %.*s is critical and not known here",
                               (int)r.tag.size, (const char *)r.tag.data);
    else if (caa_record_is(&r, h->tag))
        issue_hear(h, r.value);
}

static bool has_tag(const struct bytes *records, size_t count, const char *tag)
{
    struct caa_record r;

    for (size_t i = 0; i < count; i++)
        if (caa_record_read(records[i], &r) && caa_record_is(&r, tag))
            return true;
    return false;
}

/* ---- the decision */

static const char *reason_of(const struct hearing *h)
{
    if (h->stop)
        return h->stop;
    if (!h->ours)
        return arena_format(h->arena, "%s does not name this CA", h->tag);
    return h->but;
}

void caa_verdict(struct arena *a, const struct bytes *records, size_t count, bool wildcard,
                 const struct caa_terms *terms, struct caa_verdict *out)
{
    struct hearing h = { .arena = a, .terms = terms, .tag = "issue" };

    if (wildcard && has_tag(records, count, "issuewild"))
        h.tag = "issuewild";
    text_init(&h.methods, a);
    for (size_t i = 0; i < count && !h.stop; i++)
        record_hear(&h, records[i]);
    *out = (struct caa_verdict){ 0 };
    out->permitted = !h.stop && (!h.relevant || h.any || h.methods.length);
    if (out->permitted && h.relevant && !h.any)
        out->methods = h.methods.data;
    if (!out->permitted)
        out->reason = reason_of(&h);
}

/* ---- for people */

static void record_show(struct text *t, struct bytes rdata)
{
    char value[RDATA_SHOWN_SIZE];
    struct caa_record r;

    if (t->length)
        text_add(t, ", ");
    if (!caa_record_read(rdata, &r)) {
        rdata_show(rdata.data, rdata.size, value);
        text_format(t, "\\# \"%s\"", value);
        return;
    }
    rdata_show(r.value.data, r.value.size, value);
    text_format(t, "%d %.*s \"%s\"", rdata.data[0], (int)r.tag.size, (const char *)r.tag.data,
                value);
}

const char *caa_shown(struct arena *a, const struct bytes *records, size_t count)
{
    struct text t;

    text_init(&t, a);
    for (size_t i = 0; i < count && i < SHOWN_RECORDS; i++)
        record_show(&t, records[i]);
    if (count > SHOWN_RECORDS)
        text_format(&t, " and %zu more", count - SHOWN_RECORDS);
    return t.length ? t.data : "";
}
