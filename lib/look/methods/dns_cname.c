/* DNS change, BR 3.2.2.4.7, by a CNAME record, in one of two forms:
 *     _dnsauth.DOMAIN  CNAME  VALUE.TARGET
 *     _VALUE.DOMAIN    CNAME  TARGET
 * The second needs its underscore: the Baseline Requirements allow no other label below the domain.
 */
#include "look/methods/method.h"

enum { DECOY_LENGTH = 32 };

static bool read_target(const struct resolver_answer *answer, char name[RDATA_NAME_SIZE])
{
    return answer->count == 1 && rdata_read_name(answer->records[0], name);
}

static bool target_proves(struct probe *p, const char *name)
{
    const char *target = p->prober->cname_target;
    struct rdata_text labels;

    if (p->request.wanted.text)
        return rdata_leads_to(name, p->request.wanted.text, target);
    return rdata_labels_above(name, target, &labels) &&
           probe_holds_token(p, (struct bytes){ labels.data, labels.size });
}

static void judge_value_in_target(struct look *look, const struct resolver_answer *answer)
{
    char name[RDATA_NAME_SIZE];

    if (!look_has_records(look, answer))
        return;
    if (!read_target(answer, name)) {
        look_outcome(look, "a CNAME, but not to a host name");
    } else if (!target_proves(look->probe, name)) {
        look_outcome(look, "a CNAME, but to %.180s", name);
    } else {
        probe_note(look, answer, name);
        probe_prove(look->probe);
    }
}

static bool leads_home(const struct look *look, const struct resolver_answer *answer)
{
    char name[RDATA_NAME_SIZE];

    return read_target(answer, name) && rdata_leads_to(name, "", look->probe->prober->cname_target);
}

/* The decoy is a name that nobody was told. What leads it to the target as well is a wildcard. */
static void judge_decoy(struct look *look, const struct resolver_answer *answer)
{
    bool there = look_has_records(look, answer);

    if (there && leads_home(look, answer))
        look_outcome(look, "a wildcard record leads every name there, which proves nothing");
    else if (there || answer->state == RESOLVER_NO_NAME || answer->state == RESOLVER_NO_DATA)
        probe_prove(look->probe);
}

static void judge_value_in_name(struct look *look, const struct resolver_answer *answer)
{
    struct probe *p = look->probe;
    char decoy[DECOY_LENGTH + 1];

    if (!look_has_records(look, answer))
        return;
    if (!leads_home(look, answer)) {
        look_outcome(look, "a CNAME, but not to %.180s", p->prober->cname_target);
        return;
    }
    probe_note(look, answer, p->prober->cname_target);
    random_text(decoy, DECOY_LENGTH);
    probe_look(p, DNS_CNAME, judge_decoy, "_%s.%s", decoy, p->request.domain);
    probe_ask(p);
}

static void start(struct probe *p)
{
    probe_look(p, DNS_CNAME, judge_value_in_target, "_dnsauth.%s", p->request.domain);
    if (p->request.wanted.text)
        probe_look(p, DNS_CNAME, judge_value_in_name, "_%s.%s", p->request.wanted.text,
                   p->request.domain);
    probe_ask(p);
}

const struct method method_dns_cname = {
    .id = DCV_METHOD__VALUE__DNS_CNAME_TOKEN,
    .start = start,
};
