/* Where the host of a hop is. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "look/fetching.h"

/* How long the other family is waited for once one has an address (RFC 8305 section 3, with some room
 * for who validates). */
enum { MOMENT_MS = 250 };

static const struct {
    int type;
    sa_family_t family;
    size_t size;
} families[FETCH_FAMILIES] = {
    { DNS_AAAA, AF_INET6, sizeof(struct in6_addr) },
    { DNS_A, AF_INET, sizeof(struct in_addr) },
};

static void address_make(struct sockaddr_storage *out, sa_family_t family, const void *bytes)
{
    *out = (struct sockaddr_storage){ .ss_family = family };
    if (family == AF_INET6)
        memcpy(&((struct sockaddr_in6 *)(void *)out)->sin6_addr, bytes, sizeof(struct in6_addr));
    else
        memcpy(&((struct sockaddr_in *)(void *)out)->sin_addr, bytes, sizeof(struct in_addr));
}

/* guard_url() has judged it already; so does the guard of its socket. */
static bool literal_take(struct fetch *f)
{
    uint8_t bytes[sizeof(struct in6_addr)];

    for (size_t i = 0; i < FETCH_FAMILIES; i++) {
        if (inet_pton(families[i].family, f->url.host, bytes) != 1)
            continue;
        address_make(&f->addresses[0], families[i].family, bytes);
        f->address_count = 1;
        fetch_hop(f)->literal = true;
        return true;
    }
    return false;
}

/* Three quarters of what is left: an address that is known only at the end is of no use. */
static struct tick lookup_deadline(const struct fetch *f)
{
    return tick_after((struct duration){ tick_left(f->request.deadline).us / 4 * 3 });
}

bool fetch_lookup_begin(struct fetch *f, void (*done)(struct resolver_ask *ask,
                                                      const struct resolver_answer *answer))
{
    f->address_count = f->address_next = 0;
    if (literal_take(f))
        return false;
    for (size_t i = 0; i < FETCH_FAMILIES; i++) {
        struct fetch_lookup *l = &f->lookups[i];

        *l = (struct fetch_lookup){ .fetch = f };
        snprintf(l->ask.name, sizeof l->ask.name, "%s", f->url.host);
        l->ask.type = families[i].type;
        l->ask.account_id = f->request.account_id;
        l->ask.deadline = lookup_deadline(f);
        l->ask.done = done;
        l->ask.context = l;
    }
    return true;
}

static void address_take(struct fetch_lookup *l, sa_family_t family, const uint8_t *bytes)
{
    struct sockaddr_storage *to = &l->addresses[l->count];

    address_make(to, family, bytes);
    if (guard_address(l->fetch->guard, (struct sockaddr *)to, &l->refused))
        l->count++;
}

void fetch_lookup_take(struct fetch_lookup *l, const struct resolver_answer *answer)
{
    size_t which = (size_t)(l - l->fetch->lookups);

    l->back = true;
    l->state = answer->state;
    l->secure = answer->secure;
    snprintf(l->reason, sizeof l->reason, "%s", answer->reason ? answer->reason : "");
    for (size_t i = 0; i < answer->count && l->count < FETCH_PER_FAMILY; i++)
        if (answer->records[i].size == families[which].size)
            address_take(l, families[which].family, answer->records[i].data);
}

void fetch_lookup_hurry(struct fetch_lookup *l)
{
    struct fetch *f = l->fetch;

    for (size_t i = 0; l->count > 0 && i < FETCH_FAMILIES; i++)
        if (!f->lookups[i].back)
            resolver_hurry(&f->lookups[i].ask, tick_after(milliseconds(MOMENT_MS)));
}

const char *fetch_lookup_slow(const struct fetch *f)
{
    for (size_t i = 0; i < FETCH_FAMILIES; i++)
        if (f->lookups[i].back && f->lookups[i].state == RESOLVER_TIMEOUT)
            return resolver_type_name(families[i].type);
    return NULL;
}

// clang-format off
/* The worst first: what one family's look-up says decides over both. */
static const struct {
    enum resolver_state state;
    enum fetch_state means;
    const char *text;
} verdicts[] = {
    { RESOLVER_STOPPED, FETCH_STOPPED, "the check was interrupted" },
    { RESOLVER_BOGUS,   FETCH_FAILED,  "DNSSEC validation failed: " },
    { RESOLVER_TIMEOUT, FETCH_FAILED,  "the zone's name servers did not answer in time" },
    { RESOLVER_UNASKED, FETCH_FAILED,  "not asked in time: too many look-ups were under way" },
    { RESOLVER_FAILED,  FETCH_FAILED,  "" },
    { RESOLVER_NO_NAME, FETCH_REFUSED, "no such name" },
    { RESOLVER_NO_DATA, FETCH_REFUSED, "the name has no address" },
};
// clang-format on

static const struct fetch_lookup *lookup_in(const struct fetch *f, enum resolver_state state)
{
    for (size_t i = 0; i < FETCH_FAMILIES; i++)
        if (f->lookups[i].state == state)
            return &f->lookups[i];
    return NULL;
}

static bool settle(struct fetch *f)
{
    const struct fetch_lookup *l = lookup_in(f, RESOLVER_FOUND);
    const char *type = fetch_lookup_slow(f);
    char slow[16] = "";

    if (type)
        snprintf(slow, sizeof slow, " (%s)", type);
    if (l && !lookup_in(f, RESOLVER_BOGUS)) {
        if (l->refused.code == FAULT_NONE)
            l = &f->lookups[FETCH_FAMILIES - 1];
        fetch_settle(f, FETCH_REFUSED, "%s",
                     l->refused.code ? l->refused.detail : "the name has no usable address");
        return false;
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        l = lookup_in(f, verdicts[i].state);
        if (!l)
            continue;
        if (f->answer.hop_count == 1)
            f->answer.looked_up = l->state;
        fetch_settle(f, verdicts[i].means, "%s%s%s", verdicts[i].text,
                     l->state == RESOLVER_TIMEOUT ? slow : "", l->reason);
        break;
    }
    return false;
}

bool fetch_lookup_end(struct fetch *f)
{
    bool secure = true;

    /* Nothing is built on a name one of whose answers cannot be right. */
    if (lookup_in(f, RESOLVER_BOGUS) || lookup_in(f, RESOLVER_STOPPED))
        return settle(f);
    for (size_t i = 0; i < FETCH_FAMILIES; i++)
        secure = secure && (f->lookups[i].secure || f->lookups[i].count == 0);
    /* One of each family in turn (RFC 8305 section 4): either may lead nowhere. */
    for (size_t k = 0; k < FETCH_PER_FAMILY; k++)
        for (size_t i = 0; i < FETCH_FAMILIES; i++)
            if (k < f->lookups[i].count)
                f->addresses[f->address_count++] = f->lookups[i].addresses[k];
    fetch_hop(f)->secure = secure;
    return f->address_count > 0 || settle(f);
}
