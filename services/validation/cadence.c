#include "cadence.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 256 };

/* "1m/15m" */
static bool phase_read(char *word, struct duration *every, struct duration *lasts)
{
    char *slash = strchr(word, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return duration_read(word, every) && duration_read(slash + 1, lasts) && every->us > 0 &&
           lasts->us >= every->us;
}

bool cadence_read(const char *text, struct cadence *out)
{
    char copy[TEXT_SIZE], *rest = NULL;
    *out = (struct cadence){ .count = 0 };
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy)
        return false;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t n = out->count;
        if (n == CADENCE_PHASES_MAX ||
            !phase_read(word, &out->phases[n].every, &out->phases[n].lasts))
            return false;
        out->count++;
    }
    return out->count > 0;
}

/* Checks stand at whole steps from the start of their phase, its last instant included, so that a
 * late round does not move those after it. */
bool cadence_next(const struct cadence *c, struct instant from, struct instant now,
                  struct instant *next)
{
    struct instant begin = from;
    for (size_t i = 0; i < c->count; i++) {
        int64_t every = c->phases[i].every.us, passed = instant_since(now, begin).us;
        int64_t step = passed < 0 ? every : (passed / every + 1) * every;
        if (step <= c->phases[i].lasts.us) {
            *next = instant_add(begin, (struct duration){ step });
            return true;
        }
        begin = instant_add(begin, c->phases[i].lasts);
    }
    return false;
}
