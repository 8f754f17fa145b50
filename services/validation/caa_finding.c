#include "caa_finding.h"

#include <string.h>

#include "base/mail_address.h"
#include "look/caa_record.h"
#include "message/convert.h"
#include "message/json.h"
#include "validation.h"

enum { IDENTITIES_MOST = 16, IODEF_MOST = 2, IODEF_LENGTH_MAX = 500 };

/* Strangers say how many records there are, and how long: so many bytes of them are kept for a name. A row of the
 * database has its end at 64 KB (0028_owners.sql). */
enum { RECORDS_KEPT = 12 * 1024 };

/* ---- the rules */

bool caa_terms_read(struct arena *a, const CaaRules *rules, int64_t account_id,
                    struct caa_terms *out)
{
    const char **list = arena_array(a, const char *, IDENTITIES_MOST);
    char *rest = arena_strdup(a, rules && rules->identities ? rules->identities : "");
    char *save = NULL;

    *out = (struct caa_terms){ .identities = list,
                               .account_id = account_id,
                               .parameters = rules && rules->parameters };
    for (char *name = strtok_r(rest, " ", &save); name && out->identity_count < IDENTITIES_MOST;
         name = strtok_r(NULL, " ", &save))
        list[out->identity_count++] = name;
    return out->identity_count > 0;
}

/* ---- words */

// clang-format off
static const char *const outcomes[] = {
    [RESOLVER_FOUND]   = "found",
    [RESOLVER_NO_DATA] = "no such record",
    [RESOLVER_NO_NAME] = "no such name",
    [RESOLVER_BOGUS]   = "DNSSEC validation failed",
    [RESOLVER_FAILED]  = "failed",
    [RESOLVER_TIMEOUT] = "the zone's name servers did not answer in time",
    [RESOLVER_UNASKED] = "not asked in time: too many look-ups were under way",
    [RESOLVER_STOPPED] = "the check was interrupted",
};

static const char *const results[] = {
    [CAA_RECORDS] = "forbidden",
    [CAA_NOTHING] = "permitted",
    [CAA_BOGUS]   = "bogus",
    [CAA_UNHEARD] = "unheard",
    [CAA_FAILED]  = "failed",
};
// clang-format on

/* Known is more where DNSSEC says why, and where the resolver does. */
static char *outcome_of(struct arena *a, const struct caa_query *q)
{
    if (q->state == RESOLVER_FOUND && q->count == RESOLVER_RECORDS_MAX)
        return arena_strdup(a, "more records than are read");
    if (!q->reason || q->state == RESOLVER_FOUND)
        return arena_strdup(a, outcomes[q->state]);
    return q->state == RESOLVER_BOGUS ? arena_format(a, "%s: %s", outcomes[q->state], q->reason)
                                      : arena_strdup(a, q->reason);
}

/* ---- the evidence */

static CaaLook *look_of(struct arena *a, const struct caa_query *q)
{
    CaaLook *look = arena_new(a, CaaLook);

    caa_look__init(look);
    look->type = arena_strdup(a, q->type);
    look->name = arena_strdup(a, q->name);
    look->outcome = outcome_of(a, q);
    look->has_tries = true;
    look->tries = q->tries;
    look->has_ttl = q->state == RESOLVER_FOUND;
    look->ttl = q->ttl;
    look->has_dnssec_secure =
        q->state == RESOLVER_FOUND || q->state == RESOLVER_NO_DATA || q->state == RESOLVER_NO_NAME;
    look->dnssec_secure = q->secure;
    if (q->canonical && strcmp(q->canonical, q->name) != 0)
        look->found_at = arena_strdup(a, q->canonical);
    return look;
}

/* Each whole, and the first of them, as far as there is room. */
static void records_keep(struct arena *a, CaaLook *look, const struct caa_query *q, size_t *room)
{
    look->records = arena_array(a, ProtobufCBinaryData, q->count);
    for (size_t i = 0; i < q->count && q->records[i].size <= *room; i++) {
        look->records[look->n_records++] = bytes_message(a, q->records[i]);
        *room -= q->records[i].size;
    }
    look->has_record_count = look->n_records < q->count;
    look->record_count = (uint32_t)q->count;
}

/* What decided is kept before all else. */
static void looks_fill(struct arena *a, const struct caa_seen *seen, CaaProof *proof)
{
    size_t room = RECORDS_KEPT;

    proof->looks = arena_array(a, CaaLook *, seen->path_count + 1);
    for (size_t i = 0; i < seen->path_count; i++) {
        proof->looks[proof->n_looks++] = look_of(a, seen->path[i]);
        if (seen->path[i] == seen->at)
            records_keep(a, proof->looks[i], seen->at, &room);
    }
    if (seen->parent)
        proof->looks[proof->n_looks++] = look_of(a, seen->parent);
    for (size_t i = 0; i < seen->path_count; i++)
        if (seen->path[i] != seen->at)
            records_keep(a, proof->looks[i], seen->path[i], &room);
    if (seen->parent)
        records_keep(a, proof->looks[seen->path_count], seen->parent, &room);
}

static char *evidence_text(struct arena *a, const struct caa_seen *seen, struct instant at,
                           const char *perspective)
{
    CaaProof proof = CAA_PROOF__INIT;
    struct text json;

    proof.at = instant_of(a, at);
    proof.perspective = arena_strdup(a, perspective);
    looks_fill(a, seen, &proof);
    if (seen->state == CAA_RECORDS)
        proof.records = arena_strdup(a, caa_shown(a, seen->at->records, seen->at->count));
    text_init(&json, a);
    message_to_json(&proof.base, &json);
    return json.data;
}

/* ---- the fact */

/* A zone's limit says so much of a name that was not asked for as an answer would: that of ours does not. */
static bool is_ours(const struct caa_seen *seen)
{
    return seen->at && (seen->at->state == RESOLVER_STOPPED ||
                        (seen->at->state == RESOLVER_UNASKED && !seen->at->reason));
}

/* An address that goes into a list of SQL and into a request as it is. */
static bool is_plain(struct bytes url)
{
    for (size_t i = 0; i < url.size; i++)
        if (url.data[i] <= ' ' || url.data[i] > '~' || memchr("\"'\\{},<>", url.data[i], 9))
            return false;
    return url.size > 0 && url.size <= IODEF_LENGTH_MAX;
}

static bool is_told(const char *url)
{
    return strncmp(url, "https://", 8) == 0 ||
           (strncmp(url, "mailto:", 7) == 0 && mail_address_valid(url + 7));
}

/* "{mailto:a@b.example,https://c.example/}"; NULL: nobody. Of many the first are told (BR 4.2.2.1: mailto and https). */
static char *iodef_of(struct arena *a, const struct caa_query *q)
{
    struct text t;
    size_t count = 0;

    text_init(&t, a);
    for (size_t i = 0; i < q->count && count < IODEF_MOST; i++) {
        struct caa_record r;
        const char *url;

        if (!caa_record_read(q->records[i], &r) || !caa_record_is(&r, "iodef") ||
            !is_plain(r.value))
            continue;
        url = arena_strndup(a, (const char *)r.value.data, r.value.size);
        if (is_told(url))
            text_format(&t, "%s%s", count++ ? "," : "{", url);
    }
    if (count == 0)
        return NULL;
    text_add_char(&t, '}');
    return t.data;
}

/* "{ca-tbr-7,dns-01}". Of a list that is too long to be kept the first: what lets fewer in is safe. A label that is too
 * long by itself is cut, and is no method's either way. */
static char *methods_of(struct arena *a, const char *list)
{
    size_t length = strlen(list), whole = CAA_METHODS_MOST;

    if (length <= CAA_METHODS_MOST)
        return arena_format(a, "{%s}", list);
    while (whole > 0 && list[whole] != ',')
        whole--;
    return arena_format(a, "{%.*s}", whole ? (int)whole : CAA_METHODS_MOST, list);
}

static void records_judge(struct arena *a, const struct caa_seen *seen,
                          const struct caa_terms *terms, CaaCheck *c)
{
    struct caa_verdict v;

    caa_verdict(a, seen->at->records, seen->at->count, seen->wildcard, terms, &v);
    c->ttl = seen->at->ttl < INT32_MAX ? (int32_t)seen->at->ttl : INT32_MAX;
    if (v.permitted) {
        c->result = arena_strdup(a, "permitted");
        c->methods = v.methods ? methods_of(a, v.methods) : NULL;
    } else {
        c->detail = arena_format(a, "CAA %s: %s: %s", seen->at->name,
                                 caa_shown(a, seen->at->records, seen->at->count), v.reason);
        c->iodef = iodef_of(a, seen->at);
    }
}

CaaCheck *caa_finding(struct arena *a, const struct caa_seen *seen, const struct caa_terms *terms,
                      struct instant at, const char *perspective)
{
    CaaCheck *c;

    if (is_ours(seen))
        return NULL;
    c = arena_new(a, CaaCheck);
    caa_check__init(c);
    c->name = arena_strdup(a, seen->name);
    c->checked_at = instant_of(a, at);
    c->result = arena_strdup(a, results[seen->state]);
    c->domain = seen->at ? arena_strdup(a, seen->at->name) : NULL;
    c->evidence = evidence_text(a, seen, at, perspective);
    if (seen->state == CAA_RECORDS)
        records_judge(a, seen, terms, c);
    else if (seen->at)
        c->detail = arena_format(a, "CAA %s: %s", seen->at->name, outcome_of(a, seen->at));
    return c;
}

bool caa_permits(const char *result, const CaaRules *rules)
{
    return strcmp(result, "permitted") == 0 || (strcmp(result, "unheard") == 0 && rules->unheard);
}

bool caa_has_failed(const struct caa_seen *seen)
{
    return seen->state != CAA_RECORDS && seen->state != CAA_NOTHING;
}
