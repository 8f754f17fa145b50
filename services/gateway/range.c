#include "range.h"

#include <stdio.h>
#include <string.h>

enum { PLACE_SIZE = 64, DAY_LENGTH = 10 };

/* A day, or a second: where it begins and where the next one does. "2024-10-15+10:20:30" is 10:20:30 of
 * that day (services-api 1.8); the '+' of an offset comes behind a time. */
static bool place_read(const char *text, size_t length, struct range *out)
{
    char copy[PLACE_SIZE];
    if (length >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    if (length > DAY_LENGTH && copy[DAY_LENGTH] == '+')
        copy[DAY_LENGTH] = 'T';
    if (!instant_read(copy, &out->since))
        return false;
    out->before = instant_add(out->since, length == DAY_LENGTH ? days(1) : seconds(1));
    return true;
}

static bool between(const char *text, const char *dots, struct range *out)
{
    struct range first, last;
    if (!place_read(text, (size_t)(dots - text), &first) ||
        !place_read(dots + 3, strlen(dots + 3), &last))
        return false;
    *out = (struct range){ first.since, last.before };
    return true;
}

bool range_read(const char *text, struct range *out)
{
    struct range place;
    const char *dots = strstr(text, "...");
    if (dots)
        return between(text, dots, out);
    if (*text == '>' || *text == '<') {
        if (!place_read(text + 1, strlen(text + 1), &place))
            return false;
        *out = *text == '>' ? (struct range){ place.before, { INT64_MAX } }
                            : (struct range){ { INT64_MIN }, place.since };
        return true;
    }
    return place_read(text, strlen(text), out);
}
