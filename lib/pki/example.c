#include "pki/example.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const reserved[] = { "test",        "example",     "invalid",    "localhost",
                                        "example.com", "example.net", "example.org" };

/* Equal to `zone`, or below it. */
static bool is_in(const char *host, size_t length, const char *zone)
{
    size_t own = strlen(zone);
    return length >= own && strncasecmp(host + length - own, zone, own) == 0 &&
           (length == own || host[length - own - 1] == '.');
}

/* Without port and final dot; of [::1]:80 what stands in the brackets. */
static size_t host_length(const char **host)
{
    if (**host == '[')
        return strcspn(++*host, "]/");
    size_t length = strcspn(*host, ":/?#");
    return length > 0 && (*host)[length - 1] == '.' ? length - 1 : length;
}

static bool is_loopback(const char *host, size_t length)
{
    return (length == 3 && strncmp(host, "::1", 3) == 0) ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == length);
}

bool host_is_example(const char *host)
{
    size_t length = host_length(&host);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (is_in(host, length, reserved[i]))
            return true;
    return is_loopback(host, length);
}

bool url_is_example(const char *url)
{
    const char *host = strstr(url, "://");
    return host && host_is_example(host + 3);
}
