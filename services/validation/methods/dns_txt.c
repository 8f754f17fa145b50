/* DNS change, BR 3.2.2.4.7, by a TXT record: at the domain itself or at _dnsauth below it. */
#include <strings.h>

#include "method.h"

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

static void judge(struct look *look, const struct resolver_answer *answer)
{
    char shown[RDATA_SHOWN_SIZE];
    struct rdata_text text;

    if (!look_has_records(look, answer) || !stands_at_home(look, answer))
        return;
    for (size_t i = 0; i < answer->count; i++) {
        if (!rdata_read_text(answer->records[i], &text) || !probe_holds(look->probe, &text))
            continue;
        rdata_show(text.data, text.size, shown);
        probe_note(look, answer, shown);
        probe_prove(look->probe);
        return;
    }
    look_outcome(look, "%zu record%s, but not with the value", answer->count,
                 answer->count == 1 ? "" : "s");
}

static void start(struct probe *p)
{
    probe_look(p, DNS_TXT, judge, "_dnsauth.%s", p->request.domain);
    probe_look(p, DNS_TXT, judge, "%s", p->request.domain);
    probe_ask(p);
}

const struct method method_dns_txt = {
    .id = DCV_METHOD__VALUE__DNS_TXT_TOKEN,
    .section = "3.2.2.4.7",
    .sub_domains = true,
    .request_token = true,
    .start = start,
};
