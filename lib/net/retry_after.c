#include "net/retry_after.h"

#include <time.h>

#include "base/calendar.h"
#include "base/text.h"

/* RFC 9110 section 5.6.7: the form in use, and two that recipients must still read. */
static const char *const date_forms[] = {
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
};

/* Second 60 is allowed here, and is the one before to us. */
static bool tm_instant(const struct tm *tm, struct instant *out)
{
    struct calendar c = { .year = tm->tm_year + 1900,
                          .month = tm->tm_mon + 1,
                          .day = tm->tm_mday,
                          .hour = tm->tm_hour,
                          .minute = tm->tm_min,
                          .second = tm->tm_sec < 60 ? tm->tm_sec : 59 };

    return calendar_instant(&c, out);
}

static bool date_read(const char *text, struct instant *out)
{
    for (size_t i = 0; i < sizeof date_forms / sizeof *date_forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, date_forms[i], &tm);

        if (end && *end == '\0')
            return tm_instant(&tm, out);
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
