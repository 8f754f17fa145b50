/* platforms - the server software that certificates are made for, and the format it takes. */
#ifndef API_PLATFORMS_H
#define API_PLATFORMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "platform.pb-c.h"

enum { PLATFORM_OTHER = -1 };

struct platform {
    int64_t id;
    const char *name, *install_url, *csr_url; /* the URLs may be NULL */
    const char *format;                       /* of downloads: a row of download.c */
};

extern const struct platform platforms[]; /* ends with a row without a name */

/* OTHER for an id that is not known: clients may have ids of a longer list than ours. */
const struct platform *platform_find(int64_t id);

/* Adds what is known of the platform with the message's id; one that is unknown keeps its id. */
void platform_complete(struct arena *a, ServerPlatform *out);

/* All of them. */
ServerPlatform **platform_list(struct arena *a, size_t *count);

#endif
