#include "look/sighting.h"

#include <stdio.h>
#include <string.h>

#include "look/rdata.h"
#include "message/json.h"

/* ---- of name servers */

// clang-format off
static const char *const resolver_states[] = {
    [RESOLVER_FOUND]   = "found",
    [RESOLVER_NO_DATA] = "no_data",
    [RESOLVER_NO_NAME] = "no_name",
    [RESOLVER_BOGUS]   = "bogus",
    [RESOLVER_FAILED]  = "failed",
    [RESOLVER_TIMEOUT] = "timeout",
    [RESOLVER_UNASKED] = "unasked",
    [RESOLVER_STOPPED] = "stopped",
};

static const char *const fetch_states[] = {
    [FETCH_ANSWERED] = "answered",
    [FETCH_REFUSED]  = "refused",
    [FETCH_FAILED]   = "failed",
    [FETCH_STOPPED]  = "stopped",
};
// clang-format on

/* NULL: nobody has said anything that DNSSEC could judge. */
static const char *dnssec_of(enum resolver_state state, bool secure)
{
    if (state == RESOLVER_BOGUS)
        return "bogus";
    if (state > RESOLVER_NO_NAME)
        return NULL;
    return secure ? "secure" : "insecure";
}

/* What is not as its type should be is shown as it came. */
static void record_show(int type, struct bytes rdata, char out[RDATA_NAME_SIZE])
{
    struct rdata_text text;

    _Static_assert(RDATA_NAME_SIZE >= RDATA_SHOWN_SIZE, "either fits");
    if (type == DNS_CNAME && rdata_read_name(rdata, out))
        return;
    if (type == DNS_TXT && rdata_read_text(rdata, &text))
        rdata_show(text.data, text.size, out);
    else
        rdata_show(rdata.data, rdata.size, out);
}

static void records_keep(struct arena *a, DcvLook *look, int type,
                         const struct resolver_answer *answer)
{
    size_t count = answer->count < SIGHTING_RECORDS ? answer->count : SIGHTING_RECORDS;
    char shown[RDATA_NAME_SIZE];

    look->has_record_count = answer->count > 0;
    look->record_count = (uint32_t)answer->count;
    if (count > 0)
        look->records = arena_array(a, char *, count);
    for (size_t i = 0; i < count; i++) {
        record_show(type, answer->records[i], shown);
        look->records[look->n_records++] = arena_strdup(a, shown);
    }
}

DcvLook *sighting_of_none(struct arena *a, const char *type, const char *name)
{
    DcvLook *look = arena_new(a, DcvLook);

    dcv_look__init(look);
    look->type = arena_strdup(a, type);
    look->name = arena_strdup(a, name);
    return look;
}

DcvLook *sighting_of_answer(struct arena *a, const struct resolver_ask *ask,
                            const struct resolver_answer *answer)
{
    DcvLook *look = sighting_of_none(a, resolver_type_name(ask->type), ask->name);

    look->state = arena_strdup(a, resolver_states[answer->state]);
    look->dnssec = arena_strdup(a, dnssec_of(answer->state, answer->secure));
    look->has_ttl = answer->state <= RESOLVER_NO_NAME;
    look->ttl = answer->ttl;
    look->server = arena_strdup(a, answer->server);
    if (answer->canonical && strcmp(answer->canonical, ask->name) != 0)
        look->found_at = arena_strndup(a, answer->canonical, RDATA_NAME_SIZE);
    records_keep(a, look, ask->type, answer);
    return look;
}

/* ---- of web servers */

static char *url_keep(struct arena *a, const char *url)
{
    return arena_format(a, "%.*s%s", SIGHTING_URL, url, strlen(url) > SIGHTING_URL ? "..." : "");
}

static DcvHop *hop_keep(struct arena *a, const struct fetch_hop *hop)
{
    DcvHop *out = arena_new(a, DcvHop);

    dcv_hop__init(out);
    out->url = url_keep(a, hop->url);
    out->address = arena_strdup(a, hop->address);
    out->has_status = true;
    out->status = (uint32_t)hop->status;
    out->has_dnssec_secure = !hop->literal;
    out->dnssec_secure = hop->secure;
    if (hop->tried_count > 0)
        out->tried = arena_array(a, char *, hop->tried_count);
    for (size_t i = 0; i < hop->tried_count; i++)
        out->tried[out->n_tried++] = arena_strdup(a, hop->tried[i]);
    return out;
}

size_t sighting_hops(struct arena *a, const struct fetch_answer *answer, DcvHop ***out)
{
    *out = answer->hop_count ? arena_array(a, DcvHop *, answer->hop_count) : NULL;
    for (size_t i = 0; i < answer->hop_count; i++)
        (*out)[i] = hop_keep(a, &answer->hops[i]);
    return answer->hop_count;
}

static void body_keep(struct arena *a, DcvLook *look, struct bytes body)
{
    char shown[4 * SIGHTING_BODY + sizeof "..."];
    size_t size = body.size < SIGHTING_BODY ? body.size : SIGHTING_BODY;

    rdata_show_in(body.data, size, shown, sizeof shown);
    look->body = arena_strdup(a, shown);
    look->has_body_size = true;
    look->body_size = (uint32_t)body.size;
}

/* Of the address that was asked last, as far as one was found: its hop says so when it was connected to. */
static const char *dnssec_of_file(const struct fetch_answer *answer)
{
    const struct fetch_hop *last = answer->hop_count ? &answer->hops[answer->hop_count - 1] : NULL;

    if (last && last->address[0] && !last->literal)
        return dnssec_of(RESOLVER_FOUND, last->secure);
    return answer->looked_up == RESOLVER_BOGUS ? "bogus" : NULL;
}

DcvLook *sighting_of_file(struct arena *a, const char *url, const struct fetch_answer *answer)
{
    DcvLook *look = sighting_of_none(a, "HTTP", url);

    look->state = arena_strdup(a, fetch_states[answer->state]);
    look->dnssec = arena_strdup(a, dnssec_of_file(answer));
    look->n_hops = sighting_hops(a, answer, &look->hops);
    if (answer->state == FETCH_ANSWERED)
        body_keep(a, look, answer->body);
    return look;
}

/* ---- of both */

void sighting_timed(struct arena *a, DcvLook *look, struct instant at, struct tick begun)
{
    look->at = arena_new(a, Instant);
    instant__init(look->at);
    look->at->us = at.us;
    look->has_took_ms = true;
    look->took_ms = (uint32_t)((tick_now().us - begun.us) / 1000);
}

static void looks_cut(DcvProof *proof)
{
    for (size_t i = 0; i < proof->n_looks; i++) {
        DcvLook *look = proof->looks[i];

        look->n_records = look->n_hops = 0;
        look->records = NULL;
        look->hops = NULL;
        look->body = look->found_at = NULL;
    }
    proof->n_hops = 0;
    proof->hops = NULL;
    proof->has_cut = proof->cut = true;
}

static const char *proof_text(struct arena *a, const DcvProof *proof)
{
    struct text json;

    text_init(&json, a);
    message_to_json(&proof->base, &json);
    return json.data;
}

const char *sighting_proof(struct arena *a, DcvProof *proof)
{
    const char *json = proof_text(a, proof);

    if (strlen(json) <= SIGHTING_PROOF_MAX)
        return json;
    looks_cut(proof);
    return proof_text(a, proof);
}
