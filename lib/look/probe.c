#include "look/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "look/methods/method.h"
#include "look/sighting.h"
#include "look/trail.h"
#include "look/value.h"
#include "message/json.h"
#include "pki/authkey.h"
#include "pki/digest.h"

static const struct method *const methods[] = { &method_dns_txt, &method_dns_cname,
                                                &method_http_token };

static const struct method *find(DcvMethod__Value id)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i]->id == id)
            return methods[i];
    return NULL;
}

const struct dcv_method *probe_method(DcvMethod__Value id)
{
    return find(id) ? dcv_method(id) : NULL;
}

static struct probe_request request_copy(struct arena *a, const struct probe_request *from)
{
    struct probe_request copy = *from;

    copy.domain = arena_strdup(a, from->domain);
    copy.wanted.text = arena_strdup(a, from->wanted.text);
    copy.wanted.token = arena_strdup(a, from->wanted.token);
    copy.wanted.auth_key.text = arena_strdup(a, from->wanted.auth_key.text);
    copy.wanted.csr.data = arena_copy(a, from->wanted.csr.data, from->wanted.csr.size);
    return copy;
}

void probe_start(const struct prober *prober, const struct probe_request *request,
                 void (*done)(void *context, const struct probe_result *result), void *context)
{
    struct probe *p = calloc(1, sizeof *p);

    arena_init(&p->arena);
    p->prober = prober;
    p->request = request_copy(&p->arena, request);
    p->done = done;
    p->context = context;
    dcv_proof__init(&p->proof);
    instant__init(&p->at);
    instant__init(&p->token_made);
    find(request->method->id)->start(p);
}

static const char *look_type(const struct look *look)
{
    return look->url ? "HTTP" : resolver_type_name(look->ask.type);
}

static const char *look_name(const struct look *look)
{
    return look->url ? look->url : look->ask.name;
}

/* "TXT _dnsauth.example.com: no such name; TXT example.com: ..." */
static void write_reason(struct probe *p)
{
    size_t at = 0;

    for (size_t i = 0; i < p->count && at < sizeof p->result.reason; i++) {
        const struct look *look = &p->looks[i];
        int n = snprintf(p->result.reason + at, sizeof p->result.reason - at, "%s%s%s%s: %s",
                         i ? "; " : "", look->url ? "" : look_type(look), look->url ? "" : " ",
                         look_name(look), look->outcome);
        at += (size_t)n;
    }
}

static DcvLook *look_seen(struct probe *p, struct look *look)
{
    DcvLook *seen =
        look->seen ? look->seen : sighting_of_none(&p->arena, look_type(look), look_name(look));

    seen->outcome = arena_strdup(&p->arena, look->outcome ? look->outcome : "not waited for");
    return seen;
}

/* The value is a secret until it was found, and who reads evidence may be nobody who may know it. */
static char *expected_hash(struct probe *p)
{
    uint8_t hash[SHA256_SIZE];

    if (!p->request.wanted.text)
        return NULL;
    digest_sha256(BYTES_OF(p->request.wanted.text), hash);
    return hex_lower(&p->arena, (struct bytes){ hash, sizeof hash });
}

static void proof_fill(struct probe *p)
{
    DcvProof *proof = &p->proof;

    p->at.us = p->result.at.us;
    proof->at = &p->at;
    proof->perspective = arena_strdup(&p->arena, p->prober->perspective);
    proof->domain = arena_strdup(&p->arena, p->request.domain);
    proof->method = arena_strdup(&p->arena, p->request.method->section);
    proof->expected_sha256 = expected_hash(p);
    proof->looks = arena_array(&p->arena, DcvLook *, p->count);
    for (size_t i = 0; i < p->count; i++)
        proof->looks[proof->n_looks++] = look_seen(p, &p->looks[i]);
}

static void tell(struct probe *p, bool found)
{
    p->result.found = found;
    p->result.failed = p->result.failed && !found;
    for (size_t i = 0; i < p->count; i++)
        p->result.silent |= p->looks[i].silent && !p->result.heard;
    p->result.at = clock_now();
    if (!found) {
        dcv_proof__init(&p->proof); /* whatever was noted */
        write_reason(p);
    }
    proof_fill(p);
    p->result.proof = sighting_proof(&p->arena, &p->proof);
    p->ended = true;
    p->done(p->context, &p->result);
}

static void look_over(struct probe *p)
{
    if (--p->pending > 0)
        return;
    if (!p->ended)
        tell(p, false);
    arena_free(&p->arena);
    free(p);
}

/* How the name servers of the domain are. What failed (they may have been silent once too often), was not
 * asked or was interrupted tells nothing. */
static void look_hear(struct look *look, enum resolver_state state)
{
    look->probe->result.heard |= state == RESOLVER_FOUND || state == RESOLVER_NO_DATA ||
                                 state == RESOLVER_NO_NAME || state == RESOLVER_BOGUS;
    look->silent = state == RESOLVER_TIMEOUT;
}

static void look_keep(struct look *look, DcvLook *seen)
{
    sighting_timed(&look->probe->arena, seen, look->at, look->begun);
    look->seen = seen;
}

static void answered(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct look *look = ask->context;

    look_hear(look, answer->state);
    if (!look->probe->ended && trail_follow(ask, answer))
        return;
    if (!look->probe->ended) {
        look_keep(look, sighting_of_answer(&look->probe->arena, ask, answer));
        look->judge(look, answer);
    }
    look_over(look->probe);
}

static void file_answered(void *context, const struct fetch_answer *answer)
{
    struct look *look = context;

    look_hear(look, answer->looked_up);
    if (!look->probe->ended) {
        look_keep(look, sighting_of_file(&look->probe->arena, look->url, answer));
        look->judge_file(look, answer);
    }
    look_over(look->probe);
}

void probe_look(struct probe *p, int type,
                void (*judge)(struct look *look, const struct resolver_answer *answer),
                const char *format, ...)
{
    struct look *look = &p->looks[p->count];
    va_list args;

    va_start(args, format);
    vsnprintf(look->ask.name, sizeof look->ask.name, format, args);
    va_end(args);
    look->ask.type = type;
    look->ask.account_id = p->request.account_id;
    look->ask.deadline = p->request.deadline;
    look->ask.done = answered;
    look->ask.context = look;
    look->probe = p;
    look->judge = judge;
    p->count++;
}

void probe_file(struct probe *p,
                void (*judge)(struct look *look, const struct fetch_answer *answer),
                const char *format, ...)
{
    struct look *look = &p->looks[p->count++];
    char url[GUARD_URL_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(url, sizeof url, format, args);
    va_end(args);
    look->url = arena_strdup(&p->arena, url);
    look->probe = p;
    look->judge_file = judge;
}

static void look_send(const struct prober *prober, struct look *look)
{
    struct fetch_request file = { .account_id = look->probe->request.account_id,
                                  .url = look->url,
                                  .rules = look->probe->request.web,
                                  .deadline = look->probe->request.deadline };

    look->asked = true;
    look->at = clock_now();
    look->begun = tick_now();
    if (look->url)
        fetch_start(prober->fetcher, &file, file_answered, look);
    else
        resolver_ask(prober->resolver, &look->ask);
}

/* Once the last is sent the probe may be gone: what is to be sent is known before. */
void probe_ask(struct probe *p)
{
    const struct prober *prober = p->prober;
    struct look *fresh[PROBE_LOOKS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++)
        if (!p->looks[i].asked)
            fresh[count++] = &p->looks[i];
    p->pending += count;
    for (size_t i = 0; i < count; i++)
        look_send(prober, fresh[i]);
}

void look_outcome(struct look *look, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    look->outcome = arena_strdup(&look->probe->arena, text);
}

// clang-format off
static const struct {
    const char *text;
    bool failed; /* else it is known that there is nothing */
} outcomes[] = {
    [RESOLVER_NO_DATA] = { "no such record",                             false },
    [RESOLVER_NO_NAME] = { "no such name",                               false },
    [RESOLVER_BOGUS]   = { "DNSSEC validation failed: ",                 true  },
    [RESOLVER_FAILED]  = { "",                                           true  },
    [RESOLVER_TIMEOUT] = { "the zone's name servers did not answer in time", true },
    [RESOLVER_UNASKED] = { "not asked in time: too many look-ups were under way", true },
    [RESOLVER_STOPPED] = { "the check was interrupted",                  true  },
};
// clang-format on

bool look_has_records(struct look *look, const struct resolver_answer *answer)
{
    if (answer->state == RESOLVER_FOUND)
        return true;
    look_outcome(look, "%s%s", outcomes[answer->state].text, answer->reason ? answer->reason : "");
    look->probe->result.failed |= outcomes[answer->state].failed;
    return false;
}

void probe_note(struct look *look, const struct resolver_answer *answer, const char *shown)
{
    struct probe *p = look->probe;

    p->proof.type = arena_strdup(&p->arena, resolver_type_name(look->ask.type));
    p->proof.name = look->ask.name;
    p->proof.found_at = arena_strdup(&p->arena, answer->canonical);
    p->proof.record = arena_strdup(&p->arena, shown);
    p->proof.has_dnssec_secure = true;
    p->proof.dnssec_secure = answer->secure;
    look_outcome(look, "found");
}

void probe_prove(struct probe *p)
{
    tell(p, true);
}

/* Where it stands does not matter, as for any token. */
static bool stands(struct bytes text, const char *token)
{
    size_t length = strlen(token);

    return length >= VALUE_LEAST && memmem(text.data, text.size, token, length) != NULL;
}

/* A zone may send hundreds of records: what each one costs in memory is given back at once. */
bool probe_holds_token(struct probe *p, struct bytes text)
{
    const struct probe_wanted *w = &p->request.wanted;
    struct arena scratch;
    struct instant made;
    bool found;

    if (w->token)
        return stands(text, w->token);
    if (!w->auth_key.text)
        return false;
    arena_init(&scratch);
    found = authkey_find(&scratch, (const char *)text.data, text.size, w->auth_key.text, w->csr,
                         clock_now(), w->token_life, &made);
    arena_free(&scratch);
    if (!found)
        return false;
    p->token_made.us = made.us;
    p->proof.token_made = &p->token_made;
    p->result.token = authkey_token(&p->arena, w->auth_key.text, w->csr, made);
    return true;
}

bool probe_holds(struct probe *p, struct bytes bytes)
{
    const struct probe_request *q = &p->request;

    if (q->wanted.text)
        return value_matches(bytes, q->wanted.text, q->method->match);
    return probe_holds_token(p, bytes);
}
