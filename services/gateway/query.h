/* query - the parameters that a route takes behind the '?' of its address: those that the description
 * shows are those that are read, and what else comes is named (ignored.h).
 */
#ifndef GATEWAY_QUERY_H
#define GATEWAY_QUERY_H

#include "message/plan.h"
#include "route.h"

/* Calls `each` for every parameter of a route without a body; `within` is the message that it is a
 * member of ("filters[status]"), NULL for a member of the input itself ("limit"). */
void query_each(const struct route_entry *e,
                void (*each)(void *context, const char *within, const struct plan_field *field),
                void *context);

/* "filters[status][0]" names the member "filters.status"; NULL when malformed. */
char *query_path(struct arena *a, const char *name);

/* Notes what is no parameter of the route that is called: one with a body has none. `names` as they were sent, NULL at the end.
 * False, with a fault, when the client wants to be refused then. */
bool query_judge(struct call *call, const struct route_entry *e, const char *const *names);

#endif
