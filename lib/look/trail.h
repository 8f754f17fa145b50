/* trail - why no server gave an answer: the CNAMEs of the name are followed one by one.
 *
 * A resolver follows a few and gives up on a chain that is longer, as on one that leads back to itself
 * (RFC 1034 3.6.2): what it says then is what it says of a zone whose servers are broken. A customer who is
 * to put it right must know which of the two it is, and where.
 */
#ifndef LOOK_TRAIL_H
#define LOOK_TRAIL_H

#include "look/resolver.h"

/* Inside the `done` of an ask. True: it is called once more, by the ask's deadline or a moment from now,
 * with a better reason; the ask and its context stay until then. False: there is nothing to follow. */
bool trail_follow(struct resolver_ask *ask, const struct resolver_answer *answer);

#endif
