/* Agreed-upon change to website v2, BR 3.2.2.4.18: a file under /.well-known/pki-validation at
 * exactly the name that is validated; it speaks for no name below. Asked for by HTTP and by HTTPS,
 * the authorised ports of both; one that has it is enough. */
#include <stdio.h>
#include <string.h>

#include "look/methods/method.h"
#include "look/sighting.h"
#include "look/value.h"

#define PLACE "/.well-known/pki-validation/fileauth.txt"

static const struct fetch_hop *last_hop(const struct fetch_answer *answer)
{
    return answer->hop_count ? &answer->hops[answer->hop_count - 1] : NULL;
}

/* What is said of the last hop. The first is named anyway. */
static void say(struct look *look, const struct fetch_answer *answer, const char *what)
{
    if (answer->hop_count > 1)
        look_outcome(look, "redirected to %.150s: %s", last_hop(answer)->url, what);
    else
        look_outcome(look, "%s", what);
}

/* Failures over HTTPS alone do not make the check one that failed: many names have no such server. */
static void say_failure(struct look *look, const struct fetch_answer *answer)
{
    bool first = look == &look->probe->looks[0];

    if (answer->state == FETCH_STOPPED || (answer->state == FETCH_FAILED && first))
        look->probe->result.failed = true;
    say(look, answer, answer->reason);
}

static void note(struct look *look, const struct fetch_answer *answer)
{
    struct probe *p = look->probe;
    struct arena *a = &p->arena;
    const struct fetch_hop *last = last_hop(answer);
    char shown[RDATA_SHOWN_SIZE];

    rdata_show(answer->body.data, answer->body.size, shown);
    p->proof.type = arena_strdup(a, "HTTP");
    p->proof.name = arena_strdup(a, look->url);
    p->proof.found_at = arena_strndup(a, last->url, SIGHTING_URL);
    p->proof.record = arena_strdup(a, shown);
    p->proof.has_dnssec_secure = true;
    p->proof.dnssec_secure = last->secure;
    p->proof.n_hops = sighting_hops(a, answer, &p->proof.hops);
    look_outcome(look, "found");
}

/* BR 3.2.2.4.18: what is looked for "must not appear in the request": a server that only repeats
 * what it is asked would say it. */
static bool is_asked_for(struct probe *p, const struct fetch_answer *answer)
{
    const char *value = p->request.wanted.text;

    for (size_t i = 0; i < answer->hop_count; i++)
        if (value ? value_is_mentioned(answer->hops[i].url, value)
                  : probe_holds_token(p, BYTES_OF(answer->hops[i].url)))
            return true;
    return false;
}

/* Some editors begin what they save with a mark that says that it is UTF-8 (RFC 3629 section 6). */
static struct bytes without_mark(struct bytes body)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

    if (body.size < sizeof mark || memcmp(body.data, mark, sizeof mark) != 0)
        return body;
    return (struct bytes){ body.data + sizeof mark, body.size - sizeof mark };
}

static bool holds(struct probe *p, const struct fetch_answer *answer)
{
    struct bytes body = without_mark(answer->body);
    bool by_value = p->request.wanted.text != NULL;

    return probe_holds(p, by_value && answer->cut ? value_whole_words(body) : body);
}

/* What is there instead: an error page, another file, the value with something about it. */
static void say_seen(struct look *look, const struct fetch_answer *answer)
{
    char text[RDATA_SEEN_SIZE + 100], shown[RDATA_SEEN_SIZE];

    rdata_show_seen(answer->body.data, answer->body.size, shown);
    snprintf(text, sizeof text, "the file does not hold the value%s, it begins with \"%s\"",
             answer->cut ? " in the part that is read" : "", shown);
    say(look, answer, answer->body.size ? text : "the file does not hold the value, it is empty");
}

static void judge_file(struct look *look, const struct fetch_answer *answer)
{
    if (is_asked_for(look->probe, answer)) {
        say(look, answer, "the value stands in the address, which proves nothing");
    } else if (!holds(look->probe, answer)) {
        say_seen(look, answer);
    } else {
        note(look, answer);
        probe_prove(look->probe);
    }
}

/* "The request must receive a successful HTTP response": a 2xx (BR 3.2.2.4.18). */
static void judge(struct look *look, const struct fetch_answer *answer)
{
    char text[40];

    if (answer->state != FETCH_ANSWERED) {
        say_failure(look, answer);
    } else if (last_hop(answer)->status / 100 != 2) {
        snprintf(text, sizeof text, "answered %d", last_hop(answer)->status);
        say(look, answer, text);
    } else {
        judge_file(look, answer);
    }
}

static void start(struct probe *p)
{
    probe_file(p, judge, "http://%s" PLACE, p->request.domain);
    probe_file(p, judge, "https://%s" PLACE, p->request.domain);
    probe_ask(p);
}

const struct method method_http_token = {
    .id = DCV_METHOD__VALUE__HTTP_TOKEN,
    .start = start,
};
