/* changelog - the change log of a policy: entries that take their day from the rows that they announce, so that
 * it says what the system does.
 */
#ifndef LEDGER_CHANGELOG_H
#define LEDGER_CHANGELOG_H

#include "ledger/policy.h"

/* What entries may name. */
struct changelog_rows {
    const Rule *const *rules;
    size_t rule_count;
    const Capability *const *capabilities;
    size_t capability_count;
};

/* The day of an entry. INVALID, `field` the member that is wrong: it names nothing, or what is not there, what has no
 * such day, or rows of different days. */
bool changelog_day(const struct changelog_rows *rows, const ChangeEntry *entry, struct instant *out,
                   struct fault *f);

/* Is the word a kind of entry? */
bool changelog_kind(const char *kind);

/* What the policy says of changes on an instant: first those to come, the furthest first, then those that have come,
 * the newest first; those of one day by their ids. In the arena, but for the texts, which are the policy's. */
ChangeList *changelog_at(struct arena *a, const struct policy *p, struct instant now);

/* The next instant at which that is another list; false: there is none. */
bool changelog_next(const ChangeList *list, struct instant *out);

#endif
