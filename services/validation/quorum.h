/* quorum - which perspectives count, and whether those who agree are enough, by the rules of the day
 * (BR 3.2.2.9). Nobody is asked here. quorum_missed() in db/functions/proof.sql decides the same, but for
 * distances, of what is stored.
 */
#ifndef VALIDATION_QUORUM_H
#define VALIDATION_QUORUM_H

#include "perspectives.h"
#include "quorum.pb-c.h"

/* Must what is found by the method of this section ("3.2.2.4.7") be seen by others? One that no rule exempts
 * must. `rules` NULL: none. */
bool quorum_needed(const QuorumRules *rules, const char *section);

/* Those that are different: far enough from the primary and from each other. Of two that are too near the
 * first counts. How many; `chosen` gets where they stand in the list. */
size_t quorum_choose(const QuorumRules *rules, const struct perspectives *all,
                     size_t chosen[PERSPECTIVES_MAX]);

struct quorum_count {
    size_t asked, agreed;
    size_t regions; /* different ones, of those who agreed */
};

/* One that was asked, and what it said. `agreed` are those of before, `count->agreed` of them. */
void quorum_add(struct quorum_count *count, const struct perspective *agreed[PERSPECTIVES_MAX],
                const struct perspective *p, bool agrees);

bool quorum_reached(const QuorumRules *rules, const struct quorum_count *count);

#endif
