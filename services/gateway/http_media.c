/* Whether a body is of a type that its row takes (RFC 9110 8.3, 15.5.16).
 *
 * A browser sends what a form of any page says, with the visitor's cookies, as text/plain, as a form,
 * or, from a script, without a type at all: none of these may pass for JSON where a row takes JSON
 * alone. So a body without a type is of no type there, and only who sends none need not name one. */
#include <string.h>
#include <strings.h>

#include "http_request.h"

static const char blank[] = " \t";

/* The length of "type/subtype" at the beginning of a Content-Type; parameters do not matter. */
static size_t essence_length(const char *type)
{
    size_t length = strcspn(type, ";");
    while (length && strchr(blank, type[length - 1]))
        length--;
    return length;
}

/* `list` is "application/json, text/csv". */
static bool is_listed(const char *list, const char *type)
{
    size_t length = essence_length(type);
    bool found = false;
    while (*list && !found) {
        size_t one = strcspn(list, ",");
        found = one == length && strncasecmp(list, type, length) == 0;
        list += one;
        list += strspn(list, ", ");
    }
    return found;
}

bool media_judge(struct request *r, bool has_body)
{
    const struct route *route = r->match.entry->route;
    const char *takes = route->takes ? route->takes : r->match.family->takes;
    const char *type = http_request_header(&r->own.call, "Content-Type");
    bool good = !takes || (type ? is_listed(takes, type) : !has_body);
    return good || fault_set(&r->refusal, FAULT_MEDIA_TYPE, "Content-Type", "must be %s", takes);
}
