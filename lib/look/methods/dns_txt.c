/* DNS change, BR 3.2.2.4.7, by a TXT record: at the domain itself or at _dnsauth below it. */
#include <stdio.h>
#include <strings.h>

#include "look/methods/method.h"

enum { RECORDS_SHOWN = 3 };

/* The record must stand at the domain itself. Where the domain is a CNAME, BR 2.2.9 (authorization
 * domain names) would make its target the validated domain, which nobody asked to be validated.
 * Below _dnsauth a CNAME may lead anywhere: the label is within the domain's own zone. */
static bool stands_at_home(struct look *look, const struct resolver_answer *answer)
{
    if (strcasecmp(look->ask.name, look->probe->request.domain) != 0 ||
        strcasecmp(look->ask.name, answer->canonical) == 0)
        return true;
    look_outcome(look, "is a CNAME to %.150s, where a record cannot count", answer->canonical);
    return false;
}

/* What stands there instead, of the first few records: which of them is wrong, and how, its owner sees at
 * a glance. */
static void say_seen(struct look *look, const struct resolver_answer *answer)
{
    char all[RECORDS_SHOWN * (RDATA_SEEN_SIZE + 4)] = "", shown[RDATA_SEEN_SIZE];
    size_t at = 0, count = 0;
    struct rdata_text text;

    for (size_t i = 0; i < answer->count && count < RECORDS_SHOWN; i++) {
        if (!rdata_read_text(answer->records[i], &text))
            continue;
        rdata_show_seen(text.data, text.size, shown);
        at += (size_t)snprintf(all + at, sizeof all - at, "%s\"%s\"", count++ ? ", " : ": ", shown);
    }
    look_outcome(look, "%zu record%s, but not with the value%s%s", answer->count,
                 answer->count == 1 ? "" : "s", all, count < answer->count ? ", ..." : "");
}

static void judge(struct look *look, const struct resolver_answer *answer)
{
    char shown[RDATA_SHOWN_SIZE];
    struct rdata_text text;

    if (!look_has_records(look, answer) || !stands_at_home(look, answer))
        return;
    for (size_t i = 0; i < answer->count; i++) {
        if (!rdata_read_text(answer->records[i], &text) ||
            !probe_holds(look->probe, (struct bytes){ text.data, text.size }))
            continue;
        rdata_show(text.data, text.size, shown);
        probe_note(look, answer, shown);
        probe_prove(look->probe);
        return;
    }
    say_seen(look, answer);
}

static void start(struct probe *p)
{
    probe_look(p, DNS_TXT, judge, "_dnsauth.%s", p->request.domain);
    probe_look(p, DNS_TXT, judge, "%s", p->request.domain);
    probe_ask(p);
}

const struct method method_dns_txt = {
    .id = DCV_METHOD__VALUE__DNS_TXT_TOKEN,
    .start = start,
};
