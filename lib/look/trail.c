#include "look/trail.h"

#include <stdio.h>
#include <stdlib.h>

#include "look/rdata.h"

/* libunbound follows eleven. What it has just met it knows still: to meet it again takes no time. */
enum { CNAMES_MOST = 11, MOMENT_S = 2, REASON_SIZE = 360 };

struct trail {
    struct resolver_ask ask; /* for the CNAME of the last name */
    struct resolver_ask *of;
    struct resolver_answer answer; /* theirs */
    int count;
};

static void reason_write(const struct trail *t, char reason[REASON_SIZE])
{
    if (t->count > CNAMES_MOST)
        snprintf(reason, REASON_SIZE,
                 "the chain of CNAMEs is too long: more than %d follow one another", CNAMES_MOST);
    else if (t->count > 0)
        snprintf(reason, REASON_SIZE, "CNAMEs lead to %s: %s", t->ask.name, t->answer.reason);
    else
        snprintf(reason, REASON_SIZE, "%s", t->answer.reason);
}

static void over(struct trail *t)
{
    char reason[REASON_SIZE];

    reason_write(t, reason);
    t->answer.reason = reason;
    t->of->done(t->of, &t->answer);
    free(t);
}

static void followed(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct trail *t = ask->context;
    char next[RDATA_NAME_SIZE];

    if (answer->state == RESOLVER_FOUND && rdata_read_name(answer->records[0], next)) {
        snprintf(ask->name, sizeof ask->name, "%s", next);
        if (++t->count <= CNAMES_MOST) {
            resolver_ask(ask->resolver, ask);
            return;
        }
    }
    over(t);
}

bool trail_follow(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct tick moment = tick_after(seconds(MOMENT_S));

    if (!answer->traceable || ask->type == DNS_CNAME)
        return false;
    struct trail *t = calloc(1, sizeof *t);
    t->ask = *ask;
    t->ask.type = DNS_CNAME;
    t->ask.done = followed;
    t->ask.context = t;
    if (moment.us < ask->deadline.us)
        t->ask.deadline = moment;
    t->of = ask;
    t->answer = (struct resolver_answer){ .state = answer->state,
                                          .canonical = ask->name,
                                          .reason = answer->reason };
    resolver_ask(ask->resolver, &t->ask);
    return true;
}
