/* Whether the client has already what it asks for (RFC 9110 13.1.2, 13.1.3, 13.2.2). */
#include <string.h>

#include "http_request.h"
#include "net/http_date.h"

/* An entity tag without the mark of a weak one: If-None-Match compares weakly (8.8.3.2). */
static const char *opaque(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

/* `list` is "*", or tags with commas between; commas may also be inside of one. What is no tag ends
 * it. */
static bool is_among(const char *list, const char *etag)
{
    const char *wanted = opaque(etag);
    size_t length = strlen(wanted);
    bool found = strcmp(list, "*") == 0;
    while (!found) {
        list = opaque(list + strspn(list, ", \t"));
        const char *end = *list == '"' ? strchr(list + 1, '"') : NULL;
        if (!end)
            break;
        found = (size_t)(end + 1 - list) == length && strncmp(list, wanted, length) == 0;
        list = end + 1;
    }
    return found;
}

/* To the second, as both are written. */
static bool is_unchanged(const char *since, struct instant date)
{
    struct instant known;
    return since && http_date_read(since, &known) && date.us / 1000000 <= known.us / 1000000;
}

/* A date counts only where no tags were sent. */
bool http_not_modified(struct call *call, const char *etag, struct instant date)
{
    const char *tags = http_request_header(call, "If-None-Match");
    const char *since = http_request_header(call, "If-Modified-Since");
    char text[HTTP_DATE_SIZE];
    http_header(call, "ETag", etag);
    if (date.us)
        http_header(call, "Last-Modified", http_date_write(date, text));
    bool known = tags ? is_among(tags, etag) : date.us && is_unchanged(since, date);
    if (known)
        http_status(call, 304);
    return known;
}
