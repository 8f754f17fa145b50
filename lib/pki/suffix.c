#include "pki/suffix.h"

#include <libpsl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static const psl_ctx_t *list;

/* The distribution's list where it is newer than the one that libpsl was built with. */
static void load(void)
{
    list = psl_latest(psl_dist_filename());
    if (!list)
        list = psl_builtin();
    if (!list)
        log_error("there is no public suffix list: no name will be accepted");
}

static bool is_listed(const char *name)
{
    return psl_is_public_suffix2(list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE);
}

/* A top-level domain is public if it is listed, or if all that is directly below it is ("*.ck"). */
static bool is_top_level(const char *tld)
{
    char below[2 + 63 + 1];

    if (strlen(tld) > 63)
        return false;
    snprintf(below, sizeof below, "-.%s", tld);
    return is_listed(tld) || is_listed(below);
}

const char *suffix_of(const char *host)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const char *dot = strrchr(host, '.'), *tld = dot ? dot + 1 : host;

    pthread_once(&once, load);
    if (!list || !is_top_level(tld))
        return NULL;
    for (const char *tail = host; tail != tld; tail = strchr(tail, '.') + 1)
        if (is_listed(tail))
            return tail;
    return tld;
}
