/* must - what of libcurl fails only where it was built without what we need. */
#ifndef NET_MUST_H
#define NET_MUST_H

#include <curl/curl.h>
#include <stdlib.h>

static inline void must(CURLcode code)
{
    if (code != CURLE_OK)
        abort();
}

#endif
