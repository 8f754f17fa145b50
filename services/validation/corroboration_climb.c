/* Names whose CAA records, as the primary sees them, let this CA issue. Others need not see the same records, but
 * records that do so as well (BR 3.2.2.9). */
#include <string.h>

#include "caa_finding.h"
#include "corroboration_kind.h"
#include "message/field.h"

/* Letters of the records that decided which are kept where all is too long. */
enum { RECORDS_KEPT = 500 };

static const char *section(const struct corroboration *c)
{
    (void)c;
    return "4.2.2.1";
}

static const ProtobufCMessage *question(const struct corroboration *c, size_t first, size_t count)
{
    CaaQuestion *q = arena_new(c->arena, CaaQuestion);

    caa_question__init(q);
    q->account_id = c->account_id;
    q->rules = (CaaRules *)message_copy(c->arena, &c->caa->base);
    q->names = arena_array(c->arena, char *, count);
    for (; q->n_names < count; q->n_names++)
        q->names[q->n_names] = arena_strdup(c->arena, c->names[first + q->n_names].identifier);
    return &q->base;
}

static void ask(ProtobufCService *service, const ProtobufCMessage *question,
                PerspectiveAnswer_Closure told, struct bus_call *call)
{
    perspective__climb(service, (const CaaQuestion *)question, told, call);
}

/* Lists such as "{ca-tbr-7,dns-01}": is each label of the one in the other? */
static bool is_within(const char *list, const char *whole)
{
    static const char marks[] = "{,}";

    for (list += strspn(list, marks); *list; list += strspn(list, marks)) {
        size_t length = strcspn(list, marks);
        const char *at = whole + strspn(whole, marks);

        while (*at && (strcspn(at, marks) != length || strncmp(at, list, length) != 0)) {
            at += strcspn(at, marks);
            at += strspn(at, marks);
        }
        if (!*at)
            return false;
        list += length;
    }
    return true;
}

/* Who sees records that let fewer methods in does not confirm that the others may be used. */
static const char *objection(struct arena *a, const struct corroboration *c,
                             const struct corroboration_name *n, const PerspectiveSight *sight)
{
    const CaaSight *seen = sight->found ? sight->caa : NULL;

    if (!seen)
        return sight->reason ? sight->reason : "has not looked at it";
    if (!caa_permits(seen->result, c->caa))
        return sight->reason ? sight->reason : "does not permit it";
    if (seen->methods && !(n->methods && is_within(n->methods, seen->methods)))
        return arena_format(a, "permits it for validation by %.100s alone", seen->methods);
    return NULL;
}

static bool unseen(const PerspectiveSight *sight)
{
    return !sight->found;
}

static void keep(Corroborator *out, const PerspectiveSight *sight)
{
    out->climb = sight->caa ? sight->caa->proof : NULL;
    if (out->climb && out->agreed) {
        out->climb->n_looks = 0;
        out->climb->looks = NULL;
    }
}

static void cut(Corroborator *by)
{
    if (!by->climb)
        return;
    by->climb->n_looks = 0;
    by->climb->looks = NULL;
    if (by->climb->records && strlen(by->climb->records) > RECORDS_KEPT)
        by->climb->records = NULL;
}

const struct corroboration_kind corroboration_climb = {
    .here = "permitted here",
    .agree = "permit it",
    .section = section,
    .question = question,
    .ask = ask,
    .objection = objection,
    .cut = cut,
    .unseen = unseen,
    .keep = keep,
};
