#include "quorum.h"

#include <string.h>

/* The rule says "3.2.2.4.4 3.2.2.4.12". */
static bool is_among(const char *list, const char *section)
{
    size_t length = strlen(section);

    for (; *list; list += strspn(list, " ")) {
        size_t word = strcspn(list, " ");

        if (word == length && strncmp(list, section, length) == 0)
            return true;
        list += word;
    }
    return false;
}

bool quorum_needed(const QuorumRules *rules, const char *section)
{
    return rules && !(rules->exempt && is_among(rules->exempt, section));
}

/* ---- who counts */

static bool is_far(const QuorumRules *rules, struct place a, struct place b)
{
    return !rules->has_apart_km || place_apart_km(a, b) >= (double)rules->apart_km;
}

size_t quorum_choose(const QuorumRules *rules, const struct perspectives *all,
                     size_t chosen[PERSPECTIVES_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < all->count; i++) {
        bool far = is_far(rules, all->all[i].place, all->primary);

        for (size_t k = 0; k < count && far; k++)
            far = is_far(rules, all->all[i].place, all->all[chosen[k]].place);
        if (far)
            chosen[count++] = i;
    }
    return count;
}

/* ---- who agrees */

void quorum_add(struct quorum_count *count, const struct perspective *agreed[PERSPECTIVES_MAX],
                const struct perspective *p, bool agrees)
{
    bool known = false;

    count->asked++;
    if (!agrees)
        return;
    for (size_t i = 0; i < count->agreed; i++)
        known |= strcmp(agreed[i]->region, p->region) == 0;
    agreed[count->agreed++] = p;
    count->regions += !known;
}

/* BR 3.2.2.9, the table: of 2 to 5 that are used 1 may not corroborate, of 6 and more 2. No rule, none may. */
static int64_t misses_allowed(const QuorumRules *rules, size_t asked)
{
    if (asked < 6)
        return rules->has_misses_2_5 ? rules->misses_2_5 : 0;
    return rules->has_misses_6plus ? rules->misses_6plus : 0;
}

bool quorum_reached(const QuorumRules *rules, const struct quorum_count *count)
{
    return (int64_t)count->asked >= rules->remotes &&
           (int64_t)(count->asked - count->agreed) <= misses_allowed(rules, count->asked) &&
           (!rules->has_regions || (int64_t)count->regions >= rules->regions);
}
