#include "token/breaker.h"

bool breaker_is_open(const struct breaker *b)
{
    return b->failures >= b->limit;
}

static struct tick tick_add(struct tick t, struct duration d)
{
    return (struct tick){ t.us + d.us };
}

bool breaker_allows(struct breaker *b, struct tick now)
{
    if (!breaker_is_open(b))
        return true;
    if (now.us < b->next_trial.us)
        return false;
    b->next_trial = tick_add(now, b->rest);
    return true;
}

void breaker_probed(struct breaker *b, struct tick asked_at)
{
    if (breaker_is_open(b) && asked_at.us > b->failed_at.us)
        b->failures = b->limit - 1;
}

void breaker_note(struct breaker *b, bool good, struct tick now)
{
    if (good) {
        b->failures = 0;
        return;
    }
    b->failed_at = now;
    if (b->failures < b->limit)
        b->failures++;
    if (breaker_is_open(b))
        b->next_trial = tick_add(now, b->rest);
}
