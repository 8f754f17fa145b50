#include "net/http_date.h"

#include <stdio.h>
#include <time.h>

#include "base/calendar.h"

/* The form in use, and two that recipients must still read. */
static const char *const forms[] = {
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

bool http_date_read(const char *text, struct instant *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, forms[i], &tm);
        if (end && *end == '\0')
            return tm_instant(&tm, out);
    }
    return false;
}

char *http_date_write(struct instant at, char out[HTTP_DATE_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat",
                      months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct calendar c = calendar_of(at);
    snprintf(out, HTTP_DATE_SIZE, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             days + 3 * (size_t)c.weekday, c.day, months + 3 * ((size_t)c.month - 1), c.year,
             c.hour, c.minute, c.second);
    return out;
}
