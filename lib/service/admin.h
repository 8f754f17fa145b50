/* admin - the listener for orchestrators: a few pages, written anew for each request.
 *
 * Nobody keeps others out. A request has to be whole within 2 seconds and its answer be taken within
 * 10, whatever comes of it meanwhile; a connection is for one request; and where there are too many,
 * the newest pushes out the oldest.
 */
#ifndef SERVICE_ADMIN_H
#define SERVICE_ADMIN_H

#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

enum { ADMIN_CONNECTIONS = 32 }; /* at once */

/* Answers GET and HEAD of `path` with what `write` appends, and the status that it returns. */
struct admin_page {
    const char *path, *type;
    unsigned (*write)(void *context, struct text *out);
};

struct admin;

/* `pages` ends with a row without path. */
struct admin *admin_start(const char *listen, const struct admin_page *pages, void *context,
                          struct fault *f);
void admin_stop(struct admin *a);

/* Ends the connections whose time is over. Each new one does so as well. From any thread. */
void admin_cut(struct admin *a);

uint16_t admin_port(const struct admin *a);

#endif
