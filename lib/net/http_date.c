#include "net/http_date.h"

#include <time.h>

/* The form in use, and two that recipients must still read. */
static const char *const forms[] = {
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
};

bool http_date_read(const char *text, struct instant *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(text, forms[i], &tm);
        if (end && *end == '\0') {
            *out = instant_from_unix(timegm(&tm));
            return true;
        }
    }
    return false;
}

/* The process has the locale "C", so the names are English. */
char *http_date_write(struct instant at, char out[HTTP_DATE_SIZE])
{
    int64_t us = at.us % 1000000;
    time_t second = (at.us - (us < 0 ? us + 1000000 : us)) / 1000000;
    struct tm tm = { 0 };
    gmtime_r(&second, &tm);
    out[strftime(out, HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm)] = '\0';
    return out;
}
