#include "net/retry_after.h"

#include <time.h>

#include "base/text.h"

/* RFC 9110 section 5.6.7: the form in use, and two that recipients must still read. */
static const char *const date_forms[] = {
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
};

static bool date_read(const char *text, struct instant *out)
{
    for (size_t i = 0; i < sizeof date_forms / sizeof *date_forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, date_forms[i], &tm);

        if (end && *end == '\0') {
            *out = instant_from_unix(timegm(&tm));
            return true;
        }
    }
    return false;
}

bool retry_after_read(const char *text, struct instant now, struct duration longest,
                      struct instant *out)
{
    struct instant latest = instant_add(now, longest);
    int64_t wait;

    if (int64_read(text, &wait) && wait >= 0)
        *out = wait < longest.us / 1000000 ? instant_add(now, seconds(wait)) : latest;
    else if (!date_read(text, out))
        return false;
    if (instant_before(latest, *out))
        *out = latest;
    return true;
}
